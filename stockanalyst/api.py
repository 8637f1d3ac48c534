"""The notebook's vocabulary: ``import stockanalyst as sa; sa.analyze("AAPL")``."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from stockanalyst.backtesting import strategy
from stockanalyst.backtesting.costs import Costs
from stockanalyst.backtesting.results import Backtest
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.bootstrap import Services, build_ledgers, build_services
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting import joint
from stockanalyst.forecasting.base import DEFAULT_LEVELS, BaseForecaster, SeriesForecaster
from stockanalyst.forecasting.intervals import Intervals
from stockanalyst.forecasting.joint import JointPaths, Method, VolatilityModel
from stockanalyst.forecasting.registry import DEFAULT_MODELS, LSTM, MODELS
from stockanalyst.frames import price_frame
from stockanalyst.market import faults as price_faults
from stockanalyst.market.faults import Repair
from stockanalyst.market.prices import rebased_close
from stockanalyst.market.symbols import parse_symbols
from stockanalyst.portfolio.booking import Instruction
from stockanalyst.reporting import backtest_figures, figures, heat_map
from stockanalyst.reporting.context import Analysis
from stockanalyst.reporting.sentiment_html import ShownSentiment
from stockanalyst.sentiment.aggregation import daily_polarity
from stockanalyst.services.arguments import checked
from stockanalyst.services.ledger import Ledger
from stockanalyst.services.ledgers import LedgerService
from stockanalyst.services.protocols import Progress, silent
from stockanalyst.services.reports import Report
from stockanalyst.services.requests import (
    HORIZON,
    check_cutoff,
    check_folder,
    check_horizon,
    check_levels,
    options,
)
from stockanalyst.services.sentiment import question

__all__ = [
    "Costs",
    "Instruction",
    "SeriesForecaster",
    "analyze",
    "backtest",
    "coverage_over_time",
    "create_portfolio",
    "error_by_horizon",
    "fan_chart",
    "find_faults",
    "forecast_against_actual",
    "load_closes",
    "load_prices",
    "portfolio",
    "portfolios",
    "rank_forecast",
    "render_report",
    "repaired",
    "run_strategy",
    "sentiment",
    "sentiment_by_day",
    "simulate",
    "skill_by_year",
    "skill_heat_map",
    "sources",
    "target_weights",
]

run_strategy = checked(strategy.run_strategy)
target_weights = checked(strategy.target_weights)
coverage_over_time = checked(backtest_figures.coverage_over_time)
error_by_horizon = checked(backtest_figures.error_by_horizon)
fan_chart = checked(figures.fan_chart)
forecast_against_actual = checked(backtest_figures.forecast_against_actual)
skill_by_year = checked(backtest_figures.skill_by_year)
skill_heat_map = checked(heat_map.skill_heat_map)


@cache
def _services() -> Services:
    return build_services()


@cache
def _ledgers() -> LedgerService:
    return build_ledgers()


@checked
def load_prices(symbol: str, *, provider: str = "auto") -> pd.DataFrame:
    """Daily prices of a symbol.

    Parameters
    ----------
    symbol : str
        A ticker such as ``"AAPL"``.
    provider : str
        ``auto`` (Yahoo, then the vendors whose keys are set, then the embedded sample), ``yahoo``,
        ``eodhd``, ``alpha_vantage``, ``sample`` or ``files:FOLDER``.

    Returns
    -------
    DataFrame
        A price frame, see :mod:`stockanalyst.frames`; ``attrs`` hold provider, the moment as of
        which it answered, and notes.

    Raises
    ------
    InputError
        The symbol or the provider isn't known.
    DataError, SourceError
        From the provider.
    """
    history = _services().analysis.history(symbol, provider)
    frame = history.frame
    frame.attrs = {
        "provider": history.provider,
        "as_of": str(history.as_of),
        "notes": list(history.notes),
    }
    return frame


@checked
def load_closes(
    symbols: str | Iterable[str], *, provider: str = "auto", cutoff: object = None
) -> pd.DataFrame:
    """Closes of several symbols as one table, for :func:`backtest` and :func:`simulate`.

    Parameters
    ----------
    symbols : str or iterable of str
        Tickers.
    provider : str
        As in :func:`load_prices`.
    cutoff : date or str, optional
        Last session that may be known, ``YYYY-MM-DD``.

    Returns
    -------
    DataFrame of shape (n_sessions, n_symbols)
        Closes adjusted for splits and dividends, on the scale of each symbol's last close; NaN
        where it has no session. ``attrs`` hold provider and as-of by symbol, and notes.

    Raises
    ------
    InputError
        A symbol, the provider or the cutoff can't be used.
    DataError, SourceError
        From the provider.
    """
    last = check_cutoff(cutoff)
    names = parse_symbols(symbols)
    histories = [_services().analysis.history(name, provider) for name in names]
    closes = [rebased_close(each.until(last)).rename(each.symbol) for each in histories]
    table = pd.concat(closes, axis=1, sort=True)
    table.attrs = {
        "provider": {each.symbol: each.provider for each in histories},
        "as_of": {each.symbol: str(each.as_of) for each in histories},
        "notes": list(dict.fromkeys(note for each in histories for note in each.notes)),
    }
    return table


@checked
def find_faults(frame: pd.DataFrame) -> pd.DataFrame:
    """Report the values of a price frame that contradict the rest of it.

    Kinds of fault and columns of the report are those of
    :func:`stockanalyst.market.faults.find_faults`; a frame that is none is a FrameSchema.
    """
    return price_faults.find_faults(price_frame(frame, where="frame"))


@checked
def repaired(frame: pd.DataFrame, faults: pd.DataFrame) -> Repair:
    """Repair those faults of a price frame that are handed over, and say what changed.

    Parameters and result are those of :func:`stockanalyst.market.faults.repaired`; a frame that is
    none is a FrameSchema.
    """
    return price_faults.repaired(price_frame(frame, where="frame"), faults)


@checked
def analyze(
    symbol: str,
    *,
    horizon: int = HORIZON,
    cutoff: object = None,
    models: Iterable[str] = DEFAULT_MODELS,
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
    models : str or iterable of str
        From ``random_walk``, ``drift``, ``seasonal_naive``, ``linear``, ``ridge``, ``arima``,
        ``auto_arima``, ``theta``, ``lstm``, ``ensemble``, ``ensemble_inverse`` and
        ``ensemble_stacked``; the random walk always takes part.
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


@checked
def backtest(
    prices: pd.DataFrame | str | Iterable[str],
    *,
    models: Iterable[str | BaseForecaster] | BaseForecaster | None = None,
    horizon: int = HORIZON,
    train_size: int = 1000,
    step: int = 1,
    refit: int = 1,
    n_cutoffs: int | None = 250,
    levels: Iterable[float] = DEFAULT_LEVELS,
    intervals: str = "adaptive",
    volatility: str = "ewma",
    cutoff: object = None,
    provider: str = "auto",
    train: bool = True,
    folder: str | Path | None = None,
    n_jobs: int | None = None,
    progress: Progress = silent,
) -> Backtest:
    """Walk models forward: every model at every cutoff of every symbol, scored.

    Parameters
    ----------
    prices : DataFrame of shape (n_sessions, n_symbols), or str, or iterable of str
        Closes, adjusted for splits and dividends, NaN where a symbol has no session; or symbols,
        whose prices `provider` gives.
    models : str, BaseForecaster, or iterable of such
        Names as in :func:`analyze`, and for a table also models of one's own. Without it, of
        symbols those of :func:`analyze`, of a table all but the LSTM, whose training takes
        minutes.
    horizon : int
        Sessions ahead, 1 to 60.
    train_size : int
        Sessions in the rolling training window.
    step : int
        Sessions from one cutoff to the next.
    refit : int
        Cutoffs that share one estimation.
    n_cutoffs : int or None
        The last so many cutoffs; None for every one after the first training window.
    levels : iterable of float
        Coverage of the intervals, decimals.
    intervals : str
        ``adaptive``, ``conformal``, ``bootstrap`` or ``gaussian``.
    volatility : str
        What they are scaled by: ``ewma``, ``garch`` or ``constant``.
    cutoff
        As in :func:`analyze`.
    provider, train
        Of symbols; as in :func:`analyze`.
    folder : path, optional
        Where forecasts are kept, in Parquet files: the same call again goes on where it was
        broken off.
    n_jobs : int, optional
        Processes, 1 to 1,000 or −1 for all cores; ``joblib.parallel_config`` chooses the backend.
    progress : callable
        Called with what is being done, and the share of it that is done, in [0, 1].

    Raises
    ------
    InputError
        A parameter can't be used; the message says how to mend it.
    DataError, SourceError
        The table can't be used, or from the provider.
    """
    plan = WalkForward(n_cutoffs=n_cutoffs, train_size=train_size, refit=refit, step=step)
    how = Intervals(intervals, volatility)
    place = check_folder(folder)
    if isinstance(prices, pd.DataFrame):
        if provider != "auto":
            raise InputError("provider", provider, "a table of prices has none; leave it out")
        quick = [name for name in MODELS if name != LSTM]
        return _services().backtests.of_table(
            prices,
            quick if models is None else models,
            horizon=check_horizon(horizon),
            cutoff=check_cutoff(cutoff),
            plan=plan,
            levels=check_levels(levels),
            intervals=how,
            folder=place,
            n_jobs=n_jobs,
            progress=progress,
        )
    asked = options(
        horizon=horizon,
        cutoff=cutoff,
        models=DEFAULT_MODELS if models is None else models,
        levels=levels,
        provider=provider,
        train=train,
    )
    return _services().analysis.backtest(
        prices,
        asked,
        plan=plan,
        intervals=how,
        folder=place,
        n_jobs=n_jobs,
        progress=progress,
    )


@checked
def simulate(
    prices: pd.DataFrame,
    horizon: int,
    n_paths: int = 10_000,
    rng: np.random.Generator | None = None,
    *,
    method: Method = "filtered",
    volatility: VolatilityModel = "ewma",
) -> JointPaths:
    """Draw joint return paths of many symbols, for risk, ranks and scenarios.

    Parameters, errors and sources are those of :func:`stockanalyst.forecasting.joint.simulate`;
    without `rng`, the same call gives the same paths.
    """
    rng = rng or np.random.default_rng(0)
    return joint.simulate(prices, horizon, n_paths, rng, method=method, volatility=volatility)


@checked
def rank_forecast(
    prices: pd.DataFrame,
    groups: int = 5,
    horizon: int = 20,
    *,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Probability that each symbol's return falls into each quantile of the universe.

    Parameters and result are those of :func:`stockanalyst.forecasting.joint.rank_forecast`;
    without `rng`, the same call gives the same numbers.
    """
    rng = rng or np.random.default_rng(0)
    return joint.rank_forecast(prices, groups, horizon, rng=rng)


