import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import lstsq

from stockanalyst._typing import Matrix, Vector
from stockanalyst.forecasting.rolling import (
    History,
    LaggedProducts,
    Windows,
    autoregress,
    differences,
    regress_on_lags,
    solve_symmetric,
)

CUTOFFS = np.array([5, 7, 9, 11, 13])
seeds = st.integers(0, 2**32 - 1)


def returns_of(n_sessions: int, n_symbols: int, seed: int) -> Matrix:
    returns: Matrix = np.random.default_rng(seed).normal(0, 0.01, (n_sessions, n_symbols))
    returns[0] = 0.0
    return returns


def test_windows_by_hand() -> None:
    """Eight sessions up to every second cutoff; the first window is shorter."""
    windows = Windows.rolling(CUTOFFS, 8, 2)
    np.testing.assert_array_equal(windows.starts, [0, 2, 6])
    np.testing.assert_array_equal(windows.ends, [5, 9, 13])
    np.testing.assert_array_equal(windows.shifted(2).starts, [-2, 0, 4])
    np.testing.assert_array_equal(windows.shifted(2).ends, [3, 7, 11])


@pytest.mark.parametrize(
    ("refit", "served"),
    [(1, [5, 7, 9, 11, 13]), (2, [5, 5, 9, 9, 13]), (3, [5, 5, 5, 11, 11]), (9, [5, 5, 5, 5, 5])],
)
def test_a_window_serves_the_cutoffs_until_the_next(refit: int, served: list[int]) -> None:
    windows = Windows.rolling(CUTOFFS, 8, refit)
    ends = windows.ends.astype(np.float64)[None, :, None]
    np.testing.assert_array_equal(windows.served(ends, 5, axis=1)[0, :, 0], served)


def test_a_history_holds_what_may_be_seen_and_no_more() -> None:
    """Windows of four up to 5 and 9: sessions 2 to 11 of both symbols, time first."""
    log_price = np.arange(30.0).reshape(2, 15)
    history = History.of(log_price, np.array([5, 7, 9, 11]), 4, 2)
    np.testing.assert_array_equal(history.known, log_price[:, 2:12].T)
    np.testing.assert_array_equal(history.cutoffs, [3, 5, 7, 9])
    np.testing.assert_array_equal(history.windows.starts, [0, 4])
    np.testing.assert_array_equal(history.windows.ends, [3, 7])


def test_differences_by_hand() -> None:
    cubes = np.array([[0.0], [1.0], [8.0], [27.0], [64.0]])
    np.testing.assert_array_equal(differences(cubes, 0), cubes)
    np.testing.assert_array_equal(differences(cubes, 1)[:, 0], [0, 1, 7, 19, 37])
    np.testing.assert_array_equal(differences(cubes, 2)[:, 0], [0, 0, 6, 12, 18])


@given(seeds, st.integers(4, 30), st.integers(0, 40), st.integers(0, 4), st.integers(-3, 4))
def test_sums_over_origins_against_a_loop(
    seed: int, first: int, length: int, lag: int, later: int
) -> None:
    returns = returns_of(80, 2, seed)
    products = LaggedProducts(returns, 4)
    last, earlier = first + length, max(later - lag, -4)
    origins = range(first, last + 1)
    ends = np.array([first]), np.array([last])
    np.testing.assert_allclose(
        products.sum(*ends, later)[0], sum(returns[o + later] for o in origins), atol=1e-15
    )
    np.testing.assert_allclose(
        products.product(*ends, later, earlier)[0],
        sum(returns[o + later] * returns[o + earlier] for o in origins),
        atol=1e-15,
    )


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize(("lags", "step"), [(1, 1), (4, 1), (3, 5)])
def test_regression_as_least_squares_of_each_window(lags: int, step: int, intercept: bool) -> None:
    returns = returns_of(200, 3, 7)
    windows = Windows(np.array([0, 0, 9, 80]), np.array([30, 60, 120, 199]), 1)
    fitted = regress_on_lags(
        LaggedProducts(returns, lags + step), windows, lags=lags, step=step, intercept=intercept
    )
    assert fitted.shape == (lags + 1, 4, 3)
    for position, (start, end) in enumerate(zip(windows.starts, windows.ends, strict=True)):
        origins = np.arange(start + lags, end - step + 1)
        known = np.stack([returns[origins - lag] for lag in range(lags)], axis=1)
        came = sum(returns[origins + k] for k in range(1, step + 1))
        ones = np.full((origins.size, 1), float(intercept))
        for symbol in range(3):
            rows = np.column_stack([ones, known[:, :, symbol]])
            expected = lstsq(rows, came[:, symbol])[0]
            np.testing.assert_allclose(fitted[:, position, symbol], expected, atol=1e-12)


