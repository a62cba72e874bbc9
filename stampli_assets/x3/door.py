"""The door to X3: each request signed in, once more after a 401; what was turned away is repeated within the backoff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from requests.adapters import BaseAdapter

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient
from stampli_assets.model.ports import Clock
from stampli_assets.x3.errors import comes_back
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.wire import Answer, Request, TurnedAway, Wire, plain_http

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 20.0
Read = TypeVar("Read")


class SignIn(Protocol):
    """How a folder is signed in to. Safe for several threads."""

    def authorization(self) -> str:
        """The ``Authorization`` header, good for the next request.

        Raises:
            TurnedAway: who gives it could not be reached; nothing was sent to X3.
            Misconfigured: a person must sign in again.
        """
        ...

    def renewed(self, refused: str) -> str:
        """Another one after X3 refused this one; empty when there is no other."""
        ...

    def refusal(self, said: str) -> Misconfigured:
        """What a refused sign-in means; ``said`` is X3's text."""
        ...


@dataclass
class Door:
    """Requests to one folder. Safe for several threads; ``jitter`` answers a number from 0 to 1."""

    folder: Folder
    sign_in: SignIn = field(repr=False)
    clock: Clock
    jitter: Callable[[], float]
    adapter: Callable[[], BaseAdapter] = plain_http

    def __post_init__(self) -> None:
        self._wire = Wire(self.folder, self.clock, self.adapter)

    def once(self, request: Request, *, until: datetime | None = None) -> Answer:
        """One request, signed in; once more under another token when X3 refuses the first: then it executed nothing.

        ``until`` is when it must have begun: signing in may take its time, and a write that begins later than the caller
        reckons with could still be at work when it is believed absent.

        Raises:
            TurnedAway: nothing was executed.
            Misconfigured: nothing was executed: the sign-in, the address or the server's certificate is refused.
            OutcomeUnknown: it may have been executed.
        """
        told = self.sign_in.authorization()
        self._in_time(until)
        answer = self._wire.exchange(request, told)
        if answer.status == 401:
            again = self.sign_in.renewed(told)
            if again:
                self._in_time(until)
                answer = self._wire.exchange(request, again)
        if answer.status == 401:
            raise self.sign_in.refusal(answer.text.replace(told.partition(" ")[2], "***"))
        return answer

    def _in_time(self, until: datetime | None) -> None:
        if until is not None and self.clock.now() >= until:
            raise TurnedAway("X3 was too slow: it was not sent in time")

    def read(self, request: Request, understood: Callable[[Answer], Read]) -> Read:
        """A request that changes nothing, repeated within the backoff however it fails; ``understood`` reads its answer.

        Raises:
            Transient: X3 did not answer usefully within the backoff.
            Misconfigured: as :meth:`once`, and what ``understood`` raises.
        """

        def attempt() -> Read:
            try:
                answer = self.once(request)
                if answer.status >= 500:
                    raise TurnedAway(_unwell(answer), answer.after, answer.text)
                return understood(answer)
            except OutcomeUnknown as lost:
                raise TurnedAway(lost.sentence.rstrip(".")) from None

        return self.patiently(attempt)

    def patiently(self, call: Callable[[], Read]) -> Read:
        """Repeat what was turned away, at doubling pauses with jitter, until the deadline; then raise ``Transient``."""
        patience = Patience(self.folder.backoff_deadline_seconds, self.clock, self.jitter)
        while True:
            try:
                return call()
            except TurnedAway as away:
                if not patience.waited(away.after):
                    raise patience.spent(away.why) from None


class Patience:
    """One backoff: pauses that double, with jitter, and a deadline from its beginning."""

    def __init__(self, deadline_seconds: float, clock: Clock, jitter: Callable[[], float]) -> None:
        self._seconds = deadline_seconds
        self._clock = clock
        self._jitter = jitter
        self._until = clock.now().timestamp() + deadline_seconds
        self._pause = FIRST_PAUSE_SECONDS

    def waited(self, asked: float) -> bool:
        """Pause, at least as long as X3 asked for; ``False`` when the deadline does not allow it."""
        wait = max(asked, self._pause * (0.5 + self._jitter() / 2))
        if self._clock.now().timestamp() + wait > self._until:
            return False
        self._clock.sleep(wait)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        return True

    def spent(self, why: str) -> Transient:
        """What is left to say when the deadline has come."""
        tried = f"; tried for {self._seconds:.0f} seconds" if self._seconds else ""
        return Transient(
            f"{why.rstrip('.')}{tried}.",
            remedy="Nothing was kept. It is tried again; if it lasts, ask the X3 administrator.",
            code="ERP_AWAY",
        )


def _unwell(answer: Answer) -> str:
    return comes_back(answer.text) or f"X3 answered HTTP {answer.status}"
