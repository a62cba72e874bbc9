"""The journal: every change of the ledger, append-only, each entry chained to the one before by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from stampli_assets.ledger.schema import decisions, journal
from stampli_assets.model.postings import Decision

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore

GENESIS = "0" * 64
"""What the first entry is chained to."""


class Journal:
    """Reads and proves the journal; the other books write to it with :func:`append` in their own transactions."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def head(self) -> tuple[int, str]:
        """Number and digest of the last entry: what a run's metadata carries to anchor the chain."""
        with self._store.reading() as connection:
            return _head(connection)

    def knows(self, sequence: int, digest: str) -> bool:
        """Whether the entry of that number is in this journal, or was declared lost when the ledger was rebuilt."""
        lost = (decisions.c.key == f"{sequence} {digest}") & (decisions.c.what == str(Decision.REBUILT))
        with self._store.reading() as connection:
            here = connection.execute(select(journal.c.digest).where(journal.c.seq == sequence)).scalar()
            return here == digest or connection.execute(select(decisions.c.key).where(lost)).first() is not None

    def declare_lost(self, sequence: int, digest: str, *, by: str, because: str) -> None:
        """A person goes on without the ledger that wrote the entry, after everything was read back from the ERP."""
        told = {"key": f"{sequence} {digest}", "what": str(Decision.REBUILT), "by": by, "because": because}
        with self._store.writing() as connection:
            now = self._store.moment(connection).isoformat(timespec="microseconds")
            connection.execute(decisions.insert().values(**told, at=now))
            append(connection, [{**told, "what": "rebuilt"}], run="", at=now)

    def verify(self) -> int | None:
        """The number of the first entry that is not as it was written, or ``None`` when the chain is whole."""
        with self._store.reading() as connection:
            previous, expected = GENESIS, 1
            for row in connection.execute(select(journal).order_by(journal.c.seq)):
                whole = row.seq == expected and row.previous == previous
                if not whole or row.digest != digest_of(row.seq, row.at, row.run, row.what, row.previous):
                    return expected
                previous, expected = row.digest, expected + 1
        return None


def append(connection: Connection, changes: Sequence[Mapping[str, object]], *, run: str, at: str) -> None:
    """Chain the changes to the journal, inside the transaction that makes them. ``at`` is ISO 8601 in UTC."""
    if not changes:
        return
    seq, previous = _head(connection)
    entries = []
    for change in changes:
        seq += 1
        what = json.dumps(change, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = digest_of(seq, at, run, what, previous)
        entries.append({"seq": seq, "at": at, "run": run, "what": what, "previous": previous, "digest": digest})
        previous = digest
    connection.execute(journal.insert(), entries)


@cache
def release() -> str:
    """Which version of this program is running; ``unknown`` where it is not installed."""
    try:
        return version("stampli-assets")
    except PackageNotFoundError:
        return "unknown"


def iso_or_none(text: str | None) -> datetime | None:
    """A moment as it was kept."""
    return datetime.fromisoformat(text) if text else None


def _head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(select(journal.c.seq, journal.c.digest).order_by(journal.c.seq.desc()).limit(1)).first()
    return (int(row.seq), str(row.digest)) if row else (0, GENESIS)


def digest_of(*parts: object) -> str:
    """What the next entry is chained to: a SHA-256 over number, time, run, content and the digest before."""
    text = json.dumps([str(part) for part in parts], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
