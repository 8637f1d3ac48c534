"""The notebook's verbs: what reaches the services, and what comes back."""

from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import stockanalyst as sa
from stockanalyst import api
from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.backtesting.results import Backtest
from stockanalyst.exceptions import FrameSchema, InputError, InsufficientHistory, InvalidHorizon
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
        ({"train_size": 99}, "train_size 99: give a whole number from 100 to 1,000,000"),
        ({"n_jobs": 0}, "n_jobs 0: give 1 to 1,000"),
        ({"n_cutoffs": -1}, "n_cutoffs -1: give a whole number"),
    ],
)
def test_bad_input_is_one_line(closes: pd.DataFrame, asked: dict[str, Any], message: str) -> None:
    for prices, more in ((closes, {}), ("AAPL", {"provider": "sample"})):
        every: dict[str, Any] = {**more, **SMALL, **asked}
        with pytest.raises(InputError) as caught:
            sa.backtest(prices, **every)
        assert str(caught.value).startswith(message)
        assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def past(closes: pd.DataFrame) -> Backtest:
    return sa.backtest(closes, **SMALL)


@pytest.mark.parametrize(
    ("verb", "given", "message"),
    [
        ("load_closes", {"symbols": []}, "symbols []: give at least one"),
        ("load_closes", {"symbols": 5}, "symbols 5: give a text, or a list"),
        ("load_prices", {"symbol": ["AAPL"]}, "symbol <class 'list'>: give a text"),
        ("load_prices", {"provider": None}, "provider None: give a text"),
        ("analyze", {"train": "no"}, "train 'no': give True or False"),
        ("analyze", {"levels": 0.8}, "levels 0.8: give a list"),
        ("backtest", {"models": 5}, "models 5: give a list, or a forecaster"),
        ("backtest", {"models": [5]}, "models 5: give names of models, or forecasters"),
        ("backtest", {"models": "LINEAR"}, "models 'LINEAR': choose from random_walk"),
        ("backtest", {"n_jobs": "2"}, "n_jobs '2': give a whole number"),
        ("backtest", {"n_jobs": 10**9}, "n_jobs 1000000000: give 1 to 1,000, or -1"),
        ("backtest", {"progress": None}, "progress None: give a function of a task and its share"),
        ("backtest", {"folder": ""}, "folder '': give a path that a folder may have"),
        ("render_report", {"folder": ""}, "folder '': give a path that a folder may have"),
        ("simulate", {"prices": [[1, 2], [3, 4]]}, "prices <class 'list'>: give a DataFrame"),
        ("simulate", {"prices": pd.DataFrame()}, "prices: column 'symbol' is empty; give sessions"),
        ("simulate", {"rng": 0}, "rng 0: give a generator, such as numpy.random.default_rng(0)"),
        ("simulate", {"method": "x"}, "method 'x': choose one of filtered"),
        ("rank_forecast", {"prices": [[1, 2], [3, 4]]}, "prices <class 'list'>: give a DataFrame"),
        ("rank_forecast", {"prices": pd.DataFrame()}, "prices: column 'symbol' is empty; give"),
        ("run_strategy", {"costs": 0.001}, "costs 0.001: give costs, such as Costs(commission=5)"),
        ("target_weights", {"short": "no"}, "short 'no': give True or False"),
        ("target_weights", {"forecasts": pd.DataFrame()}, "forecasts: column 'symbol' is missing"),
        ("fan_chart", {"analysis": 5}, "analysis 5: give what analyze() returned"),
        (
            "error_by_horizon",
            {"backtest": "past"},
            "backtest 'past': give what backtest() returned",
        ),
        ("skill_heat_map", {"step": "1"}, "step '1': give a whole number"),
        ("coverage_over_time", {"level": 80}, "level 80: there is 0.8, 0.95"),
        ("coverage_over_time", {"beside": {"it": 5}}, "beside <class 'dict'>: give a dict of what"),
        ("find_faults", {"frame": pd.DataFrame()}, "frame: column 'close' is missing; give a col"),
        ("repaired", {"faults": pd.DataFrame()}, "faults: column 'session' is missing; give rows"),
    ],
)
def test_a_careless_call_is_answered_in_one_line(
    closes: pd.DataFrame, past: Backtest, verb: str, given: dict[str, Any], message: str
) -> None:
    sound = {
        "symbol": "AAPL",
        "symbols": "AAPL",
        "prices": closes,
        "horizon": 3,
        "weights": 0 * closes,
        "costs": sa.Costs(),
        "backtest": past,
        "forecasts": past.forecasts,
        "model": "linear",
        "step": 1,
        "level": 0.8,
        "frame": closes.rename(columns={"AAPL": "close"}),
    }
    call = getattr(sa, verb)
    needed = [
        each.name for each in signature(call).parameters.values() if each.default is each.empty
    ]
    with pytest.raises((InputError, FrameSchema)) as caught:
        call(**{**{name: sound[name] for name in needed if name not in given}, **given})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_faults_are_found_and_repaired() -> None:
    """One close and its adjusted one in cents, all else right."""
    frame = sa.load_prices("AAPL", provider="sample").iloc[-300:]
    wrong = frame.copy()
    wrong.iloc[100, [3, 4]] *= 100
    faults = sa.find_faults(wrong)
    assert set(faults["kind"]) >= {"unit"}
    mended = sa.repaired(wrong, faults[faults["kind"] == "unit"]).frame
    np.testing.assert_allclose(mended["close"], frame["close"], rtol=1e-12)


SHORT = pd.bdate_range("2020-01-01", periods=550, name="date")


