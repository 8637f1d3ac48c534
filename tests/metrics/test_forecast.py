import random
from collections.abc import Callable
from math import inf, isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from stockanalyst._typing import Vector
from stockanalyst.metrics.forecast import (
    DieboldMariano,
    benjamini_hochberg,
    diebold_mariano,
    diebold_mariano_many,
    holm,
    newey_west_test,
    pinball_loss,
    rmse,
    skill_score,
    wilson_interval,
)

Y = np.array([10.0, 12.0, 11.0, 15.0])
YHAT = np.array([11.0, 10.0, 11.0, 12.0])
"""Errors −1, 2, 0, 3."""
EMPTY = np.array([])

cents = st.integers(-(10**6), 10**6).map(lambda number: number / 100)
shares = arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1))


def test_rmse() -> None:
    """(1 + 4 + 0 + 9) / 4 is 3.5."""
    assert rmse(Y, YHAT) == pytest.approx(sqrt(3.5), rel=1e-15)


def test_skill_score() -> None:
    """RMSE √3.5 against the baseline's √((0 + 4 + 1 + 25) / 4) = √7.5."""
    baseline = np.array([10.0, 10.0, 10.0, 10.0])
    assert skill_score(Y, YHAT, baseline) == pytest.approx(1 - sqrt(3.5 / 7.5), rel=1e-15)


def test_skill_score_against_a_perfect_baseline_is_nan() -> None:
    assert isnan(skill_score(Y, YHAT, Y))


@pytest.mark.parametrize(
    "score",
    [
        rmse,
        lambda y, yhat: skill_score(y, yhat, np.zeros(y.size)),
    ],
    ids=["rmse", "skill_score"],
)
def test_nothing_and_nan_give_nan(score: Callable[[Vector, Vector], float]) -> None:
    assert isnan(score(EMPTY, EMPTY))
    assert isnan(score(np.array([1.0, nan]), np.array([1.0, 2.0])))
    assert isnan(score(np.array([1.0, 2.0]), np.array([nan, 2.0])))


@given(
    arrays(np.float64, 7, elements=cents),
    arrays(np.float64, 7, elements=cents),
    st.floats(0.01, 100),
)
def test_errors_scale_with_the_unit(y: Vector, yhat: Vector, unit: float) -> None:
    assert rmse(y * unit, yhat * unit) == pytest.approx(rmse(y, yhat) * unit, rel=1e-9)


def test_pinball_loss() -> None:
    """At probability 0.9, 2 below costs 0.2 and 2 above 1.8."""
    losses = pinball_loss(np.array([8.0, 10.0, 12.0]), np.full(3, 10.0), probability=0.9)
    np.testing.assert_allclose(losses, [0.2, 0.0, 1.8], rtol=1e-14)


def test_pinball_loss_reproduces_scikit_learn() -> None:
    from sklearn.metrics import mean_pinball_loss

    y, quantile = np.random.default_rng(3).normal(size=(2, 50))
    expected = mean_pinball_loss(y, quantile, alpha=0.2)
    assert pinball_loss(y, quantile, probability=0.2).mean() == pytest.approx(expected, rel=1e-13)


# Wilson


def test_wilson_by_hand() -> None:
    """None of 10: z² / (10 + z²) = 3.8415 / 13.8415 above; no trial, no interval."""
    low, high = wilson_interval(np.array([0.0, 10.0, 0.0]), np.array([10.0, 10.0, 0.0]))
    np.testing.assert_allclose(low, [0.0, 1 - 0.27753, nan], atol=1e-5)
    np.testing.assert_allclose(high, [0.27753, 1.0, nan], atol=1e-5)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_wilson_reproduces_statsmodels(level: float) -> None:
    from statsmodels.stats.proportion import proportion_confint

    hits, n = np.array([1.0, 8.0, 130.0]), np.array([3.0, 10.0, 250.0])
    expected = proportion_confint(hits, n, alpha=1 - level, method="wilson")
    np.testing.assert_allclose(wilson_interval(hits, n, level=level), expected, rtol=1e-12)


# Diebold and Mariano


