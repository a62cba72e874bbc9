"""One HTTP exchange with X3, and what its failure means: certainly not executed, or unknown.

``requests`` and not ``gql``'s transport: the transport reads the body for us, turns every failure into one of its own
exceptions and logs payloads, and so hides the one thing that matters here, whether the request may have been executed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.model.ports import Clock
from stampli_assets.network.exchange import Severable, authority, is_refused_tunnel, is_stranger, within
from stampli_assets.x3.folder import Folder

MOST_REPLY_BYTES = 16 * 1024 * 1024
"""Of one answer, unpacked; a folder's whole schema is the largest one asked for."""
IDLE_SECONDS = 10
"""A pooled connection that was idle for longer is not used for a write: a server that closed it meanwhile cannot be told
from one that took the request and died."""
LONGEST_WAIT_SECONDS = 3600


class TurnedAway(Exception):
    """Certain that nothing was executed: not connected, or asked to come back. ``after`` seconds, when told."""

    def __init__(self, why: str, after: float = 0, raw: str = "") -> None:
        self.why = why
        self.after = after
        self.raw = raw
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``authorization`` is added when it is sent and appears nowhere else."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``after`` is what ``Retry-After`` asks for, in seconds; ``date`` is the header."""

    status: int
    content: bytes = field(repr=False)
    content_type: str = ""
    after: float = 0
    date: str = ""

    @property
    def text(self) -> str:
        """The first words of the answer, for a person; markup and line breaks removed."""
        return readable(self.content[:4000].decode("utf-8", errors="replace"))


@dataclass
class _Line:
    """One keep-alive connection with its cookies: Syracuse's session, which holds a licence [D]."""

    session: requests.Session
    adapter: BaseAdapter
    used_at: float


def plain_http() -> BaseAdapter:
    """How requests reach X3: nothing is repeated below us."""
    return Severable()


