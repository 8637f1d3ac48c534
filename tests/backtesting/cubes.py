"""Cubes of forecasts whose scores can be counted by hand, or are the same however they are made."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst.backtesting.cube import ForecastCube
from stockanalyst.backtesting.score_tables import Scores

Array = NDArray[np.float64]
LEVELS = (0.8, 0.95)
FRAMES = ("skill", "pooled", "by_year", "by_symbol_year", "coverage_over_time")


def cube_of(
    base: Array,
    y: Array,
    yhat: Array,
    half: Sequence[float] = (0.5, 1.0),
    *,
    start: str = "2013-03-05",
    name: str = "S",
) -> ForecastCube:
    """Symbols S0, S1, …, the random walk first, intervals of ± `half` around the price, LEVELS."""
    n_symbols, n_models, n_cutoffs, horizon = yhat.shape
    days = pd.bdate_range(start, periods=n_cutoffs + horizon).as_unit("ns").to_numpy()
    sessions = np.stack([days[step : step + n_cutoffs] for step in range(1, horizon + 1)], axis=-1)
    centre = np.broadcast_to(base[:, None, None, :, None], (*yhat.shape[:2], 2, *yhat.shape[2:]))
    width = np.asarray(half)[:, None, None]
    return ForecastCube(
        symbols=tuple(f"{name}{position}" for position in range(n_symbols)),
        models=("random_walk", "drift", "linear", "arima")[:n_models],
        levels=LEVELS,
        cutoffs=np.repeat(days[None, :n_cutoffs], n_symbols, axis=0),
        sessions=np.repeat(sessions[None], n_symbols, axis=0),
        base=base,
        y=y,
        yhat=yhat,
        lower=centre - width,
        upper=centre + width,
        scale=np.full(n_symbols, 2.0),
    )


def part_of(cube: ForecastCube, symbols: slice, cutoffs: slice = slice(None)) -> ForecastCube:
    return replace(
        cube,
        symbols=cube.symbols[symbols],
        cutoffs=cube.cutoffs[symbols, cutoffs],
        sessions=cube.sessions[symbols, cutoffs],
        base=cube.base[symbols, cutoffs],
        y=cube.y[symbols, cutoffs],
        yhat=cube.yhat[symbols, :, cutoffs],
        lower=cube.lower[symbols, :, :, cutoffs],
        upper=cube.upper[symbols, :, :, cutoffs],
        scale=cube.scale[symbols],
    )


def walks(returns: Array, *moves: Array, n_cutoffs: int, horizon: int = 7) -> ForecastCube:
    """Prices from log returns; each model says the price at the cutoff times exp(move)."""
    price = 100 * np.exp(np.cumsum(returns, axis=1))[:, -(n_cutoffs + horizon) :]
    base = price[:, :n_cutoffs]
    y = np.stack([price[:, step : step + n_cutoffs] for step in range(1, horizon + 1)], axis=-1)
    yhat = [base[:, :, None] * np.exp(move) for move in (np.zeros(y.shape), *moves)]
    return cube_of(base, y, np.stack(yhat, axis=1), start="2011-10-03", half=(1.28, 1.96))


def small() -> ForecastCube:
    """From 10, 11 and 11 the price came to 11, 11 and 9; a model said 12, 10 and 8.

    The intervals are 9.5 to 10.5 and 9 to 11 throughout.
    """
    base = np.array([[10.0, 11.0, 11.0]])
    yhat = np.stack([base, np.array([[12.0, 10.0, 8.0]])], axis=1)[..., None]
    cube = cube_of(base, np.array([[11.0, 11.0, 9.0]])[..., None], yhat)
    bounds = np.broadcast_to(np.array([0.5, 1.0])[:, None, None], cube.lower.shape)
    return replace(cube, lower=10 - bounds, upper=10 + bounds)


def random_cube(n_symbols: int = 7, n_cutoffs: int = 90) -> ForecastCube:
    rng = np.random.default_rng(17)
    returns = rng.normal(0, 0.01, size=(n_symbols, n_cutoffs + 7))
    moves = rng.normal(0, 0.003, size=(2, n_symbols, n_cutoffs, 7))
    return walks(returns, *moves, n_cutoffs=n_cutoffs)


def assert_same(one: Scores, other: Scores, rtol: float) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_exact=rtol == 0, rtol=rtol
        )
