"""The batches of the other exports: payments, vendors, GL accounts, cost centres; conventions as in :mod:`.frames`."""

from __future__ import annotations

from typing import Final

import pandera.pandas as pa

from stampli_assets.model.frames import TEXT

PAYMENT_TEXTS: Final = (
    "stampli_payment_id",
    "payment_number",
    "payment_batch_id",
    "bank_reference",
    "memo",
    "payment_date",
    "cleared_date",
    "payment_method",
    "payment_status",
    "entity_id",
    "bank_account_id",
    "vendor_id",
    "vendor_name",
    "currency",
    "void_date",
    "void_reason",
)
"""Fields of the payment, repeated on each of its rows; ``payment_total`` (money) belongs to them too."""

APPLIED_TEXTS: Final = ("stampli_invoice_id", "invoice_number")
"""The invoice that a row settles: at least one of the two is given."""

PAYMENT_MONEY: Final = ("payment_total", "applied_amount", "discount_amount")

PAYMENT_METHODS: Final = ("CHECK", "ACH", "WIRE", "CARD", "INTERNATIONAL", "MANUAL")
PAYMENT_STATUSES: Final = ("PAID", "CLEARED", "VOIDED", "SCHEDULED", "PROCESSING", "FAILED")
DIMENSION_WORDS: Final = (
    "DEPARTMENT", "LOCATION", "CLASS", "PROJECT", "TASK", "COST_CENTRE", "CUSTOMER", "EMPLOYEE", "ITEM", "ENTITY", "BANK",
)  # fmt: skip
"""What the cost-centre export lists, by its own words."""

_NEEDED: Final = {
    "stampli_payment_id", "payment_date", "bank_account_id", "vendor_id", "currency", "fingerprint", "vendor_name",
    "gl_account", "account_name", "code", "name",
}  # fmt: skip
_WORDS: Final = {
    "payment_method": PAYMENT_METHODS,
    "payment_status": PAYMENT_STATUSES,
    "dimension": DIMENSION_WORDS,
    "status": ("ACTIVE", "INACTIVE"),
    **dict.fromkeys(
        ("form_1099", "requires_department", "requires_location", "requires_project"),
        ("Y", "N", ""),
    ),
}
_DATES: Final = {"payment_date", "cleared_date", "void_date", "start_date", "end_date"}


def _text(name: str, optional: frozenset[str] = frozenset()) -> pa.Column:
    checks = []
    if name in _NEEDED - optional:
        checks.append(pa.Check.str_length(min_value=1))
    if name in _DATES:
        checks.append(pa.Check.str_matches(r"^(\d{4}-\d{2}-\d{2})?$"))
    if name in _WORDS:
        checks.append(pa.Check.isin((*_WORDS[name], *([""] if name in optional else ()))))
    return pa.Column(TEXT, checks, nullable=False)


def _whole(minimum: int | None = None) -> pa.Column:
    return pa.Column("int64", pa.Check.ge(minimum) if minimum is not None else None, nullable=False)


PAID_INVOICES: Final = pa.DataFrameSchema(
    {
        "payment": _whole(1),
        "row": _whole(1),
        "line": _whole(1),
        **{name: _text(name, frozenset({"vendor_name"})) for name in (*PAYMENT_TEXTS, *APPLIED_TEXTS, "fingerprint")},
        "payment_total": _whole(0),
        "applied_amount": _whole(),
        "discount_amount": _whole(0),
    },
    strict=True,
    ordered=False,
    name="paid invoices",
)
"""One row per paid invoice of an accepted payment. ``payment`` numbers the payments of the file from 1 in order of first
row; an id that comes as paid and as voided is two of them. ``row`` and ``line`` as in the approved lines. The sum of
``applied_amount`` (signed: negative applies a credit memo) over a payment equals its ``payment_total``, for voids too:
a void repeats the amounts of its payment, unsigned. ``discount_amount`` is 0 where none is given. ``fingerprint`` is the
payment's and the same for PAID and CLEARED; the status is as Stampli sent it, whatever becomes of it."""

VENDOR_TEXTS: Final = (
    "vendor_id", "vendor_name", "status", "tax_id", "tax_id_type", "email", "phone", "address_line_1", "address_line_2",
    "address_line_3", "city", "state", "postal_code", "country", "currency", "payment_terms", "payment_method",
    "default_gl_account", "form_1099", "form_1099_box", "entity_id", "last_modified",
)  # fmt: skip

_MAY_BE_EMPTY: Final = frozenset({"currency", "payment_method"})

VENDOR_ROWS: Final = pa.DataFrameSchema(
    {"row": _whole(1), "line": _whole(1), **{name: _text(name, _MAY_BE_EMPTY) for name in VENDOR_TEXTS}},
    strict=True,
    name="vendors of Stampli",
)
"""One row per accepted vendor, its id once. ``status`` is ``ACTIVE`` or ``INACTIVE``, ``country`` ISO 3166 alpha-2 or
empty, ``form_1099`` ``Y``, ``N`` or empty. Nothing of a vendor's bank details is here, and nothing is derived of them."""

ACCOUNT_TEXTS: Final = (
    "gl_account", "account_name", "account_type", "status", "normal_balance", "requires_department", "requires_location",
    "requires_project", "entity_id", "last_modified",
)  # fmt: skip

ACCOUNT_ROWS: Final = pa.DataFrameSchema(
    {"row": _whole(1), "line": _whole(1), **{name: _text(name) for name in ACCOUNT_TEXTS}},
    strict=True,
    name="GL accounts of Stampli",
)
"""One row per accepted GL account, its number once; ``requires_…`` are ``Y``, ``N`` or empty."""

COST_CENTRE_TEXTS: Final = (
    "dimension", "code", "name", "parent_code", "status", "entity_id", "start_date", "end_date",
)  # fmt: skip

COST_CENTRE_ROWS: Final = pa.DataFrameSchema(
    {"row": _whole(1), "line": _whole(1), **{name: _text(name) for name in COST_CENTRE_TEXTS}},
    strict=True,
    name="cost centres of Stampli",
)
"""One row per accepted value of a dimension, its dimension and code once; both days are included, empty is no limit."""
