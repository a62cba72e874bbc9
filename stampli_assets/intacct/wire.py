"""One HTTP exchange with the gateway, and what its failure means: certainly not kept, or unknown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from stampli_assets.intacct.company import Company
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.model.ports import Clock
from stampli_assets.network.exchange import Severable, authority, is_refused_tunnel, is_stranger, within

MOST_REPLY_BYTES = 16 * 1024 * 1024
"""Of one answer, unpacked. The largest one asked for, 2000 records of each of a dozen objects, has about 7 MB."""
IDLE_SECONDS = 10
"""A pooled connection that was idle for longer is not used for a write: a server that closed it meanwhile cannot be told
from one that took the request and died."""


class TurnedAway(Exception):
    """Certain that nothing was executed: not connected, or asked to come back. ``after`` seconds, when told."""

    def __init__(self, why: str, after: float = 0) -> None:
        self.why = why
        self.after = after
        super().__init__(why)


@dataclass
class _Line:
    """One thread's keep-alive connection."""

    session: requests.Session
    adapter: BaseAdapter
    used_at: float


def plain_http() -> BaseAdapter:
    """How requests reach the gateway: nothing is repeated below us."""
    return Severable()


class Wire:
    """Keep-alive connections to the gateway, one for each thread; redirects and proxies of the environment are not used.

    An exchange as a whole ends within the company's ``reply_seconds``, however slowly the answer trickles.
    """

    def __init__(self, company: Company, clock: Clock, adapter: Callable[[], BaseAdapter] = plain_http) -> None:
        self._company = company
        self._clock = clock
        self._adapter = adapter
        self._lines = threading.local()

    def exchange(self, endpoint: str, body: bytes) -> tuple[int, bytes]:
        """Send a request and read the whole answer: HTTP status and body.

        Raises:
            TurnedAway: nothing was executed.
            Misconfigured: the server cannot prove who it is, or points elsewhere; nothing was executed.
            OutcomeUnknown: the request may have been executed.
        """
        line = self._line()
        with within(self._company.reply_seconds, line.adapter) as late:
            try:
                response, content = self._exchanged(line.session, endpoint, body)
            except OutcomeUnknown:
                if late():
                    raise _too_late(self._company.reply_seconds) from None
                raise
            if late():
                raise _too_late(self._company.reply_seconds)
        line.used_at = self._clock.now().timestamp()
        expected = response.headers.get("Content-Length", "")
        packed = "Content-Encoding" in response.headers
        cut = not packed and expected.isascii() and expected.isdigit() and len(content) < int(expected[:18])
        if len(content) > MOST_REPLY_BYTES or cut:
            raise OutcomeUnknown("The answer is cut off or far too large.", code="REPLY_SIZE")
        return self._judged(response, content)

    def _exchanged(self, session: requests.Session, endpoint: str, body: bytes) -> tuple[requests.Response, bytes]:
        try:
            with session.post(
                endpoint,
                data=body,
                headers={"Content-Type": "application/xml"},
                timeout=(self._company.connect_seconds, self._company.reply_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                return response, response.raw.read(MOST_REPLY_BYTES + 1, decode_content=True)
        except requests.RequestException as error:
            raise _meaning(error, endpoint) from None
        except Exception as error:  # noqa: BLE001 - urllib3 raises its own family while a body is read
            raise OutcomeUnknown(f"The answer broke off ({type(error).__name__}).", code="REPLY_LOST") from None

    def _judged(self, response: requests.Response, content: bytes) -> tuple[int, bytes]:
        status = response.status_code
        if status == requests.codes.too_many_requests:
            raise TurnedAway(
                "Intacct limits the rate of requests (HTTP 429)", _seconds(response.headers.get("Retry-After"))
            )
        if 300 <= status < 400:
            raise Misconfigured(
                f"The Intacct endpoint redirects elsewhere (HTTP {status}); redirects are not followed.",
                remedy="Put the final address into the settings.",
                code="REDIRECT",
            )
        if status >= 500:
            raise OutcomeUnknown(f"Intacct answered HTTP {status}.", code="HTTP_5XX")
        return status, content

    def _line(self) -> _Line:
        now = self._clock.now().timestamp()
        line: _Line | None = getattr(self._lines, "line", None)
        if line is None or now - line.used_at > IDLE_SECONDS:
            if line is not None:
                line.session.close()
            session = requests.Session()
            session.trust_env = False
            session.verify = authority(self._company.ca_file) or True
            if self._company.proxy:
                session.proxies = {"https": self._company.proxy}
            adapter = self._adapter()
            for scheme in ("https://", "http://"):
                session.mount(scheme, adapter)
            line = self._lines.line = _Line(session, adapter, now)
        return line


def _meaning(error: requests.RequestException, endpoint: str) -> TurnedAway | OutcomeUnknown | Misconfigured:
    """Only a connection that was never made is certain; everything later may have been executed.

    A failed TLS record after the request was sent is an ``SSLError`` too: only a certificate that was not accepted says
    that the request never left.
    """
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else None
    if isinstance(error, requests.exceptions.SSLError):
        if is_stranger(inner):
            return _stranger(endpoint)
        return OutcomeUnknown("The secured connection to Intacct broke.", code="REPLY_LOST")
    if isinstance(error, requests.exceptions.ProxyError) or is_refused_tunnel(error):
        return TurnedAway("The proxy does not let us through to Intacct")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TurnedAway("Intacct did not accept the connection in time")
    if isinstance(reason, NewConnectionError):
        return TurnedAway("Intacct cannot be reached")
    if isinstance(error, requests.exceptions.Timeout):
        return OutcomeUnknown("Intacct did not answer in time.", code="REPLY_TIMEOUT")
    return OutcomeUnknown("The connection to Intacct was lost before an answer came.", code="REPLY_LOST")


def _too_late(seconds: float) -> OutcomeUnknown:
    return OutcomeUnknown(f"Intacct did not answer in full within {seconds:.0f} seconds.", code="REPLY_TIMEOUT")


def _stranger(endpoint: str) -> Misconfigured:
    return Misconfigured(
        f"The server at {endpoint} cannot prove that it is Intacct (its certificate is not valid here). Nothing was sent.",
        remedy="Check the endpoint. If a proxy of your own opens TLS on the way, put the path of its certificate authority's "
        "PEM file into the settings (ca_file).",
        code="TLS",
    )


def _seconds(text: str | None) -> float:
    return min(int(text[:9]), 3600) if text and text.isascii() and text.isdigit() else 0
