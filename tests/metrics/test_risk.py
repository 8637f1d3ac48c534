import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stockanalyst.exceptions import InputError
from stockanalyst.metrics.risk import (
    CoverageTest,
    christoffersen,
    christoffersen_independence,
    kupiec,
)


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
