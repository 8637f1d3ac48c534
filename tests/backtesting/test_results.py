from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.backtesting.cube import ForecastCube, Held
from stockanalyst.backtesting.engine import Part, Setup, walk_forward
from stockanalyst.backtesting.results import (
    Backtest,
    MissingModel,
    require_known,
    share_of_rises,
)
from stockanalyst.backtesting.scores import score
from stockanalyst.backtesting.splitters import WalkForward
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.base import BaseForecaster, Panel, SeriesForecaster
from stockanalyst.forecasting.ensemble import COMBINATIONS
from stockanalyst.forecasting.naive import RandomWalk
from stockanalyst.forecasting.registry import FACTORIES

SESSIONS = pd.bdate_range("2013-03-04", periods=5, name="session")
LEVELS = (0.8, 0.95)

Simulate = Callable[..., pd.Series]


def cube_of(*symbols: str) -> ForecastCube:
    """From 10, 11 and 11 the price came to 11, 11 and 9; a model said 12, 10 and 8."""
    days = SESSIONS.to_numpy("datetime64[ns]")
    base = np.array([10.0, 11.0, 11.0])
    yhat = np.stack([base, np.array([12.0, 10.0, 8.0])])
    half = np.array([0.5, 1.0])[:, None]
    n = len(symbols)
    return ForecastCube(
        symbols=symbols,
        models=("random_walk", "oracle"),
        levels=LEVELS,
        cutoffs=np.stack([days[1:4]] * n),
        sessions=np.stack([days[2:5, None]] * n),
        base=np.stack([base] * n),
        y=np.stack([np.array([[11.0], [11.0], [9.0]])] * n),
        yhat=np.stack([yhat[..., None]] * n),
        lower=np.stack([(yhat[:, None] - half)[..., None]] * n),
        upper=np.stack([(yhat[:, None] + half)[..., None]] * n),
        scale=np.full(n, 2.0),
    )


def part_of(*symbols: str) -> Part:
    cube = cube_of(*symbols)
    return Part(Held(cube), {symbol: score(cube.only(symbol), [1]) for symbol in symbols})


def test_results_are_in_the_order_that_was_asked_for() -> None:
    """Whatever the parts are, and in whatever order they came."""
    order = ["CCC", "AAA", "BBB"]
    gap = MissingModel("AAA", "lstm", "why", "how")
    result = Backtest.of(
        [part_of("AAA", "BBB"), part_of("CCC")], symbols=order, missing=[gap], notes=["said"]
    )
    assert (result.symbols, result.missing, result.notes) == (tuple(order), (gap,), ("said",))
    assert list(dict.fromkeys(result.skill["symbol"])) == order
    expected = pd.concat([cube_of(symbol).frame() for symbol in order], ignore_index=True)
    pd.testing.assert_frame_equal(result.forecasts, expected, check_exact=True)
    pd.testing.assert_frame_equal(
        result.forecasts_of("BBB"), cube_of("BBB").frame(), check_exact=True
    )


def test_every_part_is_loaded_once_for_all_forecasts() -> None:
    loaded: list[str] = []

    def load() -> ForecastCube:
        loaded.append("part")
        return cube_of("AAA", "BBB")

    symbols = ["AAA", "BBB"]
    part = Part(load, part_of(*symbols).scores)
    assert len(Backtest.of([part], symbols=symbols).forecasts) == 2 * 2 * 3
    assert loaded == ["part"]


def test_words() -> None:
    """Skill 1 − 1/√(5/3) over three cutoffs, p = 1 − 2/√30: by hand in the tests of scores."""
    result = Backtest.of([part_of("AAA")], symbols=["AAA"])
    assert result.sentence("AAA", 1) == (
        "no model beats the random walk on AAA at horizon 1 (best: oracle, +22.5 %, p = 0.63)"
    )


@pytest.mark.parametrize("symbol", ["AAB", 5, None, ["AAA"], pd.DataFrame()])
def test_a_symbol_or_a_step_that_isnt_there_is_refused_alike(symbol: Any) -> None:
    result = Backtest.of([part_of("AAA", "BBB")], symbols=["AAA", "BBB"])
    for ask in (result.forecasts_of, lambda asked: result.sentence(asked, 1)):
        with pytest.raises(InputError, match=r"(did you mean AAA[?] )?there is AAA, BBB$"):
            ask(symbol)
    with pytest.raises(InputError, match=r"^step 2: there is 1$"):
        result.sentence("AAA", 2)


