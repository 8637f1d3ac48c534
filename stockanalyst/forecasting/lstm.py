"""LSTM: what a trained network is, and inference with it (onnxruntime, never tensorflow)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.base import BaseForecaster, lagged_returns, last_price
from stockanalyst.forecasting.intervals import ewma_volatility

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VOLATILITY_WARM_UP = 100


@dataclass(frozen=True)
class LSTMConfig:
    """How a network is built and trained.

    Attributes
    ----------
    lookback : int
        Sessions in an input window.
    units : int
        Width of the LSTM layer.
    dropout : float
        Share of its outputs dropped in training.
    epochs, batch_size : int
        Passes over the training windows, and windows a step.
    horizon : int
        Steps that the network forecasts at once.
    seed : int
        Of weights, order and dropout.
    """

    lookback: int = 30
    units: int = 32
    dropout: float = 0.2
    epochs: int = 25
    batch_size: int = 32
    horizon: int = 20
    seed: int = 0

    @property
    def context(self) -> int:
        """Sessions that an input window needs behind it."""
        return self.lookback + VOLATILITY_WARM_UP


@dataclass(frozen=True)
class LSTMArtifact:
    """A trained network with what must be known of it.

    Attributes
    ----------
    symbols : tuple of str
        What it was trained on, together; it forecasts these.
    provider : str
        Where their prices came from.
    training_cutoff : Timestamp
        No price after it was seen in training, neither as input nor as target.
    config : LSTMConfig
    n_windows : int
        Training windows.
    mean, scale : float
        Of the volatility-scaled returns of the training windows; they standardise the input.
    data_digest : str
        SHA-256 of the training prices.
    packages : mapping of str to str
        Versions that trained it.
    network : bytes
        The network in ONNX: float32 (n, lookback, 1) in, (n, horizon) out.
    """

    symbols: tuple[str, ...]
    provider: str
    training_cutoff: pd.Timestamp
    config: LSTMConfig
    n_windows: int
    mean: float
    scale: float
    data_digest: str
    packages: Mapping[str, str]
    network: bytes = field(repr=False)


def scaled_returns(log_price: Vector, origins: IntVector, lookback: int) -> Matrix:
    """Daily log returns over the volatility of their own day, oldest first, shape (m, lookback).

    As a return is part of its own day's volatility, none is larger than 1 / √0.06 = 4.1.
    """
    volatility = ewma_volatility(log_price)
    days = origins[:, None] - np.arange(lookback)
    windows = lagged_returns(log_price, origins, lookback) / volatility[days]
    oldest_first: Matrix = windows[:, ::-1]
    return oldest_first


def target_scale(log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
    """Volatility at each origin × √step, shape (m, horizon): the unit of the network's output."""
    steps = np.sqrt(np.arange(1, horizon + 1))
    unit: Matrix = ewma_volatility(log_price)[origins][:, None] * steps
    return unit


class LSTMForecaster(BaseForecaster):
    """A trained network; :meth:`fit` only takes note of the prices and changes no weight.

    Parameters
    ----------
    artifact : LSTMArtifact
        It is up to the caller that its training cutoff lies before every origin that is judged.
    """

    name: ClassVar[str] = "lstm"

    def __init__(self, artifact: LSTMArtifact) -> None:
        self.artifact = artifact
        self.context = artifact.config.context

    def _estimate(self, log_price: Vector) -> None:
        """The weights are those of the artefact."""

    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        config = self.artifact.config
        if horizon > config.horizon:
            raise InputError(
                "horizon", horizon, f"this network forecasts {config.horizon} sessions"
            )
        windows = scaled_returns(log_price, origins, config.lookback)
        outputs = self._run((windows - self.artifact.mean) / self.artifact.scale)[:, :horizon]
        moves = outputs * target_scale(log_price, origins, horizon)
        return last_price(log_price, origins) + moves

    def _run(self, windows: Matrix) -> Matrix:
        batch: Cube = windows[:, :, None].astype(np.float32)
        name = self._session.get_inputs()[0].name
        (outputs,) = self._session.run(None, {name: batch})
        return np.asarray(outputs, dtype=np.float64)

    @cached_property
    def _session(self) -> "InferenceSession":
        import onnxruntime

        available = onnxruntime.get_available_providers()
        wanted = [p for p in ("CUDAExecutionProvider", "CPUExecutionProvider") if p in available]
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1  # as for linear algebra: a network this small needs none
        return onnxruntime.InferenceSession(self.artifact.network, settings, providers=wanted)
