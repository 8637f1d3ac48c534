"""What it takes to get from today's holdings to target weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from stockanalyst.exceptions import InputError

_ROUNDING = 1e-9  # of weights


@dataclass(frozen=True)
class Rebalancing:
    """The trades and what they come to.

    Attributes
    ----------
    trades : Series of float64
        Money by symbol, negative for a sale; sized before costs, which come off the cash.
    turnover : float
        Half the sum of absolute changes of weights, cash among them; a decimal, 1 when everything
        is exchanged.
    cost : float
        Money: the rate × the traded value, buying and selling both counted.
    """

    trades: pd.Series
    turnover: float
    cost: float


def rebalancing(
    holdings: Mapping[str, float] | pd.Series,
    target: Mapping[str, float] | pd.Series,
    *,
    cash: float = 0.0,
    rate: float | Decimal,
) -> Rebalancing:
    """Trades from holdings to target weights of their value and the cash.

    Parameters
    ----------
    holdings : mapping of str to float, or Series
        Value of each position in money, negative if sold short.
    target : mapping of str to float, or Series
        Weight of each symbol, a decimal; they add up to at most 1, and what is missing is kept in
        cash. A symbol that is held and isn't named is sold.
    cash : float
        Money that is there to be invested, negative if borrowed.
    rate : float or Decimal
        Cost of a trade as a decimal share of its value, in [0, 1], such as the rate of a
        :class:`~stockanalyst.portfolio.fees.CommissionSchedule`.

    Returns
    -------
    Rebalancing
        Its trades name every symbol of `holdings` and `target`, in that order.

    Raises
    ------
    InputError
        A number that isn't finite, weights above 1 together, a rate out of range, or a total value
        that isn't positive.
    """
    held, wanted = _numbers("holdings", holdings), _numbers("target", target)
    if not 0 <= float(rate) <= 1:
        raise InputError("rate", rate, "give a decimal from 0 to 1, such as 0.001")
    if (total := float(wanted.sum())) > 1 + _ROUNDING:
        raise InputError("target", total, "weights are decimals that add up to at most 1")
    value = float(held.sum()) + cash
    if not (np.isfinite(value) and value > 0):
        raise InputError("holdings", value, "holdings and cash must be worth more than 0 together")
    symbols = held.index.union(wanted.index, sort=False)
    trades = (wanted * value).reindex(symbols, fill_value=0.0).sub(held, fill_value=0.0)
    trades = trades.reindex(symbols).rename("trade")
    traded = float(trades.abs().sum())
    turnover = (traded + abs(float(trades.sum()))) / (2 * value)
    return Rebalancing(trades, turnover, float(rate) * traded)


def _numbers(parameter: str, given: Mapping[str, float] | pd.Series) -> pd.Series:
    numbers = pd.Series(dict(given.items()), dtype=np.float64)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        symbol = str(numbers.index[wrong][0])
        raise InputError(parameter, float(numbers[wrong].iloc[0]), f"give {symbol} a finite number")
    return numbers
