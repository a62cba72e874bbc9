"""Parse: the bytes of an invoice file become approved coding lines, or rejects that name the cell and the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd

from stampli_assets.model.frames import APPROVED_LINES, REJECTS, TEXT, conform, empty
from stampli_assets.model.identity import fingerprint
from stampli_assets.model.money import Money
from stampli_assets.stampli.cells import CellFault, read_cells
from stampli_assets.stampli.csv_reader import Ragged, RawTable, read_csv
from stampli_assets.stampli.headers import Headers, match_headers
from stampli_assets.stampli.layout import Layout
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


def parse(source: BinaryIO, *, name: str, layout: Layout) -> Parsed:
    """Read and judge a whole file; every fault of every invoice is reported at once.

    An invoice with one bad line is rejected whole, the others go on. A file with a header and no rows is accepted with a
    note.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    raw = read_csv(source, name, layout)
    headers = match_headers(raw.headers, name, layout)
    notes = [*raw.notes, *headers.notes]
    cells = read_cells(raw, headers, name, layout)
    frame = cells.frame
    if frame.empty and not raw.ragged:
        notes.append("The file has a header and no invoices.")
        return Parsed(empty(APPROVED_LINES), empty(REJECTS), tuple(notes), {}, 0, 0)
    frame["document"] = number_documents(frame)
    judged = judge(frame, [*cells.faults, *_of_ragged_documents(headers, raw, frame)])
    bad = set(frame["document"].reindex([fault.at for fault in judged.faults]))
    accepted = judged.frame[~judged.frame["document"].isin(bad)]
    rejects = _rejects(frame, judged.faults, raw)
    lines = _lines(accepted)
    return Parsed(
        lines=lines,
        rejects=rejects,
        notes=(*notes, *cells.notes, *judged.notes),
        totals=_totals(lines),
        documents=int(lines["document"].nunique()),
        rejected_documents=len(bad) + sum(not _names(frame, record) for record in raw.ragged),
    )


def _of_ragged_documents(headers: Headers, raw: RawTable, frame: pd.DataFrame) -> list[CellFault]:
    """The other rows of an invoice that has a row of the wrong width: it is rejected whole.

    A ragged row is known by its first cell alone, when that is the column that names the invoice.
    """
    first = next((column for column, place in headers.places.items() if place == 0), "")
    if first not in {"stampli_invoice_id", "invoice_number"}:
        return []
    faults = []
    for record in raw.ragged:
        for at in frame.index[frame[first] == (record.cells[0].strip() if record.cells else "")][:1]:
            sentence = (
                f"Row {record.row} (line {record.line}) of this invoice has {len(record.cells)} cells instead of "
            )
            faults.append(
                CellFault(
                    int(at), "", "", "ROW_WIDTH", f"{sentence}{len(raw.headers)}; its cells cannot be told apart."
                )
            )
    return faults


def _names(frame: pd.DataFrame, record: Ragged) -> bool:
    """Whether a record of the wrong width belongs to an invoice that has other rows."""
    first = record.cells[0].strip()
    return bool(first) and bool(((frame["stampli_invoice_id"] == first) | (frame["invoice_number"] == first)).any())


def _rejects(frame: pd.DataFrame, faults: list[CellFault], raw: RawTable) -> pd.DataFrame:
    """Every fault as a row of ``REJECTS``, in order of the file."""
    rows = [
        {
            "document": _called(frame, fault.at),
            "row": int(frame.at[fault.at, "row"]),
            "line": int(frame.at[fault.at, "line"]),
            "column": fault.column,
            "value": fault.value,
            "rule": fault.rule,
            "sentence": fault.sentence,
        }
        for fault in faults
    ]
    for record in raw.ragged:
        sentence = (
            f"Row {record.row} (line {record.line}) has {len(record.cells)} cells, the header has {len(raw.headers)}."
        )
        called = record.cells[0].strip() or f"row {record.row}"
        rows.append(
            {"document": called, "row": record.row, "line": record.line, "column": "", "value": "", "rule": "ROW_WIDTH",
             "sentence": sentence}
        )  # fmt: skip
    if not rows:
        return empty(REJECTS)
    return conform(
        pd.DataFrame(rows).sort_values(["row", "rule", "column"], kind="stable").reset_index(drop=True), REJECTS
    )


def _called(frame: pd.DataFrame, at: int) -> str:
    """What a person calls the document of a row."""
    for column in ("invoice_number", "stampli_invoice_id"):
        if frame.at[at, column]:
            return str(frame.at[at, column])
    return f"row {frame.at[at, 'row']}"


def _lines(accepted: pd.DataFrame) -> pd.DataFrame:
    if accepted.empty:
        return empty(APPROVED_LINES)
    lines = accepted.assign(
        document=pd.factorize(accepted["document"])[0] + 1, line_number=accepted["line_number"].astype("int64")
    )
    lines["fingerprint"] = _fingerprints(lines)
    return conform(lines.reset_index(drop=True), APPROVED_LINES)


def _fingerprints(lines: pd.DataFrame) -> pd.Series:
    """The fingerprint of each row's document: business fields only, lines in order of their numbers."""
    ordered = lines.sort_values(["document", "line_number"], kind="stable")
    named = ordered["vendor_name"].where(ordered["vendor_id"] == "", "")
    heads = ordered.assign(vendor_name=named).drop_duplicates("document")
    head_rows = heads[["document", *_FINGERPRINTED_HEAD, "vendor_name"]].astype(object).to_numpy().tolist()
    line_rows = ordered[list(_FINGERPRINTED_LINE)].astype(object).to_numpy().tolist()
    documents = ordered["document"].to_numpy()
    starts = np.flatnonzero(np.r_[True, documents[1:] != documents[:-1]])
    ends = np.r_[starts[1:], len(documents)]
    prints = {
        head[0]: fingerprint({"head": head[1:], "lines": line_rows[start:end]})
        for head, start, end in zip(head_rows, starts, ends, strict=True)
    }
    return lines["document"].map(prints).astype(TEXT)


def _totals(lines: pd.DataFrame) -> dict[str, Money]:
    heads = lines.drop_duplicates("document")
    sums = heads.groupby("currency")["invoice_total"].sum().sort_index()
    return {str(currency): Money(int(minor), str(currency)) for currency, minor in sums.items()}
