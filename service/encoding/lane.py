"""Texts of one urgency that wait, ordered so that the next batch is found at once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from model_store.tokens import Shape
from service.encoding.demand import Text
from service.ports import Encoder

Group = tuple[Encoder, Shape]
"""A model and a shape: what the texts of a batch have in common."""


@dataclass(slots=True)
class Lane:
    """Texts that nobody has tokenised yet, and tokenised ones in groups, each in order."""

    texts: Counter[Encoder] = field(default_factory=Counter)
    """Of each model, all that are on their way, those that the thread has in hand included."""
    tokens: Counter[Encoder] = field(default_factory=Counter)
    """Of each model, the tokens of those."""
    _raw: dict[Text, None] = field(default_factory=dict)
    _groups: dict[Group, dict[Text, None]] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether nothing waits here for the thread."""
        return not self._raw and not self._groups

    def enter(self, text: Text) -> None:
        """A text is on its way here."""
        self.texts[text.model] += 1
        self.tokens[text.model] += text.tokens_expected
        if not text.in_hand:
            self.place(text)

    def leave(self, text: Text) -> None:
        """A text is not on its way here any more."""
        self.texts[text.model] -= 1
        self.tokens[text.model] -= text.tokens_expected
        if not self.texts[text.model]:
            del self.texts[text.model], self.tokens[text.model]
        if not text.in_hand:
            self._displace(text)

    def place(self, text: Text) -> None:
        """A text waits for the thread."""
        if text.tokens is None:
            self._raw[text] = None
        else:
            self._groups.setdefault((text.model, text.shape), {})[text] = None

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
        return self._taken(list(islice(self._groups[group], size(group))))

    def _taken(self, texts: list[Text]) -> list[Text]:
        for text in texts:
            self._displace(text)
            text.in_hand = True
        return texts

    def _displace(self, text: Text) -> None:
        if text.tokens is None:
            del self._raw[text]
            return
        group = text.model, text.shape
        del self._groups[group][text]
        if not self._groups[group]:
            del self._groups[group]
