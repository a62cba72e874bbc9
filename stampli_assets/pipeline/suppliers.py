"""Suppliers: vendors of a file that the ERP lacks are created, each once, before anything is mapped.

The same rule as for bills (``post.py``): a posting in the ledger, an intent on disk, a read-back of what may have been
sent. What identifies a new supplier is its tax id, or Stampli's vendor id where it has none; without either a person
creates it. An invoice file and a vendor file (:mod:`.vendor_files`) name the same vendor by the same key. A vendor that
the ERP may know already, under another number, is for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from stampli_assets.mapping.rules import VENDORS
from stampli_assets.mapping.twins import Twin, Twins
from stampli_assets.mapping.vendors import Vendors, vendor_key
from stampli_assets.mapping.verdicts import Hold
from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import ControlId, Fingerprint, MappingVersion, posting_key
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import AlreadyThere, ErpRecord, Outcome, Posted
from stampli_assets.model.ports import Numbered
from stampli_assets.model.postings import Intent, State
from stampli_assets.model.suppliers import NewSupplier, SupplierBook, SupplierCreation, SupplierTemplate, TaxId
from stampli_assets.pipeline.post import Batch, Desk, adopt, post
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules
    from stampli_assets.model.ports import Reference

VendorHolds = Mapping[tuple[str, str], Hold]
"""Why a vendor (Stampli's id and name) could not be created yet."""
NO_AMOUNT: Final = Money(0, "XXX")
"""ISO 4217's code for no currency: one vendor may come with invoices of two."""


@dataclass(frozen=True, slots=True)
class Supplying:
    """How missing suppliers are made. ``template`` is what the ERP demands and Stampli does not export."""

    book: SupplierBook
    template: SupplierTemplate
    desk: Desk


@dataclass(frozen=True, slots=True)
class Supplied:
    """What became of the missing vendors: how many the ERP holds now, and why others are not there."""

    created: int
    holds: VendorHolds


def supply(lines: pd.DataFrame, *, rules: Rules, reference: Reference, target: Target, how: Supplying) -> Supplied:
    """Create the vendors of a file that no rule maps and the ERP lacks.

    Raises:
        Transient: the ERP or the ledger is away, or another run works on this file.
        Misconfigured: the ERP refuses the sign-in or the look-up.
    """
    uncreatable: dict[tuple[str, str], Hold] = {}
    creations: dict[tuple[str, str], SupplierCreation] = {}
    for head, hold in _missing(lines, rules, reference, target):
        made = _of_invoice(head, target, how.template)
        if hold is not None or made is None:
            uncreatable[vendor_key(head)] = hold or _without_identity(head)
        else:
            creations[vendor_key(head)] = made
    if not creations:
        return Supplied(0, uncreatable)
    batch = create(creations.values(), how)
    ended = {intent.document.key: intent for intent in batch.intents}
    holds = {key: not_yet(ended[creation.key]) for key, creation in creations.items()}
    left = {key: hold for key, hold in holds.items() if hold is not None}
    return Supplied(len(ended) - len({creations[key].key for key in left}), {**uncreatable, **left})


def create(creations: Iterable[SupplierCreation], how: Supplying) -> Batch:
    """Create every supplier that the ERP does not hold yet, at most once.

    Raises:
        Transient: the ERP or the ledger is away, or another run works on this file.
        Misconfigured: the ERP refuses the look-up.
    """
    once = {creation.key: creation for creation in creations}
    return post(list(once.values()), replace(how.desk, book=_AsBook(how.book)))


def settle(lines: pd.DataFrame, *, target: Target, how: Supplying) -> None:
    """Learn what became of the file's suppliers whose creation was never answered, also of those that the ERP shows by now
    and nobody would ask for again.

    Raises:
        Transient: the ERP or the ledger is away, or another run works on this file.
    """
    heads = lines.drop_duplicates(["vendor_id", "vendor_name", "vendor_tax_id"])
    made = (_of_invoice(head, target, how.template) for _, head in heads.iterrows())
    learn((creation for creation in made if creation is not None), how)


def learn(creations: Iterable[SupplierCreation], how: Supplying) -> None:
    """Look up those of the suppliers whose creation was never answered; nothing is sent.

    Raises:
        Transient: the ERP or the ledger is away, or another run works on this file.
    """
    doubtful = how.desk.ledger.in_doubt(how.desk.source, Kind.SUPPLIER)
    found = {creation.key: creation for creation in creations if creation.key in doubtful} if doubtful else {}
    if found:
        adopt(list(found.values()), replace(how.desk, book=_AsBook(how.book)))


def to_be_created(
    lines: pd.DataFrame, *, rules: Rules, reference: Reference, target: Target, template: SupplierTemplate
) -> VendorHolds:
    """For a preview: the vendors that would be created first, and those that could not; nothing is asked or written."""
    found: dict[tuple[str, str], Hold] = {}
    for head, hold in _missing(lines, rules, reference, target):
        named = str(head["vendor_name"])
        found[vendor_key(head)] = hold or (
            _without_identity(head)
            if _of_invoice(head, target, template) is None
            else Hold("SUPPLIER_NEW", f"supplier {named!r} is not in the ERP", "Nothing to do: it is created first.")
        )
    return found


def _missing(
    lines: pd.DataFrame, rules: Rules, reference: Reference, target: Target
) -> Iterator[tuple[pd.Series, Hold | None]]:
    """The first document of every vendor that is unknown, and not by a rule that names a wrong one; and why it is not
    created, where the ERP may know it.
    """
    vendors, twins = Vendors(reference["vendors"], by_tax_id=target.matches_tax_ids), Twins(reference["vendors"])
    heads = lines.drop_duplicates(["vendor_id", "vendor_name", "vendor_tax_id"])
    for _, head in heads.iterrows():
        vendor_id, name, tax_id = (str(head[column]) for column in ("vendor_id", "vendor_name", "vendor_tax_id"))
        verdict = vendors.match(vendor_id, name, head["posting_date"], rules, tax_id=tax_id)
        if not isinstance(verdict, Hold) or verdict.code != "VENDOR_UNKNOWN":
            continue
        if is_ruled(vendor_id, name, head["posting_date"], rules):
            continue
        yield head, twin_hold(vendor_id, name, twins.of(name, tax_id))


def is_ruled(vendor_id: str, name: str, day: str, rules: Rules) -> bool:
    """Whether a person has said which vendor is meant: by a rule that holds on the day (ISO text)."""
    return any(text and rules.find(VENDORS, (text,), day) is not None for text in (vendor_id, name))


def twin_hold(vendor_id: str, name: str, twins: Sequence[Twin]) -> Hold | None:
    """Why a vendor is not created: the ERP holds one, or several, that may be it."""
    if not twins:
        return None
    held = ", ".join(str(twin) for twin in twins)
    return Hold(
        "VENDOR_MAY_BE_KNOWN",
        f"vendor {vendor_id or name!r} ({name}) is unknown in the ERP, and {held} there has the same {twins[0].by}",
        f"If it is the same one, add a rule to vendors.csv: {vendor_id or name},{twins[0].vendor_id}. If it is another "
        "one, create it in the ERP; the machine creates none that looks like a second one.",
    )


def _of_invoice(head: pd.Series, target: Target, template: SupplierTemplate) -> SupplierCreation | None:
    supplier = NewSupplier(
        name=str(head["vendor_name"]),
        template=template,
        number=str(head["vendor_id"]),
        tax_id=str(head["vendor_tax_id"]),
        currency=str(head["currency"]),
    )
    return creation_of(supplier, int(head["row"]), target)


def creation_of(supplier: NewSupplier, row: int, target: Target) -> SupplierCreation | None:
    """A new supplier as a document that is posted once; ``None`` where nothing identifies it."""
    tax_id = TaxId.read(supplier.tax_id)
    if not supplier.name or (tax_id is None and not supplier.number):
        return None
    identity = f"tax id {tax_id.country}{tax_id.body}" if tax_id is not None else supplier.number
    led_by = tax_id.country if tax_id is not None else ""
    return SupplierCreation(
        key=posting_key(
            erp=target.erp, company=target.company, kind=Kind.SUPPLIER, vendor_id=identity, number="supplier"
        ),
        fingerprint=Fingerprint(identity),
        stampli_id="",
        stampli_vendor_id=supplier.number or supplier.name,
        vendor_id=identity,
        vendor_name=supplier.name,
        number=identity,
        total=NO_AMOUNT,
        mapping_version=MappingVersion(""),
        first_row=row,
        supplier=replace(supplier, country=supplier.country or led_by),
    )


class _AsBook:
    """The ERP's suppliers as the book that :func:`~stampli_assets.pipeline.post.post` writes to."""

    def __init__(self, book: SupplierBook) -> None:
        self._book = book

    def post(self, documents: Sequence[tuple[SupplierCreation, ControlId]]) -> Sequence[Outcome]:
        """One create for each supplier."""
        suppliers = [replace(creation.supplier, control_id=control_id) for creation, control_id in documents]
        return [_valued(outcome) for outcome in self._book.create(suppliers)]

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """By tax id, and by number where there is one."""
        creations = [cast("SupplierCreation", document) for document in documents]
        found = self._book.find(
            {one.supplier.tax_id for one in creations if one.supplier.tax_id},
            {one.supplier.number for one in creations if one.supplier.number},
        )
        return [
            [
                ErpRecord(known.number, one.vendor_id, one.number, one.total, "" if known.is_active else "inactive")
                for known in found.of(one.supplier.tax_id, one.supplier.number)
            ]
            for one in creations
        ]

    def request_for(self, document: SupplierCreation) -> str:
        """The exact create of one supplier."""
        return self._book.request_for(document.supplier)


def _valued(outcome: Outcome) -> Outcome:
    """A supplier has no amount; the rule for bills compares one."""
    if isinstance(outcome, Posted | AlreadyThere):
        return replace(outcome, record=replace(outcome.record, total=NO_AMOUNT))
    return outcome


def not_yet(intent: Intent) -> Hold | None:
    """Why a supplier is not in the ERP yet, as far as is known."""
    posting, name = intent.posting, intent.document.vendor_name
    if posting.is_posted:
        return None
    if posting.may_have_been_sent:
        return Hold(
            "SUPPLIER_UNKNOWN_YET",
            f"supplier {name!r} was sent to the ERP and no answer came; it is not shown yet",
            "Nothing to do: it is looked up again, and sent again only when it is proven absent.",
        )
    reason = posting.reason
    if posting.state is State.REFUSED and reason is not None:
        return Hold("SUPPLIER_REFUSED", f"supplier {name!r} could not be created: {reason.sentence}", reason.remedy)
    if posting.state is State.HELD and reason is not None:
        return Hold("SUPPLIER_HELD", f"supplier {name!r}: {reason.sentence}", reason.remedy)
    return Hold(
        "SUPPLIER_WAITING",
        f"supplier {name!r} is not created yet",
        "Nothing to do if another run is creating it; otherwise rerun from failure.",
    )


def _without_identity(head: pd.Series) -> Hold:
    return Hold(
        "SUPPLIER_NAMELESS",
        f"vendor {str(head['vendor_name'])!r} is unknown in the ERP, and a new supplier needs a name with a tax id "
        "or a Stampli vendor id",
        "Give the vendor a tax id in Stampli, or create the supplier in the ERP and add a rule to vendors.csv.",
    )
