import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.backtesting import engine
from stockanalyst.backtesting.cube import ForecastCube
from stockanalyst.backtesting.engine import Models, Setup, forecast_next, walk_forward
from stockanalyst.backtesting.results import Backtest
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError, InsufficientHistory
from stockanalyst.forecasting.arima import ARIMAForecaster
from stockanalyst.forecasting.base import BaseForecaster, Panel, SeriesForecaster
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.intervals import METHODS, Intervals
from stockanalyst.forecasting.linear import LinearForecaster
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMForecaster
from stockanalyst.forecasting.naive import Drift, RandomWalk
from stockanalyst.forecasting.registry import FACTORIES

HORIZON = 2
PLAN = WalkForward(n_cutoffs=12, train_size=220, refit=5)
"""Blocks of 5, 5 and 2 cutoffs."""
SETUP = Setup(horizon=HORIZON, plan=PLAN, ensembles=tuple(COMBINATIONS))
MEMBERS = ("linear", "ridge", "arima", "auto_arima", "theta", "lstm")
NAMES = [*FACTORIES, "lstm", *COMBINATIONS]
COLUMNS = [
    "symbol", "model", "cutoff", "session", "step",
    "yhat", "lo_80", "hi_80", "lo_95", "hi_95", "y",
]  # fmt: skip
FRAMES = ("skill", "pooled", "by_year", "by_symbol_year", "coverage_over_time")

Simulate = Callable[..., pd.Series]


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> pd.DataFrame:
    """AAA and CCC have 530 sessions; BBB the last 514 of them, the fewest that do."""
    made = [simulate(530, seed=seed, phi=0.3, name=name) for seed, name in enumerate("ABC")]
    made[1] = made[1].iloc[16:]
    return pd.concat(made, axis=1, sort=True).rename(columns=lambda name: name * 3)


@pytest.fixture(scope="module")
def models(tiny_artifact: LSTMArtifact) -> list[BaseForecaster]:
    return [*(make() for make in FACTORIES.values()), LSTMForecaster([tiny_artifact])]


def walk(
    prices: pd.DataFrame, models: Models | Mapping[str, Models], setup: Setup = SETUP
) -> Backtest:
    parts = list(walk_forward(prices, models, setup, steps=(1, setup.horizon)))
    return Backtest.of(parts, symbols=prices.columns.to_list())


@pytest.fixture(scope="module")
def past(prices: pd.DataFrame, models: list[BaseForecaster]) -> Backtest:
    return walk(prices, models)


@pytest.fixture(scope="module")
def walked(past: Backtest) -> pd.DataFrame:
    return past.forecasts


def rows_of(frame: pd.DataFrame, **values: object) -> pd.DataFrame:
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame.reset_index(drop=True)


def price_at(prices: pd.DataFrame, when: pd.Series, symbol: pd.Series) -> Vector:
    rows = prices.index.get_indexer(pd.Index(when))
    found: Vector = prices.to_numpy()[rows, prices.columns.get_indexer(pd.Index(symbol))]
    return found


def assert_same(one: Backtest, other: Backtest) -> None:
    """Forecasts and every table of scores, to the bit."""
    pd.testing.assert_frame_equal(one.forecasts, other.forecasts, check_exact=True)
    for name in FRAMES:
        pd.testing.assert_frame_equal(
            getattr(one.scores, name), getattr(other.scores, name), check_exact=True
        )


# What stands in the frame


