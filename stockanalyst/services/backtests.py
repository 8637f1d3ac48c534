"""Models walked forward over many symbols."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from stockanalyst.backtesting.engine import Models, Setup, walk_forward
from stockanalyst.backtesting.protocols import CubeStore
from stockanalyst.backtesting.results import Backtest, MissingModel
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError, ModelUnavailable
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.intervals import Intervals
from stockanalyst.forecasting.registry import FACTORIES, LSTM, check_models, members
from stockanalyst.frames import close_table
from stockanalyst.market.prices import doubts
from stockanalyst.reporting.backtest_html import ShownBacktest
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import Progress, silent
from stockanalyst.services.requests import ModelChoice, list_models

_TABLE = "prices"
_MOST_JOBS = 1000


@dataclass(frozen=True)
class BacktestService:
    """Walk-forwards over tables of prices.

    Parameters
    ----------
    networks : NetworkService
    store : callable
        Gives the store of a folder.
    """

    networks: NetworkService
    store: Callable[[Path], CubeStore]

    def of_table(
        self,
        prices: pd.DataFrame,
        models: ModelChoice,
        *,
        horizon: int,
        cutoff: pd.Timestamp | None = None,
        plan: WalkForward,
        levels: tuple[float, ...],
        intervals: Intervals,
        folder: Path | None = None,
        n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Backtest:
        """Walk models forward over a table of closes.

        Parameters
        ----------
        prices : DataFrame of shape (n_sessions, n_symbols)
            NaN where a symbol has no session.
        models : iterable of str or BaseForecaster, or one of them
            Names of :data:`stockanalyst.forecasting.registry.MODELS`, or models of one's own; the
            random walk takes part anyway.
        cutoff : Timestamp, optional
            Last session that may be known.
        horizon, plan, levels, intervals
            See :class:`stockanalyst.backtesting.engine.Setup`.
        folder : Path, optional
            Where forecasts are kept, so that a run that was broken off goes on where it stopped.
        n_jobs : int, optional
            As joblib counts them.
        progress : callable

        Raises
        ------
        FrameSchema, InputError, InsufficientHistory
            The table or a parameter can't be used.
        """
        prices = close_table(prices).loc[:cutoff]
        listed = list_models(models)
        named = check_models(model for model in listed if isinstance(model, str))
        own = [model for model in listed if isinstance(model, BaseForecaster)]
        _require_distinct([*named, *(model.name for model in own)])
        chosen = [FACTORIES[name]() for name in named if name in FACTORIES]
        missing: list[MissingModel] = []
        if LSTM in named:
            try:
                chosen.append(self._networks(prices, horizon, plan, progress))
            except ModelUnavailable as error:
                missing.append(MissingModel("all symbols", LSTM, error.reason, error.mend))
        notes = [*prices.attrs.get("notes", ()), *_table_doubts(prices)]
        setup = Setup(
            horizon=horizon,
            plan=plan,
            levels=levels,
            intervals=intervals,
            ensembles=tuple(name for name in named if name in COMBINATIONS),
        )
        return self.walk(
            prices,
            [*chosen, *own],
            setup,
            steps=range(1, horizon + 1),
            missing=missing,
            notes=notes,
            folder=folder,
            n_jobs=n_jobs,
            progress=progress,
        )

    def walk(
        self,
        prices: pd.DataFrame,
        models: Models | Mapping[str, Models],
        setup: Setup,
        *,
        steps: Sequence[int],
        missing: Sequence[MissingModel] = (),
        notes: Sequence[str] = (),
        folder: Path | None = None,
        n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Backtest:
        """Walk models forward and score them; see :func:`~.engine.walk_forward`.

        An ensemble that is asked for and can't be made is noted among the missing.

        Raises
        ------
        InputError
            `n_jobs` is 0 or beyond 1,000.
        """
        if n_jobs is not None and not 1 <= abs(n_jobs) <= _MOST_JOBS:
            mend = f"give 1 to {_MOST_JOBS:,}, or -1 for all cores"
            raise InputError("n_jobs", n_jobs, mend)
        symbols = [str(symbol) for symbol in prices.columns]
        of = symbols[0] if len(symbols) == 1 else f"{len(symbols)} symbols"
        task = f"Walking {of} forward over past cutoffs"
        progress(task, 0.0)
        parts = list(
            walk_forward(
                prices,
                models,
                setup,
                steps=steps,
                store=self.store(folder) if folder else None,
                n_jobs=n_jobs,
                progress=lambda share: progress(task, share),
            )
        )
        lonely = _lonely(symbols, models) if setup.ensembles else []
        gaps = [
            MissingModel(
                symbol,
                name,
                "it needs two models besides the baselines",
                "add one, such as: --models linear,arima,ensemble",
            )
            for symbol in (["all symbols"] if 1 < len(symbols) == len(lonely) else lonely)
            for name in setup.ensembles
        ]
        result = ShownBacktest.of(parts, symbols=symbols, notes=notes)
        gaps += _without_forecast(result.skill, symbols, models)
        return replace(result, missing=(*missing, *gaps))

    def _networks(
        self, prices: pd.DataFrame, horizon: int, plan: WalkForward, progress: Progress
    ) -> BaseForecaster:
        first, last = prices.index[-1], prices.index[0]
        for symbol in prices.columns:
            sessions = prices[symbol].dropna().index
            cutoffs = plan.cutoffs(len(sessions), horizon, symbol=str(symbol))
            first, last = min(first, sessions[cutoffs[0]]), max(last, sessions[cutoffs[-1]])
        return self.networks.schedule(
            prices,
            first=first,
            last=last,
            horizon=horizon,
            train_size=plan.train_size,
            provider=_TABLE,
            progress=progress,
        )


def _table_doubts(prices: pd.DataFrame) -> list[str]:
    """What looks like a fault of the data, a sentence each, with its symbol."""
    return [f"{symbol}: {doubt}" for symbol in prices for doubt in doubts(prices[symbol].dropna())]


def _require_distinct(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError("models", name, "is there twice; give each model a name of its own")


def _without_forecast(
    skill: pd.DataFrame, symbols: Sequence[str], models: Models | Mapping[str, Models]
) -> list[MissingModel]:
    """Models that took part and have no score."""
    scored = set(zip(skill["symbol"], skill["model"], strict=True))
    return [
        MissingModel(symbol, model.name, "it made no forecast", "see what it returns there")
        for symbol in symbols
        for model in (models[symbol] if isinstance(models, Mapping) else models)
        if (symbol, model.name) not in scored
    ]


def _lonely(symbols: Sequence[str], models: Models | Mapping[str, Models]) -> list[str]:
    """Symbols with fewer than two models that an ensemble could be made of."""
    return [
        symbol
        for symbol in symbols
        if len(members(m.name for m in (models[symbol] if isinstance(models, Mapping) else models)))
        < 2
    ]
