"""The study once its settings are known: what all of its rows share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from training.studies.clicks import Days
from training.studies.lm_grid.designs import VECTORS, Grid
from training.studies.lm_grid.encoders import Known
from training.studies.lm_grid.exam import Exam
from training.studies.lm_grid.settings import LmGridSettings
from training.studies.study import Finished

VECTORS_FILE: Final = "vectors.txt"
ADAPTED: Final = "encoder"
"""Where in its folder step one leaves its encoder."""


@dataclass(frozen=True)
class Setup:
    """One study, set up."""

    settings: LmGridSettings
    grid: Grid
    training: Path
    test: Path

    @cached_property
    def days(self) -> Days:
        """Raises UnreadableData, Leak, and BadRecipe for a training log of a single day."""
        return Days.of(self.training, self.test)

    @cached_property
    def exam(self) -> Exam:
        """Raises as ``days`` does."""
        return Exam.of(self.days, self.settings)

    @property
    def logs(self) -> tuple[Path, ...]:
        """The files that every row depends on."""
        return self.training, self.test

    @property
    def measured_by(self) -> dict[str, JsonValue]:
        """The settings that every row depends on, beside its recipe."""
        learning = self.settings.learning
        return {
            "measuring": self.settings.measuring.model_dump(mode="json"),
            "impressions": learning.impressions,
            "choosing": learning.choosing,
        }

    def known(self, name: str) -> Known:
        """The encoder of that name."""
        return {one.name: one for one in self.grid.encoders}[name]

    def words_file(self, made: Mapping[str, Finished]) -> Path:
        """The static vectors, of a file or of the row that learned them."""
        return self.settings.words.file or made[VECTORS].folder / VECTORS_FILE
