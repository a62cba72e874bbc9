"""Billing: mapped lines become bills, the objects that are sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from stampli_assets.model.documents import Bill, BillLine, Dimension, Exchange, Kind
from stampli_assets.model.errors import Defect
from stampli_assets.model.identity import Fingerprint, MappingVersion, posting_key
from stampli_assets.model.money import Money
from stampli_assets.pipeline.map_documents import kind_of
from stampli_assets.pipeline.map_money import FLAGS
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    import pandas as pd


class _Row(NamedTuple):
    """What a bill takes from a row of ``MAPPED_LINES``, by the column's name."""

    document: int
    line_number: int
    row: int
    document_type: str
    invoice_number: str
    original_invoice_number: str
    stampli_invoice_id: str
    fingerprint: str
    mapping_version: str
    vendor_id: str
    vendor_name: str
    erp_vendor_id: str
    erp_vendor_name: str
    erp_term: str
    erp_entity: str
    invoice_date: str
    posting_date: str
    due_date: str
    currency: str
    exchange_rate: str
    exchange_rate_date: str
    invoice_total: int
    description: str
    po_number: str
    erp_account: str
    line_amount: int
    tax_amount: int
    erp_tax_code: str
    line_description: str
    form_1099: str
    form_1099_box: str
    billable: str


def bills(mapped: pd.DataFrame, target: Target) -> list[Bill]:
    """One bill or credit per document of ``MAPPED_LINES``, in order of the file, its lines in order of their numbers.

    Raises:
        Defect: the lines of a document and their tax do not add up to its total, which parsing has promised.
    """
    return [_bill(rows, target) for rows in _documents(mapped)]


_Coding = tuple[tuple[Dimension, str], ...]
_Lines = list[tuple[_Row, _Coding]]
"""The rows of one document, each with its dimensions."""


def _documents(mapped: pd.DataFrame) -> Iterator[_Lines]:
    """Only the columns that are needed, each read once: cell by cell, Arrow's columns are slow."""
    ordered = mapped.sort_values(["document", "line_number"], kind="stable")
    rows = map(_Row._make, zip(*(ordered[name].tolist() for name in _Row._fields), strict=True))
    codes = list(zip(*(ordered[f"erp_{dimension}"].tolist() for dimension in Dimension), strict=True))
    coded = {
        each: tuple(pair for pair in zip(Dimension, each, strict=True) if pair[1]) for each in dict.fromkeys(codes)
    }
    placed = groupby(zip(rows, map(coded.__getitem__, codes), strict=True), key=lambda line: line[0].document)
    return (list(lines) for _, lines in placed)


def _bill(rows: _Lines, target: Target) -> Bill:
    head = rows[0][0]
    total = Money(head.invoice_total, head.currency)
    lines = tuple(_line(row, coding, target) for row, coding in rows)
    if sum(line.amount.minor + (line.tax.minor if line.tax else 0) for line in lines) != total.minor:
        raise Defect(
            f"The mapped lines of {head.invoice_number} do not add up to {total.labelled}.", code="MAPPED_TOTAL"
        )
    vendor, kind = head.vendor_id or head.vendor_name, kind_of(head.document_type)
    return Bill(
        key=posting_key(
            erp=target.erp, company=target.company, kind=kind, vendor_id=vendor, number=head.invoice_number
        ),
        fingerprint=Fingerprint(head.fingerprint),
        stampli_id=head.stampli_invoice_id,
        stampli_vendor_id=vendor,
        vendor_id=head.erp_vendor_id,
        vendor_name=head.erp_vendor_name,
        number=head.invoice_number,
        is_credit=kind is Kind.CREDIT,
        invoice_date=date.fromisoformat(head.invoice_date),
        posting_date=date.fromisoformat(head.posting_date),
        due_date=date.fromisoformat(head.due_date) if head.due_date else None,
        total=total,
        lines=lines,
        mapping_version=MappingVersion(head.mapping_version),
        description=head.description,
        po_number=head.po_number,
        term=head.erp_term,
        entity_id=head.erp_entity,
        exchange=_exchange(head, target),
        original_number=head.original_invoice_number,
        first_row=min(row.row for row, _ in rows),
    )


def _exchange(head: _Row, target: Target) -> Exchange | None:
    """The file's own rate or day goes before the settings' kind of rates; the company's own currency has none."""
    if head.currency == target.base_currency:
        return None
    day = date.fromisoformat(head.exchange_rate_date) if head.exchange_rate_date else None
    if head.exchange_rate:
        return Exchange(rate=Decimal(head.exchange_rate), day=day)
    if day is None and not target.exchange_rate_type:
        return None
    return Exchange(day=day, type=target.exchange_rate_type)


def _line(row: _Row, coding: _Coding, target: Target) -> BillLine:
    """Where tax is refused, a line that carries none goes on without its tax code."""
    taxed = target.tax != "refuse" and (row.tax_amount != 0 or row.erp_tax_code)
    return BillLine(
        number=row.line_number,
        account=row.erp_account,
        amount=Money(row.line_amount, row.currency),
        memo=row.line_description or row.description,
        dimensions=coding,
        tax=Money(row.tax_amount, row.currency) if taxed else None,
        tax_code=row.erp_tax_code if taxed else "",
        form_1099=FLAGS.get(row.form_1099.lower()),
        form_1099_box=row.form_1099_box,
        billable=FLAGS.get(row.billable.lower()),
    )
