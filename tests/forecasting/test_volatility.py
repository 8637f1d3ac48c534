import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from arch import arch_model
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.volatility import (
    ewma_volatility,
    expected_volatility,
    garch_volatility,
    mixture_volatility,
)

MODELS = [ewma_volatility, mixture_volatility, garch_volatility]


def walk(n_sessions: int, seed: int = 1) -> Vector:
    steps: Vector = np.random.default_rng(seed).normal(0, 0.01, n_sessions)
    return np.cumsum(steps)


def garch_walk(n_sessions: int) -> tuple[Vector, Vector]:
    """Log prices, and the true volatility of the session after each."""
    shocks = np.random.default_rng(3).standard_normal(n_sessions)
    variance, returns = np.full(n_sessions + 1, 1e-4), np.zeros(n_sessions)
    for day in range(n_sessions):
        returns[day] = math.sqrt(variance[day]) * shocks[day]
        variance[day + 1] = 1e-5 + 0.15 * returns[day] ** 2 + 0.75 * variance[day]
    return np.cumsum(returns), np.sqrt(variance[1:])


def test_ewma_by_hand() -> None:
    """Squared returns 0.01, 0, 0.04, the first counted twice.

    0.01; 0.01; 0.94 × 0.01 = 0.0094; 0.94 × 0.0094 + 0.06 × 0.04 = 0.011236 = 0.106².
    """
    volatility = ewma_volatility(np.array([0.0, 0.1, 0.1, 0.3]))
    np.testing.assert_allclose(volatility, [0.1, 0.1, math.sqrt(0.0094), 0.106], rtol=1e-14)


def test_ewma_is_pandas_ewma() -> None:
    squared = pd.Series(np.diff(walk(500))) ** 2
    expected = np.sqrt(squared.ewm(alpha=0.06, adjust=False).mean())
    np.testing.assert_allclose(ewma_volatility(walk(500))[1:], expected, rtol=1e-12)


def test_mixture_is_the_mean_of_pandas_adjusted_ewma() -> None:
    squared = pd.Series(np.diff(walk(500))) ** 2
    variances = [squared.ewm(alpha=1 - decay).mean() for decay in (0.9, 0.99)]
    expected = np.sqrt(np.mean(variances, axis=0))
    volatility = mixture_volatility(walk(500), (0.9, 0.99))
    np.testing.assert_allclose(volatility, [expected[0], *expected], rtol=1e-10)


def test_expected_volatility_goes_back_to_a_slower_one() -> None:
    """Of the distance to the slow variance 1, 0.8, 0.64 are left; 1, 0.9, 0.81333 in the mean."""
    log_price = np.stack([walk(500, 1), walk(500, 2)])
    origins = np.array([30, 200, 499])
    made = expected_volatility(log_price, origins, 3)
    now = ewma_volatility(log_price)[:, origins] ** 2
    slow = mixture_volatility(log_price, (0.99, 0.997))[:, origins] ** 2
    for step, left in enumerate((1, 0.9, 2.44 / 3)):
        expected = np.sqrt(left * now + (1 - left) * slow)
        np.testing.assert_allclose(made[:, :, step], expected, rtol=1e-12)


@pytest.mark.parametrize("model", [ewma_volatility, mixture_volatility])
def test_leading_axes_are_series_of_their_own(model: Callable[[Vector], Vector]) -> None:
    walks = np.array([[walk(50, seed) for seed in (1, 2)] for _ in range(3)])
    expected = [[model(series) for series in row] for row in walks]
    np.testing.assert_array_equal(model(walks), expected)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n_sessions", [1, 2, 5])
def test_a_price_that_stands_still_has_the_floor(
    model: Callable[[Vector], Vector], n_sessions: int
) -> None:
    np.testing.assert_array_equal(model(np.ones(n_sessions)), np.full(n_sessions, 1e-8))


def test_garch_is_archs_own_forecast_and_its_recursion() -> None:
    """At a refit what arch forecasts; between refits σ² = ω + α r² + β σ², session by session."""
    log_price, _ = garch_walk(1400)
    returns = np.diff(log_price)
    volatility = garch_volatility(log_price, train_size=1000, refit=300)
    for cutoff, end in ((1000, 1300), (1300, 1400)):
        unit = 100 * returns[cutoff - 1000 : cutoff]
        fitted = arch_model(unit, mean="Zero", rescale=False).fit(disp="off")
        variance = float(fitted.forecast(horizon=1).variance.to_numpy()[-1, 0]) / 1e4
        omega, alpha, beta = fitted.params
        for day in range(cutoff, end):
            if day > cutoff:
                variance = omega / 1e4 + alpha * returns[day - 1] ** 2 + beta * variance
            assert volatility[day] == pytest.approx(math.sqrt(variance), rel=2e-3)


def test_garch_finds_the_volatility_that_made_the_prices() -> None:
    log_price, truth = garch_walk(2000)
    garch, ewma = (
        np.std(np.log(model(log_price)[1000:] / truth[1000:]))
        for model in (garch_volatility, ewma_volatility)
    )
    assert garch < 0.5 * ewma


def test_garch_is_ewma_until_there_is_history() -> None:
    log_price = walk(400)
    volatility = garch_volatility(log_price, train_size=300)
    np.testing.assert_array_equal(volatility[:300], ewma_volatility(log_price)[:300])
    assert volatility[300] != ewma_volatility(log_price)[300]


def test_garch_of_a_price_that_fell_still() -> None:
    """The estimation on the still stretch fails: the parameters before stay."""
    log_price = np.concatenate([walk(300), np.full(600, walk(300)[-1])])
    volatility = garch_volatility(log_price, train_size=250, refit=100)
    assert np.isfinite(volatility).all()
    assert (volatility > 0).all()


@pytest.mark.parametrize(("keyword", "value"), [("train_size", 99), ("refit", 0)])
def test_garch_names_what_it_cant_use(keyword: str, value: int) -> None:
    with pytest.raises(InputError, match=keyword):
        garch_volatility(walk(200), **{keyword: value})


@pytest.mark.parametrize("model", [ewma_volatility, mixture_volatility])
@given(st.integers(1, 118), st.booleans())
def test_no_look_ahead(
    model: Callable[[Vector], Vector], garbled: Callable[..., Vector], cutoff: int, nan: bool
) -> None:
    log_price, known = walk(120), slice(cutoff + 1)
    seen = model(garbled(log_price, cutoff, nan=nan))
    np.testing.assert_array_equal(seen[known], model(log_price)[known])


@pytest.mark.parametrize("cutoff", [50, 199, 200, 249, 250])
def test_garch_doesnt_look_ahead(garbled: Callable[..., Vector], cutoff: int) -> None:
    log_price, known = walk(300), slice(cutoff + 1)
    seen = garch_volatility(garbled(log_price, cutoff), train_size=200, refit=50)
    whole = garch_volatility(log_price, train_size=200, refit=50)
    np.testing.assert_array_equal(seen[known], whole[known])
