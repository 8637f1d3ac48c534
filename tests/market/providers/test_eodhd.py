"""EODHD's answers: JSON when it has prices, plain text when not.

The payloads are written by hand in its form.
"""

from collections.abc import Iterator, Mapping

import pandas as pd
import pytest

from stockanalyst.exceptions import (
    FrameSchema,
    InvalidSymbol,
    MissingCredential,
    PayloadError,
    RateLimited,
)
from tests.infra.loopback_vendor import Reply, Vendor, loopback_vendor
from tests.market.providers.keyed import KEY, eodhd, eodhd_plan, text


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback_vendor() as server:
        server.answer = eodhd_plan
        yield server


def test_prices_as_traded_and_adjusted_with_events(vendor: Vendor) -> None:
    history = eodhd(vendor).history("AAPL")
    assert history.provider == "eodhd"
    assert history.today == pd.Timestamp("2026-01-20")
    assert history.as_of == pd.Timestamp("2026-01-20 12:00", tz="UTC")
    assert (history.notes, history.shortfall) == ((), "")
    frame = history.frame
    assert [f"{day:%m-%d}" for day in frame.index] == ["01-15", "01-16"]
    assert frame["close"].tolist() == [260.0, 65.475]
    assert frame["adj_close"].tolist() == [65.0, 65.475]
    assert frame["volume"].tolist() == [164938268.0, 152800044.0]
    assert frame["dividend"].tolist() == [0.26, 0.0]
    assert frame["split_ratio"].tolist() == [1.0, 4.0]


def test_the_unfinished_bar_is_left_out_until_the_close(vendor: Vendor) -> None:
    assert len(eodhd(vendor, "2026-01-20 20:59").history("AAPL").frame) == 2
    assert len(eodhd(vendor, "2026-01-20 21:00").history("AAPL").frame) == 3


def test_what_is_asked_for(vendor: Vendor) -> None:
    eodhd(vendor).history("AAPL")
    eodhd(vendor).history_since("AAPL", pd.Timestamp("2026-01-15"))
    every = {"fmt": "json", "api_token": KEY}
    daily = {"period": "d", "order": "a", **every}
    since = {"from": "2026-01-15"}
    assert vendor.asked == [
        ("/eod/AAPL.US", daily),
        ("/div/AAPL.US", every),
        ("/splits/AAPL.US", every),
        ("/eod/AAPL.US", daily | since),
        ("/div/AAPL.US", every | since),
        ("/splits/AAPL.US", every | since),
    ]


@pytest.mark.parametrize("on_every_bar", [True, False])
def test_the_free_plan_gives_a_year_and_says_so(vendor: Vendor, *, on_every_bar: bool) -> None:
    warning = '"warning": "Data is limited by one year as you have free subscription"}'
    body = text("eodhd/eod_200.json")
    body = body.replace("}", f", {warning}") if on_every_bar else f"{body[:-2]}, {{{warning}]"

    def answer(path: str, parameters: Mapping[str, str]) -> Reply:
        return (200, body) if path.startswith("/eod") else eodhd_plan(path, parameters)

    vendor.answer = answer
    history = eodhd(vendor).history("AAPL")
    assert len(history.frame) == 2
    assert history.shortfall == "the past year"
    assert history.notes == ("eodhd's free plan gives the past year alone.",)


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        ("BRK-B", "BRK-B.US"),
        ("TCS.NS", "TCS.NSE"),
        ("SAP.DE", "SAP.XETRA"),
        ("MC.PA", "MC.PA"),
        ("BTC-USD", "BTC-USD.CC"),
        ("EURUSD=X", "EURUSD.FOREX"),
        ("^GSPC", "GSPC.INDX"),
    ],
)
def test_every_symbol_carries_its_exchange(vendor: Vendor, symbol: str, code: str) -> None:
    with pytest.raises(InvalidSymbol) as caught:
        eodhd(vendor).history(symbol)
    assert vendor.asked[0][0] == f"/eod/{code}"
    expected = f"symbol '{symbol}': eodhd has no prices of {code}; check it on eodhd.com"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (
            401,
            "Unauthenticated",
            MissingCredential,
            "eodhd: the key is refused, HTTP 401; set STOCKANALYST_EODHD_KEY to a key that it",
        ),
        (
            402,
            "You exceeded your daily API requests limit.",
            RateLimited,
            "eodhd: today's requests of the plan are used up; try tomorrow",
        ),
        (
            403,
            "Only EOD data allowed for free users.",
            MissingCredential,
            "eodhd: the key's plan doesn't include AAPL.US, HTTP 403; set STOCKANALYST_EODHD_KEY",
        ),
        (429, "", RateLimited, "eodhd: too many requests, HTTP 429; try again in a minute"),
        (200, "[]", InvalidSymbol, "symbol 'AAPL': eodhd has no session of AAPL.US"),
        (503, "Down", PayloadError, "eodhd: unexpected answer for AAPL.US, HTTP 503: Down"),
        (
            200,
            f'{{"error": "no {KEY}", "code": 7}}',
            PayloadError,
            'eodhd: unexpected answer for AAPL.US, HTTP 200: {"error": "no ***", "code": 7}',
        ),
        (302, "", PayloadError, "eodhd: unexpected answer for AAPL.US, HTTP 302"),
        (
            200,
            '[{"date": "2026-01-15", "open": 1}]',
            PayloadError,
            "eodhd: the answer for AAPL has no column 'high'",
        ),
        (
            200,
            text("eodhd/eod_200.json").replace('"close": 260.0', '"close": null'),
            FrameSchema,
            "eodhd AAPL: column 'close' is nan on 2026-01-15",
        ),
    ],
)
def test_refusals(
    vendor: Vendor, status: int, body: str, kind: type[Exception], message: str
) -> None:
    def answer(path: str, parameters: Mapping[str, str]) -> Reply:
        return (status, body) if path.startswith("/eod") else eodhd_plan(path, parameters)

    vendor.answer = answer
    with pytest.raises(kind) as caught:
        eodhd(vendor).history("AAPL")
    assert str(caught.value).startswith(message)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "body", "message"),
    [
        ("/div", '[{"date": "2026-01-15", "value": 1}]', "a dividend of AAPL isn't as documented"),
        ("/splits", '[{"date": "2026-01-15", "split": "4"}]', "a split of AAPL isn't as docum"),
        ("/splits", '[{"date": "2026-01-15", "split": "4/0"}]', "a split of AAPL isn't as docum"),
    ],
)
def test_an_event_that_cannot_be_read(
    vendor: Vendor, endpoint: str, body: str, message: str
) -> None:
    def answer(path: str, parameters: Mapping[str, str]) -> Reply:
        return (200, body) if path.startswith(endpoint) else eodhd_plan(path, parameters)

    vendor.answer = answer
    with pytest.raises(PayloadError, match=message) as caught:
        eodhd(vendor).history("AAPL")
    assert "(date '2026-01-15')" in str(caught.value)


def test_no_closed_session(vendor: Vendor) -> None:
    with pytest.raises(InvalidSymbol, match=r"eodhd has no closed session of AAPL\.US"):
        eodhd(vendor, "2026-01-02 12:00").history("AAPL")


def test_no_key(vendor: Vendor) -> None:
    with pytest.raises(MissingCredential, match="set STOCKANALYST_EODHD_KEY"):
        eodhd(vendor, key=None).history("AAPL")
    assert vendor.asked == []
