"""Served lists as text, in the form that ``record_events.lua`` joins events to."""

from collections.abc import Iterator
from typing import Final

from service.domain.fields import ArticleId
from service.domain.served import Drawn, ServedList

NONE: Final = "-"


def written(served: ServedList, outcomes: str = "") -> str:
    """The list as text; ``outcomes`` is what became of its items, nothing where it is left out."""
    head = " ".join(
        [
            str(served.moment_ms),
            served.scenario,
            served.experiment or NONE,
            served.variant or NONE,
            outcomes or "0" * len(served.article_ids),
        ]
    )
    drawn = "".join(
        f"{place.article_id} {place.propensity!r} "
        f"{','.join(place.judged)};{','.join(place.chosen_by)}\n"
        for place in served.drawn
    )
    return f"{head}\n{' '.join(served.article_ids)}\n{drawn}"


def read(recommendation_id: str, text: str) -> ServedList:
    """The list that ``written`` made the text of."""
    head, ids, drawn = text.split("\n", 2)
    moment, scenario, experiment, variant, _ = head.split(" ")
    return ServedList(
        recommendation_id=recommendation_id,
        moment_ms=int(moment),
        scenario=scenario,
        experiment=None if experiment == NONE else experiment,
        variant=None if variant == NONE else variant,
        article_ids=tuple(map(ArticleId, ids.split(" "))),
        drawn=tuple(_drawn(drawn)),
    )


def outcomes_of(text: str) -> str:
    """What became of each item: a digit for each, 0 nothing, 1 seen, 2 clicked."""
    return text.partition("\n")[0].rpartition(" ")[2]


def _drawn(lines: str) -> Iterator[Drawn]:
    for line in lines.splitlines():
        article_id, propensity, variants = line.split(" ")
        judged, chosen_by = (tuple(filter(None, v.split(","))) for v in variants.split(";"))
        yield Drawn(ArticleId(article_id), float(propensity), judged, chosen_by)
