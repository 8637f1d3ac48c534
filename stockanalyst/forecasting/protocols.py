"""What the use cases ask of the place where trained networks are kept, and of a trainer."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig


class ArtifactStore(Protocol):
    """Trained networks on disk."""

    def find(self, symbol: str, *, provider: str) -> list[LSTMArtifact]:
        """Every network for `symbol` from `provider`, the newest training cutoff first."""

    def save(self, artifact: LSTMArtifact) -> Path:
        """Keep it, whole or not at all; where it went."""


class Trainer(Protocol):
    """Trains a network, see :func:`stockanalyst.forecasting.lstm_training.train`."""

    def __call__(
        self,
        prices: Mapping[str, pd.Series],
        *,
        provider: str,
        config: LSTMConfig,
        progress: Callable[[float], None],
    ) -> LSTMArtifact:
        """Train one network on all of `prices`."""
