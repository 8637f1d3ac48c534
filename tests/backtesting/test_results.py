from collections.abc import Callable
from math import sqrt

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.engine import walk_forward
from stockanalyst.backtesting.results import share_of_rises, skill_table
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.naive import Drift, RandomWalk
from stockanalyst.metrics.forecast import diebold_mariano

SESSIONS = pd.bdate_range("2013-03-04", periods=5, name="session")
PRICES = pd.DataFrame({"AAA": [8.0, 10.0, 11.0, 11.0, 9.0]}, index=SESSIONS)
LEVELS = (0.8, 0.95)

Simulate = Callable[..., pd.Series]


def forecast_frame() -> pd.DataFrame:
    """From 10, 11 and 11 the price came to 11, 11 and 9; a model said 12, 10 and 8."""
    shared = {"symbol": "AAA", "cutoff": SESSIONS[1:4], "session": SESSIONS[2:5], "step": 1}
    outcome = {"y": [11.0, 11.0, 9.0]}
    bounds = {"lo_80": 9.5, "hi_80": 10.5, "lo_95": 9.0, "hi_95": 11.0}
    walk = {**shared, "model": "random_walk", "yhat": [10.0, 11.0, 11.0], **bounds, **outcome}
    model = {**shared, "model": "oracle", "yhat": [12.0, 10.0, 8.0], **bounds, **outcome}
    return pd.concat([pd.DataFrame(walk), pd.DataFrame(model)], ignore_index=True)


def test_skill_table_by_hand() -> None:
    """Errors −1, 1, 1 against the random walk's 1, 0, −2.

    MASE: the step from 8 to 10 scales, 1/2. Direction: up called up, no move, down called down.
    Coverage: none of 11, 11, 9 within 9.5 to 10.5; all within 9 to 11. Skill 1 − 1/√(5/3).
    Diebold–Mariano: differences of squares 0, 1, −3, mean −2/3, γ₀ = (4 + 25 + 49)/27 = 26/9;
    factor (3 + 1 − 2)/3 = 2/3; statistic −2/3·√(2/3)/√(26/27) = −2/√13. Student's t with 2
    degrees of freedom has the two-sided p-value 1 − t/√(2 + t²) = 1 − 2/√30.
    """
    table = skill_table(forecast_frame(), PRICES, steps=[1], levels=LEVELS, train_size=1000)
    expected = pd.DataFrame(
        {
            "symbol": "AAA",
            "step": 1,
            "model": ["random_walk", "oracle"],
            "n": 3,
            "rmse": [sqrt(5 / 3), 1.0],
            "mae": [1.0, 1.0],
            "mase": [0.5, 0.5],
            "directional_accuracy": [np.nan, 1.0],
            "coverage_80": [0.0, 0.0],
            "coverage_95": [1.0, 1.0],
            "skill": [np.nan, 1 - sqrt(3 / 5)],
            "dm_statistic": [np.nan, -2 / sqrt(13)],
            "dm_p": [np.nan, 1 - 2 / sqrt(30)],
        }
    )
    pd.testing.assert_frame_equal(table, expected, rtol=1e-13)


def test_only_the_training_window_scales_the_mase() -> None:
    """The step from 8 to 10, not the 7 before it, and nothing after the first cutoff."""
    before = pd.DataFrame({"AAA": [15.0]}, index=[SESSIONS[0] - pd.Timedelta(days=3)])
    table = skill_table(
        forecast_frame(), pd.concat([before, PRICES]), steps=[1], levels=LEVELS, train_size=2
    )
    assert table["mase"].tolist() == [0.5, 0.5]


def test_steps_and_symbols_are_scored_apart(simulate: Simulate) -> None:
    closes = pd.concat([simulate(520, seed=s, name=n) for s, n in ((1, "AAA"), (2, "BBB"))], axis=1)
    plan = WalkForward(n_cutoffs=10, train_size=300, refit=10)
    walked = walk_forward(closes, [RandomWalk(), Drift()], horizon=3, plan=plan)
    table = skill_table(walked, closes, steps=(1, 3, 1), levels=LEVELS, train_size=300)
    assert table[["symbol", "step", "model"]].to_numpy().tolist() == [
        [symbol, step, model]
        for symbol in ("AAA", "BBB")
        for step in (1, 3)
        for model in ("random_walk", "drift")
    ]
    squares = {
        key: ((rows["y"] - rows["yhat"]) ** 2).to_numpy()
        for key, rows in walked.groupby(["symbol", "step", "model"])
    }
    for row in table.to_dict("records"):
        symbol, step, model = row["symbol"], row["step"], row["model"]
        own, walk = squares[symbol, step, model], squares[symbol, step, "random_walk"]
        assert row["n"] == 10
        assert row["rmse"] == pytest.approx(np.sqrt(np.mean(own)))
        if model == "drift":
            test = diebold_mariano(own, walk, horizon=step)
            assert row["skill"] == pytest.approx(1 - np.sqrt(own.sum() / walk.sum()))
            assert (row["dm_statistic"], row["dm_p"]) == (test.statistic, test.p_value)


