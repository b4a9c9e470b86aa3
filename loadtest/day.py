"""A news day: how many are there when, and when one story has everybody.

A moment is a part of the day, from 0 to 1.
"""

from itertools import pairwise
from typing import Final

CROWD: Final = (
    (0.00, 0.2),  # before breakfast
    (0.15, 0.7),  # on the way to work
    (0.30, 0.4),
    (0.40, 0.6),  # the lunch break
    (0.50, 0.5),
    (0.55, 1.0),  # the big story
    (0.75, 0.9),
    (0.85, 0.7),  # the evening
    (1.00, 0.2),
)
"""The part of the crowd that is there at some moments of the day; between them it is in between."""

STORY_BREAKS: Final = 0.5
STORY_FADES: Final = 0.75
STORY_FOLLOWED_BY: Final = 0.8
"""So many of the visits begin with the big story while it lasts."""


def present(moment: float) -> float:
    """The part of the crowd that is there; at the end of the day that of the evening's last."""
    for (earlier, before), (later, after) in pairwise(CROWD):
        if moment <= later:
            through = (max(moment, earlier) - earlier) / (later - earlier)
            return before + (after - before) * through
    return CROWD[-1][1]


def big_story(moment: float) -> bool:
    """Whether one story has everybody."""
    return STORY_BREAKS <= moment < STORY_FADES
