"""Readers under user encoders: together where they come together, and each as if alone."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from model_store.artefact import Artefact
from model_store.errors import Damaged
from model_store.late_fusion import FUSIONS
from model_store.user_encoder import CLICKS_AT_ONCE, Float16, Float32, UserEncoder
from model_store.user_models import Attention, Interest, LateFusion, UserModel
from service.encoding.interests import AtOnce, Together, interests
from service.encoding.readers import Readers
from service.errors import EncodingFailed, Unavailable
from tests.attention_artefacts import ARCHITECTURES, Workshop

DEADLINE_SECONDS = 60.0
NAMES = ["reader-3", None, "a newcomer", "reader-5", "reader-7"]


@dataclass
class Gate:
    """Open at first. Keeps what passed: each batch's shape, and the thread that it ran in."""

    batches: list[tuple[int, int]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    _reached: threading.Event = field(default_factory=threading.Event)
    _open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._open.set()

    def shut(self) -> None:
        self._reached.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def wait_for_a_batch(self) -> None:
        assert self._reached.wait(DEADLINE_SECONDS)

    def users(self, artefact: Artefact) -> Attention:
        """The artefact's user model, behind this gate; its trial when it is loaded is forgotten."""
        gate = self

        class Gated(UserEncoder):
            def encode_all(
                self, histories_BHD: Float16, user_ids: Sequence[str | None]
            ) -> tuple[Float32, Float32 | None]:
                gate._reached.set()
                assert gate._open.wait(DEADLINE_SECONDS)
                gate.batches.append(histories_BHD.shape[:2])
                gate.threads.add(threading.get_ident())
                return super().encode_all(histories_BHD, user_ids)

        users = Attention(Gated(artefact))
        gate.batches.clear()
        gate.threads.clear()
        return users


@pytest.fixture
def gate() -> Gate:
    return Gate()


@asynccontextmanager
async def readers(gate: Gate) -> AsyncIterator[Readers]:
    made = Readers()
    try:
        yield made
    finally:
        gate.open()
        made.close()


async def asked(
    interest: Together, histories: Sequence[Float16], names: Sequence[str | None] = NAMES
) -> "list[asyncio.Task[Interest]]":
    """Requests, each begun."""
    tasks = [
        asyncio.create_task(interest(history_HD, names[i % len(names)], explained=False))
        for i, history_HD in enumerate(histories)
    ]
    await asyncio.sleep(0)
    return tasks


async def busy(gate: Gate, interest: Together, history_HD: Float16) -> "asyncio.Task[Interest]":
    """A request whose history stands at the shut gate."""
    gate.shut()
    (task,) = await asked(interest, [history_HD])
    await asyncio.to_thread(gate.wait_for_a_batch)
    return task


def together(users: UserModel, made: Readers) -> Together:
    found = interests(users, made)
    assert isinstance(found, Together)
    return found


def histories_of(artefact: Artefact, *lengths: int, seed: int = 0) -> list[Float16]:
    rng, dimension = np.random.default_rng(seed), artefact.manifest.dimension
    return [rng.standard_normal((length, dimension)).astype(np.float16) for length in lengths]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("length", [1, 2, 7, 49, 50])
def test_a_readers_vector_and_terms_have_the_same_bits_in_any_company(
    workshop: Workshop, architecture: str, length: int
) -> None:
    encoder = UserEncoder(workshop.make(architecture).artefact)
    histories = histories_of(workshop.make(architecture).artefact, *[length] * 32)
    names = [NAMES[i % len(NAMES)] for i in range(32)]
    alone = [encoder.encode(*each) for each in zip(histories, names, strict=True)]
    for size in (1, 2, 3, 5, 8, 32):
        users_BD, terms_BHD = encoder.encode_all(np.stack(histories[:size]), names[:size])
        for row in range(size):
            user_D, terms_HD = alone[row]
            assert np.array_equal(users_BD[row], user_D)
            assert (terms_BHD is None) == (terms_HD is None)
            if terms_BHD is not None and terms_HD is not None:
                assert np.array_equal(terms_BHD[row], terms_HD)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_whoever_comes_together_gets_what_each_would_get_alone(
    workshop: Workshop, architecture: str, gate: Gate
) -> None:
    artefact = workshop.make(architecture).artefact
    users, alone = gate.users(artefact), Attention(UserEncoder(artefact))
    histories = histories_of(artefact, *[1, 50, 3, 50, 3, 1, 50, 2] * 5)

    async def scenario() -> None:
        async with readers(gate) as made:
            found = await asyncio.gather(*await asked(together(users, made), histories))
        for place, (interest, history_HD) in enumerate(zip(found, histories, strict=True)):
            expected = alone.interest(history_HD, NAMES[place % len(NAMES)])
            assert np.array_equal(interest.queries_QD, expected.queries_QD)
            assert np.array_equal(interest.explain(history_HD[0]), expected.explain(history_HD[0]))

    asyncio.run(scenario())


def test_what_comes_while_a_batch_runs_is_the_next_batch(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("lstur").artefact
    users = gate.users(artefact)
    first, *others = histories_of(artefact, 4, 7, 2, 7, 7, 2)

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            running = await busy(gate, interest, first)
            tasks = await asked(interest, others)
            gate.open()
            await asyncio.gather(running, *tasks)
        assert gate.batches == [(1, 4), (3, 7), (2, 2)]

    asyncio.run(scenario())


def test_a_batch_holds_no_more_clicks_than_are_best_encoded_at_once(
    workshop: Workshop, gate: Gate
) -> None:
    artefact = workshop.make("nrms").artefact
    users = gate.users(artefact)
    first, *others = histories_of(artefact, 1, *[50] * 12, *[300] * 2)

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            running = await busy(gate, interest, first)
            tasks = await asked(interest, others)
            gate.open()
            await asyncio.gather(running, *tasks)
        assert gate.batches == [(1, 1), (5, 50), (5, 50), (2, 50), (1, 300), (1, 300)]
        assert all(size * length <= CLICKS_AT_ONCE or size == 1 for size, length in gate.batches)

    asyncio.run(scenario())


def test_two_models_do_not_share_a_batch(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("nrms").artefact
    one, other = gate.users(artefact), gate.users(artefact)
    first, *others = histories_of(artefact, 5, 5, 5)

    async def scenario() -> None:
        async with readers(gate) as made:
            running = await busy(gate, together(one, made), first)
            tasks = [
                *await asked(together(one, made), others),
                *await asked(together(other, made), others),
            ]
            gate.open()
            await asyncio.gather(running, *tasks)
        assert gate.batches == [(1, 5), (2, 5), (2, 5)]

    asyncio.run(scenario())


def test_who_gives_up_costs_nothing_and_nobody(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("lstur").artefact
    users, alone = gate.users(artefact), Attention(UserEncoder(artefact))
    first, *others = histories_of(artefact, 4, 6, 6, 6)

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            running = await busy(gate, interest, first)
            tasks = await asked(interest, others)
            tasks[0].cancel()
            running.cancel()  # its batch is at work already
            await asyncio.sleep(0)
            gate.open()
            left = await asyncio.gather(*tasks[1:])
            assert running.cancelled()
            assert tasks[0].cancelled()
        assert gate.batches == [(1, 4), (2, 6)]
        for found, history_HD, name in zip(left, others[1:], NAMES[1:], strict=False):
            expected = alone.interest(history_HD, name)
            assert np.array_equal(found.queries_QD, expected.queries_QD)

    asyncio.run(scenario())


def test_where_all_give_up_nothing_runs(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("nrms").artefact
    users = gate.users(artefact)
    first, second, last = histories_of(artefact, 4, 6, 2)

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            running = await busy(gate, interest, first)
            (task,) = await asked(interest, [second])
            task.cancel()
            await asyncio.sleep(0)
            gate.open()
            await running
            await interest(last, None, explained=False)
        assert gate.batches == [(1, 4), (1, 2)]

    asyncio.run(scenario())


def test_a_history_that_cannot_be_encoded_fails_alone(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("naml").artefact
    users = gate.users(artefact)
    first, good, bad, fine = histories_of(artefact, 4, 6, 6, 6)
    bad[2] = np.nan

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            running = await busy(gate, interest, first)
            tasks = await asked(interest, [good, bad, fine])
            gate.open()
            found = await asyncio.gather(running, *tasks, return_exceptions=True)
            assert [type(each) for each in found] == [Interest, Interest, EncodingFailed, Interest]
            assert "Damaged" in str(found[2])
            assert isinstance(await interest(good, None, explained=False), Interest)

    asyncio.run(scenario())


def test_an_encoder_that_fails_fails_its_readers_and_nobody_else(
    workshop: Workshop, gate: Gate
) -> None:
    artefact = workshop.make("nrms").artefact
    users = gate.users(artefact)
    (history_HD,) = histories_of(artefact, 3)

    class Broken(UserEncoder):
        def encode_all(
            self, histories_BHD: Float16, user_ids: Sequence[str | None]
        ) -> tuple[Float32, Float32 | None]:
            return super().encode_all(histories_BHD[..., :1], user_ids)  # too few dimensions

        def _try(self, dimension: int) -> None:
            """Found out too late."""

    async def scenario() -> None:
        async with readers(gate) as made:
            broken = together(Attention(Broken(artefact)), made)
            for _ in range(2):
                with pytest.raises(EncodingFailed):
                    await broken(history_HD, None, explained=False)
            assert await together(users, made)(history_HD, None, explained=False)

    asyncio.run(scenario())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nothing_runs_on_the_event_loop_explanations_neither(
    workshop: Workshop, architecture: str, gate: Gate
) -> None:
    artefact = workshop.make(architecture).artefact
    users, alone = gate.users(artefact), Attention(UserEncoder(artefact))
    (candidate_D,) = histories_of(artefact, 1, seed=1)[0]
    histories = histories_of(artefact, 1, 9, 50)

    async def scenario() -> None:
        async with readers(gate) as made:
            for history_HD in histories:
                found = await interests(users, made)(history_HD, "reader-3", explained=True)
                ran = len(gate.batches)
                expected = alone.interest(history_HD, "reader-3").explain(candidate_D)
                assert np.array_equal(found.explain(candidate_D), expected)
                assert len(gate.batches) == ran
        assert gate.threads
        assert threading.get_ident() not in gate.threads

    asyncio.run(scenario())


def test_histories_go_before_the_pieces_of_an_explanation(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("lstur").artefact
    users = gate.users(artefact)
    explained_HD, first, second = histories_of(artefact, 50, 5, 5)

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            seen = await interest(explained_HD, None, explained=False)
            gate.shut()
            explaining = asyncio.create_task(made.prepare(seen))
            await asyncio.to_thread(gate.wait_for_a_batch)
            tasks = await asked(interest, [first, second])
            gate.open()
            await asyncio.gather(*tasks)
            await explaining
        assert gate.batches[:4] == [(1, 50), (5, 49), (2, 5), (5, 49)]
        assert sum(size for size, length in gate.batches if length == 49) == 50

    asyncio.run(scenario())


def test_who_gives_up_an_explanation_stops_it(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("lstur").artefact
    users = gate.users(artefact)
    explained_HD, last = histories_of(artefact, 50, 5)

    async def scenario() -> None:
        async with readers(gate) as made:
            interest = together(users, made)
            seen = await interest(explained_HD, None, explained=False)
            gate.shut()
            explaining = asyncio.create_task(made.prepare(seen))
            await asyncio.to_thread(gate.wait_for_a_batch)
            explaining.cancel()
            await asyncio.sleep(0)
            gate.open()
            await interest(last, None, explained=False)
        assert gate.batches == [(1, 50), (5, 49), (1, 5)]

    asyncio.run(scenario())


def test_an_explanation_that_fails_says_so() -> None:
    def steps() -> Iterator[None]:
        yield
        raise Damaged("the file is gone")

    def explain(candidate_D: Float16 | NDArray[np.float64]) -> NDArray[np.float64]:
        return np.zeros(1)

    async def scenario() -> None:
        async with readers(Gate()) as made:
            with pytest.raises(EncodingFailed) as failure:
                await made.prepare(Interest(np.ones((1, 4), np.float16), explain, steps))
            assert isinstance(failure.value.__cause__, Damaged)

    asyncio.run(scenario())


def test_late_fusion_needs_no_thread(gate: Gate) -> None:
    history_HD = np.ones((3, 4), np.float16)

    async def scenario() -> None:
        before = threading.active_count()
        async with readers(gate) as made:
            for fusion in FUSIONS.values():
                interest = interests(LateFusion(fusion), made)
                assert isinstance(interest, AtOnce)
                coroutine = interest(history_HD, None, explained=True)
                with pytest.raises(StopIteration) as answered:  # without a single pause
                    coroutine.send(None)
                expected = LateFusion(fusion).interest(history_HD, None)
                assert np.array_equal(answered.value.value.queries_QD, expected.queries_QD)
            assert threading.active_count() == before

    asyncio.run(scenario())


def test_a_model_that_is_no_longer_served_leaves_the_memory(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("lstur").artefact
    (history_HD,) = histories_of(artefact, 5)

    async def scenario() -> None:
        async with readers(gate) as made:
            users = gate.users(artefact)
            await interests(users, made)(history_HD, None, explained=True)
            encoder = weakref.ref(users.encoder)
            del users
            await together(gate.users(artefact), made)(history_HD, None, explained=False)
            gc.collect()
            assert encoder() is None

    asyncio.run(scenario())


def test_once_it_is_closed_it_refuses(workshop: Workshop, gate: Gate) -> None:
    artefact = workshop.make("nrms").artefact
    users = gate.users(artefact)
    first, waiting, late = histories_of(artefact, 4, 6, 6)

    async def scenario() -> None:
        made = Readers()
        interest = together(users, made)
        running = await busy(gate, interest, first)
        (task,) = await asked(interest, [waiting])
        closing = asyncio.create_task(asyncio.to_thread(made.close))
        with pytest.raises(Unavailable):
            await task
        gate.open()
        await closing
        assert isinstance(await running, Interest)
        with pytest.raises(Unavailable):
            await interest(late, None, explained=False)
        assert gate.batches == [(1, 4)]

    asyncio.run(scenario())
