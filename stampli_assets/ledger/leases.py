"""Leases: one worker at a time on a file. The database's clock decides, and a number fences a former holder off.

A worker that was paused past its lease finds, before it may send anything more, that the number has moved on. What it
had sent by then is no loss: it may still record how that ended.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from stampli_assets.ledger.journal import iso_or_none
from stampli_assets.ledger.schema import leases
from stampli_assets.ledger.store import iso
from stampli_assets.model.errors import Transient
from stampli_assets.model.postings import Lease

if TYPE_CHECKING:
    from datetime import datetime

    from stampli_assets.ledger.store import LedgerStore

LIFE = timedelta(seconds=90)
"""How long a lease lasts after each sign of life of its holder."""


class Leases:
    """Implements the port :class:`~stampli_assets.model.ports.LeaseBook`."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def take(self, name: str, holder: str, ended: Collection[str] = ()) -> Lease:
        """The lease under a new number; its holder of before is fenced off when its time was over, or it is one of those
        that are known to have ``ended``.

        Raises:
            Transient: somebody else works under it.
        """
        with self._store.writing() as connection:
            now = self._store.moment(connection)
            row = connection.execute(select(leases).where(leases.c.name == name)).first()
            until = iso_or_none(row.until) if row is not None else None
            if row is not None and until is not None and until > now and row.holder not in {holder, *ended}:
                raise _taken(row.holder, until)
            lease = Lease(name, row.number + 1 if row is not None else 1, holder)
            values = {"number": lease.number, "holder": holder, "until": iso(now + LIFE)}
            if row is None:
                connection.execute(leases.insert().values(name=name, **values))
            else:
                connection.execute(leases.update().where(leases.c.name == name).values(**values))
        return lease

    def renew(self, lease: Lease) -> None:
        """A sign of life.

        Raises:
            Transient: somebody else took it over meanwhile.
        """
        with self._store.writing() as connection:
            prolong(connection, lease, self._store.moment(connection))

    def release(self, lease: Lease) -> None:
        """Let it go, when it is still ours."""
        mine = (leases.c.name == lease.name) & (leases.c.number == lease.number)
        with self._store.writing() as connection:
            connection.execute(leases.update().where(mine).values(until=""))

    def end(self, holder: str) -> None:
        """Everything that a run held which is known to be over."""
        with self._store.writing() as connection:
            connection.execute(leases.update().where(leases.c.holder == holder).values(until=""))


def prolong(connection: Connection, lease: Lease, now: datetime) -> None:
    """The fence, inside the transaction of what it guards: a lease under a later number stops its former holder.

    Raises:
        Transient: the lease is not ours any more.
    """
    mine = (leases.c.name == lease.name) & (leases.c.number == lease.number)
    done = connection.execute(leases.update().where(mine).values(until=iso(now + LIFE)))
    if done.rowcount != 1:
        raise Transient(
            "This run stood still for too long, and another run took its file over; nothing more is sent by this one.",
            remedy="Look at the other run of this file.",
            code="LEASE_LOST",
        )


def _taken(holder: str, until: datetime) -> Transient:
    return Transient(
        f"Another run ({holder[:8]}) works on this file.",
        remedy=f"It is tried again. If that run is dead, its lease ends at {until:%H:%M:%S} UTC.",
        code="LEASED",
    )
