"""The notebook's verbs: what reaches the services, and what comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stockanalyst as sa
from stockanalyst import api
from stockanalyst.exceptions import InputError, InvalidHorizon
from stockanalyst.forecasting.linear import LinearForecaster

SMALL: dict[str, Any] = {"models": ["linear"], "n_cutoffs": 5, "horizon": 3, "train_size": 300}


@pytest.fixture(autouse=True)
def _own_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("STOCKANALYST_CACHE_DIR", str(tmp_path / "cache"))
    api._services.cache_clear()
    yield
    api._services.cache_clear()


@pytest.fixture(scope="module")
def closes() -> pd.DataFrame:
    """Of the embedded sample, up to the end of 2012."""
    return sa.load_closes(["AAPL", "MSFT"], provider="sample", cutoff="2012-12-31")


def test_closes_as_a_table(closes: pd.DataFrame) -> None:
    assert list(closes.columns) == ["AAPL", "MSFT"]
    assert (closes.index[0], closes.index[-1]) == (
        pd.Timestamp("2000-03-01"),
        pd.Timestamp("2012-12-31"),
    )
    assert (closes > 0).all(axis=None)


def test_a_table_and_its_symbols_are_walked_alike(closes: pd.DataFrame) -> None:
    """Only the steps that are scored differ."""
    table = sa.backtest(closes, **SMALL)
    symbols = sa.backtest(["AAPL", "MSFT"], provider="sample", cutoff="2012-12-31", **SMALL)
    pd.testing.assert_frame_equal(table.forecasts, symbols.forecasts, check_exact=True)
    assert sorted(set(table.skill["step"])) == [1, 2, 3]
    assert sorted(set(symbols.skill["step"])) == [1, 3]
    one = sa.backtest("MSFT", provider="sample", cutoff="2012-12-31", **SMALL)
    pd.testing.assert_frame_equal(one.forecasts, table.forecasts_of("MSFT"), check_exact=True)


def test_a_table_is_walked_by_every_model_but_the_lstm(closes: pd.DataFrame) -> None:
    past = sa.backtest(closes[["AAPL"]], n_cutoffs=2, horizon=1, train_size=300)
    assert list(dict.fromkeys(past.forecasts["model"])) == [
        "random_walk", "drift", "seasonal_naive", "linear", "ridge", "arima", "auto_arima", "theta",
        "ensemble", "ensemble_inverse", "ensemble_stacked",
    ]  # fmt: skip
    assert past.missing == ()


def test_options_reach_the_walk_forward(closes: pd.DataFrame) -> None:
    past = sa.backtest(
        closes,
        models=(LinearForecaster(3),),
        horizon=1,
        train_size=200,
        step=5,
        refit=2,
        n_cutoffs=4,
        levels=[0.9],
        intervals="gaussian",
        volatility="constant",
    )
    assert list(past.forecasts["cutoff"].unique()) == list(closes.index[-17:-1:5])
    assert {"lo_90", "hi_90"} <= set(past.forecasts)
    width = np.log(past.forecasts["hi_90"] / past.forecasts["yhat"])
    below = np.log(past.forecasts["yhat"] / past.forecasts["lo_90"])
    np.testing.assert_allclose(width, below, rtol=1e-9)


def test_a_folder_and_progress(closes: pd.DataFrame, tmp_path: Path) -> None:
    told: list[float] = []
    asked = {**SMALL, "folder": str(tmp_path / "results")}
    past = sa.backtest(closes, **asked, progress=lambda _task, share: told.append(share))
    assert told == [0.0, 1.0]
    files = list((tmp_path / "results").iterdir())
    assert len(files) == closes.shape[1]
    assert set(pd.read_parquet(files[0])["model"]) == {"random_walk", "linear"}
    again = sa.backtest(closes, **asked)
    pd.testing.assert_frame_equal(again.forecasts, past.forecasts, check_exact=True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"horizon": 0}, "horizon 0: give a whole number of sessions from 1 to 60"),
        ({"levels": [80]}, "level 80: give a decimal from 0.5 to 0.99"),
        ({"intervals": "adaptiv"}, "intervals.method 'adaptiv': did you mean adaptive?"),
        ({"volatility": "arch"}, "intervals.volatility 'arch': did you mean garch?"),
        ({"models": ["prophet"]}, "models 'prophet': choose from random_walk"),
        ({"train_size": 99}, "train_size 99: give a whole number, 100 or more"),
        ({"n_jobs": 0}, "n_jobs 0: give 1 or more"),
    ],
)
def test_bad_input_is_one_line(closes: pd.DataFrame, asked: dict[str, Any], message: str) -> None:
    for prices, more in ((closes, {}), ("AAPL", {"provider": "sample"})):
        every: dict[str, Any] = {**more, **SMALL, **asked}
        with pytest.raises(InputError) as caught:
            sa.backtest(prices, **every)
        assert str(caught.value).startswith(message)
        assert "\n" not in str(caught.value)


def test_a_model_of_ones_own_needs_a_table() -> None:
    with pytest.raises(InputError, match=r"^models .*: give names, or a table of prices in place"):
        sa.backtest("AAPL", models=[LinearForecaster()], provider="sample")


def test_an_analysis_checks_its_horizon() -> None:
    with pytest.raises(InvalidHorizon):
        sa.analyze("AAPL", horizon=61, provider="sample")


def test_one_model_needs_no_list(closes: pd.DataFrame) -> None:
    asked = {name: value for name, value in SMALL.items() if name != "models"}
    past = sa.backtest(closes, models="linear", **asked)
    assert set(past.skill["model"]) == {"random_walk", "linear"}


@pytest.mark.parametrize("seed", range(1000, 1004))
def test_no_model_at_any_step_beats_random_walks(seed: int) -> None:
    """15 walks, every quick model, every step: 1,050 tests a table, and not one claim."""
    shocks = np.random.default_rng(seed).normal(0, 0.01, (900, 15)).cumsum(axis=0)
    walks = pd.DataFrame(100 * np.exp(shocks), index=pd.bdate_range("2015-01-01", periods=900))
    scores = sa.backtest(walks.rename(columns="W{}".format)).skill
    assert not ((scores["skill"] > 0) & (scores["q_value"] < 0.05)).any()
