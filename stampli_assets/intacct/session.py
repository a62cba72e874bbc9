"""Sessions: one per company, user and entity in this process, renewed a little before they end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from stampli_assets.intacct.company import Company
from stampli_assets.model.ports import Clock

UNTOLD_LIFE = timedelta(minutes=50)
"""How long a session lives where the gateway does not say."""
MARGIN = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Session:
    """``life`` is what the gateway gave it at the sign-in; ``ends`` is by our own clock, and each call moves it.

    The gateway's clock is never compared with ours: a wrong clock here must not sign in at every call.
    """

    id: str
    endpoint: str
    life: timedelta
    ends: datetime
    at: datetime | None = None
    """The gateway's clock at the sign-in, for `stampli ping` alone."""
    entity: str = ""

    def __repr__(self) -> str:
        return f"Session(***, ends={self.ends:%H:%M})"


class Sessions:
    """The sessions of a process. One thread signs in, the others wait for it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Session] = {}
        self._lock = threading.Lock()

    def current(self, company: Company, clock: Clock, sign_in: Callable[[], Session]) -> Session:
        """The company's session, signed in now when there is none or it is about to end."""
        with self._lock:
            kept = self._kept.get(company.identity)
            if kept is None or clock.now() >= kept.ends - MARGIN:
                kept = self._kept[company.identity] = sign_in()
            return kept

    def renewed(self, stale: Session, company: Company, sign_in: Callable[[], Session]) -> Session:
        """A session in place of one that the gateway refused; the one that another thread has just made, if so."""
        with self._lock:
            kept = self._kept.get(company.identity)
            if kept is None or kept.id == stale.id:
                kept = self._kept[company.identity] = sign_in()
            return kept

    def prolong(self, used: Session, company: Company, clock: Clock) -> None:
        """Each call moves the end of its session."""
        with self._lock:
            kept = self._kept.get(company.identity)
            if kept is not None and kept.id == used.id:
                self._kept[company.identity] = replace(kept, ends=clock.now() + kept.life)


@cache
def shared_sessions() -> Sessions:
    """The sessions that all gateways of this process share."""
    return Sessions()
