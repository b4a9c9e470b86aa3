import numpy as np

from service.catalogue.precision import in_single_precision


def test_every_finite_half_is_the_very_same_number_in_single_precision() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    expected = finite.astype(np.float32)
    assert in_single_precision(finite).tobytes() == expected.tobytes()  # also the sign of zero
