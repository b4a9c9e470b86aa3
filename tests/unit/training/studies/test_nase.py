"""NaSE's study over a tiny encoder with random weights: what it learns from, shows and measures."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn.functional import normalize

from tests.unit.training.corpus.tiny_corpora import DOCUMENTS, sentence, write_files
from tests.unit.training.studies.conftest import UNTRANSLATED
from training.adaptation import choice
from training.cleaning.settings import Cleaning
from training.data.impressions import ImpressionLog
from training.data.polynews import ParallelTexts, Texts
from training.data.ragged import Int64
from training.encoding import BUCKET
from training.errors import BadRecipe, UnreadableData, UnusableEncoder
from training.evaluation.retrieval import parallel_retrieval, retrieved
from training.evaluation.served import Float16
from training.export.sample_texts import SAMPLE_TITLES
from training.recipe import Transformer
from training.run import train
from training.studies.nase import STUDY, compiling, recommenders, vectors
from training.studies.nase.adapted import ADAPTING, VARIANTS, WORTH, adaptation
from training.studies.nase.compiling import compiled_pairs, compiled_texts
from training.studies.nase.exam import Exam, cells
from training.studies.nase.paths import Paths
from training.studies.nase.recommenders import (
    DESIGNS,
    Design,
    few_shot,
    logs_of,
    recipe_of,
    title_vectors,
)
from training.studies.nase.settings import NaseSettings, settings_of
from training.studies.nase.setup import BASE
from training.studies.nase.texts import held_out_sentences, parallel_texts, single_texts
from training.studies.nase.vectors import late_fusion_cells
from training.studies.plan import in_order, plan
from training.studies.running import run
from training.studies.study import Finished, Float64, Study


def tiny(encoder: Path, *changes: str) -> NaseSettings:
    """The small scale, over an encoder that reads anything in a moment."""
    fast = ("measuring.centring=20", "measuring.sentences=4")
    return settings_of("small").changed([f"encoder={encoder}", *fast, *changes])


def built(data: Path, settings: NaseSettings) -> Study:
    return STUDY.build([data], settings, "small")


@pytest.fixture(scope="module")
def exam(data: Path) -> Exam:
    settings = settings_of("small")
    return Exam.of(Paths.of([data], settings.data), settings.measuring, settings.choosing)


def test_thirty_rows_each_behind_what_it_needs(data: Path, tiny_bert: Path) -> None:
    study = built(data, tiny(tiny_bert))
    order = [row.name for row in in_order(study, [row.name for row in study.rows])]
    assert len(order) == len(set(order)) == 1 + 4 + 1 + 24
    for row in study.rows:
        assert all(order.index(needed) < order.index(row.name) for needed in row.needs)
    of = {name: {row.name for row in in_order(study, [name])} for name in order}
    assert of["dae-to-mt"] == {"dae", "dae-to-mt"}
    assert of["nrms-base-frozen-zero"] == {"nrms-base-frozen-zero"}
    assert of["lstur-best-tuned-few"] >= {"best", "dae", "mt", "dae+mt", "dae-to-mt"}


def test_every_contrast_is_of_rows_and_columns_that_there_are(data: Path, tiny_bert: Path) -> None:
    study = built(data, tiny(tiny_bert))
    rows = {row.name for row in study.rows}
    columns = {column.name for column in study.columns}
    assert len(columns) == len(study.columns)
    contrasts = [c for finding in study.findings for c in finding.contrasts]
    assert {cell.row for c in contrasts for cell in (c.higher, c.lower)} <= rows
    assert {cell.column for c in contrasts for cell in (c.higher, c.lower)} <= columns
    assert not any(row.quoted for row in study.rows)  # no table of the paper is at hand


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        (["encoder=null"], BadRecipe, "encoder: say --set encoder=FOLDER"),
        (["encoder=nowhere"], UnusableEncoder, "nowhere is no Hugging Face folder"),
        (["data.ntrex=nowhere"], UnreadableData, "no nowhere in"),
        (['data.translations={"zh": ["nowhere"]}'], UnreadableData, "no nowhere in"),
        (["adaptation.objective=mt"], BadRecipe, "adaptation has no objective, prefix, max_tokens"),
        (["adaptation.max_tokens=40"], BadRecipe, "of its own: rows and study say them"),
        (
            ['recommenders.changes={"nrms": ["users.haeds=2"]}'],
            BadRecipe,
            "users.haeds: there is no haeds",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    data: Path, tiny_bert: Path, changes: list[str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        built(data, tiny(tiny_bert, *changes))


def test_frozen_trains_no_layer_and_fine_tuned_as_many_as_are_set(tiny_bert: Path) -> None:
    settings = tiny(tiny_bert, "prefix=query: ", "recommenders.trained_layers=2")
    for design in DESIGNS:
        recipe = recipe_of(settings, design, tiny_bert)
        assert isinstance(recipe.text.encoder, Transformer)
        assert recipe.text.encoder.trained_layers == (2 if design.fine_tuned else 0)
        assert (recipe.text.pooling, recipe.text.centred) == ("mean", True)


def test_all_rows_read_as_much_of_a_title_behind_the_same_prefix(tiny_bert: Path) -> None:
    settings = tiny(tiny_bert, "prefix=query: ", "measuring.max_tokens=23")
    for design in DESIGNS:
        text = recipe_of(settings, design, tiny_bert).text
        assert (text.template, text.max_tokens) == ("query: {title}", 23)
        assert text.abstract_template == "query: {abstract}"
    for variant in VARIANTS:
        adapted = adaptation(settings, variant)
        assert (adapted.prefix, adapted.max_tokens) == ("query: ", 23)


def test_recommenders_are_chosen_by_what_chooses_the_best_variant(
    exam: Exam, tiny_bert: Path
) -> None:
    shown = [exam.choosing[0].candidates.values, exam.choosing[1].candidates.values]
    for design in DESIGNS:
        validation = logs_of(exam, tiny(tiny_bert), design).validation
        assert validation is not None
        assert np.array_equal(validation.candidates.values, np.concatenate(shown))


def test_over_an_encoder_with_a_layer_that_recipes_leave_out_there_are_no_trained_rows(
    data: Path, tiny_bert: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_bert, tmp_path / "labse")
    kinds = {"Transformer": "", "Dense": "2_Dense"}
    modules = [{"path": p, "type": f"sentence_transformers.models.{k}"} for k, p in kinds.items()]
    (tmp_path / "labse" / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    settings = tiny(tmp_path / "labse")
    study = built(data, settings)
    assert [row.name for row in study.rows] == ["base", *(v.name for v in VARIANTS), "best"]
    assert str(study.facts["the trained rows"]).startswith("none: no recipe takes the linear layer")
    with pytest.raises(UnusableEncoder, match="labse has a linear layer after pooling"):
        recipe_of(settings, DESIGNS[0], tmp_path / "labse")


def test_an_encoder_that_cannot_decode_is_refused_before_anything_is_made(
    data: Path, tiny_llama: Path
) -> None:
    with pytest.raises(UnusableEncoder, match="a LlamaModel cannot decode"):
        built(data, tiny(tiny_llama))


def test_a_recipes_every_value_decides_a_row_but_not_where_its_encoder_lies(
    data: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decided(encoder: Path) -> object:
        return built(data, tiny(encoder)).row("nrms-base-frozen-zero").decided_by

    before = decided(tiny_bert)
    assert decided(shutil.copytree(tiny_bert, tmp_path / "elsewhere")) == before
    monkeypatch.setattr(recommenders, "FROZEN", ("training.learning_rate=1e-3",))
    assert decided(tiny_bert) != before


def test_what_the_paper_found_is_said_to_come_from_its_summary(data: Path, tiny_bert: Path) -> None:
    said = {finding.said for finding in built(data, tiny(tiny_bert)).findings}
    assert all(one.startswith("summary: ") for one in said)


def test_nothing_learns_from_sentences_that_are_held_out(data: Path) -> None:
    paths = Paths.of([data], settings_of("small").data)
    held = held_out_sentences(paths, None)
    assert next(iter(held)) == "en"
    assert {len(lines) for lines in held.values()} == {2 * 20}
    texts, pairs = single_texts(paths, "en").frame, parallel_texts(paths).frame
    for language, lines in held.items():
        numbers = range(2 * (DOCUMENTS - 20), 2 * DOCUMENTS)
        assert lines == [sentence(number, language) for number in numbers]
        assert not set(lines) & {*texts["text"], *pairs["source"], *pairs["target"]}
    assert sorted(set(pairs["source_language"])) == ["en"]
    assert len(pairs) == 2 * (DOCUMENTS - 20) * (len(held) - 1)


def test_a_held_out_sentence_is_not_learned_from_whatever_holds_it(
    data: Path, tmp_path: Path
) -> None:
    held, other = sentence(2 * DOCUMENTS - 1, "en"), "Nobody holds this sentence out."
    told = sentence(2 * DOCUMENTS - 1, "de")
    disguised = f"“{held.upper()}” "
    pairs = [(other, "Frei ist auch dieser Satz."), (disguised, "Frei."), ("Free.", told)]
    columns = ("src_lang", "tgt_lang", "src", "tgt")
    rows = [json.dumps(dict(zip(columns, ("eng", "deu", *pair), strict=True))) for pair in pairs]
    files = {
        "texts/eng.txt": f"{disguised}\n{other}\n",
        "texts/deu.txt": f"{told}\n",
        "pairs.jsonl": "\n".join(rows) + "\n",
        "articles.tsv": f"category\theadline\ttext\turl\nnews\t{held}\t{other} {held}\t\n",
    }
    write_files(tmp_path, files)
    named = ("data.texts=['texts']", "data.pairs=['pairs.jsonl']", "data.articles=['articles.tsv']")
    changes = [change.replace("'", '"') for change in named]
    paths = Paths.of([tmp_path, data], settings_of("small").changed(changes).data)
    texts, found = set(single_texts(paths, "en").frame["text"]), parallel_texts(paths).frame
    assert other in texts
    assert not {held, told, disguised, disguised.strip()} & texts
    assert found.filter(target_language="deu").rows() == [("eng", "deu", *pairs[0])]


def test_articles_give_their_headlines_and_their_sentences_that_are_long_enough(
    data: Path,
) -> None:
    texts = single_texts(Paths.of([data], settings_of("small").data), "en").frame
    english = set(texts["text"].filter(texts["language"] == "en"))
    title = SAMPLE_TITLES[1]
    assert {title, f"{title}.", f"It was said that {title}!"} <= english
    assert not {"So it ends.", "Too short."} & english
    assert texts.height == texts.unique().height


def test_few_shot_training_has_as_many_impressions_some_of_them_told(exam: Exam) -> None:
    days = exam.days
    log = few_shot(days.training, days.tellings, 5)
    assert len(log) == len(days.training)
    assert sorted(log.ids) == sorted(days.training.ids)  # none twice
    languages = np.array(log.news.column("language"))
    shown = [set(languages[log.candidates[place]]) for place in range(len(log))]
    assert [one == {"zh"} for one in shown] == [False] * (len(log) - 5) + [True] * 5
    assert all(set(one) == {""} for one in shown[:-5])


def test_few_shot_needs_something_that_can_be_told(exam: Exam) -> None:
    days = exam.days
    with pytest.raises(BadRecipe, match="no training impression can be shown in translation"):
        few_shot(days.training.take(np.empty(0, np.int64)), days.tellings, 5)


def test_all_variants_show_the_same_candidates_of_the_same_impressions(exam: Exam) -> None:
    assert list(exam.variants) == ["source", "zh-candidates", "zh-half", "zh"]
    rows_N = exam.days.tellings.rows["zh"]
    for name, log in exam.variants.items():
        assert log.ids == exam.log.ids
        assert np.array_equal(log.labels, exam.log.labels)
        expected = exam.log.candidates.values
        told: Int64 = expected if name == "source" else rows_N[expected]
        assert np.array_equal(log.candidates.values, told)
    ids = exam.log.news.ids
    assert not set(UNTRANSLATED) & {ids[row] for row in exam.log.candidates.values}


def test_what_cannot_be_told_is_counted(exam: Exam) -> None:
    coverage = exam.coverage()
    assert coverage["impressions of the test"] == 12
    assert coverage["impressions measured"] == len(exam.log)
    left_out = float(str(coverage["candidates left out for want of a translation"]).rstrip("%"))
    test = exam.days.test
    names = [test.news.ids[row] for row in test.candidates.values]
    assert left_out == pytest.approx(100 * np.isin(names, UNTRANSLATED).mean(), abs=0.05)


def test_the_gap_is_the_source_minus_the_other_language_impression_by_impression(
    exam: Exam,
) -> None:
    rng = np.random.default_rng(3)

    found = cells(exam, lambda log: rng.random(len(log.labels)))
    for metric in ("auc", "mrr"):
        gap_I = found[f"source/{metric}"].values_I - found[f"zh/{metric}"].values_I
        assert np.array_equal(found[f"zh-gap/{metric}"].values_I, gap_I)
    units = {found[f"{name}/auc"].unit_I.tobytes() for name in exam.variants}
    assert len(units) == 1  # so that all are compared in pairs
    fifths = [found[f"zh-fifth/{number}"].values_I for number in range(1, 6)]
    together = np.sort(np.concatenate(fifths))
    assert np.array_equal(together, np.sort(found["zh/auc"].values_I))


def test_a_scorer_that_knows_the_labels_has_no_gap(exam: Exam) -> None:
    def knows(log: object) -> Float64:
        return exam.log.labels.astype(np.float64)

    found = cells(exam, knows)
    assert {found[f"{name}/auc"].estimate.mean for name in exam.variants} == {1.0}
    assert found["zh-gap/auc"].estimate.mean == 0


def test_retrieval_is_told_sentence_by_sentence() -> None:
    first, second = np.eye(3), np.array([[1.0, 0, 0], [0, 0, 1], [0, 0, 1]])
    found_N = retrieved(first, second)
    assert found_N.tolist() == [1, 0, 0.5]  # the second row stands where the third belongs
    assert parallel_retrieval(first, second) == 0.5


@dataclass(frozen=True)
class Work:
    """A folder in which the base row was made."""

    folder: Path
    base: Finished


@pytest.fixture(scope="module")
def work(data: Path, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("work")
    study = built(data, tiny(tiny_bert))
    return Work(folder, run(study, plan(study, folder, ["base"]), folder).finished["base"])


def test_a_real_row_is_kept_whatever_is_set_for_others(
    data: Path, tiny_bert: Path, work: Work
) -> None:
    written = {path: path.stat().st_mtime_ns for path in work.base.folder.iterdir()}
    study = built(data, tiny(tiny_bert, "adaptation.steps=7", "recommenders.few=3"))
    again = run(study, plan(study, work.folder, ["base"]), work.folder).finished["base"]
    assert {path: path.stat().st_mtime_ns for path in again.folder.iterdir()} == written
    for column, sample in work.base.measured.samples.items():
        assert again.measured.samples[column].estimate == sample.estimate
    assert again.measured.facts == work.base.measured.facts


def test_a_variant_and_a_recommender_are_made_and_measured_as_the_base_is(
    data: Path, tiny_bert: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What chooses a variant sees the base, before the first step, by the very vectors that chose
    it; rows of an impression's candidates could lie too close to be ranked alike everywhere.
    """
    mrr, chosen_by = choice.mrr, list[Float16]()

    def watched(log: ImpressionLog, seen_ND: Float16) -> float:
        chosen_by.append(seen_ND)
        return mrr(log, seen_ND)

    monkeypatch.setattr(choice, "mrr", watched)
    steps = ("adaptation.steps=2", "adaptation.decoder_steps=1", "adaptation.checkpoint_steps=1")
    few = (*steps, "adaptation.least_texts=1")
    changes = (*few, "prefix=query: ", "measuring.max_tokens=6", "recommenders.epochs=1")
    study = built(data, tiny(tiny_bert, *changes))
    names = ["base", "dae", "naml-base-frozen-zero"]
    results = run(study, plan(study, work.folder, names), work.folder)
    assert results.failed == {}
    base, dae, naml = (results.finished[name].measured for name in names)
    languages = len(chosen_by) // 4  # of the base, then of steps 0, 1 and 2
    for as_base, as_variant in zip(chosen_by[:languages], chosen_by[languages:], strict=False):
        assert np.allclose(as_base, as_variant, atol=2e-3)
    assert isinstance(base.facts[WORTH], float)
    steps = [part.partition(":")[0] for part in str(dae.facts["checkpoints"]).split(", ")]
    assert steps == ["0", "1", "2"]
    assert base.samples.keys() == dae.samples.keys() > naml.samples.keys()
    for column, sample in naml.samples.items():
        assert np.array_equal(sample.unit_I, base.samples[column].unit_I)
    assert naml.samples["retrieval/mean"].estimate.count == 4
    assert naml.facts["epochs"] == 1
    assert not (results.finished["dae"].folder / ADAPTING).exists()


