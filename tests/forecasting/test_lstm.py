import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import Cube, IntVector, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.base import Panel
from stockanalyst.forecasting.lstm import (
    PRESETS,
    LSTMArtifact,
    LSTMConfig,
    LSTMForecaster,
    scaled_returns,
    target_scale,
)
from stockanalyst.infra.settings import LSTMSettings

ZIGZAG = np.tile([0.0, 0.1], 53)
"""Log prices 0, 0.1, 0, 0.1 …: volatility 0.1 throughout, scaled returns ± 1."""


def test_context_is_the_window_and_a_warm_up_of_the_volatility() -> None:
    assert LSTMConfig().context == 130
    assert LSTMConfig(lookback=3).context == 103


def test_presets_by_name() -> None:
    """``seed``: 25 epochs of batches of 32, none held back, four layers of 50 over a week."""
    assert PRESETS["fast"] == LSTMConfig()
    seed = PRESETS["seed"]
    assert (seed.epochs, seed.batch_size, seed.validation) == (25, 32, 0)
    assert (seed.layers, seed.units, seed.dropout, seed.lookback) == (4, 50, 0.1, 7)


def test_settings_name_the_presets_and_every_setting_but_the_window() -> None:
    settings = LSTMSettings.model_fields
    assert set(get_args(settings["preset"].annotation)) == set(PRESETS)
    names = {each.name for each in fields(LSTMConfig)}
    assert set(settings) - {"preset"} == names - {"train_size"}


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


def test_the_network_isnt_printed(tiny_artifact: LSTMArtifact) -> None:
    assert "network=" not in repr(replace(tiny_artifact, symbols=("BBB",)))


SESSIONS = pd.bdate_range("2000-01-03", periods=ZIGZAG.size + 1)
RANDOM = np.cumsum(np.random.default_rng(6).normal(0, 0.01, ZIGZAG.size))
CUTOFFS = np.array([103, 104, 105])


def panel(*rows: Vector, late: int = 0) -> Panel:
    """Rows on the same weekdays; `late`: that many days later than :data:`SESSIONS`."""
    names = tuple(f"S{row}" for row in range(len(rows)))
    dates = SESSIONS[: ZIGZAG.size].as_unit("ns").to_numpy() + np.timedelta64(late, "D")
    return Panel(names, np.tile(dates, (len(rows), 1)), np.array(rows))


def walk(
    model: LSTMForecaster, prices: Panel, cutoffs: IntVector = CUTOFFS, horizon: int = 2
) -> Cube:
    return model.walk(prices, cutoffs, horizon, train_size=100, refit=1)


@pytest.fixture
def three(tiny_artifact: LSTMArtifact) -> LSTMForecaster:
    """Networks of positions 104, 105 and of a day after the last, out of order."""
    means = {105: 0.3, 104: 0.1, 106: 0.7}
    return LSTMForecaster(
        [
            replace(tiny_artifact, training_cutoff=SESSIONS[day], mean=mean)
            for day, mean in means.items()
        ]
    )


def test_a_forecast_by_hand(tiny_artifact: LSTMArtifact) -> None:
    """Inputs (±1 − 0.1) / 2 are 0.45 and −0.55; outputs the newest, and the sum of three.

    From 0.1 (last return up): 0.1 + 0.45·0.1 and 0.1 + (0.45 − 0.55 + 0.45)·0.1·√2.
    From 0 (down): 0 − 0.55·0.1 and (−0.55 + 0.45 − 0.55)·0.1·√2.
    """
    model, origins = LSTMForecaster([tiny_artifact]), CUTOFFS[:2]
    made = walk(model, panel(ZIGZAG), origins)
    expected = [[0.145, 0.1 + 0.035 * 2**0.5], [-0.055, -0.065 * 2**0.5]]
    np.testing.assert_allclose(made[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(walk(model, panel(ZIGZAG), origins, 1), made[:, :, :1])


def test_no_step_further_than_it_was_trained(tiny_artifact: LSTMArtifact) -> None:
    with pytest.raises(InputError, match="horizon 3: this network forecasts 2 sessions"):
        walk(LSTMForecaster([tiny_artifact]), panel(ZIGZAG), horizon=3)


def test_each_cutoff_is_forecast_by_the_newest_network_of_its_day(
    three: LSTMForecaster, tiny_artifact: LSTMArtifact
) -> None:
    """A network's training cutoff is the first that it serves; before the first of them is NaN."""
    prices = panel(ZIGZAG, RANDOM)
    made = walk(three, prices)
    assert three.training_cutoff == SESSIONS[104]
    assert np.isnan(made[:, 0]).all()
    for position, mean in ((1, 0.1), (2, 0.3)):
        alone = LSTMForecaster([replace(tiny_artifact, mean=mean)])
        np.testing.assert_array_equal(made[:, [position]], walk(alone, prices, CUTOFFS[[position]]))


@pytest.mark.parametrize(("late", "answered"), [(-1, [2]), (0, [1, 2]), (20, [0, 1, 2])])
def test_dates_and_not_positions_choose(
    three: LSTMForecaster, late: int, answered: list[int]
) -> None:
    made = walk(three, panel(ZIGZAG, late=late))
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(made[0, :, 0])), answered)


def test_neither_company_nor_chunks_of_cutoffs_change_a_number(three: LSTMForecaster) -> None:
    together = walk(three, panel(ZIGZAG, RANDOM))
    np.testing.assert_array_equal(walk(three, panel(RANDOM)), together[1:])
    parts = [walk(three, panel(ZIGZAG, RANDOM), part) for part in (CUTOFFS[:1], CUTOFFS[1:])]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), together)


@given(st.sampled_from([103, 104]), st.booleans())
def test_a_walk_doesnt_look_ahead(
    tiny_artifact: LSTMArtifact, garbled: Callable[..., Vector], cutoff: int, nan: bool
) -> None:
    model, known = LSTMForecaster([tiny_artifact]), slice(cutoff - 102)
    future = walk(model, panel(garbled(RANDOM, cutoff, nan=nan)))[:, known]
    np.testing.assert_array_equal(future, walk(model, panel(RANDOM))[:, known])


def test_another_process_forecasts_the_same(three: LSTMForecaster) -> None:
    """What onnxruntime opened stays behind."""
    prices = panel(ZIGZAG, RANDOM)
    made = walk(three, prices)
    sent: LSTMForecaster = pickle.loads(pickle.dumps(three))  # noqa: S301  its own bytes
    np.testing.assert_array_equal(walk(sent, prices), made)


def test_inference_imports_no_tensorflow(tiny_artifact: LSTMArtifact, tmp_path: Path) -> None:
    """In a process of its own, from the artefact on disk to a price."""
    FolderArtifacts(own=tmp_path, shipped=tmp_path / "none").save(tiny_artifact)
    script = f"""
import pathlib, sys
import numpy as np
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.base import Panel
from stockanalyst.forecasting.lstm import LSTMForecaster
folder = pathlib.Path({str(tmp_path)!r})
(artifact,) = FolderArtifacts(own=folder, shipped=folder / "none").find("AAA", provider="test")
days = np.datetime64("2000-01-03", "ns") + np.arange(106).astype("m8[D]")
panel = Panel(("AAA",), days[None], 0.1 * (np.arange(106.0) % 2)[None])
made = LSTMForecaster([artifact]).walk(panel, np.array([105]), 2, train_size=1, refit=1)
assert np.isfinite(made).all()
print(sorted({{"tensorflow", "keras", "tf2onnx", "onnx", "torch"}} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout == "[]\n"
