"""Articles in: encode what is new, store, log, publish; withdraw."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_store.inputs import NewsInputs
from service.domain.article import Article
from service.domain.fields import ArticleId
from service.errors import EncodingFailed, Unavailable
from service.pipeline.encode import encode
from service.pipeline.newsstand import Newsstand
from service.pipeline.patience import Patience, endless
from service.pipeline.stages import Stages
from service.ports import ArticleWrite, Encoded, StoredArticle, Vectors, WriteStatus, Written

Incoming = tuple[ArticleId, Article]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """Incoming articles as one model sees them. ``vectors`` has None for a text whose stored vector
    still holds; ``faulty`` are those that the model gives no vector for.
    """

    newsstand: Newsstand
    inputs: Sequence[NewsInputs]
    vectors: list[Vectors | None]
    faulty: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, newsstand: Newsstand, incoming: Sequence[Incoming]) -> "Draft":
        """Before anything is encoded."""
        inputs = [newsstand.model.inputs(article) for _, article in incoming]
        return cls(newsstand, inputs, [None] * len(inputs))

    def encoded(self, position: int) -> Encoded:
        """What is stored of one article."""
        return Encoded(self.inputs[position].digest(), self.vectors[position])


async def ingest(
    newsstand: Newsstand,
    incoming: Sequence[Incoming],
    stages: Stages,
    patience: Patience = endless,
) -> list[WriteStatus | None]:
    """Store the articles and make them recommendable here; what became of each, in order, None for
    one whose text the model gives no vector for.

    When this returns they are durable and this process recommends them. A text whose vector is
    stored already is not encoded again; encoding lasts as long as there is ``patience``. The models
    kept beside the active one are given their vectors, too. Raises Unavailable, and then the caller
    repeats: what was stored already is found unchanged; or ClientGone.
    """
    draft = Draft.of(newsstand, incoming)
    await _encode_new(draft, incoming, stages, patience)
    others = await _beside(newsstand, incoming, stages, patience)
    written = await _store(draft, others, incoming, stages, patience)
    with stages.stage("publish"):
        await _publish(draft, incoming, written)
        for other in others:
            _publish_beside(other, incoming, written)
    return [written[i].status if i in written else None for i in range(len(incoming))]


async def withdraw(newsstand: Newsstand, article_id: ArticleId) -> None:
    """Withdraw the article, stored or not: gone here at once and everywhere within a second.

    Raises Unavailable.
    """
    revision = await newsstand.articles.withdraw(article_id)
    for each in (newsstand, *newsstand.others()):
        each.catalogue.withdraw(article_id, revision)


async def _encode_new(
    draft: Draft, incoming: Sequence[Incoming], stages: Stages, patience: Patience
) -> None:
    with stages.stage("state"):
        known = await draft.newsstand.articles.digests([article_id for article_id, _ in incoming])
    new = _new(draft, incoming, known)
    digests = draft.newsstand.caches.text_digests
    digests.count(hits=len(known) - len(new), misses=len(new))
    await _encode(draft, new, stages, patience)


def _new(draft: Draft, incoming: Sequence[Incoming], known: Sequence[bytes | None]) -> list[int]:
    """The positions whose text is not the one before: the stored one, or, where an article comes
    several times, that of the last time.
    """
    standing = {article_id: digest for (article_id, _), digest in zip(incoming, known, strict=True)}
    new = []
    for i, given in enumerate(draft.inputs):
        article_id, digest = incoming[i][0], given.digest()
        if standing[article_id] != digest:
            new.append(i)
        standing[article_id] = digest
    return new


async def _encode(
    draft: Draft, positions: Sequence[int], stages: Stages, patience: Patience
) -> None:
    if positions:
        given = [draft.inputs[i] for i in positions]
        with stages.stage("encode"):
            vector_of = await encode(draft.newsstand.encoder, given, patience)
        for i in positions:
            draft.vectors[i] = vector_of.get(draft.inputs[i])
        draft.faulty.update(i for i in positions if draft.vectors[i] is None)


async def _beside(
    newsstand: Newsstand, incoming: Sequence[Incoming], stages: Stages, patience: Patience
) -> list[Draft]:
    """The articles under the other models. What one of these cannot encode now, whoever follows the
    article log under it encodes later: no article waits for that.
    """
    drafts = []
    for other in newsstand.others():
        draft = Draft.of(other, incoming)
        try:
            await _encode_new(draft, incoming, stages, patience)
        except (Unavailable, EncodingFailed) as error:
            _log.warning("%s encodes it later: %s", other.model.reference, error)
        else:
            drafts.append(draft)
    return drafts


async def _store(
    draft: Draft,
    others: Sequence[Draft],
    incoming: Sequence[Incoming],
    stages: Stages,
    patience: Patience,
) -> dict[int, Written]:
    """Store all that has vectors, by position; where another writer changed an article meanwhile,
    encode ours after all.
    """
    results: dict[int, Written] = {}
    missing = [i for i in range(len(incoming)) if i not in draft.faulty]
    while missing:
        writes = [_write(draft, others, incoming, i) for i in missing]
        with stages.stage("state"):
            put = await draft.newsstand.articles.put(writes)
        results |= {i: result for i, result in zip(missing, put, strict=True) if result is not None}
        missing = _to_put_again(incoming, missing, results)
        await _encode(draft, missing, stages, patience)
        missing = [i for i in missing if i not in draft.faulty]
    return results


def _to_put_again(
    incoming: Sequence[Incoming], tried: Sequence[int], results: dict[int, Written]
) -> list[int]:
    """What was not stored, and what came after it for the same article: it has to stay the last."""
    left_out = {incoming[i][0]: i for i in reversed(tried) if i not in results}
    again = [i for i in tried if i >= left_out.get(incoming[i][0], len(incoming))]
    for i in again:
        results.pop(i, None)
    return again


def _write(
    draft: Draft, others: Sequence[Draft], incoming: Sequence[Incoming], position: int
) -> ArticleWrite:
    under = {
        other.newsstand.model.reference: other.encoded(position)
        for other in others
        if position not in other.faulty
    }
    own = draft.encoded(position)
    return ArticleWrite(*incoming[position], own.digest, own.vector, under)


async def _publish(
    draft: Draft, incoming: Sequence[Incoming], written: Mapping[int, Written]
) -> None:
    news = _news(draft, incoming, written)
    wanted = [incoming[i][0] for i in news if draft.vectors[i] is None]
    stored = await draft.newsstand.articles.vectors(wanted) if wanted else {}
    found = {i: draft.vectors[i] for i in news}
    found |= {i: stored.get(incoming[i][0]) for i, vector in found.items() if vector is None}
    draft.newsstand.publish(_stored(found, incoming, written))


def _publish_beside(
    draft: Draft, incoming: Sequence[Incoming], written: Mapping[int, Written]
) -> None:
    """What is at hand; the rest comes by the article log, as does all that is withdrawn while the
    catalogue is not filled yet.
    """
    if draft.newsstand.shelf.filled:
        found = {i: draft.vectors[i] for i in _news(draft, incoming, written)}
        draft.newsstand.publish(_stored(found, incoming, written))


def _news(draft: Draft, incoming: Sequence[Incoming], written: Mapping[int, Written]) -> list[int]:
    here = draft.newsstand.catalogue.revisions([article_id for article_id, _ in incoming])
    return [i for i, result in written.items() if result.revision > here[i]]


def _stored(
    vectors: Mapping[int, Vectors | None],
    incoming: Sequence[Incoming],
    written: Mapping[int, Written],
) -> list[StoredArticle]:
    return [
        StoredArticle(*incoming[i], written[i].revision, written[i].ingested_at, vector_D)
        for i, vector_D in vectors.items()
        if vector_D is not None
    ]
