"""Suppliers: vendors of a file that the ERP lacks are created, each once, before anything is mapped.

The same rule as for bills (``post.py``): a posting in the ledger, an intent on disk, a read-back of what may have been
sent. What identifies a new supplier is its tax id, or Stampli's vendor id where it has none; without either a person
creates it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from stampli_assets.mapping.vendors import Vendors, vendor_key
from stampli_assets.mapping.verdicts import Hold
from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import ControlId, Fingerprint, MappingVersion, posting_key
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import AlreadyThere, ErpRecord, Outcome, Posted
from stampli_assets.model.ports import Numbered
from stampli_assets.model.postings import Intent, State
from stampli_assets.model.suppliers import NewSupplier, SupplierBook, SupplierCreation, SupplierTemplate, TaxId
from stampli_assets.pipeline.post import Desk, adopt, post
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules
    from stampli_assets.model.ports import Reference

VendorHolds = Mapping[tuple[str, str], Hold]
"""Why a vendor (Stampli's id and name) could not be created yet."""


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
    vendors = Vendors(reference["vendors"], by_tax_id=target.matches_tax_ids)
    wanted = list(_missing(lines, rules, vendors))
    nameless: dict[tuple[str, str], Hold] = {}
    creations: dict[tuple[str, str], SupplierCreation] = {}
    for head in wanted:
        made = _creation(head, target, how.template)
        if made is None:
            nameless[vendor_key(head)] = _without_identity(head)
        else:
            creations[vendor_key(head)] = made
    if not creations:
        return Supplied(0, nameless)
    once = list({creation.key: creation for creation in creations.values()}.values())
    batch = post(once, replace(how.desk, book=_AsBook(how.book)))
    ended = {intent.document.key: intent for intent in batch.intents}
    holds = {key: _not_yet(ended[creation.key]) for key, creation in creations.items()}
    left = {key: hold for key, hold in holds.items() if hold is not None}
    return Supplied(len(once) - len({creations[key].key for key in left}), {**nameless, **left})


def settle(lines: pd.DataFrame, *, target: Target, how: Supplying) -> None:
    """Learn what became of the file's suppliers whose creation was never answered, also of those that the ERP shows by now
    and nobody would ask for again.

    Raises:
        Transient: the ERP or the ledger is away, or another run works on this file.
    """
    doubtful = how.desk.ledger.in_doubt(how.desk.source, Kind.SUPPLIER)
    if not doubtful:
        return
    heads = lines.drop_duplicates(["vendor_id", "vendor_name", "vendor_tax_id"])
    made = (_creation(head, target, how.template) for _, head in heads.iterrows())
    found = {creation.key: creation for creation in made if creation is not None and creation.key in doubtful}
    if found:
        adopt(list(found.values()), replace(how.desk, book=_AsBook(how.book)))


def to_be_created(
    lines: pd.DataFrame, *, rules: Rules, reference: Reference, target: Target, template: SupplierTemplate
) -> VendorHolds:
    """For a preview: the vendors that would be created first, and those that could not; nothing is asked or written."""
    vendors = Vendors(reference["vendors"], by_tax_id=target.matches_tax_ids)
    found: dict[tuple[str, str], Hold] = {}
    for head in _missing(lines, rules, vendors):
        named = str(head["vendor_name"])
        found[vendor_key(head)] = (
            _without_identity(head)
            if _creation(head, target, template) is None
            else Hold("SUPPLIER_NEW", f"supplier {named!r} is not in the ERP", "Nothing to do: it is created first.")
        )
    return found


def _missing(lines: pd.DataFrame, rules: Rules, vendors: Vendors) -> Iterator[pd.Series]:
    """The first document of every vendor that is unknown, and not by a rule that names a wrong one."""
    heads = lines.drop_duplicates(["vendor_id", "vendor_name", "vendor_tax_id"])
    for _, head in heads.iterrows():
        verdict = vendors.match(
            head["vendor_id"], head["vendor_name"], head["posting_date"], rules, tax_id=head["vendor_tax_id"]
        )
        if isinstance(verdict, Hold) and verdict.code == "VENDOR_UNKNOWN":
            yield head


def _creation(head: pd.Series, target: Target, template: SupplierTemplate) -> SupplierCreation | None:
    tax_id = TaxId.read(str(head["vendor_tax_id"]))
    stampli = str(head["vendor_id"])
    name = str(head["vendor_name"])
    if not name or (tax_id is None and not stampli):
        return None
    identity = f"tax id {tax_id.country}{tax_id.body}" if tax_id is not None else stampli
    supplier = NewSupplier(
        name=name,
        template=template,
        number=stampli,
        tax_id=str(head["vendor_tax_id"]),
        country=tax_id.country if tax_id is not None else "",
        currency=str(head["currency"]),
    )
    total = Money(0, str(head["currency"]))
    return SupplierCreation(
        key=posting_key(
            erp=target.erp, company=target.company, kind=Kind.SUPPLIER, vendor_id=identity, number="supplier"
        ),
        fingerprint=Fingerprint(identity),
        stampli_id="",
        stampli_vendor_id=stampli or name,
        vendor_id=identity,
        vendor_name=name,
        number=identity,
        total=total,
        mapping_version=MappingVersion(""),
        first_row=int(head["row"]),
        supplier=supplier,
    )


class _AsBook:
    """The ERP's suppliers as the book that :func:`~stampli_assets.pipeline.post.post` writes to."""

    def __init__(self, book: SupplierBook) -> None:
        self._book = book

    def post(self, documents: Sequence[tuple[SupplierCreation, ControlId]]) -> Sequence[Outcome]:
        """One create for each supplier."""
        suppliers = [creation.supplier for creation, _ in documents]
        return [
            _valued(outcome, creation.total)
            for outcome, (creation, _) in zip(self._book.create(suppliers), documents, strict=True)
        ]

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


def _valued(outcome: Outcome, total: Money) -> Outcome:
    """A supplier has no amount; the rule for bills compares one."""
    if isinstance(outcome, Posted | AlreadyThere):
        return replace(outcome, record=replace(outcome.record, total=total))
    return outcome


def _not_yet(intent: Intent) -> Hold | None:
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
