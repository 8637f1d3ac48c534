"""A user's folder: which file answers, and each bad file in one line."""

from pathlib import Path

import pandas as pd
import pytest

from stockanalyst.exceptions import DataError, FrameSchema, InputError, InvalidSymbol
from stockanalyst.market.providers.files import FilesProvider

HEADER = "Date,Open,High,Low,Close,Adj Close,Volume\n"
GOOD = f"{HEADER}2024-01-02,9,11,8,10,5,100\n2024-01-03,10,12,9,11,11,200\n"
LONG = "date,symbol,close\n2024-01-02,AAPL,10\n2024-01-02,msft,20\n2024-01-03,AAPL,11\n"


def folder_of(tmp_path: Path, **files: str) -> FilesProvider:
    for name, text in files.items():
        (tmp_path / name.replace("_csv", ".csv")).write_text(text)
    return FilesProvider(tmp_path)


def refusal(provider: FilesProvider, symbol: str, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        provider.history(symbol)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["AAPL_csv", "aapl_csv", "Aapl_csv"])
def test_one_file_a_symbol(tmp_path: Path, name: str) -> None:
    provider = folder_of(tmp_path, **{name: GOOD, "MSFT_csv": GOOD})
    history = provider.history("AAPL")
    assert history.provider == provider.name == f"files:{tmp_path}"
    assert history.frame["close"].tolist() == [10.0, 11.0]
    assert history.frame["adj_close"].tolist() == [5.0, 11.0]
    assert history.frame["volume"].tolist() == [100.0, 200.0]
    assert history.today == pd.Timestamp("2024-01-03")
    assert history.notes == ()


def test_only_raw_closes_are_noted(tmp_path: Path) -> None:
    history = folder_of(tmp_path, AAPL_csv="Date,Close\n2024-01-02,10\n").history("AAPL")
    assert history.frame["adj_close"].tolist() == [10.0]
    (note,) = history.notes
    assert note.startswith("AAPL.csv has no adjusted closes; they are taken as they are: a split")


@pytest.mark.parametrize("direct", [True, False], ids=["the file", "its folder"])
def test_long_file(tmp_path: Path, direct: bool) -> None:
    provider = folder_of(tmp_path, prices_csv=LONG)
    provider = FilesProvider(tmp_path / "prices.csv") if direct else provider
    assert provider.history("AAPL").frame["close"].tolist() == [10.0, 11.0]
    assert provider.history("MSFT").frame["close"].tolist() == [20.0]


def test_long_parquet(tmp_path: Path) -> None:
    table = pd.DataFrame({"ticker": ["AAPL", "IBM"], "close": [1.0, 2.0]})
    table["timestamp"] = pd.Timestamp("2024-01-02", tz="America/New_York")
    table.to_parquet(tmp_path / "all.parquet")
    assert FilesProvider(tmp_path).history("IBM").frame["close"].to_dict() == {
        pd.Timestamp("2024-01-02"): 2.0
    }


def test_a_single_file_of_one_symbol(tmp_path: Path) -> None:
    folder_of(tmp_path, AAPL_csv=GOOD)
    assert len(FilesProvider(tmp_path / "AAPL.csv").history("AAPL").frame) == 2


def test_unknown_symbol(tmp_path: Path) -> None:
    provider = folder_of(tmp_path, AAPL_csv=GOOD, MSFT_csv=GOOD)
    expected = f"symbol 'APPL': files:{tmp_path} has only AAPL, MSFT; did you mean AAPL?"
    assert refusal(provider, "APPL", InvalidSymbol) == expected


def test_unknown_symbol_in_a_long_file(tmp_path: Path) -> None:
    provider = folder_of(tmp_path, prices_csv=LONG)
    expected = f"symbol 'TSLA': files:{tmp_path} has only AAPL, MSFT"
    assert refusal(provider, "TSLA", InvalidSymbol) == expected


