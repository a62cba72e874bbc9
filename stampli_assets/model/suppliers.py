"""Suppliers: matched by tax id or number, created where an ERP lacks them; and the port through which that is asked.

A tax id is compared without spaces, dots, dashes and other marks, and without the country that may lead it. Two countries'
tax ids with the same digits are not the same tax id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stampli_assets.model.documents import Document, Kind
from stampli_assets.model.outcome import Outcome

_MARKS = re.compile(r"[\W_]+")
_LED = re.compile(r"(?P<country>[A-Z]{2})(?P<body>[0-9A-Z]*[0-9][0-9A-Z]*)")
_COUNTRIES = frozenset(
    """
    AT AU BE BG BR CA CH CN CY CZ DE DK EE EL ES EU FI FR GB GR HR HU IE IN IT JP LT LU LV MT MX NL NO NZ PL PT RO RS SE SG
    SI SK TR UA US XI ZA
    """.split()
)
"""Codes that lead a tax id in practice: those of EU VAT numbers (Greece as EL or GR, Northern Ireland as XI) and the
countries that people write before theirs."""
_SAME = {"EL": "GR", "XI": "GB"}
LEAST_CHARACTERS = 5
"""Fewer characters identify nobody: ``N/A``, ``0``, ``-``."""


@dataclass(frozen=True, slots=True)
class TaxId:
    """A tax id as it is compared: ``body`` without marks and country; ``country`` empty where none is known."""

    body: str
    country: str = ""

    @classmethod
    def read(cls, text: str, country: str = "") -> TaxId | None:
        """The tax id in a text, ``None`` where there is none; ``country`` (ISO 3166, two letters) where none leads it."""
        plain = _MARKS.sub("", text).upper()
        match = _LED.fullmatch(plain)
        if match is not None and match["country"] in _COUNTRIES and len(match["body"]) >= LEAST_CHARACTERS:
            return cls(match["body"], _SAME.get(match["country"], match["country"]))
        if len(plain) < LEAST_CHARACTERS or not any(character.isdigit() for character in plain) or set(plain) == {"0"}:
            return None
        country = country.upper()
        return cls(plain, _SAME.get(country, country) if len(country) == 2 else "")

    def matches(self, other: TaxId) -> bool:
        """The same body, and no two different countries."""
        return self.body == other.body and (not self.country or not other.country or self.country == other.country)


@dataclass(frozen=True, slots=True)
class KnownSupplier:
    """A supplier as the ERP holds it. ``tax_ids`` are the ERP's texts, normalised by :class:`TaxId`."""

    number: str
    name: str
    is_active: bool
    tax_ids: tuple[TaxId, ...] = ()
    country: str = ""
    currency: str = ""
    term: str = ""


@dataclass(frozen=True, slots=True)
class Matches:
    """What a look-up found: the suppliers of each tax id and of each number that was asked for, never missing a key."""

    by_tax_id: Mapping[str, tuple[KnownSupplier, ...]] = field(default_factory=dict)
    by_number: Mapping[str, tuple[KnownSupplier, ...]] = field(default_factory=dict)

    def of(self, tax_id: str, number: str) -> tuple[KnownSupplier, ...]:
        """The suppliers that a vendor with this tax id and number may be, each once, by tax id and by number.

        Exactly one is a match; more than one is for a person. One who was found by tax id and another by number are two.
        """
        found = (*self.by_tax_id.get(tax_id, ()), *self.by_number.get(number, ()))
        return tuple({supplier.number: supplier for supplier in found}.values())


@dataclass(frozen=True, slots=True)
class SupplierTemplate:
    """What an ERP demands of a new supplier and Stampli does not export; one for each connection, from its settings. Intacct
    demands nothing.

    ``accounting_code`` chooses the control account, ``category`` may give the number; ``address_code`` names the one
    address. Currency, payment term and country are used where the vendor has none.
    """

    category: str = ""
    tax_rule: str = ""
    accounting_code: str = ""
    language: str = ""
    country: str = ""
    currency: str = ""
    term: str = ""
    address_code: str = "MAIN"


@dataclass(frozen=True, slots=True)
class Address:
    """A vendor's address as Stampli exports it."""

    lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class NewSupplier:
    """A vendor of Stampli that the ERP lacks. ``number`` empty: the ERP's category numbers it. ``control_id`` is what the
    create is sent under, where the ERP knows such a thing.
    """

    name: str
    template: SupplierTemplate
    number: str = ""
    tax_id: str = ""
    country: str = ""
    currency: str = ""
    term: str = ""
    address: Address = field(default_factory=Address)
    control_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierCreation(Document):
    """A supplier to be created, as the ledger and the rule of posting treat a document: one key, one intent, one end.

    ``vendor_id`` and ``number`` are what identifies the supplier; the total is zero.
    """

    supplier: NewSupplier

    @property
    def kind(self) -> Kind:
        return Kind.SUPPLIER


class SupplierBook(Protocol):
    """The ERP's suppliers."""

    def find(self, tax_ids: Collection[str], numbers: Collection[str]) -> Matches:
        """Every supplier under each tax id (compared as :class:`TaxId` does) and under each number, in bulk.

        Raises:
            Transient: the ERP did not answer usefully.
            Misconfigured: the look-up is refused.
        """
        ...

    def create(self, suppliers: Sequence[NewSupplier]) -> Sequence[Outcome]:
        """One create for each supplier; one outcome each, in order. The record number is the supplier's number.

        At most once is the caller's affair: it looks up before, and after every ``Unknown``. Never raises once a byte may
        have been processed.

        Raises:
            Transient: certain that nothing was kept, after the client's own backoff is spent.
            Misconfigured: sign-in refused; nothing was kept.
        """
        ...

    def request_for(self, supplier: NewSupplier) -> str:
        """The exact create of one supplier as text, for the preview; nothing is sent."""
        ...
