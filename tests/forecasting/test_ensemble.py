from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix, Vector
from stockanalyst.forecasting.ensemble import (
    COMBINATIONS,
    equal_weights,
    inverse_error_weights,
    stacked_weights,
)

Array = NDArray[np.float64]
Weigh = Callable[[Matrix, Vector], Vector]

NAN = float("nan")
NEXT = np.array([1])


def along_origins(values: list[float]) -> Array:
    """One symbol, one step: shape (1, n_origins, 1)."""
    return np.array(values)[None, :, None]


def members(*moves: list[float]) -> Array:
    """One symbol, one step, a list a member: shape (1, n_members, n_origins, 1)."""
    return np.array(moves)[None, :, :, None]


def test_equal_weights_by_hand() -> None:
    """Who has no forecast isn't counted; where nobody has one, the price stays."""
    moves = members([1.0, 1.0, NAN, NAN], [3.0, NAN, 4.0, NAN])
    combined = equal_weights(moves, along_origins([NAN] * 4), NEXT)
    np.testing.assert_array_equal(combined, along_origins([2.0, 1.0, 4.0, 0.0]))


def test_inverse_error_by_hand() -> None:
    """Outcomes 0: the first errs by 1 each day, the second by 2: weights 1 and 1/4, or 4/5 and 1/5.

    At the first origin nothing is known yet; at the last the second has no forecast.
    """
    moves = members([1.0, 1.0, 1.0], [2.0, 2.0, NAN])
    combined = inverse_error_weights(moves, along_origins([0.0, 0.0, NAN]), NEXT)
    np.testing.assert_allclose(combined, along_origins([1.5, 1.2, 1.0]), rtol=1e-14)


def test_a_missing_forecast_counts_as_none_of_a_move() -> None:
    """The second had none when the price rose by 2: error 2 against 1, as above."""
    moves = members([1.0, 1.0], [NAN, 6.0])
    combined = inverse_error_weights(moves, along_origins([2.0, NAN]), NEXT)
    np.testing.assert_allclose(combined, along_origins([1.0, 0.8 * 1 + 0.2 * 6]), rtol=1e-14)


@pytest.mark.parametrize(("outcome", "weight"), [(1.0, 1.0), (0.0, 0.8), (-1.0, 0.6)])
def test_stacking_of_one_member_by_hand(outcome: float, weight: float) -> None:
    """Of n moves of 1 the penalty is 4 n: (n · outcome + 4 n) / (n + 4 n)."""
    combined = stacked_weights(
        members([1.0, 1.0, 1.0]), along_origins([outcome, outcome, NAN]), NEXT
    )
    np.testing.assert_allclose(combined, along_origins([1.0, weight, weight]), rtol=1e-14)


def inverse_squares(moves: Matrix, outcomes: Vector) -> Vector:
    squares = [sum((y - x) ** 2 for x, y in zip(row, outcomes, strict=True)) for row in moves]
    return np.array([1 / total if total else 1.0 for total in squares])


def shrunk_least_squares(moves: Matrix, outcomes: Vector) -> Vector:
    """The minimum of |outcomes − w · moves|² + λ |w − 1/K|², λ four times the mean diagonal."""
    gram = moves @ moves.T
    penalty, k = 4 * np.trace(gram) / len(moves), len(moves)
    weights: Vector = np.linalg.solve(
        gram + penalty * np.eye(k), moves @ outcomes + penalty * np.full(k, 1 / k)
    )
    return weights


def slow(moves: Array, outcomes: Array, delays: IntVector, weigh: Weigh, *, whole: bool) -> Array:
    """One symbol, origin and step at a time; weights of a whole add up to one."""
    n_symbols, n_members, n_origins, horizon = moves.shape
    combined = np.empty((n_symbols, n_origins, horizon))
    for symbol, origin, step in np.ndindex(combined.shape):
        known = [n for n in range(n_origins) if n + delays[step] <= origin][-250:]
        past = np.nan_to_num(moves[symbol, :, known, step]).T
        now = moves[symbol, :, origin, step]
        weights = np.full(n_members, 1 / n_members)
        if known:
            weights = weigh(past.reshape(n_members, -1), outcomes[symbol, known, step])
        if whole or not known:
            weights = np.where(np.isnan(now), 0.0, weights)
            weights /= weights.sum()
        combined[symbol, origin, step] = weights @ np.nan_to_num(now)
    return combined


@pytest.mark.parametrize("delays", [[1, 2, 3], [1, 1, 2]], ids=["each session", "every other"])
@pytest.mark.parametrize(
    ("combine", "weigh", "whole"),
    [
        (inverse_error_weights, inverse_squares, True),
        (stacked_weights, shrunk_least_squares, False),
    ],
)
def test_learned_weights_against_a_slow_loop(
    combine: Callable[[Array, Array, IntVector], Array],
    weigh: Weigh,
    delays: list[int],
    *,
    whole: bool,
) -> None:
    """From nothing known to more than the 250 that count; a member that misses days."""
    rng = np.random.default_rng(4)
    outcomes = rng.normal(0, 0.01, (2, 280, 3))
    moves = 0.2 * outcomes[:, None] + rng.normal(0, 0.005, (2, 3, 280, 3))
    moves[:, 1] *= 3
    moves[0, 2, rng.random(280) < 0.2] = NAN
    moves[1, 2, :40] = NAN
    combined = combine(moves, outcomes, np.array(delays))
    expected = slow(moves, outcomes, np.array(delays), weigh, whole=whole)
    np.testing.assert_allclose(combined, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_past_beyond_250_outcomes_is_forgotten(name: str) -> None:
    rng = np.random.default_rng(5)
    moves, outcomes = rng.normal(size=(1, 2, 300, 1)), rng.normal(size=(1, 300, 1))
    changed = moves.copy()
    changed[:, :, :30] = rng.normal(size=(1, 2, 30, 1))
    combined, other = (COMBINATIONS[name](each, outcomes, NEXT) for each in (moves, changed))
    np.testing.assert_allclose(other[:, 280:], combined[:, 280:], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_of_a_price_that_stands_still(name: str) -> None:
    """Forecasts and outcomes of no move give no move."""
    still = np.zeros((2, 3, 20, 2))
    combined = COMBINATIONS[name](still, still[:, 0], np.array([1, 2]))
    np.testing.assert_array_equal(combined, np.zeros((2, 20, 2)))


def test_combinations_by_name() -> None:
    assert list(COMBINATIONS) == ["ensemble", "ensemble_inverse", "ensemble_stacked"]
