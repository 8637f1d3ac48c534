"""One request by HTTP to vendors with bad manners: bounded in time and in size, whatever comes."""

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread, Timer
from typing import NoReturn

import pytest

from stockanalyst.infra.answers import Answer, Fault, Request
from stockanalyst.infra.transport import Lines, Transport
from tests.infra.rough_vendor import (
    HEAD,
    Act,
    RoughVendor,
    answers,
    resets,
    rough_vendor,
    says,
)
from tests.market.providers.loopback import nobodys_url

MAX = 1_000_000
GZIP = b"Content-Encoding: gzip\r\n"
PACKED = gzip.compress(b"whole")


@pytest.fixture
def vendor() -> Iterator[RoughVendor]:
    with rough_vendor() as server:
        yield server


def fetched(url: str, seconds: float = 5.0, *, follows: bool = False) -> Answer | Fault:
    return Transport().fetch(Request(url, {}, {}, follows), seconds, MAX)


def chunks(n_bytes: int) -> Act:
    """A body in chunks of 64 KiB that is made while it is sent."""
    chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"

    def act(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(n_bytes // 65_536):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")

    return act


def bomb(n_bytes: int) -> bytes:
    """So many zeros, packed."""
    packer = zlib.compressobj(wbits=31)
    parts = [packer.compress(bytes(65_536)) for _ in range(n_bytes // 65_536)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (answers("naïve \udcff".encode("utf-8", "surrogateescape")), "naïve �"),
        (answers(PACKED, GZIP), "whole"),
        (answers(PACKED + PACKED + b"\0\0", b"Content-Encoding: X-Gzip\r\n"), "wholewhole"),
        (answers(b"", GZIP), ""),
        (says(HEAD, b"\r\nuntil the end"), "until the end"),
        (answers(b"\xef\xbb\xbf{}"), "{}"),
        (says(HEAD, b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), "abc"),
    ],
    ids=range(7),
)
def test_a_whole_answer(vendor: RoughVendor, act: Act, text: str) -> None:
    vendor.acts = [act]
    answer = fetched(vendor.url)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.text) == (200, text)


BROKEN = Fault("the connection broke off", again=True)
UNPACKED = "the answer is packed in a way that wasn't asked for"


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (resets, BROKEN),
        (says(), BROKEN),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), BROKEN),
        (says(HEAD, b"Content-Length: 10\r\n\r\nabc"), BROKEN),
        (says(HEAD, b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc"), BROKEN),
        (says(HEAD, b"Transfer-Encoding: chunked\r\n\r\nwhat\r\nabc"), BROKEN),
        (answers(PACKED[:-9], GZIP), Fault("the answer broke off", again=True)),
        (answers(b"plain", GZIP), Fault("the answer can't be unpacked", again=True)),
        (answers(b"??", b"Content-Encoding: br\r\n"), Fault(UNPACKED, payload=True)),
    ],
    ids=range(9),
)
def test_an_answer_that_is_not_whole(vendor: RoughVendor, act: Act, fault: Fault) -> None:
    vendor.acts = [act]
    assert fetched(vendor.url) == fault


def test_no_connection(vendor: RoughVendor) -> None:
    assert fetched(nobodys_url()) == Fault("no connection", counted=False)
    assert fetched("http://[oops") == Fault("it can't be asked: InvalidURL", counted=False)


def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert fetched("http://vendor.invalid") == Fault("no connection", counted=False)


