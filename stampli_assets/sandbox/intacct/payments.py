"""AP payments: what a payment may settle, and how a bill's due amount falls.

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
COULD_NOT: Error = ("BL01001973", "Could not create Payment record!", "")


def check(books: Books, element: etree._Element) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The payment as the books would keep it, and the bills as they would stand after it."""
    given = fields(element)
    details = [fields(detail) for detail in element.iterfind("APPYMTDETAILS/APPYMTDETAIL")]
    errors = _header_errors(books, given, details)
    bills: dict[str, dict[str, Any]] = {}
    for detail in details:
        errors += _pay(books, given, detail, bills)
    if errors:
        raise FunctionFailure(*errors, COULD_NOT)
    total = sum((amount(detail["TRX_PAYMENTAMOUNT"], "TRX_PAYMENTAMOUNT") for detail in details), Decimal())
    payment = {
        "RECORDNO": books.next_record(),
        "RECORDTYPE": "pp",
        "VENDORID": given["VENDORID"],
        "DOCNUMBER": given.get("DOCNUMBER", ""),
        "DESCRIPTION": given.get("DESCRIPTION", ""),
        "PAYMENTMETHOD": given["PAYMENTMETHOD"],
        "FINANCIALENTITY": given["FINANCIALENTITY"],
        "WHENCREATED": us(a_date(given["PAYMENTDATE"], "PAYMENTDATE")),
        "CURRENCY": given.get("CURRENCY", "") or books.base_currency,
        "STATE": "Draft" if given.get("ACTION") == "Draft" else "Posted",
        "TRX_TOTALENTERED": plain(total),
        "details": details,
    }
    return payment, list(bills.values())


def _header_errors(books: Books, given: dict[str, str], details: list[dict[str, str]]) -> list[Error]:
    errors: list[Error] = [
        ("PAY-0001", f"Missing required field {field}", "")
        for field in ("VENDORID", "PAYMENTDATE", "FINANCIALENTITY", "PAYMENTMETHOD")
        if not given.get(field)
    ]
    if not details:
        errors.append(("PAY-0001", "Missing required field APPYMTDETAILS", ""))
    if given.get("PAYMENTMETHOD") and given["PAYMENTMETHOD"] not in METHODS:
        errors.append(("PAY-0002", f"Payment method '{given['PAYMENTMETHOD']}' is not valid", ""))
    if given.get("FINANCIALENTITY") and not books.active("checking_accounts", given["FINANCIALENTITY"]):
        errors.append(("PAY-0003", f"Financial entity '{given['FINANCIALENTITY']}' does not exist", ""))
    return errors


def _pay(books: Books, given: dict[str, str], detail: dict[str, str], bills: dict[str, dict[str, Any]]) -> list[Error]:
    key = detail.get("RECORDKEY", "")
    bill = bills.get(key) or books.bills.get(key)
    if bill is None:
        return [("DL03000005", f"No record exists for the recordkey {key}", "")]
    if bill["VENDORID"] != given.get("VENDORID"):
        return [("PAY-0004", f"Bill {key} belongs to another vendor", "")]
    if bill["STATE"] not in {"Posted", "Selected", "Paid"}:
        return [("PAY-0005", f"Bill {key} is {bill['STATE']} and cannot be paid", "")]
    paid = amount(detail.get("TRX_PAYMENTAMOUNT", ""), "TRX_PAYMENTAMOUNT")
    due = Decimal(bill["TRX_TOTALDUE"]) - paid
    if due < 0 or not Decimal(bill["TRX_TOTALDUE"]):
        return [("PAY-0006", f"There is no due on the bill {key} for {paid}", "")]
    bills[key] = {
        **bill,
        "TRX_TOTALDUE": plain(due),
        "TRX_TOTALPAID": plain(Decimal(bill["TRX_TOTALPAID"]) + paid),
        "STATE": "Paid" if not due else bill["STATE"],
    }
    return []
