import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from stockanalyst._typing import Matrix, Vector
from stockanalyst.exceptions import InputError
from stockanalyst.portfolio import min_cvar
from stockanalyst.portfolio.min_cvar import min_cvar_weights


def worst_mean(returns: Matrix, weights: Vector, level: float) -> float:
    """The mean loss in the worst 1 − `level` of the sessions, the last of them in part."""
    losses = np.sort(-returns @ weights)[::-1]
    count = (1 - level) * losses.size
    shares = np.clip(count - np.arange(losses.size), 0, 1)
    return float(losses @ shares / count)


def by_highs(returns: Matrix, level: float, lowest: float, highest: float) -> float:
    """The least CVaR, from the linear program of Rockafellar and Uryasev as they wrote it."""
    n_sessions, n_assets = returns.shape
    tail = np.full(n_sessions, 1 / ((1 - level) * n_sessions))
    answer = linprog(
        np.concatenate([np.zeros(n_assets), [1], tail]),
        A_ub=np.hstack([-returns, -np.ones((n_sessions, 1)), -np.eye(n_sessions)]),
        b_ub=np.zeros(n_sessions),
        A_eq=[[1] * n_assets + [0] * (n_sessions + 1)],
        b_eq=[1],
        bounds=[(lowest, highest)] * n_assets + [(None, None)] + [(0, None)] * n_sessions,
        method="highs",
    )
    return float(answer.fun)


def returns_of(seed: int, n_sessions: int, n_assets: int, kind: str) -> Matrix:
    rng = np.random.default_rng(seed)
    returns: Matrix = rng.standard_t(4, (n_sessions, n_assets)) + rng.standard_normal(
        (n_sessions, 1)
    )
    if kind == "twins":
        returns[:, n_assets // 2 :] = returns[:, : n_assets - n_assets // 2]
    if kind == "opposites":
        returns[:, -1] = -returns[:, 0]
    if kind == "spike":
        returns[rng.integers(n_sessions), rng.integers(n_assets)] = 1e6
    return returns


@pytest.mark.parametrize(
    ("losses", "level", "expected"),
    [
        ([[1, 0], [0, 1]], 0.5, [1 / 2, 1 / 2]),  # the worse of two sessions: max(a, b)
        ([[2, 0], [0, 1]], 0.5, [1 / 3, 2 / 3]),  # max(2a, b)
        ([[2, 1], [-3, 1.5]], 0.1, [1, 0]),  # 1.8 sessions: a's mean is far less
        ([[2, 1], [-3, 1.5]], 0.9, [1 / 11, 10 / 11]),  # max(2a + b, 1.5b − 3a)
    ],
)
def test_two_sessions_by_hand(
    losses: list[list[float]], level: float, expected: list[float]
) -> None:
    returns = -np.array(losses, dtype=np.float64)
    weights = min_cvar_weights(returns, level=level, lowest=0.0, highest=1.0)
    np.testing.assert_allclose(weights, expected, atol=1e-8)


def test_a_huge_loss_keeps_a_small_weight() -> None:
    """The worst of three sessions, max(2e7 a, b, c), is least where all are the same."""
    returns = -np.diag([2e7, 1.0, 1.0])
    weights = min_cvar_weights(returns, level=2 / 3, lowest=0.0, highest=1.0)
    np.testing.assert_allclose(weights, [2.5e-8, 0.5, 0.5], rtol=1e-4)


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(5, 80), st.integers(2, 30)),
    level=st.sampled_from([0.3, 0.9, 0.95, 0.99]),
    tightness=st.sampled_from([1.0, 1.2, 2.0, 50.0]),
    kind=st.sampled_from(["plain", "twins", "opposites", "spike"]),
    short=st.booleans(),
)
def test_the_least_that_highs_finds(
    *, seed: int, shape: tuple[int, int], level: float, tightness: float, kind: str, short: bool
) -> None:
    returns = returns_of(seed, *shape, kind)
    highest = tightness / shape[1]
    lowest = -highest if short else 0.0
    weights = min_cvar_weights(returns, level=level, lowest=lowest, highest=highest)
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert (weights >= lowest).all()
    assert (weights <= highest).all()
    expected = by_highs(returns, level, lowest, highest)
    assert worst_mean(returns, weights, level) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("market", [0.0, 1.0])
@pytest.mark.parametrize(
    ("shape", "level", "lowest", "highest"),
    [
        ((400, 150), 0.95, 0.0, 1.0),
        ((400, 150), 0.95, 0.0, 0.008),
        ((400, 150), 0.95, -0.02, 0.02),
        ((600, 120), 0.5, 0.0, 1.0),
    ],
)
def test_the_least_of_more_than_it_starts_with(
    *, market: float, shape: tuple[int, int], level: float, lowest: float, highest: float
) -> None:
    """Few assets and sessions of a market take part in the answer, and most independent ones."""
    rng = np.random.default_rng(7)
    common = rng.standard_normal((shape[0], 1)) * rng.uniform(0.5, 1.5, shape[1])
    returns = market * common + rng.standard_t(4, shape) * rng.uniform(0.8, 1.2, shape[1])
    weights = min_cvar_weights(returns, level=level, lowest=lowest, highest=highest)
    assert (weights >= lowest).all()
    assert (weights <= highest).all()
    expected = by_highs(returns, level, lowest, highest)
    assert worst_mean(returns, weights, level) == pytest.approx(expected, abs=1e-9)


def test_a_twin_that_it_doesnt_start_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(min_cvar, "_FEW_ASSETS", 1)
    returns = np.random.default_rng(8).standard_normal((60, 2))[:, [0, 1, 1]] * [0.9, 1, 1]
    weights = min_cvar_weights(returns, level=0.9, lowest=0.0, highest=1.0)
    assert weights[1] > 0.1
    assert weights[2] == pytest.approx(weights[1], abs=1e-8)


def test_a_method_that_gets_stuck_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(min_cvar, "_MOST_STEPS", 3)
    with pytest.raises(InputError, match=r"80 returns of 5 assets.*nothing was found in 3 steps"):
        min_cvar_weights(returns_of(1, 80, 5, "plain"), level=0.95, lowest=0.0, highest=1.0)
