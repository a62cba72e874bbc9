"""Builders of bills and their sources, with the values that a test does not care about filled in."""

from __future__ import annotations

from datetime import date
from typing import Any

from stampli_assets.model.documents import Bill, BillLine, Dimension
from stampli_assets.model.identity import Fingerprint, MappingVersion, fingerprint, posting_key
from stampli_assets.model.money import Money
from stampli_assets.model.postings import Source


def make_bill(number: str = "INV-1", *, total: str = "118.00", currency: str = "USD", **given: Any) -> Bill:
    """A bill of one line. ``vendor_id`` is the ERP's, ``stampli_vendor_id`` defaults to the same text."""
    vendor = given.pop("vendor_id", "V-1")
    stampli_vendor = given.pop("stampli_vendor_id", vendor)
    amount = Money.parse(total, currency)
    kind = "credit" if given.get("is_credit") else "bill"
    values: dict[str, Any] = {
        "key": posting_key(erp="intacct", company="ACME", kind=kind, vendor_id=stampli_vendor, number=number),
        "fingerprint": Fingerprint(fingerprint({"number": number, "total": total, "currency": currency})),
        "stampli_id": f"ST-{stampli_vendor}-{number}",
        "stampli_vendor_id": stampli_vendor,
        "vendor_id": vendor,
        "vendor_name": "Old Mill Printing",
        "number": number,
        "invoice_date": date(2026, 11, 2),
        "posting_date": date(2026, 11, 2),
        "due_date": date(2026, 12, 2),
        "total": amount,
        "lines": (BillLine(1, "62200", amount, "Paper", ((Dimension.LOCATION, "110"), (Dimension.DEPARTMENT, "200"))),),
        "mapping_version": MappingVersion("m1"),
        "first_row": 1,
    }
    return Bill(**{**values, **given})


def make_credit(number: str = "CM-1", *, total: str = "-118.00", **given: Any) -> Bill:
    """A vendor's credit of one line; of the Stampli document of its own that it always is."""
    vendor = given.get("stampli_vendor_id", given.get("vendor_id", "V-1"))
    return make_bill(number, total=total, is_credit=True, **{"stampli_id": f"ST-{vendor}-{number}-CM", **given})


def make_source(**given: str) -> Source:
    """Where a document comes from."""
    values = {
        "connection": "acme_us",
        "erp": "intacct",
        "company": "ACME",
        "partition": "20261121T0900_invoices_0a1b2c3d",
        "file_name": "invoices.csv",
        "run": "run-1",
    }
    return Source(**{**values, **given})
