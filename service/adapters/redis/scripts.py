"""The scripts: each an atomic step on keys of one slot. A server is given one when it lacks it."""

import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Final, Literal, get_args

Script = Literal[
    "put_article",
    "keep_vector",
    "withdraw_article",
    "withdraw_again",
    "log_reach",
    "record_events",
    "remember_vector",
    "remember_served",
    "erase_reader",
    "count_events",
    "export_article",
    "export_reader",
    "import_article",
    "import_counter",
    "import_reader",
    "switch_model",
    "roll_back_model",
    "report_models",
    "model_progress",
]
Argument = str | bytes | int
Command = Sequence[Argument]
Call = tuple[Script, Sequence[str], Sequence[Argument]]
"""A script, its keys, its arguments."""


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.lua").read_text("utf-8")


SOURCES: Final[dict[str, str]] = {name: _read(name) for name in get_args(Script)}
DIGESTS: Final[dict[str, str]] = {
    name: hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
    for name, source in SOURCES.items()
}
_NAMES: Final = {digest: name for name, digest in DIGESTS.items()}


def called(call: Call) -> Command:
    """The command that runs the script where the server has it."""
    script, keys, arguments = call
    return ("EVALSHA", DIGESTS[script], len(keys), *keys, *arguments)


def loads(commands: Iterable[Command]) -> list[Command]:
    """The commands that give a server the scripts which these commands run."""
    names = {_NAMES[str(command[1])] for command in commands if command[0] == "EVALSHA"}
    return [("SCRIPT", "LOAD", SOURCES[name]) for name in sorted(names)]
