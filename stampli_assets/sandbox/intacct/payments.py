"""AP payments: what a payment may settle, and how the due amounts of bills and credits fall.

The numbers of the refusals here are invented: the vendor publishes none for them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Error, FunctionFailure
from stampli_assets.sandbox.intacct.values import a_date, amount, fields, plain, us

METHODS = frozenset(
    {
        "Printed Check", "Joint Check", "Cash", "EFT", "Credit Card", "ACH", "Check Delivery", "WF Check",
        "WF Domestic ACH", "WF USD Wire",
    }
)  # fmt: skip
MONEY_HAS_MOVED = frozenset({"EFT", "Cash"})
"""Every other method may start a payment run; a company of the sandbox that sees one says so on its page."""
COULD_NOT: Error = ("BL01001973", "Could not create Payment record!", "")
PAYABLE = frozenset({"Posted", "Selected", "Partially Paid", "Paid"})
Record = dict[str, Any]


class Settled:
    """The documents as they would stand after the payment, by list and record number."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._changed: dict[tuple[str, str], Record] = {}

    def get(self, name: str, key: str) -> Record | None:
        """``bills`` or ``adjustments``."""
        kept: dict[str, Record] = getattr(self._books, name)
        return self._changed.get((name, key)) or kept.get(key)

    def settle(self, name: str, record: Record, by: Decimal) -> None:
        """Bring the due amount nearer to nothing; what is settled wholly is paid."""
        due = Decimal(record["TRX_TOTALDUE"])
        left = due - by if due > 0 else due + by
        self._changed[name, record["RECORDNO"]] = {
            **record,
            "TRX_TOTALDUE": plain(left),
            "TRX_TOTALPAID": plain(Decimal(record["TRX_TOTALPAID"]) + by),
            "STATE": "Posted" if left else "Paid",
        }

    def events(self) -> list[Record]:
        """What is written into the books."""
        kinds = {"bills": "bill", "adjustments": "adjustment"}
        return [{"kind": kinds[name], "record": record} for (name, _), record in self._changed.items()]


def check(books: Books, element: etree._Element) -> tuple[Record, list[Record]]:
    """The payment as the books would keep it, and the events of what it settles."""
    given = fields(element)
    details = [fields(detail) for detail in element.iterfind("APPYMTDETAILS/APPYMTDETAIL")]
    cash = sum((amount(detail["TRX_PAYMENTAMOUNT"], "TRX_PAYMENTAMOUNT") for detail in details
                if detail.get("TRX_PAYMENTAMOUNT")), Decimal())  # fmt: skip
    errors = _header_errors(books, given, details, cash)
    settled = Settled(books)
    kept: list[Record] = []
    for detail in details:
        try:
            kept.append(_apply(settled, given, detail))
        except FunctionFailure as failure:
            errors += failure.errors
    if errors:
        raise FunctionFailure(*errors, COULD_NOT)
    payment = {
        "RECORDNO": books.next_record(),
        "RECORDTYPE": "pp",
        "VENDORID": given["VENDORID"],
        "DOCNUMBER": given.get("DOCNUMBER", ""),
        "DESCRIPTION": given.get("DESCRIPTION", ""),
        "PAYMENTMETHOD": given.get("PAYMENTMETHOD", ""),
        "FINANCIALENTITY": given.get("FINANCIALENTITY", ""),
        "WHENCREATED": us(a_date(given["PAYMENTDATE"], "PAYMENTDATE")),
        "CURRENCY": given.get("CURRENCY", "") or books.base_currency,
        "STATE": "Draft" if given.get("ACTION") == "Draft" else "Posted",
        "TRX_TOTALENTERED": plain(cash),
        "details": kept,
    }
    return payment, settled.events()


