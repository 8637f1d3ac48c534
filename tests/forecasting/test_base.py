from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.forecasting.base import (
    BaseForecaster,
    Panel,
    SeriesForecaster,
    lagged_returns,
    last_price,
)
from stockanalyst.forecasting.linear import LinearForecaster, RidgeForecaster
from stockanalyst.forecasting.naive import Drift


class LoopedDrift(SeriesForecaster):
    """The drift as one writes it for one series."""

    name: ClassVar[str] = "looped_drift"

    windows: ClassVar[list[list[float]]] = []
    known: ClassVar[list[list[float]]] = []

    def estimate(self, log_price: Vector) -> None:
        self.windows.append([float(value) for value in log_price])
        self.drift = float(np.diff(log_price).mean())

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        self.known.append([float(value) for value in log_price])
        moves: Matrix = self.drift * np.arange(1.0, horizon + 1)
        return last_price(log_price, origins) + moves


class LoopedLinear(SeriesForecaster):
    """Two lags and an intercept by least squares, one equation a step."""

    name: ClassVar[str] = "looped_linear"
    context = 8

    def estimate(self, log_price: Vector) -> None:
        self.weights = []
        for step in range(1, 4):
            rows = np.arange(2, log_price.size - step)
            moves = log_price[rows + step] - log_price[rows]
            lags = np.column_stack([np.ones(rows.size), lagged_returns(log_price, rows, 2)])
            self.weights.append(np.linalg.lstsq(lags, moves, rcond=None)[0])

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        lags = np.column_stack([np.ones(origins.size), lagged_returns(log_price, origins, 2)])
        weights = np.stack(self.weights[:horizon], axis=1)
        moves: Matrix = lags @ weights
        return last_price(log_price, origins) + moves


def panel_of(log_price: Matrix) -> Panel:
    names = tuple(f"S{row}" for row in range(len(log_price)))
    return Panel(names, np.zeros(log_price.shape, "datetime64[ns]"), log_price)


def test_the_loop_shows_each_model_its_window_and_no_more() -> None:
    """Cutoffs 5, 6 and 7 share a window of four sessions that ends at 5; 8 has its own."""
    model = LoopedDrift()
    LoopedDrift.windows.clear()
    LoopedDrift.known.clear()
    log_price = np.arange(10.0)[None] ** 2
    forecasts = model.walk(panel_of(log_price), np.array([5, 6, 7, 8]), 2, train_size=4, refit=3)
    assert model.windows == [[4.0, 9.0, 16.0, 25.0], [25.0, 36.0, 49.0, 64.0]]
    assert model.known == [[4.0, 9.0, 16.0, 25.0, 36.0, 49.0], [25.0, 36.0, 49.0, 64.0]]
    expected = [[32.0, 39.0], [43.0, 50.0], [56.0, 63.0], [77.0, 90.0]]  # + 7, + 7, + 7, + 13
    np.testing.assert_allclose(forecasts, [expected], rtol=1e-14)


def test_the_loop_begins_with_the_series_where_history_is_short() -> None:
    model = LoopedDrift()
    LoopedDrift.windows.clear()
    model.walk(panel_of(np.arange(6.0)[None]), np.array([3, 5]), 1, train_size=5, refit=1)
    assert model.windows == [[0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0, 5.0]]


@pytest.mark.parametrize("refit", [1, 4])
@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize(
    ("looped", "batched"), [(LoopedDrift(), Drift()), (LoopedLinear(), LinearForecaster(lags=2))]
)
def test_a_model_written_for_one_series_gives_the_numbers_of_one_written_for_all(
    looped: BaseForecaster, batched: BaseForecaster, stride: int, refit: int
) -> None:
    log_price = np.cumsum(np.random.default_rng(1).normal(0, 0.01, (3, 90)), axis=1)
    cutoffs = np.arange(30, 85, stride)
    one, all_at_once = (
        model.walk(panel_of(log_price), cutoffs, 3, train_size=40, refit=refit)
        for model in (looped, batched)
    )
    np.testing.assert_allclose(all_at_once, one, rtol=0, atol=1e-12)


def test_a_signature_is_the_class_and_its_parameters() -> None:
    assert LinearForecaster(3).signature == LinearForecaster(3).signature
    others = {LinearForecaster(4).signature, RidgeForecaster(3).signature, Drift().signature}
    assert len({LinearForecaster(3).signature, *others}) == 4


def test_lagged_returns_by_hand() -> None:
    """Returns 1, 2, 4: at position 2 the newest is 2, at position 3 it is 4."""
    log_price = np.array([0.0, 1.0, 3.0, 7.0])
    np.testing.assert_array_equal(
        lagged_returns(log_price, np.array([2, 3]), 2), [[2.0, 1.0], [4.0, 2.0]]
    )
    np.testing.assert_array_equal(last_price(log_price, np.array([2, 3])), [[3.0], [7.0]])


@given(st.integers(3, 58), st.booleans())
def test_lagged_returns_dont_look_ahead(
    garbled: Callable[..., Vector], cutoff: int, nan: bool
) -> None:
    log_price, origins = np.cumsum(np.arange(60.0) % 7), np.arange(3, 60)
    known = slice(cutoff - 2)
    seen = lagged_returns(garbled(log_price, cutoff, nan=nan), origins, 3)[known]
    np.testing.assert_array_equal(seen, lagged_returns(log_price, origins, 3)[known])
