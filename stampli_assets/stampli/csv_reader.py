"""CSV text to cells, exactly: nothing is converted, shifted, guessed or dropped.

Two ways give the same result, block by block: pyarrow where no cell is quoted and every record has the header's width,
and the standard library's strict reader for everything else.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.columns import squeezed
from stampli_assets.stampli.csv_refusals import broken, refuse_cut_off, refuse_too_ragged, refuse_wide
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.raw import Ragged, RawTable, Sheet
from stampli_assets.stampli.text import Lines, Text

_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


@dataclass
class _Reading:
    """What is known of a file while it is read."""

    name: str
    layout: Layout
    delimiter: str
    lines: Lines
    headers: tuple[str, ...] = ()
    named: int = 0
    """Columns up to the last one that has a name; only empty cells may follow."""
    sheet: Sheet = field(default_factory=lambda: Sheet(0))
    ragged: list[Ragged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    count: int = 0

    @cached_property
    def known(self) -> frozenset[str]:
        """Every header that this connection accepts, squeezed."""
        return frozenset(self.layout.contract.accepted(self.layout.headers))


def read_csv(stream: io.BufferedReader, name: str, layout: Layout) -> RawTable:
    """Read a file that has a header row.

    Raises:
        FileRefused: it is empty, not decodable, cut off, over a cap, or breaks the rules of CSV; the sentence says where.
    """
    text = Text(stream, name, layout)
    reading = _Reading(name, layout, layout.delimiter, Lines(text.blocks()))
    records = _records(reading)
    for cells, _ in records:
        reading.headers = tuple(cells)
        break
    if not reading.headers:
        raise FileRefused(f"{name} has no header row.", remedy=SEND_AGAIN, code="EMPTY_FILE")
    refuse_wide(reading.headers, name)
    reading.named = max((place + 1 for place, title in enumerate(cells) if title.strip()), default=0)
    reading.sheet = Sheet(reading.named)
    while _quickly(reading):
        pass
    _exactly(reading, records)
    refuse_cut_off(text, reading.name, layout, _last_was_short(reading))
    return RawTable(
        headers=reading.headers[: reading.named],
        columns=reading.sheet.columns(),
        rows=reading.sheet.rows,
        lines=reading.sheet.lines,
        ragged=tuple(reading.ragged),
        notes=(*text.notes, *reading.notes),
    )


def records_of(text: Text, name: str, layout: Layout) -> Iterator[tuple[list[str], int]]:
    """Every non-empty record of a text, with the line where it begins."""
    return _records(_Reading(name, layout, layout.delimiter, Lines(text.blocks())))


def _records(reading: _Reading) -> Iterator[tuple[list[str], int]]:
    """Non-empty records and the physical lines where they begin."""
    layout = reading.layout
    csv.field_size_limit(layout.max_field)
    for _ in range(layout.skip_lines):
        next(reading.lines, None)
    yield from _separator_line(reading)
    reader = csv.reader(
        reading.lines,
        delimiter=reading.delimiter,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        strict=True,
    )
    begins = reading.lines.taken + 1
    blank = 0
    try:
        for cells in reader:
            line, begins = begins, reading.lines.taken + 1
            if any(cell and not cell.isspace() for cell in cells):
                _refuse_spaced_quotes(cells, reading, line)
                yield cells, line
            elif (blank := blank + 1) > layout.max_rows:
                raise FileRefused(
                    f"{reading.name} has more than {layout.max_rows} blank lines.", remedy=SEND_AGAIN, code="ROWS"
                )
            begins = reading.lines.taken + 1
    except csv.Error as error:
        raise broken(error, reading.name, layout, begins) from None


def _separator_line(reading: _Reading) -> Iterator[tuple[list[str], int]]:
    """``sep=;`` in the first line is how spreadsheets tell each other the delimiter: the file's own word counts."""
    first = reading.lines.rest().split("\n", 1)[0]
    told = _SEPARATOR_LINE.fullmatch(first.rstrip("\r"))
    if told is None:
        return
    next(reading.lines, None)
    if told[1] != reading.delimiter:
        reading.notes.append(f"The first line says that columns are separated by {told[1]!r}; it was read so.")
        reading.delimiter = told[1]
    yield from ()