def test_sentences_are_retrieved_by_a_recommenders_own_encoder_of_titles(
    exam: Exam, tiny_bert: Path, tmp_path: Path
) -> None:
    settings = tiny(tiny_bert, "prefix=query: ")
    design = Design("nrms", BASE, fine_tuned=True, few_shot=False)
    recipe = recipe_of(settings, design, tiny_bert)
    trained = train(recipe, logs_of(exam, settings, design), tmp_path)
    texts = [title * (1 + place % 3) for place, title in enumerate(SAMPLE_TITLES)]
    assert len(texts) > BUCKET
    for text, vector_D in zip(texts, title_vectors(trained, texts), strict=True):
        ids = torch.tensor([trained.tokenizer.encode(f"query: {text}").ids])
        with torch.inference_mode():
            alone_1D = normalize(trained.recommender.news(ids, torch.ones_like(ids)))
        assert np.allclose(alone_1D[0].numpy(), vector_D, atol=1e-5)


def test_variants_learn_from_what_the_compiler_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["The council has approved the new bridge.", "Der Rat hat die neue Brücke genehmigt."]
    texts = Texts(pl.DataFrame({"language": ["en"] * 3, "text": [*lines, lines[0] + " "]}))
    kept, facts = compiled_texts(texts, Cleaning(), tmp_path)
    assert kept.frame["text"].to_list() == lines[:1]
    assert facts == {"texts to learn from": "1 of 3; other language 1, repeated 1"}
    monkeypatch.setattr(compiling, "compiled", None)  # compiled but once
    again, same = compiled_texts(texts, Cleaning(), tmp_path)
    assert (again.frame.rows(), same) == (kept.frame.rows(), facts)


