"""AP adjustments: a vendor's credits and debits, as the legacy ``create_apadjustment`` makes them.

The books keep the sign that was sent. One adjustment has lines of one sign; which of the two is a credit is for the client to
know: here a negative one is applied to bills, a positive one is paid.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.documents import header, header_errors
from stampli_assets.sandbox.intacct.lines import LEGACY, line_errors
from stampli_assets.sandbox.intacct.replies import Error, FunctionFailure
from stampli_assets.sandbox.intacct.sessions import SignedIn
from stampli_assets.sandbox.intacct.taxes import entries, exchange_errors, exchanged, tax_errors, taxed_line, total_of
from stampli_assets.sandbox.intacct.values import amount, fields, legacy_date, plain

COULD_NOT: Error = (
    "BL01001973",
    "Currently, we can't create the transaction. Could not create APAdjustment record!",
    "",
)
_HEADER = {
    "vendorid": "VENDORID", "adjustmentno": "RECORDID", "billno": "DOCNUMBER", "description": "DESCRIPTION",
    "currency": "CURRENCY", "basecurr": "BASECURR", "action": "ACTION", "exchratetype": "EXCH_RATE_TYPE_ID",
    "exchrate": "EXCHANGE_RATE", "inclusivetax": "INCLUSIVETAX", "taxsolutionid": "TAXSOLUTIONID",
}  # fmt: skip
_DATES = {"WHENCREATED": "datecreated", "WHENPOSTED": "dateposted", "EXCH_RATE_DATE": "exchratedate"}


def legacy(element: etree._Element) -> dict[str, Any]:
    """The fields and lines of a ``create_apadjustment`` element, by their names on reading."""
    given: dict[str, Any] = {_HEADER[tag]: text for tag, text in fields(element).items() if tag in _HEADER}
    given |= {name: legacy_date(element.find(tag)) for name, tag in _DATES.items()}
    given["lines"] = [
        {
            **{LEGACY[tag]: text for tag, text in fields(line).items() if tag in LEGACY},
            "taxes": entries(line, "taxentries/taxentry"),
        }
        for line in element.iterfind("apadjustmentitems/lineitem")
    ]
    return given


def check(books: Books, given: dict[str, Any], who: SignedIn) -> dict[str, Any]:
    """The adjustment as the books would keep it, or every reason why not."""
    errors = [
        *header_errors(books, given, books.adjustments, "Adjustment", needed=("WHENCREATED",)),
        *line_errors(books, given, who, "adjustment"),
        *tax_errors(books, given, top_level=not who.entity),
        *exchange_errors(books, given),
    ]
    if errors:
        raise FunctionFailure(*errors, COULD_NOT)
    inclusive = given.get("INCLUSIVETAX") == "true"
    lines = [taxed_line(books, line, inclusive=inclusive) for line in given["lines"]]
    signs = {amount(line["TRX_AMOUNT"], "TRX_AMOUNT") > 0 for line in lines if line["TRX_AMOUNT"] != "0"}
    if len(signs) > 1:
        raise FunctionFailure(("BL03000018", "Amounts must be all positive or all negative, not mixed.", ""), COULD_NOT)
    total = total_of(lines)
    return {
        "RECORDTYPE": "pa",
        **header(books, given, who),
        "STATE": "Draft" if given.get("ACTION", "Submit") == "Draft" else "Posted",
        "TRX_TOTALENTERED": plain(total),
        "TRX_TOTALPAID": "0",
        "TRX_TOTALDUE": plain(total),
        **exchanged(books, given, total),
        "lines": lines,
    }
