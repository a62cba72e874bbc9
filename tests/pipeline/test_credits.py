"""Exactly once for bills and credits in one batch, over a real ledger and a gateway that has bad days."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from builders.bills import make_bill, make_credit, make_source
from builders.clock import FakeClock
from builders.crash import Crash, CrashAt, Quiet
from builders.intacct import make_book, make_simulator
from builders.ledgers import make_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from stampli_assets.model.errors import StampliAssetsError
from stampli_assets.model.findings import End
from stampli_assets.model.postings import State
from stampli_assets.pipeline.look_back import look_back
from stampli_assets.pipeline.post import Desk, Pace, post
from stampli_assets.pipeline.unsettled import unposted
from stampli_assets.wiring import NoFaults

SETTLE = timedelta(minutes=20)
POINTS = ["opened", "looked-up", "before-intent", "intent-recorded", "before-send", "sent-not-recorded", "recorded"]
FAULTS = ["drop_before_commit", "drop_after_commit", "origin_timeout", "shuffle_results", "session_expired"]
MIXED = [
    make_bill("A", total="100.00"),
    make_credit("A", total="-40.00"),
    make_credit("B", total="-0.01"),
    make_bill("C"),
]


class World:
    """One ledger, one gateway, one clock; each :meth:`post` is a new process."""

    def __init__(self, folder, simulator, clock) -> None:
        self.folder, self.simulator, self.clock = folder, simulator, clock

    def post(self, *documents, faults=None, run="run-1"):
        ledger = make_store(self.folder, now=self.clock.now)
        desk = Desk(
            ledger=ledger.postings,
            leases=ledger.leases,
            book=make_book(self.simulator.url, self.clock),
            clock=self.clock,
            source=make_source(run=run),
            faults=faults or NoFaults(),
            progress=Quiet(),
            pace=Pace(functions_per_request=3, parallel_requests=1, settle=SETTLE),
        )
        return post(documents, desk)

    def lose_the_ledger(self) -> None:
        with make_store(self.folder, now=self.clock.now).writing() as connection:
            for table in ("postings", "decisions", "leases"):
                connection.execute(text(f"DELETE FROM {table}"))

    @property
    def held(self) -> list[tuple[str, str, str]]:
        books = self.simulator.books.as_json()
        return sorted(
            (what, one["RECORDID"], one["TRX_TOTALENTERED"]) for what in ("bills", "adjustments") for one in books[what]
        )


HELD = [("adjustments", "A", "-40"), ("adjustments", "B", "-0.01"), ("bills", "A", "100"), ("bills", "C", "118")]


@pytest.fixture
def world(tmp_path):
    clock = FakeClock()
    with make_simulator(now=clock.now) as simulator:
        yield World(tmp_path, simulator, clock)


def test_bills_and_credits_of_one_number_are_each_posted_once_however_often_it_is_run(world):
    for _ in range(3):
        batch = world.post(*MIXED)
        assert {intent.posting.state for intent in batch.intents} == {State.POSTED}
    assert world.held == HELD
    assert world.simulator.told()["creates"] == 4


def test_a_credit_whose_answer_was_lost_is_found_among_the_adjustments_and_not_among_the_bills(world):
    world.post(make_bill("A", total="40.00"))
    world.simulator.faults.queue("drop_after_commit")
    batch = world.post(make_credit("A", total="-40.00"))
    assert [intent.posting.state for intent in batch.intents] == [State.POSTED]
    assert world.held == [("adjustments", "A", "-40"), ("bills", "A", "40")]


def test_a_credit_that_was_keyed_by_hand_is_adopted_when_it_agrees_and_held_when_not(world):
    make_book(world.simulator.url).post([(one, f"by-hand-{one.number}") for one in (MIXED[1], MIXED[2])])
    batch = world.post(MIXED[0], MIXED[1], make_credit("B", total="-9.00"))
    assert [intent.posting.adopted for intent in batch.intents] == [False, True, False]
    (finding,) = unposted(batch, SETTLE)
    assert (finding.end, finding.code, finding.amount) == (End.HELD, "FOUND_DIFFERENT", "-9.00 USD")
    assert world.held == [*HELD[:2], ("bills", "A", "100")]


def test_looking_back_finds_a_credit_that_was_deleted_and_not_the_bill_of_its_number(world):
    batch = world.post(*MIXED)
    (record,) = [one["RECORDNO"] for one in world.simulator.books.as_json()["adjustments"] if one["RECORDID"] == "A"]
    world.simulator.books.write({"kind": "adjustment deleted", "record_no": record})
    found = look_back({"p": [intent.posting for intent in batch.intents]}, make_book(world.simulator.url))["p"]
    assert [(one.code, one.document, one.amount) for one in found] == [("DELETED_IN_ERP", "A", "-40.00 USD")]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(st.tuples(st.sampled_from([*POINTS, ""]), st.sampled_from([*FAULTS, ""]), st.booleans()), max_size=4)
)
def test_whatever_happens_each_document_is_in_the_books_exactly_once_in_the_end(tmp_path_factory, days):
    clock = FakeClock()
    with make_simulator(now=clock.now) as simulator:
        world = World(tmp_path_factory.mktemp("world"), simulator, clock)
        world.lose_the_ledger()
        for number, (point, fault, short) in enumerate(days):
            if fault:
                simulator.faults.queue(fault)
            with contextlib.suppress(Crash, StampliAssetsError):
                world.post(*MIXED, faults=CrashAt(point) if point else None, run=f"run-{number}")
            clock.pass_time(minutes=2 if short else 60)
        simulator.faults.clear()
        for number in range(3):
            clock.pass_time(minutes=60)
            batch = world.post(*MIXED, run=f"last-{number}")
        assert {intent.posting.state for intent in batch.intents} == {State.POSTED}
        assert world.held == HELD
