"""The LSTM against Keras and against one network a symbol: CPU time on one thread, and its errors.

::

    python tests/benchmarks/bench_lstm.py

On the 20 symbols of ``skfolio.datasets.load_sp500_dataset``: networks for the last 500 cutoffs, a
new one each 125 sessions, windows of 1,000. Two of Keras' local fits and twenty of its predictions
are timed; the others count as long as their mean. Needs the extra ``[train]``; about a minute.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from skfolio.datasets import load_sp500_dataset

from stockanalyst._typing import Cube, IntVector
from stockanalyst.forecasting import lstm_training
from stockanalyst.forecasting.base import Panel
from stockanalyst.forecasting.lstm import LSTMConfig, LSTMForecaster

HORIZON, N_CUTOFFS = 7, 500
GLOBAL = LSTMConfig(train_size=1000)
LOCAL = replace(GLOBAL, validation=0.0, epochs=25, batch_size=32)


def cpu(work: Callable[[], object], repeat: int = 1) -> float:
    """Seconds of CPU time that `work` takes, the mean of some runs."""
    start = time.process_time()
    for _ in range(repeat):
        work()
    return (time.process_time() - start) / repeat


def report(work: str, ours: float, peer: float, bar: float) -> None:
    """Both times, and their ratio."""
    times = f"{1e3 * ours:12,.3f} ms {1e3 * peer:12,.1f} ms"
    sys.stdout.write(f"{work:54}{times}  {peer / ours:8,.0f} × (bar {bar:,.0f} ×)\n")


def scheduled(closes: pd.DataFrame, cutoffs: IntVector) -> LSTMForecaster:
    """The networks of a walk-forward, trained."""
    return LSTMForecaster(
        lstm_training.train_schedule(
            {str(symbol): closes[symbol] for symbol in closes},
            first=closes.index[cutoffs[0]],
            last=closes.index[cutoffs[-1]],
            provider="skfolio",
            config=GLOBAL,
            progress=lambda _share: None,
        )
    )


def local_fit(closes: pd.Series) -> object:
    """Train one symbol's network in Keras, of the same shape; how it went."""
    windows, _ = lstm_training.split({str(closes.name): closes}, LOCAL)
    model = lstm_training._network(LOCAL)
    model.compile("adam", "mse")
    inputs, targets = lstm_training._tensors(windows)
    return model.fit(inputs, targets, epochs=LOCAL.epochs, batch_size=LOCAL.batch_size, verbose=0)


def keras_prediction() -> Callable[[], object]:
    """One forecast of a Keras model in memory, warmed up."""
    model = lstm_training._network(GLOBAL)
    window = np.zeros((1, GLOBAL.lookback, 1), dtype=np.float32)
    model.predict(window, verbose=0)
    return lambda: model.predict(window, verbose=0)


def panel(closes: pd.DataFrame) -> Panel:
    """All symbols on the same sessions."""
    sessions = pd.DatetimeIndex(closes.index).as_unit("ns").to_numpy()
    rows = np.log(closes.to_numpy().T)
    return Panel(tuple(map(str, closes)), np.tile(sessions, (len(rows), 1)), rows)


def relative_error(forecasts: Cube, prices: Panel, cutoffs: IntVector, step: int) -> float:
    """RMSE of the log price over that of the random walk, all symbols and cutoffs together."""
    outcome = prices.log_price[:, cutoffs + step]
    ours = outcome - forecasts[:, :, step - 1]
    walk = outcome - prices.log_price[:, cutoffs]
    return float(np.sqrt(np.mean(ours**2) / np.mean(walk**2)))


def main() -> None:
    """Print the comparison."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    closes = load_sp500_dataset().iloc[-(1000 + N_CUTOFFS + HORIZON) :]
    cutoffs = np.arange(len(closes) - N_CUTOFFS, len(closes)) - HORIZON
    prices, one = panel(closes), panel(closes.iloc[:, :1])

    start = time.process_time()
    model = scheduled(closes, cutoffs)
    training = time.process_time() - start

    def walk(prices: Panel, cutoffs: IntVector) -> Cube:
        return model.walk(prices, cutoffs, HORIZON, train_size=1000, refit=125)

    forecasts = walk(prices, cutoffs)
    predict = cpu(keras_prediction(), 20)
    report("one forecast, Keras predict", cpu(lambda: walk(one, cutoffs[-1:]), 200), predict, 100)
    batch = cpu(lambda: walk(one, cutoffs), 20)
    report("500 cutoffs, 500 Keras predicts", batch, 500 * predict, 1000)
    known = closes.iloc[: cutoffs[0] + 1].iloc[-1000:]
    some = iter(closes.columns)
    fits = cpu(lambda: local_fit(known[next(some)]), 2)
    report(
        "one global network, 20 local fits of 25 epochs",
        training / len(model.artifacts),
        20 * fits,
        10,
    )
    for artifact in model.artifacts:
        losses = artifact.losses
        sys.stdout.write(
            f"network of {artifact.training_cutoff:%Y-%m-%d}: {losses.epochs} epochs, later block "
            f"{losses.validation:.4f}, random walk {losses.random_walk:.4f}\n"
        )
    for step in (1, HORIZON):
        error = relative_error(forecasts, prices, cutoffs, step)
        sys.stdout.write(f"RMSE at horizon {step} / random walk: {error:.4f} (bar 1.01)\n")


if __name__ == "__main__":
    main()
