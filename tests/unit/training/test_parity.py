"""How parity is measured, and what it lets through."""

import numpy as np
import pytest

from model_store.manifest import INT8_LOW_COSINE, INT8_MEAN_COSINE, Parity
from training.errors import ParityRefused
from training.export.centring import centred
from training.export.parity import FP32_LARGEST_DIFFERENCE, check, measure


def parity(difference: float = 0.0, mean: float = 1.0, low: float = 1.0) -> Parity:
    return Parity(
        max_absolute_difference=difference,
        mean_cosine=mean,
        low_cosine=low,
        min_cosine=low,
        texts=200,
    )


def test_parity_is_measured_by_hand() -> None:
    torch_ND = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    onnx_ND = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    measured = measure(torch_ND, onnx_ND)
    assert measured.max_absolute_difference == pytest.approx(0.8)
    assert measured.mean_cosine == pytest.approx((1 + 1 + 0.6) / 3)
    assert measured.min_cosine == pytest.approx(0.6)
    assert measured.low_cosine == pytest.approx(0.6, abs=1e-3)
    assert measured.texts == 3


def test_the_difference_is_relative_to_the_vectors_length() -> None:
    torch_ND = np.array([[3.0, 4.0]], np.float32)
    measured = measure(torch_ND * 100, torch_ND * 100 + np.float32(5))
    assert measured.max_absolute_difference == pytest.approx(0.01)


def test_vectors_that_are_not_numbers_are_refused() -> None:
    vectors_ND = np.ones((2, 2), np.float32)
    with pytest.raises(ParityRefused, match="not numbers"):
        measure(vectors_ND, vectors_ND * np.float32(np.nan))


def test_a_zero_vector_has_nothing_in_common_with_any() -> None:
    assert measure(np.ones((1, 2), np.float32), np.zeros((1, 2), np.float32)).min_cosine == 0


def test_what_is_just_close_enough_passes() -> None:
    check("fp32", parity(FP32_LARGEST_DIFFERENCE))
    check("int8", parity(0.5, INT8_MEAN_COSINE, INT8_LOW_COSINE))


@pytest.mark.parametrize(
    ("precision", "measured"),
    [
        ("fp32", parity(1.01 * FP32_LARGEST_DIFFERENCE)),
        ("int8", parity(mean=INT8_MEAN_COSINE - 1e-6, low=INT8_LOW_COSINE)),
        ("int8", parity(mean=INT8_MEAN_COSINE, low=INT8_LOW_COSINE - 1e-6)),
    ],
)
def test_what_is_too_far_is_refused(precision: str, measured: Parity) -> None:
    with pytest.raises(ParityRefused):
        check(precision, measured)  # type: ignore[arg-type]


def test_centring_normalises_again_if_vectors_are_normalised() -> None:
    vectors_ND = np.array([[3, 0], [0, 5]], np.float32)
    centre_D = np.array([0, 1], np.float32)
    assert centred(vectors_ND, centre_D, normalised=False).tolist() == [[3, -1], [0, 4]]
    lengths = np.linalg.norm(centred(vectors_ND, centre_D, normalised=True), axis=1)
    assert lengths == pytest.approx([1, 1])
