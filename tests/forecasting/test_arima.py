"""R's own example and statsmodels' own forecasts.

WWWusage, users of a server by the minute, comes with R (Durbin and Koopman 2001; the values stand
in csv/datasets/WWWusage.csv of github.com/vincentarelbundock/Rdatasets). R's ``Arima`` without a
constant is printed in the README of github.com/sfeuerriegel/caret.ts.
"""

import warnings

import numpy as np
import pytest
from statsmodels.tsa.arima.model import ARIMA

from stockanalyst._typing import Vector
from stockanalyst.forecasting.arima import ARIMAForecaster

WWW_USAGE = [
    88, 84, 85, 85, 84, 85, 83, 85, 88, 89, 91, 99, 104, 112, 126, 138, 146, 151, 150, 148, 147,
    149, 143, 132, 131, 139, 147, 150, 148, 145, 140, 134, 131, 131, 129, 126, 126, 132, 137, 140,
    142, 150, 159, 167, 170, 171, 172, 172, 174, 175, 172, 172, 174, 174, 169, 165, 156, 142, 131,
    121, 112, 104, 102, 99, 99, 95, 88, 84, 84, 87, 89, 88, 85, 86, 89, 91, 91, 94, 101, 110, 121,
    135, 145, 149, 156, 165, 171, 175, 177, 182, 193, 204, 208, 210, 215, 222, 228, 226, 222, 220,
]  # fmt: skip


def prices_of(series: Vector) -> Vector:
    """Prices whose log × 100, which is what the class models, is `series`."""
    made: Vector = np.exp(series / 100)
    return made


def simulated(n_sessions: int) -> Vector:
    """Prices with autocorrelated returns."""
    shocks = np.random.default_rng(11).normal(0, 1, n_sessions)
    for day in range(1, n_sessions):
        shocks[day] += 0.4 * shocks[day - 1]
    return prices_of(np.cumsum(shocks))


@pytest.mark.parametrize(
    ("order", "coefficients", "forecasts"),
    [
        (
            (1, 1, 1),
            [0.6504, 0.5256],
            [218.8805, 218.1524, 217.6789, 217.3709, 217.1706, 217.0403, 216.9556, 216.9005],
        ),
        (
            (1, 2, 1),
            [-0.2662, 0.6140],
            [218.18979, 216.32907, 214.48179, 212.63093, 210.78103, 208.93087, 207.08078],
        ),
    ],
    ids=["1-1-1", "1-2-1"],
)
def test_coefficients_and_forecasts_are_those_of_r(
    order: tuple[int, int, int], coefficients: list[float], forecasts: list[float]
) -> None:
    """R leaves the first differences out of the likelihood; a diffuse start does nearly that."""
    model = ARIMAForecaster(order).fit(prices_of(np.array(WWW_USAGE, dtype=np.float64)))
    predicted = 100 * np.log(model.predict(len(forecasts)).yhat)
    assert model.converged_
    np.testing.assert_allclose(model.params_[:2], coefficients, atol=1e-4)
    np.testing.assert_allclose(predicted, forecasts, atol=1e-3)


def test_innovation_variance_is_that_of_r() -> None:
    """R prints 9.995 = SSR/(n − 1 − 2), n = 100; the likelihood divides by n − 1: × 97/99."""
    model = ARIMAForecaster().fit(prices_of(np.array(WWW_USAGE, dtype=np.float64)))
    assert model.params_[2] == pytest.approx(9.995 * 97 / 99, abs=1e-3)


@pytest.mark.parametrize("order", [(1, 1, 1), (2, 1, 0), (0, 1, 1), (1, 0, 0)], ids=str)
def test_from_the_last_origin_as_statsmodels_forecasts(order: tuple[int, int, int]) -> None:
    prices = simulated(150)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # start values; not what is tested here
        result = ARIMA(100 * np.log(prices), order=order, trend="n").fit()
    model = ARIMAForecaster(order).fit(prices)
    made = model.forecast_log(np.log(prices), np.array([149]), 7)[0]
    np.testing.assert_allclose(model.params_, result.params, rtol=1e-12)
    np.testing.assert_allclose(100 * made, result.forecast(7), rtol=1e-10)
    np.testing.assert_allclose(model.predict(7).yhat, np.exp(made), rtol=1e-14)


@pytest.mark.parametrize("order", [(1, 1, 1), (2, 1, 0)], ids=str)
def test_from_other_origins_as_statsmodels_applies_its_parameters(
    order: tuple[int, int, int],
) -> None:
    """Origins before the end of the estimation and after it, each forecast on its own."""
    prices = simulated(160)
    series = 100 * np.log(prices)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        result = ARIMA(series[:120], order=order, trend="n").fit()
    model = ARIMAForecaster(order).fit(prices[:120])
    origins = np.array([30, 77, 119, 120, 159])
    made = 100 * model.forecast_log(np.log(prices), origins, 5)
    for origin, row in zip(origins, made, strict=True):
        expected = result.apply(series[: origin + 1]).forecast(5)
        np.testing.assert_allclose(row, expected, rtol=1e-10)


def test_a_price_that_stands_still_is_forecast_to_stand_still() -> None:
    forecast = ARIMAForecaster().fit(np.full(60, 42.0)).predict(3)
    np.testing.assert_allclose(forecast.yhat, 42.0, rtol=1e-9)
