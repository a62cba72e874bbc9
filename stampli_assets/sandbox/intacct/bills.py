"""AP bills: the rules under which the books take one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Error, FunctionFailure
from stampli_assets.sandbox.intacct.sessions import SignedIn
from stampli_assets.sandbox.intacct.values import a_date, amount, fields, legacy_date, plain, us

COULD_NOT: Error = ("BL01001973", "Currently, we can't create the transaction. Could not create Bill record!", "")
LONGEST_NUMBER = 45
DIMENSIONS = {
    "LOCATIONID": ("locations", "Location", "REQUIRELOC"),
    "DEPARTMENTID": ("departments", "Department", "REQUIREDEPT"),
    "PROJECTID": ("projects", "Project", "REQUIREPROJECT"),
    "CLASSID": ("classes", "Class", "REQUIRECLASS"),
    "CUSTOMERID": ("customers", "Customer", "REQUIRECUSTOMER"),
    "EMPLOYEEID": ("employees", "Employee", "REQUIREEMPLOYEE"),
    "ITEMID": ("items", "Item", "REQUIREITEM"),
}
"""Line field → list of masters, what messages call it, the account's field that requires it."""
LEGACY_LINE = {
    "glaccountno": "ACCOUNTNO", "amount": "TRX_AMOUNT", "memo": "ENTRYDESCRIPTION", "locationid": "LOCATIONID",
    "departmentid": "DEPARTMENTID", "projectid": "PROJECTID", "customerid": "CUSTOMERID", "employeeid": "EMPLOYEEID",
    "itemid": "ITEMID", "classid": "CLASSID",
}  # fmt: skip


def generic(element: etree._Element) -> dict[str, Any]:
    """The fields and lines of an ``APBILL`` element."""
    lines = [fields(line) for line in element.iterfind("APBILLITEMS/APBILLITEM")]
    return {**fields(element), "lines": lines}


def legacy(element: etree._Element) -> dict[str, Any]:
    """The same of a ``create_bill`` element."""
    names = {
        "vendorid": "VENDORID", "billno": "RECORDID", "ponumber": "DOCNUMBER", "description": "DESCRIPTION",
        "termname": "TERMNAME", "currency": "CURRENCY", "basecurr": "BASECURR", "action": "ACTION", "supdocid": "SUPDOCID",
    }  # fmt: skip
    given = {names[tag]: text for tag, text in fields(element).items() if tag in names}
    dates = {"WHENCREATED": "datecreated", "WHENPOSTED": "dateposted", "WHENDUE": "datedue"}
    given |= {name: legacy_date(element.find(tag)) for name, tag in dates.items()}
    lines = [
        {LEGACY_LINE[tag]: text for tag, text in fields(line).items() if tag in LEGACY_LINE}
        for line in element.iterfind("billitems/lineitem")
    ]
    return {**given, "lines": lines}


def check(books: Books, given: dict[str, Any], who: SignedIn) -> dict[str, Any]:
    """The bill as the books would keep it, or every reason why not (the useful one first, then the wrapper)."""
    errors = [*_header_errors(books, given), *_line_errors(books, given, who)]
    if errors:
        raise FunctionFailure(*errors, COULD_NOT)
    created = a_date(given.get("WHENCREATED", ""), "WHENCREATED")
    posted = a_date(given.get("WHENPOSTED", ""), "WHENPOSTED") or created
    total = sum((amount(line["TRX_AMOUNT"], "TRX_AMOUNT") for line in given["lines"]), Decimal())
    draft = given.get("ACTION", "Submit") == "Draft"
    state = "Draft" if draft else "Submitted" if books.rules["bill_approval"] else "Posted"
    vendor = books.masters["vendors"][given["VENDORID"]]
    return {
        "RECORDNO": books.next_record(),
        "RECORDTYPE": "pi",
        "RECORDID": given.get("RECORDID", ""),
        "VENDORID": given["VENDORID"],
        "VENDORNAME": vendor["NAME"],
        "STATE": state,
        "WHENCREATED": us(created),
        "WHENPOSTED": us(posted),
        "WHENDUE": us(a_date(given.get("WHENDUE", ""), "WHENDUE")),
        "TERMNAME": given.get("TERMNAME", ""),
        "DOCNUMBER": given.get("DOCNUMBER", ""),
        "DESCRIPTION": given.get("DESCRIPTION", ""),
        "SUPDOCID": given.get("SUPDOCID", ""),
        "CURRENCY": given.get("CURRENCY", "") or books.base_currency,
        "BASECURR": given.get("BASECURR", "") or books.base_currency,
        "TRX_TOTALENTERED": plain(total),
        "TRX_TOTALPAID": "0",
        "TRX_TOTALDUE": plain(total),
        "AUWHENCREATED": books.now().strftime("%m/%d/%Y %H:%M:%S"),
        "MEGAENTITYID": who.entity,
        "lines": [{**line, "TRX_AMOUNT": plain(Decimal(line["TRX_AMOUNT"]))} for line in given["lines"]],
    }


