"""The error list of one file as CSV: every finding, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from stampli_assets.model.findings import Finding

HEADERS = (
    "End",
    "Document",
    "Vendor",
    "Amount",
    "Row",
    "Line",
    "Column",
    "Value",
    "Code",
    "What happened",
    "What to do",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def error_list(findings: Iterable[Finding]) -> bytes:
    """CSV in UTF-8 with a byte order mark, which spreadsheets need to read names right."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    for f in findings:
        cells = (f.end, f.document, f.vendor, f.amount, f.row or "", f.line or "", f.column, f.value, f.code)
        writer.writerow([harmless(str(cell)) for cell in (*cells, f.sentence, f.remedy)])
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
