"""Prediction intervals from a model's own past errors, scaled to the volatility of the day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.exceptions import check_choice
from stockanalyst.forecasting.volatility import expected_volatility, garch_volatility

Array = NDArray[np.float64]
Offsets = tuple[Array, Array]

MAX_SCORES = 250
_REFRESH = 5  # cutoffs that share a sorted window of scores
_RATE = 0.1  # of adaptation, chosen on the S&P 500 before 2019
_DRAWS = 500


@dataclass(frozen=True)
class PastErrors:
    """What was known, at each origin, of a walk's own errors.

    In the shapes, S are symbols, K models, H steps, N origins.

    Attributes
    ----------
    scores : ndarray of shape (S, K, H, N)
        Entry n is the score of the newest forecast whose outcome was known at origin n: its error
        over volatility at its own origin × √step. NaN before there is one.
    delays : ndarray of int, shape (H,)
        Origins between a forecast and its outcome.
    scale : ndarray of shape (S, N, H)
        Volatility at each origin over the steps × √step, in log price.
    """

    scores: Array
    delays: IntVector
    scale: Array

    @classmethod
    def of(
        cls,
        log_price: Matrix,
        forecasts: Array,
        origins: IntVector,
        *,
        volatility: Array,
        reference: int,
    ) -> "PastErrors":
        """Gather them.

        Parameters
        ----------
        log_price : ndarray of shape (S, n)
        forecasts : ndarray of shape (S, K, N, H)
            Log prices; where NaN, the score of the model at position `reference` stands in.
        origins : ndarray of int, shape (N,)
            Positions in `log_price`, evenly spaced.
        volatility : ndarray of shape (S, N, H), or that broadcasts to it
            Of a session, at each origin, over the steps.
        reference : int
        """
        horizon = forecasts.shape[-1]
        steps = np.arange(1, horizon + 1)
        stride = int(origins[1] - origins[0]) if origins.size > 1 else 1
        delays = -(-steps // stride)
        scale = volatility * np.sqrt(steps)
        scores = np.full((*forecasts.shape[:2], horizon, origins.size), np.nan)
        for step, delay in zip(steps, delays, strict=True):
            judged = origins[: max(origins.size - delay, 0)]
            outcome = log_price[:, None, judged + step]
            error = outcome - forecasts[:, :, : judged.size, step - 1]
            scores[:, :, step - 1, delay:] = error / scale[:, None, : judged.size, step - 1]
        gaps = np.isnan(scores)
        if gaps.any():
            scores = np.where(gaps, scores[:, reference : reference + 1], scores)
        return cls(scores, delays, scale)

    def window(self, origin: int) -> Array:
        """The newest scores known at an origin, at most 250, oldest first, on the last axis."""
        return self.scores[..., max(origin + 1 - MAX_SCORES, 0) : origin + 1]


def gaussian(errors: PastErrors, first: int, levels: tuple[float, ...]) -> Offsets:
    """Normal errors with mean zero and the standard deviation of the newest 250 scores."""
    tails = special.ndtri(0.5 + np.array(levels) / 2)
    return _each(errors, first, lambda window: (_deviation(window)[..., None] * tails,) * 2)


def conformal(errors: PastErrors, first: int, levels: tuple[float, ...]) -> Offsets:
    """Split-conformal quantiles of the newest 250 absolute scores.

    References
    ----------
    Lei, J. et al. (2018). Distribution-free predictive inference for regression. Journal of the
    American Statistical Association 113(523), section 2.2 and 5.2.
    """

    def quantiles(window: Array) -> tuple[Array, Array]:
        ordered, count = _sorted(np.abs(window))
        asked = np.broadcast_to(levels, (*count.shape, len(levels)))
        return (_ranked(ordered, count, asked),) * 2

    return _each(errors, first, quantiles)


def bootstrap(errors: PastErrors, first: int, levels: tuple[float, ...]) -> Offsets:
    """Quantiles of sums of resampled one-step scores: the residual bootstrap.

    500 paths a cutoff, of the same draws everywhere; the two sides may differ.

    References
    ----------
    Hyndman, R. J., Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd edition,
    section 5.5.
    """
    horizon = errors.scores.shape[2]
    draws = np.random.default_rng(0).random((_DRAWS, horizon))
    outer = 0.5 - np.array(levels) / 2

    def quantiles(window: Array) -> tuple[Array, Array]:
        one_step = window[:, :, 0]
        known = one_step[..., ~np.isnan(one_step).all(axis=(0, 1))]
        if not known.shape[-1]:
            endless = np.full((*window.shape[:-1], len(levels)), np.inf)
            return endless, endless
        paths = known[..., (draws * known.shape[-1]).astype(np.intp)].cumsum(axis=-1)
        paths /= np.sqrt(np.arange(1, horizon + 1))
        low, high = (np.quantile(paths, q, axis=2) for q in (outer, 1 - outer))
        return -np.moveaxis(low, 0, -1), np.moveaxis(high, 0, -1)

    return _each(errors, first, quantiles)


def adaptive(errors: PastErrors, first: int, levels: tuple[float, ...]) -> Offsets:
    """Split-conformal widths times a factor that follows the recent misses.

    After each outcome the logarithm of the factor rises if the interval missed it and falls if it
    held, so that the share of misses comes to the nominal one whatever the prices do. Where the
    outcomes of d cutoffs in a row overlap, each teaches by 1/d.

    References
    ----------
    Gibbs, I., Candès, E. (2021). Adaptive conformal inference under distribution shift. Advances in
    Neural Information Processing Systems 34, eq. 2; of the width in place of the level, as in
    Angelopoulos, A. N., Candès, E., Tibshirani, R. J. (2023). Conformal PID control for time series
    prediction. Advances in Neural Information Processing Systems 36, section 2.1.
    """
    absolute = np.abs(errors.scores)
    shape = absolute.shape
    allowed = 1 - np.array(levels)
    rate = _RATE / errors.delays[:, None]
    asked = np.broadcast_to(levels, (*shape[:3], len(levels)))
    factor = np.zeros(asked.shape)
    widths = np.full((*shape[:3], shape[3], len(levels)), np.inf)
    rows = np.arange(shape[2])
    for origin in range(shape[3]):
        earlier = origin - errors.delays
        made = widths[:, :, rows, np.maximum(earlier, 0)]
        judged = np.isfinite(made) & (made > 0) & (earlier >= 0)[:, None]
        missed = absolute[..., origin, None] > made
        factor += np.where(judged, rate * (missed - allowed), 0.0)
        if origin % _REFRESH == 0:
            quantiles = _ranked(*_sorted(np.abs(errors.window(origin))), asked)
        widths[:, :, :, origin] = quantiles * np.exp(factor)
    nested = np.maximum.accumulate(widths[:, :, :, first:], axis=-1)
    scaled = nested.transpose(0, 1, 4, 3, 2) * errors.scale[:, None, None, first:]
    return scaled, scaled


METHODS: Mapping[str, Callable[[PastErrors, int, tuple[float, ...]], Offsets]] = {
    "adaptive": adaptive,
    "conformal": conformal,
    "bootstrap": bootstrap,
    "gaussian": gaussian,
}
VOLATILITIES: Mapping[str, Callable[[Matrix, IntVector, int], Array]] = {
    "ewma": expected_volatility,
    "garch": lambda log_price, origins, _horizon: np.stack(
        [garch_volatility(row)[origins, None] for row in log_price]
    ),
    "constant": lambda log_price, origins, _horizon: np.ones((len(log_price), origins.size, 1)),
}


@dataclass(frozen=True)
class Intervals:
    """How intervals are made.

    Parameters
    ----------
    method : str
        ``adaptive`` (adaptive conformal inference), ``conformal`` (split-conformal), ``bootstrap``
        (of residuals) or ``gaussian``.
    volatility : str
        What errors are scaled by: ``ewma`` (at longer steps going back to a slower mean), ``garch``
        (GARCH(1,1), slower) or ``constant``.

    Raises
    ------
    InputError
        A name that is none of these.
    """

    method: str = "adaptive"
    volatility: str = "ewma"

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("volatility", VOLATILITIES)):
            check_choice(f"intervals.{name}", getattr(self, name), known)

    def offsets(
        self,
        log_price: Matrix,
        forecasts: Array,
        origins: IntVector,
        *,
        first: int,
        levels: tuple[float, ...],
        reference: int,
    ) -> Offsets:
        """How far the bounds lie below and above the forecasts, in log price.

        Parameters
        ----------
        log_price, forecasts, origins, reference
            As in :meth:`PastErrors.of`.
        first : int
            The first of `origins` that intervals are wanted for; those before it only teach.
        levels : tuple of float
            Nominal coverages, each in (0, 1), ascending.

        Returns
        -------
        tuple of two ndarray of shape (S, K, L, N − first, H)
            Both ≥ 0 as a rule; infinite while no error of that step is known.
        """
        errors = PastErrors.of(
            log_price,
            forecasts,
            origins,
            volatility=VOLATILITIES[self.volatility](log_price, origins, forecasts.shape[-1]),
            reference=reference,
        )
        return METHODS[self.method](errors, first, levels)


def _each(
    errors: PastErrors, first: int, quantiles: Callable[[Array], tuple[Array, Array]]
) -> Offsets:
    """Offsets at every origin from `first` on, from the window of scores known there."""
    n_origins = errors.scores.shape[-1]
    below, above = [], []
    made: tuple[Array, Array] | None = None
    for origin in range(first, n_origins):
        if made is None or origin % _REFRESH == 0:
            made = quantiles(errors.window(origin))
        below.append(made[0])
        above.append(made[1])
    scale = errors.scale[:, None, None, first:]
    sides = (np.stack(side).transpose(1, 2, 4, 0, 3) * scale for side in (below, above))
    low, high = sides
    return low, high


def _deviation(window: Array) -> Array:
    """Root mean square of the scores, infinite where there is none."""
    known = ~np.isnan(window)
    count = known.sum(axis=-1)
    total = np.where(known, window, 0.0) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total.sum(axis=-1) / count
    return np.where(count, np.sqrt(mean), np.inf)


def _sorted(window: Array) -> tuple[Array, NDArray[np.intp]]:
    """Scores in ascending order, NaN last, and how many there are."""
    return np.sort(window, axis=-1), (~np.isnan(window)).sum(axis=-1)


def _ranked(ordered: Array, count: NDArray[np.intp], levels: Array) -> Array:
    """Conformal quantiles; the largest score where a level asks for more than there are."""
    rank = np.ceil((count[..., None] + 1) * levels - 1e-9).astype(np.intp)
    position = np.clip(rank, 1, np.maximum(count, 1)[..., None]) - 1
    found = np.take_along_axis(ordered, position, axis=-1)
    return np.where(count[..., None] > 0, found, np.inf)
