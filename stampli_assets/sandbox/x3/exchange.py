"""Currencies: how fine their amounts are, and what one of them is worth in the company's own."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Step
from stampli_assets.sandbox.x3.fields import MENUS
from stampli_assets.sandbox.x3.inputs import amount_of


def unit(books: X3Books, currency: str) -> Decimal:
    """The smallest amount of a currency (``DECNBR`` of its master [P]; two decimals unless it says otherwise)."""
    return Decimal(1).scaleb(-int((books.row("currencies", currency) or {}).get("DECNBR", 2)))


def rounded(amount: Decimal, to: Decimal) -> Decimal:
    """Commercially, to a whole number of units."""
    return amount.quantize(to, ROUND_HALF_UP)


def too_fine(row: dict[str, Any], smallest: Decimal, currency: str, path: tuple[Step, ...] = ()) -> list[Diagnosis]:
    """Amounts of a header, line or analytical line that the currency does not know."""
    decimals = -int(smallest.as_tuple().exponent)
    return [
        Diagnosis(f"{code}: {amount} has more than the {decimals} decimals of {currency}.", (*path, code))
        for code, amount in row.items()
        if code.startswith("AMT") and amount and amount_of(amount) % smallest
    ]


def rate_of(books: X3Books, given: dict[str, Any], kind: int, day: str) -> tuple[Decimal, list[Diagnosis]]:
    """The company's currency for one of the document's: as entered, else the last one of the table on or before the day.

    The company's own currency has the rate 1. A currency without a rate is refused.
    """
    currency = str(given.get("CUR") or "")
    entered = amount_of(str(given.get("RATMLT") or "0"))
    if currency == books.base_currency:
        wrong = entered not in {Decimal(), Decimal(1)}
        words = f"RATMLT: {currency} is the company's currency and has no rate."
        return Decimal(1), [Diagnosis(words, ("RATMLT",))] if wrong else []
    if entered < 0:
        return entered, [Diagnosis("RATMLT: A rate is more than zero.", ("RATMLT",))]
    if entered or books.row("currencies", currency) is None:
        return entered, []
    days = {
        str(row["RATDAT"]): amount_of(str(row["RATE"]))
        for row in books.masters["exchange_rates"].values()
        if row["CUR"] == currency and int(row["CURTYP"]) == kind and str(row["RATDAT"]) <= day
    }
    if days:
        return days[max(days)], []
    word = MENUS["RateType"][kind - 1]
    return Decimal(), [Diagnosis(f"RATDAT: No exchange rate of {currency} ({word}) on {day}.", ("RATDAT",))]
