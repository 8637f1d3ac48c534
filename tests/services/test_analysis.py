"""The use case as a whole, on prices in memory."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import (
    InputError,
    InsufficientHistory,
    InvalidCutoff,
    InvalidSymbol,
)
from stockanalyst.market import calendars
from stockanalyst.market.prices import PriceHistory
from stockanalyst.recommendation.policy import Action
from stockanalyst.services.requests import options
from tests.services.conftest import Build, MemoryProvider, autoregressive

QUICK = ["drift", "linear", "ensemble"]


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    return autoregressive(phi=0.5, seed=0)


def test_a_strong_signal_yields_buys_and_sells(build: Build, signal: np.ndarray) -> None:
    service = build(MemoryProvider({"AR": signal}))
    sessions = pd.bdate_range("2015-01-01", periods=len(signal))
    said = Counter(
        service.analyze("AR", options(models=["linear"], cutoff=cutoff)).recommendation.action
        for cutoff in sessions[-20::2]
    )
    assert said[Action.BUY] >= 2
    assert said[Action.SELL] >= 2
    assert said[Action.NO_CALL] == 0


def test_the_rule_was_right_more_often_than_not_on_a_strong_signal(
    build: Build, signal: np.ndarray
) -> None:
    said = build(MemoryProvider({"AR": signal})).analyze("AR", options(models=["linear"]))
    record = said.recommendation.track_record
    # A normal AR(1) with φ = 0.5: P(sign right | forecast) ≥ 1/2 + arcsin(0.5)/π = 2/3 on average,
    # higher where the forecast is large enough to call. 40 calls: 3 standard errors are 0.22.
    assert record.n_calls >= 40
    assert record.hit_rate > 2 / 3 - 0.15
    assert record.mean_return > 0


def test_random_walks_are_rarely_called(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "_recorded", cache(calendars._recorded))  # slow to build
    walks = {f"W{k}": autoregressive(phi=0.0, seed=100 + k) for k in range(20)}
    service = build(MemoryProvider(walks))
    calls = [
        service.analyze(name, options(models=QUICK)).recommendation.action != "NO CALL"
        for name in walks
    ]
    # Family-wise error 5 %: of 20, P(more than 4) is 0.3 %.
    assert sum(calls) <= 4


def test_nothing_after_the_cutoff_matters(build: Build, signal: np.ndarray) -> None:
    garbled = signal.copy()
    garbled[1300:] = np.random.default_rng(5).uniform(1e-3, 1e6, garbled.size - 1300)
    cutoff = pd.bdate_range("2015-01-01", periods=1300)[-1]
    chosen = options(models=["drift", "linear", "arima", "ensemble"], cutoff=cutoff)
    seen = [
        build(MemoryProvider({"AR": closes})).analyze("AR", chosen).to_dict()
        for closes in (signal, garbled, signal[:1300])
    ]
    assert json.dumps(seen[0]) == json.dumps(seen[1]) == json.dumps(seen[2])


def test_a_cutoff_between_sessions_is_the_session_before(build: Build, signal: np.ndarray) -> None:
    service = build(MemoryProvider({"AR": signal}))
    sunday = service.analyze("AR", options(models=["drift"], cutoff="2020-02-02"))
    assert sunday.cutoff == pd.Timestamp("2020-01-31")


def test_the_json_is_json(build: Build, signal: np.ndarray) -> None:
    analysis = build(MemoryProvider({"AR": signal})).analyze("AR", options(models=QUICK))
    parsed = json.loads(json.dumps(analysis.to_dict(), allow_nan=False))
    assert parsed["symbol"] == "AR"
    assert parsed["skill"][0]["skill"] is None  # the random walk against itself
    assert {row["model"] for row in parsed["forecast"]} == {
        "random_walk",
        "drift",
        "linear",
    }
    assert parsed["missing"] == [
        {
            "symbol": "AR",
            "model": "ensemble",
            "reason": "it needs two models besides the baselines",
            "mend": "add one, such as: --models linear,arima,ensemble",
        }
    ]


@pytest.mark.parametrize("horizon", [1, 7, 60])
def test_the_horizon_sets_sessions_and_steps(
    build: Build, signal: np.ndarray, horizon: int
) -> None:
    chosen = options(models=QUICK, horizon=horizon)
    analysis = build(MemoryProvider({"AR": signal})).analyze("AR", chosen)
    assert len(analysis.forecast) == 3 * horizon
    assert sorted(set(analysis.backtest.skill["step"])) == sorted({1, horizon})
    assert (analysis.forecast["session"] > analysis.cutoff).all()


@pytest.mark.parametrize("cutoff", ["2014-01-01", "2035-01-01"])
def test_a_cutoff_outside_the_data_names_the_range(
    build: Build, signal: np.ndarray, cutoff: str
) -> None:
    with pytest.raises(InvalidCutoff, match="2015-01-01 to 2020-05-13"):
        build(MemoryProvider({"AR": signal})).analyze("AR", options(cutoff=cutoff))


def test_twenty_bars_are_too_few(build: Build) -> None:
    provider = MemoryProvider({"NEW": autoregressive(0.0, 1, n=20)})
    with pytest.raises(InsufficientHistory) as caught:
        build(provider).analyze("NEW", options())
    assert str(caught.value) == (
        "symbol 'NEW': 20 sessions up to the cutoff, 757 are needed "
        "(500 to train, 250 past cutoffs, 7 steps); "
        "choose a later cutoff, fewer past cutoffs, a shorter horizon or a longer history, or "
        "leave the symbol out"
    )


def test_a_backtest_needs_the_history_of_its_own_plan(build: Build) -> None:
    """And no more: 500 to train, 20 cutoffs and 7 steps, where the service's own needs 757."""
    service = build(MemoryProvider({"NEW": autoregressive(0.0, 1, n=527)}))
    chosen = options(models=["drift"])
    past = service.backtest("NEW", chosen, plan=WalkForward(n_cutoffs=20))
    assert past.forecasts["cutoff"].nunique() == 20
    with pytest.raises(InsufficientHistory, match="528 are needed"):
        service.backtest("NEW", chosen, plan=WalkForward(n_cutoffs=21))
    for ask in (service.backtest, service.analyze):
        with pytest.raises(InsufficientHistory, match="757 are needed"):
            ask("NEW", chosen)


