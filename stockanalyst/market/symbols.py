"""Ticker symbols and the exchange that each trades on."""

import re
from collections.abc import Iterable

from stockanalyst.exceptions import InputError, InvalidSymbol

MAX_LENGTH = 20
_SYMBOL = re.compile(r"[\^A-Z0-9][A-Z0-9^=.\-]*")
_COIN = re.compile(r"-(USD|USDT|EUR|GBP|BTC)$")

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

# What prices on an exchange are mostly quoted in.
_MIC_CURRENCY = {
    "BVMF": "BRL", "XAMS": "EUR", "XASX": "AUD", "XBOM": "INR", "XBRU": "EUR", "XCSE": "DKK",
    "XDUB": "EUR", "XETR": "EUR", "XHEL": "EUR", "XHKG": "HKD", "XIDX": "IDR", "XIST": "TRY",
    "XJSE": "ZAR", "XKLS": "MYR", "XKRX": "KRW", "XLIS": "EUR", "XLON": "GBP", "XMAD": "EUR",
    "XMEX": "MXN", "XMIL": "EUR", "XNZE": "NZD", "XOSL": "NOK", "XPAR": "EUR", "XSES": "SGD",
    "XSGO": "CLP", "XSHG": "CNY", "XSTO": "SEK", "XSWX": "CHF", "XTAE": "ILS", "XTAI": "TWD",
    "XTKS": "JPY", "XTSE": "CAD", "XWAR": "PLN", "XWBO": "EUR",
}  # fmt: skip
_IN_HUNDREDTHS = ("XJSE", "XLON", "XTAE")  # cents, pence, agorot


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
    if _COIN.search(symbol):
        return "24/7"
    return _exchange(symbol) or "XNYS"


def quoted_in(symbol: str) -> str:
    """The currency that prices of `symbol` are mostly in, going by Yahoo's spelling.

    A suffix names the exchange, the end of a coin or a currency pair the currency; what has neither
    is in dollars. Empty for an index, and where the spelling doesn't say.
    """
    if symbol.startswith("^"):
        return ""
    if symbol.endswith("=X"):
        return symbol[-5:-2]
    if coin := _COIN.search(symbol):
        return "" if coin[1] in {"USDT", "BTC"} else coin[1]
    return _MIC_CURRENCY.get(_exchange(symbol), "") if "." in symbol else "USD"


def in_hundredths(symbol: str, currency: str) -> bool:
    """Whether the exchange of `symbol` mostly quotes hundredths of `currency`: pence in London."""
    exchange = _exchange(symbol)
    return exchange in _IN_HUNDREDTHS and _MIC_CURRENCY[exchange] == currency


def _exchange(symbol: str) -> str:
    """The market identifier code that a suffix stands for; empty without one that is known."""
    _, dot, suffix = symbol.rpartition(".")
    return _SUFFIX_MIC.get(suffix, "") if dot else ""
