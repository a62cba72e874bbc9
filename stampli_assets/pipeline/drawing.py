"""Drawing: the payments of a file in the ERP's words, before it is known which bills they settle.

What has not happened (scheduled, processing, failed) is skipped and said; what cannot be mapped is held with its rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from stampli_assets.mapping.banks import BankAccounts
from stampli_assets.mapping.rules import DIMENSION_CODES, Clash, Rules
from stampli_assets.mapping.vendors import Vendors
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.documents import Kind
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.identity import Fingerprint, PostingKey, posting_key
from stampli_assets.model.money import Money
from stampli_assets.model.payments import Application, KnownInvoice, Payment, PaymentVoid
from stampli_assets.model.ports import Reference
from stampli_assets.pipeline.again import BILL_AWAITED
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    import pandas as pd

MADE = frozenset({"PAID", "CLEARED"})
"""The statuses of a payment whose money has left the bank."""
VOIDED = "VOIDED"
CORRECT_IN_STAMPLI = "Correct the payment in Stampli and let it be exported again."


@dataclass(frozen=True, slots=True)
class Recording:
    """How payments are kept in the ERP: ``method`` is the ERP's word for money that has already moved; ``numbered_by`` says
    what stands there as the document number: the payment's own (check number, trace id), or Stampli's id.
    """

    method: str
    numbered_by: Literal["number", "id"] = "number"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The payments and voids of a file that are mapped, and what became of the others."""

    payments: tuple[Payment, ...]
    voids: tuple[PaymentVoid, ...]
    findings: tuple[Finding, ...]


def draw(
    lines: pd.DataFrame,
    *,
    rules: Rules,
    reference: Reference,
    target: Target,
    recording: Recording,
    known: Mapping[str, KnownInvoice],
) -> Drawn:
    """The payments of ``PAID_INVOICES``, with the vendors and bank accounts of the ERP; every reason of a hold at once.

    ``known`` are the posted invoices of the file, by Stampli's id: a vendor that was found by its tax id or created, which
    payment files know nothing of, is the one that they were posted for.
    """
    vendors = Vendors(reference["vendors"], by_tax_id=target.matches_tax_ids)
    names = dict(zip(reference["vendors"]["vendor_id"], reference["vendors"]["name"], strict=True))
    banks = BankAccounts(reference["dimensions"])
    payments: list[Payment] = []
    voids: list[PaymentVoid] = []
    findings: list[Finding] = []
    for rows in _groups(lines):
        head = rows[0]
        if head.payment_status not in MADE and head.payment_status != VOIDED:
            findings.append(_skipped(head))
            continue
        vendor = _as_posted(rows, vendors.match(head.vendor_id, head.vendor_name, head.payment_date, rules), known)
        if isinstance(vendor, Hold) and not any(row.stampli_invoice_id in known for row in rows):
            findings.append(_unknown_yet(head, vendor))
            continue
        bank = banks.match(head.bank_account_id, head.payment_date, rules)
        holds = [("Vendor ID", head.vendor_id, vendor), ("Bank Account ID", head.bank_account_id, bank)]
        holds += [("Entity ID", head.entity_id, hold) for hold in _other_entity(head, rules, target)]
        reasons = [_held(head, column, value, why) for column, value, why in holds if isinstance(why, Hold)]
        if isinstance(vendor, Hold) or isinstance(bank, Hold) or reasons:
            findings += reasons
            continue
        made = _payment(rows, recording, (vendor.code, names.get(vendor.code, head.vendor_name)), bank.code)
        made = {**made, "mapping_version": rules.version}
        if head.payment_status == VOIDED:
            voids.append(PaymentVoid(key=void_key(head.vendor_id, head.stampli_payment_id, target), **made))
        else:
            payments.append(Payment(key=payment_key(head.vendor_id, head.stampli_payment_id, target), **made))
    return Drawn(tuple(payments), tuple(voids), tuple(findings))


def _as_posted(rows: list[Any], matched: Verdict, known: Mapping[str, KnownInvoice]) -> Verdict:
    """The vendor that the payment's invoices were posted for, where the masters do not tell who it is."""
    head = rows[0]
    posted = {
        one.vendor_id
        for row in rows
        if (one := known.get(row.stampli_invoice_id)) is not None and one.stampli_vendor_id == head.vendor_id
    }
    return Found(posted.pop()) if isinstance(matched, Hold) and len(posted) == 1 else matched


