"""What a customer's X3 calls things: operations and fields, with our defaults, each of them a setting.

X3 is configured per customer: which operations are published, under which names, with which properties. So every name that
is no protocol name stands here as a default, and a connection's settings override it (``erp.names``)::

    names:
      create_invoice: {package: x3Invoicing, node: supplierBpInvoiceV2}
      find_invoice: {fields: {supplier: billBySupplier._id}}

A field's path may lead through references (``billBySupplier._id``), that of ``address_lines`` through the object that holds
each line; an empty path means that the field is neither sent nor read. What is checked against the real X3 at start-up:
``schema_check.py``.

``restrictions`` are the pairs of account and dimension that X3 forbids. No name of that table is known [P], so it has no
default node (GraphQL) or class and representation (REST), and is not read before the settings name them.

``sites`` is where an account or a dimension is allowed: one site or a list. A folder that keeps groups of sites or companies
there leaves the path empty; X3 then refuses what we cannot see.

``rate`` of an invoice has no default: whether X3 takes one from outside, and where, is not known [P]. Unless it is named, an
invoice that carries its own rate is refused.

How sure: ``supplierInvoiceHeader`` and what an address calls its parts [D], the shape of ``supplier`` [S], REST's field
codes [T]; the rest is [P].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Generic, Literal, TypeVar

from stampli_assets.model.errors import Misconfigured

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Node:
    """A GraphQL operation: ``{package {node {operation}}}``; ``input`` is the type of a create's ``data``."""

    package: str
    node: str
    fields: Fields
    operation: str = "query"
    input: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts without which there is nothing to ask."""
        return () if self.node else ("node",)

    def __str__(self) -> str:
        return f"{self.package}.{self.node}.{self.operation}"


@dataclass(frozen=True, slots=True)
class RestClass:
    """A REST class, its representation and facet: ``CLASS?representation=REPRESENTATION.FACET``."""

    name: str
    representation: str
    fields: Fields
    facet: str = "$query"

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts without which there is nothing to ask."""
        return tuple(part for part in ("name", "representation") if not getattr(self, part))

    def __str__(self) -> str:
        return f"{self.name}?representation={self.representation}.{self.facet}"


Place = TypeVar("Place", Node, RestClass)
_NEEDED: Final = {
    "find_supplier": ("number",),
    "create_supplier": ("record_no",),
    "find_invoice": ("record_no", "supplier", "source_document", "currency", "total", "kind"),
    "create_invoice": ("record_no", "supplier", "source_document", "kind", "lines", "line_account", "line_amount"),
    "accounts": ("code",),
    "dimensions": ("type", "code"),
    "payment_terms": ("code",),
    "restrictions": ("account", "type", "code"),
    "create_payment": ("record_no", "supplier", "reference", "bank", "total", "lines", "line_invoice", "line_amount"),
    "find_payment": ("record_no", "supplier", "reference", "currency", "total"),
    "open_items": ("record_no", "currency", "amount", "paid"),
}
"""Fields without which documents are neither told apart nor found again."""
PAYMENTS: Final = frozenset({"create_payment", "find_payment", "open_items"})
"""What only a connection asks for that records payments."""
_CHOICES: Final = {
    "analytical": "per_type or together",
    **dict.fromkeys(("invoice_kind", "credit_kind"), "a word or number of X3's menu"),
}