@checked
def render_report(
    symbol: str,
    *,
    horizon: int = HORIZON,
    cutoff: object = None,
    models: Iterable[str] = DEFAULT_MODELS,
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
    return _services().reports.render(symbol, chosen, folder=check_folder(folder))


@checked
def sentiment(
    symbol: str,
    *,
    sources: str | Iterable[str] | None = None,
    preset: str | None = None,
    scorer: str | None = None,
    window: object = "7d",
    cutoff: object = None,
    name: str = "",
) -> ShownSentiment:
    """What the news say of a company, by a deadline, and who was silent and why.

    Parameters
    ----------
    symbol : str
        A ticker such as ``"AAPL"``.
    sources : str or iterable of str, optional
        Ask these alone; :func:`sources` lists them. By default those of the settings whose keys are
        there.
    preset : str, optional
        ``hft``, ``retail``, ``quant``, ``academic`` or ``fintech``: a choice of sources.
    scorer : str, optional
        ``blend``, ``vader``, ``finance-lexicon``, ``tfidf``, ``compact`` or ``finbert``; by default
        that of the settings.
    window : str or timedelta
        How far back, such as ``"36h"``, ``"7d"`` or ``"2w"``.
    cutoff : datetime, date or str, optional
        Nothing published later counts: a moment with its timezone, or a date: the whole day
        in UTC. By default now.
    name : str
        What the company is called, where it isn't among those that the package knows.

    Returns
    -------
    ShownSentiment
        A :class:`~stockanalyst.sentiment.aggregation.SentimentSummary` that shows itself in a
        notebook. Its `polarity` is None, not 0, where there is no signal.

    Raises
    ------
    InputError
        Naming the first parameter that can't be used.
    ModelUnavailable
        The scorer needs a model that isn't there.
    """
    asked = question(
        sources=sources, preset=preset, scorer=scorer, window=window, cutoff=cutoff, name=name
    )
    return ShownSentiment.of(_services().sentiment.summary(symbol, asked))


@checked
def sentiment_by_day(
    symbols: str | Iterable[str],
    *,
    days: int = 5,
    sources: str | Iterable[str] | None = None,
    preset: str | None = None,
    scorer: str | None = None,
    window: object = "4w",
    cutoff: object = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Sentiment of several companies, day by day, with its moving average.

    Parameters
    ----------
    symbols : str or iterable of str
    days : int
        Of the moving average: the last so many days with an article.
    sources, preset, scorer, window, cutoff
        As in :func:`sentiment`.
    progress : callable
        Called with a task and the share of it that is done.

    Returns
    -------
    DataFrame
        ``symbol, date, polarity, n_articles, polarity_ma``, see
        :func:`~stockanalyst.sentiment.aggregation.daily_polarity`; ``attrs`` hold ``alerts``, what
        is beyond the settings' thresholds, ``silent``, which sources gave nothing and why, and
        ``no_signal``, of each symbol that has too little for one score, by symbol, the reason.

    Raises
    ------
    InputError, ModelUnavailable
        As for :func:`sentiment`; `days` below 1.
    """
    if days < 1:
        raise InputError("days", days, "give a whole number, 1 or more")
    asked = question(sources=sources, preset=preset, scorer=scorer, window=window, cutoff=cutoff)
    made, found = _services().sentiment.summaries(symbols, asked, progress=progress)
    table = pd.concat([daily_polarity(summary, days) for summary in made], ignore_index=True)
    table.attrs = {
        "alerts": list(found.alerts),
        "silent": list(found.silent),
        "no_signal": {each.symbol: each.reason for each in made if each.polarity is None},
    }
    return table


def sources() -> pd.DataFrame:
    """Sources of news: whether each is asked by default, its state, and what is used of its day."""
    return _services().sentiment.sources()


@checked
def create_portfolio(
    name: str, *, currency: str = "USD", method: str = "fifo", user: str | None = None
) -> Ledger:
    """Make an empty portfolio with a simulated wallet.

    Parameters
    ----------
    name : str
    currency : str
        In which it is valued, ISO 4217; it may hold others.
    method : str
        ``fifo``, ``lifo`` or ``average``: which lots a sale closes.
    user : str, optional
        Whose; without one, that of the settings.

    Raises
    ------
    InputError
        A name, currency or method that can't be used.
    Conflict
        The user has one of this name.
    OSError
        The database can't be reached.
    """
    return _ledgers().create(user, name, currency=currency, method=method)


@checked
def portfolio(name: str, *, user: str | None = None) -> Ledger:
    """A portfolio, with the verbs that post to it and those that ask it.

    ``sa.portfolio("main").buy("AAPL", 10, "187.33")``, and so deposit, withdraw, sell, dividend,
    split, transfer, reverse; show, lots, gains, transactions, performance, allocate, import_csv,
    export, verify. See :class:`stockanalyst.services.ledger.Ledger`.

    Raises
    ------
    InputError
        The user has none of that name.
    OSError
        The database can't be reached.
    """
    return _ledgers().portfolio(user, name)


@checked
def portfolios(*, user: str | None = None) -> list[str]:
    """Names of a user's portfolios, sorted."""
    return [each.name for each in _ledgers().portfolios(user)]
