"""The engine: each text once, in full batches, for those who still want it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import numpy as np
import pytest

from model_store.artefact import Artefact
from model_store.inputs import NewsInputs
from model_store.news_encoder import NewsEncoder
from service.encoding.admission import Limits
from service.encoding.engine import Engine
from service.encoding.loaded import LoadedEncoder
from service.errors import EncodingFailed, Overloaded, Unavailable
from service.ports import Vectors
from tests.attention_artefacts import Workshop
from tests.unit.encoding.gated import POISON, Gate
from tests.unit.model_store.test_news_views import news_of

SAME_LENGTH = [NewsInputs(f"The ferry {word}") for word in ("wins", "sinks", "crews")]
BUSY = NewsInputs("The ferry crews votes for a strike at the old harbour")
"""What keeps the thread busy while others come."""


@asynccontextmanager
async def engine(gate: Gate, threads: int = 1, **settings: Any) -> AsyncIterator[Engine]:
    made = Engine("cpu", threads, opens=gate.opens, **settings)
    try:
        yield made
    finally:
        gate.open()
        made.close()


async def busy(gate: Gate, encoder: LoadedEncoder) -> "asyncio.Task[Vectors]":
    """A call whose batch stands at the shut gate."""
    gate.passed.clear()
    gate.shut()
    task = asyncio.create_task(encoder.encode([BUSY]))
    await asyncio.to_thread(gate.wait_for_a_batch)
    return task


async def asked(*calls: Coroutine[Any, Any, Vectors]) -> list["asyncio.Task[Vectors]"]:
    """The calls, each begun."""
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.parametrize("threads", [1, 3])
def test_a_vector_has_the_same_bits_alone_together_and_among_others(
    artefact: Artefact, news: list[NewsInputs], vectors_of_news: Vectors, threads: int
) -> None:
    async def scenario() -> None:
        async with engine(Gate(), threads) as made:
            encoder = await made.load(artefact)
            together_ND = await encoder.encode(news)
            alone = [await encoder.encode([item]) for item in news]
            shuffled = Random(1).sample(range(len(news)), len(news))
            pieces = [shuffled[first : first + 7] for first in range(0, len(news), 7)]
            calls = [encoder.encode([news[row] for row in piece]) for piece in pieces]
            among_others = await asyncio.gather(*calls)
        assert together_ND.dtype == np.float16
        assert np.array_equal(together_ND, vectors_of_news)
        assert np.array_equal(np.concatenate(alone), vectors_of_news)
        assert np.array_equal(np.concatenate(among_others), vectors_of_news[shuffled])

    asyncio.run(scenario())


def test_no_news_has_no_vectors(artefact: Artefact) -> None:
    async def scenario() -> None:
        async with engine(Gate()) as made:
            encoder = await made.load(artefact)
            assert (await encoder.encode([])).shape == (0, encoder.dimension)

    asyncio.run(scenario())


def test_callers_that_wait_share_a_batch(artefact: Artefact) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            others = await asked(*(encoder.encode([item]) for item in SAME_LENGTH))
            assert made.figures.waiting_texts == 4
            gate.open()
            await asyncio.gather(first, *others)
            assert made.figures.batches == {1: 1, 3: 1}
            assert made.figures.texts == 4
            assert made.figures.waiting_texts == made.figures.waiting_tokens == 0

    asyncio.run(scenario())


def test_a_text_in_flight_is_encoded_once_for_all_who_ask(
    artefact: Artefact, news: list[NewsInputs], vectors_of_news: Vectors
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            running, one, other, twice = await asked(
                encoder.encode([BUSY]),
                encoder.encode(news[:2]),
                encoder.encode(news[1:3]),
                encoder.encode([news[2], news[0], news[2]]),
            )
            one.cancel()  # which is nothing to the others
            gate.open()
            assert np.array_equal(await running, await first)
            assert np.array_equal(await other, vectors_of_news[1:3])
            assert np.array_equal(await twice, vectors_of_news[[2, 0, 2]])
            assert (made.figures.texts, made.figures.shared) == (4, 5)
            assert made.figures.dropped == 0

    asyncio.run(scenario())


def test_what_nobody_waits_for_any_more_is_never_run(
    artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            gone, kept = await asked(encoder.encode(news[:9]), encoder.encode(news[8:10]))
            gone.cancel()
            await asyncio.wait([gone])
            assert made.figures.dropped == 8
            assert made.figures.waiting_texts == 3
            gate.open()
            await asyncio.gather(first, kept)
            assert made.figures.texts == sum(map(len, gate.passed)) == 3

    asyncio.run(scenario())


def test_the_event_loop_goes_on_while_a_batch_runs(artefact: Artefact) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            for _ in range(1_000):
                await asyncio.sleep(0)
            assert not first.done()
            gate.open()
            await first

    asyncio.run(scenario())


def test_more_than_can_be_done_in_good_time_is_refused_whole(
    artefact: Artefact, news: list[NewsInputs]
) -> None:
    limits = Limits(seconds=0.0, always=20, most=40)

    async def scenario() -> None:
        gate = Gate()
        async with engine(gate, limits=limits) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            (full,) = await asked(encoder.encode(news[:11]))  # no import is before it
            with pytest.raises(Overloaded) as refused:
                await encoder.encode(news[10:20] + news[30:31])
            assert refused.value.retry_after_seconds >= 1
            with pytest.raises(Overloaded):
                await encoder.encode(news[30:31])
            assert made.figures.refused == 12
            assert made.figures.waiting_texts == 12
            known, some = await asked(encoder.encode(news[:11]), encoder.encode(news[11:20]))
            (background,) = await asked(encoder.encode(news[20:70], in_background=True))
            gate.open()
            await asyncio.gather(first, full, known, some, background)
            await encoder.encode(news[30:31])

    asyncio.run(scenario())


def test_there_is_memory_for_so_much_and_no_more(
    artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario(limits: Limits) -> None:
        gate = Gate()
        async with engine(gate, limits=limits) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            (some,) = await asked(encoder.encode(news[:10]))
            with pytest.raises(Overloaded):
                await encoder.encode(news[10:20])
            gate.open()
            await asyncio.gather(first, some)

    asyncio.run(scenario(Limits(most=11)))
    asyncio.run(scenario(Limits(characters=sum(len(item.text) for item in [BUSY, *news[:10]]))))


def test_what_is_asked_in_the_background_waits_for_all_else(
    artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate, background_share=1.0) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            background, urgent = await asked(
                encoder.encode(news[:20], in_background=True), encoder.encode(news[20:40])
            )
            gate.open()
            await asyncio.gather(first, background, urgent)
            tokens = NewsEncoder(artefact, "fp32", threads=1).tokens(news)
            passed = [ids for batch in gate.passed for ids in batch][1:]
            assert sorted(passed[:20]) == sorted(list(item.ids) for item in tokens[20:40])

    asyncio.run(scenario())


def test_one_article_does_not_wait_for_an_import(
    artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            many, one = await asked(encoder.encode(news[:-1]), encoder.encode(news[-1:]))
            gate.open()
            await asyncio.gather(first, many, one)
            (tokens,) = NewsEncoder(artefact, "fp32", threads=1).tokens(news[-1:])
            soon = gate.passed[1] + gate.passed[2]
            assert list(tokens.ids) in soon
            assert len(gate.passed) > 3

    asyncio.run(scenario())


@pytest.mark.parametrize("threads", [1, 2])
def test_the_background_rests_and_what_is_wanted_at_once_does_not(
    artefact: Artefact, news: list[NewsInputs], vectors_of_news: Vectors, threads: int
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate, threads, background_share=1e-9) as made:  # rests for days
            encoder = await made.load(artefact)
            (background,) = await asked(encoder.encode(news[:3], in_background=True))
            assert np.array_equal(await encoder.encode(news[5:9]), vectors_of_news[5:9])
            assert not background.done()
            assert np.array_equal(await encoder.encode(news[:2]), vectors_of_news[:2])
            assert not background.done()
            await encoder.encode(news[2:3])
            assert np.array_equal(await background, vectors_of_news[:3])

    asyncio.run(scenario())


def test_a_text_that_fails_takes_no_other_of_its_batch_with_it(artefact: Artefact) -> None:
    poison = NewsInputs(POISON + "The ferry wins")

    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoder = await made.load(artefact)
            alone_ND = await encoder.encode(SAME_LENGTH)
            first = await busy(gate, encoder)
            well, mixed, poisoned = await asked(
                encoder.encode(SAME_LENGTH[:2]),
                encoder.encode([poison, SAME_LENGTH[2], poison, SAME_LENGTH[0]]),
                encoder.encode([poison]),
            )
            gate.open()
            assert np.array_equal(await well, alone_ND[:2])
            for call, positions in ((mixed, (0, 2)), (poisoned, (0,))):
                with pytest.raises(EncodingFailed) as failure:
                    await call
                assert failure.value.positions == positions
            await first
            assert [len(batch) for batch in gate.passed[-5:]] == [4, 1, 1, 1, 1]
            again = await encoder.encode([SAME_LENGTH[2], SAME_LENGTH[0]])
            assert np.array_equal(again, alone_ND[[2, 0]])
            assert made.figures.waiting_texts == made.figures.waiting_tokens == 0

    asyncio.run(scenario())


def test_a_load_that_is_cancelled_leaves_no_model_behind(artefact: Artefact) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            gate.shut()
            loading = [asyncio.create_task(made.load(artefact)) for _ in range(2)]
            await asyncio.to_thread(gate.wait_for_a_batch)  # of the warm-up of the first
            for each in loading:
                each.cancel()
            gate.open()
            await asyncio.wait(loading)
            assert all(each.cancelled() for each in loading)
            assert not made._loaded

    asyncio.run(scenario())


def test_as_many_batches_run_at_once_as_there_are_threads(
    artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate, threads=2) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            (second,) = await asked(encoder.encode(SAME_LENGTH[:1]))
            await asyncio.to_thread(gate.wait_for_a_batch)
            (third,) = await asked(encoder.encode(news[:1]))
            unloading = asyncio.create_task(made.unload(encoder))
            with pytest.raises(Unavailable):
                await third
            for _ in range(1_000):
                await asyncio.sleep(0)
            assert not unloading.done()
            gate.open()
            await unloading
            assert len(gate.passed) == 2
            for running in (first, second):
                with pytest.raises(Unavailable):
                    await running

    asyncio.run(scenario())


def test_vectors_that_are_not_finite_are_an_error(
    artefact: Artefact, monkeypatch: pytest.MonkeyPatch, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        async with engine(Gate()) as made:
            encoder = await made.load(artefact)
            whole = NewsEncoder.run
            monkeypatch.setattr(NewsEncoder, "run", lambda *of: whole(*of) * 1e9)
            with pytest.raises(EncodingFailed):
                await encoder.encode(news[:3])

    asyncio.run(scenario())


def test_models_are_used_side_by_side_until_they_are_unloaded(workshop: Workshop) -> None:
    names = ("nrms", "naml")
    artefacts = [workshop.make(name).artefact for name in names]
    news = [list(dict.fromkeys(news_of(workshop, name))) for name in names]

    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made:
            encoders = [await made.load(artefact) for artefact in artefacts]
            calls = (e.encode(theirs) for e, theirs in zip(encoders, news, strict=True))
            found = await asyncio.gather(*calls)
            for artefact, theirs, vectors_ND in zip(artefacts, news, found, strict=True):
                alone_ND = NewsEncoder(artefact, "fp32", threads=1).encode(theirs)
                assert np.array_equal(vectors_ND, alone_ND.astype(np.float16))
            first = await busy(gate, encoders[0])
            going, staying = await asked(
                encoders[1].encode(news[1][:3]), encoders[0].encode(news[0][:3])
            )
            unloading = asyncio.create_task(made.unload(encoders[1]))
            with pytest.raises(Unavailable):
                await going
            gate.open()
            await asyncio.gather(first, staying, unloading)
            with pytest.raises(Unavailable):
                await encoders[1].encode(news[1][:1])

    asyncio.run(scenario())


@pytest.mark.parametrize("threads", [1, 2])
def test_the_end_refuses_what_waits(
    artefact: Artefact, news: list[NewsInputs], threads: int
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate, threads) as made:
            encoder = await made.load(artefact)
            first = await busy(gate, encoder)
            (waiting,) = await asked(encoder.encode(news))
            ending = asyncio.create_task(asyncio.to_thread(made.close))
            with pytest.raises(Unavailable):
                await waiting
            with pytest.raises(Unavailable):
                await first
            gate.open()
            await ending
            with pytest.raises(Unavailable):
                await encoder.encode(news[:1])
            with pytest.raises(Unavailable):
                await made.load(artefact)

    asyncio.run(scenario())
