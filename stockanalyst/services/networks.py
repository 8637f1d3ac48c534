"""LSTM networks: found, or trained on first use."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import DataError, InputError, InsufficientHistory, ModelUnavailable
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig, LSTMForecaster
from stockanalyst.forecasting.lstm_training import train_schedule
from stockanalyst.forecasting.protocols import ArtifactStore, Trainer
from stockanalyst.forecasting.registry import LSTM
from stockanalyst.market.prices import PriceHistory, digest, rebased_close
from stockanalyst.market.symbols import parse_symbol
from stockanalyst.services.protocols import Progress, ProviderByName, silent
from stockanalyst.services.requests import Options

_INSTALL = "pip install 'stockanalyst[train]'"
_WITHOUT = "run without it: take lstm from the models"


@dataclass(frozen=True)
class NetworkService:
    """Finds and trains networks whose training lies before every cutoff that they are judged at.

    Parameters
    ----------
    provider : callable
        Gives the price provider of a name.
    artifacts : ArtifactStore
    trainer : Trainer or None
        None where the extra ``[train]`` isn't installed.
    config : LSTMConfig
    plan : WalkForward
    """

    provider: ProviderByName
    artifacts: ArtifactStore
    trainer: Trainer | None
    config: LSTMConfig
    plan: WalkForward

    def forecaster(
        self, history: PriceHistory, closes: pd.Series, options: Options, progress: Progress
    ) -> LSTMForecaster:
        """The LSTM of a symbol for an analysis that ends with `closes`.

        Raises
        ------
        ModelUnavailable
            There is none that may be used, and none can be trained now.
        """
        first = closes.index[self.plan.cutoffs(len(closes), options.horizon, symbol="")[0]]
        install = "" if self.trainer else f"{_INSTALL} && "
        mend = f"run: {install}{_command(history, options)}"
        try:
            found = self.artifacts.find(history.symbol, provider=history.origin)
        except DataError as error:
            raise ModelUnavailable(LSTM, str(error), mend) from error
        fitting = [artifact for artifact in found if self._fits(artifact, options)]
        if fitting:
            return LSTMForecaster([_early(fitting, first, mend)])
        none = f"no network for {history.symbol} ({history.provider}) with these settings"
        if self.trainer is None:
            reason = f"{none}, and the extra [train] isn't installed"
            raise ModelUnavailable(LSTM, reason, mend)
        if not options.train:
            raise ModelUnavailable(LSTM, f"{none} yet", mend)
        try:
            artifact, _ = self._train({history.symbol: closes}, history.origin, options, progress)
        except (InsufficientHistory, DataError) as error:
            others = ",".join(model for model in options.models if model != LSTM)
            mend = f"run without it: --models {others}"
            raise ModelUnavailable(LSTM, str(error), mend) from error
        return LSTMForecaster([artifact])

    def schedule(
        self,
        prices: pd.DataFrame,
        *,
        first: pd.Timestamp,
        last: pd.Timestamp,
        horizon: int,
        train_size: int,
        every: int = 125,
        provider: str,
        progress: Progress = silent,
    ) -> LSTMForecaster:
        """The LSTM of a walk-forward over all symbols together: a new network every so often.

        A network that was trained on the same prices before isn't trained again.

        Parameters
        ----------
        prices : DataFrame of shape (n_sessions, n_symbols)
            Closes, NaN where a symbol has no session.
        first, last : Timestamp
            First and last cutoff that is judged.
        horizon : int
            Steps that are needed.
        train_size : int
            Sessions up to a network's training cutoff that it learns from.
        every : int
            Sessions that share a network.
        provider : str
            Where the prices came from.
        progress : callable

        Raises
        ------
        ModelUnavailable
            A network is missing and can't be trained.
        """
        config = replace(
            self.config, horizon=max(self.config.horizon, horizon), train_size=train_size
        )
        task = f"Training the LSTM of {len(prices.columns)} symbols"
        try:
            networks = train_schedule(
                {str(symbol): prices[symbol].dropna() for symbol in prices.columns},
                first=first,
                last=last,
                every=every,
                provider=provider,
                config=config,
                progress=lambda share: progress(task, share),
                trainer=self._kept,
            )
        except (InsufficientHistory, DataError) as error:
            raise ModelUnavailable(LSTM, str(error), _WITHOUT) from error
        return LSTMForecaster(networks)

    def train(
        self, symbols: Sequence[str], options: Options, *, progress: Progress = silent
    ) -> tuple[LSTMArtifact, Path]:
        """Train one network for `symbols` together, and keep it.

        Parameters
        ----------
        symbols : sequence of str
        options : Options
            The analysis that it is for: the training ends before the first past cutoff of it.
        progress : callable

        Returns
        -------
        LSTMArtifact, Path
            The network, and where its description is.

        Raises
        ------
        InputError
            The extra ``[train]`` isn't installed, or a symbol can't be used.
        """
        if self.trainer is None:
            raise InputError("train", list(symbols), f"needs tensorflow; run: {_INSTALL}")
        provider = self.provider(options.provider)
        histories = [provider.history(parse_symbol(symbol)) for symbol in symbols]
        closes = {h.symbol: rebased_close(h.until(options.cutoff)) for h in histories}
        return self._train(closes, histories[0].origin, options, progress)

    def _kept(
        self,
        prices: Mapping[str, pd.Series],
        *,
        provider: str,
        config: LSTMConfig,
        progress: Callable[[float], None],
    ) -> LSTMArtifact:
        """A :class:`Trainer` that remembers: the network of these very prices, or a new one."""
        data_digest = digest(pd.DataFrame(dict(prices)))
        for artifact in self.artifacts.find(next(iter(prices)), provider=provider):
            if (artifact.data_digest, artifact.config) == (data_digest, config):
                progress(1.0)
                return artifact
        if self.trainer is None:
            reason = "this walk-forward needs networks of its own, which tensorflow trains"
            raise ModelUnavailable(LSTM, reason, f"run: {_INSTALL}")
        artifact = self.trainer(prices, provider=provider, config=config, progress=progress)
        self.artifacts.save(artifact)
        return artifact

    def _fits(self, artifact: LSTMArtifact, options: Options) -> bool:
        """Whether a network is of these settings, and forecasts far enough."""
        far = artifact.config.horizon >= options.horizon
        return far and replace(artifact.config, horizon=self.config.horizon) == self.config

    def _train(
        self,
        closes: Mapping[str, pd.Series],
        provider: str,
        options: Options,
        progress: Progress,
    ) -> tuple[LSTMArtifact, Path]:
        assert self.trainer is not None  # noqa: S101  both callers have looked
        config = replace(self.config, horizon=max(self.config.horizon, options.horizon))
        end = min(self._training_end(symbol, c, config) for symbol, c in closes.items())
        task = f"Training the LSTM of {', '.join(closes)} on prices up to {end:%Y-%m-%d}"
        progress(task, 0.0)
        artifact = self.trainer(
            {symbol: series.loc[:end] for symbol, series in closes.items()},
            provider=provider,
            config=config,
            progress=lambda share: progress(task, share),
        )
        return artifact, self.artifacts.save(artifact)

    def _training_end(self, symbol: str, closes: pd.Series, config: LSTMConfig) -> pd.Timestamp:
        """The session before the first past cutoff, for any horizon that the network forecasts."""
        first = self.plan.cutoffs(len(closes), config.horizon, symbol=symbol)[0]
        return pd.Timestamp(closes.index[first - 1])


def _early(networks: Sequence[LSTMArtifact], first: pd.Timestamp, mend: str) -> LSTMArtifact:
    """The newest whose training ended before the first past cutoff."""
    for network in networks:
        if network.training_cutoff < first:
            return network
    reason = (
        f"the network saw prices up to {networks[-1].training_cutoff:%Y-%m-%d}, and the first "
        f"past cutoff that it would be judged at is {first:%Y-%m-%d}"
    )
    raise ModelUnavailable(LSTM, reason, mend)


def _command(history: PriceHistory, options: Options) -> str:
    words = ["stockanalyst", "train", history.symbol, "--provider", history.provider]
    if options.cutoff is not None:
        words += ["--cutoff", f"{options.cutoff:%Y-%m-%d}"]
    return shlex.join([*words, "--horizon", str(options.horizon)])
