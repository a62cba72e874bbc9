"""The rules for a line of a bill or an adjustment: account, dimensions, entity, form 1099."""

from __future__ import annotations

from typing import Any

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Error
from stampli_assets.sandbox.intacct.sessions import SignedIn
from stampli_assets.sandbox.intacct.values import BOOLEANS, amount

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
LEGACY = {
    "glaccountno": "ACCOUNTNO", "amount": "TRX_AMOUNT", "memo": "ENTRYDESCRIPTION", "locationid": "LOCATIONID",
    "departmentid": "DEPARTMENTID", "item1099": "FORM1099", "form1099type": "FORM1099TYPE", "form1099box": "FORM1099BOX",
    "projectid": "PROJECTID", "taskid": "TASKID", "customerid": "CUSTOMERID", "employeeid": "EMPLOYEEID",
    "itemid": "ITEMID", "classid": "CLASSID", "billable": "BILLABLE", "totaltrxamount": "TOTALTRXAMOUNT",
}  # fmt: skip


def line_errors(books: Books, given: dict[str, Any], who: SignedIn, called: str) -> list[Error]:
    """Every reason why the lines of a document are not taken."""
    lines = given["lines"]
    if not lines:
        return [("BL03000018", f"A {called} needs at least one line.", "")]
    if books.rules["entity_only"] and not who.entity:
        return [("BL01001973", f"At the top level, {called}s cannot be created: sign in to an entity.", "")]
    errors = [error for line in lines for error in _one_line(books, line, given, who)]
    return [*errors, *_entity_errors(books, lines, who)]


def _one_line(books: Books, line: dict[str, Any], given: dict[str, Any], who: SignedIn) -> list[Error]:
    errors: list[Error] = []
    account, entered = (
        line.get("ACCOUNTNO", ""),
        "TOTALTRXAMOUNT" if given.get("INCLUSIVETAX") == "true" else "TRX_AMOUNT",
    )
    known = books.masters["accounts"].get(account)
    if entered not in line:
        errors.append(("BL03002101", "Remove the extra line item, or enter an amount.", ""))
    else:
        amount(line[entered], entered)
    if known is None or known.get("STATUS", "active") != "active":
        errors.append(("BL03000018", f"GL account '{account}' specified is not valid.", ""))
    for field, (masters, name, requires) in DIMENSIONS.items():
        code = line.get(field, "")
        if code and not books.active(masters, code) and not (field == "LOCATIONID" and books.active("entities", code)):
            errors.append(("BL01001973", f"Invalid {name} '{code}' specified.", ""))
        if code or known is None or (field == "LOCATIONID" and who.entity):
            continue
        if known.get(requires, "false") == "true":
            errors.append(
                ("BL03000018", f"This transaction is missing the {name} dimension for the Account {account}", "")
            )
        elif field == "LOCATIONID" and books.masters["entities"]:
            errors.append(("BL03000018", f"Missing the Location dimension for Account {account}", ""))
    return [*errors, *_flag_errors(books, line, given)]


def _flag_errors(books: Books, line: dict[str, Any], given: dict[str, Any]) -> list[Error]:
    errors: list[Error] = [
        ("BL03000018", f"Illegal format for {field}: {line[field]}", "")
        for field in ("FORM1099", "BILLABLE")
        if line.get(field, "") not in BOOLEANS
    ]
    vendor = books.masters["vendors"].get(given.get("VENDORID", ""), {})
    if line.get("FORM1099") == "true" and not vendor.get("FORM1099TYPE"):
        errors.append(("BL03000018", f"The vendor {given.get('VENDORID')} is not set up for 1099s.", ""))
    return errors


def _entity_errors(books: Books, lines: list[dict[str, Any]], who: SignedIn) -> list[Error]:
    """Without inter-entity transactions a document belongs to one entity."""
    found = {entity for line in lines if (entity := books.entity_of(line.get("LOCATIONID", "")))}
    if books.rules["inter_entity"] or len(found | ({who.entity} if who.entity else set())) <= 1:
        return []
    return [("BL01001973", f"Inter-entity transactions are not enabled between {', '.join(sorted(found))}.", "")]
