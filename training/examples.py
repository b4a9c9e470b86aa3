"""Training examples: one clicked candidate among some that were not, with the reader's history.

Shapes: E examples, C candidates of an example (the clicked one first), L negatives, H history,
B batch, U distinct news of a batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data.impressions import ImpressionLog
from training.data.ragged import Int64, Ragged
from training.encoding import KeptNews, NewsBatch

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Examples:
    """Histories oldest first, candidates (E×C) with the clicked one in front, readers' codes."""

    history: Ragged
    candidates_EC: Int64
    readers_E: Int64

    def __len__(self) -> int:
        return len(self.candidates_EC)

    def take(self, places: Int64) -> "Examples":
        """Some of them, in the order given."""
        return Examples(
            self.history.take(places), self.candidates_EC[places], self.readers_E[places]
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step is given; history and candidates are places in ``news``."""

    rows_U: Tensor
    """Where the distinct news stand in the log's table."""
    news: NewsBatch
    history_BH: Tensor
    mask_BH: Tensor
    candidates_BC: Tensor
    readers_B: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return Batch(
            self.rows_U.to(device),
            self.news.to(device),
            self.history_BH.to(device),
            self.mask_BH.to(device),
            self.candidates_BC.to(device),
            self.readers_B.to(device),
        )


@dataclass(frozen=True, eq=False)
class ReaderCodes:
    """The readers of a training log by code, from 1 on; anyone else is 0."""

    users: Sequence[str]

    @classmethod
    def of(cls, log: ImpressionLog) -> "ReaderCodes":
        """The log's readers in alphabetical order."""
        return cls(sorted(set(log.users)))

    def __len__(self) -> int:
        return len(self.users)

    def codes(self, users: Sequence[str]) -> Int64:
        """Each reader's code."""
        code_of = {user: code for code, user in enumerate(self.users, 1)}
        return np.array([code_of.get(user, 0) for user in users], np.int64)


def of_impressions(
    log: ImpressionLog, readers: ReaderCodes, negatives: int, history_length: int, rng: Rng
) -> Examples:
    """An example for each click on an impression that also holds something not clicked.

    The negatives are drawn from that impression: all different where it has enough of them, as
    often as need be where it has not.
    """
    impression_S = np.repeat(np.arange(len(log)), log.candidates.lengths)
    clicked_S = log.labels == 1
    others = Ragged.of_groups(log.candidates.values[~clicked_S], impression_S[~clicked_S], len(log))
    impression_E = impression_S[clicked_S]
    usable_E = others.lengths[impression_E] > 0
    impression_E = impression_E[usable_E]
    clicked_E1 = log.candidates.values[clicked_S][usable_E, np.newaxis]
    drawn_EL = _distinct(others.lengths[impression_E], negatives, rng)
    negatives_EL = others.values[others.starts[impression_E][:, np.newaxis] + drawn_EL]
    return Examples(
        history=log.history.last(history_length).take(impression_E),
        candidates_EC=np.concatenate([clicked_E1, negatives_EL], axis=1),
        readers_E=readers.codes(log.users)[impression_E],
    )


def of_histories(
    log: ImpressionLog,
    readers: ReaderCodes,
    count: int,
    negatives: int,
    history_length: int,
    rng: Rng,
) -> Examples:
    """``count`` examples from within histories: some clicks, and the click that followed them.

    Each reader's longest history counts, once. The negatives are drawn from all clicks of all
    readers, so that popularity alone tells nothing apart; the followed click is never among them,
    though the reader may have clicked one of them at another time.
    """
    history = _longest_histories(log)
    history = history.take(np.flatnonzero(history.lengths > 1))
    if not count or len(np.unique(history.values)) < 2:
        return Examples(Ragged.of([]), np.empty((0, 1 + negatives), np.int64), np.empty(0, int))
    follow = history.lengths - 1
    reader_E = rng.choice(len(history), count, p=follow / follow.sum())
    before_E = 1 + (rng.random(count) * follow[reader_E]).astype(np.int64)
    next_E1 = history.values[history.starts[reader_E] + before_E][:, np.newaxis]
    negatives_EL = rng.choice(history.values, (count, negatives))
    while (same_EL := negatives_EL == next_E1).any():
        negatives_EL[same_EL] = rng.choice(history.values, int(same_EL.sum()))
    return Examples(
        history=history.prefixes(reader_E, before_E, history_length),
        candidates_EC=np.concatenate([next_E1, negatives_EL], axis=1),
        readers_E=np.zeros(count, np.int64),
    )


def together(first: Examples, second: Examples) -> Examples:
    """The one after the other."""
    starts = second.history.starts[1:] + first.history.starts[-1]
    return Examples(
        Ragged(
            np.concatenate([first.history.values, second.history.values]),
            np.concatenate([first.history.starts, starts]),
        ),
        np.concatenate([first.candidates_EC, second.candidates_EC]),
        np.concatenate([first.readers_E, second.readers_E]),
    )


def batch_of(examples: Examples, kept: KeptNews) -> Batch:
    """The examples as one batch, in which each distinct news item stands once."""
    history, candidates_BC = examples.history, examples.candidates_EC
    named = np.concatenate([history.values, candidates_BC.ravel()])
    rows_U, places = np.unique(named, return_inverse=True)
    clicks = len(history.values)
    history_BH, mask_BH = padded(places[:clicks], history.lengths)
    return Batch(
        rows_U=torch.from_numpy(rows_U),
        news=kept.batch(rows_U),
        history_BH=torch.from_numpy(history_BH),
        mask_BH=torch.from_numpy(mask_BH),
        candidates_BC=torch.from_numpy(places[clicks:].reshape(candidates_BC.shape)),
        readers_B=torch.from_numpy(examples.readers_E),
    )


def padded(values: Int64, lengths_B: Int64) -> tuple[Int64, Int64]:
    """Lists one after the other as rows (B×H) with zeros behind, H ≥ 1, and the mask."""
    longest = max(int(lengths_B.max(initial=1)), 1)
    mask_BH = np.arange(longest) < lengths_B[:, np.newaxis]
    rows_BH = np.zeros(mask_BH.shape, np.int64)
    rows_BH[mask_BH] = values
    return rows_BH, mask_BH.astype(np.int64)


def batches(examples: Examples, size: int, rng: Rng) -> Iterator[Examples]:
    """All examples in a new order, ``size`` at a time; the last ones may be fewer."""
    order = rng.permutation(len(examples))
    for first in range(0, len(order), size):
        yield examples.take(order[first : first + size])


def _distinct(counts_E: Int64, draws: int, rng: Rng) -> Int64:
    """Numbers (E×draws) below each count, all different in a row whose count allows it."""
    drawn_EL = np.empty((len(counts_E), draws), np.int64)
    enough_E = counts_E >= draws
    for place in range(draws):
        left_E = counts_E - place * enough_E
        drawn_E = (rng.random(len(counts_E)) * left_E).astype(np.int64)
        for earlier_E in np.sort(drawn_EL[:, :place]).T:  # step over those drawn already
            drawn_E += (drawn_E >= earlier_E) & enough_E
        drawn_EL[:, place] = drawn_E
    return drawn_EL


def _longest_histories(log: ImpressionLog) -> Ragged:
    longest: dict[str, int] = {}
    lengths = log.history.lengths
    for position, user in enumerate(log.users):
        if user not in longest or lengths[position] > lengths[longest[user]]:
            longest[user] = position
    return log.history.take(np.array(sorted(longest.values()), np.int64))
