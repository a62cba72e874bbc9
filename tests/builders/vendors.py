"""Builders of vendors as a vendor file tells them."""

from __future__ import annotations

import pandas as pd

from stampli_assets.model.export_frames import VENDOR_ROWS, VENDOR_TEXTS
from stampli_assets.model.frames import conform

USUAL = {
    "vendor_id": "V-77001",
    "vendor_name": "Brand New Bearings",
    "status": "ACTIVE",
    "tax_id": "77-7700123",
    "address_line_1": "1 Mill Road",
    "city": "Akron",
    "postal_code": "44101",
    "country": "US",
    "currency": "USD",
    "payment_terms": "Net 30",
}


def vendor(vendor_id: str = "V-77001", **given: str) -> dict[str, str]:
    """One vendor, with the texts that a test does not care about filled in."""
    return {**dict.fromkeys(VENDOR_TEXTS, ""), **USUAL, "vendor_id": vendor_id, **given}


def vendor_rows(*vendors: dict[str, str]) -> pd.DataFrame:
    """``VENDOR_ROWS`` of a file with these vendors."""
    rows = [{**one, "row": place, "line": place + 1} for place, one in enumerate(vendors, start=1)]
    return conform(pd.DataFrame(rows), VENDOR_ROWS)
