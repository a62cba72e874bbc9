"""Vendor credits in Sage Intacct: AP adjustments, by the legacy ``create_apadjustment`` (no generic create is documented).

The schema (3.0) is a strict sequence: an element out of place fails the whole request, the good documents in it too. The
tax elements, and ``taskid``, are later than the published schema and stand where the reference's examples have them.

Which sign makes a credit is not written down. A payment pays what has a ``POSADJKEY`` (a positive adjustment) and applies
what it calls a debit memo, so a credit of the vendor's is taken to be a *negative* adjustment. That is unverified: the
setting ``adjustment_sign`` turns it, and one credit in a sandbox company tells.
"""

from __future__ import annotations

from lxml import etree

from stampli_assets.intacct.bill_fields import action, form_1099, is_inclusive, is_taxed, locations, whole
from stampli_assets.intacct.company import Company
from stampli_assets.intacct.elements import fill, flag, legacy_day
from stampli_assets.model.documents import Bill, BillLine, Dimension
from stampli_assets.model.money import Money

DAILY_RATE = "Intacct Daily Rate"
"""What a blank kind of rates means. The schema wants a rate, or a kind of rates, beside every currency."""
_FIRST = {Dimension.LOCATION: "locationid", Dimension.DEPARTMENT: "departmentid"}
_LAST = {
    Dimension.PROJECT: "projectid",
    Dimension.TASK: "taskid",
    Dimension.CUSTOMER: "customerid",
    Dimension.EMPLOYEE: "employeeid",
    Dimension.ITEM: "itemid",
    Dimension.CLASS: "classid",
}
"""Dimensions before and after the fields of form 1099."""


def create_adjustment(credit: Bill, company: Company) -> etree._Element:
    """The create of one credit; characters that XML does not allow raise ``ValueError``."""
    create = etree.Element("create_apadjustment")
    fill(create, {"vendorid": credit.vendor_id})
    legacy_day(create, "datecreated", credit.invoice_date)
    legacy_day(create, "dateposted", credit.posting_date)
    fill(
        create,
        {
            "adjustmentno": credit.number,
            "action": action(company),
            "billno": credit.original_number,
            "description": credit.description,
            "basecurr": company.base_currency,
            "currency": credit.currency,
        },
    )
    _exchange(create, credit)
    fill(
        create,
        {
            "inclusivetax": "true" if is_inclusive(credit, company) else "",
            "taxsolutionid": company.tax_solution if is_taxed(credit) else "",
        },
    )
    items = etree.SubElement(create, "apadjustmentitems")
    for line in credit.lines:
        _line(etree.SubElement(items, "lineitem"), line, credit, company)
    return create


def turned(amount: Money, company: Company) -> Money:
    """An amount of a credit from Stampli's sign to the company's, and back."""
    return amount if company.adjustment_sign == "negative" else -amount


def _exchange(create: etree._Element, credit: Bill) -> None:
    """A rate alone, or a kind of rates and their day: the schema has no third way."""
    exchange = credit.exchange
    if exchange is not None and exchange.rate is not None:
        fill(create, {"exchrate": format(exchange.rate, "f")})
        return
    legacy_day(create, "exchratedate", exchange.day if exchange is not None else None)
    fill(create, {"exchratetype": (exchange.type if exchange is not None else "") or DAILY_RATE})


def _line(element: etree._Element, given: BillLine, credit: Bill, company: Company) -> None:
    codes, inclusive = locations(given, credit), is_inclusive(credit, company)
    reported, form_type, box = form_1099(given)
    fill(
        element,
        {
            "glaccountno": given.account,
            "amount": str(turned(given.amount, company)),
            "memo": given.memo,
            **{field: codes.get(dimension, "") for dimension, field in _FIRST.items()},
            "item1099": reported,
            "form1099type": form_type,
            "form1099box": box,
            **{field: codes.get(dimension, "") for dimension, field in _LAST.items()},
            "billable": flag(given.billable),
            "totaltrxamount": str(turned(whole(given), company)) if inclusive else "",
        },
    )
    if given.tax is not None:
        entry = etree.SubElement(etree.SubElement(element, "taxentries"), "taxentry")
        tax = "" if inclusive else str(turned(given.tax, company))
        fill(entry, {"detailid": given.tax_code, "trx_tax": tax})
