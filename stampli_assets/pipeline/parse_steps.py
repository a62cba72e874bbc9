"""What the parsing of every kind of file shares: from bytes to read cells, rows of the wrong width, and the rejects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from stampli_assets.model.frames import REJECTS, conform, empty
from stampli_assets.model.identity import fingerprint
from stampli_assets.model.money import Money
from stampli_assets.stampli.cells import CellFault, Cells, read_cells
from stampli_assets.stampli.coded import texts
from stampli_assets.stampli.contracts import Contract
from stampli_assets.stampli.faults import cut
from stampli_assets.stampli.headers import Headers, match_headers
from stampli_assets.stampli.layout import Layout, Shape
from stampli_assets.stampli.raw import RawTable
from stampli_assets.stampli.reading import read_records

_AT_ONCE = 10_000
"""Documents whose fields are held as Python values at a time."""


@dataclass(slots=True)
class Opened:
    """A file whose cells are read and not yet judged."""

    raw: RawTable
    headers: Headers
    cells: Cells
    contract: Contract
    notes: list[str]

    @property
    def is_empty(self) -> bool:
        """There is a header, or a root, and nothing below it."""
        return self.cells.frame.empty and not self.raw.ragged


def opened(source: BinaryIO, name: str, layout: Layout) -> Opened:
    """Read every cell of a file.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    raw = read_records(source, name, layout)
    headers = match_headers(raw.headers, name, layout, raw.names)
    cells = read_cells(raw, headers, name, layout)
    told = Opened(raw, headers, cells, layout.contract, [*raw.notes, *headers.notes, *cells.notes])
    if told.is_empty:
        top = "root" if layout.shape is Shape.XML else "header"
        told.notes.append(f"The file has a {top} and no {layout.contract.documents}.")
    return told


def faults_of(read: Opened) -> tuple[list[CellFault], int]:
    """What is wrong with the cells of a numbered frame; and how many rows of the wrong width belong to no document."""
    ragged, strangers = _ragged_documents(read)
    return _once_per_document(read, [*read.cells.faults, *ragged]), strangers


def _ragged_documents(read: Opened) -> tuple[list[CellFault], int]:
    """The other rows of a document that has a row of the wrong width: it is rejected whole. And how many have none.

    A ragged row is known by its first cell alone when that is a column that names the document; otherwise any of its
    cells that holds a document's key names it.
    """
    raw, frame, contract = read.raw, read.cells.frame, read.contract
    keys = [key for key in contract.keys if key in read.headers.places]
    if not raw.ragged or not keys:
        return [], len(raw.ragged)
    leading = _leading_key(read)
    key = leading or keys[0]
    known = frame[frame[key] != ""].drop_duplicates([key, "document"])
    places: dict[str, list[int]] = {}
    for text, at in zip(known[key], known.index, strict=True):
        places.setdefault(str(text), []).append(int(at))
    faults, strangers = [], set()
    for record in raw.ragged:
        named = [cell.strip() for cell in (record.cells[:1] if leading else record.cells)]
        rows = [at for text in dict.fromkeys(named) for at in places.get(text, ())]
        if not rows:
            strangers.add(named[0] if leading and named[0] else record.row)
        because = (
            f"Row {record.row} (line {record.line}) of this {contract.document} has {len(record.cells)} cells instead of "
            f"{len(raw.headers)}; its cells cannot be told apart."
        )
        faults += [CellFault(at, "", "", "ROW_WIDTH", because, *_place(frame, at)) for at in rows]
    return faults, len(strangers)


def _leading_key(read: Opened) -> str:
    """The column of the first cell, if it names the document by itself."""
    first = next((column for column, place in read.headers.places.items() if place == 0), "")
    return first if first in read.contract.keys else ""


def _place(frame: pd.DataFrame, at: int) -> tuple[int, int]:
    return int(frame.at[at, "row"]), int(frame.at[at, "line"])