def python2_sample(pick: Callable[[], float]) -> Vector:
    """What ``random.sample(range(0, 100), 100)`` of Python 2 made of the stream `pick`."""
    pool, drawn = list(range(100)), []
    for left in range(100, 0, -1):
        at = int(pick() * left)
        drawn.append(pool[at])
        pool[at] = pool[left - 1]
    return np.array(drawn, dtype=np.float64)


@pytest.mark.parametrize(
    ("power", "statistic", "p_value"),
    [
        (1, 1.3275742446369585, 0.18737195617455585),
        (2, 1.2112523589452902, 0.22868210381769466),
        (4, 0.9124498079287283, 0.36374861695187799),
    ],
    ids=["MAD", "MSE", "poly-4"],
)
def test_diebold_mariano_reproduces_tsang(power: int, statistic: float, p_value: float) -> None:
    """The example in the README of github.com/johntwk/Diebold-Mariano-Test (random.seed(123))."""
    stream = random.Random(123).random  # noqa: S311 - the published example's own numbers
    actual, first, second = (python2_sample(stream) for _ in range(3))
    result = diebold_mariano(
        np.abs(actual - first) ** power, np.abs(actual - second) ** power, horizon=1
    )
    assert result.n == 100
    assert result.statistic == pytest.approx(statistic, rel=1e-13)
    assert result.p_value == pytest.approx(p_value, rel=1e-12)


def test_diebold_mariano_reproduces_the_package_dieboldmariano() -> None:
    """The example in the README of dieboldmariano on PyPI; its p-value is one-sided."""
    actual = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    first = np.array([11.0, 21.0, 29.0, 42.0, 53.0])
    second = np.array([13.0, 26.0, 24.0, 40.0, 59.0])
    result = diebold_mariano((actual - first) ** 2, (actual - second) ** 2, horizon=1)
    assert result.statistic == pytest.approx(-2.2229922805746782, rel=1e-14)
    assert result.p_value == pytest.approx(2 * 0.04515565862099125, rel=1e-10)


def test_diebold_mariano_at_horizon_3_is_dieboldmariano_with_newey_wests_variance() -> None:
    """``test_diebold_mariano_2`` of github.com/edoannunziata/dieboldmariano, absolute errors.

    Its statistic, 1.2109, has the equal-weight variance, which is the smaller one here; the errors
    stand here with 8 of their digits.
    """
    first = [
        0.36752252, 0.54506081, 0.22044991, 0.86887435, 0.60725122, 0.85822837, 0.41662296,
        0.38121002, 0.71851334, 0.30827323, 0.42970936, 0.86159745, 0.72405145, 0.34508396,
        0.19675301,
    ]  # fmt: skip
    second = [
        0.12794133, 0.36796432, 0.76871542, 0.09972249, 0.27197654, 0.28797629, 0.91602135,
        0.61126280, 0.54528732, 0.06785907, 0.60726665, 0.62415758, 0.39998027, 0.19895666,
        0.80949412,
    ]  # fmt: skip
    result = diebold_mariano(np.array(first), np.array(second), horizon=3)
    centred = np.subtract(first, second) - np.mean(np.subtract(first, second))
    zero, one, two = (float(centred[lag:] @ centred[: 15 - lag]) for lag in range(3))
    equal, bartlett = zero + 2 * (one + two), zero + 2 * (2 / 3 * one + 1 / 3 * two)
    assert equal < bartlett
    statistic = 1.2109 * sqrt(equal / bartlett)
    assert result.statistic == pytest.approx(statistic, abs=5e-5)
    assert result.p_value == pytest.approx(2 * stats.t.sf(statistic, 14), abs=1e-4)


def test_diebold_mariano_at_horizon_2_by_hand() -> None:
    """Differences 1, 2, 3, 2, 2 with mean 2; centred −1, 0, 1, 0, 0.

    γ₀ = 2/5, γ₁ = 0; the variance of the mean is (2/5 + 2·0)/5 = 2/25. Harvey, Leybourne and
    Newbold: (5 + 1 − 4 + 2·1/5)/5 = 2.4/5. Statistic 2·√(12/25)/√(2/25) = 2·√6.
    """
    result = diebold_mariano(np.array([1.0, 2.0, 3.0, 2.0, 2.0]), np.zeros(5), horizon=2)
    assert result.statistic == pytest.approx(2 * sqrt(6), rel=1e-14)
    assert result.p_value == pytest.approx(2 * stats.t.sf(2 * sqrt(6), 4), rel=1e-12)


