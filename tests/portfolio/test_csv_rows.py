"""Rows of files as spreadsheets and people write them, read by hand; and what can't be read."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError
from stockanalyst.portfolio.csv_rows import Row, neutralised, read_rows

PAYLOADS = Path(__file__).parents[1] / "payloads" / "portfolio"


def said(row: Row) -> dict[str, str]:
    """What the row says, without what it doesn't."""
    assert row.instruction is not None, row.problem
    return {name: value for name, value in asdict(row.instruction).items() if value}


def keys(data: bytes) -> list[str]:
    return [row.key for row in read_rows(data)]


def test_a_spreadsheets_file() -> None:
    """With a byte order mark, semicolons, blank rows and columns, and running from new to old."""
    *read, second, first = read_rows((PAYLOADS / "spreadsheet.csv").read_bytes())
    trade = {"type": "buy", "on": "2024-03-01", "units": "5", "amount": "1000.00"}
    assert [(row.line, said(row)) for row in read] == [
        (10, {"type": "deposit", "on": "2024-02-26T23:30:00Z", "amount": "5000",
              "note": "=my own words"}),
        (7, trade | {"symbol": "AAPL", "currency": "USD"}),
        (6, trade | {"symbol": "AAPL", "currency": "USD"}),
        (5, trade | {"symbol": "aapl", "currency": "USD", "note": "=not a formula"}),
        (3, {"type": "sell", "on": "2024-03-04", "symbol": "AAPL", "units": "2.5",
             "amount": "512.30", "currency": "usd", "note": "half of it;\nthe rest later"}),
    ]  # fmt: skip
    assert (first.line, first.problem) == (
        8, "amount '1,5': write 1234.50: a point before the decimals, nothing between thousands"
    )  # fmt: skip
    assert (second.line, second.problem) == (
        9, "amount '=2+2': formulas aren't read; give the value"
    )  # fmt: skip


def test_a_million_blank_columns() -> None:
    blank = "," * 1_000_000
    (row,) = read_rows(f"date,type{blank}\n2024-01-01,buy{blank}\n".encode())
    assert said(row) == {"type": "buy", "on": "2024-01-01"}


def test_identical_rows_are_two_and_stay_so() -> None:
    """Wealthfolio's issues 779, 1035, 1529 and 754: both are booked, a second import adds none."""
    february = keys((PAYLOADS / "february.csv").read_bytes())
    assert len(february) == len(set(february)) == 5
    assert keys((PAYLOADS / "february.csv").read_bytes()) == february


def test_what_two_files_share_has_the_same_keys() -> None:
    """The two purchases of one day, the dividend, and the row that an id names."""
    february = set(keys((PAYLOADS / "february.csv").read_bytes()))
    march = set(keys((PAYLOADS / "february_and_march.csv").read_bytes()))
    assert len(february & march) == 4
    assert "csv:t-7" in february & march


cells = st.text("ab='é\n1 ", max_size=3)
tables = st.lists(
    st.fixed_dictionaries({"date": cells, "type": cells, "symbol": cells, "note": cells}),
    min_size=1, max_size=6,
)  # fmt: skip


def written(
    columns: Sequence[str], rows: Sequence[dict[str, str]], separator: str, line_end: str
) -> bytes:
    text = StringIO(newline="")
    table = csv.DictWriter(text, columns, delimiter=separator, lineterminator=line_end)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


@given(tables, st.sampled_from(";\t"), st.sampled_from(["\r\n", "\r"]), st.randoms())
def test_a_key_depends_on_what_is_said_alone(
    rows: list[dict[str, str]], separator: str, line_end: str, random: Random
) -> None:
    columns = ["date", "type", "symbol", "note"]
    before = written(columns, rows, ",", "\n")
    random.shuffle(columns)
    random.shuffle(rows)
    other = [{name: cell.replace("\n", line_end) for name, cell in row.items()} for row in rows]
    after = written([*columns, "price"], other, separator, line_end)
    assert Counter(keys(b"\xef\xbb\xbf" + after)) == Counter(keys(before))


