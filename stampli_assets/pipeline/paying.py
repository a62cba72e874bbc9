"""Paying: the payments of a file are put in the ERP at most once; voids are seen through to their end by a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stampli_assets.model.errors import Defect
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.identity import ControlId, PostingKey
from stampli_assets.model.outcome import ErpRecord, Outcome, Reason, Refused
from stampli_assets.model.payments import InvoiceLook, KnownInvoice, PayableBook, Payment, PaymentVoid
from stampli_assets.model.ports import Numbered, Reference
from stampli_assets.model.postings import Conflict, Intent, Posting, State
from stampli_assets.pipeline.applying import apply, finding
from stampli_assets.pipeline.drawing import Drawn, Recording, draw, payment_key, void_key
from stampli_assets.pipeline.post import Batch, Desk, adopt, post
from stampli_assets.pipeline.stages import PostedBatch
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.unsettled import unposted

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules

VOIDED = "Voided"
"""The ERP's word for a payment that was reversed."""
NEVER_POSTED = "never posted"
_VOIDED_MEANWHILE = Refused(
    (Reason("VOIDED_MEANWHILE", "The payment was voided in Stampli before it was sent.", "Rerun from failure."),)
)


@dataclass(frozen=True, slots=True)
class Till:
    """What payments are recorded with. ``desk.book`` is the ERP's book of payments."""

    desk: Desk
    look: InvoiceLook
    payables: PayableBook
    target: Target
    recording: Recording

    def known(self, lines: pd.DataFrame) -> Mapping[str, KnownInvoice]:
        """What the ledger knows of the invoices of a file, by Stampli's id."""
        return self.look.invoices(set(lines["stampli_invoice_id"]), self.desk.source)

    def draw(
        self, lines: pd.DataFrame, *, rules: Rules, reference: Reference, known: Mapping[str, KnownInvoice]
    ) -> Drawn:
        """The payments of a file in the ERP's words."""
        return draw(lines, rules=rules, reference=reference, target=self.target, recording=self.recording, known=known)


def pay(
    lines: pd.DataFrame,
    *,
    rules: Rules,
    reference: Reference,
    till: Till,
    record: Callable[[list[Finding]], object],
) -> PostedBatch:
    """Record every payment of ``PAID_INVOICES`` that may be recorded now; ``record`` keeps why others are not.

    Raises:
        Transient: the ledger, or the ERP when reading, did not answer; or another run works on this file.
        Misconfigured: the ERP refuses the sign-in or the look-up.
    """
    started = till.desk.clock.now()
    till = replace(till, desk=replace(till.desk, alone_in="payments"))
    known = till.known(lines)
    drawn = till.draw(lines, rules=rules, reference=reference, known=known)
    payments, voided = _without_voided(drawn, till)
    applied = apply(payments, known=known, look=till.look, book=till.payables)
    desk = replace(till.desk, book=_NeverVoided(till))
    batch = post(applied.payments, desk, frozenset(applied.not_yet))
    findings = [*drawn.findings, *voided, *_left(batch, applied.not_yet, till.desk), *_voids(drawn.voids, till)]
    record(findings)
    return PostedBatch(batch, tuple(findings), (till.desk.clock.now() - started).total_seconds())


def look_only(lines: pd.DataFrame, *, rules: Rules, reference: Reference, till: Till) -> Batch:
    """The same without sending: payments that the ERP holds are adopted or held, and voids that are reversed are settled."""
    till = replace(till, desk=replace(till.desk, alone_in="payments"))
    drawn = till.draw(lines, rules=rules, reference=reference, known=till.known(lines))
    batch = adopt(drawn.payments, till.desk)
    _voids(drawn.voids, till)
    return batch


def _left(batch: Batch, not_yet: Mapping[PostingKey, Finding], desk: Desk) -> list[Finding]:
    """Why payments are unsettled: what the ledger says of them, or else why they were not sent."""
    held_back = {intent.posting.key for intent in batch.unsettled if _is_unsent(intent.posting)} & not_yet.keys()
    others = Batch(
        tuple(intent for intent in batch.intents if intent.posting.key not in held_back), stopped_by=batch.stopped_by
    )
    return [*(not_yet[key] for key in not_yet if key in held_back), *unposted(others, desk.pace.settle)]


def _is_unsent(posting: Posting) -> bool:
    return posting.state in {State.PLANNED, State.REFUSED} and posting.conflict is Conflict.NONE


