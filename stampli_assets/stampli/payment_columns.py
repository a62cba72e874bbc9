"""The columns of a payment file (contract ``stampli-flat/1``): one row per paid invoice."""

from __future__ import annotations

from stampli_assets.model.export_frames import PAYMENT_METHODS, PAYMENT_STATUSES
from stampli_assets.stampli.columns import Cell, Column, head, line, words_of

METHODS = {**words_of(PAYMENT_METHODS), "cheque": "CHECK"}
STATUSES = {**words_of(PAYMENT_STATUSES), "void": "VOIDED"}

PAYMENT_COLUMNS: tuple[Column, ...] = (
    head("stampli_payment_id", "Stampli Payment ID", "Payment ID", required=True),
    head("payment_number", "Payment Number", "Check Number", "Trace ID", "Reference", limit=45),
    head("payment_batch_id", "Payment Batch ID", "Batch", "Batch ID"),
    head("bank_reference", "Bank Reference", "Confirmation"),
    head("memo", "Memo", cell=Cell.TEXT, limit=1000),
    head("payment_date", "Payment Date", "Pay Date", cell=Cell.DATE, required=True),
    head("cleared_date", "Cleared Date", cell=Cell.DATE),
    head("payment_method", "Payment Method", "Method", "Type", cell=Cell.WORD, words=METHODS, required=True),
    head("payment_status", "Payment Status", "Status", cell=Cell.WORD, words=STATUSES, required=True),
    head("entity_id", "Entity ID", "Company", "Subsidiary", "Location Entity", limit=20),
    head("bank_account_id", "Bank Account ID", "Bank", "Funding Account", limit=20, required=True),
    head("vendor_id", "Vendor ID", "Supplier ID", "Vendor Code", "Vendor Number", limit=20, required=True),
    head("vendor_name", "Vendor Name", "Supplier Name", cell=Cell.TEXT, limit=200),
    head("currency", "Currency", "Currency Code", cell=Cell.CURRENCY, required=True),
    head("payment_total", "Payment Total", "Amount Paid", cell=Cell.MONEY, required=True),
    line("stampli_invoice_id", "Stampli Invoice ID", "Invoice ID", "Document ID", limit=64),
    line("invoice_number", "Invoice Number", "Invoice No.", "Bill Number", limit=45),
    line("applied_amount", "Applied Amount", "Amount Applied", cell=Cell.MONEY, required=True),
    line("discount_amount", "Discount Amount", "Discount Taken", cell=Cell.MONEY),
    head("void_date", "Void Date", cell=Cell.DATE),
    head("void_reason", "Void Reason", cell=Cell.TEXT, limit=1000),
)  # fmt: skip
