import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InvalidCutoff
from stockanalyst.market.prices import PriceHistory, digest, rebased_close

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
