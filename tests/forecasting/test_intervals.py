import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockanalyst._typing import Cube, IntVector, Matrix, Vector
from stockanalyst.forecasting.intervals import conformal_half_widths, ewma_volatility

LEVELS = (0.5, 0.8, 0.95)


def walk(n_sessions: int, seed: int = 1) -> Vector:
    steps: Vector = np.random.default_rng(seed).normal(0, 0.01, n_sessions)
    return np.cumsum(steps)


def forecasts_from(log_price: Vector, first: int, horizon: int) -> Matrix:
    """Any forecasts will do: the last price, a little off."""
    noise: Matrix = np.random.default_rng(2).normal(0, 0.003, (log_price.size - first, horizon))
    return log_price[first:, None] + noise


def slow_half_widths(
    log_price: Vector, forecasts: Matrix, first: int, cutoffs: Sequence[int], level: float
) -> Matrix:
    """One level, one score at a time, as the docstring says it."""
    variance = [float(log_price[1] - log_price[0]) ** 2]
    for day in range(1, log_price.size):
        move = float(log_price[day] - log_price[day - 1])
        variance.append(0.94 * variance[-1] + 0.06 * move**2)
    volatility = [max(math.sqrt(value), 1e-8) for value in variance]
    widths = np.full((len(cutoffs), forecasts.shape[1]), math.inf)
    for row, cutoff in enumerate(cutoffs):
        for step in range(1, forecasts.shape[1] + 1):
            scores = []
            for origin in range(first, cutoff + 1):
                if origin + step <= cutoff:
                    error = abs(log_price[origin + step] - forecasts[origin - first, step - 1])
                    scores.append(error / (volatility[origin] * math.sqrt(step)))
            newest = sorted(scores[-500:])
            rank = math.ceil((len(newest) + 1) * level)
            if rank <= len(newest):
                widths[row, step - 1] = newest[rank - 1] * volatility[cutoff] * math.sqrt(step)
    return widths


def test_ewma_by_hand() -> None:
    """Squared returns 0.01, 0, 0.04, the first counted twice.

    0.01; 0.01; 0.94 × 0.01 = 0.0094; 0.94 × 0.0094 + 0.06 × 0.04 = 0.011236 = 0.106².
    """
    volatility = ewma_volatility(np.array([0.0, 0.1, 0.1, 0.3]))
    np.testing.assert_allclose(volatility, [0.1, 0.1, math.sqrt(0.0094), 0.106], rtol=1e-14)


@pytest.mark.parametrize("n_sessions", [1, 2, 5])
def test_ewma_of_a_price_that_stands_still_is_the_floor(n_sessions: int) -> None:
    np.testing.assert_array_equal(ewma_volatility(np.ones(n_sessions)), np.full(n_sessions, 1e-8))


@given(st.floats(0.01, 50), st.floats(-5, 5))
def test_ewma_scales_with_returns_and_not_with_the_price(unit: float, shift: float) -> None:
    log_price = walk(40)
    expected = unit * ewma_volatility(log_price)
    np.testing.assert_allclose(ewma_volatility(unit * log_price + shift), expected, rtol=1e-8)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "cutoffs", [[600], [19, 20, 21], [10, 25, 60, 599, 640], [7, 8, 9], [516, 517, 518, 519]]
)
def test_half_widths_against_a_slow_loop(cutoffs: list[int], level: float) -> None:
    """From no score at all to more than the 500 that count."""
    log_price, first = walk(660), 7
    forecasts = forecasts_from(log_price, first, 3)
    half = conformal_half_widths(
        log_price, forecasts, first=first, cutoffs=np.array(cutoffs), levels=[level]
    )
    expected = slow_half_widths(log_price, forecasts, first, cutoffs, level)
    assert half.shape == (len(cutoffs), 3, 1)
    np.testing.assert_allclose(half[:, :, 0], expected, rtol=1e-11)


