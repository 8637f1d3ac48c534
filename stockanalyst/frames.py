"""Columns and checks of the frames that cross a boundary of the package.

Price frame
    One symbol. Index ``session``: dates without a timezone, ascending, unique. Columns
    :data:`PRICE_COLUMNS`, float64: ``close`` as traded (some providers: adjusted for splits),
    ``adj_close`` adjusted for splits and dividends, ``volume`` in shares, ``dividend`` in money a
    share on the ex-date, ``split_ratio`` new shares for one old. ``close`` and ``adj_close`` are
    positive and finite everywhere; ``dividend`` is 0 and ``split_ratio`` 1 where nothing happened;
    what a provider doesn't give of ``open``, ``high``, ``low`` and ``volume`` is NaN, what it gives
    is finite, and positive if it is a price.

Forecast frame
    Long: one row a (symbol, model, cutoff, step). Columns :data:`FORECAST_KEYS`, ``yhat``, a pair
    ``lo_80``, ``hi_80`` for each level, and ``y``, the price that came, NaN while it is unknown.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

from stockanalyst.exceptions import FrameSchema

PRICE_COLUMNS = (
    "open",
    "high",
    "low",
    "close",
    "adj_close",
    "volume",
    "dividend",
    "split_ratio",
)
_REQUIRED = ("close", "adj_close")
_MAY_BE_ZERO = ("volume", "dividend")
FORECAST_KEYS = ("symbol", "model", "cutoff", "session", "step")

_LEAST, _MOST = 1e-9, 1e12  # of a price: beyond lie faults, and numbers whose squares overflow
_TABLE = "prices"


def level_suffix(level: float) -> str:
    """The percentage that names a level's columns: 0.8 is ``"80"``, 0.995 is ``"99.5"``."""
    return f"{level * 100:.10g}"


def level_columns(levels: Sequence[float]) -> list[str]:
    """Interval columns of a forecast frame, in the order of `levels`."""
    return [f"{side}_{level_suffix(level)}" for level in levels for side in ("lo", "hi")]