def test_the_autocovariance_counts_twice() -> None:
    """Differences 0, 1, 2, 3, 4 with mean 2; centred −2, −1, 0, 1, 2.

    γ₀ = 10/5 = 2, γ₁ = (2 + 0 + 0 + 2)/5 = 0.8; variance (2 + 1.6)/5 = 0.72; factor 2.4/5 = 0.48.
    Statistic 2·√0.48/√0.72 = 2·√(2/3).
    """
    result = diebold_mariano(np.arange(5.0), np.zeros(5), horizon=2)
    assert result.statistic == pytest.approx(2 * sqrt(2 / 3), rel=1e-14)


def test_bartlett_weights_where_the_plain_variance_is_negative() -> None:
    """Differences 3, −1, 3, −1 with mean 1; centred 2, −2, 2, −2.

    γ₀ = 16/4 = 4, γ₁ = −12/4 = −3: 4 − 6 < 0. Bartlett's weight of lag 1 is 1/2: 4 − 3 = 1, over 4
    is 1/4. Factor (4 + 1 − 4 + 2/4)/4 = 3/8. Statistic 1·√(3/8)/√(1/4) = √1.5.
    """
    result = diebold_mariano(np.array([3.0, 0.0, 3.0, 0.0]), np.array([0.0, 1, 0, 1]), horizon=2)
    assert result.statistic == pytest.approx(sqrt(1.5), rel=1e-14)
    assert result.p_value == pytest.approx(2 * stats.t.sf(sqrt(1.5), 3), rel=1e-12)


def test_losses_that_are_always_apart_by_the_same_are_told_apart_for_certain() -> None:
    better, worse = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    assert diebold_mariano(better, worse, horizon=1) == DieboldMariano(-inf, 0.0, 3)
    assert diebold_mariano(worse, better, horizon=1) == DieboldMariano(inf, 0.0, 3)


@pytest.mark.parametrize(
    ("loss", "other", "horizon"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1),
        ([1.0, 2.0], [2.0, 5.0], 2),
        ([1.0, nan, 3.0], [2.0, 5.0, 1.0], 1),
        ([], [], 1),
    ],
    ids=["equal", "fewer than steps", "nan", "none"],
)
def test_diebold_mariano_without_a_verdict(
    loss: list[float], other: list[float], horizon: int
) -> None:
    result = diebold_mariano(np.array(loss), np.array(other), horizon=horizon)
    assert isnan(result.statistic)
    assert isnan(result.p_value)
    assert result.n == len(loss)


@given(
    arrays(np.float64, st.integers(4, 30), elements=st.integers(0, 50).map(float)),
    st.integers(1, 3),
    st.data(),
)
def test_diebold_mariano_is_antisymmetric_and_free_of_the_unit(
    loss: Vector, horizon: int, data: st.DataObject
) -> None:
    other = data.draw(arrays(np.float64, loss.size, elements=st.integers(0, 50).map(float)))
    forward = diebold_mariano(loss, other, horizon=horizon)
    backward = diebold_mariano(other, loss, horizon=horizon)
    doubled = diebold_mariano(4 * loss, 4 * other, horizon=horizon)
    if isnan(forward.statistic):
        assert isnan(backward.p_value)
        return
    assert backward == DieboldMariano(-forward.statistic, forward.p_value, forward.n)
    assert doubled == forward  # a power of two: to the bit
    assert 0 <= forward.p_value <= 1


@pytest.mark.parametrize("horizon", [1, 2])
def test_diebold_mariano_rejects_equal_forecasts_as_often_as_it_says(horizon: int) -> None:
    """2000 draws of normal differences, MA(h − 1), n = 250: 5 % ± 3·√(0.05·0.95/2000) = 1.5 %."""
    draws = np.random.default_rng(13).normal(size=(2000, 250 + horizon - 1))
    differences = sum(draws[:, lag : lag + 250] for lag in range(horizon))
    none = np.zeros(250)
    verdicts = [diebold_mariano(each, none, horizon=horizon) for each in np.asarray(differences)]
    assert np.mean([verdict.p_value < 0.05 for verdict in verdicts]) == pytest.approx(
        0.05, abs=0.015
    )


