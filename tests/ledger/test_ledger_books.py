from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from builders.bills import make_bill, make_source
from builders.ledgers import make_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stampli_assets.ledger.schema import journal, meta
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.errors import Defect, Misconfigured, Transient
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.identity import ContentDigest
from stampli_assets.model.remote import LandedFile, RemoteFile

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SOURCE = make_source()


def make_finding(document: str = "INV-1", code: str = "VENDOR_UNKNOWN", **given: str) -> Finding:
    return Finding(End.HELD, document, code, "The vendor is unknown.", "Add a rule.", **given)


def landed(name: str, digest: str = "d" * 64) -> LandedFile:
    return LandedFile("acme_us", RemoteFile(name, 10, 1_795_000_000), ContentDigest(digest))


def test_two_processes_may_make_the_ledger_at_once(tmp_path):
    failures: list[Exception] = []

    def make() -> None:
        try:
            make_store(tmp_path).postings.open([make_bill()], SOURCE)
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)

    makers = [threading.Thread(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert failures == []
    assert len(make_store(tmp_path).postings.open([make_bill()], SOURCE)) == 1


def test_a_ledger_of_a_newer_program_is_not_touched(tmp_path):
    store = make_store(tmp_path)
    store.journal.head()
    with store.writing() as connection:
        connection.execute(meta.insert().values(version=99, at=""))
    with pytest.raises(Misconfigured, match="newer version"):
        make_store(tmp_path).journal.head()


@pytest.mark.sqlite_only
def test_a_ledger_that_cannot_be_reached_says_so_in_a_sentence(tmp_path):
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(Transient, match="ledger cannot be used"):
        LedgerStore(f"sqlite:///{tmp_path / 'ledger.db'}").journal.head()


@pytest.mark.sqlite_only
def test_a_commit_is_on_disk_before_it_is_answered(tmp_path):
    store = make_store(tmp_path)
    with store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_journal_is_whole_after_ordinary_work_from_several_threads(tmp_path):
    def work(n: int) -> None:
        make_store(tmp_path).postings.open([make_bill(f"INV-{n}-{i}") for i in range(10)], SOURCE)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    store = make_store(tmp_path)
    assert store.journal.head()[0] == 40
    assert store.journal.verify() is None


@pytest.mark.parametrize("verb", ["UPDATE journal SET run = 'other'", "DELETE FROM journal"])
def test_the_journal_cannot_be_edited_in_passing(tmp_path, verb):
    store = make_store(tmp_path)
    store.postings.open([make_bill()], SOURCE)
    with pytest.raises((Defect, DBAPIError), match="append-only"), store.writing() as connection:
        connection.execute(text(verb))


@pytest.mark.sqlite_only
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seq=st.integers(1, 6), column=st.sampled_from(["at", "run", "what", "previous", "digest"]), new=st.text(max_size=8)
)
def test_an_edit_behind_the_programs_back_is_found(tmp_path_factory, seq, column, new):
    store = make_store(tmp_path_factory.mktemp("ledger"))
    store.postings.open([make_bill(f"INV-{n}") for n in range(6)], SOURCE)
    with store.writing() as connection:
        connection.execute(text("DROP TRIGGER journal_keeps_UPDATE"))
        row = journal.c.seq == seq
        before = connection.execute(journal.select().where(row)).mappings().one()[column]
        connection.execute(journal.update().where(row).values({column: new}))
    assert (store.journal.verify() is None) == (before == new)


def test_a_removed_entry_is_found(tmp_path, database):
    store = make_store(tmp_path)
    store.postings.open([make_bill(f"INV-{n}") for n in range(4)], SOURCE)
    guard = "journal_keeps_DELETE" if database == "sqlite" else "journal_keeps ON journal"
    with store.writing() as connection:
        connection.execute(text(f"DROP TRIGGER {guard}"))
        connection.execute(journal.delete().where(journal.c.seq == 2))
    assert store.journal.verify() == 2


def test_the_same_bytes_under_another_name_name_the_earlier_delivery(tmp_path):
    store = make_store(tmp_path)
    first, second = landed("invoices_a.csv"), landed("invoices_b.csv")
    assert store.deliveries.arrived(first, "run-1", AT) == ""
    assert store.deliveries.arrived(second, "run-2", AT + timedelta(minutes=1)) == first.partition
    assert store.deliveries.arrived(first, "run-3", AT + timedelta(minutes=2)) == ""


def test_a_delivery_remembers_as_what_it_was_archived(tmp_path):
    store = make_store(tmp_path)
    file = landed("invoices_a.csv")
    store.deliveries.arrived(file, "run-1", AT)
    assert store.deliveries.archived_as("acme_us", file.partition) == ""
    store.deliveries.archived(file, "invoices_a.csv", "run-1", AT)
    assert store.deliveries.archived_as("acme_us", file.partition) == "invoices_a.csv"


def test_a_finding_that_still_stands_keeps_its_age(tmp_path):
    store = make_store(tmp_path)
    store.findings.replace(SOURCE, "map", [make_finding(), make_finding("INV-2")], AT)
    later = AT + timedelta(hours=3)
    store.findings.replace(SOURCE, "map", [make_finding(), make_finding("INV-3")], later)
    standing = store.findings.standing("acme_us")
    assert {(one.finding.document, one.first_seen) for one in standing} == {("INV-1", AT), ("INV-3", later)}


def test_the_findings_of_one_stage_leave_those_of_another_alone(tmp_path):
    store = make_store(tmp_path)
    store.findings.replace(SOURCE, "map", [make_finding()], AT)
    store.findings.replace(SOURCE, "post", [make_finding(code="REFUSED")], AT)
    store.findings.replace(SOURCE, "map", [], AT)
    assert [one.finding.code for one in store.findings.standing()] == ["REFUSED"]
