"""Entries of the corpus that are payments, vendors, GL accounts or cost centres, and what reads them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from builders.exports import as_csv
from hostile.entry import Entry
from hostile.entry import read as read_entry
from hostile.entry import refused as refused_entry

from stampli_assets.pipeline.parse_lists import parse_cost_centres, parse_gl_accounts
from stampli_assets.pipeline.parse_payments import parse_payments
from stampli_assets.pipeline.parse_vendors import parse_vendors
from stampli_assets.stampli.contracts import COST_CENTRES, GL_ACCOUNTS, PAYMENTS, VENDORS, Contract
from stampli_assets.stampli.layout import Layout

PAID = {
    "Stampli Payment ID": "SP-1",
    "Payment Number": "104455",
    "Payment Batch ID": "PB-1",
    "Bank Reference": "",
    "Memo": "November",
    "Payment Date": "2026-11-20",
    "Cleared Date": "",
    "Payment Method": "CHECK",
    "Payment Status": "PAID",
    "Entity ID": "100",
    "Bank Account ID": "OPERATING",
    "Vendor ID": "V-10021",
    "Vendor Name": "Old Mill Printing",
    "Currency": "USD",
    "Payment Total": "118.00",
    "Stampli Invoice ID": "ST-1",
    "Invoice Number": "INV-1",
    "Applied Amount": "118.00",
    "Discount Amount": "",
    "Void Date": "",
    "Void Reason": "",
}
VENDOR = {
    "Vendor ID": "000317",
    "Vendor Name": "Old Mill Printing",
    "Status": "ACTIVE",
    "Tax ID": "34-1234567",
    "Email": "ar@example.com",
    "Postal Code": "04401",
    "Country": "US",
    "Currency": "USD",
    "Payment Terms": "Net 30",
    "Form 1099": "Y",
    "Entity ID": "",
}
ACCOUNT = {"GL Account": "04010", "Account Name": "Legacy clearing", "Account Type": "EXPENSE", "Status": "ACTIVE",
           "Requires Department": "N"}  # fmt: skip
COST_CENTRE = {"Dimension": "DEPARTMENT", "Code": "045", "Name": "Plant", "Parent Code": "", "Status": "ACTIVE",
               "Start Date": "", "End Date": ""}  # fmt: skip


def with_cells(usual: Mapping[str, str], **cells: str) -> dict[str, str]:
    """The usual row with other cells: keyword names are headers with underscores."""
    return {**usual, **{name.replace("_", " "): text for name, text in cells.items()}}


def payment(name: str, *amounts: str, **cells: str) -> list[dict[str, str]]:
    """A payment ``SP-name`` of one invoice per amount, whose total is their sum in cents."""
    minor = sum(round(float(amount) * 100) for amount in amounts)
    own = {"Stampli_Payment_ID": f"SP-{name}", "Payment_Total": f"{minor / 100:.2f}", **cells}
    return [
        with_cells(
            PAID,
            **{
                "Stampli_Invoice_ID": f"ST-{name}{place}",
                "Invoice_Number": f"{name}{place}",
                "Applied_Amount": amount,
                **own,
            },
        )
        for place, amount in enumerate(amounts, start=1)
    ]


def sheet(*rows: Mapping[str, str], **dialect: object) -> bytes:
    """Rows as CSV, under the headers of the first one."""
    return as_csv(rows, headers=dialect.pop("headers", list(rows[0])), **dialect)


def of(contract: Contract, entry: Entry) -> Entry:
    """The entry as a file of another kind."""
    return replace(entry, layout=replace(entry.layout, contract=contract).checked())


def pays(name, content, accepts, totals=None, rejects=(), says="", **layout) -> Entry:
    """A payment file; ``accepts`` are ids without ``SP-``, in order."""
    named = " ".join(f"SP-{one}" for one in accepts.split())
    return of(PAYMENTS, read_entry(name, content, named, totals, rejects, says, **layout))


def bad_pay(name, rule, column, says="", layout=None, **cells) -> Entry:
    """A bad cell in a payment beside a good one; the good one goes on."""
    rows = [*payment("GOOD", "10.00"), with_cells(PAID, **cells)]
    return pays(name, sheet(*rows), "GOOD", "10.00", [(2, column, rule)], says, **(layout or {}))


def refuses(contract, name, content, code, says="", **layout) -> Entry:
    """A file of this kind that is refused whole."""
    return of(contract, refused_entry(name, content, code, says, **layout))


def lists(contract, name, content, accepts, rejects=(), says="", **layout) -> Entry:
    """A file of records; ``accepts`` are their keys in order."""
    return of(contract, read_entry(name, content, accepts, None, rejects, says, **layout))


def end_of(entry: Entry, source: io.BytesIO) -> tuple[tuple[str, ...], pd.DataFrame, tuple[str, ...], dict[str, str]]:
    """What was accepted, the rejects, the notes and the totals."""
    layout: Layout = entry.layout
    if layout.contract is PAYMENTS:
        paid = parse_payments(source, name="payments.csv", layout=layout)
        ids = tuple(paid.lines.drop_duplicates("payment")["stampli_payment_id"])
        return ids, paid.rejects, paid.notes, {currency: str(total) for currency, total in paid.totals.items()}
    reads = {VENDORS: (parse_vendors, "vendor_id"), GL_ACCOUNTS: (parse_gl_accounts, "gl_account"),
             COST_CENTRES: (parse_cost_centres, "code")}  # fmt: skip
    parse, key = reads[layout.contract]
    told = parse(source, name="list.csv", layout=layout)
    return tuple(told.rows[key]), told.rejects, told.notes, {}
