"""Weights of symbols, from their prices up to a cutoff: five methods, one definition each.

Returns are simple ones between sessions on which every symbol has a price. Means and covariance are
those of the sample. Means aren't shrunk towards a common one: as a constant added to all changes no
weight, that would come to no more than a larger risk aversion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from stockanalyst._typing import Matrix, Vector
from stockanalyst.exceptions import InputError, InsufficientHistory
from stockanalyst.frames import close_table
from stockanalyst.portfolio.frontier import frontier_weights
from stockanalyst.portfolio.hrp import hrp_weights
from stockanalyst.portfolio.min_cvar import min_cvar_weights

Method: TypeAlias = Literal["equal_weight", "min_variance", "mean_variance", "min_cvar", "hrp"]

MIN_SESSIONS = 60
_STILL = 10  # sessions without a price: no holiday is as long
_LEAST_SPREAD = 1e-9  # of returns: beneath lies rounding


@dataclass(frozen=True)
class _Task:
    returns: Matrix
    lowest: float
    highest: float
    risk_aversion: float | None
    level: float

    @property
    def covariance(self) -> Matrix:
        return np.atleast_2d(np.cov(self.returns, rowvar=False))


def allocate(
    prices: pd.DataFrame,
    *,
    method: Method,
    risk_aversion: float | None = None,
    level: float = 0.95,
    max_weight: float = 1.0,
    long_only: bool = True,
) -> pd.Series:
    """Weights that a method gives each symbol.

    Parameters
    ----------
    prices : DataFrame of shape (n_sessions, n_symbols)
        Adjusted closes up to the cutoff, oldest first. A session on which any symbol has NaN
        doesn't count: the return over it is part of the next one.
    method : {"equal_weight", "min_variance", "mean_variance", "min_cvar", "hrp"}
        Equal weights; the least variance; the largest mean − `risk_aversion` / 2 × variance; the
        least mean loss in the worst 1 − `level` of the sessions; hierarchical risk parity. See
        :mod:`stockanalyst.portfolio.frontier`, :mod:`~stockanalyst.portfolio.min_cvar` and
        :mod:`~stockanalyst.portfolio.hrp`.
    risk_aversion : float, optional
        Positive; of mean-variance only, which must have one. The same for daily and annual figures.
    level : float
        Of minimum CVaR only, in (0, 1).
    max_weight : float
        The largest weight, a decimal, at least 1 / n_symbols; also the largest short one.
    long_only : bool
        Whether no weight may be negative. Equal weights and hierarchical risk parity never are.

    Returns
    -------
    Series of float64, named ``"weight"``, indexed by symbol as in `prices`
        Sum 1. The same bits whatever the order of the columns. Where several weights are the best
        (collinear symbols, fewer sessions than symbols), symbols that are alike share equally. In
        hierarchical risk parity, which optimises nothing, they may not.

    Raises
    ------
    InputError
        A parameter out of range; a symbol without a price in the last 10 sessions; a return that
        never varies, for all methods but equal weights.
    InsufficientHistory
        Fewer than 60 sessions on which every symbol has a price.
    FrameSchema
        A table that can't be used; see :func:`stockanalyst.frames.close_table`.
    """
    table = close_table(prices)
    symbols = sorted(table.columns)
    _require(method, risk_aversion, level)
    _require_room(max_weight, len(symbols))
    returns = _returns(table[symbols])
    if method != "equal_weight":
        _require_risk(returns)
    lowest = 0.0 if long_only else -max_weight
    task = _Task(returns.to_numpy(), lowest, max_weight, risk_aversion, level)
    weights = pd.Series(_settled(_METHODS[method](task), task), index=symbols, name="weight")
    return weights.reindex(table.columns)


def _equal_weight(task: _Task) -> Vector:
    n_symbols = task.returns.shape[1]
    return np.full(n_symbols, 1 / n_symbols)


def _min_variance(task: _Task) -> Vector:
    reward = np.zeros(task.returns.shape[1])
    return frontier_weights(task.covariance, reward, lowest=task.lowest, highest=task.highest)


def _mean_variance(task: _Task) -> Vector:
    reward = task.returns.mean(axis=0) / task.risk_aversion
    return frontier_weights(task.covariance, reward, lowest=task.lowest, highest=task.highest)


def _min_cvar(task: _Task) -> Vector:
    return min_cvar_weights(
        task.returns, level=task.level, lowest=task.lowest, highest=task.highest
    )


def _hrp(task: _Task) -> Vector:
    return hrp_weights(task.covariance, highest=task.highest)


_METHODS: Mapping[Method, Callable[[_Task], Vector]] = MappingProxyType(
    {
        "equal_weight": _equal_weight,
        "min_variance": _min_variance,
        "mean_variance": _mean_variance,
        "min_cvar": _min_cvar,
        "hrp": _hrp,
    }
)


def _returns(table: pd.DataFrame) -> pd.DataFrame:
    """Simple returns between the sessions on which every symbol has a price."""
    whole = table.dropna()
    if len(whole) < MIN_SESSIONS:
        shortest = str(table.notna().sum().idxmin())
        why = "on which every symbol has a price"
        raise InsufficientHistory(shortest, len(whole), MIN_SESSIONS, why)
    ended = table.iloc[-_STILL:].isna().all()
    if ended.any():
        symbol = str(ended.idxmax())
        last = table.index[table[symbol].notna()][-1]
        raise InputError("symbol", symbol, f"has no price after {last:%Y-%m-%d}; leave it out")
    return whole.pct_change().iloc[1:]


def _require_risk(returns: pd.DataFrame) -> None:
    still = returns.std() < _LEAST_SPREAD
    if still.any():
        mend = "its return never varies, so there is no risk to weigh; leave it out"
        raise InputError("symbol", str(still.idxmax()), mend)


def _require(method: str, risk_aversion: float | None, level: float) -> None:
    if method not in _METHODS:
        raise InputError("method", method, f"choose one of {', '.join(_METHODS)}")
    if method == "mean_variance" and not (
        risk_aversion is not None and risk_aversion > 0 and isfinite(risk_aversion)
    ):
        raise InputError("risk_aversion", risk_aversion, "give a positive number, such as 3")
    if not 0 < level < 1:
        raise InputError("level", level, "give a decimal between 0 and 1, such as 0.95")


def _require_room(max_weight: float, n_symbols: int) -> None:
    if not (isfinite(max_weight) and max_weight * n_symbols >= 1 - 1e-12):
        least = f"give a decimal of at least {1 / n_symbols:.4g}"
        raise InputError("max_weight", max_weight, f"{n_symbols} symbols must add up to 1; {least}")


def _settled(weights: Vector, task: _Task) -> Vector:
    """Weights that add up to 1: those between the bounds take up what rounding left."""
    missing = 1 - float(weights.sum())
    bound = task.highest if missing > 0 else task.lowest
    inside = (weights > task.lowest) & (weights < task.highest)
    room = np.where(inside, np.abs(bound - weights), 0.0)
    return weights + missing * room / room.sum() if inside.any() else weights
