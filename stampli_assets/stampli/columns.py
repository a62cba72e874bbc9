"""The columns of an invoice file (contract ``stampli-flat/1``): canonical names, accepted headers, what a cell may hold.

Stampli publishes no schema; templates are agreed per customer. So headers are matched by name against these lists and the
connection's own (settings ``layout.columns``), never by position or likeness.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cell(StrEnum):
    """How the text of a cell is read."""

    ID = "id"
    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    DECIMAL = "decimal"
    CURRENCY = "currency"
    DOCUMENT_TYPE = "document type"
    LINE_TYPE = "line type"
    ORDINAL = "ordinal"


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column. ``limit`` is in characters; ``of_document`` cells repeat on each row of an invoice."""

    name: str
    header: str
    cell: Cell = Cell.ID
    limit: int = 64
    required: bool = False
    """The file must have the column, and the cell must be filled."""
    of_document: bool = True
    aliases: tuple[str, ...] = ()


def _line(
    name: str, header: str, *aliases: str, cell: Cell = Cell.ID, limit: int = 20, required: bool = False
) -> Column:
    return Column(name, header, cell, limit, required=required, of_document=False, aliases=aliases)


def _head(
    name: str, header: str, *aliases: str, cell: Cell = Cell.ID, limit: int = 64, required: bool = False
) -> Column:
    return Column(name, header, cell, limit, required=required, aliases=aliases)


INVOICE_COLUMNS: tuple[Column, ...] = (
    _head("stampli_invoice_id", "Stampli Invoice ID", "Invoice ID", "Document ID", "Unique ID"),
    _head("document_type", "Document Type", "Type", "Doc Type", cell=Cell.DOCUMENT_TYPE),
    _head(
        "invoice_number", "Invoice Number", "Invoice No.", "Bill Number", "Reference", "Reference Number",
        limit=45, required=True,
    ),
    _head("invoice_date", "Invoice Date", "Bill Date", "Document Date", cell=Cell.DATE, required=True),
    _head("due_date", "Due Date", "Payment Due", cell=Cell.DATE),
    _head("posting_date", "Posting Date", "GL Date", "Accounting Date", cell=Cell.DATE),
    _head("vendor_id", "Vendor ID", "Supplier ID", "Vendor Code", "Vendor Number", limit=20),
    _head("vendor_name", "Vendor Name", "Supplier Name", cell=Cell.TEXT, limit=200),
    _head("vendor_tax_id", "Vendor Tax ID", "VAT No", limit=20),
    _head("entity_id", "Entity ID", "Company", "Subsidiary", "Location Entity", limit=20),
    _head("currency", "Currency", "Currency Code", cell=Cell.CURRENCY, required=True),
    _head("exchange_rate", "Exchange Rate", "FX Rate", cell=Cell.DECIMAL),
    _head("exchange_rate_date", "Exchange Rate Date", cell=Cell.DATE),
    _head("invoice_total", "Invoice Total", "Total Amount", "Gross Amount", cell=Cell.MONEY, required=True),
    _head("payment_terms", "Payment Terms", "Terms", limit=40),
    _head("po_number", "PO Number", "P.O. Number", "Purchase Order", limit=45),
    _head("description", "Description", "Memo", "Notes", cell=Cell.TEXT, limit=1000),
    _head("approved_at", "Approved At", "Approval Date"),
    _head("approved_by", "Approved By", cell=Cell.TEXT, limit=200),
    _head("original_invoice_number", "Original Invoice Number", "Applies To", limit=45),
    _head("attachment_url", "Attachment URL", "Invoice Image", cell=Cell.TEXT, limit=1000),
    _head("attachment_file", "Attachment File", cell=Cell.TEXT, limit=255),
    _head("revision", "Revision"),
    _head("exported_at", "Exported At"),
    _line("line_number", "Line Number", "Line", "Line No", cell=Cell.ORDINAL),
    _line("line_type", "Line Type", cell=Cell.LINE_TYPE),
    _line("gl_account", "GL Account", "G/L Account Number", "Account", "Account No", limit=24, required=True),
    _line("line_amount", "Line Amount", "Amount", "Net Amount", cell=Cell.MONEY, required=True),
    _line("tax_code", "Tax Code", "VAT Code"),
    _line("tax_rate", "Tax Rate", cell=Cell.DECIMAL),
    _line("tax_amount", "Tax Amount", "VAT Amount", cell=Cell.MONEY),
    _line("department_id", "Department ID", "Department"),
    _line("location_id", "Location ID", "Location"),
    _line("class_id", "Class ID", "Class"),
    _line("project_id", "Project ID", "Project", "Job"),
    _line("task_id", "Task ID", "Task"),
    _line("cost_centre", "Cost Centre", "Cost Center"),
    _line("customer_id", "Customer ID", "Customer"),
    _line("employee_id", "Employee ID", "Employee"),
    _line("item_id", "Item ID", "Item"),
    _line("quantity", "Quantity", "Qty", cell=Cell.DECIMAL),
    _line("unit_price", "Unit Price", "Rate", cell=Cell.DECIMAL),
    _line("unit", "Unit", cell=Cell.TEXT),
    _line("po_line_number", "PO Line Number", limit=45),
    _line("receipt_number", "Receipt Number", limit=45),
    _line("billable", "Billable", limit=5),
    _line("form_1099", "Form 1099", limit=5),
    _line("form_1099_box", "Form 1099 Box"),
    _line("amortization_template", "Amortization Template", limit=64),
    _line("amortization_start", "Amortization Start", cell=Cell.DATE),
    _line("amortization_end", "Amortization End", cell=Cell.DATE),
    _line("line_description", "Line Description", "Line Memo", cell=Cell.TEXT, limit=1000),
)  # fmt: skip
BY_NAME: Mapping[str, Column] = {column.name: column for column in INVOICE_COLUMNS}
CUSTOM_PREFIX = "Custom: "
CUSTOM = Column("custom", "Custom", Cell.TEXT, 1000, of_document=False)
"""What every custom field is held to."""

_BANK_WORDS = ("bank", "routing", "iban", "swift", "accountholder")


def squeezed(header: str) -> str:
    """What two headers are compared by: NFKC, case folded, letters and digits only."""
    return "".join(mark for mark in unicodedata.normalize("NFKC", header).casefold() if mark.isalnum())


def accepted_headers(further: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Squeezed header → canonical name, for the defaults and a connection's own headers, which go before the defaults."""
    accepted: dict[str, str] = {}
    for column in INVOICE_COLUMNS:
        for header in (column.name, column.header, *column.aliases):
            accepted[squeezed(header)] = column.name
    for name, headers in further.items():
        accepted |= {squeezed(header): name for header in headers}
    return accepted


def holds_bank_details(header: str) -> bool:
    """Such a column is dropped unread: payment data has no place in an invoice file."""
    return any(word in squeezed(header) for word in _BANK_WORDS)
