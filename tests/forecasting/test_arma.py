import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.signal import lfilter

from stockanalyst._typing import Cube, Matrix, Vector
from stockanalyst.forecasting import arma
from stockanalyst.forecasting.arma import fit_arma, forecast_arma, residuals_at
from stockanalyst.forecasting.arma_windows import NumpyWindows

ORDERS = [(0, 1), (1, 1), (0, 2), (2, 1), (1, 2), (2, 2)]
TRUTH = {
    (1, 0): ([0.6], []),
    (0, 1): ([], [-0.7]),
    (0, 2): ([], [0.5, 0.4]),
    (2, 0): ([0.5, -0.6], []),
    (1, 1): ([0.8], [0.5]),
    (2, 1): ([0.5, -0.6], [0.6]),
    (2, 2): ([0.9, -0.5], [0.6, 0.4]),
}


@pytest.fixture(autouse=True)
def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever other tests have loaded."""
    monkeypatch.setattr(arma, "_kind", lambda _n_values: NumpyWindows)


def simulated(ar: list[float], ma: list[float], shape: tuple[int, int], seed: int = 0) -> Matrix:
    """ARMA series with standard normal innovations, settled, time first."""
    shocks = np.random.default_rng(seed).standard_normal((shape[0] + 200, shape[1]))
    series: Matrix = lfilter([1.0, *ma], [1.0, *(-np.array(ar))], shocks, axis=0)[200:]
    return series


def slow_residuals(x: Vector, ar: Vector, ma: Vector) -> list[float]:
    """One after the other; what was before the window counts as zero."""
    errors: list[float] = []
    for t, value in enumerate(x):
        past = sum(phi * x[t - 1 - i] for i, phi in enumerate(ar) if t > i)
        shocks = sum(theta * errors[t - 1 - j] for j, theta in enumerate(ma) if t > j)
        errors.append(float(value - past - shocks))
    return errors


@pytest.mark.parametrize("order", TRUTH)
def test_known_coefficients_are_found_again(order: tuple[int, int]) -> None:
    """Of 3,000 values: a standard error is 1/√n times at most some 2, or 0.04."""
    ar, ma = TRUTH[order]
    x = simulated(ar, ma, (3000, 2))
    fit = fit_arma(x, np.array([2999]), 3000, p=order[0], q=order[1])
    assert fit.converged.all()
    for column in range(2):
        np.testing.assert_allclose(fit.ar[:, 0, column], ar, atol=0.12)
        np.testing.assert_allclose(fit.ma[:, 0, column], ma, atol=0.12)
    np.testing.assert_allclose(fit.sum_of_squares / 3000, 1.0, atol=0.08)


@pytest.mark.parametrize("order", ORDERS)
def test_no_point_has_a_lower_sum_of_squares(order: tuple[int, int]) -> None:
    """scipy's minimiser from the truth and from nothing finds nothing better by 0.1 %."""
    (p, q), (ar, ma) = order, TRUTH.get(order, ([0.5], [0.5, 0.4]))
    x = simulated(ar, ma, (420, 3), seed=5)
    ends = np.array([299, 359, 419])
    fit = fit_arma(x, ends, 300, p=p, q=q)
    for row, end in enumerate(ends):
        for column in range(3):
            window = x[end - 299 : end + 1, column]

            def squares(theta: Vector, window: Vector = window) -> float:
                errors = lfilter([1.0, *-theta[:p]], [1.0, *theta[p:]], window)
                return float(errors @ errors) if np.isfinite(errors).all() else np.inf

            theta = np.concatenate([fit.ar[:, row, column], fit.ma[:, row, column]])
            assert squares(theta) == pytest.approx(fit.sum_of_squares[row, column], rel=1e-12)
            starts = (np.array([*ar, *ma]), np.zeros(p + q))
            with np.errstate(over="ignore", invalid="ignore"):
                best = min(minimize(squares, at, method="Nelder-Mead").fun for at in starts)
            assert squares(theta) < best * 1.001


@settings(max_examples=12)
@given(st.sampled_from(ORDERS), st.integers(0, 10**6), st.floats(-1.2, 1.2))
def test_estimates_are_stationary_and_invertible(
    order: tuple[int, int], seed: int, feedback: float
) -> None:
    """Of white noise, of short windows, and of series that are neither themselves."""
    x = np.random.default_rng(seed).standard_normal((60, 3))
    x[:, 1] = lfilter([1.0], [1.0, -feedback], x[:, 1])
    x[:, 2] = np.diff(x[:, 2], n=2, prepend=[0.0, 0.0])
    fit = fit_arma(x, np.array([24, 39, 54]), 30, p=order[0], q=order[1])
    assert np.isfinite(fit.sum_of_squares).all()
    for coefficients, sign in ((fit.ar, -1.0), (fit.ma, 1.0)):
        for pair in np.ndindex(3, 3):
            polynomial = [1.0, *(sign * coefficients[:, *pair])]
            assert (np.abs(np.roots(polynomial)) < 1).all()


