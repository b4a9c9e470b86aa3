"""The draw of an exploring slot: optimism about what is little known, and a known propensity.

Shapes: N articles, K drawn.
"""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Positions = NDArray[np.int64]


def optimistic_rates(
    clicks_N: Float64,
    impressions_N: Float64,
    prior_clicks: float,
    prior_impressions: float,
    optimism: float,
) -> Float64:
    """Each article's CTR as it may well be: posterior mean plus ``optimism`` standard deviations.

    The prior is Beta(``prior_clicks``, ``prior_impressions`` − ``prior_clicks``), the posterior
    Beta(a, b) of mean m = a/(a+b) and variance m(1−m)/(a+b+1); values in [0, 1]. A click whose
    impression was not seen counts as one impression. After Bayes-UCB (Kaufmann, Cappé and Garivier,
    AISTATS 2012), with standard deviations in place of a quantile. Raises ValueError unless
    0 < ``prior_clicks`` < ``prior_impressions`` and ``optimism`` ≥ 0.
    """
    if not (0 < prior_clicks < prior_impressions and optimism >= 0):
        raise ValueError("a prior has clicks, and more impressions; optimism is not negative")
    weight_N = prior_impressions + np.maximum(impressions_N, clicks_N)
    mean_N = (prior_clicks + clicks_N) / weight_N
    deviation_N = np.sqrt(mean_N * (1 - mean_N) / (weight_N + 1))
    rates_N: Float64 = np.minimum(1.0, mean_N + optimism * deviation_N)
    return rates_N


def softmax(rates_N: Float64, temperature: float) -> Float64:
    """exp(rate / temperature), made to sum to 1: near 0 the best alone, far above 1 uniform.

    Raises ValueError unless ``temperature`` > 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature is above 0, not {temperature}")
    with np.errstate(over="ignore"):  # far below the best: exp(-inf) is the right 0
        powers_N = np.exp((rates_N - np.max(rates_N, initial=-np.inf)) / temperature)
    weights_N: Float64 = powers_N / powers_N.sum()
    return weights_N


def draw(weights_N: Float64, count: int, rng: np.random.Generator) -> tuple[Positions, Float64]:
    """Draw ``count`` articles one after another, none twice: positions (K,), propensities (K,).

    A propensity, in (0, 1], is the probability of that draw **given those before it**: the
    article's weight over the weight that was left. It is what inverse propensity weighting of that
    slot needs, for a target policy that also chooses among what was left. An article of weight 0 is
    never drawn, so that K is the smaller of ``count`` and the number of positive weights. Raises
    ValueError for a weight that is negative or not finite.
    """
    if not (np.isfinite(weights_N).all() and (weights_N >= 0).all()):
        raise ValueError("weights are numbers from 0 upwards")
    left_N = weights_N.astype(np.float64)
    drawn = max(0, min(count, int(np.count_nonzero(left_N))))
    positions_K, propensities_K = np.empty(drawn, np.int64), np.empty(drawn)
    for k in range(drawn):
        ends_N = np.cumsum(left_N)
        place = np.searchsorted(ends_N, rng.random() * ends_N[-1], side="right")
        position = min(int(place), int(np.flatnonzero(left_N)[-1]))  # a product may be rounded up
        positions_K[k], propensities_K[k] = position, left_N[position] / ends_N[-1]
        left_N[position] = 0
    return positions_K, propensities_K
