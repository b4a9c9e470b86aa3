"""t-SNE: points of many dimensions laid out in two, so that neighbours stay neighbours (van der
Maaten and Hinton, 2008).

Exact, and nothing is left to chance: the layout begins as the two principal components, which keeps
the large shape in place, too (Kobak and Berens, 2019); the step is a point's share of the forces
(Belkina et al., 2019). A second for a thousand points, and time and memory grow with the square.

Shapes: N points, D dimensions.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

PERPLEXITY: Final = 30.0
"""How many neighbours a point minds; a third of the others at most."""
FEWEST: Final = 10
"""Fewer points are shown by their principal components alone."""
GATHERING, SETTLING = 100, 200
"""So many steps: first neighbours are drawn together, then the whole settles."""
EXAGGERATION: Final = 12.0
SMALLEST_STEP: Final = 50.0
FIRST_SPREAD: Final = 1e-4
CALIBRATION_STEPS: Final = 30
TINY: Final = 1e-12


def tsne(points_ND: Float32, before_N2: Float64 | None = None) -> Float64:
    """The points' places (N×2), in no particular unit. Those that they had ``before``, in the same
    unit, are only set right where neighbours have changed.
    """
    beginning_N2 = principal(points_ND)
    if len(points_ND) < FEWEST or not beginning_N2.any():
        return beginning_N2
    attraction_NN = _affinities(points_ND)
    if before_N2 is None:
        small_N2 = beginning_N2 * (FIRST_SPREAD / beginning_N2[:, 0].std())
        start_N2 = _gathered(attraction_NN, small_N2.astype(np.float32))
    else:
        start_N2 = before_N2.astype(np.float32)
    return _settled(attraction_NN, start_N2).astype(np.float64)


def principal(points_ND: Float32) -> Float64:
    """The points' first two principal components (N×2); of each, the dimension that weighs most
    counts as positive, so that the same points are never mirrored.
    """
    centred_ND = points_ND - points_ND.mean(axis=0, dtype=np.float64)
    _, _, axes = np.linalg.svd(centred_ND, full_matrices=False)
    axes_2D = axes[:2]
    heaviest = np.abs(axes_2D).argmax(axis=1)
    axes_2D = axes_2D * np.sign(axes_2D[np.arange(len(axes_2D)), heaviest])[:, np.newaxis]
    places_N2 = np.zeros((len(points_ND), 2))
    places_N2[:, : len(axes_2D)] = centred_ND @ axes_2D.T
    return places_N2


def _affinities(points_ND: Float32) -> Float32:
    """How much each pair of points belongs together (N×N); all of it sums to 1."""
    count = len(points_ND)
    apart_NN = _apart(points_ND)
    np.fill_diagonal(apart_NN, np.inf)
    apart_NN -= apart_NN.min(axis=1, keepdims=True)
    wanted = np.log(min(PERPLEXITY, (count - 1) / 3))
    near = np.sort(apart_NN, axis=1)[:, min(int(PERPLEXITY), count - 2)]
    least_N, most_N = np.zeros(count), np.full(count, np.inf)
    sharpness_N = 1 / np.maximum(near.astype(np.float64), TINY)
    for _ in range(CALIBRATION_STEPS):
        shares_NN, entropy_N = _shares(apart_NN, sharpness_N)
        blurred_N = entropy_N > wanted
        least_N = np.where(blurred_N, sharpness_N, least_N)
        most_N = np.where(blurred_N, most_N, sharpness_N)
        between_N = (least_N + np.where(np.isinf(most_N), 3 * least_N, most_N)) / 2
        sharpness_N = np.maximum(between_N, TINY)
    return (shares_NN + shares_NN.T) / np.float32(2 * count)


def _shares(apart_NN: Float32, sharpness_N: Float64) -> tuple[Float32, Float64]:
    """Each point's neighbours (N×N, a row sums to 1), and the entropy of each row in nats."""
    exponents_NN = apart_NN * -sharpness_N.astype(np.float32)[:, np.newaxis]
    np.maximum(exponents_NN, -100.0, out=exponents_NN)
    shares_NN = np.exp(exponents_NN)
    np.fill_diagonal(shares_NN, 0.0)
    sums_N = shares_NN.sum(axis=1, keepdims=True)
    shares_NN /= sums_N
    expected_N = np.einsum("nm,nm->n", shares_NN, exponents_NN)
    return shares_NN, np.log(sums_N[:, 0].astype(np.float64)) - expected_N


def _gathered(attraction_NN: Float32, places_N2: Float32) -> Float32:
    """Where neighbours have been drawn together, and the rest is not yet in order."""
    return _moved(np.float32(EXAGGERATION) * attraction_NN, places_N2, GATHERING, 0.5)


def _settled(attraction_NN: Float32, places_N2: Float32) -> Float32:
    """Where the points come to rest: each is drawn to those it belongs to, and pushed by all."""
    return _moved(attraction_NN, places_N2, SETTLING, 0.8)


def _moved(attraction_NN: Float32, places_N2: Float32, steps: int, momentum: float) -> Float32:
    speed_N2, gain_N2 = np.zeros_like(places_N2), np.ones_like(places_N2)
    step = np.float32(max(len(places_N2) / EXAGGERATION, SMALLEST_STEP))
    for _ in range(steps):
        force_N2 = _forces(attraction_NN, places_N2)
        turned_N2 = np.sign(force_N2) != np.sign(speed_N2)
        gain_N2 = np.where(turned_N2, gain_N2 + 0.2, np.maximum(gain_N2 * 0.8, 0.01))
        speed_N2 = momentum * speed_N2 - step * gain_N2 * force_N2
        places_N2 = places_N2 + speed_N2
    return places_N2


def _forces(attraction_NN: Float32, places_N2: Float32) -> Float32:
    """The gradient of the divergence (N×2): equation 5 of the paper."""
    nearness_NN = 1 / (1 + _apart(places_N2))
    np.fill_diagonal(nearness_NN, 0.0)
    pull_NN = attraction_NN - nearness_NN / nearness_NN.sum(dtype=np.float32)
    pull_NN *= nearness_NN
    forces_N2: Float32 = 4 * (pull_NN.sum(axis=1, keepdims=True) * places_N2 - pull_NN @ places_N2)
    return forces_N2


def _apart(points_ND: Float32) -> Float32:
    """The squared distance of each pair (N×N)."""
    squares_N = np.einsum("nd,nd->n", points_ND, points_ND)
    apart_NN = points_ND @ points_ND.T
    apart_NN *= -2
    apart_NN += squares_N
    apart_NN += squares_N[:, np.newaxis]
    np.maximum(apart_NN, 0, out=apart_NN)
    return apart_NN
