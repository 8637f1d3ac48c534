"""What the scores of a walk-forward need of a cube of forecasts; the tables are score_tables'."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.backtesting.cube import Dates, ForecastCube
from stockanalyst.exceptions import InvalidHorizon
from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.frames import level_suffix
from stockanalyst.metrics.calibration import interval_score
from stockanalyst.metrics.forecast import (
    diebold_mariano_many,
    pinball_loss,
    wilson_interval,
)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Axes: TypeAlias = Mapping[str, Sequence[Any] | Dates]


@dataclass(frozen=True)
class ChunkScores:
    """What :func:`score` keeps of some symbols: about 10 bytes a forecast.

    In the shapes, S are symbols, T steps, K models, L levels, P pairs of a symbol and a cutoff
    whose outcome is known for at least one step and model, by symbol, then by cutoff.

    Attributes
    ----------
    symbols, models : tuple of str
    steps : tuple of int
    levels : tuple of float
    measures : mapping of str to ndarray of shape (S, T, K)
        Columns of :attr:`.score_tables.Scores.skill`; ``n`` is 0 where a model has no forecast of
        a symbol.
    symbol : ndarray of int, shape (P,)
        Position in `symbols`.
    cutoff : ndarray of datetime64[ns], shape (P,)
    squares : ndarray of shape (T, K, P)
        Squared errors relative to the price at the cutoff; NaN for rows that don't count.
    walk_squares : ndarray of shape (T, P)
        Those of the random walk.
    inside : ndarray of bool, shape (T, K, L, P)
        Whether the outcome lay in the interval, bounds included.
    stride : int
        Sessions from one cutoff to the next.
    """

    symbols: tuple[str, ...]
    models: tuple[str, ...]
    steps: tuple[int, ...]
    levels: tuple[float, ...]
    measures: Mapping[str, Array]
    symbol: IntVector
    cutoff: Dates
    squares: Array
    walk_squares: Matrix
    inside: Flags
    stride: int


@dataclass(frozen=True)
class _Rows:
    """Outcomes and forecasts of the scored steps; shapes broadcast to (S, T, K, M)."""

    y: Array
    base: Array
    yhat: Array
    counted: Flags

    def total(self, values: Array | Flags) -> Array:
        """Sum over the cutoffs that count, shape (S, T, K)."""
        summed: Array = np.where(self.counted, values, 0.0).sum(axis=-1)
        return summed

    def mean(self, values: Array | Flags) -> Array:
        return share(self.total(values), self.counted.sum(axis=-1))


def score(cube: ForecastCube, steps: Iterable[int]) -> ChunkScores:
    """Score the forecasts of some symbols.

    Parameters
    ----------
    cube : ForecastCube
    steps : iterable of int
        Steps to score, each once.

    Raises
    ------
    InvalidHorizon
        A step that the cube doesn't hold.
    """
    steps = tuple(dict.fromkeys(steps))
    for step in steps:
        if not 1 <= step <= cube.y.shape[-1]:
            raise InvalidHorizon(step, cube.y.shape[-1])
    at = np.array(steps, dtype=np.intp) - 1
    rows = _rows(cube, at)
    lower, upper = _by_step(cube.lower, at), _by_step(cube.upper, at)
    y = rows.y[..., None, :]
    inside = rows.counted[..., None, :] & (lower <= y) & (y <= upper)
    known = rows.counted.any(axis=(1, 2)).ravel()
    return ChunkScores(
        symbols=cube.symbols,
        models=cube.models,
        steps=steps,
        levels=cube.levels,
        measures={
            "n": rows.counted.sum(axis=-1),
            **_errors(rows, cube.scale[:, None, None]),
            **_directions(rows),
            **_calibration(rows, lower, upper, inside, cube.levels),
            **_against_walk(rows, overlaps(steps, cube.stride), rivals(cube.models)),
        },
        symbol=np.repeat(np.arange(len(cube.symbols)), cube.cutoffs.shape[1])[known],
        cutoff=cube.cutoffs.ravel()[known],
        squares=_paired(
            np.where(rows.counted, ((rows.y - rows.yhat) / rows.base) ** 2, nan), known
        ),
        walk_squares=_paired((((rows.y - rows.base) / rows.base) ** 2)[:, :, 0], known),
        inside=_paired(inside, known),
        stride=cube.stride,
    )


def overlaps(steps: Iterable[int], stride: int) -> list[int]:
    """Cutoffs in a row whose outcomes overlap, a step each: what a test takes as the horizon."""
    return [-(-step // stride) for step in steps]


def share(part: Array, whole: Array) -> Array:
    """`part` over `whole`, NaN where that is 0 or both are infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(whole == 0, nan, part / whole)
    return result


