import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest

from stockanalyst._typing import Matrix, Vector
from stockanalyst.exceptions import InsufficientHistory
from stockanalyst.forecasting import lstm_training
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig, LSTMForecaster
from stockanalyst.market.prices import digest

CONFIG = LSTMConfig(lookback=4, units=4, epochs=2, horizon=3, seed=7)
"""Context 104; 400 sessions give 400 − 104 − 3 = 293 windows."""

Simulate = Callable[..., pd.Series]


@pytest.fixture(scope="module")
def trainable(missing: Callable[[str], NoReturn]) -> None:
    if not lstm_training.can_train():
        missing("tensorflow and tf2onnx (extra [train])")


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> Mapping[str, pd.Series]:
    return {
        "AAA": simulate(400, seed=1, phi=0.5, name="AAA"),
        "BBB": simulate(390, seed=2, volatility=0.03, name="BBB"),
    }


@dataclass(frozen=True)
class Training:
    """An artefact and the progress that was reported on the way."""

    artifact: LSTMArtifact
    progress: list[float]


@pytest.fixture(scope="module")
def training(trainable: None, prices: Mapping[str, pd.Series]) -> Training:
    progress: list[float] = []
    artifact = lstm_training.train(prices, provider="test", config=CONFIG, progress=progress.append)
    return Training(artifact, progress)


def slow_windows(log_price: Vector, config: LSTMConfig) -> tuple[Matrix, Matrix]:
    """Inputs and targets one number at a time, from origins whose last target is known."""
    moves = [0.0, *(float(b - a) for a, b in pairwise(log_price))]
    variance = [moves[1] ** 2]
    for move in moves[1:]:
        variance.append(0.94 * variance[-1] + 0.06 * move**2)
    inputs, targets = [], []
    for origin in range(config.lookback + 100, log_price.size):
        if origin + config.horizon < log_price.size:
            days = range(origin - config.lookback + 1, origin + 1)
            inputs.append([moves[day] / math.sqrt(variance[day]) for day in days])
            steps = range(1, config.horizon + 1)
            unit = math.sqrt(variance[origin])
            ahead = [log_price[origin + k] - log_price[origin] for k in steps]
            targets.append([max(-6, min(6, ahead[k - 1] / (unit * math.sqrt(k)))) for k in steps])
    return np.array(inputs), np.array(targets)


def test_windows_against_a_slow_loop(simulate: Simulate) -> None:
    """A jump of 30 % lies among them: its target is cut at 6 daily volatilities."""
    closes = simulate(400, seed=1)
    closes.iloc[300:] *= 1.3
    inputs, targets = lstm_training._windows("AAA", closes, CONFIG)
    expected = slow_windows(np.log(closes.to_numpy()), CONFIG)
    assert inputs.shape == (293, 4)
    np.testing.assert_allclose(inputs, expected[0], rtol=1e-9)
    np.testing.assert_allclose(targets, expected[1], rtol=1e-9)
    assert targets.max() == 6


def test_250_windows_are_needed(simulate: Simulate) -> None:
    """104 + 3 + 250 sessions."""
    enough = simulate(357, seed=1)
    assert len(lstm_training._windows("AAA", enough, CONFIG)[0]) == 250
    with pytest.raises(InsufficientHistory, match=r"'AAA': 356 sessions .* 357 are needed"):
        lstm_training.train(
            {"AAA": enough.iloc[:-1]}, provider="test", config=CONFIG, progress=lambda _: None
        )


def test_the_artefact_says_what_it_is(training: Training, prices: Mapping[str, pd.Series]) -> None:
    artifact = training.artifact
    assert artifact.symbols == ("AAA", "BBB")
    assert artifact.provider == "test"
    assert artifact.config == CONFIG
    assert artifact.training_cutoff == prices["AAA"].index[-1]
    assert artifact.n_windows == 293 + 283
    assert artifact.data_digest == digest(pd.DataFrame(dict(prices)))
    assert artifact.packages["tensorflow"] == version("tensorflow")
    assert training.progress == [0.5, 1.0]


def test_the_scaler_knows_the_training_windows_only(
    training: Training, prices: Mapping[str, pd.Series]
) -> None:
    windows = [slow_windows(np.log(each.to_numpy()), CONFIG)[0] for each in prices.values()]
    numbers = np.concatenate(windows).ravel()
    assert training.artifact.mean == pytest.approx(math.fsum(numbers) / numbers.size, rel=1e-9)
    assert training.artifact.scale == pytest.approx(float(np.std(numbers)), rel=1e-9)


