"""What an answer says besides its text."""

import pytest

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
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 GMT"}, 3600.0),
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 GMT", "date": "today"}, 3600.0),
        ({"retry-after": "soon", "date": DATE}, 3600.0),
        ({"retry-after": "-5", "date": DATE}, 3600.0),
        ({"retry-after": "Sat, 03 Jan 2026 10:01:30 -0000", "date": DATE}, 3600.0),
    ],
)
def test_how_long_a_vendor_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert Answer(429, "", headers).retry_after == seconds


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
