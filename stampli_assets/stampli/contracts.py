"""The kinds of files: which columns each has, which are needed, and how its rows become documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from stampli_assets.stampli.columns import Cell, Column, squeezed
from stampli_assets.stampli.invoice_columns import INVOICE_COLUMNS
from stampli_assets.stampli.list_columns import ACCOUNT_COLUMNS, COST_CENTRE_COLUMNS, VENDOR_COLUMNS
from stampli_assets.stampli.payment_columns import PAYMENT_COLUMNS


@dataclass(frozen=True, eq=False)
class Contract:
    """One kind of file. Where no row stands below a document, ``xml_line`` is empty and every row is a document."""

    kind: str
    """What an XML export's root says in ``object``."""
    document: str
    documents: str
    """What one is called, and many."""
    settings: str
    """Where the settings declare its layout, below ``stampli``."""
    columns: tuple[Column, ...]
    xml_document: str
    xml_line: str = ""
    line: str = ""
    """What a row below a document is called."""
    keys: tuple[str, ...] = ()
    """Columns that name a document by themselves, the surest first."""
    called: tuple[str, ...] = ()
    """Columns by which a person calls it, the most telling first."""
    either: tuple[tuple[str, str], ...] = ()
    """Of each pair, one must be given in every row."""
    has_custom: bool = False
    has_records: bool = False
    """It may come as header and line records."""
    shuns_bank: bool = False
    """Bank details in it are dropped whatever the layout says of them."""

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by canonical name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The columns that are read as text; amounts need a currency first."""
        return tuple(column.name for column in self.columns if column.cell is not Cell.MONEY)

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """The columns of money."""
        return tuple(column.name for column in self.columns if column.cell is Cell.MONEY)

    def accepted(self, further: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Squeezed header → canonical name, for the defaults and a connection's own headers, which go before the
        defaults.
        """
        accepted: dict[str, str] = {}
        for column in self.columns:
            for header in (column.name, column.header, *column.aliases):
                accepted[squeezed(header)] = column.name
        for name, headers in further.items():
            accepted |= {squeezed(header): name for header in headers}
        return accepted

    def missing(self, given: Iterable[str]) -> list[str]:
        """Headers of the columns that a file needs and does not have."""
        told = set(given)
        missing = [column.header for column in self.columns if column.required and column.name not in told]
        for pair in self.either:
            if not told & set(pair):
                first, second = (self.by_name[name].header for name in pair)
                missing.append(f"{first} (or {second})")
        return missing


INVOICES = Contract(
    kind="invoices",
    document="invoice",
    documents="invoices",
    settings="layout",
    columns=INVOICE_COLUMNS,
    xml_document="Invoice",
    xml_line="Lines/Line",
    line="line",
    keys=("stampli_invoice_id", "invoice_number"),
    called=("invoice_number", "stampli_invoice_id"),
    either=(("vendor_id", "vendor_name"),),
    has_custom=True,
    has_records=True,
)
PAYMENTS = Contract(
    kind="payments",
    document="payment",
    documents="payments",
    settings="payment_layout",
    columns=PAYMENT_COLUMNS,
    xml_document="Payment",
    xml_line="PaidInvoices/PaidInvoice",
    line="paid invoice",
    keys=("stampli_payment_id",),
    called=("stampli_payment_id", "payment_number"),
    either=(("stampli_invoice_id", "invoice_number"),),
)
VENDORS = Contract(
    kind="vendors",
    document="vendor",
    documents="vendors",
    settings="vendor_layout",
    columns=VENDOR_COLUMNS,
    xml_document="Vendor",
    keys=("vendor_id",),
    called=("vendor_id", "vendor_name"),
    shuns_bank=True,
)
GL_ACCOUNTS = Contract(
    kind="gl_accounts",
    document="GL account",
    documents="GL accounts",
    settings="gl_account_layout",
    columns=ACCOUNT_COLUMNS,
    xml_document="Account",
    keys=("gl_account",),
    called=("gl_account", "account_name"),
)
COST_CENTRES = Contract(
    kind="cost_centres",
    document="cost centre",
    documents="cost centres",
    settings="cost_centre_layout",
    columns=COST_CENTRE_COLUMNS,
    xml_document="CostCentre",
    called=("code", "name"),
)
CONTRACTS: tuple[Contract, ...] = (INVOICES, PAYMENTS, VENDORS, GL_ACCOUNTS, COST_CENTRES)
"""Every kind; where a file might be two of them, the earlier one."""


def recognized(headers: Iterable[str]) -> Contract | None:
    """The kind of file that most of these headers belong to; none where no header is known."""
    told = {squeezed(header) for header in headers}

    def rank(contract: Contract) -> tuple[int, bool]:
        accepted = contract.accepted({})
        known = {accepted[header] for header in told if header in accepted}
        return len(known), not contract.missing(known)

    best = max(CONTRACTS, key=rank)
    return best if rank(best)[0] else None


def known_headers() -> frozenset[str]:
    """Every header, squeezed, that some kind of file has."""
    return frozenset(header for contract in CONTRACTS for header in contract.accepted({}))
