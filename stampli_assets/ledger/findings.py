"""What is not simply posted, and why, for as long as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, select

from stampli_assets.ledger.journal import append
from stampli_assets.ledger.schema import findings
from stampli_assets.ledger.store import iso
from stampli_assets.model.findings import End, Finding, OpenFinding
from stampli_assets.model.postings import Source

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore


class Findings:
    """Implements the port :class:`~stampli_assets.model.ports.FindingBook`."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def replace(self, source: Source, stage: str, found: Sequence[Finding], at: datetime) -> None:
        """The findings of one stage of one delivery, in place of the former ones; what stood keeps its age."""
        mine = (
            (findings.c.connection == source.connection)
            & (findings.c.partition == source.partition)
            & (findings.c.stage == stage)
        )
        now = iso(at)
        if not found and not self._any(mine):
            return
        with self._store.writing() as connection:
            stood = {_identity(row): row.first_seen for row in connection.execute(select(findings).where(mine))}
            connection.execute(findings.delete().where(mine))
            rows = [_row(finding, source, stage, now) for finding in found]
            for row in rows:
                row["first_seen"] = stood.get((row["document"], row["code"], row["row"], row["column"]), now)
            if rows:
                connection.execute(findings.insert(), rows)
            append(connection, _changes(source, stage, stood, rows), run=source.run, at=now)

    def _any(self, mine: ColumnElement[bool]) -> bool:
        with self._store.reading() as reading:
            return reading.execute(select(findings.c.id).where(mine).limit(1)).first() is not None

    def standing(self, connection: str | None = None) -> Sequence[OpenFinding]:
        """Everything that stands, oldest first."""
        query = select(findings).order_by(findings.c.first_seen, findings.c.id)
        if connection is not None:
            query = query.where(findings.c.connection == connection)
        with self._store.reading() as reading:
            return [open_finding(row) for row in reading.execute(query)]


def _identity(row: Row[tuple[object, ...]]) -> tuple[object, ...]:
    return (row.document, row.code, row.row, row.column)


def _row(finding: Finding, source: Source, stage: str, now: str) -> dict[str, object]:
    return {
        **asdict(finding),
        "end": str(finding.end),
        "connection": source.connection,
        "partition": source.partition,
        "file_name": source.file_name,
        "stage": stage,
        "run": source.run,
        "last_seen": now,
    }


def _changes(
    source: Source, stage: str, stood: dict[tuple[object, ...], str], rows: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """One journal entry when the list is another than before, none otherwise."""
    now = {(row["document"], row["code"], row["row"], row["column"]) for row in rows}
    if now == set(stood):
        return []
    return [
        {
            "what": "findings",
            "connection": source.connection,
            "partition": source.partition,
            "stage": stage,
            "new": sorted([str(part) for part in one] for one in now - set(stood)),
            "gone": sorted([str(part) for part in one] for one in set(stood) - now),
        }
    ]


def open_finding(row: Row[Any]) -> OpenFinding:
    """A row as people are told of it."""
    return OpenFinding(
        finding=Finding(
            end=End(row.end),
            document=row.document,
            code=row.code,
            sentence=row.sentence,
            remedy=row.remedy,
            vendor=row.vendor,
            amount=row.amount,
            row=row.row,
            line=row.line,
            column=row.column,
            value=row.value,
        ),
        connection=row.connection,
        partition=row.partition,
        file_name=row.file_name,
        run=row.run,
        first_seen=datetime.fromisoformat(row.first_seen),
        last_seen=datetime.fromisoformat(row.last_seen),
    )
