"""Reading CSV and Parquet: spellings of columns, and everything that isn't a table."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.exceptions import DataError, FrameSchema
from stockanalyst.market.providers.tables import read_table

ROWS = "\n2024-01-02,10.5\n2024-01-03,11\n"


def written(folder: Path, content: str | bytes, name: str = "AAPL.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", ["Date", "date", " DATE ", "session", "Timestamp", "\ufeffDate"])
def test_spellings_of_the_date(tmp_path: Path, name: str) -> None:
    table = read_table(written(tmp_path, f"{name},Close{ROWS}"))
    assert table["session"].tolist() == ["2024-01-02", "2024-01-03"]


@pytest.mark.parametrize("name", ["Adj Close", "adj_close", "Adjusted_close", "AdjClose"])
def test_spellings_of_the_adjusted_close(tmp_path: Path, name: str) -> None:
    table = read_table(written(tmp_path, f"Date,{name}{ROWS}"))
    assert table["adj_close"].tolist() == [10.5, 11.0]


def test_events_and_unknown_columns(tmp_path: Path) -> None:
    text = "Date,Close,Dividends,Stock Splits,Remark\n2024-01-02,10,0.5,0,a\n2024-01-03,10,0,4,b\n"
    table = read_table(written(tmp_path, text))
    assert list(table.columns) == ["session", "close", "dividend", "split_ratio"]
    assert table["split_ratio"].tolist() == [1, 4]
    assert table["dividend"].tolist() == [0.5, 0.0]


def test_a_ticker_that_reads_like_a_missing_value(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "Date,Ticker,Close\n2024-01-02, NA ,10\n"))
    assert table["symbol"].tolist() == ["NA"]


def test_gzip(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(f"Date,Close{ROWS}".encode()), "AAPL.CSV.GZ")
    assert read_table(path)["close"].tolist() == [10.5, 11.0]


@pytest.mark.parametrize(
    "shape",
    [
        lambda table: table,
        lambda table: table.set_index("Date"),
        lambda table: table.set_index("Date").rename_axis(None),
        lambda table: table.set_index(pd.DatetimeIndex(table.pop("Date"), tz="America/New_York")),
        lambda table: table.assign(Date=table["Date"].dt.date),
        lambda table: table.assign(Date=table["Date"].astype(str)).set_index("Date"),
        lambda table: table.set_axis([7, 9], axis=0),
        lambda table: table.assign(Ticker="AAPL").set_index(["Ticker", "Date"]),
    ],
    ids=["column", "index", "unnamed", "aware", "date", "text", "odd index", "two levels"],
)
def test_parquet(tmp_path: Path, shape: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    dates = pd.to_datetime(["2024-01-02", "2024-01-03"])
    path = tmp_path / "AAPL.parquet"
    shape(pd.DataFrame({"Date": dates, "Adj Close": [10.5, 11.0]})).to_parquet(path)
    table = read_table(path)
    assert [str(day)[:10] for day in table["session"]] == ["2024-01-02", "2024-01-03"]
    assert table["adj_close"].tolist() == [10.5, 11.0]


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("", "AAPL.csv", "AAPL.csv: the file is empty; give a header line and at least one"),
        ("\n\n", "AAPL.csv", "AAPL.csv: the file is empty; "),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\x00", "AAPL.csv", "AAPL.csv: can't be read as CSV ("),
        (b"PK\x03\x04", "AAPL.csv.gz", "AAPL.csv.gz: can't be read as CSV (Not a gzipped file"),
        (
            gzip.compress(b"Date,Close" * 99, mtime=0)[:30],
            "A.csv.gz",
            "A.csv.gz: can't be read as CSV (",
        ),
        (f"Date,Close{ROWS}1,2,3\n", "A.csv", "A.csv: can't be read as CSV (Error tokenizing data"),
        ("Date,Close\n2024-01-02,1,2\n", "A.csv", "A.csv: can't be read as CSV (a row has more va"),
        (b"", "A.parquet", "A.parquet: can't be read as Parquet ("),
        (b"PAR1 but broken PAR1", "A.parquet", "A.parquet: can't be read as Parquet ("),
        (f"Date,Close{ROWS}", "A.parquet", "A.parquet: can't be read as Parquet ("),
    ],
)
def test_no_table(tmp_path: Path, content: str | bytes, name: str, expected: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(written(tmp_path, content, name))
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Day,Close", "column 'date' is missing (found: 'Day, Close'); add a column 'date'"),
        ("Date;Close,x", "column 'date' is missing (found: 'Date;Close, x'); add a column 'date'"),
        ("Close,Close", "column 'close' is given twice (Close, Close); keep one"),
        ("Date,session", "column 'session' is given twice (Date, session); keep one"),
    ],
)
def test_columns_that_are_missing_or_double(tmp_path: Path, header: str, expected: str) -> None:
    with pytest.raises(FrameSchema) as caught:
        read_table(written(tmp_path, f"{header}{ROWS}"))
    assert str(caught.value) == f"AAPL.csv: {expected}"


def test_a_web_page_instead_of_a_table(tmp_path: Path) -> None:
    with pytest.raises(FrameSchema, match="column 'date' is missing"):
        read_table(written(tmp_path, "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"))
