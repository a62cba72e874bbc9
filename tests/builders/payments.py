"""Builders of paid invoices as they come out of the parsing, and of what payments are recorded with."""

from __future__ import annotations

from typing import Any

import pandas as pd
from builders.lines import make_reference

from stampli_assets.model.export_frames import PAID_INVOICES
from stampli_assets.model.frames import conform
from stampli_assets.model.identity import fingerprint
from stampli_assets.model.money import Money

TEXTS = {
    "stampli_payment_id": "SP-1", "payment_number": "104455", "payment_batch_id": "", "bank_reference": "", "memo": "",
    "payment_date": "2026-11-10", "cleared_date": "", "payment_method": "ACH", "payment_status": "PAID", "entity_id": "",
    "bank_account_id": "CHK-1", "vendor_id": "V-1", "vendor_name": "Old Mill Printing", "currency": "USD",
    "void_date": "", "void_reason": "",
}  # fmt: skip


def paid(payment: str, *invoices: tuple[str, str] | tuple[str, str, str], **given: Any) -> list[dict[str, Any]]:
    """The rows of one payment: (invoice number, amount, discount); its document number is that of its id."""
    head = {**TEXTS, "stampli_payment_id": payment, "payment_number": f"NO-{payment}", **given}
    rows = []
    for number, amount, *discount in invoices:
        applied = Money.parse(amount, head["currency"]).minor
        taken = Money.parse(discount[0], head["currency"]).minor if discount else 0
        rows.append({**head, "stampli_invoice_id": "", "invoice_number": number, "applied_amount": applied,
                     "discount_amount": taken})  # fmt: skip
    total = sum(row["applied_amount"] for row in rows)
    business = {key: value for key, value in head.items() if key not in {"payment_status", "void_date", "void_reason"}}
    told = fingerprint(
        {**business, "rows": [[r["invoice_number"], r["applied_amount"], r["discount_amount"]] for r in rows]}
    )
    return [{**row, "payment_total": total, "fingerprint": told} for row in rows]


def payment_lines(*payments: list[dict[str, Any]]) -> pd.DataFrame:
    """``PAID_INVOICES`` of a file with these payments."""
    rows = [{"payment": place, **row} for place, rows in enumerate(payments, start=1) for row in rows]
    frame = pd.DataFrame([{"row": at, "line": at + 1, **row} for at, row in enumerate(rows, start=1)])
    return conform(frame, PAID_INVOICES)


def make_payment_reference(**given: Any) -> dict[str, pd.DataFrame]:
    """Masters with the vendors V-1 and V-2 and the bank account CHK-1."""
    vendors = {"V-1": "Old Mill Printing", "V-2": "Harbor Steel"}
    return make_reference(vendors=vendors, dimensions=(("bank_account", "CHK-1"),), **given)
