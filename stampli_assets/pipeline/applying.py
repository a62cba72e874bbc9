"""Applying: which bills and credits of the ERP a payment settles, and why it may have to wait.

A payment is sent only when each of its bills stands released in the ERP with enough still open. What comes too early waits,
and goes by itself when its bill is there; what would pay something twice, or too much, is held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from stampli_assets.model.documents import Kind
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.money import Money
from stampli_assets.model.payments import (
    Application,
    InvoiceLook,
    KnownInvoice,
    Payable,
    PayableBook,
    Payment,
    Sought,
)
from stampli_assets.model.postings import Posting
from stampli_assets.pipeline.again import BILL_AWAITED

GOES_BY_ITSELF = "Nothing to do for the payment: it goes by itself afterwards."
COMPARE = (
    "Compare with Stampli; if it was paid twice, ask the vendor for the money or a credit, and cancel one in Stampli."
)


@dataclass(frozen=True, slots=True)
class Applied:
    """Every payment with the ERP's records as far as they are known; ``not_yet`` says why some may not be sent now."""

    payments: tuple[Payment, ...]
    not_yet: Mapping[PostingKey, Finding]


@dataclass
class _Books:
    """What is open in the ERP, less what earlier payments of this batch take."""

    known: Mapping[str, KnownInvoice]
    payables: Mapping[Sought, Sequence[Payable]]
    taken: dict[str, Money] = field(default_factory=dict)

    def left(self, payable: Payable) -> Money:
        taken = self.taken.get(payable.record_no)
        return payable.due - taken if taken is not None else payable.due

    def take(self, record_no: str, amount: Money) -> None:
        taken = self.taken.get(record_no)
        self.taken[record_no] = taken + amount if taken is not None else amount


@dataclass(frozen=True, slots=True)
class _Why:
    end: End
    code: str
    because: str
    remedy: str


def apply(
    payments: Sequence[Payment], *, known: Mapping[str, KnownInvoice], look: InvoiceLook, book: PayableBook
) -> Applied:
    """Find what each payment settles, with one look into the ERP for all of them.

    Payments that are posted already are answered as they are.

    Raises:
        Transient: the ERP or the ledger did not answer.
        Misconfigured: the ERP does not let us look bills up.
    """
    standing = look.postings([payment.key for payment in payments])
    named = [replace(payment, applications=_named(payment, known)) for payment in payments]
    open_ones = [payment for payment in named if not _is_posted(standing.get(payment.key))]
    sought = {_sought(payment, one) for payment in open_ones for one in payment.applications if one.number}
    books = _Books(known, book.payables(sought) if sought else {})
    applied: dict[PostingKey, Payment] = {}
    not_yet: dict[PostingKey, Finding] = {}
    for payment in open_ones:
        resolved, why = _resolve(payment, books)
        applied[payment.key] = resolved
        if why is not None:
            not_yet[payment.key] = finding(resolved, why.end, why.code, why.because, why.remedy)
            continue
        for one in resolved.applications:
            books.take(one.record_no, _needed(one))
    return Applied(tuple(applied.get(payment.key, payment) for payment in named), not_yet)


def finding(payment: Payment, end: End, code: str, because: str, remedy: str) -> Finding:
    """What a person reads of one payment."""
    return Finding(
        end=end,
        document=payment.stampli_id,
        code=code,
        sentence=f"Row {payment.first_row}: {because}.",
        remedy=remedy,
        vendor=f"{payment.vendor_id} {payment.vendor_name}".strip(),
        amount=payment.total.labelled,
        row=payment.first_row,
    )


def _is_posted(posting: Posting | None) -> bool:
    return posting is not None and posting.is_posted


def _named(payment: Payment, known: Mapping[str, KnownInvoice]) -> tuple[Application, ...]:
    """The applications with the number under which the ledger knows their invoice, where the file gives none."""
    return tuple(
        replace(one, number=known[one.stampli_invoice_id].number)
        if not one.number and one.stampli_invoice_id in known
        else one
        for one in payment.applications
    )


def _sought(payment: Payment, one: Application) -> Sought:
    return Sought(payment.vendor_id, one.number, one.kind)


def _needed(one: Application) -> Money:
    """How much of the bill, or of the credit, is used up."""
    return one.amount + one.discount if one.kind is Kind.BILL else -one.amount


def _resolve(payment: Payment, books: _Books) -> tuple[Payment, _Why | None]:
    """The payment with its records, and the first reason why it may not go now; a hold goes before a wait."""
    found: list[Application] = []
    reasons: list[_Why] = []
    for one in payment.applications:
        payable, why = _payable(payment, one, books)
        found.append(replace(one, record_no=payable.record_no) if payable is not None else one)
        if why is not None:
            reasons.append(why)
    resolved = replace(payment, applications=tuple(found))
    return resolved, min(reasons, key=lambda why: why.end is not End.HELD, default=None)


