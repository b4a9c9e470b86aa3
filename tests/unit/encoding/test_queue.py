"""The queue: whatever callers and the thread do, nothing is lost and nothing is left over."""

import asyncio
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model_store.inputs import NewsInputs
from model_store.tokens import NewsTokens
from service.encoding.demand import Demand, Text, Urgency
from service.encoding.queue import Queue

MODELS: list[Any] = ["a", "b"]
"""All that the queue asks of a model is which one it is."""
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("ask"),
            st.integers(0, 1),
            st.lists(st.integers(0, 12), min_size=1, max_size=6),
            st.sampled_from(Urgency),
        ),
        st.tuples(st.just("give up"), st.integers(0, 20)),
        st.tuples(st.just("take"), st.booleans(), st.integers(1, 4)),
        st.tuples(st.just("finish")),
        st.tuples(st.just("fail")),
        st.tuples(st.just("unload"), st.integers(0, 1)),
    ),
    max_size=40,
)


class Play:
    """A queue, its callers, and a thread that has one piece of work in hand at most."""

    def __init__(self) -> None:
        self.queue = Queue()
        self.asked: list[tuple[Demand, list[int]]] = []
        self.over: list[Demand] = []
        self.in_hand: list[Text] = []

    def ask(self, model: int, numbers: list[int], urgency: Urgency) -> None:
        demand = Demand.of(len(numbers), 1)
        news = [NewsInputs(str(number)) for number in numbers]
        self.queue.join(demand, MODELS[model], news, lambda _: 5, urgency)
        self.asked.append((demand, numbers))

    def give_up(self, which: int) -> None:
        if which < len(self.asked):
            demand, _ = self.asked[which]
            self.queue.leave(demand)
            self.over.append(demand)

    def take(self, urgent: bool, most: int) -> None:
        taking = self.queue.take_urgent if urgent else self.queue.take_background
        self.in_hand = self.in_hand or taking(most, lambda _: most)

    def finish(self) -> None:
        if self.in_hand and self.in_hand[0].tokens is None:
            for text in self.in_hand:
                length = int(text.news.text) % 3
                text.tokens, text.shape = NewsTokens([1] * length, (), 0, 0), (length, 0)
            self.queue.tokenised(self.in_hand)
        elif self.in_hand:
            assert len({(text.model, text.shape) for text in self.in_hand}) == 1
            vectors_BD = np.array([[int(text.news.text)] for text in self.in_hand], np.float16)
            self.over += self.queue.encoded(self.in_hand, vectors_BD)
        self.in_hand = []

    def fail(self) -> None:
        for text in self.in_hand:
            self.over += self.queue.failed(text, ValueError())
        self.in_hand = []

    def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case "ask", model, numbers, urgency:
                self.ask(model, numbers, urgency)
            case "give up", which:
                self.give_up(which)
            case "take", urgent, most:
                self.take(urgent, most)
            case "finish", *_:
                self.finish()
            case "fail", *_:
                self.fail()
            case "unload", model:
                self.over += self.queue.unloaded(MODELS[model])


async def play_to_the_end(steps: list[tuple[Any, ...]]) -> Play:
    play = Play()
    for step in steps:
        play.do(step)
    play.finish()
    while any(load.texts for load in play.queue.loads.values()):
        for urgent in (True, False):
            play.take(urgent, 4)
            play.finish()
    return play


@given(steps)
def test_every_demand_ends_and_those_fulfilled_have_their_own_vectors(
    steps: list[tuple[Any, ...]],
) -> None:
    play = asyncio.run(play_to_the_end(steps))
    for demand, numbers in play.asked:
        assert demand in play.over
        if not demand.missing:
            for row, number in enumerate(numbers):
                assert row in demand.failed or demand.vectors_ND[row, 0] == number
    for load in play.queue.loads.values():
        assert not load.tokens
        assert not load.characters
    assert play.queue.background.idle
    assert not play.queue.take_urgent(9, lambda _: 9)
