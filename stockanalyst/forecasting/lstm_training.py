"""Training of the LSTM with Keras: the one module that imports tensorflow, when it trains."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stockanalyst._typing import Matrix, Vector
from stockanalyst.exceptions import DataError, InsufficientHistory
from stockanalyst.forecasting.lstm import (
    LSTMArtifact,
    LSTMConfig,
    scaled_returns,
    target_scale,
)
from stockanalyst.market.prices import digest

MIN_WINDOWS = 250
CLIP = 6.0  # of a target, in its standard deviations: one crash mustn't lead the training
_PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "numpy")


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
        Called with the share of epochs done, in (0, 1].

    Raises
    ------
    InsufficientHistory
        A symbol gives fewer than 250 windows.
    DataError
        No price ever moves.
    """
    samples = [_windows(symbol, series, config) for symbol, series in prices.items()]
    inputs = np.concatenate([windows for windows, _ in samples])
    targets = np.concatenate([moves for _, moves in samples])
    mean, scale = float(inputs.mean()), float(inputs.std())
    if not scale:
        raise DataError(f"{', '.join(prices)}: the price never moves; there is nothing to learn")
    network = _fit((inputs - mean) / scale, targets, config, progress)
    return LSTMArtifact(
        symbols=tuple(prices),
        provider=provider,
        training_cutoff=max(series.index[-1] for series in prices.values()),
        config=config,
        n_windows=len(inputs),
        mean=mean,
        scale=scale,
        data_digest=digest(pd.DataFrame(dict(prices))),
        packages={name: version(name) for name in _PACKAGES},
        network=network,
    )


def _windows(symbol: str, series: pd.Series, config: LSTMConfig) -> tuple[Matrix, Matrix]:
    log_price: Vector = np.log(series.to_numpy(np.float64))
    origins = np.arange(config.context, log_price.size - config.horizon)
    if origins.size < MIN_WINDOWS:
        needed = MIN_WINDOWS + config.context + config.horizon
        raise InsufficientHistory(symbol, log_price.size, needed, "to train the LSTM")
    steps = np.arange(1, config.horizon + 1)
    moves = log_price[origins[:, None] + steps] - log_price[origins][:, None]
    targets = np.clip(moves / target_scale(log_price, origins, config.horizon), -CLIP, CLIP)
    return scaled_returns(log_price, origins, config.lookback), targets


def _fit(
    inputs: Matrix, targets: Matrix, config: LSTMConfig, progress: Callable[[float], None]
) -> bytes:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    model = keras.Sequential(
        [
            keras.Input((config.lookback, 1)),
            keras.layers.LSTM(config.units),
            keras.layers.Dropout(config.dropout),
            keras.layers.Dense(config.horizon),
        ]
    )
    model.compile("adam", "mse")
    report = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, _logs: progress((epoch + 1) / config.epochs)
    )
    model.fit(
        inputs[:, :, None].astype(np.float32),
        targets.astype(np.float32),
        epochs=config.epochs,
        batch_size=config.batch_size,
        verbose=0,
        callbacks=[report],
    )
    return _to_onnx(model)


def _to_onnx(model: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras 3.15 asks for `np.object`, which numpy answers with a FutureWarning.
        warnings.simplefilter("ignore", FutureWarning)
        path = Path(folder) / "network.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()
