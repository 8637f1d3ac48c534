"""Scores of many symbols together; see cubes.py."""

from math import nan, sqrt

import numpy as np
import pandas as pd
import pytest

from stockanalyst.backtesting.score_tables import Scores, combine, rolling_coverage
from stockanalyst.backtesting.scores import score
from stockanalyst.metrics.forecast import newey_west_test
from tests.backtesting.cubes import (
    assert_same,
    cube_of,
    part_of,
    random_cube,
    small,
    walks,
)


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
