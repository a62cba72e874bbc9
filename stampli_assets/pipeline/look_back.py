"""Look back: what the ERP holds today of what was posted; reported, never posted again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stampli_assets.model.findings import End, Finding
from stampli_assets.model.outcome import ErpRecord
from stampli_assets.model.ports import Book
from stampli_assets.model.postings import Posting

VOIDED = "Voided"
NEVER_AGAIN = "Nothing is posted again by the machine."


def look_back(posted: Mapping[str, Sequence[Posting]], book: Book[Any]) -> dict[str, list[Finding]]:
    """By delivery (partition): the postings that the ERP does not hold as they were posted.

    Args:
        posted: postings in state ``posted``, by partition.
        book: the ERP's book of these documents; asked in bulk.

    Raises:
        Transient: the ERP did not answer.
    """
    everything = [posting for postings in posted.values() for posting in postings]
    held = dict(zip((posting.key for posting in everything), book.find(everything), strict=True))
    return {
        partition: [finding for posting in postings if (finding := _finding(posting, held[posting.key])) is not None]
        for partition, postings in posted.items()
    }


def _finding(posting: Posting, records: Sequence[ErpRecord]) -> Finding | None:
    ours = next((record for record in records if record.record_no == posting.record_no), None)
    was = f"{posting.number} was posted as record {posting.record_no} over {posting.total.labelled}"
    if ours is None:
        others = ", ".join(record.record_no for record in records)
        instead = f"; it holds {others} under that vendor and number" if others else ""
        return _told(posting, "DELETED_IN_ERP", f"{was}; the ERP does not hold that record any more{instead}.")
    if ours.state == VOIDED:
        return _told(posting, "VOIDED_IN_ERP", f"{was}; it was voided in the ERP, and Stampli says that it is paid.")
    if len(records) > 1:
        others = ", ".join(record.record_no for record in records if record is not ours)
        return _told(posting, "TWICE_IN_ERP", f"{was}; the ERP holds {others} under the same vendor and number too.")
    if ours.total != posting.total:
        now = ours.total.labelled if ours.total is not None else "no total"
        return _told(posting, "CHANGED_IN_ERP", f"{was}; the ERP now shows {now}.")
    return None


def _told(posting: Posting, code: str, sentence: str) -> Finding:
    return Finding(
        end=End.HELD,
        document=posting.number,
        code=code,
        sentence=sentence,
        remedy=f'{NEVER_AGAIN} If it is right so, say it: stampli decide gone "{posting.number}" '
        f"--vendor {posting.vendor_id}. If not, mend it in the ERP.",
        vendor=posting.vendor_id,
        amount=posting.total.labelled,
    )
