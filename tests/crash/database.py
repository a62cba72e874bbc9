"""The ledger's SQLite file with bad moments, opened the way that the product opens it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, StaticPool

from stampli_assets.ledger.store import prepare_sqlite, sqlite_engine

Trouble = Callable[[], str]


class Cursor(sqlite3.Cursor):
    """Fails at the beginning of a transaction, or at its first change."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        connection = self.connection
        assert isinstance(connection, Connection)
        if sql == "BEGIN IMMEDIATE":
            connection.begin()
        elif connection.trouble == "disk full" and sql.lstrip().startswith(("INSERT", "UPDATE")):
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        assert isinstance(self.connection, Connection)
        if self.connection.trouble == "disk full":
            raise sqlite3.OperationalError("database or disk is full")
        return super().executemany(sql, parameters)


class Connection(sqlite3.Connection):
    """One process's connection. ``closing`` is left to the end of the process."""

    now_begins: Trouble
    trouble = ""

    def cursor(self, factory: type[sqlite3.Cursor] = Cursor) -> sqlite3.Cursor:  # type: ignore[override]
        return super().cursor(factory)

    def begin(self) -> None:
        self.trouble = self.now_begins()
        if self.trouble == "locked":
            raise sqlite3.OperationalError("database is locked")

    def commit(self) -> None:
        trouble, self.trouble = self.trouble, ""
        if trouble == "commit refused":
            self.rollback()
            raise sqlite3.OperationalError("disk I/O error")
        super().commit()
        if trouble == "commit unanswered":
            raise sqlite3.OperationalError("disk I/O error")

    def close(self) -> None:
        """Kept open until the process ends."""
        if self.in_transaction:
            self.rollback()

    def really_close(self) -> None:
        super().close()


class Databases:
    """One engine for all schedules of a worker, so that its statements are compiled once; its pool is the connection of
    the process that works at the moment.
    """

    def __init__(self) -> None:
        self.engine = sqlite_engine("sqlite://", None)
        self.engine.connect().close()

    def open(self, path: str, now_begins: Trouble) -> Connection:
        """A process's connection."""
        connection = sqlite3.connect(path, timeout=1, check_same_thread=False, factory=Connection)
        connection.now_begins = now_begins
        prepare_sqlite(connection)
        return connection

    @contextmanager
    def used_by(self, connection: Connection) -> Iterator[None]:
        """While a process works; processes may work inside one another's pauses."""
        before = self.engine.pool
        self.engine.pool = StaticPool(lambda: connection)
        try:
            yield
        finally:
            self.engine.pool = before

    def __call__(self) -> Engine:
        return self.engine
