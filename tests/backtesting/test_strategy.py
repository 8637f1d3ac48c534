import warnings
from math import nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.datasets import load_sp500_dataset

from stockanalyst.backtesting.costs import Costs
from stockanalyst.backtesting.strategy import run_strategy, target_weights
from stockanalyst.exceptions import InputError
from tests.conftest import Garble, Simulate

FREE = Costs()


def table(*rows: list[float], start: str = "2024-01-01") -> pd.DataFrame:
    sessions = pd.bdate_range(start, periods=len(rows), name="session")
    return pd.DataFrame(list(rows), sessions, list("ABCDEF")[: len(rows[0])], dtype=np.float64)


@pytest.fixture(scope="module")
def prices(simulate: Simulate) -> pd.DataFrame:
    names = [f"S{number}" for number in range(6)]
    columns = [
        simulate(756, seed=seed, volatility=0.02, name=name) for seed, name in enumerate(names)
    ]
    return pd.concat(columns, axis=1)


def monthly(prices: pd.DataFrame, *, seed: int = 7) -> pd.DataFrame:
    """Random weights that sum to 1, decided every 21 sessions; one symbol is left out in each."""
    rng = np.random.default_rng(seed)
    decided = prices.index[5:-1:21]
    draws = rng.dirichlet(np.ones(prices.shape[1] - 1), len(decided))
    rows = [np.insert(row, rng.integers(prices.shape[1]), 0.0) for row in draws]
    return pd.DataFrame(rows, decided, prices.columns)


def test_drift_costs_and_turnover_by_hand() -> None:
    """Bought at 10 and 10, half each; A doubles; back to halves.

    1 % costs: the first fill leaves 1 / 1.01 = 0.990099. A doubles: 1.485149, weights 2/3 and 1/3.
    The second fill moves a sixth of what is left out of A and as much into B: with x left,
    x + 0.01 × ((0.990099 − x/2) + (x/2 − 0.495050)) = 1.485149, so x = 1.480198.
    """
    close = table([10, 10], [10, 10], [20, 10], [20, 10], [10, 10])
    half = pd.DataFrame(0.5, close.index[[0, 2]], close.columns)
    result = run_strategy(close, half, costs=Costs(commission=50, half_spread=30, slippage=20))
    first, second = 1 / 1.01, 1.5 / 1.01 - 0.01 * 0.5 / 1.01
    np.testing.assert_allclose(
        result.equity, (1, first, 1.5 * first, second, 0.75 * second), rtol=1e-12
    )
    drifted = np.array([[0, 0], [1 / 2, 1 / 2], [2 / 3, 1 / 3], [1 / 2, 1 / 2], [1 / 3, 2 / 3]])
    np.testing.assert_allclose(result.weights, drifted, rtol=1e-12)
    np.testing.assert_allclose(result.costs, [0, 0.01 / 1.01, 0, 0.005 / 1.01, 0], rtol=1e-11)
    np.testing.assert_allclose(result.turnover, [0, 1 / 1.01, 0, 1 / 3, 0], rtol=1e-12)
    # Buy-and-hold does what the strategy does until the second fill.
    np.testing.assert_allclose(
        result.buy_and_hold, [1, first, 1.5 * first, 1.5 * first, first], rtol=1e-12
    )
    assert result.trades["session"].tolist() == [close.index[1]] * 2 + [close.index[3]] * 2
    assert result.trades["symbol"].tolist() == ["A", "B"] * 2
    assert result.trades["price"].tolist() == [10, 10, 20, 10]
    moved = [first / 2, first / 2, second / 2 - first, second / 2 - first / 2]
    np.testing.assert_allclose(result.trades["value"], moved, rtol=1e-12)


def test_filled_at_the_open() -> None:
    """Decided on day 1, bought at day 2's open of 10, closed at 12; sold at day 4's open of 15."""
    close = table([8], [12], [12], [16])
    opens = table([7], [10], [11], [15])
    weights = pd.DataFrame({"A": [1.0, 0.0]}, close.index[[0, 2]])
    result = run_strategy(close, weights, costs=FREE, fills=opens)
    np.testing.assert_allclose(result.equity, [1.0, 1.2, 1.2, 1.5], rtol=1e-14)
    assert result.trades["price"].tolist() == [10, 15]


