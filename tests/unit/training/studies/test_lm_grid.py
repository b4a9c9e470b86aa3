"""The language model grid over tiny models: its rows, what they read and measure, what it says."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.conftest import prepare, titled_log
from tests.unit.training.studies.lm_grids import built, tiny
from tests.unit.training.test_ebnerd import frames, write
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder, load_tokenizer
from training.errors import BadRecipe, UnreadableData, UnusableEncoder
from training.evaluation.groups import quintiles
from training.recipe import Transformer
from training.studies.clicks import Days
from training.studies.costs import COST
from training.studies.findings import judged
from training.studies.lm_grid.adapted import save_adapted
from training.studies.lm_grid.claims import claims as claims_of
from training.studies.lm_grid.designs import Design, Grid
from training.studies.lm_grid.encoders import known_encoders
from training.studies.lm_grid.exam import COLD, Exam, lead, with_leads
from training.studies.lm_grid.recipes import recipe_of
from training.studies.lm_grid.settings import LmGridSettings, settings_of
from training.studies.lm_grid.shortened import shortened
from training.studies.plan import in_order, plan
from training.studies.report import as_html
from training.studies.running import run
from training.studies.study import Float64, Measured, Sample, Study

WITHOUT_SAMPLES = {"vectors"}


@pytest.fixture(scope="module")
def study(data: Path, tiny_bert: Path, tiny_llama: Path) -> Study:
    return built(data, tiny(bert=tiny_bert, llama=tiny_llama))


@pytest.fixture(scope="module")
def exam(data: Path) -> Exam:
    days = Days.of(data / "mind-sample/train", data / "mind-sample/dev")
    return Exam.of(days, settings_of("small"))


def grid_of(settings: LmGridSettings) -> Grid:
    return Grid(settings, known_encoders(settings))


def test_a_cell_of_every_encoder_with_every_architecture(study: Study) -> None:
    names = [row.name for row in study.rows]
    assert len(names) == len(set(names))
    of_each = {"words": ["frozen", "tuned"], "bert": ["frozen", "top1", "top2", "cls"]}
    of_each["llama"] = ["frozen", "lora", "two-step"]
    expected = {"vectors", *(f"late-fusion-{encoder}" for encoder in of_each)}
    for encoder, forms in of_each.items():
        expected |= {f"{a}-{encoder}-{form}" for a in ("naml", "nrms", "lstur") for form in forms}
    assert set(names) == expected


def test_the_sweep_and_the_grid_share_their_rows(tiny_bert: Path) -> None:
    grid = grid_of(tiny("learning.layers=2", bert=tiny_bert))
    swept = {depth: design.name for depth, design in grid.sweep("nrms").items()}
    assert swept == {0: "nrms-bert-frozen", 2: "nrms-bert-top2"}
    assert grid.tuned("nrms", "bert").name == swept[2]


def test_without_settings_the_share_of_layers_is_the_papers(tiny_bert: Path) -> None:
    grid = grid_of(tiny("learning.layers=null", bert=tiny_bert))
    (bert,) = grid.encoders
    twelve = replace(bert, layers=12)
    assert [twelve.best_depth(one) for one in ("naml", "nrms", "lstur")] == [10, 6, 4]
    assert [bert.best_depth(one) for one in ("naml", "nrms", "lstur")] == [2, 1, 1]


def test_each_row_stands_behind_what_it_needs(study: Study) -> None:
    needed = {row.name: row.needs for row in study.rows if row.needs}
    assert needed["naml-llama-two-step"] == ("naml-llama-lora",)
    assert {needed.pop(f"{one}-llama-two-step") for one in ("naml", "nrms", "lstur")}
    assert set(needed.values()) == {("vectors",)}
    assert next(row.name for row in in_order(study, ["nrms-words-tuned"])) == "vectors"


def test_every_contrast_is_of_rows_and_columns_that_there_are(study: Study) -> None:
    rows, columns = {row.name for row in study.rows}, {column.name for column in study.columns}
    assert len(columns) == len(study.columns)
    cells = [c for f in study.findings for t in f.contrasts for c in (t.higher, t.lower)]
    assert {cell.row for cell in cells} <= rows
    assert {cell.column for cell in cells} <= columns
    assert all(finding.contrasts for finding in study.findings)
    assert all(finding.said.startswith("summary: ") for finding in study.findings)
    assert not any(row.quoted for row in study.rows)  # no table of the paper is at hand


def test_what_the_settings_leave_out_is_not_measured(data: Path, tiny_bert: Path) -> None:
    study = built(data, tiny('architectures=["lstur"]', bert=tiny_bert))
    without = {one.finding.claim for one in judged(study.findings, {}) if not one.tests}
    assert len(without) == len(study.findings)
    empty = {finding.claim.partition(" ")[0] for finding in study.findings if not finding.contrasts}
    assert {"NAML", "NRMS", "A"} <= empty


@pytest.mark.parametrize(
    ("depths", "claims"),
    [
        ("null", {"NAML": ("top2", ["frozen"]), "NRMS": ("top2", ["frozen"])}),
        ("[1, 2]", {"NAML": ("top2", ["frozen", "top1"]), "NRMS": ("top1", ["frozen", "top2"])}),
        ("[0]", {"NAML": (None, []), "NRMS": (None, [])}),
    ],
)
def test_the_published_depth_is_held_against_all_others(
    tiny_bert: Path, depths: str, claims: dict[str, tuple[str | None, list[str]]]
) -> None:
    found = list(claims_of(grid_of(tiny(f"sweep.depths={depths}", bert=tiny_bert))))
    for architecture, (best, others) in claims.items():
        (one,) = (f for f in found if f.claim.startswith(f"{architecture} is best"))
        rows = [(c.higher.row, c.lower.row) for c in one.contrasts]
        name = f"{architecture.lower()}-bert"
        assert rows == [(f"{name}-{best}", f"{name}-{other}") for other in others]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        (["encoders={}"], BadRecipe, "encoders: say --set encoders.NAME=FOLDER"),
        (["encoders.bert=nowhere"], UnusableEncoder, "nowhere is no Hugging Face folder"),
        (["encoders.words=nowhere"], BadRecipe, "what the static vectors are called"),
        (["learning.layers=3"], BadRecipe, "learning.layers: 3 layers .* bert has 2"),
        (["sweep.depths=[0, 4]"], BadRecipe, "sweep.depths: 4 layers .* bert has 2"),
        (["sweep.encoder=llama"], BadRecipe, "sweep.encoder: llama is none of bert"),
        (["two_step.layers=9"], BadRecipe, "two_step.layers: 9 layers .* llama has 2"),
        (['two_step.lora.targets=["wqkv"]'], BadRecipe, "wqkv match no linear layer; there are "),
        (["data.test=nowhere"], UnreadableData, "no nowhere in"),
        (['learning.changes.nrms=["users.haeds=2"]'], BadRecipe, "there is no haeds"),
        (["words.file=GLOVE", "words.dimension=4"], UnusableEncoder, "4 numbers, found 3"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    data: Path,
    tiny_bert: Path,
    tiny_llama: Path,
    tmp_path: Path,
    changes: list[str],
    error: type[Exception],
    said: str,
) -> None:
    glove = tmp_path / "glove.txt"
    glove.write_text("ferry 1 2 3\n", encoding="utf-8")
    named = [change.replace("GLOVE", str(glove)) for change in changes]
    with pytest.raises(error, match=said):
        built(data, tiny(f"encoders.bert={tiny_bert}", f"encoders.llama={tiny_llama}", *named))


def test_news_without_titles_are_refused_before_anything_is_made(
    tiny_bert: Path, tmp_path: Path
) -> None:
    for day, split in ((18, "train"), (20, "test")):
        seen = (day, 1, datetime(2023, 5, day), [11, 12, 13], [12], 3.0)
        write(tmp_path / split, frames(seen))
    settings = tiny("data.training=train", "data.test=test", bert=tiny_bert)
    with pytest.raises(BadRecipe, match="train have no titles: there is nothing to encode"):
        built(tmp_path, settings)


def test_an_encoder_may_be_told_with_its_prefix(tiny_bert: Path) -> None:
    settings = tiny(f"encoders.bert.folder={tiny_bert}", "encoders.bert.prefix=query: ")
    (known,) = known_encoders(settings)
    recipe = recipe_of(settings, Design("naml", "bert"), known, tiny_bert)
    assert (recipe.text.template, recipe.text.abstract_template) == (
        "query: {title}",
        "query: {abstract}",
    )


@pytest.mark.parametrize(
    ("reading", "nrms", "lstur", "centred"),
    [
        ("states", "self_attention", "convolution", False),
        ("pooled", "mean", "mean", False),
        ("centred", "mean", "mean", True),
    ],
)
def test_recommenders_are_given_what_the_reading_says(
    tiny_bert: Path, tiny_llama: Path, reading: str, nrms: str, lstur: str, centred: bool
) -> None:
    settings = tiny(f"reading={reading}", bert=tiny_bert, llama=tiny_llama)
    bert, llama = known_encoders(settings)
    over_bert = (Design("nrms", "bert"), Design("lstur", "bert"))
    texts = [recipe_of(settings, design, bert, tiny_bert).text for design in over_bert]
    assert [text.pooling for text in texts] == [nrms, lstur]
    assert [text.centred for text in texts] == [centred, centred]
    causal = recipe_of(settings, Design("nrms", "llama"), llama, tiny_llama).text
    assert (causal.pooling, causal.centred) == ("last_token", centred)
    fused = recipe_of(settings, Design(None, "bert"), bert, tiny_bert)
    assert (fused.text.pooling, fused.text.centred, fused.training.epochs) == ("mean", True, 0)
    published = recipe_of(settings, Design("lstur", "bert", "cls", 1), bert, tiny_bert)
    assert published.text.pooling == "cls_convolution"
    assert isinstance(published.text.encoder, Transformer)
    assert published.text.encoder.trained_layers == 1


def test_a_prompt_keeps_its_end_around_any_text(tiny_llama: Path, exam: Exam) -> None:
    settings = tiny("measuring.title_tokens=3", llama=tiny_llama)
    (known,) = known_encoders(settings)
    recipe = recipe_of(settings, Design("naml", "llama"), known, tiny_llama)
    assert recipe.text.template == "This news: {title} means in one word:"
    tokenizer = load_tokenizer(known.folder)
    news = shortened(exam.test.news, tokenizer, {"title": 3})
    titles = exam.test.news.column("title")
    cut = news.column("title")
    assert cut != titles
    assert all(long.startswith(short) for long, short in zip(titles, cut, strict=True))
    tokenizer.enable_truncation(recipe.text.max_tokens)
    end = tokenizer.encode("word:", add_special_tokens=False).ids[-2:]
    for title in cut:
        assert tokenizer.encode(recipe.text.template.format(title=title)).ids[-2:] == end


@pytest.mark.parametrize("layers", ["1", "null"])
@torch.no_grad()
def test_step_one_leaves_the_encoder_with_what_its_adapters_learned(
    tiny_llama: Path, tmp_path: Path, layers: str
) -> None:
    settings = tiny(f"two_step.layers={layers}", llama=tiny_llama)
    (known,) = known_encoders(settings)
    recipe = recipe_of(settings, Design("nrms", "llama", "lora"), known, tiny_llama)
    text = dict(prepare(recipe, titled_log()).recommender.news.text_encoders())["title"].eval()
    learned = [p for name, p in text.named_parameters() if "lora_B" in name]
    for weights in learned:
        torch.nn.init.normal_(weights, std=0.5)
    ids_BT, mask_BT = torch.arange(5, 29).view(3, 8), torch.ones(3, 8, dtype=torch.int64)
    assert text.trained is not None
    expected = text.trained(text.before(ids_BT, mask_BT), mask_BT)[:, -1]
    save_adapted(text, tiny_llama, tmp_path / "adapted")

    def vectors(folder: Path) -> torch.Tensor:
        found: torch.Tensor = load_encoder(read_folder(folder), "last_token")(ids_BT, mask_BT)
        return found

    assert learned
    torch.testing.assert_close(vectors(tmp_path / "adapted"), expected, atol=1e-4, rtol=1e-4)
    assert (vectors(tiny_llama) - expected).abs().max() > 0.1


def test_the_lead_of_the_first_group_has_the_error_of_a_difference_of_two_means() -> None:
    rng = np.random.default_rng(1)
    first = Sample(rng.normal(0.6, 0.3, 400), np.arange(400))
    second = Sample(rng.normal(0.5, 0.2, 900), np.arange(400, 1300))
    one, other, led = first.estimate, second.estimate, lead(first, second)
    assert led.estimate.mean == pytest.approx(one.mean - other.mean)
    expected = (one.standard_error**2 + other.standard_error**2) ** 0.5
    assert led.estimate.standard_error == pytest.approx(expected, rel=0.005)
    assert led.unit_I.tolist() == list(range(1300))


def test_a_rows_lead_is_worked_out_of_the_fifths_that_it_kept() -> None:
    fifths = {f"fifth/{n}/auc": Sample(np.array([0.1 * n, 0.3]), np.array([n, n])) for n in (1, 5)}
    stale = {f"{COLD}/auc": Sample(np.array([2.0, -1.0]), np.array([1, 5]))}
    found = with_leads(Measured(fifths | stale)).samples
    assert found[f"{COLD}/auc"].estimate.mean == pytest.approx(0.2 - 0.4)
    assert set(found) == {*fifths, *stale}
    assert with_leads(Measured({})).samples == {}


def test_a_test_of_few_readers_has_fewer_groups_and_nobody_to_lead(exam: Exam) -> None:
    few = replace(exam.test, users=[f"U{place % 3}" for place in range(len(exam.test))])
    brief = replace(exam, test=few, fifths=quintiles(few))
    found = brief.cells(lambda log: np.arange(len(log.labels), dtype=np.float64))
    columns = {column.name for column in brief.columns()}
    assert set(found) == columns
    assert {name for name in columns if "fifth" in name} == {
        f"fifth/{number}/{metric}" for number in (1, 2, 3) for metric in ("auc", "ndcg@10")
    }
    assert with_leads(Measured(found)).samples.keys() == found.keys()


def test_each_fifth_is_named_with_its_clicks(exam: Exam) -> None:
    titles = {column.name: column.title for column in exam.columns()}
    first, *_ = exam.fifths
    assert titles["fifth/1/auc"] == f"fifth {first}"
    assert first.startswith("1 (coldest, mean ")


def test_readers_are_cold_by_all_their_clicks_and_no_row_reads_more_than_are_set(
    data: Path, exam: Exam
) -> None:
    days = Days.of(data / "mind-sample/train", data / "mind-sample/dev")
    brief = Exam.of(days, settings_of("small").changed(["measuring.history_length=1"]))
    assert max(brief.test.history.lengths) == max(brief.training.history.lengths) == 1
    assert max(days.test.history.lengths) > 1
    assert brief.fifths.keys() == exam.fifths.keys()
    newest = [days.test.history[place][-1:].tolist() for place in range(len(days.test))]
    assert [brief.test.history[place].tolist() for place in range(len(brief.test))] == newest


def test_where_a_transformer_learns_epochs_may_be_fewer(tiny_bert: Path, tiny_llama: Path) -> None:
    settings = tiny(
        "learning.epochs=9", "learning.fine_tuning_epochs=2", bert=tiny_bert, llama=tiny_llama
    )
    bert, llama = known_encoders(settings)
    of = {
        design: recipe_of(settings, design, known, known.folder.path).training.epochs
        for design, known in (
            (Design("nrms", "bert"), bert),
            (Design("nrms", "bert", "tuned", 1), bert),
            (Design("nrms", "bert", "cls", 1), bert),
            (Design("nrms", "llama", "lora"), llama),
            (Design("nrms", "llama", "two-step"), llama),
        )
    }
    assert list(of.values()) == [9, 2, 2, 2, 9]
    same = settings.changed(["learning.fine_tuning_epochs=null"])
    tuned = recipe_of(same, Design("nrms", "bert", "tuned", 1), bert, tiny_bert)
    assert tuned.training.epochs == 9


def test_claims_say_where_rows_learn_for_unlike_times(tiny_bert: Path, tiny_llama: Path) -> None:
    def said(*changes: str) -> list[bool]:
        settings = tiny("learning.epochs=9", *changes, bert=tiny_bert, llama=tiny_llama)
        told = (
            "; here transformers learn for at most 2 epochs, and what stands on frozen ones for 9"
        )
        return [one.claim.endswith(told) for one in claims_of(grid_of(settings))]

    frozen_alone, static_vectors = 1, 3
    assert [
        place for place, unlike in enumerate(said("learning.fine_tuning_epochs=2")) if not unlike
    ] == [frozen_alone, static_vectors]
    assert not any(said("learning.fine_tuning_epochs=null"))
    assert not any(said("learning.fine_tuning_epochs=9"))


def test_the_facts_say_that_a_row_is_trained_once_and_for_how_long(study: Study) -> None:
    assert "each row is trained once" in study.facts["chance"]
    assert "at most 1 where a transformer learns" in study.facts["epochs"]


def test_size_is_that_of_the_layers_without_the_table_of_word_pieces(
    tiny_bert: Path, tiny_llama: Path
) -> None:
    grid = grid_of(tiny(bert=tiny_bert, llama=tiny_llama))
    bert, llama = grid.encoders
    layer = 4 * (64 * 64 + 64) + (64 * 128 + 128) + (128 * 64 + 64) + 2 * 2 * 64
    assert bert.in_layers == 2 * layer < bert.parameters
    many_words = replace(bert, in_layers=1, parameters=10 * llama.parameters)
    claim, *_ = claims_of(replace(grid, encoders=(llama, many_words)))
    assert claim.claim.startswith("Larger language models, by the parameters of their layers")
    larger = [contrast.higher.row for contrast in claim.contrasts[:2]]
    assert larger == ["naml-bert-top1", "naml-llama-two-step"]


def test_days_are_those_that_nothing_was_learned_from(exam: Exam) -> None:
    assert exam.days == ["2019-11-12", "2019-11-13"]
    learned = set(np.datetime_as_string(exam.training.times, "D"))
    assert learned == {"2019-11-10", "2019-11-11"}


def test_every_column_has_its_cell(exam: Exam) -> None:
    rng = np.random.default_rng(3)
    scores: dict[int, Float64] = {}

    def score(log: object) -> Float64:
        return scores.setdefault(id(log), rng.random(len(log.labels)))  # type: ignore[attr-defined]

    found = with_leads(Measured(exam.cells(score))).samples
    assert {column.name for column in exam.columns()} == set(found)
    auc = {name: sample.estimate for name, sample in found.items() if name.endswith("auc")}
    assert auc["day/2019-11-13/auc"] == auc["auc"]  # the test has one day
    assert auc["day/2019-11-12/auc"] != auc["auc"]
    difference = auc["fifth/1/auc"].mean - auc["fifth/5/auc"].mean
    assert auc[f"{COLD}/auc"].mean == pytest.approx(difference)
    assert auc[f"{COLD}/auc"].count == auc["fifth/1/auc"].count + auc["fifth/5/auc"].count


def test_rows_of_every_kind_are_made_and_measured_alike(
    data: Path, tiny_bert: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    study = built(data, tiny(bert=tiny_bert, llama=tiny_llama))
    chosen = [
        "late-fusion-bert",
        "nrms-words-tuned",
        "nrms-bert-top1",
        "lstur-bert-cls",
        "naml-llama-two-step",
    ]
    results = run(study, plan(study, tmp_path, chosen), tmp_path)
    assert results.failed == {}
    assert {"vectors", "naml-llama-lora"} <= set(results.finished)
    made = {n: one.measured for n, one in results.finished.items() if n not in WITHOUT_SAMPLES}
    columns = {column.name for column in study.columns}
    for measured in made.values():
        assert {*measured.samples, *measured.figures} <= columns
        assert np.array_equal(
            measured.samples["auc"].unit_I, made["late-fusion-bert"].samples["auc"].unit_I
        )
        assert measured.figures[f"{COST}speed"] > 0
        assert measured.figures[f"{COST}parameters"] > 0
    assert made["late-fusion-bert"].figures[f"{COST}trained"] == 0
    assert made["late-fusion-bert"].figures[f"{COST}minutes"] == 0
    first, second = made["naml-llama-lora"].figures, made["naml-llama-two-step"].figures
    for cost in ("minutes", "trained"):  # those of both steps
        assert second[f"{COST}{cost}"] > first[f"{COST}{cost}"]
    assert made["nrms-bert-top1"].facts["epochs"] == 1
    page = as_html(results, judged(study.findings, results.finished, resamples=50))
    assert "Quality against cost" in page
    assert "How deep to fine-tune" not in page  # one depth alone makes no line
    again = run(study, plan(study, tmp_path, chosen), tmp_path)
    assert {n: one.day for n, one in again.finished.items()} == {
        n: one.day for n, one in results.finished.items()
    }
