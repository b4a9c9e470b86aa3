"""How much may wait to be encoded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model_store.inputs import NewsInputs
from service.encoding.demand import Urgency
from service.encoding.loaded import Loaded
from service.encoding.pace import characters
from service.encoding.queue import Queue
from service.errors import Overloaded
from service.ports import Encoder


@dataclass(frozen=True, slots=True)
class Limits:
    """When a call is refused: what it would have to wait for is too much."""

    seconds: float = 5.0
    """What waits of one urgency may be so much work, by the pace that was measured."""
    always: int = 2_000
    """So many texts of a model, of calls for many, are taken however long they last: two full
    requests, which is what an import keeps in flight.
    """
    most: int = 10_000
    """More texts of all models are not taken: so much memory they may have."""

    characters: int = 64 * 1024 * 1024
    """More characters are not taken either. A full request has a quarter of them at most."""

    def allow(self, new: int, waiting: int, seconds: float, floor: int) -> bool:
        """Whether so many new texts may join those of their urgency that wait, if all of it is so
        much work; up to ``floor`` they may in any case. A call that finds nobody before it is never
        refused.
        """
        return not waiting or waiting + new <= floor or seconds <= self.seconds

    def hold(self, texts: int, characters: int) -> bool:
        """Whether there is memory for so much, of whatever urgency."""
        return texts <= self.most and characters <= self.characters


DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call's texts may wait in the queue, for so many threads that encode with what is
    loaded. Used like the queue: by one thread at a time.
    """

    limits: Limits
    threads: int
    queue: Queue
    loaded: Mapping[Encoder, Loaded]

    def admit(self, model: Encoder, news: Sequence[NewsInputs], urgency: Urgency) -> None:
        """Raises Overloaded if with these texts too much would wait."""
        new = self.queue.new(model, news, urgency)
        waiting = self.queue.loads[urgency].texts[model]
        backlog = self._backlog(urgency)
        floor = self.limits.always if urgency is Urgency.MANY else 0
        seconds = backlog + self._seconds(model, sum(map(self.loaded[model].pace.tokens, new)))
        allowed = self.limits.allow(len(new), waiting, seconds, floor)
        if not allowed or not self._held(new):
            raise Overloaded("too many articles are waiting to be encoded", backlog)

    def _backlog(self, urgency: Urgency) -> float:
        tokens = self.queue.loads[urgency].tokens
        return sum(self._seconds(model, tokens[model]) for model in tokens if model in self.loaded)

    def _seconds(self, model: Encoder, tokens: int) -> float:
        return self.loaded[model].pace.seconds(tokens) / self.threads

    def _held(self, new: Sequence[NewsInputs]) -> bool:
        urgent = [self.queue.loads[one] for one in (Urgency.FEW, Urgency.MANY)]
        texts = sum(load.texts.total() for load in urgent) + len(new)
        length = sum(load.characters for load in urgent) + sum(map(characters, new))
        return self.limits.hold(texts, length)
