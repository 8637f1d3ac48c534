from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from skfolio.datasets import load_sp500_dataset

from stockanalyst.frames import price_frame
from stockanalyst.market.faults import FAULT_COLUMNS, find_faults, repaired
from tests.conftest import Simulate

Market = Callable[..., pd.DataFrame]
BARS = ["open", "high", "low", "close"]
PRICES = [*BARS, "adj_close"]
EX_DATES = (60, 120, 180, 240)
SPLIT = 150


@pytest.fixture(scope="module")
def market(simulate: Simulate) -> Market:
    """Prices without a fault: 300 sessions, four dividends of 2 %, a split of 4:1 if asked for.

    `traded`: closes as traded, else adjusted for the split; `reinvested_after`: dividends are
    reinvested at the close of the ex-date, as Quandl has it, else at the close before.
    """

    def make(
        *,
        seed: int = 1,
        volatility: float = 0.015,
        split: float = 1.0,
        traded: bool = False,
        reinvested_after: bool = False,
        ex_dates: Sequence[int] = EX_DATES,
    ) -> pd.DataFrame:
        adjusted = simulate(300, seed=seed, volatility=volatility)
        frame = pd.DataFrame({"close": adjusted, "adj_close": adjusted, "dividend": 0.0})
        close, dividend = frame["close"].to_numpy().copy(), np.zeros(300)
        for row in reversed(ex_dates):
            close[:row] *= 1.02
            if reinvested_after:
                dividend[row] = 0.02 * close[row]
            else:
                dividend[row] = close[row - 1] * (1 - 1 / 1.02)
        ratio = np.ones(300)
        ratio[SPLIT] = split
        if traded:
            close[:SPLIT] *= split
            dividend[:SPLIT] *= split
        rng = np.random.default_rng(seed)
        opened = close * np.exp(rng.normal(0, 0.003, 300))
        above, below = np.exp(rng.exponential(0.005, (2, 300)))
        raw = frame.assign(
            open=opened,
            high=np.maximum(opened, close) * above,
            low=np.minimum(opened, close) / below,
            close=close,
            volume=rng.integers(1_000, 100_000, 300).astype(float),
            dividend=dividend,
            split_ratio=ratio,
        )
        return price_frame(raw, where="test")

    return make


def scaled(
    frame: pd.DataFrame, columns: list[str], first: int, last: int, factor: float
) -> pd.DataFrame:
    bad = frame.copy()
    rows = frame.index[first : last + 1]
    bad.loc[rows, columns] = frame.loc[rows, columns] * factor
    return bad


