"""Every model at every cutoff of every symbol."""

import hashlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import IntVector
from stockanalyst.backtesting.causality import (
    forecasts_from,
    is_looped,
    require_causal,
    require_unseen,
)
from stockanalyst.backtesting.cube import ForecastCube, Held
from stockanalyst.backtesting.protocols import CubeStore
from stockanalyst.backtesting.scores import ChunkScores, score
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.base import DEFAULT_LEVELS, BaseForecaster, Panel
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.intervals import Intervals
from stockanalyst.forecasting.lstm import LSTMForecaster
from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.forecasting.registry import members
from stockanalyst.market.prices import digest

Models = Sequence[BaseForecaster]
Array = NDArray[np.float64]

ADAPTIVE = Intervals()
_PAIRS = 40_000  # (symbol, cutoff) pairs in a chunk: some 300 MB at the most
_FEWEST = 5_000  # of them: a chunk of half a second, beside which handing it over is nothing


@dataclass(frozen=True)
class Setup:
    """How a walk-forward is made.

    Attributes
    ----------
    horizon : int
        Steps, ≥ 1.
    plan : WalkForward
    levels : tuple of float
        Nominal coverage of the intervals, decimals.
    intervals : Intervals
    ensembles : tuple of str
        Of :data:`stockanalyst.forecasting.ensemble.COMBINATIONS`; made where there are two models
        besides the baselines.
    """

    horizon: int
    plan: WalkForward
    levels: tuple[float, ...] = DEFAULT_LEVELS
    intervals: Intervals = ADAPTIVE
    ensembles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """Symbols that are walked together: equally many sessions, the same models.

    Attributes
    ----------
    closes : tuple of Series
        Without gaps; named by their symbols.
    models : sequence of BaseForecaster
        The random walk among them.
    """

    closes: tuple[pd.Series, ...]
    models: Models

    def without(self, symbols: Container[str]) -> "Chunk":
        """The chunk, some symbols left out."""
        left = tuple(series for series in self.closes if str(series.name) not in symbols)
        return Chunk(left, self.models)