def test_a_mend_names_no_more_than_twenty() -> None:
    with pytest.raises(InputError) as caught:
        require_known("step", 50, range(1, 31))
    assert str(caught.value).endswith(": there is " + ", ".join(map(str, range(1, 21))) + " …")


def test_share_of_rises_by_hand() -> None:
    """From 10 to 11, from 11 to 11, from 11 to 9: one in three."""
    assert share_of_rises(cube_of("AAA").frame(), 1) == pytest.approx(1 / 3)


# What the scores say of series whose truth is known

PLAN = WalkForward(n_cutoffs=250, train_size=500, refit=25)
SEEDS = (0, 1000)
SYMBOLS = 60


def scored(closes: pd.DataFrame, *models: BaseForecaster, horizon: int = 7) -> Backtest:
    setup = Setup(horizon=horizon, plan=PLAN, levels=LEVELS, ensembles=tuple(COMBINATIONS))
    parts = list(walk_forward(closes, [RandomWalk(), *models], setup, steps=(1, horizon)))
    return Backtest.of(parts, symbols=closes.columns.to_list())


class TwiceTooSure(SeriesForecaster):
    """Knows that returns are AR(1) with φ = 0.1, and says twice the move that follows.

    The move that comes is S + E, S known and E unknown; this says 2 S. Its error E − S and the
    random walk's, E + S, are equally large in the mean, whatever the horizon: a true null
    hypothesis that has no nested models.
    """

    name: ClassVar[str] = "twice_too_sure"

    def estimate(self, log_price: Vector) -> None:
        """It knows already."""

    def forecast(self, log_price: Vector, origins: IntVector, horizon: int) -> Matrix:
        sums = np.cumsum(0.1 ** np.arange(1, horizon + 1))
        last = log_price[origins]
        moves: Matrix = 2 * sums * (last - log_price[origins - 1])[:, None]
        return last[:, None] + moves


@pytest.fixture(scope="module")
def walks(simulate: Simulate) -> list[Backtest]:
    """Every model but the LSTM on 60 random walks, twice."""
    models = [make() for name, make in FACTORIES.items() if name != RandomWalk.name]
    return [
        scored(
            pd.concat(
                [simulate(758, seed=first + s, name=f"W{s}") for s in range(SYMBOLS)], axis=1
            ),
            *models,
        )
        for first in SEEDS
    ]


def test_on_random_walks_skill_is_found_no_more_often_than_chance(walks: list[Backtest]) -> None:
    """One-sided, p < 0.05 with positive skill is nominally 2.5 %; models that nest get less.

    The share of 120 independent verdicts exceeds 2.5 % + 3·√(0.025·0.975/120) = 6.8 % hardly ever.
    False discoveries are to be less than 5 % of all verdicts; on a true null hypothesis any is.
    """
    table = pd.concat([walk.skill for walk in walks])
    judged = table[table["model"] != "random_walk"]
    found = (judged["skill"] > 0) & (judged["dm_p"] < 0.05)
    shares = found.groupby([judged["model"], judged["step"]]).agg(["mean", "size"])
    assert len(shares) == 10 * 2
    assert (shares["size"] == len(SEEDS) * SYMBOLS).all()
    assert shares["mean"].max() <= 0.068
    assert found.mean() <= 0.025
    discovered = (judged["skill"] > 0) & (judged["q_value"] < 0.05)
    assert discovered.mean() <= 0.001


def test_on_random_walks_no_pooled_skill_is_found(walks: list[Backtest]) -> None:
    """40 verdicts, ten models that are much alike: at 2.5 %, more than 4 are rare."""
    table = pd.concat([walk.scores.pooled for walk in walks])
    judged = table[table["model"] != "random_walk"]
    assert len(judged) == len(SEEDS) * 10 * 2
    assert ((judged["skill"] > 0) & (judged["dm_p"] < 0.05)).sum() <= 4
    # Nothing is to be had, and the simple ones lose little by trying.
    assert judged["skill"].max() < 0.005


