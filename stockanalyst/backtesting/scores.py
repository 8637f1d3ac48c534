"""How good each model has been, beside the random walk: a symbol, all symbols, a year, a day.

:func:`score` keeps of a cube of forecasts what the scores need, :func:`combine` makes the tables
from one or many of those; the numbers are the same to the bit however the symbols were divided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.backtesting.cube import Dates, ForecastCube
from stockanalyst.exceptions import InvalidHorizon
from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.frames import level_suffix
from stockanalyst.metrics.calibration import interval_score
from stockanalyst.metrics.forecast import (
    benjamini_hochberg,
    diebold_mariano_many,
    newey_west_test,
    pinball_loss,
    wilson_interval,
)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Axes: TypeAlias = Mapping[str, Sequence[Any] | Dates]

WINDOW = 60
SIGNIFICANT = 0.05


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
        Columns of :attr:`Scores.skill`; ``n`` is 0 where a model has no forecast of a symbol.
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
class Scores:
    """Scores of a walk-forward.

    A row counts where the outcome is known and the model made a forecast. Skill is 1 − RMSE / RMSE
    of the random walk over the same rows. For the random walk itself, skill and tests are NaN.

    Attributes
    ----------
    skill : DataFrame
        A row a (symbol, step, model): ``n``; ``rmse`` and ``mae`` in the unit of the price;
        ``mase``; ``directional_accuracy`` among rows where the price moved and the model named a
        side, with its 95 % Wilson interval ``directional_low, directional_high`` (too narrow at
        steps > 1, where outcomes overlap); ``always_up``, the share of rises among rows where the
        price moved; for each level ``coverage_80`` and, as shares of the price at the cutoff, the
        mean width ``width_80`` and the mean Winkler score ``winkler_80``; ``pinball``, the mean
        loss over the bounds of all levels and the median, as a share too; ``skill``;
        ``dm_statistic`` and the two-sided ``dm_p`` of Diebold and Mariano's test of squared errors;
        ``q_value``, the one-sided p-value of being better than the random walk, adjusted by
        Benjamini and Hochberg's method for all rows.
    pooled : DataFrame
        A row a (step, model) over all symbols, errors relative to the price at the cutoff: ``n``,
        ``n_symbols``, ``skill``, ``share_with_skill`` (of symbols whose skill is positive),
        ``dm_statistic`` and ``dm_p`` (Newey–West, on the mean loss difference of each cutoff date),
        for each level ``coverage_80``, ``relative_width_80`` (mean over symbols of the width over
        the random walk's) and ``worst_60_80``, the least of :func:`rolling_coverage`.
    by_year : DataFrame
        ``year`` of the cutoff, ``step, model, n, skill``, pooled.
    by_symbol_year : DataFrame
        The same for each ``symbol``.
    coverage_over_time : DataFrame
        ``step, model, level, cutoff``, ``n`` symbols of which ``inside`` their interval, and
        ``coverage``, the share.
    """

    skill: pd.DataFrame
    pooled: pd.DataFrame
    by_year: pd.DataFrame
    by_symbol_year: pd.DataFrame
    coverage_over_time: pd.DataFrame


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
        return _share(self.total(values), self.counted.sum(axis=-1))


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
            **_against_walk(rows, overlaps(steps, cube.stride), _judged(cube.models)),
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


def combine(parts: Iterable[ChunkScores]) -> Scores:
    """Tables of all symbols from chunks of them, in the order of the chunks.

    Raises
    ------
    ValueError
        Chunks of different models, steps or levels, or none.
    """
    whole = _joined(list(parts))
    axes: Axes = {"step": whole.steps, "model": whole.models}
    dates, date = np.unique(whole.cutoff, return_inverse=True)
    by_date = _sums(whole, date, dates.size)
    coverage = _coverage_over_time(whole, axes, dates, date)
    by_year, by_symbol_year = _yearly(whole, axes)
    return Scores(
        skill=_skill_table(whole, axes),
        pooled=_pooled(whole, axes, by_date, _rolling(coverage, WINDOW)),
        by_year=by_year,
        by_symbol_year=by_symbol_year,
        coverage_over_time=coverage,
    )


def rolling_coverage(scores: Scores, window: int = WINDOW) -> pd.DataFrame:
    """Coverage over every `window` cutoff dates in a row.

    Returns
    -------
    DataFrame
        ``step, model, level, cutoff`` (the last of the window), ``coverage`` (of all symbols'
        intervals from those dates). Groups with fewer dates have no row.
    """
    return _rolling(scores.coverage_over_time, window)


def _share(part: Array, whole: Array) -> Array:
    """`part` over `whole`, NaN where that is 0 or both are infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = np.where(whole == 0, nan, part / whole)
    return share


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
        "directional_accuracy": _share(hits, trials),
        "directional_low": low,
        "directional_high": high,
        "always_up": _share(rows.total(moved > 0), rows.total(moved != 0)),
    }


