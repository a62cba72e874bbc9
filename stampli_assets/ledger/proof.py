"""Proof: the journal's chain, the tables against the journal, and the journal against what was anchored elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, text

from stampli_assets.ledger.replay import Replay
from stampli_assets.ledger.schema import decisions, deliveries, journal, postings
from stampli_assets.model.postings import Decision
from stampli_assets.model.trail import Proof

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore

MOST_BREAKS = 50
"""More edited rows than this are not listed."""
AT_ONCE = 2_000


class Proofs:
    """Proves the ledger; nothing is changed."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def prove(self, anchors: Mapping[int, str]) -> Proof:
        """Compare everything, at one moment; ``anchors`` are digests of entries by number, from outside the ledger.

        Those of a ledger that was declared lost when this one was rebuilt are left out.
        """
        with self._store.reading() as connection:
            at_one_moment(connection)
            lost = _declared_lost(connection)
            held = {seq: digest for seq, digest in anchors.items() if (seq, digest) not in lost}
            replay = Replay(held)
            broken = replay.read(_rows(connection, select(journal).order_by(journal.c.seq)))
            if broken is not None:
                return Proof(replay.entries, 0, len(held), (broken,))
            tables = (_rows(connection, select(table)) for table in (postings, deliveries, decisions))
            count = replay.postings
            return Proof(replay.entries, count, len(held), tuple(islice(replay.compare(*tables), MOST_BREAKS)))


def at_one_moment(connection: Connection) -> None:
    """What is read in this transaction was so at one moment, while others write; said before anything is read."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def _rows(connection: Connection, query: object) -> Iterator[tuple[object, ...]]:
    found = connection.execution_options(yield_per=AT_ONCE).execute(query)  # type: ignore[call-overload]
    return (tuple(row) for row in found)


def _declared_lost(connection: Connection) -> set[tuple[int, str]]:
    keys = connection.execute(select(decisions.c.key).where(decisions.c.what == str(Decision.REBUILT))).scalars()
    parts = (key.partition(" ") for key in keys)
    return {(int(seq), digest) for seq, _, digest in parts if seq.isdigit()}
