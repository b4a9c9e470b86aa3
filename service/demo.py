"""``newsstand demo``: a running service with sample news, and one reader's recommendations."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from service.errors import SetupError
from service.sample import Record, sample
from service.server import serve
from service.settings import Settings

ARTICLES_A_BATCH: Final = 50
SHOWN_ITEMS: Final = 8
SHOWN_CLICKS: Final = 2
DIVERSITY: Final = 0.2
TITLE_CHARACTERS: Final = 36
READER: Final = "reader-hazel"
READY_SECONDS: Final = 180.0
POLL_SECONDS: Final = 0.5


def demo(settings: Settings, api_key: str | None, console: Console) -> None:
    """Serve until Ctrl-C; meanwhile load the sample news and show what a reader gets.

    Raises what ``serve`` raises, and SetupError if a key is needed and none given.
    """
    if settings.api_keys_file is not None and api_key is None:
        raise SetupError("the demo needs a key that may read and write: set NEWSSTAND_API_KEY")

    def on_ready(url: str) -> None:
        threading.Thread(target=_present, args=(url, api_key, console), daemon=True).start()

    serve(settings, on_ready)


def demo_on(url: str, api_key: str | None, console: Console) -> None:
    """Load the sample news into the service at ``url`` and show what a reader gets.

    Raises SetupError if the service is not ready within ``READY_SECONDS``, or refuses.
    """
    with _client(url, api_key) as client:
        try:
            _await_ready(client)
            _load(client, console)
            _show(client, console, READER)
        except httpx.HTTPError as error:
            raise SetupError(f"the sample could not be shown: {error}") from error


def _await_ready(client: httpx.Client) -> None:
    """Raises the last HTTPError if it is not ready in time."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            client.get("/health/ready").raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def _client(url: str, api_key: str | None) -> httpx.Client:
    authorization = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    return httpx.Client(base_url=url, timeout=60, headers=authorization)


def _present(url: str, api_key: str | None, console: Console) -> None:
    with _client(url, api_key) as client:
        try:
            _load(client, console)
            _show(client, console, READER)
        except httpx.HTTPError as error:
            console.print(f"[red]The sample could not be shown:[/] {error}")
        console.print(
            f"\nServing on [bold]{url}[/] (API documentation: {url}/docs). Ctrl-C ends it."
        )


def _load(client: httpx.Client, console: Console) -> None:
    articles = sample("articles")
    if client.get(f"/v1/articles/{articles[-1]['article_id']}").is_success:
        console.print("The sample news is there already, and so are yesterday's clicks.")
        return
    now = datetime.now(UTC)
    batches = list(_batches([_published(article, now) for article in articles]))
    for batch in track(batches, "Encoding the sample news", console=console, transient=True):
        client.post("/v1/articles", json=batch).raise_for_status()
    readers = sample("readers")
    events = [event for reader in readers for event in _clicks(reader, now)]
    client.post("/v1/events", json=events).raise_for_status()
    console.print(f"{len(articles)} articles (fiction), {len(readers)} readers.")


def _show(client: httpx.Client, console: Console, user_id: str) -> None:
    title_of = {a["article_id"]: a for a in sample("articles")}
    (reader,) = (r for r in sample("readers") if r["user_id"] == user_id)
    request = {"user_id": user_id, "limit": SHOWN_ITEMS, "diversity": DIVERSITY, "explain": True}
    answer = client.post("/v1/recommend", json=request).raise_for_status().json()
    console.print(f"\n[bold]For {reader['name']}.[/] {reader['about']}")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("", "article", "", "relevance", "because of"):
        table.add_column(column)
    for item in answer["items"]:
        article = title_of.get(item["article_id"], {"title": item["article_id"], "language": ""})
        because = item["reason"]["clicks"][:SHOWN_CLICKS] if item["reason"] else []
        table.add_row(
            str(item["rank"]),
            article["title"],
            article["language"],
            "" if item["relevance"] is None else f"{item['relevance']:.3f}",
            "\n".join(_because(part, title_of) for part in because),
        )
    console.print(table)
    console.print(
        f"Scored by {answer['model']}. Each row names the {SHOWN_CLICKS} clicks that weigh most; "
        "the contributions of all clicks sum to the relevance."
    )


def _because(part: Record, title_of: dict[str, Record]) -> str:
    title = title_of.get(part["article_id"], {"title": part["article_id"]})["title"]
    return f"{part['contribution']:+.3f} {_short(title)}"


def _short(title: str) -> str:
    return title if len(title) <= TITLE_CHARACTERS else f"{title[: TITLE_CHARACTERS - 1]}…"


def _batches(articles: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for first in range(0, len(articles), ARTICLES_A_BATCH):
        yield articles[first : first + ARTICLES_A_BATCH]


def _published(article: Record, now: datetime) -> Record:
    """The article as the API takes it."""
    fields = {name: value for name, value in article.items() if name != "published_at_minutes_ago"}
    published = now - timedelta(minutes=article["published_at_minutes_ago"])
    return {**fields, "published_at": published.isoformat()}


def _clicks(reader: Record, now: datetime) -> Iterator[Record]:
    for number, click in enumerate(reader["clicks"]):
        yield {
            "user_id": reader["user_id"],
            "article_id": click["article_id"],
            "type": "click",
            "timestamp": (now - timedelta(minutes=click["minutes_ago"])).isoformat(),
            "event_id": f"sample-{number}",
        }