def test_share_of_rises_by_hand() -> None:
    """From 10 to 11, from 11 to 11, from 11 to 9: one in three."""
    assert share_of_rises(forecast_frame(), 1) == pytest.approx(1 / 3)


def test_a_price_that_stands_still_is_no_rise_and_no_direction(simulate: Simulate) -> None:
    """Prices in steps of 0.5: on many days nothing moves, and such days count for nobody."""
    closes = (simulate(620, seed=3).to_frame() * 2).round() / 2
    plan = WalkForward(n_cutoffs=100, train_size=300, refit=100)
    walked = walk_forward(closes, [RandomWalk(), Drift()], horizon=1, plan=plan)
    moves = np.diff(closes["AAA"].to_numpy())[-100:]
    assert (moves == 0).sum() > 10
    assert share_of_rises(walked, 1) == np.mean(moves > 0)
    table = skill_table(walked, closes, steps=[1], levels=LEVELS, train_size=300)
    called = closes["AAA"].iloc[519] - closes["AAA"].iloc[220]  # the drift's side, all block long
    expected = np.mean(np.sign(moves[moves != 0]) == np.sign(called))
    assert table["directional_accuracy"][1] == pytest.approx(expected, rel=1e-14)


# What the table says of series whose truth is known


class ShortMemory(LinearForecaster):
    """The same regression on two lags, so that there is an ensemble to judge."""

    name = "short_memory"

    def __init__(self) -> None:
        super().__init__(lags=2)


def scored(closes: pd.DataFrame, *models: BaseForecaster) -> pd.DataFrame:
    plan = WalkForward(n_cutoffs=250, train_size=500, refit=125)
    walked = walk_forward(closes, [RandomWalk(), *models], horizon=7, plan=plan)
    return skill_table(walked, closes, steps=(1, 7), levels=LEVELS, train_size=500)


def test_on_random_walks_skill_is_found_no_more_often_than_chance(simulate: Simulate) -> None:
    """60 walks. One-sided, p < 0.05 with positive skill is nominally 2.5 %; nested models get less.

    A share of 60 independent verdicts with 5 % exceeds 5 % + 2·√(0.05·0.95/60) = 10.6 % about
    once in forty.
    """
    walks = pd.concat([simulate(757, seed=s, name=f"W{s}") for s in range(60)], axis=1)
    table = scored(walks, Drift(), LinearForecaster(), ShortMemory())
    judged = table[table["model"] != "random_walk"].assign(
        found=lambda rows: (rows["skill"] > 0) & (rows["dm_p"] < 0.05)
    )
    shares = judged.groupby(["model", "step"])["found"].mean()
    assert len(shares) == 8
    assert judged.groupby(["model", "step"]).size().eq(60).all()
    assert shares.max() <= 0.106
    assert shares.mean() <= 0.05


def test_on_a_real_signal_skill_is_found(simulate: Simulate) -> None:
    """AR(1) returns with φ = 0.5: the one-step RMSE falls by 1 − √(1 − φ²) = 0.134."""
    closes = pd.concat(
        [simulate(757, seed=s, phi=0.5, name=f"S{s}") for s in range(100, 105)], axis=1
    )
    table = scored(closes, LinearForecaster(), ARIMAForecaster())
    one_step = table[(table["step"] == 1) & (table["model"] != "random_walk")]
    assert set(one_step["model"]) == {"linear", "arima", "ensemble"}
    assert (one_step["dm_p"] < 0.01).all()
    assert one_step.groupby("model")["skill"].mean().between(0.09, 0.18).all()
    assert (one_step["skill"] > 0).all()
    assert (one_step["directional_accuracy"] > 0.55).all()


@pytest.mark.parametrize(
    "volatility",
    [np.full(757, 0.01), np.where(np.arange(757) // 60 % 2, 0.03, 0.01)],
    ids=["constant", "changing"],
)
def test_intervals_keep_their_word(simulate: Simulate, volatility: np.ndarray) -> None:
    """20 series × 250 cutoffs: 1.96·√(0.8·0.2/5000) = 0.011 at one step.

    Seven steps ahead about a seventh of the cutoffs are independent: 0.03. Where the volatility
    jumps every 60 sessions, scores of both regimes mix, which is allowed another 0.01.
    """
    closes = pd.concat(
        [simulate(757, seed=s, volatility=volatility, name=f"V{s}") for s in range(20)], axis=1
    )
    means = scored(closes).groupby("step")[["coverage_80", "coverage_95"]].mean()
    np.testing.assert_allclose(means.loc[1], LEVELS, atol=0.021)
    np.testing.assert_allclose(means.loc[7], LEVELS, atol=0.04)
