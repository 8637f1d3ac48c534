import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InvalidCutoff
from stockanalyst.frames import PRICE_COLUMNS
from stockanalyst.market.prices import PriceHistory, as_traded, digest, rebased_close
from stockanalyst.market.providers.sample import SampleProvider

SESSIONS = pd.DatetimeIndex(["2013-02-27", "2013-02-28", "2013-03-01"], name="session")


def prices(close: list[float], adj_close: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"close": close, "adj_close": adj_close}, index=SESSIONS)


def history(today: str = "2013-03-01") -> PriceHistory:
    frame = prices([10.0, 11.0, 12.0], [10.0, 11.0, 12.0])
    return PriceHistory("AAA", frame, "test", pd.Timestamp(today))


def test_rebased_close_by_hand() -> None:
    """A 2:1 split on the last day, adjusted by a later one too: 5, 5.5, 6 over 6 times 60."""
    rebased = rebased_close(prices([100.0, 110.0, 60.0], [5.0, 5.5, 6.0]))
    assert rebased.to_list() == pytest.approx([50.0, 55.0, 60.0], rel=1e-15)
    assert rebased.name == "close"
    assert rebased.index.equals(SESSIONS)


@given(st.floats(0.01, 100), st.integers(2, 3))
def test_a_later_adjustment_changes_nothing(factor: float, until: int) -> None:
    """What happens after the last row multiplies every adjusted close by one number."""
    close, adjusted = [100.0, 110.0, 60.0], [49.0, 54.5, 59.9]
    now = rebased_close(prices(close, adjusted).iloc[:until])
    later = rebased_close(prices(close, [value * factor for value in adjusted]).iloc[:until])
    np.testing.assert_allclose(later, now, rtol=1e-14)
    assert now.iloc[-1] == pytest.approx(close[until - 1], rel=1e-15)


def test_until_none_is_everything() -> None:
    assert history().until(None).equals(history().frame)


@pytest.mark.parametrize(
    ("cutoff", "rows"), [("2013-02-27", 1), ("2013-02-28", 2), ("2013-03-01", 3)]
)
def test_until_keeps_the_cutoff_and_nothing_after(cutoff: str, rows: int) -> None:
    assert history().until(pd.Timestamp(cutoff)).equals(history().frame.iloc[:rows])


def test_until_may_lie_between_the_last_session_and_today() -> None:
    assert len(history("2013-03-03").until(pd.Timestamp("2013-03-03"))) == 3


@pytest.mark.parametrize(
    ("cutoff", "why"),
    [("2013-02-26", "before the data"), ("2013-03-04", "in the future")],
)
def test_until_outside_the_data(cutoff: str, why: str) -> None:
    with pytest.raises(InvalidCutoff) as caught:
        history("2013-03-03").until(pd.Timestamp(cutoff))
    assert str(caught.value) == (
        f"cutoff '{cutoff}': is {why}: AAA (test) has sessions from 2013-02-27 to 2013-03-01; "
        "give a date in that range"
    )


def test_digest_is_that_of_the_bytes_it_names() -> None:
    """SHA-256 of the name, one day in nanoseconds and the number 1.5, made with hashlib alone."""
    import hashlib
    import struct

    series = pd.Series([1.5], index=pd.DatetimeIndex(["1970-01-02"]), name="close")
    content = b"close" + struct.pack("<q", 86_400 * 10**9) + struct.pack("<d", 1.5)
    assert digest(series) == hashlib.sha256(content).hexdigest()


@given(st.integers(0, 2), st.sampled_from(["close", "adj_close"]))
def test_digest_sees_every_value(row: int, column: str) -> None:
    before = history().frame
    after = before.copy()
    values = after[column].to_numpy().copy()
    values[row] = np.nextafter(values[row], np.inf)
    after[column] = values
    assert digest(after) != digest(before)


def test_digest_sees_index_and_names() -> None:
    frame = history().frame
    moved = frame.set_index(SESSIONS + pd.Timedelta(days=1))
    seen = {digest(each) for each in (frame, moved, frame.rename(columns={"close": "c"}))}
    assert len(seen) == 3


def test_digest_doesnt_see_the_unit_of_the_index() -> None:
    frame = history().frame
    in_seconds, in_nanoseconds = SESSIONS.as_unit("s"), SESSIONS.as_unit("ns")
    assert digest(frame.set_index(in_seconds)) == digest(frame.set_index(in_nanoseconds))
    assert digest(frame["close"].set_axis(in_seconds)) == digest(frame[["close"]])


def test_digest_doesnt_see_the_layout() -> None:
    frame = history().frame
    transposed = pd.DataFrame(np.asfortranarray(frame), index=SESSIONS, columns=frame.columns)
    assert digest(transposed) == digest(frame)
    assert digest(frame.astype(np.int64)) == digest(frame)


# As traded: frames of the same market as two kinds of vendors give it


