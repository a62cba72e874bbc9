"""The rows of one document, read once more from the bytes that were collected: what Stampli approved, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from stampli_assets.stampli.headers import Headers, match_headers
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.raw import RawTable
from stampli_assets.stampli.reading import read_records

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row (counted after the header): its cells that are not empty, by the title that they have in the file."""

    row: int
    cells: Mapping[str, str]
    invoice: str
    """Stampli's id of the invoice that it names, empty where it names none."""


def source_rows(source: BinaryIO, *, name: str, layout: Layout, first_row: int) -> tuple[SourceRow, ...]:
    """The document that begins in ``first_row``; nothing where the file has no such row.

    Columns that are not known, and bank details, are left out.

    Raises:
        FileRefused: it is not a file of this layout.
    """
    raw = read_records(source, name, layout)
    headers = match_headers(raw.headers, name, layout, raw.names)
    if first_row not in raw.rows:
        return ()
    first = raw.rows.index(first_row)
    titles = {raw.headers[place].strip(): place for place in (*headers.places.values(), *headers.custom.values())}
    invoice = headers.places.get("stampli_invoice_id")
    return tuple(
        SourceRow(
            raw.rows[at],
            {title: cell for title, place in titles.items() if (cell := _cell(raw, place, at))},
            _cell(raw, invoice, at) if invoice is not None else "",
        )
        for at in islice(_together(raw, headers, layout, first), MOST_ROWS)
    )


def _together(raw: RawTable, headers: Headers, layout: Layout, first: int) -> list[int]:
    """The places of all rows that bear the same key as the first."""
    named = (headers.places[key] for key in layout.contract.keys if key in headers.places)
    key = next((place for place in named if _cell(raw, place, first)), None)
    if key is None:
        return [first]
    wanted = _cell(raw, key, first)
    vendor = headers.places.get("vendor_id")
    whose = _cell(raw, vendor, first) if vendor is not None else ""
    return [
        at
        for at, cell in enumerate(raw.columns[key].to_pylist())
        if cell.strip() == wanted and (vendor is None or _cell(raw, vendor, at) == whose)
    ]


def _cell(raw: RawTable, place: int, at: int) -> str:
    return str(raw.columns[place][at].as_py()).strip()
