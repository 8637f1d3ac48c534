from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from stockanalyst.backtesting.cube import ForecastCube
from stockanalyst.backtesting.scores import Scores, combine, rolling_coverage, score
from stockanalyst.backtesting.wording import percent, skill_sentence
from stockanalyst.exceptions import InputError, InvalidHorizon
from stockanalyst.metrics.forecast import newey_west_test

Array = NDArray[np.float64]
LEVELS = (0.8, 0.95)
FRAMES = ("skill", "pooled", "by_year", "by_symbol_year", "coverage_over_time")


def cube_of(
    base: Array,
    y: Array,
    yhat: Array,
    half: Sequence[float] = (0.5, 1.0),
    *,
    start: str = "2013-03-05",
    name: str = "S",
) -> ForecastCube:
    """Symbols S0, S1, …, the random walk first, intervals of ± `half` around the price, LEVELS."""
    n_symbols, n_models, n_cutoffs, horizon = yhat.shape
    days = pd.bdate_range(start, periods=n_cutoffs + horizon).as_unit("ns").to_numpy()
    sessions = np.stack([days[step : step + n_cutoffs] for step in range(1, horizon + 1)], axis=-1)
    centre = np.broadcast_to(base[:, None, None, :, None], (*yhat.shape[:2], 2, *yhat.shape[2:]))
    width = np.asarray(half)[:, None, None]
    return ForecastCube(
        symbols=tuple(f"{name}{position}" for position in range(n_symbols)),
        models=("random_walk", "drift", "linear", "arima")[:n_models],
        levels=LEVELS,
        cutoffs=np.repeat(days[None, :n_cutoffs], n_symbols, axis=0),
        sessions=np.repeat(sessions[None], n_symbols, axis=0),
        base=base,
        y=y,
        yhat=yhat,
        lower=centre - width,
        upper=centre + width,
        scale=np.full(n_symbols, 2.0),
    )


def part_of(cube: ForecastCube, symbols: slice, cutoffs: slice = slice(None)) -> ForecastCube:
    return replace(
        cube,
        symbols=cube.symbols[symbols],
        cutoffs=cube.cutoffs[symbols, cutoffs],
        sessions=cube.sessions[symbols, cutoffs],
        base=cube.base[symbols, cutoffs],
        y=cube.y[symbols, cutoffs],
        yhat=cube.yhat[symbols, :, cutoffs],
        lower=cube.lower[symbols, :, :, cutoffs],
        upper=cube.upper[symbols, :, :, cutoffs],
        scale=cube.scale[symbols],
    )


def walks(returns: Array, *moves: Array, n_cutoffs: int, horizon: int = 7) -> ForecastCube:
    """Prices from log returns; each model says the price at the cutoff times exp(move)."""
    price = 100 * np.exp(np.cumsum(returns, axis=1))[:, -(n_cutoffs + horizon) :]
    base = price[:, :n_cutoffs]
    y = np.stack([price[:, step : step + n_cutoffs] for step in range(1, horizon + 1)], axis=-1)
    yhat = [base[:, :, None] * np.exp(move) for move in (np.zeros(y.shape), *moves)]
    return cube_of(base, y, np.stack(yhat, axis=1), start="2011-10-03", half=(1.28, 1.96))


def small() -> ForecastCube:
    """From 10, 11 and 11 the price came to 11, 11 and 9; a model said 12, 10 and 8.

    The intervals are 9.5 to 10.5 and 9 to 11 throughout.
    """
    base = np.array([[10.0, 11.0, 11.0]])
    yhat = np.stack([base, np.array([[12.0, 10.0, 8.0]])], axis=1)[..., None]
    cube = cube_of(base, np.array([[11.0, 11.0, 9.0]])[..., None], yhat)
    bounds = np.broadcast_to(np.array([0.5, 1.0])[:, None, None], cube.lower.shape)
    return replace(cube, lower=10 - bounds, upper=10 + bounds)


def random_cube(n_symbols: int = 7, n_cutoffs: int = 90) -> ForecastCube:
    rng = np.random.default_rng(17)
    returns = rng.normal(0, 0.01, size=(n_symbols, n_cutoffs + 7))
    moves = rng.normal(0, 0.003, size=(2, n_symbols, n_cutoffs, 7))
    return walks(returns, *moves, n_cutoffs=n_cutoffs)


def assert_same(one: Scores, other: Scores, rtol: float) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_exact=rtol == 0, rtol=rtol
        )


# One symbol


