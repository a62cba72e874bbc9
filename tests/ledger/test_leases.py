from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from builders.bills import make_bill, make_source
from builders.clock import FakeClock
from builders.ledgers import make_store

from stampli_assets.ledger.leases import LIFE
from stampli_assets.model.errors import Transient
from stampli_assets.model.postings import Intent, State

SOURCE = make_source()


def test_only_one_holder_at_a_time_and_the_number_grows_with_every_taking(tmp_path):
    store = make_store(tmp_path)
    first = store.leases.take("acme_us/file", "run-1")
    with pytest.raises(Transient, match=r"Another run \(run-1\) works on this file"):
        store.leases.take("acme_us/file", "run-2")
    store.leases.release(first)
    assert store.leases.take("acme_us/file", "run-2").number == first.number + 1


def test_a_retry_of_the_same_run_takes_its_own_lease_at_once(tmp_path):
    store = make_store(tmp_path)
    first = store.leases.take("acme_us/file", "run-1")
    assert store.leases.take("acme_us/file", "run-1").number == first.number + 1


def test_the_lease_of_a_run_that_is_known_to_be_over_is_taken_at_once(tmp_path):
    store = make_store(tmp_path)
    dead = store.leases.take("acme_us/file", "run-1")
    with pytest.raises(Transient):
        store.leases.take("acme_us/file", "run-2", ended=["run-0"])
    assert store.leases.take("acme_us/file", "run-2", ended=["run-1"]).number == dead.number + 1


def test_what_a_dead_run_held_is_free_when_somebody_says_that_it_is_dead(tmp_path):
    store = make_store(tmp_path)
    for name in ("a", "b"):
        store.leases.take(name, "run-1")
    store.leases.take("c", "run-2")
    store.leases.end("run-1")
    assert [store.leases.take(name, "run-3").number for name in ("a", "b")] == [2, 2]
    with pytest.raises(Transient):
        store.leases.take("c", "run-3")


def test_of_eight_who_reach_for_it_at_once_one_gets_it(tmp_path):
    make_store(tmp_path).journal.head()
    got, refused = [], []

    def reach(worker: int) -> None:
        try:
            got.append(make_store(tmp_path).leases.take("acme_us/file", f"run-{worker}"))
        except Transient:
            refused.append(worker)

    workers = [threading.Thread(target=reach, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(got), len(refused)) == (1, 7)


def test_a_lease_ends_by_the_ledgers_clock_and_its_former_holder_may_not_send(tmp_path):
    clock = FakeClock()
    store = make_store(tmp_path, now=clock.now)
    paused = store.leases.take("acme_us/file", "run-1")
    bill = make_bill()
    intent = Intent(bill, store.postings.open([bill], SOURCE)[0])
    clock.pass_time(seconds=LIFE.total_seconds() + 1)
    fresh = store.leases.take("acme_us/file", "run-2")
    with pytest.raises(Transient, match="stood still for too long") as lost:
        store.postings.mark_sending([intent], SOURCE, paused)
    assert lost.value.code == "LEASE_LOST"
    assert store.postings.open([bill], SOURCE)[0].state is State.PLANNED
    assert store.postings.mark_sending([intent], SOURCE, fresh)[0] is not None


def test_recording_an_intent_is_a_sign_of_life(tmp_path):
    clock = FakeClock()
    store = make_store(tmp_path, now=clock.now)
    lease = store.leases.take("acme_us/file", "run-1")
    bills = [make_bill(f"N-{n}") for n in range(3)]
    for bill, opened in zip(bills, store.postings.open(bills, SOURCE), strict=True):
        clock.pass_time(seconds=LIFE.total_seconds() - 1)
        store.postings.mark_sending([Intent(bill, opened)], SOURCE, lease)
    with pytest.raises(Transient):
        store.leases.take("acme_us/file", "run-2")


def test_a_lease_that_ended_but_that_nobody_took_is_still_good(tmp_path):
    clock = FakeClock()
    store = make_store(tmp_path, now=clock.now)
    lease = store.leases.take("acme_us/file", "run-1")
    clock.pass_time(hours=1)
    store.leases.renew(lease)
    with pytest.raises(Transient):
        store.leases.take("acme_us/file", "run-2")


def test_releasing_what_was_lost_takes_nothing_from_its_new_holder(tmp_path):
    clock = FakeClock()
    store = make_store(tmp_path, now=clock.now)
    lost = store.leases.take("acme_us/file", "run-1")
    clock.pass_time(hours=1)
    store.leases.take("acme_us/file", "run-2")
    store.leases.release(lost)
    with pytest.raises(Transient):
        store.leases.take("acme_us/file", "run-3")


def test_without_a_given_clock_the_databases_own_decides(tmp_path):
    before = datetime.now(UTC) - timedelta(minutes=1)
    assert before < make_store(tmp_path).now() < before + timedelta(minutes=2)
