"""The acknowledgement of one invoice file: what became of each of its invoices, a row each.

Nothing is known to be read by Stampli; the columns are the project's own contract (``docs/files.md``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from enum import StrEnum

from stampli_assets.reports.error_list import harmless


class Status(StrEnum):
    POSTED = "POSTED"
    DUPLICATE = "DUPLICATE"
    """The ERP held it before anything was sent, and it agrees."""
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One invoice. ``posted_at`` is ISO 8601 in UTC, empty where it was not sent from this file."""

    stampli_invoice_id: str
    status: str
    erp: str
    erp_record_id: str
    erp_record_number: str
    posted_at: str
    code: str
    message: str
    source_file: str
    source_row: str
    source_sha256: str


HEADERS = tuple(field.name for field in fields(Acknowledged))


def acknowledgement(rows: Iterable[Acknowledged]) -> bytes:
    """CSV in UTF-8, RFC 4180, harmless in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    writer.writerows([harmless(cell) for cell in astuple(row)] for row in rows)
    return text.getvalue().encode()


def read_again(content: bytes) -> Sequence[Acknowledged]:
    """The rows of an acknowledgement that was written before."""
    told = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return [Acknowledged(**{name: _undone(row[name]) for name in HEADERS}) for row in told]


def _undone(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell
