"""Findings: what a person must know about a document that was not simply posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class End(StrEnum):
    """Where a document stands when it is not posted. Settled are only ``REJECTED`` (it goes back to Stampli), ``SKIPPED``
    (there is nothing to post: a payment that is not made yet, or voided in time) and ``NOTICED`` (a person should know: a
    vendor whose name, tax id or address is another one in the ERP; it holds nothing up).
    """

    REJECTED = "rejected"
    HELD = "held"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    SKIPPED = "skipped"
    NOTICED = "noticed"
    FILE_REFUSED = "file refused"

    @property
    def is_settled(self) -> bool:
        return self in {End.REJECTED, End.SKIPPED, End.NOTICED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason on one document of one delivery, in words for the accountant."""

    end: End
    document: str
    code: str
    sentence: str
    remedy: str
    vendor: str = ""
    amount: str = ""
    """Plain decimal text with its currency: ``1284.50 USD``."""
    row: int = 0
    line: int = 0
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding as the ledger keeps it, with where and since when. Times are UTC."""

    finding: Finding
    connection: str
    partition: str
    file_name: str
    run: str
    first_seen: datetime
    last_seen: datetime
