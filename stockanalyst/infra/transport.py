"""One request by HTTP, bounded in time and in size; a fault is a value, without the URL in it."""

import re
import zlib
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.response import HTTPResponse

from stockanalyst.infra.answers import Answer, Fault, Request

_CHUNK = 16_384
_REDIRECTS = 3
_KEPT = 8  # idle connections; more threads than that open their own
_PLAIN, _GZIP = frozenset({"", "identity"}), frozenset({"gzip", "x-gzip"})
_LINE_END = re.compile(r"\r\n|\n|\r")
_BROKEN = Fault("the connection broke off", again=True)
_CUT_OFF = Fault("the answer broke off", again=True)
_NOT_GZIP = Fault("the answer can't be unpacked", again=True)
_UNASKED = Fault("the answer is packed in a way that wasn't asked for", payload=True)
_NO_CONNECTION = Fault("no connection", counted=False)
_NOT_TRUSTED = Fault(
    "no secure connection: its certificate or protocol isn't accepted", counted=False
)
_FAULTS = (requests.RequestException, HTTPError, OSError, ValueError, zlib.error)

T = TypeVar("T")


class Transport:
    """A session: connections are kept, cookies aren't, and certificates are checked."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=_KEPT))

    def fetch(self, request: Request, seconds: float, max_bytes: int) -> Answer | Fault:
        """The whole answer, within `seconds`, and `max_bytes` when unpacked."""
        watch = Watch(seconds)

        def read(response: requests.Response) -> Answer | Fault:
            with response:
                return _whole(response, max_bytes)

        try:
            return self._opened(request, watch, "gzip", read)
        finally:
            watch.stop()

    def lines(self, request: Request, seconds: float, max_bytes: int) -> "Lines | Fault":
        """The answer's lines as they come, for `seconds` and up to `max_bytes`."""
        watch = Watch(seconds)

        def read(response: requests.Response) -> Lines | Fault:
            if response.status_code == 200 and _packing(response) in _PLAIN:
                return Lines(_answer(response), _lines(response, watch, max_bytes))
            with response:
                whole = _UNASKED if response.status_code == 200 else _whole(response, max_bytes)
            watch.stop()
            return whole if isinstance(whole, Fault) else Lines(whole, iter(()))

        outcome = self._opened(request, watch, "identity", read)
        if isinstance(outcome, Fault):
            watch.stop()
        return outcome

    def _opened(
        self,
        request: Request,
        watch: "Watch",
        packing: str,
        read: Callable[[requests.Response], T],
    ) -> T | Fault:
        """What `read` makes of the response."""
        late = Fault(f"no answer within {watch.seconds:.3g} s")
        token = _WATCH.set(watch)
        try:
            outcome = read(self._response(request, watch.seconds, packing))
        except (requests.ReadTimeout, ReadTimeoutError):
            return late
        except _FAULTS as error:
            return late if watch.late else _fault(error)
        finally:
            _WATCH.reset(token)
        # A connection that was shut down may look like an answer that is at its end.
        return late if watch.late else outcome

    def _response(self, request: Request, seconds: float, packing: str) -> requests.Response:
        """The answer's head, after redirections."""
        url, parameters = request.url, request.parameters
        for left in reversed(range(_REDIRECTS + 1)):
            response = self._session.get(
                url,
                params=parameters,
                headers={**request.headers, "Accept-Encoding": packing},
                timeout=(seconds / 2, seconds),
                stream=True,
                allow_redirects=False,
            )
            target = self._target(response) if request.follows and left else ""
            if not target:
                break
            response.close()
            url, parameters = target, {}
        return response

    def _target(self, response: requests.Response) -> str:
        """Where it sends to, unless that is from HTTPS to something else."""
        location = self._session.get_redirect_target(response)
        target = urljoin(response.url, location) if location else ""
        allowed = {"https", urlsplit(response.url).scheme}
        return target if urlsplit(target).scheme in allowed else ""


