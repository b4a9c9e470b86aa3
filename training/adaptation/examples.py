"""What is read and what is told, under each objective."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

import polars as pl

from training.adaptation.noise import noise
from training.adaptation.settings import Adaptation, ObjectiveName
from training.data.polynews import ParallelTexts, Texts
from training.errors import BadRecipe


class Example(NamedTuple):
    """The encoder reads ``read``; from its vector the decoder tells ``told``."""

    read: str
    told: str


@dataclass(frozen=True, eq=False)
class Examples:
    """An example of each row, another one each time where chance has a part in it."""

    languages: Sequence[str]
    """Of each row; of a pair's row both."""
    draw: Callable[[int, Random], Example]
    frame: pl.DataFrame
    """What they are made of."""

    def texts(self) -> list[str]:
        """All that is ever told."""
        columns = [name for name in ("text", "source", "target") if name in self.frame.columns]
        return [text for name in columns for text in self.frame[name].unique(maintain_order=True)]

    def digest(self) -> str:
        """Another one for other texts or languages."""
        digest = hashlib.sha256()
        for column in self.frame:
            for cell in column:
                digest.update(cell.encode() + b"\0")
        return digest.hexdigest()


def examples(settings: Adaptation, texts: Texts | None, pairs: ParallelTexts | None) -> Examples:
    """What the objective learns from. Raises BadRecipe if that is not there."""
    return _OBJECTIVES[settings.objective](settings, texts, pairs)


def _denoising(settings: Adaptation, texts: Texts | None, _: ParallelTexts | None) -> Examples:
    """noise(text) → text."""
    if texts is None or not len(texts):
        raise BadRecipe(f"objective {settings.objective} needs texts")
    of_row = texts.frame["text"]

    def draw(row: int, random: Random) -> Example:
        text = of_row[row]
        return Example(noise(text, settings.deletion, random), text)

    return Examples(texts.frame["language"].to_list(), draw, texts.frame)


def _translating(settings: Adaptation, _: Texts | None, pairs: ParallelTexts | None) -> Examples:
    """source → target, and target → source, so that each language of a pair is read."""
    forth = _pairs(settings, pairs)
    frame = pl.concat([forth, _turned(forth)])
    sources, targets = frame["source"], frame["target"]
    return Examples(_languages(frame), lambda row, _: Example(sources[row], targets[row]), frame)


def _both(settings: Adaptation, _: Texts | None, pairs: ParallelTexts | None) -> Examples:
    """Of a pair uniformly one of noise(source) → source, source → target, and the same turned."""
    frame = _pairs(settings, pairs)
    sources, targets = frame["source"], frame["target"]

    def draw(row: int, random: Random) -> Example:
        here, there = random.choice(
            ((sources, sources), (sources, targets), (targets, targets), (targets, sources))
        )
        read, told = here[row], there[row]
        return Example(noise(read, settings.deletion, random) if here is there else read, told)

    return Examples(_languages(frame), draw, frame)


def _pairs(settings: Adaptation, pairs: ParallelTexts | None) -> pl.DataFrame:
    if pairs is None or not len(pairs):
        raise BadRecipe(f"objective {settings.objective} needs pairs of texts")
    return pairs.frame


def _turned(pairs: pl.DataFrame) -> pl.DataFrame:
    """What was the target is the source."""
    places = {"source": "target", "source_language": "target_language"}
    return pairs.rename(places | {there: here for here, there in places.items()}).select(
        pairs.columns
    )


def _languages(frame: pl.DataFrame) -> list[str]:
    named = pl.concat_str("source_language", "target_language", separator="-")
    return frame.select(named).to_series().to_list()


_Objective = Callable[[Adaptation, Texts | None, ParallelTexts | None], Examples]
_OBJECTIVES: Final[Mapping[ObjectiveName, _Objective]] = {
    "dae": _denoising,
    "mt": _translating,
    "dae+mt": _both,
}
