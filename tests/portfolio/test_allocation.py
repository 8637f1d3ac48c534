"""Weights of symbols: recorded answers of other software, and what must always hold.

The records are of skfolio, PyPortfolioOpt and Riskfolio-Lib, on the stocks that skfolio ships.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from skfolio.datasets import load_sp500_dataset
from skfolio.measures import cvar

from stockanalyst._typing import Json
from stockanalyst.exceptions import FrameSchema, InputError, InsufficientHistory
from stockanalyst.portfolio.allocation import Method, allocate
from stockanalyst.portfolio.frontier import frontier_weights
from stockanalyst.portfolio.hrp import split_budget

METHODS: tuple[Method, ...] = get_args(Method)
AVERSION = 4.0

RECORDED = Path(__file__).parents[1] / "payloads" / "portfolio" / "optimisation_consensus.json"
GOLDEN = json.loads(RECORDED.read_text())


def recorded(case: Json, weights: str = "weights") -> pd.Series:
    return pd.Series(case[weights])


@pytest.fixture(scope="module")
def stocks() -> pd.DataFrame:
    """One session more than there are returns."""
    prices: pd.DataFrame = load_sp500_dataset().loc[: GOLDEN["last"]].iloc[-GOLDEN["n_obs"] - 1 :]
    return prices


def made(seed: int, n_sessions: int, n_symbols: int) -> pd.DataFrame:
    """Prices with one common factor."""
    rng = np.random.default_rng(seed)
    moves = rng.standard_normal((n_sessions, n_symbols)) + rng.standard_normal((n_sessions, 1))
    sessions = pd.bdate_range("2020-01-01", periods=n_sessions)
    names = [f"S{number}" for number in range(n_symbols)]
    return pd.DataFrame(100 * np.exp(np.cumsum(moves / 100, axis=0)), sessions, names)


def weights_of(prices: pd.DataFrame, method: Method, **options: Any) -> pd.Series:
    return allocate(prices, method=method, risk_aversion=AVERSION, **options)


def require_close(weights: pd.Series, expected: pd.Series, tolerance: float) -> None:
    assert weights.index.equals(expected.index)
    np.testing.assert_allclose(weights, expected, rtol=0, atol=tolerance)


def test_the_prices_are_those_of_the_records(stocks: pd.DataFrame) -> None:
    returns = stocks.pct_change().iloc[1:]
    assert str(returns.index[0])[:10] == GOLDEN["first"]
    assert returns.columns.tolist() == GOLDEN["assets"]
    assert returns.sum().sum() == pytest.approx(GOLDEN["returns_checksum_sum"], rel=1e-12)


@pytest.mark.parametrize(
    ("case", "long_only", "tolerance"),
    [
        ("min_variance_long_only", True, 6e-7),
        ("min_variance_unconstrained_closed_form", False, 1e-8),
    ],
)
def test_least_variance(
    stocks: pd.DataFrame, case: str, *, long_only: bool, tolerance: float
) -> None:
    weights = allocate(stocks, method="min_variance", long_only=long_only)
    require_close(weights, recorded(GOLDEN[case]), tolerance)
    variance = weights @ stocks.pct_change().cov() @ weights
    assert variance == pytest.approx(GOLDEN[case]["daily_variance"], rel=1e-12)


def test_least_cvar(stocks: pd.DataFrame) -> None:
    case = GOLDEN["min_cvar95_long_only"]
    weights = allocate(stocks, method="min_cvar")
    require_close(weights, recorded(case, "weights_highs"), 6e-7)
    returns = (stocks.pct_change().iloc[1:] @ weights).to_numpy()
    assert cvar(returns, beta=0.95) == pytest.approx(case["daily_cvar95"], abs=1e-12)


def test_the_largest_sharpe_ratio(stocks: pd.DataFrame) -> None:
    """A point of mean-variance: that whose risk aversion is its own mean over its variance."""
    case, returns = GOLDEN["max_sharpe_long_only_rf0"], stocks.pct_change().iloc[1:]
    held = returns @ recorded(case)
    weights = allocate(stocks, method="mean_variance", risk_aversion=held.mean() / held.var())
    require_close(weights, recorded(case), 1e-6)
    held = returns @ weights
    ratio = held.mean() / held.std() * np.sqrt(252)
    assert ratio == pytest.approx(case["annual_sharpe"], rel=1e-9)


def test_equal_contributions_to_risk(stocks: pd.DataFrame) -> None:
    """w Σw is the same for all: the optimum for rewards in inverse ratio to the weights.

    The records' own contributions differ by 1e-5; banks, which move together, make 3e-4 of it.
    """
    expected = recorded(GOLDEN["equal_risk_contribution"]).to_numpy()
    covariance = stocks.pct_change().cov().to_numpy()
    reward = expected @ covariance @ expected / expected.size / expected
    weights = frontier_weights(covariance, reward, lowest=0.0, highest=1.0)
    np.testing.assert_allclose(weights, expected, rtol=0, atol=4e-4)


def test_hierarchical_risk_parity(stocks: pd.DataFrame) -> None:
    case = GOLDEN["hrp"]["single"]
    expected = recorded(case, "weights_optimal_leaf_ordering")
    require_close(allocate(stocks, method="hrp"), expected, 6e-7)


@pytest.mark.parametrize("method", ["single", "ward"])
def test_risk_parity_along_recorded_rows(stocks: pd.DataFrame, method: str) -> None:
    case, covariance = GOLDEN["hrp"][method], stocks.pct_change().cov()
    order = covariance.index.get_indexer(case["leaf_order"])
    weights = split_budget(covariance.to_numpy(), order, highest=1.0)
    expected = recorded(case, "weights_no_dist_of_dist")
    np.testing.assert_allclose(weights, expected, rtol=0, atol=6e-7)


@pytest.mark.parametrize("method", ["single", "ward"])
def test_risk_parity_along_rows_by_scipy(stocks: pd.DataFrame, method: str) -> None:
    """Leaves ordered so that neighbours are near, by another linkage than ours too."""
    moves = stocks.pct_change()
    distances = squareform(np.sqrt((1 - moves.corr().to_numpy()) / 2), checks=False)
    order = leaves_list(linkage(distances, method, optimal_ordering=True)).astype(np.intp)
    weights = split_budget(moves.cov().to_numpy(), order, highest=1.0)
    expected = recorded(GOLDEN["hrp"][method], "weights_optimal_leaf_ordering")
    np.testing.assert_allclose(weights, expected, rtol=0, atol=6e-7)


def test_equal_weights(stocks: pd.DataFrame) -> None:
    weights = allocate(stocks, method="equal_weight")
    assert weights.tolist() == pytest.approx([0.05] * 20, abs=1e-15)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_sessions=st.integers(60, 90),
    n_symbols=st.integers(1, 100),
    tightness=st.sampled_from([1.0, 1.5, 4.0, 1000.0]),
    method=st.sampled_from(METHODS),
    long_only=st.booleans(),
)
def test_budget_and_bounds(
    *, seed: int, n_sessions: int, n_symbols: int, tightness: float, method: Method, long_only: bool
) -> None:
    """They hold with fewer sessions than symbols too."""
    prices, cap = made(seed, n_sessions, n_symbols), tightness / n_symbols
    weights = weights_of(prices, method, max_weight=cap, long_only=long_only)
    assert weights.index.equals(prices.columns)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert weights.max() <= cap + 1e-12
    assert weights.min() >= (0.0 if long_only else -cap) - 1e-12


def test_what_rounding_left_is_taken_up() -> None:
    """More symbols than returns and short sales: of the sum, 8e-10 would be missing."""
    weights = allocate(made(17, 60, 90), method="min_cvar", long_only=False)
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1), n_symbols=st.integers(2, 15), method=st.sampled_from(METHODS)
)
def test_the_order_of_columns_doesnt_matter(seed: int, n_symbols: int, method: Method) -> None:
    prices = made(seed, 80, n_symbols)
    shuffled = prices.iloc[:, np.random.default_rng(seed).permutation(n_symbols)]
    weights = weights_of(shuffled, method)
    assert weights.index.equals(shuffled.columns)
    assert weights.reindex(prices.columns).equals(weights_of(prices, method))


@pytest.mark.parametrize(
    ("method", "measure"),
    [
        ("min_variance", lambda held: held.var()),
        ("mean_variance", lambda held: AVERSION / 2 * held.var() - held.mean()),
        ("min_cvar", lambda held: cvar(held.to_numpy(), beta=0.95)),
    ],
)
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), n_symbols=st.integers(2, 15))
def test_no_random_portfolio_is_better(
    method: Method, measure: Callable[[pd.Series], float], seed: int, n_symbols: int
) -> None:
    prices = made(seed, 100, n_symbols)
    returns = prices.pct_change().iloc[1:]
    reached = measure(returns @ weights_of(prices, method))
    for weights in np.random.default_rng(seed).dirichlet(np.full(n_symbols, 0.5), 30):
        assert measure(returns @ weights) >= reached - 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_sessions_count_where_every_symbol_has_a_price(method: Method) -> None:
    prices = made(1, 120, 4)
    holed = prices.copy()
    holed.iloc[:30, 2] = np.nan  # listed late
    holed.iloc[50, 1] = holed.iloc[-1, 3] = np.nan  # holidays
    whole = prices.drop(prices.index[[*range(30), 50, -1]])
    assert weights_of(holed, method).equals(weights_of(whole, method))


@pytest.mark.parametrize("method", METHODS)
def test_one_symbol_gets_all(method: Method) -> None:
    assert weights_of(made(2, 60, 1), method).tolist() == [1.0]


@pytest.mark.parametrize("method", METHODS)
def test_two_symbols_that_are_alike_share_equally(method: Method) -> None:
    prices = made(9, 60, 1)
    weights = weights_of(prices.assign(twin=prices["S0"]), method)
    assert weights.tolist() == pytest.approx([0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_unit_of_prices_doesnt_matter(method: Method) -> None:
    """Powers of 2, so that the returns are the same bits."""
    prices = made(10, 80, 6)
    units = 2.0 ** np.arange(-3, 3)
    assert weights_of(prices * units, method).equals(weights_of(prices, method))


@pytest.mark.parametrize("method", METHODS)
def test_five_hundred_symbols(method: Method) -> None:
    prices = made(11, 300, 500)
    weights = weights_of(prices, method, max_weight=0.02)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert weights.between(0, 0.02 + 1e-12).all()


@pytest.mark.parametrize("method", ["min_variance", "mean_variance", "min_cvar"])
def test_collinear_symbols_share_equally(method: Method) -> None:
    prices = made(3, 100, 3)
    favourite = str(weights_of(prices, method).idxmax())
    weights = weights_of(prices.assign(twin=7 * prices[favourite]), method)
    assert weights["twin"] > 0.1
    assert weights["twin"] == pytest.approx(weights[favourite], abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_two_faulty_prices_on_one_day(method: Method) -> None:
    """The worst that a price table may hold: a jump from the least price to the greatest."""
    prices = made(4, 100, 5)
    prices.iloc[49, :2], prices.iloc[50, :2] = 1e-9, 1e12
    weights = weights_of(prices, method, max_weight=0.25)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert weights.between(0, 0.25 + 1e-12).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "hpr"}, "method 'hpr': choose one of equal_weight, min_variance"),
        ({"method": "mean_variance"}, "risk_aversion None: give a positive number, such as 3"),
        ({"method": "mean_variance", "risk_aversion": 0.0}, "risk_aversion 0.0: give a positive"),
        ({"method": "mean_variance", "risk_aversion": np.inf}, "risk_aversion inf: give"),
        ({"method": "min_cvar", "level": 1.0}, "level 1.0: give a decimal between 0 and 1"),
        ({"method": "min_cvar", "level": np.nan}, "level nan: give a decimal between 0 and 1"),
        ({"method": "hrp", "max_weight": 0.2}, "max_weight 0.2: 4 symbols must add up to 1; .*25"),
        ({"method": "hrp", "max_weight": np.nan}, "max_weight nan: 4 symbols must add up to 1"),
    ],
)
def test_parameters_that_cant_be_used(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        allocate(made(4, 60, 4), **options)


def test_a_price_that_never_moves() -> None:
    prices = made(5, 60, 3).assign(S1=100.0)
    with pytest.raises(InputError, match=r"symbol 'S1': its return never varies.*leave it out"):
        allocate(prices, method="hrp")
    assert allocate(prices, method="equal_weight").tolist() == [1 / 3] * 3


def test_a_symbol_without_recent_prices() -> None:
    prices = made(6, 100, 3)
    prices.iloc[-10:, 1] = np.nan
    with pytest.raises(InputError, match="symbol 'S1': has no price after 2020-05-05; leave it"):
        allocate(prices, method="hrp")


def test_too_short_a_history() -> None:
    prices = made(7, 100, 3)
    prices.iloc[:41, 2] = np.nan
    with pytest.raises(InsufficientHistory, match=r"symbol 'S2': 59 sessions .* 60 are needed"):
        allocate(prices, method="equal_weight")


def test_a_symbol_without_any_price() -> None:
    prices = made(7, 100, 3).assign(S1=np.nan)
    with pytest.raises(InsufficientHistory, match=r"symbol 'S1': 0 sessions .* 60 are needed"):
        allocate(prices, method="hrp")


def test_a_table_that_cant_be_used() -> None:
    with pytest.raises(FrameSchema, match=r"is -100\.0 for S0"):
        allocate(-100 * made(8, 60, 2) / made(8, 60, 2), method="hrp")