def test_many_series_at_once_are_each_tested_by_themselves() -> None:
    """The hand-computed statistics at horizon 2 above, no difference, and always the same one."""
    together = np.array([[[1.0, 2, 3, 2, 2], [0, 1, 2, 3, 4]], [[0, 0, 0, 0, 0], [3, 3, 3, 3, 3]]])
    statistic, p_value = diebold_mariano_many(together, horizon=2)
    expected = [[2 * sqrt(6), 2 * sqrt(2 / 3)], [nan, inf]]
    np.testing.assert_allclose(statistic, expected, rtol=1e-14)
    np.testing.assert_allclose(p_value, 2 * stats.t.sf(expected, 4), rtol=1e-12)


@pytest.mark.parametrize("test", [diebold_mariano_many, newey_west_test])
def test_unknown_differences_close_up(test: Callable[..., tuple[Vector, Vector]]) -> None:
    values = np.random.default_rng(2).normal(size=(2, 30))
    gaps = np.full((2, 34), nan)
    gaps[0, [*range(5), *range(8, 33)]] = values[0]
    gaps[1, 4:] = values[1]
    np.testing.assert_allclose(test(gaps, horizon=3), test(values, horizon=3), rtol=1e-12)
    assert np.isnan(test(np.full((2, 9), nan), horizon=1)).all()
    assert np.isnan(test(np.empty((2, 0)), horizon=1)).all()
    assert np.isnan(test(np.array([1.0, nan, 2.0]), horizon=2)).all()


# Newey and West


def test_newey_west_by_hand() -> None:
    """Differences 3, −1, 3, −1 with mean 1; centred 2, −2, 2, −2; the bandwidth is 4·1.

    γ = 4, −3, 2, −1; Bartlett weights 3/4, 1/2, 1/4: 4 + 2·(−9/4 + 1 − 1/4) = 1, over 4 is 1/4.
    Of a white noise 1 − (1 + 2·(9/16 + 4/16 + 1/16))/4 = 5/16 is kept. Statistic √(5/16)/√(1/4) =
    √1.25 with 3·4/(2·4) = 1.5 degrees of freedom.
    """
    statistic, p_value = newey_west_test(np.array([3.0, -1, 3, -1]), horizon=1)
    assert statistic == pytest.approx(sqrt(1.25), rel=1e-14)
    assert p_value == pytest.approx(2 * stats.t.sf(sqrt(1.25), 1.5), rel=1e-12)


@pytest.mark.parametrize(("horizon", "bandwidth"), [(1, 20), (7, 28)])
def test_newey_west_reproduces_statsmodels(horizon: int, bandwidth: int) -> None:
    """The HAC error of a regression on a constant, n = 225: 1.3·15 = 19.5, or 4·7.

    What a variance keeps of a white noise is the trace of its quadratic form, over n.
    """
    from statsmodels.regression.linear_model import OLS

    n = 225
    series = np.convolve(np.random.default_rng(8).normal(0.3, 1, size=n + 6), np.ones(7), "valid")
    options = {"maxlags": bandwidth - 1, "use_correction": False}
    error = OLS(series, np.ones(n)).fit(cov_type="HAC", cov_kwds=options).bse[0]
    centring = np.eye(n) - 1 / n
    weights = np.maximum(1 - np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / bandwidth, 0)
    kept = np.trace(centring @ weights @ centring) / n
    statistic, p_value = newey_west_test(series, horizon=horizon)
    assert statistic == pytest.approx(series.mean() / error * sqrt(kept), rel=1e-10)
    assert p_value == pytest.approx(2 * stats.t.sf(statistic, 1.5 * n / bandwidth), rel=1e-9)


