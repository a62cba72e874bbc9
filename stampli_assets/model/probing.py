"""What `stampli ping` looks at: steps that each system offers, and how each of them ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class End(StrEnum):
    """How a step ended."""

    OK = "ok"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a step saw; with a ``remedy`` it is worth a warning, ``untried`` says that it could not be tried and why."""

    sentence: str
    remedy: str = ""
    untried: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One step to make: it answers what it saw or raises one of our errors. It is skipped where one that it ``needs`` did
    not go well.
    """

    name: str
    at: Callable[[], Seen]
    needs: tuple[str, ...] = ()


class Probe(Protocol):
    """One system, asked without changing anything there but for a probe file that is removed again."""

    def looks(self) -> Sequence[Look]:
        """The steps in their order."""
        ...

    def close(self) -> None:
        """Let go of what the steps hold open."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was made, or skipped. ``seconds`` by the clock; ``unreachable``: it failed since nobody answered."""

    system: str
    name: str
    end: End
    seconds: float
    sentence: str
    remedy: str = ""
    unreachable: bool = False
