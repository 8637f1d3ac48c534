import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.naive import BASELINES, Drift, RandomWalk, SeasonalNaive

SQUARES = np.arange(9.0) ** 2
"""Log prices 0, 1, 4, 9, 16, 25, 36, 49, 64."""


def walked(
    model: BaseForecaster,
    log_price: Matrix,
    cutoffs: list[int],
    horizon: int,
    *,
    train_size: int = 4,
    refit: int = 1,
) -> Matrix:
    """Forecasts of the first symbol, shape (n_cutoffs, horizon)."""
    names = tuple(f"S{row}" for row in range(len(log_price)))
    panel = Panel(names, np.zeros(log_price.shape, "datetime64[ns]"), log_price)
    origins: IntVector = np.array(cutoffs)
    first: Matrix = model.walk(panel, origins, horizon, train_size=train_size, refit=refit)[0]
    return first


def test_random_walk_by_hand() -> None:
    forecasts = walked(RandomWalk(), SQUARES[None], [3, 6], 3)
    np.testing.assert_array_equal(forecasts, [[9.0, 9.0, 9.0], [36.0, 36.0, 36.0]])


@pytest.mark.parametrize(
    ("refit", "drifts"),
    [
        (1, [3.0, 5.0, 7.0, 9.0]),  # (9 − 0) / 3, (16 − 1) / 3, (25 − 4) / 3, (36 − 9) / 3
        (2, [3.0, 3.0, 7.0, 7.0]),
        (9, [3.0, 3.0, 3.0, 3.0]),
    ],
)
def test_drift_by_hand(refit: int, drifts: list[float]) -> None:
    forecasts = walked(Drift(), SQUARES[None], [3, 4, 5, 6], 2, refit=refit)
    last = np.array([9.0, 16.0, 25.0, 36.0])
    np.testing.assert_allclose(forecasts, np.add.outer(last, [0.0, 0.0]) + np.outer(drifts, [1, 2]))


def test_drift_of_all_there_is_where_history_is_short() -> None:
    """Cutoff 2 of a window of 100: (4 − 0) / 2."""
    forecasts = walked(Drift(), SQUARES[None], [2], 2, train_size=100)
    np.testing.assert_array_equal(forecasts, [[6.0, 8.0]])


def test_seasonal_naive_by_hand_beyond_a_week() -> None:
    """At position 6 the week is 4, 9, 16, 25, 36; it comes again, and again."""
    forecasts = walked(SeasonalNaive(), SQUARES[None], [6], 12)
    week = [4.0, 9.0, 16.0, 25.0, 36.0]
    np.testing.assert_array_equal(forecasts, [[*week, *week, *week[:2]]])


@given(st.integers(1, 30))
def test_seasonal_naive_of_a_weekly_price_is_right(horizon: int) -> None:
    weekly = np.tile([1.0, 5.0, 2.0, 4.0, 3.0], 12)
    forecasts = walked(SeasonalNaive(), weekly[None], [20], horizon)
    np.testing.assert_array_equal(forecasts, [weekly[21 : 21 + horizon]])


def test_baselines_by_name() -> None:
    assert BASELINES == ("random_walk", "drift", "seasonal_naive")
