"""The study put together: its columns, its rows, and what is refused before any of them is made."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from training.errors import BadRecipe
from training.models.depth import depth
from training.models.text import Tokens
from training.post_training.contrastive import check_negatives, check_steps, news_tower, steps_of
from training.post_training.masked import reading
from training.studies import efficiency
from training.studies.clicks import columns
from training.studies.names import Scale
from training.studies.study import Row, Study
from training.studies.tiny_newsrec.ablations import ablations
from training.studies.tiny_newsrec.claims import claims
from training.studies.tiny_newsrec.paces import PACES, Pace
from training.studies.tiny_newsrec.paper import PAPER
from training.studies.tiny_newsrec.pictures import gains
from training.studies.tiny_newsrec.plain import plain
from training.studies.tiny_newsrec.rivals import rivals
from training.studies.tiny_newsrec.settings import TinyNewsRecSettings
from training.studies.tiny_newsrec.setup import Paths, Setup
from training.studies.tiny_newsrec.students import student_row, tiny_newsrec
from training.studies.tiny_newsrec.systems import row_of
from training.studies.tiny_newsrec.teachers import ensemble_row, post_trained_row, teachers

SECTION: Final = "Clicks on the test days"


def build(roots: Sequence[Path], settings: TinyNewsRecSettings, scale: Scale) -> Study:
    """Raises BadRecipe, UnreadableData and UnusableEncoder before anything is made."""
    if settings.encoder is None:
        raise BadRecipe("encoder: say --set encoder=FOLDER, a Hugging Face folder")
    layers = _layers(settings.encoder, settings)
    setup = Setup(settings, settings.encoder, layers, Paths.of(roots, settings.data))
    setup = replace(setup, settings=saving_in_time(settings, len(setup.pairs)))
    settings = setup.settings
    check_negatives(setup.pairs, settings.post_training.negatives)
    check_steps(len(setup.pairs), settings.post_training)
    reading(setup.encoder, settings.masking)
    return Study(
        name="tiny-newsrec",
        paper=PAPER,
        rows=tuple(_rows(setup, PACES[scale])),
        columns=(*columns(SECTION), *efficiency.columns()),
        findings=tuple(claims(settings)),
        plots=(gains,),
        facts=_facts(setup, scale),
    )


def saving_in_time(settings: TinyNewsRecSettings, pairs: int) -> TinyNewsRecSettings:
    """Copies are saved as often as is said, or as leaves so many of them: the paper's 500 steps
    would leave none of a small corpus.
    """
    post = settings.post_training
    often = min(post.save_steps, max(1, steps_of(pairs, post) // post.copies))
    return settings.changed([f"post_training.save_steps={often}"])


def _layers(encoder: Path, settings: TinyNewsRecSettings) -> int:
    """The base's. Raises BadRecipe unless every student has fewer."""
    tower, _ = news_tower(encoder, settings.post_training.tower, 0)
    assert isinstance(tower.trained, Tokens)
    layers, deepest = depth(tower.trained.transformer), settings.students[0]
    if deepest >= layers:
        raise BadRecipe(
            f"students: one of {deepest} layers is no smaller than {encoder}, which has {layers}"
        )
    return layers


def _rows(setup: Setup, pace: Pace) -> Iterator[Row]:
    """Those first that others need, and that most can go wrong with."""
    students = setup.settings.students
    yield post_trained_row(setup, pace)
    for system in (*plain(setup, pace), *teachers(setup, pace)):
        yield row_of(setup, system)
    for layers in students:
        yield student_row(setup, pace, layers)
    for layers in students:
        yield row_of(setup, tiny_newsrec(setup, pace, layers))
    yield ensemble_row(setup)
    for system in (*rivals(setup, pace), *ablations(setup, pace)):
        yield row_of(setup, system)


def _facts(setup: Setup, scale: Scale) -> dict[str, str]:
    data, clicks = setup.settings.data, setup.settings.clicks
    post = setup.settings.post_training
    chosen = "the last epoch is taken" if clicks.validation == 0 else "which chooses the epoch"
    return {
        "scale": scale,
        "base": f"{setup.encoder.resolve().name}, {setup.layers} layers",
        "post-trained on": f"{len(setup.pairs):,} titles with bodies or abstracts: "
        f"{', '.join(data.pairs)}; the last {post.copies} copies, one every "
        f"{post.save_steps} steps. A log's news are all that its news.tsv holds, whenever they "
        "were shown; no click is read",
        "soft labels": "the weighted mean of the teachers' probabilities (our reading; the formula "
        "may also mean their scores)",
        "learned from": f"{data.training}, without its last day; {chosen}",
        "measured on": f"{data.test}, the same for every row",
        "DAPT and TAPT": "a head for guessing that the base lacks begins fresh",
        "TinyBERT, NewsBERT": "their teachers are post-trained, and their students begin as the "
        "newest one's first layers (our reading)",
        "texts/s": "of one thread's processor time, titles of the training log",
    }
