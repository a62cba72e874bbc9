"""Tax entries and exchange rates: what a document adds up to in its own currency and in the company's."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Error
from stampli_assets.sandbox.intacct.values import BOOLEANS, amount, fields, plain

DAILY_RATE = "Intacct Daily Rate"
CENT = Decimal("0.01")
_RATE = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


def entries(line: etree._Element, path: str) -> list[dict[str, str]]:
    """The tax entries of a line, their fields in upper case."""
    return [{name.upper(): text for name, text in fields(entry).items()} for entry in line.iterfind(path)]


def tax_errors(books: Books, given: dict[str, Any], *, top_level: bool) -> list[Error]:
    """Every reason why the tax of a document is not taken."""
    errors: list[Error] = []
    if given.get("INCLUSIVETAX", "") not in BOOLEANS:
        errors.append(("BL03000018", f"Illegal format for INCLUSIVETAX: {given['INCLUSIVETAX']}", ""))
    details = [entry.get("DETAILID", "") for line in given["lines"] for entry in line.get("taxes", [])]
    errors += [
        ("BL01001973", f"Invalid Tax detail '{detail}' specified.", "")
        for detail in details
        if not books.active("tax_details", detail)
    ]
    solutions, solution = books.masters["tax_solutions"], given.get("TAXSOLUTIONID", "")
    if solution and solution not in solutions:
        errors.append(("BL01001973", f"Invalid Tax solution '{solution}' specified.", ""))
    if details and top_level and len(solutions) > 1 and not solution:
        errors.append(("BL01001973", "Tax solution is required at the top level.", ""))
    return errors


def taxed_line(books: Books, line: dict[str, Any], *, inclusive: bool) -> dict[str, Any]:
    """The line as it is kept: its amount before tax, and each entry's tax."""
    rates = [Decimal(books.masters["tax_details"][entry["DETAILID"]]["VALUE"]) for entry in line.get("taxes", [])]
    net = amount(line["TOTALTRXAMOUNT" if inclusive else "TRX_AMOUNT"], "TRX_AMOUNT")
    if inclusive:
        net = (net / (1 + sum(rates, Decimal()) / 100)).quantize(CENT, ROUND_HALF_UP)
    taxes = [
        {"DETAILID": entry["DETAILID"], "TRX_TAX": plain(_tax(entry, net, rate))}
        for entry, rate in zip(line.get("taxes", []), rates, strict=True)
    ]
    if inclusive and taxes:  # what is left of the whole amount is the tax
        others = sum((Decimal(tax["TRX_TAX"]) for tax in taxes[:-1]), Decimal())
        taxes[-1]["TRX_TAX"] = plain(amount(line["TOTALTRXAMOUNT"], "TOTALTRXAMOUNT") - net - others)
    return {**line, "TRX_AMOUNT": plain(net), "taxes": taxes}


def _tax(entry: dict[str, str], net: Decimal, rate: Decimal) -> Decimal:
    given = entry.get("TRX_TAX", "")
    return amount(given, "TRX_TAX") if given else (net * rate / 100).quantize(CENT, ROUND_HALF_UP)


def total_of(lines: list[dict[str, Any]]) -> Decimal:
    """What the kept lines and their tax add up to."""
    return sum(
        (
            Decimal(line["TRX_AMOUNT"]) + sum((Decimal(tax["TRX_TAX"]) for tax in line["taxes"]), Decimal())
            for line in lines
        ),
        Decimal(),
    )


def exchange_errors(books: Books, given: dict[str, Any]) -> list[Error]:
    """A rate, or a kind of rates; never both. A kind must have a rate for the currency where rates are kept."""
    if given.get("EXCH_RATE_TYPE_ID") and given.get("EXCHANGE_RATE"):
        return [("BL03000018", "Enter either an exchange rate type or an exchange rate, not both.", "")]
    if given.get("EXCHANGE_RATE") and not (_RATE.fullmatch(given["EXCHANGE_RATE"]) and Decimal(given["EXCHANGE_RATE"])):
        return [("BL03000018", f"Illegal format for EXCHANGE_RATE: {given['EXCHANGE_RATE']}", "")]
    if books.masters["exchange_rates"] and not _rate(books, given):
        return [("BL01001973", f"There is no exchange rate for {given.get('CURRENCY')} on that date.", "")]
    return []


def exchanged(books: Books, given: dict[str, Any], total: Decimal) -> dict[str, str]:
    """How the document became the company's currency; the base total is empty where no rate is kept."""
    rate = _rate(books, given)
    told = {name: given.get(name, "") for name in ("EXCH_RATE_DATE", "EXCH_RATE_TYPE_ID")}
    base = plain((total * Decimal(rate)).quantize(CENT, ROUND_HALF_UP)) if rate else ""
    return {**told, "EXCHANGE_RATE": rate, "TOTALENTERED": base}


def _rate(books: Books, given: dict[str, Any]) -> str:
    currency = given.get("CURRENCY", "") or books.base_currency
    if given.get("EXCHANGE_RATE"):
        return str(given["EXCHANGE_RATE"])
    if currency == books.base_currency:
        return "1"
    kind = given.get("EXCH_RATE_TYPE_ID") or DAILY_RATE
    return books.masters["exchange_rates"].get(f"{kind}/{currency}", {}).get("RATE", "")
