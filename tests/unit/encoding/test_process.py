"""The encoder process: the same vectors over a socket, and nothing left of those who go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from model_store.artefact import Artefact
from model_store.errors import ModelStoreError, NotFound
from model_store.inputs import NewsInputs
from model_store.store import ModelStore
from service.encoding.admission import Limits
from service.encoding.engine import Engine
from service.encoding.process import serving
from service.encoding.remote import RemoteEncoders
from service.errors import EncodingFailed, Overloaded, Unavailable
from service.ports import Vectors
from tests.unit.encoding.gated import POISON, Gate
from tests.unit.encoding.test_engine import BUSY, asked, busy, engine


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s") / "encoder"


@asynccontextmanager
async def process(path: Path, made: Engine, artefact: Artefact) -> AsyncIterator[None]:
    def find(model: str) -> Artefact:
        if model != artefact.manifest.reference:
            raise NotFound(f"there is no {model}")
        return artefact

    async with serving(path, made, find):
        yield


@asynccontextmanager
async def worker(path: Path, patience: float = 30.0) -> AsyncIterator[RemoteEncoders]:
    remote = RemoteEncoders(path, patience)
    try:
        yield remote
    finally:
        remote.close()


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not check():  # noqa: ASYNC110 - what the other end of a socket does
            await asyncio.sleep(0.001)


def test_vectors_are_the_same_bits_as_in_one_process(
    path: Path, artefact: Artefact, news: list[NewsInputs], vectors_of_news: Vectors
) -> None:
    async def scenario() -> None:
        async with (
            engine(Gate()) as made,
            process(path, made, artefact),
            worker(path) as one,
            worker(path) as other,
        ):
            encoders = [await each.load(artefact) for each in (one, other)]
            assert {e.dimension for e in encoders} == {vectors_of_news.shape[1]}
            calls = [e.encode(news[at : at + 5]) for at in range(0, 20, 5) for e in encoders]
            for at, vectors_ND in enumerate(await asyncio.gather(*calls)):
                first = 5 * (at // 2)
                assert np.array_equal(vectors_ND, vectors_of_news[first : first + 5])
            assert (await encoders[0].encode([])).shape == (0, encoders[0].dimension)

    asyncio.run(scenario())


def test_a_model_is_loaded_once_and_let_go_of_with_the_last_who_holds_it(
    path: Path, artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with engine(gate) as made, process(path, made, artefact):
            async with worker(path) as one, worker(path) as other:
                first, second = await asyncio.gather(one.load(artefact), other.load(artefact))
                assert len(made._loaded) == 1
                await one.unload(first)
                with pytest.raises(Unavailable):
                    await first.encode(news[:1])
                await second.encode(news[:1])
            await until(lambda: not made._loaded)

    asyncio.run(scenario())


def test_a_load_that_is_cancelled_or_whose_worker_goes_leaves_no_model_behind(
    path: Path, artefact: Artefact
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with (
            engine(gate) as made,
            process(path, made, artefact),
            worker(path) as one,
            worker(path) as other,
        ):
            gate.shut()
            cancelled, lost = await asked(one.load(artefact), other.load(artefact))  # type: ignore[arg-type]
            await asyncio.to_thread(gate.wait_for_a_batch)
            cancelled.cancel()
            other.close()
            with pytest.raises(Unavailable):
                await lost
            gate.open()
            encoder = await one.load(artefact)  # the socket works, and in order
            await one.unload(encoder)
            await until(lambda: not made._loaded)

    asyncio.run(scenario())


def test_a_model_that_is_not_there_is_said_to_be_not_there(path: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            engine(Gate()) as made,
            serving(path, made, ModelStore.at(tmp_path).load),
            worker(path) as one,
        ):
            with pytest.raises(ModelStoreError, match="nobody"):
                await one.ask(do="load", model="nobody@1")

    asyncio.run(scenario())


def test_what_is_cancelled_or_asked_by_one_who_is_gone_is_dropped(
    path: Path, artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with (
            engine(gate) as made,
            process(path, made, artefact),
            worker(path) as one,
            worker(path) as other,
        ):
            encoder, gone = await one.load(artefact), await other.load(artefact)
            first = await busy(gate, encoder)  # type: ignore[arg-type]
            cancelled, lost = await asked(encoder.encode(news[:3]), gone.encode(news[3:7]))
            await until(lambda: made.figures.waiting_texts == 8)
            cancelled.cancel()
            await until(lambda: made.figures.waiting_texts == 5)
            other.close()
            await until(lambda: made.figures.waiting_texts == 1)
            gate.open()
            await first
            assert (made.figures.texts, made.figures.dropped) == (1, 7)
            with pytest.raises(Unavailable):
                await lost

    asyncio.run(scenario())


def test_errors_arrive_as_they_were_raised(
    path: Path, artefact: Artefact, news: list[NewsInputs]
) -> None:
    async def scenario() -> None:
        gate = Gate()
        limits = Limits(most=2)
        async with (
            engine(gate, limits=limits) as made,
            process(path, made, artefact),
            worker(path) as one,
        ):
            encoder = await one.load(artefact)
            with pytest.raises(EncodingFailed) as failed:
                await encoder.encode([BUSY, NewsInputs(POISON)])
            assert failed.value.positions == (1,)
            with pytest.raises(EncodingFailed):
                await one.ask(do="serve")
            first = await busy(gate, encoder)  # type: ignore[arg-type]
            with pytest.raises(Overloaded) as refused:
                await encoder.encode(news[:9])
            assert refused.value.retry_after_seconds
            gate.open()
            await first
            with pytest.raises(ModelStoreError, match="there is no other@1"):
                await one.ask(do="load", model="other@1")
            await encoder.encode([BUSY])

    asyncio.run(scenario())


def test_a_successor_is_found_and_told_what_is_loaded(
    path: Path, artefact: Artefact, news: list[NewsInputs], vectors_of_news: Vectors
) -> None:
    async def scenario() -> None:
        gate = Gate()
        async with worker(path, patience=0.0) as one:
            with pytest.raises(Unavailable):
                await one.load(artefact)
            async with engine(gate) as made, process(path, made, artefact):
                encoder = await one.load(artefact)
                first = await busy(gate, encoder)  # type: ignore[arg-type]
                assert one._line is not None
                one._line._writer.transport.abort()
                with pytest.raises(Unavailable):
                    await first
                gate.open()
            async with engine(Gate()) as made, process(path, made, artefact):
                found = await encoder.encode(news[:4])
                assert np.array_equal(found, vectors_of_news[:4])

    asyncio.run(scenario())


def test_a_caller_that_gives_up_does_not_keep_the_successor_from_being_told(
    path: Path, artefact: Artefact, news: list[NewsInputs], vectors_of_news: Vectors
) -> None:
    async def scenario() -> None:
        async with worker(path) as one:
            async with engine(Gate()) as made, process(path, made, artefact):
                encoder = await one.load(artefact)
            await until(lambda: one._line is not None and one._line.ended)
            gate = Gate()
            async with engine(gate) as made, process(path, made, artefact):
                gate.shut()
                impatient, patient = await asked(
                    encoder.encode(news[:1]), encoder.encode(news[1:3])
                )
                await asyncio.to_thread(gate.wait_for_a_batch)  # of the warm-up
                impatient.cancel()
                await asyncio.wait([impatient])
                gate.open()
                assert np.array_equal(await patient, vectors_of_news[1:3])
                assert made.figures.texts == 2
                assert len(made._loaded) == 1

    asyncio.run(scenario())