def test_keras_is_given_standardised_windows(
    training: Training, prices: Mapping[str, pd.Series], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Matrix] = []

    def fit(inputs: Matrix, targets: Matrix, *_rest: object) -> bytes:
        given.extend([inputs, targets])
        return b""

    monkeypatch.setattr(lstm_training, "_fit", fit)
    lstm_training.train(prices, provider="test", config=CONFIG, progress=lambda _: None)
    windows = [slow_windows(np.log(each.to_numpy()), CONFIG) for each in prices.values()]
    inputs, targets = (np.concatenate(parts) for parts in zip(*windows, strict=True))
    expected = (inputs - training.artifact.mean) / training.artifact.scale
    np.testing.assert_allclose(given[0], expected, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(given[1], targets, rtol=1e-8)
    assert given[0].std() == pytest.approx(1)


def test_prices_after_the_training_cutoff_change_nothing(
    training: Training, prices: Mapping[str, pd.Series], simulate: Simulate
) -> None:
    """The same seed and the same past, another future: the same scaler, the same forecasts."""
    until = training.artifact.training_cutoff
    longer = {
        symbol: pd.concat([closes, simulate(900, seed=9).loc[until:].iloc[1:] * 1000])
        for symbol, closes in prices.items()
    }
    again = lstm_training.train(
        {symbol: closes.loc[:until] for symbol, closes in longer.items()},
        provider="test",
        config=CONFIG,
        progress=lambda _: None,
    )
    assert replace(again, network=b"") == replace(training.artifact, network=b"")
    np.testing.assert_array_equal(forecasts(again, prices), forecasts(training.artifact, prices))


def test_another_seed_is_another_network(
    training: Training, prices: Mapping[str, pd.Series]
) -> None:
    other = lstm_training.train(
        prices, provider="test", config=replace(CONFIG, seed=8), progress=lambda _: None
    )
    made = [forecasts(each, prices) for each in (other, training.artifact)]
    assert not np.allclose(made[0], made[1], rtol=1e-4)
    assert np.isfinite(made[0]).all()


def forecasts(artifact: LSTMArtifact, prices: Mapping[str, pd.Series]) -> Matrix:
    log_price = np.log(prices["AAA"].to_numpy())
    model = LSTMForecaster(artifact)
    origins = np.arange(150, 400)
    moves: Matrix = model.forecast_log(log_price, origins, 3) - log_price[origins][:, None]
    return moves


def lstm_by_hand(inputs: Matrix, weights: list[Any]) -> Matrix:
    """Hochreiter and Schmidhuber's cell with forget gate, in Keras' order i, f, c, o; dense out."""
    kernel, recurrent, bias, out, out_bias = weights
    units = recurrent.shape[0]
    hidden, cell = np.zeros((len(inputs), units)), np.zeros((len(inputs), units))

    def gate(activations: Matrix) -> Matrix:
        squashed: Matrix = 1 / (1 + np.exp(-activations))
        return squashed

    for day in range(inputs.shape[1]):
        z = inputs[:, day : day + 1] @ kernel + hidden @ recurrent + bias
        entered, forgotten, fresh, shown = np.split(z, 4, axis=1)
        cell = gate(forgotten) * cell + gate(entered) * np.tanh(fresh)
        hidden = gate(shown) * np.tanh(cell)
    made: Matrix = hidden @ out + out_bias
    return made


def test_the_network_in_onnx_computes_what_keras_trained(trainable: None) -> None:
    """A network with drawn weights, against the formulas and against Keras itself."""
    import keras
    import onnxruntime

    rng = np.random.default_rng(5)
    layers = [keras.layers.LSTM(4), keras.layers.Dropout(0.5), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6, 1)), *layers])
    windows = rng.normal(size=(9, 6))
    inputs = windows[:, :, None].astype(np.float32)
    assert model.predict(inputs, verbose=0).shape == (9, 3)
    model.set_weights([rng.normal(size=each.shape) for each in model.get_weights()])
    session = onnxruntime.InferenceSession(lstm_training._to_onnx(model))
    (made,) = session.run(None, {session.get_inputs()[0].name: inputs})
    expected = lstm_by_hand(windows, model.get_weights())
    np.testing.assert_allclose(np.asarray(made), expected, atol=1e-5)
    np.testing.assert_allclose(np.asarray(made), model.predict(inputs, verbose=0), atol=1e-5)


@pytest.mark.parametrize("absent", ["tensorflow", "tf2onnx"])
def test_can_train_needs_both(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setattr(lstm_training, "find_spec", lambda name: None if name == absent else name)
    assert not lstm_training.can_train()
