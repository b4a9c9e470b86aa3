"""What every row with a recommender does: train it, measure it, keep it if others learn from it."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue
from safetensors.torch import load_file, save_file

from training.checkpoints import Progress, forget
from training.compression.teachers import recipe_of
from training.data.features import Vocabularies
from training.examples import ReaderCodes
from training.models.build import build, text_sources
from training.run import Trained
from training.studies.clicks import cells
from training.studies.efficiency import efficiency
from training.studies.study import Finished, Float64, Made, Measured, Row
from training.studies.tiny_newsrec.paper import quoted
from training.studies.tiny_newsrec.setup import Setup

WEIGHTS: Final = "recommender.safetensors"
SCORES: Final = "scores.npy"
"""Of the test's candidates."""
MAKING: Final = "making"
"""Where in its folder a row leaves what is of no use afterwards."""
CACHE: Final = "cache"
"""Beside the rows' folders, where ``training.run`` keeps tokens: what all of them share."""

Fit = Callable[[Path, Made], Trained]
"""Trains a recommender in a row's folder, from the rows that it needs; what was cut off goes on."""


@dataclass(frozen=True, eq=False)
class System:
    """A recommender of the table; for the rest see ``Row``."""

    name: str
    title: str
    fit: Fit
    minutes: float
    decided_by: Mapping[str, JsonValue]
    """Beside ``Setup.measured_by``."""
    needs: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    """Beside ``Setup.inputs``."""
    whose: str = ""
    """The paper's name for it; its own title, if left out."""
    teaches: bool = False
    """Whether other rows learn from it."""


def row_of(setup: Setup, system: System) -> Row:
    """Its row."""

    def make(folder: Path, made: Made) -> Measured:
        trained = system.fit(folder, made)
        scores_S = setup.scores(trained, folder.parent / CACHE)
        if system.teaches:
            _keep(trained, scores_S, folder)
        figures = efficiency(trained, setup.settings.measuring.texts).figures()
        forget(folder)
        shutil.rmtree(folder / MAKING, ignore_errors=True)
        return Measured(cells(setup.test, scores_S), _facts(trained), figures)

    return Row(
        system.name,
        system.title,
        make,
        {**setup.measured_by, **system.decided_by},
        (*setup.inputs, *system.inputs),
        system.needs,
        system.minutes,
        quoted(system.whose or system.title),
    )


def kept(setup: Setup, start: Path, row: Finished) -> Trained:
    """The recommender of a row that teaches; ``start`` is the news encoder that it began with."""
    recipe, logs = recipe_of(start, setup.settings.fine_tuning), setup.logs
    vocabularies = Vocabularies.of(logs.training.news.take(logs.training.seen()))
    readers = ReaderCodes.of(logs.training)
    recommender, tokenizer = build(recipe, [], vocabularies, len(readers))
    recommender.load_state_dict(load_file(row.folder / WEIGHTS))
    return Trained(
        recipe=recipe,
        recommender=recommender.eval(),
        tokenizer=tokenizer,
        sources=text_sources(recipe),
        vocabularies=vocabularies,
        readers=readers,
        logs=logs,
        progress=Progress(),
        validation=None,
    )


def kept_scores(row: Finished) -> Float64:
    """What a row that teaches scored the test's candidates with (S)."""
    scores_S: Float64 = np.load(row.folder / SCORES)
    return scores_S


def _keep(trained: Trained, scores_S: Float64, folder: Path) -> None:
    state = trained.recommender.state_dict()
    save_file({name: values.contiguous() for name, values in state.items()}, folder / WEIGHTS)
    np.save(folder / SCORES, scores_S)


def _facts(trained: Trained) -> dict[str, JsonValue]:
    progress = trained.progress
    return {
        "impressions learned from": len(trained.logs.training),
        "epochs": progress.epoch,
        "losses": ", ".join(f"{loss:.4f}" for loss in progress.losses),
    }
