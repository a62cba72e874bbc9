"""A posting: the act and record of putting one document in an ERP, and the states it goes through.

``planned → sending → posted | refused | unknown``; ``unknown → posted`` (found by read-back), ``→ planned``
under the next epoch (proven absent) or ``→ held`` (found with another content, or twice). ``posted`` never
changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stampli_assets.model.documents import Document, Kind
from stampli_assets.model.identity import ControlId, Fingerprint, PostingKey, control_id
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Reason


class State(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    POSTED = "posted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    HELD = "held"


class Conflict(StrEnum):
    """Why a document may not go on under its key although the ledger knows the key."""

    NONE = ""
    CHANGED = "changed"
    """The same key was posted with another fingerprint."""
    SUPERSEDED = "superseded"
    """A later delivery brought the same key with another fingerprint: this one's content counts no more."""
    TWIN = "twin"
    """Another Stampli vendor with the same ERP vendor and document number holds a posting."""
    MOVED = "moved"
    """The same Stampli document id stands under another posting key."""
    LOOKALIKE = "lookalike"
    """The same vendor has a document whose number differs only in case or spaces."""


class Decision(StrEnum):
    """What only a person can say about a posting."""

    DISTINCT = "distinct"
    """Its number looks like another one's, and it is another document all the same."""
    ABSENT = "absent"
    """The ERP says that it was sent before, and does not hold it: send it again under a new control id."""
    GONE = "gone"
    """It is right that the ERP does not hold it any more as it was posted."""
    REBUILT = "rebuilt"
    """Of an entry of the journal, not of a document: the ledger that wrote it is lost, and this one goes on."""


MINUTE = len("yyyymmddThhmm")
"""How far partition keys say when a delivery was written."""
REPEATED = "REPEATED"
"""Reason code of an unknown posting: the ERP says that it has executed this request, now or before. However long it does
not show the document, it is not sent again until a person decides (:attr:`Decision.ABSENT`)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document comes from: what the audit trail names beside every posting."""

    connection: str
    erp: str
    company: str
    partition: str
    file_name: str
    run: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on ``name`` alone. ``number`` grows with every taking: the fence against a former holder."""

    name: str
    number: int
    holder: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One row of the ledger's postings, as it stands. Times are UTC."""

    key: PostingKey
    state: State
    epoch: int
    fingerprint: Fingerprint
    mapped_digest: str
    vendor_id: str
    number: str
    total: Money
    version: int
    """Counts every change: an update is refused when somebody else changed the row meanwhile."""
    partition: str = ""
    """The delivery whose content stands here."""
    kind: Kind = Kind.BILL
    intent_at: datetime | None = None
    record_no: str = ""
    adopted: bool = False
    reason: Reason | None = None
    conflict: Conflict = Conflict.NONE
    conflict_with: str = ""
    """For a person: the file and row, or the document, that stands in the way."""

    @property
    def control_id(self) -> ControlId:
        return control_id(self.key, self.epoch)

    @property
    def may_have_been_sent(self) -> bool:
        return self.state in {State.SENDING, State.UNKNOWN}

    @property
    def is_posted(self) -> bool:
        return self.state is State.POSTED

    def against(self, document: Document, partition: str) -> Conflict:
        """How the content of a delivery stands to what stands here: of two deliveries the later one counts."""
        if self.fingerprint == document.fingerprint:
            return Conflict.NONE
        if partition[:MINUTE] < self.partition[:MINUTE]:
            return Conflict.SUPERSEDED
        return Conflict.CHANGED if self.is_posted else Conflict.NONE


@dataclass(frozen=True, slots=True)
class Intent:
    """A document and the posting that the ledger holds for it."""

    document: Document
    posting: Posting
