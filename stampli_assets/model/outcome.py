"""How sending one document ended: one of five things, and nobody can forget one.

The ledger's verdicts add what only a read-back or a person can say.
"""

from __future__ import annotations

from dataclasses import dataclass

from stampli_assets.model.money import Money


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a stable ``code``, one ``sentence`` for the accountant, the ``remedy``, and the ``raw`` ERP text."""

    code: str
    sentence: str
    remedy: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ErpRecord:
    """One document as the ERP holds it: its record number and what the read-back compares."""

    record_no: str
    vendor_id: str = ""
    number: str = ""
    total: Money | None = None
    state: str = ""
    warning: str = ""
    """What the ERP remarked when it kept the document; kept with the posting."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The ERP kept it and said under which record number."""

    record: ErpRecord


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The ERP held it before we sent anything, and it agrees with ours: adopted."""

    record: ErpRecord


@dataclass(frozen=True, slots=True)
class Refused:
    """The ERP certainly did not keep it."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been kept: read back before anything else. ``code`` is ``UNKNOWN``, or
    :data:`~stampli_assets.model.postings.REPEATED`.
    """

    why: str
    code: str = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certain that nothing was kept (never written, or turned away at the door): back to planned, and sent again by itself.
    ``why``, where it concerns this document and not the whole request.
    """

    why: Reason | None = None


Outcome = Posted | AlreadyThere | Refused | Unknown | NotSent


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class ProvenAbsent:
    """A read-back after the settle window did not find it: it may be sent again, under the same control id, so that an
    ERP that knows it after all can say so.
    """


Verdict = Outcome | Held | ProvenAbsent
