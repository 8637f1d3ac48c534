from decimal import Decimal
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.rebalancing import rebalancing

MONEY = st.floats(0, 1e6)


def test_by_hand() -> None:
    """600 of A, 300 of B and 100 of cash to 50 % B, 50 % C: A −600, B +200, C +500, cash −100."""
    found = rebalancing({"A": 600, "B": 300}, {"B": 0.5, "C": 0.5}, cash=100, rate=0.001)
    assert found.trades.to_dict() == {"A": -600.0, "B": 200.0, "C": 500.0}
    assert found.turnover == pytest.approx((0.6 + 0.2 + 0.5 + 0.1) / 2)
    assert found.cost == pytest.approx(1.3)


def test_buying_with_nothing_but_cash_exchanges_everything() -> None:
    found = rebalancing({}, pd.Series({"A": 0.25, "B": 0.75}), cash=1000, rate=0.0)
    assert found.trades.to_dict() == {"A": 250.0, "B": 750.0}
    assert found.turnover == pytest.approx(1.0)
    assert found.cost == 0.0


def test_without_a_target_all_is_sold_at_the_brokers_rate() -> None:
    broker = CommissionSchedule(rate=Decimal("0.0025"))
    found = rebalancing({"A": 600.0, "B": 200.0}, {}, cash=200.0, rate=broker.rate)
    assert found.trades.to_dict() == {"A": -600.0, "B": -200.0}
    assert found.turnover == pytest.approx(0.8)
    assert found.cost == pytest.approx(2.0)


@given(st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=8), MONEY, st.floats(0, 0.1))
def test_the_trades_lead_to_the_target(
    pairs: list[tuple[float, float]], cash: float, rate: float
) -> None:
    held, wanted = np.array(pairs).T + 1.0
    holdings = pd.Series(held, [f"S{k}" for k in range(held.size)])
    target = pd.Series(wanted / wanted.sum(), holdings.index)
    found = rebalancing(holdings, target, cash=cash, rate=rate)
    after = holdings + found.trades
    np.testing.assert_allclose(after, target * (holdings.sum() + cash), rtol=1e-9, atol=1e-6)
    assert 0 <= found.turnover <= 1 + 1e-9
    assert found.cost == pytest.approx(rate * found.trades.abs().sum())


@pytest.mark.parametrize(
    ("holdings", "target", "options", "message"),
    [
        ({"A": nan}, {"A": 1.0}, {}, "holdings nan: give A a finite number"),
        ({"A": 1.0}, {"B": inf}, {}, "target inf: give B a finite number"),
        ({"A": 1.0}, {"A": 60.0, "B": 40.0}, {}, "target 100.0: weights are decimals that add up"),
        ({"A": 1.0}, {"A": 1.0}, {"rate": 1.1}, "rate 1.1: give a decimal from 0 to 1"),
        ({"A": 1.0}, {"A": 1.0}, {"rate": Decimal("-0.1")}, "rate Decimal.*: give a decimal from"),
        ({"A": 1.0}, {"A": 1.0}, {"rate": nan}, "rate nan: give a decimal from 0"),
        ({"A": 1.0}, {"A": 1.0}, {"cash": -1.0}, "holdings 0.0: holdings and cash must be worth"),
        ({}, {"A": 1.0}, {}, "holdings 0.0: holdings and cash must be worth more than 0"),
        ({}, {"A": 1.0}, {"cash": nan}, "holdings nan: holdings and cash must be worth more"),
    ],
)
def test_what_cant_be_used(
    holdings: dict[str, float], target: dict[str, float], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        rebalancing(holdings, target, **{"rate": 0.001, **options})
