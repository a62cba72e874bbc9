"""The gateway: signed in once, every reply read at every level, repeated only where nothing can have been executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from xml.sax.saxutils import escape

from requests.adapters import BaseAdapter

from stampli_assets.intacct.company import Company
from stampli_assets.intacct.envelope import Function, request
from stampli_assets.intacct.errors import is_transient
from stampli_assets.intacct.replies import Reply, Result, read_reply
from stampli_assets.intacct.session import UNTOLD_LIFE, Session, Sessions, shared_sessions
from stampli_assets.intacct.wire import TurnedAway, Wire, plain_http
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient
from stampli_assets.model.ports import Clock

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 20.0
Answer = TypeVar("Answer")
_QUOTES = {'"': "&quot;", "'": "&apos;"}


@dataclass
class Gateway:
    """Calls functions of one company. Safe for several threads; ``jitter`` answers a number from 0 to 1.

    ``adapter`` makes what carries the requests; tests bring one that reaches a simulator without a socket.
    """

    company: Company
    clock: Clock
    jitter: Callable[[], float]
    sessions: Sessions | None = None
    adapter: Callable[[], BaseAdapter] = plain_http

    def __post_init__(self) -> None:
        self._wire = Wire(self.company, self.clock, self.adapter)
        self._sessions = self.sessions or shared_sessions()

    def write(self, functions: Sequence[Function]) -> Mapping[str, list[Result]]:
        """Call functions that change the books, in one request; results by control id.

        Raises:
            Transient: certain that nothing was executed, after the backoff is spent.
            Misconfigured: the request or the sign-in was refused as a whole; nothing was executed.
            OutcomeUnknown: the request may have been executed.
        """
        return _by_control_id(self._patiently(lambda: self._call(functions, unique=True)))

    def read(self, functions: Sequence[Function]) -> Mapping[str, list[Result]]:
        """Call functions that read, repeated within the backoff however they fail; results by control id.

        Raises:
            Transient: Intacct did not answer usefully within the backoff.
            Misconfigured: the request or the sign-in was refused.
        """

        def once() -> Sequence[Result]:
            try:
                return self._call(functions, unique=False)
            except OutcomeUnknown as lost:
                raise TurnedAway(lost.sentence.rstrip(".")) from None

        return _by_control_id(self._patiently(once))

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        """Repeat what was turned away, at doubling pauses with jitter, until the deadline."""
        until = self.clock.now().timestamp() + self.company.backoff_deadline_seconds
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return call()
            except TurnedAway as away:
                wait = max(away.after, pause * (0.5 + self.jitter() / 2))
                if self.clock.now().timestamp() + wait > until:
                    tried = (
                        f"; tried for {seconds:.0f} seconds"
                        if (seconds := self.company.backoff_deadline_seconds)
                        else ""
                    )
                    raise Transient(
                        f"{away.why}{tried}.",
                        remedy="Nothing was kept. It is tried again; if it lasts, look at Sage Intacct's status page.",
                        code="ERP_AWAY",
                    ) from None
                self.clock.sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _call(self, functions: Sequence[Function], *, unique: bool) -> Sequence[Result]:
        """One request under the company's session; once more under a new one when the session had ended."""
        session = self._sessions.current(self.company, self.clock, self.signed_in)
        reply = self._exchange(session.endpoint, functions, session_id=session.id, unique=unique)
        if reply.sign_in != "success" and not reply.results:
            session = self._sessions.renewed(session, self.company, self.signed_in)
            reply = self._exchange(session.endpoint, functions, session_id=session.id, unique=unique)
            if reply.sign_in != "success":
                raise _refused_sign_in(self.company, reply)
        self._sessions.prolong(session, self.company, self.clock)
        if not reply.results:
            raise OutcomeUnknown("Intacct answered without any result.", code="NO_RESULT")
        return reply.results

    def _exchange(self, endpoint: str, functions: Sequence[Function], *, session_id: str | None, unique: bool) -> Reply:
        status, content = self._wire.exchange(
            endpoint, request(self.company, functions, session_id=session_id, unique=unique)
        )
        content = _without_secrets(content, self.company, session_id)
        try:
            reply = read_reply(content)
        except OutcomeUnknown:
            if 400 <= status < 500:
                raise _refused_request(f"HTTP {status}") from None
            raise
        if reply.control not in {"success", "failure"} and not 400 <= status < 500:
            raise OutcomeUnknown("Intacct's answer does not say whether the request was taken.", code="REPLY_SHAPE")
        if reply.control != "success":
            if is_transient(reply.errors):
                raise TurnedAway("Intacct asks to come back later")
            raise _refused_request("; ".join(f"{error.number} {error.text}".strip() for error in reply.errors))
        if not _is_ours(reply.company, self.company.company_id):
            raise OutcomeUnknown(
                f"Intacct answered for another company ({reply.company[:40]!r}).", code="REPLY_COMPANY"
            )
        if reply.sign_in != "success" and is_transient(reply.errors):
            raise TurnedAway("Intacct asks to come back later")
        return reply

    def signed_in(self) -> Session:
        """A new session, asked for once.

        Raises:
            TurnedAway: Intacct did not answer usefully.
            Misconfigured: the sender (code ``ERP_GATEWAY``) or the company, user and entity (``ERP_SIGN_IN``) are refused.
        """
        from lxml import etree

        call = Function("sign-in", etree.Element("getAPISession"))
        try:
            reply = self._exchange(self.company.endpoint, [call], session_id=None, unique=False)
        except OutcomeUnknown as lost:  # a sign-in changes nothing, and what it was for was not sent yet
            raise TurnedAway(lost.sentence.rstrip(".")) from None
        results = [result for result in reply.results if result.control_id == "sign-in" and result.succeeded]
        data = results[0].data if len(results) == 1 else None
        session_id = (data.findtext("api/sessionid") or "").strip() if data is not None else ""
        if reply.sign_in != "success" or data is None or not session_id:
            raise _refused_sign_in(self.company, reply)
        endpoint = self.company.trusted_endpoint((data.findtext("api/endpoint") or "").strip())
        life = reply.session_life or UNTOLD_LIFE
        return Session(session_id, endpoint, life, self.clock.now() + life, reply.at, reply.entity)


