"""How experiments stand: click rates, a comparison that may be looked at any time, and what the
randomised places say of each variant's policy.
"""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from service.domain.experiment import Experiment, VariantCounts
from service.domain.fields import Message
from service.experiments import off_policy
from service.experiments.click_rate import Tally, confidence_interval, ctr
from service.experiments.sequential import compare
from service.pipeline.newsstand import Newsstand

Rate = Annotated[float, Field(ge=0, le=1)]


class Interval(Message):
    """A 95% interval."""

    lower: float
    upper: float


class Comparison(Message):
    """A variant's click rate less the control's. ``lower`` and ``upper`` hold whenever, and
    however often, they are looked at; ``decided``: zero lies outside.
    """

    difference: float
    lower: float
    upper: float
    p_value: float
    decided: bool
    readers: int


class Estimate(Message):
    """An estimate of a click rate, with its standard error."""

    value: float
    standard_error: float | None


class OffPolicy(Message):
    """What the click rate of the randomised places would be under the variant's own choice."""

    places: int
    covered: Rate | None
    effective_sample_size: float | None
    ips: Estimate | None
    snips: Estimate | None


class VariantReport(Message):
    """One variant. A reader counts where they saw something of a list that was served by it."""

    variant: str
    scenario: str
    share: float
    control: bool
    readers: int
    impressions: int
    clicks: int
    click_rate: float | None
    interval: Interval | None
    against_control: Comparison | None
    off_policy: OffPolicy


class ExperimentReport(Message):
    """One experiment; the first variant is the control."""

    experiment: str
    scenario: str
    variants: list[VariantReport]


class ExperimentsReport(Message):
    """Every experiment that runs."""

    experiments: list[ExperimentReport]


async def report(newsstand: Newsstand) -> ExperimentsReport:
    """How all experiments stand. Raises Unavailable."""
    return ExperimentsReport(
        experiments=[
            _of_one(
                name,
                experiment,
                await newsstand.experiments.counts(experiment.key(name), experiment.variants),
            )
            for name, experiment in newsstand.policies().experiments.items()
        ]
    )


def _of_one(
    name: str, experiment: Experiment, counts: dict[str, VariantCounts]
) -> ExperimentReport:
    control = next(iter(experiment.variants))
    at_control = counts[control].tally
    variants = []
    for variant, described in experiment.variants.items():
        held = counts[variant]
        variants.append(
            VariantReport(
                variant=variant,
                scenario=described.scenario,
                share=described.share,
                control=variant == control,
                readers=held.tally.readers,
                impressions=held.tally.impressions,
                clicks=held.tally.clicks,
                click_rate=ctr(held.tally),
                interval=_interval(held.tally),
                against_control=None if variant == control else _against(held.tally, at_control),
                off_policy=_off_policy(held.slots),
            )
        )
    return ExperimentReport(experiment=name, scenario=experiment.scenario, variants=variants)


def _interval(tally: Tally) -> Interval | None:
    bounds = confidence_interval(tally)
    return None if bounds is None else Interval(lower=bounds[0], upper=bounds[1])


def _against(tally: Tally, control: Tally) -> Comparison | None:
    found = compare(control, tally)
    return None if found is None else Comparison(**asdict(found))


def _off_policy(slots: off_policy.SlotTally) -> OffPolicy:
    return OffPolicy(
        places=slots.slots,
        covered=off_policy.coverage(slots),
        effective_sample_size=off_policy.effective_sample_size(slots),
        ips=_estimate(off_policy.ips(slots)),
        snips=_estimate(off_policy.snips(slots)),
    )


def _estimate(found: off_policy.Estimate | None) -> Estimate | None:
    return None if found is None else Estimate(**asdict(found))