def _payable(payment: Payment, one: Application, books: _Books) -> tuple[Payable | None, _Why | None]:
    called = _called(one)
    known = books.known.get(one.stampli_invoice_id)
    if known is not None and (differs := _differs(payment, one, known)) is not None:
        return None, differs
    held = books.payables.get(_sought(payment, one), ()) if one.number else ()
    ours = [payable for payable in held if known is not None and payable.record_no == known.record_no]
    if known is not None and known.record_no and not ours:
        because = f"{called} was posted as record {known.record_no}, which the ERP does not hold any more"
        return None, _Why(
            End.HELD, "BILL_GONE", because, "Look in the ERP why it is gone; post it again or void the payment."
        )
    candidates = ours or list(held)
    if not candidates:
        because = f"{called} is not in the ERP yet"
        return None, _Why(End.WAITING, BILL_AWAITED, because, GOES_BY_ITSELF)
    if len(candidates) > 1:
        records = ", ".join(payable.record_no for payable in candidates)
        because = f"the ERP holds {called} {len(candidates)} times: {records}"
        return None, _Why(End.HELD, "BILL_TWICE", because, "Delete or reverse the surplus one in the ERP, then rerun.")
    (payable,) = candidates
    return payable, (
        _state(payable, called)
        or _currency(payable, one, called)
        or _due(payable, one, books, called)
        or _discount(payable, one, books, called)
    )


def _called(one: Application) -> str:
    what = "credit memo" if one.kind is Kind.CREDIT else "invoice"
    return f"{what} {one.number or one.stampli_invoice_id}"


def _differs(payment: Payment, one: Application, known: KnownInvoice) -> _Why | None:
    remedy = "Correct the payment in Stampli and let it be exported again."
    if known.vendor_id != payment.vendor_id:
        because = (
            f"invoice {one.number} ({one.stampli_invoice_id}) was posted for vendor {known.vendor_id}, "
            f"the payment is to vendor {payment.vendor_id}"
        )
        return _Why(End.HELD, "VENDOR_DIFFERS", because, remedy)
    if one.number != known.number:
        because = f"Stampli's invoice {one.stampli_invoice_id} was posted as {known.number}, the payment calls it {one.number}"
        return _Why(End.HELD, "INVOICE_DIFFERS", because, remedy)
    if known.kind is not one.kind:
        because = (
            f"{one.number} was posted as a {known.kind}; a {known.kind} cannot be settled by {one.amount.labelled}"
        )
        return _Why(End.HELD, "KIND_DIFFERS", because, remedy)
    return None


def _state(payable: Payable, called: str) -> _Why | None:
    if payable.is_payable:
        return None
    because = f"{called} stands in the ERP as record {payable.record_no}, {payable.state}"
    if payable.is_final:
        return _Why(End.HELD, "BILL_NOT_PAYABLE", because, f"Decide in the ERP what becomes of it. {COMPARE}")
    remedy = f"Release record {payable.record_no} in the ERP. {GOES_BY_ITSELF}"
    return _Why(End.WAITING, "BILL_NOT_RELEASED", because, remedy)


def _currency(payable: Payable, one: Application, called: str) -> _Why | None:
    if payable.due.currency == one.amount.currency:
        return None
    because = f"{called} is in {payable.due.currency} in the ERP, the payment in {one.amount.currency}"
    return _Why(
        End.HELD, "CURRENCY_DIFFERS", because, "Record this payment by hand, or correct its currency in Stampli."
    )


def _due(payable: Payable, one: Application, books: _Books, called: str) -> _Why | None:
    left, needed = books.left(payable), _needed(one)
    if left.minor >= needed.minor:
        return None
    record = f"record {payable.record_no}"
    if not left.minor:
        return _Why(End.HELD, "ALREADY_PAID", f"{called} ({record}) has nothing open any more in the ERP", COMPARE)
    because = f"{called} ({record}) has {left.labelled} open in the ERP, the payment takes {needed.labelled}"
    return _Why(End.HELD, "OVERPAID", because, COMPARE)


def _discount(payable: Payable, one: Application, books: _Books, called: str) -> _Why | None:
    if not one.discount.minor or books.left(payable) == _needed(one):
        return None
    because = (
        f"a discount of {one.discount.labelled} is taken on a part of {called}: {one.amount.labelled} and the discount are "
        f"not all of the {books.left(payable).labelled} that is open"
    )
    return _Why(
        End.HELD, "DISCOUNT_ON_PART", because, "The ERP takes a discount only with the last payment: record it by hand."
    )