def test_columns_rows_and_order(walked: pd.DataFrame, prices: pd.DataFrame) -> None:
    """3 symbols × 12 models (ensembles added) × 12 cutoffs × 2 steps, in that order."""
    expected = [
        (symbol, name, prices.index[position], prices.index[position + step], step)
        for symbol in ("AAA", "BBB", "CCC")
        for name in NAMES
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
    rows = rows_of(walked, model="random_walk")
    np.testing.assert_array_equal(rows["yhat"], price_at(prices, rows["cutoff"], rows["symbol"]))


@pytest.mark.parametrize("method", METHODS)
def test_intervals_are_nested_around_the_forecast(prices: pd.DataFrame, method: str) -> None:
    models = [RandomWalk(), LinearForecaster()]
    frame = walk(prices, models, replace(SETUP, intervals=Intervals(method))).forecasts
    assert (np.diff(frame[["lo_95", "lo_80", "yhat", "hi_80", "hi_95"]], axis=1) > 0).all()
    assert (frame["lo_95"] > 0).all()
    assert np.isfinite(frame["hi_95"]).all()


def test_the_mase_is_scaled_by_the_training_window_of_the_first_cutoff(
    past: Backtest, prices: pd.DataFrame
) -> None:
    """The first cutoff is at 516; the window of 220 holds sessions 297 to 516, 219 changes."""
    changes = prices.iloc[297:517].diff().abs().mean()
    expected = past.skill["symbol"].map(changes)
    np.testing.assert_allclose(past.skill["mae"] / past.skill["mase"], expected, rtol=1e-12)


def test_the_equal_ensemble_is_the_mean_of_the_logs(walked: pd.DataFrame) -> None:
    members = [rows_of(walked, model=name)["yhat"] for name in MEMBERS]
    expected = np.exp(np.mean(np.log(members), axis=0))
    np.testing.assert_allclose(rows_of(walked, model="ensemble")["yhat"], expected, rtol=1e-13)


def test_one_model_makes_no_ensemble(prices: pd.DataFrame) -> None:
    frame = walk(prices, [RandomWalk(), Drift(), LinearForecaster()]).forecasts
    assert set(frame["model"]) == {"random_walk", "drift", "linear"}


def test_models_may_differ_by_symbol(walked: pd.DataFrame, prices: pd.DataFrame) -> None:
    chosen: dict[str, list[BaseForecaster]] = {
        "AAA": [RandomWalk()],
        "BBB": [RandomWalk(), Drift()],
        "CCC": [RandomWalk(), LinearForecaster(), ARIMAForecaster()],
    }
    past = walk(prices, chosen)
    pairs = past.forecasts[["symbol", "model"]].drop_duplicates()
    assert list(pairs.itertuples(index=False, name=None)) == [
        ("AAA", "random_walk"),
        ("BBB", "random_walk"),
        ("BBB", "drift"),
        *(("CCC", name) for name in ("random_walk", "linear", "arima", *COMBINATIONS)),
    ]
    for symbol, model in (("BBB", "drift"), ("CCC", "arima")):
        pd.testing.assert_frame_equal(
            rows_of(past.forecasts, symbol=symbol, model=model),
            rows_of(walked, symbol=symbol, model=model),
            check_exact=True,
        )
    scored = past.skill[["symbol", "model"]].drop_duplicates()
    assert list(scored.itertuples(index=False, name=None)) == list(
        pairs.itertuples(index=False, name=None)
    )


def test_levels_name_the_columns(prices: pd.DataFrame) -> None:
    setup = replace(SETUP, horizon=1, levels=(0.5, 0.999))
    columns = list(walk(prices, [RandomWalk()], setup).forecasts)
    assert columns[5:] == ["yhat", "lo_50", "hi_50", "lo_99.9", "hi_99.9", "y"]


def test_before_any_outcome_is_known_an_interval_is_endless(simulate: Simulate) -> None:
    """Cutoffs 261 apart: before the first, at 508, none has 250 sessions behind it."""
    closes = simulate(1033, seed=1).to_frame()
    setup = replace(SETUP, plan=WalkForward(n_cutoffs=3, train_size=220, step=261))
    frame = walk(closes, [RandomWalk()], setup).forecasts
    first = rows_of(frame, cutoff=closes.index[508])
    assert (first["lo_95"] == 0).tolist() == [True, True]
    assert np.isposinf(first["hi_95"]).tolist() == [True, True]


def test_a_symbol_with_too_little_history(prices: pd.DataFrame) -> None:
    with pytest.raises(InsufficientHistory, match=r"'BBB': 513 sessions .* 514 are needed"):
        walk(prices.iloc[:-1], [RandomWalk()])


# The same numbers, whatever is walked beside, and wherever


@pytest.mark.parametrize("pairs", [1, 524])
def test_the_same_in_any_chunks(
    past: Backtest,
    prices: pd.DataFrame,
    models: list[BaseForecaster],
    monkeypatch: pytest.MonkeyPatch,
    pairs: int,
) -> None:
    """A symbol a chunk, and two; whole, AAA and CCC are one, BBB is alone."""
    monkeypatch.setattr(engine, "_PAIRS", pairs)
    shares: list[float] = []
    parts = list(walk_forward(prices, models, SETUP, steps=(1, 2), progress=shares.append))
    assert len(parts) == (3 if pairs == 1 else 2)
    assert shares == pytest.approx([1 / 3, 2 / 3, 1] if pairs == 1 else [2 / 3, 1])
    assert shares[-1] == 1
    assert_same(Backtest.of(parts, symbols=prices.columns.to_list()), past)


def test_symbols_together_as_alone(
    past: Backtest, walked: pd.DataFrame, prices: pd.DataFrame, models: list[BaseForecaster]
) -> None:
    for symbol in prices:
        alone = walk(prices[[symbol]].dropna(), models).forecasts
        pd.testing.assert_frame_equal(alone, rows_of(walked, symbol=symbol), check_exact=True)
        pd.testing.assert_frame_equal(alone, past.forecasts_of(str(symbol)), check_exact=True)


def test_the_order_of_the_columns_is_only_an_order(
    past: Backtest, prices: pd.DataFrame, models: list[BaseForecaster]
) -> None:
    turned = walk(prices[["CCC", "BBB", "AAA"]], models)
    assert list(dict.fromkeys(turned.forecasts["symbol"])) == ["CCC", "BBB", "AAA"]
    assert_same(Backtest.of(turned.parts, symbols=["AAA", "BBB", "CCC"]), past)


@pytest.fixture
def processes() -> Iterator[None]:
    """Stop the processes that a test has started."""
    yield
    get_reusable_executor().shutdown(wait=True)


@pytest.mark.parametrize("backend", ["threading", "loky"])
@pytest.mark.usefixtures("processes")
def test_the_same_in_threads_and_in_processes(
    past: Backtest,
    prices: pd.DataFrame,
    models: list[BaseForecaster],
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
) -> None:
    monkeypatch.setattr(engine, "_PAIRS", 1)
    with parallel_config(backend=backend, n_jobs=2):
        assert_same(walk(prices, models), past)


class Meeting(SeriesForecaster):
    """Keeps an estimate; between estimating and forecasting it waits for the other thread."""

    name: ClassVar[str] = "meeting"
    others: ClassVar[threading.Barrier | None] = None

    def estimate(self, log_price: Vector) -> None:
        self.mean = float(log_price.mean())
        if self.others:
            self.others.wait(timeout=60)

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        return np.full((origins.size, horizon), self.mean + 0 * log_price[-1])


def test_threads_share_no_estimates(prices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    two, models = prices[["AAA", "CCC"]], [RandomWalk(), Meeting()]
    monkeypatch.setattr(engine, "_PAIRS", 1)
    alone = walk(two, models)
    monkeypatch.setattr(Meeting, "others", threading.Barrier(2))
    with parallel_config(backend="threading", n_jobs=2):
        assert_same(walk(two, models), alone)


# Nothing is known before its time


class Witness(SeriesForecaster):
    """A random walk that notes what it was shown."""

    name: ClassVar[str] = "witness"
    estimated: ClassVar[list[Vector]] = []
    shown: ClassVar[list[Vector]] = []

    def estimate(self, log_price: Vector) -> None:
        self.estimated.append(np.exp(log_price))

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        self.shown.append(np.exp(log_price))
        return np.repeat(log_price[origins][:, None], horizon, axis=1)


def test_the_embargo(prices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimated on the 220 sessions up to a block's first cutoff; shown nothing after its last.

    The blocks before are those of the 250 cutoffs that the intervals begin with.
    """
    monkeypatch.setattr(Witness, "estimated", [])
    monkeypatch.setattr(Witness, "shown", [])
    walk(prices[["AAA"]], [RandomWalk(), Witness()])
    closes = prices["AAA"].to_numpy()
    before = [(first, first + 4) for first in range(266, 516, 5)]
    blocks = [*before, (516, 520), (521, 525), (526, 527)]
    again = (516, 518)  # half a block, to see whether the model looks ahead within one
    assert len(Witness.estimated) == len(Witness.shown) == len(blocks) + 1
    for (first, last), estimated, shown in zip(
        [*blocks, again], Witness.estimated, Witness.shown, strict=True
    ):
        start = first + 1 - 220
        np.testing.assert_allclose(estimated, closes[start : first + 1])
        np.testing.assert_allclose(shown, closes[start : last + 1])


EVERY_THIRD = WalkForward(n_cutoffs=5, train_size=220, step=3)
"""Cutoffs 515, 518, 521, 524 and 527."""


@pytest.mark.parametrize(
    ("plan", "position", "method"),
    [
        (PLAN, 517, "adaptive"),
        (PLAN, 520, "bootstrap"),
        (PLAN, 526, "adaptive"),
        (EVERY_THIRD, 516, "bootstrap"),
        (EVERY_THIRD, 526, "adaptive"),
    ],
)
def test_the_walk_forward_doesnt_look_ahead(
    prices: pd.DataFrame,
    models: list[BaseForecaster],
    garbled: Callable[..., Vector],
    *,
    plan: WalkForward,
    position: int,
    method: str,
) -> None:
    """Every model at once, ensembles and intervals too, at every cutoff up to the garbage."""
    setup = replace(SETUP, plan=plan, intervals=Intervals(method))
    closes = prices[["AAA"]]
    known = walk(closes, models, setup).forecasts
    future = closes.apply(lambda column: garbled(column.to_numpy(), position, seed=position))
    with np.errstate(over="ignore", invalid="ignore"):  # forecasts of garbage may be endless
        seen = walk(future, models, setup).forecasts
    made, happened = (known[name] <= prices.index[position] for name in ("cutoff", "session"))
    assert made.any()
    pd.testing.assert_frame_equal(
        seen.loc[made, COLUMNS[:-1]], known.loc[made, COLUMNS[:-1]], check_exact=True
    )
    assert (seen.loc[happened, "y"] == known.loc[happened, "y"]).all()


@dataclass
class Peeking(BaseForecaster):
    """Says the price of `ahead` sessions later; or, where it is shown no such, the last price."""

    ahead: int
    name: ClassVar[str] = "peeking"

    def walk(
        self,
        panel: Panel,
        cutoffs: IntVector,
        horizon: int,
        *,
        train_size: int,  # noqa: ARG002  the signature is every model's
        refit: int,  # noqa: ARG002  likewise
    ) -> Cube:
        seen = np.minimum(cutoffs + self.ahead, panel.log_price.shape[1] - 1)
        return np.repeat(panel.log_price[:, seen, None], horizon, axis=2)


def test_a_model_that_peeks_is_found_out(prices: pd.DataFrame) -> None:
    walk(prices, [RandomWalk(), Peeking(0)])
    for ahead in (1, HORIZON):
        with pytest.raises(InputError, match=r"models 'peeking': .* it sees the future"):
            walk(prices, [RandomWalk(), Peeking(ahead)])


# Forecasts of today


def test_forecast_next_is_the_walk_forward_of_today(
    prices: pd.DataFrame, models: list[BaseForecaster]
) -> None:
    """To the bit, where that cutoff is the one that is judged; nothing else differs either."""
    setup = replace(SETUP, plan=replace(PLAN, n_cutoffs=1))
    closes, sessions = prices["AAA"], pd.DatetimeIndex(prices.index[-2:])
    expected = walk(closes.to_frame(), models, setup).forecasts
    made = forecast_next(closes.iloc[:-2], models, sessions, setup)
    assert made["y"].isna().all()
    pd.testing.assert_frame_equal(
        made.drop(columns="y"), expected.drop(columns="y"), check_exact=True
    )


def test_forecast_next_hardly_depends_on_how_many_cutoffs_are_judged(
    prices: pd.DataFrame, models: list[BaseForecaster]
) -> None:
    """But for rounding, where ARIMA's search begins and how much ensembles have learnt."""
    setup = replace(SETUP, plan=replace(PLAN, refit=1))
    closes, sessions = prices["AAA"], pd.DatetimeIndex(prices.index[-2:])
    expected = rows_of(walk(closes.to_frame(), models, setup).forecasts, cutoff=prices.index[-3])
    made = forecast_next(closes.iloc[:-2], models, sessions, setup)
    np.testing.assert_allclose(made["yhat"], expected["yhat"], rtol=2e-4)
    bounds = ["lo_80", "hi_80", "lo_95", "hi_95"]
    np.testing.assert_allclose(made[bounds], expected[bounds], rtol=0.02)


# Going on where a run was broken off


@dataclass
class Shelf:
    """A CubeStore in memory that notes what it is asked to keep."""

    cubes: dict[str, ForecastCube] = field(default_factory=dict)
    saved: list[tuple[str, ...]] = field(default_factory=list)

    def has(self, key: str) -> bool:
        return key in self.cubes

    def save(self, key: str, cube: ForecastCube) -> None:
        self.saved.append(cube.symbols)
        self.cubes[key] = cube

    def load(self, key: str) -> ForecastCube:
        return self.cubes[key]


class Fragile(SeriesForecaster):
    """A model that counts its estimates, and fails at one of them."""

    name: ClassVar[str] = "fragile"
    estimates: ClassVar[int] = 0
    fails_at: ClassVar[int] = 0

    def __init__(self, share: float = 0.5) -> None:
        self.share = share

    def estimate(self, log_price: Vector) -> None:
        type(self).estimates += 1
        if self.estimates == self.fails_at:
            raise RuntimeError("broken off")
        self.mean = float(log_price.mean())

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        return np.repeat((log_price[origins] + self.share * self.mean)[:, None], horizon, axis=1)


def resumed(prices: pd.DataFrame, models: Models, store: Shelf, setup: Setup = SETUP) -> Backtest:
    parts = walk_forward(prices, models, setup, steps=(1, 2), store=store)
    return Backtest.of(list(parts), symbols=prices.columns.to_list())


ESTIMATES = 54
"""A symbol's: 250 cutoffs to calibrate and 12 to judge, in blocks of 5, and one more look."""


def test_a_run_that_was_broken_off_goes_on(
    prices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model fails in the middle of the third chunk, and the same model goes on."""
    models, store = [RandomWalk(), Fragile()], Shelf()
    whole = walk(prices, models)
    monkeypatch.setattr(engine, "_PAIRS", 1)
    monkeypatch.setattr(Fragile, "estimates", 0)
    monkeypatch.setattr(Fragile, "fails_at", 2 * ESTIMATES + 20)
    with pytest.raises(RuntimeError, match="broken off"):
        resumed(prices, models, store)
    assert store.saved == [("AAA",), ("CCC",)]
    monkeypatch.setattr(Fragile, "estimates", 0)
    monkeypatch.setattr(Fragile, "fails_at", 0)
    assert_same(resumed(prices, models, store), whole)
    assert store.saved[2:] == [("BBB",)]
    assert Fragile.estimates == ESTIMATES
    assert_same(resumed(prices, models, store), whole)
    assert Fragile.estimates == ESTIMATES


@pytest.fixture
def kept(prices: pd.DataFrame) -> Shelf:
    """What a walk of AAA and CCC, one chunk, has left."""
    resumed(prices[["AAA", "CCC"]], [RandomWalk(), Fragile()], store := Shelf())
    return store


@pytest.mark.parametrize(
    "change",
    [
        lambda prices: prices * np.where(np.arange(530) == 100, 1 + 1e-15, 1.0)[:, None],
        lambda prices: prices.iloc[1:],
        lambda prices: prices.set_axis(prices.index + pd.Timedelta(days=7)),
        lambda prices: prices.rename(columns={"AAA": "AAB"}),
    ],
    ids=["value", "start", "dates", "name"],
)
def test_changed_prices_are_walked_again(
    prices: pd.DataFrame, kept: Shelf, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    changed = change(prices[["AAA", "CCC"]])
    resumed(changed, [RandomWalk(), Fragile()], kept)
    assert kept.saved[2:] == ([("AAB",)] if "AAB" in changed else [("AAA",), ("CCC",)])


@pytest.mark.parametrize(
    "own",
    [[Fragile(0.25)], [Fragile(), Drift()], [Fragile(), LinearForecaster(5)]],
    ids=["parameter", "model", "another"],
)
def test_changed_models_are_walked_again(
    prices: pd.DataFrame, kept: Shelf, own: list[BaseForecaster]
) -> None:
    resumed(prices[["AAA", "CCC"]], [RandomWalk(), *own], kept)
    assert len(kept.saved) == 4


class Weighted(Fragile):
    """With more parameters than numpy shows of an array."""

    def __init__(self, weights: Vector) -> None:
        super().__init__()
        self.weights = weights


def test_a_change_deep_in_a_parameter_is_walked_again(prices: pd.DataFrame) -> None:
    store = Shelf()
    for weights in (np.zeros(2000), np.eye(1, 2000, 1000)[0]):
        resumed(prices[["AAA"]], [RandomWalk(), Weighted(weights)], store)
    assert len(store.saved) == 2


@pytest.mark.parametrize(
    "setup",
    [
        replace(SETUP, horizon=3),
        replace(SETUP, levels=(0.8, 0.9)),
        replace(SETUP, plan=replace(PLAN, refit=4)),
        replace(SETUP, plan=replace(PLAN, train_size=221)),
        replace(SETUP, plan=replace(PLAN, n_cutoffs=11)),
        replace(SETUP, intervals=Intervals("gaussian")),
        replace(SETUP, intervals=Intervals(volatility="constant")),
    ],
    ids=["horizon", "levels", "refit", "train_size", "n_cutoffs", "method", "volatility"],
)
def test_a_changed_setup_is_walked_again(prices: pd.DataFrame, kept: Shelf, setup: Setup) -> None:
    resumed(prices[["AAA", "CCC"]], [RandomWalk(), Fragile()], kept, setup)
    assert len(kept.saved) == 4


def test_what_has_not_changed_is_not_walked_again(prices: pd.DataFrame, kept: Shelf) -> None:
    """Other steps may be scored of it; the models are new ones of the same parameters."""
    parts = walk_forward(
        prices[["AAA", "CCC"]], [RandomWalk(), Fragile()], SETUP, steps=[2], store=kept
    )
    assert len(list(parts)) == len(kept.saved) == 2
