"""Parse: the bytes of an invoice file become approved coding lines, or rejects that name the cell and the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import pandas as pd

from stampli_assets.model.frames import APPROVED_LINES, REJECTS, conform, empty
from stampli_assets.model.money import Money
from stampli_assets.pipeline.parse_steps import faults_of, fingerprints, opened, rejects_of, totals_of
from stampli_assets.stampli.judging import documents_of
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.raw import Ragged
from stampli_assets.stampli.rules import judge, number_documents

_FINGERPRINTED_HEAD = (
    "document_type", "invoice_number", "invoice_date", "due_date", "posting_date", "vendor_id", "entity_id", "currency",
    "exchange_rate", "invoice_total", "payment_terms", "po_number", "original_invoice_number",
)  # fmt: skip
_FINGERPRINTED_LINE = (
    "line_number", "line_type", "gl_account", "line_amount", "tax_code", "tax_amount", "department_id", "location_id",
    "class_id", "project_id", "task_id", "cost_centre", "customer_id", "employee_id", "item_id", "custom",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed file. ``totals`` are the exact sums of the accepted invoices by currency; ``notes`` are for a person."""

    lines: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...]
    totals: Mapping[str, Money]
    documents: int
    rejected_documents: int
    rejected_rows: Mapping[int, str] = field(default_factory=dict)
    """Every row of the rejected invoices, those without a fault of their own too → the invoice's Stampli id, if any."""


def parse(source: BinaryIO, *, name: str, layout: Layout) -> Parsed:
    """Read and judge a whole file; every fault of every invoice is reported at once.

    An invoice with one bad line is rejected whole, the others go on. A file with a header and no rows is accepted with a
    note.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    read = opened(source, name, layout)
    if read.is_empty:
        return Parsed(empty(APPROVED_LINES), empty(REJECTS), tuple(read.notes), {}, 0, 0)
    frame = read.cells.frame
    frame["posting_date"] = frame["posting_date"].where(frame["posting_date"] != "", frame["invoice_date"])
    frame["document"] = number_documents(frame)
    faults, strangers = faults_of(read)
    judged = judge(frame, faults, read.headers.titles)
    bad = documents_of(frame, judged.faults)
    accepted = judged.frame[~judged.frame["document"].isin(bad)] if bad else judged.frame
    rejects = rejects_of(read, judged.faults)
    rejected_rows = _rejected_rows(frame[frame["document"].isin(bad)], read.raw.ragged)
    notes = (*read.notes, *judged.notes)
    del frame, read, judged
    lines = _lines(accepted)
    heads = lines.drop_duplicates("document")
    return Parsed(
        lines=lines,
        rejects=rejects,
        notes=notes,
        totals=totals_of(heads["currency"], heads["invoice_total"].tolist()),
        documents=len(heads),
        rejected_documents=len(bad) + strangers,
        rejected_rows=rejected_rows,
    )


def _rejected_rows(rejected: pd.DataFrame, ragged: Sequence[Ragged]) -> dict[int, str]:
    """The rows of the rejected invoices, their header records too, and what cannot be told apart."""
    rows = dict.fromkeys((record.row for record in ragged), "")
    for places in ("row", "head_row"):
        if places in rejected:
            rows |= dict(zip(rejected[places].tolist(), rejected["stampli_invoice_id"].tolist(), strict=True))
    return rows


def _lines(accepted: pd.DataFrame) -> pd.DataFrame:
    if accepted.empty:
        return empty(APPROVED_LINES)
    lines = accepted.assign(
        document=pd.factorize(accepted["document"])[0] + 1, line_number=accepted["line_number"].astype("int64")
    )
    named = lines["vendor_name"].where(lines["vendor_id"] == "", "")
    lines["fingerprint"] = fingerprints(lines, _FINGERPRINTED_HEAD, _FINGERPRINTED_LINE, "line_number", named)
    return conform(lines.reset_index(drop=True), APPROVED_LINES)
