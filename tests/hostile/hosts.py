"""Real servers that mean no good: each takes a whole HTTP request and answers with what a script puts on the socket."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

MIB = 1 << 20
Script = Callable[[socket.socket], None]


class Host:
    """Answers the scripts in their order, the last one again and again; a request is read to its end before."""

    def __init__(self, *scripts: Script, certificate: Path | None = None) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate is not None else None
        if self._tls is not None:
            self._tls.load_cert_chain(certificate)
        self.asked: list[bytes] = []
        self._scripts = list(scripts)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http{'s' if self._tls is not None else ''}://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(taken,), daemon=True).start()

    def _talk(self, taken: socket.socket) -> None:
        with suppress(OSError), self._tls.wrap_socket(taken, server_side=True) if self._tls else taken as taken:
            for asked in _requests(taken):
                self.asked.append(asked)
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                script(taken)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _requests(taken: socket.socket) -> Iterator[bytes]:
    left = b""
    while True:
        while b"\r\n\r\n" not in left:
            some = taken.recv(65536)
            if not some:
                return
            left += some
        head, _, left = left.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(left) < length:
            left += taken.recv(65536)
        body, left = left[:length], left[length:]
        yield head + b"\r\n\r\n" + body


def says(body: bytes, status: str = "200 OK", *headers: str) -> Script:
    """A whole and decent answer."""
    return lambda to: to.sendall(_head(status, f"Content-Length: {len(body)}", *headers) + body)


def trickles(body: bytes, *, head: bool = False, length: bool = True, seconds: float = 6) -> Script:
    """The same answer, byte by byte; each comes long before any wait for a byte is over, all of them take ``seconds``."""

    def script(to: socket.socket) -> None:
        given = _head("200 OK", *([f"Content-Length: {len(body)}"] if length else ["Connection: close"]))
        slow = given + body if head else body
        if not head:
            to.sendall(given)
        for byte in slow:
            to.sendall(bytes([byte]))
            time.sleep(seconds / len(slow))
        if not length:
            to.shutdown(socket.SHUT_RDWR)

    return script


def continues(body: bytes, seconds: float = 6) -> Script:
    """``100 Continue`` again and again, then the answer."""

    def script(to: socket.socket) -> None:
        for _ in range(60):
            to.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(seconds / 60)
        says(body)(to)

    return script


def pours(megabytes: int, block: bytes = b" ", start: bytes = b"", end: bytes = b"") -> Script:
    """An answer of that size, made as it is sent."""
    whole = block * (MIB // len(block))

    def script(to: socket.socket) -> None:
        length = len(start) + megabytes * len(whole) + len(end)
        to.sendall(_head("200 OK", f"Content-Length: {length}") + start)
        for _ in range(megabytes):
            to.sendall(whole)
        to.sendall(end)

    return script


def bomb(megabytes: int) -> Script:
    """A small gzip that unpacks to that size."""
    packed = gzip.compress(bytes(MIB)) * megabytes  # members after one another are one stream
    return says(packed, "200 OK", "Content-Encoding: gzip")


def headers_without_end() -> Script:
    """A header that is a gigabyte long."""

    def script(to: socket.socket) -> None:
        to.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(1024):
            to.sendall(b"x" * MIB)

    return script


def redirects(to: str) -> Script:
    """To somebody else."""
    return says(b"", "307 Temporary Redirect", f"Location: {to}")


def relays(port: int) -> Script:
    """What a proxy does with ``CONNECT``: this machine's port, whatever was asked for."""

    def script(to: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as there:
            to.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=_copy, args=(there, to), daemon=True).start()
            _copy(to, there)

    return script


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while some := one.recv(65536):
            other.sendall(some)
        other.shutdown(socket.SHUT_WR)


def _head(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: text/xml", *headers, "", ""]).encode()
