"""Where a document contradicts what the ledger already holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, select

from stampli_assets.ledger.schema import MAY_BE_IN_THE_ERP, postings
from stampli_assets.model.documents import Bill, Kind
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.postings import Source

AT_ONCE = 500
"""Values of one ``IN`` list; well under the limits of both databases."""


def rows_of(connection: Connection, column: Column[str], values: Iterable[str]) -> dict[str, Row[Any]]:
    """The postings with these values in ``column``, by posting key."""
    wanted = sorted(set(values))
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        query = select(postings).where(column.in_(wanted[start : start + AT_ONCE]))
        found |= {row.key: row for row in connection.execute(query)}
    return found


def twins(connection: Connection, bills: Sequence[Bill], source: Source) -> dict[PostingKey, Row[Any]]:
    """Bills whose ERP vendor and number are in the ERP, or may be, under *another* posting key."""
    there = {
        (row.vendor_id, row.number): row
        for row in rows_of(connection, postings.c.number, [bill.number for bill in bills]).values()
        if row.state in MAY_BE_IN_THE_ERP and _same_books(row, source)
    }
    found = {bill.key: there.get((bill.vendor_id, bill.number)) for bill in bills}
    return {key: row for key, row in found.items() if row is not None and row.key != key}


def moved(connection: Connection, bills: Sequence[Bill], source: Source) -> dict[PostingKey, Row[Any]]:
    """Bills whose Stampli id was sent, or may have been, under *another* posting key."""
    ids = {bill.stampli_id for bill in bills if bill.stampli_id}
    there = {
        row.stampli_id: row
        for row in rows_of(connection, postings.c.stampli_id, ids).values()
        if row.state in MAY_BE_IN_THE_ERP and _same_books(row, source)
    }
    found = {bill.key: there.get(bill.stampli_id) for bill in bills if bill.stampli_id}
    return {key: row for key, row in found.items() if row is not None and row.key != key}


def by_key(row: Row[Any]) -> str:
    """The other document, for a person."""
    record = f", record {row.record_no}" if row.record_no else ""
    return (
        f"{row.number} of vendor {row.stampli_vendor or row.vendor_id} from {row.file_name} row {row.first_row}{record}"
    )


def _same_books(row: Row[Any], source: Source) -> bool:
    return (row.erp, row.company, row.kind) == (source.erp, source.company, str(Kind.BILL))
