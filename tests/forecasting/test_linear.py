import numpy as np
import pytest

from stockanalyst._typing import Vector
from stockanalyst.forecasting.linear import LinearForecaster

RETURNS = [0.01, 0.02, -0.01, 0.03]
PRICES = 100 * np.exp(np.cumsum([0.0, *RETURNS]))
"""The last is 100·e^0.05."""


def test_one_lag_one_step_by_the_closed_form() -> None:
    """Pairs (0.01, 0.02), (0.02, −0.01), (−0.01, 0.03); x̄ = 0.02/3, ȳ = 0.04/3.

    Sxy = 0.0002 − 0.0002 − 0.0003 − 3·x̄·ȳ = −0.0017/3; Sxx = 0.0006 − 3·x̄² = 0.0014/3.
    Slope −17/14, intercept ȳ + 17/14·x̄ = 3/140. From the last return 0.03: −0.015.
    """
    model = LinearForecaster(lags=1).fit(PRICES)
    forecast = model.predict(1)
    np.testing.assert_allclose(model.coef_[1], [3 / 140, -17 / 14], rtol=1e-12)
    np.testing.assert_allclose(forecast.yhat, [100 * np.exp(0.05 - 0.015)], rtol=1e-13)


def test_one_lag_two_steps_by_the_closed_form() -> None:
    """Two outcomes are known: 0.01 → 0.02 − 0.01, 0.02 → −0.01 + 0.03. The line y = x."""
    model = LinearForecaster(lags=1).fit(PRICES)
    forecast = model.predict(2)
    np.testing.assert_allclose(model.coef_[2], [0, 1], atol=1e-13)
    np.testing.assert_allclose(forecast.yhat[1], 100 * np.exp(0.05 + 0.03), rtol=1e-13)


def normal_equations(log_price: Vector, lags: int, step: int) -> Vector:
    """Row by row: every origin whose outcome lies inside the series."""
    rows, targets = [], []
    for origin in range(lags, log_price.size):
        if origin + step < log_price.size:
            lagged = [log_price[origin - k] - log_price[origin - k - 1] for k in range(lags)]
            rows.append([1.0, *lagged])
            targets.append(log_price[origin + step] - log_price[origin])
    design = np.array(rows)
    solved: Vector = np.linalg.solve(design.T @ design, design.T @ np.array(targets))
    return solved


@pytest.mark.parametrize("lags", [1, 10])
def test_each_step_solves_its_normal_equations(lags: int) -> None:
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.01, 120)))
    model = LinearForecaster(lags=lags).fit(prices)
    forecast = np.log(model.predict(7).yhat / prices[-1])
    newest = np.diff(np.log(prices))[: -lags - 1 : -1]
    assert sorted(model.coef_) == list(range(1, 8))
    for step in range(1, 8):
        expected = normal_equations(np.log(prices), lags, step)
        np.testing.assert_allclose(model.coef_[step], expected, rtol=1e-8, atol=1e-12)
        assert forecast[step - 1] == pytest.approx(expected @ [1.0, *newest], abs=1e-13)


def test_fit_forgets_what_it_knew() -> None:
    model = LinearForecaster(lags=1).fit(PRICES[::-1])
    model.predict(2)
    again = model.fit(PRICES).predict(2)
    np.testing.assert_array_equal(again.yhat, LinearForecaster(lags=1).fit(PRICES).predict(2).yhat)


def test_earlier_origins_use_the_same_weights() -> None:
    """At origin 1 the last return was 0.01: 3/140 − 0.17/14."""
    model = LinearForecaster(lags=1).fit(PRICES)
    forecasts = model.forecast_log(model.log_price_, np.array([1, 4]), 1)[:, 0]
    moves = forecasts - model.log_price_[[1, 4]]
    np.testing.assert_allclose(moves, [3 / 140 - 0.17 / 14, -0.015], rtol=1e-11)