def _unknown_yet(head: Any, why: Hold) -> Finding:
    """Nobody can say who is paid before an invoice of the payment is posted."""
    held = _held(head, "Vendor ID", head.vendor_id, why)
    sentence = f"{held.sentence.rstrip('.')}; none of the payment's invoices is posted yet, which would tell who it is."
    return replace(held, end=End.WAITING, code=BILL_AWAITED, sentence=sentence)


def payment_key(stampli_vendor: str, payment_id: str, target: Target) -> PostingKey:
    """The identity of a payment: Stampli's payment id, in one company."""
    return posting_key(
        erp=target.erp, company=target.company, kind=Kind.PAYMENT, vendor_id=stampli_vendor, number=payment_id
    )


def void_key(stampli_vendor: str, payment_id: str, target: Target) -> PostingKey:
    """The identity of the event that a payment was voided."""
    return posting_key(
        erp=target.erp, company=target.company, kind=Kind.VOID, vendor_id=stampli_vendor, number=payment_id
    )


def _groups(lines: pd.DataFrame) -> Iterator[list[Any]]:
    ordered = lines.sort_values(["payment", "row"], kind="stable").itertuples(index=False, name="Row")
    return (list(rows) for _, rows in groupby(ordered, key=lambda row: row.payment))


def _payment(rows: list[Any], recording: Recording, vendor: tuple[str, str], bank: str) -> dict[str, Any]:
    head = rows[0]
    by_number = recording.numbered_by == "number" and head.payment_number
    return {
        "fingerprint": Fingerprint(head.fingerprint),
        "stampli_id": head.stampli_payment_id,
        "stampli_vendor_id": head.vendor_id,
        "vendor_id": vendor[0],
        "vendor_name": vendor[1],
        "number": head.payment_number if by_number else head.stampli_payment_id,
        "total": Money(int(head.payment_total), head.currency),
        "first_row": int(head.row),
        "payment_date": date.fromisoformat(head.payment_date),
        "bank_account": bank,
        "method": recording.method,
        "applications": tuple(_application(row) for row in rows),
        "reference": head.bank_reference or head.payment_number,
        "memo": head.memo,
    }


def _application(row: Any) -> Application:
    amount = Money(int(row.applied_amount), row.currency)
    return Application(
        stampli_invoice_id=row.stampli_invoice_id,
        number=row.invoice_number,
        kind=Kind.CREDIT if amount.minor < 0 else Kind.BILL,
        record_no="",
        amount=amount,
        discount=Money(int(row.discount_amount), row.currency),
    )


def _other_entity(head: Any, rules: Rules, target: Target) -> Iterator[Hold]:
    entity = rules.find(DIMENSION_CODES, ("entity", head.entity_id), head.payment_date) or head.entity_id
    if isinstance(entity, Clash):
        yield entity.hold("entity", head.entity_id)
    elif entity and target.entity_id and entity != target.entity_id:
        because = f"the payment belongs to entity {entity!r}; this connection posts into entity {target.entity_id!r}"
        remedy = "Send it to the connection of that entity, or add an entity rule to dimensions.csv."
        yield Hold("ENTITY_OTHER", because, remedy)
    if len(head.payment_number) > target.longest_number:
        because = f"{head.payment_number} has {len(head.payment_number)} characters; {target.longest_number} are kept"
        yield Hold("NUMBER_TOO_LONG", because, CORRECT_IN_STAMPLI)


def _skipped(head: Any) -> Finding:
    word = head.payment_status.lower()
    return Finding(
        end=End.SKIPPED,
        document=head.stampli_payment_id,
        code=f"PAYMENT_{head.payment_status}",
        sentence=f"Row {head.row} (line {head.line}): the payment is {word} in Stampli, so no money has moved.",
        remedy="Nothing to do: it is posted when Stampli exports it as paid.",
        vendor=f"{head.vendor_id} {head.vendor_name}".strip(),
        amount=Money(int(head.payment_total), head.currency).labelled,
        row=int(head.row),
        line=int(head.line),
        column="Payment Status",
        value=head.payment_status,
    )


def _held(head: Any, column: str, value: str, why: Hold) -> Finding:
    """A hold of one payment, by its first row in the file."""
    return Finding(
        end=End.HELD,
        document=head.stampli_payment_id,
        code=why.code,
        sentence=f"Row {head.row} (line {head.line}): {why.because}.",
        remedy=why.remedy,
        vendor=f"{head.vendor_id} {head.vendor_name}".strip(),
        amount=Money(int(head.payment_total), head.currency).labelled,
        row=int(head.row),
        line=int(head.line),
        column=column,
        value=value,
    )
