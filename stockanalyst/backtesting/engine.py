"""Every model at every cutoff: many symbols in, one long forecast frame out."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from stockanalyst._typing import IntVector, Vector
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.forecasting.base import DEFAULT_LEVELS, BaseForecaster
from stockanalyst.forecasting.ensemble import ENSEMBLE, equal_weights, members
from stockanalyst.forecasting.intervals import conformal_half_widths
from stockanalyst.frames import FORECAST_KEYS, level_columns

Models = Sequence[BaseForecaster]


def walk_forward(
    prices: pd.DataFrame,
    models: Models | Mapping[str, Models],
    *,
    horizon: int,
    plan: WalkForward,
    levels: Sequence[float] = DEFAULT_LEVELS,
    progress: Callable[[float], None] = lambda _share: None,
) -> pd.DataFrame:
    """Forecast from past cutoffs and set the outcome beside each forecast.

    The engine owns the embargo: a model is given prices up to the first cutoff of a block to
    estimate itself, and prices up to each cutoff to forecast from it; intervals use only errors
    whose outcome was known at the cutoff.

    Parameters
    ----------
    prices : DataFrame of shape (n_sessions, n_symbols)
        Closes, one column a symbol, NaN where a symbol has no session.
    models : sequence of BaseForecaster, or mapping of symbol to such
        With two or more that are no baselines, their ensemble is added.
    horizon : int
        Steps, ≥ 1.
    plan : WalkForward
    levels : sequence of float
        Nominal coverage of the intervals, decimals.
    progress : callable
        Called with the share of the work that is done, in (0, 1].

    Returns
    -------
    DataFrame
        A forecast frame, see :mod:`stockanalyst.frames`; n_symbols × n_models × n_cutoffs ×
        horizon rows, in that order.

    Raises
    ------
    InsufficientHistory
        A symbol has too few sessions.
    """
    frames = []
    for position, symbol in enumerate(prices.columns):
        closes = prices[symbol].dropna()
        cutoffs = plan.cutoffs(len(closes), horizon, symbol=symbol)
        chosen = models[symbol] if isinstance(models, Mapping) else models
        blocks = list(plan.blocks(cutoffs))
        for done, (block, window) in enumerate(blocks, start=1):
            frames.append(_frame(closes, chosen, block, window, horizon=horizon, levels=levels))
            progress((position + done / len(blocks)) / len(prices.columns))
    frame = pd.concat(frames, ignore_index=True)
    order = list(dict.fromkeys(frame["model"]))
    rank = frame["model"].map({model: rank for rank, model in enumerate(order)})
    symbol_rank = frame["symbol"].map({s: rank for rank, s in enumerate(prices.columns)})
    frame = frame.assign(_s=symbol_rank, _m=rank)
    return frame.sort_values(["_s", "_m", "cutoff", "step"], ignore_index=True).drop(
        columns=["_s", "_m"]
    )


def forecast_next(
    closes: pd.Series,
    models: Models,
    sessions: pd.DatetimeIndex,
    *,
    plan: WalkForward,
    levels: Sequence[float] = DEFAULT_LEVELS,
) -> pd.DataFrame:
    """Forecast the sessions after the last close, as :func:`walk_forward` does from past cutoffs.

    Parameters
    ----------
    closes : Series
        One symbol's closes up to the cutoff; the name is the symbol.
    models : sequence of BaseForecaster
    sessions : DatetimeIndex of shape (horizon,)
        The sessions to forecast.

    Returns
    -------
    DataFrame
        A forecast frame with ``y`` NaN.
    """
    last = len(closes) - 1
    ((block, window),) = plan.blocks(np.array([last]))
    return _frame(
        closes, models, block, window, horizon=len(sessions), levels=levels, later=sessions
    )


def _frame(
    closes: pd.Series,
    models: Models,
    cutoffs: IntVector,
    window: slice,
    *,
    horizon: int,
    levels: Sequence[float],
    later: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    """Forecast frame of one symbol from cutoffs that share the estimation on `window`."""
    values = closes.to_numpy(np.float64)
    calendar = (closes.index if later is None else closes.index.append(later)).to_numpy()
    known = values[window.start : int(cutoffs[-1]) + 1]
    shifted = cutoffs - window.start
    ahead = cutoffs[:, None] + np.arange(1, horizon + 1)
    outcome = np.full(ahead.shape, np.nan)
    happened = ahead < values.size
    outcome[happened] = values[ahead[happened]]
    shared = {
        "symbol": np.repeat(str(closes.name), ahead.size),
        "cutoff": np.repeat(calendar[cutoffs], horizon),
        "session": calendar[ahead.ravel()],
        "step": np.tile(np.arange(1, horizon + 1), cutoffs.size),
    }
    frames = []
    fitted = [model.fit(known[: window.stop - window.start]) for model in models]
    for name, columns in _forecasts(known, fitted, shifted, horizon=horizon, levels=levels).items():
        frames.append(pd.DataFrame({**shared, "model": name, **columns, "y": outcome.ravel()}))
    order = [*FORECAST_KEYS, "yhat", *level_columns(levels), "y"]
    return pd.concat(frames, ignore_index=True)[order]


def _forecasts(
    known: Vector,
    fitted: Models,
    cutoffs: IntVector,
    *,
    horizon: int,
    levels: Sequence[float],
) -> dict[str, dict[str, Vector]]:
    """``yhat`` and bounds by model, each flattened from (cutoffs, horizon)."""
    log_price = np.log(known)
    base, log_base = known[cutoffs][:, None], log_price[cutoffs][:, None]
    first = max(model.context for model in fitted)
    origins = np.arange(first, int(cutoffs[-1]) + 1)
    centres = {m.name: m.forecast_log(log_price, origins, horizon) for m in fitted}
    if len(members(centres)) > 1:
        centres[ENSEMBLE] = equal_weights(centres)
    result = {}
    for name, centre in centres.items():
        half = conformal_half_widths(log_price, centre, first=first, cutoffs=cutoffs, levels=levels)
        # Moves of the price at the cutoff: where no move is forecast, it comes out to the bit.
        middle = centre[cutoffs - first] - log_base
        result[name] = {"yhat": (base * np.exp(middle)).ravel()}
        for position, level in enumerate(levels):
            lower, upper = level_columns([level])
            result[name][lower] = (base * np.exp(middle - half[:, :, position])).ravel()
            result[name][upper] = (base * np.exp(middle + half[:, :, position])).ravel()
    return result