def test_skill_by_hand() -> None:
    """Errors −1, 1, 1 against the random walk's 1, 0, −2; shares of the price: 1/10 and twice 1/11.

    Direction: up called up, no move, down called down; of two moves one is a rise; Wilson for 2 of
    2 is 2/(2 + z²) to 1. At 80 % all miss by 0.5, which costs 0.5·10, so 6; at 95 % none. Skill
    1 − 1/√(5/3). Diebold–Mariano: differences of squares 0, 1, −3, mean −2/3, γ₀ = 26/9; factor
    2/3; statistic −2/√13; Student's t with 2 degrees of freedom has p = 1 − t/√(2 + t²).
    Pinball over 0.1, 0.9, 0.025, 0.975 and the median: of the bounds 0.15 + 0.45 + 0.05 + 0 for
    11 and 0.45 + 0.15 + 0 + 0.05 for 9; of the medians half the absolute errors.
    """
    share = (1 / 10 + 2 / 11) / 3
    table = combine([score(small(), [1])]).skill
    expected = pd.DataFrame(
        {
            "symbol": "S0",
            "step": 1,
            "model": ["random_walk", "drift"],
            "n": 3,
            "rmse": [sqrt(5 / 3), 1.0],
            "mae": [1.0, 1.0],
            "mase": [0.5, 0.5],
            "directional_accuracy": [nan, 1.0],
            "directional_low": [nan, 2 / (2 + 1.959963984540054**2)],
            "directional_high": [nan, 1.0],
            "always_up": [0.5, 0.5],
            "coverage_80": [0.0, 0.0],
            "coverage_95": [1.0, 1.0],
            "width_80": [share, share],
            "width_95": [2 * share, 2 * share],
            "winkler_80": [6 * share, 6 * share],
            "winkler_95": [2 * share, 2 * share],
            "pinball": [(1.15 / 10 + (0.65 + 1.65) / 11) / 15, 1.15 * share / 5],
            "skill": [nan, 1 - sqrt(3 / 5)],
            "dm_statistic": [nan, -2 / sqrt(13)],
            "dm_p": [nan, 1 - 2 / sqrt(30)],
            "q_value": [nan, (1 - 2 / sqrt(30)) / 2],
        }
    )
    pd.testing.assert_frame_equal(table, expected, rtol=1e-12)


def test_rows_stand_in_the_order_of_the_cube_and_each_step_is_scored_once() -> None:
    table = combine([score(random_cube(2), (7, 1, 7))]).skill
    assert table[["symbol", "step", "model"]].to_numpy().tolist() == [
        [symbol, step, model]
        for symbol in ("S0", "S1")
        for step in (7, 1)
        for model in ("random_walk", "drift", "linear")
    ]


@pytest.mark.parametrize("step", [0, 8, -1])
def test_a_step_that_isnt_there_is_refused(step: int) -> None:
    with pytest.raises(InvalidHorizon, match="from 1 to 7"):
        score(random_cube(1), [1, step])


def test_q_values_count_every_test() -> None:
    """Two symbols, two steps, two models: 8 one-sided looks for something better."""
    from scipy.stats import false_discovery_control

    judged = combine([score(random_cube(2), (1, 7))]).skill.dropna()
    assert len(judged) == 8
    half = judged["dm_p"] / 2
    better = np.where(judged["dm_statistic"] < 0, half, 1 - half)
    np.testing.assert_allclose(judged["q_value"], false_discovery_control(better))


def test_rows_of_unknown_outcome_dont_count() -> None:
    """Cutoffs without an outcome may as well not be there: at the end, or in the middle."""
    whole = random_cube(3)
    gaps = [4, 5, 40, 88, 89]
    y = whole.y.copy()
    y[:, gaps] = nan
    rest = np.setdiff1d(np.arange(90), gaps)
    kept = replace(
        whole,
        cutoffs=whole.cutoffs[:, rest],
        sessions=whole.sessions[:, rest],
        base=whole.base[:, rest],
        y=whole.y[:, rest],
        yhat=whole.yhat[:, :, rest],
        lower=whole.lower[:, :, :, rest],
        upper=whole.upper[:, :, :, rest],
    )
    forgotten = replace(whole, y=y)
    assert_same(combine([score(forgotten, (1, 7))]), combine([score(kept, (1, 7))]), rtol=1e-11)


def test_a_step_whose_outcome_isnt_known_yet_counts_one_row_less() -> None:
    cube = random_cube(1)
    cube.y[:, -6:, 6] = nan
    counts = combine([score(cube, (1, 7))]).skill.groupby("step")["n"].unique()
    assert counts.map(list).to_dict() == {1: [90], 7: [84]}


