"""The catalogue from above: counted, and on a map. Neither asks the state store."""

import asyncio
from collections.abc import Sequence

from service.domain.experiment import DEFAULT
from service.domain.fields import ArticleId
from service.domain.overview import CatalogueMap, CategoryCount, LanguageCount, Overview
from service.pipeline.newsstand import Newsstand


def overview(newsstand: Newsstand) -> Overview:
    """What there is, and which scenarios may be asked for."""
    catalogue = newsstand.catalogue
    catalogue.expire(newsstand.clock())
    counted = newsstand.census.of(catalogue)
    return Overview(
        model=newsstand.model.reference,
        articles=len(catalogue),
        languages=[LanguageCount(language=name, articles=n) for name, n in counted.languages],
        categories=[CategoryCount(category=name, articles=n) for name, n in counted.categories],
        scenarios=sorted(newsstand.policies().names, key=lambda name: (name != DEFAULT, name)),
    )


async def catalogue_map(
    newsstand: Newsstand, limit: int, included: Sequence[ArticleId]
) -> CatalogueMap:
    """At most ``limit`` live articles on a map, or all that are ``included`` and live if these are
    more. It is drawn in a thread, one at a time.
    """
    async with newsstand.atlas.drawing:
        catalogue = newsstand.catalogue
        catalogue.expire(newsstand.clock())
        rows = catalogue.rows(dict.fromkeys(included))
        articles, explained = await asyncio.to_thread(
            newsstand.atlas.draw, catalogue.frozen(), limit, rows
        )
    return CatalogueMap(
        model=newsstand.model.reference, articles=list(articles), explained_variance=explained
    )
