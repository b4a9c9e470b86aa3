"""Texts of one urgency that wait, ordered so that the next batch is found at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from model_store.tokens import Shape
from service.encoding.demand import Text
from service.ports import Encoder

Group = tuple[Encoder, Shape]
"""A model and a shape: what the texts of a batch have in common."""


@dataclass(eq=False, slots=True)
class Lane:
    """Texts that nobody has tokenised yet, and tokenised ones in groups, each in order."""

    _raw: dict[Text, None] = field(default_factory=dict)
    _groups: dict[Group, dict[Text, None]] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether nothing waits here."""
        return not self._raw and not self._groups

    def add(self, text: Text) -> None:
        """A text waits for a thread."""
        if text.tokens is None:
            self._raw[text] = None
        else:
            self._groups.setdefault((text.model, text.shape), {})[text] = None

    def remove(self, text: Text) -> None:
        """A text does not wait here any more."""
        if text.tokens is None:
            del self._raw[text]
            return
        group = text.model, text.shape
        del self._groups[group][text]
        if not self._groups[group]:
            del self._groups[group]

    def take_raw(self, most: int) -> list[Text]:
        """Hand over the oldest texts that are not tokenised, all of one model."""
        first = next(iter(self._raw), None)
        return self._taken(
            [text for text in islice(self._raw, most) if first and text.model is first.model]
        )

    def take_batch(self, size: Callable[[Group], int]) -> list[Text]:
        """Hand over the oldest text that is tokenised, and what can share its batch."""
        if not self._groups:
            return []
        group = min(self._groups, key=lambda group: next(iter(self._groups[group])).number)
        return self.take_more(group, size(group))

    def take_more(self, group: Group, most: int) -> list[Text]:
        """Hand over the oldest texts of a group."""
        return self._taken(list(islice(self._groups.get(group, ()), most)))

    def _taken(self, texts: list[Text]) -> list[Text]:
        for text in texts:
            self.remove(text)
            text.in_hand = True
        return texts
