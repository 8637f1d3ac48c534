"""A vendor on this machine that speaks HTTP over a socket, well or badly."""

import gzip
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from stockanalyst.infra.http import VendorClient

KEY = "PLANTED/KEY+0123"
QUOTED = "PLANTED%2FKEY%2B0123"

Talk = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Question:
    """A request that came in; `head` is all of it, header names in lower case."""

    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    head: str


@dataclass(repr=False)
class Vendor:
    """What it answers, and what it was asked.

    Attributes
    ----------
    answer : callable
        Of a question: the bytes of the answer, or who talks over the connection instead.
    ended : Event
        Set when the server goes.
    """

    url: str
    answer: Callable[[Question], bytes | Talk]
    asked: list[Question] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def say(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        """Answer every question with this."""
        self.answer = lambda _: reply(body, status, **headers)

    def serve(self, bodies: Mapping[str, str | bytes]) -> None:
        """Answer by the end of the path; what isn't there isn't found."""

        def answer(question: Question) -> bytes:
            ends = (body for end, body in bodies.items() if question.path.endswith(end))
            body = next(ends, None)
            return reply("", 404) if body is None else reply(body)

        self.answer = answer

    def wait(self, _: socket.socket) -> None:
        """Say nothing until the end."""
        self.ended.wait()

    @property
    def paths(self) -> list[str]:
        """Of the questions."""
        return [question.path for question in self.asked]


def client(
    source: str, timeout: float = 5.0, *, parameter: str = "", header: str = ""
) -> VendorClient:
    """A client with the planted key, if its vendor wants one, that doesn't wait between tries."""
    wanted = bool(parameter or header)
    return VendorClient(
        source=source,
        variable=f"STOCKANALYST_{source.upper()}_KEY" if wanted else "",
        key=SecretStr(KEY) if wanted else None,
        parameter=parameter,
        header=header,
        timeout=timeout,
        sleep=lambda _: None,
    )


def reply(body: str | bytes, status: int = 200, **headers: str) -> bytes:
    """An answer in HTTP; an underscore in a header's name is a dash."""
    content = body.encode() if isinstance(body, str) else body
    named = {"Content_Length": str(len(content)), "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode() + content


def cut_gzip(body: str) -> bytes:
    """An answer whose packed body lacks its second half."""
    packed = gzip.compress(body.encode())
    return reply(packed[: len(packed) // 2], Content_Encoding="gzip")


def gzip_bomb(size: int) -> bytes:
    """A small answer that unpacks to `size` bytes."""
    return reply(gzip.compress(bytes(size), compresslevel=1), Content_Encoding="gzip")


def endless(size: int) -> Talk:
    """Announce and send `size` bytes, or as many as are taken."""

    def talk(connection: socket.socket) -> None:
        head = reply("", Content_Length=str(size))
        connection.sendall(head)
        block = b"[" * 65_536
        for _ in range(size // len(block)):
            connection.sendall(block)

    return talk


def reset(connection: socket.socket) -> None:
    """Hang up rudely, in the midst of an answer."""
    connection.sendall(reply("x" * 100)[:-50])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def loopback() -> Iterator[Vendor]:
    """Serve until the block ends."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            lines = [self.rfile.readline(65_536).decode().strip()]
            while lines[-1]:
                lines.append(self.rfile.readline(65_536).decode().strip())
            if lines == [""]:
                return
            target = urlsplit(lines[0].split()[1])
            pairs = (line.partition(": ") for line in lines[1:-1])
            question = Question(
                path=target.path,
                parameters=dict(parse_qsl(target.query)),
                headers={name.lower(): value for name, _, value in pairs},
                head="\n".join(lines),
            )
            vendor.asked.append(question)
            said = vendor.answer(question)
            with suppress(OSError):  # who asked may not wait for the end
                self.connection.sendall(said) if isinstance(said, bytes) else said(self.connection)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        vendor = Vendor(f"http://127.0.0.1:{server.server_address[1]}", lambda _: reply("", 404))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vendor
        finally:
            vendor.ended.set()
            server.shutdown()
            thread.join()
