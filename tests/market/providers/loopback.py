"""Yahoo on this machine: a real HTTP server, and yfinance sent to it."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

PAYLOADS = Path(__file__).parents[2] / "payloads" / "yahoo"
UNKNOWN = (PAYLOADS / "chart_unknown_404.json").read_text()


def chart(sessions: Sequence[str], close: Sequence[float | None], **columns: object) -> str:
    """A chart of Yahoo's in JSON, opened at 9:30 in New York, every column as `close`."""
    opens = [pd.Timestamp(f"{day} 09:30", tz="America/New_York") for day in sessions]
    quote = {name: list(close) for name in ("open", "high", "low", "close", "volume")} | columns
    meta = {
        "currency": "USD",
        "symbol": "AAPL",
        "instrumentType": "EQUITY",
        "exchangeTimezoneName": "America/New_York",
        "validRanges": ["1d", "max"],
    }
    result = {
        "meta": meta,
        "timestamp": [int(moment.timestamp()) for moment in opens],
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": list(close)}]},
    }
    return json.dumps({"chart": {"result": [result], "error": None}})


def nobodys_url() -> str:
    """Of a port on which nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@dataclass
class Yahoo:
    """What the server answers, and what it was asked.

    Attributes
    ----------
    status, body
        Of every answer for a symbol in `known`; others aren't found.
    silent : bool
        Accept requests and never answer.
    """

    url: str = ""
    known: tuple[str, ...] = ("AAPL",)
    status: int = 200
    body: str = ""
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def answer(self, path: str) -> tuple[int, str]:
        """Status and body for the path of a request."""
        self.asked.append(path)
        symbol = unquote(urlsplit(path).path).rpartition("/")[2]
        return (self.status, self.body) if symbol in self.known else (404, UNKNOWN)


@contextmanager
def loopback_yahoo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Yahoo]:
    """Serve, with yfinance as new: no cookie, no cache, no answer remembered."""
    yahoo = Yahoo()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if yahoo.silent:
                yahoo.ended.wait()
                return
            status, body = yahoo.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def do_HEAD(self) -> None:
            yahoo.asked.append(f"HEAD {self.path}")
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  inherited
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        before = set(threading.enumerate())
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yahoo.url = f"http://127.0.0.1:{server.server_port}"
        send_yfinance_to(yahoo.url, monkeypatch)
        try:
            yield yahoo
        finally:
            yahoo.ended.set()
            server.shutdown()
            for late in set(threading.enumerate()) - before:
                late.join(timeout=5)


def send_yfinance_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request of yfinance goes to `url`, and nothing is left of those before."""
    import yfinance.base
    import yfinance.cache
    import yfinance.data
    import yfinance.scrapers.history
    import yfinance.scrapers.quote

    monkeypatch.setattr(yfinance.base, "_BASE_URL_", url)
    monkeypatch.setattr(yfinance.base, "_tz_info_fetch_ctr", 0)
    monkeypatch.setattr(yfinance.scrapers.history, "_BASE_URL_", url)
    monkeypatch.setattr(yfinance.scrapers.quote, "_QUOTE_SUMMARY_URL_", f"{url}/quoteSummary")
    monkeypatch.setattr(yfinance.scrapers.quote, "_QUERY1_URL_", url)
    monkeypatch.setattr(yfinance.cache._TzCacheManager, "_tz_cache", None)
    monkeypatch.setattr(yfinance.data.SingletonMeta, "_instances", {})
    no_crumb = (None, "basic")
    monkeypatch.setattr(yfinance.data.YfData, "_get_cookie_and_crumb", lambda *_, **__: no_crumb)