def test_short_and_cash_by_hand() -> None:
    """Half short at 10, cash 1.5; at 12 the debt is 0.6."""
    close = table([10], [10], [12])
    result = run_strategy(close, -0.5 * close.iloc[:1] / 10, costs=FREE)
    np.testing.assert_allclose(result.equity, [1.0, 1.0, 0.9], rtol=1e-14)
    np.testing.assert_allclose(result.weights["A"], [0, -0.5, -0.6 / 0.9], rtol=1e-14)


def test_ruin_is_the_end() -> None:
    """Short at 10, and 25 owes more than there is; no later price brings it back."""
    close = table([10], [10], [25], [5], [5])
    always = pd.DataFrame({"A": -1.0}, close.index)
    result = run_strategy(close, always, costs=Costs(5))
    assert result.equity.iloc[2:].tolist() == [0, 0, 0]
    assert result.summary().loc["strategy", "annual_return"] == -1


def test_without_a_price_the_order_waits_and_the_value_stays() -> None:
    """B has no session on day 2, when both are bought, nor on day 4, after its gain."""
    close = table([10, 10], [10, nan], [10, 10], [10, nan], [10, 20])
    half = pd.DataFrame(0.5, close.index[:1], close.columns)
    result = run_strategy(close, half, costs=FREE)
    assert result.trades["session"].tolist() == list(close.index[1:3])
    assert result.weights["B"].tolist()[:4] == [0, 0, 0.5, 0.5]
    assert result.equity.tolist() == [1, 1, 1, 1, 1.5]


def test_a_newer_decision_replaces_a_waiting_order() -> None:
    close = table([10, 10], [10, nan], [10, 10], [10, 10])
    weights = pd.DataFrame([[0.0, 1.0], [0.0, 0.0]], close.index[:2], close.columns)
    assert run_strategy(close, weights, costs=FREE).trades.empty


def test_the_last_decision_finds_no_session() -> None:
    close = table([10], [11])
    result = run_strategy(close, close.iloc[1:] * 0 + 1, costs=FREE)
    assert result.equity.tolist() == [1]
    assert result.trades.empty


def bt_equity(prices: pd.DataFrame, weights: pd.DataFrame, rate: float) -> pd.Series:
    """The same run by bt, which trades at the close of the session it is given: one later."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bt's and its libraries' own
        import bt

        fills = prices.index[prices.index.get_indexer(weights.index) + 1]
        algos = [bt.algos.WeighTarget(weights.set_axis(fills)), bt.algos.Rebalance()]
        test = bt.Backtest(
            bt.Strategy("peer", algos),
            prices.loc[weights.index[0] :],
            initial_capital=1e6,
            commissions=lambda quantity, price: abs(quantity) * price * rate,
            integer_positions=False,
            progress_bar=False,
        )
        equity: pd.Series = bt.run(test).prices["peer"] / 100
    return equity.loc[weights.index[0] :]


def test_the_same_as_bt_on_simulated_prices(prices: pd.DataFrame) -> None:
    weights = monthly(prices)
    ours = run_strategy(prices, weights, costs=Costs(commission=10)).equity
    theirs = bt_equity(prices, weights, 0.001)
    assert theirs.index.equals(ours.index)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_the_same_as_bt_on_real_prices() -> None:
    """Eight stocks of the S&P 500, 2019 to 2022; skfolio's data, "for testing only"."""
    prices: pd.DataFrame = load_sp500_dataset().loc["2019":].iloc[:, :8]
    weights = monthly(prices)
    ours = run_strategy(prices, weights, costs=Costs(commission=10)).equity
    np.testing.assert_allclose(ours, bt_equity(prices, weights, 0.001), rtol=1e-3)


