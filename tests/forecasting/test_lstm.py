import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import (
    LSTMArtifact,
    LSTMConfig,
    LSTMForecaster,
    scaled_returns,
    target_scale,
)

ZIGZAG = np.tile([0.0, 0.1], 53)
"""Log prices 0, 0.1, 0, 0.1 …: volatility 0.1 throughout, scaled returns ± 1."""


def test_context_is_the_window_and_a_warm_up_of_the_volatility() -> None:
    assert LSTMConfig().context == 130
    assert LSTMConfig(lookback=3).context == 103


def test_scaled_returns_by_hand() -> None:
    """Squared returns 0.01, 0, 0.04 (the first twice) give volatilities 0.1, 0.1, √0.0094, 0.106.

    At position 3, oldest first: 0.1/0.1, 0/√0.0094, 0.2/0.106.
    """
    log_price = np.array([0.0, 0.1, 0.1, 0.3])
    np.testing.assert_allclose(
        scaled_returns(log_price, np.array([3]), 3), [[1.0, 0.0, 0.2 / 0.106]], atol=1e-14
    )


def test_target_scale_by_hand() -> None:
    """0.106 × √1, √2, √3."""
    log_price = np.array([0.0, 0.1, 0.1, 0.3])
    expected = 0.106 * np.sqrt([1.0, 2.0, 3.0])
    np.testing.assert_allclose(target_scale(log_price, np.array([3]), 3), [expected], rtol=1e-14)


@given(st.floats(0.1, 100), st.floats(-5, 5))
def test_features_know_neither_the_unit_of_returns_nor_the_price(unit: float, shift: float) -> None:
    log_price = np.cumsum(np.random.default_rng(4).normal(0, 0.01, 60))
    origins = np.array([20, 59])
    moved = unit * log_price + shift
    expected = scaled_returns(log_price, origins, 5)
    np.testing.assert_allclose(scaled_returns(moved, origins, 5), expected, rtol=1e-7)
    wider = unit * target_scale(log_price, origins, 2)
    np.testing.assert_allclose(target_scale(moved, origins, 2), wider, rtol=1e-7)


@given(st.integers(5, 118), st.booleans())
def test_features_dont_look_ahead(garbled: Callable[..., Vector], cutoff: int, nan: bool) -> None:
    log_price = np.cumsum(np.random.default_rng(4).normal(0, 0.01, 120))
    origins, known = np.arange(5, 120), slice(cutoff - 4)
    future = garbled(log_price, cutoff, nan=nan)
    for feature in (scaled_returns, target_scale):
        seen = feature(future, origins, 5)[known]
        np.testing.assert_array_equal(seen, feature(log_price, origins, 5)[known])


def test_a_forecast_by_hand(tiny_artifact: LSTMArtifact) -> None:
    """Inputs (±1 − 0.1) / 2 are 0.45 and −0.55; outputs the newest, and the sum of three.

    From 0.1 (last return up): 0.1 + 0.45·0.1 and 0.1 + (0.45 − 0.55 + 0.45)·0.1·√2.
    From 0 (down): 0 − 0.55·0.1 and (−0.55 + 0.45 − 0.55)·0.1·√2.
    """
    model = LSTMForecaster(tiny_artifact)
    made = model.forecast_log(ZIGZAG, np.array([103, 104]), 2)
    expected = [[0.145, 0.1 + 0.035 * 2**0.5], [-0.055, -0.065 * 2**0.5]]
    np.testing.assert_allclose(made, expected, rtol=1e-6)
    np.testing.assert_array_equal(model.forecast_log(ZIGZAG, np.array([103, 104]), 1), made[:, :1])


def test_fit_changes_no_weight(tiny_artifact: LSTMArtifact) -> None:
    model, origins = LSTMForecaster(tiny_artifact), np.array([105])
    before = model.forecast_log(ZIGZAG, origins, 2)
    model.fit(np.exp(np.cumsum(np.full(200, 0.01))))
    np.testing.assert_array_equal(model.forecast_log(ZIGZAG, origins, 2), before)


def test_no_step_further_than_it_was_trained(tiny_artifact: LSTMArtifact) -> None:
    with pytest.raises(InputError, match="horizon 3: this network forecasts 2 sessions"):
        LSTMForecaster(tiny_artifact).forecast_log(ZIGZAG, np.array([105]), 3)


def test_the_network_isnt_printed(tiny_artifact: LSTMArtifact) -> None:
    assert "network=" not in repr(replace(tiny_artifact, symbols=("BBB",)))


def test_inference_imports_no_tensorflow(tiny_artifact: LSTMArtifact, tmp_path: Path) -> None:
    """In a process of its own, from the artefact on disk to a price."""
    FolderArtifacts(own=tmp_path, shipped=tmp_path / "none").save(tiny_artifact)
    script = f"""
import pathlib, sys
import numpy as np
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMForecaster
folder = pathlib.Path({str(tmp_path)!r})
(artifact,) = FolderArtifacts(own=folder, shipped=folder / "none").find("AAA", provider="test")
forecast = LSTMForecaster(artifact).fit(np.exp(0.1 * (np.arange(106) % 2))).predict(2)
assert np.isfinite(forecast.yhat).all()
print(sorted({{"tensorflow", "keras", "tf2onnx", "onnx", "torch"}} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout == "[]\n"
