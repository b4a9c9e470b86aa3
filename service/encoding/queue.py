"""All texts that are on their way, and who waits for them. Not safe to share by threads: the
engine holds its lock around every call.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import count

from model_store.inputs import NewsInputs
from service.encoding.demand import Demand, Text, Urgency
from service.encoding.lane import Group, Lane
from service.encoding.load import Load
from service.ports import Encoder, Vectors


class Queue:
    """Each text of a model is here once; callers share it. What nobody wants is not kept."""

    def __init__(self) -> None:
        self.loads = {urgency: Load() for urgency in Urgency}
        self.background = Lane()
        self.dropped = 0
        """Texts that were not encoded because nobody waited for them any more."""
        self.shared = 0
        """Texts that were asked for again while they were on their way."""
        self._few, self._many = Lane(), Lane()
        self._next_turn = self._few, self._many
        self._texts: dict[tuple[Encoder, NewsInputs], Text] = {}
        self._numbers = count()

    def new(self, model: Encoder, news: Iterable[NewsInputs], urgency: Urgency) -> list[NewsInputs]:
        """Those of the news that are not on their way with such urgency, each once."""
        return [
            item
            for item in dict.fromkeys(news)
            if (text := self._texts.get((model, item))) is None or text.urgency < urgency
        ]

    def join(
        self,
        demand: Demand,
        model: Encoder,
        news: Sequence[NewsInputs],
        tokens_expected: Callable[[NewsInputs], int],
        urgency: Urgency,
    ) -> None:
        """Let the demand wait for the news, row by row."""
        for row, item in enumerate(news):
            text = self._texts.get((model, item))
            if text is None:
                text = Text(model, item, next(self._numbers), tokens_expected(item), urgency)
                self._texts[model, item] = text
                self._enter(text)
            else:
                self.shared += 1
                if text.urgency < urgency:
                    self._leave(text)
                    text.urgency = urgency
                    self._enter(text)
            text.wanted.append((demand, row))
            demand.texts.append(text)

    def take_urgent(self, raw: int, size: Callable[[Group], int]) -> list[Text]:
        """Hand over what is next: texts to be tokenised, or else a batch. Calls for few texts and
        calls for many have every other batch; whoever has it not fills what is left of it.
        """
        first, second = self._next_turn
        if texts := first.take_raw(raw) or second.take_raw(raw):
            return texts
        texts = first.take_batch(size)
        if not texts:
            return second.take_batch(size)
        self._next_turn = second, first
        group = texts[0].model, texts[0].shape
        return texts + second.take_more(group, size(group) - len(texts))

    def take_background(self, raw: int, size: Callable[[Group], int]) -> list[Text]:
        """The same of what can wait."""
        return self.background.take_raw(raw) or self.background.take_batch(size)

    def tokenised(self, texts: Iterable[Text]) -> None:
        """Take back from a thread what it tokenised."""
        for text in texts:
            self._leave(text)
            text.in_hand = False
            text.tokens_expected = sum(text.shape)
            self._enter(text)
            if not text.wanted:
                self._drop(text)

    def encoded(self, texts: Sequence[Text], vectors_BD: Vectors) -> list[Demand]:
        """Hand the vectors out; the demands that are complete with them."""
        complete = []
        for text, vector_D in zip(texts, vectors_BD, strict=True):
            self._forget(text)
            complete += [each for each, row in text.wanted if each.encoded(row, vector_D)]
        return complete

    def failed(self, text: Text, cause: Exception) -> list[Demand]:
        """Let go of a text that a thread could not encode; the demands that are complete without
        it.
        """
        self._forget(text)
        return [each for each, row in text.wanted if each.not_encoded(row, cause)]

    def unloaded(self, model: Encoder) -> list[Demand]:
        """Let go of all texts of a model; the demands that are refused with them."""
        texts = [text for text in self._texts.values() if text.model is model]
        demands = list(dict.fromkeys(demand for text in texts for demand, _ in text.wanted))
        for demand in demands:
            self.leave(demand)
        return demands

    def leave(self, demand: Demand) -> None:
        """The demand's caller waits no more."""
        for text in dict.fromkeys(demand.texts):
            text.wanted = [(other, row) for other, row in text.wanted if other is not demand]
            if not text.wanted and not text.in_hand:
                self._drop(text)
        demand.texts = []

    def _drop(self, text: Text) -> None:
        self._forget(text)
        self.dropped += 1

    def _forget(self, text: Text) -> None:
        del self._texts[text.model, text.news]
        self._leave(text)

    def _enter(self, text: Text) -> None:
        self.loads[text.urgency].add(text)
        if not text.in_hand:
            self._lane(text).add(text)

    def _leave(self, text: Text) -> None:
        self.loads[text.urgency].remove(text)
        if not text.in_hand:
            self._lane(text).remove(text)

    def _lane(self, text: Text) -> Lane:
        return (self.background, self._many, self._few)[text.urgency]
