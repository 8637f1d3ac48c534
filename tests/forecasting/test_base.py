import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.base import BaseForecaster, lagged_returns, last_price
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMForecaster
from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.forecasting.registry import FACTORIES

NAMES = [*FACTORIES, "lstm"]


@pytest.fixture(scope="module")
def log_price(simulate: Callable[..., pd.Series]) -> Vector:
    """Of 300 sessions."""
    logs: Vector = np.log(simulate(300, seed=3, phi=0.3).to_numpy())
    return logs


@pytest.fixture(scope="module", params=NAMES)
def fitted(
    request: pytest.FixtureRequest, log_price: Vector, tiny_artifact: LSTMArtifact
) -> BaseForecaster:
    """Every model, estimated on the first 250 sessions."""
    name: str = request.param
    model = FACTORIES[name]() if name in FACTORIES else LSTMForecaster(tiny_artifact)
    return model.fit(np.exp(log_price[:250]))


def test_intervals_of_a_forecast_by_hand() -> None:
    """Log returns of ± 0.1, volatility 0.1, every score of the random walk 1: e^(0.1 ± 0.1)."""
    prices = np.exp(np.array([0.0, 0.1, 0.0, 0.1]))
    forecast = RandomWalk().fit(prices).predict(1, levels=(0.4, 0.95))
    assert forecast.levels == (0.4, 0.95)
    np.testing.assert_allclose(forecast.yhat, [math.exp(0.1)], rtol=1e-15)
    np.testing.assert_allclose(forecast.lower, [[1.0], [0.0]], rtol=1e-14)
    np.testing.assert_allclose(forecast.upper, [[math.exp(0.2)], [math.inf]], rtol=1e-14)


def test_a_forecast_of_every_model(fitted: BaseForecaster) -> None:
    """One row a level, one column a step; the wider level around the narrower."""
    forecast = fitted.predict(2)
    assert forecast.yhat.shape == (2,)
    assert forecast.lower.shape == forecast.upper.shape == (2, 2)
    ordered = [*forecast.lower[::-1], forecast.yhat, *forecast.upper]
    assert (np.diff(ordered, axis=0) > 0).all()
    assert np.isfinite(ordered).all()


def test_the_forecast_is_that_of_the_last_origin(fitted: BaseForecaster) -> None:
    last = np.array([249])
    expected = np.exp(fitted.forecast_log(fitted.log_price_, last, 2)[0])
    np.testing.assert_allclose(fitted.predict(2).yhat, expected, rtol=1e-12)


def test_origins_are_answered_one_by_one_as_together(
    fitted: BaseForecaster, log_price: Vector
) -> None:
    origins = np.array([fitted.context, 140, 249, 250, 299])
    together = fitted.forecast_log(log_price, origins, 2)
    alone = [fitted.forecast_log(log_price, np.array([origin]), 2)[0] for origin in origins]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_an_origin_without_its_context_is_refused(fitted: BaseForecaster) -> None:
    with pytest.raises(InputError, match=f"origins .*start at {fitted.context} or later"):
        fitted.forecast_log(fitted.log_price_, np.array([fitted.context - 1]), 1)


@settings(max_examples=30)
@given(st.integers(0, 298), st.booleans())
def test_no_model_looks_ahead(
    fitted: BaseForecaster,
    log_price: Vector,
    garbled: Callable[..., Vector],
    cutoff: int,
    nan: bool,
) -> None:
    origins = np.arange(fitted.context, 300)
    known = slice(max(cutoff - fitted.context + 1, 0))
    future = garbled(log_price, cutoff, seed=cutoff, nan=nan)
    seen = fitted.forecast_log(future, origins, 2)[known]
    np.testing.assert_array_equal(seen, fitted.forecast_log(log_price, origins, 2)[known])


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
