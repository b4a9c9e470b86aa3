"""Models: which there are, which is active, and the switch from one to another."""

import asyncio
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from model_store.errors import ModelStoreError
from model_store.store import ModelStore
from service.api.access import ADMIN
from service.api.openapi import declared
from service.api.parts import RunningPart
from service.api.strict_json import BodilessRoute, StrictRoute
from service.domain.fields import Incoming, Message, Time
from service.errors import Conflict, FieldError, Invalid, StateLost, Unavailable
from service.models.roster import Failure, Roster
from service.models.running import Running

router = APIRouter(route_class=BodilessRoute, tags=["models"])
wishes = APIRouter(route_class=StrictRoute, tags=["models"])
REFUSED = declared(Conflict, Unavailable, StateLost)
Role = Literal["active", "previous", "coming", "available"]


class WantedModel(Incoming):
    """The model to serve."""

    model: str = Field(
        description="NAME@VERSION, NAME@ALIAS or NAME", max_length=256, pattern=r"^[!-~]+$"
    )


class ModelAnswer(Message):
    """One version in this process's model store."""

    model: str
    state: Role
    aliases: list[str]


class SwitchAnswer(Message):
    """A switch under way: first every stored article is encoded, then every process fills its
    catalogue, then all of them switch.
    """

    model: str
    state: Literal["encoding", "filling"]
    encoded_articles: int
    articles: int
    ready_processes: int
    processes: int


class FailedSwitch(Message):
    """The last switch that came to nothing."""

    model: str
    reason: str
    at: Time


class ModelsAnswer(Message):
    """The models as they stand."""

    active: str
    previous: str | None = Field(description="What a rollback leads to, at once")
    switch: SwitchAnswer | None
    failed: FailedSwitch | None
    leaving: list[str] = Field(description="Whose memory this process is giving back")
    models: list[ModelAnswer]


@router.get("/v1/models", response_model=ModelsAnswer, openapi_extra=ADMIN)
async def get_models(running: RunningPart) -> ModelsAnswer:
    """Every version, its state, and how far a switch is."""
    return await _answer(running)


@wishes.put(
    "/v1/models/active",
    response_model=ModelsAnswer,
    status_code=202,
    responses=REFUSED,
    openapi_extra=ADMIN,
)
async def put_active(wanted: WantedModel, running: RunningPart) -> ModelsAnswer:
    """Switch to a model: at once if it is the previous one, else as soon as every process can. To
    ask for the active one drops what is on its way.
    """
    try:
        artefact = await asyncio.to_thread(running.models.load, wanted.model)
    except ModelStoreError as error:
        raise Invalid(str(error), (FieldError("body", "/model", str(error)),)) from error
    if await running.switching.ask(artefact.manifest.reference) == "busy":
        raise Conflict("another model is on its way: wait, or ask for the active one to drop it")
    return await _answer(running)


@router.post(
    "/v1/models/rollback",
    response_model=ModelsAnswer,
    status_code=202,
    responses=REFUSED,
    openapi_extra=ADMIN,
)
async def post_rollback(running: RunningPart) -> ModelsAnswer:
    """Go back to the previous model, at once; a model on its way is dropped."""
    if not await running.switching.roll_back():
        raise Conflict("there is no previous model")
    return await _answer(running)


async def _answer(running: Running) -> ModelsAnswer:
    roster, active = running.switching.roster, running.newsstand.model.reference
    return ModelsAnswer(
        active=active,
        previous=roster.previous,
        switch=_switch(running),
        failed=None if roster.failure is None else _failed(roster.failure),
        leaving=sorted(running.switching.leaving),
        models=await asyncio.to_thread(_listed, running.models, roster, active),
    )


def _switch(running: Running) -> SwitchAnswer | None:
    coming, standing = running.switching.roster.coming, running.switching.standing
    if coming is None:
        return None
    return SwitchAnswer(
        model=coming.model,
        state="filling" if coming.encoded else "encoding",
        encoded_articles=coming.done,
        articles=coming.total,
        ready_processes=0 if standing is None else standing.ready,
        processes=0 if standing is None else standing.processes,
    )


def _failed(failure: Failure) -> FailedSwitch:
    return FailedSwitch(
        model=failure.model,
        reason=failure.reason,
        at=datetime.fromtimestamp(failure.at, UTC),
    )


def _listed(models: ModelStore, roster: Roster, active: str) -> list[ModelAnswer]:
    coming = None if roster.coming is None else roster.coming.model
    roles: dict[str | None, Role] = {coming: "coming", roster.previous: "previous"}
    roles[active] = "active"
    return [
        ModelAnswer(
            model=f"{name}@{version}",
            state=roles.get(f"{name}@{version}", "available"),
            aliases=sorted(
                a for a, held in models.aliases(name).items() if held.version == version
            ),
        )
        for name in models.names()
        for version in models.versions(name)
    ]