def test_pairs_go_through_the_compiler_too(tmp_path: Path) -> None:
    told = ("The council has approved the new bridge.", "Der Rat hat die neue Brücke genehmigt.")
    rows = [("en", "de", *told), ("en", "de", told[0], told[0])]
    columns = ["source_language", "target_language", "source", "target"]
    pairs = ParallelTexts(pl.DataFrame(rows, columns, orient="row"))
    kept, facts = compiled_pairs(pairs, Cleaning(), tmp_path)
    assert kept.frame.select(columns).rows() == rows[:1]
    assert facts == {"texts to learn from": "1 of 2; untranslated 1"}


def test_another_setting_makes_a_real_row_anew(data: Path, tiny_bert: Path, work: Work) -> None:
    study = built(data, tiny(tiny_bert, "measuring.sentences=3"))
    other = run(study, plan(study, work.folder, ["base"]), work.folder).finished["base"]
    assert other.folder != work.base.folder
    now, before = (one.measured.samples["retrieval/mean"] for one in (other, work.base))
    assert (now.estimate.count, before.estimate.count) == (3, 4)


def test_how_much_of_a_history_counts_is_handed_on(
    exam: Exam, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = set[int]()

    def watched(log: ImpressionLog, vectors_ND: Float16, users: object, length: int) -> Float64:
        lengths.add(length)
        return np.arange(len(log.labels), dtype=np.float64)

    monkeypatch.setattr(vectors, "score", watched)
    measuring = tiny(tiny_bert, "measuring.history_length=3").measuring
    late_fusion_cells(tiny_bert, None, exam, measuring)
    assert lengths == {3}


def test_centred_columns_are_of_vectors_without_what_titles_have_in_common(
    exam: Exam, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[Float16]()

    def watched(log: ImpressionLog, vectors_ND: Float16, users: object, length: int) -> Float64:
        seen.append(vectors_ND[exam.seen()])
        return np.arange(len(log.labels), dtype=np.float64)

    monkeypatch.setattr(vectors, "score", watched)
    late_fusion_cells(tiny_bert, None, exam, tiny(tiny_bert).measuring)
    centred, bare = seen[: len(exam.variants)], seen[len(exam.variants) :]
    of_centred, of_bare = (
        float(np.linalg.norm(one[0].astype(np.float32).mean(axis=0))) for one in (centred, bare)
    )
    assert of_centred < of_bare / 2


def test_late_fusion_fills_every_column_of_a_frozen_row(
    data: Path, tiny_bert: Path, work: Work
) -> None:
    samples = work.base.measured.samples
    assert {column.name for column in built(data, tiny(tiny_bert)).columns} <= set(samples)
    assert samples["retrieval/mean"].estimate.count == 4
