"""Cases in ``tests/payloads/portfolio`` are other projects'; the file names them."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from skfolio.measures import cvar

from stockanalyst._typing import Vector
from stockanalyst.exceptions import InputError
from stockanalyst.metrics.risk import (
    CoverageTest,
    alpha,
    beta,
    christoffersen,
    christoffersen_independence,
    expected_shortfall,
    kupiec,
    value_at_risk,
)

RECORDED = Path(__file__).parents[1] / "payloads" / "portfolio" / "risk_metrics.json"
SAMPLES = json.loads(RECORDED.read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in SAMPLES["cases"]}
NONE: Vector = np.array([])


# Figures


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("empyrical_var")])
def test_recorded_values_at_risk(name: str) -> None:
    """Recorded is the return at a share of the worst; ours is the loss, at 1 less that share.

    A share of 1 leaves no level above 0: a hair beside it stands for it.
    """
    case = CASES[name]
    level = max(1 - case["input"]["cutoff"], 1e-11)
    loss = value_at_risk(np.array(case["input"]["returns"], dtype=np.float64), level)
    assert -loss == pytest.approx(case["expected"], abs=case["tol"])


def test_recorded_alpha_and_beta() -> None:
    """The series begin a session apart: the first return of "mixed" is unknown."""
    case = CASES["empyrical_alpha_beta"]
    returns = np.array(SAMPLES["series"]["mixed"][1:])
    benchmark = np.array(SAMPLES["series"]["negative"][1:])
    found = [alpha(returns, benchmark), beta(returns, benchmark)]
    np.testing.assert_allclose(found, case["expected"], atol=case["tol"])


def test_value_at_risk_and_shortfall_by_hand() -> None:
    """Losses −3, 1, 2, 6, 8 %. At 0.6 position 4 × 0.4 = 1.6 from below: −6 + 0.6 × 4 = −3.6 %.

    The worst 40 % are two sessions, 7 % in the mean; the worst 30 % are 8 and half of 6, over 1.5.
    """
    returns = np.array([0.03, -0.06, -0.01, -0.08, -0.02])
    assert value_at_risk(returns, 0.6) == pytest.approx(0.036)
    assert expected_shortfall(returns, 0.6) == pytest.approx(0.07)
    assert expected_shortfall(returns, 0.7) == pytest.approx(0.11 / 1.5)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.987])
def test_shortfall_reproduces_skfolio(level: float) -> None:
    returns = np.random.default_rng(1).standard_t(4, size=251) / 100
    expected = cvar(returns, beta=level)
    assert expected_shortfall(returns, level) == pytest.approx(expected, rel=1e-12)


def test_alpha_and_beta_reproduce_a_regression() -> None:
    rng = np.random.default_rng(2)
    benchmark = rng.normal(0.0005, 0.01, size=300)
    returns = 0.7 * benchmark + rng.normal(0.0001, 0.005, size=300)
    line = stats.linregress(benchmark, returns)
    assert beta(returns, benchmark) == pytest.approx(line.slope, rel=1e-10)
    assert alpha(returns, benchmark) == pytest.approx((1 + line.intercept) ** 252 - 1, rel=1e-9)


def test_without_returns_there_is_no_figure() -> None:
    unknown = np.array([0.1, math.nan])
    for returns in (NONE, unknown):
        figures = [value_at_risk(returns), expected_shortfall(returns), beta(returns, returns)]
        assert np.isnan([*figures, alpha(returns, returns)]).all()
    assert math.isnan(alpha(np.array([-0.5, -0.95]), np.array([0.2, 0.1])))  # −0.5 − 4.5 × 0.2
    assert math.isnan(beta(np.array([0.1, 0.2, 0.4]), np.array([0.1, 0.1, 0.1])))


moves = st.lists(st.floats(-0.9, 2), min_size=2, max_size=30).map(np.array)
levels = st.floats(0.01, 0.99)


@given(moves, levels)
def test_shortfall_lies_between_value_at_risk_and_the_worst(returns: Vector, level: float) -> None:
    loss, mean_beyond = value_at_risk(returns, level), expected_shortfall(returns, level)
    assert loss <= mean_beyond + 1e-12
    assert mean_beyond <= -returns.min() + 1e-12


@given(moves, levels, st.floats(0.1, 10), st.floats(-1, 1))
def test_risk_goes_with_the_size_and_against_cash(
    returns: Vector, level: float, size: float, cash: float
) -> None:
    for risk in (value_at_risk, expected_shortfall):
        expected = size * risk(returns, level) - cash
        assert risk(size * returns + cash, level) == pytest.approx(expected, abs=1e-9)


@given(moves, st.floats(-3, 3))
def test_a_multiple_of_the_benchmark(benchmark: Vector, slope: float) -> None:
    if np.ptp(benchmark) < 1e-6:
        return
    assert beta(slope * benchmark + 0.001, benchmark) == pytest.approx(slope, abs=1e-6)
    assert alpha(slope * benchmark, benchmark) == pytest.approx(0, abs=1e-6)


# Do they keep their word?


def with_hits(hits: int, n: int) -> NDArray[np.bool_]:
    return np.arange(n) < hits


@pytest.mark.parametrize(
    ("level", "n", "accepted"),
    [
        (0.99, 255, range(7)),
        (0.99, 510, range(2, 11)),
        (0.99, 1000, range(5, 17)),
        (0.95, 255, range(7, 21)),
        (0.95, 510, range(17, 36)),
        (0.95, 1000, range(38, 65)),
    ],
)
def test_kupiec_accepts_what_his_table_accepts(level: float, n: int, accepted: range) -> None:
    """Non-rejection regions at 5 %: Kupiec (1995), as printed in Jorion, Value at Risk, ch. 6.

    For 255 sessions at 99 % the table has N < 7; no exceedance at all is rejected too, by
    −2 × 255 × ln 0.99 = 5.13 > 3.84.
    """
    counts = [hits for hits in range(n) if kupiec(with_hits(hits, n), level).p_value > 0.05]
    assert counts == [hits for hits in accepted if (level, n, hits) != (0.99, 255, 0)]


def test_kupiec_by_hand() -> None:
    """2 of 4 at 0.9: −2 ln(0.9² × 0.1²) + 2 ln(0.5⁴) = 4.086600; 0 of 50: −100 ln 0.9."""
    test = kupiec(np.array([True, False, True, False]), 0.9)
    assert test.statistic == pytest.approx(-4 * math.log(0.09) + 8 * math.log(0.5))
    assert test.p_value == pytest.approx(math.erfc(math.sqrt(test.statistic / 2)))
    assert (test.n, test.exceedances) == (4, 2)
    assert kupiec(with_hits(0, 50), 0.9).statistic == pytest.approx(-100 * math.log(0.9))


def test_independence_by_hand() -> None:
    """0 0 1 1 0 0 1 0 0 0: from 0 four times to 0, twice to 1; from 1 twice to 0, once to 1.

    One-step frequencies 2/6 and 1/3 are equal, and so is 3/9: statistic 0. In 1 1 1 0 0 0 0 they
    are 2/3 after a 1 and 0/3 after a 0, 2/6 in all.
    """
    even = np.array([0, 0, 1, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
    assert christoffersen_independence(even).statistic == pytest.approx(0, abs=1e-12)
    chain = 2 * math.log(2 / 3) + math.log(1 / 3)
    alone = 2 * math.log(1 / 3) + 4 * math.log(2 / 3)
    test = christoffersen_independence(with_hits(3, 7))
    assert test.statistic == pytest.approx(2 * (chain - alone))


def test_conditional_coverage_is_the_sum_with_two_degrees() -> None:
    exceeded = with_hits(3, 7)
    parts = [kupiec(exceeded, 0.8).statistic, christoffersen_independence(exceeded).statistic]
    test = christoffersen(exceeded, 0.8)
    assert test.statistic == pytest.approx(sum(parts))
    assert test.p_value == pytest.approx(math.exp(-sum(parts) / 2))


Test = Callable[[NDArray[np.bool_]], CoverageTest]


@pytest.mark.parametrize(
    "test",
    [
        lambda exceeded: kupiec(exceeded, 0.9),
        christoffersen_independence,
        lambda exceeded: christoffersen(exceeded, 0.9),
    ],
    ids=["kupiec", "independence", "both"],
)
def test_size_and_power(test: Test) -> None:
    """Right values at risk are rejected at 5 % about so often; calm and storm always."""
    rng = np.random.default_rng(5)
    rejected = [test(rng.random(1000) < 0.1).p_value < 0.05 for _ in range(1000)]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.02)
    stormy = np.repeat([0.02, 0.4], 500)
    assert all(test(rng.random(1000) < stormy).p_value < 0.05 for _ in range(20))


def test_too_few_sessions() -> None:
    nobody = np.empty(0, dtype=bool)
    assert math.isnan(kupiec(nobody, 0.95).p_value)
    assert math.isnan(christoffersen_independence(np.array([True])).statistic)
    assert math.isnan(christoffersen(nobody, 0.95).statistic)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_is_a_decimal(level: float) -> None:
    with pytest.raises(InputError, match="level"):
        kupiec(with_hits(1, 10), level)
    for risk in (value_at_risk, expected_shortfall):
        with pytest.raises(InputError, match="level"):
            risk(np.array([0.1]), level)
