"""Builders of Stampli exports: rows with the cells that a test does not care about filled in, written as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

HEADERS = (
    "Stampli Invoice ID", "Document Type", "Invoice Number", "Invoice Date", "Due Date", "Posting Date", "Vendor ID",
    "Vendor Name", "Entity ID", "Currency", "Invoice Total", "Payment Terms", "PO Number", "Description", "Line Number",
    "Line Type", "GL Account", "Line Amount", "Tax Amount", "Department ID", "Location ID", "Class ID", "Project ID",
    "Line Description", "Tax Code", "Exchange Rate", "Exchange Rate Date", "Original Invoice Number", "Billable", "Form 1099",
    "Form 1099 Box",
)  # fmt: skip
USUAL = {
    "Stampli Invoice ID": "ST-1",
    "Document Type": "INVOICE",
    "Invoice Number": "INV-1",
    "Invoice Date": "2026-11-02",
    "Due Date": "2026-12-02",
    "Vendor ID": "V-10021",
    "Vendor Name": "Old Mill Printing",
    "Currency": "USD",
    "Invoice Total": "118.00",
    "Line Number": "1",
    "GL Account": "62200",
    "Line Amount": "118.00",
    "Department ID": "200",
    "Location ID": "110",
    "Line Description": "Paper",
}


def row(**cells: str) -> dict[str, str]:
    """A row; keyword names are headers with underscores: ``row(Invoice_Number="A-1")``."""
    return {**dict.fromkeys(HEADERS, ""), **USUAL, **{name.replace("_", " "): text for name, text in cells.items()}}


def invoice(number: str, *amounts: str, **cells: str) -> list[dict[str, str]]:
    """An invoice of one line per amount, whose total is their sum in cents."""
    minor = sum(round(float(amount) * 100) for amount in amounts)
    total = cells.pop("Invoice_Total", f"{minor // 100}.{minor % 100:02d}")
    return [
        row(
            Stampli_Invoice_ID=cells.get("Stampli_Invoice_ID", f"ST-{number}"),
            Invoice_Number=number,
            Invoice_Total=total,
            Line_Number=str(place),
            Line_Amount=amount,
            **{name: text for name, text in cells.items() if name != "Stampli_Invoice_ID"},
        )
        for place, amount in enumerate(amounts, start=1)
    ]


def as_csv(rows: Iterable[Mapping[str, str]], *, headers: Iterable[str] = HEADERS, **dialect: object) -> bytes:
    """RFC 4180 in UTF-8 unless told otherwise."""
    headers = list(headers)
    text = io.StringIO()
    writer = csv.DictWriter(text, headers, extrasaction="ignore", **{"lineterminator": "\r\n", **dialect})
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