def test_a_model_that_isnt_there_has_no_row_and_one_that_comes_late_is_judged_on_its_rows() -> None:
    cube, full = random_cube(2), combine([score(random_cube(2), (1, 7))])
    cube.yhat[0, 2] = nan
    cube.yhat[1, 2, :30] = nan
    scores = combine([score(cube, (1, 7))])
    linear = scores.skill[scores.skill["model"] == "linear"]
    assert linear["symbol"].tolist() == ["S1", "S1"]
    late = combine([score(part_of(random_cube(2), slice(1, 2), slice(30, None)), (1, 7))]).skill
    expected = late[late["model"] == "linear"]
    assert expected["n"].eq(60).all()
    np.testing.assert_allclose(
        linear.drop(columns=["symbol", "model", "q_value"]).to_numpy(np.float64),
        expected.drop(columns=["symbol", "model", "q_value"]).to_numpy(np.float64),
        rtol=1e-11,
    )
    pooled = scores.pooled
    assert pooled.loc[pooled["model"] == "linear", "n_symbols"].tolist() == [1, 1]
    others = pooled["model"] != "linear"
    pd.testing.assert_frame_equal(pooled[others], full.pooled[others])


def test_endless_intervals_and_prices_that_stand_still_are_no_error() -> None:
    cube = random_cube(1)
    cube.upper[:, :, 1, 0] = inf
    cube.y[:], cube.base[:], cube.yhat[:] = 5.0, 5.0, 5.0
    cube.scale[:] = 0.0
    scores = combine([score(cube, (1,))])
    assert scores.skill["width_95"].eq(inf).all()
    undefined = ["mase", "directional_accuracy", "always_up", "skill", "dm_p"]
    assert scores.skill[undefined].isna().all(axis=None)
    assert (
        scores.pooled[["skill", "dm_p", "share_with_skill", "relative_width_95"]]
        .isna()
        .all(axis=None)
    )
    assert skill_sentence(scores, "S0", 1) == (
        "no model could be tested against the random walk on S0 at horizon 1"
    )


# All symbols


def two_symbols() -> Scores:
    """The small cube, and one of prices about 100 over the turn of the same year to the next."""
    base = np.array([[100.0, 100.0, 100.0]])
    yhat = np.stack([base, np.array([[101.0, 101.0, 101.0]])], axis=1)[..., None]
    later = cube_of(
        base, np.array([[102.0, 101.0, 99.0]])[..., None], yhat, start="2013-12-31", name="T"
    )
    return combine([score(small(), [1]), score(later, [1])])


def test_pooled_by_hand() -> None:
    """Squares: of S 1/100, 1/121, 1/121 against 1/100, 0, 4/121; of T 1, 0, 4 against 4, 1, 1.

    T's are over 100². T's skill is 1 − √(5/6), so that two of two symbols have some. None of T's
    three outcomes lies within ± 0.5; two lie within ± 1. Widths don't differ from the walk's. The
    dates of S and T differ, so each is a date of its own for the test.
    """
    scores = two_symbols()
    own, walk = 1 / 100 + 2 / 121 + 5e-4, 1 / 100 + 4 / 121 + 6e-4
    differences = np.array([0.0, 1 / 121, -3 / 121, -3e-4, -1e-4, 3e-4])
    statistic, p_value = newey_west_test(differences, horizon=1)
    walk_row, row = scores.pooled.to_dict("records")
    expected = {
        "step": 1,
        "model": "drift",
        "n": 6,
        "skill": pytest.approx(1 - sqrt(own / walk), rel=1e-13),
        "n_symbols": 2,
        "share_with_skill": 1.0,
        "dm_statistic": pytest.approx(statistic, rel=1e-10),
        "dm_p": pytest.approx(p_value, rel=1e-10),
        "coverage_80": 0.0,
        "coverage_95": pytest.approx(5 / 6),
        "relative_width_80": 1.0,
        "relative_width_95": 1.0,
        "worst_60_80": pytest.approx(nan, nan_ok=True),
        "worst_60_95": pytest.approx(nan, nan_ok=True),
    }
    assert row == expected
    assert np.isnan([walk_row[name] for name in ("skill", "dm_p", "share_with_skill")]).all()


