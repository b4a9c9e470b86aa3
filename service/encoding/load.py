"""How much is on its way to be encoded."""

from collections import Counter
from dataclasses import dataclass, field

from service.encoding.demand import Text
from service.encoding.pace import characters
from service.ports import Encoder


@dataclass(eq=False, slots=True)
class Load:
    """All texts that are on their way, those that a thread has in hand included."""

    texts: Counter[Encoder] = field(default_factory=Counter)
    """Of each model."""
    tokens: Counter[Encoder] = field(default_factory=Counter)
    """Of each model, in those."""
    characters: int = 0
    """In all."""

    def add(self, text: Text) -> None:
        """A text is on its way."""
        self.texts[text.model] += 1
        self.tokens[text.model] += text.tokens_expected
        self.characters += characters(text.news)

    def remove(self, text: Text) -> None:
        """A text is not on its way any more."""
        self.texts[text.model] -= 1
        self.tokens[text.model] -= text.tokens_expected
        self.characters -= characters(text.news)
        if not self.texts[text.model]:
            del self.texts[text.model], self.tokens[text.model]