def test_the_test_of_skill_has_its_nominal_size(simulate: Simulate) -> None:
    """Of 300 series of which the null hypothesis is true, 5 % ± 3·√(0.05·0.95/300) = 3.8 %."""
    closes = pd.concat([simulate(758, seed=s, phi=0.1, name=f"T{s}") for s in range(300)], axis=1)
    table = scored(closes, TwiceTooSure()).skill.dropna(subset=["dm_p"])
    rejected = (table["dm_p"] < 0.05).groupby(table["step"]).agg(["mean", "size"])
    assert (rejected["size"] == 300).all()
    assert rejected["mean"].between(0.012, 0.088).all(), rejected


def test_on_a_real_signal_skill_is_found(simulate: Simulate) -> None:
    """AR(1) returns with φ = 0.5: the one-step RMSE falls by 1 − √(1 − φ²) = 0.134."""
    closes = pd.concat(
        [simulate(758, seed=s, phi=0.5, name=f"S{s}") for s in range(100, 105)], axis=1
    )
    result = scored(closes, FACTORIES["linear"](), FACTORIES["arima"]())
    table = result.skill[(result.skill["step"] == 1) & (result.skill["model"] != "random_walk")]
    assert set(table["model"]) == {"linear", "arima", *COMBINATIONS}
    assert (table["q_value"] < 0.01).all()
    assert (table["skill"] > 0).all()
    assert table.groupby("model")["skill"].mean().between(0.09, 0.18).all()
    assert (table["directional_low"] > 0.5).all()
    assert " beats the random walk on S100 at horizon 1: +" in result.sentence("S100", 1)
    pooled = result.scores.pooled.query("step == 1 and model == 'arima'").iloc[0]
    assert (pooled["share_with_skill"], pooled["n_symbols"]) == (1.0, 5)
    assert pooled["dm_p"] < 1e-4


class Honest(BaseForecaster):
    """Says the mean move from the last five origins whose outcome is known."""

    name: ClassVar[str] = "honest"
    embargo: ClassVar[bool] = True
    context = 12

    def __init__(self, closes: pd.DataFrame) -> None:
        self.log_price = np.log(closes.to_numpy().T)

    def walk(
        self,
        panel: Panel,
        cutoffs: IntVector,
        horizon: int,
        *,
        train_size: int,  # noqa: ARG002  the signature is every model's
        refit: int,  # noqa: ARG002  likewise
    ) -> Cube:
        forecasts = []
        for step in range(1, horizon + 1):
            origins = cutoffs[:, None] - np.arange(5) - (step if self.embargo else 0)
            moves = self.log_price[:, origins + step] - self.log_price[:, origins]
            forecasts.append(panel.log_price[:, cutoffs] + moves.mean(axis=-1))
        return np.stack(forecasts, axis=-1)


class Forgetful(Honest):
    """Takes moves for known that have only begun.

    The engine shows it no later prices, so it brings them along.
    """

    name: ClassVar[str] = "forgetful"
    embargo: ClassVar[bool] = False


def test_forgetting_the_embargo_looks_like_enormous_skill(simulate: Simulate) -> None:
    """On random walks: the mean of five moves, most of which overlap with the one to forecast."""
    closes = pd.concat([simulate(758, seed=s, name=f"W{s}") for s in range(10)], axis=1)
    pooled = (
        scored(closes, Honest(closes), Forgetful(closes))
        .scores.pooled.query("step == 7")
        .set_index("model")
    )
    assert pooled["skill"]["honest"] < 0
    assert pooled["skill"]["forgetful"] > 0.3
    assert pooled["share_with_skill"]["forgetful"] == 1.0
    assert pooled["dm_p"]["forgetful"] < 1e-6


@pytest.mark.parametrize(
    "volatility",
    [np.full(758, 0.01), np.where(np.arange(758) // 60 % 2, 0.03, 0.01)],
    ids=["constant", "changing"],
)
def test_intervals_keep_their_word(simulate: Simulate, volatility: Vector) -> None:
    """20 series × 250 cutoffs: 1.96·√(0.8·0.2/5000) = 0.011 at one step.

    Seven steps ahead about a seventh of the cutoffs are independent: 0.03. Where the volatility
    jumps every 60 sessions, scores of both regimes mix, which is allowed another 0.01.
    """
    closes = pd.concat(
        [simulate(758, seed=s, volatility=volatility, name=f"V{s}") for s in range(20)], axis=1
    )
    pooled = scored(closes).scores.pooled.set_index("step")[["coverage_80", "coverage_95"]]
    np.testing.assert_allclose(pooled.loc[1], LEVELS, atol=0.021)
    np.testing.assert_allclose(pooled.loc[7], LEVELS, atol=0.04)