@dataclass(frozen=True, slots=True)
class Names(Generic[Place]):
    """Everything that we ask X3 for. ``analytical`` says how a line's dimensions are written: one analytical line for
    each type (``per_type``), or all types together in one (``together``: ``DIE`` and ``CCE`` are arrays [T]).
    ``invoice_kind`` and ``credit_kind`` are the choices "invoice" and "credit memo": a word in GraphQL, the number of the
    local menu in REST [T].
    """

    find_supplier: Place
    create_supplier: Place
    find_invoice: Place
    create_invoice: Place
    accounts: Place
    dimensions: Place
    payment_terms: Place
    restrictions: Place
    create_payment: Place
    find_payment: Place
    open_items: Place
    analytical: Literal["per_type", "together"]
    invoice_kind: str
    credit_kind: str

    def places(self) -> Mapping[str, Place]:
        """The operations by the names that they have in the settings."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _CHOICES}

    def overridden(self, given: Mapping[str, Any]) -> Names[Place]:
        """These names with those of the settings in their place.

        Raises:
            Misconfigured: the settings name an operation, a part or a field that there is not; the sentence lists those
                that there are.
        """
        changes: dict[str, Any] = {}
        for name, parts in given.items():
            if name in _CHOICES:
                if not isinstance(parts, str) or (name == "analytical" and parts not in {"per_type", "together"}):
                    raise _unreadable(f"names.{name}", _CHOICES[name])
                changes[name] = parts
                continue
            place = _known(self.places(), name, "names")
            if not isinstance(parts, Mapping):
                raise _unreadable(f"names.{name}", "a mapping such as {node: …, fields: {…}}")
            changes[name] = _overridden(place, parts, f"names.{name}")
            if missing := changes[name].missing:
                raise _unreadable(f"names.{name}.{missing[0]}", "what X3 publishes: it has no default")
            for field in _NEEDED.get(name, ()):
                if not changes[name].fields[field]:
                    raise _unreadable(f"names.{name}.fields.{field}", "a property of X3: it cannot be left out")
        return replace(self, **changes)


def _overridden(place: Place, given: Mapping[str, Any], at: str) -> Place:
    parts = {one.name: getattr(place, one.name) for one in fields(place)}
    changes: dict[str, Any] = {}
    for part, value in given.items():
        _known(parts, part, at)
        if part == "fields":
            if not isinstance(value, Mapping):
                raise _unreadable(f"{at}.fields", "a mapping of our field to X3's property")
            for field, path in value.items():
                _known(place.fields, field, f"{at}.fields")
                if not isinstance(path, str):
                    raise _unreadable(f"{at}.fields.{field}", "a text")
            changes[part] = {**place.fields, **value}
        elif isinstance(value, str) and value:
            changes[part] = value
        else:
            raise _unreadable(f"{at}.{part}", "a text")
    return replace(place, **changes)


def _known(known: Mapping[str, Any], name: str, at: str) -> Any:
    if name not in known:
        raise Misconfigured(
            f"{at}.{name}: there is no such name in the settings of X3.",
            remedy=f"One of: {', '.join(known)}.",
            code="NAMES",
        )
    return known[name]


def _unreadable(at: str, expected: str) -> Misconfigured:
    return Misconfigured(f"{at} is expected to be {expected}.", remedy="Correct the settings.", code="NAMES")


_ACTIVE: Final = {"active": "isActive"}
_LIMITS: Final = {"valid_from": "validityStartDate", "valid_to": "validityEndDate", "sites": "sites"}

GRAPHQL: Final = Names(
    find_supplier=Node("x3MasterData", "supplier", {
        "number": "code.code", "name": "companyName", **_ACTIVE, "vat_number": "europeanUnionVatNumber",
        "registration_number": "companyRegistrationNumber", "country": "country", "currency": "currency._id",
        "payment_term": "paymentTerm._id",
    }),
    create_supplier=Node("x3MasterData", "supplier", {
        "record_no": "code.code", "number": "code", "name": "companyName", "category": "category",
        "currency": "currency", "payment_term": "paymentTerm", "tax_rule": "taxRule",
        "accounting_code": "accountingCode", "country": "country", "language": "language",
        "vat_number": "europeanUnionVatNumber", "registration_number": "companyRegistrationNumber",
        "addresses": "addresses", "address_code": "code", "address_name": "description",
        "address_lines": "addressLines.addressLine", "address_postal_code": "zipCode", "address_city": "city",
        "address_state": "state", "address_country": "country",
    }, "create", "Supplier_Input"),
    find_invoice=Node("x3InvoicingData", "supplierInvoiceHeader", {
        "record_no": "id", "supplier": "billBySupplier._id", "source_document": "sourceDocument",
        "site": "site._id", "currency": "currency._id", "total": "totalAmountIncludingTax",
        "document_date": "sourceDocumentDate", "kind": "purchaseInvoiceCategory", "state": "status",
    }),
    create_invoice=Node("x3Invoicing", "supplierBpInvoice", {
        "record_no": "id", "total": "totalAmountIncludingTax", "site": "site", "supplier": "billBySupplier",
        "kind": "purchaseInvoiceCategory", "accounting_date": "accountingDate",
        "document_date": "sourceDocumentDate", "source_document": "sourceDocument", "currency": "currency",
        "rate_type": "rateType", "rate_date": "rateDate", "rate": "", "original": "originalInvoiceNumber",
        "payment_term": "paymentTerm", "reference": "internalReference", "description": "description",
        "total_net": "totalAmountExcludingTax", "lines": "lines", "line_site": "site", "line_account": "account",
        "line_description": "description", "line_amount": "amountExcludingTax", "line_total": "amountIncludingTax",
        "line_tax": "tax", "line_analytical": "analyticalLines", "analytical_type": "dimensionType",
        "analytical_code": "dimension", "analytical_amount": "amount",
    }, "create", "SupplierBpInvoice_Input"),
    accounts=Node("x3FinanceData", "account", {
        "code": "code", "name": "description", **_ACTIVE, "required_types": "mandatoryDimensionTypes",
        "chart": "chartCode", **_LIMITS,
    }),
    dimensions=Node("x3FinanceData", "dimension", {
        "type": "dimensionType._id", "code": "dimension", "name": "description", **_ACTIVE, **_LIMITS,
    }),
    payment_terms=Node("x3FinanceData", "paymentTerm", {"code": "code", "name": "description", **_ACTIVE}),
    restrictions=Node("x3FinanceData", "", {"account": "account", "type": "dimensionType", "code": "dimension"}),
    create_payment=Node("x3Finance", "payment", {
        "record_no": "id", "total": "amount", "payment_type": "paymentType", "site": "site",
        "supplier": "businessPartner", "accounting_date": "accountingDate", "currency": "currency", "bank": "bank",
        "reference": "reference", "description": "description", "lines": "lines", "line_invoice": "invoiceNumber",
        "line_amount": "amount", "line_discount": "",
    }, "create", "Payment_Input"),
    find_payment=Node("x3Finance", "payment", {
        "record_no": "id", "supplier": "businessPartner._id", "reference": "reference", "currency": "currency._id",
        "total": "amount", "state": "status",
    }),
    open_items=Node("x3Finance", "openItem", {
        "record_no": "documentNumber", "currency": "currency._id", "amount": "amount", "paid": "paidAmount",
    }),
    analytical="per_type",
    invoice_kind="invoice",
    credit_kind="creditMemo",
)  # fmt: skip
"""The defaults for GraphQL."""

_ENABLED: Final = {"active": "ENAFLG"}
_VALIDITY: Final = {"valid_from": "VLYSTR", "valid_to": "VLYEND", "sites": "FCY"}

REST: Final = Names(
    find_supplier=RestClass("BPSUPPLIER", "BPSUPPLIER", {
        "number": "BPSNUM", "name": "BPSNAM", **_ENABLED, "vat_number": "EECNUM", "registration_number": "CRN",
        "country": "CRY", "currency": "CUR", "payment_term": "PTE",
    }),
    create_supplier=RestClass("BPSUPPLIER", "BPSUPPLIER", {
        "record_no": "BPSNUM", "number": "BPSNUM", "name": "BPSNAM", "category": "BSGCOD", "currency": "CUR",
        "payment_term": "PTE", "tax_rule": "VACBPR", "accounting_code": "ACCCOD", "country": "CRY",
        "language": "LAN", "vat_number": "EECNUM", "registration_number": "CRN", "addresses": "BPADDRESS",
        "address_code": "BPAADD", "address_name": "BPADES", "address_lines": "BPAADDLIG",
        "address_postal_code": "POSCOD", "address_city": "CTY", "address_state": "SAT", "address_country": "CRY",
    }, "$create"),
    find_invoice=RestClass("BPSUPPLIERINVOICE", "BIS", {
        "record_no": "NUM", "supplier": "BPR", "source_document": "BPRVCR", "site": "FCY", "currency": "CUR",
        "total": "AMTATI", "document_date": "BPRDAT", "kind": "INVTYP", "state": "STA",
    }),
    create_invoice=RestClass("BPSUPPLIERINVOICE", "BIS", {
        "record_no": "NUM", "total": "AMTATI", "site": "FCY", "supplier": "BPR", "kind": "INVTYP",
        "accounting_date": "ACCDAT", "document_date": "BPRDAT", "source_document": "BPRVCR", "currency": "CUR",
        "rate_type": "CURTYP", "rate_date": "RATDAT", "rate": "", "original": "INVNUM", "payment_term": "PTE",
        "reference": "REFINT", "description": "DES", "total_net": "AMTNOT", "lines": "BPSINVLIG",
        "line_site": "FCYLIN", "line_account": "ACC", "line_description": "DES", "line_amount": "AMTNOTLIN",
        "line_total": "AMTATILIN", "line_tax": "VAT", "line_analytical": "BPSINVLIGA", "analytical_type": "DIE",
        "analytical_code": "CCE", "analytical_amount": "AMT",
    }, "$create"),
    accounts=RestClass("GACCOUNT", "GACCOUNT", {
        "code": "ACC", "name": "DES", **_ENABLED, "required_types": "DIE", "chart": "COA", **_VALIDITY,
    }),
    dimensions=RestClass("CACCE", "CACCE", {"type": "DIE", "code": "CCE", "name": "DES", **_ENABLED, **_VALIDITY}),
    payment_terms=RestClass("TABPAYTERM", "TABPAYTERM", {"code": "PTE", "name": "DES", **_ENABLED}),
    restrictions=RestClass("", "", {"account": "ACC", "type": "DIE", "code": "CCE"}),
    create_payment=RestClass("PAYMENT", "PAYMENT", {
        "record_no": "NUM", "total": "AMTCUR", "payment_type": "PAYTYP", "site": "FCY", "supplier": "BPR",
        "accounting_date": "ACCDAT", "currency": "CUR", "bank": "BAN", "reference": "REF", "description": "DES",
        "lines": "PAYMENTD", "line_invoice": "VCRNUM", "line_amount": "AMTLIN", "line_discount": "",
    }, "$create"),
    find_payment=RestClass("PAYMENT", "PAYMENT", {
        "record_no": "NUM", "supplier": "BPR", "reference": "REF", "currency": "CUR", "total": "AMTCUR", "state": "STA",
    }),
    open_items=RestClass("GACCDUDATE", "GACCDUDATE", {
        "record_no": "NUM", "currency": "CUR", "amount": "AMTCUR", "paid": "PAYCUR",
    }),
    analytical="together",
    invoice_kind="1",
    credit_kind="2",
)  # fmt: skip
"""The defaults for REST api1."""

MENUS: Final = frozenset({"kind", "rate_type"})
"""Fields of ours that are choices of a local menu: words in GraphQL, numbers in REST [T]."""

REFERENCES: Final = frozenset(
    {"site", "supplier", "currency", "payment_term", "tax_rule", "line_site", "line_account", "line_tax", "bank"}
)
"""Fields of ours that name another record of X3 when a document is created; the supplier's own number does not."""
