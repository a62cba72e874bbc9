"""The simulator over HTTP: the gateway, its books as JSON, its faults, and a page for people."""

from __future__ import annotations

import copy
import json
import random
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote

from lxml import etree

from stampli_assets.sandbox.intacct import ap_team, payments
from stampli_assets.sandbox.intacct.books import LISTS, Books
from stampli_assets.sandbox.intacct.envelope import Operation, Request, read_request
from stampli_assets.sandbox.intacct.faults import Fault, Faults
from stampli_assets.sandbox.intacct.functions import ROLLED_BACK, Clerk
from stampli_assets.sandbox.intacct.page import page
from stampli_assets.sandbox.intacct.replies import (
    ControlFailure,
    Done,
    FunctionResult,
    SignInFailure,
    answered,
    as_bytes,
    error_message,
    operation,
    refused,
    result,
)
from stampli_assets.sandbox.intacct.sessions import Desk, SignedIn

GATEWAY = "/ia/xml/xmlgw.phtml"
MOST_BYTES = 64 * 1024 * 1024


class Dropped(Exception):
    """The connection is closed without an answer."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class IntacctSimulator:
    """A company's gateway. ``masters`` seed its books; ``state`` is the folder where they persist.

    ``latency_seconds`` is added to each request, ``function_seconds`` to each function of it.
    """

    def __init__(
        self,
        masters: dict[str, Any],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        now: Callable[[], datetime] = utc_now,
        session_minutes: float = 50,
        latency_seconds: float = 0.0,
        function_seconds: float = 0.0,
    ) -> None:
        self.books = Books(masters, state=state, now=now)
        self.faults = Faults()
        self.requests: list[dict[str, Any]] = []
        self.desk = Desk(self.books, session_minutes=session_minutes)
        self._clerk = Clerk(self.books, self.desk, lambda: self.url)
        self._address = (host, port)
        self._pause = (latency_seconds, function_seconds)
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Where it listens; before it is started, where it was asked to."""
        port = self._server.server_address[1] if self._server is not None else self._address[1]
        return f"http://{self._address[0]}:{port}"

    @property
    def url(self) -> str:
        """The gateway's endpoint."""
        return self.base_url + GATEWAY

    def start(self) -> None:
        """Serve in a thread; raises ``OSError`` when the port is taken."""
        simulator = self

        class Handler(_Handler):
            of = simulator

        self._server = _Server(self._address, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="sandbox-intacct", daemon=True)
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

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        """HTTP status, content type and body for a request to the gateway; raises :class:`Dropped`."""
        try:
            request = read_request(body)
        except ControlFailure as failure:
            self._note([], 200, "")
            return 200, "text/xml", as_bytes(refused({}, failure.errors))
        names = [function.name for operation_ in request.operations for function in operation_.functions]
        fault = self.faults.take(names)
        self._note(names, 200, fault.kind if fault else "")
        if pause := self._pause[0] + self._pause[1] * len(names):
            time.sleep(pause)
        if fault is not None:
            return self._on_a_bad_day(request, fault)
        return 200, "text/xml", as_bytes(self._execute(request))

    def told(self) -> dict[str, Any]:
        """What reached the gateway so far."""
        creates = sum(entry["creates"] for entry in self.requests)
        sessions = sum(entry["functions"].count("getAPISession") for entry in self.requests)
        return {"requests": self.requests, "creates": creates, "sessions": sessions}

    def _note(self, names: list[str], http: int, fault: str) -> None:
        creates = sum(name.startswith("create") for name in names)
        at = self.books.now().isoformat()
        self.requests.append({"at": at, "functions": names, "creates": creates, "http": http, "fault": fault})

    def _execute(self, request: Request, *, late: str = "") -> etree._Element:
        with self.books.lock:
            try:
                self.desk.check_sender(request)
                operations = [self._operation(request, one, late) for one in request.operations]
            except ControlFailure as failure:
                return refused(request.told, failure.errors)
            return answered(request.told, operations)

    def _operation(self, request: Request, one: Operation, late: str) -> etree._Element:
        try:
            who = self.desk.sign_in(one, request.told["senderid"])
        except SignInFailure as failure:
            told = {"status": "failure", "userid": "", "companyid": ""}
            return operation(told, error_message(failure.errors))
        results = self._clerk.carry_out(request, one, who, late=late)
        return operation(self._authentication(who), *(result(of) for of in results))

    def _authentication(self, who: SignedIn) -> dict[str, str]:
        return {
            "status": "success",
            "userid": who.user,
            "companyid": str(self.books.company["company_id"]),
            "locationid": who.entity,
            "sessiontimestamp": self.books.now().isoformat(timespec="seconds"),
            "sessiontimeout": who.ends.isoformat(timespec="seconds"),
        }

    def _on_a_bad_day(self, request: Request, fault: Fault) -> tuple[int, str, bytes]:
        match fault.kind:
            case "rate_limit":
                errors = [("GW-0010", "API rate limit exceeded", "Try again later")]
                return 429, "text/xml", as_bytes(refused({}, errors))
            case "unavailable_html":
                return 503, "text/html", b"<html><body><h1>503 Service Unavailable</h1></body></html>"
            case "drop_before_commit":
                raise Dropped
            case "origin_timeout" | "internal_error":
                if fault.details.get("commit"):
                    self._execute(request)
                status = 524 if fault.kind == "origin_timeout" else 500
                return status, "text/html", b"<html><body>An error occurred</body></html>"
            case "slow":
                time.sleep(float(fault.details.get("seconds", 1)))
            case "session_expired":
                self.desk.end_all()
            case "late_commit":
                visible = self.books.now() + timedelta(seconds=float(fault.details.get("seconds", 60)))
                self._execute(request, late=visible.isoformat())
                raise Dropped
            case "abort":
                return 200, "text/xml", as_bytes(self._aborted(request))
        answer = self._execute(request)
        if fault.kind == "drop_after_commit":
            raise Dropped
        return 200, "text/xml", self._spoiled(answer, fault)

    def _spoiled(self, answer: etree._Element, fault: Fault) -> bytes:
        for one in answer.iterfind("operation"):
            results = one.findall("result")
            if fault.kind == "shuffle_results":
                for element_ in results:
                    one.remove(element_)
                random.Random(len(results)).shuffle(results)
                one.extend(results)
            if fault.kind == "double_result" and results:
                one.append(copy.deepcopy(results[0]))
            if fault.kind == "foreign_result" and results:
                foreign = copy.deepcopy(results[0])
                _set_text(foreign, "controlid", "somebody-elses")
                one.append(foreign)
            if fault.kind == "drop_result" and results:
                one.remove(results[int(fault.details.get("at", 0))])
        body = as_bytes(answer)
        if fault.kind == "truncate":
            return body[: int(fault.details.get("at", len(body) // 2))]
        return body

    def _aborted(self, request: Request) -> etree._Element:
        with self.books.lock:
            operations = []
            for one in request.operations:
                who = self.desk.sign_in(one)
                results = [
                    result(FunctionResult(f.name, f.control_id, "aborted", Done(), [ROLLED_BACK]))
                    for f in one.functions
                ]
                operations.append(operation(self._authentication(who), *results))
            return answered(request.told, operations)

    def change_master(self, name: str, key: str, given: dict[str, str]) -> None:
        """A person changes a master record, or adds one."""
        with self.books.lock:
            self.books.write({"kind": "master", "list": name, "id": key, "fields": {LISTS[name]: key, **given}})

    def change_rules(self, given: dict[str, Any]) -> None:
        """A person changes the company's rules."""
        with self.books.lock:
            self.books.write({"kind": "rules", "fields": given})


def _set_text(parent: etree._Element, tag: str, text: str) -> None:
    found = parent.find(tag)
    assert found is not None
    found.text = text


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    of: IntacctSimulator

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))
        if self.path == GATEWAY:
            self._gateway(body)
        elif self.path.startswith("/masters/"):
            self._master(body)
        elif self.path.startswith(("/release/", "/void/")):
            self._ap_team()
        elif self.path == "/rules":
            self.of.change_rules(json.loads(body))
            self._json(self.of.books.as_json()["rules"])
        elif self.path == "/faults":
            told = json.loads(body)
            self.of.faults.queue(told.pop("kind"), **told)
            self._json({"queued": True})
        else:
            self._send(404, "text/plain", b"not here")

    def do_GET(self) -> None:
        if self.path == "/books":
            self._json(self.of.books.as_json())
        elif self.path == "/requests":
            self._json(self.of.told())
        elif self.path == "/":
            self._send(
                200, "text/html", page(self.of.books.as_json(), str(self.of.books.company["company_id"])).encode()
            )
        else:
            self._send(404, "text/plain", b"not here")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the requests are kept in the simulator."""

    def _gateway(self, body: bytes) -> None:
        try:
            status, kind, content = self.of.answer(body)
        except Dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(status, f'{kind}; encoding="UTF-8"', content)

    def _master(self, body: bytes) -> None:
        _, _, name, key = unquote(self.path).split("/", 3)
        if name not in LISTS:
            self._send(404, "text/plain", b"no such list")
            return
        form = "form-urlencoded" in (self.headers.get("Content-Type") or "")
        given = {k: v[0] for k, v in parse_qs(body.decode()).items()} if form else json.loads(body)
        self.of.change_master(name, key, given)
        if form:
            self._back_to_the_page()
        else:
            self._json(self.of.books.masters[name][key])

    def _ap_team(self) -> None:
        _, what, record_no = self.path.split("/", 2)
        if what == "release":
            ap_team.release(self.of.books, record_no)
        elif record_no in self.of.books.payments:
            payments.void(self.of.books, record_no)
        self._back_to_the_page()

    def _back_to_the_page(self) -> None:
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, value: object) -> None:
        self._send(200, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
