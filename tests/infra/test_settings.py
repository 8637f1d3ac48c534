"""The settings tree and its defaults."""

from pathlib import Path

import pytest

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.lstm import LSTMConfig
from stockanalyst.infra.settings import Settings, load_settings
from stockanalyst.recommendation.policy import Policy


def test_defaults_are_those_of_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOCKANALYST_CACHE_DIR", raising=False)
    settings = Settings()
    assert Policy(**settings.policy.model_dump()) == Policy()
    assert LSTMConfig(**settings.lstm.model_dump()) == LSTMConfig()
    assert WalkForward(**settings.walk_forward.model_dump()) == WalkForward()


def test_the_environment_sets_any_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKANALYST_POLICY__COST", "0.002")
    monkeypatch.setenv("STOCKANALYST_LSTM__EPOCHS", "3")
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", "/somewhere")
    settings = load_settings()
    assert settings.policy.cost == 0.002
    assert settings.policy.alpha == 0.05
    assert settings.lstm.epochs == 3
    assert settings.cache_dir == Path("/somewhere")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STOCKANALYST_POLICY__COST", "a lot"),
        ("STOCKANALYST_WALK_FORWARD__N_CUTOFFS", "20"),
        ("STOCKANALYST_LSTM__UNITS", "0"),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
