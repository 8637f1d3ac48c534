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
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig, TrainingLosses
from stockanalyst.market.prices import digest

CONFIG = LSTMConfig(lookback=4, units=4, epochs=2, batch_size=64, validation=0.2, horizon=3, seed=7)
"""Context 104; 400 sessions give 400 − 104 − 3 = 293 windows."""

Simulate = Callable[..., pd.Series]
Prices = Mapping[str, pd.Series]


@pytest.fixture(scope="module")
def trainable(missing: Callable[[str], NoReturn]) -> None:
    if not lstm_training.can_train():
        missing("tensorflow and tf2onnx (extra [train])")


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> Prices:
    """Two symbols; the second begins ten sessions later, and misses a day of the first."""
    second = simulate(410, seed=2, volatility=0.03, name="BBB").iloc[10:400]
    return {
        "AAA": simulate(400, seed=1, phi=0.5, name="AAA"),
        "BBB": second.drop(second.index[300]),
    }


@dataclass(frozen=True)
class Training:
    """An artefact and the progress that was reported on the way."""

    artifact: LSTMArtifact
    progress: list[float]


@pytest.fixture(scope="module")
def training(trainable: None, prices: Prices) -> Training:
    progress: list[float] = []
    artifact = lstm_training.train(prices, provider="test", config=CONFIG, progress=progress.append)
    return Training(artifact, progress)


@dataclass(frozen=True)
class Rows:
    """Windows one number at a time: inputs, targets, the day of the origin, of the last target."""

    inputs: Matrix
    targets: Matrix
    days: list[tuple[pd.Timestamp, pd.Timestamp]]


def slow_windows(closes: pd.Series, config: LSTMConfig) -> Rows:
    """From every origin whose last target is known."""
    log_price: Vector = np.log(closes.to_numpy())
    moves = [0.0, *(float(b - a) for a, b in pairwise(log_price))]
    variance = [moves[1] ** 2]
    for move in moves[1:]:
        variance.append(0.94 * variance[-1] + 0.06 * move**2)
    inputs, targets, days = [], [], []
    for origin in range(config.lookback + 100, log_price.size - config.horizon):
        seen = range(origin - config.lookback + 1, origin + 1)
        inputs.append([moves[day] / math.sqrt(variance[day]) for day in seen])
        steps = range(1, config.horizon + 1)
        unit = math.sqrt(variance[origin])
        ahead = [log_price[origin + k] - log_price[origin] for k in steps]
        targets.append([max(-6, min(6, ahead[k - 1] / (unit * math.sqrt(k)))) for k in steps])
        days.append((closes.index[origin], closes.index[origin + config.horizon]))
    return Rows(np.array(inputs), np.array(targets), days)


