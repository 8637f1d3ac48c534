"""ARIMA, by statsmodels."""

import warnings
from typing import ClassVar

import numpy as np

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.forecasting.base import BaseForecaster, one_blas_thread

_PERCENT = 100.0  # log prices × 100 keep the variances near 1, where the optimiser is at ease


class ARIMAForecaster(BaseForecaster):
    """ARIMA(p, d, q) of log prices by exact maximum likelihood.

    Forecasts from past origins take one pass of the Kalman filter with the estimated parameters.

    Parameters
    ----------
    order : tuple of int
        (p, d, q).

    Attributes
    ----------
    params_ : ndarray
        As statsmodels orders them; the innovation variance (last) is that of log prices × 100.
    converged_ : bool
        Whether the optimiser said so; if not, its last parameters are used.

    References
    ----------
    Durbin, J., Koopman, S. J. (2012). Time Series Analysis by State Space Methods, 2nd edition,
    section 4.3 (the filter) and 4.11 (forecasting).
    """

    name: ClassVar[str] = "arima"

    def __init__(self, order: tuple[int, int, int] = (1, 1, 1)) -> None:
        self.order = order
        self.context = sum(order) + 1

    def _estimate(self, log_price: Vector) -> None:
        from statsmodels.tsa.arima.model import ARIMA

        with one_blas_thread(), warnings.catch_warnings():
            # Start values outside the stationary region and slow convergence are warned of;
            # `converged_` keeps what matters of it.
            warnings.simplefilter("ignore")
            result = ARIMA(log_price * _PERCENT, order=self.order, trend="n").fit()
        self.params_ = np.asarray(result.params)
        self.converged_ = bool(result.mle_retvals["converged"])

    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        from statsmodels.tsa.arima.model import ARIMA

        known = log_price[: int(origins.max()) + 1] * _PERCENT
        with one_blas_thread():
            model = ARIMA(known, order=self.order, trend="n")
            filtered = model.filter(self.params_).filter_results
        design, transition = filtered.design[:, :, 0], filtered.transition[:, :, 0]
        # Column t + 1 of the predicted state is the state expected of session t + 1 at t.
        state = filtered.predicted_state[:, origins + 1]
        forecasts = np.empty((origins.size, horizon))
        for step in range(horizon):
            forecasts[:, step] = (design @ state)[0]
            state = transition @ state
        return forecasts / _PERCENT
