"""``stampli x3``: pair a cloud connection, and check that X3 publishes what the settings name."""

from __future__ import annotations

import base64
import json
import queue
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

import click

from stampli_assets.cli.say import ExitCode, json_option, result, say, settings_of
from stampli_assets.model.errors import Misconfigured, NeedsPerson, OutcomeUnknown
from stampli_assets.model.secret import Secret

if TYPE_CHECKING:
    from stampli_assets.sections.x3 import X3Cloud
    from stampli_assets.wiring_x3 import X3Office
    from stampli_assets.x3.pairing import Pairing
    from stampli_assets.x3.schema_check import Problem
    from stampli_assets.x3.tokens import TokenPair

HERE = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
REFRESH_DAYS = 30
"""How long a refresh token lives where it does not say so itself [D]."""
LOOK_SECONDS = 2.0
"""How long the browser may take to fetch its page after the pairing has ended."""
_ANSWERS = frozenset({"state", "error", "code", "authorizationCode", "authorization_code"})
_ARRIVED = "X3's answer has arrived. How the pairing ended is told where it was begun. You may close this page."
_WAITING = "A pairing with Sage X3 is waiting here for X3's answer."
_NOTHING = "There is nothing here. A pairing with Sage X3 is waiting for X3's answer, at another address."
_CODE_REFUSED = (
    "Pair again and accept at once: a code works once, for a minute. Compare redirect_uri with the registered one."
)
_NOT_UNDERSTOOD = "Pair again. If it lasts, compare token_path and body in the settings with the region's token API."
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@click.group("x3")
def command() -> None:
    """Sage X3: pair a cloud connection, and check that X3 publishes what the settings name."""


@command.command("pair")
@click.argument("connection")
@click.option("--no-browser", is_flag=True, help="Only print the address; open it yourself.")
@click.option(
    "--timeout", type=click.IntRange(1, 86_400), default=300, metavar="SECONDS", help="To wait; default: 300."
)
@click.pass_context
def pair(ctx: click.Context, connection: str, no_browser: bool, timeout: int) -> None:
    """Let this installation work in X3's cloud in the name of CONNECTION.

    Prints the address at which X3 asks a person, opens it in the browser, and waits on this machine's own address
    (redirect_uri) for the answer. A pairing takes the place of the former one. No token is ever shown.
    """
    import webbrowser

    from stampli_assets.x3.pairing import SCOPES, Pairing

    x3 = _x3(ctx.obj, connection)
    application, way = x3.application, _cloud(x3)
    pairing = Pairing(application, way.customer, way.redirect_uri, way.scope or SCOPES)
    _see_that_it_can_be_kept(x3)
    with _CallBack(way.redirect_uri) as listening:
        say("[bold]Open this address in a browser on this machine", f" and accept within {timeout} seconds:")
        click.echo(pairing.address)
        if not no_browser:
            threading.Thread(target=webbrowser.open, args=(pairing.address,), daemon=True).start()
        told = listening.answer(timeout)
        kept = _completed(x3, pairing, told)
    say("[green]Paired.[/] ", _as_whom(connection, way, kept.refresh, x3.clock.now()))


@command.command("check")
@click.argument("connection")
@json_option
@click.pass_context
def check(ctx: click.Context, connection: str, as_json: bool) -> None:
    """Sign in to X3 and compare what it publishes with what the settings of CONNECTION name.

    Reads the schema (GraphQL) or the prototypes (REST); nothing is written. What X3 calls otherwise is told, and the
    section `names` that mends it goes to stdout as YAML, ready to paste below `erp:`. Exit code 2 then.
    """
    from stampli_assets.defs.x3_checks import mended, missing, to_paste

    x3 = _x3(ctx.obj, connection)
    problems = missing(x3)
    names = mended(x3.erp.names, problems)
    if as_json:
        told = [{"setting": one.setting, "sentence": one.sentence, "line": one.line} for one in problems]
        result({"connection": connection, "api": x3.erp.api, "ok": not problems, "problems": told, "names": names})
    elif problems:
        _show(connection, problems, to_paste(names))
    else:
        say("[green]ok[/] ", f"{connection}: X3 publishes everything that the settings name ({x3.erp.endpoint}).")
    if problems:
        ctx.exit(ExitCode.WRONG_USE)


def _x3(settings_path: Path | None, name: str) -> X3Office:
    from stampli_assets.wiring import Offices

    office = Offices(settings_of(settings_path)).open(name)
    if office.x3 is None:
        raise Misconfigured(
            f"{name} is no connection to Sage X3 (kind: {office.connection.erp.kind}).",
            remedy="Name a connection whose erp.kind is x3.",
        )
    return office.x3


def _show(name: str, problems: Sequence[Problem], paste: str) -> None:
    say("[bold]", f"{name}: X3 does not publish what the settings name ({len(problems)}).")
    for one in problems:
        say(f"[bold yellow]{one.setting}:[/] ", one.sentence)
        if not one.line:
            say("  [green]→[/] ", "No line of the settings mends this: ask the X3 administrator.")
    if any(one.line for one in problems):
        choose = " Where … stands, nothing is near: choose one of the names above." if "…" in paste else ""
        say(
            "[bold]What to do:[/] ", f"Put this below erp: in the settings, in place of its names.{choose} Check again."
        )
        click.echo(paste, nl=False)


def _cloud(x3: X3Office) -> X3Cloud:
    way = x3.erp.sign_in
    assert way.way == "cloud", "no other way has an application"
    if not way.customer:
        raise Misconfigured(
            "erp.sign_in.customer is empty, so X3 would not know whose folder is meant.",
            remedy="Put the address of the customer's X3 there, such as https://x3.customer.example.",
        )
    return way