def test_within_a_day_rows_stay_in_the_order_in_which_things_happened() -> None:
    days = ["2024-01-03", "2024-01-02", "2024-01-02", "2024-01-01"]
    table = [f"{day},buy,{place}" for place, day in enumerate(days)]
    header = "date,type,note"

    def notes(lines: Sequence[str]) -> str:
        rows = read_rows("\n".join([header, *lines]).encode())
        return "".join(row.instruction.note for row in rows if row.instruction)

    assert notes(table) == "3210"
    assert notes(table[::-1]) == "3210"
    assert notes([table[2], table[1]]) == "21"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff" * 100_000_000, "csv '100,000,000 bytes': is above 10,000,000; split the file"),
        (
            "date,type\n2024-01-01,é".encode("latin-1"),
            r"csv b'\xe9': byte 22, in line 2, isn't UTF-8; save the file as \"CSV UTF-8\"",
        ),
        ("date,type".encode("utf-16"), r"csv b'\xff': byte 1, in line 1, isn't UTF-8; "),
        ("date,type".encode("utf-16-le"), "line 1: holds a NUL character, as UTF-16 does; save"),
        (b"date,type\n1,\0", "line 2: holds a NUL character, as UTF-16 does; save the file as"),
        (b"", "csv '': line 1 is no header; columns are date, type, symbol, units, price, "),
        (b"\n\n2024-01-01,buy", "csv '2024-01-01,buy': line 3 is no header; columns are date, "),
        (b"date,type,amuont\n", "column 'amuont': of line 1 isn't known: did you mean amount? "),
        (b"date,type,colour\n", "column 'colour': of line 1 isn't known: take it out; columns"),
        (b"date,type,Date\n", "column 'date': is there twice in line 1; keep one"),
        (b"date,type,on\n", "column 'on': is there twice in line 1; keep one"),
        (b"date,amount\n", "column 'type': isn't in line 1; every row needs it"),
        (b"\ntype,amount\n", "column 'date': isn't in line 2; every row needs it"),
        (b'date,type\n\n2024-01-01,"buy\n', "line 3: can't be read (unexpected end of data); "),
        (b'date,type\n2024,"b"uy\n', "line 2: can't be read (',' expected after '\"'); close "),
        (
            b"date,type,note\n2024-01-01,buy,x\n2024-01-01,buy," + b"x" * 131_073,
            "line 3: can't be read (field larger than field limit (131072)); close every quote",
        ),
        (b"date,type\n" + b"1,a\n" * 100_001, "line 100002: comes after 100,000 rows; split the"),
    ],
    ids=[
        "100 MB", "Latin-1", "UTF-16", "UTF-16 without its mark", "NUL", "empty", "no header",
        "mistyped", "unknown", "twice", "two names of one", "no type", "no date", "open quote",
        "half quoted", "huge cell", "many rows",
    ],
)  # fmt: skip
def test_what_is_no_table(data: bytes, message: str) -> None:
    with pytest.raises(InputError) as refused:
        read_rows(data)
    assert str(refused.value).startswith(message.replace('\\"', '"'))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2024-01-01,buy", "2 cells under a header of 5; put a cell that holds the separator"),
        ("2024-01-01,buy,1,,,1,234", "7 cells under a header of 5; put a cell that holds the "),
        ("Date,TYPE,amount,id,note", "the header again; take this row out"),
        (",buy,1,,", "no date; every row needs it"),
        ("2024-01-01,,1,,", "no type; every row needs it"),
        ('2024-01-01,buy,"1,234.50",,', "amount '1,234.50': write 1234.50: a point before the"),
        ("2024-01-01,=cmd|'/C calc'!A0,1,,", "type \"=cmd|'/C calc'!A0\": formulas aren't read"),
        ("=TODAY(),buy,1,,", "date '=TODAY()': formulas aren't read; give the value"),
        ("2024-01-01,buy,1,same,", "id 'same': line 2 has it too; give each row its own"),
        (f"2024-01-01,buy,1,{'i' * 191},", "id 'iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii… (191 cha"),
        ('2024-01-01,buy,1,"a\nb",', r"id 'a\nb': give at most 190 printable characters"),
    ],
    ids=[
        "too few", "too many", "header", "no date", "no type", "thousands", "formula",
        "formula for a date", "same id", "long id", "id of two lines",
    ],
)  # fmt: skip
def test_a_bad_row_stops_no_other(row: str, problem: str) -> None:
    good = "2024-01-01,buy,1,same,"
    text = f"date,type,amount,id,note\n{good}\n\n{row}\n2024-01-02,sell,2,,\n"
    first, second, bad = read_rows(text.encode())
    assert (first.line, first.key, second.line) == (2, "csv:same", 5)
    assert first.instruction is not None
    assert second.instruction is not None
    assert (bad.line, bad.instruction) == (4, None)
    assert bad.problem.startswith(problem)


texts = st.text(st.sampled_from("=+-@\t'\" a1;,é＝\n")).map(str.strip)


@given(texts)
@example('=HYPERLINK("http://x")')
@example("'=1")
@example("''")
@example('"=1')
def test_a_neutralised_text_is_no_formula_and_comes_back(text: str) -> None:
    cell = neutralised(text)
    assert cell.lstrip(" \"'\t\n")[:1] not in tuple("=+-@＝") or cell.startswith("'")
    (row,) = read_rows(
        written(["date", "type", "note"], [{"note": cell, "type": "x", "date": "y"}], ",", "\r\n")
    )
    assert row.instruction is not None
    assert row.instruction.note == text


def answered(data: bytes) -> list[Row] | str:
    try:
        return read_rows(data)
    except InputError as error:
        return str(error)


@given(st.binary() | st.text("date,type;\n\r\"'=1é\0").map(str.encode))
def test_whatever_bytes_come_it_answers(data: bytes) -> None:
    for head in (b"", b"date,type\n", b"date;type;note\r\n"):
        answer = answered(head + data)
        lines = [answer] if isinstance(answer, str) else [row.problem for row in answer]
        assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    "row",
    [
        "2024-01-02,BUY,AAPL,1,1000.00",
        "2024-01-02,buy,AAPL,+1.0,1000",
        "2024-01-02,buy,AAPL,1,1000",
    ],
)
def test_a_spreadsheet_that_writes_numbers_anew_changes_no_key(row: str) -> None:
    head = "date,type,symbol,units,amount\n"
    (first,) = read_rows(f"{head}2024-01-02,buy,AAPL,1,1000.0\n".encode())
    (again,) = read_rows(f"{head}{row}\n".encode())
    assert again.key == first.key
