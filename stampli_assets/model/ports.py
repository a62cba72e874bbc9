"""The ports: what the corridor asks of the rooms. At most five methods each.

Real parts live in the rooms (``sftp``, ``landing``, ``intacct``, ``ledger``); tests bring their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

if TYPE_CHECKING:
    import pandas as pd

from stampli_assets.model.attachments import Attachment
from stampli_assets.model.documents import Bill, Document, Kind
from stampli_assets.model.findings import Finding, OpenFinding
from stampli_assets.model.identity import ContentDigest, ControlId, PartitionKey, PostingKey
from stampli_assets.model.outcome import ErpRecord, Outcome, Reason, Verdict
from stampli_assets.model.postings import Intent, Lease, Posting, Source
from stampli_assets.model.remote import LandedFile, RemoteFile


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Inbox(Protocol):
    """Stampli's outbound directory and the archive beside it."""

    def listing(self) -> Sequence[RemoteFile]:
        """Every regular file in outbound, whatever its name; no bytes are read."""
        ...

    def download(self, file: RemoteFile, into: BinaryIO) -> None:
        """Copy the bytes; refuse (``Transient``) when size or mtime moved before or after."""
        ...

    def archive(self, file: RemoteFile, digest: ContentDigest) -> str:
        """Move to archive without overwriting; verify the digest there. Answers the archived name."""
        ...


class Outbox(Protocol):
    """Directories of the server into which files are put."""

    def put(self, directory: str, name: str, content: bytes) -> bool:
        """Put a file there, whole or not at all; one of that name that lies there already stays, and ``False`` says so."""
        ...


class Reports(Protocol):
    """Reports beside the deliveries, by name."""

    def keep_report(self, name: str, content: bytes) -> str: ...

    def report(self, name: str) -> bytes | None:
        """What was kept under that name last."""
        ...


class ImageShelf(Protocol):
    """Invoice images as they came, by the posting to which they belong."""

    def keep_image(self, connection: str, key: str, remote: RemoteFile, source: BinaryIO) -> LandedFile: ...

    def image(self, connection: str, key: str) -> LandedFile | None: ...

    def open(self, landed: LandedFile) -> BinaryIO: ...


class AttachmentBook(Protocol):
    """The attachments of the ERP's bills: one per bill."""

    def attached(self, record_nos: Sequence[str]) -> Mapping[str, str]:
        """The attachment id of every one of these bills that the ERP holds; empty where it has none."""
        ...

    def attach(self, attachment: Attachment) -> Reason | None:
        """Put it on its bill, making what is not there yet; answers why not, where the ERP refuses. Done again, it
        changes nothing.

        Raises:
            OutcomeUnknown: no answer came; what was made is found the next time.
        """
        ...


class Landing(Protocol):
    """Every delivery byte for byte, by digest."""

    def file(self, connection: str, remote: RemoteFile, source: BinaryIO) -> LandedFile: ...

    def find(self, connection: str, partition: PartitionKey) -> LandedFile | None: ...

    def open(self, landed: LandedFile) -> BinaryIO: ...


class Numbered(Protocol):
    """What a document is found by in the ERP: bills and postings alike."""

    @property
    def vendor_id(self) -> str: ...

    @property
    def number(self) -> str: ...

    @property
    def kind(self) -> Kind: ...


D_contra = TypeVar("D_contra", bound=Document, contravariant=True)


class Book(Protocol[D_contra]):
    """The ERP's book of one kind of document."""

    def post(self, documents: Sequence[tuple[D_contra, ControlId]]) -> Sequence[Outcome]:
        """Send one request with one create per document; one outcome per document, in their order.

        Never raises once a byte may have been processed: then it answers ``Unknown``.

        Raises:
            Transient: certain that nothing of the request was kept (not connected, turned away), after the
                client's own backoff is spent.
            Misconfigured: sign-in refused; nothing was kept.
        """
        ...

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """Every document that the ERP holds under each one's vendor and number, in their order."""
        ...

    def request_for(self, document: D_contra) -> str:
        """The exact create of one document as text, for the preview; nothing is sent."""
        ...


BillBook = Book[Bill]


class ReferenceBooks(Protocol):
    """The ERP's master records, as frames (:mod:`stampli_assets.model.frames`)."""

    def vendors(self) -> pd.DataFrame: ...

    def gl_accounts(self) -> pd.DataFrame: ...

    def dimensions(self) -> pd.DataFrame: ...


class Ledger(Protocol):
    """What we know to have sent. Every method is one durable transaction."""

    def open(self, documents: Sequence[Document], source: Source) -> Sequence[Posting]:
        """The posting of each document, in order: planned anew, or as it stands (with its conflict, if any)."""
        ...

    def mark_sending(self, intents: Sequence[Intent], source: Source, lease: Lease) -> Sequence[Posting | None]:
        """Record the intent to send, durably, before a byte leaves; ``None`` where another worker was first.

        Raises:
            Transient: the lease is not ours any more; nothing may be sent.
        """
        ...

    def record(self, verdicts: Sequence[tuple[Posting, Verdict]], source: Source) -> Sequence[Posting]:
        """Record how each posting ended. A posting that somebody else moved on meanwhile is answered as it is."""
        ...

    def in_doubt(self, source: Source, kind: Kind) -> Collection[PostingKey]:
        """The connection's documents of that kind that may have been sent and whose end is not known."""
        ...

    def now(self) -> datetime:
        """The present moment in UTC by the clock that stamps the intents."""
        ...


class LeaseBook(Protocol):
    """Who may work on a file; kept in the ledger, by its clock."""

    def take(self, name: str, holder: str, ended: Collection[str] = ()) -> Lease:
        """Raises ``Transient`` while somebody else holds it, who is none of those that are known to have ``ended``."""
        ...

    def renew(self, lease: Lease) -> None:
        """A sign of life; raises ``Transient`` when it was taken over."""
        ...

    def release(self, lease: Lease) -> None: ...


class DeliveryBook(Protocol):
    """Which deliveries came, and where each one stands; kept in the ledger."""

    def arrived(self, landed: LandedFile, run: str, at: datetime) -> str:
        """Record a delivery (again: no change). Answers the partition of an *earlier* delivery of the same
        connection with the same bytes, or the empty text.
        """
        ...

    def archived(self, landed: LandedFile, archived_as: str, run: str, at: datetime) -> None: ...

    def archived_as(self, connection: str, partition: str) -> str:
        """The name in archive, or the empty text while the delivery is not archived."""
        ...


class FindingBook(Protocol):
    """What is not simply posted, and why; kept in the ledger."""

    def replace(self, source: Source, stage: str, findings: Sequence[Finding], at: datetime) -> None:
        """The findings of one stage (``parse``, ``map``, ``post``) of one delivery, in place of the former ones.
        A finding that was there before keeps the time at which it was first seen.
        """
        ...

    def standing(self, connection: str | None = None) -> Sequence[OpenFinding]:
        """Everything that stands, oldest first."""
        ...


class Faults(Protocol):
    """Named points at which a test may make the world go wrong. In production nothing happens."""

    def reach(self, point: str) -> None: ...


class Progress(Protocol):
    """One event per request to the ERP, for the person who watches the run."""

    def request_done(self, intents: Sequence[Intent], seconds: float) -> None: ...


Reference = Mapping[str, "pd.DataFrame"]
"""``vendors``, ``gl_accounts``, ``dimensions``: one reading of the ERP's master records."""
