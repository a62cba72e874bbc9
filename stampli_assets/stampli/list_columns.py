"""The columns of vendor, GL account and cost-centre files (contract ``stampli-flat/1``): one row per record."""

from __future__ import annotations

from stampli_assets.model.export_frames import DIMENSION_WORDS, PAYMENT_METHODS
from stampli_assets.stampli.columns import Cell, Column, head, words_of

ACTIVITY = {"": "ACTIVE", **words_of(("ACTIVE", "INACTIVE"))}
YES_OR_NO = {"": "", "y": "Y", "yes": "Y", "true": "Y", "n": "N", "no": "N", "false": "N"}
DIMENSIONS = {**words_of(DIMENSION_WORDS), "costcenter": "COST_CENTRE"}
VENDOR_METHODS = {"": "", **words_of(PAYMENT_METHODS), "cheque": "CHECK"}

VENDOR_COLUMNS: tuple[Column, ...] = (
    head("vendor_id", "Vendor ID", "Supplier ID", "Vendor Code", "Vendor Number", limit=20, required=True),
    head("vendor_name", "Vendor Name", "Supplier Name", "Name", limit=200, required=True),
    head("status", "Status", cell=Cell.WORD, words=ACTIVITY),
    head("tax_id", "Tax ID", "Vendor Tax ID", "VAT No", limit=20),
    head("tax_id_type", "Tax ID Type", limit=20),
    head("email", "Email", "E-mail", limit=254),
    head("phone", "Phone", "Telephone", limit=40),
    head("address_line_1", "Address Line 1", "Address", "Address 1", cell=Cell.TEXT, limit=200),
    head("address_line_2", "Address Line 2", "Address 2", cell=Cell.TEXT, limit=200),
    head("address_line_3", "Address Line 3", "Address 3", cell=Cell.TEXT, limit=200),
    head("city", "City", cell=Cell.TEXT, limit=100),
    head("state", "State", "Province", cell=Cell.TEXT, limit=100),
    head("postal_code", "Postal Code", "Zip", "Zip Code", limit=20),
    head("country", "Country", "Country Code", cell=Cell.COUNTRY),
    head("currency", "Currency", "Currency Code", cell=Cell.CURRENCY),
    head("payment_terms", "Payment Terms", "Terms", limit=40),
    head("payment_method", "Payment Method", cell=Cell.WORD, words=VENDOR_METHODS),
    head("default_gl_account", "Default GL Account", limit=24),
    head("form_1099", "Form 1099", cell=Cell.WORD, words=YES_OR_NO),
    head("form_1099_box", "Form 1099 Box", limit=20),
    head("entity_id", "Entity ID", "Company", "Subsidiary", "Location Entity", limit=20),
    head("last_modified", "Last Modified"),
)

ACCOUNT_COLUMNS: tuple[Column, ...] = (
    head("gl_account", "GL Account", "G/L Account Number", "Account", "Account No", limit=24, required=True),
    head("account_name", "Account Name", "Title", "Name", limit=200, required=True),
    head("account_type", "Account Type", "Type"),
    head("status", "Status", cell=Cell.WORD, words=ACTIVITY),
    head("normal_balance", "Normal Balance"),
    head("requires_department", "Requires Department", cell=Cell.WORD, words=YES_OR_NO),
    head("requires_location", "Requires Location", cell=Cell.WORD, words=YES_OR_NO),
    head("requires_project", "Requires Project", cell=Cell.WORD, words=YES_OR_NO),
    head("entity_id", "Entity ID", "Company", "Subsidiary", "Location Entity", limit=20),
    head("last_modified", "Last Modified"),
)

COST_CENTRE_COLUMNS: tuple[Column, ...] = (
    head("dimension", "Dimension", cell=Cell.WORD, words=DIMENSIONS, required=True),
    head("code", "Code", limit=20, required=True),
    head("name", "Name", limit=200, required=True),
    head("parent_code", "Parent Code", "Parent", limit=20),
    head("status", "Status", cell=Cell.WORD, words=ACTIVITY),
    head("entity_id", "Entity ID", "Company", "Subsidiary", "Location Entity", limit=20),
    head("start_date", "Start Date", cell=Cell.DATE),
    head("end_date", "End Date", cell=Cell.DATE),
)