def price_frame(raw: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Check a provider's frame and give it the canonical columns and types.

    Parameters
    ----------
    raw : DataFrame
        Indexed by dates; columns named as in :data:`PRICE_COLUMNS`, others are dropped. At least
        one of ``close`` and ``adj_close``; the other is then taken from it.
    where : str
        File or provider, for the message of an error.

    Returns
    -------
    DataFrame
        A new price frame; `raw` is left as it is.

    Raises
    ------
    FrameSchema
        No price column, a column given twice, or no row; an index that holds no dates, mixes
        timezones, has duplicates or isn't ascending; a value that isn't a number; a close that is
        missing; a price that is infinite, zero or negative; a negative or infinite volume,
        dividend or split. Nothing is repaired in silence.
    """
    frame = raw.loc[:, _known_columns(list(raw.columns), where)].copy()
    if frame.empty:
        raise FrameSchema(where, "session", "has no row", "give at least one session")
    frame.index = _sessions(raw.index, where)
    for name in frame.columns:
        frame[name] = _numbers(frame[name], where)
        _require_valid(frame[name], where)
    given = [name for name in _REQUIRED if name in frame.columns]
    frame = frame.reindex(columns=list(PRICE_COLUMNS))
    for name in set(_REQUIRED) - set(given):
        frame[name] = frame[given[0]]
    return frame.fillna({"dividend": 0.0, "split_ratio": 1.0}).astype(np.float64)


def close_table(prices: pd.DataFrame) -> pd.DataFrame:
    """A table of closes as float64, or an error that names the first fault.

    Raises
    ------
    FrameSchema
        No column or row; a column name twice; an index that holds no dates, isn't ascending or has
        a date twice; a value that isn't a positive, finite number or missing.
    """
    if prices.empty:
        raise FrameSchema(_TABLE, "symbol", "is empty", "give sessions by symbols")
    names = pd.Index([str(name) for name in prices.columns])
    if names.has_duplicates:
        twice = names[names.duplicated()][0]
        raise FrameSchema(_TABLE, "symbol", f"holds {twice!r} twice", "keep one column each")
    dates = _plain_dates(prices.index)
    is_numeric = all(kind.kind in "iuf" for kind in prices.dtypes)  # to_numeric takes its time
    numbers = prices if is_numeric else prices.apply(pd.to_numeric, errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = prices.notna().to_numpy() & ~((values >= _LEAST) & (values <= _MOST))
    if bad.any():
        row, column = map(int, np.argwhere(bad)[0])
        found = str(prices.iat[row, column])[:40]
        where = f"is {found} for {names[column]} on {dates[row]:%Y-%m-%d}"
        mend = f"every close must be a number from {_LEAST:g} to {_MOST:g}, or NaN"
        raise FrameSchema(_TABLE, "close", where, mend)
    table = pd.DataFrame(values, index=dates, columns=names)
    table.attrs = prices.attrs
    return table


def _plain_dates(index: pd.Index) -> pd.DatetimeIndex:
    """Plain dates, ascending."""
    if not isinstance(index, pd.DatetimeIndex):
        problem = f"holds {str(index[0])[:40]!r}, no date"
        raise FrameSchema(_TABLE, "session", problem, "give the table a DatetimeIndex")
    dates = index.tz_localize(None).normalize()
    wrong = np.flatnonzero(~(dates[1:] > dates[:-1]))
    if wrong.size:
        before, after = (str(day)[:10] for day in dates[wrong[0] : wrong[0] + 2])
        problem = f"isn't ascending: {after} follows {before}"
        raise FrameSchema(_TABLE, "session", problem, "sort the rows, keep one a date")
    return dates.as_unit("ns")


def _known_columns(columns: list[object], where: str) -> list[str]:
    known = [name for name in PRICE_COLUMNS if name in columns]
    if not set(known) & set(_REQUIRED):
        raise FrameSchema(where, "close", "is missing", "give a column 'close' or 'adj_close'")
    for name in known:
        if columns.count(name) > 1:
            raise FrameSchema(where, name, "is given twice", "keep one column of that name")
    return known


def _sessions(index: pd.Index, where: str) -> pd.DatetimeIndex:
    dates = index if isinstance(index, pd.DatetimeIndex) else _parse_dates(index, where)
    if dates.hasnans:
        position = int(np.flatnonzero(dates.isna())[0])
        raise FrameSchema(
            where, "session", f"has no date in row {position + 1}", "give every row a date"
        )
    dates = _whole_days(dates.tz_localize(None), where)
    if dates.has_duplicates:
        first = dates[dates.duplicated()][0]
        raise FrameSchema(where, "session", f"has {first:%Y-%m-%d} twice", "keep one row a session")
    if not dates.is_monotonic_increasing:
        position = int(np.flatnonzero(np.diff(dates.asi8) < 0)[0]) + 1
        raise FrameSchema(
            where,
            "session",
            f"isn't ascending: {dates[position]:%Y-%m-%d} follows {dates[position - 1]:%Y-%m-%d}",
            "sort the rows by date, oldest first",
        )
    return dates


def _whole_days(dates: pd.DatetimeIndex, where: str) -> pd.DatetimeIndex:
    try:
        return dates.as_unit("ns").floor("D").rename("session")
    except (pd.errors.OutOfBoundsDatetime, OverflowError) as error:
        outlier = max((dates.min(), dates.max()), key=lambda day: abs(day.year - 1970))
        problem = f"holds the year {outlier.year}"
        raise FrameSchema(where, "session", problem, "give dates from 1678 to 2261") from error


def _parse_dates(index: pd.Index, where: str) -> pd.DatetimeIndex:
    values = index.to_flat_index()
    no_dates = [value for value in values.dropna() if not isinstance(value, str | date)]
    if no_dates:
        raise _no_date(no_dates[0], where)
    try:
        return pd.DatetimeIndex(pd.to_datetime(values, format="ISO8601"))
    except ValueError as error:
        unread = pd.to_datetime(values.astype(str), format="ISO8601", errors="coerce", utc=True)
        if unread.isna().any():
            raise _no_date(values[unread.isna()][0], where) from error
        mend = "give plain dates, or one timezone in every row"
        raise FrameSchema(where, "session", "mixes timezones", mend) from error


def _no_date(value: object, where: str) -> FrameSchema:
    return FrameSchema(where, "session", f"holds {str(value)[:40]!r}", "write dates as YYYY-MM-DD")


def _numbers(column: pd.Series, where: str) -> pd.Series:
    if column.dtype.kind in "iuf":
        return column.astype(np.float64)
    numbers = column.astype(object).map(_number)
    unread = numbers.isna() & column.notna()
    if unread.any():
        at = column.index[int(unread.to_numpy().argmax())]
        raise FrameSchema(
            where,
            str(column.name),
            f"holds {str(column.loc[at])[:40]!r} on {at:%Y-%m-%d}",
            "give numbers only",
        )
    return numbers.astype(np.float64)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | Real | Decimal):
        return np.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return np.nan


def _require_valid(column: pd.Series, where: str) -> None:
    name = str(column.name)
    within = (column >= 0) if name in _MAY_BE_ZERO else (column >= _LEAST) & (column <= _MOST)
    valid = np.isfinite(column) & within
    bad = ~valid if name in _REQUIRED else ~valid & column.notna()
    if bad.any():
        at = column.index[int(bad.to_numpy().argmax())]
        positive = f"a positive number from {_LEAST:g} to {_MOST:g}"
        least = "zero or a positive number" if name in _MAY_BE_ZERO else positive
        raise FrameSchema(
            where,
            name,
            f"is {column.loc[at]:g} on {at:%Y-%m-%d}",
            f"every value must be {least}; mend or drop that row",
        )
