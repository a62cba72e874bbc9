"""The ledger's database: SQLite (WAL, every commit on disk) or PostgreSQL, by its address alone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from stampli_assets.ledger.migrations import bring_up_to_date
from stampli_assets.model.errors import Defect, Misconfigured, Transient

if TYPE_CHECKING:
    from stampli_assets.ledger.decisions import Decisions
    from stampli_assets.ledger.deliveries import Deliveries
    from stampli_assets.ledger.findings import Findings
    from stampli_assets.ledger.journal import Journal
    from stampli_assets.ledger.leases import Leases
    from stampli_assets.ledger.lookups import Lookups
    from stampli_assets.ledger.postings import Postings
    from stampli_assets.ledger.proof import Proofs
    from stampli_assets.ledger.trail import Trails

LOCK_SECONDS = 30
_POSTGRES_LOCK = 7_346_210_577_115_204_301
"""The advisory lock that makes the ledger's writers take turns; any constant that no other program uses."""


class LedgerStore:
    """One ledger. Nothing is opened before the first use; the schema is made or migrated then.

    Args:
        url: ``sqlite:///path`` or ``postgresql+psycopg2://…``.
        now: the present moment in UTC, for tests. Without it the database's own clock decides, which all machines share.
        engine: how to open databases, for tests that break them. Without it, from the url.
    """

    def __init__(
        self, url: str, *, now: Callable[[], datetime] | None = None, engine: Callable[[], Engine] | None = None
    ) -> None:
        self.url = url
        self._given_now = now
        self._given_engine = engine
        self._ready = False
        self._making_ready = threading.Lock()

    @cached_property
    def postings(self) -> Postings:
        from stampli_assets.ledger.postings import Postings

        return Postings(self)

    @cached_property
    def lookups(self) -> Lookups:
        from stampli_assets.ledger.lookups import Lookups

        return Lookups(self)

    @cached_property
    def deliveries(self) -> Deliveries:
        from stampli_assets.ledger.deliveries import Deliveries

        return Deliveries(self)

    @cached_property
    def findings(self) -> Findings:
        from stampli_assets.ledger.findings import Findings

        return Findings(self)

    @cached_property
    def journal(self) -> Journal:
        from stampli_assets.ledger.journal import Journal

        return Journal(self)

    @cached_property
    def trails(self) -> Trails:
        from stampli_assets.ledger.trail import Trails

        return Trails(self)

    @cached_property
    def proofs(self) -> Proofs:
        from stampli_assets.ledger.proof import Proofs

        return Proofs(self)

    @cached_property
    def decisions(self) -> Decisions:
        from stampli_assets.ledger.decisions import Decisions

        return Decisions(self)

    @cached_property
    def leases(self) -> Leases:
        from stampli_assets.ledger.leases import Leases

        return Leases(self)

    def now(self) -> datetime:
        """The present moment in UTC by the ledger's clock.

        Raises:
            Transient: the database cannot be reached.
        """
        if self._given_now is not None:
            return self._given_now()
        with self.reading() as connection:
            return self.moment(connection)

    def moment(self, connection: Connection) -> datetime:
        """The same within a transaction. A SQLite ledger never spans machines: its clock is this one's."""
        if self._given_now is not None:
            return self._given_now()
        if connection.dialect.name == "postgresql":
            told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return told.astimezone(UTC)
        return datetime.now(UTC)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One durable transaction; writers take turns, so what is read in it is true until it ends.

        Raises:
            Transient: the database is locked or cannot be reached.
        """
        self._make_ready()
        with _said_plainly(), self._engine.begin() as connection:
            _take_turn(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent look; nothing is written."""
        self._make_ready()
        with _said_plainly(), self._engine.connect().execution_options(stampli_reads=True) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection; the next use opens anew."""
        if "_engine" in self.__dict__:
            self._engine.dispose()

    @cached_property
    def _engine(self) -> Engine:
        if self._given_engine is not None:
            return self._given_engine()
        try:
            url = make_url(self.url)
            if url.get_backend_name() == "sqlite":
                return sqlite_engine(self.url, url.database)
            return create_engine(self.url, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise Misconfigured(
                f"The ledger's address cannot be used: {type(error).__name__}.",
                remedy="Use sqlite:///path or postgresql+psycopg2://user@host/database (install the extra 'postgres').",
                code="LEDGER_ADDRESS",
            ) from None

    def _make_ready(self) -> None:
        if self._ready:
            return
        with self._making_ready:
            if not self._ready:
                with _said_plainly(), self._engine.begin() as connection:
                    _take_turn(connection)
                    bring_up_to_date(connection, iso(self.moment(connection)))
                self._ready = True


def sqlite_engine(url: str, path: str | None, **options: Any) -> Engine:
    """A SQLite engine whose commits are on disk before they are answered, and whose writers take turns."""
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": LOCK_SECONDS, "check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        prepare_sqlite(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("stampli_reads")
        begin = "BEGIN" if reads else "BEGIN IMMEDIATE"
        raw = connection.connection.driver_connection
        assert raw is not None
        try:
            raw.cursor().execute(begin)
        except sqlite3.OperationalError as error:
            raise OperationalError(begin, None, error) from error

    return engine


def prepare_sqlite(connection: sqlite3.Connection) -> None:
    """Every commit is on disk before it is answered; a locked database is waited for."""
    connection.isolation_level = None  # the BEGIN of our transactions is the only one
    connection.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _take_turn(connection: Connection) -> None:
    """SQLite's BEGIN IMMEDIATE already does; PostgreSQL needs a lock that ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _POSTGRES_LOCK})


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise Transient(
            f"The ledger cannot be used right now: {_first_line(error)}.",
            remedy="Nothing was sent without being recorded. Check the disk or the database; then rerun.",
            code="LEDGER_UNREACHABLE",
        ) from None
    except DBAPIError as error:
        raise Defect(f"The ledger refused a statement: {_first_line(error)}.", code="LEDGER_DEFECT") from error


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def iso(moment: datetime) -> str:
    """A moment as the ledger keeps it: ISO 8601 in UTC with microseconds, so that text sorts as time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
