"""The firm's exports as Stampli would write them: RFC 4180 in UTF-8, CRLF, plain amounts, ISO dates.

Invoices have a row per coding line and payments a row per paid invoice, header fields repeated; lists a row per record.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from stampli_assets.sandbox.firm import ENTITY, STAMPLI_VENDORS, Vendor
from stampli_assets.sandbox.invoices import SampleInvoice, SampleLine
from stampli_assets.sandbox.lists import SampleAccount, SampleCostCentre
from stampli_assets.sandbox.payments import SamplePaidInvoice, SamplePayment

HEADERS = (
    "Stampli Invoice ID", "Document Type", "Invoice Number", "Invoice Date", "Due Date", "Posting Date", "Vendor ID",
    "Vendor Name", "Vendor Tax ID", "Entity ID", "Currency", "Invoice Total", "Payment Terms", "PO Number", "Description",
    "Approved At", "Approved By", "Line Number", "Line Type", "GL Account", "Line Amount", "Department ID", "Location ID",
    "Class ID", "Project ID", "Line Description",
)  # fmt: skip


_OLD_VENDOR = {erp: old for old, erp in STAMPLI_VENDORS.items()}
PAYMENT_HEADERS = (
    "Stampli Payment ID", "Payment Number", "Payment Batch ID", "Memo", "Payment Date", "Cleared Date", "Payment Method",
    "Payment Status", "Entity ID", "Bank Account ID", "Vendor ID", "Vendor Name", "Currency", "Payment Total",
    "Stampli Invoice ID", "Invoice Number", "Applied Amount", "Discount Amount", "Void Date", "Void Reason",
)  # fmt: skip
VENDOR_HEADERS = ("Vendor ID", "Vendor Name", "Status", "Tax ID", "Country", "Currency", "Payment Terms", "Entity ID")
ACCOUNT_HEADERS = ("GL Account", "Account Name", "Account Type", "Status", "Requires Department")
COST_CENTRE_HEADERS = ("Dimension", "Code", "Name", "Parent Code", "Status")


def export_csv(invoices: Iterable[SampleInvoice]) -> bytes:
    """Approved invoices; cells that only some of them have make columns at the end."""
    told = list(invoices)
    further = sorted({header for invoice in told for header in invoice.overrides} - set(HEADERS))
    return _csv((*HEADERS, *further), (row for invoice in told for row in _rows(invoice)))


def export_payments_csv(payments: Iterable[SamplePayment]) -> bytes:
    """Processed payments."""
    return _csv(PAYMENT_HEADERS, (_paid(payment, invoice) for payment in payments for invoice in payment.invoices))


def export_vendors_csv(vendors: Iterable[Vendor]) -> bytes:
    """The vendors as Stampli knows them, under its own ids."""
    return _csv(
        VENDOR_HEADERS,
        (
            {
                "Vendor ID": _OLD_VENDOR.get(vendor.vendor_id, vendor.vendor_id),
                "Vendor Name": vendor.name,
                "Status": "ACTIVE" if vendor.active else "INACTIVE",
                "Tax ID": vendor.tax_id,
                "Country": "US",
                "Currency": "USD",
                "Payment Terms": vendor.term,
                "Entity ID": ENTITY,
            }
            for vendor in vendors
        ),
    )


def export_gl_accounts_csv(accounts: Iterable[SampleAccount]) -> bytes:
    """The GL accounts that Stampli codes with."""
    return _csv(
        ACCOUNT_HEADERS,
        (
            {
                "GL Account": account.number,
                "Account Name": account.name,
                "Account Type": account.kind,
                "Status": account.status,
                "Requires Department": "Y" if account.requires_department else "N",
            }
            for account in accounts
        ),
    )


def export_cost_centres_csv(cost_centres: Iterable[SampleCostCentre]) -> bytes:
    """The values of dimensions that Stampli codes with."""
    return _csv(
        COST_CENTRE_HEADERS,
        (
            dict(zip(COST_CENTRE_HEADERS, (one.dimension, one.code, one.name, one.parent, one.status), strict=True))
            for one in cost_centres
        ),
    )


def _csv(headers: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, headers)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def export_name(at: datetime, sequence: int) -> str:
    """``invoices_acme_20261121T0930_0007.csv``."""
    return f"invoices_acme_{at:%Y%m%dT%H%M}_{sequence:04d}.csv"


def payments_name(at: datetime, sequence: int) -> str:
    """``payments_acme_20261121T0930_0007.csv``."""
    return f"payments_acme_{at:%Y%m%dT%H%M}_{sequence:04d}.csv"


def list_name(kind: str, at: datetime) -> str:
    """``vendors_acme_20261121T0930.csv``; ``kind`` is ``vendors``, ``gl_accounts`` or ``cost_centres``."""
    return f"{kind}_acme_{at:%Y%m%dT%H%M}.csv"


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


def _paid(payment: SamplePayment, invoice: SamplePaidInvoice) -> dict[str, str]:
    return {
        "Stampli Payment ID": payment.stampli_id,
        "Payment Number": payment.number,
        "Payment Batch ID": payment.batch_id,
        "Memo": payment.memo,
        "Payment Date": payment.payment_date,
        "Cleared Date": payment.cleared_date,
        "Payment Method": payment.method,
        "Payment Status": payment.status,
        "Entity ID": ENTITY,
        "Bank Account ID": payment.bank_account_id,
        "Vendor ID": payment.vendor_id,
        "Vendor Name": payment.vendor_name,
        "Currency": payment.currency,
        "Payment Total": payment.total if payment.total is not None else dollars(payment.cents),
        "Stampli Invoice ID": invoice.stampli_invoice_id,
        "Invoice Number": invoice.invoice_number,
        "Applied Amount": dollars(invoice.cents),
        "Discount Amount": dollars(invoice.discount_cents) if invoice.discount_cents else "",
        "Void Date": payment.void_date,
        "Void Reason": payment.void_reason,
        **payment.overrides,
    }
