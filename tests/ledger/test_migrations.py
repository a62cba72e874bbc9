"""Ledgers of every released version open in this one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from builders.bills import make_bill, make_source
from builders.ledgers import make_store
from sqlalchemy import text

from stampli_assets.ledger import migrations
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.errors import Transient
from stampli_assets.model.postings import Conflict, State

SOURCE = make_source()


def older_ledger(folder: Path, version: int = 1) -> LedgerStore:
    """A ledger as that version wrote it: ``INV 7`` is posted, ``B-2`` was being sent."""
    path = folder / "ledger.db"
    with sqlite3.connect(path) as database:
        database.executescript((Path(__file__).parent / f"version_{version}.sql").read_text())
    return LedgerStore(f"sqlite:///{path}")


@pytest.mark.sqlite_only
def test_an_older_ledger_keeps_its_postings_and_its_journal(tmp_path):
    store = older_ledger(tmp_path)
    posted, sending = store.postings.open([make_bill("INV 7"), make_bill("B-2")], SOURCE)
    assert (posted.state, posted.record_no) == (State.POSTED, "4001")
    assert sending.state is State.SENDING
    assert store.journal.verify() is None


@pytest.mark.sqlite_only
def test_its_postings_take_part_in_what_is_new(tmp_path):
    store = older_ledger(tmp_path)
    assert store.postings.open([make_bill("inv7")], SOURCE)[0].conflict is Conflict.LOOKALIKE
    assert store.leases.take("acme_us/file", "run-1").number == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("version", [1, 2])
def test_its_journal_tells_everything_of_a_posting_from_then_on(tmp_path, version):
    store = older_ledger(tmp_path, version)
    assert store.proofs.prove({}).breaks == ()
    (trail,) = store.trails.document("INV 7").trails
    assert (trail.entries[-1].what["what"], trail.entries[-1].what["stampli_vendor"]) == ("identified", "V-1")
    with store.writing() as connection:
        connection.execute(text("UPDATE postings SET company = 'OTHER' WHERE number = 'INV 7'"))
    assert "company is 'OTHER'" in store.proofs.prove({}).breaks[0].sentence


@pytest.mark.sqlite_only
@pytest.mark.parametrize("version", [1, 2])
def test_a_migrated_ledger_has_the_tables_and_indexes_of_a_new_one(tmp_path, version):
    def shape(store: LedgerStore) -> set[tuple[str, str]]:
        with store.reading() as connection:
            rows = connection.execute(text("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
            columns = connection.execute(text("SELECT 'column', name FROM pragma_table_info('postings')"))
            return {tuple(row) for row in (*rows, *columns)}

    assert shape(older_ledger(tmp_path, version)) == shape(LedgerStore(f"sqlite:///{tmp_path / 'new.db'}"))


@pytest.mark.sqlite_only
def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    def fails_late(connection, now) -> None:
        migrations._leases_decisions_and_folded_numbers(connection, now)
        connection.execute(text("INSERT INTO no_such_table VALUES (1)"))

    store = older_ledger(tmp_path)
    monkeypatch.setattr(migrations, "STEPS", {2: fails_late})
    with pytest.raises(Transient, match="no_such_table"):
        store.journal.head()
    store.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        assert database.execute("SELECT max(version) FROM ledger_meta").fetchone() == (1,)
        assert "number_folded" not in {row[1] for row in database.execute("PRAGMA table_info(postings)")}
    monkeypatch.undo()
    assert LedgerStore(f"sqlite:///{tmp_path / 'ledger.db'}").journal.verify() is None


def test_a_ledger_of_version_1_comes_forward_on_every_database(tmp_path):
    store = make_store(tmp_path)
    store.postings.open([make_bill("INV 7")], SOURCE)
    with store.writing() as connection:
        for statement in (
            "DROP INDEX journal_by_key",
            "DROP INDEX postings_by_folded_number",
            "ALTER TABLE postings DROP COLUMN number_folded",
            "DROP TABLE leases",
            "DROP TABLE decisions",
            "UPDATE ledger_meta SET version = 1",
        ):
            connection.execute(text(statement))
    store.close()
    forward = make_store(tmp_path)
    assert forward.postings.open([make_bill("INV 7")], SOURCE)[0].state is State.PLANNED
    with forward.reading() as connection:
        assert connection.execute(text("SELECT number_folded FROM postings")).scalars().all() == ["inv7"]
