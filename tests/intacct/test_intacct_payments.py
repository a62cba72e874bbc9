"""The client of AP payments: the exact requests, what is open, what is found again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders.intacct import make_gateway, make_masters, make_simulator
from hypothesis import given
from hypothesis import strategies as st

from stampli_assets.intacct.payments import IntacctPayments, details_of
from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import ControlId, Fingerprint, MappingVersion, PostingKey
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Posted, Refused
from stampli_assets.model.payments import Application, Payment, Sought
from stampli_assets.sandbox.intacct import payments as simulated

GOLDEN = Path(__file__).parent / "golden"


def applied(number: str, cents: int, record_no: str = "", discount: int = 0) -> Application:
    kind = Kind.CREDIT if cents < 0 else Kind.BILL
    return Application("", number, kind, record_no or f"4{number}", Money(cents, "USD"), Money(discount, "USD"))


def make_payment(*applications: Application, **given) -> Payment:
    total = Money(sum(one.amount.minor for one in applications), "USD")
    values = {
        "key": PostingKey("k" * 64), "fingerprint": Fingerprint("f"), "stampli_id": "SP-9001", "stampli_vendor_id": "V-1",
        "vendor_id": "V-1", "vendor_name": "Old Mill", "number": "104455", "total": total,
        "mapping_version": MappingVersion("m"), "payment_date": date(2026, 11, 10), "bank_account": "CHK-1",
        "method": "EFT", "applications": applications,
    }  # fmt: skip
    return Payment(**{**values, **given})


@pytest.fixture
def simulator():
    masters = make_masters(checking_accounts=[{"BANKACCOUNTID": "CHK-1", "STATUS": "active", "LOCATIONID": "100"}])
    with make_simulator(masters=masters) as running:
        yield running


def make_payments(simulator) -> IntacctPayments:
    gateway = make_gateway(simulator.url)
    return IntacctPayments(gateway, gateway.company)


def keep(simulator, record_no: str, number: str, total: str, *, name="bill", state="Posted", vendor="V-1") -> None:
    record = {"RECORDNO": record_no, "RECORDID": number, "VENDORID": vendor, "STATE": state, "CURRENCY": "USD",
              "TRX_TOTALENTERED": total, "TRX_TOTALPAID": "0", "TRX_TOTALDUE": total, "lines": []}  # fmt: skip
    simulator.books.write({"kind": name, "record": record})


@pytest.mark.parametrize(
    ("name", "payment"),
    [
        ("payment", make_payment(applied("1", 10000), applied("2", 2050), reference="TRACE-7", memo="two & more")),
        ("payment_discount", make_payment(applied("1", 9800, discount=200))),
        ("payment_credit", make_payment(applied("1", 6000), applied("2", 5000), applied("9", -7000))),
        ("payment_of_credits", make_payment(applied("1", 3000), applied("9", -3000))),
    ],
)
def test_the_request_is_the_golden_one(simulator, name, payment):
    assert make_payments(simulator).request_for(payment) == (GOLDEN / f"{name}.xml").read_text()


@given(
    bills=st.lists(st.integers(1, 10_000), min_size=1, max_size=6),
    parts=st.lists(st.integers(1, 10_000), max_size=4),
    discounted=st.sets(st.integers(0, 5)),
)
def test_credits_and_cash_add_up_to_each_bill_and_to_each_credit(bills, parts, discounted):
    credits_, left = [], sum(bills)
    for part in parts:
        credits_.append(min(part, left))
        left -= credits_[-1]
    payment = make_payment(
        *(applied(f"B{n}", cents, discount=1 if n in discounted else 0) for n, cents in enumerate(bills)),
        *(applied(f"C{n}", -cents) for n, cents in enumerate(credits_) if cents),
    )
    details = list(details_of(payment))
    assert all(detail.amount.minor > 0 for detail in details)
    for place, cents in enumerate(bills):
        assert sum(d.amount.minor for d in details if d.bill.number == f"B{place}") == cents
    for place, cents in enumerate(credits_):
        assert sum(d.amount.minor for d in details if d.credit and d.credit.number == f"C{place}") == cents
    assert sum(d.amount.minor for d in details if d.credit is None) == payment.total.minor


def test_what_is_open_is_read_for_many_with_its_state(simulator):
    keep(simulator, "4001", "INV-1", "100.5")
    keep(simulator, "4002", "INV-2", "7", state="Draft")
    keep(simulator, "4003", "INV-2", "9", vendor="V-2")
    keep(simulator, "4004", "CM-1", "-30", name="adjustment")
    keep(simulator, "4005", "INV-3", "1", state="Reversed")
    wanted = [Sought("V-1", n, Kind.BILL) for n in ("INV-1", "INV-2", "INV-3", "INV-9")] + [
        Sought("V-1", "CM-1", Kind.CREDIT)
    ]
    found = make_payments(simulator).payables(wanted)
    told = {
        one.number: [(p.record_no, str(p.due), p.is_payable, p.is_final) for p in found[one]]
        for one in wanted
        if one in found
    }
    assert told == {
        "INV-1": [("4001", "100.50", True, False)],
        "INV-2": [("4002", "7.00", False, False)],
        "INV-3": [("4005", "1.00", False, True)],
        "CM-1": [("4004", "30.00", True, False)],
    }


def test_a_payment_is_found_by_vendor_and_number_and_a_voided_one_has_no_total(simulator):
    keep(simulator, "4001", "INV-1", "100")
    book, payment = make_payments(simulator), make_payment(applied("INV-1", 4000, "4001"))
    (posted,) = book.post([(payment, ControlId("c-1"))])
    assert isinstance(posted, Posted)
    ((found,),) = book.find([payment])
    assert (found.record_no, found.total, found.state) == (posted.record.record_no, Money(4000, "USD"), "Posted")
    simulated.void(simulator.books, found.record_no)
    ((voided,),) = book.find([payment])
    assert (voided.total, voided.state) == (None, "Voided")


def test_a_refusal_of_one_payment_leaves_the_others_of_the_request_recorded(simulator):
    keep(simulator, "4001", "INV-1", "100")
    book = make_payments(simulator)
    good, bad = make_payment(applied("INV-1", 4000, "4001")), make_payment(applied("INV-7", 1, "7777"), number="2")
    odd = make_payment(applied("INV-1", 1, "4001"), number="3", memo="\x01")
    ends = book.post([(good, ControlId("c-1")), (bad, ControlId("c-2")), (odd, ControlId("c-3"))])
    assert [type(end) for end in ends] == [Posted, Refused, Refused]
    assert len(simulator.books.payments) == 1
