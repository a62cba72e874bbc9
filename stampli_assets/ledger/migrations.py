"""How an older ledger becomes one of this version: numbered steps, in the transaction that first opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, func, inspect, select, text

from stampli_assets.ledger import schema
from stampli_assets.ledger.folding import folded
from stampli_assets.ledger.journal import append
from stampli_assets.model.errors import Misconfigured


def _leases_decisions_and_folded_numbers(connection: Connection, _now: str) -> None:
    """0.1 → 0.2."""
    connection.execute(text("ALTER TABLE postings ADD COLUMN number_folded TEXT NOT NULL DEFAULT ''"))
    rows = connection.execute(text("SELECT key, number FROM postings")).all()
    fold = text("UPDATE postings SET number_folded = :folded WHERE key = :key")
    if rows:
        connection.execute(fold, [{"key": row.key, "folded": folded(row.number)} for row in rows])
    schema.postings_by_folded_number.create(connection)
    schema.leases.create(connection)
    schema.decisions.create(connection)


def _journal_by_key_and_what_it_had_not_told(connection: Connection, now: str) -> None:
    """0.2 → 0.3. From here on the journal tells every column of a posting; those of before are told now."""
    connection.execute(text(schema.JOURNAL_BY_KEY[connection.dialect.name]))
    names = ("key", *schema.NEVER_CHANGES)
    rows = connection.execute(text(f"SELECT {', '.join(names)} FROM postings ORDER BY key")).mappings().all()  # noqa: S608
    append(connection, [{"what": "identified", **row} for row in rows], run="", at=now)


STEPS: Mapping[int, Callable[[Connection, str], None]] = {
    2: _leases_decisions_and_folded_numbers,
    3: _journal_by_key_and_what_it_had_not_told,
}
"""Step n makes version n of version n - 1. A ledger from nothing is made at the newest version at once."""
NEWEST = max(STEPS)


def bring_up_to_date(connection: Connection, now: str) -> None:
    """Make or migrate the tables; all of it or, when a step fails, nothing.

    Raises:
        Misconfigured: a newer version of this program wrote the ledger.
    """
    if not inspect(connection).has_table(schema.meta.name):
        schema.metadata.create_all(connection)
        connection.execute(schema.meta.insert().values(version=NEWEST, at=now))
        return
    version = connection.execute(select(func.max(schema.meta.c.version))).scalar() or 0
    if version > NEWEST:
        raise Misconfigured(
            f"This ledger was written by a newer version of stampli-assets (schema {version}; this one knows {NEWEST}).",
            remedy="Install the newer version again; nothing was read or changed.",
            code="LEDGER_NEWER",
        )
    for step in range(version + 1, NEWEST + 1):
        STEPS[step](connection, now)
        connection.execute(schema.meta.insert().values(version=step, at=now))
