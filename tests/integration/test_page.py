"""The web page as a browser fetches it."""

import http.client
import signal
from pathlib import Path

import httpx
import pytest

from service.sample import sample
from tests.integration.asking import put
from tests.integration.keyring import Keys
from tests.integration.service_process import ServiceProcess

PROMISED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: https:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
FILES = sorted(
    file.name
    for file in (Path(__file__).parents[2] / "service" / "page").iterdir()
    if file.suffix in (".css", ".html", ".js", ".svg") and file.name != "index.html"
)


@pytest.mark.parametrize("path", ["/", "/page/personas.json", *(f"/page/{name}" for name in FILES)])
def test_a_file_comes_with_its_headers_and_only_if_it_changed(
    service: httpx.Client, path: str
) -> None:
    answer = service.get(path)
    assert answer.status_code == 200
    assert [answer.headers.get_list(name) for name in PROMISED] == [[v] for v in PROMISED.values()]
    again = service.get(path, headers={"if-none-match": f'"other", W/{answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == PROMISED["content-security-policy"]
    head = service.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


def test_every_file_says_what_it_is(service: httpx.Client) -> None:
    assert service.get("/").headers["content-type"] == "text/html; charset=utf-8"
    types = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
    types |= {".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}
    for name in FILES:
        found = service.get(f"/page/{name}").headers["content-type"]
        assert found == types[Path(name).suffix], name


@pytest.mark.parametrize(
    "path",
    [
        "/page",
        "/page/",
        "/page/index.html",
        "/page/nothing.js",
        "/page/..",
        "/page/../settings.py",
        "/page/..%2fsettings.py",
        "/page/%2e%2e/settings.py",
        "/page/..%5csettings.py",
        "/page//etc/passwd",
        "/page/%00",
    ],
)
def test_nothing_else_is_given_away(service: httpx.Client, path: str) -> None:
    connection = http.client.HTTPConnection(service.base_url.host, service.base_url.port or 80)
    try:
        connection.request("GET", path)  # as it is: httpx would make the path shorter
        answer = connection.getresponse()
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"
    finally:
        connection.close()


def test_personas_are_the_samples_readers(service: httpx.Client) -> None:
    personas = service.get("/page/personas.json").json()
    known = {article["article_id"] for article in sample("articles")}
    assert [one["name"] for one in personas] == [reader["name"] for reader in sample("readers")]
    for one, reader in zip(personas, sample("readers"), strict=True):
        assert one.keys() == {"name", "about", "languages", "clicks"}
        assert set(one["clicks"]) <= known
        oldest_first = sorted(reader["clicks"], key=lambda click: -click["minutes_ago"])
        assert one["clicks"] == [click["article_id"] for click in oldest_first]


def test_metrics_name_no_file(service: httpx.Client) -> None:
    service.get("/page/personas.json")
    assert 'route="/page/{file}"' in (told := service.get("/metrics").text)
    assert "personas.json" not in told


def test_the_overview_counts_what_is_there(service: httpx.Client) -> None:
    before = service.get("/v1/overview").json()
    put(service, "overview-a", "Rowing", language="sv", category="page-category")
    put(service, "overview-b", "Rowing on", language="sv", category="page-category")
    service.delete("/v1/articles/overview-b").raise_for_status()
    after = service.get("/v1/overview").json()
    assert after["articles"] == before["articles"] + 1
    assert {"category": "page-category", "articles": 1} in after["categories"]
    assert after["scenarios"][0] == "default"
    assert "model" in after["scenarios"]


def test_the_map_holds_what_it_is_asked_to_include(service: httpx.Client) -> None:
    for number in range(3):
        put(service, f"map-{number}", f"Story {number}", category="local")
    wanted = {"limit": 2, "include": "map-0,map-1,map-2,never-sent"}
    shown = service.get("/v1/map", params=wanted).json()
    assert {one["article_id"] for one in shown["articles"]} == {"map-0", "map-1", "map-2"}
    again = service.get("/v1/map", params=wanted).json()
    assert again == shown
    refused = service.get("/v1/map", params={"include": "a b"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/include")


def test_the_page_is_open_and_its_data_is_not(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys.json")
    arguments = ["--data-dir", str(tmp_path / "data"), "--api-keys-file", str(keys.path)]
    with ServiceProcess(*arguments) as process:
        client = process.client
        for path, status in (
            ("/", 200),
            ("/page/personas.json", 200),
            ("/page/nothing", 404),
            ("/page", 401),
            ("/v1/overview", 401),
            ("/v1/map", 401),
        ):
            assert client.get(path).status_code == status, path
        process.stop(signal.SIGTERM)


def test_a_page_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    arguments = ["--data-dir", str(tmp_path / "data")]
    with ServiceProcess(*arguments, env={"NEWSSTAND_PAGE": "off"}) as process:
        for path in ("/", "/page/personas.json"):
            assert process.client.get(path).status_code == 404
        assert process.client.get("/v1/overview").status_code == 200
