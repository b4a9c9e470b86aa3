"""Where the data of the study lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.studies.names import within
from training.studies.nase.settings import Data


@dataclass(frozen=True)
class Paths:
    """Where all of it lies."""

    training: Path
    test: Path
    translations: Mapping[str, tuple[Path, ...]]
    ntrex: Path
    articles: tuple[Path, ...]
    texts: tuple[Path, ...]
    pairs: tuple[Path, ...]

    @classmethod
    def of(cls, roots: Sequence[Path], data: Data) -> "Paths":
        """Raises UnreadableData for what is in none of the roots."""

        def all_of(names: Sequence[str]) -> tuple[Path, ...]:
            return tuple(within(roots, name) for name in names)

        return cls(
            training=within(roots, data.training),
            test=within(roots, data.test),
            translations={one: all_of(names) for one, names in data.translations.items()},
            ntrex=within(roots, data.ntrex),
            articles=all_of(data.articles),
            texts=all_of(data.texts),
            pairs=all_of(data.pairs),
        )

    @property
    def logs(self) -> tuple[Path, ...]:
        """What is measured on."""
        told = [path for paths in self.translations.values() for path in paths]
        return (self.training, self.test, *told, self.ntrex)

    @property
    def corpora(self) -> tuple[Path, ...]:
        """What is adapted to."""
        return (*self.articles, *self.texts, *self.pairs, self.ntrex)
