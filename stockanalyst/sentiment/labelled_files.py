"""Files of labelled texts: CSV or Parquet, as people write them."""

import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from stockanalyst.exceptions import DataError, FrameSchema, InputError
from stockanalyst.sentiment.protocols import LABELS

LEFT_OUT = "mixed"
"""The label of a row that isn't to be read."""

_QUOTES = "put each text that holds a comma between double quotes"
_MEND = f"label each text {', '.join(LABELS)}, or {LEFT_OUT} to leave it out"


def read_file(path: Path) -> pd.DataFrame:
    """Columns text, label, group and file; labels in small letters, groups as text or empty.

    Raises
    ------
    InputError
        It is neither CSV nor Parquet, or isn't there.
    FrameSchema
        A column is missing, or holds what it shouldn't.
    DataError
        It can't be read.
    """
    table = _table(path).rename(columns=lambda name: str(name).strip().lower())
    for column in ("text", "label", "group"):
        if list(table.columns).count(column) > 1:
            raise FrameSchema(str(path), column, "is there twice", "name one of them otherwise")
    for column in ("text", "label"):
        if column not in table:
            raise _missing(path, column, table.columns)
    labels = table["label"].map(lambda label: str(label).strip().lower())
    groups = table["group"] if "group" in table else pd.Series("", index=table.index)
    _check_texts(path, table["text"])
    _check_labels(path, labels)
    return pd.DataFrame(
        {
            "text": table["text"],
            "label": labels,
            "group": groups.map(str, na_action="ignore").fillna("").astype(object),
            "file": path.name,
        }
    )


def _missing(path: Path, column: str, columns: Iterable[object]) -> FrameSchema:
    names = [" ".join(str(name).split())[:40] for name in columns]
    place = "" if _is_parquet(path) else ", with commas between, in its first line"
    problem = f"is missing (there are: {', '.join(names[:8]) or 'none'})"
    return FrameSchema(str(path), column, problem, f"name the columns text and label{place}")


def _table(path: Path) -> pd.DataFrame:
    if path.suffix.lower() not in {".csv", ".parquet"}:
        raise InputError("data", str(path), "give a file that ends in .csv or .parquet")
    if not path.is_file():
        raise InputError("data", str(path), "there is no such file")
    try:
        if _is_parquet(path):
            return pd.read_parquet(path).reset_index(drop=True)
        table = pd.read_csv(io.StringIO(_utf8(path)), dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # so are the errors of both parsers
        reason = str(error).partition("\n")[0][:120]
        mend = _QUOTES if isinstance(error, pd.errors.ParserError) else "write it again"
        raise DataError(f"{path}: can't be read ({reason}); {mend}") from error
    if not table.empty and not isinstance(table.index, pd.RangeIndex):
        raise DataError(f"{path}: its rows have more fields than its first line; {_QUOTES}")
    return table


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _utf8(path: Path) -> str:
    """The file's text; one with NUL characters is UTF-16, whatever it decodes to."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}: line {line} of the file isn't UTF-8; save it as UTF-8") from error
    if "\0" in text:
        raise DataError(f"{path}: isn't UTF-8, it has NUL characters; save it as UTF-8")
    return text


def _row(position: int) -> str:
    """Where a row is: a text may go on over lines, so lines of the file aren't counted."""
    return f"row {position + 1} of the texts (the header not counted)"


def _check_texts(path: Path, texts: pd.Series) -> None:
    if texts.empty:
        raise FrameSchema(str(path), "text", "has no rows", "give labelled texts")
    empty = ~texts.map(lambda text: isinstance(text, str) and bool(text.strip())).astype(bool)
    if empty.any():
        mend = "give each row a text, or leave the row out"
        raise FrameSchema(str(path), "text", f"is empty in {_row(int(empty.argmax()))}", mend)


def _check_labels(path: Path, labels: pd.Series) -> None:
    unknown = labels[~labels.isin([*LABELS, LEFT_OUT])]
    if len(unknown):
        label, row = unknown.iloc[0][:40], int(labels.index.get_indexer(unknown.index[:1])[0])
        raise FrameSchema(str(path), "label", f"is {label!r} in {_row(row)}", _MEND)