def _quickly(reading: _Reading) -> bool:
    """Take the rest of a block by pyarrow, where a record is a line; otherwise leave it as it is."""
    layout = reading.layout
    block = reading.lines.rest()
    body = block.replace("\r\n", "\n")
    quoted = bool(layout.quote) and layout.quote in body
    odd = quoted or "\r" in body or "\n\n" in body or body.startswith(("\n", "\ufeff")) or "\x1a" in body
    if not body or odd or len(reading.headers) != reading.named:
        return False
    names = [str(place) for place in range(reading.named)]
    try:
        table = pa.csv.read_csv(
            io.BytesIO(body.encode()),
            read_options=pa.csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pa.csv.ParseOptions(
                delimiter=reading.delimiter, quote_char=False, escape_char=False, ignore_empty_lines=False
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return False
    count = table.num_rows
    told = body.count("\n") + (not body.endswith("\n"))
    if count != told or reading.count + count > layout.max_rows or _needs_a_look(table, reading):
        return False
    first_row, first_line = reading.count + 1, reading.lines.taken + 1
    columns = [column.combine_chunks() for column in table.columns]
    reading.sheet.add_block(columns, range(first_row, first_row + count), range(first_line, first_line + count))
    reading.count += count
    reading.lines.skip(count)
    return True


def _needs_a_look(table: pa.Table, reading: _Reading) -> bool:
    """Blank records, cells over the cap, and what may be a header again are left to the exact way."""
    blank = None
    for column in table.columns:
        if (pa.compute.max(pa.compute.utf8_length(column)).as_py() or 0) > reading.layout.max_field:
            return True
        empty = pa.compute.equal(pa.compute.utf8_trim_whitespace(column), "")
        blank = empty if blank is None else pa.compute.and_(blank, empty)
    if pa.compute.any(blank).as_py():
        return True
    firsts = pa.compute.unique(table.columns[0]).to_pylist()
    return any(_may_be_header(first, reading) for first in firsts)


def _exactly(reading: _Reading, records: Iterator[tuple[list[str], int]]) -> None:
    layout, named = reading.layout, reading.named
    for cells, line in records:
        reading.count += 1
        if reading.count > layout.max_rows:
            raise FileRefused(
                f"{reading.name} has more than {layout.max_rows} rows.",
                remedy="Raise max_rows in the settings.",
                code="ROWS",
            )
        if _may_be_header(cells[0], reading) and _is_header_again(cells, line, reading):
            continue
        if len(cells) > named and len(reading.headers) > named and not any(cell.strip() for cell in cells[named:]):
            del cells[named:]
        if len(cells) == named:
            reading.sheet.add(cells, reading.count, line)
        else:
            reading.ragged.append(Ragged(reading.count, line, tuple(cells)))
            refuse_too_ragged(len(reading.ragged), named, reading.name)


def _may_be_header(first: str, reading: _Reading) -> bool:
    return bool(first) and len(first) < 100 and not _DIGIT.search(first) and squeezed(first) in reading.known


def _is_header_again(cells: list[str], line: int, reading: _Reading) -> bool:
    """A repeated header row is left out; another header means that another table begins.

    Raises:
        FileRefused: another table begins.
    """
    if [squeezed(cell) for cell in cells] == [squeezed(title) for title in reading.headers[: len(cells)]]:
        reading.notes.append(f"Row {reading.count} (line {line}) repeats the header; it was left out.")
        return True
    filled = [cell for cell in cells if cell.strip()]
    known = [cell for cell in filled if squeezed(cell) in reading.known]
    if len(known) < 3 or len(known) * 5 < len(filled) * 4:
        return False
    if not any(squeezed(title) in reading.known for title in reading.headers):
        raise FileRefused(
            f"{reading.name} begins with {reading.headers[0][:60]!r}; its header stands in line {line}.",
            remedy=f"Set skip_lines: {line - 1} in the layout if this export always has a title above its header.",
            code="HEADER_LATE",
        )
    raise FileRefused(
        f"{reading.name} has a second, different header in row {reading.count} (line {line}): two tables in one file.",
        remedy="Have each table exported to a file of its own.",
        code="HEADER_AGAIN",
    )


def _refuse_spaced_quotes(cells: list[str], reading: _Reading, line: int) -> None:
    quote = reading.layout.quote
    for cell in cells:
        if cell[:1] == " " and quote and cell.lstrip(" ").startswith(quote):
            raise FileRefused(
                f"{reading.name} has a space before a quotation mark at line {line}: where that cell ends is in doubt.",
                remedy="Have it exported without spaces around the delimiter.",
                code="CSV_SYNTAX",
            )


def _last_was_short(reading: _Reading) -> tuple[int, int, int] | None:
    last = reading.ragged[-1] if reading.ragged else None
    if last is None or last.row != reading.count or len(last.cells) >= reading.named:
        return None
    return last.line, len(last.cells), reading.named
