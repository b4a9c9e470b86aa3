"""``label-sentiment`` and ``run --sentiment``: titles, their sentiments, and a head for these."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.unit.training.multi_task.conftest import CATEGORY, ENTITIES, READ, SHOWN
from training.cli import main
from training.data import ebnerd
from training.data.problems import Problems
from training.errors import NotWritable, UnreadableData
from training.sentiment.table import read_sentiments, write_sentiments

Command = Callable[..., int]
TITLES = READ | SHOWN
ARTICLES = {name: 100 + place for place, name in enumerate(TITLES)}
START = datetime(2023, 5, 18, 8)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs the command in this process; gives its exit status."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["newsstand-train", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)

    return run


@pytest.fixture
def mind(tmp_path: Path) -> Path:
    """Two days in MIND's format, whose news have no sentiment."""
    folder = tmp_path / "mind"
    folder.mkdir()
    news = [
        f"{name}\t{CATEGORY.get(name, '')}\t\t{title}\t\thttps://n/{name}\t"
        + "".join(f'{{"Type": "{kind}"}}' for kind in ENTITIES.get(name, "").split())
        + "\t[]"
        for name, title in TITLES.items()
    ]
    (folder / "news.tsv").write_text("\n".join(news) + "\n", encoding="utf-8")
    lines = [
        f"{day}{n}\tU{n}\t11/{day}/2019 8:{n:02d}:00 AM\th{n % 4} h{(n + 1) % 4}\tc{n % 3}-1 "
        f"c{(n + 1) % 3}-0"
        for day in (12, 13)
        for n in range(8)
    ]
    (folder / "behaviors.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_ebnerd(folder: Path, sentiments: list[str] | None) -> Path:
    """Two days in EB-NeRD's format, in made-up Danish."""
    folder.mkdir()
    ids = list(ARTICLES.values())
    read, shown = ids[: len(READ)], ids[len(READ) :]
    behaviours = {
        "impression_id": list(range(16)),
        "user_id": [n % 4 for n in range(16)],
        "impression_time": [START + timedelta(hours=3 * n) for n in range(16)],
        "article_ids_inview": [shown] * 16,
        "article_ids_clicked": [[shown[n % 3]] for n in range(16)],
    }
    history = {"user_id": [0, 1, 2, 3], "article_id_fixed": [read, read[:1], [], read[1:]]}
    articles = {
        "article_id": ids,
        "title": [f"{title} er her" for title in TITLES.values()],
        "subtitle": [""] * len(ids),
        "body": [""] * len(ids),
        "category_str": [CATEGORY.get(name, "") for name in TITLES],
        "entity_groups": [ENTITIES.get(name, "").split() for name in TITLES],
    }
    if sentiments is not None:
        articles["sentiment_label"] = sentiments
    pl.DataFrame(behaviours).write_parquet(folder / ebnerd.BEHAVIOURS)
    pl.DataFrame(history).write_parquet(folder / ebnerd.HISTORY)
    pl.DataFrame(articles).write_parquet(folder / ebnerd.ARTICLES)
    return folder


def run(data: Path, *more: str | Path) -> list[str | Path]:
    """MTRec over word vectors, in a moment."""
    changes = (
        'text.encoder={"kind": "words", "dimension": 8}',
        "text.pooling=attention",
        "training.batch_size=4",
        "training.epochs=2",
    )
    settings = [part for change in changes for part in ("--set", change)]
    return ["run", "mtrec", "--data", data, *settings, *more]


def test_vaders_sentiments_are_what_a_head_learns_from(
    command: Command, mind: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*run(mind)) == 1
    assert "no sentiment to tell apart in the titles of the histories" in capsys.readouterr().err
    assert command("label-sentiment", mind, "--out", "said.csv") == 0
    assert "7 of 7 news have a title; their sentiments are in said.csv" in capsys.readouterr().out
    assert read_sentiments(tmp_path / "said.csv") == {
        **dict.fromkeys(("h0", "h3", "c0", "c1", "c2"), "neutral"),
        "h1": "negative",
        "h2": "positive",
    }
    assert command(*run(mind, "--sentiment", "said.csv")) == 0
    assert "mtrec: 2 epochs; loss" in capsys.readouterr().out


def test_a_head_that_was_learned_labels_news_of_any_language(
    command: Command,
    tiny_bert: Path,
    sentences_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = write_ebnerd(tmp_path / "danish", None)
    assert command("label-sentiment", data, "--out", "said.csv") == 1
    assert "vader reads English, and there are news in da" in capsys.readouterr().err
    learned = ["--labeller", "head", "--sentences", sentences_file, "--encoder", tiny_bert]
    assert command("label-sentiment", data, "--out", "said.csv", *learned) == 0
    assert "sentences right, macro F1" in capsys.readouterr().out
    assert len(read_sentiments(tmp_path / "said.csv")) == len(TITLES)


def test_ebnerds_own_sentiments_need_no_labeller(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["Neutral", "Negative", "Positive", "Neutral", "Neutral", "Negative", "Positive"]
    data = write_ebnerd(tmp_path / "danish", said)
    heads = 'multi_task.heads=["category", "sentiment", "entities"]'
    assert command(*run(data, "--set", heads, "--store", "store")) == 0
    assert "mtrec@1 is in" in capsys.readouterr().out


def test_the_labellers_accuracy_is_told_of_sentences_that_are_held_out(
    command: Command, mind: Path, sentences_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentences = ["--sentences", sentences_file]
    assert command("label-sentiment", mind, "--out", "said.csv", *sentences) == 0
    assert "vader: 1.000 ± 0.000 of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--labeller", "head"], 2, "head learns from --sentences FILE"),
        (["--encoder", "here"], 2, "are for --labeller head"),
        (["--sentences", "nowhere"], 1, "nowhere cannot be read"),
        (["--labeller", "oracle"], 2, "Invalid value for '--labeller'"),
        (["--out", "nowhere/said.csv"], 1, "cannot be written: there is no folder nowhere"),
    ],
)
def test_what_cannot_be_labelled_says_why(
    command: Command,
    mind: Path,
    arguments: list[str],
    status: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("label-sentiment", mind, "--out", "said.csv", *arguments) == status
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("news_id,feeling\nh0,neutral\n", "expected a column sentiment, found news_id, feeling"),
        ("id,sentiment\nh0,neutral\n", "expected a column news_id"),
        ("news_id,sentiment\nh0,Neutral\n", ":2: expected one of negative, neutral, positive, "),
        ("news_id,sentiment\nh0,neutral\nh0,positive\n", ":3: expected each news id once"),
        ("news_id,sentiment\nx1,neutral\n", "names none of the log's news"),
        ("", "is empty"),
    ],
)
def test_a_table_that_cannot_be_joined_says_why(
    command: Command, mind: Path, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("said.csv").write_text(content, encoding="utf-8")
    assert command(*run(mind, "--sentiment", "said.csv")) == 1
    assert said in capsys.readouterr().err


def test_bad_rows_of_a_table_are_left_out_where_they_may_be(tmp_path: Path) -> None:
    path = tmp_path / "said.csv"
    path.write_text("news_id,sentiment\na,neutral\nb,\na,positive\nc,positive\n", encoding="utf-8")
    problems = Problems(skip=True)
    assert read_sentiments(path, problems) == {"a": "neutral", "c": "positive"}
    assert problems.skipped == 2
    with pytest.raises(UnreadableData, match="found '' of 'b'"):
        read_sentiments(path)


def test_a_table_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="cannot be written"):
        write_sentiments(tmp_path / "nowhere" / "said.csv", {})
