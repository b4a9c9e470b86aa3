"""What readers did in each experiment, as it was added up in Redis."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from service.adapters.redis import keys
from service.adapters.redis.connection import Connection
from service.domain.experiment import VariantCounts
from service.experiments.click_rate import Tally
from service.experiments.off_policy import SlotTally


class RedisExperiments:
    """See ``ports.ExperimentCounts``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def counts(self, experiment: str, variants: Iterable[str]) -> dict[str, VariantCounts]:
        """See ``ports.ExperimentCounts``."""
        held = await self._connection.send(
            "ZRANGE", keys.experiment(experiment), 0, -1, "WITHSCORES"
        )
        amounts: dict[str, dict[str, float]] = defaultdict(dict)
        for member, amount in zip(held[::2], held[1::2], strict=True):
            variant, _, field = member.decode().rpartition("/")
            amounts[variant][field] = float(amount)
        return {variant: _counts(amounts[variant]) for variant in variants}


def _counts(amounts: Mapping[str, float]) -> VariantCounts:
    def of(name: str) -> float:
        return amounts.get(name, 0.0)

    return VariantCounts(
        Tally(
            readers=int(of("readers")),
            impressions=int(of("impressions")),
            clicks=int(of("clicks")),
            impressions_squared=int(of("impressions_squared")),
            clicks_squared=int(of("clicks_squared")),
            impressions_clicks=int(of("impressions_clicks")),
        ),
        SlotTally(
            slots=int(of("slots")),
            covered=int(of("covered")),
            weights=of("weights"),
            weights_squared=of("weights_squared"),
            weighted_rewards=of("weighted_clicks"),
            weights_squared_rewards=of("weights_squared_clicks"),
            weighted_rewards_squared=of("weights_squared_clicks"),  # a click is 1, and so squared
        ),
    )
