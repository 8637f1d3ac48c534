import numpy as np
import pytest
from scipy.signal import lfilter

from stockanalyst._typing import Vector
from stockanalyst.forecasting.arma_windows import NumpyWindows


def test_zeros_stand_in_before_and_after_the_series() -> None:
    x = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    windows = NumpyWindows.of(x, np.array([0, 2]), 2, beyond=1)
    positions = [[[0, 0], [2, 20]], [[1, 10], [3, 30]], [[2, 20], [0, 0]]]
    np.testing.assert_array_equal(np.stack(list(windows)), positions)


@pytest.mark.parametrize("order", [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2)])
def test_normal_equations_against_differences_of_the_residuals(order: tuple[int, int]) -> None:
    p, q = order
    x = np.random.default_rng(1).standard_normal((60, 2))
    ends = np.array([39, 49, 59])
    windows = NumpyWindows.of(x, ends, 40)
    theta = np.random.default_rng(2).uniform(-0.4, 0.4, (p + q, *windows.shape))
    squares, gradient, gram = windows.normal_equations(theta, p)
    for row, column in np.ndindex(3, 2):
        window = x[ends[row] - 39 : ends[row] + 1, column]

        def residuals(at: Vector, window: Vector = window) -> Vector:
            found: Vector = lfilter([1.0, *-at[:p]], [1.0, *at[p:]], window)
            return found

        at, small = theta[:, row, column], 1e-6 * np.eye(p + q)
        slopes = np.stack([residuals(at + step) - residuals(at - step) for step in small]) / 2e-6
        assert squares[row, column] == pytest.approx(residuals(at) @ residuals(at), rel=1e-12)
        half = slopes @ residuals(at)
        np.testing.assert_allclose(gradient[:, row, column], half, atol=1e-6)
        lower = np.tril(slopes @ slopes.T)
        np.testing.assert_allclose(np.tril(gram[:, :, row, column]), lower, atol=1e-6)
