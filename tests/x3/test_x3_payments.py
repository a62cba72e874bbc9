"""Payments in X3: recorded once, over both APIs, against invoices and credit memos that the folder holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.clock import FakeClock
from x3_house import APIS, make_api, make_book, make_door, make_simulator, numbered, usd, x3_bill

from stampli_assets.model.documents import Kind
from stampli_assets.model.errors import Transient
from stampli_assets.model.identity import Fingerprint, MappingVersion, PostingKey
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import NotSent, Posted, Refused, Unknown
from stampli_assets.model.payments import Application, Payable, Payment, Sought
from stampli_assets.x3.names import GRAPHQL, REST
from stampli_assets.x3.payments import X3GraphQLPayments, X3RestPayments
from stampli_assets.x3.schema_check import check, check_rest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=APIS)
def api(request):
    return request.param


@pytest.fixture
def simulator(api):
    with make_simulator(api) as running:
        yield running


def make_payments(api, base_url, **given):
    names = given.pop("names", {})
    door = make_door(base_url, given.pop("clock", None), **given)
    if api == "graphql":
        return X3GraphQLPayments(door, door.folder, GRAPHQL.overridden(names))
    return X3RestPayments(door, door.folder, REST.overridden(names))


def settling(record: str, amount: str, currency: str = "USD", discount: str = "0") -> Application:
    cash = Money.parse(amount, currency)
    kind = Kind.CREDIT if cash.minor < 0 else Kind.BILL
    return Application(f"ST-{record}", "INV", kind, record, cash, Money.parse(discount, currency))


def payment(number: str, *settled: Application, **given) -> Payment:
    values = {
        "key": PostingKey(f"key {number}"), "fingerprint": Fingerprint(number), "stampli_id": f"SP-{number}",
        "stampli_vendor_id": "S001", "vendor_id": "S001", "vendor_name": "Old Mill Printing", "number": number,
        "total": Money(sum(one.amount.minor for one in settled), settled[0].amount.currency),
        "mapping_version": MappingVersion("m"), "payment_date": date(2026, 11, 12), "bank_account": "CHKOP",
        "method": "EFT", "applications": settled,
    }  # fmt: skip
    return Payment(**{**values, **given})


def kept(simulator):
    return simulator.books.as_json()["payments"]


@pytest.fixture
def held(api, simulator):
    """The numbers of an invoice over 118.00 and a credit memo over 18.00 of S001, and of an invoice of S003."""
    bills = [
        x3_bill("INV", total="118.00"),
        replace(x3_bill("INV", total="-18.00"), is_credit=True),
        x3_bill("OTHER", vendor_id="S003"),
    ]
    outcomes = make_book(api, simulator.base_url).post(numbered(*bills))
    return [outcome.record.record_no for outcome in outcomes]


def test_a_payment_is_written_exactly_so(api):
    paid = payment(
        "104455", settling("BIS1", "118.00"), settling("BIS2", "-18.00"), memo="November run, second part of it"
    )
    text = make_payments(api, "https://x3.example:8124", plain_http=False).request_for(paid)
    assert text == (GOLDEN / f"{api}_payment.txt").read_text()


def test_a_payment_settles_an_invoice_less_a_credit_and_is_found_again_by_its_reference(api, simulator, held):
    book = make_payments(api, simulator.base_url)
    paid = payment("104455", settling(held[0], "100.00"), settling(held[1], "-18.00"))
    (outcome,) = book.post(numbered(paid))
    assert isinstance(outcome, Posted), outcome
    assert outcome.record.total == usd("82.00")
    (one,) = kept(simulator)
    assert (one["PAYTYP"], one["BAN"], one["REF"], one["ACCDAT"]) == ("EFT", "CHKOP", "104455", "2026-11-12")
    found = book.find([paid, replace(paid, number="104456"), replace(paid, vendor_id="S003")])
    assert [[(record.record_no, record.total) for record in records] for records in found] == [
        [(outcome.record.record_no, usd("82.00"))],
        [],
        [],
    ]


def test_what_is_open_falls_with_every_payment_and_each_kind_is_looked_up_for_itself(api, simulator, held):
    book = make_payments(api, simulator.base_url, bills_per_query=1)
    invoice, credit, nothing = (
        Sought("S001", "INV", Kind.BILL), Sought("S001", "INV", Kind.CREDIT), Sought("S001", "NONE", Kind.BILL),
    )  # fmt: skip
    assert book.payables([invoice, credit, nothing]) == {
        invoice: [Payable(held[0], usd("118.00"), "final", is_payable=True)],
        credit: [Payable(held[1], usd("18.00"), "final", is_payable=True)],
    }
    book.post(numbered(payment("1", settling(held[0], "100.00"), settling(held[1], "-18.00"))))
    left = book.payables([invoice, credit])
    assert [one.due for (one,) in left.values()] == [usd("18.00"), usd("0")]


def test_an_invoice_that_is_not_posted_in_x3_cannot_be_paid_yet(api, simulator):
    simulator.change_rules({"status_after_create": 1})
    make_book(api, simulator.base_url).post(numbered(x3_bill("DRAFT")))
    sought = Sought("S001", "DRAFT", Kind.BILL)
    ((payable,),) = make_payments(api, simulator.base_url).payables([sought]).values()
    assert not payable.is_payable
    assert not payable.is_final


@pytest.mark.parametrize(
    ("settled", "given", "code"),
    [
        ([(0, "118.01")], {}, "ERP_OVERPAID"),
        ([(2, "1.00")], {}, "ERP_PAID_INVOICE"),
        ([(9, "1.00")], {}, "ERP_PAID_INVOICE"),
        ([(0, "1.00")], {"bank_account": "NONE"}, "ERP_BANK"),
        ([(0, "1.00")], {"bank_account": "OLD"}, "ERP_BANK"),
        ([(0, "1.00")], {"method": "GOLD"}, "ERP_PAYMENT_TYPE"),
        ([(0, "1.00")], {"payment_date": date(2026, 9, 5)}, "ERP_PERIOD_CLOSED"),
        ([(0, "100.00"), (1, "-18.01")], {}, "ERP_OVERPAID"),
        ([(0, "18.00"), (1, "-18.00")], {}, "PAYMENT_WITHOUT_CASH"),
        ([(0, "1.00")], {"number": "9" * 31}, "NUMBER_TOO_LONG"),
        ([(0, "1.00")], {"memo": "a\x01"}, "CHARACTER"),
    ],
)
def test_a_payment_that_must_not_be_is_refused_with_a_sentence_and_nothing_is_paid(
    api, simulator, held, settled, given, code
):
    records = dict(enumerate(held))
    lines = [settling(records.get(place, "BIS9"), amount) for place, amount in settled]
    (refused,) = make_payments(api, simulator.base_url).post(numbered(replace(payment("1", *lines), **given)))
    assert isinstance(refused, Refused), refused
    assert refused.reasons[0].code == code, refused
    assert refused.reasons[0].remedy
    assert kept(simulator) == []


def test_a_discount_is_never_dropped(api, simulator, held):
    paid = payment("1", settling(held[0], "116.00", discount="2.00"))
    (refused,) = make_payments(api, simulator.base_url).post(numbered(paid))
    assert refused.reasons[0].code == "DISCOUNT_NOT_SENT"
    assert simulator.told()["creates"] == 3


def test_one_payment_that_is_refused_leaves_the_others(api, simulator, held):
    outcomes = make_payments(api, simulator.base_url).post(
        numbered(payment("1", settling(held[0], "999.00")), payment("2", settling(held[0], "118.00")))
    )
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]


@pytest.mark.parametrize(
    "kind", ["drop_before_commit", "drop_after_commit", "internal_error", "truncate", "late_commit"]
)
def test_a_lost_answer_is_unknown_and_never_sent_again_by_the_client(api, simulator, held, kind):
    simulator.faults.queue(kind, when="create")
    before = simulator.told()["creates"]
    (outcome,) = make_payments(api, simulator.base_url).post(numbered(payment("1", settling(held[0], "118.00"))))
    assert isinstance(outcome, Unknown)
    assert simulator.told()["creates"] == before + 1
    assert len(kept(simulator)) <= 1


def test_a_payment_that_was_turned_away_while_another_was_kept_is_tried_again_by_itself(api, simulator, held):
    if api == "graphql":
        simulator.faults.queue("locked", at=1)
        simulator.faults.queue("locked", times=100)
    else:
        simulator.faults.queue("locked", skip=1, times=100)
    book = make_payments(api, simulator.base_url, clock=FakeClock(), backoff_deadline_seconds=3)
    outcomes = book.post(numbered(payment("1", settling(held[0], "1.00")), payment("2", settling(held[0], "2.00"))))
    assert [type(outcome) for outcome in outcomes] == [Posted, NotSent]
    assert outcomes[1].why.code == "ERP_AWAY"


def test_payments_that_x3_has_no_time_for_are_transient(api, simulator, held):
    simulator.faults.queue("licence", times=100)
    with pytest.raises(Transient):
        make_payments(api, simulator.base_url, backoff_deadline_seconds=2).post(
            numbered(payment("1", settling(held[0], "1.00")))
        )


def test_a_cancelled_payment_is_found_as_voided_and_opens_its_invoice_again(api, simulator, held):
    book = make_payments(api, simulator.base_url)
    paid = payment("1", settling(held[0], "118.00"))
    book.post(numbered(paid))
    (record,) = simulator.books.payments.values()
    record["STA"] = 3
    ((found,),) = book.find([paid])
    assert (found.total, found.state) == (None, "Voided")
    ((payable,),) = book.payables([Sought("S001", "INV", Kind.BILL)]).values()
    assert payable.due == usd("118.00")


def test_the_start_up_check_looks_at_payments_only_where_they_are_recorded(api):
    wrong = {"find_payment": {"node": "money"}} if api == "graphql" else {"find_payment": {"name": "YMONEY"}}
    with make_simulator(api) as simulator:
        of = make_api(api, make_door(simulator.base_url), **wrong)
        names = (GRAPHQL if api == "graphql" else REST).overridden(wrong)
        asked = (names, of.schema()) if api == "graphql" else (names, of)
        examine = check if api == "graphql" else check_rest
        assert examine(*asked) == []
        found = examine(*asked, unused=())
        assert [problem.setting.split(".")[1] for problem in found] == ["find_payment"]
