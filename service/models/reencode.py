"""Giving every stored article its vector under a model that is coming."""

from collections.abc import Awaitable, Callable, Sequence

from service.domain.fields import ArticleId
from service.errors import EncodingFailed
from service.pipeline.newsstand import Newsstand
from service.pipeline.pieces import pieces
from service.pipeline.refill import keep_encoded, without_vector

Told = Callable[[int, int], Awaitable[bool]]
"""Is told how many articles of how many are done; False: stop."""


async def reencode(newsstand: Newsstand, told: Told) -> bool:
    """Encode every stored article whose text has no vector under the newsstand's model, in the
    background. What is encoded already, by whomever, is not encoded again.

    False if ``told`` stopped it. Raises Unavailable, and EncodingFailed where the model cannot.
    """
    total = 0
    async for article_ids in newsstand.articles.ids():
        total += len(article_ids)
    done = 0
    async for article_ids in newsstand.articles.ids():
        for some in pieces(article_ids):
            await _encode(newsstand, some)
            done += len(some)
            if not await told(done, max(done, total)):
                return False
    return True


async def _encode(newsstand: Newsstand, article_ids: Sequence[ArticleId]) -> None:
    stored = await newsstand.articles.get(article_ids)
    bare = without_vector(newsstand, [one for one in stored if one is not None])
    made = await keep_encoded(newsstand, bare, in_background=True)
    if len(bare) > 1 and not made:  # one text may be at fault, but not every one
        raise EncodingFailed(f"the model gives no vectors for any of {len(bare)} articles")
