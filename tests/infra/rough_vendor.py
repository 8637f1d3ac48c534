"""A vendor on this machine with bad manners: what it does with a connection is up to the test."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

Act = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\n"


@dataclass
class RoughVendor:
    """What it does, and what it was asked.

    Attributes
    ----------
    acts : list of callable
        What it does with its connections, in turn; the last for ever.
    asked : list of str
        Head of every request.
    wrap : callable
        What it makes of a new connection, such as one by TLS.
    ended : Event
        Whether the test is over.
    """

    url: str
    acts: list[Act] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    wrap: Callable[[socket.socket], socket.socket] = lambda connection: connection
    ended: Event = field(default_factory=Event)

    def drip(self, before: bytes, drop: bytes, seconds: float = 0.02) -> Act:
        """Send `before`, and then a drop every so often for as long as somebody listens."""

        def act(connection: socket.socket) -> None:
            connection.sendall(before)
            while not self.ended.wait(seconds):
                connection.sendall(drop)

        return act


def says(*parts: bytes) -> Act:
    """Send this and close."""
    return lambda connection: connection.sendall(b"".join(parts))


def answers(body: bytes, head: bytes = b"") -> Act:
    """Send a whole answer and close."""
    return says(HEAD, head, b"Content-Length: %d\r\n\r\n" % len(body), body)


def resets(connection: socket.socket) -> None:
    """Break off with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def rough_vendor() -> Iterator[RoughVendor]:
    """Serve until the block ends."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), vendor.wrap(self.request) as connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (part := connection.recv(4096)):
                        return
                    head += part
                vendor.asked.append(head.decode("latin-1"))
                act = vendor.acts.pop(0) if len(vendor.acts) > 1 else vendor.acts[0]
                act(connection)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        vendor = RoughVendor(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vendor
        finally:
            vendor.ended.set()
            server.shutdown()
            thread.join()
