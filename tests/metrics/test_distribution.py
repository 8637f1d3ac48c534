import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import Matrix
from stockanalyst.metrics.distribution import quantile_membership, ranked_probability_score


def membership(returns: list[float], groups: int) -> Matrix:
    each: Matrix = quantile_membership(np.array([returns]), groups)[0]
    return each


def test_quintiles_of_five() -> None:
    expected = np.eye(5)[[3, 0, 4, 1, 2]]
    np.testing.assert_array_equal(membership([0.03, -0.2, 0.1, 0.0, 0.01], 5), expected)


def test_a_hundred_symbols_are_twenty_a_quintile() -> None:
    """Positions 1 to 20 are the first quintile, 81 to 100 the fifth: the M6 competition's rule."""
    shares = membership([float(value) for value in range(100)], 5)
    np.testing.assert_array_equal(shares.argmax(axis=1), np.repeat(np.arange(5), 20))


def test_equal_returns_share_their_positions() -> None:
    """Positions 19, 20 and 21 are equal: two lie in the first quintile, one in the second."""
    returns = [float(value) for value in range(100)]
    returns[18] = returns[19] = returns[20] = 18.5
    shares = membership(returns, 5)
    np.testing.assert_allclose(shares[18:21], [[2 / 3, 1 / 3, 0, 0, 0]] * 3, rtol=1e-15)
    np.testing.assert_array_equal(shares[[17, 21]], np.eye(5)[[0, 1]])


def test_when_all_are_equal_nobody_is_anywhere() -> None:
    np.testing.assert_allclose(membership([0.0] * 10, 5), np.full((10, 5), 0.2), rtol=1e-15)


@given(
    st.lists(st.sampled_from([-0.1, 0.0, 0.02, 0.3]), min_size=2, max_size=23), st.integers(2, 5)
)
def test_shares_sum_to_one_a_symbol_and_to_its_size_a_group(
    returns: list[float], groups: int
) -> None:
    shares = membership(returns, groups)
    n = len(returns)
    sizes = [
        sum(position * groups // n == group for position in range(n)) for group in range(groups)
    ]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(shares.sum(axis=0), sizes, atol=1e-12)


def test_a_row_with_a_gap_is_unknown() -> None:
    shares = quantile_membership(np.array([[0.1, math.nan], [0.1, 0.2]]), 2)
    assert np.isnan(shares[0]).all()
    np.testing.assert_array_equal(shares[1], np.eye(2))


@pytest.mark.parametrize(
    ("forecast", "came", "score"),
    [
        ([0.2] * 5, 2, (0.04 + 0.16 + 0.16 + 0.04) / 5),
        ([1, 0, 0, 0, 0], 0, 0.0),
        ([1, 0, 0, 0, 0], 4, 0.8),
        ([0, 0.5, 0.5, 0, 0], 1, 0.25 / 5),
    ],
)
def test_score_by_hand(forecast: list[float], came: int, score: float) -> None:
    outcome = np.eye(5)[[came]]
    assert ranked_probability_score(np.array([forecast]), outcome) == pytest.approx(score)


def test_uniform_scores_016_over_a_round() -> None:
    """Published with the competition's rules: 0.16 for the benchmark of equal probabilities."""
    outcome = membership(list(np.random.default_rng(1).normal(size=100)), 5)
    assert ranked_probability_score(np.full((100, 5), 0.2), outcome) == pytest.approx(0.16)


def test_score_of_nobody() -> None:
    assert math.isnan(ranked_probability_score(np.empty((0, 5)), np.empty((0, 5))))
