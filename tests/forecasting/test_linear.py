from itertools import product

import numpy as np
import pytest
from skfolio.datasets import load_sp500_dataset
from sklearn.linear_model import LinearRegression, Ridge

from stockanalyst._typing import Matrix, Vector
from stockanalyst.forecasting.base import Panel
from stockanalyst.forecasting.linear import LinearForecaster, RidgeForecaster


@pytest.fixture(scope="module")
def log_price() -> Matrix:
    """Of three symbols; the 300 sessions hold the crash of 2008."""
    prices = load_sp500_dataset().loc["2008-03":].iloc[:300, [0, 5, 9]]
    logs: Matrix = np.log(prices.to_numpy(np.float64).T)
    return logs


def panel_of(log_price: Matrix) -> Panel:
    names = tuple(f"S{row}" for row in range(len(log_price)))
    return Panel(names, np.zeros(log_price.shape, "datetime64[ns]"), log_price)


def training_rows(window: Vector, lags: int, step: int) -> tuple[Matrix, Vector]:
    """Lagged returns and what came `step` sessions later, one row at a time."""
    returns = np.diff(window)
    origins = range(lags, window.size - step)
    known = [returns[origin - lags : origin][::-1] for origin in origins]
    return np.array(known), np.array([window[o + step] - window[o] for o in origins])


def expected(
    log_price: Matrix,
    cutoffs: list[int],
    horizon: int,
    *,
    lags: int,
    train_size: int,
    refit: int,
    ridge: bool,
) -> Matrix:
    """scikit-learn, fitted anew for every symbol, window and step."""
    forecasts = np.empty((len(log_price), len(cutoffs), horizon))
    for symbol, row, step in product(range(len(log_price)), range(len(cutoffs)), range(horizon)):
        end, cutoff = cutoffs[row - row % refit], cutoffs[row]
        window = log_price[symbol, max(end + 1 - train_size, 0) : end + 1]
        known, came = training_rows(window, lags, step + 1)
        centred = known - known.mean(axis=0)
        alpha = (centred**2).sum(axis=0).mean()
        model = Ridge(alpha=alpha) if ridge else LinearRegression()
        newest = np.diff(log_price[symbol])[cutoff - lags : cutoff][::-1]
        move = model.fit(known, came).predict(newest[None])[0]
        forecasts[symbol, row, step] = log_price[symbol, cutoff] + move
    return forecasts


@pytest.mark.parametrize("ridge", [False, True])
@pytest.mark.parametrize(
    ("refit", "stride", "train_size", "first"),
    [(1, 1, 100, 150), (5, 1, 100, 150), (1, 9, 250, 120), (4, 3, 1000, 80)],
    ids=["every day", "every fifth", "history grows past the window", "all there is"],
)
def test_as_scikit_learn_refitted_in_every_window(
    log_price: Matrix, *, ridge: bool, refit: int, stride: int, train_size: int, first: int
) -> None:
    cutoffs = np.arange(first, first + 16 * stride, stride)
    model = RidgeForecaster() if ridge else LinearForecaster()
    forecasts = model.walk(panel_of(log_price), cutoffs, 3, train_size=train_size, refit=refit)
    reference = expected(
        log_price,
        cutoffs.tolist(),
        3,
        lags=10,
        train_size=train_size,
        refit=refit,
        ridge=ridge,
    )
    np.testing.assert_allclose(forecasts, reference, rtol=0, atol=1e-10)


def test_after_long_histories_and_wild_ones() -> None:
    """Running sums over 12,000 sessions, with a price in the wrong unit for a day on the way."""
    log_price = np.cumsum(np.random.default_rng(0).normal(0, 0.01, (2, 12_000)), axis=1)
    log_price[1, 3000] += np.log(100)
    cutoffs = np.arange(2000, 11_990)
    forecasts = LinearForecaster().walk(panel_of(log_price), cutoffs, 2, train_size=500, refit=1)
    some = [0, 500, 1003, 1400, 1501, 9989]
    reference = expected(
        log_price,
        cutoffs[some].tolist(),
        2,
        lags=10,
        train_size=500,
        refit=1,
        ridge=False,
    )
    np.testing.assert_allclose(forecasts[:, some], reference, rtol=0, atol=1e-10)


def test_the_penalty_halves_the_weight_of_one_lag() -> None:
    """One lag: Σxy / (Σxx + Σxx)."""
    log_price = np.cumsum(np.random.default_rng(2).normal(0, 0.01, (2, 200)), axis=1)
    cutoffs = np.array([150, 199])
    moves = []
    for model in (LinearForecaster(lags=1), RidgeForecaster(lags=1)):
        made = model.walk(panel_of(log_price), cutoffs, 1, train_size=100, refit=1)
        moves.append(made[:, :, 0] - log_price[:, cutoffs])
    outcome = [
        [log_price[s, c - 97 : c + 1] - log_price[s, c - 98 : c] for c in cutoffs] for s in (0, 1)
    ]
    mean = np.array(outcome).mean(axis=2)
    latest = log_price[:, cutoffs] - log_price[:, cutoffs - 1]
    lags = [[np.diff(log_price[s, c - 99 : c]).mean() for c in cutoffs] for s in (0, 1)]
    slopes = [(move - mean) / (latest - np.array(lags)) for move in moves]
    np.testing.assert_allclose(slopes[1], slopes[0] / 2, rtol=1e-9)


def test_context_follows_the_lags() -> None:
    assert LinearForecaster().context == 50
    assert RidgeForecaster(lags=3).context == 15
