"""What is sent, and that both clients can send it."""

import inspect
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsstand_client import Article, AsyncNewsstand, Event, Filters, Newsstand
from newsstand_client import batches as batching
from newsstand_client.batches import bodies


@given(st.lists(st.text(max_size=50), max_size=40), st.integers(1, 7), st.integers(1, 400))
def test_batches_hold_everything_in_order_and_are_bounded(
    titles: list[str], most_items: int, most_bytes: int
) -> None:
    articles = [Article(article_id=f"a{n}", title=title) for n, title in enumerate(titles)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(batching, "MOST_ITEMS", most_items)
        patched.setattr(batching, "MOST_BYTES", most_bytes)
        parts = list(bodies(articles))
    sent = [json.loads(part) for part in parts]
    assert [item["title"] for part in sent for item in part] == titles
    assert all(1 <= len(part) <= most_items for part in sent)
    assert all(
        len(text) <= most_bytes + 2 or len(part) == 1
        for text, part in zip(parts, sent, strict=True)
    )


def test_each_event_has_an_id_of_its_own_from_the_start() -> None:
    first, second = (Event(user_id="u", article_id="a", type="click") for _ in range(2))
    assert first.event_id != second.event_id
    given_one = Event(user_id="u", article_id="a", type="click", event_id="e1")
    assert given_one.event_id == "e1"


def test_a_time_has_a_zone() -> None:
    now = datetime(2026, 5, 1, 8)
    with pytest.raises(ValidationError, match="timezone"):
        Article(article_id="a", title="x", published_at=now)
    with pytest.raises(ValidationError, match="timezone"):
        Filters(published_after=now)
    (text,) = bodies(
        [Event(user_id="u", article_id="a", type="like", timestamp=now.replace(tzinfo=UTC))]
    )
    assert json.loads(text)[0]["timestamp"] == "2026-05-01T08:00:00Z"


def test_an_error_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        Event(user_id="reader-7", article_id="a", type="clicks")  # type: ignore[arg-type]
    assert "clicks" not in str(caught.value)
    assert "reader-7" not in str(caught.value)


def test_both_clients_have_the_same_methods_with_the_same_signatures() -> None:
    def methods(kind: type) -> dict[str, str]:
        public = {name: value for name, value in vars(kind).items() if name[0] != "_"}
        return {name: str(inspect.signature(value).parameters) for name, value in public.items()}

    assert methods(Newsstand) == methods(AsyncNewsstand)
    assert all(inspect.getdoc(getattr(Newsstand, name)) for name in methods(Newsstand))
