"""``newsstand replay`` as a user runs it: over small logs of our own, over slices of real ones."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from bench.data import DATA
from tests.integration.newsroom import SUBJECTS

BEGAN = datetime(2026, 5, 1, 8, tzinfo=UTC)
POLICIES = "[scenarios.popular]\npopularity = { weight = 5.0 }\nexplore = { share = 0.0 }\n"


def replay(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service.cli", "replay", *arguments]
    flags = ["--out", str(folder / "out")]
    return subprocess.run(
        [*command, *flags], capture_output=True, text=True, env={**os.environ, "COLUMNS": "160"}
    )


def mind(folder: Path) -> Path:
    """A log whose readers click what is like what they read before."""
    titles = {f"{s}-{n}": title for s, all_of in SUBJECTS.items() for n, title in enumerate(all_of)}
    rows = [f"{name}\t{name[:-2]}\t\t{title}\t\t\t[]\t[]" for name, title in titles.items()]
    lines = []
    for number, subject in enumerate([*SUBJECTS] * 4):
        moment = (BEGAN + timedelta(minutes=7 * number)).strftime("%m/%d/%Y %I:%M:%S %p")
        shown = [f"{other}-{2 + number % 2}-{int(other == subject)}" for other in SUBJECTS]
        history = f"{subject}-0 {subject}-1"
        lines.append(f"{number}\tU{number}\t{moment}\t{history}\t{' '.join(shown)}")
    folder.mkdir()
    (folder / "news.tsv").write_text("\n".join(rows) + "\n")
    (folder / "behaviors.tsv").write_text("\n".join(lines) + "\n")
    return folder


def test_the_models_order_wins_on_readers_who_stay_with_their_subject(tmp_path: Path) -> None:
    (tmp_path / "policies.toml").write_text(POLICIES)
    policies = ["--policies-file", str(tmp_path / "policies.toml")]
    scenarios = ["--scenario", "model", "--scenario", "popular"]
    done = replay(tmp_path, str(mind(tmp_path / "log")), *policies, *scenarios)
    assert done.returncode == 0, done.stderr
    assert "nDCG@10" in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["impressions"] == report["measured"] == 12
    assert report["generated_titles"] == 0
    model, popular = report["scenarios"]["model"], report["scenarios"]["popular"]
    assert model["auc"]["mean"] > 0.8
    assert model["auc"]["mean"] > popular["auc"]["mean"]
    assert popular["difference_from_first"]["mean"] < 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in page
    assert not re.search(r"(src|href)=.http", page)  # it needs nothing from elsewhere


def test_a_log_without_texts_profiles_nobody_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.mkdir()
    began = BEGAN.replace(tzinfo=None)
    pl.DataFrame(
        {
            "impression_id": range(8),
            "impression_time": [began + timedelta(minutes=5 * n) for n in range(8)],
            "article_ids_inview": [[1, 2, 3]] * 8,
            "article_ids_clicked": [[3]] * 8,
            "user_id": range(100, 108),
            "next_read_time": [30.0] * 8,
        }
    ).write_parquet(log / "behaviors.parquet")
    pl.DataFrame(
        {
            "user_id": [100],
            "impression_time_fixed": [[began - timedelta(days=1)]],
            "article_id_fixed": [[2]],
            "read_time_fixed": [[12.0]],
        }
    ).write_parquet(log / "history.parquet")
    done = replay(tmp_path, str(log), "--scenario", "model")
    assert done.returncode == 0, done.stderr
    assert "generated" in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    model = report["scenarios"]["model"]
    assert "diversity" not in model
    # The first reader could not know; from the second on, article 3 is what is read most.
    assert model["mrr"]["mean"] > 0.9


@pytest.mark.parametrize("name", ["mind-sample/dev", "ebnerd-demo/train"])
def test_a_slice_of_a_real_log(tmp_path: Path, name: str) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is not there: see NEWSSTAND_DATA")
    log = tmp_path / "log"
    log.mkdir()
    if name.startswith("mind"):
        behaviours = (DATA / name / "behaviors.tsv").read_text("utf-8").splitlines()[:40]
        named = (cell for line in behaviours for cell in line.split("\t", 3)[3].split())
        wanted = {cell.partition("-")[0] for cell in named}
        news = (DATA / name / "news.tsv").read_text("utf-8").splitlines()
        more = (DATA / "mind-sample/train/news.tsv").read_text("utf-8").splitlines()
        kept = {line.split("\t", 1)[0]: line for line in [*more, *news]}
        (log / "behaviors.tsv").write_text("\n".join(behaviours) + "\n")
        (log / "news.tsv").write_text("\n".join(kept[w] for w in sorted(wanted)) + "\n")
    else:
        behaviours = pl.read_parquet(DATA / name / "behaviors.parquet").sort("impression_time")
        behaviours = behaviours.head(60)
        readers = behaviours["user_id"].unique()
        history = pl.read_parquet(DATA / name / "history.parquet")
        behaviours.write_parquet(log / "behaviors.parquet")
        history.filter(pl.col("user_id").is_in(readers.to_list())).with_columns(
            pl.col("article_id_fixed", "impression_time_fixed", "read_time_fixed").list.tail(10)
        ).write_parquet(log / "history.parquet")
    done = replay(tmp_path, str(log))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert set(report["scenarios"]) == {"model", "default"}
    for scenario in report["scenarios"].values():
        assert 0 < scenario["auc"]["mean"] < 1
        assert 0 < scenario["coverage"] <= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere is not a folder"),
        (["."], "holds no log"),
        (["{log}", "--scenario", "nope"], "there is no scenario nope"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_a_line(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    log = str(mind(tmp_path / "log"))
    done = replay(tmp_path, *[part.format(log=log) for part in arguments])
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
