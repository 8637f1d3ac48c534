import numpy as np

from stockanalyst.forecasting.ensemble import ENSEMBLE, equal_weights, members
from stockanalyst.forecasting.registry import MODELS


def test_the_baselines_are_no_members() -> None:
    assert members(["random_walk", "linear", "drift", "arima"]) == ["linear", "arima"]
    assert members(["random_walk", "drift"]) == []


def test_equal_weights_by_hand() -> None:
    """(1 + 4) / 2 and (2 + 8) / 2; the baseline's 99 doesn't count."""
    forecasts = {
        "random_walk": np.array([[99.0, 99.0]]),
        "linear": np.array([[1.0, 2.0]]),
        "arima": np.array([[4.0, 8.0]]),
    }
    np.testing.assert_array_equal(equal_weights(forecasts), [[2.5, 5.0]])


def test_its_name_is_a_model_s() -> None:
    assert ENSEMBLE in MODELS