class Wire:
    """Keep-alive connections to X3, as many as requests are under way at once; each is used by one thread at a time.

    They and their sessions outlive the threads: every new session would take another licence. Redirects and proxies of the
    environment are not used. An exchange as a whole ends within the folder's ``reply_seconds``, however slowly the answer
    trickles.
    """

    def __init__(self, folder: Folder, clock: Clock, adapter: Callable[[], BaseAdapter] = plain_http) -> None:
        self._folder = folder
        self._clock = clock
        self._adapter = adapter
        self._free: list[_Line] = []
        self._lock = threading.Lock()

    def exchange(self, request: Request, authorization: str = "") -> Answer:
        """Send a request and read the whole answer, whatever its status, except 3xx and 429.

        Raises:
            TurnedAway: nothing was executed.
            Misconfigured: the server cannot prove who it is, or points elsewhere; nothing was executed.
            OutcomeUnknown: the request may have been executed.
        """
        headers = {"Accept": "application/json", **request.headers}
        if authorization:
            headers["Authorization"] = authorization
        line = self._taken()
        try:
            response, content = self._in_time(line, request, headers)
        finally:
            line.used_at = self._clock.now().timestamp()
            with self._lock:
                self._free.append(line)
        if len(content) > MOST_REPLY_BYTES:
            raise OutcomeUnknown("The answer is far too large.", code="REPLY_SIZE")
        return _judged(response, without(content, authorization.partition(" ")[2]))

    def _in_time(self, line: _Line, request: Request, headers: Mapping[str, str]) -> tuple[requests.Response, bytes]:
        seconds = self._folder.reply_seconds
        with within(seconds, line.adapter) as late:
            try:
                answered = self._exchanged(line.session, request, headers)
            except OutcomeUnknown:
                if late():
                    raise _too_late(seconds) from None
                raise
            if late():
                line.session.close()
                raise _too_late(seconds)
            return answered

    def _exchanged(
        self, session: requests.Session, request: Request, headers: Mapping[str, str]
    ) -> tuple[requests.Response, bytes]:
        try:
            with session.request(
                request.method,
                request.url,
                data=request.body,
                headers=headers,
                timeout=(self._folder.connect_seconds, self._folder.reply_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                return response, response.raw.read(MOST_REPLY_BYTES + 1, decode_content=True)
        except requests.RequestException as error:
            session.close()
            raise _meaning(error, self._folder) from None
        except Exception as error:  # noqa: BLE001 - urllib3 raises its own family while a body is read
            session.close()
            raise OutcomeUnknown(f"The answer broke off ({type(error).__name__}).", code="REPLY_LOST") from None

    def _taken(self) -> _Line:
        """The connection that was used last, or a new one; one that was idle for long is made anew, its cookies kept."""
        now = self._clock.now().timestamp()
        with self._lock:
            line = self._free.pop() if self._free else None
        if line is not None and now - line.used_at <= IDLE_SECONDS:
            return line
        session = requests.Session()
        session.trust_env = False
        session.verify = authority(self._folder.ca_file) or True
        if self._folder.proxy:
            session.proxies = {"https": self._folder.proxy}
        adapter = self._adapter()
        for scheme in ("https://", "http://"):
            session.mount(scheme, adapter)
        if line is not None:
            session.cookies.update(line.session.cookies)
            line.session.close()
        return _Line(session, adapter, now)


def _judged(response: requests.Response, content: bytes) -> Answer:
    status = response.status_code
    after = _seconds(response.headers.get("Retry-After"))
    if status == requests.codes.too_many_requests:
        raise TurnedAway("X3 limits the rate of requests (HTTP 429)", after)
    if 300 <= status < 400:
        raise Misconfigured(
            f"The X3 address redirects elsewhere (HTTP {status}); redirects are not followed.",
            remedy="Put the final address into the settings.",
            code="REDIRECT",
        )
    told = response.headers
    return Answer(status, content, told.get("Content-Type", ""), after, told.get("Date", ""))


def _meaning(error: requests.RequestException, folder: Folder) -> TurnedAway | OutcomeUnknown | Misconfigured:
    """Only a connection that was never made is certain; everything later may have been executed.

    A failed TLS record after the request was sent is an ``SSLError`` too: only a certificate that was not accepted says
    that the request never left.
    """
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else None
    if isinstance(error, requests.exceptions.SSLError):
        if is_stranger(reason or inner):
            return _stranger(folder)
        return OutcomeUnknown("The secured connection to X3 broke.", code="REPLY_LOST")
    if isinstance(error, requests.exceptions.ProxyError) or is_refused_tunnel(error):
        return TurnedAway("The proxy does not let us through to X3")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TurnedAway("X3 did not accept the connection in time")
    if isinstance(reason, NewConnectionError):
        return TurnedAway("X3 cannot be reached")
    if isinstance(error, requests.exceptions.Timeout):
        return OutcomeUnknown("X3 did not answer in time.", code="REPLY_TIMEOUT")
    return OutcomeUnknown("The connection to X3 was lost before an answer came.", code="REPLY_LOST")


def _too_late(seconds: float) -> OutcomeUnknown:
    return OutcomeUnknown(f"X3 did not answer in full within {seconds:.0f} seconds.", code="REPLY_TIMEOUT")


def _stranger(folder: Folder) -> Misconfigured:
    return Misconfigured(
        f"The server at {folder.base_url} cannot prove that it is X3 (its certificate is not valid here). Nothing was "
        "sent.",
        remedy="Check the address. For a private certificate authority put the path of its PEM file into the settings "
        "(ca_file); a missing intermediate certificate belongs into that file too.",
        code="TLS",
    )


def without(content: bytes, secret: str) -> bytes:
    """An answer that does not repeat what was signed in with: error pages echo requests, and errors are shown."""
    return content.replace(secret.encode(), b"***") if secret else content


def readable(text: str, most: int = 300) -> str:
    """Text of an answer for a person: without tags, scripts and line breaks, cut at ``most`` characters."""
    plain: list[str] = []
    depth = 0
    for character in text:
        depth += (character == "<") - (character == ">" and depth > 0)
        if depth == 0:
            plain.append(" " if character == ">" else character)
    return " ".join("".join(plain).split())[:most]


def _seconds(text: str | None) -> float:
    return min(int(text[:9]), LONGEST_WAIT_SECONDS) if text and text.isascii() and text.isdigit() else 0
