"""All that is stored of a reader, from their keys to a record and back."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

from service.adapters.redis import histories, keys, served_lists
from service.adapters.redis.connection import Call
from service.adapters.redis.expiry import argument, moment
from service.adapters.redis.histories import MODEL_BYTES, VERSION_BYTES
from service.domain.fields import ArticleId, UserId
from service.domain.served import Drawn, ServedList
from service.domain.stored_reader import (
    StoredClick,
    StoredDrawn,
    StoredEventId,
    StoredEventIds,
    StoredHistory,
    StoredHistoryVector,
    StoredMark,
    StoredMarks,
    StoredReader,
    StoredServed,
    StoredServedList,
    StoredShown,
    StoredShownArticles,
    StoredTallies,
    StoredTally,
)

Value = str | bytes | int
VECTOR_FROM: Final = VERSION_BYTES + MODEL_BYTES


class Expiring(Protocol):
    """A part of what is stored."""

    @property
    def expires_ms(self) -> int | None:
        """When it is forgotten."""
        ...


Part = TypeVar("Part", bound=Expiring)


def export_call(user_id: UserId) -> Call:
    """The call whose answer ``record`` reads."""
    return "export_reader", keys.reader(user_id), []


def record(user_id: UserId, answer: Sequence[Sequence[Any]]) -> StoredReader | None:
    """The reader's record; None where nothing is stored."""
    if not any(value for value, _ in answer):
        return None
    history, vector, marks, event_ids, shown, served, tallies = (
        (value, moment(expiry)) if value else None for value, expiry in answer
    )
    return StoredReader(
        user_id=user_id,
        history=history and _history(*history),
        history_vector=vector and _history_vector(*vector),
        marks=marks and _marks(*marks),
        event_ids=event_ids and _event_ids(*event_ids),
        shown=shown and _shown(*shown),
        served=served and _served(*served),
        tallies=tallies and _tallies(*tallies),
    )


def import_call(reader: StoredReader) -> Call:
    """The call that stores the reader, unless as new a history is stored."""
    return (
        "import_reader",
        keys.reader(UserId(reader.user_id)),
        [
            reader.history.version if reader.history else 0,
            *_part(reader.history, _history_values),
            *_part(reader.history_vector, _vector_values),
            *_part(reader.marks, _mark_values),
            *_part(reader.event_ids, _event_id_values),
            *_part(reader.shown, _shown_values),
            *_part(reader.served, _served_values),
            *_part(reader.tallies, _tally_values),
        ],
    )


def _part(part: Part | None, values: Callable[[Part], Iterator[Value]]) -> Iterator[Value]:
    held = [] if part is None else list(values(part))
    yield "" if part is None else argument(part.expires_ms)
    yield len(held)
    yield from held


def _history(value: bytes, expires_ms: int | None) -> StoredHistory:
    clicks = tuple(
        StoredClick(article_id=article_id, timestamp_ms=timestamp_ms)
        for article_id, timestamp_ms in zip(*histories.unpacked(value), strict=True)
    )
    return StoredHistory(version=histories.version_of(value), clicks=clicks, expires_ms=expires_ms)


def _history_values(history: StoredHistory) -> Iterator[Value]:
    if history.clicks:
        yield histories.packed(
            history.version,
            [click.article_id for click in history.clicks],
            [click.timestamp_ms for click in history.clicks],
        )


def _history_vector(value: bytes, expires_ms: int | None) -> StoredHistoryVector:
    return StoredHistoryVector(
        version=histories.version_of(value),
        model_digest=value[VERSION_BYTES:VECTOR_FROM],
        vector=value[VECTOR_FROM:],
        expires_ms=expires_ms,
    )


def _vector_values(held: StoredHistoryVector) -> Iterator[Value]:
    yield histories.stamped(held.version) + held.model_digest + held.vector


