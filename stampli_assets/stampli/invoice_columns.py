"""The columns of an invoice file (contract ``stampli-flat/1``): one row per coding line."""

from __future__ import annotations

from stampli_assets.stampli.columns import Cell, Column, head, line, words_of

DOCUMENT_TYPES = {
    "": "INVOICE", "invoice": "INVOICE", "bill": "INVOICE",
    "creditmemo": "CREDIT_MEMO", "credit": "CREDIT_MEMO", "creditnote": "CREDIT_MEMO",
}  # fmt: skip
LINE_TYPES = {"": "EXPENSE", **words_of(("EXPENSE", "ITEM", "TAX", "FREIGHT", "DISCOUNT", "OTHER"))}

INVOICE_COLUMNS: tuple[Column, ...] = (
    head("stampli_invoice_id", "Stampli Invoice ID", "Invoice ID", "Document ID", "Unique ID"),
    head("document_type", "Document Type", "Type", "Doc Type", cell=Cell.WORD, words=DOCUMENT_TYPES),
    head(
        "invoice_number", "Invoice Number", "Invoice No.", "Bill Number", "Reference", "Reference Number",
        limit=45, required=True,
    ),
    head("invoice_date", "Invoice Date", "Bill Date", "Document Date", cell=Cell.DATE, required=True),
    head("due_date", "Due Date", "Payment Due", cell=Cell.DATE),
    head("posting_date", "Posting Date", "GL Date", "Accounting Date", cell=Cell.DATE),
    head("vendor_id", "Vendor ID", "Supplier ID", "Vendor Code", "Vendor Number", limit=20),
    head("vendor_name", "Vendor Name", "Supplier Name", cell=Cell.TEXT, limit=200),
    head("vendor_tax_id", "Vendor Tax ID", "VAT No", limit=20),
    head("entity_id", "Entity ID", "Company", "Subsidiary", "Location Entity", limit=20),
    head("currency", "Currency", "Currency Code", cell=Cell.CURRENCY, required=True),
    head("exchange_rate", "Exchange Rate", "FX Rate", cell=Cell.DECIMAL),
    head("exchange_rate_date", "Exchange Rate Date", cell=Cell.DATE),
    head("invoice_total", "Invoice Total", "Total Amount", "Gross Amount", cell=Cell.MONEY, required=True),
    head("payment_terms", "Payment Terms", "Terms", limit=40),
    head("po_number", "PO Number", "P.O. Number", "Purchase Order", limit=45),
    head("description", "Description", "Memo", "Notes", cell=Cell.TEXT, limit=1000),
    head("approved_at", "Approved At", "Approval Date"),
    head("approved_by", "Approved By", cell=Cell.TEXT, limit=200),
    head("original_invoice_number", "Original Invoice Number", "Applies To", limit=45),
    head("attachment_url", "Attachment URL", "Invoice Image", cell=Cell.TEXT, limit=1000),
    head("attachment_file", "Attachment File", cell=Cell.TEXT, limit=255),
    head("revision", "Revision"),
    head("exported_at", "Exported At"),
    line("line_number", "Line Number", "Line", "Line No", cell=Cell.ORDINAL),
    line("line_type", "Line Type", cell=Cell.WORD, words=LINE_TYPES),
    line("gl_account", "GL Account", "G/L Account Number", "Account", "Account No", limit=24, required=True),
    line("line_amount", "Line Amount", "Amount", "Net Amount", cell=Cell.MONEY, required=True),
    line("tax_code", "Tax Code", "VAT Code"),
    line("tax_rate", "Tax Rate", cell=Cell.DECIMAL),
    line("tax_amount", "Tax Amount", "VAT Amount", cell=Cell.MONEY),
    line("department_id", "Department ID", "Department"),
    line("location_id", "Location ID", "Location"),
    line("class_id", "Class ID", "Class"),
    line("project_id", "Project ID", "Project", "Job"),
    line("task_id", "Task ID", "Task"),
    line("cost_centre", "Cost Centre", "Cost Center"),
    line("customer_id", "Customer ID", "Customer"),
    line("employee_id", "Employee ID", "Employee"),
    line("item_id", "Item ID", "Item"),
    line("quantity", "Quantity", "Qty", cell=Cell.DECIMAL),
    line("unit_price", "Unit Price", "Rate", cell=Cell.DECIMAL),
    line("unit", "Unit", cell=Cell.TEXT),
    line("po_line_number", "PO Line Number", limit=45),
    line("receipt_number", "Receipt Number", limit=45),
    line("billable", "Billable", limit=5),
    line("form_1099", "Form 1099", limit=5),
    line("form_1099_box", "Form 1099 Box"),
    line("amortization_template", "Amortization Template", limit=64),
    line("amortization_start", "Amortization Start", cell=Cell.DATE),
    line("amortization_end", "Amortization End", cell=Cell.DATE),
    line("line_description", "Line Description", "Line Memo", cell=Cell.TEXT, limit=1000),
)  # fmt: skip
