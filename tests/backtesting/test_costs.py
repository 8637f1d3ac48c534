from math import inf, nan
from typing import Any

import pytest

from stockanalyst.backtesting.costs import Costs
from stockanalyst.exceptions import InputError


def test_rate_is_the_sum_in_decimals() -> None:
    assert Costs(commission=5, half_spread=3, slippage=2).rate == pytest.approx(0.001, rel=1e-15)
    assert Costs().rate == 0.0


@pytest.mark.parametrize("value", [-1.0, nan, inf, 10_000, 10**400, "5", None, [5], 1j])
def test_a_cost_is_zero_or_more(value: Any) -> None:
    with pytest.raises(InputError, match=r"half_spread .*: give basis points, zero or more"):
        Costs(half_spread=value)


def test_costs_leave_something() -> None:
    with pytest.raises(InputError, match="less than 10,000 basis points"):
        Costs(commission=5_000, slippage=5_000)