def _see_that_it_can_be_kept(x3: X3Office) -> None:
    """Before a person is asked: a code works once, and accepting ends the former pairing."""
    try:
        with x3.token_store.locked():
            x3.token_store.read()
    except OSError as error:
        raise Misconfigured(
            f"The X3 tokens could not be kept: {error.strerror or type(error).__name__}. X3 was not asked.",
            remedy="Let this user write to the folder of the tokens (erp.sign_in.token_file), then pair.",
            code="TOKEN_STORE",
        ) from None


def _completed(x3: X3Office, pairing: Pairing, told: Mapping[str, str]) -> TokenPair:
    """The pair, exchanged and kept. What no setting mends is no ``Misconfigured``."""
    try:
        return pairing.complete(told, x3.token_api, x3.token_store)
    except Misconfigured as refused:
        if "invalid_grant" in refused.sentence:
            raise NeedsPerson(refused.sentence, remedy=_CODE_REFUSED, code=refused.code) from None
        if refused.code == "PAIRING_STATE" or told.get("error"):
            raise NeedsPerson(refused.sentence, remedy=refused.remedy, code=refused.code) from None
        raise
    except OutcomeUnknown as odd:
        raise NeedsPerson(odd.sentence, remedy=_NOT_UNDERSTOOD, code=odd.code) from None


def _as_whom(name: str, way: X3Cloud, refresh: Secret, now: datetime) -> str:
    claims = _claims(refresh)
    subject = str(claims.get("sub") or "")
    user = f" as {subject}" if subject not in {"", way.customer, way.client_id} else ""
    try:
        until = f"{datetime.fromtimestamp(claims['exp'], UTC):%Y-%m-%d %H:%M} UTC"
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        until = f"about {now + timedelta(days=REFRESH_DAYS):%Y-%m-%d}, as Sage states"
    return (
        f"{name}: the application {way.client_id} works in {way.customer}{user}. Its refresh token lives until {until}; "
        "every renewal begins that time anew. Unused until then, it must be paired again."
    )


def _claims(token: Secret) -> dict[str, Any]:
    """What a token says of itself, for a person to read: unverified, and empty where it is no JSON web token."""
    try:
        told = json.loads(base64.urlsafe_b64decode(token.reveal().split(".")[1] + "=="))
    except (ValueError, IndexError):
        return {}
    return told if isinstance(told, dict) else {}


class _CallBack(ThreadingHTTPServer):
    """Waits at ``redirect_uri`` for the first request that answers; in threads: browsers connect early and say nothing."""

    daemon_threads, block_on_close = True, False

    def __init__(self, redirect_uri: str) -> None:
        self.uri = redirect_uri
        host, port, self.path = _own_address(redirect_uri)
        self.address_family = HERE[host]
        self.told: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self.arrived, self.looked = threading.Event(), threading.Event()
        try:
            super().__init__(("127.0.0.1" if host == "localhost" else host, port), _Page)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise NeedsPerson(
                f"X3's answer cannot be waited for at {redirect_uri}: {why}. X3 was not asked.",
                remedy="End the other program (another `stampli x3 pair`?), or register a redirect address with another "
                "port and put it into the settings (erp.sign_in.redirect_uri).",
                code="PAIRING",
            ) from None

    def answer(self, timeout: int) -> dict[str, str]:
        """What X3 told the browser to bring."""
        try:
            return self.told.get(timeout=timeout)
        except queue.Empty:
            raise NeedsPerson(
                f"No answer of X3 came within {timeout} seconds. Nothing was changed.",
                remedy=f"Pair again. The browser must run on this machine, or {self.uri} must lead here (ssh -L); X3 says on "
                "its own page when client_id, redirect_uri or customer are not the registered ones.",
                code="PAIRING",
            ) from None

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is nobody's concern."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.arrived.is_set():
            self.looked.wait(LOOK_SECONDS)
        self.shutdown()
        self.server_close()


class _Page(BaseHTTPRequestHandler):
    """What the browser sees: never anything that it brought. Nothing is logged: the request line holds the code."""

    server: _CallBack
    server_version, sys_version, timeout = "stampli", "", 10

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        told = dict(parse_qsl(address.query))
        if address.path != self.server.path or not self._is_for_us():
            self._say(404, _NOTHING)
        elif _ANSWERS & told.keys():
            self.server.told.put(told)  # the first is taken
            self.server.arrived.set()
            self._say(303, _ARRIVED, {"Location": self.server.path})  # so that the code leaves the address bar
        elif self.server.arrived.is_set():
            self._say(200, _ARRIVED)
            self.server.looked.set()
        else:
            self._say(200, _WAITING)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Nowhere."""

    def _is_for_us(self) -> bool:
        """Addressed by this machine's own name: another name that leads here is somebody's trick."""
        try:
            return urlsplit(f"//{self.headers.get('Host', '')}").hostname in HERE
        except ValueError:
            return False

    def _say(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        page = f"<!doctype html><html lang=en><title>Stampli and Sage X3</title><p>{sentence}</p>".encode()
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Length": str(len(page)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)


def _own_address(uri: str) -> tuple[str, int, str]:
    """Host, port and path to listen at."""
    try:
        address = urlsplit(uri)
        host, port = address.hostname or "", address.port
    except ValueError:
        host, port = "", None
    if host not in HERE or not port or address.scheme != "http":
        raise Misconfigured(
            "erp.sign_in.redirect_uri is no address of this machine with a port.",
            remedy="Put http://127.0.0.1:8765/callback there, or another port, letter by letter as registered with X3.",
        )
    return host, port, address.path or "/"
