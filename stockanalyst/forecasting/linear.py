"""Linear regression on lagged returns."""

from typing import ClassVar

import numpy as np

from stockanalyst._typing import Cube, IntVector
from stockanalyst.forecasting.base import BaseForecaster, Panel
from stockanalyst.forecasting.rolling import History, LaggedProducts, differences, regress_on_lags


class LinearForecaster(BaseForecaster):
    """Ordinary least squares of the return over the next k sessions on the last `lags` returns.

    One equation a step, so each uses every row whose outcome is known at the cutoff.

    Parameters
    ----------
    lags : int
        Number of lagged daily log returns.
    """

    name: ClassVar[str] = "linear"
    penalty: ClassVar[float] = 0.0

    def __init__(self, lags: int = 10) -> None:
        self.lags = lags
        self.context = 5 * lags

    def walk(
        self, panel: Panel, cutoffs: IntVector, horizon: int, *, train_size: int, refit: int
    ) -> Cube:
        """See :meth:`BaseForecaster.walk`."""
        history = History.of(panel.log_price, cutoffs, train_size, refit)
        returns = differences(history.known, 1)
        lagged = [returns[history.cutoffs - lag] for lag in range(self.lags)]
        products = LaggedProducts(returns, self.lags - 1 + horizon)
        last = history.known[history.cutoffs]
        forecasts = np.empty((horizon, *last.shape))
        for step in range(1, horizon + 1):
            fitted = regress_on_lags(
                products,
                history.windows,
                lags=self.lags,
                step=step,
                intercept=True,
                penalty=self.penalty,
            )
            intercept, *weights = history.served(fitted, axis=1)
            forecasts[step - 1] = last + intercept
            for weight, value in zip(weights, lagged, strict=True):
                forecasts[step - 1] += weight * value
        return forecasts.transpose(2, 1, 0)


class RidgeForecaster(LinearForecaster):
    """The same regression, its weights shrunk about by half.

    The penalty is the mean sum of squares of a lag, which halves the weights of uncorrelated lags;
    the intercept is free.
    """

    name: ClassVar[str] = "ridge"
    penalty: ClassVar[float] = 1.0