def _is_ours(answered: str, company_id: str) -> bool:
    """A failed sign-in names no company; an entity or a console may stand beside it: ``company|entity``."""
    theirs, ours = ({part.strip().casefold() for part in text.split("|")} for text in (answered, company_id))
    return not answered or bool(theirs & ours)


def _without_secrets(content: bytes, company: Company, session_id: str | None) -> bytes:
    """A reply that repeats our request must not carry its secrets into a sentence, and so into a log."""
    for secret in (company.sender_password.reveal(), company.user_password.reveal(), session_id or ""):
        for spelled in {secret, escape(secret), escape(escape(secret)), escape(secret, _QUOTES)} - {""}:
            content = content.replace(spelled.encode(), b"***")
    return content


def _by_control_id(results: Sequence[Result]) -> Mapping[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.control_id, []).append(result)
    return found


def _refused_sign_in(company: Company, reply: Reply) -> Misconfigured:
    errors = [*reply.errors, *(error for result in reply.results for error in result.errors)]
    said = "; ".join(f"{error.number} {error.text}".strip() for error in errors) or "no reason given"
    entity = f", entity {company.entity_id}" if company.entity_id else ""
    return Misconfigured(
        f"Intacct refuses the sign-in of {company.user_id} to company {company.company_id}{entity}: {said}.",
        remedy="Check company, user, password and entity id, and that the sender id stands on the company's list of "
        "authorised Web Services senders.",
        code="ERP_SIGN_IN",
    )


def _refused_request(said: str) -> Misconfigured:
    return Misconfigured(
        f"Intacct's gateway refuses the request as a whole: {said or 'no reason given'}.",
        remedy="Check sender id and sender password first. If they are right, report this sentence.",
        code="ERP_GATEWAY",
    )
