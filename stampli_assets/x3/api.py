"""What both APIs of X3 can do for us, in our own words: read rows, create records. And how a create ended.

Fields are ours (``source_document``); each API calls them what the folder calls them (``names.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from stampli_assets.x3.diagnoses import Diagnosis
from stampli_assets.x3.exact import text_of
from stampli_assets.x3.names import Names

SUPPLIER_FIELDS = (
    "number", "name", "active", "vat_number", "registration_number", "country", "currency", "payment_term",
)  # fmt: skip
"""What is read of a supplier."""
_YES = frozenset({"true", "2", "yes"})
"""A boolean of GraphQL; the local menu 1 no, 2 yes of REST [T]."""

Row = Mapping[str, Any]
"""Our field → X3's value, as its API writes it."""
Record = Mapping[str, Any]
"""Our field → text; lines are lists of such."""


@dataclass(frozen=True, slots=True)
class Made:
    """X3 kept it; ``row`` is what it answered, ``warnings`` what it remarked."""

    row: Row
    warnings: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, slots=True)
class NotMade:
    """X3 certainly did not keep it, and trying again changes nothing."""

    diagnoses: tuple[Diagnosis, ...]


@dataclass(frozen=True, slots=True)
class NotNow:
    """X3 certainly did not keep it: locked, no licence, turned away, or never sent. ``after`` seconds, when told."""

    why: str
    raw: str = ""
    after: float = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """It may have been kept."""

    why: str


Created = Made | NotMade | NotNow | Lost


class Api(Protocol):
    """One of X3's APIs, signed in to when first used."""

    @property
    def names(self) -> Names[Any]:
        """What this X3 calls things."""
        ...

    def rows(self, place: str, wanted: Sequence[str], among: Mapping[str, Collection[str]]) -> Iterator[Row]:
        """Every row whose fields have one of the given values, page by page, with the wanted fields only.

        A place that the names leave out has no rows, and nothing is asked.

        Raises:
            Transient: X3 did not answer usefully within the backoff.
            Misconfigured: sign-in, names or rights are wrong.
        """
        ...

    def create(self, place: str, records: Sequence[Record], *, until: datetime) -> Iterator[Created]:
        """Create each record; how it ended, in order. What would begin after ``until`` is not sent.

        Raises:
            TurnedAway: what has not been answered by then was certainly not executed.
            Misconfigured: likewise.
        """
        ...

    def written(self, place: str, record: Record) -> str:
        """The exact request of one create as text."""
        ...


def status(row: Row) -> str:
    """``active`` or ``inactive``; a folder whose names leave the field out has active records only."""
    return "active" if "active" not in row or text_of(row["active"]).casefold() in _YES else "inactive"
