"""Sample payments of the firm: what Stampli paid of its invoices, by check, ACH, wire or card."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from stampli_assets.sandbox.invoices import SampleInvoice

FUNDING_ACCOUNT = "OPERATING"
"""What the firm's Stampli calls the bank account that pays; the mapping rules translate it."""
_METHODS = ("ACH", "ACH", "ACH", "CHECK", "CHECK", "WIRE", "CARD")
_MOST_TOGETHER = 4


@dataclass(frozen=True)
class SamplePaidInvoice:
    """One invoice that a payment settles; ``cents`` are negative where a credit memo is applied."""

    stampli_invoice_id: str
    invoice_number: str
    cents: int
    discount_cents: int = 0


@dataclass(frozen=True)
class SamplePayment:
    """One payment. ``total`` is the text of the export when it is not the sum of what was applied."""

    stampli_id: str
    number: str
    batch_id: str
    payment_date: str
    method: str
    vendor_id: str
    vendor_name: str
    invoices: tuple[SamplePaidInvoice, ...]
    status: str = "PAID"
    cleared_date: str = ""
    bank_account_id: str = FUNDING_ACCOUNT
    currency: str = "USD"
    memo: str = ""
    void_date: str = ""
    void_reason: str = ""
    total: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    """Cells that a planted mistake replaces on every row, by header."""

    @property
    def cents(self) -> int:
        """The exact sum of what was applied."""
        return sum(invoice.cents for invoice in self.invoices)


def payments(
    invoices: Iterable[SampleInvoice], *, paid_on: date, seed: int = 2026, start: int = 1
) -> list[SamplePayment]:
    """PAID payments of these invoices, each in full; now and then one payment settles several of a vendor.

    Invoices whose total is not positive, or not what their lines say, are not paid. The same invoices, day, seed and
    start give the same payments.
    """
    rng = random.Random(f"{seed}/{start}/{paid_on}")
    return [_payment(group, number, paid_on, rng) for number, group in enumerate(_grouped(invoices, rng), start=start)]


def _grouped(invoices: Iterable[SampleInvoice], rng: random.Random) -> list[list[SampleInvoice]]:
    groups: list[list[SampleInvoice]] = []
    waiting: dict[tuple[str, str], list[SampleInvoice]] = {}
    for invoice in invoices:
        if invoice.cents <= 0 or invoice.total is not None:
            continue
        payee = (invoice.vendor_id, invoice.currency)
        group = waiting.get(payee)
        if group is None or len(group) >= _MOST_TOGETHER or rng.random() < 0.75:
            waiting[payee] = group = []
            groups.append(group)
        group.append(invoice)
    return groups


def _payment(group: list[SampleInvoice], number: int, paid_on: date, rng: random.Random) -> SamplePayment:
    first, method = group[0], rng.choice(_METHODS)
    return SamplePayment(
        stampli_id=f"SP-{9000 + number}",
        number=_reference(method, number, rng),
        batch_id=f"PB-{paid_on:%Y%m%d}",
        payment_date=(paid_on - timedelta(days=rng.randrange(0, 3))).isoformat(),
        method=method,
        vendor_id=first.vendor_id,
        vendor_name=first.vendor_name,
        invoices=tuple(SamplePaidInvoice(one.stampli_id, one.number, one.cents) for one in group),
        currency=first.currency,
        memo=f"{len(group)} invoices" if len(group) > 1 else first.number,
    )


def _reference(method: str, number: int, rng: random.Random) -> str:
    """A check's number, an ACH trace id, a wire's reference; a card has none."""
    match method:
        case "CHECK":
            return f"{104_000 + number:06d}"
        case "ACH":
            return f"0{rng.randrange(10**13, 10**14)}"
        case "WIRE":
            return f"FW{rng.randrange(10**9, 10**10)}"
        case _:
            return ""
