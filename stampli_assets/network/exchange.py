"""HTTP connections with a deadline over the whole exchange.

The time-outs of ``requests`` bound each wait for a byte; a server that sends one byte a minute is never late by them. Here a
timer shuts the socket down when the exchange as a whole is late, be it in the TLS handshake, the headers or the body.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from stampli_assets.model.errors import Misconfigured


class Severable(HTTPAdapter):
    """Repeats nothing, and its connections can be cut from another thread. One exchange at a time."""

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._running: object = None
        self._late = False
        self._pools = _pools(self)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def watch(self, made: socket.socket) -> None:
        """A socket that this adapter works with; shut down at once when the exchange is late already."""
        with self._lock:
            self._sockets.add(made)
            if self._late:
                _shut(made)

    @contextmanager
    def exchange(self, seconds: float) -> Iterator[Callable[[], bool]]:
        """What happens inside is cut after ``seconds``; answers whether it was."""
        token = object()
        with self._lock:
            self._running, self._late = token, False
        timer = threading.Timer(seconds, self._cut, (token,))
        timer.daemon = True
        timer.start()
        try:
            yield lambda: self._late
        finally:
            timer.cancel()
            with self._lock:
                self._running = None

    def _cut(self, token: object) -> None:
        with self._lock:
            if self._running is token:
                self._late = True
                for made in list(self._sockets):
                    _shut(made)


@contextmanager
def within(seconds: float, adapter: BaseAdapter) -> Iterator[Callable[[], bool]]:
    """A deadline over the exchange that is made inside; answers whether it has passed. Others than ours have none."""
    if isinstance(adapter, Severable):
        with adapter.exchange(seconds) as late:
            yield late
    else:
        yield lambda: False


def is_stranger(error: object) -> bool:
    """Whether a certificate was not accepted: then the request never left. Any other broken TLS may come later."""
    seen: list[BaseException] = [error] if isinstance(error, BaseException) else []
    while seen:
        one = seen.pop()
        if isinstance(one, (ssl.SSLCertVerificationError, ssl.CertificateError)):
            return True
        inside = (*one.args, one.__cause__, getattr(one, "reason", None))
        seen += [inner for inner in inside if isinstance(inner, BaseException) and inner is not one]
    return False


def is_refused_tunnel(error: object) -> bool:
    """Whether a proxy would not connect us through: then the request never left."""
    return "Tunnel connection failed" in str(error)


def authority(path: str) -> str:
    """The file of a private certificate authority, when it is one: a wrong file must not look like a lost answer.

    Raises:
        Misconfigured: it is none.
    """
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:  # SSLError is one of them
            raise Misconfigured(
                f"The file of the certificate authority {path} cannot be used: {error.strerror or type(error).__name__}.",
                remedy="Put the path of a PEM file into the settings (ca_file).",
                code="TLS",
            ) from None
    return path


def _pools(adapter: Severable) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            assert self.sock is not None
            adapter.watch(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            """During the handshake the socket is watched by a twin: TLS takes the first one over."""
            twins: list[socket.socket] = []
            self._twins = twins
            try:
                super().connect()
            finally:
                for twin in twins:
                    twin.close()
            assert self.sock is not None
            adapter.watch(self.sock)

        def _new_conn(self) -> socket.socket:
            made = super()._new_conn()
            twin = made.dup()
            self._twins.append(twin)
            adapter.watch(twin)
            return made

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _shut(made: socket.socket) -> None:
    """Both ways, under the TLS layer: its own shutdown is not for other threads."""
    with suppress(OSError):
        socket.socket.shutdown(made, socket.SHUT_RDWR)
