"""Which files came, under which digest, and as what they were archived."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from stampli_assets.ledger.journal import append
from stampli_assets.ledger.schema import deliveries
from stampli_assets.ledger.store import iso
from stampli_assets.model.remote import LandedFile

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore


class Deliveries:
    """Implements the port :class:`~stampli_assets.model.ports.DeliveryBook`."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def arrived(self, landed: LandedFile, run: str, at: datetime) -> str:
        """Record a delivery; answers the partition of an earlier one with the same bytes, or the empty text."""
        mine = (deliveries.c.connection == landed.connection) & (deliveries.c.partition == landed.partition)
        when = select(deliveries.c.collected_at).where(mine)
        with self._store.reading() as reading:
            known = reading.execute(when).scalar()
            if known is not None:
                return _earlier(reading, landed, str(known))
        with self._store.writing() as connection:
            known = connection.execute(when).scalar()
            if known is None:
                known = iso(at)
                row = {
                    "connection": landed.connection,
                    "partition": landed.partition,
                    "name": landed.file.name,
                    "digest": landed.digest,
                    "size": landed.file.size,
                    "modified": landed.file.modified,
                }
                connection.execute(deliveries.insert().values(**row, run=run, collected_at=known))
                append(connection, [{"what": "collected", **row}], run=run, at=iso(at))
            return _earlier(connection, landed, str(known))

    def archived(self, landed: LandedFile, archived_as: str, run: str, at: datetime) -> None:
        """Record that the delivery left outbound."""
        mine = (deliveries.c.connection == landed.connection) & (deliveries.c.partition == landed.partition)
        with self._store.writing() as connection:
            connection.execute(deliveries.update().where(mine).values(archived_as=archived_as))
            entry = {"what": "archived", "connection": landed.connection, "partition": landed.partition}
            append(connection, [{**entry, "archived_as": archived_as}], run=run, at=iso(at))

    def archived_as(self, connection: str, partition: str) -> str:
        """The name in archive, or the empty text."""
        mine = (deliveries.c.connection == connection) & (deliveries.c.partition == partition)
        with self._store.reading() as reading:
            return str(reading.execute(select(deliveries.c.archived_as).where(mine)).scalar() or "")


def _earlier(connection: Connection, landed: LandedFile, known: str) -> str:
    """The partition of the first delivery of the same bytes before ``known``."""
    query = (
        select(deliveries.c.partition)
        .where(deliveries.c.connection == landed.connection, deliveries.c.digest == landed.digest)
        .where(deliveries.c.partition != landed.partition, deliveries.c.collected_at <= known)
        .order_by(deliveries.c.collected_at)
        .limit(1)
    )
    return str(connection.execute(query).scalar() or "")
