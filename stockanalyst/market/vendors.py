"""What is known of vendors that sell prices and news alike: how they spell and how they refuse."""

from stockanalyst.market.symbols import calendar_name

# Yahoo's suffix -> EODHD's exchange, where the two differ.
_EODHD_EXCHANGES = {
    "AX": "AU", "BO": "BSE", "DE": "XETRA", "JO": "JSE", "KL": "KLSE", "KS": "KO", "L": "LSE",
    "NS": "NSE", "SS": "SHG", "SZ": "SHE", "T": "TSE", "WA": "WAR",
}  # fmt: skip
# Yahoo's suffix -> Alpha Vantage's, as far as its documentation names them.
_ALPHA_VANTAGE_SUFFIXES = {
    "BO": "BSE", "DE": "DEX", "L": "LON", "SS": "SHH", "SZ": "SHZ", "TO": "TRT", "V": "TRV",
}  # fmt: skip
# In this order, for the texts overlap: that of too many requests at once names all the others.
_ALPHA_VANTAGE_WORDS = (
    ("apikey is invalid", "auth"),
    ("spreading out", "rate_limited"),
    ("calls per minute", "rate_limited"),
    ("requests per day", "quota_day"),
    ("premium endpoint", "plan"),
    ("Invalid inputs", "bad_request"),
    ("Invalid API call", "unknown_symbol"),
)


def eodhd_code(symbol: str) -> str:
    """EODHD's spelling: every symbol carries its exchange."""
    if symbol.startswith("^"):
        return f"{symbol[1:]}.INDX"
    if symbol.endswith("=X"):
        return f"{symbol[:-2]}.FOREX"
    if calendar_name(symbol) == "24/7":
        return f"{symbol}.CC"
    stem, dot, suffix = symbol.rpartition(".")
    return f"{stem}.{_EODHD_EXCHANGES.get(suffix, suffix)}" if dot else f"{symbol}.US"


def alpha_vantage_code(symbol: str) -> str | None:
    """Alpha Vantage's spelling of a share; None where it has no such exchange, or it is none."""
    stem, dot, suffix = symbol.rpartition(".")
    if not dot:
        listed = calendar_name(symbol) == "XNYS" and not symbol.startswith("^")
        return symbol if listed else None
    known = _ALPHA_VANTAGE_SUFFIXES.get(suffix)
    return known and f"{stem}.{known}"


def alpha_vantage_refusal(status: int, text: str) -> str | None:
    """What its answer means, in the words of ``SourceError.kind``; None where it is no refusal.

    Alpha Vantage says it in the body of an answer of HTTP 200.
    """
    kinds = (kind for words, kind in _ALPHA_VANTAGE_WORDS if words in text)
    kind = next(kinds, None)
    return "rate_limited" if status == 429 and kind != "auth" else kind
