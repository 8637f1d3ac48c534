"""LSTM: what a trained network is, and inference with it (onnxruntime, never tensorflow)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.base import BaseForecaster, Panel, lagged_returns, last_price
from stockanalyst.forecasting.volatility import ewma_volatility

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
    layers, units : int
        LSTM layers, one on the other, and the width of each.
    dropout : float
        Share of a layer's outputs dropped in training.
    epochs, batch_size : int
        Passes over the training windows at most, and windows a step.
    validation : float
        Share of the sessions, the newest, held back to judge each epoch on; 0 for none: then every
        epoch is run and the last one's weights are kept.
    patience : int
        Epochs without a better one before the training stops; the best one's weights are kept.
    train_size : int or None
        Sessions up to the training cutoff that it learns from; None for all.
    horizon : int
        Steps that the network forecasts at once.
    seed : int
        Of weights, order and dropout.
    """

    lookback: int = 30
    layers: int = 1
    units: int = 32
    dropout: float = 0.2
    epochs: int = 30
    batch_size: int = 256
    validation: float = 0.15
    patience: int = 3
    train_size: int | None = None
    horizon: int = 20
    seed: int = 0

    @property
    def context(self) -> int:
        """Sessions that an input window needs behind it."""
        return self.lookback + VOLATILITY_WARM_UP


PRESETS: Mapping[str, LSTMConfig] = MappingProxyType(
    {
        "fast": LSTMConfig(),
        "seed": LSTMConfig(
            lookback=7, layers=4, units=50, dropout=0.1, epochs=25, batch_size=32, validation=0.0
        ),
    }
)
"""``fast`` is the default; ``seed`` is the shape and the schedule of the system that this one
replaces, trained on our scaled returns instead of its prices."""


@dataclass(frozen=True)
class TrainingLosses:
    """How a training went, in mean squared volatility-scaled moves.

    Attributes
    ----------
    epochs : int
        That were run.
    training : float
        Of the last one, dropout at work.
    validation : float or None
        On the later block, with the weights that were kept; None where nothing was held back.
    random_walk : float or None
        On the same block, of forecasting no move: a validation loss above it has learnt nothing.
    """

    epochs: int
    training: float
    validation: float | None
    random_walk: float | None


@dataclass(frozen=True)
class LSTMArtifact:
    """A trained network with what must be known of it.

    Attributes
    ----------
    symbols : tuple of str
        What it was trained on, together.
    provider : str
        Where their prices came from.
    training_cutoff : Timestamp
        No price after it was seen in training, neither as input nor as target.
    config : LSTMConfig
    n_windows : int
        Training windows, without those held back.
    losses : TrainingLosses
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
    losses: TrainingLosses
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
    """Trained networks; a walk trains none.

    Parameters
    ----------
    artifacts : sequence of LSTMArtifact
        At least one. From each cutoff the newest forecasts whose training cutoff isn't after it.
    """

    name: ClassVar[str] = "lstm"

    def __init__(self, artifacts: Sequence[LSTMArtifact]) -> None:
        self.artifacts = tuple(sorted(artifacts, key=lambda each: each.training_cutoff))
        self.context = max(each.config.context for each in self.artifacts)
        self._sessions: dict[int, InferenceSession] = {}

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_sessions": {}}  # another process opens its own

    @property
    def signature(self) -> str:
        """See :class:`BaseForecaster`: the networks themselves."""
        networks = [hashlib.sha256(each.network).hexdigest() for each in self.artifacts]
        return f"{type(self).__qualname__}({', '.join(networks)})"

    @property
    def training_cutoff(self) -> pd.Timestamp:
        """Of the first network: there is no forecast from an earlier cutoff."""
        return self.artifacts[0].training_cutoff

    def walk(
        self,
        panel: Panel,
        cutoffs: IntVector,
        horizon: int,
        *,
        train_size: int,  # noqa: ARG002  the networks are trained already
        refit: int,  # noqa: ARG002  likewise
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`; NaN from cutoffs before the first training cutoff.

        A symbol's cutoffs are one batch a network.

        Raises
        ------
        InputError
            A network doesn't forecast that far.
        """
        ends = pd.DatetimeIndex([each.training_cutoff for each in self.artifacts]).as_unit("ns")
        forecasts = np.full((len(panel.symbols), cutoffs.size, horizon), np.nan)
        for row, log_price in enumerate(panel.log_price):
            newest = ends.searchsorted(panel.sessions[row, cutoffs], side="right") - 1
            for position in np.unique(newest[newest >= 0]):
                own = newest == position
                forecasts[row, own] = self._infer(int(position), log_price, cutoffs[own], horizon)
        return forecasts

    def _infer(self, position: int, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        artifact = self.artifacts[position]
        if horizon > artifact.config.horizon:
            raise InputError(
                "horizon", horizon, f"this network forecasts {artifact.config.horizon} sessions"
            )
        windows = scaled_returns(log_price, origins, artifact.config.lookback)
        outputs = self._run(position, (windows - artifact.mean) / artifact.scale)[:, :horizon]
        moves = outputs * target_scale(log_price, origins, horizon)
        return last_price(log_price, origins) + moves

    def _run(self, position: int, windows: Matrix) -> Matrix:
        if position not in self._sessions:
            self._sessions[position] = _open(self.artifacts[position].network)
        session = self._sessions[position]
        batch: Cube = windows[:, :, None].astype(np.float32)
        (outputs,) = session.run(None, {session.get_inputs()[0].name: batch})
        return np.asarray(outputs, dtype=np.float64)


def _open(network: bytes) -> "InferenceSession":
    import onnxruntime

    available = onnxruntime.get_available_providers()
    wanted = [p for p in ("CUDAExecutionProvider", "CPUExecutionProvider") if p in available]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1  # as for linear algebra: a network this small needs none
    return onnxruntime.InferenceSession(network, settings, providers=wanted)
