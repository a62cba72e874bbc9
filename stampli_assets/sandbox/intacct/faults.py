"""The gateway's bad days, on demand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "rate_limit", "unavailable_html", "origin_timeout", "internal_error", "drop_before_commit", "drop_after_commit",
        "slow", "truncate", "session_expired", "abort", "shuffle_results", "drop_result", "late_commit",
        "double_result", "foreign_result",
    }
)  # fmt: skip


@dataclass
class Fault:
    """One fault to come. ``when`` is ``create``, ``read``, ``session`` or ``any``; ``skip`` lets that many pass first."""

    kind: str
    when: str = "create"
    skip: int = 0
    times: int = 1
    details: dict[str, Any] = field(default_factory=dict)


class Faults:
    """A queue of faults; each request takes at most one."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = threading.Lock()

    def queue(self, kind: str, *, when: str = "create", skip: int = 0, times: int = 1, **details: Any) -> None:
        """Let ``kind`` happen."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(sorted(KINDS))}")
        with self._lock:
            self._queue.append(Fault(kind, when, skip, times, details))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._queue.clear()

    def take(self, functions: Sequence[str]) -> Fault | None:
        """The fault of a request that calls these functions."""
        with self._lock:
            for fault in self._queue:
                if not _concerns(fault.when, functions):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._queue.remove(fault)
                return fault
        return None


def _concerns(when: str, functions: Sequence[str]) -> bool:
    creates = any(name.startswith("create") for name in functions)
    signs_in = "getAPISession" in functions
    return {"any": True, "create": creates, "session": signs_in, "read": not creates and not signs_in}[when]