def _by_step(values: Array, at: IntVector) -> Array:
    """From (S, …, M, H) to (S, T, …, M), contiguous: each row is then summed in the same order."""
    return np.ascontiguousarray(np.moveaxis(values[..., at], -1, 1))


def _rows(cube: ForecastCube, at: IntVector) -> _Rows:
    y, yhat = _by_step(cube.y, at)[:, :, None], _by_step(cube.yhat, at)
    base = np.ascontiguousarray(cube.base)[:, None, None]
    return _Rows(y=y, base=base, yhat=yhat, counted=np.isfinite(y) & np.isfinite(yhat))


def _directions(rows: _Rows) -> dict[str, Array]:
    moved, called = np.sign(rows.y - rows.base), np.sign(rows.yhat - rows.base)
    decided = (moved != 0) & (called != 0)
    hits, trials = rows.total(decided & (moved == called)), rows.total(decided)
    low, high = wilson_interval(hits, trials)
    return {
        "directional_accuracy": share(hits, trials),
        "directional_low": low,
        "directional_high": high,
        "always_up": share(rows.total(moved > 0), rows.total(moved != 0)),
    }


def _errors(rows: _Rows, scale: Array) -> dict[str, Array]:
    error = rows.y - rows.yhat
    mae = rows.mean(np.abs(error))
    return {"rmse": np.sqrt(rows.mean(error**2)), "mae": mae, "mase": share(mae, scale)}


def _calibration(
    rows: _Rows, lower: Array, upper: Array, inside: Flags, levels: Sequence[float]
) -> dict[str, Array]:
    coverage, width, winkler = {}, {}, {}
    losses = pinball_loss(rows.y, rows.yhat, probability=0.5)
    for position, level in enumerate(levels):
        low, high, suffix = lower[:, :, :, position], upper[:, :, :, position], level_suffix(level)
        points = interval_score(rows.y, low, high, level=level)
        coverage[f"coverage_{suffix}"] = rows.mean(inside[:, :, :, position])
        width[f"width_{suffix}"] = rows.mean((high - low) / rows.base)
        winkler[f"winkler_{suffix}"] = rows.mean(points / rows.base)
        losses = losses + pinball_loss(rows.y, low, probability=(1 - level) / 2)
        losses = losses + pinball_loss(rows.y, high, probability=(1 + level) / 2)
    pinball = rows.mean(losses / rows.base) / (2 * len(levels) + 1)
    return {**coverage, **width, **winkler, "pinball": pinball}


def _against_walk(rows: _Rows, horizons: Sequence[int], judged: Flags) -> dict[str, Array]:
    own, walk = (rows.y - rows.yhat) ** 2, (rows.y - rows.base) ** 2
    skill = 1 - share(np.sqrt(rows.mean(own)), np.sqrt(rows.mean(walk)))
    differences = np.where(rows.counted & judged[:, None], own - walk, nan)
    tests = [
        diebold_mariano_many(differences[:, position], horizon=horizon)
        for position, horizon in enumerate(horizons)
    ]
    statistic, p_value = np.stack(tests, axis=-2)
    return {"skill": np.where(judged, skill, nan), "dm_statistic": statistic, "dm_p": p_value}


def rivals(models: Sequence[str]) -> Flags:
    """Which models are held against the random walk: all but itself."""
    return np.array([model != RandomWalk.name for model in models])


def _paired(values: NDArray[Any], known: Flags) -> NDArray[Any]:
    """From (S, …, M) to (…, P)."""
    by_pair = np.moveaxis(values, 0, -2)
    return by_pair.reshape(*by_pair.shape[:-2], known.size)[..., known]
