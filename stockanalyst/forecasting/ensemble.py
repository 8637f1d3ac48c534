"""Several forecasts made one."""

from collections.abc import Iterable, Mapping

import numpy as np

from stockanalyst._typing import Matrix
from stockanalyst.forecasting.naive import Drift, RandomWalk

ENSEMBLE = "ensemble"
_BASELINES = (RandomWalk.name, Drift.name)


def members(names: Iterable[str]) -> list[str]:
    """The models that an ensemble is made of: all but the baselines."""
    return [name for name in names if name not in _BASELINES]


def equal_weights(forecasts: Mapping[str, Matrix]) -> Matrix:
    """Mean log-price forecast of the members, each with the same weight.

    Parameters
    ----------
    forecasts : mapping of str to ndarray of shape (m, horizon)
        Log-price forecasts by model from the same origins; the baselines among them don't count.

    References
    ----------
    Timmermann, A. (2006). Forecast combinations. Handbook of Economic Forecasting 1, section 3.4,
    on why equal weights are hard to beat.
    """
    mean: Matrix = np.mean([forecasts[name] for name in members(forecasts)], axis=0)
    return mean
