"""What the ledger knows of a document, in the order in which it came to know it. Times are UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stampli_assets.model.findings import OpenFinding


@dataclass(frozen=True, slots=True)
class Break:
    """Where the ledger is not what was written: a sentence, what to do, the journal's entry (0: in a table)."""

    sentence: str
    remedy: str
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared, and every break; none: nothing was edited. After a break of the chain nothing is compared."""

    entries: int
    postings: int
    anchors: int
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal. ``what`` is what it tells, as it was written."""

    number: int
    at: datetime
    run: str
    what: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as it came. ``modified`` in whole seconds since 1970 UTC."""

    connection: str
    partition: str
    name: str
    digest: str
    size: int
    modified: int
    collected_at: datetime
    run: str
    archived_as: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about a document, and why."""

    what: str
    by: str
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Trail:
    """One document: its posting as it stands (columns of the ledger), and everything that led there."""

    posting: Mapping[str, Any]
    entries: Sequence[Entry] = ()
    decisions: Sequence[Decided] = ()
    delivery: Delivery | None = None
    findings: Sequence[OpenFinding] = ()


@dataclass(frozen=True, slots=True)
class Traced:
    """What was found: documents with a posting, and findings on documents that never came to one."""

    trails: Sequence[Trail]
    unposted: Sequence[OpenFinding] = ()
    delivery: Delivery | None = None
