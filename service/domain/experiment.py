"""Experiments: which readers of a scenario get which policy."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from service.domain.fields import Message
from service.domain.policy import MODEL_ALONE, RankingPolicy
from service.domain.recommendation import ScenarioName
from service.experiments.assignment import variant_of
from service.experiments.click_rate import Tally
from service.experiments.off_policy import SlotTally

DEFAULT: Final = "default"
MODEL: Final = "model"
SHARES_SUM_TOLERANCE: Final = 1e-9


class Variant(Message):
    """A share of the readers, and the scenario whose policy they get."""

    share: Annotated[float, Field(gt=0, le=1)]
    scenario: ScenarioName


class Experiment(Message):
    """Readers of one scenario, split by a stable hash. The first variant is the control."""

    scenario: ScenarioName = DEFAULT
    salt: str = ""
    variants: Annotated[dict[ScenarioName, Variant], Field(min_length=2, max_length=20)]

    def key(self, name: str) -> str:
        """What its counts are kept under: another one once readers are split otherwise."""
        text = self.model_dump_json().encode()
        return f"{name}.{hashlib.blake2b(text, digest_size=4).hexdigest()}"

    @model_validator(mode="after")
    def _shares_are_a_whole(self) -> Self:
        total = sum(variant.share for variant in self.variants.values())
        if abs(total - 1) > SHARES_SUM_TOLERANCE:
            raise ValueError(f"the variants' shares sum to {total:g}, not to 1")
        return self


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy that serves one request, and the experiment that decided it, if one did."""

    scenario: str
    policy: RankingPolicy
    experiment: str | None = None
    variant: str | None = None
    counted_under: str | None = None
    """The experiment's ``key``."""


@dataclass(frozen=True, slots=True)
class VariantCounts:
    """What the readers of a variant did, and what the randomised places say of its policy."""

    tally: Tally
    slots: SlotTally


class PolicyBook(Message):
    """All scenarios and experiments. ``default`` and ``model`` are always there."""

    scenarios: dict[ScenarioName, RankingPolicy] = Field(default={})
    experiments: dict[ScenarioName, Experiment] = Field(default={})

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if MODEL in self.scenarios:
            raise ValueError("the scenario model is built in and cannot be changed")
        taken: dict[str, str] = {}
        for name, experiment in self.experiments.items():
            for variant_name, variant in experiment.variants.items():
                if variant.scenario not in self.names:
                    raise ValueError(
                        f"variant {variant_name} of {name}: no scenario {variant.scenario}"
                    )
            if experiment.scenario not in self.names:
                raise ValueError(f"experiment {name}: there is no scenario {experiment.scenario}")
            if experiment.scenario in taken:
                raise ValueError(
                    f"experiments {taken[experiment.scenario]} and {name} are both on "
                    f"the scenario {experiment.scenario}"
                )
            taken[experiment.scenario] = name
        return self

    @property
    def names(self) -> list[str]:
        """The scenarios that may be asked for."""
        return sorted({DEFAULT, MODEL, *self.scenarios})

    def policy(self, scenario: str) -> RankingPolicy | None:
        """The scenario's policy, None if there is no such scenario."""
        return self.scenarios.get(scenario) or BUILT_IN.get(scenario)

    def decide(self, scenario: str, user_id: str | None) -> Decision | None:
        """The policy for this reader, None if there is no such scenario. A reader without an id
        takes part in no experiment.
        """
        for name, experiment in self.experiments.items():
            if experiment.scenario == scenario and user_id is not None:
                shares = {v: variant.share for v, variant in experiment.variants.items()}
                variant = variant_of(name, experiment.salt, user_id, shares)
                chosen = experiment.variants[variant].scenario
                return Decision(chosen, self._known(chosen), name, variant, experiment.key(name))
        policy = self.policy(scenario)
        return None if policy is None else Decision(scenario, policy)

    def variant_policies(self, experiment: str) -> dict[str, RankingPolicy]:
        """The policy of each variant of a known experiment."""
        variants = self.experiments[experiment].variants
        return {name: self._known(variant.scenario) for name, variant in variants.items()}

    def _known(self, scenario: str) -> RankingPolicy:
        policy = self.policy(scenario)
        assert policy is not None  # validated with the book
        return policy


BUILT_IN: Final[Mapping[str, RankingPolicy]] = {DEFAULT: RankingPolicy(), MODEL: MODEL_ALONE}