@settings(max_examples=30)
@given(st.integers(6, 700), st.booleans())
def test_nothing_looks_ahead(prices: pd.DataFrame, garbled: Garble, until: int, gone: bool) -> None:
    weights = monthly(prices)
    later = garbled(prices.to_numpy(), until, nan=gone)
    future = prices.copy()
    future[:] = later
    other = weights.mul(weights.index <= prices.index[until], axis=0)
    kept = slice(None, prices.index[until])
    before = run_strategy(prices, weights, costs=Costs(10))
    after = run_strategy(future, other, costs=Costs(10))
    for name in ("equity", "weights", "turnover", "costs", "buy_and_hold"):
        assert getattr(after, name).loc[kept].equals(getattr(before, name).loc[kept])


@given(st.data(), st.floats(0, 100), st.floats(0, 100))
def test_costs_never_raise_equity(data: st.DataObject, low: float, more: float) -> None:
    n_sessions, n_symbols = data.draw(st.tuples(st.integers(2, 12), st.integers(1, 4)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    close = table(*np.exp(rng.normal(0, 0.1, (n_sessions, n_symbols))).tolist())
    weights = close * 0 + rng.uniform(-0.3, 0.5, close.shape)
    cheap = run_strategy(close, weights, costs=Costs(low)).equity
    dear = run_strategy(close, weights, costs=Costs(low + more)).equity
    assert (dear <= cheap * (1 + 1e-12)).all()


def test_money_is_neither_made_nor_lost(prices: pd.DataFrame) -> None:
    """Cash is what the trades and the costs leave of the capital; equity is cash and holdings."""
    result = run_strategy(prices, monthly(prices), costs=Costs(25))
    by_session = result.trades.groupby("session")["value"].sum().reindex(result.equity.index)
    cash = 1 - (by_session.fillna(0) + result.costs).cumsum()
    held = (result.weights.sum(axis=1) * result.equity).to_numpy()
    np.testing.assert_allclose(cash + held, result.equity, rtol=1e-9)
    np.testing.assert_allclose(
        result.trades["value"].abs().sum() * 0.0025, result.costs.sum(), rtol=1e-9
    )


def test_cost_curve_and_summary(prices: pd.DataFrame) -> None:
    weights = monthly(prices)
    at_five = run_strategy(prices, weights, costs=Costs(2, 2, 1))
    curve = at_five.cost_curve
    assert curve.index.tolist() == [0, 5, 10, 20]
    assert curve["annual_return"].is_monotonic_decreasing
    assert at_five.cost_curve.equals(run_strategy(prices, weights, costs=FREE).cost_curve)
    summary = at_five.summary()
    assert summary.index.tolist() == ["strategy", "buy_and_hold"]
    for name in curve.columns:
        assert summary.loc["strategy", name] == pytest.approx(curve.loc[5, name], rel=1e-12)
    assert summary.loc["strategy", "annual_turnover"] == at_five.turnover.mean() * 252
    assert summary.loc["strategy", "costs"] == at_five.costs.sum()


def forecasts(*rows: tuple[str, str, str, int, float]) -> pd.DataFrame:
    columns = ["symbol", "model", "cutoff", "step", "yhat"]
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.astype({"cutoff": "datetime64[ns]", "symbol": "category", "model": "category"})


CLOSE = table([10, 20, 30], [10, 20, 30], [10, nan, 30])
SEEN = forecasts(
    ("A", "linear", "2024-01-01", 1, 10.3),
    ("B", "linear", "2024-01-01", 1, 20.1),
    ("C", "linear", "2024-01-01", 1, 28.0),
    ("A", "linear", "2024-01-01", 2, 1.0),
    ("A", "drift", "2024-01-01", 1, 99.0),
    ("A", "linear", "2024-01-02", 1, 10.05),
    ("B", "linear", "2024-01-02", 1, 21.0),
    ("C", "linear", "2024-01-02", 1, 33.0),
    ("A", "linear", "2024-01-03", 1, 10.0),
    ("C", "linear", "2024-01-03", 1, 30.0),
)


@pytest.mark.parametrize(
    ("threshold", "short", "expected"),
    [
        (0.01, False, [[1, 0, 0], [0, 0.5, 0.5], [0, 1, 0]]),
        (0.01, True, [[0.5, 0, -0.5], [0, 0.5, 0.5], [0, 1, 0]]),
        (0.0, False, [[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3], [0, 1, 0]]),
        (0.5, True, [[0, 0, 0]] * 3),
    ],
)
def test_target_weights_by_hand(threshold: float, short: bool, expected: list[list[float]]) -> None:
    """The threshold is exceeded, not met; B has no session on the third day: its call stands."""
    weights = target_weights(SEEN, CLOSE, model="linear", step=1, threshold=threshold, short=short)
    np.testing.assert_allclose(weights, expected, rtol=1e-15)
    assert weights.index.equals(CLOSE.index)
    assert run_strategy(CLOSE, weights, costs=FREE).weights.shape == (3, 3)


@pytest.mark.parametrize(
    ("model", "step", "threshold", "message"),
    [
        ("arima", 1, 0.0, "model 'arima': the forecasts are of linear, drift"),
        ("linear", 3, 0.0, "step 3: the forecasts go to step 2"),
        ("linear", 1, -0.1, "threshold -0.1: give a decimal move of zero or more"),
        ("linear", 1, nan, "threshold nan: give a decimal move of zero or more"),
    ],
)
def test_signals_refused(model: str, step: int, threshold: float, message: str) -> None:
    with pytest.raises(InputError) as caught:
        target_weights(SEEN, CLOSE, model=model, step=step, threshold=threshold)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("close", "weights", "message"),
    [
        (table([1], [0]), table([1]), "prices .*positive"),
        (table([1], [1]), table([nan]), "weights .*give 0"),
        (table([1], [1]), table([1, 1]), "weights 'B': there are no prices of it"),
        (table([1], [1]), table([1], start="2024-02-01"), "weights .*2024-02-01.*no prices"),
        (table([1], [1]).iloc[::-1], table([1]), "prices .*ascending"),
        (table([1], [1]), table([1]).iloc[:0], "weights '0 rows': give rows"),
        (table([1], [1]), table([1]).reset_index(drop=True), "weights '1 rows': give rows"),
        (table([1], [1]), table([1]).astype(object).map(lambda _: "x"), "weights .*numbers only"),
        (table([1, 1]).set_axis(["A", "A"], axis=1), table([1]), "prices 'A': give it once"),
        (table([1], [1]).map(lambda _: [1]), table([1]), "prices .*numbers only"),
        (table([1], [1]), table([1000]), "costs .*1000 in all can't bear them"),
    ],
)
def test_input_refused(close: pd.DataFrame, weights: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_strategy(close, weights, costs=Costs(10))


def test_numbers_may_come_in_another_dress() -> None:
    """As objects with None for no session, as text, or as pandas' own nullable type."""
    close = table([1, 2], [nan, 2], [2, 2])
    plain = run_strategy(close, close.iloc[:1] * 0 + 0.5, costs=FREE)
    for dressed in (
        close.astype(object).replace({nan: None}),
        close.map(str),
        close.astype("Float64"),
    ):
        result = run_strategy(dressed, close.iloc[:1] * 0 + 0.5, costs=FREE)
        pd.testing.assert_series_equal(result.equity, plain.equity, check_exact=True)


def test_signals_need_prices_that_can_be_used() -> None:
    for close, fault in ((CLOSE.iloc[::-1], "ascending"), (-CLOSE, "positive")):
        with pytest.raises(InputError, match=f"prices .*{fault}"):
            target_weights(SEEN, close, model="linear", step=1)


def test_two_forecasts_of_one_thing_are_one_too_many() -> None:
    with pytest.raises(InputError, match=r"^forecasts 'a cutoff twice': give each symbol one"):
        target_weights(pd.concat([SEEN, SEEN]), CLOSE, model="linear", step=1)


def test_fills_cover_the_symbols() -> None:
    close = table([1, 1], [1, 1])
    with pytest.raises(InputError, match="weights 'B'"):
        run_strategy(close, close / 2, costs=FREE, fills=close[["A"]])
