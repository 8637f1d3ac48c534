"""Which network takes part in an analysis, and why one doesn't."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError, ModelUnavailable
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.base import Panel
from stockanalyst.forecasting.lstm import (
    LSTMArtifact,
    LSTMConfig,
    LSTMForecaster,
    TrainingLosses,
)
from stockanalyst.forecasting.protocols import Trainer
from stockanalyst.market.prices import digest, rebased_close
from stockanalyst.services.networks import NetworkService
from stockanalyst.services.protocols import silent
from stockanalyst.services.requests import Options, options
from tests.services.conftest import CONFIG, SESSIONS, MemoryProvider, autoregressive
from tests.services.networks import constant_network

CLOSES = autoregressive(phi=0.0, seed=3)
DATES = pd.bdate_range("2015-01-01", periods=SESSIONS)
FIRST_CUTOFF = DATES[SESSIONS - 1 - 7 - 249]
LSTM_ONLY = ["lstm"]
CHOSEN = options(models=LSTM_ONLY)

Build = Callable[..., NetworkService]


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
            losses=TrainingLosses(1, 1.0, None, None),
            mean=0.0,
            scale=1.0,
            data_digest=digest(pd.DataFrame(dict(prices))),
            packages={},
            network=constant_network(config.lookback, config.horizon),
        )


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make a NetworkService over prices in memory; all of a test share their folder."""

    def make(
        provider: MemoryProvider, *, trainer: Trainer | None = None, config: LSTMConfig = CONFIG
    ) -> NetworkService:
        return NetworkService(
            provider=lambda _name: provider,
            artifacts=FolderArtifacts(own=tmp_path / "own", shipped=tmp_path / "shipped"),
            trainer=trainer,
            config=config,
            plan=WalkForward(),
        )

    return make


def forecaster(networks: NetworkService, chosen: Options = CHOSEN) -> LSTMForecaster:
    """That of an analysis of W."""
    history = networks.provider("").history("W")
    closes = rebased_close(history.until(chosen.cutoff))
    return networks.forecaster(history, closes, chosen, silent)


def gap(networks: NetworkService, chosen: Options = CHOSEN) -> tuple[str, str]:
    """Why there is none, and what mends it."""
    with pytest.raises(ModelUnavailable) as caught:
        forecaster(networks, chosen)
    assert caught.value.model == "lstm"
    return caught.value.reason, caught.value.mend


def test_a_network_is_trained_once_on_prices_before_the_first_past_cutoff(build: Build) -> None:
    trainer = RecordingTrainer()
    networks = build(MemoryProvider({"W": CLOSES}), trainer=trainer)
    first, again = forecaster(networks), forecaster(networks)
    assert first.artifacts == again.artifacts
    (given,) = trainer.given
    assert given["W"].index[-1] == FIRST_CUTOFF - pd.offsets.BDay(1)
    assert first.training_cutoff == given["W"].index[-1]


def test_a_network_that_outputs_no_move_is_the_random_walk(build: Build) -> None:
    model = forecaster(build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer()))
    prices = Panel(("W",), DATES.as_unit("ns").to_numpy()[None], np.log(CLOSES)[None])
    cutoffs = np.arange(SESSIONS - 250, SESSIONS)
    made = model.walk(prices, cutoffs, 7, train_size=1000, refit=1)
    expected = np.repeat(prices.log_price[:, cutoffs, None], 7, axis=2)
    np.testing.assert_array_equal(made, expected)


def test_without_tensorflow_there_is_a_reason_and_a_command(build: Build) -> None:
    assert gap(build(MemoryProvider({"W": CLOSES}))) == (
        "no network for W (memory) with these settings, and the extra [train] isn't installed",
        (
            "run: pip install 'stockanalyst[train]' && "
            "stockanalyst train W --provider memory --horizon 7"
        ),
    )


def test_nothing_is_trained_where_the_caller_wont_wait(build: Build) -> None:
    trainer = RecordingTrainer()
    networks = build(MemoryProvider({"W": CLOSES}), trainer=trainer)
    reason, mend = gap(networks, options(models=LSTM_ONLY, train=False))
    assert reason == "no network for W (memory) with these settings yet"
    assert mend == "run: stockanalyst train W --provider memory --horizon 7"
    assert trainer.given == []


