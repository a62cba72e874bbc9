"""The header that bills and adjustments have in common: vendor, number, dates, period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Error
from stampli_assets.sandbox.intacct.sessions import SignedIn
from stampli_assets.sandbox.intacct.values import a_date, us

LONGEST_NUMBER = 45


def header(books: Books, given: dict[str, Any], who: SignedIn) -> dict[str, str]:
    """The fields of the header as the books keep them."""
    created = a_date(given.get("WHENCREATED", ""), "WHENCREATED")
    posted = a_date(given.get("WHENPOSTED", ""), "WHENPOSTED") or created
    return {
        "RECORDNO": books.next_record(),
        "RECORDID": given.get("RECORDID", ""),
        "VENDORID": given["VENDORID"],
        "VENDORNAME": books.masters["vendors"][given["VENDORID"]]["NAME"],
        "WHENCREATED": us(created),
        "WHENPOSTED": us(posted),
        "DOCNUMBER": given.get("DOCNUMBER", ""),
        "DESCRIPTION": given.get("DESCRIPTION", ""),
        "CURRENCY": given.get("CURRENCY", "") or books.base_currency,
        "BASECURR": given.get("BASECURR", "") or books.base_currency,
        "INCLUSIVETAX": given.get("INCLUSIVETAX", ""),
        "TAXSOLUTIONID": given.get("TAXSOLUTIONID", ""),
        "AUWHENCREATED": books.now().strftime("%m/%d/%Y %H:%M:%S"),
        "MEGAENTITYID": who.entity or _entity_of_lines(books, given["lines"]),
    }


def header_errors(
    books: Books, given: dict[str, Any], beside: Mapping[str, dict[str, Any]], called: str, *, needed: Sequence[str]
) -> list[Error]:
    """Every reason why the header is not taken; ``beside`` are the documents of this kind that the books hold."""
    errors: list[Error] = []
    if given.get("ACTION", "Submit") not in {"Draft", "Submit"}:
        errors.append(("BL03000018", f"Illegal format for ACTION: {given['ACTION']}", ""))
    errors += [("BL03000018", f"Missing required field {field}", "") for field in needed if not given.get(field)]
    number, vendor = given.get("RECORDID", ""), given.get("VENDORID", "")
    if not number:
        errors.append(("BL03002128", f"Enter a {called} number.", ""))
    if len(number) > LONGEST_NUMBER:
        errors.append(("BL03000018", f"Illegal format for RECORDID: at most {LONGEST_NUMBER} characters", ""))
    if vendor not in books.masters["vendors"]:
        errors.append(("BL01001973", f"Invalid Vendor '{vendor}' specified.", ""))
    elif not books.active("vendors", vendor):
        errors.append(("BL03000018", f"Activate the vendor {vendor}, then try again.", ""))
    if books.rules["unique_bill_numbers"] and any(
        (one["VENDORID"], one["RECORDID"]) == (vendor, number) for one in beside.values()
    ):
        errors.append(("BL03002185", "A transaction with that number already exists.", "Use another number"))
    return [*errors, *_period_errors(books, given)]


def _period_errors(books: Books, given: dict[str, Any]) -> list[Error]:
    closed = str(books.rules["books_closed_through"] or "")
    posted = a_date(given.get("WHENPOSTED") or given.get("WHENCREATED", ""), "WHENPOSTED")
    if closed and posted is not None and posted <= date.fromisoformat(closed):
        first = date.fromisoformat(closed) + timedelta(days=1)
        return [("BL03000018", f"Date must be on or after {us(first)}: the period of {us(posted)} is closed.", "")]
    return []


def _entity_of_lines(books: Books, lines: Sequence[dict[str, Any]]) -> str:
    """Of a document of the top level: the one entity that its lines belong to."""
    found = {entity for line in lines if (entity := books.entity_of(line.get("LOCATIONID", "")))}
    return found.pop() if len(found) == 1 else ""
