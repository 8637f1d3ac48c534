"""The embedded prices against public facts, written here by hand.

Sources: the companies' dividend histories (IBM's annual reports, Microsoft's and Apple's investor
relations pages) and Yahoo's published closes of the S&P 500.
"""

import subprocess
import sys

import pandas as pd
import pytest

from stockanalyst.exceptions import DataError, InvalidSymbol
from stockanalyst.market.providers import sample
from stockanalyst.market.providers.sample import SampleProvider

# Dividends a share by calendar year of the ex-date. IBM's 0.12 of February 2000 lies before the
# data; Microsoft's 2004 holds the special dividend of 3.00.
IBM = {
    2000: 0.39, 2001: 0.55, 2002: 0.59, 2003: 0.63, 2004: 0.70, 2005: 0.78, 2006: 1.10,
    2007: 1.50, 2008: 1.90, 2009: 2.15, 2010: 2.50, 2011: 2.90, 2012: 3.30, 2013: 0.85,
}  # fmt: skip
MSFT = {
    2003: 0.24, 2004: 3.16, 2005: 0.32, 2006: 0.37, 2007: 0.41, 2008: 0.46, 2009: 0.52,
    2010: 0.55, 2011: 0.68, 2012: 0.83, 2013: 0.23,
}  # fmt: skip
AAPL = {2012: 5.30, 2013: 2.65}
QUARTERLY = dict.fromkeys(range(2001, 2013), 4)


def frame_of(symbol: str) -> pd.DataFrame:
    return SampleProvider().history(symbol).frame


def by_year(symbol: str) -> pd.DataFrame:
    paid = frame_of(symbol)["dividend"]
    return paid[paid > 0].groupby(lambda session: session.year).agg(["sum", "count"])


@pytest.mark.parametrize(
    ("symbol", "sessions", "first"),
    [
        ("AAPL", 3270, "2000-03-01"),
        ("GOOG", 2148, "2004-08-19"),
        ("IBM", 3270, "2000-03-01"),
        ("MSFT", 3270, "2000-03-01"),
        ("^GSPC", 3270, "2000-03-01"),
    ],
)
def test_span(symbol: str, sessions: int, first: str) -> None:
    history = SampleProvider().history(symbol)
    assert len(history.frame) == sessions
    assert history.frame.index[0] == pd.Timestamp(first)
    assert history.today == history.frame.index[-1] == pd.Timestamp("2013-03-01")
    assert history.notes == (
        "These are embedded sample prices: they end on 2013-03-01, and 'today' is that session.",
    )


@pytest.mark.parametrize(("symbol", "totals"), [("IBM", IBM), ("MSFT", MSFT), ("AAPL", AAPL)])
def test_dividends_by_year(symbol: str, totals: dict[int, float]) -> None:
    assert by_year(symbol)["sum"].to_dict() == pytest.approx(totals, abs=1e-9)


def test_no_dividend_too_many_or_too_few() -> None:
    assert by_year("IBM")["count"].to_dict() == {2000: 3} | QUARTERLY | {2013: 1}
    microsoft = {2003: 2, 2004: 2} | {year: 4 for year in QUARTERLY if year > 2004} | {2013: 1}
    assert by_year("MSFT")["count"].to_dict() == microsoft
    assert by_year("AAPL")["count"].to_dict() == {2012: 2, 2013: 1}
    assert by_year("GOOG").empty
    assert by_year("^GSPC").empty


@pytest.mark.parametrize(
    ("symbol", "ex_date", "dividend"),
    [
        ("AAPL", "2012-08-09", 2.65),
        ("AAPL", "2012-11-07", 2.65),
        ("AAPL", "2013-02-07", 2.65),
        ("MSFT", "2003-02-19", 0.08),
        ("MSFT", "2004-11-15", 3.08),
        ("IBM", "2000-05-08", 0.13),
        ("IBM", "2008-11-06", 0.50),
        ("IBM", "2013-02-06", 0.85),
    ],
)
def test_dividend_on_its_ex_date(symbol: str, ex_date: str, dividend: float) -> None:
    assert frame_of(symbol).loc[ex_date, "dividend"] == dividend


@pytest.mark.parametrize(
    ("symbol", "splits"),
    [
        ("AAPL", {"2000-06-21": 2.0, "2005-02-28": 2.0}),
        ("MSFT", {"2003-02-18": 2.0}),
        ("IBM", {}),
        ("GOOG", {}),
        ("^GSPC", {}),
    ],
)
def test_splits(symbol: str, splits: dict[str, float]) -> None:
    ratio = frame_of(symbol)["split_ratio"]
    found = {f"{session:%Y-%m-%d}": float(n) for session, n in ratio.items() if n != 1.0}
    assert found == splits


@pytest.mark.parametrize(
    ("symbol", "session", "close"),
    [
        ("AAPL", "2000-03-01", 130.31),
        ("AAPL", "2012-09-19", 702.10),
        ("GOOG", "2004-08-19", 100.335),
        ("IBM", "2013-03-01", 202.91),
        ("^GSPC", "2009-03-09", 676.53),
        ("^GSPC", "2013-03-01", 1518.20),
    ],
)
def test_close_as_traded(symbol: str, session: str, close: float) -> None:
    assert frame_of(symbol).loc[session, "close"] == pytest.approx(close, abs=0.01)


@pytest.mark.parametrize(
    ("symbol", "hint"), [("APPL", "did you mean AAPL?"), ("TSLA", None), ("FB", None)]
)
def test_unknown_symbol(symbol: str, hint: str | None) -> None:
    known = "the sample has only AAPL, GOOG, IBM, MSFT, ^GSPC"
    with pytest.raises(InvalidSymbol) as caught:
        SampleProvider().history(symbol)
    assert str(caught.value) == f"symbol {symbol!r}: {known}" + (f"; {hint}" if hint else "")


def test_missing_data_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "find_spec", lambda _: None)
    with pytest.raises(DataError, match="package 'bokeh_sampledata' isn't installed; pip install"):
        SampleProvider().history("AAPL")


def test_neither_package_is_imported() -> None:
    code = (
        "import sys; from stockanalyst.market.providers.sample import SampleProvider as S\n"
        "S().history('IBM'); S().history('^GSPC')\n"
        "assert not {'bokeh', 'bokeh_sampledata', 'arch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
