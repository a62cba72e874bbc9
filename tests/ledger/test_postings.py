from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest
from builders.bills import make_bill, make_source
from builders.ledgers import make_store
from sqlalchemy import text

from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.documents import Bill
from stampli_assets.model.errors import Defect
from stampli_assets.model.identity import Fingerprint
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import (
    AlreadyThere,
    ErpRecord,
    Held,
    NotSent,
    Posted,
    ProvenAbsent,
    Reason,
    Refused,
    Unknown,
)
from stampli_assets.model.postings import Conflict, Intent, Lease, Posting, State

SOURCE = make_source()
WORKERS = itertools.count()


def lease(store: LedgerStore) -> Lease:
    """A worker's own; the tests of leases are in test_leases.py."""
    return store.leases.take(f"a worker's own {next(WORKERS)}", "run-1")


def send(store: LedgerStore, bill: Bill) -> Posting:
    posting = store.postings.open([bill], SOURCE)[0]
    sent = store.postings.mark_sending([Intent(bill, posting)], SOURCE, lease(store))[0]
    assert sent is not None
    return sent


def put(store: LedgerStore, bill: Bill, record: str = "4001") -> Posting:
    return store.postings.record([(send(store, bill), Posted(ErpRecord(record)))], SOURCE)[0]


def test_a_new_bill_is_planned_and_stays_so_when_it_is_opened_again(tmp_path):
    store = make_store(tmp_path)
    first, again = (store.postings.open([make_bill()], SOURCE)[0] for _ in range(2))
    assert first.state is State.PLANNED
    assert first == again


def test_a_posted_bill_never_changes(tmp_path):
    store = make_store(tmp_path)
    posted = put(store, make_bill())
    for verdict in (Refused((Reason("X", "no"),)), Unknown("?"), Held(Reason("X", "no")), ProvenAbsent(), NotSent()):
        assert store.postings.record([(posted, verdict)], SOURCE)[0].record_no == "4001"
    assert store.postings.open([make_bill()], SOURCE)[0].state is State.POSTED


def test_what_the_erp_remarked_when_it_kept_a_bill_stays_with_the_posting(tmp_path):
    store = make_store(tmp_path)
    remark = "The due date is a holiday."
    posted = store.postings.record([(send(store, make_bill()), Posted(ErpRecord("1", warning=remark)))], SOURCE)[0]
    assert posted.is_posted
    assert store.postings.open([make_bill()], SOURCE)[0].reason == Reason("WARNING", remark)


def test_a_second_record_number_for_a_posted_bill_is_a_defect_and_not_recorded(tmp_path):
    store = make_store(tmp_path)
    posted = put(store, make_bill())
    with pytest.raises(Defect, match="4001"):
        store.postings.record([(posted, Posted(ErpRecord("4002")))], SOURCE)
    assert store.postings.open([make_bill()], SOURCE)[0].record_no == "4001"


def test_another_content_after_posting_is_a_conflict_and_changes_nothing(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill(total="118.00"))
    standing = store.postings.open([make_bill(total="119.00")], SOURCE)[0]
    assert (standing.conflict, standing.state, standing.total) == (
        Conflict.CHANGED,
        State.POSTED,
        Money(11800, "USD"),
    )


def test_another_content_before_posting_takes_the_place_of_the_first(tmp_path):
    store = make_store(tmp_path)
    store.postings.open([make_bill(total="118.00")], SOURCE)
    later = make_bill(total="119.00")
    assert store.postings.open([later], SOURCE)[0].fingerprint == later.fingerprint
    assert send(store, later).total == Money(11900, "USD")


def test_an_edited_mapping_is_no_change_of_the_document(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill(stampli_vendor_id="S-1", vendor_id="V-1"))
    assert (
        store.postings.open([make_bill(stampli_vendor_id="S-1", vendor_id="V-2")], SOURCE)[0].conflict is Conflict.NONE
    )


def test_two_stampli_vendors_that_map_to_one_cannot_both_post_a_number(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill(stampli_vendor_id="S-1"))
    twin = store.postings.open([make_bill(stampli_vendor_id="S-2")], SOURCE)[0]
    assert twin.conflict is Conflict.TWIN
    assert "S-1" in twin.conflict_with


def test_the_database_itself_refuses_the_twin_that_a_race_let_through(tmp_path):
    store = make_store(tmp_path)
    first, second, other = make_bill(stampli_vendor_id="S-1"), make_bill(stampli_vendor_id="S-2"), make_bill("INV-2")
    opened = store.postings.open([first, second, other], SOURCE)
    intents = [Intent(bill, posting) for bill, posting in zip((first, second, other), opened, strict=True)]
    marked = store.postings.mark_sending(intents, SOURCE, lease(store))
    assert [posting and posting.state for posting in marked] == [State.SENDING, None, State.SENDING]


