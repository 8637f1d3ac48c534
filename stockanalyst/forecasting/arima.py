"""ARIMA of log prices."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from stockanalyst._typing import Cube, IntVector, Matrix
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.arma import (
    MAX_ORDER,
    fit_arma,
    forecast_arma,
    residuals_at,
)
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.rolling import (
    History,
    LaggedProducts,
    Windows,
    autoregress,
    differences,
)

Order = tuple[int, int, int]

GRID: tuple[Order, ...] = ((0, 1, 0), (1, 1, 0), (0, 1, 1), (2, 1, 0), (1, 1, 1), (0, 1, 2))
_MAX_LAGS = 60
_RESELECT = 125


class ARIMAForecaster(BaseForecaster):
    """ARIMA(p, d, q) of log prices without a constant.

    AR alone is estimated in closed form, close to maximum likelihood; with MA by the conditional
    sum of squares. As a rule statsmodels' exact maximum likelihood forecasts the same to a
    thousandth of a daily standard deviation. Where AR and MA nearly cancel, as in most prices, the
    likelihood has several peaks: in about one window of ten the two stop at different ones.

    Parameters
    ----------
    order : tuple of int
        (p, d, q): d 1 or 2, as prices wander; q ≤ 2 and, with q > 0, p ≤ 2; p ≤ 60 else.
    """

    name: ClassVar[str] = "arima"

    def __init__(self, order: Order = (1, 1, 1)) -> None:
        p, d, q = order
        if (
            min(order) < 0
            or not 1 <= d <= 2
            or q > MAX_ORDER
            or p > (MAX_ORDER if q else _MAX_LAGS)
        ):
            mend = "give (p, d, q) with d 1 or 2, and p ≤ 60 with q = 0 or p ≤ 2 with q ≤ 2"
            raise InputError("order", order, mend)
        self.order = order
        self.context = 5 * sum(order) + 1

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        history = History.of(panel.log_price, cutoffs, train_size, refit)
        return _forecast(history, self.order, horizon, train_size).transpose(2, 1, 0)


class AutoARIMA(BaseForecaster):
    """ARIMA(p, 1, q), its order chosen by AICc from a small grid, anew every 125 cutoffs.

    The grid is (0, 0), (1, 0), (0, 1), (2, 0), (1, 1) and (0, 2): of daily prices nothing longer
    can be told apart from chance.

    References
    ----------
    Hurvich, C. M., Tsai, C.-L. (1989). Regression and time series model selection in small samples.
    Biometrika 76(2).
    """

    name: ClassVar[str] = "auto_arima"
    context = 5 * sum(GRID[-1]) + 1

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        history = History.of(panel.log_price, cutoffs, train_size, refit)
        chosen = self.orders(panel.log_price, cutoffs, train_size)
        forecasts = np.empty((horizon, *chosen.shape))
        for position, order in enumerate(GRID):
            asked = chosen == position
            some = np.flatnonzero(asked.any(axis=0))
            if some.size:
                part = replace(history, known=history.known[:, some])
                made = _forecast(part, order, horizon, train_size)
                forecasts[:, asked] = made[:, asked[:, some]]
        return forecasts.transpose(2, 1, 0)

    def orders(self, log_price: Matrix, cutoffs: IntVector, train_size: int) -> IntVector:
        """Position in the grid of the order at each cutoff, shape (m, n_symbols).

        `log_price` has the series first, as in a panel.
        """
        history = History.of(log_price, cutoffs, train_size, _RESELECT)
        changes, ends, size = differences(history.known, 1), history.windows.ends, train_size - 1
        rows = (ends - history.windows.starts)[:, None]
        criteria = []
        for p, _, q in GRID:
            squares = fit_arma(changes, ends, size, p=p, q=q).sum_of_squares
            k = p + q + 1
            with np.errstate(divide="ignore"):
                likelihood = rows * np.log(squares / rows)
            criteria.append(likelihood + 2 * k + 2 * k * (k + 1) / (rows - k - 1))
        best: IntVector = np.repeat(np.argmin(criteria, axis=0), _RESELECT, axis=0)
        return best[: cutoffs.size]


def _forecast(history: History, order: Order, horizon: int, train_size: int) -> Cube:
    """Log prices, shape (horizon, n_cutoffs, n_symbols)."""
    p, d, q = order
    known, cutoffs, windows = history.known, history.cutoffs, history.windows
    x = differences(known, d)
    if q:
        fit = fit_arma(x, windows.ends, train_size - d, p=p, q=q)
        errors = residuals_at(x, fit, cutoffs, windows.refit)
        ar, ma = fit.ar, fit.ma
    else:
        ar, ma = _autoregression(x, windows, p, d), np.zeros((0, windows.ends.size, x.shape[1]))
        errors = ma
    recent = np.stack([x[cutoffs - lag] for lag in range(p)]) if p else np.zeros((0, *x.shape))
    forecasts = forecast_arma(
        history.served(ar, axis=1), history.served(ma, axis=1), recent, errors, horizon
    )
    for degree in reversed(range(d)):
        forecasts = differences(known, degree)[cutoffs] + np.cumsum(forecasts, axis=0)
    return forecasts


def _autoregression(x: Matrix, windows: Windows, p: int, d: int) -> Cube:
    """Weights of the last p values of x, shape (p, m, n_symbols)."""
    if not p:
        return np.zeros((0, windows.ends.size, x.shape[1]))
    inside = replace(windows, starts=windows.starts + d - 1)
    return autoregress(LaggedProducts(x, p), inside, p)
