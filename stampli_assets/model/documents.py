"""The nouns: what Stampli approved, as the ERP will be given it.

Between stages a batch is a DataFrame (:mod:`stampli_assets.model.frames`); a document becomes one of these
objects only when it is about to be sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from stampli_assets.model.identity import Fingerprint, MappingVersion, PostingKey, digest
from stampli_assets.model.money import Money


class Kind(StrEnum):
    """What kind of payable document; part of the posting key, so these words never change."""

    BILL = "bill"
    CREDIT = "credit"
    PAYMENT = "payment"
    VOID = "void"
    SUPPLIER = "supplier"


INVOICED = (Kind.BILL, Kind.CREDIT)
"""What an invoice file brings. One document of Stampli's is one of them, never both."""


class Dimension(StrEnum):
    """The dimensions that a coding line can carry; values are the canonical column stems of the export."""

    LOCATION = "location"
    DEPARTMENT = "department"
    CLASS = "class"
    PROJECT = "project"
    TASK = "task"
    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class BillLine:
    """One coding line in the ERP's words; ``dimensions`` maps each used dimension to the ERP's code."""

    number: int
    account: str
    amount: Money
    memo: str
    dimensions: tuple[tuple[Dimension, str], ...] = ()
    tax: Money | None = None
    """Tax on top of the amount; ``None`` where the export says nothing of tax."""
    tax_code: str = ""
    form_1099: bool | None = None
    form_1099_box: str = ""
    billable: bool | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a foreign currency becomes the base currency: by ``rate`` (base for one of the document's), or by the ERP's rates
    of a ``day`` and ``type``; what is empty is the ERP's own choice.
    """

    rate: Decimal | None = None
    day: date | None = None
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(ABC):
    """What the ledger and the rule of posting know of anything that is put in the ERP once: a bill, a credit, a payment, a
    supplier. ``vendor_id`` and ``number`` are what it is found by there, in the ERP's words; ``stampli_vendor_id`` is
    Stampli's.
    """

    key: PostingKey
    fingerprint: Fingerprint
    stampli_id: str
    stampli_vendor_id: str
    vendor_id: str
    vendor_name: str
    number: str
    total: Money
    mapping_version: MappingVersion
    first_row: int = 0
    """The row (after the header) of the source file where the document begins."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What it is; documents of different kinds never stand in each other's way."""

    @property
    def currency(self) -> str:
        return self.total.currency

    @property
    def mapped_digest(self) -> str:
        """What was meant to be sent, for the read-back: everything but provenance."""
        sent = asdict(self)
        for provenance in ("fingerprint", "mapping_version", "first_row", "stampli_id"):
            del sent[provenance]
        return digest([repr(sorted(sent.items()))])

    @property
    def accounts(self) -> tuple[str, ...]:
        """The GL accounts that it is coded to, each once, in order."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill(Document):
    """One payable document, mapped and ready to send. All texts are the ERP's words unless said otherwise.

    A vendor's credit (``is_credit``) has a negative total and the signs of Stampli on its lines, so that sums reconcile;
    how an ERP writes a credit is its client's affair.
    """

    is_credit: bool = False
    invoice_date: date
    posting_date: date
    due_date: date | None
    lines: tuple[BillLine, ...]
    description: str = ""
    po_number: str = ""
    term: str = ""
    entity_id: str = ""
    """Where it is posted, when that is not the connection's own entity."""
    exchange: Exchange | None = None
    original_number: str = ""
    """Of a credit: the invoice that it corrects, as Stampli knows it."""

    @property
    def kind(self) -> Kind:
        return Kind.CREDIT if self.is_credit else Kind.BILL

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.account for line in self.lines))