@pytest.fixture
def secure(vendor: RoughVendor, tmp_path: Path, missing: Callable[[str], NoReturn]) -> Path:
    """Let it speak TLS, with a certificate that nobody has signed; where that is."""
    if shutil.which("openssl") is None:
        missing("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=vendor -addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*words.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    vendor.wrap = lambda plain: context.wrap_socket(plain, server_side=True)
    vendor.url = vendor.url.replace("http:", "https:")
    return certificate


def test_a_certificate_is_checked(
    vendor: RoughVendor, secure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.acts = [answers(b"secret")]
    reason = "no secure connection: its certificate or protocol isn't accepted"
    assert fetched(vendor.url) == Fault(reason, counted=False)
    assert vendor.asked == []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure))
    assert isinstance(fetched(vendor.url), Answer)
    vendor.acts = [vendor.drip(HEAD + b"\r\n", b".")]
    assert fetched(vendor.url, 0.4) == Fault("no answer within 0.4 s")


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"", b"H"),
        (HEAD, b"X-Drop: 1\r\n"),
        (HEAD + b"\r\n", b"."),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        (HEAD + GZIP + b"\r\n" + PACKED[:12], PACKED[12:13]),
        (HEAD + b"Content-Length: 5\r\n\r\n", b""),
    ],
    ids=["status", "headers", "body", "chunks", "chunk size", "gzip", "silence"],
)
def test_a_slow_vendor_is_cut_off_wherever_it_is_slow(
    vendor: RoughVendor, before: bytes, drop: bytes
) -> None:
    vendor.acts = [vendor.drip(before, drop)]
    assert fetched(vendor.url, 0.3) == Fault("no answer within 0.3 s")  # the drip never ends


