"""A linear head over a frozen encoder's vectors: of a multilingual encoder it reads any language.

Shapes: N texts, D dimensions, K sentiments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from training.adaptation.whole import WholeEncoder
from training.sentiment.labeller import SENTIMENTS
from training.sentiment.sentences import Labelled

Floats = NDArray[np.floating]

RIDGE: Final = 0.1
"""The weight of the squared weights beside the mean cross-entropy. Of 0.001 to 1, none does better
by more than a thousandth on fifths of what is learned from.
"""
ITERATIONS: Final = 300


@dataclass(frozen=True, eq=False)
class Linear:
    """Softmax regression over vectors whose dimensions are made alike."""

    mean_D: Tensor
    deviation_D: Tensor
    weight_DK: Tensor
    bias_K: Tensor

    @classmethod
    def of(cls, vectors_ND: Floats, labels_N: Sequence[int], labels: int) -> "Linear":
        """The one minimum of the mean cross-entropy plus RIDGE times the squared weights."""
        given_ND, wanted_N = _double(vectors_ND), torch.tensor(labels_N)
        mean_D = given_ND.mean(dim=0)
        deviation_D = given_ND.std(dim=0, correction=0).clamp(min=1e-9)
        fresh = torch.zeros(given_ND.shape[1], labels, dtype=torch.float64), torch.zeros(labels)
        weight_DK, bias_K = (part.double().requires_grad_() for part in fresh)
        linear = cls(mean_D, deviation_D, weight_DK, bias_K)
        optimizer = torch.optim.LBFGS(
            [weight_DK, bias_K], max_iter=ITERATIONS, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            found = cross_entropy(linear.logits(given_ND), wanted_N)
            found = found + RIDGE * weight_DK.square().sum()
            found.backward()  # type: ignore[no-untyped-call]
            return found

        optimizer.step(loss)  # type: ignore[no-untyped-call]
        return cls(mean_D, deviation_D, weight_DK.detach(), bias_K.detach())

    def logits(self, given_ND: Tensor) -> Tensor:
        """Of vectors in float64 the logits (N×K)."""
        return ((given_ND - self.mean_D) / self.deviation_D) @ self.weight_DK + self.bias_K

    def told(self, vectors_ND: Floats) -> list[int]:
        """The likeliest label of each."""
        found: list[int] = self.logits(_double(vectors_ND)).argmax(dim=1).tolist()
        return found


@dataclass(frozen=True, eq=False)
class SentimentHead:
    """A labeller (``Labeller``) that was learned."""

    encoder: WholeEncoder
    linear: Linear

    @classmethod
    def learned(cls, encoder: WholeEncoder, sentences: Labelled) -> "SentimentHead":
        """From sentences that people labelled; the encoder stays as it is."""
        labels_N = [SENTIMENTS.index(said) for said in sentences.sentiments]
        vectors_ND = encoder.vectors(sentences.texts)
        return cls(encoder, Linear.of(vectors_ND, labels_N, len(SENTIMENTS)))

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The texts' sentiments."""
        if not texts:
            return []
        return [SENTIMENTS[label] for label in self.linear.told(self.encoder.vectors(texts))]


def _double(vectors_ND: Floats) -> Tensor:
    return torch.from_numpy(vectors_ND.astype(np.float64))
