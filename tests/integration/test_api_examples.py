"""``docs/api.md`` tells the truth: its examples are run in order, and their answers compared.

An answer is compared by status and shape: the fields of each object, and the kind of each value.
Lists are as one of all their items; null goes with everything, and so does an empty list.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.errors import ClientGone, NewsstandError
from tests.integration.service_process import ServiceProcess

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(
    r"^```sh\n(curl .*?)^```\n```http\nHTTP/1.1 (\d+)[^\n]*\n(.*?)^```$", re.M | re.S
)
POLICIES = """
[scenarios.default]
explore = false
[scenarios.breaking]
freshness = { weight = 0.4, half_life_hours = 3 }
[experiments.fresher.variants]
control = { share = 0.5, scenario = "default" }
treatment = { share = 0.5, scenario = "breaking" }
"""
Shape = dict[str, Any] | str | None


@dataclass(frozen=True)
class Asked:
    """What a curl command asks."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An empty service with the page's experiment."""
    folder = tmp_path_factory.mktemp("newsroom")
    file = folder / "policies.toml"
    file.write_text(POLICIES, encoding="utf-8")
    own = ["--data-dir", str(folder / "data"), "--policies-file", str(file)]
    with ServiceProcess(*own) as running:
        yield running.client


def read(command: str) -> Asked:
    """A curl command with no options but ``-X``, ``-H``, ``-d`` and ``--data-binary``."""
    words = iter(shlex.split(command)[1:])
    url, method, headers, body = "", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            body = next(words)
        else:
            assert word.startswith("localhost:8000/"), word
            url = word.removeprefix("localhost:8000")
    return Asked(url, method or ("GET" if body is None else "POST"), headers, body)


def shape(value: Any) -> Shape:
    """What kind of value it is."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return {"[]": merged([shape(each) for each in value])}
    if value is None or isinstance(value, str):
        return value and "text"
    return "truth" if isinstance(value, bool) else "number"


def merged(shapes: Sequence[Shape]) -> Shape:
    """One shape that all of them have, as far as they have the same fields."""
    found: Shape = None
    for one in shapes:
        if isinstance(one, dict) and isinstance(found, dict):
            names = {*one, *found}
            found = {name: merged([found.get(name), one.get(name)]) for name in names}
        else:
            found = one if found is None else found
    return found


def same(one: Shape, other: Shape) -> bool:
    """Whether the shapes are the same."""
    if one is None or other is None:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return one == other


def test_every_example_answers_as_the_page_says(newsroom: httpx.Client) -> None:
    page = PAGE.read_text(encoding="utf-8")
    examples = EXAMPLE.findall(page)
    assert len(examples) == page.count("```sh\n") >= 20
    for command, status, body in examples:
        asked = read(command)
        answer = newsroom.request(
            asked.method, asked.url, headers=asked.headers, content=asked.body
        )
        assert answer.status_code == int(status), f"{command}\n{answer.text}"
        told, answered = (
            shape(json.loads(text)) if text.strip() else None for text in (body, answer.text)
        )
        assert same(told, answered), f"{command}\n{answer.text}"
        assert (told is None) == (not answer.text), command


def test_the_page_has_an_example_of_every_call(newsroom: httpx.Client) -> None:
    page = PAGE.read_text(encoding="utf-8")
    document = newsroom.get("/openapi.json").json()
    examples = [read(command) for command, _, _ in EXAMPLE.findall(page)]
    for path, operations in document["paths"].items():
        if path in ("/health/live", "/metrics", "/"):
            assert f"`{path}`" in page
            continue
        pattern = re.compile(re.sub(r"\{[^}]*\}", "[^/?]+", path) + r"(\?.*)?")
        for method in operations:
            found = [a for a in examples if a.method.lower() == method and pattern.fullmatch(a.url)]
            assert found, f"{method} {path}"


def test_the_page_tells_every_error() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for error in kinds_of(NewsstandError):
        if error is not ClientGone:  # nobody reads that one
            assert f"| {error.status} | `{error.kind}` |" in page


def kinds_of(error: type[NewsstandError]) -> Iterator[type[NewsstandError]]:
    """All errors below, that have a status."""
    for below in error.__subclasses__():
        yield below
        yield from kinds_of(below)
