"""Patience with a busy vendor, and not a word of the key."""

import logging
import traceback
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from stockanalyst.exceptions import MissingCredential, SourceTimeout
from stockanalyst.infra.http import KeyedClient
from tests.infra.loopback_vendor import Vendor, loopback_vendor
from tests.market.providers.loopback import nobodys_url

KEY = "PLANTED/KEY+0123"
QUOTED = "PLANTED%2FKEY%2B0123"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback_vendor() as server:
        yield server


class Clock:
    """Sleeps without sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.passed = 0.0

    def client(self, key: str | None = KEY, timeout: float = 5.0) -> KeyedClient:
        return KeyedClient(
            source="vendor",
            variable="STOCKANALYST_VENDOR_KEY",
            parameter="token",
            key=SecretStr(key) if key else None,
            timeout=timeout,
            sleep=self.slept.append,
            elapsed=lambda: self.passed,
            jitter=lambda: 0.25,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_key_goes_among_the_parameters(vendor: Vendor, clock: Clock) -> None:
    vendor.say((200, "naïve"))
    answer = clock.client().get(f"{vendor.url}/eod/A", {"fmt": "json"})
    assert (answer.status, answer.text) == (200, "naïve")
    assert vendor.asked == [("/eod/A", {"fmt": "json", "token": KEY})]
    assert clock.slept == []


@pytest.mark.parametrize(
    ("replies", "status", "slept"),
    [
        ([(429, "", {"Retry-After": "2"}), (200, "")], 200, [2.0]),
        ([(503, ""), (503, ""), (200, "")], 200, [1.25, 2.25]),
        ([(503, "")], 503, [1.25, 2.25]),
        ([(429, "", {"Retry-After": "60"}), (200, "")], 429, []),
        ([(429, "", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), (200, "")], 429, []),
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


def test_a_redirection_does_not_take_the_key_along(vendor: Vendor, clock: Clock) -> None:
    vendor.say((302, "", {"Location": f"{vendor.url}/elsewhere"}))
    assert clock.client().get(vendor.url, {}).status == 302
    assert len(vendor.asked) == 1


def test_no_key(vendor: Vendor, clock: Clock) -> None:
    with pytest.raises(MissingCredential) as caught:
        clock.client(key=None).get(vendor.url, {})
    assert str(caught.value) == (
        "vendor: there is no key; set STOCKANALYST_VENDOR_KEY to a key that it takes"
    )
    assert not caught.value.retryable
    assert vendor.asked == []


def test_no_connection_is_believed_for_ten_minutes(vendor: Vendor, clock: Clock) -> None:
    client = clock.client()
    with pytest.raises(SourceTimeout, match="no answer: ConnectionError"):
        client.get(nobodys_url(), {})
    clock.passed = 599.0
    with pytest.raises(SourceTimeout, match="ConnectionError"):
        client.get(vendor.url, {})
    assert vendor.asked == []
    clock.passed = 601.0
    vendor.say((200, ""))
    assert client.get(vendor.url, {}).status == 200


def test_the_key_is_in_no_error_no_log_and_no_repr(
    vendor: Vendor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    client = clock.client()
    vendor.say((200, ""))
    with caplog.at_level(logging.DEBUG):
        client.get(vendor.url, {})
        with pytest.raises(SourceTimeout) as caught:
            client.get(nobodys_url(), {})
    told = "".join(traceback.format_exception(caught.value))
    assert "GET /?token=*** HTTP/1.1" in caplog.text
    assert caught.value.__context__ is None
    for text in (caplog.text, told, repr(client)):
        assert KEY not in text
        assert QUOTED not in text


@pytest.mark.parametrize("echo", [KEY, QUOTED])
def test_a_vendor_that_repeats_the_key_is_shown_without_it(clock: Clock, echo: str) -> None:
    assert clock.client().shown(f"We detected\nyour key as {echo}.") == (
        "We detected your key as ***."
    )
    cut_inside = clock.client().shown("x" * 95 + echo)
    assert cut_inside == "x" * 95 + "***"