def slow_split(prices: Prices, config: LSTMConfig) -> tuple[Rows, Rows]:
    """The last fifth of the origins' days is the later block; `horizon` sessions lie between."""
    calendar = sorted({day for closes in prices.values() for day in closes.index})
    parts = [slow_windows(closes, config) for closes in prices.values()]
    days = [pair for part in parts for pair in part.days]
    origins = sorted({origin for origin, _ in days})
    first = origins[int(len(origins) * 0.8)]
    known, later = [], []
    for row, (origin, end) in enumerate(days):
        between = [day for day in calendar if end < day <= first]
        if origin >= first:
            later.append(row)
        elif len(between) >= config.horizon:
            known.append(row)
    inputs = np.concatenate([part.inputs for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    known_rows, later_rows = (
        Rows(inputs[rows], targets[rows], [days[row] for row in rows]) for rows in (known, later)
    )
    return known_rows, later_rows


def test_windows_against_a_slow_loop(simulate: Simulate) -> None:
    """A jump of 30 % lies among them: its target is cut at 6 daily volatilities."""
    closes = simulate(400, seed=1)
    closes.iloc[300:] *= 1.3
    windows, later = lstm_training.split({"AAA": closes}, replace(CONFIG, validation=0.0))
    expected = slow_windows(closes, CONFIG)
    assert windows.inputs.shape == (293, 4)
    np.testing.assert_allclose(windows.inputs, expected.inputs, rtol=1e-9)
    np.testing.assert_allclose(windows.targets, expected.targets, rtol=1e-9)
    assert windows.targets.max() == 6
    assert later.inputs.shape == (0, 4)


def test_the_later_block_against_a_slow_loop(prices: Prices) -> None:
    """Its first target is the session after its first origin."""
    made = lstm_training.split(prices, CONFIG)
    for windows, expected in zip(made, slow_split(prices, CONFIG), strict=True):
        days = zip(pd.DatetimeIndex(windows.origins), pd.DatetimeIndex(windows.ends), strict=True)
        assert list(days) == expected.days
        np.testing.assert_allclose(windows.inputs, expected.inputs, rtol=1e-9)
        np.testing.assert_allclose(windows.targets, expected.targets, rtol=1e-9)


def test_250_windows_are_needed(simulate: Simulate) -> None:
    """104 + 3 + 250 sessions."""
    enough = simulate(357, seed=1)
    known, _ = lstm_training.split({"AAA": enough}, replace(CONFIG, validation=0.0))
    assert len(known.inputs) == 250
    with pytest.raises(InsufficientHistory, match=r"'AAA': 356 sessions .* 357 are needed"):
        lstm_training.train(
            {"AAA": enough.iloc[:-1]}, provider="test", config=CONFIG, progress=lambda _: None
        )


def test_the_artefact_says_what_it_is(training: Training, prices: Prices) -> None:
    artifact = training.artifact
    assert artifact.symbols == ("AAA", "BBB")
    assert artifact.provider == "test"
    assert artifact.config == CONFIG
    assert artifact.training_cutoff == prices["AAA"].index[-1]
    assert artifact.n_windows == len(slow_split(prices, CONFIG)[0].inputs)
    assert artifact.data_digest == digest(pd.DataFrame(dict(prices)))
    assert artifact.packages["tensorflow"] == version("tensorflow")
    assert training.progress == [0.5, 1.0, 1.0]


def test_the_scaler_knows_the_training_windows_only(training: Training, prices: Prices) -> None:
    numbers = slow_split(prices, CONFIG)[0].inputs.ravel()
    assert training.artifact.mean == pytest.approx(math.fsum(numbers) / numbers.size, rel=1e-9)
    assert training.artifact.scale == pytest.approx(float(np.std(numbers)), rel=1e-9)


def loss_of(artifact: LSTMArtifact, rows: Rows) -> float:
    """Mean squared error of a network, run from its bytes."""
    import onnxruntime

    session = onnxruntime.InferenceSession(artifact.network)
    inputs = ((rows.inputs - artifact.mean) / artifact.scale)[:, :, None].astype(np.float32)
    (made,) = session.run(None, {session.get_inputs()[0].name: inputs})
    return float(np.mean((np.asarray(made) - rows.targets) ** 2))


def test_training_stops_early_with_the_best_epochs_weights(trainable: None, prices: Prices) -> None:
    """What the later block says of the kept network is the least that any epoch reached."""
    progress: list[float] = []
    config = replace(CONFIG, epochs=60, patience=1, batch_size=16)
    artifact = lstm_training.train(prices, provider="test", config=config, progress=progress.append)
    _, later = slow_split(prices, config)
    losses = artifact.losses
    assert 1 < losses.epochs < 60
    assert progress == [*(epoch / 60 for epoch in range(1, losses.epochs + 1)), 1.0]
    assert losses.validation == pytest.approx(loss_of(artifact, later), rel=1e-5)
    assert losses.random_walk == pytest.approx(float(np.mean(later.targets**2)), rel=1e-9)


def test_without_a_later_block_every_epoch_is_run(
    trainable: None, prices: Prices, simulate: Simulate
) -> None:
    """And two layers are more than one: each LSTM of a network is a node of its own."""
    import onnx

    config = replace(CONFIG, validation=0.0, layers=2)
    artifact = lstm_training.train(prices, provider="test", config=config, progress=lambda _: None)
    assert artifact.n_windows == 293 + 282
    assert artifact.losses == TrainingLosses(2, artifact.losses.training, None, None)
    nodes = onnx.load_from_string(artifact.network).graph.node
    assert [node.op_type for node in nodes].count("LSTM") == 2


def test_keras_is_given_standardised_windows(
    training: Training, prices: Prices, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[lstm_training.Windows] = []

    def fit(
        known: lstm_training.Windows, later: lstm_training.Windows, *_rest: object
    ) -> tuple[bytes, TrainingLosses]:
        given.extend([known, later])
        return b"", TrainingLosses(0, 0.0, None, None)

    monkeypatch.setattr(lstm_training, "_fit", fit)
    lstm_training.train(prices, provider="test", config=CONFIG, progress=lambda _: None)
    for windows, expected in zip(given, slow_split(prices, CONFIG), strict=True):
        standardised = (expected.inputs - training.artifact.mean) / training.artifact.scale
        np.testing.assert_allclose(windows.inputs, standardised, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(windows.targets, expected.targets, rtol=1e-8)
    assert given[0].inputs.std() == pytest.approx(1)


def test_prices_after_the_training_cutoff_change_nothing(
    training: Training, prices: Prices, simulate: Simulate
) -> None:
    """The same seed and past, another future and order: the same scaler, the same network."""
    until = training.artifact.training_cutoff
    future = simulate(900, seed=9).loc[until:].iloc[1:] * 1000
    longer = {symbol: pd.concat([prices[symbol], future]) for symbol in ("BBB", "AAA")}
    (again,) = lstm_training.train_schedule(
        longer, first=until, last=until, provider="test", config=CONFIG, progress=lambda _: None
    )
    assert replace(again, network=b"") == replace(training.artifact, network=b"")
    np.testing.assert_array_equal(outputs(again), outputs(training.artifact))


def test_another_seed_is_another_network(training: Training, prices: Prices) -> None:
    other = lstm_training.train(
        prices, provider="test", config=replace(CONFIG, seed=8), progress=lambda _: None
    )
    assert not np.allclose(outputs(other), outputs(training.artifact), rtol=1e-4)
    assert np.isfinite(outputs(other)).all()


def outputs(artifact: LSTMArtifact) -> Matrix:
    """What a network makes of fixed windows."""
    import onnxruntime

    session = onnxruntime.InferenceSession(artifact.network)
    windows = np.random.default_rng(3).normal(size=(50, 4, 1)).astype(np.float32)
    (made,) = session.run(None, {session.get_inputs()[0].name: windows})
    return np.asarray(made, dtype=np.float64)


class Recorder:
    """Trains nothing: notes what each network would be given."""

    def __init__(self) -> None:
        self.given: list[dict[str, pd.Series]] = []

    def __call__(
        self,
        prices: Prices,
        *,
        provider: str,
        config: LSTMConfig,
        progress: Callable[[float], None],
    ) -> LSTMArtifact:
        self.given.append(dict(prices))
        progress(0.5)
        return LSTMArtifact(
            symbols=tuple(prices),
            provider=provider,
            training_cutoff=max(closes.index[-1] for closes in prices.values()),
            config=config,
            n_windows=1,
            losses=TrainingLosses(1, 1.0, None, None),
            mean=0.0,
            scale=1.0,
            data_digest="",
            packages={},
            network=b"",
        )


@dataclass(frozen=True)
class Schedule:
    """Networks that were asked for, what each was given, and the progress."""

    artifacts: list[LSTMArtifact]
    given: list[dict[str, pd.Series]]
    progress: list[float]


def schedule(prices: Prices, first: pd.Timestamp, last: pd.Timestamp, **changes: Any) -> Schedule:
    recorder, progress = Recorder(), list[float]()
    artifacts = lstm_training.train_schedule(
        prices,
        first=first,
        last=last,
        every=100,
        provider="test",
        config=replace(CONFIG, **changes),
        progress=progress.append,
        trainer=recorder,
    )
    return Schedule(artifacts, recorder.given, progress)


def test_one_network_a_block_on_its_past_alone(simulate: Simulate) -> None:
    """From session 500 to 700, each 100: three, the last for one cutoff; windows of 380 sessions.

    The second symbol has every other session; the calendar that counts is that of both. The third
    begins at session 150: at 500 it has 351 sessions of the 357 that are needed.
    """
    every = simulate(900, seed=1)
    prices = {"Z": every, "M": every.iloc[1::2], "A": every.iloc[150:]}
    days = every.index
    made = schedule(prices, days[500], days[700], train_size=380)
    cutoffs = [days[500], days[600], days[700]]
    assert [each.training_cutoff for each in made.artifacts] == cutoffs
    assert [list(each) for each in made.given] == [["Z"], ["A", "Z"], ["A", "Z"]]
    for given, position in zip(made.given, (500, 600, 700), strict=True):
        pd.testing.assert_series_equal(given["Z"], every.iloc[position - 379 : position + 1])
    np.testing.assert_allclose(made.progress, [0.5 / 3, 1.5 / 3, 2.5 / 3])


def test_a_first_cutoff_between_sessions_begins_at_the_one_before(simulate: Simulate) -> None:
    """A Saturday; the last network isn't later than the last cutoff."""
    closes = simulate(700, seed=1)
    friday = closes.index[90 * 5 + 4]
    made = schedule({"A": closes}, friday + pd.Timedelta(days=1), friday + pd.Timedelta(days=130))
    assert [each.training_cutoff for each in made.artifacts] == [friday]


def test_a_schedule_that_begins_too_early_is_refused(simulate: Simulate) -> None:
    closes = simulate(700, seed=1)
    with pytest.raises(InsufficientHistory, match=r"'B': 300 sessions .* 357 are needed"):
        lstm_training.train_schedule(
            {"B": closes},
            first=closes.index[299],
            last=closes.index[699],
            provider="test",
            config=CONFIG,
            progress=lambda _: None,
        )


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
