"""Patience with a busy vendor, thrift with its quota, and not a word of the key."""

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from stockanalyst.exceptions import (
    MissingCredential,
    PayloadError,
    RateLimited,
    SourceError,
    SourceRefused,
    SourceTimeout,
)
from stockanalyst.infra.answers import Answer
from stockanalyst.infra.db import sqlite_url
from stockanalyst.infra.http import VendorClient, until
from stockanalyst.infra.limits import MemoryUsageStore, VendorLimits, fingerprint
from stockanalyst.infra.usage_store import SqlUsageStore
from tests.infra.loopback_vendor import Vendor, loopback_vendor
from tests.infra.rough_vendor import HEAD, Act, RoughVendor, answers, resets, rough_vendor, says
from tests.market.providers.loopback import nobodys_url

KEY = "PLANTED/KEY+0123"
QUOTED = "PLANTED%2FKEY%2B0123"
NOON = pd.Timestamp("2026-01-20 12:00", tz="UTC")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback_vendor() as server:
        yield server


@pytest.fixture
def rough() -> Iterator[RoughVendor]:
    with rough_vendor() as server:
        yield server


class Clock:
    """Sleeps without sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.passed = 0.0
        self.store = MemoryUsageStore()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds

    def client(self, key: str | None = KEY, timeout: float = 5.0) -> VendorClient:
        return VendorClient(
            source="vendor",
            variable="STOCKANALYST_VENDOR_KEY",
            parameter="token",
            key=SecretStr(key) if key else None,
            timeout=timeout,
            sleep=self.sleep,
            elapsed=lambda: self.passed,
            jitter=lambda: 0.25,
        )

    def limited(self, quota: int | None = None) -> VendorClient:
        def now() -> pd.Timestamp:
            return NOON + pd.Timedelta(seconds=self.passed)

        limits = VendorLimits("vendor", self.store, now, quota=quota)
        return replace(self.client(), limits=limits)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_key_goes_among_the_parameters(vendor: Vendor, clock: Clock) -> None:
    vendor.say((200, "naïve"))
    answer = clock.client().get(f"{vendor.url}/eod/A", {"fmt": "json"})
    assert (answer.status, answer.text) == (200, "naïve")
    assert vendor.asked == [("/eod/A", {"fmt": "json", "token": KEY})]
    assert clock.slept == []


def test_the_key_goes_into_a_header_where_the_vendor_has_one(
    rough: RoughVendor, clock: Clock
) -> None:
    rough.acts = [answers(b"")]
    client = replace(clock.client(), header="X-Vendor-Token", parameter="", user_agent="Mine/1")
    client.get(f"{rough.url}/news", {"q": "A"}, headers={"Accept": "application/json"})
    (head,) = rough.asked
    assert head.startswith("GET /news?q=A HTTP/1.1\r\n")
    for line in (f"X-Vendor-Token: {KEY}", "User-Agent: Mine/1", "Accept: application/json"):
        assert f"\r\n{line}\r\n" in head
    unheard_of = replace(client, key=SecretStr("PLANTED\nKEY"))
    with pytest.raises(MissingCredential, match="the key has a character that no header can hold"):
        unheard_of.get(rough.url, {})


def test_a_vendor_that_wants_no_key(vendor: Vendor, clock: Clock) -> None:
    """And may send its visitor elsewhere."""
    vendor.say((302, "", {"Location": "/elsewhere"}), (200, "news"))
    client = VendorClient("vendor", sleep=clock.sleep)
    assert client.get(vendor.url, {"q": "A"}).text == "news"
    assert vendor.asked == [("/", {"q": "A"}), ("/elsewhere", {})]


@pytest.mark.parametrize(
    ("replies", "status", "slept"),
    [
        ([(429, "", {"Retry-After": "2"}), (200, "")], 200, [2.0]),
        ([(503, ""), (503, ""), (200, "")], 200, [1.25, 2.25]),
        ([(503, "")], 503, [1.25, 2.25]),
        ([(429, "", {"Retry-After": "60"}), (200, "")], 429, []),
        ([(429, "", {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}), (200, "")], 429, []),
        ([(404, "")], 404, []),
    ],
)
def test_patience(
    vendor: Vendor, clock: Clock, replies: list[tuple[int, str]], status: int, slept: list[float]
) -> None:
    vendor.say(*replies)
    assert clock.client().get(vendor.url, {}).status == status
    assert clock.slept == slept


def test_a_vendor_may_say_busy_in_its_own_words(vendor: Vendor, clock: Clock) -> None:
    vendor.say((200, "too quick"), (200, "prices"))
    answer = clock.client().get(vendor.url, {}, busy=lambda answer: "quick" in answer.text)
    assert answer.text == "prices"


def test_a_connection_that_breaks_is_tried_three_times(rough: RoughVendor, clock: Clock) -> None:
    rough.acts = [resets, says(HEAD, b"Content-Length: 9\r\n\r\nabc"), answers(b"whole")]
    assert clock.client().get(rough.url, {}).text == "whole"
    assert clock.slept == [1.25, 2.25]
    rough.acts = [resets]
    with pytest.raises(SourceTimeout) as caught:
        clock.client().get(rough.url, {})
    assert str(caught.value) == "vendor: the connection broke off"
    assert caught.value.kind == "down"
    assert len(rough.asked) == 6


def test_a_time_out_and_a_strange_answer_are_not_tried_again(
    rough: RoughVendor, clock: Clock
) -> None:
    rough.acts = [rough.drip(b"", b"")]
    with pytest.raises(SourceTimeout, match=r"no answer within 0\.2 s"):
        clock.client(timeout=0.2).get(rough.url, {})
    rough.acts = [answers(bytes(101))]
    with pytest.raises(PayloadError, match="the answer has more than 100 bytes"):
        replace(clock.client(), max_bytes=100).get(rough.url, {})
    assert (len(rough.asked), clock.slept) == (2, [])


def test_nothing_passes_the_deadline(vendor: Vendor, rough: RoughVendor, clock: Clock) -> None:
    vendor.say((503, ""))
    with until(2.0), until(9.0):  # the earlier holds
        assert clock.client().get(vendor.url, {}).status == 503
    assert clock.slept == [1.25]
    sleepy = replace(clock.limited(), sleep=lambda seconds: clock.sleep(seconds + 10))
    with until(clock.passed + 2.0):
        assert sleepy.get(vendor.url, {}).status == 503
    assert clock.store.read("vendor", "").failures == 1
    rough.acts = [rough.drip(HEAD, b"X-Drop: 1\r\n")]
    with until(clock.passed + 0.2), pytest.raises(SourceTimeout, match=r"no answer within 0\.2 s"):
        clock.client().get(rough.url, {})
    with until(clock.passed), pytest.raises(SourceTimeout, match="before it was asked"):
        clock.client().get(rough.url, {})
    assert len(rough.asked) == 1


def test_a_redirection_does_not_take_the_key_along(vendor: Vendor, clock: Clock) -> None:
    vendor.say((302, "", {"Location": f"{vendor.url}/elsewhere"}))
    client = clock.client()
    assert client.get(vendor.url, {}).status == 302
    assert replace(client, parameter="", header="X-Token").get(vendor.url, {}).status == 302
    assert len(vendor.asked) == 2


@pytest.mark.parametrize("key", [None, ""])
def test_no_key(vendor: Vendor, clock: Clock, key: str | None) -> None:
    with pytest.raises(MissingCredential) as caught:
        replace(clock.client(), key=None if key is None else SecretStr(key)).get(vendor.url, {})
    assert str(caught.value) == (
        "vendor: there is no key; set STOCKANALYST_VENDOR_KEY to a key that it takes"
    )
    assert not caught.value.retryable
    assert vendor.asked == []


def test_no_connection_is_believed_for_ten_minutes(vendor: Vendor, clock: Clock) -> None:
    client = clock.client()
    with pytest.raises(SourceTimeout, match="no connection"):
        client.get(nobodys_url(), {})
    clock.passed = 599.0
    with pytest.raises(SourceTimeout, match="no connection"):
        client.get(vendor.url, {})
    assert vendor.asked == []
    clock.passed = 601.0
    vendor.say((200, ""))
    assert client.get(vendor.url, {}).status == 200


def test_every_try_takes_from_the_quota(vendor: Vendor, clock: Clock) -> None:
    def quick(answer: Answer) -> bool:
        return "quick" in answer.text

    client = clock.limited(quota=5)
    vendor.say((200, "too quick"), (200, ""))
    client.get(vendor.url, {}, units=2, busy=quick)
    assert client.quota == "4 of 5 used"
    with pytest.raises(SourceRefused) as caught:
        client.get(vendor.url, {}, units=2)
    assert caught.value.kind == "quota_day"
    assert str(caught.value) == ("vendor: 4 of 5 used today, 2 are needed; again after 00:00 UTC")
    vendor.say((200, "too quick"))
    assert client.get(vendor.url, {}, busy=quick).text == "too quick"  # there was a unit for one
    assert client.quota == "5 of 5 used"
    assert len(vendor.asked) == 3


@pytest.mark.parametrize(
    ("status", "used"), [(200, 10), (404, 1), (422, 1), (429, 0), (500, 0), (501, 0), (503, 0)]
)
def test_what_a_vendor_refuses_takes_one_unit_and_its_own_fault_none(
    vendor: Vendor, clock: Clock, status: int, used: int
) -> None:
    client = clock.limited(quota=20)
    vendor.say((status, ""))
    client.get(vendor.url, {}, units=10)
    assert client.quota == f"{used} of 20 used"


def test_a_fault_of_a_known_length_is_believed(vendor: Vendor, clock: Clock) -> None:
    client = clock.limited()
    vendor.say((503, "", {"Retry-After": "600"}))
    assert client.get(vendor.url, {}).status == 503
    with pytest.raises(SourceRefused, match="not asked until 12:10 UTC: HTTP 503"):
        client.get(vendor.url, {})
    assert len(vendor.asked) == 1
    clock.passed += 600.0
    vendor.say((503, "", {"Retry-After": "5"}), (200, ""))  # which is waited for
    assert client.get(vendor.url, {}).status == 200


def test_a_date_without_the_vendors_own_is_told_by_our_clock(
    rough: RoughVendor, clock: Clock
) -> None:
    head = b"HTTP/1.1 429 Busy\r\nRetry-After: Tue, 20 Jan 2026 12:01:30 GMT\r\n"
    rough.acts = [says(head, b"\r\n")]
    assert clock.limited().get(rough.url, {}).retry_after == 90.0
    rough.acts = [says(head, b"Date: Tue, 20 Jan 2026 12:01:00 GMT\r\n\r\n")]
    assert clock.limited().get(rough.url, {}).retry_after == 30.0


CHALLENGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(
    ("body", "headers"),
    [("", {"cf-mitigated": "challenge"}), (CHALLENGE, {})],
    ids=["header", "page"],
)
def test_a_challenge_is_not_tried_again(
    vendor: Vendor, clock: Clock, status: int, body: str, headers: dict[str, str]
) -> None:
    client = clock.limited()
    vendor.say((status, body, headers))
    with pytest.raises(SourceRefused, match=f"it turns programs away, HTTP {status}") as caught:
        client.get(vendor.url, {})
    assert caught.value.kind == "blocked"
    assert client.limits is not None
    assert client.limits.status().state == "blocked"
    assert len(vendor.asked) == 1


def test_what_the_vendor_never_saw_is_given_back(clock: Clock) -> None:
    client = clock.limited(quota=5)
    with pytest.raises(SourceTimeout, match="no connection"):
        client.get(nobodys_url(), {}, units=3)
    assert client.quota == "0 of 5 used"
    assert clock.client().quota == ""


def test_the_circuit_opens_after_three_failures(
    vendor: Vendor, rough: RoughVendor, clock: Clock
) -> None:
    client = clock.limited()
    vendor.say((404, ""))
    rough.acts = [resets]
    with pytest.raises(SourceTimeout):
        client.get(rough.url, {})
    client.get(vendor.url, {})  # an answer, whatever it is, begins the count anew
    vendor.say((502, ""))
    assert [client.get(vendor.url, {}).status for _ in range(2)] == [502, 502]
    with pytest.raises(SourceTimeout):
        client.get(nobodys_url(), {})
    asked = len(vendor.asked)
    with pytest.raises(SourceRefused) as caught:
        client.get(vendor.url, {})
    assert caught.value.kind == "skipped"
    assert str(caught.value) == (
        "vendor: circuit open until 12:02 UTC after 3 failures: no connection"
    )
    assert len(vendor.asked) == asked
    clock.passed += 120.0
    vendor.say((200, "back"))
    assert client.get(vendor.url, {}).text == "back"
    assert client.get(vendor.url, {}).text == "back"


def test_a_large_answer_is_an_answer_too(rough: RoughVendor, clock: Clock) -> None:
    """And what an adapter says of a failure is the same failure, not another."""
    client = replace(clock.limited(), max_bytes=100)
    failing = says(b"HTTP/1.1 500 Oops\r\n\r\n")
    for _ in range(3):
        rough.acts = [failing]
        assert client.get(rough.url, {}).status == 500
        assert client.fail("down", "HTTP 500").kind == "down"
        assert client.get(rough.url, {}).status == 500
        rough.acts = [answers(bytes(101))]
        with pytest.raises(PayloadError):
            client.get(rough.url, {})


@pytest.mark.parametrize(
    ("kind", "error", "pause"),
    [
        ("auth", MissingCredential, "2026-01-21 12:00 UTC"),
        ("plan", SourceRefused, "2026-01-21 12:00 UTC"),
        ("quota_day", SourceRefused, None),
        ("rate_limited", RateLimited, "12:00 UTC"),
        ("blocked", SourceRefused, "18:00 UTC"),
        ("down", SourceTimeout, ""),
        ("schema_changed", PayloadError, ""),
        ("http_error", SourceRefused, ""),
    ],
)
def test_the_error_of_a_kind_and_the_pause_after_it(
    vendor: Vendor, clock: Clock, kind: str, error: type[SourceError], pause: str | None
) -> None:
    client = clock.limited()
    vendor.say((200, ""))
    client.get(f"{vendor.url}/news", {})
    raised = client.fail(kind, f"it says {KEY}", retry_after=7.0)
    assert type(raised) is error
    assert (raised.kind, raised.source) == (kind, "vendor")
    assert raised.reason.startswith("it says ***")
    if pause == "":
        assert client.get(f"{vendor.url}/news", {}).status == 200
        return
    with pytest.raises(SourceRefused) as caught:
        client.get(f"{vendor.url}/news", {})
    expected = (
        ("quota_day", "it says ***; again after 00:00 UTC")
        if pause is None
        else ("skipped", f"not asked until {pause}: it says ***")
    )
    assert (caught.value.kind, caught.value.reason) == expected


def test_a_plan_without_one_endpoint_leaves_the_others(vendor: Vendor, clock: Clock) -> None:
    client = clock.limited()
    vendor.say((403, ""))
    client.get(f"{vendor.url}/dear", {})
    client.fail("plan", "not in the plan")
    with pytest.raises(SourceRefused, match="not in the plan"):
        client.get(f"{vendor.url}/dear", {"symbol": "B"})
    assert client.get(f"{vendor.url}/cheap", {}).status == 403


def test_functions_of_one_path_are_told_apart(vendor: Vendor, clock: Clock) -> None:
    client = clock.limited()
    vendor.say((200, ""))
    client.get(f"{vendor.url}/query", {"function": "NEWS"})
    client.fail("plan", "not in the plan")
    with pytest.raises(SourceRefused, match="not in the plan"):
        client.get(f"{vendor.url}/query", {"function": "NEWS", "tickers": "B"})
    assert client.get(f"{vendor.url}/query", {"function": "PRICES"}).status == 200


def test_a_refused_key_that_nobody_can_set(clock: Clock) -> None:
    raised = VendorClient("vendor").fail("auth", "it wants a visa")
    assert type(raised) is SourceRefused
    assert raised.kind == "auth"


def test_lines_under_the_same_rules(rough: RoughVendor, clock: Clock) -> None:
    client = clock.limited(quota=3)
    rough.acts = [rough.drip(HEAD + b"\r\n", b"data: 1\n")]
    lines = client.stream(rough.url, {"symbol": "A"}, {"Accept": "text/event-stream"}, seconds=0.3)
    assert lines.answer.status == 200
    assert set(lines) == {"data: 1"}
    assert "GET /?symbol=A&token=" in rough.asked[0]
    rough.acts = [rough.drip(HEAD + b"\r\n", b"data: 1\n")]
    with until(clock.passed + 0.2):
        assert set(client.stream(rough.url, {})) == {"data: 1"}
    rough.acts = [resets]
    with pytest.raises(SourceTimeout, match="the connection broke off"):
        client.stream(rough.url, {})
    assert clock.slept == []
    with pytest.raises(SourceRefused, match="3 of 3 used today; again after 00:00 UTC"):
        client.stream(rough.url, {})


def echoes(connection_head: bytes = HEAD) -> bytes:
    return connection_head + f"X-Echo: {KEY}\r\nSet-Cookie: k={QUOTED}\r\n".encode()


BAD_MANNERS: dict[str, Act] = {
    "refused": says(echoes(b"HTTP/1.1 403 Forbidden\r\n"), b"\r\nyour key " + KEY.encode()),
    "moved": says(b"HTTP/1.1 302 Found\r\nLocation: /?token=", QUOTED.encode(), b"\r\n\r\n"),
    "no HTTP": says(KEY.encode(), b"\r\n\r\n"),
    "bad headers": says(HEAD, b"oops ", KEY.encode(), b"\r\nContent-Length: 2\r\n\r\n{}"),
    "reset": resets,
    "broken": says(HEAD, b"Content-Length: 999\r\n\r\n", KEY.encode()),
    "odd chunk": says(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", KEY.encode(), b"\r\n"),
    "odd packing": says(HEAD, b"Content-Encoding: ", KEY.encode(), b"\r\n\r\n"),
    "no gzip": says(HEAD, b"Content-Encoding: gzip\r\n\r\n", KEY.encode()),
    "long": answers(KEY.encode() * 100),
}


@pytest.mark.parametrize("manners", [*BAD_MANNERS, "unreachable", "no URL", "no header", "late"])
@pytest.mark.parametrize(("parameter", "header"), [("token", ""), ("", "X-Token")])
def test_the_key_is_in_no_error_no_log_no_repr_and_no_file(
    told_by: Callable[[VendorClient, str], list[str]], manners: str, parameter: str, header: str
) -> None:
    key = SecretStr(f"{KEY}é") if manners == "no header" else SecretStr(KEY)
    client = VendorClient(
        "vendor",
        "STOCKANALYST_VENDOR_KEY",
        key,
        parameter=parameter,
        header=header,
        timeout=0.3,
        max_bytes=1_000,
        sleep=lambda _: None,
    )
    for text in told_by(client, manners):
        assert KEY not in text
        assert QUOTED not in text


@pytest.fixture
def told_by(
    rough: RoughVendor, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> Callable[[VendorClient, str], list[str]]:
    """Everything that a failing request leaves behind: errors, records, the repr, files."""
    store = SqlUsageStore(sqlite_url(tmp_path / "usage.sqlite"))

    def ask(client: VendorClient, url: str) -> None:
        answer = client.get(url, {})
        raise client.fail("rate_limited", client.shown(answer.text))

    def told(client: VendorClient, manners: str) -> list[str]:
        account = fingerprint("vendor", client.key)
        limits = VendorLimits("vendor", store, lambda: NOON, account, quota=100)
        client = replace(client, limits=limits)
        urls = {"unreachable": nobodys_url(), "no URL": f"http://[{KEY}"}
        rough.acts = [BAD_MANNERS.get(manners, rough.drip(b"", b""))]
        with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as caught:
            ask(client, urls.get(manners, rough.url))
        return [
            "".join(traceback.format_exception(caught.value)),
            *map(repr, chain_of(caught.value)),
            repr(client),
            caplog.text,
            *(repr(record.__dict__) for record in caplog.records),
            *(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir()),
        ]

    return told


def chain_of(error: BaseException) -> list[object]:
    """Everything that an error carries along."""
    links: list[object] = [error.args, vars(error)]
    for other in (error.__context__, error.__cause__):
        links += chain_of(other) if other else []
    return links


ECHOES = [KEY, QUOTED, KEY.lower(), KEY.replace("/", "\\/")]


@pytest.mark.parametrize("echo", ECHOES)
def test_the_key_is_in_no_text_that_a_reader_sees(vendor: Vendor, clock: Clock, echo: str) -> None:
    vendor.say((404, f'{{"link": "https://x.example/?api_token={echo}&b=1", "title": "a"}}'))
    client = clock.client()
    for answer in (client.get(vendor.url, {}), client.stream(vendor.url, {}).answer):
        assert answer.payload == {"link": "https://x.example/?api_token=***&b=1", "title": "a"}


def test_a_word_is_no_secret(vendor: Vendor, clock: Clock) -> None:
    """EODHD gives everybody the key "demo"; a democrat keeps his name."""
    vendor.say((200, '{"title": "Democrats"}'))
    assert clock.client("demo").get(vendor.url, {}).payload == {"title": "Democrats"}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_vendor_that_repeats_the_key_is_shown_without_it(clock: Clock, echo: str) -> None:
    assert clock.client().shown(f"We detected\nyour key as {echo}.") == (
        "We detected your key as ***."
    )
    cut_inside = clock.client().shown("x" * 95 + echo)
    assert cut_inside == "x" * 95 + "***"
