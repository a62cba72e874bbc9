"""Payments of suppliers (object PAYMENTH, "GESPAY" [P]): what the books take, and what they leave open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from stampli_assets.sandbox.x3.books import OPEN, X3Books
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Refusal, Step
from stampli_assets.sandbox.x3.exact import plain
from stampli_assets.sandbox.x3.exchange import rate_of, too_fine, unit
from stampli_assets.sandbox.x3.inputs import amount_of

FINAL = 3
ENTERED, CANCELLED = 1, 3
"""Of a payment [P]."""
_REQUIRED = ("PAYTYP", "FCY", "BPR", "ACCDAT", "CUR", "AMTCUR", "BAN", "REF")
_REFERENCES = (
    ("FCY", "sites", "Site"),
    ("BPR", "suppliers", "Supplier"),
    ("CUR", "currencies", "Currency"),
    ("BAN", "banks", "Bank"),
    ("PAYTYP", "payment_types", "Payment type"),
)


def open_items(books: X3Books) -> list[dict[str, Any]]:
    """What each final invoice and credit memo has open: its amount, and what payments have settled; never negative."""
    paid: dict[str, Decimal] = {}
    for payment in books.payments.values():
        for line in payment["PAYMENTD"] if int(payment["STA"]) != CANCELLED else ():
            paid[line["VCRNUM"]] = paid.get(line["VCRNUM"], Decimal()) + abs(amount_of(line["AMTLIN"]))
    return [
        {
            "NUM": number,
            "BPR": invoice["BPR"],
            "CUR": invoice["CUR"],
            "SNS": invoice["SNS"],
            "AMTCUR": invoice["AMTATI"],
            "PAYCUR": plain(paid.get(number, Decimal())),
        }
        for number, invoice in books.supplier_invoices.items()
        if int(invoice["STA"]) == FINAL and books.is_visible(invoice)
    ]


def check_payment(books: X3Books, given: dict[str, Any]) -> dict[str, Any]:
    """The payment as the books would keep it; raises :class:`Refusal` with every reason."""
    lines = [dict(line) for line in given.get("PAYMENTD") or []]
    found = [Diagnosis(f"{code}: Mandatory field.", (code,)) for code in _REQUIRED if given.get(code) in {None, ""}]
    if not lines:
        found.append(Diagnosis("PAYMENTD: at least one line is needed.", ("PAYMENTD",)))
    day = str(given.get("ACCDAT") or "")
    on = date.fromisoformat(day) if day else None
    for code, rows, called in _REFERENCES:
        key = str(given.get(code) or "")
        if key and (why := books.why_unusable(rows, key, on=on)):
            found.append(Diagnosis(f"{code}: {called} {key} {why}.", (code,)))
    periods = [row for row in books.rows("periods") if row["STRDAT"] <= day <= row["ENDDAT"]]
    if day and not any(int(row.get("STA", OPEN)) == OPEN for row in periods):
        found.append(Diagnosis(f"ACCDAT: The period of {day} is not open.", ("ACCDAT",)))
    smallest = unit(books, str(given.get("CUR") or ""))
    found += too_fine(given, smallest, str(given.get("CUR") or ""))
    found += rate_of(books, given, 1, day)[1]
    items = {item["NUM"]: item for item in open_items(books)}
    for place, line in enumerate(lines):
        found += _line(line, items, given, ("PAYMENTD", place))
    total = amount_of(given.get("AMTCUR"))
    settled = sum((amount_of(line.get("AMTLIN")) for line in lines), Decimal())
    if total <= 0:
        found.append(Diagnosis(f"AMTCUR: A payment is more than zero, not {plain(total)}.", ("AMTCUR",)))
    elif lines and settled != total:
        words = f"AMTCUR: {plain(total)} is paid, the lines settle {plain(settled)}."
        found.append(Diagnosis(words, ("AMTCUR",)))
    if found:
        raise Refusal(*found)
    number = len(books.payments) + 1
    numbered = [{"LIN": place, **line} for place, line in enumerate(lines, start=1)]
    return {"DES": "", **given, "NUM": f"PAY{number:08d}", "STA": ENTERED, "PAYMENTD": numbered}


def _line(
    line: dict[str, Any], items: dict[str, dict[str, Any]], given: dict[str, Any], path: tuple[Step, ...]
) -> list[Diagnosis]:
    number, amount = str(line.get("VCRNUM") or ""), amount_of(line.get("AMTLIN"))
    item = items.get(number)
    if item is None:
        return [Diagnosis(f"VCRNUM: Invoice {number} does not exist or is not final.", (*path, "VCRNUM"))]
    if item["BPR"] != given.get("BPR"):
        words = f"VCRNUM: Invoice {number} is of the supplier {item['BPR']}, not {given.get('BPR')}."
        return [Diagnosis(words, (*path, "VCRNUM"))]
    if item["CUR"] != given.get("CUR"):
        return [Diagnosis(f"VCRNUM: Invoice {number} is in {item['CUR']}.", (*path, "VCRNUM"))]
    left = amount_of(item["AMTCUR"]) - amount_of(item["PAYCUR"])
    if amount * item["SNS"] <= 0:
        kind = "A credit is settled below zero" if item["SNS"] < 0 else "An invoice is settled above zero"
        return [Diagnosis(f"AMTLIN: {kind}, not by {plain(amount)}.", (*path, "AMTLIN"))]
    if abs(amount) > left:
        words = f"AMTLIN: {plain(abs(amount))} is more than the {plain(left)} that {number} has open."
        return [Diagnosis(words, (*path, "AMTLIN"))]
    return []