@pytest.mark.parametrize(
    "act",
    [
        chunks(100_000_000),
        answers(bomb(100_000_000), GZIP),
        answers(bomb(0) * 60_000, GZIP),
        says(HEAD, GZIP, b"\r\n", PACKED, bytes(2 * MAX)),
        says(HEAD, b"Content-Length: 100000000\r\n\r\n", bytes(2 * MAX)),
    ],
    ids=["chunks", "bomb", "empty members", "after gzip", "announced"],
)
def test_a_large_body_is_left_before_it_fills_memory(vendor: RoughVendor, act: Act) -> None:
    vendor.acts = [act]
    fetched(vendor.url)  # imports and buffers, which aren't the body's
    tracemalloc.start()
    try:
        fault = fetched(vendor.url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fault == Fault("the answer has more than 1,000,000 bytes", payload=True)
    assert peak < 10 * MAX


def test_redirections_are_followed_where_they_may_be(vendor: RoughVendor) -> None:
    moved = b"HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nLocation: /new?b=%s\r\n\r\n"
    vendor.acts = [says(moved % b"1"), says(moved % b"2"), answers(b"here")]
    answer = fetched(vendor.url, follows=True)
    assert isinstance(answer, Answer)
    assert answer.text == "here"
    assert [head.split(" ")[1] for head in vendor.asked] == ["/", "/new?b=1", "/new?b=2"]
    assert not any("Cookie" in head for head in vendor.asked)


@pytest.mark.parametrize(
    ("location", "follows", "times"),
    [("/for/ever", True, 4), ("/", False, 1), ("file:///etc/hosts", True, 1), ("", True, 1)],
)
def test_redirections_that_are_not_followed(
    vendor: RoughVendor, location: str, follows: bool, times: int
) -> None:
    vendor.acts = [says(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode())]
    answer = fetched(vendor.url, follows=follows)
    assert isinstance(answer, Answer)
    assert answer.status == 302
    assert len(vendor.asked) == times


def test_a_connection_is_used_again_and_by_many_threads(vendor: RoughVendor) -> None:
    """Each of its connections answers whatever comes, under the connection's own number."""
    numbers = iter(range(100))

    def act(connection: socket.socket) -> None:
        body = b"%d" % next(numbers)
        answer = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
        connection.sendall(answer)
        while connection.recv(4096):
            connection.sendall(answer)

    vendor.acts = [act]
    transport, request = Transport(), Request(vendor.url, {}, {})
    texts: list[str] = []
    together = Barrier(4)

    def ask() -> None:
        together.wait()
        for _ in range(25):
            answer = transport.fetch(request, 5.0, MAX)
            assert isinstance(answer, Answer)
            texts.append(answer.text)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 100
    assert set(texts) <= {"0", "1", "2", "3"}


def test_no_thread_is_left_behind(vendor: RoughVendor) -> None:
    vendor.acts = [says(HEAD, b"\r\n.")]
    before = set(threading.enumerate())
    fetched(vendor.url, 30.0)
    fetched(nobodys_url(), 30.0)
    watches = [one for one in set(threading.enumerate()) - before if isinstance(one, Timer)]
    for watch in watches:
        watch.join(timeout=5.0)
    assert not any(watch.is_alive() for watch in watches)


def streamed(url: str, seconds: float) -> Lines:
    lines = Transport().lines(Request(url, {}, {}), seconds, MAX)
    assert isinstance(lines, Lines)
    return lines


def test_lines_as_they_come(vendor: RoughVendor) -> None:
    """The vendor waits for the reader before it goes on."""
    read = threading.Event()

    def act(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in ("data: na\xefve\r\n\r\nid: ", "7\rlast\u2028one\nnever ended"):
            body = part.encode()
            connection.sendall(b"%x\r\n" % len(body) + body + b"\r\n")
            read.wait(5.0)
        connection.sendall(b"0\r\n\r\n")

    vendor.acts = [act]
    lines = streamed(vendor.url, 5.0)
    assert [next(lines), next(lines)] == ["data: naïve", ""]
    read.set()
    assert list(lines) == ["id: 7", "last\u2028one"]
    assert "Accept-Encoding: identity" in vendor.asked[0]


def test_an_endless_stream_ends_in_time_and_in_size(vendor: RoughVendor) -> None:
    vendor.acts = [vendor.drip(HEAD + b"\r\n", b"data: 1\n")]
    lines = streamed(vendor.url, 0.5)
    assert set(lines) == {"data: 1"}
    assert lines.fault is None
    vendor.acts = [vendor.drip(HEAD + b"\r\n", b"1234567\n" * 50_000, 0.0)]
    assert 125_000 <= len(list(streamed(vendor.url, 5.0))) <= 127_100
    vendor.acts = [vendor.drip(b"", b"")]
    assert Transport().lines(Request(vendor.url, {}, {}), 0.3, MAX) == Fault(
        "no answer within 0.3 s"
    )


def test_a_stream_that_is_refused_has_a_text_and_no_lines(vendor: RoughVendor) -> None:
    vendor.acts = [says(b"HTTP/1.1 401 Unauthorized\r\n\r\nno\nkey")]
    lines = streamed(vendor.url, 5.0)
    assert (lines.answer.status, lines.answer.text, list(lines)) == (401, "no\nkey", [])


def test_a_packed_stream_is_not_an_empty_one(vendor: RoughVendor) -> None:
    vendor.acts = [answers(PACKED, GZIP)]
    assert Transport().lines(Request(vendor.url, {}, {}), 5.0, MAX) == Fault(UNPACKED, payload=True)


@pytest.mark.parametrize(
    "act",
    [
        says(HEAD, b"Content-Length: 99\r\n\r\none\ntwo\nthr"),
        says(HEAD, b"Transfer-Encoding: chunked\r\n\r\n8\r\none\ntwo\n\r\n5\r\nth"),
    ],
    ids=["length", "chunk"],
)
def test_a_stream_that_breaks_off_keeps_its_lines(vendor: RoughVendor, act: Act) -> None:
    vendor.acts = [act]
    lines = streamed(vendor.url, 5.0)
    assert list(lines) == ["one", "two"]
    assert lines.fault == BROKEN


def test_a_line_end_in_two_packets_is_one(vendor: RoughVendor) -> None:
    """The vendor waits for the reader, so that each part is a packet of its own."""
    read = threading.Semaphore(0)

    def act(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\n")
        for part in (b"\xef\xbb\xbfa\r", b"\nb\r", b"c\n\xc3", b"\xa9\r", b"\n", b"\nd\r"):
            connection.sendall(part)
            read.acquire(timeout=5.0)

    vendor.acts = [act]
    lines = streamed(vendor.url, 5.0)
    found = []
    for line in lines:
        found.append(line)
        read.release(2 if line == "c" else 1)
    assert found == ["a", "b", "c", "é", "", "d"]
    assert lines.fault is None
