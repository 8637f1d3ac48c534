from math import isnan, nan, sqrt

import ffn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.metrics.performance import (
    annual_return,
    max_drawdown,
    sharpe_ratio,
    volatility,
)
from tests.conftest import Simulate

ALL = (annual_return, volatility, sharpe_ratio, max_drawdown)


def test_annual_return_by_hand() -> None:
    """21 % in 504 sessions are 10 % a year; a half in half a year is a quarter."""
    assert annual_return(np.linspace(1.0, 1.21, 505)) == pytest.approx(0.10, rel=1e-12)
    assert annual_return(np.linspace(2.0, 1.0, 127)) == pytest.approx(-0.75, rel=1e-12)


def test_volatility_and_sharpe_by_hand() -> None:
    """Returns +10 %, −10 %, +30 %: mean 10 %, squared deviations 0, 0.04, 0.04 over 2."""
    equity = np.array([100.0, 110.0, 99.0, 128.7])
    assert volatility(equity) == pytest.approx(0.2 * sqrt(252), rel=1e-12)
    assert sharpe_ratio(equity) == pytest.approx(0.5 * sqrt(252), rel=1e-12)


def test_max_drawdown_by_hand() -> None:
    assert max_drawdown(np.array([1.0, 2.0, 1.5, 3.0, 1.2, 2.9])) == pytest.approx(-0.6)
    assert max_drawdown(np.array([1.0, 1.0, 2.0])) == 0.0


def test_the_same_as_ffn(simulate: Simulate) -> None:
    equity = simulate(1500, seed=3)
    returns = equity.pct_change().dropna()
    values = equity.to_numpy()
    sharpe = ffn.calc_sharpe(returns, rf=0.0, nperiods=252)
    assert sharpe_ratio(values) == pytest.approx(float(sharpe), rel=1e-12)
    assert max_drawdown(values) == pytest.approx(float(ffn.calc_max_drawdown(equity)), rel=1e-12)


@pytest.mark.parametrize("measure", ALL)
def test_unknown_is_nan(measure: object) -> None:
    assert callable(measure)
    for equity in ([], [1.0], [1.0, nan, 2.0]):
        assert isnan(measure(np.array(equity)))


def test_without_a_risk_there_is_no_sharpe() -> None:
    assert isnan(sharpe_ratio(np.ones(10)))


def test_ruin() -> None:
    equity = np.array([1.0, 0.5, 0.0, 0.0])
    assert annual_return(equity) == -1.0
    assert max_drawdown(equity) == -1.0
    assert isnan(volatility(equity))
    assert isnan(sharpe_ratio(equity))


@given(st.lists(st.floats(0.01, 100), min_size=3, max_size=20), st.floats(0.01, 100))
def test_the_unit_of_money_doesnt_matter(equity: list[float], unit: float) -> None:
    values = np.array(equity)
    for measure in (annual_return, volatility, max_drawdown):
        np.testing.assert_allclose(measure(values * unit), measure(values), rtol=1e-6, atol=1e-12)
