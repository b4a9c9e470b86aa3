"""What a state export consists of: records, before them a header, after them the end.

docs/state-export.md tells the format to whoever reads or writes it elsewhere.
"""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field, TypeAdapter

from service.domain.article import Article
from service.domain.encoded import Float16s, Hex
from service.domain.fields import Id, Message
from service.domain.stored_reader import StoredReader

FORMAT: Final = "newsstand-state"
VERSION: Final = 1
Kind = Literal["article", "reader", "counter", "experiment"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order of an export."""


class ArticleVector(Message):
    """An article's vector under one model version, and the digest of what was encoded."""

    model: str
    inputs_digest: Hex
    vector: Float16s
    expires_ms: int | None = None


class StoredDocument(Message):
    """An article as it stands in the store. ``revision`` and ``ingested_us`` are µs since 1970."""

    article: Article
    revision: int
    ingested_us: int
    expires_ms: int | None = None


class ArticleRecord(Message):
    """An article with its vectors; no document where it is withdrawn and histories may hold it."""

    kind: Literal["article"] = "article"
    article_id: Id
    document: StoredDocument | None = None
    vectors: tuple[ArticleVector, ...] = ()


class ArticleCount(Message):
    """How much an article gained: clicks, impressions, or minutes read."""

    article_id: str
    amount: float


class CounterRecord(Message):
    """What articles gained in an hour (since 1970): a part of it, at most a thousand articles."""

    kind: Literal["counter"] = "counter"
    event_type: str
    hour: int
    counts: tuple[ArticleCount, ...]
    expires_ms: int | None = None


class VariantAmount(Message):
    """One sum over the readers of a variant."""

    variant: str
    field: str
    amount: float


class ExperimentRecord(Message):
    """What readers did in an experiment, added up."""

    kind: Literal["experiment"] = "experiment"
    experiment: str
    amounts: tuple[VariantAmount, ...]
    expires_ms: int | None = None


Record = ArticleRecord | StoredReader | CounterRecord | ExperimentRecord
RECORD_OF: Final[dict[Kind, type[Record]]] = {
    "article": ArticleRecord,
    "reader": StoredReader,
    "counter": CounterRecord,
    "experiment": ExperimentRecord,
}


class Header(Message):
    """The first line of an export: which one it is."""

    format: Literal["newsstand-state"] = FORMAT
    version: int = VERSION
    export_id: str
    began_at: str
    newsstand: str


class End(Message):
    """The last line: an export without it is not whole."""

    kind: Literal["end"] = "end"
    records: dict[Kind, int]


LINE: Final[TypeAdapter[Record | End]] = TypeAdapter(
    Annotated[Record | End, Field(discriminator="kind")]
)
