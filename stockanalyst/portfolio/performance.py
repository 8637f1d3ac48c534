"""How a portfolio has done: both returns, risk, the worst fall, month by month, by position."""

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from stockanalyst.exceptions import InputError
from stockanalyst.metrics.performance import (
    Drawdown,
    calmar_ratio,
    monthly_returns,
    rolling_figures,
    sharpe_ratio,
    sortino_ratio,
    volatility,
    worst_drawdown,
)
from stockanalyst.metrics.risk import alpha, beta, expected_shortfall, value_at_risk
from stockanalyst.portfolio.returns import (
    PortfolioReturn,
    beside_benchmark,
    growth,
    portfolio_return,
    time_weighted_returns,
)

ROLLING = 63
"""Sessions in a window of the rolling figures: a quarter."""


@dataclass(frozen=True)
class Beside:
    """A portfolio beside a benchmark, over the stretches between days that both have.

    Attributes
    ----------
    symbol : str
    portfolio, benchmark : float
        What each returned over all of them, decimals.
    beta, alpha : float
        See :mod:`stockanalyst.metrics.risk`.
    correlation : float
        Of the returns; NaN where one of them never varies.
    n_returns : int
    """

    symbol: str
    portfolio: float
    benchmark: float
    beta: float
    alpha: float
    correlation: float
    n_returns: int


@dataclass(frozen=True)
class Performance:
    """What became of the money.

    Attributes
    ----------
    portfolio, currency : str
    history : DataFrame
        Of :func:`stockanalyst.portfolio.value_history.value_history`.
    opening, flows, closing, gain : float
        Value before the first day, what was paid in less what was paid out, value on the last day,
        and what the rest is.
    returns : PortfolioReturn
    figures : dict of str to float
        ``volatility``, ``sharpe``, ``sortino``, ``calmar``, ``value_at_risk`` and
        ``expected_shortfall`` of a session at 95 %, of the time-weighted returns, as
        :mod:`stockanalyst.metrics` defines them; NaN where there are too few.
    drawdown : Drawdown
    growth : Series
        What became of 1, by day.
    monthly : Series
        Returns by month, from that of the first money on.
    rolling : DataFrame
        Figures of the last 63 sessions, by day.
    beside : Beside or None
    attribution : DataFrame
        Of :func:`stockanalyst.portfolio.attribution.attribution`.
    notes : tuple of str
    """

    portfolio: str
    currency: str
    history: pd.DataFrame
    opening: float
    flows: float
    closing: float
    gain: float
    returns: PortfolioReturn
    figures: dict[str, float]
    drawdown: Drawdown
    growth: pd.Series
    monthly: pd.Series
    rolling: pd.DataFrame
    beside: Beside | None
    attribution: pd.DataFrame
    notes: tuple[str, ...]


def performance(
    portfolio: str,
    currency: str,
    history: pd.DataFrame,
    attribution: pd.DataFrame,
    *,
    benchmark: pd.Series | None = None,
    notes: tuple[str, ...] = (),
) -> Performance:
    """All of it from the history of values.

    Parameters
    ----------
    portfolio, currency : str
    history : DataFrame
        Columns ``value`` and ``flow`` by day, at least two, without NaN. The flow of the first day
        lies in its value already.
    attribution : DataFrame
    benchmark : Series, optional
        Adjusted closes by session, in `currency`, its symbol as their name.
    notes : tuple of str

    Raises
    ------
    InputError
        Fewer than two days, or a value that isn't known; of the benchmark, no two days in common.
    """
    values, flows = history["value"], history["flow"]
    if len(history) < 2:
        mend = "give a period with two sessions or more"
        raise InputError("history", f"{len(history)} sessions", mend)
    unknown = values.isna()
    if unknown.any():
        day = f"{values.index[unknown][0]:%Y-%m-%d}"
        mend = " ".join(("isn't known; begin later, or mend its prices.", *notes))
        raise InputError("history", f"value on {day}", mend)
    returns = time_weighted_returns(values, flows)
    equity = growth(returns)
    curve, moves = equity.to_numpy(), returns.dropna().to_numpy()
    opening, closing = float(values.iloc[0]), float(values.iloc[-1])
    paid = float(flows.iloc[1:].sum())
    return Performance(
        portfolio=portfolio,
        currency=currency,
        history=history,
        opening=opening,
        flows=paid,
        closing=closing,
        gain=closing - opening - paid,
        returns=portfolio_return(values, flows),
        figures={
            "volatility": volatility(curve),
            "sharpe": sharpe_ratio(curve),
            "sortino": sortino_ratio(curve),
            "calmar": calmar_ratio(curve),
            "value_at_risk": value_at_risk(moves),
            "expected_shortfall": expected_shortfall(moves),
        },
        drawdown=worst_drawdown(equity),
        growth=equity,
        monthly=_monthly(equity, opening),
        rolling=rolling_figures(equity, ROLLING),
        beside=None if benchmark is None else _beside(returns, benchmark),
        attribution=attribution,
        notes=notes,
    )


def _monthly(equity: pd.Series, opening: float) -> pd.Series:
    """Without the month before all began, of which only its last day is there."""
    months = monthly_returns(equity)
    days = pd.DatetimeIndex(equity.index)
    is_before = opening == 0 and days[0].to_period("M") != days[1].to_period("M")
    return months.iloc[1:] if is_before else months


def _beside(returns: pd.Series, closes: pd.Series) -> Beside:
    both = beside_benchmark(returns, closes)
    own, theirs = both["portfolio"].to_numpy(), both["benchmark"].to_numpy()
    varies = len(both) > 1 and own.std() > 0 and theirs.std() > 0
    return Beside(
        symbol=str(closes.name),
        portfolio=float(np.prod(1 + own)) - 1,
        benchmark=float(np.prod(1 + theirs)) - 1,
        beta=beta(own, theirs),
        alpha=alpha(own, theirs),
        correlation=float(np.corrcoef(own, theirs)[0, 1]) if varies else nan,
        n_returns=len(both),
    )
