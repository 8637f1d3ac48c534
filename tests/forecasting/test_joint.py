import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from stockanalyst._typing import Matrix, Vector
from stockanalyst.exceptions import FrameSchema, InputError, InsufficientHistory
from stockanalyst.forecasting.joint import (
    JointPaths,
    Method,
    VolatilityModel,
    rank_forecast,
    simulate,
)
from stockanalyst.metrics.risk import kupiec

METHODS: list[Method] = ["filtered", "gaussian", "student", "blend"]
VOLATILITY = np.array([0.01, 0.02, 0.005])
CORRELATION = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.0], [-0.3, 0.0, 1.0]])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def to_prices(log_returns: Any, symbols: str = "ABC") -> pd.DataFrame:
    sessions = pd.bdate_range("2000-01-03", periods=len(log_returns), name="session")
    prices = 100 * np.exp(np.cumsum(log_returns, axis=0))
    return pd.DataFrame(prices, index=sessions, columns=list(symbols))


def normal_prices(n_sessions: int = 1500, seed: int = 1) -> pd.DataFrame:
    """Normal returns of known volatility and correlation."""
    shocks = rng(seed).standard_normal((n_sessions, 3)) @ np.linalg.cholesky(CORRELATION).T
    return to_prices(shocks * VOLATILITY)


def over_the_horizon(paths: JointPaths) -> Matrix:
    totals: Matrix = paths.log_returns.sum(axis=1)
    return totals


def correlation(paths: JointPaths) -> float:
    return float(pd.DataFrame(over_the_horizon(paths)).corr().to_numpy()[0, 1])


def one_session(returns: Vector, symbol: str = "A") -> JointPaths:
    return JointPaths((symbol,), np.log1p(returns)[:, None, None])


