"""The baselines that a model has to beat."""

from typing import ClassVar

import numpy as np

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.forecasting.base import BaseForecaster, last_price


class RandomWalk(BaseForecaster):
    """Every future price is the last one."""

    name: ClassVar[str] = "random_walk"

    def _estimate(self, log_price: Vector) -> None:
        """Nothing to estimate."""

    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        return np.repeat(last_price(log_price, origins), horizon, axis=1)


class Drift(BaseForecaster):
    """The last price, and on from there by the mean log return of the training window.

    Attributes
    ----------
    drift_ : float
        Mean log return a session.
    """

    name: ClassVar[str] = "drift"

    def _estimate(self, log_price: Vector) -> None:
        self.drift_ = float(log_price[-1] - log_price[0]) / max(log_price.size - 1, 1)

    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        return last_price(log_price, origins) + self.drift_ * np.arange(1, horizon + 1)