def _once_per_document(read: Opened, faults: list[CellFault]) -> list[CellFault]:
    """A field of the document repeats on each of its rows: what is wrong with it is said once."""
    titles = {
        read.headers.titles.get(column.name, column.header) for column in read.contract.columns if column.of_document
    }
    documents = read.cells.frame["document"].to_numpy()
    seen: set[tuple[int, str, str, str]] = set()
    kept = []
    for fault in faults:
        told = (int(documents[fault.at]), fault.column, fault.value, fault.rule)
        if fault.column not in titles or told not in seen:
            kept.append(fault)
        seen.add(told)
    return kept


def rejects_of(read: Opened, faults: Iterable[CellFault]) -> pd.DataFrame:
    """Every fault as a row of ``REJECTS``, in order of the file. No cell that may be bank details is shown."""
    frame, raw = read.cells.frame, read.raw
    rows = [
        {
            "document": _called(frame, fault.at, read.contract),
            "row": fault.row,
            "line": fault.line,
            "column": fault.column,
            "value": fault.value,
            "rule": fault.rule,
            "sentence": fault.sentence,
        }
        for fault in faults
    ]
    first_is_told = not read.contract.shuns_bank or _leading_key(read)
    for record in raw.ragged:
        sentence = (
            f"Row {record.row} (line {record.line}) has {len(record.cells)} cells, the header has {len(raw.headers)}."
        )
        called = cut(record.cells[0].strip()) if first_is_told else ""
        rows.append(
            {"document": called or f"row {record.row}", "row": record.row, "line": record.line, "column": "", "value": "",
             "rule": "ROW_WIDTH", "sentence": sentence}
        )  # fmt: skip
    if not rows:
        return empty(REJECTS)
    return conform(
        pd.DataFrame(rows).sort_values(["row", "rule", "column"], kind="stable").reset_index(drop=True), REJECTS
    )


def _called(frame: pd.DataFrame, at: int, contract: Contract) -> str:
    """What a person calls the document of a row."""
    for column in contract.called:
        if frame.at[at, column]:
            return str(frame.at[at, column])
    return f"row {frame.at[at, 'row']}"


def fingerprints(
    lines: pd.DataFrame, head: Sequence[str], line: Sequence[str], order: str, last: pd.Series | None = None
) -> pd.Series:
    """The fingerprint of each row's ``document``: these fields of its first row, and of each of its rows in ``order``.

    ``last`` is a further field of the document. Never more than some documents are held as Python values.
    """
    ordered = lines[["document", order]].sort_values(["document", order], kind="stable").index
    documents = lines["document"].loc[ordered].to_numpy()
    starts = np.flatnonzero(np.r_[True, documents[1:] != documents[:-1]])
    prints: list[str] = []
    for first in range(0, len(starts), _AT_ONCE):
        bounds = [*starts[first : first + _AT_ONCE + 1].tolist()]
        if first + _AT_ONCE >= len(starts):
            bounds.append(len(documents))
        at = ordered[bounds[0] : bounds[-1]]
        begins = [bound - bounds[0] for bound in bounds]
        heads = _values(lines, at[begins[:-1]], head)
        if last is not None:
            heads = [[*told, more] for told, more in zip(heads, last.loc[at[begins[:-1]]].tolist(), strict=True)]
        rows = _values(lines, at, line)
        prints += [
            fingerprint({"head": told, "lines": rows[start:end]})
            for told, start, end in zip(heads, begins[:-1], begins[1:], strict=True)
        ]
    told = pa.array(prints, pa.large_string()).take(pa.array(lines["document"].to_numpy() - 1))
    return texts(told).set_axis(lines.index)


def _values(lines: pd.DataFrame, at: pd.Index, columns: Sequence[str]) -> list[list[object]]:
    return list(lines.loc[at, list(columns)].astype(object).to_numpy().tolist())


def totals_of(currencies: Iterable[str], amounts: Iterable[int]) -> dict[str, Money]:
    """The exact sums by currency; as whole numbers of any size."""
    sums: dict[str, int] = {}
    for currency, minor in zip(currencies, amounts, strict=True):
        sums[str(currency)] = sums.get(str(currency), 0) + minor
    return {currency: Money(sums[currency], currency) for currency in sorted(sums)}
