"""Every key that the service writes, in one place.

| key | type | holds | lives |
|---|---|---|---|
| ``ns:article:{A}`` | hash | document, revision, first ingest | the article's life |
| ``ns:vector:{A}:M`` | string | inputs' digest, float16 vector of A under model M | as histories |
| ``ns:withdrawn:{A}`` | string | the revision of A's last withdrawal | a day |
| ``ns:articles`` | stream | the article log: puts and withdrawals | its newest million entries |
| ``ns:history:{rP}:U`` | string | version, then the newest clicks of reader U | reader retention |
| ``ns:reader-vector:{rP}:U`` | string | version, model, float16 vector | as its history |
| ``ns:marks:{rP}:U`` | sorted set | likes, dislikes, hides, older clicks | reader retention |
| ``ns:events:{rP}:U`` | sorted set | digests of the latest event ids | 7 days |
| ``ns:shown:{rP}:U`` | sorted set | what was shown without a click, how often | reader retention |
| ``ns:served:{rP}:U`` | hash | recommendation id → the list as it was served | 7 days |
| ``ns:tallies:{rP}:U`` | hash | experiment/variant → impressions, clicks | reader retention |
| ``ns:erased:{rP}`` | string | when a reader of the partition was last erased | 7 days |
| ``ns:outbox:{rP}`` | stream | clicks and impressions not yet counted | until counted |
| ``ns:{popularity}:TYPE:HOUR`` | sorted set | article → count in that hour | 7 days |
| ``ns:{popularity}:experiment:X`` | sorted set | variant/field → amount | 365 days |
| ``ns:{popularity}:counted`` | hash | partition → entry; counter → changes | for good |
| ``ns:import:EXPORT`` | string | how many records of an export are imported | 7 days |
| ``ns:rewritten`` | string | when the append-only file was last rewritten | 7 days |
| ``ns:cursor-key`` | string | what cursors are signed with | for good |
| ``ns:state:{rP}`` | string | the store's identity, the same for every partition P | for good |
| ``ns:{models}:roster`` | hash | the active, previous and coming model | for good |
| ``ns:{models}:processes`` | hash | process → when last heard of, what it is ready for | a switch |
| ``ns:{models}:doomed`` | set | models whose vectors are to be removed | until they are |
| ``ns:state-confirmed`` | string | the identity that an operator confirmed | an hour |

What stands in braces is the hash tag of Redis Cluster: an article's keys share a slot, and so do
all keys of one reader and their partition's outbox. ``rP`` is the reader's partition.
"""

import re
import zlib
from typing import Final

from service.domain.fields import ArticleId, UserId

READER_PARTITIONS: Final = 64
HOURLY: Final = ("click", "impression", "read")

ARTICLE_PREFIX: Final = b"ns:article:"
ARTICLE_LOG: Final = "ns:articles"
COUNTED: Final = "ns:{popularity}:counted"
CURSOR_KEY: Final = "ns:cursor-key"
STATE_CONFIRMED: Final = "ns:state-confirmed"
ROSTER: Final = "ns:{models}:roster"
ROSTER_PROCESSES: Final = "ns:{models}:processes"
ROSTER_DOOMED: Final = "ns:{models}:doomed"
REWRITTEN: Final = "ns:rewritten"
EVERY: Final = b"ns:*"

_VECTOR: Final = re.compile(rb"ns:vector:\{([^}]+)\}:(.+)")
_READER: Final = re.compile(
    rb"ns:(?:history|reader-vector|marks|events|shown|served|tallies):\{r\d+\}:(.+)"
)
_EXPERIMENT: Final = re.compile(rb"ns:\{popularity\}:experiment:(.+)")


def article(article_id: ArticleId) -> str:
    """The article's document and bookkeeping."""
    return f"ns:article:{{{article_id}}}"


def article_of(key: bytes) -> ArticleId:
    """The article whose document stands under ``key``."""
    return ArticleId(key[len(ARTICLE_PREFIX) + 1 : -1].decode())