def test_autoregression_by_hand() -> None:
    """Values 1, 2, 3, 1: D[1,2] = 2 + 6 + 3 = 11 over 3 terms, D[2,2] = 4 + 9 = 13 over 2."""
    values = np.array([[0.0], [1.0], [2.0], [3.0], [1.0]])
    windows = Windows(np.array([0]), np.array([4]), 1)
    fitted = autoregress(LaggedProducts(values, 1), windows, 1)
    np.testing.assert_allclose(fitted, [[[(11 / 3) / (13 / 2)]]], rtol=1e-14)


def slow_autoregression(values: Vector, lags: int) -> Vector:
    """From the sums D of Box and Jenkins, appendix A7.4, each over the number of its terms."""
    n = len(values)

    def mean(i: int, j: int) -> float:
        terms = [values[i - 1 + k] * values[j - 1 + k] for k in range(n - i - j + 2)]
        return float(sum(terms)) / len(terms)

    numbers = range(2, lags + 2)
    gram = [[mean(i, j) for j in numbers] for i in numbers]
    solution: Vector = np.linalg.solve(np.array(gram), np.array([mean(1, j) for j in numbers]))
    return solution


@pytest.mark.parametrize("lags", [1, 2, 5])
def test_autoregression_against_a_slow_loop(lags: int) -> None:
    returns = returns_of(150, 2, 3)
    windows = Windows(np.array([0, 20]), np.array([60, 149]), 1)
    fitted = autoregress(LaggedProducts(returns, lags), windows, lags)
    for position, (start, end) in enumerate(zip(windows.starts, windows.ends, strict=True)):
        for symbol in range(2):
            expected = slow_autoregression(returns[start + 1 : end + 1, symbol], lags)
            np.testing.assert_allclose(fitted[:, position, symbol], expected, atol=1e-12)


@given(seeds, st.integers(1, 8))
def test_systems_as_numpy_solves_them(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(3, 2, size, size))
    systems = roots @ roots.swapaxes(-1, -2) + 0.1 * np.eye(size)
    right = rng.normal(size=(3, 2, size))
    lower = [[systems[..., i, j].copy() for j in range(i + 1)] for i in range(size)]
    solved = solve_symmetric(lower, [right[..., i].copy() for i in range(size)])
    expected = np.linalg.solve(systems, right[..., None])[..., 0]
    np.testing.assert_allclose(np.stack(solved, axis=-1), expected, rtol=1e-8, atol=1e-9)


def test_an_unknown_without_a_pivot_is_zero_and_spares_its_neighbours() -> None:
    """The second is all zeros, in the third x = 1 is enough; 2x + y = 4, x + 2y = 5."""
    lower = [[np.array([2.0, 0.0, 1.0])], [np.array([1.0, 0.0, 2.0]), np.array([2.0, 0.0, 1.0])]]
    solved = solve_symmetric(lower, [np.array([4.0, 0.0, 1.0]), np.array([5.0, 0.0, 1.0])])
    np.testing.assert_allclose(solved, [[1.0, 0.0, 1.0], [2.0, 0.0, 0.0]], rtol=1e-14)
