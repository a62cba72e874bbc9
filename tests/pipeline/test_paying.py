"""Payments over a real ledger and the gateway's simulator: recorded once, against what is really open."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from decimal import Decimal

import pytest
from builders.bills import make_source
from builders.clock import FakeClock
from builders.crash import Crash, CrashAt, Quiet
from builders.intacct import make_gateway, make_masters, make_simulator
from builders.ledgers import make_store
from builders.payments import make_payment_reference, paid, payment_lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stampli_assets.intacct.payments import IntacctPayments
from stampli_assets.mapping.rules import Rules
from stampli_assets.model.errors import StampliAssetsError, Transient
from stampli_assets.model.findings import End
from stampli_assets.pipeline.drawing import Recording
from stampli_assets.pipeline.paying import Till, pay
from stampli_assets.pipeline.post import Desk, Pace
from stampli_assets.pipeline.target import Target
from stampli_assets.sandbox.intacct import ap_team, payments
from stampli_assets.wiring import NoFaults

SETTLE = timedelta(minutes=20)


class World:
    """One company with bills of its own; each :meth:`pay` is a new process."""

    def __init__(self, folder, simulator, clock) -> None:
        self.folder, self.simulator, self.clock = folder, simulator, clock
        self.books = simulator.books

    def bill(self, number: str, total: str, *, vendor="V-1", state="Posted", currency="USD", name="bill") -> str:
        record_no = self.books.next_record()
        record = {
            "RECORDNO": record_no, "RECORDTYPE": "pi" if name == "bill" else "pa", "RECORDID": number, "VENDORID": vendor,
            "STATE": state, "CURRENCY": currency, "TRX_TOTALENTERED": total, "TRX_TOTALPAID": "0", "TRX_TOTALDUE": total,
            "AUWHENCREATED": self.clock.now().strftime("%m/%d/%Y %H:%M:%S"), "lines": [],
        }  # fmt: skip
        self.books.write({"kind": name, "record": record})
        return record_no

    def credit(self, number: str, total: str) -> str:
        return self.bill(number, f"-{total}", name="adjustment")

    def pay(self, *rows, faults=None, run="run-1", partition="20261121T0900_payments_0a1b2c3d"):
        store = make_store(self.folder, now=self.clock.now)
        gateway = make_gateway(self.simulator.url, self.clock)
        book = IntacctPayments(gateway, gateway.company)
        desk = Desk(
            ledger=store.postings,
            leases=store.leases,
            book=book,
            clock=self.clock,
            source=make_source(run=run, partition=partition),
            faults=faults or NoFaults(),
            progress=Quiet(),
            pace=Pace(functions_per_request=2, parallel_requests=1, settle=SETTLE),
        )
        till = Till(desk, store.lookups, book, Target(erp="intacct", company="ACME", entity_id="100"), Recording("EFT"))
        return pay(
            payment_lines(*rows),
            rules=Rules.load(""),
            reference=make_payment_reference(),
            till=till,
            record=lambda _: None,
        )

    def due(self, record_no: str) -> Decimal:
        kept = self.books.bills.get(record_no) or self.books.adjustments[record_no]
        return Decimal(kept["TRX_TOTALDUE"])

    @property
    def made(self) -> list[dict]:
        return list(self.books.payments.values())


@pytest.fixture
def world(tmp_path):
    clock = FakeClock()
    masters = make_masters(checking_accounts=[{"BANKACCOUNTID": "CHK-1", "STATUS": "active", "LOCATIONID": "100"}])
    with make_simulator(now=clock.now, masters=masters) as simulator:
        yield World(tmp_path, simulator, clock)


def ends(ended) -> list[tuple[End, str]]:
    return [(one.end, one.code) for one in ended.findings]


def test_one_payment_settles_several_bills_in_part_and_in_whole(world):
    first, second = world.bill("INV-1", "100.00"), world.bill("INV-2", "50.00")
    ended = world.pay(paid("SP-1", ("INV-1", "100.00"), ("INV-2", "20.00")))
    assert ends(ended) == []
    (kept,) = world.made
    assert (kept["DOCNUMBER"], kept["TRX_TOTALENTERED"], kept["PAYMENTMETHOD"]) == ("NO-SP-1", "120", "EFT")
    assert (kept["FINANCIALENTITY"], kept["WHENCREATED"]) == ("CHK-1", "11/10/2026")
    assert (world.due(first), world.due(second)) == (0, 30)
    assert world.books.bills[first]["STATE"] == "Paid"


def test_what_is_recorded_is_never_recorded_again_whatever_file_it_comes_in(world):
    world.bill("INV-1", "100.00")
    world.pay(paid("SP-1", ("INV-1", "40.00")))
    for partition in ("20261121T0900_payments_0a1b2c3d", "20261122T0900_again_99999999"):
        ended = world.pay(paid("SP-1", ("INV-1", "40.00"), payment_status="CLEARED"), partition=partition)
        assert (ends(ended), len(ended.batch.settled)) == ([], 1)
    assert len(world.made) == 1


def test_a_payment_waits_for_its_bill_to_be_there_and_released_and_goes_then(world):
    rows = paid("SP-1", ("INV-1", "100.00"))
    assert ends(world.pay(rows)) == [(End.WAITING, "BILL_NOT_POSTED")]
    record_no = world.bill("INV-1", "100.00", state="Draft")
    ended = world.pay(rows)
    assert ends(ended) == [(End.WAITING, "BILL_NOT_RELEASED")]
    assert f"record {record_no}" in ended.findings[0].remedy
    assert world.made == []
    assert ap_team.release(world.books) == 1
    assert ends(world.pay(rows)) == []
    assert world.due(record_no) == 0


def test_what_would_pay_twice_or_too_much_is_held_and_the_others_go(world):
    paid_up, open_one = world.bill("INV-1", "100.00"), world.bill("INV-2", "100.00")
    world.bill("INV-3", "9.00", currency="EUR")
    world.pay(paid("SP-1", ("INV-1", "100.00")))
    ended = world.pay(
        paid("SP-2", ("INV-1", "100.00")),
        paid("SP-3", ("INV-2", "60.00")),
        paid("SP-4", ("INV-2", "40.01")),
        paid("SP-5", ("INV-3", "9.00")),
        paid("SP-6", ("INV-2", "40.00")),
    )
    assert ends(ended) == [
        (End.HELD, "ALREADY_PAID"),
        (End.HELD, "OVERPAID"),
        (End.HELD, "CURRENCY_DIFFERS"),
    ]
    assert (world.due(paid_up), world.due(open_one), len(world.made)) == (0, 0, 3)


def test_a_discount_closes_its_bill_and_is_held_on_a_part(world):
    whole, part = world.bill("INV-1", "100.00"), world.bill("INV-2", "100.00")
    ended = world.pay(paid("SP-1", ("INV-1", "98.00", "2.00")), paid("SP-2", ("INV-2", "50.00", "1.00")))
    assert ends(ended) == [(End.HELD, "DISCOUNT_ON_PART")]
    assert (world.due(whole), world.due(part)) == (0, 100)


def test_credits_are_applied_to_the_bills_and_only_the_rest_is_cash(world):
    first, second, credit = world.bill("INV-1", "60.00"), world.bill("INV-2", "50.00"), world.credit("CM-1", "70.00")
    ended = world.pay(paid("SP-1", ("INV-1", "60.00"), ("INV-2", "50.00"), ("CM-1", "-70.00")))
    assert ends(ended) == []
    assert world.made[0]["TRX_TOTALENTERED"] == "40"
    assert [world.due(one) for one in (first, second, credit)] == [0, 0, 0]


def test_a_payment_of_credits_alone_moves_no_cash(world):
    bill, credit = world.bill("INV-1", "30.00"), world.credit("CM-1", "30.00")
    assert ends(world.pay(paid("SP-1", ("INV-1", "30.00"), ("CM-1", "-30.00")))) == []
    assert (world.due(bill), world.due(credit), world.made[0]["FINANCIALENTITY"]) == (0, 0, "")
    assert (ends(world.pay(paid("SP-1", ("INV-1", "30.00"), ("CM-1", "-30.00")))), len(world.made)) == ([], 1)


def test_what_has_not_happened_yet_is_skipped_and_shown(world):
    world.bill("INV-1", "100.00")
    rows = [paid(f"SP-{status}", ("INV-1", "10.00"), payment_status=status) for status in ("SCHEDULED", "FAILED")]
    ended = world.pay(*rows)
    assert ends(ended) == [(End.SKIPPED, "PAYMENT_SCHEDULED"), (End.SKIPPED, "PAYMENT_FAILED")]
    assert (world.made, ended.settled_or_raise()) == ([], ())


def test_an_unmapped_bank_account_is_held_with_its_rule_and_an_unknown_vendor_waits_for_its_invoice(world):
    ended = world.pay(paid("SP-1", ("INV-1", "1.00"), vendor_id="V-9", bank_account_id="OPERATING"))
    assert ends(ended) == [(End.WAITING, "BILL_NOT_POSTED")]
    assert "vendor 'V-9' (Old Mill Printing) does not exist in the ERP" in ended.findings[0].sentence
    ended = world.pay(paid("SP-1", ("INV-1", "1.00"), bank_account_id="OPERATING"))
    assert ends(ended) == [(End.HELD, "BANK_ACCOUNT_UNKNOWN")]
    assert "funding_accounts.csv: OPERATING,…" in ended.findings[0].remedy


def test_a_void_waits_until_a_person_has_reversed_the_payment(world):
    record_no = world.bill("INV-1", "100.00")
    rows = paid("SP-1", ("INV-1", "100.00"))
    world.pay(rows)
    void = paid("SP-1", ("INV-1", "100.00"), payment_status="VOIDED", void_date="2026-11-12")
    ended = world.pay(void)
    assert ends(ended) == [(End.HELD, "PAYMENT_VOIDED")]
    assert "Void payment NO-SP-1 of vendor V-1" in ended.findings[0].remedy
    payments.void(world.books, world.made[0]["RECORDNO"])
    assert ends(world.pay(void)) == [(End.SKIPPED, "PAYMENT_VOIDED")]
    assert world.due(record_no) == 100
    world.pay(rows)
    assert len(world.made) == 1


@pytest.mark.parametrize("order", ["void first", "paid first", "one file"])
def test_a_payment_that_was_voided_before_it_could_be_recorded_is_never_recorded(world, order):
    made = paid("SP-1", ("INV-1", "100.00"))
    void = paid("SP-1", ("INV-1", "100.00"), payment_status="VOIDED", void_date="2026-11-12")
    deliveries = {"void first": [[void], [made]], "paid first": [[made], [void]], "one file": [[made, void]]}[order]
    for rows in deliveries:
        world.pay(*rows)
    world.bill("INV-1", "100.00")
    for rows in deliveries:
        ended = world.pay(*rows)
        assert all(end is End.SKIPPED for end, _ in ends(ended))
    assert world.made == []


def test_a_payment_that_a_person_keyed_is_adopted_when_it_agrees_and_held_when_not(world):
    world.bill("INV-1", "100.00")
    world.bill("INV-2", "100.00")
    world.pay(paid("SP-1", ("INV-1", "100.00")), paid("SP-2", ("INV-2", "100.00")))
    with make_store(world.folder).writing() as connection:
        connection.exec_driver_sql("DELETE FROM postings")
    ended = world.pay(paid("SP-1", ("INV-1", "100.00")), paid("SP-2", ("INV-2", "99.00")))
    assert [intent.posting.adopted for intent in ended.batch.intents] == [True, False]
    assert ends(ended) == [(End.HELD, "FOUND_DIFFERENT")]
    assert len(world.made) == 2


def test_a_lost_answer_is_read_back_although_the_bill_is_paid_by_then(world):
    record_no = world.bill("INV-1", "100.00")
    world.simulator.faults.queue("late_commit", seconds=60)
    rows = paid("SP-1", ("INV-1", "100.00"))
    assert ends(world.pay(rows)) == [(End.UNKNOWN, "UNKNOWN")]
    world.clock.sleep(120)
    ended = world.pay(rows)
    assert (ends(ended), len(world.made), world.due(record_no)) == ([], 1, 0)


def test_two_files_of_one_connection_are_never_paid_at_the_same_time(world):
    world.bill("INV-1", "100.00")
    store = make_store(world.folder, now=world.clock.now)
    store.leases.take("acme_us/payments", "another-run")
    with pytest.raises(Transient):
        world.pay(paid("SP-1", ("INV-1", "100.00")))
    assert world.made == []


FAULTS = ("drop_after_commit", "drop_before_commit", "late_commit", "unavailable_html", "")
POINTS = ("opened", "looked-up", "intent-recorded", "sent-not-recorded", "recorded", "verified-not-recorded", "")


@pytest.mark.sqlite_only  # each example needs a ledger of its own
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(days=st.lists(st.tuples(st.sampled_from(FAULTS), st.sampled_from(POINTS), st.booleans()), max_size=4))
def test_whatever_happens_each_payment_is_recorded_exactly_once_in_the_end(tmp_path_factory, days):
    clock = FakeClock()
    masters = make_masters(checking_accounts=[{"BANKACCOUNTID": "CHK-1", "STATUS": "active", "LOCATIONID": "100"}])
    with make_simulator(now=clock.now, masters=masters) as simulator:
        world = World(tmp_path_factory.mktemp("pay"), simulator, clock)
        bills = [world.bill("INV-1", "100.00"), world.bill("INV-2", "50.00")]
        rows = [paid("SP-1", ("INV-1", "70.00")), paid("SP-2", ("INV-1", "30.00"), ("INV-2", "50.00"))]
        for number, (fault, point, short) in enumerate([*days, *[("", "", False)] * (len(days) + 2)]):
            if fault:
                simulator.faults.queue(fault, seconds=60)
            with contextlib.suppress(Crash, StampliAssetsError):
                world.pay(*rows, faults=CrashAt(point) if point else None, run=f"run-{number}")
            clock.sleep(90 if short else 3600)
        assert sorted(one["DOCNUMBER"] for one in world.made) == ["NO-SP-1", "NO-SP-2"]
        assert [world.due(one) for one in bills] == [0, 0]
        assert ends(world.pay(*rows)) == []
