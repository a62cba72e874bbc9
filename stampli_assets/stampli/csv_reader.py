"""CSV bytes to text cells, exactly: nothing is converted, shifted, guessed or dropped.

Two ways give the same result: pyarrow for files without quotes whose rows all have the header's width, and the standard
library's strict reader for everything else.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.layout import Layout

SEND_AGAIN = "Ask Stampli to export the file again."
_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"-----BEGIN PGP", "a PGP-encrypted file"),
    (b"\x85\x01", "a PGP-encrypted file"),
)


@dataclass(frozen=True, slots=True)
class Ragged:
    """A record with another number of cells than the header."""

    row: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RawTable:
    """Text cells by column; ``rows`` count non-empty records after the header, ``lines`` are physical (header = 1)."""

    headers: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    rows: tuple[int, ...] | range
    lines: tuple[int, ...] | range
    ragged: tuple[Ragged, ...]
    notes: tuple[str, ...]


def read_csv(source: BinaryIO, name: str, layout: Layout) -> RawTable:
    """Read a file.

    Raises:
        FileRefused: it is empty, of another kind, not decodable, cut off, or over a cap; the sentence says which.
    """
    content = source.read(layout.max_bytes + 1)
    if len(content) > layout.max_bytes:
        raise FileRefused(
            f"{name} is larger than {layout.max_bytes // 1_000_000} MB.",
            remedy="Raise max_megabytes in the settings if files of this size are expected.",
            code="FILE_TOO_LARGE",
        )
    _refuse_other_kinds(content, name)
    text = _decoded(content, name, layout.encoding)
    if not text.strip("\r\n\t \x1a"):
        raise FileRefused(f"{name} is empty.", remedy=SEND_AGAIN, code="EMPTY_FILE")
    return _fast(text, layout) or _exact(text, name, layout)


def _refuse_other_kinds(content: bytes, name: str) -> None:
    head = content[:512].lstrip()
    kind = next((kind for magic, kind in _KINDS if content.startswith(magic)), None)
    if kind is None and head[:1] == b"<":
        kind = "a web page (perhaps an error page)" if b"<html" in head.lower() else "an XML file"
    if kind is not None:
        raise FileRefused(
            f"{name} is {kind}, not a CSV file.",
            remedy="Check the export format in Stampli. " + SEND_AGAIN,
            code="WRONG_TYPE",
        )


def _decoded(content: bytes, name: str, encoding: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileRefused(
            f"{name} is not written in {encoding}: byte {error.start} (line {line}) cannot be read.",
            remedy="Set the encoding of this connection's layout (cp1252 for older Windows exports), or export as UTF-8.",
            code="DECODE_ERROR",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FileRefused(
            f"{name} holds a NUL character in line {line}: it is damaged or no text file.",
            remedy=SEND_AGAIN,
            code="NUL_CHARACTER",
        )
    return text


def _fast(text: str, layout: Layout) -> RawTable | None:
    """By pyarrow, where a record is a line; otherwise ``None``."""
    lines = text.replace("\r\n", "\n")
    if '"' in lines or "\r" in lines or "\n\n" in lines or lines.startswith("\n") or "\x1a" in lines:
        return None
    header, _, body = lines.partition("\n")
    headers = header.split(layout.delimiter)
    if not headers[-1] or not body or len(max(body.split("\n"), key=len)) > layout.max_field:
        return None
    names = [str(place) for place in range(len(headers))]
    try:
        table = pa.csv.read_csv(
            io.BytesIO(body.encode()),
            read_options=pa.csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pa.csv.ParseOptions(delimiter=layout.delimiter, quote_char=False, ignore_empty_lines=False),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    count = table.num_rows
    if count > layout.max_rows or count != body.count("\n") + (not body.endswith("\n")) or _has_blank_row(table):
        return None
    columns = tuple(column.combine_chunks() for column in table.columns)
    return RawTable(tuple(headers), columns, range(1, count + 1), range(2, count + 2), (), ())


def _has_blank_row(table: pa.Table) -> bool:
    blank = None
    for column in table.columns:
        empty = pa.compute.equal(pa.compute.utf8_trim_whitespace(column), "")
        blank = empty if blank is None else pa.compute.and_(blank, empty)
    return bool(pa.compute.any(blank).as_py())


def _exact(text: str, name: str, layout: Layout) -> RawTable:
    csv.field_size_limit(layout.max_field)
    notes: list[str] = []
    if text.endswith("\x1a"):
        text = text.removesuffix("\x1a")
        notes.append("The file ends with an end-of-file mark of old systems; it was left out.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True)
    headers: list[str] = []
    records: list[list[str]] = []
    rows: list[int] = []
    lines: list[int] = []
    ragged: list[Ragged] = []
    begins = 1
    count = 0
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not headers:
                headers = cells
                continue
            count += 1
            if count > layout.max_rows:
                raise FileRefused(
                    f"{name} has more than {layout.max_rows} rows.",
                    remedy="Raise max_rows in the settings.",
                    code="ROWS",
                )
            if len(cells) == len(headers) + 1 and not cells[-1] and not headers[-1]:
                del cells[-1]
            if len(cells) == len(headers):
                records.append(cells)
                rows.append(count)
                lines.append(line)
            else:
                ragged.append(Ragged(count, line, tuple(cells)))
    except csv.Error as error:
        raise _broken(error, name, begins, layout) from None
    _refuse_cut_off(text, name, headers, ragged, count)
    keep = len(headers) - (not headers[-1].strip() and all(not record[-1].strip() for record in records))
    columns = tuple(pa.array([record[place] for record in records], pa.string()) for place in range(keep))
    return RawTable(tuple(headers[:keep]), columns, tuple(rows), tuple(lines), tuple(ragged), tuple(notes))


def _broken(error: csv.Error, name: str, line: int, layout: Layout) -> FileRefused:
    if "field larger" in str(error):
        return FileRefused(
            f"{name} has a cell of more than {layout.max_field} characters from line {line} on.",
            remedy="A quotation mark may be missing there. " + SEND_AGAIN,
            code="FIELD_TOO_LONG",
        )
    if "unexpected end" in str(error):
        return FileRefused(
            f"{name} is cut off: the quoted cell that begins at line {line} never ends.",
            remedy=SEND_AGAIN,
            code="TRUNCATED",
        )
    return FileRefused(
        f"{name} breaks the rules of CSV at line {line}: {error}.",
        remedy="A quotation mark inside a quoted cell must be doubled. " + SEND_AGAIN,
        code="CSV_SYNTAX",
    )


def _refuse_cut_off(text: str, name: str, headers: list[str], ragged: list[Ragged], count: int) -> None:
    """A last record that is too short and has no line end was cut off while it was written."""
    last = next(islice(reversed(ragged), 1), None)
    if last is not None and last.row == count and len(last.cells) < len(headers) and not text.endswith(("\n", "\r")):
        raise FileRefused(
            f"{name} is cut off: its last line ({last.line}) has {len(last.cells)} of {len(headers)} columns and no end.",
            remedy=SEND_AGAIN,
            code="TRUNCATED",
        )
