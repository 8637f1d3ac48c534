"""Alpha Vantage's answers, all of HTTP 200. The payloads are written by hand in its form."""

import json
from collections.abc import Iterator

import pandas as pd
import pytest

from stockanalyst.exceptions import (
    FrameSchema,
    InvalidSymbol,
    MissingCredential,
    PayloadError,
    RateLimited,
)
from tests.infra.loopback_vendor import Vendor, loopback_vendor
from tests.market.providers.keyed import (
    KEY,
    PREMIUM,
    UNKNOWN,
    alpha_vantage,
    free_plan,
    premium_plan,
    text,
)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback_vendor() as server:
        server.answer = premium_plan
        yield server


def test_prices_as_traded_and_adjusted_with_events(vendor: Vendor) -> None:
    history = alpha_vantage(vendor).history("AAPL")
    assert history.provider == "alpha_vantage"
    assert history.today == pd.Timestamp("2026-01-20")
    assert history.as_of == pd.Timestamp("2026-01-20 12:00", tz="UTC")
    assert (history.notes, history.shortfall) == ((), "")
    frame = history.frame
    assert [f"{day:%m-%d}" for day in frame.index] == ["01-15", "01-16"]
    assert frame["close"].tolist() == [260.0, 65.475]
    assert frame["adj_close"].tolist() == [65.0, 65.475]
    assert frame["volume"].tolist() == [41234567.0, 152800044.0]
    assert frame["dividend"].tolist() == [0.26, 0.0]
    assert frame["split_ratio"].tolist() == [1.0, 4.0]


def test_the_unfinished_bar_is_left_out_until_the_close(vendor: Vendor) -> None:
    assert len(alpha_vantage(vendor, "2026-01-20 20:59").history("AAPL").frame) == 2
    assert len(alpha_vantage(vendor, "2026-01-20 21:00").history("AAPL").frame) == 3


def test_what_is_asked_for(vendor: Vendor) -> None:
    provider = alpha_vantage(vendor)
    provider.history("AAPL")
    since = pd.Timestamp("2026-01-16")
    assert provider.history_since("AAPL", since).frame.index.tolist() == [since]
    provider.history_since("AAPL", pd.Timestamp("2025-01-16"))
    assert [asked["outputsize"] for _, asked in vendor.asked] == ["full", "compact", "full"]
    assert vendor.asked[0] == (
        "/query",
        {
            "function": "TIME_SERIES_DAILY_ADJUSTED",
            "symbol": "AAPL",
            "outputsize": "full",
            "datatype": "json",
            "apikey": KEY,
        },
    )


def test_the_free_plan_gives_a_short_history_and_says_so(vendor: Vendor) -> None:
    vendor.answer = free_plan
    provider = alpha_vantage(vendor)
    history = provider.history("AAPL")
    assert history.frame["close"].tolist() == [260.0, 65.475]
    assert history.frame["adj_close"].tolist() == [260.0, 65.475]
    assert history.shortfall == "the last 100 sessions, not adjusted"
    assert history.notes == (
        (
            "alpha_vantage's free plan gives the last 100 sessions alone, not adjusted: "
            "a split or a dividend shows as a jump."
        ),
    )
    provider.history("AAPL")
    functions = [asked["function"] for _, asked in vendor.asked]
    daily = "TIME_SERIES_DAILY"
    assert functions == [f"{daily}_ADJUSTED", daily, daily]


@pytest.mark.parametrize(
    ("symbol", "spelling"),
    [("BRK-B", "BRK-B"), ("TSCO.L", "TSCO.LON"), ("RELIANCE.BO", "RELIANCE.BSE")],
)
def test_spelling(vendor: Vendor, symbol: str, spelling: str) -> None:
    with pytest.raises(InvalidSymbol, match="has no prices of it"):
        alpha_vantage(vendor).history(symbol)
    assert vendor.asked[0][1]["symbol"] == spelling


