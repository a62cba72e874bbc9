"""An AP bill as Intacct takes it: the fields of object ``APBILL`` in the order in which they are documented.

Source: Sage Intacct Web Services reference, "Bills". There is no header total to send: the total is the sum of the lines and
their tax, which is why a read-back compares ``TRX_TOTALENTERED``. That it holds the tax is the reading of "the amount of the
tax line is automatically included in the amount due"; where it did not, a document with tax would be held by the first
read-back, never sent twice.
"""

from __future__ import annotations

import re

from lxml import etree

from stampli_assets.intacct.company import Company
from stampli_assets.intacct.elements import fill, flag, us_day
from stampli_assets.model.documents import Bill, BillLine, Dimension, Exchange
from stampli_assets.model.money import Money

DIMENSION_FIELDS = {
    Dimension.LOCATION: "LOCATIONID",
    Dimension.DEPARTMENT: "DEPARTMENTID",
    Dimension.PROJECT: "PROJECTID",
    Dimension.TASK: "TASKID",
    Dimension.CUSTOMER: "CUSTOMERID",
    Dimension.EMPLOYEE: "EMPLOYEEID",
    Dimension.ITEM: "ITEMID",
    Dimension.CLASS: "CLASSID",
}
"""In the order in which they are sent."""
_BOX = re.compile(r"(?:1099[- ])?(?P<type>[A-Za-z]+)[ :-]+(?P<box>\S.*)")


def create_bill(bill: Bill, company: Company) -> etree._Element:
    """The ``create`` of one bill; characters that XML does not allow raise ``ValueError``."""
    create = etree.Element("create")
    element = etree.SubElement(create, "APBILL")
    fill(
        element,
        {
            "WHENCREATED": us_day(bill.invoice_date),
            "WHENPOSTED": us_day(bill.posting_date),
            "VENDORID": bill.vendor_id,
            "RECORDID": bill.number,
            "DOCNUMBER": bill.po_number,
            "DESCRIPTION": bill.description,
            "TERMNAME": bill.term,
            "WHENDUE": us_day(bill.due_date),
            "CURRENCY": bill.currency,
            "BASECURR": company.base_currency,
            **_exchange(bill.exchange),
            "INCLUSIVETAX": "true" if is_inclusive(bill, company) else "",
            "ACTION": action(company),
            "TAXSOLUTIONID": company.tax_solution if is_taxed(bill) else "",
        },
    )
    lines = etree.SubElement(element, "APBILLITEMS")
    for line in bill.lines:
        _line(etree.SubElement(lines, "APBILLITEM"), line, bill, company)
    return create


def action(company: Company) -> str:
    """Whether the AP team releases it in Intacct, or it goes straight to the ledger."""
    return "Draft" if company.post_as == "draft" else "Submit"


def is_taxed(bill: Bill) -> bool:
    """Whether a line carries tax, or a tax code over nothing."""
    return any(line.tax is not None for line in bill.lines)


def is_inclusive(bill: Bill, company: Company) -> bool:
    """Whether Intacct is given whole amounts and finds the tax in them by the rates of its tax details."""
    return company.tax == "inclusive" and is_taxed(bill)


def locations(line: BillLine, bill: Bill) -> dict[Dimension, str]:
    """The line's dimensions; without a location it gets the one of the document's entity."""
    codes = dict(line.dimensions)
    codes.setdefault(Dimension.LOCATION, bill.entity_id)
    return codes


def form_1099(line: BillLine) -> tuple[str, str, str]:
    """Whether the line is reported on form 1099, the form's type where the box names it (``NEC 1``), and the box."""
    if not line.form_1099:
        return flag(line.form_1099), "", ""
    match = _BOX.fullmatch(line.form_1099_box)
    return "true", match["type"] if match else "", match["box"] if match else line.form_1099_box


def whole(line: BillLine) -> Money:
    """The line's amount with its tax."""
    return line.amount + line.tax if line.tax is not None else line.amount


def _exchange(exchange: Exchange | None) -> dict[str, str]:
    """A rate, or a kind of rates; never both. What is empty is ``Intacct Daily Rate`` of the bill's day."""
    if exchange is None:
        return {}
    rate = format(exchange.rate, "f") if exchange.rate is not None else ""
    return {
        "EXCH_RATE_DATE": us_day(exchange.day),
        "EXCH_RATE_TYPE_ID": "" if rate else exchange.type,
        "EXCHANGE_RATE": rate,
    }


def _line(element: etree._Element, line: BillLine, bill: Bill, company: Company) -> None:
    codes, inclusive = locations(line, bill), is_inclusive(bill, company)
    reported, form_type, box = form_1099(line)
    fill(
        element,
        {
            "ACCOUNTNO": line.account,
            "TRX_AMOUNT": "" if inclusive else str(line.amount),
            "TOTALTRXAMOUNT": str(whole(line)) if inclusive else "",
            "ENTRYDESCRIPTION": line.memo,
            "FORM1099": reported,
            "FORM1099TYPE": form_type,
            "FORM1099BOX": box,
            "BILLABLE": flag(line.billable),
            **{field: codes.get(dimension, "") for dimension, field in DIMENSION_FIELDS.items()},
        },
    )
    if line.tax is not None:
        entry = etree.SubElement(etree.SubElement(element, "TAXENTRIES"), "TAXENTRY")
        fill(entry, {"DETAILID": line.tax_code, "TRX_TAX": "" if inclusive else str(line.tax)})
