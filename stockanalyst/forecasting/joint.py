"""The joint distribution of many symbols' returns, simulated from the past alone.

Means can hardly be forecast: every simulated log return has mean zero. What is forecast are
volatilities, correlations and, by the filtered method, tails and skewness.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError, InsufficientHistory, InvalidHorizon
from stockanalyst.forecasting.volatility import (
    ewma_volatility,
    garch_volatility,
    mixture_volatility,
)
from stockanalyst.frames import close_table
from stockanalyst.metrics.distribution import quantile_membership

Method: TypeAlias = Literal["filtered", "gaussian", "student", "blend"]
VolatilityModel: TypeAlias = Literal["ewma", "garch", "mixture"]

MAX_HORIZON = 250
MAX_PATHS = 1_000_000
MIN_SESSIONS = 60
_VOLATILITIES = {
    "ewma": ewma_volatility,
    "garch": garch_volatility,
    "mixture": mixture_volatility,
}
_WINDOW = 1000  # sessions whose residuals are drawn
_HALF_LIFE = 250  # sessions after which a residual is drawn half as often
_BLOCK = 10  # sessions drawn together: the cube root of the window
_CORRELATION_WINDOW = 250
_WARM_UP = 20  # returns before a volatility says something
_STILL = 10  # sessions without a move: no holiday is as long
_LARGEST = 10.0  # residual, so that a price that woke up doesn't blow up a path
_DEGREES_OF_FREEDOM = 5
_PENALTIES = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])  # of ridge, a session
_CHUNK = 1000  # paths that are ranked at a time


@dataclass(frozen=True)
class JointPaths:
    """Simulated paths of many symbols.

    Attributes
    ----------
    symbols : tuple of str
        Those with at least 60 sessions between their first price and the last row.
    log_returns : ndarray of shape (n_paths, horizon, n_symbols)
        A session's log returns, decimals. A path is one future of all symbols together.
    """

    symbols: tuple[str, ...]
    log_returns: Cube

    def scenarios(self) -> pd.DataFrame:
        """Simple returns over the whole horizon: one row a path, one column a symbol."""
        returns = np.expm1(self.log_returns.sum(axis=1))
        return pd.DataFrame(returns, columns=pd.Index(self.symbols, name="symbol"))

    def value_at_risk(self, weights: Mapping[str, float] | pd.Series, level: float = 0.95) -> float:
        """Loss over the horizon that is not exceeded with probability `level`.

        Parameters
        ----------
        weights : mapping of str to float, or Series
            Share of the value in each symbol at the start, negative if sold short; what is missing
            to 1 is cash. Nothing is traded within the horizon.
        level : float
            In (0, 1).

        Returns
        -------
        float
            Simple return with the sign turned, a decimal: 0.05 is a loss of 5 %. The smallest loss
            that at least `level` of the paths stay at or below.
        """
        return _value_at_risk(self._losses(weights), level)

    def expected_shortfall(
        self, weights: Mapping[str, float] | pd.Series, level: float = 0.95
    ) -> float:
        """Mean loss in the worst 1 − `level` of the paths; parameters as for the value at risk.

        References
        ----------
        Rockafellar, R. T., Uryasev, S. (2002). Conditional value-at-risk for general loss
        distributions. Journal of Banking & Finance 26(7), proposition 6 and theorem 10.
        """
        losses = self._losses(weights)
        value_at_risk = _value_at_risk(losses, level)
        beyond = np.maximum(losses - value_at_risk, 0.0)
        return value_at_risk + float(np.mean(beyond)) / (1 - level)

    def _losses(self, weights: Mapping[str, float] | pd.Series) -> Vector:
        held = _numbers(weights)
        for symbol, weight in held.items():
            if symbol not in self.symbols:
                raise InputError("weights", symbol, "give weights of simulated symbols only")
            if not np.isfinite(weight):
                raise InputError("weights", weight, f"give {symbol} a finite number")
        returns = np.expm1(self.log_returns.sum(axis=1))
        losses: Vector = -returns @ np.array([held.get(symbol, 0.0) for symbol in self.symbols])
        return losses


def simulate(
    prices: pd.DataFrame,
    horizon: int,
    n_paths: int,
    rng: np.random.Generator,
    *,
    method: Method = "filtered",
    volatility: VolatilityModel = "ewma",
) -> JointPaths:
    """Draw joint paths of the sessions after the last row.

    Parameters
    ----------
    prices : DataFrame
        Adjusted closes, sessions × symbols, oldest first. NaN before a symbol's first price leaves
        it out of the sessions before; later the last price is taken to stand. A symbol that hasn't
        moved for 10 sessions is taken for dead and stays where it is.
    horizon : int
        Sessions, 1 to 250.
    n_paths : int
        1 to 1,000,000.
    rng : numpy.random.Generator
        The same state gives the same paths.
    method : {"filtered", "gaussian", "student", "blend"}
        Filtered: each return of the last 1,000 sessions over its day's volatility; blocks of 10
        sessions of all symbols are drawn, newer ones more often (half-life 250 sessions).
        Gaussian: normal returns with the correlation of the last 250 sessions, Ledoit–Wolf shrunk,
        from sums over two days so that exchanges that close at different hours are seen together.
        Student: the same with multivariate t, 5 degrees of freedom. Blend: the first half of the
        paths filtered, the others Gaussian.
    volatility : {"ewma", "garch", "mixture"}
        What a return is divided by in the past and multiplied by in the future; see
        :mod:`stockanalyst.forecasting.volatility`.

    Raises
    ------
    InvalidHorizon, InputError
        A parameter out of range.
    FrameSchema
        A table that can't be used; see :func:`stockanalyst.frames.close_table`.
    InsufficientHistory
        No symbol has 60 sessions.

    References
    ----------
    Barone-Adesi, G., Giannopoulos, K., Vosper, L. (1999). VaR without correlations for portfolios
    of derivative securities. Journal of Futures Markets 19(5). Boudoukh, J., Richardson, M.,
    Whitelaw, R. (1998). The best of both worlds. Risk 11(5): newer days weigh more. Ledoit, O.,
    Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices.
    Journal of Multivariate Analysis 88(2).
    """
    _require_counts(horizon, n_paths)
    past = _past(prices, volatility, rng)
    return JointPaths(past.symbols, _draw(past, horizon, n_paths, rng, method))


def rank_forecast(
    prices: pd.DataFrame,
    groups: int = 5,
    horizon: int = 20,
    *,
    rng: np.random.Generator,
    n_paths: int = 10_000,
    method: Method = "blend",
    volatility: VolatilityModel = "mixture",
) -> pd.DataFrame:
    """Forecast which quantile of the universe each symbol's return will fall into.

    Parameters
    ----------
    prices : DataFrame
        As for :func:`simulate`; its symbols are the universe.
    groups : int
        Number of quantiles, from 2 to the number of symbols.
    horizon, rng, n_paths, method, volatility
        As for :func:`simulate`.

    Returns
    -------
    DataFrame
        One row a symbol (those that could be simulated), columns 1 (the worst) to `groups`;
        probabilities, rows sum to 1.
    """
    _require_counts(horizon, n_paths)
    past = _past(prices, volatility, rng)
    n_symbols = len(past.symbols)
    if not 2 <= groups <= n_symbols:
        mend = f"give a whole number from 2 to {n_symbols}, the symbols with a history"
        if n_symbols < 2:
            mend = "one symbol has no rank; give at least 2 with a history"
        raise InputError("groups", groups, mend)
    counts = np.zeros((n_symbols, groups))
    for first in range(0, n_paths, _CHUNK):
        paths = _draw(past, horizon, min(_CHUNK, n_paths - first), rng, method)
        counts += quantile_membership(paths.sum(axis=1), groups).sum(axis=0)
    return pd.DataFrame(
        counts / n_paths,
        index=pd.Index(past.symbols, name="symbol"),
        columns=pd.RangeIndex(1, groups + 1, name="quantile"),
    )


@dataclass(frozen=True)
class _Past:
    """What is known at the last row; dead symbols have scale 0 and residuals 0."""

    symbols: tuple[str, ...]
    scale: Vector
    residuals: Matrix

    @cached_property
    def root(self) -> Matrix:
        """Of the shrunk correlation: a lower triangle times its transpose."""
        from sklearn.covariance import ledoit_wolf

        newest = self.residuals[-_CORRELATION_WINDOW - 1 :]
        sums = newest[1:] + newest[:-1]
        spread = sums.std(axis=0)
        covariance, _ = ledoit_wolf(sums / np.where(spread > 0, spread, 1.0))
        covariance += np.diag(spread == 0)  # the dead, who may be all
        deviation = np.sqrt(np.diag(covariance))
        root: Matrix = np.linalg.cholesky(covariance / np.outer(deviation, deviation))
        return root


def _past(prices: pd.DataFrame, volatility: VolatilityModel, rng: np.random.Generator) -> _Past:
    if volatility not in _VOLATILITIES:
        raise InputError("volatility", volatility, f"choose one of {', '.join(_VOLATILITIES)}")
    prices = close_table(prices)
    known = prices.iloc[-(2 * _WINDOW + 1) :].ffill()
    known = known.loc[:, known.notna().sum() >= MIN_SESSIONS]
    if known.columns.empty:
        longest, symbols = int(prices.notna().sum().max()), ", ".join(prices.columns)
        raise InsufficientHistory(symbols, longest, MIN_SESSIONS, "the least for a volatility")
    log_price = np.log(known.to_numpy(dtype=np.float64))
    scale, residuals = np.zeros(log_price.shape[1]), np.zeros(log_price.shape)
    live = np.ptp(log_price[-_STILL - 1 :], axis=0) > 0
    for column in np.flatnonzero(live):
        scale[column], residuals[:, column] = _standardised(log_price[:, column], volatility)
    window = residuals[-_WINDOW:]
    if live.any():
        window = window[~np.isnan(window[:, live]).all(axis=1)]
    return _Past(tuple(known.columns), scale, _filled(window, rng))


def _standardised(log_price: Vector, model: VolatilityModel) -> tuple[float, Vector]:
    """Volatility of the next session, and past returns over theirs; NaN where not known."""
    first = int(np.flatnonzero(~np.isnan(log_price))[0])
    volatility = _VOLATILITIES[model](log_price[first:])
    residuals = np.full(log_price.size, np.nan)
    residuals[first + 1 :] = np.diff(log_price[first:]) / volatility[:-1]
    residuals[: first + 1 + _WARM_UP] = np.nan
    return float(volatility[-1]), np.clip(residuals, -_LARGEST, _LARGEST)


def _filled(residuals: Matrix, rng: np.random.Generator) -> Matrix:
    """Give symbols that were listed late the residuals they might have had.

    What ridge regression on the symbols with a whole history says, plus an error that it made; the
    penalty is chosen by leaving one session out.
    """
    missing = np.isnan(residuals)
    late = missing.any(axis=0)
    if not late.any():
        return residuals
    from sklearn.linear_model import RidgeCV

    filled, whole = residuals.copy(), residuals[:, ~late]
    for column in np.flatnonzero(late):
        absent = missing[:, column]
        own = residuals[~absent, column]
        ridge = RidgeCV(_PENALTIES * own.size).fit(whole[~absent], own)
        errors = own - ridge.predict(whole[~absent])
        drawn = rng.choice(errors, np.count_nonzero(absent))
        filled[absent, column] = ridge.predict(whole[absent]) + drawn
    return filled


def _draw(
    past: _Past, horizon: int, n_paths: int, rng: np.random.Generator, method: Method
) -> Cube:
    """Log returns, shape (n_paths, horizon, n_symbols)."""
    if method == "filtered":
        return _filtered(past, horizon, n_paths, rng)
    if method == "gaussian":
        return _elliptical(past, horizon, n_paths, rng)
    if method == "student":
        paths = _elliptical(past, horizon, n_paths, rng)
        freedom = _DEGREES_OF_FREEDOM
        mixing = np.sqrt((freedom - 2) / rng.chisquare(freedom, (n_paths, horizon, 1)))
        return np.multiply(paths, mixing, out=paths)
    if method == "blend":
        half = (n_paths + 1) // 2
        halves = [_filtered(past, horizon, half, rng)]
        halves.append(_elliptical(past, horizon, n_paths - half, rng))
        return np.concatenate(halves)
    raise InputError("method", method, "choose one of filtered, gaussian, student, blend")


def _filtered(past: _Past, horizon: int, n_paths: int, rng: np.random.Generator) -> Cube:
    n_sessions = len(past.residuals)
    block = min(_BLOCK, horizon, n_sessions)
    chance = 0.5 ** (np.arange(n_sessions - block, -1, -1) / _HALF_LIFE)
    chance /= chance.sum()
    starts = rng.choice(chance.size, (n_paths, ceil(horizon / block)), p=chance)
    rows: IntVector = (starts[:, :, None] + np.arange(block)).reshape(n_paths, -1)[:, :horizon]
    often = np.convolve(chance, np.full(block, 1 / block))
    returns = (past.residuals - often @ past.residuals) * past.scale
    return returns[rows]


def _elliptical(past: _Past, horizon: int, n_paths: int, rng: np.random.Generator) -> Cube:
    """Normal log returns; each path's mirror image is a path too."""
    half, n_symbols = ceil(n_paths / 2), past.scale.size
    shocks = rng.standard_normal((half * horizon, n_symbols)) @ (past.root.T * past.scale)
    paths = shocks.reshape(half, horizon, n_symbols)
    return np.concatenate([paths, -paths])[:n_paths]


def _numbers(weights: Mapping[str, float] | pd.Series) -> dict[str, float]:
    try:
        pairs = [(str(symbol), float(weight)) for symbol, weight in weights.items()]
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        mend = "give a number for each symbol, such as {'AAPL': 0.5}"
        raise InputError("weights", weights, mend) from error
    if len(dict(pairs)) < len(pairs):
        raise InputError("weights", [symbol for symbol, _ in pairs], "give each symbol once")
    return dict(pairs)


def _value_at_risk(losses: Vector, level: float) -> float:
    if not (isinstance(level, int | float | np.floating) and 0 < level < 1):
        raise InputError("level", level, "give a decimal between 0 and 1, such as 0.95")
    return float(np.quantile(losses, level, method="inverted_cdf"))


def _require_counts(horizon: int, n_paths: int) -> None:
    if not 1 <= horizon <= MAX_HORIZON:
        raise InvalidHorizon(horizon, MAX_HORIZON)
    if not 1 <= n_paths <= MAX_PATHS:
        raise InputError("n_paths", n_paths, f"give a whole number from 1 to {MAX_PATHS:,}")
