"""The audit trail of a period to take away: a row for each document, as CSV, workbook or Parquet.

Times are UTC. An amount stands there twice: as decimal text with the digits of its currency, and exactly in whole minor
units. In CSV and workbook no cell is a formula, whatever a supplier wrote.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.identity import PostingKey, control_id
from stampli_assets.model.money import exponent, plain
from stampli_assets.reports.error_list import harmless

MOST_ROWS = 1_048_575
"""A worksheet holds no more, below its header."""
_MOST_CHARACTERS = 32_767
_EXACT_DIGITS = 15
"""A spreadsheet keeps no more digits of a number."""
_AT_ONCE = 20_000
_TIMES = ("Intent at", "State since")
_WHOLE = ("Minor units", "Row", "Attempt")

Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Around:
    """What a posting does not tell itself: the digest of its file, and where its run is seen."""

    digests: Mapping[tuple[str, str], str]
    run_address: Callable[[str], str]


def _same(name: str) -> Callable[[Mapping[str, Any], Around], Cell]:
    return lambda row, _: row[name]


COLUMNS: Mapping[str, Callable[[Mapping[str, Any], Around], Cell]] = {
    "Connection": _same("connection"),
    "Kind": _same("kind"),
    "Document": _same("number"),
    "Result": lambda row, _: "already there" if row["adopted"] else str(row["state"]),
    "ERP record": _same("record_no"),
    "Amount": lambda row, _: plain(row["total"], row["currency"]) if row["currency"] else "",
    "Currency": _same("currency"),
    "Minor units": _same("total"),
    "Vendor": _same("vendor_id"),
    "Vendor name": _same("vendor_name"),
    "Stampli's vendor": _same("stampli_vendor"),
    "Stampli id": _same("stampli_id"),
    "File": _same("file_name"),
    "Row": _same("first_row"),
    "File SHA-256": lambda row, around: around.digests.get((row["connection"], row["partition"]), ""),
    "Partition": _same("partition"),
    "GL accounts": _same("accounts"),
    "Mapping version": _same("mapping_version"),
    "ERP": _same("erp"),
    "Company": _same("company"),
    "Control id": lambda row, _: control_id(PostingKey(row["key"]), row["epoch"]),
    "Attempt": _same("epoch"),
    "Intent at": lambda row, _: datetime.fromisoformat(row["intent_at"]) if row["intent_at"] else None,
    "State since": lambda row, _: datetime.fromisoformat(row["updated_at"]),
    "Run": _same("run"),
    "Run address": lambda row, around: around.run_address(row["run"]),
    "Reason": _same("reason_sentence"),
    "What to do": _same("reason_remedy"),
    "Fingerprint": _same("fingerprint"),
    "Content digest": _same("mapped_digest"),
    "Posting key": _same("key"),
}
"""Title and value of each column, of a posting as the ledger keeps it."""
HEADERS = tuple(COLUMNS)


def audit_rows(postings: Iterable[Mapping[str, Any]], around: Around) -> Iterator[dict[str, Cell]]:
    """The rows, one for each posting, in their order."""
    return ({title: value(row, around) for title, value in COLUMNS.items()} for row in postings)


def write_csv(path: Path, rows: Iterable[Mapping[str, Cell]]) -> int:
    """UTF-8 with a byte order mark, which spreadsheets need to read names right; answers how many rows there are."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for row in rows:
            writer.writerow([_text(title, cell) for title, cell in row.items()])
            count += 1
    return count


def write_parquet(path: Path, rows: Iterable[Mapping[str, Cell]]) -> int:
    """Typed columns, every value as it is kept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC")) | dict.fromkeys(_WHOLE, pa.int64())
    schema = pa.schema([(title, kinds.get(title, pa.string())) for title in HEADERS])
    count, source = 0, iter(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while batch := list(islice(source, _AT_ONCE)):
            writer.write_table(pa.Table.from_pylist([dict(row) for row in batch], schema=schema))
            count += len(batch)
    return count


def write_xlsx(path: Path, rows: Iterable[Mapping[str, Cell]]) -> int:
    """One sheet with frozen header, filters and number formats; amounts are numbers in the format of their currency.

    Raises:
        Misconfigured: a worksheet cannot hold so many rows.
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Audit trail")
    sheet.freeze_panes = "A2"
    for place, title in enumerate(HEADERS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = max(12, len(title) + 4)
    sheet.append([_title(sheet, title) for title in HEADERS])
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > MOST_ROWS:
            raise Misconfigured(
                f"A worksheet holds {MOST_ROWS} rows, and there are more in this period.",
                remedy="Export it as csv or parquet, or a shorter period.",
                code="AUDIT_TOO_MANY",
            )
        sheet.append([_cell(sheet, title, cell, str(row["Currency"])) for title, cell in row.items()])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(HEADERS))}{count + 1}"
    book.save(path)
    return count


WRITERS: Mapping[str, Callable[[Path, Iterable[Mapping[str, Cell]]], int]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


def write_journal(path: Path, entries: Iterable[Mapping[str, Any]]) -> int:
    """JSON lines, an entry each, as ``verify_journal.py`` reads them; answers how many there are."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for entry in entries:
            file.write(json.dumps(dict(entry), ensure_ascii=False) + "\n")
            count += 1
    return count


def _text(title: str, cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    text = "" if cell is None else str(cell)
    return text if title == "Amount" or isinstance(cell, int) else harmless(text)


def _title(sheet: Any, title: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, title)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, title: str, value: Cell, currency: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value.replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    if isinstance(value, int):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = "0"
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub(" ", _text(title, value))[:_MOST_CHARACTERS]
    if not text:
        return WriteOnlyCell(sheet)
    if title == "Amount" and sum(mark.isdigit() for mark in text) <= _EXACT_DIGITS:
        cell = WriteOnlyCell(sheet, Decimal(text))
        cell.number_format = f"#,##0.{'0' * exponent(currency)}".rstrip(".")
        return cell
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell
