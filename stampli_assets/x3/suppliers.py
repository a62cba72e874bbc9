"""Suppliers in X3 (BPSUPPLIER): found in bulk by tax id or number, created from templates.

X3 compares tax ids letter by letter and keeps them as somebody typed them, so that the comparison is made here, over the
whole list with the few fields that it needs. X3 has no idempotency key: a lost answer is ``Unknown``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from stampli_assets.model.errors import StampliAssetsError
from stampli_assets.model.outcome import AlreadyThere, ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.suppliers import KnownSupplier, Matches, NewSupplier, TaxId
from stampli_assets.x3.api import SUPPLIER_FIELDS, Api, Created, Lost, Made, NotMade, NotNow, Record, Row, status
from stampli_assets.x3.batches import create_all, not_sent
from stampli_assets.x3.door import Door
from stampli_assets.x3.errors import reasons
from stampli_assets.x3.exact import text_of
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.names import GRAPHQL, REST, Names, Node, RestClass
from stampli_assets.x3.rest import RestApi

LONGEST = {
    "number": 15,
    "tax_id": 20,
    "address_code": 5,
    "postal_code": 10,
    "city": 40,
    "state": 35,
    "address_line": 50,
}
"""Characters that X3 keeps [T]; what identifies or is written to is refused when it is longer, never cut."""
MOST_ADDRESS_LINES = 3
LONGEST_NAME = 35
NUMBERS_PER_QUERY = 100
EXISTS = "ERP_SUPPLIER_EXISTS"


class X3Suppliers:
    """Implements the port :class:`~stampli_assets.model.suppliers.SupplierBook` over either API of X3."""

    def __init__(self, api: Api, door: Door, folder: Folder) -> None:
        self._api = api
        self._door = door
        self._folder = folder

    def find(self, tax_ids: Collection[str], numbers: Collection[str]) -> Matches:
        """See the port. Tax ids need the whole list of suppliers, numbers alone only their own rows."""
        read = {text: tax_id for text in tax_ids if (tax_id := TaxId.read(text)) is not None}
        numbers = {number for number in numbers if number}
        by_tax_id: dict[str, list[KnownSupplier]] = defaultdict(list)
        by_number: dict[str, list[KnownSupplier]] = defaultdict(list)
        by_body: dict[str, list[tuple[str, TaxId]]] = defaultdict(list)
        for text, tax_id in read.items():
            by_body[tax_id.body].append((text, tax_id))
        for supplier in self._suppliers(numbers, everyone=bool(read)):
            for text in _texts_of(supplier, by_body):
                by_tax_id[text].append(supplier)
            if supplier.number in numbers:
                by_number[supplier.number].append(supplier)
        return Matches(
            {text: tuple(by_tax_id[text]) for text in tax_ids}, {number: tuple(by_number[number]) for number in numbers}
        )

    def create(self, suppliers: Sequence[NewSupplier]) -> Sequence[Outcome]:
        """See the port. A number that X3 holds already under the same tax id is ``AlreadyThere``."""
        unfit = {place: why for place, one in enumerate(suppliers) if (why := _unfit(one)) is not None}
        fit = [place for place in range(len(suppliers)) if place not in unfit]
        records = [_record(suppliers[place]) for place in fit]
        ended = create_all(self._api, "create_supplier", records, self._door) if records else []
        outcomes: dict[int, Outcome] = {place: Refused((why,)) for place, why in unfit.items()}
        for place, created in zip(fit, ended, strict=True):
            outcomes[place] = _outcome(suppliers[place], created)
        self._adopt(suppliers, outcomes)
        return [outcomes[place] for place in range(len(suppliers))]

    def request_for(self, supplier: NewSupplier) -> str:
        """The create of one supplier as it would be sent; nothing is sent."""
        return self._api.written("create_supplier", _record(supplier))

    def _adopt(self, suppliers: Sequence[NewSupplier], outcomes: dict[int, Outcome]) -> None:
        """Who was refused because the number exists: the same one, where the tax id says so."""
        existing = [place for place, outcome in outcomes.items() if _is_there(outcome)]
        if not existing:
            return
        try:
            found = self.find((), {suppliers[place].number for place in existing})
        except StampliAssetsError:
            return  # refused they stay: others may have been kept, so nothing is raised here
        for place in existing:
            wanted = suppliers[place]
            tax_id = TaxId.read(wanted.tax_id, wanted.country or wanted.template.country)
            for known in found.by_number.get(wanted.number, ()):
                if tax_id is not None and any(tax_id.matches(one) for one in known.tax_ids):
                    outcomes[place] = AlreadyThere(ErpRecord(known.number, known.number, known.name))

    def _suppliers(self, numbers: Collection[str], *, everyone: bool) -> Iterator[KnownSupplier]:
        if everyone:
            yield from map(_known, self._api.rows("find_supplier", SUPPLIER_FIELDS, {}))
            return
        wanted = sorted(numbers)
        for start in range(0, len(wanted), NUMBERS_PER_QUERY):
            among = {"number": wanted[start : start + NUMBERS_PER_QUERY]}
            yield from map(_known, self._api.rows("find_supplier", SUPPLIER_FIELDS, among))


class X3GraphQLSuppliers(X3Suppliers):
    """Suppliers over GraphQL."""

    def __init__(self, door: Door, folder: Folder, names: Names[Node] = GRAPHQL) -> None:
        super().__init__(GraphQLApi(door, folder, names), door, folder)


class X3RestSuppliers(X3Suppliers):
    """Suppliers over REST api1."""

    def __init__(self, door: Door, folder: Folder, names: Names[RestClass] = REST) -> None:
        super().__init__(RestApi(door, folder, names), door, folder)


def _texts_of(supplier: KnownSupplier, by_body: dict[str, list[tuple[str, TaxId]]]) -> list[str]:
    """The asked texts that are this supplier's tax ids, each once."""
    return list(
        dict.fromkeys(
            text for own in supplier.tax_ids for text, asked in by_body.get(own.body, ()) if asked.matches(own)
        )
    )