def test_a_long_list_of_known_symbols_is_cut(tmp_path: Path) -> None:
    provider = folder_of(tmp_path, **{f"A{n}_csv": GOOD for n in range(10, 30)})
    assert refusal(provider, "ZZZZ", InvalidSymbol).endswith(
        "A10, A11, A12, A13, A14, A15, A16, A17, …"
    )


def test_symbol_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "SECRET.csv").write_text(GOOD)
    (tmp_path / "inside").mkdir()
    provider = folder_of(tmp_path / "inside", AAPL_csv=GOOD)
    assert "has only AAPL" in refusal(provider, "../SECRET", InvalidSymbol)


def test_missing_folder(tmp_path: Path) -> None:
    provider = FilesProvider(tmp_path / "none")
    assert refusal(provider, "AAPL", InputError).endswith("no such folder or file; check the path")


def test_folder_without_tables(tmp_path: Path) -> None:
    (tmp_path / "AAPL.xlsx").touch()
    (tmp_path / "AAPL.csv").mkdir()
    text = refusal(FilesProvider(tmp_path), "AAPL", InputError)
    assert text.endswith(
        "no .csv, .csv.gz, .parquet file there; name them by symbol, such as AAPL.csv"
    )


def test_two_files_for_one_symbol(tmp_path: Path) -> None:
    provider = folder_of(tmp_path, AAPL_csv=GOOD, aapl_csv=GOOD)
    expected = f"files:{tmp_path}: AAPL.csv and aapl.csv match symbol 'AAPL'; keep one of them"
    assert refusal(provider, "AAPL", DataError) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "column 'session' has no row; give at least one session"),
        ("2024-01-02,9,11,8,,5,100\n", "column 'close' is nan on 2024-01-02; every value must be"),
        ("2024-01-02,9,11,8,0,5,100\n", "column 'close' is 0 on 2024-01-02; every value must be"),
        ("2024-01-02,9,11,8,-1,5,100\n", "column 'close' is -1 on 2024-01-02; every value must"),
        ("2024-01-02,9,11,0,10,5,100\n", "column 'low' is 0 on 2024-01-02; every value must be"),
        ("2024-01-02,9,11,8,ten,5,100\n", "column 'close' holds 'ten' on 2024-01-02; give numbers"),
        (
            "2024-01-02,9,11,8,10,5,100\n2024-01-02,9,11,8,10,5,100\n",
            "column 'session' has 2024-01-02 twice; keep one row a session",
        ),
        (
            "2024-01-03,9,11,8,10,5,100\n2024-01-02,9,11,8,10,5,100\n",
            "column 'session' isn't ascending: 2024-01-02 follows 2024-01-03; sort the rows",
        ),
        (
            "2024-01-02T00:00+01:00,9,11,8,10,5,1\n2024-01-03T00:00+02:00,9,11,8,10,5,1\n",
            "column 'session' mixes timezones; give plain dates, or one timezone in every row",
        ),
        ("tomorrow,9,11,8,10,5,100\n", "column 'session' holds 'tomorrow'; write dates as YYYY-MM"),
        (",9,11,8,10,5,100\n", "column 'session' has no date in row 1; give every row a date"),
    ],
)
def test_bad_rows(tmp_path: Path, rows: str, expected: str) -> None:
    provider = folder_of(tmp_path, AAPL_csv=HEADER + rows)
    assert refusal(provider, "AAPL", FrameSchema).startswith(f"AAPL.csv: {expected}")


def test_missing_close(tmp_path: Path) -> None:
    provider = folder_of(tmp_path, AAPL_csv="Date,Open\n2024-01-02,10\n")
    expected = "AAPL.csv: column 'close' is missing; give a column 'close' or 'adj_close'"
    assert refusal(provider, "AAPL", FrameSchema) == expected


def test_no_csv(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    text = refusal(FilesProvider(tmp_path), "AAPL", DataError)
    assert text.startswith("AAPL.csv: can't be read as CSV (")
    assert text.endswith("); give a CSV file with a column of dates and one of closes")
