"""Every test of the corridor runs on SQLite and, where one can be started, on a real PostgreSQL."""

from builders.databases import database, postgres

__all__ = ["database", "postgres"]
