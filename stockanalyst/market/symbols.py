"""Ticker symbols and the exchange that each trades on."""

import re
from collections.abc import Iterable

from stockanalyst.exceptions import InputError, InvalidSymbol

MAX_LENGTH = 20
_SYMBOL = re.compile(r"[\^A-Z0-9][A-Z0-9^=.\-]*")

# Yahoo's suffix of a symbol -> the exchange's market identifier code (ISO 10383).
_SUFFIX_MIC = {
    "AS": "XAMS", "AX": "XASX", "BO": "XBOM", "BR": "XBRU", "CO": "XCSE", "DE": "XETR",
    "HE": "XHEL", "HK": "XHKG", "IR": "XDUB", "IS": "XIST", "JK": "XIDX", "JO": "XJSE",
    "KL": "XKLS", "KQ": "XKRX", "KS": "XKRX", "L": "XLON", "LS": "XLIS", "MC": "XMAD",
    "MI": "XMIL", "MX": "XMEX", "NS": "XBOM", "NZ": "XNZE", "OL": "XOSL", "PA": "XPAR",
    "SA": "BVMF", "SI": "XSES", "SN": "XSGO", "SS": "XSHG", "ST": "XSTO", "SW": "XSWX",
    "SZ": "XSHG", "T": "XTKS", "TA": "XTAE", "TO": "XTSE", "TW": "XTAI", "V": "XTSE",
    "VI": "XWBO", "WA": "XWAR",
}  # fmt: skip


def parse_symbol(text: object) -> str:
    """The canonical spelling of a symbol: upper case, without surrounding blanks.

    Raises
    ------
    InvalidSymbol
        Not a text, empty, longer than 20 characters, or with characters that no ticker has.
    """
    mend = "give one ticker such as AAPL, BRK-B or TCS.NS"
    if not isinstance(text, str):
        raise InvalidSymbol(text, mend)
    typed = text.strip()
    if not typed:
        raise InvalidSymbol(text, f"is empty; {mend}")
    symbol = typed.upper() if typed.isascii() else ""  # ß in upper case is SS, another ticker
    if len(symbol) > MAX_LENGTH or not _SYMBOL.fullmatch(symbol) or ".." in symbol:
        raise InvalidSymbol(text, f"isn't a ticker; {mend} (letters, digits, . - ^ =)")
    return symbol


def parse_symbols(texts: str | Iterable[object]) -> list[str]:
    """Symbols in their canonical spelling, each once, in the order given; one needs no list.

    Raises
    ------
    InputError
        There is none, or one isn't a symbol.
    """
    given = [texts] if isinstance(texts, str) else texts
    symbols = list(dict.fromkeys(map(parse_symbol, given)))
    if not symbols:
        raise InputError("symbols", [], "give at least one, such as AAPL")
    return symbols


def calendar_name(symbol: str) -> str:
    """The ``exchange_calendars`` name of the sessions on which `symbol` trades.

    Yahoo's spelling decides: a suffix names the exchange, ``-USD`` and its like a coin that trades
    around the clock, ``=X`` a currency pair; everything else trades in New York.
    """
    if symbol.endswith("=X"):
        return "24/5"
    if re.search(r"-(USD|USDT|EUR|GBP|BTC)$", symbol):
        return "24/7"
    _, dot, suffix = symbol.rpartition(".")
    return _SUFFIX_MIC.get(suffix, "XNYS") if dot else "XNYS"