def chunks(
    prices: pd.DataFrame,
    models: Models | Mapping[str, Models],
    setup: Setup,
    *,
    workers: int = 1,
) -> Iterator[Chunk]:
    """Part a table of prices into chunks.

    Parameters
    ----------
    prices : DataFrame of shape (n_sessions, n_symbols)
        Closes, one column a symbol, NaN where a symbol has no session.
    models : sequence of BaseForecaster, or mapping of symbol to such
    setup : Setup
    workers : int
        Processes or threads that share the chunks: for more of them chunks are smaller.

    Raises
    ------
    InsufficientHistory
        A symbol has too few sessions.
    """
    signed = (
        {symbol: (chosen, _signatures(chosen)) for symbol, chosen in models.items()}
        if isinstance(models, Mapping)
        else dict.fromkeys(map(str, prices.columns), (models, _signatures(models)))
    )
    groups: dict[tuple[int, tuple[str, ...]], list[pd.Series]] = {}
    for symbol in prices.columns:
        closes = prices[symbol].dropna()
        setup.plan.cutoffs(len(closes), setup.horizon, symbol=str(symbol))
        groups.setdefault((len(closes), signed[str(symbol)][1]), []).append(closes)
    for (length, _), closes_of in groups.items():
        chosen, _ = signed[str(closes_of[0].name)]
        each = _n_origins(length, chosen, setup)
        shared = len(closes_of) * each // (2 * workers) if workers > 1 else _PAIRS
        size = max(min(max(shared, _FEWEST), _PAIRS) // each, 1)
        for start in range(0, len(closes_of), size):
            yield Chunk(tuple(closes_of[start : start + size]), chosen)


def _signatures(models: Models) -> tuple[str, ...]:
    return tuple(model.signature for model in models)


def _n_origins(n_sessions: int, models: Models, setup: Setup) -> int:
    """Cutoffs that are judged, and those before them."""
    cutoffs = setup.plan.cutoffs(n_sessions, setup.horizon, symbol="")
    return cutoffs.size + _calibration(cutoffs, models, setup).size


def _calibration(cutoffs: IntVector, models: Models, setup: Setup) -> IntVector:
    context = max(model.context for model in models)
    return setup.plan.calibration(int(cutoffs[0]), context=context)


def walk_chunk(chunk: Chunk, setup: Setup) -> ForecastCube:
    """Forecast from every past cutoff, and set the outcome beside each forecast.

    The engine owns the embargo: a model is asked for cutoffs and may use nothing after each;
    intervals and ensembles use only errors whose outcome was known at the cutoff.

    Raises
    ------
    ModelUnavailable
        A trained network has seen prices after the first cutoff.
    """
    panel = _panel(chunk.closes)
    cutoffs = setup.plan.cutoffs(panel.log_price.shape[1], setup.horizon, symbol=panel.symbols[0])
    return _walk(panel, chunk, setup, cutoffs, later=None)


@dataclass(frozen=True)
class Part:
    """Forecasts of one symbol or more, at hand or in a store, and their scores.

    Attributes
    ----------
    load : callable
        Gives the ForecastCube.
    scores : mapping of str to ChunkScores
        By symbol, so that they can be put together in any order with the same bits.
    """

    load: Callable[[], ForecastCube]
    scores: Mapping[str, ChunkScores]


def walk_forward(
    prices: pd.DataFrame,
    models: Models | Mapping[str, Models],
    setup: Setup,
    *,
    steps: Sequence[int],
    store: CubeStore | None = None,
    n_jobs: int | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Iterator[Part]:
    """Walk a table of prices, chunk by chunk.

    Parameters
    ----------
    prices, models, setup
        As for :func:`chunks`.
    steps : sequence of int
        Steps to score.
    store : CubeStore, optional
        Where forecasts are kept as soon as they are made; what it has already isn't made again.
    n_jobs : int, optional
        Processes or threads, by the rules of joblib, whose ``parallel_config`` chooses the backend.
    progress : callable
        Called with the share of the work that is done, in (0, 1].

    Yields
    ------
    Part
        What is stored already, then the others as they are made. The numbers don't depend on how
        symbols are put together, nor on where they are computed.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    work = list(chunks(prices, models, setup, workers=effective_n_jobs(n_jobs)))
    names, n_symbols = _names(work, setup), prices.shape[1]
    done = 0
    keys: dict[str, str] = {}
    if store is not None:
        keys = {symbol: key for chunk in work for symbol, key in _keys(chunk, setup).items()}
        found = [symbol for symbol, key in keys.items() if store.has(key)]
        for symbol in found:
            load = partial(store.load, keys[symbol])
            yield Part(load, {symbol: score(load().among(names), steps)})
            progress((done := done + 1) / n_symbols)
        work = [chunk for chunk in (each.without(set(found)) for each in work) if chunk.closes]
    walked = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(walk_chunk)(chunk, setup) for chunk in work
    )
    for cube in walked:
        if store is None:
            full = cube.among(names)
            yield Part(Held(cube), {name: score(full.only(name), steps) for name in cube.symbols})
        else:
            for symbol in cube.symbols:
                one = cube.only(symbol)
                store.save(keys[symbol], one)
                scores = {symbol: score(one.among(names), steps)}
                yield Part(partial(store.load, keys[symbol]), scores)
        done += len(cube.symbols)
        progress(done / n_symbols)


def _names(work: Sequence[Chunk], setup: Setup) -> list[str]:
    """Every model that takes part in any chunk."""
    names = list(dict.fromkeys(model.name for chunk in work for model in chunk.models))
    mixed = any(len(members(model.name for model in chunk.models)) > 1 for chunk in work)
    return [*names, *setup.ensembles] if mixed else names


def _keys(chunk: Chunk, setup: Setup) -> dict[str, str]:
    """By symbol, SHA-256 of everything that its forecasts depend on, in hexadecimal."""
    shared = [version("stockanalyst"), repr(setup), *_signatures(chunk.models)]
    words = {str(series.name): [str(series.name), digest(series)] for series in chunk.closes}
    return {
        symbol: hashlib.sha256("\n".join([*shared, *own]).encode()).hexdigest()
        for symbol, own in words.items()
    }


def forecast_next(
    closes: pd.Series, models: Models, sessions: pd.DatetimeIndex, setup: Setup
) -> pd.DataFrame:
    """Forecast the sessions after the last close, as the walk-forward does from past cutoffs.

    Its intervals begin to learn 250 cutoffs before this one, those of a walk-forward 250 before its
    first.

    Parameters
    ----------
    closes : Series
        One symbol's closes up to the cutoff; the name is the symbol.
    models : sequence of BaseForecaster
        The random walk among them.
    sessions : DatetimeIndex of shape (horizon,)
        The sessions to forecast.
    setup : Setup

    Returns
    -------
    DataFrame
        A forecast frame (:mod:`stockanalyst.frames`) with ``y`` NaN.
    """
    last = np.array([len(closes) - 1])
    return _walk(_panel((closes,)), Chunk((closes,), models), setup, last, later=sessions).frame()


def _panel(closes: Sequence[pd.Series]) -> Panel:
    log_price = np.log(np.stack([series.to_numpy(np.float64) for series in closes]))
    log_price.setflags(write=False)  # every model looks at it
    return Panel(
        symbols=tuple(str(series.name) for series in closes),
        sessions=np.stack([_dates(pd.DatetimeIndex(series.index)) for series in closes]),
        log_price=log_price,
    )


def _dates(index: pd.DatetimeIndex) -> NDArray[np.datetime64]:
    return index.as_unit("ns").to_numpy()


def _walk(
    panel: Panel,
    chunk: Chunk,
    setup: Setup,
    cutoffs: IntVector,
    *,
    later: pd.DatetimeIndex | None,
) -> ForecastCube:
    calibration = _calibration(cutoffs, chunk.models, setup)
    origins = np.concatenate([calibration, cutoffs])
    named = {
        model.name: _centres(model, panel, calibration, cutoffs, setup) for model in chunk.models
    }
    base = panel.log_price[:, origins]
    ahead = origins[:, None] + np.arange(1, setup.horizon + 1)
    prices = np.stack([series.to_numpy(np.float64) for series in chunk.closes])
    named |= _ensembles(named, base, _filled(panel.log_price, ahead), setup)
    centres = np.stack(list(named.values()), axis=1)
    below, above = setup.intervals.offsets(
        panel.log_price,
        centres,
        origins,
        first=calibration.size,
        levels=setup.levels,
        reference=list(named).index(RandomWalk.name),
    )
    # Moves of the price at the cutoff: where no move is forecast, it comes out to the bit.
    middle = (centres - base[:, None, :, None])[:, :, calibration.size :]
    price = prices[:, cutoffs]
    unit = price[:, None, :, None]
    sessions = panel.sessions
    if later is not None:
        after = np.broadcast_to(_dates(later), (len(panel.symbols), len(later)))
        sessions = np.concatenate([sessions, after], axis=1)
    with np.errstate(over="ignore"):  # an interval without an error to go by is endless
        return ForecastCube(
            symbols=panel.symbols,
            models=tuple(named),
            levels=setup.levels,
            cutoffs=panel.sessions[:, cutoffs],
            sessions=sessions[:, ahead[calibration.size :]],
            base=price,
            y=_filled(prices, ahead[calibration.size :]),
            yhat=unit * np.exp(middle),
            lower=unit[:, :, None] * np.exp(middle[:, :, None] - below),
            upper=unit[:, :, None] * np.exp(middle[:, :, None] + above),
            scale=_scale(prices, int(cutoffs[0]), setup.plan.train_size),
            stride=setup.plan.step,
        )


def _ensembles(
    named: Mapping[str, Array], base: Array, outcome: Array, setup: Setup
) -> dict[str, Array]:
    """Log-price forecasts of the ensembles; none where there is nothing to mix."""
    mixed = members(named)
    if len(mixed) < 2:
        return {}
    moves = np.stack([named[name] for name in mixed], axis=1) - base[:, None, :, None]
    came, delays = outcome - base[:, :, None], _delays(setup)
    return {
        name: base[:, :, None] + COMBINATIONS[name](moves, came, delays) for name in setup.ensembles
    }


def _centres(
    model: BaseForecaster, panel: Panel, calibration: IntVector, cutoffs: IntVector, setup: Setup
) -> Array:
    """Log-price forecasts from all origins, shape (S, N, H); the judged cutoffs begin a block."""
    if setup.plan.train_size < model.context:
        mend = f"{model.name} needs {model.context} or more"
        raise InputError("train_size", setup.plan.train_size, mend)
    if int(cutoffs[0]) < model.context:
        mend = f"it needs {model.context} sessions before the first cutoff; give longer prices"
        raise InputError("models", model.name, mend)
    if isinstance(model, LSTMForecaster):
        require_unseen(model, panel, cutoffs)
    blocks = (calibration, cutoffs) if setup.plan.refit > 1 else [[*calibration, *cutoffs]]
    asked = [np.array(some) for some in blocks if len(some)]
    parts = [forecasts_from(model, panel, some, setup.horizon, setup.plan) for some in asked]
    alone = is_looped(model) and setup.plan.refit == 1  # is shown its window only
    if model.is_foreign and not alone:
        require_causal(model, panel, asked[-1], parts[-1], plan=setup.plan)
    return np.concatenate(parts, axis=1)


def _delays(setup: Setup) -> IntVector:
    """Origins from a forecast to its outcome, a step each."""
    return -(-np.arange(1, setup.horizon + 1) // setup.plan.step)


def _filled(values: Array, positions: IntVector) -> Array:
    """Values at positions, shape (S, *positions.shape); NaN after the last."""
    happened = positions < values.shape[1]
    found = values[:, np.where(happened, positions, 0)]
    return np.where(happened, found, np.nan)


def _scale(prices: Array, first: int, train_size: int) -> Array:
    """Mean absolute change of the price over the training window of the first cutoff."""
    training = prices[:, max(first + 1 - train_size, 0) : first + 1]
    scale: Array = np.abs(np.diff(training, axis=1)).mean(axis=1)
    return scale
