"""All texts that are on their way, and who waits for them. Not safe to share by threads: the
engine holds its lock around every call.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import count

from model_store.inputs import NewsInputs
from service.encoding.demand import Demand, Text
from service.encoding.lane import Lane
from service.ports import Encoder, Vectors


class Queue:
    """Each text of a model is here once; callers share it. What nobody wants is not kept."""

    def __init__(self) -> None:
        self.urgent, self.background = Lane(), Lane()
        self.dropped = 0
        """Texts that were not encoded because nobody waited for them any more."""
        self.shared = 0
        """Texts that were asked for again while they were on their way."""
        self._texts: dict[tuple[Encoder, NewsInputs], Text] = {}
        self._numbers = count()

    def new(self, model: Encoder, news: Iterable[NewsInputs]) -> list[NewsInputs]:
        """Those of the news that are not on their way with urgency, each once."""
        return [
            item
            for item in dict.fromkeys(news)
            if (text := self._texts.get((model, item))) is None or text.in_background
        ]

    def join(
        self,
        demand: Demand,
        model: Encoder,
        news: Sequence[NewsInputs],
        tokens_expected: Callable[[NewsInputs], int],
        in_background: bool,
    ) -> None:
        """Let the demand wait for the news, row by row."""
        for row, item in enumerate(news):
            text = self._texts.get((model, item))
            if text is None:
                number, tokens = next(self._numbers), tokens_expected(item)
                text = Text(model, item, number, tokens, in_background)
                self._texts[model, item] = text
                self._lane(text).enter(text)
            else:
                self.shared += 1
                if text.in_background and not in_background:
                    self._promote(text)
            text.wanted.append((demand, row))
            demand.texts.append(text)

    def tokenised(self, texts: Iterable[Text]) -> None:
        """Take back from the thread what it tokenised."""
        for text in texts:
            self._lane(text).leave(text)
            text.in_hand = False
            text.tokens_expected = sum(text.shape)
            self._lane(text).enter(text)
            if not text.wanted:
                self._drop(text)

    def encoded(self, texts: Sequence[Text], vectors_BD: Vectors) -> list[Demand]:
        """Hand the vectors out; the demands that have all of theirs now."""
        complete = []
        for text, vector_D in zip(texts, vectors_BD, strict=True):
            self._forget(text)
            for demand, row in text.wanted:
                demand.vectors_ND[row] = vector_D
                demand.missing -= 1
                if not demand.missing:
                    complete.append(demand)
        return complete

    def failed(self, texts: Sequence[Text]) -> list[Demand]:
        """Let go of texts that the thread could not encode; the demands that fail with them."""
        demands = self._let_down(texts)
        for text in texts:
            self._forget(text)
        return demands

    def unloaded(self, model: Encoder) -> list[Demand]:
        """Let go of all texts of a model; the demands that fail with them."""
        return self._let_down([t for t in self._texts.values() if t.model is model])

    def leave(self, demand: Demand) -> None:
        """The demand's caller waits no more."""
        for text in demand.texts:
            text.wanted = [(other, row) for other, row in text.wanted if other is not demand]
            if not text.wanted and not text.in_hand:
                self._drop(text)
        demand.texts = []

    def _let_down(self, texts: Iterable[Text]) -> list[Demand]:
        demands = list(dict.fromkeys(demand for text in texts for demand, _ in text.wanted))
        for demand in demands:
            self.leave(demand)
        return demands

    def _promote(self, text: Text) -> None:
        self.background.leave(text)
        text.in_background = False
        self.urgent.enter(text)

    def _drop(self, text: Text) -> None:
        self._forget(text)
        self.dropped += 1

    def _forget(self, text: Text) -> None:
        del self._texts[text.model, text.news]
        self._lane(text).leave(text)

    def _lane(self, text: Text) -> Lane:
        return self.background if text.in_background else self.urgent