def test_without_the_unique_index_the_twin_would_be_sent(tmp_path):
    store = make_store(tmp_path)
    first, second = make_bill(stampli_vendor_id="S-1"), make_bill(stampli_vendor_id="S-2")
    opened = store.postings.open([first, second], SOURCE)
    with store.writing() as connection:
        connection.execute(text("DROP INDEX one_document_in_the_erp"))
    intents = [Intent(bill, posting) for bill, posting in zip((first, second), opened, strict=True)]
    assert None not in store.postings.mark_sending(intents, SOURCE, lease(store))


def test_stamplis_own_id_under_another_key_is_a_conflict_once_the_first_may_be_in_the_erp(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill("INV-1", stampli_id="ST-9"))
    moved = store.postings.open([make_bill("INV-1B", stampli_id="ST-9")], SOURCE)[0]
    assert moved.conflict is Conflict.MOVED
    assert store.postings.by_state() == {State.POSTED: 1}


def test_only_one_of_two_workers_gets_to_send(tmp_path):
    store = make_store(tmp_path)
    bill = make_bill()
    posting = store.postings.open([bill], SOURCE)[0]
    wins: list[Posting] = []
    start = threading.Barrier(4)

    def work() -> None:
        mine = make_store(tmp_path)
        start.wait()
        wins.extend(
            p for p in mine.postings.mark_sending([Intent(bill, posting)], SOURCE, lease(mine)) if p is not None
        )

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(wins) == 1


def _intend_and_die(folder: str) -> None:
    send(make_store(Path(folder)), make_bill())
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_intent_survives_the_death_of_its_process(tmp_path):
    child = multiprocessing.get_context("spawn").Process(target=_intend_and_die, args=(str(tmp_path),))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    posting = make_store(tmp_path).postings.open([make_bill()], SOURCE)[0]
    assert posting.state is State.SENDING
    assert posting.intent_at is not None


def test_a_refused_bill_is_sent_again_under_a_new_control_id_and_an_unsent_one_under_the_same(tmp_path):
    store = make_store(tmp_path)
    sent = send(store, make_bill())
    refused = store.postings.record([(sent, Refused((Reason("X", "Activate the vendor"),)))], SOURCE)[0]
    assert refused.reason is not None
    assert refused.reason.sentence == "Activate the vendor"
    again = send(store, make_bill())
    assert again.control_id != sent.control_id
    store.postings.record([(again, NotSent())], SOURCE)
    assert send(store, make_bill()).control_id == again.control_id


def test_a_bill_proven_absent_is_planned_again_under_the_same_control_id(tmp_path):
    """So that an ERP that has taken it after all recognises it."""
    store = make_store(tmp_path)
    unknown = store.postings.record([(send(store, make_bill()), Unknown("reset"))], SOURCE)[0]
    assert unknown.may_have_been_sent
    absent = store.postings.record([(unknown, ProvenAbsent())], SOURCE)[0]
    assert (absent.state, absent.control_id) == (State.PLANNED, unknown.control_id)


@pytest.mark.parametrize("verdict", [Posted(ErpRecord("1")), Refused(()), Unknown("?"), ProvenAbsent(), NotSent()])
def test_nothing_is_recorded_of_a_bill_that_was_never_sent(tmp_path, verdict):
    store = make_store(tmp_path)
    planned = store.postings.open([make_bill()], SOURCE)[0]
    with pytest.raises(Defect):
        store.postings.record([(planned, verdict)], SOURCE)


def test_a_bill_that_the_erp_already_held_is_adopted(tmp_path):
    store = make_store(tmp_path)
    planned = store.postings.open([make_bill()], SOURCE)[0]
    adopted = store.postings.record([(planned, AlreadyThere(ErpRecord("77")))], SOURCE)[0]
    assert (adopted.state, adopted.adopted, adopted.record_no) == (State.POSTED, True, "77")


def test_a_verdict_on_a_posting_that_moved_on_is_answered_with_what_is_so_now(tmp_path):
    store = make_store(tmp_path)
    stale = send(store, make_bill())
    store.postings.record([(stale, Unknown("reset"))], SOURCE)
    answered = store.postings.record([(stale, Refused(()))], SOURCE)[0]
    assert answered.state is State.UNKNOWN


def test_a_thousand_bills_open_in_order(tmp_path):
    store = make_store(tmp_path)
    bills = [make_bill(f"INV-{n}") for n in range(1000)]
    opened = store.postings.open(bills, SOURCE)
    assert [posting.number for posting in opened] == [bill.number for bill in bills]
    assert store.postings.by_state("acme_us") == {State.PLANNED: 1000}


def test_a_changed_fingerprint_waits_until_what_may_have_been_sent_is_settled(tmp_path):
    store = make_store(tmp_path)
    send(store, make_bill(total="118.00"))
    standing = store.postings.open([make_bill(total="119.00")], SOURCE)[0]
    assert standing.state is State.SENDING
    assert standing.total == Money(11800, "USD")
    assert standing.fingerprint != Fingerprint(make_bill(total="119.00").fingerprint)
