"""The study put together: its columns, its rows, and how long they take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.adaptation.decoder import check_decodes
from training.corpus.sources import ntrex
from training.encoders.folder import read_folder
from training.encoders.huggingface import outlined
from training.errors import BadRecipe
from training.studies.clicks import METRICS
from training.studies.names import Scale
from training.studies.nase.adapted import VARIANTS, base_row, best_row, variant_row
from training.studies.nase.claims import claims
from training.studies.nase.exam import COLD, FIFTHS
from training.studies.nase.paths import Paths
from training.studies.nase.recommenders import DESIGNS, Design, recommender_row
from training.studies.nase.settings import NaseSettings
from training.studies.nase.setup import Setup
from training.studies.nase.vectors import PIVOT
from training.studies.study import Column, Paper, Row, Study

PAPER: Final = Paper(
    title="News Without Borders (NaSE, arXiv 2406.12634), made again",
    data="xMIND, after adapting LaBSE to PolyNews and PolyNewsParallel",
)
TRAINED: Final = (
    "read centred vectors; for late fusion AUC stands bare and centred. Zero-shot: no impression "
    "that is learned from is told in another language"
)
DENSE: Final = "none: no recipe takes the linear layer that the encoder has after pooling"
CENTRED: Final = ("auc", "ndcg@10")
"""The metrics that late fusion is shown with over centred vectors, too."""


@dataclass(frozen=True)
class Pace:
    """How long things take on a scale's hardware: a core for small, a GPU for full."""

    measuring: float
    """Minutes for an encoder's cells."""
    step: float
    """Seconds for a step of adaptation."""
    frozen: float
    fine_tuned: float
    """Minutes for a recommender."""


PACES: Final[dict[Scale, Pace]] = {
    "small": Pace(measuring=4.5, step=3.3, frozen=3, fine_tuned=3.5),
    "full": Pace(measuring=10, step=0.25, frozen=15, fine_tuned=60),
}


def build(roots: Sequence[Path], settings: NaseSettings, scale: Scale) -> Study:
    """Raises BadRecipe, UnreadableData and UnusableEncoder before anything is made."""
    if settings.encoder is None:
        raise BadRecipe("encoder: say --set encoder=FOLDER, a Hugging Face folder")
    folder = read_folder(settings.encoder)
    check_decodes(outlined(folder))
    setup = Setup(settings, settings.encoder, Paths.of(roots, settings.data))
    languages, source = tuple(settings.data.translations), settings.data.language
    return Study(
        name="nase",
        paper=PAPER,
        rows=tuple(_rows(setup, PACES[scale], () if folder.dense else DESIGNS)),
        columns=tuple(_columns(source, languages)),
        findings=tuple(claims(languages)),
        facts={
            "scale": scale,
            "learned from": f"{settings.data.training}, without its last day",
            "chosen by": "that day, in the source language and with candidates in each other one: "
            "checkpoints, variants, and the trained rows' epochs",
            "measured on": f"{settings.data.test}: the candidates that have a translation, in "
            "impressions that keep clicked and other ones; the same for every row",
            "translations": ", ".join(
                f"{one} ({', '.join(f)})" for one, f in settings.data.translations.items()
            ),
            "retrieval": f"{settings.data.ntrex}, documents that nothing learns from",
            "the trained rows": DENSE if folder.dense else TRAINED,
        },
    )


def _rows(setup: Setup, pace: Pace, designs: Sequence[Design]) -> Iterator[Row]:
    learning = setup.settings.adaptation
    steps = learning.steps + learning.decoder_steps
    adapting = steps * pace.step / 60 + pace.measuring
    yield base_row(setup, pace.measuring)
    for variant in VARIANTS:
        yield variant_row(setup, variant, adapting)
    yield best_row(setup)
    for design in designs:
        yield recommender_row(setup, design, pace.fine_tuned if design.fine_tuned else pace.frozen)


def _columns(source: str, languages: Sequence[str]) -> Iterator[Column]:
    yield from _of_variant("source", f"All in the source language ({source})")
    for one in languages:
        yield from _of_variant(one, f"All in {one}")
        yield from _of_variant(f"{one}-half", f"Candidates and every second click in {one}")
        yield from _of_variant(f"{one}-candidates", f"Candidates in {one}, clicks in {source}")
        yield from _of_variant(f"{one}-gap", f"The gap: {source} minus {one}")
        section = f"Cold start in {one}: {METRICS[COLD]} by fifths of readers, the coldest first"
        for fifth in range(1, FIFTHS + 1):
            yield Column(f"{one}-fifth/{fifth}", f"fifth {fifth}", section)
    section = f"Parallel retrieval with {PIVOT}, top-1, both ways"
    for one in ("mean", *(code for code in ntrex.LANGUAGES.values() if code != PIVOT)):
        yield Column(f"retrieval/{one}", one, section)


def _of_variant(name: str, section: str) -> Iterator[Column]:
    for metric, title in METRICS.items():
        yield Column(f"{name}/{metric}", title, section)
    for metric in CENTRED:
        yield Column(f"centred-{name}/{metric}", f"{METRICS[metric]}, centred", section)
