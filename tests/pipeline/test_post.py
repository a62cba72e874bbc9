"""The exactly-once rule over a real ledger and a gateway that has bad days."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from builders.bills import make_bill, make_source
from builders.clock import FakeClock
from builders.crash import Crash, CrashAt, Quiet
from builders.intacct import make_book, make_simulator
from builders.ledgers import make_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.findings import End
from stampli_assets.model.postings import Conflict, Decision, State
from stampli_assets.model.secret import Secret
from stampli_assets.pipeline.post import Desk, Pace, post
from stampli_assets.pipeline.unsettled import superseded, unposted
from stampli_assets.wiring import NoFaults

SETTLE = timedelta(minutes=20)


class World:
    """One ledger, one gateway, one clock; each :meth:`post` is a new process."""

    def __init__(self, folder, simulator, clock) -> None:
        self.folder, self.simulator, self.clock = folder, simulator, clock
        self.requests = 0

    def post(self, *bills, faults=None, run="run-1", partition="20261121T0900_invoices_0a1b2c3d", **company):
        pace = Pace(functions_per_request=2, parallel_requests=1, settle=SETTLE)
        ledger = self.ledger
        desk = Desk(
            ledger=ledger.postings,
            leases=ledger.leases,
            book=make_book(self.simulator.url, self.clock, **company),
            clock=self.clock,
            source=make_source(run=run, partition=partition),
            faults=faults or NoFaults(),
            progress=Quiet(),
            pace=pace,
        )
        return post(bills, desk)

    @property
    def ledger(self) -> LedgerStore:
        return make_store(self.folder, now=self.clock.now)

    def lose_the_ledger(self) -> None:
        with self.ledger.writing() as connection:
            for table in ("postings", "decisions", "leases"):
                connection.execute(text(f"DELETE FROM {table}"))

    @property
    def held(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for bill in self.simulator.books.as_json()["bills"]:
            counts[bill["RECORDID"]] = counts.get(bill["RECORDID"], 0) + 1
        return counts


@pytest.fixture
def world(tmp_path):
    clock = FakeClock()
    with make_simulator(now=clock.now) as simulator:
        yield World(tmp_path, simulator, clock)


def states(batch) -> list[State]:
    return [intent.posting.state for intent in batch.intents]


def ends(batch) -> list[End]:
    return [finding.end for finding in unposted(batch, SETTLE)]


def test_every_bill_is_posted_once_however_often_it_is_run(world):
    bills = [make_bill(f"N-{n}") for n in range(5)]
    for _ in range(3):
        assert states(world.post(*bills)) == [State.POSTED] * 5
    assert world.held == {f"N-{n}": 1 for n in range(5)}
    assert world.simulator.told()["creates"] == 5


def test_a_bill_that_was_keyed_by_hand_is_adopted_when_it_agrees_and_held_when_not(world, tmp_path):
    world.post(make_bill("SAME", total="10.00"), make_bill("OTHER", total="10.00"))
    world.lose_the_ledger()
    batch = world.post(make_bill("SAME", total="10.00"), make_bill("OTHER", total="11.00"))
    assert [intent.posting.adopted for intent in batch.intents] == [True, False]
    (finding,) = unposted(batch, SETTLE)
    assert (finding.end, finding.code) == (End.HELD, "FOUND_DIFFERENT")
    assert "10.00 USD" in finding.sentence
    assert "11.00 USD" in finding.sentence
    assert world.held == {"SAME": 1, "OTHER": 1}


def test_a_bill_that_the_erp_holds_twice_is_for_a_person(world, tmp_path):
    world.post(make_bill())
    world.lose_the_ledger()
    world.simulator.books.bills["9999"] = {**world.simulator.books.bills["4001"], "RECORDNO": "9999"}
    (finding,) = unposted(world.post(make_bill()), SETTLE)
    assert finding.code == "FOUND_TWICE"
    assert "2 times: record 4001" in finding.sentence
    assert world.simulator.told()["creates"] == 1


@pytest.mark.parametrize("point", ["before-intent", "intent-recorded", "sent-not-recorded", "recorded"])
def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(world, point):
    bills = [make_bill(f"N-{n}") for n in range(3)]
    with pytest.raises(Crash):
        world.post(*bills, faults=CrashAt(point))
    world.post(*bills)
    world.clock.pass_time(minutes=21)
    assert states(world.post(*bills)) == [State.POSTED] * 3
    assert world.held == {f"N-{n}": 1 for n in range(3)}


def test_a_crash_while_reading_back_changes_nothing(world):
    world.simulator.faults.queue("drop_after_commit")
    with pytest.raises(Crash):
        world.post(make_bill(), faults=CrashAt("verified-not-recorded"))
    assert states(world.post(make_bill())) == [State.POSTED]
    assert world.held == {"INV-1": 1}


def test_a_lost_answer_is_read_back_at_once_and_not_sent_again(world):
    world.simulator.faults.queue("drop_after_commit")
    assert states(world.post(make_bill("A"), make_bill("B"))) == [State.POSTED] * 2
    assert world.simulator.told()["creates"] == 2


def test_a_lost_request_waits_for_the_settle_window_and_is_then_sent_under_the_same_control_id(world):
    world.simulator.faults.queue("drop_before_commit")
    first = world.post(make_bill())
    assert ends(first) == [End.UNKNOWN]
    world.clock.pass_time(minutes=19)
    assert ends(world.post(make_bill())) == [End.UNKNOWN]
    assert world.simulator.told()["creates"] == 1
    world.clock.pass_time(minutes=2)
    assert states(world.post(make_bill())) == [State.POSTED]
    (bill,) = world.simulator.books.bills.values()
    assert bill["controlid"].endswith("0001")


@pytest.mark.parametrize("gateway_says", ["error", "replay"])
def test_a_commit_that_shows_long_after_the_window_is_known_to_the_gateway_and_never_doubled(world, gateway_says):
    world.simulator.change_rules({"duplicate_controlid": gateway_says})
    world.simulator.faults.queue("late_commit", seconds=7200)
    world.post(make_bill())
    for _ in range(3):
        world.clock.pass_time(minutes=30)
        world.post(make_bill())
    assert len(world.simulator.books.bills) == 1
    world.clock.pass_time(minutes=60)
    assert states(world.post(make_bill())) == [State.POSTED]
    assert len(world.simulator.books.bills) == 1


def test_what_the_erp_has_taken_and_does_not_show_waits_for_a_person_who_says_that_it_is_absent(world):
    world.simulator.faults.queue("drop_after_commit")
    with pytest.raises(Crash):
        world.post(make_bill(), faults=CrashAt("sent-not-recorded"))
    world.simulator.books.bills.clear()  # somebody deleted it before we looked
    world.clock.pass_time(minutes=30)
    (finding,) = unposted(world.post(make_bill()), SETTLE)
    assert (finding.end, finding.code) == (End.UNKNOWN, "REPEATED")
    assert "stampli decide absent" in finding.remedy
    asked = world.simulator.told()["creates"]
    world.clock.pass_time(minutes=300)
    assert ends(world.post(make_bill())) == [End.UNKNOWN]
    assert (world.simulator.books.bills, world.simulator.told()["creates"]) == ({}, asked)
    world.ledger.decisions.decide("INV-1", Decision.ABSENT, by="R. Controller", because="looked in Intacct")
    assert states(world.post(make_bill())) == [State.POSTED]
    assert len(world.simulator.books.bills) == 1


def test_a_number_that_differs_only_in_case_or_spaces_is_flagged_until_a_person_says_that_it_is_another(world):
    world.post(make_bill("INV 7"))
    (finding,) = unposted(world.post(make_bill("inv7"), make_bill("INV-8")), SETTLE)
    assert (finding.end, finding.document, finding.code) == (End.HELD, "inv7", "LOOKALIKE")
    assert "INV 7" in finding.sentence
    assert world.held == {"INV 7": 1, "INV-8": 1}
    world.ledger.decisions.decide("inv7", Decision.DISTINCT, by="R. Controller", because="two deliveries")
    assert states(world.post(make_bill("inv7"))) == [State.POSTED]


def test_two_numbers_of_one_file_that_look_the_same_are_both_flagged(world):
    found = unposted(world.post(make_bill("a-1", first_row=1), make_bill("A-1", first_row=2), make_bill("B")), SETTLE)
    assert [(one.document, one.code) for one in found] == [("a-1", "LOOKALIKE"), ("A-1", "LOOKALIKE")]
    assert "row 2 of this file" in found[0].sentence
    assert world.held == {"B": 1}


def test_lookalikes_of_different_vendors_are_nobodys_business(world):
    world.simulator.change_master("vendors", "V-2", {"STATUS": "active"})
    batch = world.post(make_bill("A 1"), make_bill("a1", vendor_id="V-2"))
    assert states(batch) == [State.POSTED] * 2


def test_a_second_run_of_a_file_waits_while_the_first_one_works_on_it(world):
    lease = world.ledger.leases.take(f"acme_us/{make_source().partition}", "somebody else's run")
    with pytest.raises(Transient, match="Another run"):
        world.post(make_bill())
    world.ledger.leases.release(lease)
    assert states(world.post(make_bill())) == [State.POSTED]


class TakenOver:
    """While this worker stands still at a point, its lease ends and another run takes the file over."""

    def __init__(self, world, point: str, *, standstill: float) -> None:
        self.world, self.point, self.standstill = world, point, standstill

    def reach(self, point: str) -> None:
        if point == self.point:
            self.point = ""
            self.world.clock.pass_time(seconds=self.standstill)
            self.world.post(*[make_bill(f"N-{n}") for n in range(3)], run="run-2")


@pytest.mark.parametrize("standstill", [100, 1500])
@pytest.mark.parametrize("point", ["leased", "before-intent", "intent-recorded", "before-send", "sent-not-recorded"])
def test_a_worker_that_stood_still_past_its_lease_sends_nothing_more(world, point, standstill):
    bills = [make_bill(f"N-{n}") for n in range(3)]
    with contextlib.suppress(Transient):
        world.post(*bills, faults=TakenOver(world, point, standstill=standstill))
    world.clock.pass_time(minutes=21)
    assert states(world.post(*bills, run="run-3")) == [State.POSTED] * 3
    assert world.held == {f"N-{n}": 1 for n in range(3)}
    assert world.simulator.told()["creates"] == 3


def test_a_commit_that_shows_late_is_found_within_the_window_and_never_doubled(world):
    world.simulator.faults.queue("late_commit", seconds=600)
    assert ends(world.post(make_bill())) == [End.UNKNOWN]
    world.clock.pass_time(minutes=11)
    assert states(world.post(make_bill())) == [State.POSTED]
    assert world.held == {"INV-1": 1}


def test_what_was_sent_is_read_back_by_the_vendor_that_it_was_sent_to(world):
    world.simulator.change_master("vendors", "V-2", {"STATUS": "active"})
    world.simulator.faults.queue("late_commit", seconds=60)
    world.post(make_bill(stampli_vendor_id="S", vendor_id="V-1"))
    world.clock.pass_time(minutes=2)
    assert states(world.post(make_bill(stampli_vendor_id="S", vendor_id="V-2"))) == [State.POSTED]
    assert len(world.simulator.books.bills) == 1


def test_a_read_back_that_finds_another_amount_is_for_a_person(world):
    world.simulator.faults.queue("drop_after_commit")
    with pytest.raises(Crash):
        world.post(make_bill(), faults=CrashAt("sent-not-recorded"))
    record = next(iter(world.simulator.books.bills.values()))
    record["TRX_TOTALENTERED"] = "999"
    (finding,) = unposted(world.post(make_bill()), SETTLE)
    assert (finding.end, finding.code) == (End.HELD, "FOUND_DIFFERENT")


def test_refused_bills_tell_why_and_go_when_they_are_mended(world):
    batch = world.post(make_bill("A"), make_bill("B", vendor_id="V-2"))
    (finding,) = unposted(batch, SETTLE)
    assert (finding.end, finding.document, finding.code) == (End.REFUSED, "B", "ERP_VENDOR_INACTIVE")
    world.simulator.change_master("vendors", "V-2", {"STATUS": "active"})
    assert states(world.post(make_bill("A"), make_bill("B", vendor_id="V-2"))) == [State.POSTED] * 2
    assert world.simulator.told()["creates"] == 3


def test_a_posted_bill_that_comes_changed_is_held_and_nothing_is_sent(world):
    world.post(make_bill(total="10.00"))
    batch = world.post(make_bill(total="12.00"))
    assert batch.intents[0].posting.conflict is Conflict.CHANGED
    (finding,) = unposted(batch, SETTLE)
    assert "posted as record" in finding.sentence
    assert world.simulator.told()["creates"] == 1


def test_a_bill_that_changed_while_its_answer_was_lost_is_settled_first_and_then_held(world):
    world.simulator.faults.queue("late_commit", seconds=60)
    world.post(make_bill(total="10.00"))
    world.clock.pass_time(minutes=2)
    batch = world.post(make_bill(total="12.00"))
    assert (states(batch), batch.intents[0].posting.conflict) == ([State.POSTED], Conflict.CHANGED)
    assert [bill["TRX_TOTALENTERED"] for bill in world.simulator.books.bills.values()] == ["10"]


EARLIER, LATER = "20261121T0800_invoices_11111111", "20261121T1000_invoices_22222222"


def test_of_two_deliveries_the_later_one_counts_whatever_order_they_are_run_in(world):
    world.post(make_bill(total="12.00"), partition=LATER)
    batch = world.post(make_bill(total="10.00"), partition=EARLIER)
    assert batch.intents[0].posting.conflict is Conflict.SUPERSEDED
    assert (unposted(batch, SETTLE), [one.code for one in superseded(batch)]) == ([], ["SUPERSEDED"])
    assert len(batch.settled) == 1
    assert [bill["TRX_TOTALENTERED"] for bill in world.simulator.books.bills.values()] == ["12"]


def test_a_later_approval_takes_the_place_of_one_that_was_not_posted_and_the_earlier_file_cannot_bring_it_back(world):
    inactive = {"vendor_id": "V-2"}
    world.post(make_bill(total="10.00", **inactive), partition=EARLIER)
    world.post(make_bill(total="12.00", **inactive), partition=LATER)
    world.simulator.change_master("vendors", "V-2", {"STATUS": "active"})
    batch = world.post(make_bill(total="10.00", **inactive), partition=EARLIER)
    assert (batch.intents[0].posting.conflict, batch.unsettled) == (Conflict.SUPERSEDED, ())
    assert states(world.post(make_bill(total="12.00", **inactive), partition=LATER)) == [State.POSTED]
    assert [bill["TRX_TOTALENTERED"] for bill in world.simulator.books.bills.values()] == ["12"]


def test_an_earlier_file_settles_what_the_later_one_sent_without_an_answer(world):
    world.simulator.faults.queue("late_commit", seconds=60)
    world.post(make_bill(total="12.00"), partition=LATER)
    world.clock.pass_time(minutes=2)
    batch = world.post(make_bill(total="10.00"), partition=EARLIER)
    assert (states(batch), batch.intents[0].posting.conflict) == ([State.POSTED], Conflict.SUPERSEDED)


def test_an_erp_that_turns_us_away_stops_the_sending_and_nothing_is_unknown(world):
    world.simulator.faults.queue("rate_limit", skip=1, times=1000)
    batch = world.post(*(make_bill(f"N-{n}") for n in range(6)), backoff_deadline_seconds=5)
    assert isinstance(batch.stopped_by, Transient)
    assert states(batch) == [State.POSTED] * 2 + [State.PLANNED] * 4
    assert ends(batch) == [End.WAITING] * 4
    world.simulator.faults.clear()
    assert states(world.post(*(make_bill(f"N-{n}") for n in range(6)))) == [State.POSTED] * 6


def test_a_wrong_password_stops_before_anything_is_intended(world):
    with pytest.raises(Misconfigured):
        world.post(make_bill(), user_password=Secret("wrong"))
    assert world.simulator.told()["creates"] == 0


def test_an_intent_that_got_old_before_it_was_sent_is_not_sent(world):
    class Dawdle:
        def reach(self, point: str) -> None:
            if point == "intent-recorded":
                world.clock.pass_time(minutes=2)

    batch = world.post(make_bill(), faults=Dawdle())
    assert batch.stopped_by is not None
    assert batch.stopped_by.code == "STALE_INTENT"
    assert (states(batch), world.simulator.told()["creates"]) == ([State.PLANNED], 0)


def test_two_stampli_vendors_with_one_erp_vendor_and_number_make_one_bill(world):
    world.post(make_bill("N", stampli_vendor_id="S-1"))
    batch = world.post(make_bill("N", stampli_vendor_id="S-2"))
    assert batch.intents[0].posting.conflict is Conflict.TWIN
    assert world.held == {"N": 1}


def test_several_connections_post_side_by_side_without_mixing_answers(world):
    bills = [make_bill(f"N-{n}", total=f"{n + 1}.00") for n in range(40)]
    world.simulator.faults.queue("shuffle_results", times=5)
    desk = Desk(
        ledger=world.ledger.postings,
        leases=world.ledger.leases,
        book=make_book(world.simulator.url),
        clock=world.clock,
        source=make_source(),
        faults=NoFaults(),
        progress=Quiet(),
        pace=Pace(functions_per_request=3, parallel_requests=4, settle=SETTLE),
    )
    batch = post(bills, desk)
    books = {bill["RECORDNO"]: bill for bill in world.simulator.books.as_json()["bills"]}
    for intent in batch.intents:
        assert books[intent.posting.record_no]["RECORDID"] == intent.document.number


KINDS = st.sampled_from(
    ["drop_before_commit", "drop_after_commit", "truncate", "internal_error", "unavailable_html", "shuffle_results",
     "drop_result", "session_expired", "rate_limit", "late_commit"]
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults=st.lists(st.tuples(KINDS, st.integers(0, 2)), max_size=4),
    crash=st.sampled_from(["", "intent-recorded", "sent-not-recorded", "recorded", "verified-not-recorded"]),
    count=st.integers(1, 5),
)
def test_whatever_goes_wrong_each_bill_ends_in_the_books_exactly_once(tmp_path_factory, faults, crash, count):
    clock = FakeClock()
    bills = [make_bill(f"N-{n}", total=f"{n + 1}.50") for n in range(count)]
    with make_simulator(now=clock.now) as simulator:
        world = World(tmp_path_factory.mktemp("world"), simulator, clock)
        world.lose_the_ledger()
        for kind, skip in faults:
            simulator.faults.queue(kind, skip=skip, seconds=300)
        with contextlib.suppress(Crash, Transient):
            world.post(*bills, faults=CrashAt(crash) if crash else None, backoff_deadline_seconds=5)
        simulator.faults.clear()
        for _ in range(3):
            clock.pass_time(minutes=21)
            batch = world.post(*bills)
        assert states(batch) == [State.POSTED] * count
        totals = {bill["RECORDID"]: bill["TRX_TOTALENTERED"] for bill in simulator.books.bills.values()}
        assert len(simulator.books.bills) == count
        assert totals == {f"N-{n}": f"{n + 1}.5" for n in range(count)}