def _errors(rows: _Rows, scale: Array) -> dict[str, Array]:
    error = rows.y - rows.yhat
    mae = rows.mean(np.abs(error))
    return {"rmse": np.sqrt(rows.mean(error**2)), "mae": mae, "mase": _share(mae, scale)}


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
    skill = 1 - _share(np.sqrt(rows.mean(own)), np.sqrt(rows.mean(walk)))
    differences = np.where(rows.counted & judged[:, None], own - walk, nan)
    tests = [
        diebold_mariano_many(differences[:, position], horizon=horizon)
        for position, horizon in enumerate(horizons)
    ]
    statistic, p_value = np.stack(tests, axis=-2)
    return {"skill": np.where(judged, skill, nan), "dm_statistic": statistic, "dm_p": p_value}


def _judged(models: Sequence[str]) -> Flags:
    return np.array([model != RandomWalk.name for model in models])


def _paired(values: NDArray[Any], known: Flags) -> NDArray[Any]:
    """From (S, …, M) to (…, P)."""
    by_pair = np.moveaxis(values, 0, -2)
    return by_pair.reshape(*by_pair.shape[:-2], known.size)[..., known]


def _joined(parts: Sequence[ChunkScores]) -> ChunkScores:
    if len({(part.models, part.steps, part.levels, part.stride) for part in parts}) != 1:
        raise ValueError("parts: give one or more, all of the same models, steps and levels")
    before = np.cumsum([0, *(len(part.symbols) for part in parts)])
    return ChunkScores(
        symbols=tuple(symbol for part in parts for symbol in part.symbols),
        models=parts[0].models,
        steps=parts[0].steps,
        levels=parts[0].levels,
        measures={
            name: np.concatenate([part.measures[name] for part in parts])
            for name in parts[0].measures
        },
        symbol=np.concatenate([part.symbol + n for part, n in zip(parts, before, strict=False)]),
        cutoff=np.concatenate([part.cutoff for part in parts]),
        squares=np.concatenate([part.squares for part in parts], axis=-1),
        walk_squares=np.concatenate([part.walk_squares for part in parts], axis=-1),
        inside=np.concatenate([part.inside for part in parts], axis=-1),
        stride=parts[0].stride,
    )


def _sums(whole: ChunkScores, cell: IntVector, n_cells: int) -> Array:
    """Count, squares and the random walk's squares by cell of the pairs, shape (3, T, K, cells)."""
    sums = np.zeros((3, *whole.squares.shape[:2], n_cells))
    for step, model in np.ndindex(whole.squares.shape[:2]):
        own, walk = whole.squares[step, model], whole.walk_squares[step]
        counted = ~np.isnan(own)
        for position, weights in enumerate((counted, own, walk)):
            sums[position, step, model] = np.bincount(
                cell[counted], weights[counted], minlength=n_cells
            )
    return sums


def _skill_columns(models: Sequence[str], sums: Array) -> dict[str, Array]:
    """Columns of sums that end in the axis of the models."""
    n, squares, walk_squares = sums
    skill = 1 - np.sqrt(_share(squares, walk_squares))
    return {"n": n.astype(np.int64), "skill": np.where(_judged(models), skill, nan)}


