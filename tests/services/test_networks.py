"""Which network takes part in an analysis, and why one doesn't."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig
from stockanalyst.reporting.context import Analysis
from stockanalyst.services.requests import options
from tests.services.conftest import CONFIG, SESSIONS, Build, MemoryProvider, autoregressive
from tests.services.networks import constant_network

CLOSES = autoregressive(phi=0.0, seed=3)
DATES = pd.bdate_range("2015-01-01", periods=SESSIONS)
FIRST_CUTOFF = DATES[SESSIONS - 1 - 7 - 249]
LSTM_ONLY = ["lstm"]


class RecordingTrainer:
    """Trains nothing: notes what it was given and hands out a network that forecasts no move."""

    def __init__(self) -> None:
        self.given: list[Mapping[str, pd.Series]] = []

    def __call__(
        self,
        prices: Mapping[str, pd.Series],
        *,
        provider: str,
        config: LSTMConfig,
        progress: Callable[[float], None],
    ) -> LSTMArtifact:
        self.given.append(prices)
        progress(1.0)
        return LSTMArtifact(
            symbols=tuple(prices),
            provider=provider,
            training_cutoff=max(series.index[-1] for series in prices.values()),
            config=config,
            n_windows=1,
            mean=0.0,
            scale=1.0,
            data_digest="",
            packages={},
            network=constant_network(config.lookback, config.horizon),
        )


def gap(analysis: Analysis) -> tuple[str, str]:
    (missing,) = analysis.backtest.missing
    assert missing.model == "lstm"
    return missing.reason, missing.mend


def test_a_network_is_trained_once_on_prices_before_the_first_past_cutoff(build: Build) -> None:
    trainer = RecordingTrainer()
    service = build(MemoryProvider({"W": CLOSES}), trainer=trainer)
    first = service.analyze("W", options(models=LSTM_ONLY))
    again = service.analyze("W", options(models=LSTM_ONLY))
    assert first.models == again.models == ["random_walk", "lstm"]
    (given,) = trainer.given
    assert given["W"].index[-1] < FIRST_CUTOFF
    assert given["W"].index[-1] == FIRST_CUTOFF - pd.offsets.BDay(1)
    assert first.backtest.forecasts["cutoff"].min() == FIRST_CUTOFF
    assert first.lstm is not None
    assert first.lstm["training_cutoff"] == given["W"].index[-1]


def test_a_network_that_outputs_no_move_is_the_random_walk(build: Build) -> None:
    service = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    skill = service.analyze("W", options(models=LSTM_ONLY)).backtest.skill
    by_model = skill.pivot(index="step", columns="model", values="rmse")
    assert np.allclose(by_model["lstm"], by_model["random_walk"])


def test_without_tensorflow_the_row_says_so_and_the_rest_prints(build: Build) -> None:
    analysis = build(MemoryProvider({"W": CLOSES})).analyze("W", options(models=["lstm", "drift"]))
    assert gap(analysis) == (
        "no network for W (memory) with these settings, and the extra [train] isn't installed",
        (
            "run: pip install 'stockanalyst[train]' && "
            "stockanalyst train W --provider memory --horizon 7"
        ),
    )
    assert analysis.models == ["random_walk", "drift"]


def test_nothing_is_trained_where_the_caller_wont_wait(build: Build) -> None:
    trainer = RecordingTrainer()
    service = build(MemoryProvider({"W": CLOSES}), trainer=trainer)
    reason, mend = gap(service.analyze("W", options(models=LSTM_ONLY, train=False)))
    assert reason == "no network for W (memory) with these settings yet"
    assert mend == "run: stockanalyst train W --provider memory --horizon 7"
    assert trainer.given == []


def test_a_network_that_has_seen_the_past_cutoffs_is_refused(build: Build) -> None:
    service = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    service.analyze("W", options(models=LSTM_ONLY))
    cutoff = DATES[-50]
    reason, mend = gap(service.analyze("W", options(models=LSTM_ONLY, cutoff=cutoff)))
    trained, first = FIRST_CUTOFF - pd.offsets.BDay(1), DATES[SESSIONS - 50 - 7 - 249]
    assert reason == (
        f"the network saw prices up to {trained:%Y-%m-%d}, and the first past cutoff that it "
        f"would be judged at is {first:%Y-%m-%d}"
    )
    assert f"stockanalyst train W --provider memory --cutoff {cutoff:%Y-%m-%d}" in mend


def test_without_tensorflow_the_command_begins_with_its_installation(build: Build) -> None:
    provider = MemoryProvider({"W": CLOSES})
    build(provider, trainer=RecordingTrainer()).analyze("W", options(models=LSTM_ONLY))
    _, mend = gap(build(provider).analyze("W", options(models=LSTM_ONLY, cutoff=DATES[-50])))
    assert mend.startswith("run: pip install 'stockanalyst[train]' && stockanalyst train W ")


def test_the_command_that_is_named_is_the_one_that_helps(build: Build) -> None:
    service = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    service.analyze("W", options(models=LSTM_ONLY))
    chosen = options(models=LSTM_ONLY, cutoff=DATES[-50])
    service.networks.train(["W"], chosen)
    assert service.analyze("W", chosen).backtest.missing == ()


@pytest.mark.parametrize(
    ("horizon", "config"),
    [(CONFIG.horizon + 1, CONFIG), (CONFIG.horizon, replace(CONFIG, units=3))],
)
def test_another_horizon_or_other_settings_need_another_network(
    build: Build, horizon: int, config: LSTMConfig
) -> None:
    trainer = RecordingTrainer()
    provider = MemoryProvider({"W": CLOSES})
    build(provider, trainer=trainer).analyze("W", options(models=LSTM_ONLY))
    other = build(provider, trainer=trainer, config=config)
    chosen = options(models=LSTM_ONLY, horizon=horizon)
    assert other.analyze("W", chosen).backtest.missing == ()
    assert len(trainer.given) == 2
    assert other.analyze("W", chosen).backtest.missing == ()
    assert len(trainer.given) == 2


def test_folders_of_the_same_name_share_no_network(build: Build) -> None:
    trainer = RecordingTrainer()
    for folder in ("/a/prices", "/b/prices"):
        provider = MemoryProvider({"W": CLOSES}, name="files:prices", folder=folder)
        build(provider, trainer=trainer).analyze("W", options(models=LSTM_ONLY))
    assert len(trainer.given) == 2


def test_too_little_history_for_training_is_a_reason_too(build: Build) -> None:
    short = MemoryProvider({"W": CLOSES[:760]})
    config = LSTMConfig(lookback=5, units=2, epochs=1, horizon=20)
    service = build(short, trainer=RecordingTrainer(), config=config)
    reason, mend = gap(service.analyze("W", options(models=["lstm", "drift"])))
    assert "760 sessions up to the cutoff, 770 are needed" in reason
    assert mend == "run without it: --models random_walk,drift"


def test_a_damaged_network_doesnt_take_the_rest_down(build: Build) -> None:
    service = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    _, path = service.networks.train(["W"], options())
    path.with_suffix(".onnx").write_bytes(b"no network")
    reason, _ = gap(service.analyze("W", options(models=["lstm", "drift"])))
    assert "delete both" in reason


def test_symbols_trained_together_end_together(build: Build) -> None:
    trainer = RecordingTrainer()
    provider = MemoryProvider({"A": CLOSES, "B": CLOSES[:1300]})
    artifact, _ = build(provider, trainer=trainer).networks.train(["A", "B"], options())
    (given,) = trainer.given
    ends = {series.index[-1] for series in given.values()}
    assert ends == {DATES[1300 - 1 - 7 - 249 - 1]}
    assert artifact.symbols == ("A", "B")


def test_training_without_tensorflow_says_how_to_get_it(build: Build) -> None:
    service = build(MemoryProvider({"W": CLOSES}))
    with pytest.raises(
        InputError, match=r"needs tensorflow; run: pip install 'stockanalyst\[train\]'"
    ):
        service.networks.train(["W"], options())