@pytest.mark.parametrize("symbol", ["^GSPC", "BTC-USD", "EURUSD=X", "MC.PA"])
def test_what_it_cannot_have_is_not_asked_for(vendor: Vendor, symbol: str) -> None:
    with pytest.raises(InvalidSymbol, match="alpha_vantage has no such exchange, index, coin"):
        alpha_vantage(vendor).history(symbol)
    assert vendor.asked == []


def information(words: str) -> str:
    return json.dumps({"Information": words})


# In the vendor's words, which overlap: that of too many requests at once names all the others.
BAD_KEY = '{"Error Message": "the parameter apikey is invalid or missing. Please claim your key."}'
AT_ONCE = information(
    f"Please consider spreading out your free API requests more sparingly (1 request per second). "
    f"Your key {KEY} has 25 requests per day; subscribe to a premium plan to remove the limit."
)
USED_UP = information(
    f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per "
    "day. Please subscribe to any of the premium plans to remove all daily rate limits."
)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (
            BAD_KEY,
            MissingCredential,
            (
                "alpha_vantage: the key is refused; "
                "set STOCKANALYST_ALPHA_VANTAGE_KEY to a key that it takes"
            ),
        ),
        (
            AT_ONCE,
            RateLimited,
            "alpha_vantage: too many requests at once; try again in a minute",
        ),
        (
            USED_UP,
            RateLimited,
            "alpha_vantage: today's requests of the plan are used up; try tomorrow",
        ),
        (
            PREMIUM,
            MissingCredential,
            (
                "alpha_vantage: the key's plan has no daily prices; "
                "set STOCKANALYST_ALPHA_VANTAGE_KEY to a key that it takes"
            ),
        ),
        (UNKNOWN, InvalidSymbol, "symbol 'AAPL': alpha_vantage has no prices of it; check it by"),
        ("{}", InvalidSymbol, "symbol 'AAPL': alpha_vantage has no prices of it; check it by"),
        (
            information(f"Your key {KEY} is tired"),
            PayloadError,
            'alpha_vantage: unexpected answer for AAPL, HTTP 200: {"Information": "Your key *** is',
        ),
        ("<html>", PayloadError, "alpha_vantage: unexpected answer for AAPL, HTTP 200: <html>"),
        ('{"Time Series (Daily)": []}', PayloadError, "alpha_vantage: unexpected answer for AAPL"),
        (
            '{"Time Series (Daily)": {"2026-01-15": 1}}',
            PayloadError,
            "alpha_vantage: the answer for AAPL has a session without columns",
        ),
        (
            '{"Time Series (Daily)": {"2026-01-15": {"1. open": "1"}}}',
            PayloadError,
            "alpha_vantage: the answer for AAPL has no column 'high'",
        ),
        (
            text("alpha_vantage/daily_adjusted_200.json").replace('"260.0000"', '"0.0000"'),
            FrameSchema,
            "alpha_vantage AAPL: column 'close' is 0 on 2026-01-15",
        ),
    ],
)
def test_refusals(vendor: Vendor, body: str, kind: type[Exception], message: str) -> None:
    vendor.say((200, body))
    with pytest.raises(kind) as caught:
        alpha_vantage(vendor).history("AAPL")
    assert str(caught.value).startswith(message)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "reply", [(200, AT_ONCE), (429, ""), (500, ""), (502, ""), (503, "Down"), (504, "")]
)
def test_a_busy_vendor_is_asked_again(vendor: Vendor, reply: tuple[int, str]) -> None:
    vendor.say(reply, reply, (200, text("alpha_vantage/daily_adjusted_200.json")))
    assert len(alpha_vantage(vendor).history("AAPL").frame) == 2


def test_no_closed_session(vendor: Vendor) -> None:
    with pytest.raises(InvalidSymbol, match="has no closed session of it"):
        alpha_vantage(vendor, "2026-01-02 12:00").history("AAPL")


def test_no_key(vendor: Vendor) -> None:
    with pytest.raises(MissingCredential, match="set STOCKANALYST_ALPHA_VANTAGE_KEY"):
        alpha_vantage(vendor, key=None).history("AAPL")
    assert vendor.asked == []
