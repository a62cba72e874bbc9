"""AP payments in Sage Intacct (object ``APPYMT``): create, find, and what bills and credits have open.

Field names and order: Sage Intacct Web Services reference, "AP Payments". Only methods for money that has already moved are
sent (``EFT``, ``Cash``); others could start a payment run. What is paid is named by RECORDNO, credits of the vendor's by
``ADJUSTMENTKEY`` beside the bill that they reduce.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from stampli_assets.intacct.adjustments import turned
from stampli_assets.intacct.company import Company
from stampli_assets.intacct.elements import fill, us_day
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.look_up import Asked, rows_under
from stampli_assets.intacct.sending import create_each
from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Outcome
from stampli_assets.model.payments import Application, Payable, Payment, Sought
from stampli_assets.model.ports import Numbered

PAYMENTS = Asked(
    "APPYMT", "DOCNUMBER", ("RECORDNO", "VENDORID", "DOCNUMBER", "CURRENCY", "TRX_TOTALENTERED", "STATE"), "AP payments"
)
_OPEN = ("RECORDNO", "VENDORID", "RECORDID", "CURRENCY", "TRX_TOTALDUE", "STATE")
OPEN = {
    Kind.BILL: Asked("APBILL", "RECORDID", _OPEN, "AP bills"),
    Kind.CREDIT: Asked("APADJUSTMENT", "RECORDID", _OPEN, "AP adjustments"),
}
PAYABLE_STATES = frozenset({"Posted", "Selected", "Partially Paid", "Paid"})
"""``Paid`` is payable in name: nothing is open any more, and that is what a person is told."""
FINAL_STATES = frozenset({"Declined", "Reversed", "Reversal"})
VOIDED_STATES = frozenset({"Voided", "Reversed"})


class IntacctPayments:
    """Implements the port :class:`~stampli_assets.model.ports.Book` for payments."""

    def __init__(self, gateway: Gateway, company: Company) -> None:
        self._gateway = gateway
        self._company = company

    def post(self, documents: Sequence[tuple[Payment, ControlId]]) -> Sequence[Outcome]:
        """One request with one create per payment; every payment's outcome, in order.

        Raises:
            Transient: certain that nothing was kept.
            Misconfigured: the sign-in or the request was refused as a whole; nothing was kept.
        """
        return create_each(
            self._gateway,
            documents,
            lambda payment: _create(payment, self._company),
            lambda payment: f"Payment {payment.stampli_id}",
        )

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """Every payment that Intacct holds under each one's vendor and document number. A voided one has no total, so that
        it is never taken for one of ours that stands.

        Raises:
            Transient: Intacct did not answer usefully.
            Misconfigured: the user may not list payments.
        """
        found: dict[tuple[str, str], list[ErpRecord]] = defaultdict(list)
        for row in rows_under(self._gateway, PAYMENTS, documents):
            found[row.get("VENDORID", ""), row.get("DOCNUMBER", "")].append(_record(row))
        return [found.get((one.vendor_id, one.number), []) for one in documents]

    def request_for(self, document: Payment) -> str:
        """The create of one payment, indented; nothing is sent."""
        return etree.tostring(_create(document, self._company), encoding="unicode", pretty_print=True)

    def payables(self, sought: Collection[Sought]) -> Mapping[Sought, Sequence[Payable]]:
        """Every bill or credit under each vendor and number, with what is open; drafts too.

        Raises:
            Transient: Intacct did not answer usefully.
            Misconfigured: the user may not list them.
        """
        found: dict[Sought, list[Payable]] = defaultdict(list)
        for kind, asked in OPEN.items():
            wanted = [one for one in sought if one.kind is kind]
            for row in rows_under(self._gateway, asked, wanted):
                one = Sought(row.get("VENDORID", ""), row.get("RECORDID", ""), kind)
                if one in sought:
                    found[one].append(_payable(row, kind, self._company))
        return found


def _create(payment: Payment, company: Company) -> etree._Element:
    create = etree.Element("create")
    element = etree.SubElement(create, "APPYMT")
    has_cash = payment.total.minor > 0
    fill(
        element,
        {
            "PAYMENTMETHOD": payment.method if has_cash else "",
            "FINANCIALENTITY": payment.bank_account if has_cash else "",
            "VENDORID": payment.vendor_id,
            "DOCNUMBER": payment.number,
            "DESCRIPTION": _description(payment),
            "PAYMENTDATE": us_day(payment.payment_date),
            "CURRENCY": payment.currency,
            "BASECURR": company.base_currency,
            "ACTION": "Submit",
        },
    )
    details = etree.SubElement(element, "APPYMTDETAILS")
    for detail in details_of(payment):
        fill(etree.SubElement(details, "APPYMTDETAIL"), detail.fields(payment))
    return create


def _description(payment: Payment) -> str:
    """What a person sees beside the payment: Stampli's id, and the bank's reference."""
    parts = [f"Stampli payment {payment.stampli_id}", payment.reference, payment.memo]
    return " · ".join(dict.fromkeys(part for part in parts if part and part != payment.number))[:1000]


@dataclass(frozen=True, slots=True)
class Detail:
    """One row of a payment: cash for a bill, or a part of a credit applied to it."""

    bill: Application
    amount: Money
    credit: Application | None = None

    def fields(self, payment: Payment) -> dict[str, str]:
        """As ``APPYMTDETAIL``. A discount is taken by its date, with the cash that closes the bill."""
        if self.credit is not None:
            return {
                "RECORDKEY": self.bill.record_no,
                "ADJUSTMENTKEY": self.credit.record_no,
                "TRX_ADJUSTMENTAMOUNT": str(self.amount),
            }
        return {
            "RECORDKEY": self.bill.record_no,
            "DISCOUNTDATE": us_day(payment.payment_date) if self.bill.discount.minor else "",
            "TRX_PAYMENTAMOUNT": str(self.amount),
        }


def details_of(payment: Payment) -> Iterator[Detail]:
    """The bills in order, each settled first by what is left of the credits, the rest by cash.

    Bills with a discount come last: a discount goes with the cash that closes its bill.
    """
    to_apply = deque((one, -one.amount.minor) for one in payment.applications if one.kind is Kind.CREDIT)
    currency = payment.currency
    bills = [one for one in payment.applications if one.kind is Kind.BILL]
    for bill in sorted(bills, key=lambda one: bool(one.discount.minor)):
        left = bill.amount.minor
        while left and to_apply:
            credit, open_credit = to_apply.popleft()
            part = min(left, open_credit)
            yield Detail(bill, Money(part, currency), credit)
            left -= part
            if open_credit > part:
                to_apply.appendleft((credit, open_credit - part))
        if left:
            yield Detail(bill, Money(left, currency))


def _record(row: Mapping[str, str]) -> ErpRecord:
    state = row.get("STATE", "")
    return ErpRecord(
        record_no=row.get("RECORDNO", ""),
        vendor_id=row.get("VENDORID", ""),
        number=row.get("DOCNUMBER", ""),
        total=None if state in VOIDED_STATES else _money(row, "TRX_TOTALENTERED"),
        state="Voided" if state in VOIDED_STATES else state,
    )


def _payable(row: Mapping[str, str], kind: Kind, company: Company) -> Payable:
    state = row.get("STATE", "")
    due = _money(row, "TRX_TOTALDUE")
    if due is not None and kind is Kind.CREDIT:
        due = -turned(due, company)
    return Payable(
        record_no=row.get("RECORDNO", ""),
        due=due if due is not None else Money(0, row.get("CURRENCY", "") or company.base_currency),
        state=state,
        is_payable=state in PAYABLE_STATES and due is not None,
        is_final=state in FINAL_STATES or due is None,
    )


def _money(row: Mapping[str, str], field: str) -> Money | None:
    try:
        return Money.parse(row.get(field, ""), row.get("CURRENCY", ""))
    except ValueError:
        return None
