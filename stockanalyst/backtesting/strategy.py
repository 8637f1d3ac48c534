"""From a signal to an equity curve: target weights, next-session fills, costs, drift."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.backtesting.costs import Costs
from stockanalyst.exceptions import InputError
from stockanalyst.metrics.performance import (
    SESSIONS_A_YEAR,
    annual_return,
    max_drawdown,
    sharpe_ratio,
    volatility,
)

COST_CURVE = (0.0, 5.0, 10.0, 20.0)
"""Basis points of traded value at which every strategy is shown."""


@dataclass(frozen=True)
class StrategyResult:
    """What trading a signal would have brought, buy-and-hold beside it.

    Everything is indexed by session, from the first decision on; money is in units of the capital
    at that session.

    Attributes
    ----------
    equity : Series
        Value of cash and holdings at the close, after costs; 1 at the first session.
    weights : DataFrame of shape (n_sessions, n_symbols)
        Holdings at the close over `equity`; what is missing to 1 is cash.
    turnover : Series
        Traded value, buying and selling both counted, over the equity before the trade.
    costs : Series
        Money paid for trading.
    trades : DataFrame
        A row a fill: ``session, symbol, price, value`` (money, negative for a sale).
    buy_and_hold : Series
        Equity of equal weights in all symbols that have a price by the first fill, bought then at
        the same costs, and left to drift.
    cost_curve : DataFrame
        Net ``annual_return``, ``sharpe`` and ``max_drawdown`` of the strategy by ``cost_bp``, all
        costs together in basis points of traded value.
    """

    equity: pd.Series
    weights: pd.DataFrame
    turnover: pd.Series
    costs: pd.Series
    trades: pd.DataFrame
    buy_and_hold: pd.Series
    cost_curve: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Figures of :mod:`stockanalyst.metrics.performance` for strategy and buy-and-hold.

        ``annual_turnover`` is the mean turnover of a session × 252, ``costs`` the money paid in
        all; of buy-and-hold they are NaN.
        """
        table = pd.DataFrame(
            {
                name: {
                    "annual_return": annual_return(curve.to_numpy()),
                    "volatility": volatility(curve.to_numpy()),
                    "sharpe": sharpe_ratio(curve.to_numpy()),
                    "max_drawdown": max_drawdown(curve.to_numpy()),
                }
                for name, curve in (("strategy", self.equity), ("buy_and_hold", self.buy_and_hold))
            }
        ).T
        table.loc["strategy", "annual_turnover"] = self.turnover.mean() * SESSIONS_A_YEAR
        table.loc["strategy", "costs"] = self.costs.sum()
        return table


def run_strategy(
    prices: pd.DataFrame,
    weights: pd.DataFrame,
    *,
    costs: Costs,
    fills: pd.DataFrame | None = None,
) -> StrategyResult:
    """Trade target weights that are decided at the close of a session, at the next session.

    A decision is filled in whole at the next session of `prices`; a symbol without a price then is
    filled at its own next one, unless a newer decision has replaced the order. From fill to fill
    the holdings drift with the prices. Costs are paid from the equity before the holdings are
    sized, so that after a fill the weights are met exactly. Any fraction of a share can be held;
    selling short is free of fees; cash, and borrowed cash, bears no interest. Equity that falls to
    0 or below ends the strategy: it is 0 from then on.

    Parameters
    ----------
    prices : DataFrame of shape (n_sessions, n_symbols)
        Adjusted closes, positive; NaN where a symbol has no session: it keeps its last value.
    weights : DataFrame of shape (n_decisions, n_symbols)
        Target weights, decimals of equity, negative to sell short, indexed by the session at whose
        close they were decided. A row for every session rebalances daily; between two rows the
        holdings drift. Symbols of `prices` without a column are not held.
    costs : Costs
    fills : DataFrame, optional
        Prices at which orders are filled, on the scale of `prices`: the opens. Without them, orders
        are filled at the next close. Symbols and sessions as in `prices`.

    Raises
    ------
    InputError
        A weight that isn't finite, a session or symbol that `prices` (or `fills`) doesn't have, a
        price that isn't positive, a value that is no number, sessions that aren't dates, ascending
        and unique, a symbol given twice, or costs that eat up the weights.
    """
    prices, weights = _positive("prices", prices), _numbers("weights", weights)
    fills = None if fills is None else _positive("fills", fills)
    _check(prices, weights, fills, costs)
    market = _market(prices.loc[weights.index[0] :], fills)
    decided = _decisions(market, weights)
    path = _simulate(market, *decided, rate=costs.rate)
    sessions, symbols = market.sessions, market.symbols
    rows, columns = np.nonzero(path.traded)
    trades = {
        "session": sessions[rows],
        "symbol": symbols[columns],
        "price": market.fill[rows, columns],
        "value": path.traded[rows, columns],
    }
    bought = _simulate(market, *_equal_weights(market), rate=costs.rate)
    return StrategyResult(
        equity=pd.Series(path.equity, sessions, name="equity"),
        weights=pd.DataFrame(path.weights, sessions, symbols),
        turnover=pd.Series(path.turnover, sessions, name="turnover"),
        costs=pd.Series(path.costs, sessions, name="costs"),
        trades=pd.DataFrame(trades),
        buy_and_hold=pd.Series(bought.equity, sessions, name="buy_and_hold"),
        cost_curve=_cost_curve(market, *decided),
    )


