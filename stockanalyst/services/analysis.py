"""One symbol in, an honest analysis out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from stockanalyst.backtesting.engine import forecast_next, walk_forward
from stockanalyst.backtesting.results import Backtest, MissingModel, skill_table
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import ModelUnavailable
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.ensemble import ENSEMBLE
from stockanalyst.forecasting.lstm import LSTMForecaster
from stockanalyst.forecasting.registry import FACTORIES
from stockanalyst.market.calendars import knows_holidays, next_sessions
from stockanalyst.market.prices import PriceHistory, doubts, rebased_close
from stockanalyst.market.symbols import calendar_name, parse_symbol
from stockanalyst.recommendation.policy import Policy, recommend
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import Progress, ProviderByName, silent
from stockanalyst.services.requests import Options


@dataclass(frozen=True)
class _Study:
    """One symbol's models, and what came of them before the cutoff."""

    history: PriceHistory
    closes: pd.Series
    forecasters: list[BaseForecaster]
    backtest: Backtest


@dataclass(frozen=True)
class AnalysisService:
    """Analyses and walk-forwards of symbols.

    Parameters
    ----------
    provider : callable
        Gives the price provider of a name.
    networks : NetworkService
    plan : WalkForward
    policy : Policy
    """

    provider: ProviderByName
    networks: NetworkService
    plan: WalkForward
    policy: Policy

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
        study = self._study(symbol, options, progress)
        closes = study.closes
        calendar = calendar_name(study.history.symbol)
        sessions = next_sessions(calendar, closes.index[-1], options.horizon)
        forecast = forecast_next(
            closes, study.forecasters, sessions, plan=self.plan, levels=options.levels
        )
        forecast = _wanted(forecast, options)
        backtest = study.backtest
        if not knows_holidays(calendar, sessions):
            note = f"The holidays of {calendar} aren't known that far: weekdays stand in."
            backtest = replace(backtest, notes=(*backtest.notes, note))
        return Analysis(
            symbol=study.history.symbol,
            provider=study.history.provider,
            calendar=calendar,
            cutoff=closes.index[-1],
            closes=closes,
            horizon=options.horizon,
            levels=options.levels,
            steps=options.steps,
            plan=self.plan,
            forecast=forecast,
            backtest=backtest,
            recommendation=recommend(
                backtest.forecasts, forecast, steps=options.steps, policy=self.policy
            ),
            lstm=_network_facts(study.forecasters),
        )

    def backtest(
        self, symbols: Sequence[str], options: Options, *, progress: Progress = silent
    ) -> Backtest:
        """Walk several symbols forward, one after the other; raises as :meth:`analyze`."""
        parts = [self._study(symbol, options, progress).backtest for symbol in symbols]
        return Backtest(
            forecasts=pd.concat([part.forecasts for part in parts], ignore_index=True),
            skill=pd.concat([part.skill for part in parts], ignore_index=True),
            missing=tuple(model for part in parts for model in part.missing),
            notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )

    def load(
        self, symbol: str, options: Options, progress: Progress
    ) -> tuple[PriceHistory, pd.Series]:
        """Prices of a symbol, and its closes up to the cutoff, if an analysis can be made of them.

        Raises as :meth:`analyze`.
        """
        symbol = parse_symbol(symbol)
        progress(f"Loading {symbol}", 0.0)
        history = self.history(symbol, options.provider)
        closes = rebased_close(history.until(options.cutoff)).rename(symbol)
        self.plan.cutoffs(len(closes), options.horizon, symbol=symbol)
        return history, closes

    def _study(self, symbol: str, options: Options, progress: Progress) -> _Study:
        history, closes = self.load(symbol, options, progress)
        symbol = history.symbol
        forecasters, missing = self._forecasters(history, closes, options, progress)
        task = f"Walking {symbol} forward over {self.plan.n_cutoffs} past cutoffs"
        prices = closes.to_frame()
        past = walk_forward(
            prices,
            forecasters,
            horizon=options.horizon,
            plan=self.plan,
            levels=options.levels,
            progress=lambda share: progress(task, share),
        )
        past = _wanted(past, options)
        if ENSEMBLE in options.models and ENSEMBLE not in set(past["model"]):
            missing = (*missing, _lonely(history.symbol))
        skill = skill_table(
            past,
            prices,
            steps=options.steps,
            levels=options.levels,
            train_size=self.plan.train_size,
        )
        used = self.plan.train_size + self.plan.n_cutoffs + options.horizon
        notes = (*history.notes, *doubts(closes.iloc[-used:]))
        return _Study(history, closes, forecasters, Backtest(past, skill, missing, notes))

    def _forecasters(
        self, history: PriceHistory, closes: pd.Series, options: Options, progress: Progress
    ) -> tuple[list[BaseForecaster], tuple[MissingModel, ...]]:
        made = [FACTORIES[name]() for name in options.models if name in FACTORIES]
        if LSTMForecaster.name not in options.models:
            return made, ()
        try:
            lstm = self.networks.forecaster(history, closes, options, progress)
        except ModelUnavailable as error:
            gap = MissingModel(history.symbol, error.model, error.reason, error.mend)
            return made, (gap,)
        return [*made, lstm], ()


def _lonely(symbol: str) -> MissingModel:
    reason = "it needs two models besides the baselines"
    return MissingModel(
        symbol, ENSEMBLE, reason, "add one, such as: --models linear,arima,ensemble"
    )


def _wanted(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Drop the ensemble where nobody asked for it."""
    return frame[frame["model"].isin(options.models)].reset_index(drop=True)


def _network_facts(forecasters: Sequence[BaseForecaster]) -> dict[str, object] | None:
    for model in forecasters:
        if isinstance(model, LSTMForecaster):
            artifact = model.artifact
            return {
                "symbols": list(artifact.symbols),
                "training_cutoff": artifact.training_cutoff,
                "n_windows": artifact.n_windows,
                "seed": artifact.config.seed,
                "data_digest": artifact.data_digest,
            }
    return None