def test_a_bad_symbol_never_reaches_the_provider(build: Build) -> None:
    provider = MemoryProvider({})
    for symbol in ("", "   ", "A" * 300, "../../etc/passwd", "A B", "<b>"):
        with pytest.raises(InvalidSymbol, match=r"^symbol .*give one ticker") as caught:
            build(provider).analyze(symbol, options())
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 200
    assert provider.asked == []


def test_a_price_that_never_moves_is_analysed(build: Build) -> None:
    analysis = build(MemoryProvider({"FLAT": np.full(1000, 42.0)})).analyze(
        "FLAT", options(models=["drift", "linear", "arima", "ensemble"])
    )
    assert analysis.recommendation.action == "NO CALL"
    assert analysis.recommendation.reasons[0].sentence == (
        "No model beats the random walk on FLAT at horizon 1 or 7: "
        "its price didn't move, so there was nothing to test."
    )
    assert np.allclose(analysis.forecast["yhat"], 42.0)


def test_a_price_that_is_known_for_certain_is_called(build: Build) -> None:
    closes = np.where(np.arange(1000) % 2, 101.0, 100.0)
    analysis = build(MemoryProvider({"SAW": closes})).analyze("SAW", options(models=["arima"]))
    assert analysis.recommendation.action is Action.SELL  # it stands at 101
    assert analysis.recommendation.track_record.hit_rate == 1.0


def test_what_looks_like_a_fault_of_the_data_is_told(build: Build, signal: np.ndarray) -> None:
    split = np.where(np.arange(signal.size) < 1000, signal, signal / 2)
    analysis = build(MemoryProvider({"AR": split})).analyze("AR", options(models=["drift"]))
    (note,) = analysis.backtest.notes
    assert note == (
        "The close moved by −49 % on 2018-11-01: if that was a split, the prices need adjusting."
    )


def test_a_backtest_of_two_symbols_is_both_alone(build: Build, signal: np.ndarray) -> None:
    service = build(MemoryProvider({"A": signal, "B": autoregressive(0.0, 9)}))
    chosen = options(models=QUICK)
    together = service.backtest(["A", "B"], chosen)
    apart = [service.backtest([name], chosen).forecasts for name in ("A", "B")]
    pd.testing.assert_frame_equal(together.forecasts, pd.concat(apart, ignore_index=True))


def test_symbols_of_other_calendars_are_walked_as_they_are(build: Build) -> None:
    """LATE has sessions before and after those of EARLY; each is walked as it is alone."""
    early, late = autoregressive(0.0, 8, n=800), autoregressive(0.0, 9, n=800)
    services = {
        name: build(MemoryProvider({name: closes}, start=start))
        for name, closes, start in (("A", early, "2015-01-01"), ("B", late, "2013-01-02"))
    }
    together = build(TwoCalendars({"A": early, "B": late}))
    chosen = options(models=["drift"])
    frames = [service.backtest([name], chosen).forecasts for name, service in services.items()]
    pd.testing.assert_frame_equal(
        together.backtest(["A", "B"], chosen).forecasts,
        pd.concat(frames, ignore_index=True),
        check_exact=True,
    )


class TwoCalendars(MemoryProvider):
    """B begins two years before A."""

    def history(self, symbol: str) -> PriceHistory:
        start = "2015-01-01" if symbol == "A" else "2013-01-02"
        return replace(self, start=start).known(symbol)

    def known(self, symbol: str) -> PriceHistory:
        return super().history(symbol)


def test_a_symbol_asked_for_twice_is_walked_once(build: Build, signal: np.ndarray) -> None:
    service = build(MemoryProvider({"AR": signal}))
    once, twice = (
        service.backtest(asked, options(models=["drift"])) for asked in (["AR"], ["AR", "ar"])
    )
    assert twice.symbols == ("AR",)
    pd.testing.assert_frame_equal(twice.skill, once.skill)


def test_no_symbol_at_all_is_refused(build: Build) -> None:
    with pytest.raises(InputError, match=r"^symbols .*: "):
        build(MemoryProvider({})).backtest([], options())


@pytest.mark.parametrize(("symbol", "known"), [("AR", True), ("AR.NS", False)])
def test_weekdays_that_stand_in_for_sessions_are_admitted(
    build: Build, signal: np.ndarray, symbol: str, known: bool
) -> None:
    # exchange_calendars 4.13 records the holidays of Bombay up to 2026 and no further.
    provider = MemoryProvider({symbol: signal}, start="2021-08-20")
    analysis = build(provider).analyze(symbol, options(models=["drift"]))
    assert analysis.forecast["session"].max() > pd.Timestamp("2027-01-01")
    assert any("weekdays stand in" in note for note in analysis.backtest.notes) is not known