def void(books: Books, record_no: str) -> None:
    """A person voids a payment: what it settled is open again."""
    with books.lock:
        payment = books.payments[record_no]
        for detail in payment["details"]:
            for name, key, by in (
                ("bills", detail["RECORDKEY"], detail["SETTLED"]),
                ("adjustments", detail.get("ADJUSTMENTKEY", ""), detail.get("TRX_ADJUSTMENTAMOUNT", "0")),
            ):
                record = getattr(books, name).get(key) if key else None
                if record is not None:
                    books.write({"kind": name.removesuffix("s"), "record": _reopened(record, Decimal(by))})
        books.write({"kind": "payment", "record": {**payment, "STATE": "Voided"}})


def _reopened(record: Record, by: Decimal) -> Record:
    paid = Decimal(record["TRX_TOTALPAID"]) - by
    total = Decimal(record["TRX_TOTALENTERED"])
    due = total - paid if total > 0 else total + paid
    return {**record, "TRX_TOTALPAID": plain(paid), "TRX_TOTALDUE": plain(due), "STATE": "Posted"}


def _header_errors(books: Books, given: dict[str, str], details: list[dict[str, str]], cash: Decimal) -> list[Error]:
    needed = ["VENDORID", "PAYMENTDATE", *(["FINANCIALENTITY", "PAYMENTMETHOD"] if cash else [])]
    errors: list[Error] = [
        ("PAY-0001", f"Missing required field {field}", "") for field in needed if not given.get(field)
    ]
    if not details:
        errors.append(("PAY-0001", "Missing required field APPYMTDETAILS", ""))
    if given.get("PAYMENTMETHOD") and given["PAYMENTMETHOD"] not in METHODS:
        errors.append(("PAY-0002", f"Payment method '{given['PAYMENTMETHOD']}' is not valid", ""))
    if given.get("FINANCIALENTITY") and not books.active("checking_accounts", given["FINANCIALENTITY"]):
        errors.append(("PAY-0003", f"Financial entity '{given['FINANCIALENTITY']}' does not exist", ""))
    return errors


def _apply(settled: Settled, given: dict[str, str], detail: dict[str, str]) -> Record:
    """One row: cash, or a credit, against a bill. Answers it with what the bill was settled by."""
    key = detail.get("RECORDKEY", "")
    bill = _payable(settled, "bills", key, given)
    due = Decimal(bill["TRX_TOTALDUE"])
    if credit_key := detail.get("ADJUSTMENTKEY", ""):
        by = amount(detail.get("TRX_ADJUSTMENTAMOUNT", ""), "TRX_ADJUSTMENTAMOUNT")
        credit = _payable(settled, "adjustments", credit_key, given)
        if by > abs(Decimal(credit["TRX_TOTALDUE"])):
            raise FunctionFailure(("PAY-0007", f"Adjustment {credit_key} has not {by} left", ""))
        settled.settle("adjustments", credit, by)
    else:
        by = amount(detail.get("TRX_PAYMENTAMOUNT", ""), "TRX_PAYMENTAMOUNT")
    if by <= 0 or by > due:
        raise FunctionFailure(("PAY-0006", f"There is no due on the bill {key} for {by}", ""))
    if detail.get("DISCOUNTDATE"):  # the rest of the bill is the discount
        by = due
    settled.settle("bills", bill, by)
    return {**detail, "SETTLED": plain(by)}


def _payable(settled: Settled, name: str, key: str, given: dict[str, str]) -> Record:
    record = settled.get(name, key)
    if record is None:
        raise FunctionFailure(("DL03000005", f"No record exists for the recordkey {key}", ""))
    if record["VENDORID"] != given.get("VENDORID"):
        raise FunctionFailure(("PAY-0004", f"Record {key} belongs to another vendor", ""))
    if record["STATE"] not in PAYABLE:
        raise FunctionFailure(("PAY-0005", f"Record {key} is {record['STATE']} and cannot be paid", ""))
    if record["CURRENCY"] != (given.get("CURRENCY") or record["CURRENCY"]):
        raise FunctionFailure(("PAY-0008", f"Record {key} is in {record['CURRENCY']}", ""))
    return record
