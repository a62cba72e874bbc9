"""Read-back: what it means when the ERP already holds a document under our vendor and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stampli_assets.model.documents import Document
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Reason
from stampli_assets.model.postings import Posting


@dataclass(frozen=True, slots=True)
class Ours:
    """The document that we sent or would send, as far as a read-back compares it."""

    vendor_id: str
    number: str
    total: Money


def record_of(document: Document) -> Ours:
    """What a document that was not sent yet would look like in the ERP."""
    return Ours(document.vendor_id, document.number, document.total)


def held_because(ours: Ours | Posting, records: Sequence[ErpRecord]) -> Reason:
    """Why a document that the ERP already holds is not simply adopted."""
    named = ", ".join(f"record {record.record_no} ({_amount(record)})" for record in records)
    document = f"{ours.number} of vendor {ours.vendor_id}"
    if len(records) > 1:
        return Reason(
            code="FOUND_TWICE",
            sentence=f"The ERP holds {document} {len(records)} times: {named}.",
            remedy="Delete or reverse the surplus documents in the ERP, then rerun from failure.",
        )
    return Reason(
        code="FOUND_DIFFERENT",
        sentence=f"The ERP already holds {document} as {named}; Stampli approved {ours.total.labelled}.",
        remedy="Compare the two. Correct or delete the ERP's document, or cancel the invoice in Stampli; then rerun "
        "from failure.",
    )


def _amount(record: ErpRecord) -> str:
    amount = record.total.labelled if record.total is not None else "no total"
    return f"{amount}, {record.state}" if record.state else amount
