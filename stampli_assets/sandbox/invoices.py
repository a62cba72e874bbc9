"""Sample invoices of the firm: numbers as vendors print them, one to twelve coding lines, exact cents."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from stampli_assets.sandbox.firm import (
    CLASSES,
    DEPARTMENTS,
    LOCATIONS,
    PROJECTS,
    STAMPLI_ACCOUNTS,
    STAMPLI_DEPARTMENTS,
    STAMPLI_TERMS,
    STAMPLI_VENDORS,
    TERMS,
    TRADES,
    Firm,
    Vendor,
)

_OLD_ACCOUNT = {erp: old for old, erp in STAMPLI_ACCOUNTS.items()}
_OLD_DEPARTMENT = {erp: old for old, erp in STAMPLI_DEPARTMENTS.items()}
_OLD_TERM = {erp: old for old, erp in STAMPLI_TERMS.items()}
_OLD_VENDOR = {erp: old for old, erp in STAMPLI_VENDORS.items()}
_APPROVERS = ("Dana Whitfield", "Marcus Lee", "Priya Raman", "Tom Okafor")


@dataclass(frozen=True)
class SampleLine:
    """One coding line as Stampli codes it; ``cents`` may be negative (a discount)."""

    account: str
    cents: int
    memo: str
    kind: str = "EXPENSE"
    department: str = ""
    location: str = ""
    project: str = ""
    klass: str = ""


@dataclass(frozen=True)
class SampleInvoice:
    """One approved invoice. ``total`` is the text of the export when it is not the sum of the lines."""

    stampli_id: str
    vendor_id: str
    vendor_name: str
    tax_id: str
    number: str
    invoice_date: str
    due_date: str
    terms: str
    po_number: str
    description: str
    approved_at: str
    approved_by: str
    lines: tuple[SampleLine, ...]
    currency: str = "USD"
    total: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    """Cells that a planted mistake replaces on every row, by header."""

    @property
    def cents(self) -> int:
        """The exact sum of the lines."""
        return sum(line.cents for line in self.lines)


def invoices(firm: Firm, count: int, *, today: date, start: int = 1) -> list[SampleInvoice]:
    """``count`` valid invoices, numbered from ``start``: the same numbers give the same invoices."""
    return [_invoice(firm, number, today) for number in range(start, start + count)]


def credit_memos(firm: Firm, count: int, *, today: date, start: int = 1) -> list[SampleInvoice]:
    """``count`` valid credit memos, each over the whole of the invoice of that number, with negative amounts."""
    return [_credit(one) for one in invoices(firm, count, today=today, start=start)]


def _credit(one: SampleInvoice) -> SampleInvoice:
    return replace(
        one,
        stampli_id=f"{one.stampli_id}-CM",
        number=f"CM-{one.number}",
        lines=tuple(replace(line, cents=-line.cents) for line in one.lines),
        overrides={"Document Type": "CREDIT_MEMO", "Original Invoice Number": one.number},
    )


def _invoice(firm: Firm, number: int, today: date) -> SampleInvoice:
    rng = random.Random(f"{firm.seed}/{number}")
    vendor = rng.choice(firm.trading)
    dated = today - timedelta(days=rng.randrange(1, 21))
    lines = _lines(vendor, rng)
    vendor_id = _OLD_VENDOR.get(vendor.vendor_id, vendor.vendor_id)
    return SampleInvoice(
        stampli_id=f"ST-{500_000 + number}",
        vendor_id=vendor_id,
        vendor_name=vendor.name,
        tax_id=vendor.tax_id,
        number=_printed_number(number, dated, rng),
        invoice_date=dated.isoformat(),
        due_date=(dated + timedelta(days=TERMS[vendor.term])).isoformat(),
        terms=_OLD_TERM.get(vendor.term, vendor.term),
        po_number=f"PO-{rng.randrange(7000, 7999)}" if rng.random() < 0.4 else "",
        description=f"{vendor.name}, {vendor.trade}",
        approved_at=f"{today.isoformat()} 08:{rng.randrange(60):02d}",
        approved_by=rng.choice(_APPROVERS),
        lines=tuple(lines),
    )


def _printed_number(number: int, dated: date, rng: random.Random) -> str:
    style = rng.randrange(5)
    return (
        f"INV-{80_000 + number}",
        f"{number:07d}",
        f"{dated:%y%m}-{number}",
        f"A{number}/{dated:%Y}",
        f"{rng.choice('KLMN')}{90_000 + number}",
    )[style]


def _lines(vendor: Vendor, rng: random.Random) -> list[SampleLine]:
    count = min(rng.choice((1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12)), 12)
    lines = [_line(rng.choice(TRADES[vendor.trade]), rng) for _ in range(count)]
    if vendor.trade == "materials" and count < 11 and rng.random() < 0.3:
        where = rng.choice(list(LOCATIONS)[1:])
        lines.append(SampleLine("52100", rng.randrange(1500, 24_000), "Freight", "FREIGHT", location=where))
    if rng.random() < 0.2 and len(lines) < 12:
        taxable = sum(line.cents for line in lines)
        where = rng.choice(list(LOCATIONS)[1:])
        lines.append(SampleLine("69200", round(taxable * 0.0725), "Ohio sales tax", "TAX", location=where))
    if rng.random() < 0.05 and len(lines) < 12:
        lines.append(SampleLine("52100", 0, "Freight prepaid", "FREIGHT", location="110"))
    return lines


def _line(account: tuple[str, str, bool], rng: random.Random) -> SampleLine:
    number, title, needs_department = account
    department = rng.choice(list(DEPARTMENTS)) if needs_department or rng.random() < 0.3 else ""
    old = rng.random() < 0.5
    return SampleLine(
        account=_OLD_ACCOUNT.get(number, number) if old else number,
        cents=rng.randrange(995, 480_000),
        memo=f"{title} {rng.randrange(100, 999)}",
        department=_OLD_DEPARTMENT.get(department, department) if old else department,
        location=rng.choice(list(LOCATIONS)[1:]),
        project=rng.choice(list(PROJECTS)) if rng.random() < 0.15 else "",
        klass=rng.choice(list(CLASSES)) if rng.random() < 0.2 else "",
    )


def with_lines(invoice: SampleInvoice, lines: Sequence[SampleLine]) -> SampleInvoice:
    """The same invoice with other lines."""
    return replace(invoice, lines=tuple(lines))
