"""``tests/payloads/tradestie`` is written by hand in the form of the vendor's."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stockanalyst.exceptions import PayloadError, SourceError
from stockanalyst.sentiment.articles import Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.tradestie import TradestieReddit
from tests.sentiment.sources.loopback import Vendor, client, loopback

PAYLOAD = Path(__file__).parents[2] / "payloads" / "tradestie" / "reddit_200.json"
NOW = datetime(2026, 1, 20, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        yield server


def fetch(vendor: Vendor, symbol: str = "AAPL", end: datetime = NOW) -> Findings:
    vendor.asked.clear()
    source = TradestieReddit(client("tradestie"), lambda: NOW, vendor.url)
    return source.fetch(Company(symbol), Window(end - timedelta(days=7), end))


def test_comments_are_attention_and_no_score(vendor: Vendor) -> None:
    vendor.say(PAYLOAD.read_text())
    assert fetch(vendor) == Findings(observations=(Observation("tradestie", NOW, None, 66),))
    (question,) = vendor.asked
    assert (question.path, question.parameters) == ("/reddit", {})


def test_a_share_that_few_talk_of_is_not_in_the_answer(vendor: Vendor) -> None:
    vendor.say(PAYLOAD.read_text())
    assert fetch(vendor, "IBM") == Findings()
    vendor.say("[]")
    assert fetch(vendor) == Findings()


@pytest.mark.parametrize(
    ("end", "date", "known"),
    [
        (datetime(2026, 1, 15, 12, tzinfo=UTC), "01-14-2026", datetime(2026, 1, 15, 6, tzinfo=UTC)),
        (datetime(2026, 1, 15, 6, tzinfo=UTC), "01-14-2026", datetime(2026, 1, 15, 6, tzinfo=UTC)),
        (datetime(2026, 1, 15, 3, tzinfo=UTC), "01-13-2026", datetime(2026, 1, 14, 6, tzinfo=UTC)),
    ],
)
def test_of_the_past_the_last_whole_day_counts(
    vendor: Vendor, end: datetime, date: str, known: datetime
) -> None:
    vendor.say(PAYLOAD.read_text())
    (observation,) = fetch(vendor, end=end).observations
    assert vendor.asked[0].parameters == {"date": date}
    assert observation.at == known <= end


def test_classes_of_shares_are_spelt_with_a_dot(vendor: Vendor) -> None:
    vendor.say(json.dumps([{"ticker": "BRK.B", "no_of_comments": 3, "sentiment_score": 0.9}]))
    (observation,) = fetch(vendor, "BRK-B").observations
    assert (observation.score, observation.volume) == (None, 3)


def test_a_bad_row_is_left_out_and_bad_rows_alone_are_an_error(vendor: Vendor) -> None:
    bad = [{"ticker": "AAPL", "no_of_comments": -1}, {"no_of_comments": 7}, None]
    vendor.say(json.dumps([*bad, {"ticker": "GME", "no_of_comments": 5}]))
    assert fetch(vendor) == Findings()
    vendor.say(json.dumps(bad))
    with pytest.raises(PayloadError, match="none of 3 is as documented"):
        fetch(vendor)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("{}", 200, "schema_changed"),
        ("Too Many Requests", 200, "rate_limited"),
        ("", 429, "rate_limited"),
        ("", 404, "http_error"),
        ("", 502, "down"),
    ],
)
def test_refusals(vendor: Vendor, body: str, status: int, kind: str) -> None:
    vendor.say(body, status)
    with pytest.raises(SourceError) as caught:
        fetch(vendor)
    assert caught.value.kind == kind
