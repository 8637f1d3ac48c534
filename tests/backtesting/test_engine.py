from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.backtesting.engine import forecast_next, walk_forward
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InsufficientHistory
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.base import BaseForecaster
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMForecaster
from stockanalyst.forecasting.naive import Drift, RandomWalk

HORIZON = 2
PLAN = WalkForward(n_cutoffs=12, train_size=220, refit=5)
"""Blocks of 5, 5 and 2 cutoffs."""
COLUMNS = [
    "symbol", "model", "cutoff", "session", "step",
    "yhat", "lo_80", "hi_80", "lo_95", "hi_95", "y",
]  # fmt: skip

Simulate = Callable[..., pd.Series]


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> pd.DataFrame:
    """AAA has 530 sessions, BBB the last 514 of them, the fewest that do."""
    first = simulate(530, seed=1, phi=0.3, name="AAA")
    second = simulate(530, seed=2, name="BBB")
    return pd.concat([first, second.iloc[16:]], axis=1)


@pytest.fixture(scope="module")
def models(tiny_artifact: LSTMArtifact) -> list[BaseForecaster]:
    lstm = LSTMForecaster(tiny_artifact)
    return [RandomWalk(), Drift(), LinearForecaster(), ARIMAForecaster(), lstm]


@pytest.fixture(scope="module")
def walked(prices: pd.DataFrame, models: list[BaseForecaster]) -> pd.DataFrame:
    return walk_forward(prices, models, horizon=HORIZON, plan=PLAN)


def rows_of(frame: pd.DataFrame, **values: object) -> pd.DataFrame:
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame.reset_index(drop=True)


def price_at(prices: pd.DataFrame, when: pd.Series, symbol: pd.Series) -> Vector:
    rows = prices.index.get_indexer(pd.Index(when))
    found: Vector = prices.to_numpy()[rows, prices.columns.get_indexer(pd.Index(symbol))]
    return found


def test_columns_rows_and_order(walked: pd.DataFrame, prices: pd.DataFrame) -> None:
    """2 symbols × 6 models (the ensemble added) × 12 cutoffs × 2 steps, in that order."""
    names = ["random_walk", "drift", "linear", "arima", "lstm", "ensemble"]
    expected = [
        (symbol, name, prices.index[position], prices.index[position + step], step)
        for symbol in ("AAA", "BBB")
        for name in names
        for position in range(516, 528)
        for step in (1, 2)
    ]
    assert list(walked.columns) == COLUMNS
    assert list(walked[COLUMNS[:5]].itertuples(index=False, name=None)) == expected
    assert not walked.isna().any(axis=None)


def test_the_outcome_stands_beside_the_forecast(walked: pd.DataFrame, prices: pd.DataFrame) -> None:
    expected = price_at(prices, walked["session"], walked["symbol"])
    np.testing.assert_array_equal(walked["y"], expected)


def test_the_random_walk_forecasts_the_price_of_the_cutoff_to_the_bit(
    walked: pd.DataFrame, prices: pd.DataFrame
) -> None:
    walk = rows_of(walked, model="random_walk")
    np.testing.assert_array_equal(walk["yhat"], price_at(prices, walk["cutoff"], walk["symbol"]))


def test_intervals_are_nested_around_the_forecast(walked: pd.DataFrame) -> None:
    ordered = walked[["lo_95", "lo_80", "yhat", "hi_80", "hi_95"]].to_numpy()
    assert (np.diff(ordered, axis=1) > 0).all()
    assert (ordered > 0).all()


def test_the_ensemble_is_the_mean_of_the_logs(walked: pd.DataFrame) -> None:
    members = [rows_of(walked, model=name)["yhat"] for name in ("linear", "arima", "lstm")]
    expected = np.prod(members, axis=0) ** (1 / 3)
    np.testing.assert_allclose(rows_of(walked, model="ensemble")["yhat"], expected, rtol=1e-13)


def test_one_model_makes_no_ensemble(prices: pd.DataFrame) -> None:
    three = [RandomWalk(), Drift(), LinearForecaster()]
    frame = walk_forward(prices, three, horizon=1, plan=PLAN)
    assert set(frame["model"]) == {"random_walk", "drift", "linear"}


def test_symbols_together_as_alone(
    walked: pd.DataFrame, prices: pd.DataFrame, models: list[BaseForecaster]
) -> None:
    for symbol in prices:
        alone = walk_forward(prices[[symbol]].dropna(), models, horizon=HORIZON, plan=PLAN)
        pd.testing.assert_frame_equal(alone, rows_of(walked, symbol=symbol), check_exact=True)


def test_models_may_differ_by_symbol(walked: pd.DataFrame, prices: pd.DataFrame) -> None:
    chosen: dict[str, list[BaseForecaster]] = {
        "AAA": [RandomWalk()],
        "BBB": [RandomWalk(), Drift()],
    }
    frame = walk_forward(prices, chosen, horizon=HORIZON, plan=PLAN)
    pairs = frame[["symbol", "model"]].drop_duplicates().itertuples(index=False, name=None)
    assert list(pairs) == [("AAA", "random_walk"), ("BBB", "random_walk"), ("BBB", "drift")]
    expected = rows_of(walked, symbol="BBB", model="drift")[COLUMNS[:6]]
    pd.testing.assert_frame_equal(rows_of(frame, model="drift")[COLUMNS[:6]], expected)


