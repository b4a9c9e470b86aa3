"""What the rows share: settings, where the data lie, and the logs, read when first used."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from training.studies.nase.exam import Exam
from training.studies.nase.paths import Paths
from training.studies.nase.settings import NaseSettings
from training.studies.study import Finished

BASE: Final = "base"
BEST: Final = "best"
ENCODER: Final = "encoder"
"""Where in its folder a row that adapts leaves its encoder."""
VARIANT: Final = "variant"
"""The fact that says which variant was the best."""


@dataclass(frozen=True)
class Setup:
    """One study, set up."""

    settings: NaseSettings
    encoder: Path
    """The base encoder's folder."""
    paths: Paths

    @cached_property
    def exam(self) -> Exam:
        """Raises UnreadableData, Leak and BadRecipe."""
        return Exam.of(self.paths, self.settings.measuring, self.settings.choosing)

    @property
    def measured_by(self) -> dict[str, JsonValue]:
        """The settings that every row depends on."""
        settings = self.settings
        return {
            "prefix": settings.prefix,
            "languages": [settings.data.language, *settings.data.translations],
            "measuring": settings.measuring.model_dump(mode="json"),
            "choosing": settings.choosing.model_dump(mode="json"),
        }

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that every row depends on."""
        return (self.encoder, *self.paths.logs)

    def encoder_of(self, row: str, made: Mapping[str, Finished]) -> Path:
        """The encoder of the base, of a variant, or of the best variant, of rows that are made."""
        if row == BASE:
            return self.encoder
        named = made[row].measured.facts[VARIANT] if row == BEST else row
        return made[str(named)].folder / ENCODER
