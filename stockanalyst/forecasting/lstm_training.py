"""Training of the LSTM with Keras: the one module that imports tensorflow, when it trains."""

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stockanalyst._typing import Cube, Matrix, Vector
from stockanalyst.exceptions import DataError, InsufficientHistory
from stockanalyst.forecasting.lstm import (
    LSTMArtifact,
    LSTMConfig,
    TrainingLosses,
    scaled_returns,
    target_scale,
)
from stockanalyst.forecasting.protocols import Trainer
from stockanalyst.market.prices import digest

Dates = NDArray[np.datetime64]

MIN_WINDOWS = 250
CLIP = 6.0  # of a target, in its standard deviations: one crash mustn't lead the training
VALIDATION_BATCH = 4096
_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "numpy")


@dataclass(frozen=True)
class Windows:
    """Input windows, oldest return first, and the moves that followed, both volatility-scaled.

    Attributes
    ----------
    inputs : ndarray of shape (n, lookback)
    targets : ndarray of shape (n, horizon)
    origins, ends : ndarray of datetime64[ns], shape (n,)
        Session of each window's last input, and of its last target.
    """

    inputs: Matrix
    targets: Matrix
    origins: Dates
    ends: Dates

    def where(self, chosen: NDArray[np.bool_]) -> "Windows":
        """The windows that a mask chooses."""
        return Windows(
            self.inputs[chosen], self.targets[chosen], self.origins[chosen], self.ends[chosen]
        )


def can_train() -> bool:
    """Whether the extra ``[train]`` is installed."""
    return all(find_spec(name) is not None for name in ("tensorflow", "tf2onnx"))


def train(
    prices: Mapping[str, pd.Series],
    *,
    provider: str,
    config: LSTMConfig,
    progress: Callable[[float], None],
) -> LSTMArtifact:
    """Train one network on the returns of one or more symbols.

    Parameters
    ----------
    prices : mapping of str to Series
        Closes a symbol, up to the training cutoff and not a session further.
    provider : str
        Where they came from.
    config : LSTMConfig
    progress : callable
        Called with the share of epochs done, in (0, 1]; with 1 when the training stops.

    Raises
    ------
    InsufficientHistory
        A symbol gives fewer than 250 windows.
    DataError
        No price ever moves.
    """
    closes = training_window(prices, config)
    known, later = split(closes, config)
    mean, scale = float(known.inputs.mean()), float(known.inputs.std())
    if not scale:
        raise DataError(f"{', '.join(prices)}: the price never moves; there is nothing to learn")
    network, losses = _fit(
        replace(known, inputs=(known.inputs - mean) / scale),
        replace(later, inputs=(later.inputs - mean) / scale),
        config,
        progress,
    )
    return LSTMArtifact(
        symbols=tuple(closes),
        provider=provider,
        training_cutoff=max(series.index[-1] for series in closes.values()),
        config=config,
        n_windows=len(known.inputs),
        losses=losses,
        mean=mean,
        scale=scale,
        data_digest=digest(pd.DataFrame(closes)),
        packages={name: version(name) for name in _PACKAGES},
        network=network,
    )


def train_schedule(
    prices: Mapping[str, pd.Series],
    *,
    first: pd.Timestamp,
    last: pd.Timestamp,
    every: int = 125,
    provider: str,
    config: LSTMConfig,
    progress: Callable[[float], None],
    trainer: Trainer = train,
) -> list[LSTMArtifact]:
    """Train the networks of a walk-forward: one for each block of sessions, on its past alone.

    Parameters
    ----------
    prices : mapping of str to Series
        Closes a symbol; may go on beyond `last`. Their order doesn't matter. A symbol too short
        at a block's start for 250 windows isn't among that block's.
    first, last : Timestamp
        First and last cutoff of the walk-forward.
    every : int
        Sessions in a block, counted over those of all symbols together.
    provider, config, progress
        See :func:`train`; the share is of all blocks.
    trainer : Trainer
        Trains a block's network, or knows it already.

    Returns
    -------
    list of LSTMArtifact
        By training cutoff, the first of them `first` or the last session before it.

    Raises
    ------
    InsufficientHistory
        No symbol gives 250 windows up to `first`.
    DataError
        No price ever moves.
    """
    calendar = _calendar(prices)
    begin, end = (calendar <= first).sum() - 1, (calendar <= last).sum()
    starts = calendar[max(begin, 0) : end : every]

    def network(block: int) -> LSTMArtifact:
        start = pd.Timestamp(starts[block])
        known = {symbol: prices[symbol].loc[:start] for symbol in sorted(prices)}
        return trainer(
            _long_enough(training_window(known, config), config),
            provider=provider,
            config=config,
            progress=lambda share: progress((block + share) / len(starts)),
        )

    return [network(block) for block in range(len(starts))]


