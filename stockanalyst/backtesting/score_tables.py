"""How good each model has been, beside the random walk: a symbol, all symbols, a year, a day.

:func:`combine` makes the tables of what :func:`~.scores.score` kept of one chunk of symbols or of
many; the numbers are the same to the bit however the symbols were divided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector
from stockanalyst.backtesting.cube import Dates
from stockanalyst.backtesting.scores import Array, ChunkScores, overlaps, rivals, share
from stockanalyst.frames import level_suffix
from stockanalyst.metrics.forecast import benjamini_hochberg, newey_west_test

Axes: TypeAlias = Mapping[str, Sequence[Any] | Dates]

WINDOW = 60
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Scores:
    """Scores of a walk-forward.

    A row counts where the outcome is known and the model made a forecast. Skill is 1 − RMSE / RMSE
    of the random walk over the same rows. For the random walk itself, skill and tests are NaN.

    Attributes
    ----------
    skill : DataFrame
        A row a (symbol, step, model): ``n``; ``rmse`` and ``mae`` in the unit of the price;
        ``mase``, ``mae`` over the mean absolute one-session change in the training window of the
        first cutoff (at step h the random walk itself has about √h); ``directional_accuracy`` among
        rows where the price moved and the model named a side, with its 95 % Wilson interval
        ``directional_low, directional_high`` (too narrow at steps > 1, where outcomes overlap);
        ``always_up``, the share of rises among rows where the price moved; for each level
        ``coverage_80`` and, as shares of the price at the cutoff, the mean width ``width_80`` and
        the mean Winkler score ``winkler_80``; ``pinball``, the mean loss over the bounds of all
        levels and the median, as a share too; ``skill``; ``dm_statistic`` and the two-sided
        ``dm_p`` of Diebold and Mariano's test of squared errors; ``q_value``, the one-sided p-value
        of being better than the random walk, adjusted by Benjamini and Hochberg's method for all
        rows.
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

    References
    ----------
    Hyndman, R. J., Koehler, A. B. (2006). Another look at measures of forecast accuracy.
    International Journal of Forecasting 22(4), eq. 2: the MASE.
    """

    skill: pd.DataFrame
    pooled: pd.DataFrame
    by_year: pd.DataFrame
    by_symbol_year: pd.DataFrame
    coverage_over_time: pd.DataFrame


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
    skill = 1 - np.sqrt(share(squares, walk_squares))
    return {"n": n.astype(np.int64), "skill": np.where(rivals(models), skill, nan)}


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
        {"n": n, "inside": inside, "coverage": share(inside, n)},
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
            "share_with_skill": share((skill > 0).sum(axis=0), (~np.isnan(skill)).sum(axis=0)),
            **_pooled_test(whole, by_date),
            **_pooled_intervals(whole, totals[0], rolled),
        },
    )


def _pooled_test(whole: ChunkScores, by_date: Array) -> dict[str, Array]:
    n, squares, walk_squares = by_date
    judged = rivals(whole.models)[:, None]
    differences = np.where(judged, share(squares - walk_squares, n), nan)
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
        coverage[f"coverage_{suffix}"] = share(inside[:, :, position], n)
        width[f"relative_width_{suffix}"] = _relative_width(
            whole, whole.measures[f"width_{suffix}"]
        )
        cells = pd.MultiIndex.from_product([whole.steps, whole.models, [level]])
        worst[f"worst_{WINDOW}_{suffix}"] = lowest.reindex(cells).to_numpy()
    return {**coverage, **width, **worst}


def _relative_width(whole: ChunkScores, width: Array) -> Array:
    """Mean over symbols of the width over the random walk's; NaN without the random walk."""
    walk = width[:, :, ~rivals(whole.models)].sum(axis=-1, keepdims=True)
    relative = share(width, walk)
    return share(np.nansum(relative, axis=0), (~np.isnan(relative)).sum(axis=0))
