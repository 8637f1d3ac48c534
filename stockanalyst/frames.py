"""Columns and checks of the frames that cross a boundary of the package.

Price frame
    One symbol. Index ``session``: dates without a timezone, ascending, unique. Columns
    :data:`PRICE_COLUMNS`, float64: ``close`` as traded (some providers: adjusted for splits),
    ``adj_close`` adjusted for splits and dividends, ``volume`` in shares, ``dividend`` in money a
    share on the ex-date, ``split_ratio`` new shares for one old. ``close`` and ``adj_close`` are
    positive and finite everywhere; ``dividend`` is 0 and ``split_ratio`` 1 where nothing happened;
    what a provider doesn't give is NaN.

Forecast frame
    Long: one row a (symbol, model, cutoff, step). Columns :data:`FORECAST_KEYS`, ``yhat``, a pair
    ``lo_80``, ``hi_80`` for each level, and ``y``, the price that came, NaN while it is unknown.
"""

from collections.abc import Sequence

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
FORECAST_KEYS = ("symbol", "model", "cutoff", "session", "step")


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
        No price column or no row; an index that holds no dates, mixes timezones, has duplicates
        or isn't ascending; a value that isn't a number; a price that is missing, infinite, zero or
        negative. Nothing is repaired in silence.
    """
    frame = raw.loc[:, [name for name in PRICE_COLUMNS if name in raw.columns]].copy()
    given = [name for name in ("close", "adj_close") if name in frame.columns]
    if not given:
        raise FrameSchema(where, "close", "is missing", "give a column 'close' or 'adj_close'")
    if frame.empty:
        raise FrameSchema(where, "session", "has no row", "give at least one session")
    frame.index = _sessions(raw.index, where)
    for name in frame.columns:
        frame[name] = _numbers(frame[name], where)
    for name in given:
        _require_positive(frame[name], where)
    frame = frame.reindex(columns=list(PRICE_COLUMNS))
    for name in {"close", "adj_close"} - set(given):
        frame[name] = frame[given[0]]
    return frame.fillna({"dividend": 0.0, "split_ratio": 1.0}).astype(np.float64)


def _sessions(index: pd.Index, where: str) -> pd.DatetimeIndex:
    if index.hasnans:
        position = int(np.flatnonzero(index.isna())[0])
        raise FrameSchema(
            where, "session", f"has no date in row {position + 1}", "give every row a date"
        )
    if not isinstance(index, pd.DatetimeIndex):
        index = _parse_dates(index, where)
    if index.tz is not None:
        index = index.tz_localize(None)
    index = index.normalize().rename("session").as_unit("ns")
    if index.has_duplicates:
        first = index[index.duplicated()][0]
        raise FrameSchema(where, "session", f"has {first:%Y-%m-%d} twice", "keep one row a session")
    if not index.is_monotonic_increasing:
        position = int(np.flatnonzero(np.diff(index.to_numpy()) < np.timedelta64(0))[0]) + 1
        raise FrameSchema(
            where,
            "session",
            f"isn't ascending: {index[position]:%Y-%m-%d} follows {index[position - 1]:%Y-%m-%d}",
            "sort the rows by date, oldest first",
        )
    return index


def _parse_dates(index: pd.Index, where: str) -> pd.DatetimeIndex:
    if pd.api.types.is_numeric_dtype(index):
        raise FrameSchema(
            where, "session", f"holds numbers ({index[0]})", "write dates as YYYY-MM-DD"
        )
    try:
        parsed = pd.DatetimeIndex(pd.to_datetime(index, format="ISO8601"))
    except ValueError as error:
        text = str(error)
        if "timezone" in text or "utc" in text.lower():
            problem, mend = "mixes timezones", "give plain dates, or one timezone in every row"
        else:
            problem, mend = f"holds {_not_a_date(index)!r}", "write dates as YYYY-MM-DD"
        raise FrameSchema(where, "session", problem, mend) from error
    return parsed


def _not_a_date(index: pd.Index) -> str:
    bad = pd.to_datetime(index.astype(str), format="ISO8601", errors="coerce", utc=True).isna()
    return str(index[bad][0])[:40] if bad.any() else str(index[0])[:40]


def _numbers(column: pd.Series, where: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    unread = numbers.isna() & column.notna()
    if unread.any():
        at = column.index[unread.to_numpy().argmax()]
        raise FrameSchema(
            where,
            str(column.name),
            f"holds {str(column.loc[at])[:40]!r} on {at:%Y-%m-%d}",
            "give numbers only",
        )
    return numbers.astype(np.float64)


def _require_positive(column: pd.Series, where: str) -> None:
    bad = ~(np.isfinite(column) & (column > 0))
    if bad.any():
        at = column.index[bad.to_numpy().argmax()]
        raise FrameSchema(
            where,
            str(column.name),
            f"is {column.loc[at]:g} on {at:%Y-%m-%d}",
            "every price must be a positive number; mend or drop that row",
        )
