"""Which verdict may follow which state. ``posted`` never changes."""

from __future__ import annotations

from typing import Any, assert_never

from stampli_assets.model.errors import Defect
from stampli_assets.model.outcome import (
    AlreadyThere,
    Held,
    NotSent,
    Posted,
    ProvenAbsent,
    Reason,
    Refused,
    Unknown,
    Verdict,
)
from stampli_assets.model.postings import Posting, State

SENT = frozenset({State.SENDING, State.UNKNOWN})
NOT_SENT = frozenset({State.PLANNED, State.REFUSED, State.HELD})

LEGAL: dict[type, frozenset[State]] = {
    Posted: SENT,
    AlreadyThere: NOT_SENT,
    Refused: SENT,
    Unknown: SENT,
    Held: SENT | NOT_SENT,
    ProvenAbsent: SENT,
    NotSent: frozenset({State.SENDING}),
}


def after(posting: Posting, verdict: Verdict) -> dict[str, Any] | None:
    """What a verdict changes of a posting, or ``None`` when it says again what is already so.

    Raises:
        Defect: the verdict must not follow the state.
    """
    if posting.is_posted:
        _same_record(posting, verdict)
        return None
    if posting.state not in LEGAL[type(verdict)]:
        raise Defect(f"{posting.number} is {posting.state}; {type(verdict).__name__} cannot follow.", code="TRANSITION")
    change: dict[str, Any]
    match verdict:
        case Posted(record):
            remark = Reason("WARNING", record.warning) if record.warning else None
            change = {"state": State.POSTED, "record_no": record.record_no, **because(remark)}
        case AlreadyThere(record):
            change = {"state": State.POSTED, "record_no": record.record_no, "adopted": True, **because(None)}
        case Refused(reasons):
            change = {
                "state": State.REFUSED,
                **because(reasons[0] if reasons else Reason("REFUSED", "No reason given.")),
            }
        case Unknown(why, code):
            change = {"state": State.UNKNOWN, **because(Reason(code, why))}
        case Held(reason):
            change = {"state": State.HELD, **because(reason)}
        case ProvenAbsent():
            change = {"state": State.PLANNED, "intent_at": None, **because(None)}
        case NotSent(why):
            change = {"state": State.PLANNED, "intent_at": None, **because(why)}
        case _:
            assert_never(verdict)
    return change


def _same_record(posting: Posting, verdict: Verdict) -> None:
    """Another worker settled it first: the same record again is no news, another record is a defect."""
    if isinstance(verdict, Posted) and verdict.record.record_no not in {posting.record_no, ""}:
        raise Defect(
            f"{posting.number} is posted as record {posting.record_no}; the ERP now says {verdict.record.record_no}.",
            remedy="Look at both records in the ERP; one is surplus.",
            code="POSTED_TWICE",
        )


def because(reason: Reason | None) -> dict[str, str]:
    """The columns that keep a reason; empty ones when there is none."""
    why = reason or Reason("", "")
    return {
        "reason_code": why.code,
        "reason_sentence": why.sentence,
        "reason_remedy": why.remedy,
        "reason_raw": why.raw,
    }