@pytest.mark.parametrize("method", METHODS)
def test_moments_of_a_known_process(method: Method) -> None:
    """h sessions of independent normal returns: mean 0, volatility σ√h, the same correlation.

    The mean over ten histories, as one knows its own correlation no better than ± 0.05; shrinkage
    takes some of it.
    """
    deviations, correlations = [], []
    for seed in range(10):
        prices = normal_prices(seed=seed)
        paths = simulate(prices, 5, 2000, rng(seed), method=method, volatility="mixture")
        totals = over_the_horizon(paths)
        np.testing.assert_allclose(totals.mean(axis=0) / VOLATILITY, 0, atol=0.2)
        deviations.append(totals.std(axis=0))
        correlations.append(np.corrcoef(totals.T))
    expected = VOLATILITY * math.sqrt(5)
    np.testing.assert_allclose(np.mean(deviations, axis=0), expected, rtol=0.05)
    np.testing.assert_allclose(np.mean(correlations, axis=0), CORRELATION, atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_shapes_and_repeatability(method: Method) -> None:
    prices = normal_prices(200)
    paths = simulate(prices, 13, 101, rng(7), method=method)
    assert paths.symbols == ("A", "B", "C")
    assert paths.log_returns.shape == (101, 13, 3)
    again = simulate(prices, 13, 101, rng(7), method=method)
    np.testing.assert_array_equal(paths.log_returns, again.log_returns)


@pytest.mark.parametrize("volatility", ["ewma", "mixture"])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_after_the_cutoff_is_seen(
    garbled: Callable[..., Vector], method: Method, volatility: VolatilityModel
) -> None:
    prices, cutoff = normal_prices(400), 350
    future = pd.DataFrame(
        garbled(prices.to_numpy(), cutoff), index=prices.index, columns=prices.columns
    )
    seen, known = (
        simulate(
            frame.iloc[: cutoff + 1], 3, 50, rng(), method=method, volatility=volatility
        ).log_returns
        for frame in (future, prices)
    )
    np.testing.assert_array_equal(seen, known)


@pytest.mark.parametrize("volatility", ["ewma", "mixture", "garch"])
@pytest.mark.parametrize("method", ["filtered", "gaussian"])
def test_a_storm_is_simulated_as_a_storm(method: Method, volatility: VolatilityModel) -> None:
    """Volatility 1 %, then 3 % for the last 300 sessions: nearer 3 than the 1.6 of the whole."""
    returns = 0.01 * rng(2).standard_normal((1500, 1))
    returns[-300:] *= 3
    paths = simulate(to_prices(returns, "A"), 1, 5000, rng(), method=method, volatility=volatility)
    assert 0.022 < paths.log_returns.std() < 0.038


def test_student_tails_are_those_of_t5() -> None:
    paths = simulate(normal_prices(), 1, 100_000, rng(), method="student").log_returns[:, 0, 1]
    expected = stats.t.ppf([0.9, 0.99, 0.999], 5) * math.sqrt(3 / 5)
    np.testing.assert_allclose(
        np.quantile(paths / paths.std(), [0.9, 0.99, 0.999]), expected, rtol=0.05
    )


def test_filtered_keeps_the_skewness_of_the_past() -> None:
    """Exponential losses have skewness −2, and every symbol's storm falls on the same session."""
    shocks = 0.01 * (1 - rng(3).exponential(size=(1500, 1)))
    prices = to_prices(np.hstack([shocks, shocks]), "AB")
    totals = over_the_horizon(simulate(prices, 1, 20_000, rng()))
    assert stats.skew(totals[:, 0]) < -1
    np.testing.assert_allclose(totals[:, 0], totals[:, 1], atol=1e-12)


def test_exchanges_that_close_at_different_hours() -> None:
    """London sees what New York does in its evening one session later.

    A session is a common morning and evening of equal variance. The correlation is 1/2 on one day,
    3/4 on sums of two, (10 + 9) / 20 on sums of ten, and nearly 1 in the long run.
    """
    morning, evening = rng(4).normal(0, 0.01, (2, 1501))
    new_york = morning[1:] + evening[1:]
    london = morning[1:] + evening[:-1]
    prices = to_prices(np.column_stack([new_york, london]), "NL")
    gaussian = simulate(prices, 10, 20_000, rng(), method="gaussian")
    assert correlation(gaussian) == pytest.approx(0.75, abs=0.06)
    assert correlation(simulate(prices, 10, 20_000, rng())) == pytest.approx(0.95, abs=0.06)


@pytest.mark.parametrize("method", ["filtered", "gaussian"])
def test_a_late_listing_keeps_its_company(method: Method) -> None:
    """Listed 120 sessions ago, it moves with A by 0.6 and not with C."""
    prices = normal_prices()
    prices.iloc[:-120, 1] = np.nan
    paths = simulate(prices, 1, 20_000, rng(), method=method)
    assert paths.symbols == ("A", "B", "C")
    found: Matrix = pd.DataFrame(over_the_horizon(paths)).corr().to_numpy()
    np.testing.assert_allclose(found[1], CORRELATION[1], atol=0.2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("delisted", [math.nan, 55.5])
def test_a_dead_symbol_stays_where_it_is(method: Method, delisted: float) -> None:
    prices = normal_prices(300)
    prices.iloc[-12:, 2] = delisted
    paths = simulate(prices, 4, 100, rng(), method=method).log_returns
    assert not paths[:, :, 2].any()
    assert (paths[:, :, :2].std(axis=(0, 1)) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_all_are_dead(method: Method) -> None:
    prices = to_prices(np.zeros((100, 2)), "AB")
    assert not simulate(prices, 3, 10, rng(), method=method).log_returns.any()
    ranks = rank_forecast(prices, 2, 3, rng=rng(), n_paths=10, method=method)
    np.testing.assert_array_equal(ranks, np.full((2, 2), 0.5))


def test_a_holiday_week_is_no_death() -> None:
    prices = normal_prices(300)
    prices.iloc[-8:, 0] = np.nan
    assert simulate(prices, 1, 10, rng()).log_returns[:, 0, 0].all()


def test_too_young_to_simulate() -> None:
    prices = normal_prices(200)
    prices.iloc[:-59, 1] = np.nan
    assert simulate(prices, 1, 1, rng()).symbols == ("A", "C")
    with pytest.raises(InsufficientHistory, match="60 are needed"):
        simulate(prices[["B"]], 1, 1, rng())


def test_ranks_of_a_known_process() -> None:
    """Two groups of two: alone together, each is the worse one half of the time."""
    ranks = rank_forecast(normal_prices()[["A", "B"]], 2, 5, rng=rng(), method="gaussian")
    np.testing.assert_allclose(ranks, np.full((2, 2), 0.5), atol=0.005)


def test_the_wilder_a_symbol_the_nearer_the_ends() -> None:
    """Independent, volatilities 1, 1 and 10: the wild one is seldom between the calm ones.

    Given its move z it is with probability 2 Φ(10 z) (1 − Φ(10 z)), integrated over normal z.
    """
    returns = rng(6).standard_normal((1500, 3)) * [0.001, 0.001, 0.01]
    z = np.linspace(-8, 8, 20_001)
    between = 2 * stats.norm.cdf(10 * z) * stats.norm.sf(10 * z)
    middle = float(np.trapezoid(between * stats.norm.pdf(z), z))
    ranks = rank_forecast(to_prices(returns), 3, 20, rng=rng(), method="gaussian")
    assert ranks.columns.equals(pd.RangeIndex(1, 4))
    expected = [(1 - middle) / 2, middle, (1 - middle) / 2]
    np.testing.assert_allclose(ranks.loc["C"], expected, atol=0.02)


@settings(max_examples=15)
@given(st.integers(2, 6), st.integers(1, 25), st.integers(1, 2500), st.sampled_from(METHODS))
def test_ranks_are_probabilities(groups: int, horizon: int, n_paths: int, method: Method) -> None:
    prices = to_prices(rng(8).normal(0, 0.01, (150, 6)), "ABCDEF")
    ranks = rank_forecast(prices, groups, horizon, rng=rng(), n_paths=n_paths, method=method)
    sizes = [sum(place * groups // 6 == group for place in range(6)) for group in range(groups)]
    np.testing.assert_allclose(ranks.sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(ranks.sum(axis=0), sizes, rtol=1e-9)


def test_value_at_risk_and_shortfall_of_a_normal() -> None:
    """σ z and σ φ(z) / (1 − level), less the mean."""
    grid = (np.arange(200_000) + 0.5) / 200_000
    paths = one_session(0.001 + 0.02 * stats.norm.ppf(grid))
    for level in (0.9, 0.95, 0.99):
        z = float(stats.norm.ppf(level))
        shortfall = 0.02 * float(stats.norm.pdf(z)) / (1 - level) - 0.001
        assert paths.value_at_risk({"A": 1}, level) == pytest.approx(0.02 * z - 0.001, abs=1e-5)
        assert paths.expected_shortfall({"A": 1}, level) == pytest.approx(shortfall, abs=1e-5)


def test_value_at_risk_by_hand() -> None:
    """Losses −10, 0, 10, 20, 30 %: at 0.8 four of five lose no more than 20 %, the fifth 30 %.

    At 0.7 as well; then the worst 0.3 are one path of 30 % (0.2) and half of one of 20 % (0.1).
    """
    paths = one_session(np.array([0.1, 0.0, -0.1, -0.2, -0.3]))
    assert paths.value_at_risk({"A": 1}, 0.8) == pytest.approx(0.2)
    assert paths.expected_shortfall({"A": 1}, 0.8) == pytest.approx(0.3)
    assert paths.value_at_risk({"A": 1}, 0.7) == pytest.approx(0.2)
    assert paths.expected_shortfall({"A": 1}, 0.7) == pytest.approx((0.2 * 0.3 + 0.1 * 0.2) / 0.3)
    assert paths.value_at_risk(pd.Series({"A": -0.5}), 0.8) == pytest.approx(0.0)


def test_holdings_are_bought_and_held() -> None:
    """+10 % twice is 21 %; half in it, a quarter short in what halves: 0.105 + 0.125."""
    log_returns = np.log([[[1.1, 0.5], [1.1, 1.0]]])
    paths = JointPaths(("A", "B"), log_returns)
    np.testing.assert_allclose(paths.scenarios(), [[0.21, -0.5]])
    assert paths.value_at_risk({"A": 0.5, "B": -0.25}) == pytest.approx(-0.23)


def test_value_at_risk_keeps_its_word_on_a_changing_volatility() -> None:
    """400 sessions ahead, one by one; volatility swings between 0.5 and 2 %."""
    days = np.arange(1400)
    swing = 0.01 * np.exp(math.log(2) * np.sin(days / 60))
    common, own = rng(9).standard_normal((2, 1400, 2))
    prices = to_prices(swing[:, None] * (0.8 * common[:, :1] + 0.6 * own), "AB")
    weights = {"A": 0.5, "B": 0.5}
    exceeded = []
    for day in range(1000, 1400):
        paths = simulate(prices.iloc[:day], 1, 500, rng(day))
        change = float((prices.iloc[day] / prices.iloc[day - 1] - 1).mean())
        exceeded.append(-change > paths.value_at_risk(weights, 0.9))
    assert kupiec(np.array(exceeded), 0.9).p_value > 0.05


@pytest.mark.parametrize(
    ("horizon", "n_paths", "method", "message"),
    [
        (0, 10, "filtered", "horizon 0"),
        (251, 10, "filtered", "horizon 251"),
        (5, 0, "filtered", "n_paths 0"),
        (5, 10**7, "filtered", "n_paths 10000000: give a whole number from 1 to 1,000,000"),
        (5, 10, "magic", "method 'magic'"),
    ],
)
def test_bad_input_is_named(horizon: int, n_paths: int, method: Method, message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(normal_prices(100), horizon, n_paths, rng(), method=method)


def test_an_unknown_volatility_is_named() -> None:
    vix: Any = "vix"
    with pytest.raises(InputError, match=r"volatility 'vix'.*ewma, garch, mixture"):
        simulate(normal_prices(100), 1, 1, rng(), volatility=vix)


@pytest.mark.parametrize("price", [0.0, -1.0, math.inf])
def test_a_price_that_is_none(price: float) -> None:
    prices = normal_prices(100)
    prices.iloc[50, 1] = price
    with pytest.raises(FrameSchema, match=r"prices: .* for B on 2000-03-13"):
        simulate(prices, 1, 1, rng())


def test_more_groups_than_symbols() -> None:
    with pytest.raises(InputError, match="groups 5: give a whole number from 2 to 3"):
        rank_forecast(normal_prices(100), rng=rng())
    with pytest.raises(InputError, match="one symbol has no rank"):
        rank_forecast(normal_prices(100)[["A"]], rng=rng())


def test_weights_and_levels_that_cant_be_used() -> None:
    paths = one_session(np.zeros(3))
    with pytest.raises(InputError, match="weights 'X'"):
        paths.value_at_risk({"X": 1.0})
    with pytest.raises(InputError, match="weights nan"):
        paths.expected_shortfall({"A": math.nan})
    with pytest.raises(InputError, match=r"level 95\.0"):
        paths.value_at_risk({"A": 1.0}, 95.0)
    with pytest.raises(InputError, match=r"weights .*give each symbol once"):
        paths.value_at_risk(pd.Series([0.5, 0.5], ["A", "A"]))


@pytest.mark.parametrize(
    "weights", [None, 5, "A", [1.0], {"A": "much"}, {"A": 10**400}, {"A": None}]
)
def test_weights_that_are_none(weights: Any) -> None:
    with pytest.raises(InputError, match=r"^weights .*: give a number for each symbol"):
        one_session(np.zeros(3)).value_at_risk(weights)


@pytest.mark.parametrize("level", [None, "0.95", math.nan, 0, 1, -0.5, [0.9]])
def test_a_level_is_a_decimal(level: Any) -> None:
    with pytest.raises(InputError, match=r"^level .*: give a decimal between 0 and 1"):
        one_session(np.zeros(3)).expected_shortfall({"A": 1.0}, level)
