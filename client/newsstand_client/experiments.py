"""How experiments stand."""

from newsstand_client.message import Answer


class Interval(Answer):
    """A 95% interval."""

    lower: float
    upper: float


class Comparison(Answer):
    """A variant's click rate less the control's, with bounds that hold whenever they are looked at;
    ``decided``: zero lies outside.
    """

    difference: float
    lower: float
    upper: float
    p_value: float
    decided: bool
    readers: int


class Estimate(Answer):
    """An estimate of a click rate, with its standard error."""

    value: float
    standard_error: float | None


class OffPolicy(Answer):
    """What the click rate of the randomised places would be under the variant's own choice."""

    places: int
    covered: float | None
    effective_sample_size: float | None
    ips: Estimate | None
    snips: Estimate | None


class VariantReport(Answer):
    """One variant of an experiment."""

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


class Experiment(Answer):
    """One experiment; the first variant is the control."""

    experiment: str
    scenario: str
    variants: tuple[VariantReport, ...]


class Experiments(Answer):
    """Every experiment that runs."""

    experiments: tuple[Experiment, ...]
