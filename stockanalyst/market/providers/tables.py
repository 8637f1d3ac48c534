"""Tables of prices on disk: CSV or Parquet, columns known by name however they are spelt."""

import re
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from stockanalyst.exceptions import DataError, FrameSchema

SUFFIXES = (".csv", ".csv.gz", ".parquet")
# A name without case, blanks and underscores -> the column.
_COLUMNS = {
    "date": "session",
    "session": "session",
    "timestamp": "session",
    "symbol": "symbol",
    "ticker": "symbol",
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "adjclose": "adj_close",
    "adjustedclose": "adj_close",
    "volume": "volume",
    "dividend": "dividend",
    "dividends": "dividend",
    "splitratio": "split_ratio",
    "stocksplits": "split_ratio",
}
_MISSING = ["", "-", "NA", "N/A", "NaN", "nan", "null", "None"]  # in a column of numbers


def read_table(path: Path) -> pd.DataFrame:
    """The known columns of a file, the dates among them as the column ``session``.

    Parameters
    ----------
    path : Path
        Ends in one of :data:`SUFFIXES`.

    Returns
    -------
    DataFrame
        Always ``session``; of ``symbol``, the prices, ``volume``, ``dividend`` and ``split_ratio``
        what the file has. A ``split_ratio`` of 0, which some vendors write for "none", is 1.
        Values are as the file gives them: nothing else is checked here.

    Raises
    ------
    DataError
        An empty file, or one that is neither CSV nor Parquet as its name says.
    FrameSchema
        No column of dates, or two of one meaning.
    """
    kind = "Parquet" if path.name.lower().endswith(".parquet") else "CSV"
    try:
        table = _parquet(path) if kind == "Parquet" else _csv(path)
    except FrameSchema:
        raise
    except pd.errors.EmptyDataError as error:
        mend = "give a header line and at least one session"
        raise DataError(f"{path.name}: the file is empty; {mend}") from error
    except (ValueError, TypeError, NotImplementedError, OSError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())[:80]
        mend = f"give a {kind} file with a column of dates and one of closes"
        raise DataError(f"{path.name}: can't be read as {kind} ({reason}); {mend}") from error
    if "split_ratio" in table:
        table["split_ratio"] = table["split_ratio"].replace(0, 1)
    return table


def _csv(path: Path) -> pd.DataFrame:
    header = pd.read_csv(path, header=None, nrows=1, dtype=str).iloc[0].fillna("")
    columns = _known(list(header), path.name)
    texts = [name for name, column in columns.items() if column in ("session", "symbol")]
    table = pd.read_csv(
        path,
        header=0,
        converters=dict.fromkeys(texts, str.strip),
        keep_default_na=False,
        na_values={name: _MISSING for name in columns if name not in texts},
        low_memory=False,
    )
    if not isinstance(table.index, pd.RangeIndex):
        raise pd.errors.ParserError("a row has more values than the header has names")
    return table[list(columns)].rename(columns=columns)


def _parquet(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path, engine="pyarrow")
    if isinstance(table.index, pd.DatetimeIndex):
        table = table.rename_axis("session")
    if not isinstance(table.index, pd.RangeIndex):
        table = table.reset_index(allow_duplicates=True)
    columns = _known(list(table.columns), path.name)
    return table[list(columns)].rename(columns=columns)


def _known(names: list[Any], where: str) -> dict[Any, str]:
    """Names in the file -> columns."""
    folded = [_COLUMNS.get(re.sub(r"[\s_]+", "", str(name)).lower()) for name in names]
    for column in filter(None, folded):
        if folded.count(column) > 1:
            same = [str(name) for name, known in zip(names, folded, strict=True) if known == column]
            raise FrameSchema(where, column, f"is given twice ({', '.join(same)})", "keep one")
    if "session" not in folded:
        found = ", ".join(map(str, names))[:60]
        raise FrameSchema(where, "date", f"is missing (found: {found!r})", "add a column 'date'")
    return {name: known for name, known in zip(names, folded, strict=True) if known}