def market(
    closes: list[float], splits: dict[int, float], dividends: dict[int, float] | None = None
) -> pd.DataFrame:
    """Everything as traded, with an adjusted close as the definition has it."""
    sessions = pd.bdate_range("2014-06-02", periods=len(closes), name="session")
    close = pd.Series(closes, sessions)
    ratio = pd.Series([splits.get(day, 1.0) for day in range(len(closes))], sessions)
    dividend = pd.Series([(dividends or {}).get(day, 0.0) for day in range(len(closes))], sessions)
    share = (ratio * (1 + dividend / close))[::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    return pd.DataFrame(
        {"open": close - 0.5, "high": close + 1, "low": close - 1, "close": close,
         "adj_close": close / share, "volume": 1e6, "dividend": dividend, "split_ratio": ratio},
    )[list(PRICE_COLUMNS)]  # fmt: skip


def rescaled(frame: pd.DataFrame) -> pd.DataFrame:
    """As a vendor gives it that divides all prices before a split by its ratio."""
    later = frame["split_ratio"][::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    names = ["open", "high", "low", "close", "dividend"]
    return frame.assign(**{name: frame[name] / later for name in names})


SPLITS = {
    "none": market([100.0, 101.0, 99.0], {}),
    "four for one": market([500.0, 499.23, 129.04, 134.18], {2: 4.0}),
    "several": market([92.0, 645.57, 93.7, 94.25, 46.0, 30.0, 31.0], {2: 7.0, 4: 2.0, 5: 1.5}),
    "reverse": market([0.5, 0.52, 4.9, 5.2, 20.1], {2: 0.1, 4: 0.25}),
    "a fall of 5 % on its day": market([100.0, 100.0, 47.5, 48.0], {2: 2.0}),
    "a rise of 5 % on its day": market([100.0, 100.0, 52.5, 52.0], {2: 2.0}),
    "a fall by a fourth on its day": market([100.0, 100.0, 37.5, 38.0], {2: 2.0}),
    "on the first session": market([50.0, 51.0], {0: 2.0}),
    "on the second and the last": market([100.0, 51.0, 52.0, 18.0], {1: 2.0, 3: 3.0}),
    "with dividends": market([500.0, 498.0, 130.0, 129.0], {2: 4.0}, {1: 3.28, 2: 0.5, 3: 0.8}),
}
SMALL = {
    "stock dividend": market([100.0, 101.0, 96.5, 97.0], {2: 1.05}, {1: 0.5}),
    "a fall of 5 % on its day": market([100.0, 100.0, 90.5, 91.0], {2: 1.05}, {3: 0.5}),
    "a rise of 5 % on its day": market([100.0, 100.0, 100.0, 91.0], {2: 1.05}, {3: 0.5}),
    "both kinds": market([100.0, 96.0, 47.0, 46.0, 45.0], {1: 1.05, 2: 2.0, 4: 1.03}, {3: 0.5}),
}


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("adjusted", [True, False], ids=["adjusted", "not adjusted"])
def test_what_was_traded_is_found_again(name: str, *, adjusted: bool) -> None:
    """Of a vendor that gives no adjusted close, too, whose place the close takes."""
    traded = SPLITS[name]
    for vendor in (traded, rescaled(traded)):
        frame = vendor if adjusted else vendor.assign(adj_close=vendor["close"])
        found = as_traded(frame)
        expected = traded.assign(adj_close=frame["adj_close"])
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12, check_freq=False)


@pytest.mark.parametrize("name", SMALL)
def test_a_small_ratio_is_found_by_the_adjusted_close(name: str) -> None:
    """The day's own move is as large as the split's."""
    traded = SMALL[name]
    for frame in (traded, rescaled(traded)):
        pd.testing.assert_frame_equal(as_traded(frame), traded, rtol=1e-12, check_freq=False)


def test_a_small_ratio_without_an_adjusted_close() -> None:
    """On a quiet day the close tells by itself."""
    traded = market([100.0, 100.2, 95.3, 95.0], {2: 1.05})
    for vendor in (traded, rescaled(traded)):
        frame = vendor.assign(adj_close=vendor["close"])
        np.testing.assert_allclose(as_traded(frame)["close"], traded["close"], rtol=1e-12)


def test_a_split_that_the_vendor_forgot_is_seen() -> None:
    """Yahoo does for some days: neither close goes through the last split, but the first."""
    traded = market([90.0, 91.0, 46.0, 47.0, 9.5], {2: 2.0, 4: 5.0})
    stale = rescaled(traded.assign(split_ratio=[1.0, 1.0, 2.0, 1.0, 1.0]))
    frame = stale.assign(split_ratio=traded["split_ratio"], adj_close=0.99 * stale["close"])
    np.testing.assert_allclose(as_traded(frame)["close"], traded["close"], rtol=1e-12)


def test_what_was_given_is_left_as_it_was() -> None:
    frame = rescaled(SPLITS["several"])
    before = frame.copy()
    assert not as_traded(frame).equals(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("symbol", ["AAPL", "MSFT"])
def test_real_prices_through_their_splits(symbol: str) -> None:
    """The sample's closes are as traded."""
    frame = SampleProvider().history(symbol).frame
    assert as_traded(frame).equals(frame)
    found = as_traded(rescaled(frame))
    np.testing.assert_allclose(found["close"], frame["close"], rtol=1e-12)
    np.testing.assert_allclose(found["dividend"], frame["dividend"], rtol=1e-12)
