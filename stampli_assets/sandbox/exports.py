"""The firm's exports as Stampli would write them: one row per coding line, header fields repeated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from stampli_assets.sandbox.firm import ENTITY
from stampli_assets.sandbox.invoices import SampleInvoice, SampleLine

HEADERS = (
    "Stampli Invoice ID", "Document Type", "Invoice Number", "Invoice Date", "Due Date", "Posting Date", "Vendor ID",
    "Vendor Name", "Vendor Tax ID", "Entity ID", "Currency", "Invoice Total", "Payment Terms", "PO Number", "Description",
    "Approved At", "Approved By", "Line Number", "Line Type", "GL Account", "Line Amount", "Department ID", "Location ID",
    "Class ID", "Project ID", "Line Description",
)  # fmt: skip


def export_csv(invoices: Iterable[SampleInvoice]) -> bytes:
    """RFC 4180 in UTF-8, CRLF, plain amounts, ISO dates."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADERS)
    writer.writeheader()
    for invoice in invoices:
        writer.writerows(_rows(invoice))
    return text.getvalue().encode()


def export_name(at: datetime, sequence: int) -> str:
    """``invoices_acme_20261121T0930_0007.csv``."""
    return f"invoices_acme_{at:%Y%m%dT%H%M}_{sequence:04d}.csv"


def dollars(cents: int) -> str:
    """``1284.50``."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _rows(invoice: SampleInvoice) -> Iterator[dict[str, str]]:
    for place, line in enumerate(invoice.lines, start=1):
        yield {**_head(invoice), **_line(place, line), **invoice.overrides}


def _head(invoice: SampleInvoice) -> dict[str, str]:
    return {
        "Stampli Invoice ID": invoice.stampli_id,
        "Document Type": "INVOICE",
        "Invoice Number": invoice.number,
        "Invoice Date": invoice.invoice_date,
        "Due Date": invoice.due_date,
        "Posting Date": "",
        "Vendor ID": invoice.vendor_id,
        "Vendor Name": invoice.vendor_name,
        "Vendor Tax ID": invoice.tax_id,
        "Entity ID": ENTITY,
        "Currency": invoice.currency,
        "Invoice Total": invoice.total if invoice.total is not None else dollars(invoice.cents),
        "Payment Terms": invoice.terms,
        "PO Number": invoice.po_number,
        "Description": invoice.description,
        "Approved At": invoice.approved_at,
        "Approved By": invoice.approved_by,
    }


def _line(place: int, line: SampleLine) -> dict[str, str]:
    return {
        "Line Number": str(place),
        "Line Type": line.kind,
        "GL Account": line.account,
        "Line Amount": dollars(line.cents),
        "Department ID": line.department,
        "Location ID": line.location,
        "Class ID": line.klass,
        "Project ID": line.project,
        "Line Description": line.memo,
    }
