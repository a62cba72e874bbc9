"""The mistakes that real firms make, to be planted one per invoice, and whole files that are no invoice files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from stampli_assets.sandbox.exports import dollars, export_csv
from stampli_assets.sandbox.firm import INACTIVE_ACCOUNT, INACTIVE_VENDOR, TWIN_NAME, Firm
from stampli_assets.sandbox.invoices import SampleInvoice, invoices, with_lines
from stampli_assets.sandbox.x3.firm import (
    ACCOUNT_FORBIDDEN_AT_SITE,
    CLOSED_DIMENSION,
    FORBIDDEN_TOGETHER,
    SUPPLIER_MATCHED_TWICE,
)


@dataclass(frozen=True)
class Mistake:
    """What is done to an invoice, and whether it should end as ``hold`` or ``reject``."""

    ends_as: str
    code: str
    make: Callable[[SampleInvoice], SampleInvoice]


def _first_line(**changes: object) -> Callable[[SampleInvoice], SampleInvoice]:
    return lambda one: with_lines(one, [replace(one.lines[0], **changes), *one.lines[1:]])  # type: ignore[arg-type]


def _cells(**cells: str) -> Callable[[SampleInvoice], SampleInvoice]:
    named = {name.replace("_", " "): text for name, text in cells.items()}
    return lambda one: replace(one, overrides={**one.overrides, **named})


MISTAKES: Mapping[str, Mistake] = {
    "inactive vendor": Mistake(
        "hold", "VENDOR_INACTIVE", lambda one: replace(one, vendor_id=INACTIVE_VENDOR, vendor_name="Canton Chemical")
    ),
    "unknown vendor": Mistake("hold", "VENDOR_UNKNOWN", lambda one: replace(one, vendor_id="V-99999")),
    "two vendors of one name": Mistake(
        "hold", "VENDOR_AMBIGUOUS", lambda one: replace(one, vendor_id="", vendor_name=TWIN_NAME)
    ),
    "unknown GL account": Mistake("hold", "ACCOUNT_UNKNOWN", _first_line(account="6999")),
    "missing department": Mistake("hold", "DIMENSION_REQUIRED", _first_line(account="67100", department="")),
    "inactive account": Mistake("hold", "ACCOUNT_INACTIVE", _first_line(account=INACTIVE_ACCOUNT)),
    "unknown project": Mistake("hold", "DIMENSION_UNKNOWN", _first_line(project="P-1999")),
    "total off by a cent": Mistake("reject", "TOTAL_MISMATCH", lambda one: replace(one, total=dollars(one.cents + 1))),
    "impossible date": Mistake("reject", "DATE_GRAMMAR", _cells(Invoice_Date="2026-11-31")),
    "thousands separator": Mistake(
        "reject", "AMOUNT_GRAMMAR", lambda one: replace(one, total=f"{one.cents / 100:,.2f}0")
    ),
    "missing currency": Mistake("reject", "MISSING", lambda one: replace(one, currency="")),
}

BRANCH_MISTAKES: Mapping[str, Mistake] = {
    "closed dimension": Mistake("hold", "DIMENSION_NOT_OPEN", _first_line(department=CLOSED_DIMENSION[1])),
    "account of another site": Mistake("hold", "ACCOUNT_SITE", _first_line(account=ACCOUNT_FORBIDDEN_AT_SITE)),
    "dimension forbidden for the account": Mistake(
        "hold",
        "DIMENSION_FORBIDDEN",
        _first_line(account=FORBIDDEN_TOGETHER[0], klass=FORBIDDEN_TOGETHER[2], department="300"),
    ),
    "supplier matched twice": Mistake(
        "hold",
        "VENDOR_AMBIGUOUS",
        lambda one: replace(one, vendor_id="", vendor_name=TWIN_NAME, tax_id=SUPPLIER_MATCHED_TWICE),
    ),
}
"""The same where the books are kept in Sage X3."""


def plant(good: Sequence[SampleInvoice], kinds: Sequence[str]) -> list[SampleInvoice]:
    """The invoices with one mistake each in the last ``len(kinds)`` of them."""
    clean, chosen = list(good[: len(good) - len(kinds)]), good[len(good) - len(kinds) :]
    known = {**MISTAKES, **BRANCH_MISTAKES}
    return clean + [known[kind].make(one) for kind, one in zip(kinds, chosen, strict=True)]


def acceptance_file(firm: Firm, today: date) -> bytes:
    """200 invoices: one of an inactive vendor, one with an unknown GL account, one line without its department."""
    return export_csv(
        plant(invoices(firm, 200, today=today), ["inactive vendor", "unknown GL account", "missing department"])
    )


def bad_files(firm: Firm, today: date) -> dict[str, bytes]:
    """Whole files that must be refused, by what is wrong with them."""
    good = export_csv(invoices(firm, 5, today=today))
    header, _, rest = good.partition(b"\r\n")
    return {
        "empty": b"",
        "without its columns": header.replace(b"GL Account", b"Ledger").replace(b"Line Amount", b"Value")
        + b"\r\n"
        + rest,
        "another kind": b"Stampli Payment ID,Payment Date,Vendor ID\r\nSP-1,2026-11-02,V-10001\r\n",
        "a workbook": b"PK\x03\x04" + bytes(200),
        "truncated": good[: len(good) - 70],
    }
