"""Exponential smoothing."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from stockanalyst._typing import Cube, IntVector, Matrix
from stockanalyst.forecasting.arma import fit_arma, residuals_at
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.rolling import History, Windows, differences

_LEAST_WEIGHT = 0.01  # of smoothing; the largest is 1, the random walk's


class ThetaForecaster(BaseForecaster):
    """The theta method of log prices: simple exponential smoothing with half the trend.

    Simple exponential smoothing is ARIMA(0, 1, 1), whose coefficient gives the smoothing weight;
    the trend is the slope of least squares over the training window.

    References
    ----------
    Hyndman, R. J., Billah, B. (2003). Unmasking the Theta method. International Journal of
    Forecasting 19(2), section 3.
    """

    name: ClassVar[str] = "theta"
    context = 8

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        history = History.of(panel.log_price, cutoffs, train_size, refit)
        windows = history.windows
        changes = differences(history.known, 1)
        fit = fit_arma(changes, windows.ends, train_size - 1, p=0, q=1)
        fit = replace(fit, ma=np.clip(fit.ma, _LEAST_WEIGHT - 1, 0.0))
        error = residuals_at(changes, fit, history.cutoffs, refit)[0]
        ma = history.served(fit.ma[0], axis=0)
        weight = 1 + ma
        size = np.minimum(cutoffs + 1, train_size)[:, None]
        settled = (1 - (1 - weight) ** size) / weight
        slope = history.served(_slopes(history.known, windows), axis=0)
        level = history.known[history.cutoffs] + ma * error
        steps = [level + slope / 2 * (step + settled) for step in range(horizon)]
        return np.stack(steps).transpose(2, 1, 0)


def _slopes(known: Matrix, windows: Windows) -> Matrix:
    """Least-squares slope of each window against time, shape (m, n_symbols)."""
    values = known - known[0]
    time = np.arange(len(known))[:, None]
    running = np.zeros((2, len(known) + 1, known.shape[1]))
    np.cumsum(values, axis=0, out=running[0, 1:])
    np.cumsum(values * time, axis=0, out=running[1, 1:])
    total, moment = (sums[windows.ends + 1] - sums[windows.starts] for sums in running)
    size = (windows.ends - windows.starts + 1.0)[:, None]
    centre = (windows.starts + windows.ends)[:, None] / 2
    slopes: Matrix = (moment - centre * total) / (size * (size**2 - 1) / 12)
    return slopes
