"""The exploring draw: a softmax over optimistic click rates, without replacement.

Shapes: N articles, K drawn.
"""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def optimistic_rates(
    clicks_N: Float64,
    impressions_N: Float64,
    prior_clicks: float,
    prior_impressions: float,
    optimism: float,
) -> Float64:
    """Click rates (N,) in [0, 1]: the posterior mean of a Beta prior plus ``optimism`` posterior
    standard deviations.
    """
    seen_N = impressions_N + prior_impressions
    mean_N = np.clip((clicks_N + prior_clicks) / seen_N, 0.0, 1.0)
    deviation_N = np.sqrt(mean_N * (1 - mean_N) / (seen_N + 1))
    rates_N: Float64 = np.clip(mean_N + optimism * deviation_N, 0.0, 1.0)
    return rates_N


def softmax(rates_N: Float64, temperature: float) -> Float64:
    """Probabilities (N,) in proportion to exp(rate / temperature)."""
    weights_N = np.exp((rates_N - rates_N.max()) / temperature)
    probabilities_N: Float64 = weights_N / weights_N.sum()
    return probabilities_N


def draw(
    weights_N: Float64, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Float64]:
    """``count`` different positions (K,), or all, and the propensity (K,) of each given those
    drawn before it.
    """
    left_N = weights_N.astype(np.float64)
    count = min(count, len(left_N))
    positions_K, propensities_K = np.empty(count, np.int64), np.empty(count)
    for place in range(count):
        up_to_N = np.cumsum(left_N)
        position = int(np.searchsorted(up_to_N, rng.random() * up_to_N[-1], side="right"))
        positions_K[place], propensities_K[place] = position, left_N[position] / up_to_N[-1]
        left_N[position] = 0.0
    return positions_K, propensities_K
