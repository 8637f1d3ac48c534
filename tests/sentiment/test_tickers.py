import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.tickers import holds_ticker, is_ambiguous, spellings


def test_words_and_short_tickers_are_ambiguous() -> None:
    words = ("T", "ON", "ALL", "A", "F", "C", "V", "IT", "NOW", "KEY", "LOW", "COST", "ARE", "SO")
    assert all(map(is_ambiguous, words))
    assert not any(map(is_ambiguous, ("AAPL", "GOOG", "IBM", "MSFT", "NVDA")))


@pytest.mark.parametrize(
    ("symbol", "spelt"),
    [
        ("AAPL", {"AAPL", "AAPL.US"}),
        ("BRK-B", {"BRK-B", "BRK.B", "BRK-B.US"}),
        ("TCS.NS", {"TCS.NS", "TCS.NSE"}),
        ("BTC-USD", {"BTC-USD", "BTC-USD.CC", "CRYPTO:BTC"}),
    ],
)
def test_vendors_spell_symbols_in_their_own_ways(symbol: str, spelt: set[str]) -> None:
    assert spelt <= spellings(symbol)


@pytest.mark.parametrize("symbol", ["T", "F", "ON", "COST", "NOW"])
def test_a_ticker_that_is_a_word_stands_before_its_stock(symbol: str) -> None:
    assert holds_ticker(symbol, f"Why {symbol} stock is down")
    assert holds_ticker(symbol, f"Chip makers fall\n{symbol} shares lead")
    for other in (f"WHY {symbol} STOCK IS DOWN", f"Why {symbol.lower()} stock", f"{symbol} stocks"):
        assert not holds_ticker(symbol, other)


def test_other_shares_of_the_company_count() -> None:
    assert holds_ticker("GOOGL", "GOOG hits a high")
    assert holds_ticker("BRK-A", "Why (NYSE: BRK.B) fell")
    assert not holds_ticker("AAPL", "GOOG hits a high")


@given(st.from_regex(r"[A-Z]{1,5}(-[A-Z]|\.(L|NS|T|SA))?|\^[A-Z]{2,5}", fullmatch=True))
def test_a_cashtag_holds_it_and_a_longer_one_does_not(symbol: str) -> None:
    assert holds_ticker(symbol, f"Why ${symbol}, of all things, rose")
    assert not holds_ticker(symbol, f"Why ${symbol}XYZXYZ rose")
    assert symbol in spellings(symbol)
