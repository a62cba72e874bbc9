"""Payments: money that has left the bank, what it settles in the ERP, and the ports through which that is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from stampli_assets.model.documents import Document, Kind
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.money import Money
from stampli_assets.model.ports import Book
from stampli_assets.model.postings import Posting, Source, State


@dataclass(frozen=True, slots=True)
class Application:
    """One invoice that a payment settles: a bill by a positive ``amount`` of cash, a credit by a negative one.

    ``record_no`` is the ERP's record of it. ``discount`` reduces the bill beside the cash, and is never negative.
    """

    stampli_invoice_id: str
    number: str
    kind: Kind
    record_no: str
    amount: Money
    discount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Document):
    """One payment that Stampli has made, mapped. The total is the cash: the sum of the applications' amounts.

    ``number`` is what it is found by in the ERP (check number, trace id, or Stampli's payment id); ``bank_account`` and
    ``method`` are the ERP's words.
    """

    payment_date: date
    bank_account: str
    method: str
    applications: tuple[Application, ...]
    reference: str = ""
    memo: str = ""

    @property
    def kind(self) -> Kind:
        return Kind.PAYMENT

    @property
    def accounts(self) -> tuple[str, ...]:
        return (self.bank_account,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoid(Payment):
    """That Stampli has voided a payment. It is never sent: a person reverses the payment in the ERP, and that is seen."""

    @property
    def kind(self) -> Kind:
        return Kind.VOID


@dataclass(frozen=True, slots=True)
class Payable:
    """A bill or credit as the ERP holds it now. ``due`` is what is still open, never negative; ``state`` is the ERP's word."""

    record_no: str
    due: Money
    state: str
    is_payable: bool
    """Whether the ERP lets it be paid or applied in this state."""
    is_final: bool = False
    """Whether it never becomes payable again: reversed, declined."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a payable is looked up by: the ERP's vendor, the document number, and which of the two kinds."""

    vendor_id: str
    number: str
    kind: Kind


class PayableBook(Protocol):
    """What can be paid in the ERP."""

    def payables(self, sought: Collection[Sought]) -> Mapping[Sought, Sequence[Payable]]:
        """Every bill or credit under each vendor and number, drafts too; in bulk. What is not there is left out.

        Raises:
            Transient: the ERP did not answer usefully.
            Misconfigured: the look-up is refused.
        """
        ...


class PaymentBook(Book[Payment], PayableBook, Protocol):
    """The ERP's payments, and what they can settle."""


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """An invoice that the ledger knows, by Stampli's id."""

    kind: Kind
    stampli_vendor_id: str
    vendor_id: str
    number: str
    record_no: str
    state: State


class InvoiceLook(Protocol):
    """What the ledger remembers of what was posted; kept by the ledger."""

    def invoices(self, stampli_ids: Collection[str], source: Source) -> Mapping[str, KnownInvoice]:
        """The bills and credits of the same company by Stampli's invoice id; what is not known is left out."""
        ...

    def postings(self, keys: Collection[PostingKey]) -> Mapping[PostingKey, Posting]:
        """The postings that stand under these keys."""
        ...
