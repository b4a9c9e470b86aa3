"""The fault bench: a few of its faults once, and that it sees what is lost."""

import asyncio
import random
from dataclasses import replace

import pytest

from bench.faults import audit
from bench.faults.__main__ import FAULTS, found_artefact, struck
from bench.faults.fault import Fault, Stage
from bench.faults.of_store import ONE
from bench.faults.run import Run
from bench.faults.stages import on_redis
from bench.faults.table import line, table
from bench.faults.traffic import STOCK, stock_id
from model_store.store import DEFAULT_ARTEFACT, SHIPPED
from service.adapters.redis import keys
from service.domain.fields import ArticleId, UserId


def run_once(fault: Fault) -> Run:
    """One run that came to its end."""
    artefact = found_artefact(SHIPPED, DEFAULT_ARTEFACT)
    runs, failure = asyncio.run(struck(fault, artefact, 1, seed=1))
    assert failure is None
    return runs[0]


@pytest.mark.parametrize(
    "name",
    [
        "embedded Valkey killed",
        pytest.param("service and Valkey killed at once", marks=pytest.mark.slow),
        pytest.param("Redis full", marks=pytest.mark.slow),
        pytest.param("primary killed, replica promoted, `replicated`", marks=pytest.mark.slow),
    ],
)
def test_a_fault_costs_nothing_that_was_promised(name: str) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == name)
    one = run_once(fault)
    assert one.broken == ()
    said = line(fault, [one])
    assert said.acknowledged_before > 0 < said.acknowledged_after
    assert said.reads > 0
    assert f"| {name} |" in table([said])


def test_what_is_lost_behind_the_back_of_the_service_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def robbed(stage: Stage, rng: random.Random) -> None:
        reader = next(reader for reader, clicks in stage.ledger.clicks.items() if clicks)
        gone = [keys.article(ArticleId(stock_id(STOCK - 1))), keys.history(UserId(reader))]
        assert stage.servers[0].ask("DEL", *gone) == len(gone)

    monkeypatch.setattr(audit, "AGREE_SECONDS", 1.0)
    one = run_once(Fault("robbed", ONE, on_redis(), robbed))
    assert one.found.articles_lost == 1
    assert one.found.clicks_lost > 0
    assert one.found.counters_off == one.found.clicks_lost
    assert one.found.processes_off == 1
    assert len(one.broken) >= 4
    assert not replace(one.found, processes_off=0).broken(frozenset())


def test_there_are_faults_enough_and_each_has_a_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 12