def vector(article_id: ArticleId, model: str) -> str:
    """The article's vector under one model version."""
    return f"ns:vector:{{{article_id}}}:{model}"


def withdrawn(article_id: ArticleId) -> str:
    """The revision of the article's last withdrawal."""
    return f"ns:withdrawn:{{{article_id}}}"


def vector_of(key: bytes) -> tuple[ArticleId, str] | None:
    """The article and the model whose vector stands under ``key``, None if it is no vector's."""
    found = _VECTOR.fullmatch(key)
    return (ArticleId(found[1].decode()), found[2].decode()) if found else None


def vectors_under(model: str) -> bytes:
    """What the keys of all vectors under a model match, and no others."""
    return b"ns:vector:{*}:" + model.encode()


def partition(user_id: UserId) -> int:
    """The partition that the reader belongs to."""
    return zlib.crc32(user_id.encode()) % READER_PARTITIONS


def history(user_id: UserId) -> str:
    """The reader's newest clicks."""
    return f"ns:history:{{r{partition(user_id)}}}:{user_id}"


def reader_vector(user_id: UserId) -> str:
    """The reader's history vector."""
    return f"ns:reader-vector:{{r{partition(user_id)}}}:{user_id}"


def marks(user_id: UserId) -> str:
    """What the reader liked, disliked, hid, or clicked before the history begins."""
    return f"ns:marks:{{r{partition(user_id)}}}:{user_id}"


def events(user_id: UserId) -> str:
    """The event ids that were counted already."""
    return f"ns:events:{{r{partition(user_id)}}}:{user_id}"


def shown(user_id: UserId) -> str:
    """What was shown to the reader without a click."""
    return f"ns:shown:{{r{partition(user_id)}}}:{user_id}"


def served(user_id: UserId) -> str:
    """The reader's last lists, as they were served."""
    return f"ns:served:{{r{partition(user_id)}}}:{user_id}"


def tallies(user_id: UserId) -> str:
    """The reader's impressions and clicks in experiments."""
    return f"ns:tallies:{{r{partition(user_id)}}}:{user_id}"


def reader(user_id: UserId) -> tuple[str, ...]:
    """Every key that belongs to the reader."""
    return (
        history(user_id),
        reader_vector(user_id),
        marks(user_id),
        events(user_id),
        shown(user_id),
        served(user_id),
        tallies(user_id),
    )


def reader_of(key: bytes) -> UserId | None:
    """The reader to whom ``key`` belongs, None if to no reader."""
    found = _READER.fullmatch(key)
    return UserId(found[1].decode()) if found else None


def state(of_partition: int) -> str:
    """The store's identity, at a partition's place."""
    return f"ns:state:{{r{of_partition}}}"


def erased(of_partition: int) -> str:
    """When a reader of the partition was last erased; not which."""
    return f"ns:erased:{{r{of_partition}}}"


def outbox(of_partition: int) -> str:
    """What the readers of a partition did that is not yet counted."""
    return f"ns:outbox:{{r{of_partition}}}"


def counter(event_type: str, hour: int) -> str:
    """How often each article was clicked or shown, or for how many minutes read (``read``), in an
    hour since 1970.
    """
    return f"ns:{{popularity}}:{event_type}:{hour}"


def counted_hour(name: bytes) -> tuple[str, int] | None:
    """The event type and hour whose counter has this name, None if it is another field."""
    parts = name.decode().split(":")
    hourly = len(parts) == 4 and parts[2] in HOURLY and parts[3].isdecimal()
    return (parts[2], int(parts[3])) if hourly else None


def experiment(name: str) -> str:
    """What readers did in an experiment's variants."""
    return f"ns:{{popularity}}:experiment:{name}"


def experiment_of(key: bytes) -> str | None:
    """The experiment that is added up under ``key``, None if it is another key."""
    found = _EXPERIMENT.fullmatch(key)
    return found[1].decode() if found else None


def imported(export_id: str) -> str:
    """How far the import of an export came."""
    return f"ns:import:{export_id}"
