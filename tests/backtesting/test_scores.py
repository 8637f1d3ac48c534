"""Scores of one symbol; see cubes.py."""

from dataclasses import replace
from math import inf, nan, sqrt

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.score_tables import combine
from stockanalyst.backtesting.scores import score
from stockanalyst.backtesting.wording import skill_sentence
from stockanalyst.exceptions import InvalidHorizon
from tests.backtesting.cubes import assert_same, part_of, random_cube, small


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
