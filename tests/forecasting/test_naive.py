import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.forecasting.naive import Drift, RandomWalk


def test_random_walk_by_hand() -> None:
    forecast = RandomWalk().fit(np.array([10.0, 12.0, 8.0])).predict(3)
    np.testing.assert_allclose(forecast.yhat, [8.0, 8.0, 8.0], rtol=1e-15)


def test_drift_by_hand() -> None:
    """Mean log return of 100, 110, 121: ln 1.1."""
    model = Drift().fit(np.array([100.0, 110.0, 121.0]))
    assert model.drift_ == pytest.approx(math.log(1.1), rel=1e-14)
    np.testing.assert_allclose(model.predict(2).yhat, [133.1, 146.41], rtol=1e-14)


def test_drift_is_the_mean_of_the_returns() -> None:
    """100 to 90 over 4 sessions, whatever came between: −¼ ln(10/9)."""
    model = Drift().fit(np.array([100.0, 150.0, 20.0, 70.0, 90.0]))
    assert model.drift_ == pytest.approx(-math.log(10 / 9) / 4, rel=1e-14)


def test_drift_of_a_single_price_is_nought() -> None:
    assert Drift().fit(np.array([100.0])).drift_ == 0.0


def test_drift_keeps_its_estimate_at_earlier_origins() -> None:
    """From ln 110 on by ln 1.1 a session."""
    model = Drift().fit(np.array([100.0, 110.0, 121.0]))
    forecasts = model.forecast_log(model.log_price_, np.array([1, 2]), 2)
    np.testing.assert_allclose(np.exp(forecasts), [[121.0, 133.1], [133.1, 146.41]], rtol=1e-13)


@given(st.floats(0.01, 1000))
def test_both_scale_with_the_unit_of_the_price(unit: float) -> None:
    prices = np.array([10.0, 11.0, 10.5, 12.0, 11.0])
    for model in (RandomWalk(), Drift()):
        expected = model.fit(prices).predict(3).yhat * unit
        np.testing.assert_allclose(model.fit(prices * unit).predict(3).yhat, expected, rtol=1e-12)
