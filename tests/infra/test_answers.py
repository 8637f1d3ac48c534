"""What an answer says besides its text."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockanalyst.infra.answers import Answer

DATE = "Sat, 03 Jan 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "9" * 400}, 999_999_999.0),
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 GMT", "date": DATE}, 90.0),
        ({"retry-after": "Sat, 03 Jan 2026 09:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 -0000", "date": DATE}, 90.0),
        ({"retry-after": "Sat, 03 Jan 2026 11:01:30 +0100", "date": DATE}, 90.0),
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 GMT"}, 0.0),
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 GMT", "date": "today"}, 0.0),
        ({"retry-after": "soon", "date": DATE}, 0.0),
        ({"retry-after": "-5", "date": DATE}, 0.0),
        ({"retry-after": "1.5", "date": DATE}, 0.0),
        ({"retry-after": f"Fri, 31 Dec {'9' * 20} 23:59:59 GMT", "date": DATE}, 0.0),
        ({"retry-after": f"Fri, 31 Dec 2026 {'9' * 20}:59:59 GMT", "date": DATE}, 0.0),
        ({"retry-after": f"Fri, 31 Dec 2026 23:59:59 +{'9' * 14}", "date": DATE}, 0.0),
    ],
)
def test_how_long_a_vendor_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert Answer(429, "", headers).retry_after == seconds


NUMBER = st.one_of(
    st.integers(0, 60),
    st.integers(1970, 2040),
    st.integers(0, 10**25),
    st.text("9:-+ ", max_size=4),
)
ODD_DATE = st.builds(
    "Sat, {} Jan {} {}:{}:00 {}{}".format, *[NUMBER] * 4, st.sampled_from("+-"), NUMBER
)


@given(ODD_DATE)
@example("")
def test_nothing_that_a_vendor_may_ask_for_is_an_error(text: str) -> None:
    for headers in ({"retry-after": text, "date": DATE}, {"retry-after": DATE, "date": text}):
        assert 0.0 <= Answer(429, "", headers).retry_after < math.inf


@pytest.mark.parametrize(
    ("text", "headers", "expected"),
    [
        ("", {"cf-mitigated": "challenge"}, True),
        ("\n<!DOCTYPE html><html><head><title>Just a moment...</title>", {}, True),
        ("<html><title>The news of a moment</title>", {}, False),
        ("<rss><channel><title>Just a moment, says a chairman</title>", {}, False),
    ],
)
def test_a_challenge(text: str, headers: dict[str, str], expected: bool) -> None:
    assert Answer(403, text, headers).is_challenge == expected


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('{"a": [1, null]}', {"a": [1, None]}),
        ("Unauthenticated", None),
        ("", None),
        ("[" * 200_000, None),
        ("9" * 10_000, None),
    ],
)
def test_json_or_none(text: str, payload: object) -> None:
    assert Answer(200, text).payload == payload
