"""The study over tiny models with random weights, at its small scale and faster."""

from pathlib import Path

from training.studies.lm_grid import STUDY
from training.studies.lm_grid.settings import LmGridSettings, settings_of
from training.studies.study import Study

FAST = (
    "words.dimension=8",
    "two_step.layers=1",
    "learning.layers=1",
    "learning.epochs=1",
    "learning.fine_tuning_epochs=1",
    "learning.batch_size=8",
    "measuring.encoded=12",
)


def tiny(*changes: str, **encoders: Path) -> LmGridSettings:
    """The settings over these encoders."""
    named = [f"encoders.{name}={folder}" for name, folder in encoders.items()]
    return settings_of("small").changed([*FAST, *named, *changes])


def built(data: Path, settings: LmGridSettings) -> Study:
    return STUDY.build([data], settings, "small")