def _frame(axes: Axes, columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Long frame of arrays over `axes`, without the rows that count nothing."""
    index = pd.MultiIndex.from_product(list(axes.values()), names=list(axes))
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)
    return frame[frame["n"] > 0].reset_index()


def _skill_table(whole: ChunkScores, axes: Axes) -> pd.DataFrame:
    table = _frame({"symbol": whole.symbols, **axes}, whole.measures)
    half = table["dm_p"] / 2
    one_sided = half.where(table["skill"] > 0, 1 - half)
    return table.assign(q_value=benjamini_hochberg(one_sided.to_numpy()))


def _yearly(whole: ChunkScores, axes: Axes) -> tuple[pd.DataFrame, pd.DataFrame]:
    years, year = np.unique(whole.cutoff.astype("datetime64[Y]"), return_inverse=True)
    shape = (len(whole.symbols), years.size)
    sums = _sums(whole, whole.symbol * years.size + year, shape[0] * shape[1])
    # (3, T, K, S × Y) to (3, S, Y, T, K)
    sums = np.moveaxis(sums.reshape(*sums.shape[:3], *shape), (3, 4), (1, 2))
    by_year: Axes = {"year": (years.astype(np.int64) + 1970).tolist(), **axes}
    return (
        _frame(by_year, _skill_columns(whole.models, sums.sum(axis=1))),
        _frame({"symbol": whole.symbols, **by_year}, _skill_columns(whole.models, sums)),
    )


def _coverage_over_time(
    whole: ChunkScores, axes: Axes, dates: Dates, date: IntVector
) -> pd.DataFrame:
    inside = np.zeros((*whole.inside.shape[:3], dates.size), dtype=np.int64)
    n = np.zeros_like(inside)
    for step, model, level in np.ndindex(whole.inside.shape[:3]):
        counted = ~np.isnan(whole.squares[step, model])
        n[step, model, level] = np.bincount(date[counted], minlength=dates.size)
        within = whole.inside[step, model, level]
        inside[step, model, level] = np.bincount(date[within], minlength=dates.size)
    return _frame(
        {**axes, "level": whole.levels, "cutoff": dates},
        {"n": n, "inside": inside, "coverage": _share(inside, n)},
    )


def _rolling(coverage: pd.DataFrame, window: int) -> pd.DataFrame:
    keys = ["step", "model", "level"]
    groups = coverage.groupby(keys, sort=False)[["inside", "n"]]
    sums = groups.rolling(window).sum().droplevel([0, 1, 2])
    rolled = coverage[[*keys, "cutoff"]].assign(coverage=sums["inside"] / sums["n"])
    return rolled.dropna(subset=["coverage"], ignore_index=True)


def _pooled(whole: ChunkScores, axes: Axes, by_date: Array, rolled: pd.DataFrame) -> pd.DataFrame:
    totals = by_date.sum(axis=-1)
    skill = whole.measures["skill"]
    return _frame(
        axes,
        {
            **_skill_columns(whole.models, totals),
            "n_symbols": (whole.measures["n"] > 0).sum(axis=0),
            "share_with_skill": _share((skill > 0).sum(axis=0), (~np.isnan(skill)).sum(axis=0)),
            **_pooled_test(whole, by_date),
            **_pooled_intervals(whole, totals[0], rolled),
        },
    )


def _pooled_test(whole: ChunkScores, by_date: Array) -> dict[str, Array]:
    n, squares, walk_squares = by_date
    judged = _judged(whole.models)[:, None]
    differences = np.where(judged, _share(squares - walk_squares, n), nan)
    tests = [
        newey_west_test(difference, horizon=horizon)
        for difference, horizon in zip(
            differences, overlaps(whole.steps, whole.stride), strict=True
        )
    ]
    statistic, p_value = np.stack(tests, axis=-2)
    return {"dm_statistic": statistic, "dm_p": p_value}


def _pooled_intervals(whole: ChunkScores, n: Array, rolled: pd.DataFrame) -> dict[str, Array]:
    inside = whole.inside.sum(axis=-1)
    lowest = rolled.groupby(["step", "model", "level"])["coverage"].min()
    coverage, width, worst = {}, {}, {}
    for position, level in enumerate(whole.levels):
        suffix = level_suffix(level)
        coverage[f"coverage_{suffix}"] = _share(inside[:, :, position], n)
        width[f"relative_width_{suffix}"] = _relative_width(
            whole, whole.measures[f"width_{suffix}"]
        )
        cells = pd.MultiIndex.from_product([whole.steps, whole.models, [level]])
        worst[f"worst_{WINDOW}_{suffix}"] = lowest.reindex(cells).to_numpy()
    return {**coverage, **width, **worst}


def _relative_width(whole: ChunkScores, width: Array) -> Array:
    """Mean over symbols of the width over the random walk's; NaN without the random walk."""
    walk = width[:, :, ~_judged(whole.models)].sum(axis=-1, keepdims=True)
    relative = _share(width, walk)
    return _share(np.nansum(relative, axis=0), (~np.isnan(relative)).sum(axis=0))
