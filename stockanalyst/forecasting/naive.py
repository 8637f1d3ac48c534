"""The baselines that a model has to beat."""

from typing import ClassVar

import numpy as np

from stockanalyst._typing import Cube, IntVector
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.rolling import Windows

WEEK = 5


class RandomWalk(BaseForecaster):
    """Every future price is the last one."""

    name: ClassVar[str] = "random_walk"

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        return np.repeat(panel.log_price[:, cutoffs, None], horizon, axis=2)


class Drift(BaseForecaster):
    """The last price, and on from there by the mean log return of the training window."""

    name: ClassVar[str] = "drift"

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        windows = Windows.rolling(cutoffs, train_size, refit)
        change = panel.log_price[:, windows.ends] - panel.log_price[:, windows.starts]
        drift = windows.served(change / (windows.ends - windows.starts), cutoffs.size, axis=1)
        steps = np.arange(1, horizon + 1)
        forecasts: Cube = panel.log_price[:, cutoffs, None] + drift[:, :, None] * steps
        return forecasts


class SeasonalNaive(BaseForecaster):
    """The price on the same day of the week before: five sessions back, again and again.

    References
    ----------
    Hyndman, R. J., Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd edition,
    section 5.2.
    """

    name: ClassVar[str] = "seasonal_naive"
    context = WEEK

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        back = WEEK - 1 - np.arange(horizon) % WEEK
        forecasts: Cube = panel.log_price[:, cutoffs[:, None] - back]
        return forecasts


BASELINES = (RandomWalk.name, Drift.name, SeasonalNaive.name)