def _header_errors(books: Books, given: dict[str, Any]) -> list[Error]:
    errors: list[Error] = []
    draft = given.get("ACTION", "Submit") == "Draft"
    if given.get("ACTION", "Submit") not in {"Draft", "Submit"}:
        errors.append(("BL03000018", f"Illegal format for ACTION: {given['ACTION']}", ""))
    needed = () if draft else ("WHENCREATED",) if given.get("TERMNAME") else ("WHENCREATED", "WHENDUE")
    errors += [("BL03000018", f"Missing required field {field}", "") for field in needed if not given.get(field)]
    number = given.get("RECORDID", "")
    if not number:
        errors.append(("BL03002128", "Enter a Bill number.", ""))
    if len(number) > LONGEST_NUMBER:
        errors.append(("BL03000018", f"Illegal format for RECORDID: at most {LONGEST_NUMBER} characters", ""))
    vendor = given.get("VENDORID", "")
    if vendor not in books.masters["vendors"]:
        errors.append(("BL01001973", f"Invalid Vendor '{vendor}' specified.", ""))
    elif not books.active("vendors", vendor):
        errors.append(("BL03000018", f"Activate the vendor {vendor}, then try again.", ""))
    term = given.get("TERMNAME", "")
    if term and not books.active("terms", term):
        errors.append(("BL03000018", f"Invalid term '{term}' specified.", ""))
    return [*errors, *_period_errors(books, given), *_number_errors(books, vendor, number)]


def _period_errors(books: Books, given: dict[str, Any]) -> list[Error]:
    closed = str(books.rules["books_closed_through"] or "")
    posted = a_date(given.get("WHENPOSTED") or given.get("WHENCREATED", ""), "WHENPOSTED")
    if closed and posted is not None and posted <= date.fromisoformat(closed):
        first = date.fromisoformat(closed) + timedelta(days=1)
        return [("BL03000018", f"Date must be on or after {us(first)}: the period of {us(posted)} is closed.", "")]
    return []


def _number_errors(books: Books, vendor: str, number: str) -> list[Error]:
    if books.rules["unique_bill_numbers"] and any(
        (bill["VENDORID"], bill["RECORDID"]) == (vendor, number) for bill in books.bills.values()
    ):
        return [("BL03002185", "A transaction with that number already exists.", "Use another number")]
    return []


def _line_errors(books: Books, given: dict[str, Any], who: SignedIn) -> list[Error]:
    lines = given["lines"]
    if not lines:
        return [("BL03000018", "A bill needs at least one line.", "")]
    if books.rules["entity_only"] and not who.entity:
        return [("BL01001973", "At the top level, bills cannot be created: sign in to an entity.", "")]
    return [error for line in lines for error in _one_line(books, line, who)]


def _one_line(books: Books, line: dict[str, str], who: SignedIn) -> list[Error]:
    errors: list[Error] = []
    account = line.get("ACCOUNTNO", "")
    known = books.masters["accounts"].get(account)
    if "TRX_AMOUNT" not in line:
        errors.append(("BL03002101", "Remove the extra line item, or enter an amount.", ""))
    else:
        amount(line["TRX_AMOUNT"], "TRX_AMOUNT")
    if known is None or known.get("STATUS", "active") != "active":
        errors.append(("BL03000018", f"GL account '{account}' specified is not valid.", ""))
    for field, (masters, called, requires) in DIMENSIONS.items():
        code = line.get(field, "")
        if code and not books.active(masters, code):
            errors.append(("BL01001973", f"Invalid {called} '{code}' specified.", ""))
        if code or known is None or (field == "LOCATIONID" and who.entity):
            continue
        if known.get(requires, "false") == "true":
            errors.append(
                ("BL03000018", f"This transaction is missing the {called} dimension for the Account {account}", "")
            )
        elif field == "LOCATIONID" and books.masters["entities"]:
            errors.append(("BL03000018", f"Missing the Location dimension for Account {account}", ""))
    return errors
