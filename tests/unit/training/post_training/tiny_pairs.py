"""Titles and bodies of our own, a tower as narrow as the encoders that read them."""

from itertools import count
from typing import Any, Final

import pytest

from training.course.course import Course
from training.export.sample_texts import SAMPLE_TITLES
from training.post_training.pairs import Pair
from training.post_training.settings import Learning, TitleTower

TOWER: Final = TitleTower(dimension=16, dropout=0.1, title_tokens=12, body_tokens=24)
TITLES: Final = list(dict.fromkeys(SAMPLE_TITLES))[:64]
PAIRS: Final = [Pair(title, " ".join(reversed(title.split()))) for title in TITLES]
"""64 of them; a body has the words of its title in another order."""
STEPS: Final = 8
"""So many steps has an epoch of ``PAIRS`` in batches of 8."""


def learning(**changes: Any) -> Learning:
    """Eight pairs a step, as fast as such small encoders learn."""
    settings = {"batch_size": 8, "learning_rate": 3e-3, "epochs": 2, "checkpoint_steps": 3}
    return Learning.model_validate(settings | changes)


def cut_off(monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    """Let whatever learns in steps be interrupted in place of its step ``last``, from 0."""
    whole, steps = Course._learn, count()

    def breaking(self: Course[Any], *given: Any) -> float:
        if next(steps) == last:
            raise KeyboardInterrupt
        return whole(self, *given)

    monkeypatch.setattr(Course, "_learn", breaking)
