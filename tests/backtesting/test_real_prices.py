"""The engine on real prices: 20 symbols of the S&P 500, 2019 to 2022, the crash of 2020 among them.

skfolio's data set, "for testing only" by its own words; adjusted closes.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from skfolio.datasets import load_sp500_dataset

from stockanalyst._typing import Vector
from stockanalyst.backtesting.engine import Setup, walk_forward
from stockanalyst.backtesting.results import Backtest
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.registry import FACTORIES

LEVELS = (0.8, 0.9, 0.95)
STEPS = (1, 7)
PLAN = WalkForward(n_cutoffs=1000, train_size=1000, refit=21)
MODELS = [*FACTORIES, *COMBINATIONS]


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    dataset: pd.DataFrame = load_sp500_dataset()
    return dataset


@pytest.fixture(scope="module")
def past(prices: pd.DataFrame) -> Backtest:
    """Every model but the LSTM."""
    setup = Setup(horizon=7, plan=PLAN, levels=LEVELS, ensembles=tuple(COMBINATIONS))
    models = [make() for make in FACTORIES.values()]
    return Backtest.of(
        list(walk_forward(prices, models, setup, steps=STEPS)), symbols=list(prices.columns)
    )


@pytest.fixture(scope="module")
def pooled(past: Backtest) -> pd.DataFrame:
    """By step and model; 20 symbols × 1,000 cutoffs each."""
    table = past.scores.pooled.set_index(["step", "model"])
    assert list(table.index) == [(step, model) for step in STEPS for model in MODELS]
    assert (table["n"] == 20_000).all()
    return table


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_keep_their_word_through_the_crash(pooled: pd.DataFrame, level: float) -> None:
    covered = pooled[f"coverage_{level * 100:.0f}"]
    assert covered.between(level - 0.02, level + 0.02).all(), covered


def test_the_worst_sixty_sessions_stay_bearable(pooled: pd.DataFrame) -> None:
    """A random walk with a constant σ falls to about one half in March 2020."""
    worst = pooled.xs(1, level="step")["worst_60_90"]
    assert worst.min() >= 0.80, worst


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_intervals_are_narrower_and_better_than_with_a_constant_deviation(
    past: Backtest, prices: pd.DataFrame, level: float
) -> None:
    """Beside e^(± z σ), σ the deviation of the last 1,000 log returns at each cutoff.

    Narrower in the median of all symbols and cutoffs, and better by the mean Winkler score, both
    as shares of the price at the cutoff.
    """
    suffix = f"{level * 100:.0f}"
    own_widths, widths, own_scores, scores = [], [], [], []
    for symbol in past.symbols:
        closes = prices[symbol].to_numpy()
        base, ratio = closes[-1007:-7], closes[-1006:-6] / closes[-1007:-7]
        deviation = pd.Series(np.diff(np.log(closes))).rolling(1000).std().to_numpy()[-1007:-7]
        reach = norm.ppf(0.5 + level / 2) * deviation
        widths.append(np.exp(reach) - np.exp(-reach))
        scores.append(winkler(ratio, np.exp(-reach), np.exp(reach), level))
        rows = past.forecasts_of(symbol).query("model == 'random_walk' and step == 1")
        np.testing.assert_array_equal(rows["yhat"], base)
        lower, upper = (rows[f"{side}_{suffix}"].to_numpy() / base for side in ("lo", "hi"))
        own_widths.append(upper - lower)
        own_scores.append(winkler(ratio, lower, upper, level))
    assert np.median(own_widths) < np.median(widths)
    assert np.mean(own_scores) < np.mean(scores)


def winkler(y: Vector, lower: Vector, upper: Vector, level: float) -> Vector:
    missed = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
    score: Vector = upper - lower + 2 / (1 - level) * missed
    return score


def test_no_model_beats_the_random_walk(past: Backtest, pooled: pd.DataFrame) -> None:
    """Pooled, whatever is significant is worse; of one symbol, more than some percent is a leak."""
    better = pooled[(pooled["skill"] > 0) & (pooled["dm_p"] < 0.05)]
    assert better.empty, better
    assert past.skill["skill"].max() < 0.05
    assert not ((past.skill["skill"] > 0) & (past.skill["q_value"] < 0.05)).any()
