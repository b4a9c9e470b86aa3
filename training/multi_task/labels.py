"""What the heads are to tell of the news: labels that the data, or a labeller, gave them.

Shapes: N news, K labels, P places of clicks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from training.data.impressions import ImpressionLog
from training.errors import BadRecipe

Bools = NDArray[np.bool_]
HeadLoss = Callable[[Tensor, Tensor], Tensor]
"""Of logits (PxK) and what each title bears (PxK, ones and zeros) the losses (P)."""


def one_of(logits_PK: Tensor, bears_PK: Tensor) -> Tensor:
    """Cross-entropy: each title bears one of the labels."""
    return cross_entropy(logits_PK, bears_PK, reduction="none")


def any_of(logits_PK: Tensor, bears_PK: Tensor) -> Tensor:
    """Binary cross-entropy, the mean over the labels: a title may bear several."""
    losses_PK = binary_cross_entropy_with_logits(logits_PK, bears_PK, reduction="none")
    return losses_PK.mean(dim=1)


@dataclass(frozen=True)
class Task:
    """How a column of the news table becomes labels, and their loss."""

    read: Callable[[str], Sequence[str]]
    """A cell's labels; an unknown cell has none."""
    loss: HeadLoss
    advice: str
    """Where labels come from, for whoever has none."""


def _whole(cell: str) -> Sequence[str]:
    return [cell] if cell else []


TASKS: Final[Mapping[str, Task]] = {
    "category": Task(_whole, one_of, "MIND's and EB-NeRD's news have them"),
    "sentiment": Task(_whole, one_of, "newsstand-train label-sentiment makes them"),
    "entities": Task(str.split, any_of, "MIND's and EB-NeRD's news have their types"),
}
"""By the column that is read. An entity's label is its type, such as a person or a place: of the
entities themselves hardly any is named twice."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What one head is to tell of a log's news."""

    names: tuple[str, ...]
    """The K labels that titles of the histories bear, in alphabetical order."""
    bears_NK: Bools
    """Which of them each news item bears; where none is known, or none of these, it bears none,
    and has no loss."""
    loss: HeadLoss

    @classmethod
    def of(cls, head: str, log: ImpressionLog) -> "Labels":
        """Those of a training log. Raises BadRecipe where there are not two to tell apart."""
        task = TASKS[head]
        found_N = [task.read(cell) for cell in log.news.column(head)]
        read = np.unique(log.history.values)
        names = tuple(sorted({label for row in read.tolist() for label in found_N[row]}))
        if len(names) < 2:
            there = f"all that have one have {names[0]!r}" if names else "none has one"
            raise BadRecipe(
                f"multi_task.heads: no {head} to tell apart in the titles of the histories: "
                f"{there} ({task.advice})"
            )
        return cls(names, _borne(found_N, names), task.loss)


def _borne(found_N: Sequence[Sequence[str]], names: Sequence[str]) -> Bools:
    place_of = {name: place for place, name in enumerate(names)}
    bears_NK = np.zeros((len(found_N), len(names)), np.bool_)
    for row, found in enumerate(found_N):
        bears_NK[row, [place_of[label] for label in found if label in place_of]] = True
    return bears_NK