def training_window(prices: Mapping[str, pd.Series], config: LSTMConfig) -> dict[str, pd.Series]:
    """The newest `train_size` sessions, counted over those of all symbols together."""
    if config.train_size is None:
        return dict(prices)
    start = pd.Timestamp(_calendar(prices)[-config.train_size :][0])
    return {symbol: closes.loc[start:] for symbol, closes in prices.items()}


def split(prices: Mapping[str, pd.Series], config: LSTMConfig) -> tuple[Windows, Windows]:
    """Windows to train on, and later ones of all symbols to judge an epoch on.

    The last share of the sessions are the origins of the later ones. Between the last target of
    the training and the first target of the later block lie `horizon` sessions.
    """
    windows = _joined([_windows(symbol, closes, config) for symbol, closes in prices.items()])
    if not config.validation:
        return windows, windows.where(np.zeros(len(windows.inputs), dtype=bool))
    origins = np.unique(windows.origins)
    first = origins[int(origins.size * (1 - config.validation))]
    calendar = _calendar(prices)
    border = calendar[calendar.searchsorted(first) - config.horizon]
    return windows.where(windows.ends <= border), windows.where(windows.origins >= first)


def _calendar(prices: Mapping[str, pd.Series]) -> Dates:
    """Every session of any symbol, ascending."""
    return np.unique(np.concatenate([_sessions(closes) for closes in prices.values()]))


def _sessions(closes: pd.Series) -> Dates:
    return pd.DatetimeIndex(closes.index).as_unit("ns").to_numpy()


def _needed(config: LSTMConfig) -> int:
    return MIN_WINDOWS + config.context + config.horizon


def _long_enough(prices: dict[str, pd.Series], config: LSTMConfig) -> dict[str, pd.Series]:
    """Those that give 250 windows.

    Raises
    ------
    InsufficientHistory
        None does; it names the longest.
    """
    enough = {symbol: closes for symbol, closes in prices.items() if len(closes) >= _needed(config)}
    if not enough:
        longest = max(prices, key=lambda symbol: len(prices[symbol]))
        _check_length(longest, prices[longest], config)
    return enough


def _check_length(symbol: str, closes: pd.Series, config: LSTMConfig) -> None:
    if len(closes) < _needed(config):
        raise InsufficientHistory(symbol, len(closes), _needed(config), "to train the LSTM")


def _windows(symbol: str, series: pd.Series, config: LSTMConfig) -> Windows:
    _check_length(symbol, series, config)
    log_price: Vector = np.log(series.to_numpy(np.float64))
    origins = np.arange(config.context, log_price.size - config.horizon)
    steps = np.arange(1, config.horizon + 1)
    moves = log_price[origins[:, None] + steps] - log_price[origins][:, None]
    targets = np.clip(moves / target_scale(log_price, origins, config.horizon), -CLIP, CLIP)
    sessions = _sessions(series)
    return Windows(
        inputs=scaled_returns(log_price, origins, config.lookback),
        targets=targets,
        origins=sessions[origins],
        ends=sessions[origins + config.horizon],
    )


def _joined(parts: Sequence[Windows]) -> Windows:
    return Windows(
        inputs=np.concatenate([part.inputs for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        origins=np.concatenate([part.origins for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
    )


def _fit(
    known: Windows, later: Windows, config: LSTMConfig, progress: Callable[[float], None]
) -> tuple[bytes, TrainingLosses]:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    model = _network(config)
    model.compile("adam", "mse")
    watchers = [
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, _logs: progress((epoch + 1) / config.epochs),
            on_train_end=lambda _logs: progress(1.0),
        )
    ]
    if config.validation:
        stop = keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)
        watchers.append(stop)
    history = model.fit(
        *_tensors(known),
        epochs=config.epochs,
        batch_size=config.batch_size,
        validation_data=_tensors(later) if config.validation else None,
        validation_batch_size=VALIDATION_BATCH,
        verbose=0,
        callbacks=watchers,
    ).history
    return _to_onnx(model), TrainingLosses(
        epochs=len(history["loss"]),
        training=history["loss"][-1],
        validation=min(history["val_loss"]) if config.validation else None,
        random_walk=float(np.mean(later.targets**2)) if config.validation else None,
    )


def _network(config: LSTMConfig) -> Any:
    import keras

    layers: list[Any] = [keras.Input((config.lookback, 1))]
    for layer in range(1, config.layers + 1):
        layers.append(keras.layers.LSTM(config.units, return_sequences=layer < config.layers))
        layers.append(keras.layers.Dropout(config.dropout))
    return keras.Sequential([*layers, keras.layers.Dense(config.horizon)])


def _tensors(windows: Windows) -> tuple[Cube, Matrix]:
    return windows.inputs[:, :, None].astype(np.float32), windows.targets.astype(np.float32)


def _to_onnx(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras 3.15 asks for `np.object`, which numpy answers with a FutureWarning.
        warnings.simplefilter("ignore", FutureWarning)
        path = Path(folder) / "network.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()
