"""Tiny-NewsRec's study over an encoder of two layers that reads anything in a moment."""

from pathlib import Path
from typing import Final

from training.studies.study import Study
from training.studies.tiny_newsrec import STUDY
from training.studies.tiny_newsrec.settings import TinyNewsRecSettings, settings_of

FAST: Final = (
    "students=[1]",
    'data.pairs=["masakhanews/eng/test.tsv", "masakhanews/eng/dev.tsv"]',
    "measuring.texts=20",
    "post_training.tower.dimension=16",
    "post_training.tower.title_tokens=12",
    "post_training.tower.body_tokens=24",
    "post_training.negatives=3",
    "post_training.copies=2",
    "post_training.save_steps=1",
    "post_training.learning.batch_size=8",
    "post_training.learning.learning_rate=3e-3",
    "teaching.learning.batch_size=8",
    "masking.max_tokens=24",
    "masking.learning.batch_size=8",
    "clicks.title_tokens=12",
    "clicks.training.batch_size=8",
    "clicks.training.history_length=2",
)
"""Two teachers, 20 pairs, one student."""


def tiny(encoder: Path, *changes: str) -> TinyNewsRecSettings:
    """The small scale, smaller."""
    return settings_of("small").changed([f"encoder={encoder}", *FAST, *changes])


def built(data: Path, settings: TinyNewsRecSettings) -> Study:
    """The study over the data of ``conftest``."""
    return STUDY.build([data], settings, "small")
