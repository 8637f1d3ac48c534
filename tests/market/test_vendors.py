"""Spellings and refusals that prices and news share."""

import pytest

from stockanalyst.market.vendors import alpha_vantage_code, alpha_vantage_refusal, eodhd_code


@pytest.mark.parametrize(
    ("symbol", "eodhd", "alpha_vantage"),
    [
        ("AAPL", "AAPL.US", "AAPL"),
        ("BRK-B", "BRK-B.US", "BRK-B"),
        ("TCS.NS", "TCS.NSE", None),
        ("RELIANCE.BO", "RELIANCE.BSE", "RELIANCE.BSE"),
        ("TSCO.L", "TSCO.LSE", "TSCO.LON"),
        ("SAP.DE", "SAP.XETRA", "SAP.DEX"),
        ("MC.PA", "MC.PA", None),
        ("BTC-USD", "BTC-USD.CC", None),
        ("EURUSD=X", "EURUSD.FOREX", None),
        ("^GSPC", "GSPC.INDX", None),
    ],
)
def test_spelling(symbol: str, eodhd: str, alpha_vantage: str | None) -> None:
    assert eodhd_code(symbol) == eodhd
    assert alpha_vantage_code(symbol) == alpha_vantage


EVERYTHING = (
    "apikey is invalid spreading out calls per minute requests per day premium endpoint "
    "Invalid inputs Invalid API call"
)


def test_the_order_of_alpha_vantages_words() -> None:
    kinds, left = [], EVERYTHING
    while kind := alpha_vantage_refusal(200, left):
        kinds.append(kind)
        _, _, left = left.partition(" " if "apikey" not in left else "apikey is invalid ")
    assert list(dict.fromkeys(kinds)) == [
        "auth", "rate_limited", "quota_day", "plan", "bad_request", "unknown_symbol",
    ]  # fmt: skip


def test_alpha_vantages_status() -> None:
    assert alpha_vantage_refusal(429, "") == "rate_limited"
    assert alpha_vantage_refusal(429, "the parameter apikey is invalid") == "auth"
    assert alpha_vantage_refusal(200, '{"feed": []}') is None
