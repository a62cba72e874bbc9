"""A process that dies at a named point, and one that nobody watches."""

from __future__ import annotations

from collections.abc import Sequence

from stampli_assets.model.postings import Intent


class Crash(BaseException):
    """The process dies here."""


class CrashAt:
    """Lets everything pass but one named point."""

    def __init__(self, point: str) -> None:
        self.point = point

    def reach(self, point: str) -> None:
        if point == self.point:
            raise Crash(point)


class Quiet:
    """Nobody watches."""

    def request_done(self, intents: Sequence[Intent], seconds: float) -> None:
        """Say nothing."""
