"""StockGeist by HTTP and as a stream. Payloads: by hand, or rebuilt from its client of 2021."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from stockanalyst.exceptions import PayloadError, SourceError
from stockanalyst.sentiment.articles import Article, Company, Findings, Observation, Window
from stockanalyst.sentiment.sources.stockgeist import StockGeist
from tests.sentiment.sources.loopback import KEY, Talk, Vendor, client, loopback, reply

PAYLOADS = Path(__file__).parents[2] / "payloads" / "stockgeist"
APPLE = Company("AAPL", "Apple")
WINDOW = Window(datetime(2026, 1, 20, 15, tzinfo=UTC), datetime(2026, 1, 20, 17, tzinfo=UTC))
MESSAGES, ARTICLES = "/time-series/message-metrics", "/time-series/article-metrics"
NOTHING = '{"metadata": {"status": 200}, "body": []}'


def text(name: str) -> str:
    return (PAYLOADS / f"{name}_200.json").read_text()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        server.serve({MESSAGES: text("message_metrics"), ARTICLES: text("article_metrics")})
        yield server


def stockgeist(vendor: Vendor, timeout: float = 5.0) -> StockGeist:
    return StockGeist(client("stockgeist", timeout, parameter="token"), vendor.url)


def test_an_hour_of_messages_counts_when_it_is_over(vendor: Vendor) -> None:
    # (12 + 41 − 5 − 22) / (12 + 41 + 5 + 22); the hour from 16:00 has no messages.
    expected = Observation("stockgeist", datetime(2026, 1, 20, 16, tzinfo=UTC), 0.325, 135)
    assert stockgeist(vendor).fetch(APPLE, WINDOW).observations == (expected,)
    early = Window(WINDOW.start, datetime(2026, 1, 20, 15, 59, tzinfo=UTC))
    assert stockgeist(vendor).fetch(APPLE, early).observations == ()


def test_messages_of_2021(vendor: Vendor) -> None:
    vendor.serve({MESSAGES: text("message_metrics_2021"), ARTICLES: NOTHING})
    window = Window(datetime(2021, 6, 11, tzinfo=UTC), datetime(2021, 6, 12, tzinfo=UTC))
    [found] = stockgeist(vendor).fetch(APPLE, window).observations
    assert found.at == datetime(2021, 6, 11, 14, 20, tzinfo=UTC)
    assert found.score == pytest.approx((5 - 4) / (5 + 4))
    assert found.volume == 13


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"em_positive_count": 0, "em_negative_count": 0}, (None, 9)),
        ({"em_positive_count": 2, "em_negative_count": 0}, (1.0, 9)),
        ({"em_positive_count": 2}, (None, 9)),
    ],
)
def test_no_mood_is_not_a_neutral_one(
    vendor: Vendor, counts: dict[str, int], expected: tuple[float | None, int]
) -> None:
    hour = {"timestamp": "2026-01-20T15:00:00", "total_count": 9, **counts}
    hour |= {"inf_positive_count": 0, "inf_negative_count": 0}
    vendor.serve({MESSAGES: json.dumps({"body": [hour]}), ARTICLES: NOTHING})
    [found] = stockgeist(vendor).fetch(APPLE, WINDOW).observations
    assert (found.score, found.volume) == expected


def test_articles_of_an_hour(vendor: Vendor) -> None:
    first, second = stockgeist(vendor).fetch(APPLE, WINDOW).articles
    assert first == Article(
        source="stockgeist",
        title="Apple adds a factory",
        published_at=datetime(2026, 1, 20, 15, tzinfo=UTC),
        summary="The plant is to open in spring.",
        url="https://example.com/s/1",
    )
    assert (second.title, second.url) == (
        "Phones sell slowly in the north",
        "https://example.com/s/2",
    )


def test_lists_of_different_lengths_are_not_matched(vendor: Vendor) -> None:
    body = text("article_metrics").replace('"https://example.com/s/1",', "")
    vendor.serve({MESSAGES: NOTHING, ARTICLES: body})
    found = stockgeist(vendor).fetch(APPLE, WINDOW).articles
    assert [article.url for article in found] == ["", ""]


def test_what_is_asked_for(vendor: Vendor) -> None:
    vendor.say(NOTHING)
    assert stockgeist(vendor).fetch(APPLE, WINDOW) == Findings()
    every = {"symbol": "AAPL", "timeframe": "1h", "token": KEY}
    every |= {"start": "2026-01-20T14:00:00", "end": "2026-01-20T17:00:00"}
    moods = "inf_positive_count,em_positive_count,inf_negative_count,em_negative_count"
    assert [(question.path, question.parameters) for question in vendor.asked] == [
        (MESSAGES, every | {"filter": f"total_count,{moods}"}),
        (ARTICLES, every | {"filter": "titles,summaries,urls"}),
    ]


@pytest.mark.parametrize("name", ["status", "status_code"])
def test_a_refusal_in_the_metadata(vendor: Vendor, name: str) -> None:
    vendor.say(json.dumps({"metadata": {name: 401, "message": "Unauthorized"}, "body": None}))
    with pytest.raises(SourceError) as caught:
        stockgeist(vendor).fetch(APPLE, WINDOW)
    assert caught.value.kind == "auth"
    assert len(vendor.asked) == 1


def bucket(minute: int, positive: int, negative: int) -> str:
    counts = {"pos_total_count": positive, "neg_total_count": negative}
    start = f"2026-01-20T15:{minute:02}:00"
    return json.dumps({"timestamp": start, **counts, "total_count": positive + negative})


def events(*texts: str, then: Event | None = None, and_then: str = "") -> Talk:
    """A stream of server-sent events, in pieces; the last waits for `then`."""

    def talk(connection: socket.socket) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
        connection.sendall(f"{head}\r\n".encode())
        for said in texts:
            connection.sendall(said.encode())
        if then is not None:
            then.wait(5)
            connection.sendall(and_then.encode())

    return talk


def test_the_stream_is_heard_as_it_comes(vendor: Vendor) -> None:
    heard = Event()
    first, second = (f"data: {bucket(minute, 3, 1)}\n\n" for minute in (0, 5))
    vendor.answer = lambda _: events(": ping\n\n", first, then=heard, and_then=second)
    stream = stockgeist(vendor).stream(APPLE, seconds=5)
    at = datetime(2026, 1, 20, 15, 5, tzinfo=UTC)
    assert next(stream) == Observation("stockgeist", at, 0.5, 4)
    heard.set()  # only now does the vendor send the second
    assert next(stream).at == datetime(2026, 1, 20, 15, 10, tzinfo=UTC)
    assert next(stream, None) is None
    [question] = vendor.asked
    assert question.path == "/stock/us/stream/message-metrics"
    assert question.parameters == {"symbols": "AAPL", "timeframe": "5m", "token": KEY}
    assert question.headers["accept"] == "text/event-stream"


def test_a_silent_stream_ends_in_time(vendor: Vendor) -> None:
    vendor.answer = lambda _: events(f"data: {bucket(0, 1, 0)}\n\n", then=vendor.ended)
    assert len(list(stockgeist(vendor).stream(APPLE, seconds=0.2))) == 1


@pytest.mark.parametrize(
    "odd",
    [
        "data: {\n\n",
        "data: [1]\n\n",
        f"data: {'[' * 100_000}\n\n",
        "event: update\nid: 7\nretry: 100\n\n",
        'data: {"timestamp": "2026-01-20T15:00:00", "total_count": 0}\n\n',
        "\n\n\n",
        "data:\n" * 200_000 + "\n",
    ],
    ids=["no json", "a list", "nested", "no data", "no messages", "blank", "many lines"],
)
def test_what_is_no_bucket_is_passed_over(vendor: Vendor, odd: str) -> None:
    good = bucket(5, 1, 0)
    in_two_lines = f"data: {good[:-1]}\ndata:{good[-1]}\n\n"
    vendor.answer = lambda _: events(odd, in_two_lines)
    [found] = stockgeist(vendor).stream(APPLE, seconds=5)
    assert found.score == 1.0


def test_a_stream_of_nonsense(vendor: Vendor) -> None:
    vendor.answer = lambda _: events("data: hello\n\n" * 20)
    with pytest.raises(PayloadError, match="20 events in a row aren't as documented"):
        list(stockgeist(vendor).stream(APPLE, seconds=5))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "auth"), (402, "plan"), (429, "rate_limited"), (502, "down")]
)
def test_a_stream_that_is_refused(vendor: Vendor, status: int, kind: str) -> None:
    vendor.say(f"No {KEY}", status)
    with pytest.raises(SourceError) as caught:
        list(stockgeist(vendor).stream(APPLE, seconds=5))
    assert caught.value.kind == kind
    assert KEY not in str(caught.value)


def test_a_stream_that_breaks_off(vendor: Vendor) -> None:
    """What it said before is heard."""

    def talk(connection: socket.socket) -> None:
        event = f"data: {bucket(0, 1, 0)}\n\n"
        head = reply("", Content_Type="text/event-stream", Content_Length="999")
        connection.sendall(head + event.encode())

    vendor.answer = lambda _: talk
    stream = stockgeist(vendor).stream(APPLE, seconds=5)
    assert next(stream).score == 1.0
    with pytest.raises(SourceError, match="stockgeist: the connection broke off") as caught:
        next(stream)
    assert caught.value.kind == "down"


def test_a_page_is_no_stream(vendor: Vendor) -> None:
    vendor.say("<html>", Content_Type="text/html")
    with pytest.raises(PayloadError, match="its stream isn't one of events"):
        list(stockgeist(vendor).stream(APPLE, seconds=5))
