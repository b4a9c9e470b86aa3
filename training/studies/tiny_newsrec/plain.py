"""PLM-NR: an encoder fine-tuned on clicks, as it came or after it has guessed hidden tokens.

All of its layers (FT, DAPT, TAPT), or only the first of them (FT).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from training.compression.first_layers import first_layers
from training.compression.teachers import fine_tune
from training.post_training.masked import guess_masked, texts_of_domain, texts_of_task
from training.run import Trained
from training.studies.study import Made
from training.studies.tiny_newsrec.paces import Pace
from training.studies.tiny_newsrec.paper import DEPTH, sized
from training.studies.tiny_newsrec.setup import Setup
from training.studies.tiny_newsrec.systems import MAKING, System

FT: Final = "ft"
DAPT: Final = "dapt"
TAPT: Final = "tapt"


def plain(setup: Setup, pace: Pace) -> Iterator[System]:
    """Of the base's depth, then of the students'."""
    yield _as_it_came(setup, pace)
    for name in (DAPT, TAPT):
        yield _masked(setup, pace, name)
    for layers in setup.settings.students:
        yield _cut(setup, pace, layers)


def cut_name(layers: int) -> str:
    """The row of the first layers."""
    return f"plm-nr-{layers}"


def _as_it_came(setup: Setup, pace: Pace) -> System:
    def fit(folder: Path, made: Made) -> Trained:
        return fine_tune(setup.encoder, setup.logs, setup.settings.fine_tuning, folder)

    minutes = pace.fine_tuned(setup.layers)
    return System(FT, _title(setup, "FT"), fit, minutes, {}, whose=_title_there("FT"), teaches=True)


def _masked(setup: Setup, pace: Pace, name: str) -> System:
    """DAPT reads what the teachers are post-trained on, TAPT the titles of the training log."""
    settings, of_domain = setup.settings, name == DAPT
    decided: dict[str, JsonValue] = {"masking": settings.masking.model_dump(mode="json")}

    def texts() -> Sequence[str]:
        return texts_of_domain(setup.pairs) if of_domain else texts_of_task(setup.logs.training)

    def fit(folder: Path, made: Made) -> Trained:
        guessed = guess_masked(setup.encoder, texts(), settings.masking, folder / MAKING)
        return fine_tune(guessed.folder, setup.logs, settings.fine_tuning, folder)

    return System(
        name,
        _title(setup, name.upper()),
        fit,
        pace.fine_tuned(setup.layers) + pace.masked * setup.layers,
        decided | (setup.paired_by if of_domain else {}),
        inputs=setup.corpora if of_domain else (),
        whose=_title_there(name.upper()),
    )


def _cut(setup: Setup, pace: Pace, layers: int) -> System:
    def fit(folder: Path, made: Made) -> Trained:
        start = first_layers(setup.encoder, layers, folder / MAKING)
        return fine_tune(start, setup.logs, setup.settings.fine_tuning, folder)

    title = f"{sized('PLM-NR', layers)} (FT)"
    return System(cut_name(layers), title, fit, pace.fine_tuned(layers), {"layers": layers})


def _title(setup: Setup, how: str) -> str:
    return f"{sized('PLM-NR', setup.layers)} ({how})"


def _title_there(how: str) -> str:
    return f"{sized('PLM-NR', DEPTH)} ({how})"