def assert_mended(bad: pd.DataFrame, good: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(repaired(bad, find_faults(bad)).frame, good, rtol=1e-9)


def found(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Kind and column of every fault."""
    report = find_faults(frame)
    return sorted(zip(report["kind"], report["column"], strict=True))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 2.0, 1.5, 0.1, 100.0]), st.booleans())
def test_sound_prices_have_no_faults(market: Market, seed: int, split: float, traded: bool) -> None:
    for after, ex_dates in ((False, EX_DATES), (True, EX_DATES), (False, (60, SPLIT, 240))):
        frame = market(
            seed=seed, split=split, traded=traded, reinvested_after=after, ex_dates=ex_dates
        )
        report = find_faults(frame)
        assert report.empty, report.to_string()
        assert tuple(report.columns) == FAULT_COLUMNS


def test_a_squeeze_is_no_fault() -> None:
    """GameStop as traded, 2021-01-22 to 02-04: +135 % on one day, −60 % on another."""
    close = [65.01, 76.79, 147.98, 347.51, 193.60, 325.00, 225.00, 90.00, 92.41, 53.50]
    sessions = pd.bdate_range("2021-01-22", periods=10, name="session")
    assert find_faults(price_frame(pd.DataFrame({"close": close}, sessions), where="x")).empty


def test_crashes_are_no_faults() -> None:
    """Twenty stocks of the S&P 500, 1990 to 2022; skfolio's data, "for testing only"."""
    prices: pd.DataFrame = load_sp500_dataset()
    for symbol in prices:
        frame = price_frame(prices[[symbol]].set_axis(["close"], axis=1), where="x")
        assert find_faults(frame).empty, symbol


@settings(max_examples=40)
@given(
    st.sampled_from([0.01, 100.0]),
    st.lists(st.sampled_from(PRICES), min_size=1, unique=True),
    st.integers(0, 299),
    st.integers(0, 4),
)
@example(100.0, ["close"], 299, 0)
@example(0.01, PRICES, 295, 4)
def test_prices_in_another_unit(
    market: Market, factor: float, columns: list[str], first: int, length: int
) -> None:
    """A day or a week, the first days and the last among them."""
    good, last = market(split=2.0, traded=True), min(first + length, 299)
    bad = scaled(good, columns, first, last, factor)
    report = find_faults(bad)
    assert set(report["column"]) == set(columns)
    assert set(report["kind"]) == {"unit"}
    assert set(report["session"]) == {good.index[first]}
    assert set(report["until"]) == {good.index[last]}
    np.testing.assert_allclose(report["expected"] * factor, report["value"], rtol=1e-12)
    assert_mended(bad, good)


def test_where_the_unit_changes_for_good_the_last_is_right(market: Market) -> None:
    good = market()
    bad = scaled(good, PRICES, 0, 280, 100.0)
    bad["dividend"] = good["dividend"]
    assert found(bad) == sorted(("unit", column) for column in PRICES)
    assert_mended(bad, good)


@pytest.mark.parametrize("ratio", [4.0, 1.5, 0.1, 0.001])
@pytest.mark.parametrize(
    ("first", "last"), [(0, 149), (0, 148), (140, 149), (155, 155), (145, 147)]
)
def test_prices_that_arent_adjusted_for_a_split(
    market: Market, ratio: float, first: int, last: int
) -> None:
    """All before the split, to a session too early, the last days before, or a day nearby."""
    good = market(split=ratio)
    bad = scaled(good, PRICES, first, last, ratio)
    assert found(bad) == sorted(("split_adjustment", column) for column in PRICES)
    assert_mended(bad, good)


def test_prices_that_are_adjusted_twice_for_a_split(market: Market) -> None:
    good = market(split=4.0, traded=True)
    bad = scaled(good, ["adj_close"], 0, 149, 1 / 4)
    assert found(bad) == [("split_adjustment", "adj_close")]
    assert "on 2000-07-31: the stretch is adjusted for it twice" in find_faults(bad)["why"][0]
    assert_mended(bad, good)


def test_a_move_like_a_split_elsewhere_is_a_move(market: Market) -> None:
    """Prices fall to a quarter three sessions before a split of 4:1, and stay there."""
    crash = scaled(market(split=4.0), PRICES, 0, 146, 4.0)
    assert "split_adjustment" not in find_faults(crash)["kind"].to_list()


@pytest.mark.parametrize("traded", [False, True])
@pytest.mark.parametrize(
    ("power", "kind"), [(0, "missing"), (0.01, "missing"), (2, "doubled"), (1.5, "wrong")]
)
def test_adjustment_that_doesnt_fit_the_dividend(
    market: Market, traded: bool, power: float, kind: str
) -> None:
    """Adjusted 0, 1/100, 2 or 1½ times for one dividend of 2 %."""
    good = market(split=4.0, traded=traded)
    bad = scaled(good, ["adj_close"], 0, 119, 1.02 ** (1 - power))
    report = find_faults(bad)
    assert found(bad) == [(f"{kind}_dividend_adjustment", "adj_close")]
    assert report["until"][0] == good.index[119]
    assert f"before {good.index[120]:%Y-%m-%d}" in report["why"][0]
    assert_mended(bad, good)


def test_one_dividend_by_hand() -> None:
    """20 before, 0.70 paid: 20 should be 19.30, and 19 likewise 18.335."""
    close = [19.0, 20.0, 19.5, 19.6]
    sessions = pd.bdate_range("2024-01-01", periods=4)
    frame = pd.DataFrame({"close": close, "dividend": [0, 0, 0.7, 0]}, sessions)
    report = find_faults(price_frame(frame, where="test"))
    assert report.to_dict("records") == [
        {
            "session": sessions[0],
            "until": sessions[1],
            "column": "adj_close",
            "kind": "missing_dividend_adjustment",
            "value": 19.0,
            "expected": pytest.approx(18.335, rel=1e-12),
            "why": "Adjusted closes before 2024-01-03 are adjusted hardly or not at all for that "
            "day's dividend of 0.7.",
        }
    ]


def test_prices_that_came_without_adjustment_arent_judged(market: Market) -> None:
    frame = market()
    assert find_faults(frame.assign(adj_close=frame["close"])).empty


@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_dividend_recorded_twice(market: Market, adjusted: bool, unit: float) -> None:
    """Three sessions later once more, perhaps in the other unit; adjusted for once or twice."""
    good = market()
    bad = scaled(good, ["adj_close"], 0, 122, 0.98) if adjusted else good.copy()
    copy = bad["dividend"].iloc[120] * unit
    bad.loc[bad.index[123], "dividend"] = copy
    kinds = [("duplicate_dividend", "dividend")]
    if adjusted:
        kinds.append(("wrong_dividend_adjustment", "adj_close"))
    assert found(bad) == kinds
    assert_mended(bad, good)


def test_a_fund_may_pay_every_week(market: Market) -> None:
    assert find_faults(market(ex_dates=range(10, 300, 5))).empty


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_a_dividend_in_another_unit(market: Market, factor: float) -> None:
    """The price fell by about 2 %, and so the adjusted closes say; 2 % × 100 can't be."""
    good = market(volatility=0.002)
    bad = scaled(good, ["dividend"], 120, 120, factor)
    kinds = [("dividend_unit", "dividend")]
    assert found(bad) == kinds
    assert_mended(bad, good)
    # The same, where the adjusted closes were made from the wrong dividend.
    if factor < 1:
        paid = bad["dividend"].iloc[120] / good["close"].iloc[119]
        worse = scaled(bad, ["adj_close"], 0, 119, 1.02 * (1 - paid))
        assert found(worse) == [*kinds, ("missing_dividend_adjustment", "adj_close")]
        assert_mended(worse, good)


def test_a_dividend_that_nobody_knows_of(market: Market) -> None:
    """A third of the price, which didn't fall; no neighbour is like it. It is reported only."""
    frame = market()
    frame.loc[frame.index[30], "dividend"] = frame["close"].iloc[29] / 3
    report = find_faults(frame)
    assert found(frame) == [("implausible_dividend", "dividend")]
    assert report["expected"].isna().all()
    assert "33.33% of the price, which fell by" in report["why"][0]
    assert repaired(frame, report).changed.empty


def test_a_range_that_leaves_out_a_price(market: Market) -> None:
    good = market()
    bad = good.copy()
    bad.loc[bad.index[10], "high"] = good[["open", "close"]].iloc[10].max() * 0.99
    bad.loc[bad.index[20], "low"] = good[["open", "close"]].iloc[20].min() * 1.002
    report = find_faults(bad)
    assert found(bad) == [("range", "high"), ("range", "low")]
    high = good[["open", "close"]].iloc[10].max()
    low = good[["open", "close"]].iloc[20].min()
    np.testing.assert_allclose(report["expected"], [high, low], rtol=1e-12)


def test_rounding_is_no_broken_range(market: Market) -> None:
    frame = market()
    frame.loc[frame.index[10], "high"] = frame[["open", "close"]].iloc[10].max() * 0.9995
    assert find_faults(frame).empty


@pytest.mark.parametrize("missing", [0.0, np.nan])
def test_a_move_without_volume(market: Market, missing: float) -> None:
    frame = market()
    row = int(frame["close"].pct_change().abs().argmax())
    frame.loc[frame.index[row], "volume"] = missing
    assert found(frame) == [("volume", "volume")]
    mended = repaired(frame, find_faults(frame)).frame
    assert np.isnan(mended["volume"].iloc[row])
    assert mended["volume"].notna().sum() == 299


def test_volume_that_is_often_missing_isnt_judged(market: Market) -> None:
    frame = market()
    frame.loc[frame.index[::8], "volume"] = 0.0
    assert find_faults(frame).empty


def test_repair_says_what_it_changed_and_leaves_the_rest(market: Market) -> None:
    good = market()
    bad = scaled(scaled(good, ["close"], 50, 50, 100.0), ["open"], 70, 71, 0.01)
    before = bad.copy()
    report = find_faults(bad)
    repair = repaired(bad, report[report["column"] == "open"])
    pd.testing.assert_frame_equal(bad, before)
    assert repair.changed["session"].to_list() == list(good.index[70:72])
    assert repair.changed["column"].to_list() == ["open"] * 2
    assert repair.changed["before"].to_list() == bad["open"].iloc[70:72].to_list()
    np.testing.assert_allclose(repair.changed["after"], good["open"].iloc[70:72], rtol=1e-12)
    assert repair.frame["close"].equals(bad["close"])


def test_faults_of_several_kinds_at_once(market: Market) -> None:
    """What is mended first doesn't hide what comes after, and then nothing is left."""
    good = market(split=4.0)
    bad = scaled(good, PRICES, 0, 149, 4.0)
    bad = scaled(bad, PRICES, 100, 110, 100.0)
    bad = scaled(bad, ["adj_close"], 0, 239, 1.02)
    assert {kind for kind, _ in found(bad)} == {
        "split_adjustment",
        "unit",
        "missing_dividend_adjustment",
    }
    assert_mended(bad, good)
    assert find_faults(repaired(bad, find_faults(bad)).frame).empty
