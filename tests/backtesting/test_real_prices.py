"""The engine on real prices: 20 symbols of the S&P 500, 2019 to 2022, the crash of 2020 among them.

skfolio's data set, "for testing only" by its own words; adjusted closes.
"""

import numpy as np
import pandas as pd
import pytest
from skfolio.datasets import load_sp500_dataset

from stockanalyst.backtesting.engine import walk_forward
from stockanalyst.backtesting.results import skill_table
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.naive import Drift, RandomWalk

LEVELS = (0.8, 0.95)
STEPS = (1, 7)


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    dataset: pd.DataFrame = load_sp500_dataset()
    return dataset


@pytest.fixture(scope="module")
def past(prices: pd.DataFrame) -> pd.DataFrame:
    plan = WalkForward(n_cutoffs=1000, train_size=1000, refit=63)
    models = [RandomWalk(), Drift(), LinearForecaster()]
    return walk_forward(prices, models, horizon=7, plan=plan, levels=LEVELS)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("level", LEVELS)
def test_intervals_keep_their_word_through_the_crash(
    past: pd.DataFrame, step: int, level: float
) -> None:
    rows = past[past["step"] == step]
    suffix = f"{level * 100:.0f}"
    inside = rows["y"].between(rows[f"lo_{suffix}"], rows[f"hi_{suffix}"])
    by_model = inside.groupby(rows["model"]).mean()
    assert by_model.between(level - 0.03, level + 0.03).all(), by_model


def test_the_worst_sixty_sessions_stay_bearable(past: pd.DataFrame) -> None:
    rows = past[(past["step"] == 1) & (past["model"] == "random_walk")]
    inside = rows["y"].between(rows["lo_95"], rows["hi_95"])
    by_session = inside.groupby(rows["cutoff"]).mean()
    # A plain random walk with a constant σ falls to about one half in March 2020.
    assert by_session.rolling(60).mean().min() > 0.8


def test_no_simple_model_beats_the_random_walk_by_much(
    past: pd.DataFrame, prices: pd.DataFrame
) -> None:
    table = skill_table(past, prices, steps=STEPS, levels=LEVELS, train_size=1000)
    models = table[table["model"] != "random_walk"]
    assert len(models) == 20 * 2 * 2
    # Published evidence and common sense: gains of more than some percent are leaks.
    assert models["skill"].max() < 0.05
    assert np.abs(models.groupby("model")["skill"].mean()).max() < 0.03
