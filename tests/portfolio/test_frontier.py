import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst._typing import Matrix
from stockanalyst.portfolio.frontier import frontier_weights

NOTHING = np.zeros(3)
INDEPENDENT = np.diag([1.0, 2.0, 4.0])


def covariance_of(seed: int, n_sessions: int, n_assets: int) -> Matrix:
    rng = np.random.default_rng(seed)
    returns = rng.standard_normal((n_sessions, n_assets)) + rng.standard_normal((n_sessions, 1))
    return np.atleast_2d(np.cov(returns * np.exp(rng.normal(0, 1, n_assets)), rowvar=False))


def test_two_assets_by_hand() -> None:
    """(σ₂² − σ₁₂) / (σ₁² + σ₂² − 2σ₁₂) = (9 − 5) / (4 + 9 − 10) = 4/3: short 1/3, or none."""
    covariance, reward = np.array([[4.0, 5.0], [5.0, 9.0]]), np.zeros(2)
    free = frontier_weights(covariance, reward, lowest=-2.0, highest=2.0)
    np.testing.assert_allclose(free, [4 / 3, -1 / 3], rtol=1e-8)
    assert frontier_weights(covariance, reward, lowest=0.0, highest=1.0).tolist() == [1.0, 0.0]


def test_a_cap_by_hand() -> None:
    """Independent variances 1, 2, 4 ask for 4/7, 2/7, 1/7; over a half, the rest is split 2 : 1."""
    free = frontier_weights(INDEPENDENT, NOTHING, lowest=0.0, highest=1.0)
    np.testing.assert_allclose(free, [4 / 7, 2 / 7, 1 / 7], rtol=1e-9)
    capped = frontier_weights(INDEPENDENT, NOTHING, lowest=0.0, highest=0.5)
    np.testing.assert_allclose(capped, [1 / 2, 1 / 3, 1 / 6], rtol=1e-9)


def test_mean_variance_by_hand() -> None:
    """Variances 1, 2, 4 and rewards 0, 1, 1: w = (r + ν) / σ², ν = (1 − 3/4) / (7/4) = 1/7."""
    weights = frontier_weights(INDEPENDENT, np.array([0.0, 1.0, 1.0]), lowest=-1.0, highest=1.0)
    np.testing.assert_allclose(weights, [1 / 7, 4 / 7, 2 / 7], rtol=1e-9)


def test_inside_the_bounds_it_is_the_closed_form() -> None:
    """w = Σ⁻¹(r + ν1), ν from the budget (Merton 1972)."""
    covariance = covariance_of(3, 400, 12)
    reward = np.random.default_rng(4).normal(0, 0.1, 12)
    budget, gain = (np.linalg.solve(covariance, side) for side in (np.ones(12), reward))
    expected = gain + (1 - gain.sum()) / budget.sum() * budget
    weights = frontier_weights(covariance, reward, lowest=-9.0, highest=9.0)
    np.testing.assert_allclose(weights, expected, rtol=1e-7, atol=1e-9)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_sessions=st.integers(3, 60),
    n_assets=st.integers(1, 40),
    reward=st.sampled_from([0.0, 0.1, 10.0]),
    tightness=st.sampled_from([1.0, 1.3, 2.0, 50.0]),
    short=st.booleans(),
)
def test_no_move_within_the_bounds_improves(
    *, seed: int, n_sessions: int, n_assets: int, reward: float, tightness: float, short: bool
) -> None:
    """Money moved from any asset that can fall to any that can rise costs more than it brings."""
    covariance = covariance_of(seed, n_sessions, n_assets)
    gains = np.random.default_rng(seed + 1).normal(0, reward, n_assets)
    highest = tightness / n_assets
    lowest = -highest if short else 0.0
    weights = frontier_weights(covariance, gains, lowest=lowest, highest=highest)
    assert weights.sum() == pytest.approx(1, abs=1e-11)
    assert (weights >= lowest).all()
    assert (weights <= highest).all()
    slope = covariance @ weights - gains
    can_rise, can_fall = slope[weights < highest], slope[weights > lowest]
    best = np.min(can_rise, initial=np.inf) - np.max(can_fall, initial=-np.inf)
    assert best >= -1e-8 * (np.diag(covariance).max() + reward)


def test_collinear_assets_share_equally() -> None:
    once = covariance_of(5, 100, 4)
    twice = np.tile(once, (2, 2))
    weights = frontier_weights(twice, np.zeros(8), lowest=0.0, highest=1.0)
    np.testing.assert_allclose(weights[:4], weights[4:], atol=1e-5)
    alone = frontier_weights(once, np.zeros(4), lowest=0.0, highest=1.0)
    np.testing.assert_allclose(weights[:4] + weights[4:], alone, atol=1e-5)