def test_without_orders_there_is_only_the_sum_of_squares() -> None:
    fit = fit_arma(np.arange(6.0)[:, None], np.array([3, 4, 5]), 3, p=0, q=0)
    np.testing.assert_array_equal(fit.sum_of_squares[:, 0], [14.0, 29.0, 50.0])
    assert fit.ar.shape == fit.ma.shape == (0, 3, 1)


def test_a_window_that_begins_before_the_series_is_a_shorter_one() -> None:
    x = simulated([0.8], [0.5], (150, 2))
    long, short = (fit_arma(x, np.array([149]), size, p=1, q=1) for size in (400, 150))
    np.testing.assert_array_equal(long.ar, short.ar)
    np.testing.assert_array_equal(long.ma, short.ma)


@pytest.mark.parametrize("order", [(1, 1), (2, 2)])
def test_a_pair_knows_nothing_of_the_others(order: tuple[int, int]) -> None:
    """The same bits without the other series, and whatever stands after a window's end."""
    p, q = order
    x = np.random.default_rng(3).standard_t(4, (200, 5))
    ends = np.arange(160, 200)
    together = fit_arma(x, ends, 120, p=p, q=q)
    alone = fit_arma(x[:, 2:3], ends, 120, p=p, q=q)
    np.testing.assert_array_equal(together.ma[:, :, 2:3], alone.ma)
    future = x.copy()
    future[181:] = 1e3 * np.arange(19.0)[:, None]
    seen = fit_arma(future, ends, 120, p=p, q=q)
    np.testing.assert_array_equal(together.ma[:, :21], seen.ma[:, :21])
    np.testing.assert_array_equal(together.sum_of_squares[:21], seen.sum_of_squares[:21])


def test_windows_far_apart_take_nothing_from_one_another() -> None:
    """A start from another year's estimate ends in the wrong valley as often as not."""
    x = np.random.default_rng(4).standard_normal((500, 2))
    ends = np.arange(199, 500, 60)
    together = fit_arma(x, ends, 200, p=1, q=1)
    alone = [fit_arma(x, ends[row : row + 1], 200, p=1, q=1).ar[0, 0] for row in range(ends.size)]
    np.testing.assert_array_equal(together.ar[0], alone)


@pytest.mark.parametrize(("stride", "refit"), [(1, 1), (1, 5), (3, 1), (2, 4)])
@pytest.mark.parametrize("order", [(0, 1), (2, 2)])
def test_residuals_against_a_slow_loop(order: tuple[int, int], stride: int, refit: int) -> None:
    """From the start of each block's window, the first window longer than the history."""
    p, q = order
    x = simulated(*TRUTH[order], (140, 2), seed=8)
    origins = np.arange(70, 70 + 11 * stride, stride)
    fit = fit_arma(x, origins[::refit], 80, p=p, q=q)
    errors = residuals_at(x, fit, origins, refit)
    for row, origin in enumerate(origins):
        start = max(int(origins[row - row % refit]) - 79, 0)
        for column in range(2):
            coefficients = (part[:, row // refit, column] for part in (fit.ar, fit.ma))
            expected = slow_residuals(x[start : origin + 1, column], *coefficients)
            np.testing.assert_allclose(errors[:, row, column], expected[: -q - 1 : -1], atol=1e-12)


def test_forecasts_by_hand() -> None:
    """φ = 0.5, 0.25; θ = 0.4, 0.2; values …, 1, 2; residuals …, −1, 3.

    0.5 · 2 + 0.25 · 1 + 0.4 · 3 − 0.2 · 1 = 2.25; 0.5 · 2.25 + 0.25 · 2 + 0.2 · 3 = 2.225;
    0.5 · 2.225 + 0.25 · 2.25 = 1.675.
    """

    def column(*values: float) -> Cube:
        return np.array(values)[:, None, None]

    forecasts = forecast_arma(
        column(0.5, 0.25), column(0.4, 0.2), column(2.0, 1.0), column(3.0, -1.0), 3
    )
    np.testing.assert_allclose(forecasts[:, 0, 0], [2.25, 2.225, 1.675], rtol=1e-14)
