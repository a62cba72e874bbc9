"""A real HTTP server that answers what a test says and remembers what it was asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Say:
    """One answer. ``declared`` is the Content-Length that it claims; ``chunked`` claims none."""

    status: int = 200
    content: bytes = b"{}"
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    hang_up: bool = False


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    port: int = 0


class Scripted:
    """Answers in the order given; the last answer is repeated."""

    def __init__(self, *answers: Say) -> None:
        self.answers = list(answers) or [Say()]
        self.asked: list[Asked] = []
        of = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                of.answer(self)

            def do_POST(self) -> None:
                of.answer(self)

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.asked.append(Asked(handler.command, handler.path, dict(handler.headers), body, handler.client_address[1]))
        say = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if say.hang_up:
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(say.status)
        handler.send_header("Content-Type", say.kind)
        handler.send_header("Content-Length", str(len(say.content) if say.declared is None else say.declared))
        for name, value in say.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(say.content)
        if say.declared is not None:
            handler.close_connection = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
