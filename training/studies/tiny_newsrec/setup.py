"""What the rows share: settings, where the data lie, and the logs and pairs, read when first used.

Shapes: S all candidates of a log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import JsonValue

from training.data.impressions import ImpressionLog
from training.data.texts import evenly
from training.post_training.pairs import Pair, PairFile, file_of, read_pairs
from training.run import Logs, Trained
from training.studies.clicks import Days, sampled, scorer
from training.studies.names import within
from training.studies.study import Float64
from training.studies.tiny_newsrec.settings import Data, TinyNewsRecSettings


@dataclass(frozen=True)
class Paths:
    """Where all of it lies."""

    training: Path
    test: Path
    pairs: tuple[PairFile, ...]

    @classmethod
    def of(cls, roots: Sequence[Path], data: Data) -> "Paths":
        """Raises UnreadableData for what is in none of the roots."""
        named = [file_of(stated) for stated in data.pairs]
        return cls(
            training=within(roots, data.training),
            test=within(roots, data.test),
            pairs=tuple(
                PairFile(path=within(roots, str(file.path)), layout=file.layout) for file in named
            ),
        )


@dataclass(frozen=True)
class Setup:
    """One study, set up."""

    settings: TinyNewsRecSettings
    encoder: Path
    """The base encoder's folder."""
    layers: int
    """That it has."""
    paths: Paths

    @cached_property
    def pairs(self) -> list[Pair]:
        """What is post-trained on. Raises UnreadableData."""
        pairs, most = read_pairs(self.paths.pairs), self.settings.pairs
        return pairs if most is None else evenly(pairs, most)

    @cached_property
    def days(self) -> Days:
        """Raises UnreadableData, Leak, and BadRecipe for a training log of a single day."""
        return Days.of(self.paths.training, self.paths.test)

    @cached_property
    def logs(self) -> Logs:
        """What is learned of clicks, and what chooses the epoch."""
        clicks, days = self.settings.clicks, self.days
        training = self._read(sampled(days.training, clicks.impressions))
        names = (self.settings.data.training, "its last day")
        if clicks.validation == 0:
            return Logs(training, None, names[:1])
        return Logs(training, self._read(sampled(days.validation, clicks.validation)), names)

    @cached_property
    def test(self) -> ImpressionLog:
        """What all rows are measured on."""
        return self._read(sampled(self.days.test, self.settings.measuring.impressions))

    def scores(self, trained: Trained, cache: Path) -> Float64:
        """Of the test's candidates (S)."""
        log = self.test
        scores_S = scorer(trained, log.news, log.seen(), cache)(log)
        trained.recommender.cpu()  # whence it is exported
        return scores_S

    @property
    def measured_by(self) -> dict[str, JsonValue]:
        """The settings that every row with a recommender depends on."""
        settings = self.settings
        return {
            "measuring": settings.measuring.model_dump(mode="json"),
            "clicks": settings.clicks.model_dump(mode="json"),
            "tower": settings.post_training.tower.model_dump(mode="json"),
        }

    @property
    def paired_by(self) -> dict[str, JsonValue]:
        """The settings that say which pairs there are."""
        layouts: list[JsonValue] = [file.layout for file in self.paths.pairs]
        return {"pairs": self.settings.pairs, "layouts": layouts}

    @property
    def inputs(self) -> tuple[Path, ...]:
        """What these rows read."""
        return (self.encoder, self.paths.training, self.paths.test)

    @property
    def corpora(self) -> tuple[Path, ...]:
        """What is read for pairs."""
        return tuple(file.path for file in self.paths.pairs)

    def _read(self, log: ImpressionLog) -> ImpressionLog:
        """The log with as much of each history as is read."""
        return replace(log, history=log.history.last(self.settings.clicks.training.history_length))
