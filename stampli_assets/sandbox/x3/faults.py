"""X3's bad days, on demand."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "rate_limit", "unavailable_html", "internal_error", "drop_before_commit", "drop_after_commit", "slow", "truncate",
        "token_expired", "late_commit", "locked", "licence", "partial", "schema_variant",
    }
)  # fmt: skip
REST_KINDS = KINDS - {"partial"}
WHEN = frozenset({"create", "read", "token", "any"})


@dataclass
class Fault:
    """One fault to come. ``when`` is ``create``, ``read``, ``token`` or ``any``; ``skip`` lets that many pass first."""

    kind: str
    when: str = "create"
    skip: int = 0
    times: int = 1
    details: dict[str, Any] = field(default_factory=dict)


class Faults:
    """A queue of faults; each request takes at most one."""

    def __init__(self, kinds: Collection[str] = KINDS) -> None:
        self._kinds = kinds
        self._queue: list[Fault] = []
        self._lock = threading.Lock()

    def queue(self, kind: str, *, when: str = "create", skip: int = 0, times: int = 1, **details: Any) -> None:
        """Let ``kind`` happen to the next request (of the sort ``when``) after ``skip`` others, ``times`` times.

        Details: ``rate_limit`` and ``unavailable_html`` take ``retry_after``; ``internal_error`` takes ``commit`` (5xx may
        come after the record was created, reference 5.7); ``drop_after_commit`` takes ``commits`` (how many creates of a
        batch are kept); ``slow`` and ``late_commit`` take ``seconds``; ``truncate``, ``locked`` and ``partial`` take ``at``;
        ``licence`` takes ``http``; ``schema_variant`` takes ``names`` (default name → published name, empty: unpublished).
        """
        if kind not in self._kinds:
            raise ValueError(f"{kind!r} is none of {', '.join(sorted(self._kinds))}")
        if when not in WHEN:
            raise ValueError(f"{when!r} is none of {', '.join(sorted(WHEN))}")
        with self._lock:
            self._queue.append(Fault(kind, when, skip, times, details))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._queue.clear()

    def take(self, sort: str) -> Fault | None:
        """The fault of a request of this sort (``create``, ``read`` or ``token``)."""
        with self._lock:
            for fault in self._queue:
                if fault.when not in {"any", sort}:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._queue.remove(fault)
                return fault
        return None
