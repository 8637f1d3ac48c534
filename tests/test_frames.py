"""The schema checks: bad frames one by one, then any frame that hypothesis can think of."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import FrameSchema
from stockanalyst.frames import PRICE_COLUMNS, level_columns, level_suffix, price_frame

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04"]


def raw(index: Any = DAYS, **columns: object) -> pd.DataFrame:
    """Three good sessions, with the columns given instead."""
    return pd.DataFrame({"close": [10.0, 11.0, 12.0], **columns}, index=pd.Index(index))


def message(frame: pd.DataFrame) -> str:
    with pytest.raises(FrameSchema) as caught:
        price_frame(frame, where="x.csv")
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_level_columns() -> None:
    assert level_columns((0.8, 0.95)) == ["lo_80", "hi_80", "lo_95", "hi_95"]
    assert level_suffix(0.995) == "99.5"


def test_missing_columns_are_nan_and_events_neutral() -> None:
    frame = price_frame(raw(), where="x.csv")
    assert list(frame.columns) == list(PRICE_COLUMNS)
    assert frame["adj_close"].tolist() == [10.0, 11.0, 12.0]
    assert frame["dividend"].tolist() == [0.0, 0.0, 0.0]
    assert frame["split_ratio"].tolist() == [1.0, 1.0, 1.0]
    assert frame[["open", "high", "low", "volume"]].isna().all(axis=None)


def test_close_is_taken_from_adj_close() -> None:
    frame = price_frame(raw().rename(columns={"close": "adj_close"}), where="x.csv")
    assert frame["close"].tolist() == [10.0, 11.0, 12.0]


def test_other_columns_are_dropped() -> None:
    assert "note" not in price_frame(raw(note=["a", "b", "c"]), where="x.csv")


@pytest.mark.parametrize(
    "index",
    [
        DAYS,
        [date.fromisoformat(day) for day in DAYS],
        pd.DatetimeIndex(DAYS, tz="America/New_York"),
        pd.DatetimeIndex(DAYS) + pd.Timedelta(hours=16),
        [f"{day}T00:00:00+09:00" for day in DAYS],
        pd.CategoricalIndex(DAYS),
    ],
    ids=["text", "date", "aware", "with hours", "offset in text", "categories"],
)
def test_dates_become_plain_sessions(index: Any) -> None:
    sessions = price_frame(raw(index), where="x.csv").index
    expected = pd.DatetimeIndex(["2024-01-02", "2024-01-03", "2024-01-04"], name="session")
    pd.testing.assert_index_equal(sessions, expected.as_unit("ns"), exact=True)


@pytest.mark.parametrize(
    "values",
    [["10", "11", "12"], [Decimal(10), Decimal(11), Decimal(12)], [10, 11, 12], ["10", 11, 12.0]],
    ids=["text", "decimal", "int", "mixed"],
)
def test_numbers_become_float(values: list[object]) -> None:
    assert price_frame(raw(close=values), where="x.csv")["close"].tolist() == [10.0, 11.0, 12.0]


POSITIVE = "every value must be a positive number from 1e-09 to 1e+12; mend or drop that row"
NOT_NEGATIVE = "every value must be zero or a positive number; mend or drop that row"
NUMBERS = "give numbers only"
DATES = "write dates as YYYY-MM-DD"
ONE_ZONE = "mixes timezones; give plain dates, or one timezone in every row"


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (raw(close=[10, None, 12]), f"'close' is nan on 2024-01-03; {POSITIVE}"),
        (raw(close=[10, 11, 0]), f"'close' is 0 on 2024-01-04; {POSITIVE}"),
        (raw(close=[-1.5, 11, 12]), f"'close' is -1.5 on 2024-01-02; {POSITIVE}"),
        (raw(close=[10, 11, np.inf]), f"'close' is inf on 2024-01-04; {POSITIVE}"),
        (raw(adj_close=[1, 0, 1]), f"'adj_close' is 0 on 2024-01-03; {POSITIVE}"),
        (raw(open=[1, 0, 1]), f"'open' is 0 on 2024-01-03; {POSITIVE}"),
        (raw(split_ratio=[1, 0, 1]), f"'split_ratio' is 0 on 2024-01-03; {POSITIVE}"),
        (raw(volume=[1, -5, 1]), f"'volume' is -5 on 2024-01-03; {NOT_NEGATIVE}"),
        (raw(dividend=[1, -0.5, 1]), f"'dividend' is -0.5 on 2024-01-03; {NOT_NEGATIVE}"),
        (raw(close=["10", "n\nx", "12"]), rf"'close' holds 'n\nx' on 2024-01-03; {NUMBERS}"),
        (raw(close=[10, True, 12]), f"'close' holds 'True' on 2024-01-03; {NUMBERS}"),
        (raw(close=[10, 10**400, 12]), f"'close' holds '1{'0' * 39}' on 2024-01-03; {NUMBERS}"),
        (raw(close=pd.to_datetime(DAYS)), f"'close' holds '{DAYS[0]} 00:00:00' on {DAYS[0]}; "),
        (raw(["2024-01-02", "2024-01-02", "2024-01-04"]), "'session' has 2024-01-02 twice; "),
        (raw(DAYS[::-1]), "'session' isn't ascending: 2024-01-03 follows 2024-01-04; sort the"),
        (raw([1, 2, 3]), f"'session' holds '1'; {DATES}"),
        (raw(["2024-01-02", "soon", "2024-01-04"]), f"'session' holds 'soon'; {DATES}"),
        (raw(["2024-01-02", 7, None]), f"'session' holds '7'; {DATES}"),
        (raw(["2024-01-02", None, "2024-01-04"]), "'session' has no date in row 2; give every"),
        (raw(["2024-01-02", "", "2024-01-04"]), "'session' has no date in row 2; give every"),
        (raw(pd.PeriodIndex(DAYS, freq="D")), f"'session' holds '2024-01-02'; {DATES}"),
        (raw(pd.MultiIndex.from_product([["A"], DAYS])), "'session' holds \"('A', '2024-01-02')\""),
        (raw(["1500-01-01", *DAYS[1:]]), "'session' holds the year 1500; give dates from 1678"),
        (raw([*DAYS[:2], "9999-12-31"]), "'session' holds the year 9999; give dates from 1678"),
        (
            raw([f"{DAYS[0]}T00+01", f"{DAYS[1]}T00+02", f"{DAYS[2]}T00+01"]),
            f"'session' {ONE_ZONE}",
        ),
        (raw([f"{DAYS[0]}T00+01", DAYS[1], DAYS[2]]), f"'session' {ONE_ZONE}"),
        (
            raw([pd.Timestamp(DAYS[0], tz="Asia/Tokyo"), *pd.to_datetime(DAYS[1:])]),
            f"'session' {ONE_ZONE}",
        ),
        (raw()[[]], "'close' is missing; give a column 'close' or 'adj_close'"),
        (raw().iloc[:0], "'session' has no row; give at least one session"),
        (pd.concat([raw(), raw()], axis=1), "'close' is given twice; keep one column of that name"),
        (raw().set_axis(pd.MultiIndex.from_tuples([("close", "A")]), axis=1), "'close' is missing"),
    ],
)
def test_bad_frame_is_one_line_with_its_mend(frame: pd.DataFrame, expected: str) -> None:
    assert message(frame).startswith(f"x.csv: column {expected}")


SCALARS = st.one_of(
    st.none(),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.text(max_size=4),
    st.dates().map(pd.Timestamp) | st.dates(),
    st.decimals(allow_nan=False),
    st.complex_numbers(),
    st.lists(st.integers(), max_size=2),
)
NUMBERS_MOSTLY = st.floats(min_value=0.01, max_value=1e6) | SCALARS
DATES_MOSTLY = (
    st.dates(min_value=date(2020, 1, 1), max_value=date(2020, 3, 1))
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates().map(str)
    | SCALARS.filter(lambda value: not isinstance(value, list))
)
NAMES = st.lists(st.sampled_from([*PRICE_COLUMNS, "note"]), min_size=1, max_size=4)


@st.composite
def any_frame(draw: st.DrawFn) -> pd.DataFrame:
    """Frames of which some are good, most nearly so, and some absurd."""
    names, rows = draw(NAMES), draw(st.integers(min_value=0, max_value=4))
    cells = draw(st.sampled_from([st.floats(min_value=0.01, max_value=1e6), NUMBERS_MOSTLY]))
    columns = [draw(st.lists(cells, min_size=rows, max_size=rows)) for _ in names]
    dates = draw(
        st.just(list(pd.date_range("2020-01-01", periods=rows)))
        | st.lists(DATES_MOSTLY, min_size=rows, max_size=rows)
    )
    frame = pd.concat(
        [pd.Series(column, index=range(rows), dtype=object) for column in columns], axis=1
    )
    frame = frame.set_axis(names, axis=1).set_axis(pd.Index(dates, dtype=object), axis=0)
    return frame.infer_objects() if draw(st.booleans()) else frame


def assert_invariants(frame: pd.DataFrame) -> None:
    index = frame.index
    assert isinstance(index, pd.DatetimeIndex)
    assert index.tz is None
    assert index.freq is None
    assert index.name == "session"
    assert index.is_unique
    assert index.is_monotonic_increasing
    assert (index == index.normalize()).all()
    assert list(frame.columns) == list(PRICE_COLUMNS)
    assert (frame.dtypes == np.float64).all()
    assert len(frame)
    events = frame[["close", "adj_close", "dividend", "split_ratio"]]
    assert np.isfinite(events.to_numpy()).all()
    assert not np.isinf(frame.to_numpy()).any()
    assert (frame[["open", "high", "low", "close", "adj_close", "split_ratio"]].dropna() > 0).all(
        axis=None
    )
    assert (frame[["volume", "dividend"]].dropna() >= 0).all(axis=None)


@given(any_frame())
def test_any_frame_is_refused_or_mended_to_the_schema(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    try:
        checked = price_frame(frame, where="x.csv")
    except FrameSchema as error:
        refusal = str(error)
    else:
        refusal = ""
        assert_invariants(checked)
        pd.testing.assert_frame_equal(price_frame(checked, where="again"), checked)
    assert "\n" not in refusal
    pd.testing.assert_frame_equal(frame, before)


@given(
    st.lists(
        st.dates(min_value=date(1700, 1, 1), max_value=date(2200, 1, 1)), min_size=1, unique=True
    ).map(sorted),
    st.data(),
)
def test_a_good_frame_keeps_every_value(days: list[date], data: st.DataObject) -> None:
    price = st.floats(min_value=1e-9, max_value=1e12)
    closes = data.draw(st.lists(price, min_size=len(days), max_size=len(days)))
    checked = price_frame(pd.DataFrame({"close": closes}, index=days), where="x.csv")
    assert checked["close"].tolist() == closes
    assert [session.date() for session in checked.index] == days
