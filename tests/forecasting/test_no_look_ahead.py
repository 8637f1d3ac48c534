"""What holds for every model, ensemble and interval: the past alone counts, each symbol alone."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stockanalyst._typing import Cube, Matrix
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.intervals import METHODS, Intervals
from stockanalyst.forecasting.registry import FACTORIES

Array = NDArray[np.float64]
Make = Callable[[], BaseForecaster]

HORIZON = 6
CUTOFFS = np.arange(100, 130)
LEVELS = (0.5, 0.9)
MODELS: dict[str, Make] = {
    **FACTORIES,
    "ARIMA(3, 1, 0)": lambda: ARIMAForecaster((3, 1, 0)),
    "ARIMA(2, 1, 2)": lambda: ARIMAForecaster((2, 1, 2)),
    "ARIMA(0, 2, 1)": lambda: ARIMAForecaster((0, 2, 1)),
}


def prices(n_symbols: int = 4, n_sessions: int = 140) -> Matrix:
    """Log prices to the 2⁻⁴⁰th, so that whole numbers can be added without a rounding."""
    steps = np.random.default_rng(11).standard_t(4, (n_symbols, n_sessions)) * 0.01
    exactly: Matrix = np.round(np.cumsum(steps, axis=1) * 2**40) / 2**40
    return exactly


def panel_of(log_price: Matrix) -> Panel:
    names = tuple(f"S{row}" for row in range(len(log_price)))
    return Panel(names, np.zeros(log_price.shape, "datetime64[ns]"), log_price)


def walked(make: Make, log_price: Matrix, refit: int = 1) -> Cube:
    """From 30 cutoffs; the first windows are as long as history allows."""
    return make().walk(panel_of(log_price), CUTOFFS, HORIZON, train_size=110, refit=refit)


def garbage(values: Array, rng: np.random.Generator, *, nan: bool) -> Array:
    return np.full_like(values, np.nan) if nan else rng.uniform(1e2, 1e6, values.shape)


def members(log_price: Matrix) -> tuple[Array, Array]:
    """Forecast moves of three members and what came, shapes (S, 3, 30, H) and (S, 30, H)."""
    ahead = CUTOFFS[:, None] + np.arange(1, HORIZON + 1)
    came = log_price[:, ahead] - log_price[:, CUTOFFS, None]
    noise = np.random.default_rng(12).normal(0, 0.01, (4, 3, *came.shape[1:]))
    noise[1, 2, :12] = np.nan
    return 0.1 * came[:, None] + noise[: len(log_price)], came


@pytest.mark.parametrize("refit", [1, 7])
@pytest.mark.parametrize("name", MODELS)
def test_nothing_after_a_cutoff_changes_a_forecast(name: str, refit: int) -> None:
    log_price = prices()
    made = walked(MODELS[name], log_price, refit)
    assert np.isfinite(made).all()
    rng = np.random.default_rng(13)
    for row, nan in ((0, False), (11, True), (28, False)):
        future = log_price.copy()
        after = future[:, CUTOFFS[row] + 1 :]
        after[:] = garbage(after, rng, nan=nan)
        seen = walked(MODELS[name], future, refit)
        np.testing.assert_array_equal(seen[:, : row + 1], made[:, : row + 1])


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"auto_arima"}))
def test_nothing_before_the_training_window_changes_a_forecast(name: str) -> None:
    """Of the second cutoff, whose window begins at 90; an order may have been chosen before."""
    log_price, cutoffs = prices(), np.array([100, 129])
    other = log_price.copy()
    other[:, :90] += 3.0
    other[:, 60:80] *= 2.0
    made, seen = (
        MODELS[name]().walk(panel_of(each), cutoffs, HORIZON, train_size=40, refit=1)
        for each in (log_price, other)
    )
    np.testing.assert_allclose(seen[:, 1], made[:, 1], rtol=0, atol=1e-10)


@given(st.sampled_from(list(COMBINATIONS)), st.integers(0, 29), st.booleans(), st.integers(1, 7))
def test_nothing_unknown_at_a_cutoff_changes_an_ensemble(
    name: str, row: int, nan: bool, stride: int
) -> None:
    moves, outcomes = members(prices())
    delays = -(-np.arange(1, HORIZON + 1) // stride)
    made = COMBINATIONS[name](moves, outcomes, delays)
    rng = np.random.default_rng(row)
    later, unknown = moves.copy(), outcomes.copy()
    later[:, :, row + 1 :] = garbage(later[:, :, row + 1 :], rng, nan=nan)
    yet_to_come = np.arange(30)[:, None] + delays > row
    unknown[:, yet_to_come] = garbage(unknown[:, yet_to_come], rng, nan=nan)
    seen = COMBINATIONS[name](later, unknown, delays)
    np.testing.assert_array_equal(seen[:, : row + 1], made[:, : row + 1])


def offsets(intervals: Intervals, log_price: Matrix, forecasts: Array) -> tuple[Array, Array]:
    """From the sixth of the 30 cutoffs on."""
    return intervals.offsets(log_price, forecasts, CUTOFFS, first=5, levels=LEVELS, reference=0)


def forecasts_of(log_price: Matrix) -> Array:
    """The random walk, and a model that may not be used at first, shape (S, 2, 30, H)."""
    walk = np.repeat(log_price[:, None, CUTOFFS, None], HORIZON, axis=3)
    other = walk + np.random.default_rng(14).normal(0, 0.01, (4, *walk.shape[1:]))[: len(walk)]
    other[:, :, :15] = np.nan
    return np.concatenate([walk, other], axis=1)


@settings(max_examples=40)
@given(
    st.sampled_from(list(METHODS)),
    st.sampled_from(["ewma", "constant"]),
    st.integers(5, 29),
    st.booleans(),
)
def test_nothing_after_a_cutoff_changes_an_interval(
    method: str, volatility: str, row: int, nan: bool
) -> None:
    log_price, intervals = prices(), Intervals(method, volatility)
    forecasts = forecasts_of(log_price)
    made = offsets(intervals, log_price, forecasts)
    rng = np.random.default_rng(row)
    future, later = log_price.copy(), forecasts.copy()
    future[:, CUTOFFS[row] + 1 :] = garbage(future[:, CUTOFFS[row] + 1 :], rng, nan=nan)
    later[:, :, row + 1 :] = garbage(later[:, :, row + 1 :], rng, nan=nan)
    for seen, side in zip(offsets(intervals, future, later), made, strict=True):
        np.testing.assert_array_equal(seen[..., : row - 4, :], side[..., : row - 4, :])


@pytest.mark.parametrize("refit", [1, 7])
@pytest.mark.parametrize("name", MODELS)
def test_a_symbol_is_forecast_alike_in_any_company(name: str, refit: int) -> None:
    log_price = prices()
    log_price[3] = 2.0  # stands still
    made = walked(MODELS[name], log_price, refit)
    for some in ([2], [3, 0]):
        np.testing.assert_array_equal(walked(MODELS[name], log_price[some], refit), made[some])


@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_symbol_is_combined_alike_in_any_company(name: str) -> None:
    moves, outcomes = members(prices())
    delays = np.arange(1, HORIZON + 1)
    made = COMBINATIONS[name](moves, outcomes, delays)
    for some in ([1], [3, 0]):
        alone = COMBINATIONS[name](moves[some], outcomes[some], delays)
        np.testing.assert_array_equal(alone, made[some])


@pytest.mark.parametrize("volatility", ["ewma", "constant"])
@pytest.mark.parametrize("method", METHODS)
def test_a_symbol_has_its_intervals_in_any_company(method: str, volatility: str) -> None:
    log_price, intervals = prices(), Intervals(method, volatility)
    forecasts = forecasts_of(log_price)
    made = offsets(intervals, log_price, forecasts)
    for some in ([1], [3, 0]):
        alone = offsets(intervals, log_price[some], forecasts[some])
        for side, whole in zip(alone, made, strict=True):
            np.testing.assert_array_equal(side, whole[some])


@pytest.mark.parametrize("name", MODELS)
def test_a_price_that_stands_still_is_forecast_to_stand_still(name: str) -> None:
    still = np.log(np.array([[42.0], [0.0003], [1.0]])) * np.ones(140)
    made = walked(MODELS[name], still)
    np.testing.assert_allclose(np.exp(made), np.exp(still[:, :1, None]) + 0 * made, rtol=1e-12)


@pytest.mark.parametrize("refit", [1, 7])
@pytest.mark.parametrize("name", MODELS)
def test_a_price_in_another_unit_is_forecast_alike(name: str, refit: int) -> None:
    log_price = prices()
    made = walked(MODELS[name], log_price, refit)
    np.testing.assert_allclose(walked(MODELS[name], log_price + 3.0, refit), made + 3, atol=1e-11)


DAYS = np.arange(140)
ODD = {
    "every return alike": 0.001 * DAYS,
    "prices in a line": np.log(100 + 0.01 * DAYS),
    "to and fro": 0.01 * (DAYS % 2),
    "round in a week": np.array([0.0, 0.01, 0.03, -0.01, 0.02])[DAYS % 5],
    "one jump": 0.3 * (DAYS > 80),
    "one day in the wrong unit": np.log(100) * (DAYS == 110) + prices(1)[0],
    "stands still after a storm": prices(1)[0, np.minimum(DAYS, 60)],
    "wakes up": prices(1)[0, np.maximum(DAYS, 95)],
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", MODELS)
def test_odd_prices_are_forecast_by_numbers_and_without_a_warning(name: str, kind: str) -> None:
    assert np.isfinite(walked(MODELS[name], ODD[kind][None])).all()
