"""The exactly-once rule of ``pipeline/post.py`` over both X3 clients: an ERP without any idempotency key, on bad days."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta

import pytest
from builders.bills import make_source
from builders.clock import FakeClock
from builders.crash import Crash, CrashAt, Quiet
from builders.ledgers import make_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from x3_house import APIS, invoices, make_book, make_simulator, x3_bill

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.findings import End
from stampli_assets.model.postings import State
from stampli_assets.pipeline.post import Desk, Pace, post
from stampli_assets.pipeline.unsettled import unposted
from stampli_assets.wiring import NoFaults

SETTLE = timedelta(minutes=20)
FAULTS = (
    "drop_before_commit", "drop_after_commit", "late_commit", "internal_error", "unavailable_html", "truncate",
    "rate_limit", "locked", "licence", "token_expired",
)  # fmt: skip
POINTS = (
    "", "before-intent", "intent-recorded", "before-send", "sent-not-recorded", "recorded", "verified-not-recorded",
)  # fmt: skip


class World:
    """One ledger, one folder, one clock; each :meth:`post` is a new process."""

    def __init__(self, path, api, simulator, clock) -> None:
        self.path, self.api, self.simulator, self.clock = path, api, simulator, clock

    def post(self, bills, faults=None, run="run-1"):
        ledger = make_store(self.path, now=self.clock.now)
        desk = Desk(
            ledger=ledger.postings,
            leases=ledger.leases,
            book=make_book(self.api, self.simulator.base_url, self.clock, backoff_deadline_seconds=5),
            clock=self.clock,
            source=make_source(erp="x3", company="SEED", run=run),
            faults=faults or NoFaults(),
            progress=Quiet(),
            pace=Pace(functions_per_request=2, parallel_requests=1, settle=SETTLE),
        )
        return post(bills, desk)

    @property
    def kept(self):
        return Counter(invoice["BPRVCR"] for invoice in invoices(self.simulator))


@pytest.fixture(params=APIS)
def world(request, tmp_path):
    clock = FakeClock()
    with make_simulator(request.param, clock=clock) as simulator:
        yield World(tmp_path, request.param, simulator, clock)


def states(batch):
    return [intent.posting.state for intent in batch.intents]


def test_an_invoice_whose_answer_was_lost_is_found_and_not_sent_again(world):
    world.simulator.faults.queue("drop_after_commit")
    assert states(world.post([x3_bill("A")])) == [State.POSTED]
    assert world.kept == {"A": 1}


def test_an_invoice_that_becomes_visible_late_is_waited_for(world):
    world.simulator.faults.queue("late_commit", seconds=600)
    assert states(world.post([x3_bill("A")])) == [State.UNKNOWN]
    world.clock.pass_time(minutes=11)
    assert states(world.post([x3_bill("A")], run="run-2")) == [State.POSTED]
    assert world.kept == {"A": 1}


def test_an_invoice_that_never_arrived_is_sent_again_after_the_settle_window_and_not_before(world):
    world.simulator.faults.queue("drop_before_commit")
    assert states(world.post([x3_bill("A")])) == [State.UNKNOWN]
    world.clock.pass_time(minutes=19)
    assert states(world.post([x3_bill("A")], run="run-2")) == [State.UNKNOWN]
    world.clock.pass_time(minutes=2)
    assert states(world.post([x3_bill("A")], run="run-3")) == [State.POSTED]
    assert world.kept == {"A": 1}


def test_an_invoice_that_a_person_keyed_is_adopted_or_held(world):
    make_book(world.api, world.simulator.base_url).post([(x3_bill("A"), "x"), (x3_bill("B", total="7.00"), "y")])
    batch = world.post([x3_bill("A"), x3_bill("B")])
    assert states(batch) == [State.POSTED, State.HELD]
    assert batch.intents[0].posting.adopted
    assert world.kept == {"A": 1, "B": 1}


def test_an_invoice_that_was_turned_away_while_another_was_kept_waits_for_no_person(world):
    faults = world.simulator.faults
    if world.api == "graphql":
        faults.queue("locked", at=1)
        faults.queue("locked", times=100)
    else:
        faults.queue("locked", skip=1, times=100)
    batch = world.post([x3_bill("A"), x3_bill("B")])
    assert states(batch) == [State.POSTED, State.PLANNED]
    (finding,) = unposted(batch, SETTLE)
    assert (finding.end, finding.code, finding.document) == (End.WAITING, "ERP_AWAY", "B")
    assert "locked by another user" in finding.sentence
    faults.clear()
    again = world.post([x3_bill("A"), x3_bill("B")], run="run-2")
    assert states(again) == [State.POSTED, State.POSTED]
    assert again.intents[1].posting.reason is None
    assert again.intents[1].posting.epoch == 1
    assert world.kept == {"A": 1, "B": 1}


@pytest.mark.parametrize("api", APIS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.tuples(st.sampled_from(FAULTS), st.sampled_from(POINTS)), min_size=1, max_size=4))
def test_whatever_happens_each_invoice_is_kept_exactly_once_in_the_end(tmp_path_factory, api, days):
    clock = FakeClock()
    bills = [x3_bill(number) for number in ("A", "B", "C")]
    with make_simulator(api, clock=clock) as simulator:
        world = World(tmp_path_factory.mktemp("world"), api, simulator, clock)
        for day, (fault, point) in enumerate(days):
            details = {"seconds": 300} if fault == "late_commit" else {}
            simulator.faults.queue(fault, when="create", **details)
            with contextlib.suppress(Crash, Transient, Misconfigured):
                world.post(bills, faults=CrashAt(point) if point else None, run=f"run-{day}")
            assert max(world.kept.values(), default=0) <= 1
            clock.pass_time(minutes=7)
        simulator.faults.clear()
        for last in range(3):
            clock.pass_time(minutes=21)
            with contextlib.suppress(Transient):
                batch = world.post(bills, run=f"last-{last}")
        assert states(batch) == [State.POSTED] * 3
        assert world.kept == {"A": 1, "B": 1, "C": 1}
