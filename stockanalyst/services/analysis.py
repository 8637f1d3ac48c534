"""One symbol in, an honest analysis out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from stockanalyst.backtesting.engine import ADAPTIVE, Setup, forecast_next
from stockanalyst.backtesting.results import Backtest, MissingModel
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import ModelUnavailable
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.intervals import Intervals
from stockanalyst.forecasting.lstm import LSTMForecaster
from stockanalyst.forecasting.registry import FACTORIES
from stockanalyst.infra.background import started
from stockanalyst.market.calendars import (
    knows_holidays,
    last_closed_session,
    next_sessions,
    session_close,
)
from stockanalyst.market.faults import fault_notes, find_faults
from stockanalyst.market.prices import PriceHistory, doubts, rebased_close
from stockanalyst.market.symbols import calendar_name, parse_symbol, parse_symbols
from stockanalyst.recommendation.policy import Policy, recommend
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.backtests import BacktestService
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import Progress, ProviderByName, silent
from stockanalyst.services.requests import Options
from stockanalyst.services.sentiment import SentimentService


@dataclass(frozen=True)
class _Subject:
    """One symbol's prices up to the cutoff, and the models that may forecast it."""

    history: PriceHistory
    closes: pd.Series
    forecasters: list[BaseForecaster]
    missing: tuple[MissingModel, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class AnalysisService:
    """Analyses and walk-forwards of symbols.

    Parameters
    ----------
    provider : callable
        Gives the price provider of a name.
    networks : NetworkService
    backtests : BacktestService
    sentiment : SentimentService
    plan : WalkForward
    policy : Policy
    now : callable
        The present moment, aware.
    """

    provider: ProviderByName
    networks: NetworkService
    backtests: BacktestService
    sentiment: SentimentService
    plan: WalkForward
    policy: Policy
    now: Callable[[], pd.Timestamp]

    def history(self, symbol: str, provider: str) -> PriceHistory:
        """Prices of a symbol, as far as the provider has them."""
        return self.provider(provider).history(parse_symbol(symbol))

    def analyze(self, symbol: str, options: Options, *, progress: Progress = silent) -> Analysis:
        """Forecast, judge and recommend from what was known at the close of the cutoff.

        Raises
        ------
        InputError
            The symbol, its history or the cutoff can't be used.
        DataError, SourceError
            From the provider.
        """
        subject = self._subject(symbol, options, self.plan, progress)
        closes = subject.closes
        calendar = calendar_name(subject.history.symbol)
        end = self._news_end(calendar, closes.index[-1], options)
        news = started(lambda: self.sentiment.beside(subject.history, end))
        sessions = next_sessions(calendar, closes.index[-1], options.horizon)
        setup = _setup(options, self.plan)
        forecast = forecast_next(closes, subject.forecasters, sessions, setup)
        backtest = self._walk([subject], options, setup, progress=progress)
        progress("Reading the news", 0.0)
        said = news.result()
        progress("Reading the news", 1.0)
        if not knows_holidays(calendar, sessions):
            note = f"The holidays of {calendar} aren't known that far: weekdays stand in."
            backtest = replace(backtest, notes=(*backtest.notes, note))
        return Analysis(
            symbol=subject.history.symbol,
            provider=subject.history.provider,
            calendar=calendar,
            as_of=subject.history.as_of,
            cutoff=closes.index[-1],
            closes=closes,
            horizon=options.horizon,
            levels=options.levels,
            steps=options.steps,
            plan=self.plan,
            forecast=forecast,
            backtest=backtest,
            recommendation=recommend(
                backtest.forecasts,
                forecast,
                steps=options.steps,
                policy=self.policy,
                sentiment=said,
            ),
            sentiment=said,
            lstm=_network_facts(subject.forecasters),
        )

    def backtest(
        self,
        symbols: str | Iterable[str],
        options: Options,
        *,
        plan: WalkForward | None = None,
        intervals: Intervals = ADAPTIVE,
        folder: Path | None = None,
        n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Backtest:
        """Walk models forward over several symbols; raises as :meth:`analyze`.

        Parameters
        ----------
        symbols : str or iterable of str
        options : Options
        plan : WalkForward, optional
            In place of the service's own.
        intervals, folder, n_jobs, progress
            See :class:`~stockanalyst.services.backtests.BacktestService`.
        """
        plan = plan or self.plan
        subjects = [
            self._subject(symbol, options, plan, progress) for symbol in parse_symbols(symbols)
        ]
        setup = _setup(options, plan, intervals)
        return self._walk(subjects, options, setup, folder=folder, n_jobs=n_jobs, progress=progress)

    def load(
        self, symbol: str, options: Options, *, plan: WalkForward, progress: Progress
    ) -> tuple[PriceHistory, pd.Series]:
        """Prices of a symbol, and its closes up to the cutoff, if they are enough for `plan`.

        Raises as :meth:`analyze`.
        """
        symbol = parse_symbol(symbol)
        progress(f"Loading {symbol}", 0.0)
        history = self.history(symbol, options.provider)
        closes = rebased_close(history.until(options.cutoff)).rename(symbol)
        plan.cutoffs(len(closes), options.horizon, symbol=symbol)
        return history, closes

    def _news_end(self, calendar: str, cutoff: pd.Timestamp, options: Options) -> datetime | None:
        """The close of the cutoff; None, for now, where it is the last close that there is."""
        if options.cutoff is None and cutoff == last_closed_session(calendar, self.now()):
            return None
        return session_close(calendar, cutoff).to_pydatetime()

    def _subject(
        self, symbol: str, options: Options, plan: WalkForward, progress: Progress
    ) -> _Subject:
        history, closes = self.load(symbol, options, plan=plan, progress=progress)
        forecasters = [FACTORIES[name]() for name in options.models if name in FACTORIES]
        missing: tuple[MissingModel, ...] = ()
        if LSTMForecaster.name in options.models:
            networks = replace(self.networks, plan=plan)
            try:
                forecasters.append(networks.forecaster(history, closes, options, progress))
            except ModelUnavailable as error:
                gap = MissingModel(history.symbol, error.model, error.reason, error.mend)
                missing = (gap,)
        used = plan.train_size + (plan.n_cutoffs or len(closes)) * plan.step + options.horizon
        faults = find_faults(history.until(options.cutoff).iloc[-used:])
        notes = (*history.notes, *fault_notes(faults), *doubts(closes.iloc[-used:]))
        return _Subject(history, closes, forecasters, missing, notes)

    def _walk(
        self,
        subjects: Sequence[_Subject],
        options: Options,
        setup: Setup,
        *,
        folder: Path | None = None,
        n_jobs: int | None = None,
        progress: Progress,
    ) -> Backtest:
        return self.backtests.walk(
            pd.concat([subject.closes for subject in subjects], axis=1, sort=True),
            {subject.history.symbol: subject.forecasters for subject in subjects},
            setup,
            steps=options.steps,
            missing=[model for subject in subjects for model in subject.missing],
            notes=list(dict.fromkeys(note for subject in subjects for note in subject.notes)),
            folder=folder,
            n_jobs=n_jobs,
            progress=progress,
        )


def _setup(options: Options, plan: WalkForward, intervals: Intervals = ADAPTIVE) -> Setup:
    return Setup(
        horizon=options.horizon,
        plan=plan,
        levels=options.levels,
        intervals=intervals,
        ensembles=tuple(name for name in options.models if name in COMBINATIONS),
    )


def _network_facts(forecasters: Sequence[BaseForecaster]) -> dict[str, object] | None:
    for model in forecasters:
        if isinstance(model, LSTMForecaster):
            artifact = model.artifacts[-1]
            return {
                "symbols": list(artifact.symbols),
                "training_cutoff": artifact.training_cutoff,
                "n_windows": artifact.n_windows,
                "seed": artifact.config.seed,
                "data_digest": artifact.data_digest,
            }
    return None
