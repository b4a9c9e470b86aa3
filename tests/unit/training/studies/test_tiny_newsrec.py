"""Tiny-NewsRec's study before it begins: its rows, what it claims and quotes, what it refuses."""

from pathlib import Path

import pytest

from tests.unit.training.compression.conftest import small_bert
from tests.unit.training.studies.newsrec import built, tiny
from training.errors import BadRecipe, UnreadableData, UnusableEncoder
from training.studies.plan import in_order
from training.studies.study import Study
from training.studies.tiny_newsrec.paper import COLUMNS, WHICH, quoted
from training.studies.tiny_newsrec.settings import TinyNewsRecSettings, settings_of
from training.studies.tiny_newsrec.table import saving_in_time


@pytest.fixture(scope="module")
def study(data: Path, tiny_bert: Path) -> Study:
    return built(data, tiny(tiny_bert))


@pytest.fixture(scope="module")
def papers(data: Path, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """With the paper's students and teachers, over five layers."""
    five = small_bert(5, tmp_path_factory.mktemp("five") / "bert", tiny_bert)
    numbers = ("students=[4, 2, 1]", "post_training.copies=4", "post_training.learning.epochs=2")
    return built(data, tiny(five, *numbers))


def needed(study: Study, row: str) -> set[str]:
    return {one.name for one in in_order(study, [row])}


def test_the_papers_rows_and_its_ablations_each_behind_what_it_needs(papers: Study) -> None:
    order = [row.name for row in in_order(papers, [row.name for row in papers.rows])]
    assert order == [row.name for row in papers.rows]  # as they stand in the table
    assert len(set(order)) == len(order) == 36
    for row in papers.rows:
        assert all(order.index(name) < order.index(row.name) for name in row.needs)


def test_a_row_alone_asks_for_no_more_than_it_learns_from(papers: Study) -> None:
    teachers = {"teacher-1", "teacher-2", "teacher-3", "dp"}
    assert needed(papers, "ft") == {"ft"}
    assert needed(papers, "plm-nr-2") == {"plm-nr-2"}
    assert needed(papers, "dp") == {"post-trained", "dp"}
    assert needed(papers, "student-2") == {"post-trained", "student-2"}
    whole = {"post-trained", "student-4", *teachers}
    assert needed(papers, "tiny-newsrec-4") == {"tiny-newsrec-4", *whole}
    assert needed(papers, "ensemble-teacher") == {"post-trained", "ensemble-teacher", *teachers}
    assert needed(papers, "tinybert-2") == {"post-trained", "dp", "tinybert-2"}
    assert needed(papers, "newsbert-2") == {"post-trained", "newsbert-2"}
    assert needed(papers, "tinybert-mt-4") == {"post-trained", "tinybert-mt-4", *teachers}
    assert needed(papers, "without-stage-two") == {
        "post-trained",
        "student-4",
        "without-stage-two",
    }
    assert needed(papers, "without-post-training") == {"ft", "without-post-training"}
    assert needed(papers, "without-own") == {"post-trained", "without-own", *teachers}
    assert needed(papers, "teachers-2") == {"post-trained", "teacher-3", "dp", "teachers-2"}


def test_every_contrast_is_of_rows_and_columns_that_there_are(papers: Study, study: Study) -> None:
    for one in (papers, study):
        rows = {row.name for row in one.rows}
        columns = {column.name for column in one.columns}
        assert len(columns) == len(one.columns)
        contrasts = [c for finding in one.findings for c in finding.contrasts]
        assert {cell.row for c in contrasts for cell in (c.higher, c.lower)} <= rows
        assert {cell.column for c in contrasts for cell in (c.higher, c.lower)} <= columns


def test_each_depth_is_claimed_to_beat_others_of_that_depth(papers: Study) -> None:
    claims = {finding.claim: finding.contrasts for finding in papers.findings}
    pairs = [
        (c.higher.row, c.lower.row) for c in claims["Tiny-NewsRec beats TinyBERT of as many layers"]
    ]
    assert pairs == [(f"tiny-newsrec-{k}", f"tinybert-{k}") for k in (4, 2, 1)]
    (best,) = claims["Tiny-NewsRec₄ beats its teacher, PLM-NR (DP)"]
    assert (best.higher.row, best.lower.row) == ("tiny-newsrec-4", "dp")


def test_a_lone_teacher_is_not_compared_with_fewer(data: Path, tiny_bert: Path) -> None:
    alone = built(data, tiny(tiny_bert, "post_training.copies=1"))
    assert not [row.name for row in alone.rows if row.name.startswith("teacher")]
    assert "More teachers are better than one" not in {one.claim for one in alone.findings}


def test_the_papers_numbers_are_quoted_as_they_stand_there() -> None:
    assert quoted("Tiny-NewsRec₄") == {
        "whose numbers": "Tiny-NewsRec₄",
        "MIND AUC": "71.19±0.08",
        "MIND MRR": "36.21±0.05",
        "MIND nDCG@10": "45.20±0.09",
        "Feeds AUC": "69.58±0.06",
        "Feeds MRR": "35.90±0.11",
        "Feeds nDCG@10": "46.57±0.07",
        "Model Size": "53.18M",
    }
    assert quoted("PLM-NR₁₂ (DP)")["MIND AUC"] == "71.02±0.07"
    assert quoted("NewsBERT₁")["Feeds nDCG@10"] == "44.12±0.08"
    assert quoted("Ensemble-Teacher₁₂") == {
        "whose numbers": "Ensemble-Teacher₁₂",
        "Feeds AUC": "69.43",
        "Feeds MRR": "35.81",
        "Feeds nDCG@10": "46.53",
    }
    assert quoted("Tiny-NewsRec₃") == {}


def test_whose_numbers_are_quoted_is_said_where_our_depth_is_another(
    papers: Study, study: Study
) -> None:
    whose = {row.name: row.quoted.get(WHICH) for row in papers.rows}
    assert (papers.row("dp").title, whose["dp"]) == (
        "PLM-NR₅ (DP), the newest teacher",
        "PLM-NR₁₂ (DP)",
    )
    assert whose["ensemble-teacher"] == "Ensemble-Teacher₁₂"
    assert whose["mt-bert-4"] == "MT-BERT₄"
    assert sum(one is not None for one in whose.values()) == 16 + 4  # all rows of both tables
    assert sum(len(row.quoted) == 1 + len(COLUMNS) for row in papers.rows) == 16
    assert not any(row.quoted for row in papers.rows if row.name.startswith(("without", "teacher")))
    assert not study.row("mt-bert-1").quoted  # the paper's has four layers


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        (["encoder=null"], BadRecipe, "encoder: say --set encoder=FOLDER"),
        (["encoder=nowhere"], UnusableEncoder, "nowhere is no Hugging Face folder"),
        (["students=[2]"], BadRecipe, "one of 2 layers is no smaller than .*, which has 2"),
        (["students=[4, 2, 1]"], BadRecipe, "one of 4 layers is no smaller than"),
        (["data.test=nowhere"], UnreadableData, "no nowhere in"),
        (['data.pairs=["ag-news=nowhere.csv"]'], UnreadableData, "no nowhere.csv in"),
        (["post_training.negatives=20"], BadRecipe, "20 other titles are wanted for a body"),
        (["post_training.copies=4"], BadRecipe, "3 steps leave 3 copies, and 4 are to stay"),
        (["post_training.tower.body_tokens=90"], BadRecipe, "reads at most 80 tokens, not 90"),
        (["masking.max_tokens=90"], BadRecipe, "max_tokens: .* reads at most 80, not 90"),
        (
            ["teaching.stage_one.own=false", "teaching.stage_one.embeddings=false"],
            BadRecipe,
            "a student without a loss learns nothing",  # where the third is left out
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    data: Path, tiny_bert: Path, changes: list[str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        built(data, tiny(tiny_bert, *changes))


@pytest.mark.parametrize("students", ["[]", "[1, 2]", "[2, 2]", "[2, 0]"])
def test_students_are_depths_the_deepest_first(students: str) -> None:
    with pytest.raises(BadRecipe, match=r"^students"):
        TinyNewsRecSettings().changed([f"students={students}"])


@pytest.mark.parametrize(("pairs", "often"), [(64_000, 500), (63_000, 492), (320, 2), (32, 1)])
def test_copies_are_saved_as_often_as_the_paper_does_or_as_the_pairs_allow(
    pairs: int, often: int
) -> None:
    settings = saving_in_time(settings_of("full"), pairs)
    assert settings.post_training.save_steps == often


def test_in_full_it_is_the_papers() -> None:
    full = settings_of("full")
    post, clicks = full.post_training, full.fine_tuning
    assert (post.negatives, post.save_steps, post.copies) == (9, 500, 4)
    assert (post.tower.title_tokens, post.tower.body_tokens, post.tower.dimension) == (24, 512, 256)
    assert (clicks.title_tokens, clicks.training.history_length) == (30, 50)
    assert (clicks.training.negatives, full.students) == (4, (4, 2, 1))
    assert full.teaching.stage_two.own_weight == 1
    assert (full.pairs, full.clicks.impressions, full.measuring.impressions) == (None, None, None)


def test_students_read_and_are_shaped_as_their_teachers(tiny_bert: Path) -> None:
    settings = tiny(tiny_bert, "post_training.tower.dropout=0.5")
    stage = settings.stage_one(1, settings.teaching)
    assert stage.tower == settings.post_training.tower
    assert stage.negatives == settings.post_training.negatives
    assert (settings.fine_tuning.dimension, settings.fine_tuning.dropout) == (16, 0.5)


def test_what_does_not_decide_a_row_does_not_make_it_anew(data: Path, tiny_bert: Path) -> None:
    def decided(*changes: str) -> dict[str, object]:
        return {row.name: row.decided_by for row in built(data, tiny(tiny_bert, *changes)).rows}

    before = decided()
    changed = {
        "measuring.impressions=7": {"ft", "dapt", "dp", "tiny-newsrec-1", "without-own"},
        "pairs=19": {"post-trained", "dapt"},
        "masking.share=0.2": {"dapt", "tapt"},
        "tinybert.attention=false": {"tinybert-1", "tinybert-mt-1"},
        "newsbert.momentum=0.2": {"newsbert-1", "newsbert-mt-1"},
        "mt_bert.momentum=0.2": {"mt-bert-1"},
        "teaching.stage_two.own_weight=0.2": {
            "tiny-newsrec-1",
            "without-stage-one",
            "without-post-training",
            "without-soft-labels",
            "without-embeddings",
            "without-own",
            "teachers-1",
        },
        "teaching.stage_one.own_weight=0.2": {
            "student-1",
            "without-soft-labels",
            "without-embeddings",
            "without-own",
            "teachers-1",
        },
    }
    for change, expected in changed.items():
        now = decided(change)
        found = {name for name, settings in now.items() if settings != before[name]}
        assert found >= expected if change.startswith("measuring") else found == expected
    unmeasured = {"post-trained", "student-1", "ensemble-teacher"}
    now = decided("measuring.impressions=7")
    assert {name for name in now if now[name] == before[name]} == unmeasured
