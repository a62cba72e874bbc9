"""Every test of the ledger runs on SQLite and, where one can be started, on a real PostgreSQL."""

from builders.databases import database, postgres

__all__ = ["database", "postgres"]