def target_weights(
    forecasts: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    model: str,
    step: int,
    threshold: float = 0.0,
    short: bool = False,
) -> pd.DataFrame:
    """Weights for :func:`run_strategy` from one model's forecasts.

    A symbol is called up where its forecast lies above the price at the cutoff by more than
    `threshold`, and down where it lies below by more. All that are called up (with `short`, down
    too, with a minus) get the same weight, 1 in all; where nothing is called, all is cash. A symbol
    without a forecast at a cutoff, as on its holiday, keeps its last call.

    Parameters
    ----------
    forecasts : DataFrame
        A forecast frame (:mod:`stockanalyst.frames`).
    prices : DataFrame of shape (n_sessions, n_symbols)
        The prices that it was made from.
    model : str
        One of the models in it.
    step : int
        Which step ahead decides.
    threshold : float
        Decimal move that a forecast must exceed, ≥ 0.
    short : bool
        Whether symbols that are called down are sold short.

    Returns
    -------
    DataFrame of shape (n_cutoffs, n_symbols)
        Indexed by cutoff.

    Raises
    ------
    InputError
        No such model or step in `forecasts`, a cutoff that a symbol has twice, a symbol or cutoff
        that `prices` hasn't, prices as :func:`run_strategy` doesn't take them, or a threshold below
        0.
    """
    prices = _positive("prices", prices)
    if not threshold >= 0:
        raise InputError("threshold", threshold, "give a decimal move of zero or more")
    of_model = forecasts[forecasts["model"] == model]
    if of_model.empty:
        known = ", ".join(map(str, forecasts["model"].unique()))
        raise InputError("model", model, f"the forecasts are of {known}")
    rows = of_model[of_model["step"] == step]
    if rows.empty:
        raise InputError("step", step, f"the forecasts go to step {of_model['step'].max()}")
    if rows.duplicated(["symbol", "cutoff"]).any():
        mend = "give each symbol one forecast from a cutoff"
        raise InputError("forecasts", "a cutoff twice", mend)
    _require_all(pd.Index(rows["symbol"].unique()), prices.columns, "forecasts")
    _require_all(pd.Index(rows["cutoff"].unique()), prices.index, "forecasts")
    yhat = rows.astype({"symbol": object}).pivot(index="cutoff", columns="symbol", values="yhat")
    move = yhat / prices.reindex(index=yhat.index, columns=yhat.columns) - 1.0
    calls = (move > threshold).astype(float) - (move < -threshold) * float(short)
    calls = calls.where(move.notna()).ffill().fillna(0.0)
    return calls.div(calls.abs().sum(axis=1).clip(lower=1.0), axis=0)


@dataclass(frozen=True)
class _Market:
    """Prices from the first decision on, as arrays of shape (n_sessions, n_symbols).

    `before` is the growth from the last close to the fill, `after` from the fill to the close; 1
    where nothing is known.
    """

    sessions: pd.DatetimeIndex
    symbols: pd.Index
    fill: Matrix
    before: Matrix
    after: Matrix


@dataclass(frozen=True)
class _Path:
    equity: Vector
    weights: Matrix
    turnover: Vector
    costs: Vector
    traded: Matrix


def _check(
    prices: pd.DataFrame, weights: pd.DataFrame, fills: pd.DataFrame | None, costs: Costs
) -> None:
    for table in (prices, prices if fills is None else fills):
        _require_all(weights.index, table.index, "weights")
        _require_all(weights.columns, table.columns, "weights")
    if not np.isfinite(weights).all(axis=None):
        raise InputError("weights", "NaN or infinite", "give 0 for a symbol that isn't held")
    gross = float(weights.abs().sum(axis=1).max())
    if gross * costs.rate >= 1:
        raise InputError("costs", costs.rate, f"weights of {gross:g} in all can't bear them")


