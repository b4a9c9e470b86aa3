"""MTRec's study: its rows, what the poster says, and sentiments for a log that has none."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import training
from tests.unit.training.multi_task.conftest import labelled_log
from tests.unit.training.test_ebnerd import articles, frames, write
from training.data.ebnerd import ARTICLES, BEHAVIOURS
from training.errors import BadRecipe, TrainingError, UnreadableData, UnusableEncoder
from training.recipes import find
from training.sentiment.table import write_sentiments
from training.studies.costs import ROW
from training.studies.mtrec.designs import DESIGNS, MINUTES, PARAMETERS, recipe_of
from training.studies.mtrec.settings import MtrecSettings, settings_of
from training.studies.mtrec.setup import with_any_sentiments
from training.studies.mtrec.table import build
from training.studies.plan import plan
from training.studies.running import run
from training.studies.study import Study

BY_NAME = {design.name: design for design in DESIGNS}
LEARNING = (
    "text.encoder.lora.rank=2",
    "training.batch_size=8",
    "training.epochs=1",
    "training.learning_rate=0.01",
)


def tiny(encoder: Path, *changes: str) -> MtrecSettings:
    learning = "changes=" + str(list(LEARNING)).replace("'", '"')
    return settings_of("full").changed([f"encoder={encoder}", learning, *changes])


def built(data: Path, settings: MtrecSettings) -> Study:
    return build([data], settings, "small")


def test_the_full_scale_is_the_recipe_as_it_is(tiny_bert: Path) -> None:
    mine = recipe_of(settings_of("full"), BY_NAME["full"], tiny_bert)
    assert mine == find("mtrec").changed([f"text.encoder.folder={tiny_bert}"])


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        ("full", {}),
        ("baseline", {"multi_task": None}),
        ("without-surgery", {"multi_task": {"surgery": "none"}}),
        ("main-priority", {"multi_task": {"surgery": "main_priority"}}),
        ("without-category", {"multi_task": {"heads": ["sentiment"]}}),
        ("without-sentiment", {"multi_task": {"heads": ["category"]}}),
        ("entities", {"multi_task": {"heads": ["category", "sentiment", "entities"]}}),
        ("scalar-attention", {"users": {"kind": "additive"}}),
        ("without-lora", {"text": {"encoder": {"lora": None}}}),
    ],
)
def test_a_row_is_the_whole_with_one_thing_changed(
    row: str, changed: dict[str, object], tiny_bert: Path
) -> None:
    settings = settings_of("full")
    whole = recipe_of(settings, BY_NAME["full"], tiny_bert).model_dump(mode="json")
    assert recipe_of(settings, BY_NAME[row], tiny_bert).model_dump(mode="json") == merged(
        whole, changed
    )


def test_the_documentation_names_each_rows_change() -> None:
    text = (Path(training.__file__).parents[1] / "docs" / "training.md").read_text("utf-8")
    for design in DESIGNS:
        (line,) = (one for one in text.splitlines() if one.startswith(f"| `{design.name}`"))
        assert all(change in line for change in design.changes)


def merged(document: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    found = dict(document)
    for name, value in changes.items():
        before = found[name]
        both = isinstance(before, dict) and isinstance(value, dict)
        found[name] = merged(before, value) if both else value  # type: ignore[arg-type]
    return found


def test_every_row_has_its_recipe_and_every_recipe_is_valid_at_both_scales(
    tiny_bert: Path,
) -> None:
    assert len(BY_NAME) == len(DESIGNS) == 9
    for scale in ("small", "full"):
        settings = settings_of(scale)  # type: ignore[arg-type]
        for design in DESIGNS:
            recipe_of(settings, design, tiny_bert)


def test_the_posters_numbers_stand_there_word_for_word(data: Path, tiny_bert: Path) -> None:
    study = built(data, tiny(tiny_bert))
    assert {row.name: dict(row.quoted) for row in study.rows if row.quoted} == {
        "baseline": {"AUC": "50.13", "nDCG@5": "20.64", "nDCG@10": "20.17"},
        "full": {"MRR": "32.21", "nDCG@5": "35.64", "nDCG@10": "43.97"},
        "without-lora": {"MRR": "32.02", "nDCG@5": "35.41", "nDCG@10": "43.79"},
        "without-category": {"MRR": "31.75", "nDCG@5": "35.09", "nDCG@10": "43.56"},
        "without-sentiment": {"MRR": "31.86", "nDCG@5": "35.13", "nDCG@10": "43.78"},
    }


def test_every_contrast_is_of_rows_and_columns_that_there_are(data: Path, tiny_bert: Path) -> None:
    study = built(data, tiny(tiny_bert))
    rows = {row.name for row in study.rows}
    columns = {column.name for column in study.columns}
    contrasts = [c for finding in study.findings for c in finding.contrasts]
    named = {cell.row for c in contrasts for cell in (c.higher, c.lower)}
    assert named == rows
    assert {cell.column for c in contrasts for cell in (c.higher, c.lower)} <= columns
    assert {PARAMETERS, MINUTES, ROW, "auc", "mrr", "ndcg@5", "ndcg@10"} == columns
    assert len({column.section for column in study.columns}) == 1  # costs beside qualities


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        (["encoder=null"], BadRecipe, "encoder: say --set encoder=FOLDER"),
        (["encoder=nowhere"], UnusableEncoder, "nowhere is no Hugging Face folder"),
        (["data.training=nowhere"], UnreadableData, "no nowhere in"),
        (["data.sentiment=nowhere.csv"], UnreadableData, "no nowhere.csv in"),
        (['changes=["users.haeds=2"]'], BadRecipe, "users.haeds: there is no haeds"),
        (['row_changes={"whole": []}'], BadRecipe, "row_changes: there is no row whole: baseline"),
        (['row_changes={"full": ["x=1"]}'], BadRecipe, "x: there is no x"),
        (['without=["whole"]'], BadRecipe, "without: there is no row whole: baseline"),
        (
            ['row_changes={"full": ["text.encoder.trained_layers=3"]}'],
            UnusableEncoder,
            "row full: 3 layers cannot be trained: the encoder has 2; ",
        ),
        (
            ['row_changes={"full": ["text.encoder.lora.targets=[\\"wqkv\\"]"]}'],
            BadRecipe,
            "row full: text.encoder.lora.targets: wqkv match no linear layer; there are dense",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    data: Path, tiny_bert: Path, changes: list[str], error: type[TrainingError], said: str
) -> None:
    with pytest.raises(error) as raised:
        built(data, tiny(tiny_bert, *changes))
    assert said in str(raised.value)


def test_a_head_without_labels_is_named_before_anything_is_made_and_may_be_left_out(
    data: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    shutil.copytree(data / "mind-sample", tmp_path / "mind-sample")
    news = tmp_path / "mind-sample/train/news.tsv"
    news.write_text(news.read_text("utf-8").replace('"Type"', '"Kind"'), "utf-8")
    with pytest.raises(BadRecipe, match=r"row entities: multi_task\.heads: no entities to tell"):
        built(tmp_path, tiny(tiny_bert))
    study = built(tmp_path, tiny(tiny_bert, 'without=["entities"]'))
    assert {row.name for row in study.rows} == BY_NAME.keys() - {"entities"}


def ebnerd_log(folder: Path, *names: str) -> Path:
    """Two days to learn from and one to be measured on, of Danish news without sentiments."""
    for day, split in ((18, "train"), (19, "train"), (20, "test")):
        seen = (day, 1, datetime(2023, 5, day), [11, 12, 13], [12], 3.0)
        there = folder / split / BEHAVIOURS
        rows = frames(seen)
        if there.exists():
            rows[BEHAVIOURS] = pl.concat([pl.read_parquet(there), rows[BEHAVIOURS]])
        write(folder / split, rows)
    write(folder, {name: articles() for name in names})
    return folder


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "train have no titles: there is nothing to encode"),
        ([ARTICLES], "vader reads English, and there are news in da"),
    ],
)
def test_news_that_no_row_can_learn_from_are_refused_before_anything_is_made(
    tiny_bert: Path, tmp_path: Path, files: list[str], said: str
) -> None:
    data = ebnerd_log(tmp_path, *files)
    named = ("data.training=train", "data.test=test")
    with pytest.raises(BadRecipe, match=said):
        built(data, tiny(tiny_bert, *named))


def test_rows_are_made_and_measured_on_the_same_impressions(
    data: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    study = built(data, tiny(tiny_bert, "measured=8"))
    names = ["baseline", "full", "without-lora"]
    results = run(study, plan(study, tmp_path, names), tmp_path)
    assert results.failed == {}
    baseline, full, whole = (results.finished[name].measured for name in names)
    assert baseline.samples.keys() == full.samples.keys() == {"auc", "mrr", "ndcg@5", "ndcg@10"}
    assert len(full.samples["auc"].values_I) == 8
    assert np.array_equal(baseline.samples["auc"].unit_I, full.samples["auc"].unit_I)
    reader = 64 * 64 + 64
    adapters = 2 * 3 * 2 * (64 * 2)
    assert baseline.figures[PARAMETERS] == full.figures[PARAMETERS] == (reader + adapters) / 1e6
    assert whole.figures[PARAMETERS] > 10 * full.figures[PARAMETERS]
    assert 0 < full.figures[MINUTES] < full.figures[ROW] < 60


def test_a_logs_own_sentiments_are_taken_before_any_labellers() -> None:
    log = labelled_log()
    assert with_any_sentiments(log, None) is log


def test_a_table_stands_before_the_logs_own(tmp_path: Path) -> None:
    log, path = labelled_log(), tmp_path / "said.csv"
    (first,) = np.flatnonzero(np.array(log.news.ids) == "h1")
    write_sentiments(path, {log.news.ids[first]: "positive"})
    assert with_any_sentiments(log, path).news.column("sentiment")[first] == "positive"


def test_vader_labels_what_was_read_where_nobody_did() -> None:
    log = labelled_log()
    bare = log.news.with_sentiment(dict.fromkeys(log.news.ids, ""))
    labelled = with_any_sentiments(replace(log, news=bare), None).news
    said = dict(zip(labelled.ids, labelled.column("sentiment"), strict=True))
    assert {name: said[name] for name in ("h0", "h1", "h2", "h3")} == {  # type: ignore[index]
        "h0": "neutral",
        "h1": "negative",
        "h2": "positive",
        "h3": "neutral",
    }
    assert {said[name] for name in ("c0", "c1", "c2")} == {""}  # type: ignore[index]
    danish = bare.frame.with_columns(language=bare.frame["title"].str.replace(".*", "da"))
    with pytest.raises(BadRecipe, match="vader reads English, and there are news in da"):
        with_any_sentiments(replace(log, news=type(bare)(danish)), None)
