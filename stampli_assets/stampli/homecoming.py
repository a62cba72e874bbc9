"""Rejected rows on their way home and back: written as they came with our reasons behind them, and read again as they were.

A reject file has the titles and cells of the original, and columns of ours whose titles begin with :data:`PREFIX`. A cell
that a spreadsheet would take for a formula has an apostrophe before it there. A file that carries our columns is read
without them, and without those apostrophes.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

import pyarrow as pa

from stampli_assets.stampli.csv_reader import records_of
from stampli_assets.stampli.envelope import unwrapped
from stampli_assets.stampli.layout import Layout, Shape
from stampli_assets.stampli.raw import Ragged, RawTable, RecordFault
from stampli_assets.stampli.text import Text

PREFIX = "Stampli-assets: "
TITLES = (f"{PREFIX}row", f"{PREFIX}rule", f"{PREFIX}column", f"{PREFIX}reason")
WIDTH_RULE = "ROW_WIDTH"
_SHORTENED = PREFIX.strip().casefold()
_RISKY = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,' \u00a0\u202f]*")
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKED = dict(zip(_MARKS, ("utf-8", "utf-16-le", "utf-16-be"), strict=True))


def neutral(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula; plain numbers stay. :func:`as_it_was` undoes it exactly."""
    return f"'{cell}" if _is_risky(cell) else cell


def as_it_was(cell: str) -> str:
    """What :func:`neutral` was given."""
    return cell[1:] if cell.startswith("'") and _is_risky(cell[1:]) else cell


def _is_risky(cell: str) -> bool:
    return _RISKY.match(cell) is not None and _NUMBER.fullmatch(cell) is None


def is_ours(title: str) -> bool:
    """Whether a column is one of the reasons."""
    return title.strip().casefold().startswith(_SHORTENED)


def came_home(raw: RawTable) -> RawTable:
    """The table without our reasons and with its cells as they were; one that carries none is answered as it is.

    A row that was sent home because its cells could not be told apart stays rejected until a person empties its rule:
    filled up to the width of the header it would look whole.
    """
    places = [place for place, title in enumerate(raw.headers) if is_ours(title)]
    if not places or raw.names:
        return raw
    rule = next((place for place in places if raw.headers[place].strip().casefold().endswith("rule")), None)
    kept = [place for place in range(len(raw.headers)) if place not in places]
    return replace(
        raw,
        headers=tuple(as_it_was(raw.headers[place]) for place in kept),
        columns=tuple(_undone(raw.columns[place]) for place in kept),
        ragged=tuple(_without_reasons(record) for record in raw.ragged),
        notes=(*raw.notes, "It is a mended reject file: the columns with the reasons were not read."),
        faults=(*raw.faults, *(_still_apart(raw.columns[rule]) if rule is not None else ())),
    )


def _undone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([[as_it_was(cell) for cell in chunk.to_pylist()] for chunk in column.chunks], pa.string())


def _without_reasons(record: Ragged) -> Ragged:
    """The record as it came: our reasons are its last cells, of which the first is a row number."""
    ours = len(TITLES)
    marked = len(record.cells) > ours and record.cells[-ours].strip().isdigit()
    return replace(record, cells=tuple(map(as_it_was, record.cells[:-ours] if marked else record.cells)))


def _still_apart(rules: pa.ChunkedArray) -> list[RecordFault]:
    because = (
        "it came with another number of cells than the header has titles. Put every cell under its title, then empty the cell "
        f"{TITLES[1]!r}"
    )
    return [
        RecordFault(at, "", "", WIDTH_RULE, because, alone=True)
        for at, rule in enumerate(rules.to_pylist())
        if WIDTH_RULE in rule
    ]


@dataclass(frozen=True, slots=True)
class Record:
    """One record: ``row`` counts the non-empty ones after the header from 1. ``cells`` are at least as many as titles;
    ``whole`` tells whether it came so.
    """

    row: int
    cells: list[str]
    whole: bool


@dataclass(frozen=True, slots=True)
class Original:
    """A delimited file once more, record by record, and how it is written. Our own columns are left out of it."""

    above: str
    """The lines that stand above the header."""
    titles: tuple[str, ...]
    records: Iterator[Record]
    delimiter: str
    quote: str
    encoding: str
    mark: bytes
    """The byte order mark, if it has one."""


def original(source: BinaryIO, name: str, layout: Layout) -> Original | None:
    """Open a file that was read before; ``None`` where its shape has no header to put titles into.

    Raises:
        FileRefused: it is not the file that was read.
    """
    if layout.shape is Shape.XML or (layout.shape is Shape.HEADER_LINES and layout.records.header_fields):
        return None
    stream = unwrapped(source, name, layout)
    mark = next((mark for mark in _MARKS if stream.peek(4).startswith(mark)), b"")
    text = _FirstBlockKept(stream, name, layout)
    records = records_of(text, name, layout)
    header = next(records, ([], 0))[0]
    while header and not header[-1].strip():
        header.pop()
    above = list(islice(io.StringIO(text.first, newline=""), layout.skip_lines + 1))
    told = _SEPARATOR_LINE.fullmatch(above[-1]) if len(above) > layout.skip_lines else None
    delimiter = told[1] if told else layout.delimiter
    ours = any(map(is_ours, header))
    return Original(
        above="".join(_harmless(line, delimiter) for line in above[: layout.skip_lines]) + (above[-1] if told else ""),
        titles=tuple(as_it_was(title) if ours else title for title in header if not is_ours(title)),
        records=_records(records, header),
        delimiter=delimiter,
        quote=layout.quote,
        encoding=_MARKED.get(mark, layout.encoding),
        mark=mark,
    )


def _harmless(line: str, delimiter: str) -> str:
    """A line above the header, which nobody reads; an empty one where a spreadsheet would take a cell for a formula."""
    risky = any(_is_risky(cell.strip(" \"'\r\n")) for cell in line.split(delimiter))
    return line[len(line.rstrip("\r\n")) :] if risky else line


class _FirstBlockKept(Text):
    """A text of which the beginning can be looked at again."""

    first = ""

    def blocks(self) -> Iterator[str]:
        for block in super().blocks():
            self.first = self.first or block
            yield block


def _records(records: Iterator[tuple[list[str], int]], header: list[str]) -> Iterator[Record]:
    ours = [place for place, title in enumerate(header) if is_ours(title)]
    width = len(header) - len(ours)
    for row, (cells, _) in enumerate(records, start=1):
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        own = cells
        if ours and len(cells) == len(header):
            own = [as_it_was(cell) for place, cell in enumerate(cells) if place not in ours]
        elif ours:
            own = list(_without_reasons(Ragged(row, 0, tuple(cells))).cells)
        yield Record(row, own + [""] * (width - len(own)), whole=len(own) == width)
