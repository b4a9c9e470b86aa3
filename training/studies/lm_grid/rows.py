"""The rows: trained recommenders, late fusion beside them, and the static vectors before them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from pydantic import JsonValue

from training.data.features import features_of
from training.data.ragged import Int64
from training.encoders.huggingface import load_tokenizer
from training.encoders.ppmi import learn_words
from training.encoders.words import write_words
from training.recipe import Recipe
from training.run import Trained, train
from training.studies import costs
from training.studies.clicks import scorer
from training.studies.lm_grid.adapted import save_adapted
from training.studies.lm_grid.designs import VECTORS, Design
from training.studies.lm_grid.encoders import WORDS, Known
from training.studies.lm_grid.exam import Exam
from training.studies.lm_grid.recipes import recipe_of, recipe_of_words
from training.studies.lm_grid.setup import ADAPTED, VECTORS_FILE, Setup
from training.studies.lm_grid.shortened import shortened
from training.studies.study import Finished, Measured, Row

CACHE: Final = "cache"
"""Where, beside the rows, tokens are kept, and what frozen layers give."""


def vectors_row(setup: Setup, minutes: float) -> Row:
    """Static vectors of the words of the news that training shows or counts as read."""
    dimension, seed = setup.settings.words.dimension, setup.settings.learning.seed

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        news = setup.days.training.news.take(setup.days.training.seen())
        texts = [text for name in ("title", "abstract") for text in news.column(name) if text]
        words, vectors_VD = learn_words(texts, dimension, seed)
        write_words(folder / VECTORS_FILE, words, vectors_VD)
        return Measured({}, {"words": len(words), "texts": len(texts), "dimension": dimension})

    decided_by: dict[str, JsonValue] = {"dimension": dimension, "seed": seed}
    title = "static vectors, learned from the training news"
    return Row(VECTORS, title, make, decided_by, setup.logs, minutes=minutes)


def words_row(setup: Setup, design: Design, minutes: float) -> Row:
    """A recommender over static vectors. Raises BadRecipe."""
    file = setup.settings.words.file

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        recipe = recipe_of_words(setup.settings, design, setup.words_file(made))
        return _made(setup, setup.exam, recipe, folder)[1]

    return Row(
        design.name,
        design.title,
        make,
        _decided_by(setup, recipe_of_words(setup.settings, design, Path(VECTORS_FILE))),
        setup.logs if file is None else (*setup.logs, file),
        (VECTORS,) if file is None else (),
        minutes,
    )


def encoder_row(setup: Setup, design: Design, minutes: float) -> Row:
    """A recommender over an encoder; step two is over what step one left. Raises BadRecipe."""
    known = setup.known(design.encoder)
    needs = (design.step_one.name,) if design.step_one else ()

    def make(folder: Path, made: Mapping[str, Finished]) -> Measured:
        source = made[needs[0]].folder / ADAPTED if needs else known.folder.path
        recipe, exam = recipe_of(setup.settings, design, known, source), _exam(setup, known)
        trained, measured = _made(setup, exam, recipe, folder)
        if design.form == "lora":
            text = dict(trained.recommender.news.text_encoders())["title"]
            save_adapted(text, known.folder.path, folder / ADAPTED)
        earlier = made[needs[0]].measured.figures if needs else {}
        return Measured(measured.samples, measured.facts, costs.both(earlier, measured.figures))

    return Row(
        design.name,
        design.title,
        make,
        _decided_by(setup, recipe_of(setup.settings, design, known, known.folder.path)),
        (*setup.logs, known.folder.path),
        needs,
        minutes,
    )


def design_row(setup: Setup, design: Design, minutes: float) -> Row:
    """The row of a design. Raises BadRecipe."""
    make = words_row if design.encoder == WORDS else encoder_row
    return make(setup, design, minutes)


def _decided_by(setup: Setup, recipe: Recipe) -> dict[str, JsonValue]:
    """Not where files lie: their contents are inputs."""
    places = {"text": {"encoder": {"folder", "file"}}}
    return {**setup.measured_by, "recipe": recipe.model_dump(mode="json", exclude=places)}


def _exam(setup: Setup, known: Known) -> Exam:
    """Over texts that a causal model's prompt fits around."""
    if not known.causal:
        return setup.exam
    measuring = setup.settings.measuring
    tokens = {"title": measuring.title_tokens, "abstract": measuring.abstract_tokens}
    tokenizer = load_tokenizer(known.folder)
    return setup.exam.over(shortened(setup.exam.test.news, tokenizer, tokens))


def _made(setup: Setup, exam: Exam, recipe: Recipe, folder: Path) -> tuple[Trained, Measured]:
    """Trained, scored, and what it cost."""
    cache, news = folder.parent / CACHE, exam.test.news
    encoded = exam.encoded(setup.settings.measuring.encoded)

    def work() -> tuple[Trained, Measured, float]:
        trained = train(recipe, exam.logs, folder)
        samples = exam.cells(scorer(trained, news, exam.seen(), cache))
        return (
            trained,
            Measured(samples, _facts(exam, trained)),
            _speed(trained, exam, encoded, cache),
        )

    (trained, measured, speed), megabytes = costs.with_peak(work)
    learned, parameters = costs.parameters(trained.recommender)
    cost = costs.Costs(trained.progress.seconds / 60, megabytes, speed, learned, parameters)
    return trained, Measured(measured.samples, measured.facts, cost.figures)


def _speed(trained: Trained, exam: Exam, rows: Int64, cache: Path) -> float:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    features = features_of(
        exam.test.news, trained.tokenizer, trained.sources, trained.vocabularies, cache
    )
    return costs.news_per_second(trained.recommender.news, features, rows, device)


def _facts(exam: Exam, trained: Trained) -> dict[str, JsonValue]:
    progress = trained.progress
    facts: dict[str, JsonValue] = {
        "impressions learned from": len(exam.training),
        "epochs": progress.epoch,
    }
    if progress.best is not None:
        facts["AUC on the day that chose"] = round(progress.best, 4)
    return facts
