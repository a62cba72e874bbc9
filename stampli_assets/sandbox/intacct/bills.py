"""AP bills: the rules under which the books take one."""

from __future__ import annotations

from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.documents import header, header_errors
from stampli_assets.sandbox.intacct.lines import LEGACY, line_errors
from stampli_assets.sandbox.intacct.replies import Error, FunctionFailure
from stampli_assets.sandbox.intacct.sessions import SignedIn
from stampli_assets.sandbox.intacct.taxes import entries, exchange_errors, exchanged, tax_errors, taxed_line, total_of
from stampli_assets.sandbox.intacct.values import a_date, fields, legacy_date, plain, us

COULD_NOT: Error = ("BL01001973", "Currently, we can't create the transaction. Could not create Bill record!", "")


def generic(element: etree._Element) -> dict[str, Any]:
    """The fields and lines of an ``APBILL`` element."""
    lines = [
        {**fields(line), "taxes": entries(line, "TAXENTRIES/TAXENTRY")}
        for line in element.iterfind("APBILLITEMS/APBILLITEM")
    ]
    return {**fields(element), "lines": lines}


def legacy(element: etree._Element) -> dict[str, Any]:
    """The same of a ``create_bill`` element."""
    names = {
        "vendorid": "VENDORID", "billno": "RECORDID", "ponumber": "DOCNUMBER", "description": "DESCRIPTION",
        "termname": "TERMNAME", "currency": "CURRENCY", "basecurr": "BASECURR", "action": "ACTION", "supdocid": "SUPDOCID",
        "exchratetype": "EXCH_RATE_TYPE_ID", "exchrate": "EXCHANGE_RATE",
    }  # fmt: skip
    given: dict[str, Any] = {names[tag]: text for tag, text in fields(element).items() if tag in names}
    dates = {"WHENCREATED": "datecreated", "WHENPOSTED": "dateposted", "WHENDUE": "datedue"}
    given |= {name: legacy_date(element.find(tag)) for name, tag in dates.items()}
    given["lines"] = [
        {LEGACY[tag]: text for tag, text in fields(line).items() if tag in LEGACY}
        for line in element.iterfind("billitems/lineitem")
    ]
    return given


def check(books: Books, given: dict[str, Any], who: SignedIn) -> dict[str, Any]:
    """The bill as the books would keep it, or every reason why not (the useful one first, then the wrapper)."""
    draft, term = given.get("ACTION", "Submit") == "Draft", given.get("TERMNAME", "")
    needed = () if draft else ("WHENCREATED",) if term else ("WHENCREATED", "WHENDUE")
    errors = header_errors(books, given, books.bills, "Bill", needed=needed)
    if term and not books.active("terms", term):
        errors.append(("BL03000018", f"Invalid term '{term}' specified.", ""))
    errors += line_errors(books, given, who, "bill")
    errors += [*tax_errors(books, given, top_level=not who.entity), *exchange_errors(books, given)]
    if errors:
        raise FunctionFailure(*errors, COULD_NOT)
    inclusive = given.get("INCLUSIVETAX") == "true"
    lines = [taxed_line(books, line, inclusive=inclusive) for line in given["lines"]]
    total = total_of(lines)
    return {
        "RECORDTYPE": "pi",
        **header(books, given, who),
        "STATE": "Draft" if draft else "Submitted" if books.rules["bill_approval"] else "Posted",
        "WHENDUE": us(a_date(given.get("WHENDUE", ""), "WHENDUE")),
        "TERMNAME": term,
        "SUPDOCID": given.get("SUPDOCID", ""),
        "TRX_TOTALENTERED": plain(total),
        "TRX_TOTALPAID": "0",
        "TRX_TOTALDUE": plain(total),
        **exchanged(books, given, total),
        "lines": lines,
    }
