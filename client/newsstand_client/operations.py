"""For operators: health, and the life of models."""

from datetime import datetime

from newsstand_client.message import Answer


class Health(Answer):
    """The state of the process that answered."""

    status: str
    model: str
    articles: int
    process: int


class Model(Answer):
    """One version: ``active``, ``previous``, ``coming`` or ``available``."""

    model: str
    state: str
    aliases: tuple[str, ...]


class Switch(Answer):
    """A switch under way: ``encoding`` the stored articles, then ``filling`` the catalogues."""

    model: str
    state: str
    encoded_articles: int
    articles: int
    ready_processes: int
    processes: int


class FailedSwitch(Answer):
    """The last switch that came to nothing."""

    model: str
    reason: str
    at: datetime


class Models(Answer):
    """The models as they stand; ``previous`` is what a rollback leads to."""

    active: str
    previous: str | None
    switch: Switch | None
    failed: FailedSwitch | None
    leaving: tuple[str, ...]
    models: tuple[Model, ...]
