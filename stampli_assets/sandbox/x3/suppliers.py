"""Suppliers: what a new one needs, and where its number comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stampli_assets.sandbox.x3.books import YES, X3Books
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Refusal, Step

_REFERENCES = (
    ("BSGCOD", "categories", "Category"),
    ("CUR", "currencies", "Currency"),
    ("PTE", "payment_terms", "Payment term"),
    ("VACBPR", "tax_rules", "Tax rule"),
    ("CRY", "countries", "Country"),
)
MOST_ADDRESS_LINES = 3
"""``BPAADDLIG(3)`` of the data dictionary [T]."""


def check_supplier(books: X3Books, given: dict[str, Any]) -> dict[str, Any]:
    """The supplier as the books would keep it; raises :class:`Refusal` with every reason.

    Needs a number (or the category's numbering: the rule ``supplier_numbering``), name, country, category, currency, tax
    rule, payment term and one address (reference 4 [P]; the rules ``required_supplier_fields`` and
    ``required_address_fields``).
    """
    found = [
        Diagnosis(f"{code}: Mandatory field.", (code,))
        for code in books.rules["required_supplier_fields"]
        if not given.get(code)
    ]
    number = str(given.get("BPSNUM") or "")
    if not number and not books.rules["supplier_numbering"]:
        found.append(Diagnosis("BPSNUM: Mandatory field.", ("BPSNUM",)))
    if number and books.row("suppliers", number) is not None:
        found.append(Diagnosis(f"BPSNUM: Supplier {number} already exists.", ("BPSNUM",)))
    addresses = [dict(address) for address in given.get("BPADDRESS") or []]
    if not addresses:
        found.append(Diagnosis("BPADDRESS: at least one address is needed.", ("BPADDRESS",)))
    for place, address in enumerate(addresses):
        found += _address(books, address, ("BPADDRESS", place))
    for code, rows, called in _REFERENCES:
        key = str(given.get(code) or "")
        if key and (why := books.why_unusable(rows, key, on=None)):
            found.append(Diagnosis(f"{code}: {called} {key} {why}.", (code,)))
    if found:
        raise Refusal(*found)
    number = number or _numbered(books, str(given["BSGCOD"]))
    default = addresses[0]["BPAADD"]
    return {
        "BPSSHO": str(given["BPSNAM"])[:10].strip(),
        "BPSTYP": 1,
        "LAN": "ENG",
        "BPRPAY": number,
        "BPAADD": default,
        "BPAINV": default,
        "BPAPAY": default,
        "PAYLOKFLG": 1,
        "DOUFLG": 1,
        "ENAFLG": YES,
        **{code: value for code, value in given.items() if value},
        "BPSNUM": number,
        "BPADDRESS": addresses,
    }


def _address(books: X3Books, address: dict[str, Any], path: tuple[Step, ...]) -> Iterator[Diagnosis]:
    """Its country is known, and the postal code written as that country writes them (``POSCODFMT``, a pattern [P])."""
    for code in books.rules["required_address_fields"]:
        if not address.get(code):
            yield Diagnosis(f"{code}: Mandatory field.", (*path, code))
    country, postal_code = str(address.get("CRY") or ""), str(address.get("POSCOD") or "")
    if country and (why := books.why_unusable("countries", country, on=None)):
        yield Diagnosis(f"CRY: Country {country} {why}.", (*path, "CRY"))
    pattern = str((books.row("countries", country) or {}).get("POSCODFMT", ""))
    if postal_code and pattern and re.fullmatch(pattern, postal_code, re.ASCII) is None:
        yield Diagnosis(f"POSCOD: {postal_code} is no postal code of {country}.", (*path, "POSCOD"))
    if len(address.get("BPAADDLIG") or ()) > MOST_ADDRESS_LINES:
        yield Diagnosis(f"BPAADDLIG: At most {MOST_ADDRESS_LINES} address lines fit.", (*path, "BPAADDLIG"))


def _numbered(books: X3Books, category: str) -> str:
    place = len(books.masters["suppliers"]) + 1
    while f"{category}{place:05d}" in books.masters["suppliers"]:
        place += 1
    return f"{category}{place:05d}"