def test_a_network_that_has_seen_the_past_cutoffs_is_refused(build: Build) -> None:
    networks = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    forecaster(networks)
    cutoff = DATES[-50]
    reason, mend = gap(networks, options(models=LSTM_ONLY, cutoff=cutoff))
    trained, first = FIRST_CUTOFF - pd.offsets.BDay(1), DATES[SESSIONS - 50 - 7 - 249]
    assert reason == (
        f"the network saw prices up to {trained:%Y-%m-%d}, and the first past cutoff that it "
        f"would be judged at is {first:%Y-%m-%d}"
    )
    assert f"stockanalyst train W --provider memory --cutoff {cutoff:%Y-%m-%d}" in mend


def test_without_tensorflow_the_command_begins_with_its_installation(build: Build) -> None:
    provider = MemoryProvider({"W": CLOSES})
    forecaster(build(provider, trainer=RecordingTrainer()))
    _, mend = gap(build(provider), options(models=LSTM_ONLY, cutoff=DATES[-50]))
    assert mend.startswith("run: pip install 'stockanalyst[train]' && stockanalyst train W ")


def test_the_command_that_is_named_is_the_one_that_helps(build: Build) -> None:
    networks = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    forecaster(networks)
    chosen = options(models=LSTM_ONLY, cutoff=DATES[-50])
    artifact, _ = networks.train(["W"], chosen)
    assert forecaster(networks, chosen).artifacts == (artifact,)


@pytest.mark.parametrize(
    ("horizon", "config"),
    [(CONFIG.horizon + 1, CONFIG), (CONFIG.horizon, replace(CONFIG, units=3))],
)
def test_another_horizon_or_other_settings_need_another_network(
    build: Build, horizon: int, config: LSTMConfig
) -> None:
    trainer = RecordingTrainer()
    provider = MemoryProvider({"W": CLOSES})
    forecaster(build(provider, trainer=trainer))
    other = build(provider, trainer=trainer, config=config)
    for _time in range(2):
        model = forecaster(other, options(models=LSTM_ONLY, horizon=horizon))
        assert model.artifacts[0].config == replace(config, horizon=horizon)
    assert len(trainer.given) == 2


def test_folders_of_the_same_name_share_no_network(build: Build) -> None:
    trainer = RecordingTrainer()
    for folder in ("/a/prices", "/b/prices"):
        provider = MemoryProvider({"W": CLOSES}, name="files:prices", folder=folder)
        forecaster(build(provider, trainer=trainer))
    assert len(trainer.given) == 2


def test_too_little_history_for_training_is_a_reason_too(build: Build) -> None:
    short = MemoryProvider({"W": CLOSES[:760]})
    config = LSTMConfig(lookback=5, units=2, epochs=1, horizon=20)
    networks = build(short, trainer=RecordingTrainer(), config=config)
    reason, mend = gap(networks, options(models=["lstm", "drift"]))
    assert "760 sessions up to the cutoff, 770 are needed" in reason
    assert mend == "run without it: --models random_walk,drift"


def test_a_damaged_network_is_a_reason_too(build: Build) -> None:
    networks = build(MemoryProvider({"W": CLOSES}), trainer=RecordingTrainer())
    _, path = networks.train(["W"], options())
    path.with_suffix(".onnx").write_bytes(b"no network")
    reason, _ = gap(networks)
    assert "delete both" in reason


def test_symbols_trained_together_end_together(build: Build) -> None:
    trainer = RecordingTrainer()
    provider = MemoryProvider({"A": CLOSES, "B": CLOSES[:1300]})
    artifact, _ = build(provider, trainer=trainer).train(["A", "B"], options())
    (given,) = trainer.given
    ends = {series.index[-1] for series in given.values()}
    assert ends == {DATES[1300 - 1 - 7 - 249 - 1]}
    assert artifact.symbols == ("A", "B")


def test_training_without_tensorflow_says_how_to_get_it(build: Build) -> None:
    networks = build(MemoryProvider({"W": CLOSES}))
    with pytest.raises(
        InputError, match=r"needs tensorflow; run: pip install 'stockanalyst\[train\]'"
    ):
        networks.train(["W"], options())


