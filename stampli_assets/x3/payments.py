"""Payments of suppliers in X3 (object PAYMENTH, "GESPAY"): create, find, and what invoices and credit memos have open.

X3 is the master of cash: a payment is recorded only where the connection's settings say so. All names are [P]: no payment
stands among the nodes that Sage documents, so the customer's administrator must publish one. X3 has no idempotency key: a
lost answer is ``Unknown``; a payment is found again by its supplier and reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.payments import Payable, Payment, Sought
from stampli_assets.model.ports import Numbered
from stampli_assets.model.postings import REPEATED
from stampli_assets.x3.api import Api, Created, Lost, Made, NotMade, NotNow, Record, Row
from stampli_assets.x3.batches import create_all, not_sent
from stampli_assets.x3.bills import STATES, family, money, under
from stampli_assets.x3.door import Door
from stampli_assets.x3.errors import reasons
from stampli_assets.x3.exact import text_of
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.invoice_record import EXPORT_AGAIN, writable
from stampli_assets.x3.names import GRAPHQL, REST, Names, Node, RestClass
from stampli_assets.x3.rest import RestApi

LONGEST_REFERENCE = 30
LONGEST_DESCRIPTION = 30
_CANCELLED = frozenset({"3", "cancelled"})
_FINAL = frozenset({"3", "final"})
VOIDED = "Voided"
"""What a cancelled payment is called here, as in Intacct."""
_READ = ("record_no", "supplier", "reference", "currency", "total", "state")
_PAYABLE = ("record_no", "supplier", "source_document", "currency", "kind", "state")


class X3Payments:
    """Implements the ports :class:`~stampli_assets.model.ports.Book` of payments and
    :class:`~stampli_assets.model.payments.PayableBook` over either API of X3.
    """

    def __init__(self, api: Api, door: Door, folder: Folder) -> None:
        self._api = api
        self._door = door
        self._folder = folder

    def post(self, documents: Sequence[tuple[Payment, ControlId]]) -> Sequence[Outcome]:
        """One create for each payment; every payment's outcome, in order.

        Raises:
            Transient: certain that nothing of it was kept, after the backoff is spent.
            Misconfigured: the sign-in, a name or a right is refused; nothing was kept.
        """
        payments = [payment for payment, _ in documents]
        whys = [_unfit(payment, self._api.names) for payment in payments]
        fit = [number for number, why in enumerate(whys) if why is None]
        records = [self._record(payments[number]) for number in fit]
        ended = create_all(self._api, "create_payment", records, self._door) if records else []
        outcomes: dict[int, Outcome] = {number: Refused((why,)) for number, why in enumerate(whys) if why is not None}
        for number, created in zip(fit, ended, strict=True):
            outcomes[number] = _outcome(payments[number], created)
        return [outcomes[number] for number in range(len(documents))]

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """Every payment that X3 holds under each one's supplier and reference. A cancelled one has no total, so that it is
        never taken for one of ours that stands.

        Raises:
            Transient: X3 did not answer usefully.
            Misconfigured: the look-up is refused.
        """
        held: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self._under("find_payment", _READ, "reference", documents):
            held[text_of(row["supplier"]), text_of(row["reference"])].append(row)
        return [[_found(row) for row in under(held, one.vendor_id, one.number)] for one in documents]

    def request_for(self, document: Payment) -> str:
        """The create of one payment as it would be sent; nothing is sent."""
        return self._api.written("create_payment", self._record(document))

    def payables(self, sought: Collection[Sought]) -> Mapping[Sought, Sequence[Payable]]:
        """Every invoice or credit memo under each supplier and number, with what is open; those that are not posted in X3
        too, which cannot be paid yet.

        Raises:
            Transient: X3 did not answer usefully.
            Misconfigured: the look-up is refused.
        """
        held: dict[tuple[str, str, Kind | None], list[Row]] = defaultdict(list)
        for row in self._under("find_invoice", _PAYABLE, "source_document", list(sought)):
            key = text_of(row["supplier"]), text_of(row["source_document"]), family(row, self._api.names)
            held[key].append(row)
        found = {one: held.get((one.vendor_id, one.number, one.kind), []) for one in sought}
        due = self._due({text_of(row["record_no"]) for rows in found.values() for row in rows})
        return {one: [_payable(row, due) for row in rows] for one, rows in found.items() if rows}

    def _due(self, records: set[str]) -> Mapping[str, Money]:
        """What each record has open; nothing is said of one that has no open item."""
        due: dict[str, Money] = {}
        numbers, size = sorted(records), self._folder.bills_per_query
        for start in range(0, len(numbers), size):
            among = {"record_no": numbers[start : start + size]}
            for row in self._api.rows("open_items", ("record_no", "currency", "amount", "paid"), among):
                currency, record = text_of(row["currency"]), text_of(row["record_no"])
                amount, paid = (money(text_of(row[field]), currency) for field in ("amount", "paid"))
                if amount is not None and paid is not None:
                    due[record] = due.get(record, Money(0, currency)) + amount - paid
        return due

    def _under(
        self, place: str, wanted: Sequence[str], number: str, documents: Sequence[Numbered | Sought]
    ) -> Iterator[Row]:
        """The rows under the suppliers and numbers, each once."""
        size, seen = self._folder.bills_per_query, set()
        for start in range(0, len(documents), size):
            some = documents[start : start + size]
            numbers = {spelled for one in some for spelled in (one.number, one.number.upper())}
            for row in self._api.rows(place, wanted, {"supplier": {one.vendor_id for one in some}, number: numbers}):
                if text_of(row["record_no"]) not in seen:
                    seen.add(text_of(row["record_no"]))
                    yield row

    def _record(self, payment: Payment) -> Record:
        return {
            "payment_type": payment.method,
            "site": self._folder.site,
            "supplier": payment.vendor_id,
            "accounting_date": payment.payment_date.isoformat(),
            "currency": payment.currency,
            "total": str(payment.total),
            "bank": payment.bank_account,
            "reference": payment.number,
            "description": payment.memo[:LONGEST_DESCRIPTION].strip(),
            "lines": [
                {
                    "line_invoice": one.record_no,
                    "line_amount": str(one.amount),
                    "line_discount": str(one.discount) if one.discount.minor else "",
                }
                for one in payment.applications
            ],
        }


class X3GraphQLPayments(X3Payments):
    """Payments over GraphQL."""

    def __init__(self, door: Door, folder: Folder, names: Names[Node] = GRAPHQL) -> None:
        super().__init__(GraphQLApi(door, folder, names), door, folder)


class X3RestPayments(X3Payments):
    """Payments over REST api1."""

    def __init__(self, door: Door, folder: Folder, names: Names[RestClass] = REST) -> None:
        super().__init__(RestApi(door, folder, names), door, folder)


def _found(row: Row) -> ErpRecord:
    is_void = text_of(row.get("state")) in _CANCELLED
    return ErpRecord(
        record_no=text_of(row["record_no"]),
        vendor_id=text_of(row["supplier"]),
        number=text_of(row["reference"]),
        total=None if is_void else money(text_of(row["total"]), text_of(row["currency"])),
        state=VOIDED if is_void else text_of(row.get("state")),
    )


def _payable(row: Row, due: Mapping[str, Money]) -> Payable:
    record, state = text_of(row["record_no"]), text_of(row.get("state"))
    return Payable(
        record_no=record,
        due=due.get(record, Money(0, text_of(row["currency"]))),
        state=STATES.get(state, state),
        is_payable=record in due and (not state or state in _FINAL),
    )


def _outcome(payment: Payment, created: Created) -> Outcome:
    what = f"payment {payment.number}"
    match created:
        case Made(row, warnings):
            record, total = text_of(row["record_no"]), money(text_of(row.get("total")), payment.currency)
            if total is None:
                return Unknown(f"X3 kept {what} as {record} and did not say over how much.", REPEATED)
            remarks = "; ".join(dict.fromkeys(one.message for one in warnings))
            return Posted(ErpRecord(record, payment.vendor_id, payment.number, total, warning=remarks))
        case NotMade(diagnoses):
            return Refused(reasons(diagnoses, what))
        case NotNow():
            return not_sent(created, what)
        case Lost(why):
            return Unknown(why)


def _unfit(payment: Payment, names: Names[Any]) -> Reason | None:
    """Why a payment cannot be sent as it is; nothing of it leaves."""
    if len(payment.number) > LONGEST_REFERENCE:
        return Reason(
            "NUMBER_TOO_LONG",
            f"{payment.number} has {len(payment.number)} characters; X3 keeps {LONGEST_REFERENCE} of a payment's reference.",
            f"Shorten the payment number in Stampli {EXPORT_AGAIN}",
        )
    if payment.total.minor <= 0:
        return Reason(
            "PAYMENT_WITHOUT_CASH",
            f"Payment {payment.number} moves {payment.total.labelled}: credits are set against invoices and nothing is paid.",
            "Match the credit memos with the invoices in X3.",
        )
    if any(one.discount.minor for one in payment.applications) and not names.create_payment.fields["line_discount"]:
        return Reason(
            "DISCOUNT_NOT_SENT",
            f"Payment {payment.number} takes a discount, and the settings do not say where this X3 takes one: the invoice "
            "would stay open by as much.",
            "Name the property (names: {create_payment: {fields: {line_discount: …}}}), or enter the payment in X3.",
        )
    if not all(map(writable, (payment.number, payment.vendor_id, payment.memo, payment.bank_account, payment.method))):
        return Reason(
            "CHARACTER",
            f"Payment {payment.number} holds a character that cannot be sent to X3.",
            f"Remove control characters from its texts in Stampli {EXPORT_AGAIN}",
        )
    return None
