"""No spelling of a key stays in a text."""

import logging
from urllib.parse import quote_plus

import pytest

from stockanalyst.infra.redaction import hide_from_logs, redacted

KEY = 'PLANTED/KEY+0"&é'
SPELLINGS = [
    KEY,
    KEY.lower(),
    "PLANTED%2FKEY%2B0%22%26%C3%A9",
    "planted%2fkey%2b0%22%26%c3%a9",
    "PLANTED/KEY%2B0%22%26%C3%A9",
    'PLANTED/KEY+0\\"&\\u00e9',
    'PLANTED\\/KEY+0\\"&\\u00e9',
    "PLANTED/KEY+0&quot;&amp;é",
    "PLANTED%252FKEY%252B0%2522%2526%25C3%25A9",
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=range(len(SPELLINGS)))
def test_every_spelling_is_taken_out(spelling: str) -> None:
    assert redacted(f"key={spelling}.", {KEY, "other"}) == "key=***."


def test_the_longer_of_two_keys_goes_whole() -> None:
    assert redacted("abcdef abc", ["abc", "abcdef"]) == "*** ***"
    assert redacted("nothing", []) == redacted("nothing", [""]) == "nothing"


@pytest.mark.parametrize("name", ["connection", "connectionpool", "util.retry"])
def test_records_of_urllib3_are_without_it(name: str, caplog: pytest.LogCaptureFixture) -> None:
    hide_from_logs(KEY)
    logger = logging.getLogger(f"urllib3.{name}")
    with caplog.at_level(logging.DEBUG):
        logger.debug("GET /?token=%s %d", quote_plus(KEY), 200)
        logger.warning("Failed", exc_info=ValueError(f"header: {KEY}"))
    assert caplog.messages == ["GET /?token=*** 200", "Failed"]
    assert "ValueError: header: ***" in caplog.text
    assert "PLANTED" not in caplog.text
