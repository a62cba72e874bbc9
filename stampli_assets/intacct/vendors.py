"""Vendors of Sage Intacct (object ``VENDOR``): found by id or tax id, created one per function.

Order of elements: the vendor's own SDK (a contact is ``PRINTAS``, then ``MAILADDRESS`` with ``COUNTRYCODE``). An id is
unique in a company, so a second create of it is refused by Intacct itself; it is looked up before it is created all the
same. Addresses have two lines here: what Stampli has more of stands in the second one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from lxml import etree

from stampli_assets.intacct.elements import fill
from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.reference import IntacctReference
from stampli_assets.intacct.replies import GatewayError, Result, rows
from stampli_assets.intacct.sending import outcome
from stampli_assets.model.errors import OutcomeUnknown, StampliAssetsError
from stampli_assets.model.outcome import AlreadyThere, ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.suppliers import KnownSupplier, Matches, NewSupplier, TaxId

EXISTS = "BL34000061"
"""Intacct's number for an id that is taken."""


class IntacctVendors:
    """Implements the port :class:`~stampli_assets.model.suppliers.SupplierBook`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def find(self, tax_ids: Collection[str], numbers: Collection[str]) -> Matches:
        """See the port. Tax ids are compared here, over the whole list: Intacct keeps them as somebody typed them."""
        asked = [(text, read) for text in tax_ids if (read := TaxId.read(text)) is not None]
        by_tax_id: dict[str, list[KnownSupplier]] = defaultdict(list)
        by_number: dict[str, list[KnownSupplier]] = defaultdict(list)
        for known in self._known():
            for text, read in asked:
                if any(read.matches(own) for own in known.tax_ids):
                    by_tax_id[text].append(known)
            by_number[known.number].append(known)
        return Matches(
            {text: tuple(by_tax_id[text]) for text in tax_ids}, {number: tuple(by_number[number]) for number in numbers}
        )

    def create(self, suppliers: Sequence[NewSupplier]) -> Sequence[Outcome]:
        """See the port. One request; an id that Intacct holds already under the same tax id is ``AlreadyThere``."""
        outcomes: dict[int, Outcome] = {}
        functions: dict[int, Function] = {}
        for place, supplier in enumerate(suppliers):
            try:
                functions[place] = Function(supplier.control_id, create_vendor(supplier))
            except ValueError:
                outcomes[place] = Refused((_unwritable(supplier),))
        if functions:
            outcomes |= self._send(suppliers, functions)
        return self._adopted(suppliers, [outcomes[place] for place in range(len(suppliers))])

    def request_for(self, supplier: NewSupplier) -> str:
        """The create of one vendor, indented; nothing is sent."""
        return etree.tostring(create_vendor(supplier), encoding="unicode", pretty_print=True)

    def _known(self) -> list[KnownSupplier]:
        rows = IntacctReference(self._gateway).vendors().to_dict("records")
        return [
            KnownSupplier(
                number=row["vendor_id"],
                name=row["name"],
                is_active=row["status"] == "active",
                tax_ids=(read,) if (read := TaxId.read(row["tax_id"])) is not None else (),
                currency=row["currency"],
                term=row["term"],
            )
            for row in rows
        ]

    def _send(self, suppliers: Sequence[NewSupplier], functions: dict[int, Function]) -> dict[int, Outcome]:
        try:
            results = self._gateway.write(list(functions.values()))
        except OutcomeUnknown as lost:
            return dict.fromkeys(functions, Unknown(lost.sentence))
        return {
            place: _outcome(suppliers[place], results.get(function.control_id, []))
            for place, function in functions.items()
        }

    def _adopted(self, suppliers: Sequence[NewSupplier], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Who was refused because the id exists: the same one, where the tax id says so."""
        if not any(map(_exists, outcomes)):
            return outcomes
        try:
            known = {one.number: one for one in self._known()}
        except StampliAssetsError:
            return outcomes  # refused they stay: others may have been kept, so nothing is raised here
        return [
            AlreadyThere(ErpRecord(supplier.number, supplier.number, supplier.name))
            if _exists(outcome) and _is_same(supplier, known.get(supplier.number))
            else outcome
            for supplier, outcome in zip(suppliers, outcomes, strict=True)
        ]


def create_vendor(supplier: NewSupplier) -> etree._Element:
    """``create`` of one ``VENDOR`` with the address that Stampli exports."""
    call = etree.Element("create")
    vendor = etree.SubElement(call, "VENDOR")
    address = supplier.address
    fill(vendor, {"VENDORID": supplier.number, "NAME": supplier.name})
    contact = etree.SubElement(vendor, "DISPLAYCONTACT")
    fill(contact, {"PRINTAS": supplier.name, "COMPANYNAME": supplier.name})
    lines = [line for line in address.lines if line]
    told = {
        "ADDRESS1": "".join(lines[:1]),
        "ADDRESS2": ", ".join(lines[1:]),
        "CITY": address.city,
        "STATE": address.state,
        "ZIP": address.postal_code,
        "COUNTRYCODE": address.country,
    }
    if any(told.values()):
        fill(etree.SubElement(contact, "MAILADDRESS"), told)
    fill(
        vendor, {"STATUS": "active", "TAXID": supplier.tax_id, "TERMNAME": supplier.term, "CURRENCY": supplier.currency}
    )
    return call


def _outcome(supplier: NewSupplier, results: Sequence[Result]) -> Outcome:
    """What one function's results say, in the words of a vendor: its id is its record number."""
    ended = outcome(results, f"vendor {supplier.number}", lambda errors: _reason(supplier, errors))
    if not isinstance(ended, Posted):
        return ended
    number = supplier.number or next((row.get("VENDORID", "") for row in rows(results)), "")
    return Posted(ErpRecord(number, number, supplier.name))


def _reason(supplier: NewSupplier, errors: Sequence[GatewayError]) -> Reason:
    first = next((error for error in errors if error.number == EXISTS), errors[0])
    raw = "; ".join(f"{error.number} {error.text}".strip() for error in errors)
    said = (first.text or first.number).rstrip(".")
    return Reason(
        first.number or "ERP_REFUSED",
        f"Intacct refused to create vendor {supplier.number} ({supplier.name}): {said}.",
        first.correction or "Correct the vendor in Stampli, or create it in Intacct; then rerun from failure.",
        raw,
    )


def _exists(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and any(EXISTS in reason.raw for reason in outcome.reasons)


def _is_same(supplier: NewSupplier, known: KnownSupplier | None) -> bool:
    wanted = TaxId.read(supplier.tax_id, supplier.country)
    return known is not None and wanted is not None and any(wanted.matches(own) for own in known.tax_ids)


def _unwritable(supplier: NewSupplier) -> Reason:
    return Reason(
        "CHARACTER",
        f"Vendor {supplier.number} holds a character that cannot be sent to Intacct.",
        "Remove control characters from its name and address in Stampli and let it be exported again.",
    )
