"""Bringing commands to the servers that they belong to, and on where these point elsewhere.

A refusal that says the command was not executed (the script is not there, the slot has moved, is
moving, is in two places) is followed, until the terms' time is over. Nothing else is sent again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    NoScriptError,
    ResponseError,
    TryAgainError,
)

from service.adapters.redis.answers import read
from service.adapters.redis.layout import Layout
from service.adapters.redis.node import Node
from service.adapters.redis.refusals import unavailable
from service.adapters.redis.scripts import Command, loads
from service.adapters.redis.terms import Terms
from service.errors import Unavailable

PAUSE_SECONDS: Final = 0.02
TURNS: Final = 4
"""How often a refusal is followed at least, also where the time is over."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One command on its way."""

    at: int
    command: Command
    node: Node
    before: tuple[Command, ...] = ()
    """What the same connection has to hear first."""


async def delivered(layout: Layout, commands: Sequence[Command], terms: Terms) -> list[Any]:
    """The answers in order. Raises Unavailable if any command was refused or not answered; all
    others are done nevertheless.
    """
    loop = asyncio.get_running_loop()
    over, turn = loop.time() + terms.seconds, 0
    answers: list[Any] = [None] * len(commands)
    errands = [Errand(at, command, layout.node_for(command)) for at, command in enumerate(commands)]
    while errands:
        turn += 1
        further: list[Errand] = []
        for errand, answer in await _sent(layout, errands, terms):
            again = _followed(layout, errand, answer, terms)
            if again is not None and (turn < TURNS or loop.time() < over):
                further.append(again)
            else:
                answers[errand.at] = answer
        errands = further
        if errands and turn > 1:
            await asyncio.sleep(PAUSE_SECONDS)
    for answer in answers:
        if isinstance(answer, ResponseError):
            if isinstance(answer, ClusterDownError):
                layout.doubt()
            raise unavailable(answer) from answer
    return [read(command, answer) for command, answer in zip(commands, answers, strict=True)]


async def _sent(
    layout: Layout, errands: Sequence[Errand], terms: Terms
) -> list[tuple[Errand, Any]]:
    by_node: dict[Node, list[Errand]] = {}
    for errand in errands:
        by_node.setdefault(errand.node, []).append(errand)
    if len(by_node) == 1:
        return await _sent_to(layout, errands[0].node, errands, terms)
    groups = await asyncio.gather(
        *(_sent_to(layout, node, group, terms) for node, group in by_node.items()),
        return_exceptions=True,
    )
    answered: list[tuple[Errand, Any]] = []
    for group in groups:
        if isinstance(group, BaseException):
            raise group
        answered += group
    return answered


async def _sent_to(
    layout: Layout, node: Node, errands: Sequence[Errand], terms: Terms
) -> list[tuple[Errand, Any]]:
    commands = [part for errand in errands for part in (*errand.before, errand.command)]
    try:
        answers = iter(await node.exchange(commands, terms))
    except Unavailable:
        layout.doubt()
        raise
    return [(errand, [next(answers) for _ in (*errand.before, 0)][-1]) for errand in errands]


def _followed(layout: Layout, errand: Errand, answer: Any, terms: Terms) -> Errand | None:
    if not isinstance(answer, ResponseError):
        return None
    if isinstance(answer, NoScriptError):
        return replace(errand, before=(*errand.before, *loads([errand.command])))
    if isinstance(answer, AskError):  # and MovedError, which is one
        asking: tuple[Command, ...] = () if isinstance(answer, MovedError) else (("ASKING",),)
        return replace(errand, node=layout.node_named(answer), before=asking)
    if isinstance(answer, TryAgainError) and not terms.prompt:
        return replace(errand, node=layout.node_for(errand.command), before=())
    return None