def test_half_width_by_hand() -> None:
    """Returns of ± 0.1: volatility 0.1 throughout. The random walk's scores are 1, 1, 1.

    At level 0.5 the rank is ⌈4 × 0.5⌉ = 2: 1 × 0.1. At 0.8 it is ⌈3.2⌉ = 4 of 3: endless.
    Two steps ahead the price is back: scores 0, 0, rank ⌈1.5⌉ = 2, width 0.
    """
    log_price = np.array([0.0, 0.1, 0.0, 0.1])
    forecasts = np.repeat(log_price[:, None], 2, axis=1)
    half = conformal_half_widths(
        log_price, forecasts, first=0, cutoffs=np.array([3]), levels=[0.5, 0.8]
    )
    np.testing.assert_allclose(half[0], [[0.1, math.inf], [0.0, math.inf]], atol=1e-15)


def test_endless_until_there_are_scores_enough() -> None:
    """0.95 needs 19 scores: ⌈20 × 0.95⌉ = 19, while ⌈19 × 0.95⌉ = 19 of 18."""
    log_price = walk(30)
    half = conformal_half_widths(
        log_price, log_price[:, None], first=0, cutoffs=np.arange(1, 30), levels=[0.95]
    )
    np.testing.assert_array_equal(np.isinf(half[:, 0, 0]), np.arange(1, 30) < 19)


def test_only_the_newest_500_scores_count() -> None:
    log_price = walk(700)
    forecasts = forecasts_from(log_price, 0, 1)
    spoilt = forecasts.copy()
    spoilt[:150] += 9.0
    cutoffs = np.array([650])
    half = [
        conformal_half_widths(log_price, each, first=0, cutoffs=cutoffs, levels=LEVELS)
        for each in (forecasts, spoilt)
    ]
    np.testing.assert_array_equal(half[0], half[1])


@given(st.floats(0.01, 50), st.floats(-5, 5))
def test_half_widths_scale_with_returns_and_not_with_the_price(unit: float, shift: float) -> None:
    log_price = walk(80)
    forecasts = forecasts_from(log_price, 5, 2)
    cutoffs = np.array([40, 79])
    half = conformal_half_widths(log_price, forecasts, first=5, cutoffs=cutoffs, levels=[0.8])
    scaled = conformal_half_widths(
        unit * log_price + shift, unit * forecasts + shift, first=5, cutoffs=cutoffs, levels=[0.8]
    )
    np.testing.assert_allclose(scaled, unit * half, rtol=1e-8)


@given(st.lists(st.integers(5, 119), min_size=1, max_size=6, unique=True).map(sorted))
def test_a_cutoff_doesnt_care_for_the_others(cutoffs: list[int]) -> None:
    log_price = walk(120)
    forecasts = forecasts_from(log_price, 5, 2)

    def widths(at: IntVector) -> Cube:
        return conformal_half_widths(log_price, forecasts, first=5, cutoffs=at, levels=LEVELS)

    alone = [widths(np.array([cutoff]))[0] for cutoff in cutoffs]
    np.testing.assert_array_equal(widths(np.array(cutoffs)), alone)


@given(st.integers(1, 118), st.booleans())
def test_ewma_doesnt_look_ahead(garbled: Callable[..., Vector], cutoff: int, nan: bool) -> None:
    log_price = walk(120)
    known = slice(cutoff + 1)
    seen = ewma_volatility(garbled(log_price, cutoff, nan=nan))
    np.testing.assert_array_equal(seen[known], ewma_volatility(log_price)[known])


@settings(max_examples=50)
@given(st.integers(5, 118), st.booleans())
def test_half_widths_dont_look_ahead(
    garbled: Callable[..., Vector], cutoff: int, nan: bool
) -> None:
    log_price, first = walk(120), 5
    forecasts = forecasts_from(log_price, first, 3)
    cutoffs = np.arange(first, 120)

    def widths(prices: Vector, made: Matrix) -> Cube:
        half = conformal_half_widths(prices, made, first=first, cutoffs=cutoffs, levels=LEVELS)
        return half[: cutoff - first + 1]

    future = garbled(forecasts, cutoff - first, seed=1, nan=nan)
    seen = widths(garbled(log_price, cutoff, nan=nan), future)
    np.testing.assert_array_equal(seen, widths(log_price, forecasts))