def test_by_year_by_hand() -> None:
    """2013 holds all of S and the first cutoff of T, 2014 the other two."""
    scores = two_symbols()
    rows = scores.by_year[scores.by_year["model"] == "drift"]
    assert rows[["year", "step", "n"]].to_numpy().tolist() == [[2013, 1, 4], [2014, 1, 2]]
    first = sqrt((1 / 100 + 2 / 121 + 1e-4) / (1 / 100 + 4 / 121 + 4e-4))
    np.testing.assert_allclose(rows["skill"], [1 - first, 1 - sqrt(4 / 2)], rtol=1e-13)
    rows = scores.by_symbol_year[scores.by_symbol_year["model"] == "drift"]
    assert rows[["symbol", "year", "n"]].to_numpy().tolist() == [
        ["S0", 2013, 3],
        ["T0", 2013, 1],
        ["T0", 2014, 2],
    ]
    np.testing.assert_allclose(rows["skill"].iloc[1:], [0.5, 1 - sqrt(2)], rtol=1e-13)
    walk = scores.by_year.loc[scores.by_year["model"] == "random_walk", "skill"]
    assert walk.isna().all()


def test_coverage_over_time_and_its_worst_stretch() -> None:
    """Two symbols, 100 cutoffs: the first misses 40 in a row, from the 31st on; the other never.

    Both inside: 1; one of two: 0.5. Over 60 cutoffs the worst is (20·2 + 40)/120 = 2/3, though the
    average is 0.8; over 40 it is 0.5. The outcome of the wide interval is never outside.
    """
    base = np.full((2, 100), 50.0)
    y = base.copy()
    y[0, 30:70] = 50.7
    scores = combine([score(cube_of(base, y[..., None], base[:, None, :, None]), [1])])
    shares = scores.coverage_over_time.query("level == 0.8")
    assert shares["coverage"].tolist() == [1.0] * 30 + [0.5] * 40 + [1.0] * 30
    assert shares["n"].eq(2).all()
    assert shares["cutoff"].iloc[0] == pd.Timestamp("2013-03-05")
    (row,) = scores.pooled.to_dict("records")
    assert (row["coverage_80"], row["worst_60_80"]) == pytest.approx((0.8, 2 / 3))
    assert (row["coverage_95"], row["worst_60_95"]) == (1.0, 1.0)
    rolled = rolling_coverage(scores, 40).query("level == 0.8")
    assert len(rolled) == 61
    worst = rolled[rolled["coverage"] == rolled["coverage"].min()]
    assert worst["coverage"].tolist() == [0.5]
    assert worst["cutoff"].tolist() == [shares["cutoff"].iloc[69]]


@pytest.mark.parametrize("steps", [(1,), (1, 7)])
@pytest.mark.parametrize("sizes", [[1] * 7, [3, 4], [6, 1]], ids=str)
def test_chunks_of_any_size_give_the_same_tables_to_the_bit(
    steps: tuple[int, ...], sizes: list[int]
) -> None:
    cube = random_cube(7)
    cube.y[2, -5:] = nan
    cube.yhat[4, 1] = nan
    ends = np.cumsum(sizes)
    parts = (
        score(part_of(cube, slice(int(end) - size, int(end))), steps)
        for size, end in zip(sizes, ends, strict=True)
    )
    assert_same(combine(parts), combine([score(cube, steps)]), rtol=0)


def test_chunks_that_dont_belong_together_are_refused() -> None:
    cube = random_cube(1)
    with pytest.raises(ValueError, match="same models, steps and levels"):
        combine([score(cube, [1]), score(cube, [7])])
    with pytest.raises(ValueError, match="one or more"):
        combine([])


# Series whose truth is known


def judged(scores: Scores) -> pd.DataFrame:
    table = scores.skill[scores.skill["model"] != "random_walk"]
    return table.assign(
        different=table["dm_p"] < 0.05, better=(table["dm_p"] < 0.05) & (table["skill"] > 0)
    )


def test_on_random_walks_skill_is_found_no_more_often_than_chance() -> None:
    """400 walks × 250 cutoffs: "drift" says 0.01 σ a session, "linear" the mean of 500 sessions.

    The first is as accurate as the walk: p < 0.05 in 5 % + 2·√(0.05·0.95/400) = 7.2 % at most; with
    positive skill in half of 5 %, with 2·√(0.025·0.975/400) 4.1 %. The second is truly worse, so
    only its claims of skill are held against that.
    """
    rng = np.random.default_rng(29)
    returns = rng.normal(0, 0.01, size=(400, 757))
    total = np.cumsum(returns, axis=1)
    step = np.arange(1, 8)
    near = np.broadcast_to(1e-4 * step, (400, 250, 7))
    mean = ((total[:, 500:750] - total[:, :250]) / 500)[:, :, None] * step
    scores = combine([score(walks(returns, near, mean, n_cutoffs=250), (1, 7))])
    rows = judged(scores)
    shares = rows.groupby(["model", "step"], as_index=False)[["different", "better"]].mean()
    assert shares.loc[shares["model"] == "drift", "different"].max() <= 0.072
    assert shares["better"].max() <= 0.041
    assert not (rows["better"] & (rows["q_value"] < 0.05)).any()
    assert not ((scores.pooled["dm_p"] < 0.05) & (scores.pooled["skill"] > 0)).any()