def _without_voided(drawn: Drawn, till: Till) -> tuple[list[Payment], list[Finding]]:
    """The payments that were not voided before they were recorded, and what is said of those that were."""
    in_file = {_payment_of(void, till.target) for void in drawn.voids}
    void_of = {payment.key: _void_key(payment, till.target) for payment in drawn.payments}
    standing = till.look.postings([*void_of, *void_of.values()])
    payments: list[Payment] = []
    findings: list[Finding] = []
    for payment in drawn.payments:
        posting = standing.get(payment.key)
        may_be_there = posting is not None and (posting.is_posted or posting.may_have_been_sent)
        void = standing.get(void_of[payment.key])
        if may_be_there or (payment.key not in in_file and (void is None or not void.is_posted)):
            payments.append(payment)
            continue
        because = "the payment was voided in Stampli before it was recorded in the ERP, so there is nothing to record"
        findings.append(finding(payment, End.SKIPPED, "VOIDED_IN_TIME", because, "Nothing to do."))
    return payments, findings


def _voids(voids: Sequence[PaymentVoid], till: Till) -> list[Finding]:
    """Each void is settled when the ERP holds no payment of its number that stands; until then it waits for a person."""
    if not voids:
        return []
    batch = adopt(voids, replace(till.desk, book=_Reversals(till)))
    return [_told(intent) for intent in batch.intents]


def _told(intent: Intent) -> Finding:
    void, posting = intent.document, intent.posting
    assert isinstance(void, PaymentVoid)
    if posting.is_posted and posting.record_no == NEVER_POSTED:
        because = "it was voided in Stampli and never recorded in the ERP"
        return finding(void, End.SKIPPED, "PAYMENT_VOIDED", because, "Nothing to do.")
    if posting.is_posted:
        because = f"it was voided in Stampli; record {posting.record_no} is reversed in the ERP"
        return finding(void, End.SKIPPED, "PAYMENT_VOIDED", because, "Nothing to do.")
    bills = ", ".join(one.number or one.stampli_invoice_id for one in void.applications)
    because = (
        f"it was voided in Stampli, and the ERP holds it, or may hold it, as {void.number} over {void.total.labelled} "
        f"for {bills}"
    )
    remedy = (
        f"Void payment {void.number} of vendor {void.vendor_id} in the ERP, so that its bills are open again; "
        "then rerun from failure. The machine reverses nothing."
    )
    return finding(void, End.HELD, "PAYMENT_VOIDED", because, remedy)


class _NeverVoided:
    """The ERP's book of payments; a payment that another run has seen voided meanwhile is not sent any more."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self.find = till.desk.book.find
        self.request_for = till.desk.book.request_for

    def post(self, documents: Sequence[tuple[Payment, ControlId]]) -> Sequence[Outcome]:
        """One outcome for each, in order."""
        voids = {payment.key: _void_key(payment, self._till.target) for payment, _ in documents}
        standing = self._till.look.postings(voids.values())
        voided = {key for key, void in voids.items() if void in standing and standing[void].is_posted}
        sent = [(payment, control_id) for payment, control_id in documents if payment.key not in voided]
        outcomes = iter(self._till.desk.book.post(sent) if sent else ())
        return [_VOIDED_MEANWHILE if payment.key in voided else next(outcomes) for payment, _ in documents]


class _Reversals:
    """The ERP's payments, asked whether a voided one still stands; nothing is ever sent."""

    def __init__(self, till: Till) -> None:
        self._till = till

    def post(self, documents: Sequence[tuple[PaymentVoid, ControlId]]) -> Sequence[Outcome]:
        """Never called: voids are only looked up.

        Raises:
            Defect: always.
        """
        raise Defect("A void was about to be sent; voids are only looked up.", code="VOID_SENT")

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """One record where nothing stands under the number any more, nor may come to stand: what settles the void."""
        voids = [document for document in documents if isinstance(document, PaymentVoid)]
        standing = self._till.look.postings([_payment_of(void, self._till.target) for void in voids])
        return [
            []
            if _in_doubt(standing.get(_payment_of(void, self._till.target))) or any(one.state != VOIDED for one in held)
            else [self._reversed(void, held)]
            for void, held in zip(voids, self._till.desk.book.find(documents), strict=True)
        ]

    def request_for(self, document: PaymentVoid) -> str:
        """Nothing: a void is no request."""
        return ""

    @staticmethod
    def _reversed(void: PaymentVoid, held: Sequence[ErpRecord]) -> ErpRecord:
        record_no = held[0].record_no if held else NEVER_POSTED
        return ErpRecord(record_no, void.vendor_id, void.number, void.total)


def _payment_of(void: PaymentVoid, target: Target) -> PostingKey:
    return payment_key(void.stampli_vendor_id, void.stampli_id, target)


def _void_key(payment: Payment, target: Target) -> PostingKey:
    return void_key(payment.stampli_vendor_id, payment.stampli_id, target)


def _in_doubt(posting: Posting | None) -> bool:
    return posting is not None and posting.may_have_been_sent
