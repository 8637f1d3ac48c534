import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Matrix
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.intervals import (
    METHODS,
    VOLATILITIES,
    Intervals,
    PastErrors,
    adaptive,
    bootstrap,
    conformal,
    gaussian,
)
from stockanalyst.forecasting.volatility import garch_volatility

Array = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.95)
NAN = float("nan")


def walks(n_symbols: int, n_sessions: int, *, seed: int = 1) -> Matrix:
    steps = np.random.default_rng(seed).normal(0, 0.01, (n_symbols, n_sessions))
    return np.cumsum(steps, axis=1)


def last_prices(log_price: Matrix, origins: IntVector, horizon: int) -> Array:
    """The random walk, one model: shape (S, 1, N, H)."""
    return np.repeat(log_price[:, None, origins, None], horizon, axis=3)


def errors_of(scores: list[float], *, horizon: int = 1, scale: float = 1.0) -> PastErrors:
    """One symbol, one model; every step has the same scores."""
    rows = np.tile(scores, (1, 1, horizon, 1))
    return PastErrors(rows, np.arange(1, horizon + 1), np.full((1, len(scores), horizon), scale))


def test_scores_by_hand() -> None:
    """Log prices 0, 0.1, 0.4, 0.3, 0.3 of volatility 0.1, from origins 0, 1, 2, 3.

    A step ahead the moves are 0.1, 0.3, −0.1; the first is known at origin 1. Two steps ahead they
    are 0.4, 0.2, over 0.1 √2; the first is known at origin 2.
    """
    log_price = np.array([[0.0, 0.1, 0.4, 0.3, 0.3]])
    origins = np.arange(4)
    errors = PastErrors.of(
        log_price,
        last_prices(log_price, origins, 2),
        origins,
        volatility=np.full((1, 4, 1), 0.1),
        reference=0,
    )
    root = math.sqrt(2)
    expected = [[NAN, 1.0, 3.0, -1.0], [NAN, NAN, 4 / root, 2 / root]]
    np.testing.assert_allclose(errors.scores[0, 0], expected, atol=1e-12)
    np.testing.assert_array_equal(errors.delays, [1, 2])
    np.testing.assert_allclose(errors.scale, [[[0.1, 0.1 * root]] * 4], rtol=1e-15)


def test_scores_of_every_third_session_by_hand() -> None:
    """Origins 0, 3, 6: three steps ahead is known one origin later, four steps two later."""
    log_price = np.arange(8.0)[None] ** 2
    origins = np.array([0, 3, 6])
    errors = PastErrors.of(
        log_price,
        last_prices(log_price, origins, 4),
        origins,
        volatility=np.ones((1, 3, 1)),
        reference=0,
    )
    np.testing.assert_array_equal(errors.delays, [1, 1, 1, 2])
    np.testing.assert_allclose(errors.scores[0, 0, 2], np.array([NAN, 9, 27]) / math.sqrt(3))
    np.testing.assert_allclose(errors.scores[0, 0, 3], [NAN, NAN, 8.0])


