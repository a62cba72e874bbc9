"""What Stampli exports in a schedule, told twice: as the bytes of a file, and as plain facts for the checker."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from builders.exports import as_csv, row

VENDORS_BY_RULE = {"a": {"S-1": "V-1", "S-2": "V-2", "S-9": "V-9"}, "b": {"S-1": "V-3", "S-2": "V-2", "S-9": "V-9"}}
ACCOUNTS_BY_RULE = {"a": {"6100": "61000", "6200": "62000"}, "b": {"6100": "61500", "6200": "62000"}}
"""The mapping rules, before (a) and after (b) somebody edited them."""
RULES = {
    version: {
        "vendors.csv": "stampli_vendor,erp_vendor\n"
        + "".join(f"{k},{v}\n" for k, v in VENDORS_BY_RULE[version].items()),
        "gl_accounts.csv": "stampli_account,erp_account\n"
        + "".join(f"{k},{v}\n" for k, v in ACCOUNTS_BY_RULE[version].items()),
    }
    for version in ("a", "b")
}
UNKNOWN_VENDOR = "S-7"
"""No rule maps it: its documents are held."""


@dataclass(frozen=True)
class Fact:
    """One approved document. ``lines`` are (Stampli account, amount, memo)."""

    number: str
    vendor: str
    version: int
    lines: tuple[tuple[str, str, str], ...]
    broken: bool = False
    """Its amount cannot be read: it is rejected."""

    @property
    def total(self) -> Decimal:
        return sum((Decimal(amount) for _, amount, _ in self.lines), Decimal(0))

    @property
    def key(self) -> tuple[str, str]:
        return (self.vendor, self.number)


def fact(number: str, version: int = 1) -> Fact:
    """The document of that number as it was approved for the ``version``-th time."""
    digit = int("".join(mark for mark in number if mark.isdigit()) or 0)
    vendor = {5: UNKNOWN_VENDOR, 6: "S-9"}.get(digit, ("S-1", "S-2")[digit % 2])
    amounts = [f"{digit * 100 + version}.{digit}7", "-0.07"][: 1 + digit % 2]
    accounts = ("6100", "6200")
    lines = tuple((accounts[(digit + at) % 2], amount, f"line {at} v{version}") for at, amount in enumerate(amounts))
    return Fact(number, vendor, version, lines, broken=digit == 8)


NUMBERS = ("N-1", "n-1", "N-2", "N-3", "N-5", "N-4", "N-6", "N-8", "N-9", "N-7")
"""N-5 is held by the mapping, N-6 is refused by the ERP at first, N-8 is rejected, n-1 looks like N-1."""


def content(facts: tuple[Fact, ...]) -> bytes:
    """The file of these documents."""
    return as_csv([cells for one in facts for cells in _rows(one)])


def _rows(one: Fact) -> list[dict[str, str]]:
    total = "12,3x" if one.broken else str(one.total)
    return [
        row(
            Stampli_Invoice_ID=f"ST-{one.vendor}-{one.number}",
            Invoice_Number=one.number,
            Vendor_ID=one.vendor,
            Vendor_Name=f"Vendor {one.vendor}",
            Invoice_Total=total,
            Line_Number=str(at),
            GL_Account=account,
            Line_Amount=amount,
            Department_ID="",
            Location_ID="",
            Line_Description=memo,
        )
        for at, (account, amount, memo) in enumerate(one.lines, start=1)
    ]
