"""A vendor on this machine: a real HTTP server that answers what a test tells it to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

Reply = tuple[int, str] | tuple[int, str, dict[str, str]]


@dataclass
class Vendor:
    """What it answers, and what it was asked.

    Attributes
    ----------
    answer : callable
        Of path and parameters: status, body and maybe headers.
    asked : list
        Path and parameters of every request.
    """

    url: str
    answer: Callable[[str, Mapping[str, str]], Reply] = lambda *_: (404, "")
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def say(self, *replies: Reply) -> None:
        """Answer with these in turn, and with the last for ever."""
        left = list(replies)
        self.answer = lambda *_: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def loopback_vendor() -> Iterator[Vendor]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            parameters = dict(parse_qsl(parts.query))
            vendor.asked.append((parts.path, parameters))
            status, body, *headers = vendor.answer(parts.path, parameters)
            self.send_response(status)
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  inherited
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        vendor = Vendor(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vendor
        finally:
            server.shutdown()
            thread.join()
