"""Volatility of daily log returns: what is known of the next session's at each session's close."""

from collections.abc import Sequence

import numpy as np

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError

EWMA_DECAY = 0.94
MIXTURE_DECAYS = (0.97, 0.99, 0.997)
_SLOW_DECAYS = (0.99, 0.997)
_RETURN = 0.8  # share of the distance to the slow variance that is left after a session
_FLOOR = 1e-8
_FADED, _LONGEST = 1e-8, 1000  # a weight this small, or so many sessions, end a block


def ewma_volatility(log_price: Vector) -> Vector:
    """Exponentially weighted volatility of daily log returns.

    Parameters
    ----------
    log_price : ndarray of shape (..., n)
        Log prices, oldest first; leading axes are series of their own.

    Returns
    -------
    ndarray of shape (..., n)
        Entry t uses returns up to and including t; the first two are equal. Decimal log return a
        session, never below 1e-8. From a NaN on, NaN.

    References
    ----------
    RiskMetrics Technical Document (1996), 4th edition, section 5.2 (decay 0.94).
    """
    squared = np.diff(log_price, prepend=log_price[..., :1]) ** 2
    if squared.shape[-1] > 1:
        squared[..., 0] = squared[..., 1]
    return _root(_decaying((1 - EWMA_DECAY) * squared, EWMA_DECAY, start=squared[..., 0]))


def mixture_volatility(log_price: Vector, decays: Sequence[float] = MIXTURE_DECAYS) -> Vector:
    """Volatility with a memory of a month, of months and of years: for horizons of weeks.

    The mean of exponentially weighted variances, one a decay, each weighted over the returns that
    there are. It follows the newest returns less than :func:`ewma_volatility` does.

    Parameters
    ----------
    log_price : ndarray of shape (..., n)
        Log prices, oldest first; leading axes are series of their own.
    decays : sequence of float
        Each in (0, 1).

    Returns
    -------
    ndarray of shape (..., n)
        As for :func:`ewma_volatility`.

    References
    ----------
    Zumbach, G. (2007). The RiskMetrics 2006 methodology, section 3: a sum of EWMAs over scales.
    """
    squared = np.diff(log_price) ** 2
    if not squared.shape[-1]:
        return np.full(log_price.shape, _FLOOR)
    nothing, counted = np.zeros(squared.shape[:-1]), np.ones(squared.shape[-1])
    variance = np.mean(
        [
            _decaying(squared, decay, start=nothing) / _decaying(counted, decay, start=np.zeros(()))
            for decay in decays
        ],
        axis=0,
    )
    return _root(np.concatenate([variance[..., :1], variance], axis=-1))


def expected_volatility(log_price: Matrix, origins: IntVector, horizon: int) -> Cube:
    """Volatility a session over the next 1, 2 … `horizon` sessions.

    The variance is expected to go from :func:`ewma_volatility`'s back to that of a slow
    :func:`mixture_volatility`, a fifth of the way a session: the rate that gave the best Winkler
    scores on the S&P 500 before 2019.

    Parameters
    ----------
    log_price : ndarray of shape (S, n)
        Log prices, oldest first.
    origins : ndarray of int, shape (N,)
        Positions in `log_price`.
    horizon : int

    Returns
    -------
    ndarray of shape (S, N, horizon)
        Root of the mean variance of the sessions after each origin up to each step; from returns up
        to and including the origin. Decimal log return a session.

    References
    ----------
    Engle, R. F., Patton, A. J. (2001). What good is a volatility model? Quantitative Finance 1(2),
    section 2.2: mean reversion of the forecast variance, here with fixed rates.
    """
    now = ewma_volatility(log_price)[:, origins, None] ** 2
    slow = mixture_volatility(log_price, _SLOW_DECAYS)[:, origins, None] ** 2
    left = (_RETURN ** np.arange(horizon)).cumsum() / np.arange(1, horizon + 1)
    return _root(slow + (now - slow) * left)


def garch_volatility(log_price: Vector, *, train_size: int = 1000, refit: int = 250) -> Vector:
    """Volatility by GARCH(1,1) with zero mean and normal quasi-likelihood.

    Estimated at every `refit`-th session on the newest `train_size` returns; in between the
    parameters stay and the variance goes on by its recursion.

    Parameters
    ----------
    log_price : ndarray of shape (n,)
        Log prices, oldest first, finite.
    train_size : int
        Returns that an estimation sees, ≥ 100.
    refit : int
        Sessions that share the parameters estimated at the first of them, ≥ 1.

    Returns
    -------
    ndarray of shape (n,)
        Entry t uses returns up to and including t and is the forecast for t + 1. Before the first
        `train_size` returns, and where no estimation has converged yet, :func:`ewma_volatility`.
        Decimal log return a session, never below 1e-8.

    References
    ----------
    Bollerslev, T. (1986). Generalized autoregressive conditional heteroskedasticity. Journal of
    Econometrics 31(3), eq. 1 to 3 with p = q = 1.
    """
    if train_size < 100:
        raise InputError("train_size", train_size, "give at least 100 returns")
    if refit < 1:
        raise InputError("refit", refit, "give at least 1 session")
    volatility = ewma_volatility(log_price)
    returns = np.diff(log_price)
    parameters = None
    for first in range(train_size, log_price.size, refit):
        known = returns[first - train_size : first + refit - 1]
        parameters = _garch_parameters(known[:train_size]) or parameters
        if parameters is not None:
            variance = _garch_variance(known, train_size, *parameters)
            volatility[first : first + refit] = _root(variance[train_size - 1 :])
    return volatility


def _garch_parameters(returns: Vector) -> tuple[float, float, float] | None:
    """Omega over the returns' variance, alpha and beta; None where there is nothing to estimate."""
    from arch import arch_model

    scale = np.sqrt(np.mean(returns**2))
    if not scale > _FLOOR:
        return None
    model = arch_model(returns / scale, mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
    result = model.fit(disp="off", show_warning=False)
    omega, alpha, beta = result.params.to_numpy()
    return (float(omega), float(alpha), float(beta)) if result.convergence_flag == 0 else None


def _garch_variance(
    returns: Vector, train_size: int, omega: float, alpha: float, beta: float
) -> Vector:
    """Variance forecast after each return; it starts from the mean square of the training."""
    start = float(np.mean(returns[:train_size] ** 2))
    return _decaying(omega * start + alpha * returns**2, beta, start=np.array(start))


def _decaying(values: Vector, decay: float, *, start: Vector) -> Vector:
    """Sums over the last axis in which what came before fades: s[t] = v[t] + decay · s[t − 1].

    Block by block, so short that the weights stay well inside a float's range.
    """
    with np.errstate(divide="ignore"):
        block = int(np.clip(np.log(_FADED) / np.log(decay), 1, _LONGEST))
    weights = decay ** np.arange(block)
    sums, total = np.empty_like(values), start
    for first in range(0, values.shape[-1], block):
        part = values[..., first : first + block]
        own = weights[: part.shape[-1]]
        faded = np.cumsum(part / own, axis=-1) * own + (decay * total)[..., None] * own
        sums[..., first : first + block] = faded
        total = faded[..., -1]
    return sums


def _root(variance: Vector) -> Vector:
    volatility: Vector = np.maximum(np.sqrt(variance), _FLOOR)
    return volatility