def test_on_a_real_signal_skill_is_found() -> None:
    """AR(1) returns, φ = 0.5, forecast by the true coefficient: φ + φ² + … + φʰ of the last one.

    One step ahead the RMSE falls by 1 − √(1 − φ²) = 0.134, and the sign of two normal variables
    with correlation φ agrees with probability 1/2 + arcsin(φ)/π = 2/3.
    """
    rng = np.random.default_rng(31)
    shocks = rng.normal(0, 0.01, size=(20, 357))
    returns = np.zeros_like(shocks)
    for session in range(1, 357):
        returns[:, session] = 0.5 * returns[:, session - 1] + shocks[:, session]
    signal = returns[:, 100:350, None] * np.cumsum(0.5 ** np.arange(1, 8))
    scores = combine([score(walks(returns, signal, n_cutoffs=250), (1, 7))])
    rows = judged(scores)
    one_step = rows[rows["step"] == 1]
    assert (one_step["better"] & (one_step["q_value"] < 0.05)).all()
    assert one_step["skill"].mean() == pytest.approx(1 - sqrt(0.75), abs=0.01)
    assert one_step["directional_accuracy"].mean() == pytest.approx(2 / 3, abs=0.02)
    pooled = scores.pooled[scores.pooled["model"] == "drift"]
    assert (pooled["dm_p"] < 0.001).all()
    assert pooled["share_with_skill"].tolist()[0] == 1.0
    assert (scores.by_year.dropna()["skill"] > 0).all()


# Words


def worded(**columns: float) -> Scores:
    """Scores of three models on AAPL at horizon 7; `columns` are those of drift."""
    row = {"directional_accuracy": 0.634, "always_up": 0.52, "n": 250, "step": 7, "symbol": "AAPL"}
    skill = pd.DataFrame(
        [
            {**row, "model": "random_walk", "skill": nan, "dm_p": nan, "q_value": nan},
            {**row, "model": "linear", "skill": -0.02, "dm_p": 0.01, "q_value": 0.04},
            {**row, "model": "drift", **columns},
        ]
    )
    return Scores(skill, *(pd.DataFrame() for _ in FRAMES[1:]))


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"skill": -0.0031, "dm_p": 0.41, "q_value": 0.8},
            "no model beats the random walk on AAPL at horizon 7 (best: drift, −0.3 %, p = 0.41)",
        ),
        (
            {"skill": -0.015, "dm_p": 0.015, "q_value": 0.99},
            (
                "no model beats the random walk on AAPL at horizon 7 "
                "(best: drift, −1.5 %, p = 0.015, worse by more than luck explains)"
            ),
        ),
        (
            {"skill": 0.012, "dm_p": 0.031, "q_value": 0.4},
            (
                "no model beats the random walk on AAPL at horizon 7 "
                "(best: drift, +1.2 %, p = 0.031, q = 0.4 among all tests)"
            ),
        ),
        (
            {"skill": 0.012, "dm_p": nan, "q_value": nan},
            "no model beats the random walk on AAPL at horizon 7 (best: drift, +1.2 %, no p)",
        ),
        (
            {"skill": 0.1341, "dm_p": 1e-9, "q_value": 0.0012},
            (
                "drift beats the random walk on AAPL at horizon 7: +13.4 % over 250 cutoffs, "
                "p < 0.001, q = 0.0012; right on the direction 63 %, always up 52 %"
            ),
        ),
    ],
    ids=["no better", "worse", "by chance", "untested", "better"],
)
def test_skill_sentence(columns: dict[str, float], sentence: str) -> None:
    assert skill_sentence(worded(**columns), "AAPL", 7) == sentence


def test_skill_sentence_names_models_as_it_is_told_and_refuses_what_wasnt_scored() -> None:
    scores = worded(skill=-0.5, dm_p=0.5, q_value=0.5)
    assert "best: LINEAR" in skill_sentence(scores, "AAPL", 7, label=str.upper)
    with pytest.raises(InputError, match="scored at step 1"):
        skill_sentence(scores, "AAPL", 1)


def test_percent() -> None:
    assert [percent(0.0123), percent(-0.0123), percent(0.5, 0)] == ["+1.2 %", "−1.2 %", "+50 %"]
