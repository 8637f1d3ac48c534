import numpy as np
import pytest
from scipy.signal import lfilter
from skfolio.datasets import load_sp500_dataset
from statsmodels.tsa.forecasting.theta import ThetaModel

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.forecasting.arma import fit_arma
from stockanalyst.forecasting.base import Panel
from stockanalyst.forecasting.smoothing import ThetaForecaster


def walked(
    log_price: Matrix, cutoffs: IntVector, horizon: int, train_size: int, *, refit: int = 1
) -> Matrix:
    names = tuple(f"S{row}" for row in range(len(log_price)))
    panel = Panel(names, np.zeros(log_price.shape, "datetime64[ns]"), log_price)
    return ThetaForecaster().walk(panel, cutoffs, horizon, train_size=train_size, refit=refit)


def noisy_walks(ma: float, n_symbols: int, n_sessions: int) -> Matrix:
    """Log prices whose changes are MA(1) about a drift."""
    shocks = np.random.default_rng(3).normal(0, 0.01, (n_symbols, n_sessions))
    walks: Matrix = 4 + np.cumsum(lfilter([1.0, ma], [1.0], shocks) + 0.001, axis=1)
    return walks


def theta_of_statsmodels(window: Vector, horizon: int) -> Vector:
    model = ThetaModel(window, period=1, deseasonalize=False, method="additive")
    return np.asarray(model.fit().forecast(horizon))


@pytest.mark.parametrize("ma", [-0.2, -0.6, -0.9])
def test_as_statsmodels_theta_in_every_window(ma: float) -> None:
    """Within 0.02 daily standard deviations: its smoothing weight stops that near the optimum."""
    log_price = noisy_walks(ma, 2, 420)
    cutoffs = np.array([149, 284, 419])
    forecasts = walked(log_price, cutoffs, 9, 300)
    for symbol, row in np.ndindex(2, 3):
        window = log_price[symbol, max(cutoffs[row] - 299, 0) : cutoffs[row] + 1]
        expected = theta_of_statsmodels(window, 9)
        np.testing.assert_allclose(forecasts[symbol, row], expected, rtol=0, atol=2e-4)


def test_as_statsmodels_theta_on_real_prices() -> None:
    """Where the weight of the newest price is below one: statsmodels allows no more."""
    prices = load_sp500_dataset()[["JPM", "PG", "XOM"]].iloc[-1500:]
    log_price = np.log(prices.to_numpy(np.float64).T)
    cutoffs = np.array([999, 1249, 1499])
    forecasts = walked(log_price, cutoffs, 7, 1000)
    compared = 0
    for symbol, row in np.ndindex(3, 3):
        window = log_price[symbol, cutoffs[row] - 999 : cutoffs[row] + 1]
        changes = np.diff(window)
        if changes[1:] @ changes[:-1] < 0:
            expected = theta_of_statsmodels(window, 7)
            sd = changes.std()
            np.testing.assert_allclose(forecasts[symbol, row], expected, rtol=0, atol=0.02 * sd)
            compared += 1
    assert compared >= 4


def test_a_short_window_against_a_slow_loop() -> None:
    """Noise about a level: weights of 0.01 to 0.1, whose (1 − weight)ⁿ counts after 25 days."""
    log_price = np.random.default_rng(5).normal(0, 0.01, (3, 60))
    forecasts = walked(log_price, np.array([59]), 4, 25)[:, 0]
    for window, made in zip(log_price[:, 35:], forecasts, strict=True):
        fit = fit_arma(np.diff(window)[:, None], np.array([23]), 24, p=0, q=1)
        weight = min(max(1 + float(fit.ma[0, 0, 0]), 0.01), 1.0)
        level = window[0]
        for price in window[1:]:
            level += weight * (price - level)
        slope = np.polyfit(np.arange(25), window, 1)[0]
        steps = np.arange(4) + (1 - (1 - weight) ** 25) / weight
        np.testing.assert_allclose(made, level + slope / 2 * steps, rtol=0, atol=1e-12)


@pytest.mark.parametrize("refit", [2, 5])
def test_between_estimations_the_smoothing_goes_on(refit: int) -> None:
    """The forecasts of a block differ from step to step by half of the slope of its window."""
    log_price = noisy_walks(-0.5, 2, 130)
    cutoffs = np.arange(110, 130)
    forecasts = walked(log_price, cutoffs, 3, 100, refit=refit)
    for symbol, row in np.ndindex(2, cutoffs.size):
        end = int(cutoffs[row - row % refit])
        slope = np.polyfit(np.arange(100), log_price[symbol, end - 99 : end + 1], 1)[0]
        steps = np.diff(forecasts[symbol, row])
        np.testing.assert_allclose(steps, slope / 2, rtol=0, atol=1e-12)


def test_a_steady_trend_by_hand() -> None:
    """Log prices 0, 1, 2, … are smoothed with the largest weight, 1: the level is the last price.

    Half the trend adds (h − 1 + 1) / 2.
    """
    forecasts = walked(np.arange(3000.0)[None], np.array([2999]), 3, 3000)[0, 0]
    np.testing.assert_allclose(forecasts, 2999 + np.arange(1, 4) / 2, rtol=0, atol=1e-9)
