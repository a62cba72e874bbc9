"""Who is signed in: senders, users, entities, and sessions whose end slides with each call."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.envelope import Operation, Request
from stampli_assets.sandbox.intacct.replies import ControlFailure, Error, SignInFailure

INCORRECT = ("XL03000006", "Sign-in information is incorrect", "")


def not_authorised(sender: str, company: str) -> Error:
    """A sender that is not on the company's list (developer.intacct.com, FAQ)."""
    said = f"The sender ID '{sender}' is not authorized to make Web Services requests to company ID '{company}'."
    return (
        "XL03000006",
        said,
        "Contact the company administrator to grant Web Services authorization to this sender ID.",
    )


@dataclass
class SignedIn:
    """A user in a company, at an entity or at the top level (empty)."""

    user: str
    entity: str
    ends: datetime
    session_id: str = ""


class Desk:
    """Signs senders and users in."""

    def __init__(self, books: Books, *, session_minutes: float) -> None:
        self._books = books
        self._life = timedelta(minutes=session_minutes)
        self._sessions: dict[str, SignedIn] = {}
        self._numbers = itertools.count(1)

    def check_sender(self, request: Request) -> None:
        """The sender's password, before anything else."""
        if self._books.company["senders"].get(request.told["senderid"]) != request.sender_password:
            raise ControlFailure(("XL03000006", "Incorrect Intacct XML Partner ID or password.", ""))

    def sign_in(self, operation: Operation, sender: str = "") -> SignedIn:
        """By login, or by a session that has not ended; each call moves its end."""
        if operation.login is None:
            return self._by_session(operation.session_id)
        login = operation.login
        company, _, at_entity = login["companyid"].partition("|")
        entity = login.get("locationid", "") or at_entity
        known = self._books.company["users"].get(login["userid"])
        right = company == self._books.company["company_id"] and known is not None and known == login["password"]
        authorised = self._books.company.get("authorised_senders")
        if right and authorised is not None and sender not in authorised:
            raise SignInFailure(not_authorised(sender, company))
        if not right or (entity and entity not in self._books.masters["entities"]):
            raise SignInFailure(INCORRECT)
        return SignedIn(login["userid"], entity, self._books.now() + self._life)

    def open_session(self, who: SignedIn, entity: str | None) -> SignedIn:
        """``getAPISession``: a new session, at another entity when asked for."""
        at = who.entity if entity is None else entity
        session = SignedIn(who.user, at, self._books.now() + self._life, f"sandbox-session-{next(self._numbers)}..")
        self._sessions[session.session_id] = session
        return session

    def end_all(self) -> None:
        """Every session ends now."""
        self._sessions.clear()

    def _by_session(self, session_id: str) -> SignedIn:
        session = self._sessions.get(session_id)
        if session is None or session.ends <= self._books.now():
            raise SignInFailure(("XL03000006", f"Invalid session {session_id[:12]}...", ""))
        session.ends = self._books.now() + self._life
        return session
