"""What the ledger tells of a document, and that nobody can edit it unseen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from builders.bills import make_bill
from builders.ledger_edits import Tables, chain, edited
from builders.ledgers import make_store
from builders.trails import AT, FILE, Clerk, fill
from sqlalchemy import select, text

from stampli_assets.ledger.replay import Replay
from stampli_assets.ledger.schema import decisions, deliveries, journal, postings
from stampli_assets.reports.verify_journal import first_break

SINCE = datetime(2000, 1, 1, tzinfo=UTC)
EDITS = 10_000


def full_ledger(folder):
    return fill(make_store(folder))


def tables_of(store) -> Tables:
    with store.reading() as connection:
        ordered = {journal: journal.c.seq, postings: postings.c.key}
        read = (connection.execute(select(one).order_by(ordered.get(one))) for one in TABLES)
        return Tables(*([list(row) for row in rows] for rows in read))


TABLES = (journal, postings, deliveries, decisions)


def break_of(tables: Tables, anchors: dict[int, str]):
    replay = Replay(anchors)
    return replay.read(tables.journal) or next(
        replay.compare(tables.postings, tables.deliveries, tables.decisions), None
    )


def second_opinion(tables: Tables, anchors: dict[int, str]) -> str | None:
    names = [column.name for column in journal.c]
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in tables.journal]
    return first_break(lines, dict(anchors))[0]


def test_what_was_written_is_found_as_it_was_written(tmp_path):
    store = full_ledger(tmp_path)
    proof = store.proofs.prove(dict([store.journal.head()]))
    assert proof.breaks == ()
    assert (proof.postings, proof.anchors) == (14, 1)
    assert proof.entries == store.journal.head()[0]


def test_an_empty_ledger_is_whole(tmp_path):
    assert make_store(tmp_path).proofs.prove({}).breaks == ()


@pytest.mark.sqlite_only
def test_ten_thousand_random_edits_are_all_found_by_both_implementations(tmp_path):
    store = full_ledger(tmp_path)
    written, anchors = tables_of(store), dict([store.journal.head()])
    assert break_of(written, anchors) is None
    assert second_opinion(written, anchors) is None
    dice, missed = Random(20261121), []
    for n in range(EDITS):
        edit, tables = edited(written, dice)
        if break_of(tables, anchors) is None:
            missed.append((n, edit))
        if tables.journal != written.journal and second_opinion(tables, anchors) is None:
            missed.append((n, f"{edit}, second implementation"))
    assert missed == []


@pytest.mark.sqlite_only
def test_a_tail_that_is_cut_off_is_found_by_the_anchor_alone_where_the_tables_were_cut_too(tmp_path):
    store = make_store(tmp_path)
    clerk = Clerk(store)
    clerk.plan(make_bill("A-1"))
    before = tables_of(store)
    clerk.plan(make_bill("A-2"))
    assert break_of(before, {}) is None
    found = break_of(before, dict([store.journal.head()]))
    assert "ends at entry 1" in found.sentence
    assert "knows entry 2" in found.sentence
    assert found.entry == 2


@pytest.mark.sqlite_only
def test_entries_that_nobody_can_have_written_are_found_though_the_chain_is_whole(tmp_path):
    written = tables_of(full_ledger(tmp_path))
    posted = next(row for row in written.journal if '"what":"posted"' in row[3])
    for what in ('{"what":"nonsense"}', "{}", "no JSON", "[]", posted[3], written.journal[1][3]):
        rows = [*written.journal, [0, *posted[1:3], what, "", ""]]
        chain(rows, len(rows) - 1)
        found = Replay().read(rows)
        assert found is not None, what
        assert f"Entry {len(rows)} of the journal cannot follow" in found.sentence


def edit_behind_its_back(store, database: str, statement: str) -> None:
    with store.writing() as connection:
        for verb in ("UPDATE", "DELETE"):
            trigger = f"journal_keeps_{verb}" if database == "sqlite" else "journal_keeps ON journal"
            connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE postings SET total = 1 WHERE number = 'INV 7'", "total is 1 and was written as 11800"),
        ("UPDATE postings SET record_no = '4009' WHERE number = 'INV 7'", "record_no is '4009'"),
        ("UPDATE postings SET stampli_id = 'ST-9' WHERE number = 'INV 7'", "stampli_id is 'ST-9'"),
        ("DELETE FROM postings WHERE number = 'INV 7'", "not in the ledger any more"),
        ("DELETE FROM decisions WHERE what = 'absent'", "not in the ledger any more"),
        ("UPDATE deliveries SET digest = 'e'", "digest is 'e'"),
        ("UPDATE journal SET run = 'other' WHERE seq = 3", "Entry 3 of the journal is not as it was written"),
        ("DELETE FROM journal WHERE seq = 2", "Entry 2 of the journal is not as it was written, or is missing"),
        ("DELETE FROM journal WHERE seq > 20", "ends at entry 20"),
    ],
)
def test_an_edit_of_the_database_is_told_with_the_value_that_was_written(tmp_path, database, statement, told):
    store = full_ledger(tmp_path)
    head = store.journal.head()
    edit_behind_its_back(store, database, statement)
    first = store.proofs.prove(dict([head])).breaks[0]
    assert told in first.sentence
    assert first.remedy


def test_the_anchors_of_a_ledger_that_was_declared_lost_do_not_count(tmp_path):
    store = full_ledger(tmp_path)
    assert store.proofs.prove({900: "f" * 64}).breaks
    store.journal.declare_lost(900, "f" * 64, by="R. Controller", because="the disk")
    assert store.proofs.prove({900: "f" * 64}).breaks == ()


@pytest.mark.parametrize(
    ("name", "number", "state"),
    [
        ("INV 7", "INV 7", "posted"),
        ("inv7", "INV 7", "posted"),
        ("ST-V-1-INV 7", "INV 7", "posted"),
        ("4001", "INV 7", "posted"),
        ("A-1", "A-1", "posted"),
        ("H-1", "H-1", "held"),
        ("JP-1", "JP-1", "refused"),
        ("CM-1", "CM-1", "posted"),
        ("SP-NO-1", "NO-1", "posted"),
        ("tax id US77", "tax id US77", "posted"),
        ("U-2", "U-2", "planned"),
    ],
)
def test_a_document_is_found_by_whatever_it_is_called(tmp_path, name, number, state):
    traced = full_ledger(tmp_path).trails.document(name)
    assert {trail.posting["number"] for trail in traced.trails} == {number}
    assert traced.trails[0].posting["state"] == state
    assert traced.trails[0].entries[0].what["what"] == "planned"
    assert traced.trails[0].delivery.digest == FILE.digest


def test_a_document_is_found_by_its_posting_key_and_its_control_id(tmp_path):
    store = full_ledger(tmp_path)
    (trail,) = store.trails.document("R-1").trails
    key = trail.posting["key"]
    for name in (key, f"sa-{key[:36]}-0001", f"sa-{key[:36]}-0002"):
        assert [one.posting["key"] for one in store.trails.document(name).trails] == [key]
    for nobody in ("sa-", "sa-ffff-0001", "", "%"):
        assert not store.trails.document(nobody).trails


def test_its_entries_are_its_own_in_order_and_its_decisions_stand_beside(tmp_path):
    store = full_ledger(tmp_path)
    (trail,) = store.trails.document("U-3").trails
    assert [entry.what["what"] for entry in trail.entries] == ["planned", "sending", "unknown", "decided"]
    assert [entry.number for entry in trail.entries] == sorted(entry.number for entry in trail.entries)
    assert [(one.what, one.by) for one in trail.decisions] == [("absent", "R. Controller")]
    assert trail.entries[1].what["release"]


def test_a_text_from_outside_that_looks_like_a_key_leads_no_entry_astray(tmp_path):
    store, clerk = make_store(tmp_path), Clerk(make_store(tmp_path))
    other = make_bill("A-1")
    clerk.plan(make_bill("A-2", vendor_name=f'"key":"{other.key}"'))
    clerk.plan(other)
    for number in ("A-1", "A-2"):
        (trail,) = store.trails.document(number).trails
        assert [entry.what["number"] for entry in trail.entries] == [number]


def test_what_never_came_to_a_posting_is_told_by_its_finding(tmp_path):
    store = full_ledger(tmp_path)
    traced = store.trails.document("M-1")
    assert (traced.trails, [one.finding.code for one in traced.unposted]) == ([], ["VENDOR_UNKNOWN"])
    assert [one.finding.document for one in store.trails.of_vendor("V-9").unposted] == ["M-1"]
    assert store.trails.document("M-1", vendor="V-8").unposted == []


def test_a_vendor_a_file_and_a_run_list_their_documents(tmp_path):
    store = full_ledger(tmp_path)
    assert len(store.trails.of_vendor("V-1").trails) == 14
    for name in ("invoices.csv", FILE.partition, FILE.digest):
        traced = store.trails.of_file(name)
        assert (len(traced.trails), traced.delivery.archived_as) == (13, "invoices.csv")
    assert [one.posting["number"] for one in store.trails.of_run("run-2").trails] == ["P-1"]
    assert store.trails.of_vendor("V").trails == []
    assert store.trails.of_run("%").trails == []


def test_a_period_takes_its_first_moment_and_not_its_end(tmp_path):
    moment = AT
    store = make_store(tmp_path, now=lambda: moment)
    clerk = Clerk(store)
    for number in ("D-1", "D-2", "D-3"):
        clerk.plan(make_bill(number))
        moment += timedelta(days=1)
    told = store.trails.posted_between(AT, AT + timedelta(days=2))
    assert [row["number"] for row in told] == ["D-1", "D-2"]
    assert list(store.trails.posted_between(SINCE, AT)) == []


def test_the_entries_of_a_document_are_found_by_an_index(tmp_path, database):
    from stampli_assets.ledger.schema import KEY_OF_AN_ENTRY

    store = full_ledger(tmp_path)
    of_key = f"{KEY_OF_AN_ENTRY[database]} = 'a' ORDER BY seq"
    explain = "EXPLAIN QUERY PLAN" if database == "sqlite" else "EXPLAIN"
    with store.reading() as connection:
        if database == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(connection.execute(text(f"{explain} SELECT * FROM journal WHERE {of_key}")).all())
    assert "journal_by_key" in plan
