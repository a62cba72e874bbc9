"""A ledger with a document of each kind, ended in each way that there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from builders.bills import make_bill, make_credit, make_source

from stampli_assets.model.documents import Document, Kind
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.identity import ContentDigest, Fingerprint, MappingVersion, PostingKey, digest
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import (
    AlreadyThere,
    ErpRecord,
    Held,
    NotSent,
    Posted,
    ProvenAbsent,
    Reason,
    Refused,
    Unknown,
)
from stampli_assets.model.postings import REPEATED, Decision, Intent, Source
from stampli_assets.model.remote import LandedFile, RemoteFile

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FILE = LandedFile("acme_us", RemoteFile("invoices.csv", 10, 1_795_000_000), ContentDigest("d" * 64))
SOURCE = make_source(partition=FILE.partition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Document):
    """A payment, a void or a supplier, as far as the ledger looks at it."""

    what: Kind

    @property
    def kind(self) -> Kind:
        return self.what


def make_other(what: Kind, number: str, total: Money) -> Other:
    return Other(
        what=what,
        key=PostingKey(digest([what, number])),
        fingerprint=Fingerprint(digest([number])),
        stampli_id=f"SP-{number}",
        stampli_vendor_id="V-1",
        vendor_id="V-1",
        vendor_name="Old Mill Printing",
        number=number,
        total=total,
        mapping_version=MappingVersion("m1"),
        first_row=1,
    )


class Clerk:
    """Puts documents into a ledger through its own doors."""

    def __init__(self, store, source: Source = SOURCE) -> None:
        self.store, self.source = store, source

    def plan(self, document):
        return self.store.postings.open([document], self.source)[0]

    def send(self, document):
        posting = self.plan(document)
        lease = self.store.leases.take(f"lease of {document.key}", self.source.run)
        (sent,) = self.store.postings.mark_sending([Intent(document, posting)], self.source, lease)
        return sent

    def record(self, posting, *verdicts):
        for verdict in verdicts:
            (posting,) = self.store.postings.record([(posting, verdict)], self.source)
        return posting


def fill(store, landed: LandedFile = FILE):
    """Every document is said to have come in ``landed``, from its first row."""
    source = make_source(partition=landed.partition, file_name=landed.file.name)
    store.deliveries.arrived(landed, "run-1", AT)
    clerk = Clerk(store, source)
    no_answer = Unknown("No answer came.")
    clerk.record(clerk.send(make_bill("INV 7")), Posted(ErpRecord("4001", warning="The period closes today.")))
    clerk.record(clerk.plan(make_bill("A-1")), AlreadyThere(ErpRecord("77")))
    clerk.record(clerk.plan(make_bill("H-1")), Held(Reason("DIFFERS", "Its total differs.", "Look at both.")))
    clerk.record(clerk.send(make_bill("R-1")), Refused((Reason("BL03", "The period is closed.", "Open it.", "raw"),)))
    clerk.record(clerk.send(make_bill("R-1")), Posted(ErpRecord("4002")))
    clerk.record(clerk.send(make_bill("U-1")), no_answer, Posted(ErpRecord("4003")))
    clerk.record(clerk.send(make_bill("U-2")), no_answer, ProvenAbsent())
    clerk.record(clerk.send(make_bill("N-1")), NotSent(Reason("LATE", "It was too late to send.")))
    clerk.record(clerk.send(make_bill("U-3")), Unknown("It says that it has it.", REPEATED))
    clerk.plan(make_bill("P-1"))
    Clerk(store, make_source(run="run-2", partition="20261122T0900_later_0a1b2c3d")).plan(
        make_bill("P-1", total="9.00")
    )
    clerk.record(clerk.send(make_credit("CM-1")), Posted(ErpRecord("5001")))
    clerk.record(clerk.send(make_other(Kind.PAYMENT, "NO-1", Money(11800, "USD"))), Posted(ErpRecord("6001")))
    clerk.record(clerk.send(make_other(Kind.VOID, "NO-1", Money(11800, "USD"))), Posted(ErpRecord("")))
    clerk.record(clerk.send(make_other(Kind.SUPPLIER, "tax id US77", Money(0, ""))), Posted(ErpRecord("V-900")))
    clerk.record(clerk.send(make_bill("JP-1", total="118", currency="JPY")), Refused(()))
    store.decisions.decide("U-3", Decision.ABSENT, by="R. Controller", because="looked, not there")
    store.decisions.decide("H-1", Decision.DISTINCT, by="R. Controller", because="two deliveries")
    found = Finding(
        End.HELD, "M-1", "VENDOR_UNKNOWN", "The vendor is unknown.", "Add a rule.", vendor="V-9 Nobody", row=1
    )
    store.findings.replace(source, "map", [found], AT)
    store.deliveries.archived(landed, "invoices.csv", "run-1", AT)
    return store
