from math import inf, isnan, nan

import numpy as np
import pytest

from stockanalyst.metrics.calibration import coverage


def test_coverage_counts_the_bounds() -> None:
    """Inside, on the lower bound, on the upper bound, below, above: 3 of 5."""
    y = np.array([1.5, 1.0, 2.0, 0.9, 2.1])
    assert coverage(y, np.full(5, 1.0), np.full(5, 2.0)) == 0.6


def test_an_endless_interval_covers_everything() -> None:
    assert coverage(np.array([1.0, 9.0]), np.zeros(2), np.full(2, inf)) == 1.0


@pytest.mark.parametrize(
    ("y", "lower", "upper"),
    [([], [], []), ([nan], [0.0], [1.0]), ([0.5], [nan], [1.0]), ([0.5], [0.0], [nan])],
    ids=["none", "y", "lower", "upper"],
)
def test_nothing_and_nan_give_nan(y: list[float], lower: list[float], upper: list[float]) -> None:
    assert isnan(coverage(np.array(y), np.array(lower), np.array(upper)))