def test_levels_name_the_columns(prices: pd.DataFrame) -> None:
    """0.999 needs 999 scores; there are 220 at most."""
    frame = walk_forward(prices, [RandomWalk()], horizon=1, plan=PLAN, levels=(0.5, 0.999))
    assert list(frame.columns[5:]) == ["yhat", "lo_50", "hi_50", "lo_99.9", "hi_99.9", "y"]
    assert (frame["lo_99.9"] == 0).all()
    assert np.isposinf(frame["hi_99.9"]).all()


def test_progress_rises_to_one(prices: pd.DataFrame) -> None:
    """Three blocks a symbol, two symbols."""
    shares: list[float] = []
    walk_forward(prices, [RandomWalk()], horizon=HORIZON, plan=PLAN, progress=shares.append)
    assert shares == pytest.approx([1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1])
    assert shares[-1] == 1.0


def test_a_symbol_with_too_little_history(prices: pd.DataFrame) -> None:
    with pytest.raises(InsufficientHistory, match=r"'BBB': 513 sessions .* 514 are needed"):
        walk_forward(prices.iloc[:-1], [RandomWalk()], horizon=HORIZON, plan=PLAN)


class Witness(RandomWalk):
    """A random walk that notes what it was shown."""

    name: ClassVar[str] = "witness"

    def __init__(self) -> None:
        self.estimated: list[Vector] = []
        self.shown: list[Vector] = []

    def _estimate(self, log_price: Vector) -> None:
        self.estimated.append(np.exp(log_price))

    def _forecast_log(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        self.shown.append(np.exp(log_price))
        return super()._forecast_log(log_price, origins, horizon)


def test_the_embargo(prices: pd.DataFrame) -> None:
    """Estimated on the 220 sessions up to a block's first cutoff; shown nothing after its last."""
    witness = Witness()
    walk_forward(prices[["AAA"]], [witness], horizon=HORIZON, plan=PLAN)
    closes = prices["AAA"].to_numpy()
    for block, (first, last) in enumerate([(516, 520), (521, 525), (526, 527)]):
        start = first + 1 - 220
        np.testing.assert_allclose(witness.estimated[block], closes[start : first + 1])
        np.testing.assert_allclose(witness.shown[block], closes[start : last + 1])
    assert len(witness.estimated) == len(witness.shown) == 3


@settings(max_examples=10)
@given(st.integers(514, 528))
def test_the_walk_forward_doesnt_look_ahead(
    walked: pd.DataFrame,
    prices: pd.DataFrame,
    models: list[BaseForecaster],
    garbled: Callable[..., Vector],
    cutoff: int,
) -> None:
    """Every model at once, the ensemble and every interval, at every cutoff up to the garbage."""
    future = prices.apply(
        lambda column: pd.Series(
            garbled(column.to_numpy(), cutoff, seed=cutoff), index=column.index
        )
    )
    with np.errstate(over="ignore"):  # what is forecast from garbage may be endless
        seen = walk_forward(future, models, horizon=HORIZON, plan=PLAN)
    known = walked["cutoff"] <= prices.index[cutoff]
    made = COLUMNS[:-1]
    pd.testing.assert_frame_equal(seen.loc[known, made], walked.loc[known, made], check_exact=True)
    happened = walked["session"] <= prices.index[cutoff]
    assert (seen.loc[happened, "y"] == walked.loc[happened, "y"]).all()


def test_forecast_next_is_the_walk_forward_of_today(
    prices: pd.DataFrame, models: list[BaseForecaster]
) -> None:
    """At the last cutoff, when every cutoff has its own estimation; to the bit."""
    closes = prices["AAA"]
    daily = WalkForward(n_cutoffs=2, train_size=220, refit=1)
    past = walk_forward(prices[["AAA"]], models, horizon=HORIZON, plan=daily)
    expected = rows_of(past, cutoff=prices.index[-3])
    sessions = pd.DatetimeIndex(prices.index[-2:])
    made = forecast_next(closes.iloc[:-2], models, sessions, plan=daily)
    assert made["y"].isna().all()
    pd.testing.assert_frame_equal(
        made.drop(columns="y"), expected.drop(columns="y"), check_exact=True
    )


@pytest.mark.parametrize("position", range(5))
def test_predict_is_the_walk_forward_at_one_cutoff(
    prices: pd.DataFrame, models: list[BaseForecaster], position: int
) -> None:
    closes, model = prices["AAA"], models[position]
    plan = WalkForward(n_cutoffs=1, train_size=220, refit=1)
    row = walk_forward(prices[["AAA"]], [model], horizon=HORIZON, plan=plan)
    forecast = model.fit(closes.to_numpy()[-222:-2]).predict(HORIZON)
    np.testing.assert_allclose(row["yhat"], forecast.yhat, rtol=1e-12)
    np.testing.assert_allclose(row[["lo_80", "lo_95"]], forecast.lower.T, rtol=1e-12)
    np.testing.assert_allclose(row[["hi_80", "hi_95"]], forecast.upper.T, rtol=1e-12)
