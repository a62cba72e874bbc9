"""Parse: the bytes of an invoice file become approved coding lines, or rejects that name the cell and the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from stampli_assets.model.frames import APPROVED_LINES, REJECTS, conform, empty
from stampli_assets.model.identity import fingerprint
from stampli_assets.model.money import Money
from stampli_assets.stampli.cells import CellFault, read_cells
from stampli_assets.stampli.coded import texts
from stampli_assets.stampli.columns import INVOICE_COLUMNS
from stampli_assets.stampli.faults import cut
from stampli_assets.stampli.headers import Headers, match_headers
from stampli_assets.stampli.layout import Layout, Shape
from stampli_assets.stampli.raw import RawTable
from stampli_assets.stampli.reading import read_records
from stampli_assets.stampli.rules import documents_of, judge, number_documents

_FINGERPRINTED_HEAD = (
    "document_type", "invoice_number", "invoice_date", "due_date", "posting_date", "vendor_id", "entity_id", "currency",
    "exchange_rate", "invoice_total", "payment_terms", "po_number", "original_invoice_number",
)  # fmt: skip
_FINGERPRINTED_LINE = (
    "line_number", "line_type", "gl_account", "line_amount", "tax_code", "tax_amount", "department_id", "location_id",
    "class_id", "project_id", "task_id", "cost_centre", "customer_id", "employee_id", "item_id", "custom",
)  # fmt: skip
_AT_ONCE = 10_000
"""Documents whose fields are held as Python values at a time."""


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
    raw = read_records(source, name, layout)
    headers = match_headers(raw.headers, name, layout, raw.names)
    cells = read_cells(raw, headers, name, layout)
    notes = [*raw.notes, *headers.notes, *cells.notes]
    frame = cells.frame
    if frame.empty and not raw.ragged:
        notes.append(f"The file has a {'root' if layout.shape is Shape.XML else 'header'} and no invoices.")
        return Parsed(empty(APPROVED_LINES), empty(REJECTS), tuple(notes), {}, 0, 0)
    frame["document"] = number_documents(frame)
    ragged, strangers = _ragged_documents(headers, raw, frame)
    faults = _once_per_document(frame, [*cells.faults, *ragged], headers)
    judged = judge(frame, faults, headers.titles)
    bad = documents_of(frame, judged.faults)
    accepted = judged.frame[~judged.frame["document"].isin(bad)] if bad else judged.frame
    rejects = _rejects(frame, judged.faults, raw)
    del cells, frame, raw
    lines = _lines(accepted)
    return Parsed(
        lines=lines,
        rejects=rejects,
        notes=(*notes, *judged.notes),
        totals=_totals(lines),
        documents=int(lines["document"].nunique()),
        rejected_documents=len(bad) + strangers,
    )


def _ragged_documents(headers: Headers, raw: RawTable, frame: pd.DataFrame) -> tuple[list[CellFault], int]:
    """The other rows of an invoice that has a row of the wrong width: it is rejected whole. And how many have none.

    A ragged row is known by its first cell alone when that is the column that names the invoice; otherwise any of its
    cells that holds an invoice's id names it.
    """
    if not raw.ragged:
        return [], 0
    first = next((column for column, place in headers.places.items() if place == 0), "")
    leading = first in {"stampli_invoice_id", "invoice_number"}
    key = first if leading else "stampli_invoice_id" if "stampli_invoice_id" in headers.places else "invoice_number"
    known = frame[frame[key] != ""].drop_duplicates(key)
    places = dict(zip(known[key], known.index, strict=True))
    faults, strangers = [], set()
    for record in raw.ragged:
        named = [cell.strip() for cell in (record.cells[:1] if leading else record.cells)]
        at = [places[text] for text in named if text in places]
        if not at:
            strangers.add(named[0] if leading and named[0] else record.row)
        because = (
            f"Row {record.row} (line {record.line}) of this invoice has {len(record.cells)} cells instead of "
            f"{len(raw.headers)}; its cells cannot be told apart."
        )
        faults += [CellFault(int(one), "", "", "ROW_WIDTH", because, *_place(frame, one)) for one in at]
    return faults, len(strangers)


def _place(frame: pd.DataFrame, at: int) -> tuple[int, int]:
    return int(frame.at[at, "row"]), int(frame.at[at, "line"])


def _once_per_document(frame: pd.DataFrame, faults: list[CellFault], headers: Headers) -> list[CellFault]:
    """A field of the document repeats on each of its rows: what is wrong with it is said once."""
    titles = {headers.titles.get(column.name, column.header) for column in INVOICE_COLUMNS if column.of_document}
    documents = frame["document"].to_numpy()
    seen: set[tuple[int, str, str, str]] = set()
    kept = []
    for fault in faults:
        told = (int(documents[fault.at]), fault.column, fault.value, fault.rule)
        if fault.column not in titles or told not in seen:
            kept.append(fault)
        seen.add(told)
    return kept


def _rejects(frame: pd.DataFrame, faults: list[CellFault], raw: RawTable) -> pd.DataFrame:
    """Every fault as a row of ``REJECTS``, in order of the file."""
    rows = [
        {
            "document": _called(frame, fault.at),
            "row": fault.row,
            "line": fault.line,
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
        called = cut(record.cells[0].strip()) or f"row {record.row}"
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
    named = lines["vendor_name"].where(lines["vendor_id"] == "", "")
    columns = ["document", *dict.fromkeys((*_FINGERPRINTED_HEAD, *_FINGERPRINTED_LINE)), "vendor_name"]
    order = lines[["document", "line_number"]].sort_values(["document", "line_number"], kind="stable").index
    documents = lines["document"].loc[order].to_numpy()
    starts = np.flatnonzero(np.r_[True, documents[1:] != documents[:-1]])
    prints: list[str] = []
    for first in range(0, len(starts), _AT_ONCE):
        bounds = [*starts[first : first + _AT_ONCE + 1].tolist()]
        if first + _AT_ONCE >= len(starts):
            bounds.append(len(documents))
        at = order[bounds[0] : bounds[-1]]
        prints += _prints(lines.loc[at, columns[:-1]].assign(vendor_name=named.loc[at]), bounds)
    told = pa.array(prints, pa.large_string()).take(pa.array(lines["document"].to_numpy() - 1))
    return texts(told).set_axis(lines.index)


def _prints(ordered: pd.DataFrame, bounds: list[int]) -> list[str]:
    """The fingerprints of some documents, whose rows stand between the bounds."""
    starts = [bound - bounds[0] for bound in bounds]
    heads = ordered.iloc[starts[:-1]][[*_FINGERPRINTED_HEAD, "vendor_name"]].astype(object).to_numpy().tolist()
    rows = ordered[list(_FINGERPRINTED_LINE)].astype(object).to_numpy().tolist()
    return [
        fingerprint({"head": head, "lines": rows[start:end]})
        for head, start, end in zip(heads, starts[:-1], starts[1:], strict=True)
    ]


def _totals(lines: pd.DataFrame) -> dict[str, Money]:
    """The exact sums by currency; as whole numbers of any size."""
    heads = lines.drop_duplicates("document")
    sums: dict[str, int] = {}
    for currency, minor in zip(heads["currency"], heads["invoice_total"].tolist(), strict=True):
        sums[str(currency)] = sums.get(str(currency), 0) + minor
    return {currency: Money(sums[currency], currency) for currency in sorted(sums)}