def _numbers(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table of numbers by session and symbol, or an error that says why it is none."""
    sessions = table.index
    ascending = sessions.is_monotonic_increasing and sessions.is_unique
    if not (len(table) and isinstance(sessions, pd.DatetimeIndex) and ascending):
        mend = "give rows by session (a DatetimeIndex), ascending, each once"
        raise InputError(name, f"{len(table)} rows", mend)
    if not table.columns.is_unique:
        raise InputError(name, table.columns[table.columns.duplicated()][0], "give it once")
    try:
        return table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(name, "no numbers", "give numbers only") from error


def _positive(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table of prices, NaN where there is none."""
    prices = _numbers(name, table)
    if (prices <= 0).any(axis=None) or np.isinf(prices).any(axis=None):
        raise InputError(name, "≤ 0 or infinite", "give positive prices, NaN for no session")
    return prices


def _require_all(wanted: pd.Index, known: pd.Index, parameter: str) -> None:
    unknown = wanted.difference(known)
    if len(unknown):
        raise InputError(parameter, str(unknown[0]), "there are no prices of it")


def _market(prices: pd.DataFrame, fills: pd.DataFrame | None) -> _Market:
    close = prices.to_numpy(np.float64)
    at = prices if fills is None else fills.reindex(index=prices.index, columns=prices.columns)
    fill = np.where(np.isnan(close), np.nan, at.to_numpy(np.float64))
    last = prices.ffill().shift().to_numpy(np.float64)
    filled = ~np.isnan(fill)
    return _Market(
        sessions=pd.DatetimeIndex(prices.index),
        symbols=prices.columns,
        fill=fill,
        before=np.nan_to_num(fill / last, nan=1.0),
        after=np.nan_to_num(np.where(filled, close / fill, close / last), nan=1.0),
    )


def _decisions(market: _Market, weights: pd.DataFrame) -> tuple[IntVector, Matrix]:
    """Positions at which decisions are due, the session after each, and their weights."""
    due = market.sessions.get_indexer(weights.index) + 1
    return due, weights.reindex(columns=market.symbols, fill_value=0.0).to_numpy(np.float64)


def _equal_weights(market: _Market) -> tuple[IntVector, Matrix]:
    """One decision at the first session: whatever has a price by the first fill."""
    priced = (~np.isnan(market.fill[:2])).any(axis=0)
    n_priced = max(int(priced.sum()), 1)
    return np.array([1]), np.atleast_2d(priced / n_priced)


def _simulate(market: _Market, due: IntVector, targets: Matrix, *, rate: float) -> _Path:
    shape = market.fill.shape
    equity, turnover, costs = np.zeros((3, shape[0]))
    weights, traded = np.zeros(shape), np.zeros(shape)
    orders = dict(zip(due.tolist(), targets, strict=True))
    target, waiting = np.zeros(shape[1]), np.zeros(shape[1], dtype=bool)
    held, cash = np.zeros(shape[1]), 1.0
    for day in range(shape[0]):
        held *= market.before[day]
        if day in orders:
            target, waiting = orders[day], np.ones(shape[1], dtype=bool)
        fills = waiting & ~np.isnan(market.fill[day])
        worth = cash + float(held.sum())
        if fills.any() and worth > 0:
            wanted, left = _resized(worth, held[fills], target[fills], rate)
            traded[day, fills] = wanted - held[fills]
            costs[day], turnover[day] = worth - left, np.abs(traded[day]).sum() / worth
            held[fills] = wanted
            cash = left - float(held.sum())
            waiting &= ~fills
        held *= market.after[day]
        equity[day] = max(cash + float(held.sum()), 0.0)
        if equity[day] == 0 or worth <= 0:
            equity[day] = 0.0
            break
        weights[day] = held / equity[day]
    return _Path(equity, weights, turnover, costs, traded)


def _resized(worth: float, held: Vector, target: Vector, rate: float) -> tuple[Vector, float]:
    """New holdings and the equity that the costs leave.

    Solves left + rate × Σ|target × left − held| = worth: a convex, piecewise linear, increasing
    function of `left`, so that Newton's steps from above end on the solution.
    """
    left = worth
    for _ in range(held.size + 1):
        change = target * left - held
        excess = left + rate * float(np.abs(change).sum()) - worth
        slope = 1.0 + rate * float(np.sign(change) @ target)
        if excess <= 1e-14 * worth:
            break
        left -= excess / slope
    return target * left, left


def _cost_curve(market: _Market, due: IntVector, targets: Matrix) -> pd.DataFrame:
    rows = {}
    for points in COST_CURVE:
        equity = _simulate(market, due, targets, rate=Costs(points).rate).equity
        rows[points] = {
            "annual_return": annual_return(equity),
            "sharpe": sharpe_ratio(equity),
            "max_drawdown": max_drawdown(equity),
        }
    return pd.DataFrame(rows).T.rename_axis("cost_bp")