class Lines(Iterator[str]):
    """Lines of an answer, as they come.

    Attributes
    ----------
    answer : Answer
        Its head; where its status isn't 200 also its text, and then there are no lines.
    fault : Fault or None
        Why they ended, where the connection broke off.
    """

    def __init__(self, answer: Answer, lines: Iterator[str]) -> None:
        self.answer = answer
        self.fault: Fault | None = None
        self._lines = lines

    def __next__(self) -> str:
        try:
            return next(self._lines)
        except _FAULTS:
            self.fault = _BROKEN
            raise StopIteration from None


class Watch:
    """Shuts a connection down when its time is over.

    A timeout of the socket bounds one read alone: a vendor that sends a byte a second, of its head
    or of its body, would never be late.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.late = False
        self._socket: socket | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def hold(self, connection: Any) -> None:
        """Cut this one, the connection's socket."""
        self._socket = connection if isinstance(connection, socket) else None
        if self.late:
            self._cut()

    def stop(self) -> None:
        """The answer is there."""
        self._timer.cancel()

    def _cut(self) -> None:
        self.late = True
        if self._socket is not None:
            with suppress(OSError):
                # Not by the method of an SSL socket, which takes the reader's own state away.
                socket.shutdown(self._socket, SHUT_RDWR)


_WATCH: ContextVar[Watch] = ContextVar("watch")


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
        _WATCH.get().hold(self.sock)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself
        _WATCH.get().hold(self.sock)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    """Of requests, with connections that are watched; one through a SOCKS proxy isn't."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is ProxyManager:
            manager.pool_classes_by_scheme = _POOLS
        return manager


def _answer(response: requests.Response, body: bytes = b"") -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, body.decode("utf-8-sig", "replace"), headers)


def _packing(response: requests.Response) -> str:
    return response.headers.get("Content-Encoding", "").strip().lower()


def _whole(response: requests.Response, max_bytes: int) -> Answer | Fault:
    packing = _packing(response)
    if packing not in _PLAIN | _GZIP:
        return _UNASKED
    gzip = _Gzip() if packing in _GZIP else None
    body, received = bytearray(), 0
    for chunk in response.raw.stream(_CHUNK, decode_content=False):
        received += len(chunk)
        body += gzip.unpacked(chunk, max_bytes + 1 - len(body)) if gzip else chunk
        if max(received, len(body)) > max_bytes:
            return Fault(f"the answer has more than {max_bytes:,} bytes", payload=True)
    return _answer(response, bytes(body)) if gzip is None or gzip.ended else _CUT_OFF


class _Gzip:
    """One member or several; whatever else follows the last is left out."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self.ended = True  # an empty body is whole

    def unpacked(self, chunk: bytes, limit: int) -> bytes:
        """At most `limit` bytes."""
        out = self._member.decompress(chunk, limit)
        while self._member.unused_data.startswith(b"\x1f\x8b") and len(out) < limit:
            rest, self._member = self._member.unused_data, zlib.decompressobj(wbits=31)
            out += self._member.decompress(rest, limit - len(out))
        self.ended = self._member.eof
        return out


def _lines(response: requests.Response, watch: Watch, max_bytes: int) -> Iterator[str]:
    """Every line that has an end."""
    decoder = getincrementaldecoder("utf-8-sig")("replace")
    left, rest, halved = max_bytes, "", False
    try:
        with response:
            while left > 0 and (chunk := response.raw.read1(_CHUNK, decode_content=False)):
                left -= len(chunk)
                if text := decoder.decode(chunk):
                    new = text.removeprefix("\n") if halved else text
                    halved = text.endswith("\r")  # a line feed may be the next chunk's first sign
                    first, *more = _LINE_END.split(new)
                    *lines, rest = rest + first, *more
                    yield from lines
    except _FAULTS as error:
        if not (watch.late or isinstance(error, ReadTimeoutError)):
            raise
    finally:
        watch.stop()


def _fault(error: Exception) -> Fault:
    """In words of our own: the library's hold the URL."""
    if isinstance(error, ValueError):
        return Fault(f"it can't be asked: {type(error).__name__}", counted=False)
    if isinstance(error, zlib.error):
        return _NOT_GZIP
    if isinstance(error, requests.exceptions.SSLError):
        return _NOT_TRUSTED
    cause = getattr(error.args[0], "reason", None) if error.args else None
    unreached = isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)
    return _NO_CONNECTION if unreached or isinstance(cause, NewConnectionError) else _BROKEN
