"""Scenarios and experiments from a TOML file: read as a whole, or refused as a whole.

A scenario that says ``extends = "other"`` has the other one's settings where it gives none.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from service.domain.experiment import BUILT_IN, PolicyBook
from service.errors import SetupError

EXTENDS: Final = "extends"
CAN_BE_OFF: Final = ("explore", "duplicates", "impressions")


def read_policies(path: Path) -> PolicyBook:
    """What the file says. Raises SetupError, which says what is wrong and where."""
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"the policies in {path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{path} is not TOML: {error}") from error
    try:
        scenarios = said.get("scenarios", {})
        if isinstance(scenarios, Mapping):
            said["scenarios"] = {name: _extended(scenarios, name) for name in scenarios}
        return PolicyBook.model_validate(said)
    except ValidationError as error:
        problems = "; ".join(_said(problem) for problem in error.errors(include_url=False))
        raise SetupError(f"{path}: {problems}") from error
    except RecursionError as error:
        raise SetupError(f"{path}: scenarios extend each other in a circle") from error
    except KeyError as error:
        raise SetupError(f"{path}: a scenario extends {error}, which is not there") from error


def _extended(scenarios: Mapping[str, Any], name: str) -> Any:
    if name not in scenarios and name in BUILT_IN:
        return BUILT_IN[name].model_dump()
    scenario = scenarios[name]
    if not isinstance(scenario, Mapping):
        return scenario
    own = {key: _none_if_off(key, value) for key, value in scenario.items() if key != EXTENDS}
    base = scenario.get(EXTENDS)
    if base is None:
        return own
    extended = _extended(scenarios, base) if isinstance(base, str) else None
    if not isinstance(extended, Mapping):
        raise KeyError(base)
    return _merged(extended, own)


def _none_if_off(key: str, value: Any) -> Any:
    """TOML has no null: ``explore = false`` says that there is none."""
    return None if key in CAN_BE_OFF and value is False else value


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _said(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
