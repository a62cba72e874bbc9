"""What both simulators share over HTTP: start and stop, the books as JSON, what reached them, faults, a page for people."""

from __future__ import annotations

import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from stampli_assets.sandbox.x3.books import LISTS, X3Books
from stampli_assets.sandbox.x3.faults import KINDS, Fault, Faults
from stampli_assets.sandbox.x3.page import page
from stampli_assets.sandbox.x3.replies import MAINTENANCE, Call, Dropped, Reply, as_json, as_text

MOST_BYTES = 64 * 1024 * 1024
POLL_SECONDS = 0.02
"""How soon ``stop`` is heard."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class X3Simulator(ABC):
    """One API of a folder. ``masters`` seed its books (or ``books`` are shared); ``state`` is where they persist.

    ``latency_seconds`` is added to each request, ``create_seconds`` to each create of it.
    """

    kinds = KINDS
    api = "x3"

    def __init__(
        self,
        masters: dict[str, Any] | None = None,
        *,
        books: X3Books | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        now: Callable[[], datetime] = utc_now,
        latency_seconds: float = 0.0,
        create_seconds: float = 0.0,
    ) -> None:
        if (books is None) == (masters is None):
            raise ValueError("either masters or the books to share")
        self.books = books if books is not None else X3Books(masters or {}, state=state, now=now)
        self.faults = Faults(self.kinds)
        self.requests: list[dict[str, Any]] = []
        self._address = (host, port)
        self._pause = (latency_seconds, create_seconds)
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that it listens on; before it is started, the one that it was asked to take."""
        return int(self._server.server_address[1]) if self._server is not None else self._address[1]

    @property
    def base_url(self) -> str:
        """Scheme, host and port; the page for people is there."""
        return f"http://{self._address[0]}:{self.port}"

    @property
    @abstractmethod
    def url(self) -> str:
        """The API's address."""

    @abstractmethod
    def sort(self, call: Call) -> str:
        """``create``, ``read`` or ``token``; empty when the path is not of this API. Fills in ``named`` and ``creates``."""

    @abstractmethod
    def execute(self, call: Call, fault: Fault | None, late: str) -> Reply:
        """Carry the request out; ``late`` is when its creates can be read."""

    @abstractmethod
    def token_expired(self, call: Call) -> Reply:
        """401 for the fault of that name."""

    def start(self) -> None:
        """Serve in a thread; raises ``OSError`` when the port is taken."""
        simulator = self

        class Handler(_Handler):
            of = simulator

        self._server = _Server(self._address, Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name=f"sandbox-{self.api}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def told(self) -> dict[str, Any]:
        """What reached the API so far: each request, how many creates they asked for, how often tokens were asked for."""
        creates = sum(entry["creates"] for entry in self.requests)
        tokens = sum(entry["sort"] == "token" for entry in self.requests)
        return {"requests": self.requests, "creates": creates, "tokens": tokens}

    def change_master(self, name: str, key: str, given: dict[str, Any]) -> None:
        """A person changes a master record, or adds one; composite keys join with ``~``."""
        self.books.change_master(name, key, given)

    def change_rules(self, given: dict[str, Any]) -> None:
        """A person changes the company's parameters."""
        self.books.change_rules(given)

    def answer(self, call: Call) -> Reply:
        """The reply to a request of the API; raises :class:`Dropped`."""
        sort = self.sort(call)
        if not sort:
            return as_text("not here", 404)
        fault = self.faults.take(sort)
        call.fault = fault.kind if fault else ""
        entry = {
            "at": self.books.now().isoformat(), "method": call.method, "path": call.target, "sort": sort,
            "operations": call.named, "creates": call.creates, "fault": call.fault, "http": 0,
        }  # fmt: skip
        self.requests.append(entry)
        time.sleep(self._pause[0] + self._pause[1] * call.creates)
        reply = self.execute(call, None, "") if fault is None else self._on_a_bad_day(call, fault)
        entry["http"] = reply.status
        return reply

    def _on_a_bad_day(self, call: Call, fault: Fault) -> Reply:
        days: dict[str, Callable[[Call, Fault], Reply]] = {
            "rate_limit": _rate_limit,
            "unavailable_html": _maintenance,
            "internal_error": self._internal_error,
            "drop_before_commit": _drop,
            "drop_after_commit": self._drop_after,
            "slow": self._slow,
            "truncate": self._truncate,
            "token_expired": lambda call, _fault: self.token_expired(call),
            "late_commit": self._late,
        }
        return days.get(fault.kind, self._with_a_fault)(call, fault)

    def _with_a_fault(self, call: Call, fault: Fault) -> Reply:
        return self.execute(call, fault, "")

    def _internal_error(self, call: Call, fault: Fault) -> Reply:
        if fault.details.get("commit"):
            self.execute(call, None, "")
        return Reply(500, b"<html><body><h1>500 Internal Server Error</h1></body></html>", "text/html")

    def _drop_after(self, call: Call, fault: Fault) -> Reply:
        self.execute(call, fault, "")
        raise Dropped

    def _slow(self, call: Call, fault: Fault) -> Reply:
        time.sleep(float(fault.details.get("seconds", 1)))
        return self.execute(call, None, "")

    def _truncate(self, call: Call, fault: Fault) -> Reply:
        reply = self.execute(call, None, "")
        reply.content = reply.content[: int(fault.details.get("at", len(reply.content) // 2))]
        return reply

    def _late(self, call: Call, fault: Fault) -> Reply:
        visible = self.books.now() + timedelta(seconds=float(fault.details.get("seconds", 60)))
        self.execute(call, None, visible.isoformat())
        raise Dropped


def _rate_limit(_call: Call, fault: Fault) -> Reply:
    return Reply(
        429, b'{"message":"Too many requests"}', headers={"Retry-After": str(fault.details.get("retry_after", 1))}
    )


def _maintenance(_call: Call, fault: Fault) -> Reply:
    wait = fault.details.get("retry_after")
    return Reply(503, MAINTENANCE, "text/html", {"Retry-After": str(wait)} if wait is not None else {})


def _drop(_call: Call, _fault: Fault) -> Reply:
    raise Dropped


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    of: X3Simulator

    def do_GET(self) -> None:
        match self.path:
            case "/books":
                self._send(as_json(self.of.books.as_json()))
            case "/requests":
                self._send(as_json(self.of.told()))
            case "/":
                books, folder = self.of.books.as_json(), self.of.books.endpoint
                self._send(Reply(200, page(books, folder).encode(), "text/html; charset=utf-8"))
            case _:
                self._api(b"")

    def do_POST(self) -> None:
        body = self._body()
        if self.path.startswith("/masters/"):
            self._master(body)
        elif self.path == "/rules":
            self.of.change_rules(json.loads(body))
            self._send(as_json(self.of.books.rules))
        elif self.path == "/faults":
            told = json.loads(body)
            self.of.faults.queue(told.pop("kind"), **told)
            self._send(as_json({"queued": True}))
        else:
            self._api(body)

    def do_PUT(self) -> None:
        self._api(self._body())

    def do_DELETE(self) -> None:
        self._api(self._body())

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The folder's own clock tells the time."""
        return super().date_time_string(self.of.books.now().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Quiet: the requests are kept in the simulator."""

    def _body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))

    def _api(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        call = Call(self.command, unquote(parts.path), query, self.headers, body, self.path)
        try:
            self._send(self.of.answer(call))
        except Dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _master(self, body: bytes) -> None:
        _, _, name, key = unquote(self.path).split("/", 3)
        if name not in LISTS:
            self._send(as_text("no such list", 404))
            return
        form = "form-urlencoded" in (self.headers.get("Content-Type") or "")
        given = {k: v[0] for k, v in parse_qs(body.decode()).items()} if form else json.loads(body)
        self.of.change_master(name, key, given)
        row = self.of.books.masters[name][key]
        self._send(Reply(303, b"", "text/plain", {"Location": "/"}) if form else as_json(row))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)
