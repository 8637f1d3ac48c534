from math import inf, nan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.metrics.calibration import interval_score
from stockanalyst.metrics.forecast import pinball_loss


def test_interval_score_by_hand() -> None:
    """Width 1 and, at 80 %, ten times the miss: none, none on a bound, 0.1 below, 0.3 above."""
    y = np.array([1.5, 2.0, 0.9, 2.3])
    scores = interval_score(y, np.ones(4), np.full(4, 2.0), level=0.8)
    np.testing.assert_allclose(scores, [1.0, 1.0, 2.0, 4.0], rtol=1e-14)


def test_an_endless_interval_scores_endlessly_and_nan_stays_nan() -> None:
    scores = interval_score(np.array([1.0, nan]), np.zeros(2), np.array([inf, 1.0]), level=0.9)
    np.testing.assert_array_equal(scores, [inf, nan])


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0, 5), st.sampled_from([0.5, 0.8, 0.95]))
def test_interval_score_is_made_of_two_quantile_losses(
    y: float, lower: float, width: float, level: float
) -> None:
    """2 / (1 − level) times the pinball losses of its bounds: Gneiting and Raftery, section 6.2."""
    value, low, high = np.array(y), np.array(lower), np.array(lower + width)
    losses = pinball_loss(value, low, probability=(1 - level) / 2) + pinball_loss(
        value, high, probability=(1 + level) / 2
    )
    expected = losses * 2 / (1 - level)
    np.testing.assert_allclose(
        interval_score(value, low, high, level=level), expected, rtol=1e-9, atol=1e-12
    )
