import exchange_calendars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import InputError, InvalidSymbol
from stockanalyst.market.symbols import (
    _SUFFIX_MIC,
    MAX_LENGTH,
    calendar_name,
    in_hundredths,
    parse_symbol,
    quoted_in,
)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("AAPL", "AAPL"),
        (" msft\n", "MSFT"),
        ("brk-b", "BRK-B"),
        ("tcs.ns", "TCS.NS"),
        ("^gspc", "^GSPC"),
        ("eurusd=x", "EURUSD=X"),
        ("005930.KS", "005930.KS"),
        ("A" * MAX_LENGTH, "A" * MAX_LENGTH),
    ],
)
def test_parse(text: str, symbol: str) -> None:
    assert parse_symbol(text) == symbol


BAD = {
    "empty": "",
    "blank": " \t\n",
    "long": "A" * (MAX_LENGTH + 1),
    "300 characters": "A" * 300,
    "path": "../../etc/passwd",
    "dots": "A..B",
    "leading dot": ".NS",
    "slash": "BRK/B",
    "backslash": "A\\B",
    "space": "AA PL",
    "newline": "AA\nPL",
    "quote": "A'; DROP TABLE",
    "sharp s": "ß",
    "ligature": "ﬁ",
    "long s": "ſ",
    "greek": "ΑΑΡL",
    "none": None,
    "number": 7,
    "bytes": b"AAPL",
    "list": ["AAPL"],
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_ticker_is_refused_in_one_line(text: object) -> None:
    with pytest.raises(InvalidSymbol) as caught:
        parse_symbol(text)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 200
    assert message.startswith("symbol ")
    assert "AAPL" in message  # the mend
    assert caught.value.value is text
    assert isinstance(caught.value, InputError)


@given(st.text(max_size=25))
def test_what_passes_is_canonical(text: str) -> None:
    try:
        symbol = parse_symbol(text)
    except InvalidSymbol:
        return
    assert symbol == text.strip().upper()
    assert parse_symbol(symbol) == symbol
    assert symbol.isascii()


@given(st.from_regex(r"[A-Z0-9^]([A-Z0-9^=-]|\.[A-Z]){0,9}", fullmatch=True))
def test_tickers_pass_in_either_case(symbol: str) -> None:
    assert parse_symbol(f" {symbol.lower()} ") == symbol
    assert calendar_name(symbol) in exchange_calendars.get_calendar_names(include_aliases=True)


@pytest.mark.parametrize(
    ("symbol", "calendar"),
    [
        ("AAPL", "XNYS"),
        ("BRK-B", "XNYS"),
        ("^GSPC", "XNYS"),
        ("TCS.NS", "XBOM"),
        ("SAN.MC", "XMAD"),
        ("VOD.L", "XLON"),
        ("7203.T", "XTKS"),
        ("BTC-USD", "24/7"),
        ("ETH-EUR", "24/7"),
        ("EURUSD=X", "24/5"),
        ("BRK.B", "XNYS"),
    ],
)
def test_calendar_name(symbol: str, calendar: str) -> None:
    assert calendar_name(symbol) == calendar


def test_every_calendar_exists() -> None:
    known = exchange_calendars.get_calendar_names(include_aliases=True)
    assert {"24/5", "24/7", "XNYS", *_SUFFIX_MIC.values()} <= set(known)


@pytest.mark.parametrize(
    ("symbol", "currency"),
    [
        ("AAPL", "USD"),
        ("BRK-B", "USD"),
        ("SAP.DE", "EUR"),
        ("VOD.L", "GBP"),
        ("7203.T", "JPY"),
        ("BTC-EUR", "EUR"),
        ("EURUSD=X", "USD"),
        ("JPY=X", "JPY"),
        ("ETH-BTC", ""),
        ("BTC-USDT", ""),
        ("^GDAXI", ""),
        ("ABC.QQ", ""),
    ],
)
def test_the_spelling_tells_the_currency(symbol: str, currency: str) -> None:
    assert quoted_in(symbol) == currency


@pytest.mark.parametrize("suffix", _SUFFIX_MIC)
def test_every_exchange_has_its_currency(suffix: str) -> None:
    assert len(quoted_in(f"ABC.{suffix}")) == 3


def test_pence() -> None:
    assert in_hundredths("VOD.L", "GBP")
    assert in_hundredths("NPN.JO", "ZAR")
    assert not in_hundredths("CSPX.L", "USD")
    assert not in_hundredths("SAP.DE", "EUR")
    assert not in_hundredths("L", "GBP")
