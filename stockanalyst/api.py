"""The notebook's vocabulary: ``import stockanalyst as sa; sa.analyze("AAPL")``."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from stockanalyst.backtesting.results import Backtest
from stockanalyst.bootstrap import Services, build_services
from stockanalyst.forecasting.base import DEFAULT_LEVELS
from stockanalyst.forecasting.registry import MODELS
from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.figures import fan_chart
from stockanalyst.services.reports import Report
from stockanalyst.services.requests import HORIZON, options

__all__ = ["analyze", "backtest", "fan_chart", "load_prices", "render_report"]


@cache
def _services() -> Services:
    return build_services()


def load_prices(symbol: str, *, provider: str = "auto") -> pd.DataFrame:
    """Daily prices of a symbol.

    Parameters
    ----------
    symbol : str
        A ticker such as ``"AAPL"``.
    provider : str
        ``auto`` (Yahoo, then the embedded sample), ``yahoo``, ``sample`` or ``files:FOLDER``.

    Returns
    -------
    DataFrame
        A price frame, see :mod:`stockanalyst.frames`; ``attrs`` hold provider and notes.

    Raises
    ------
    InputError
        The symbol or the provider isn't known.
    DataError, SourceError
        From the provider.
    """
    history = _services().analysis.history(symbol, provider)
    frame = history.frame
    frame.attrs = {"provider": history.provider, "notes": list(history.notes)}
    return frame


def analyze(
    symbol: str,
    *,
    horizon: int = HORIZON,
    cutoff: object = None,
    models: Iterable[str] = MODELS,
    levels: Iterable[float] = DEFAULT_LEVELS,
    provider: str = "auto",
    train: bool = True,
) -> Analysis:
    """Forecast a symbol, say how good such forecasts have been, and recommend.

    Parameters
    ----------
    symbol : str
        A ticker such as ``"AAPL"``.
    horizon : int
        Sessions ahead, 1 to 60.
    cutoff : date or str, optional
        Last session that may be known, ``YYYY-MM-DD``; without one, the last that closed.
    models : iterable of str
        From ``random_walk``, ``drift``, ``linear``, ``arima``, ``lstm``, ``ensemble``; the random
        walk always takes part.
    levels : iterable of float
        Coverage of the intervals, decimals.
    provider : str
        As in :func:`load_prices`.
    train : bool
        Whether an LSTM that isn't there yet is trained now (a minute, once).

    Raises
    ------
    InputError
        A parameter can't be used; the message says how to mend it.
    DataError, SourceError
        From the provider.
    """
    chosen = options(
        horizon=horizon, cutoff=cutoff, models=models, levels=levels, provider=provider, train=train
    )
    return _services().analysis.analyze(symbol, chosen)


def backtest(
    symbols: str | Iterable[str],
    *,
    horizon: int = HORIZON,
    cutoff: object = None,
    models: Iterable[str] = MODELS,
    levels: Iterable[float] = DEFAULT_LEVELS,
    provider: str = "auto",
    train: bool = True,
) -> Backtest:
    """Walk the models forward over past cutoffs of one symbol or several.

    Parameters and errors are those of :func:`analyze`.
    """
    chosen = options(
        horizon=horizon, cutoff=cutoff, models=models, levels=levels, provider=provider, train=train
    )
    names = [symbols] if isinstance(symbols, str) else list(symbols)
    return _services().analysis.backtest(names, chosen)


def render_report(
    symbol: str,
    *,
    horizon: int = HORIZON,
    cutoff: object = None,
    models: Iterable[str] = MODELS,
    levels: Iterable[float] = DEFAULT_LEVELS,
    provider: str = "auto",
    train: bool = True,
    folder: str | Path | None = None,
) -> Report:
    """Write the report of a symbol: a page, the executed notebook and a manifest.

    The other parameters are those of :func:`analyze`.

    Parameters
    ----------
    folder : path, optional
        The report's own folder; without one, ``reports/SYMBOL-CUTOFF``. A report that is already
        there is replaced when the new one is whole.

    Raises
    ------
    InputError
        A parameter can't be used, or the folder holds what is no report; nothing is written.
    DataError, SourceError
        From the provider.
    ReportError
        The notebook failed.
    """
    chosen = options(
        horizon=horizon, cutoff=cutoff, models=models, levels=levels, provider=provider, train=train
    )
    place = Path(folder) if folder is not None else None
    return _services().reports.render(symbol, chosen, folder=place)