def test_a_plan_of_its_own_needs_only_its_own_history(tmp_path: Path) -> None:
    """550 sessions: 20 cutoffs need 500 + 20 + 7, the 250 of the settings 757."""
    rising = pd.DataFrame({"close": 100 + np.arange(550) + np.sin(np.arange(550))}, index=SHORT)
    rising.to_csv(tmp_path / "NEW.csv")
    asked: dict[str, Any] = {"models": ["drift"], "provider": f"files:{tmp_path}"}
    past = sa.backtest("NEW", n_cutoffs=20, **asked)
    assert past.forecasts["cutoff"].nunique() == 20
    assert past.forecasts["session"].max() == SHORT[-1]
    with pytest.raises(InsufficientHistory, match=r"550 sessions .* 757 are needed"):
        sa.backtest("NEW", **asked)


def test_a_model_of_ones_own_needs_a_table() -> None:
    with pytest.raises(InputError, match=r"^models .*: give names; one of your own is walked by"):
        sa.backtest("AAPL", models=[LinearForecaster()], provider="sample")


def test_an_analysis_checks_its_horizon() -> None:
    with pytest.raises(InvalidHorizon):
        sa.analyze("AAPL", horizon=61, provider="sample")


@pytest.mark.parametrize("models", ["linear", LinearForecaster()], ids=["name", "forecaster"])
def test_one_model_needs_no_list(closes: pd.DataFrame, models: Any) -> None:
    past = sa.backtest(closes, **{**SMALL, "models": models})
    assert set(past.skill["model"]) == {"random_walk", "linear"}


@pytest.mark.parametrize("seed", range(1000, 1004))
def test_no_model_at_any_step_beats_random_walks(seed: int) -> None:
    """15 walks, every quick model, every step: 1,050 tests a table, and not one claim."""
    shocks = np.random.default_rng(seed).normal(0, 0.01, (900, 15)).cumsum(axis=0)
    walks = pd.DataFrame(100 * np.exp(shocks), index=pd.bdate_range("2015-01-01", periods=900))
    scores = sa.backtest(walks.rename(columns="W{}".format)).skill
    assert not ((scores["skill"] > 0) & (scores["q_value"] < 0.05)).any()


class Peeking(sa.SeriesForecaster):
    """Within a block of cutoffs it looks at what comes."""

    name: ClassVar[str] = "peeking"

    def estimate(self, log_price: Vector) -> None:
        """Nothing to estimate."""

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        ahead = origins[:, None] + np.arange(1, horizon + 1)
        seen: Matrix = log_price[np.minimum(ahead, log_price.size - 1)]
        return seen


@pytest.mark.parametrize("refit", [2, 5, 1000])
def test_a_model_that_peeks_within_a_block_is_refused(closes: pd.DataFrame, refit: int) -> None:
    with pytest.raises(InputError, match=r"models 'peeking': .* so it sees the future"):
        sa.backtest(closes, models=[Peeking()], n_cutoffs=12, horizon=3, refit=refit)


class Learning(Peeking):
    """It keeps what it learnt, which must not reach another symbol."""

    name: ClassVar[str] = "learning"

    def __init__(self) -> None:
        self.windows = 0

    def estimate(self, log_price: Vector) -> None:
        self.windows += log_price.size > 0

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        flat: Matrix = log_price[origins][:, None] + 1e-6 * self.windows * np.ones(horizon)
        return flat


def test_what_a_model_learnt_of_one_symbol_stays_with_it(closes: pd.DataFrame) -> None:
    asked: dict[str, Any] = {"models": [Learning()], "n_cutoffs": 3, "horizon": 2}
    both, other = sa.backtest(closes, **asked), sa.backtest(closes[["MSFT", "AAPL"]], **asked)
    for symbol in ("AAPL", "MSFT"):
        frames = both.forecasts_of(symbol), other.forecasts_of(symbol)
        pd.testing.assert_frame_equal(*frames, check_exact=True)


class Silent(Peeking):
    """It never says anything."""

    name: ClassVar[str] = "silent"

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        return np.full((origins.size, horizon), np.nan * log_price[0])


def test_a_model_that_says_nothing_is_missing(closes: pd.DataFrame) -> None:
    past = sa.backtest(closes, models=[Silent()], n_cutoffs=3, horizon=2)
    assert [(gap.symbol, gap.model) for gap in past.missing] == [
        ("AAPL", "silent"),
        ("MSFT", "silent"),
    ]


def test_a_table_ends_at_the_cutoff_and_is_doubted(closes: pd.DataFrame) -> None:
    doubtful = closes.copy()
    doubtful.iloc[-400:-390, 0] *= 100
    past = sa.backtest(doubtful, cutoff="2012-06-29", **SMALL)
    assert past.forecasts["session"].max() == pd.Timestamp("2012-06-29")
    assert any(note.startswith("AAPL: The close moved by") for note in past.notes)


def test_closes_say_where_they_come_from() -> None:
    table = sa.load_closes("MSFT", provider="sample")
    assert list(table.columns) == ["MSFT"]
    assert table.attrs["provider"] == {"MSFT": "sample"}
    assert "2013-03-01" in table.attrs["as_of"]["MSFT"]
    assert any("embedded sample" in note for note in sa.backtest(table, **SMALL).notes)


def test_weights_need_the_prices_of_their_forecasts(closes: pd.DataFrame) -> None:
    forecasts = sa.backtest(closes, **SMALL).forecasts
    later = closes.set_axis(closes.index + pd.Timedelta(hours=16))
    with pytest.raises(InputError, match="forecasts"):
        sa.target_weights(forecasts, later, model="linear", step=1)
    with pytest.raises(InputError, match="forecasts"):
        sa.target_weights(forecasts, closes[["AAPL"]], model="linear", step=1)