def _marks(values: Sequence[bytes], expires_ms: int | None) -> StoredMarks:
    marks = tuple(
        StoredMark(type=mark.type, article_id=mark.article_id, timestamp_ms=mark.timestamp_ms)
        for mark in histories.marks(values)
    )
    return StoredMarks(marks=marks, expires_ms=expires_ms)


def _mark_values(held: StoredMarks) -> Iterator[Value]:
    for mark in held.marks:
        yield mark.timestamp_ms
        yield histories.mark_member(mark.type, mark.article_id)


def _event_ids(values: Sequence[bytes], expires_ms: int | None) -> StoredEventIds:
    event_ids = tuple(
        StoredEventId(digest=digest, arrival_ms=float(score))
        for digest, score in zip(values[::2], values[1::2], strict=True)
    )
    return StoredEventIds(event_ids=event_ids, expires_ms=expires_ms)


def _event_id_values(held: StoredEventIds) -> Iterator[Value]:
    for event_id in held.event_ids:
        yield repr(event_id.arrival_ms)
        yield event_id.digest


def _shown(values: Sequence[bytes], expires_ms: int | None) -> StoredShownArticles:
    articles = tuple(
        StoredShown(article_id=article_id, minute=minute, times=times)
        for article_id, minute, times in histories.shown(values)
    )
    return StoredShownArticles(articles=articles, expires_ms=expires_ms)


def _shown_values(held: StoredShownArticles) -> Iterator[Value]:
    for shown in held.articles:
        yield histories.shown_score(shown.minute, shown.times)
        yield shown.article_id


def _served(values: Sequence[bytes], expires_ms: int | None) -> StoredServed:
    lists = [
        _served_list(name.decode(), text.decode())
        for name, text in zip(values[::2], values[1::2], strict=True)
    ]
    lists.sort(key=lambda served: (served.moment_ms, served.recommendation_id))
    return StoredServed(lists=tuple(lists), expires_ms=expires_ms)


def _served_list(recommendation_id: str, text: str) -> StoredServedList:
    served = served_lists.read(recommendation_id, text)
    return StoredServedList(
        recommendation_id=recommendation_id,
        moment_ms=served.moment_ms,
        scenario=served.scenario,
        experiment=served.experiment,
        variant=served.variant,
        article_ids=served.article_ids,
        outcomes=served_lists.outcomes_of(text),
        drawn=tuple(
            StoredDrawn(
                article_id=drawn.article_id,
                propensity=drawn.propensity,
                judged=drawn.judged,
                chosen_by=drawn.chosen_by,
            )
            for drawn in served.drawn
        ),
    )


def _served_values(held: StoredServed) -> Iterator[Value]:
    for served in held.lists:
        yield served.recommendation_id
        yield served_lists.written(_as_served(served), served.outcomes)


def _as_served(stored: StoredServedList) -> ServedList:
    return ServedList(
        recommendation_id=stored.recommendation_id,
        moment_ms=stored.moment_ms,
        scenario=stored.scenario,
        experiment=stored.experiment,
        variant=stored.variant,
        article_ids=tuple(map(ArticleId, stored.article_ids)),
        drawn=tuple(
            Drawn(ArticleId(drawn.article_id), drawn.propensity, drawn.judged, drawn.chosen_by)
            for drawn in stored.drawn
        ),
    )


def _tallies(values: Sequence[bytes], expires_ms: int | None) -> StoredTallies:
    pairs = sorted(zip(values[::2], values[1::2], strict=True))
    tallies = []
    for variant, amounts in pairs:
        impressions, clicks = amounts.split(b" ")
        tallies.append(
            StoredTally(variant=variant.decode(), impressions=int(impressions), clicks=int(clicks))
        )
    return StoredTallies(tallies=tuple(tallies), expires_ms=expires_ms)


def _tally_values(held: StoredTallies) -> Iterator[Value]:
    for tally in held.tallies:
        yield tally.variant
        yield f"{tally.impressions} {tally.clicks}"
