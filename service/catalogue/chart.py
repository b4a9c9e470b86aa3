"""A chart: where articles lie in two dimensions, so that those on one topic lie together.

Language sets the vectors of articles apart more than topics do. So each language's mean is taken
off first, and one story told in three languages comes to lie in one place. Then some articles, the
landmarks, are laid out by t-SNE, and stay; every other lies among the landmarks that are most like
it. So the article that comes next moves no other.

On the sample news under multilingual-e5-small, 36 of 100 neighbours on the chart share a category,
10 if the languages' means stay; on the two principal components, 15 and 7.

Shapes: L landmarks, N articles, D dimensions, K landmarks that an article lies among.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from service.catalogue.segment import Hashes
from service.catalogue.tsne import FEWEST, Float32, Float64, tsne
from service.ports import Vectors

AMONG: Final = 8
SHARPNESS: Final = 8
"""The nearest landmarks count by this power of how near they are."""
SAME: Final = 1e-6
"""What is not further apart (1 less the cosine) lies in one place."""
KNOWN_SHARE: Final = 0.8
"""As long as so many of the articles are known, a chart holds."""
TINY: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Languages:
    """What is common to all articles, and to those of a language."""

    mean_D: Float64
    offsets: Mapping[str | None, Float64]

    @classmethod
    def of(cls, vectors_LD: Vectors, languages: Sequence[str | None]) -> "Languages":
        """As they are in these vectors: of a language that has few, only a part is known."""
        exact_LD = vectors_LD.astype(np.float64)
        mean_D = exact_LD.mean(axis=0)
        spoken = np.array([language or "" for language in languages])
        offsets: dict[str | None, Float64] = {}
        for language in dict.fromkeys(languages):
            of_it_ND = exact_LD[spoken == (language or "")] - mean_D
            offsets[language] = of_it_ND.sum(axis=0) / (len(of_it_ND) + 1)
        return cls(mean_D, offsets)

    def topics(self, vectors_ND: Vectors, languages: Sequence[str | None]) -> Float32:
        """The rest (N×D), at length 1."""
        none_D = np.zeros_like(self.mean_D)
        offsets_ND = np.array([self.offsets.get(language, none_D) for language in languages])
        rest_ND = vectors_ND - self.mean_D - offsets_ND
        lengths_N = np.linalg.norm(rest_ND, axis=1, keepdims=True)
        topics_ND: Float32 = (rest_ND / np.maximum(lengths_N, TINY)).astype(np.float32)
        return topics_ND


@dataclass(frozen=True, eq=False)
class Chart:
    """``names_L``: which articles the landmarks are, by the hashes of their ids."""

    names_L: Hashes = field(repr=False)
    languages: Languages = field(repr=False)
    topics_LD: Float32 = field(repr=False)
    places_L2: Float64 = field(repr=False)
    scale: float
    """What a place was divided by to lie between -1 and 1."""
    explained_variance: float
    """The share of the topics' variance that a linear function of the places explains."""

    @classmethod
    def of(
        cls,
        names_L: Hashes,
        vectors_LD: Vectors,
        spoken: Sequence[str | None],
        before: "Chart | None" = None,
    ) -> "Chart":
        """The chart with these landmarks, at least one, in their ``spoken`` languages. It
        grows out of the chart ``before``, and resembles it.
        """
        languages = Languages.of(vectors_LD, spoken)
        topics_LD = languages.topics(vectors_LD, spoken)
        had_L2 = None if before is None else before._unscaled(vectors_LD, spoken)
        places_L2 = tsne(topics_LD, had_L2)
        lowest_2, highest_2 = places_L2.min(axis=0), places_L2.max(axis=0)
        scale = max(float((highest_2 - lowest_2).max()) / 2, TINY)
        in_square_L2 = np.clip((places_L2 - (lowest_2 + highest_2) / 2) / scale, -1, 1)
        explained = _explained(topics_LD, in_square_L2)
        return cls(names_L, languages, topics_LD, in_square_L2, scale, explained)

    def _unscaled(self, vectors_ND: Vectors, spoken: Sequence[str | None]) -> Float64 | None:
        """Where articles lie in t-SNE's own unit, None where too few are laid out to say."""
        laid_out = len(self.names_L) >= FEWEST and self.scale > TINY
        return self.scale * self.places(vectors_ND, spoken) if laid_out else None

    def holds_for(self, names: Hashes) -> bool:
        """Whether most of these articles are its landmarks, and most of its landmarks are these."""
        common = len(np.intersect1d(names, self.names_L))
        return common >= KNOWN_SHARE * max(len(names), len(self.names_L))

    def places(self, vectors_ND: Vectors, spoken: Sequence[str | None]) -> Float64:
        """Where articles lie (N×2), each coordinate from -1 to 1."""
        cosines_NL = self.languages.topics(vectors_ND, spoken) @ self.topics_LD.T
        among = min(AMONG, cosines_NL.shape[1])
        nearest_NK = np.argpartition(-cosines_NL, among - 1, axis=1)[:, :among]
        cosines_NK = np.take_along_axis(cosines_NL, nearest_NK, axis=1).astype(np.float64)
        apart_NK = np.maximum(1 - cosines_NK, SAME)
        weights_NK = (apart_NK.min(axis=1, keepdims=True) / apart_NK) ** SHARPNESS
        weights_NK /= weights_NK.sum(axis=1, keepdims=True)
        places_N2: Float64 = np.einsum("nk,nkx->nx", weights_NK, self.places_L2[nearest_NK])
        return places_N2


def _explained(topics_LD: Float32, places_L2: Float64) -> float:
    """R² of the topics on the places, both centred."""
    centred_LD = topics_LD - topics_LD.mean(axis=0, dtype=np.float64)
    total = float((centred_LD**2).sum())
    axes, spreads, _ = np.linalg.svd(places_L2 - places_L2.mean(axis=0), full_matrices=False)
    axes_L2 = axes[:, spreads > TINY]
    return 0.0 if total < TINY else min(float(((axes_L2.T @ centred_LD) ** 2).sum()) / total, 1.0)