def test_the_reference_stands_in_where_a_model_may_not_be_used() -> None:
    log_price, origins = walks(2, 80), np.arange(20, 79)
    own = last_prices(log_price, origins, 2) + 0.003
    own[:, :, :30] = NAN
    forecasts = np.concatenate([own, last_prices(log_price, origins, 2)], axis=1)
    volatility = np.ones((2, 59, 1))
    errors = PastErrors.of(log_price, forecasts, origins, volatility=volatility, reference=1)
    np.testing.assert_array_equal(errors.scores[:, 0, 0, :31], errors.scores[:, 1, 0, :31])
    np.testing.assert_array_equal(errors.scores[:, 0, 1, :32], errors.scores[:, 1, 1, :32])
    gaps = errors.scores[:, 0, 0, 31:] - errors.scores[:, 1, 0, 31:]
    np.testing.assert_allclose(gaps, -0.003, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_where_a_model_never_may_be_used_its_intervals_are_the_references(method: str) -> None:
    log_price, origins = walks(2, 80), np.arange(20, 79)
    walk = last_prices(log_price, origins, 2)
    forecasts = np.concatenate([walk, np.full_like(walk, NAN)], axis=1)
    sides = Intervals(method).offsets(
        log_price, forecasts, origins, first=30, levels=LEVELS, reference=0
    )
    for side in sides:
        np.testing.assert_array_equal(side[:, 1], side[:, 0])


def test_conformal_by_hand() -> None:
    """Scores 1 … 9: level 0.8 asks for rank ⌈10 · 0.8⌉ = 8, 0.95 for the tenth of nine: the last.

    At 0.5 it is rank 5. The quantile is that of origin 10, the last that is a multiple of five.
    """
    scores = [NAN, 9.0, -1.0, 2.0, -8.0, 3.0, 4.0, -7.0, 6.0, 5.0, NAN, 99.0, 99.0]
    below, above = conformal(errors_of(scores, scale=0.1), 10, LEVELS)
    np.testing.assert_allclose(below[0, 0, :, :, 0], np.outer([0.5, 0.8, 0.9], np.ones(3)))
    np.testing.assert_array_equal(above, below)


@given(st.integers(1, 250), st.sampled_from([0.1, 0.5, 0.8, 0.9, 0.95, 0.99]))
def test_conformal_rank(count: int, level: float) -> None:
    """The smallest score with (n + 1) · level or more of the scores at or below it."""
    scores = np.random.default_rng(count).permutation(np.arange(1.0, count + 1))
    below, _ = conformal(errors_of([NAN, *scores]), count, (level,))
    hundredths = round(100 * level)
    rank = -(-(count + 1) * hundredths // 100)
    assert below[0, 0, 0, 0, 0] == min(rank, count)


def test_gaussian_by_hand() -> None:
    """Scores 3, −4, 0, 5, 0: √(50 / 5); the normal's 0.9 and 0.975 quantiles are tabled."""
    below, above = gaussian(errors_of([NAN, 3.0, -4.0, 0.0, 5.0, 0.0], scale=0.1), 5, (0.8, 0.95))
    expected = 0.1 * math.sqrt(10) * np.array([1.2815515655446004, 1.959963984540054])
    np.testing.assert_allclose(below[0, 0, :, 0, 0], expected, rtol=1e-12)
    np.testing.assert_array_equal(above, below)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_newest_250_scores_count(method: str) -> None:
    scores = np.random.default_rng(2).normal(size=401)
    scores[0] = NAN
    changed = scores.copy()
    changed[1:151] = 5.0
    sides = [METHODS[method](errors_of(list(each)), 400, LEVELS) for each in (scores, changed)]
    if method == "adaptive":  # what it missed long ago still weighs in its factor
        assert (sides[1][0] != sides[0][0]).any()
    else:
        np.testing.assert_array_equal(sides[1], sides[0])


def test_bootstrap_against_many_more_draws() -> None:
    """Sums of h of 200 skewed scores over √h; 500 paths know a quantile to 0.1 or so."""
    rng = np.random.default_rng(3)
    scores = rng.exponential(size=200) - 1
    below, above = bootstrap(errors_of([NAN, *scores], horizon=4), 200, (0.5, 0.8))
    sums = rng.choice(scores, (200_000, 4)).cumsum(axis=1) / np.sqrt(np.arange(1, 5))
    for row, tail in enumerate((0.25, 0.1)):
        low, high = np.quantile(sums, [tail, 1 - tail], axis=0)
        np.testing.assert_allclose(below[0, 0, row, 0], -low, atol=0.15)
        np.testing.assert_allclose(above[0, 0, row, 0], high, atol=0.3)
    assert (above[:, :, 1] > below[:, :, 1]).all()


def slow_adaptive(errors: PastErrors, first: int, levels: tuple[float, ...]) -> Array:
    """One level, one origin, one outcome at a time."""
    n_symbols, n_models, horizon, n_origins = errors.scores.shape
    offsets = np.empty((n_symbols, n_models, len(levels), n_origins - first, horizon))
    for symbol, model, step in np.ndindex(n_symbols, n_models, horizon):
        scores = np.abs(errors.scores[symbol, model, step])
        delay = int(errors.delays[step])
        widths: list[list[float]] = [[] for _ in levels]
        for row, level in enumerate(levels):
            logarithm, quantile = 0.0, math.inf
            for origin in range(n_origins):
                if origin >= delay and 0 < widths[row][origin - delay] < math.inf:
                    miss = float(scores[origin] > widths[row][origin - delay])
                    logarithm += 0.1 / delay * (miss - (1 - level))
                if origin % 5 == 0:
                    window = scores[max(origin - 249, 0) : origin + 1]
                    known = sorted(float(score) for score in window if not math.isnan(score))
                    rank = min(math.ceil((len(known) + 1) * level - 1e-9), len(known))
                    quantile = known[rank - 1] if known else math.inf
                widths[row].append(quantile * math.exp(logarithm))
        for row in range(len(levels)):
            for origin in range(first, n_origins):
                widest = max(widths[narrower][origin] for narrower in range(row + 1))
                offset = widest * errors.scale[symbol, origin, step]
                offsets[symbol, model, row, origin - first, step] = offset
    return offsets


@pytest.mark.parametrize(("stride", "first"), [(1, 0), (1, 33), (2, 7)])
def test_adaptive_against_a_slow_loop(stride: int, first: int) -> None:
    rng = np.random.default_rng(7)
    log_price = np.cumsum(0.01 * rng.standard_t(3, (2, 330 * stride)), axis=1)
    origins = np.arange(10, 310) * stride
    forecasts = np.concatenate([last_prices(log_price, origins, 3)] * 2, axis=1)
    forecasts[:, 1] += rng.normal(0, 0.01, forecasts[:, 1].shape)
    volatility = rng.uniform(0.005, 0.02, (2, origins.size, 3))
    errors = PastErrors.of(log_price, forecasts, origins, volatility=volatility, reference=0)
    below, above = adaptive(errors, first, LEVELS)
    np.testing.assert_allclose(below, slow_adaptive(errors, first, LEVELS), rtol=1e-10)
    np.testing.assert_array_equal(above, below)


def covered(log_price: Matrix, intervals: Intervals, horizon: int = 3) -> Array:
    """Whether the random walk's 80 and 90 % intervals held, shape (S, L, N, H), from 250 on."""
    origins = np.arange(log_price.shape[1] - horizon)
    walk = last_prices(log_price, origins, horizon)
    below, above = intervals.offsets(
        log_price, walk, origins, first=250, levels=(0.8, 0.9), reference=0
    )
    later = origins[250:, None] + np.arange(1, horizon + 1)
    error = (log_price[:, later] - walk[:, 0, 250:])[:, None]
    return ((-below[:, 0] <= error) & (error <= above[:, 0])).astype(np.float64)


@pytest.mark.parametrize("method", METHODS)
def test_coverage_of_a_random_walk(method: str) -> None:
    """9,000 forecasts a step: within 1.5 points."""
    share = covered(walks(12, 1000), Intervals(method)).mean(axis=(0, 2))
    np.testing.assert_allclose(share, [[0.8] * 3, [0.9] * 3], atol=0.015)


@pytest.mark.parametrize("method", ["adaptive", "conformal"])
def test_coverage_of_heavy_tails(method: str) -> None:
    log_price = np.cumsum(np.random.default_rng(8).standard_t(3, (12, 1000)) / 100, axis=1)
    share = covered(log_price, Intervals(method)).mean(axis=(0, 2))
    np.testing.assert_allclose(share, [[0.8] * 3, [0.9] * 3], atol=0.015)


def test_coverage_after_a_jump_of_volatility() -> None:
    """From 1 % to 4 % a day: over the next 60 sessions 0.9 falls to no less than 0.8.

    Quantiles of errors that aren't scaled would fall to some 0.4, and so does the normal's.
    """
    steps = np.random.default_rng(9).normal(0, 0.01, (40, 700))
    steps[:, 500:] *= 4
    log_price = np.cumsum(steps, axis=1)
    after = slice(500 - 250, 560 - 250)
    ways = (Intervals(), Intervals("conformal", "constant"), Intervals("gaussian", "constant"))
    shares = [covered(log_price, way, 1)[:, 1, after].mean() for way in ways]
    assert shares[0] > 0.8
    assert max(shares[1:]) < 0.65


@pytest.mark.parametrize("volatility", ["ewma", "constant"])
@pytest.mark.parametrize("method", METHODS)
def test_a_higher_level_lies_around_a_lower(method: str, volatility: str) -> None:
    log_price, origins = walks(2, 300), np.arange(0, 299)
    walk, levels = last_prices(log_price, origins, 3), (0.5, 0.8, 0.81)
    sides = Intervals(method, volatility).offsets(
        log_price, walk, origins, first=0, levels=levels, reference=0
    )
    for side in sides:
        assert side.shape == (2, 1, 3, 299, 3)
        assert (side[:, :, 1:] >= side[:, :, :-1]).all()
        assert np.isinf(side[:, :, :, 0]).all()
        assert np.isfinite(side[:, :, :, 8:]).all()


@settings(max_examples=20)
@given(st.sampled_from(list(METHODS)), st.floats(0.05, 20), st.floats(-3, 3))
def test_offsets_scale_with_returns_and_not_with_the_price(
    method: str, unit: float, shift: float
) -> None:
    def offsets(log_price: Matrix) -> tuple[Array, Array]:
        origins = np.arange(10, 79)
        walk = last_prices(log_price, origins, 2)
        return Intervals(method).offsets(
            log_price, walk, origins, first=40, levels=LEVELS, reference=0
        )

    log_price = walks(1, 80)
    for scaled, side in zip(offsets(unit * log_price + shift), offsets(log_price), strict=True):
        np.testing.assert_allclose(scaled, unit * side, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_of_a_price_that_stands_still_nothing_is_uncertain(method: str) -> None:
    still = np.full((2, 60), 3.0)
    origins = np.arange(10, 59)
    sides = Intervals(method).offsets(
        still, last_prices(still, origins, 2), origins, first=20, levels=LEVELS, reference=0
    )
    np.testing.assert_array_equal(sides, np.zeros_like(sides))


def test_garch_scales_the_intervals_of_each_symbol() -> None:
    log_price, origins = walks(2, 1012), np.arange(980, 1011)
    walk = last_prices(log_price, origins, 2)
    below, _ = Intervals("conformal", "garch").offsets(
        log_price, walk, origins, first=25, levels=LEVELS, reference=0
    )
    volatility = np.stack([garch_volatility(row)[origins, None] for row in log_price])
    errors = PastErrors.of(log_price, walk, origins, volatility=volatility, reference=0)
    np.testing.assert_array_equal(below, conformal(errors, 25, LEVELS)[0])
    assert list(VOLATILITIES) == ["ewma", "garch", "constant"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("adaptiv",), "intervals.method 'adaptiv': did you mean adaptive? choose from adaptive,"),
        (("conformal", "none"), "intervals.volatility 'none': choose from ewma, garch, constant"),
    ],
)
def test_an_unknown_name_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Intervals(*arguments)
    assert str(caught.value).startswith(message)