def wide(**columns: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(columns, index=DATES)


def scheduled(
    networks: NetworkService, prices: pd.DataFrame, *, horizon: int = 7, provider: str = "memory"
) -> LSTMForecaster:
    """Cutoffs 1000 to 1200, a network each 125 sessions: at 1000 and 1125."""
    return networks.schedule(
        prices,
        first=DATES[1000],
        last=DATES[1200],
        horizon=horizon,
        train_size=800,
        provider=provider,
    )


def test_a_walk_forward_has_a_network_for_each_125_sessions(build: Build) -> None:
    trainer, told = RecordingTrainer(), list[tuple[str, float]]()
    networks = build(MemoryProvider({}), trainer=trainer)
    late = np.where(np.arange(SESSIONS) < 900, np.nan, CLOSES)
    model = networks.schedule(
        wide(W=CLOSES, B=CLOSES * 2, L=late),
        first=DATES[1000],
        last=DATES[1200],
        horizon=9,
        train_size=800,
        provider="memory",
        progress=lambda task, share: told.append((task, share)),
    )
    assert [each.training_cutoff for each in model.artifacts] == [DATES[1000], DATES[1125]]
    assert [each.symbols for each in model.artifacts] == [("B", "W")] * 2
    assert {each.config for each in model.artifacts} == {replace(CONFIG, horizon=9, train_size=800)}
    assert trainer.given[1]["W"].index[[0, -1]].to_list() == [DATES[1125 - 799], DATES[1125]]
    assert told == [("Training the LSTM of 3 symbols", share) for share in (0.5, 1.0)]


def test_a_walk_forward_that_is_resumed_trains_nothing_again(build: Build) -> None:
    """Nor one without tensorflow, nor with the symbols in another order."""
    trainer, provider = RecordingTrainer(), MemoryProvider({})
    prices = wide(W=CLOSES, B=CLOSES * 2)
    first = scheduled(build(provider, trainer=trainer), prices)
    again = scheduled(build(provider, trainer=trainer), prices)
    untrained = scheduled(build(provider), prices[["B", "W"]])
    assert first.artifacts == again.artifacts == untrained.artifacts
    assert len(trainer.given) == 2


@pytest.mark.parametrize("change", ["prices", "provider", "horizon", "config"])
def test_what_was_trained_on_anything_else_is_trained_again(build: Build, change: str) -> None:
    trainer, provider = RecordingTrainer(), MemoryProvider({})
    networks = build(provider, trainer=trainer)
    prices = wide(W=CLOSES, B=CLOSES * 2)
    scheduled(networks, prices)
    restated = prices.assign(W=np.where(np.arange(SESSIONS) == 600, 1.0, CLOSES))
    other = build(provider, trainer=trainer, config=replace(CONFIG, seed=5))
    scheduled(
        other if change == "config" else networks,
        restated if change == "prices" else prices,
        horizon=8 if change == "horizon" else 7,
        provider="other" if change == "provider" else "memory",
    )
    assert len(trainer.given) == 4


def test_a_walk_forward_changes_no_analysis(build: Build) -> None:
    """The networks of its windows aren't those that an analysis looks for."""
    trainer, provider = RecordingTrainer(), MemoryProvider({"W": CLOSES})
    networks = build(provider, trainer=trainer)
    scheduled(networks, wide(W=CLOSES))
    model = forecaster(networks)
    assert model.training_cutoff == FIRST_CUTOFF - pd.offsets.BDay(1)
    assert len(trainer.given) == 3


def test_a_walk_forward_without_tensorflow_says_how_to_get_it(build: Build) -> None:
    networks = build(MemoryProvider({}))
    with pytest.raises(ModelUnavailable) as caught:
        scheduled(networks, wide(W=CLOSES))
    assert caught.value.reason == (
        "this walk-forward needs networks of its own, which tensorflow trains"
    )
    assert caught.value.mend == "run: pip install 'stockanalyst[train]'"


def test_a_walk_forward_from_too_early_is_a_reason_too(build: Build) -> None:
    networks = build(MemoryProvider({}), trainer=RecordingTrainer())
    late = np.where(np.arange(SESSIONS) < 900, np.nan, CLOSES)
    with pytest.raises(ModelUnavailable, match="'L': 101 sessions up to the cutoff, 362 are"):
        scheduled(networks, wide(L=late))