def _known(row: Row) -> KnownSupplier:
    country = text_of(row.get("country"))
    read = (TaxId.read(text_of(row.get(name)), country) for name in ("vat_number", "registration_number"))
    return KnownSupplier(
        number=text_of(row.get("number")),
        name=text_of(row.get("name")),
        is_active=status(row) == "active",
        tax_ids=tuple(dict.fromkeys(tax_id for tax_id in read if tax_id is not None)),
        country=country,
        currency=text_of(row.get("currency")),
        term=text_of(row.get("payment_term")),
    )


def _record(supplier: NewSupplier) -> Record:
    template, address = supplier.template, supplier.address
    country = supplier.country or address.country or template.country
    tax_id = TaxId.read(supplier.tax_id)
    is_vat = tax_id is not None and bool(tax_id.country)
    record: dict[str, Any] = {
        "number": supplier.number,
        "name": supplier.name[:LONGEST_NAME].strip(),
        "category": template.category,
        "country": country,
        "language": template.language,
        "currency": supplier.currency or template.currency,
        "payment_term": supplier.term or template.term,
        "tax_rule": template.tax_rule,
        "accounting_code": template.accounting_code,
        "vat_number": supplier.tax_id if is_vat else "",
        "registration_number": "" if is_vat else supplier.tax_id,
        "addresses": [
            {
                "address_code": template.address_code,
                "address_lines": list(filter(None, address.lines)),
                "address_postal_code": address.postal_code,
                "address_city": address.city,
                "address_state": address.state,
                "address_country": address.country or country,
            }
        ],
    }
    return record


def _unfit(supplier: NewSupplier) -> Reason | None:
    address = supplier.address
    given = [
        ("number", supplier.number),
        ("tax_id", supplier.tax_id),
        ("address_code", supplier.template.address_code),
        ("postal_code", address.postal_code),
        ("city", address.city),
        ("state", address.state),
        *(("address_line", line) for line in address.lines),
    ]
    for name, text in given:
        if len(text) > LONGEST[name]:
            return Reason(
                "SUPPLIER_TOO_LONG",
                f"The {name.replace('_', ' ')} {text!r} of {supplier.name} has {len(text)} characters; X3 keeps "
                f"{LONGEST[name]}, and it is never cut.",
                "Correct the vendor in Stampli, or create the supplier in X3 and add a rule to vendors.csv.",
            )
    if len(list(filter(None, address.lines))) > MOST_ADDRESS_LINES:
        return Reason(
            "SUPPLIER_TOO_LONG",
            f"The address of {supplier.name} has {len(address.lines)} lines; X3 keeps {MOST_ADDRESS_LINES}.",
            "Shorten the vendor's address in Stampli, or create the supplier in X3 and add a rule to vendors.csv.",
        )
    if not supplier.name.strip():
        return Reason(
            "SUPPLIER_NAME", "A supplier without a name is not created.", "Give the vendor a name in Stampli."
        )
    return None


def _outcome(supplier: NewSupplier, created: Created) -> Outcome:
    match created:
        case Made(row):
            number = text_of(row["record_no"])
            return Posted(ErpRecord(number, number, supplier.name))
        case NotMade(diagnoses):
            return Refused(reasons(diagnoses, f"the supplier {supplier.name}"))
        case NotNow():
            return not_sent(created, f"the supplier {supplier.name}")
        case Lost(why):
            return Unknown(why)


def _is_there(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and any(reason.code == EXISTS for reason in outcome.reasons)
