"""All that the study is made of; what a scale changes stands in ``settings_of``."""

import json
from pathlib import Path
from typing import Final

from pydantic import Field

from training.recipe import Settings
from training.studies.names import Scale


class Data(Settings):
    """Files and folders, as they are called in the folders of ``--data``."""

    training: str = Field(default="mind-sample/train", description="MIND's or EB-NeRD's format")
    test: str = Field(default="mind-sample/dev", description="of later days")
    sentiment: str | None = Field(
        default=None,
        description="what label-sentiment wrote; null: the log's own, or VADER's where it has none",
    )


class MtrecSettings(Settings):
    """The whole study."""

    encoder: Path | None = Field(default=None, description="required: a Hugging Face folder")
    prefix: str | None = Field(
        default=None, description="put before every title; null: as the folder says"
    )
    data: Data = Data()
    impressions: int | None = Field(
        default=None, ge=1, description="of the training days, evenly; null: all"
    )
    choosing: int | None = Field(
        default=None, ge=1, description="of the last training day, which chooses; null: all"
    )
    measured: int | None = Field(default=None, ge=5, description="of the test; null: all")
    changes: tuple[str, ...] = Field(default=(), description="of the recipe mtrec, in every row")
    row_changes: dict[str, tuple[str, ...]] = Field(
        default={}, description="further changes, by row"
    )
    without: tuple[str, ...] = Field(
        default=(), description="rows that are left out, such as one that the data cannot make"
    )


FEW_STEPS: Final = (
    "text.encoder.trained_layers=1",
    "text.pooling=mean",
    "text.centred=true",
    "training.temperature=0.1",
    "training.learning_rate=3e-4",
    "training.batch_size=32",
    "training.history_length=15",
    "training.epochs=3",
    "training.patience=2",
)
"""A few hundred steps learn nothing at the paper's 2e-5 from the bare first token: a small scale
reads centred means of the top layer and fewer clicks, with a temperature, and learns faster.
"""
WITHOUT_ADAPTERS: Final = {"without-lora": ("training.transformer_learning_rate=5e-5",)}
"""Layers that learned before go wrong at what adapters, which start from nothing, need."""
SMALL: Final = (
    "impressions=400",
    "choosing=150",
    f"changes={json.dumps(FEW_STEPS)}",
    f"row_changes={json.dumps(WITHOUT_ADAPTERS)}",
)


def settings_of(scale: Scale) -> MtrecSettings:
    """The recipe as it is; ``small`` is a sample of the log, learned from in another way."""
    full = MtrecSettings()
    return full.changed(SMALL) if scale == "small" else full
