"""Where a document contradicts what the ledger already holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, or_, select

from stampli_assets.ledger.folding import folded
from stampli_assets.ledger.schema import MAY_BE_IN_THE_ERP, decisions, postings
from stampli_assets.model.documents import INVOICED, Document
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
class Around:
    """What the ledger holds around documents: their own postings, and what stands in their way under *another* key.

    ``twins``: the same ERP vendor and number. ``lookalikes``: the same vendor, and a number that differs only in case or
    spaces, for a person. ``moved``: the same Stampli id. All of them in the ERP, or may be.

    Twins and lookalikes are of one kind: a credit and a bill of one number are two documents. A Stampli id is one document
    of Stampli's, whether it came as an invoice or as a credit memo.
    """

    own: dict[str, Row[Any]]
    twins: Mapping[PostingKey, Row[Any]]
    lookalikes: Mapping[PostingKey, str]
    moved: Mapping[PostingKey, Row[Any]]


def around(connection: Connection, documents: Sequence[Document], source: Source) -> Around:
    """One look at everything that may concern these documents."""
    keys = {str(document.key) for document in documents}
    rows = [
        row
        for start in range(0, len(documents), AT_ONCE)
        for row in _near(connection, documents[start : start + AT_ONCE])
    ]
    folds: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    ids: dict[tuple[str, str], Row[Any]] = {}
    for row in rows:
        if row.state in MAY_BE_IN_THE_ERP and _same_books(row, source):
            folds[row.kind, row.number_folded].append(row)
            ids[_stampli_ids_of(row.kind), row.stampli_id] = row
    twins: dict[PostingKey, Row[Any]] = {}
    similar = _within(documents)
    moved: dict[PostingKey, Row[Any]] = {}
    for document in documents:
        for row in folds[document.kind, folded(document.number)]:
            if row.key == document.key:
                continue
            if (row.vendor_id, row.number) == (document.vendor_id, document.number):
                twins[document.key] = row
            elif row.number != document.number and _same_vendor(row, document):
                similar[document.key] = by_key(row)
        same_id = ids.get((_stampli_ids_of(document.kind), document.stampli_id)) if document.stampli_id else None
        if same_id is not None and same_id.key != document.key:
            moved[document.key] = same_id
    distinct = _decided_distinct(connection, sorted(similar))
    lookalikes = {key: what for key, what in similar.items() if key not in distinct}
    return Around({row.key: row for row in rows if row.key in keys}, twins, lookalikes, moved)


def _near(connection: Connection, documents: Sequence[Document]) -> Sequence[Row[Any]]:
    return connection.execute(
        select(postings).where(
            or_(
                postings.c.key.in_(sorted({document.key for document in documents})),
                postings.c.stampli_id.in_(
                    sorted({document.stampli_id for document in documents if document.stampli_id})
                ),
                postings.c.number_folded.in_(sorted({folded(document.number) for document in documents})),
            )
        )
    ).all()


def _within(documents: Sequence[Document]) -> dict[PostingKey, str]:
    """Documents of one batch and kind whose numbers look the same."""
    places: dict[tuple[str, str, str], list[Document]] = defaultdict(list)
    for document in documents:
        places[document.kind, document.vendor_id, folded(document.number)].append(document)
    return {
        document.key: f"{other.number} in row {other.first_row} of this file"
        for together in places.values()
        for document in together
        for other in together
        if other.number != document.number
    }


def _decided_distinct(connection: Connection, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        query = select(decisions.c.key).where(
            decisions.c.what == str(Decision.DISTINCT), decisions.c.key.in_(keys[start : start + AT_ONCE])
        )
        found.update(connection.execute(query).scalars())
    return found


def _stampli_ids_of(kind: str) -> str:
    """Whose numbering a Stampli id is from: invoices and credit memos share one."""
    return "invoices" if kind in INVOICED else kind


def _same_vendor(row: Row[Any], document: Document) -> bool:
    return row.vendor_id == document.vendor_id or row.stampli_vendor == document.stampli_vendor_id


def by_key(row: Row[Any]) -> str:
    """The other document, for a person."""
    record = f", record {row.record_no}" if row.record_no else ""
    return (
        f"{row.number} of vendor {row.stampli_vendor or row.vendor_id} from {row.file_name} row {row.first_row}{record}"
    )


def _same_books(row: Row[Any], source: Source) -> bool:
    return (row.erp, row.company) == (source.erp, source.company)
