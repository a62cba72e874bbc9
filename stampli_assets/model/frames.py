"""The batches between stages: pandera schemas at every border.

Shapes are one row per coding line with the document's fields repeated, as in the export. Conventions in every
frame: text is never null (empty = not given); identifiers are text, so leading zeros survive; dates are ISO text
``YYYY-MM-DD`` or empty; money is ``int64`` minor units of the row's ``currency``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)

DOCUMENT_TEXTS: Final = (
    "stampli_invoice_id",
    "document_type",
    "invoice_number",
    "invoice_date",
    "due_date",
    "posting_date",
    "vendor_id",
    "vendor_name",
    "vendor_tax_id",
    "entity_id",
    "currency",
    "exchange_rate",
    "exchange_rate_date",
    "payment_terms",
    "po_number",
    "description",
    "approved_at",
    "approved_by",
    "original_invoice_number",
    "attachment_url",
    "attachment_file",
    "revision",
    "exported_at",
)
"""Fields of the document, repeated on each of its rows; ``invoice_total`` (money) belongs to them too."""

LINE_TEXTS: Final = (
    "line_type",
    "gl_account",
    "tax_code",
    "tax_rate",
    "department_id",
    "location_id",
    "class_id",
    "project_id",
    "task_id",
    "cost_centre",
    "customer_id",
    "employee_id",
    "item_id",
    "quantity",
    "unit_price",
    "unit",
    "po_line_number",
    "receipt_number",
    "billable",
    "form_1099",
    "form_1099_box",
    "amortization_template",
    "amortization_start",
    "amortization_end",
    "line_description",
    "custom",
)
"""Fields of the coding line. ``custom`` is a JSON object of the ``Custom: NAME`` columns, or empty."""

MONEY_COLUMNS: Final = ("invoice_total", "line_amount", "tax_amount")

_ISO_DATE: Final = r"(\d{4}-\d{2}-\d{2})?$"


def _text(*checks: pa.Check) -> pa.Column:
    return pa.Column(TEXT, list(checks), nullable=False)


def _whole(minimum: int | None = None) -> pa.Column:
    return pa.Column("int64", pa.Check.ge(minimum) if minimum is not None else None, nullable=False)


def _filled() -> pa.Check:
    return pa.Check.str_length(min_value=1)


_REQUIRED: Final = {"invoice_number", "invoice_date", "currency", "gl_account", "fingerprint"}
_DATES: Final = {"invoice_date", "due_date", "posting_date", "exchange_rate_date"}


def _approved_column(name: str) -> pa.Column:
    checks = []
    if name in _REQUIRED:
        checks.append(_filled())
    if name in _DATES:
        checks.append(pa.Check.str_matches(_ISO_DATE))
    return _text(*checks)


APPROVED_LINES: Final = pa.DataFrameSchema(
    {
        "document": _whole(1),
        "row": _whole(1),
        "line": _whole(1),
        "line_number": _whole(1),
        **{name: _approved_column(name) for name in (*DOCUMENT_TEXTS, *LINE_TEXTS, "fingerprint")},
        **{name: _whole() for name in MONEY_COLUMNS},
    },
    strict=True,
    ordered=False,
    name="approved lines",
)
"""Accepted coding lines of a file. ``document`` numbers the documents of the file from 1 in order of first row;
``row`` counts non-empty records after the header from 1; ``line`` is the physical line (the header is 1).
``fingerprint`` is the document's. ``tax_amount`` is 0 where none is given; the sum of ``line_amount`` and
``tax_amount`` over a document equals its ``invoice_total``."""

REJECTS: Final = pa.DataFrameSchema(
    {
        "document": _text(),
        "row": _whole(0),
        "line": _whole(0),
        "column": _text(),
        "value": _text(),
        "rule": _text(_filled()),
        "sentence": _text(_filled()),
    },
    strict=True,
    name="rejects",
)
"""One row per fault. ``document`` is what a person calls it (invoice number, else Stampli id, else ``row N``);
``row`` 0 means the document as a whole; ``rule`` is a stable code such as ``AMOUNT_GRAMMAR``."""

HOLDS: Final = pa.DataFrameSchema(
    {
        "document": _whole(1),
        "row": _whole(0),
        "column": _text(),
        "value": _text(),
        "code": _text(_filled()),
        "sentence": _text(_filled()),
        "remedy": _text(_filled()),
    },
    strict=True,
    name="holds",
)
"""One row per reason why a document waits for a person before it may be sent; ``document`` as in the approved
lines."""

MAPPED_COLUMNS: Final = (
    "erp_vendor_id",
    "erp_vendor_name",
    "erp_account",
    "erp_term",
    "erp_entity",
    "erp_tax_code",
    "erp_location",
    "erp_department",
    "erp_class",
    "erp_project",
    "erp_task",
    "erp_customer",
    "erp_employee",
    "erp_item",
    "mapping_version",
)

MAPPED_LINES: Final = pa.DataFrameSchema(
    {**APPROVED_LINES.columns, **{name: _text() for name in MAPPED_COLUMNS}},
    strict=True,
    name="mapped lines",
)
"""Approved lines with the ERP's words beside Stampli's; holds only documents without a hold."""

VENDORS: Final = pa.DataFrameSchema(
    {name: _text() for name in ("vendor_id", "name", "status", "tax_id", "currency", "term")},
    strict=True,
    name="ERP vendors",
)
"""``status`` is ``active`` or ``inactive``."""

_WHEN_AND_WHERE: Final = {
    **{name: _text(pa.Check.str_matches(r"^(\d{4}-\d{2}-\d{2})?$")) for name in ("valid_from", "valid_to")},
    "sites": _text(),
}
"""When and where the ERP takes a record; empty is no limit. Both days are included, ``sites`` joins codes by ``,``."""

GL_ACCOUNTS: Final = pa.DataFrameSchema(
    {**{name: _text() for name in ("account", "title", "status", "required_dimensions")}, **_WHEN_AND_WHERE},
    strict=True,
    name="ERP GL accounts",
)
"""``required_dimensions`` lists :class:`~stampli_assets.model.documents.Dimension` values joined by ``,``."""

DIMENSIONS: Final = pa.DataFrameSchema(
    {
        **{name: _text() for name in ("dimension", "code", "name", "status")},
        **_WHEN_AND_WHERE,
        "forbidden_accounts": _text(),
    },
    strict=True,
    name="ERP dimensions",
)
"""``dimension`` is a :class:`~stampli_assets.model.documents.Dimension` value, ``term`` for payment terms, or ``entity``;
the ``sites`` of an Intacct location are the entity that it belongs to;
``forbidden_accounts`` joins by ``,`` the GL accounts that may not be coded together with it."""


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """A frame of the schema's columns and types without a row."""
    return pd.DataFrame({name: pd.Series([], dtype=_dtype(column)) for name, column in schema.columns.items()})


def conform(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The frame in the schema's column order and types, then validated; text columns lose their nulls.

    Raises:
        pandera.errors.SchemaErrors: the stage that made the frame broke its promise (a defect).
    """
    if frame.empty:
        return empty(schema)
    shaped = pd.DataFrame(
        {name: frame[name].astype(_dtype(column)) for name, column in schema.columns.items()},
    )
    return schema.validate(shaped, lazy=True)


def _dtype(column: pa.Column) -> object:
    return "int64" if str(column.dtype) == "int64" else TEXT


SETTLED: Final = pa.DataFrameSchema(
    {
        **{
            name: _text(_filled()) for name in ("number", "vendor_id", "currency", "record_no", "result", "posting_key")
        },
        **{name: _text() for name in ("stampli_invoice_id", "vendor_name", "accounts", "control_id", "archived_as")},
        "kind": _text(_filled()),
        "document": _whole(1),
        "row": _whole(0),
        "total": _whole(),
    },
    strict=True,
    name="settled documents",
)
"""One row per document that the ERP holds: ``kind`` is a :class:`~stampli_assets.model.documents.Kind`, ``result`` is
``posted`` or ``already there``, ``total`` minor units, negative of a credit."""