def test_newey_west_comes_near_the_fixed_b_distribution() -> None:
    """b = 52/1600 = 0.0325: 1.9600 + 2.9694 b + 0.4160 b² − 0.5324 b³ = 2.0569.

    The critical value at 97.5 % of Kiefer and Vogelsang (2005), Econometric Theory 21(6), table 1,
    is that of the statistic without the factor.
    """
    series = np.random.default_rng(4).normal(size=1600)
    series -= series.mean()
    statistic, _ = newey_west_test(series + 0.01, horizon=1)
    _, p_value = newey_west_test(series + 0.01 * 2.0569 * sqrt(1 - 0.0325) / statistic, horizon=1)
    assert p_value == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("horizon", [1, 7])
def test_newey_west_rejects_equal_forecasts_about_as_often_as_it_says(horizon: int) -> None:
    """2000 moving sums of normal differences, n = 250: 5 % ± 1.5 %.

    Of moving sums of 7 the variance is kept to nine tenths, which makes up to 1.5 % more of it.
    """
    draws = np.random.default_rng(13).normal(size=(2000, 250 + horizon - 1))
    differences = sum(draws[:, lag : lag + 250] for lag in range(horizon))
    _, p_value = newey_west_test(np.asarray(differences), horizon=horizon)
    share = np.mean(p_value < 0.05)
    assert 0.035 <= share <= (0.065 if horizon == 1 else 0.08)


# Holm


def test_holm_by_hand() -> None:
    """Ordered 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1: 0.04, 0.06, 0.06, 0.04; running maximum."""
    adjusted = holm(np.array([0.03, 0.01, 0.04, 0.02]))
    np.testing.assert_allclose(adjusted, [0.06, 0.04, 0.06, 0.06], rtol=1e-14)


def test_holm_reproduces_statsmodels() -> None:
    """The method ``holm`` of statsmodels, which its tests hold against R's ``p.adjust``."""
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(7).uniform(0, 0.3, size=25)
    expected = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(holm(p_values), expected, rtol=1e-13)


def test_holm_leaves_nan_out() -> None:
    """Two looks, not three: 0.01 × 2 and 0.6 × 1; and no p-value above 1."""
    np.testing.assert_allclose(holm(np.array([0.6, nan, 0.01])), [0.6, nan, 0.02], rtol=1e-14)
    np.testing.assert_array_equal(holm(np.array([0.9, 0.8])), [1.0, 1.0])
    assert holm(EMPTY).size == 0


@given(shares)
def test_holm_only_raises_and_keeps_the_order(p_values: Vector) -> None:
    adjusted = holm(p_values)
    order = np.argsort(p_values, kind="stable")
    assert (adjusted >= p_values).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[order]) >= 0).all()
    assert adjusted.min() == min(1.0, p_values.min() * p_values.size)


@given(shares, st.randoms(use_true_random=False))
def test_holm_doesnt_care_for_the_order(p_values: Vector, shuffle: random.Random) -> None:
    order = list(range(p_values.size))
    shuffle.shuffle(order)
    np.testing.assert_array_equal(holm(p_values[order]), holm(p_values)[order])


# Benjamini and Hochberg


def test_benjamini_and_hochberg_reproduce_their_example() -> None:
    """Section 3.2 of the paper: of 15 p-values, the four least are below q = 0.05.

    The fourth: 0.0095·15/4; the fifth: 0.0201·15/5, against 0.0278·15/6, 0.0298·15/7, 0.0344·15/8
    and 0.0459·15/9, of which 0.0201·3 is the least.
    """
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    adjusted = benjamini_hochberg(np.array(p_values))
    assert (adjusted < 0.05).sum() == 4
    np.testing.assert_allclose(adjusted[3:5], [0.0095 * 15 / 4, 0.0201 * 3], rtol=1e-14)
    assert adjusted[-1] == 1.0


@given(shares)
def test_benjamini_hochberg_reproduces_scipy(p_values: Vector) -> None:
    expected = stats.false_discovery_control(p_values)
    np.testing.assert_allclose(benjamini_hochberg(p_values), expected, rtol=1e-13)


def test_benjamini_hochberg_leaves_nan_out() -> None:
    """Two looks: 0.01 × 2 and 0.6 × 1."""
    adjusted = benjamini_hochberg(np.array([0.6, nan, 0.01]))
    np.testing.assert_allclose(adjusted, [0.6, nan, 0.02], rtol=1e-14)
    assert benjamini_hochberg(EMPTY).size == 0
