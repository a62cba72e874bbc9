"""Where a document contradicts what the ledger already holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, select

from stampli_assets.ledger.folding import folded
from stampli_assets.ledger.schema import MAY_BE_IN_THE_ERP, decisions, postings
from stampli_assets.model.documents import Bill, Kind
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.postings import Decision, Source

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


@dataclass(frozen=True, slots=True)
class Alike:
    """What stands beside bills in the ERP, or may: their twins, and documents whose numbers look the same."""

    twins: Mapping[PostingKey, Row[Any]]
    lookalikes: Mapping[PostingKey, str]


def alike(connection: Connection, bills: Sequence[Bill], source: Source) -> Alike:
    """The documents of *other* posting keys that a bill must not stand beside without a person's word."""
    rows = rows_of(connection, postings.c.number_folded, [folded(bill.number) for bill in bills]).values()
    there: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.state in MAY_BE_IN_THE_ERP and _same_books(row, source):
            there[row.number_folded].append(row)
    distinct = _decided_distinct(connection, [bill.key for bill in bills])
    twins: dict[PostingKey, Row[Any]] = {}
    similar: dict[PostingKey, str] = {}
    for bill in bills:
        for row in there[folded(bill.number)]:
            if row.key == bill.key:
                continue
            if (row.vendor_id, row.number) == (bill.vendor_id, bill.number):
                twins[bill.key] = row
            elif row.number != bill.number and bill.key not in distinct and _same_vendor(row, bill):
                similar[bill.key] = by_key(row)
    return Alike(twins, {**_within(bills, distinct), **similar})


def _within(bills: Sequence[Bill], distinct: set[str]) -> dict[PostingKey, str]:
    """Bills of one batch whose numbers look the same."""
    places: dict[tuple[str, str], list[Bill]] = defaultdict(list)
    for bill in bills:
        places[bill.vendor_id, folded(bill.number)].append(bill)
    return {
        bill.key: f"{other.number} in row {other.first_row} of this file"
        for together in places.values()
        for bill in together
        for other in together
        if other.number != bill.number and bill.key not in distinct
    }


def _decided_distinct(connection: Connection, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        query = select(decisions.c.key).where(
            decisions.c.what == str(Decision.DISTINCT), decisions.c.key.in_(keys[start : start + AT_ONCE])
        )
        found.update(connection.execute(query).scalars())
    return found


def _same_vendor(row: Row[Any], bill: Bill) -> bool:
    return row.vendor_id == bill.vendor_id or row.stampli_vendor == bill.stampli_vendor_id


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
