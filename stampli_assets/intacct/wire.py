"""One HTTP exchange with the gateway, and what its failure means: certainly not kept, or unknown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from stampli_assets.intacct.company import Company
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.model.ports import Clock

MOST_REPLY_BYTES = 64 * 1024 * 1024
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
    used_at: float


def plain_http() -> BaseAdapter:
    """How requests reach the gateway: nothing is repeated below us."""
    return HTTPAdapter(max_retries=0)


class Wire:
    """Keep-alive connections to the gateway, one for each thread; redirects and proxies of the environment are not used."""

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
        try:
            with line.session.post(
                endpoint,
                data=body,
                headers={"Content-Type": "application/xml"},
                timeout=(self._company.connect_seconds, self._company.reply_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = response.raw.read(MOST_REPLY_BYTES + 1, decode_content=True)
                expected = response.headers.get("Content-Length")
                cut = (
                    expected is not None and "Content-Encoding" not in response.headers and len(content) < int(expected)
                )
        except requests.exceptions.SSLError:
            raise _stranger(endpoint) from None
        except requests.RequestException as error:
            raise _meaning(error) from None
        except Exception as error:  # noqa: BLE001 - urllib3 raises its own family while a body is read
            raise OutcomeUnknown(f"The answer broke off ({type(error).__name__}).", code="REPLY_LOST") from None
        line.used_at = self._clock.now().timestamp()
        if len(content) > MOST_REPLY_BYTES or cut:
            raise OutcomeUnknown("The answer is cut off or far too large.", code="REPLY_SIZE")
        return self._judged(response, content)

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
            for scheme in ("https://", "http://"):
                session.mount(scheme, self._adapter())
            line = self._lines.line = _Line(session, now)
        return line


def _meaning(error: requests.RequestException) -> TurnedAway | OutcomeUnknown:
    """Only a connection that was never made is certain; everything later may have been executed."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TurnedAway("Intacct did not accept the connection in time")
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError):
        return TurnedAway("Intacct cannot be reached")
    if isinstance(error, requests.exceptions.Timeout):
        return OutcomeUnknown("Intacct did not answer in time.", code="REPLY_TIMEOUT")
    return OutcomeUnknown("The connection to Intacct was lost before an answer came.", code="REPLY_LOST")


def _stranger(endpoint: str) -> Misconfigured:
    return Misconfigured(
        f"The server at {endpoint} cannot prove that it is Intacct (its certificate is not valid here). Nothing was sent.",
        remedy="Check the endpoint; if a proxy stands between, its certificate authority must be trusted on this machine.",
        code="TLS",
    )


def _seconds(text: str | None) -> float:
    return min(int(text), 3600) if text and text.isdigit() else 0
