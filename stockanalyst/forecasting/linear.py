"""Linear regression on lagged returns."""

from typing import ClassVar

import numpy as np

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.forecasting.base import (
    BaseForecaster,
    lagged_returns,
    last_price,
    one_blas_thread,
)


class LinearForecaster(BaseForecaster):
    """Ordinary least squares of the return over the next k sessions on the last `lags` returns.

    One equation a step, so each uses every row whose outcome is known at the cutoff.

    Parameters
    ----------
    lags : int
        Number of lagged daily log returns.

    Attributes
    ----------
    coef_ : dict of int to ndarray of shape (lags + 1,)
        Per step the intercept, then the weights, newest lag first. Filled as steps are asked for.
    """

    name: ClassVar[str] = "linear"

    def __init__(self, lags: int = 10) -> None:
        self.lags = lags
        self.context = lags

    def _estimate(self, log_price: Vector) -> None:
        self._training = log_price
        self.coef_: dict[int, Vector] = {}

    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        features = lagged_returns(log_price, origins, self.lags)
        returns = np.empty((origins.size, horizon))
        for step in range(1, horizon + 1):
            if step not in self.coef_:
                self.coef_[step] = self._fit_step(step)
            intercept, *weights = self.coef_[step]
            returns[:, step - 1] = features @ np.array(weights) + intercept
        return last_price(log_price, origins) + returns

    def _fit_step(self, step: int) -> Vector:
        from sklearn.linear_model import LinearRegression

        known = np.arange(self.lags, self._training.size - step)
        target = self._training[known + step] - self._training[known]
        features = lagged_returns(self._training, known, self.lags)
        with one_blas_thread():
            model = LinearRegression().fit(features, target)
        return np.concatenate(([model.intercept_], model.coef_))
