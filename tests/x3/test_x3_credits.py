"""Credit memos, tax and foreign currencies, over both APIs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from builders.bills import make_source
from builders.clock import FakeClock
from builders.crash import Quiet
from builders.ledgers import make_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from x3_house import APIS, invoices, make_book, make_masters, make_simulator, numbered, x3_bill

from stampli_assets.model.documents import Bill, BillLine, Dimension, Exchange, Kind
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Posted, Refused
from stampli_assets.model.postings import State
from stampli_assets.pipeline.post import Desk, Pace, post
from stampli_assets.wiring import NoFaults

GOLDEN = Path(__file__).parent / "golden"
RATE = {"create_invoice": {"fields": {"rate": "currencyRate"}}}
NAMED = {"graphql": RATE, "rest": {"create_invoice": {"fields": {"rate": "RATMLT"}}}}


@pytest.fixture(params=APIS)
def api(request):
    return request.param


@pytest.fixture
def simulator(api):
    with make_simulator(api) as running:
        yield running


def document(number: str, *lines: tuple[str, str | None, str], currency: str = "USD", **given) -> Bill:
    """A bill of lines (amount, tax, tax code); below zero it is a credit."""
    money = [
        (Money.parse(net, currency), Money.parse(tax, currency) if tax else None, code) for net, tax, code in lines
    ]
    made = tuple(
        BillLine(place, "62200", net, "Paper", ((Dimension.DEPARTMENT, "200"),), tax=tax, tax_code=code)
        for place, (net, tax, code) in enumerate(money, start=1)
    )
    total = sum((net.minor + (tax.minor if tax else 0) for net, tax, _ in money), 0)
    bill = x3_bill(number, currency=currency, lines=made, **given)
    return replace(bill, total=Money(total, currency), is_credit=total < 0)


def posted(api, simulator, *bills, **given):
    (outcomes) = make_book(api, simulator.base_url, **given).post(numbered(*bills))
    assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
    return outcomes


# ---- credit memos


def test_a_taxed_credit_in_a_foreign_currency_is_written_exactly_so(api):
    credit = document(
        "CM-7", ("-100.00", "-8.00", "T8"), ("25.00", None, ""), currency="EUR", original_number="INV-1",
        exchange=Exchange(rate=Decimal("1.0842"), day=date(2026, 11, 2), type="dailyRate" if api == "graphql" else "1"),
    )  # fmt: skip
    book = make_book(api, "https://x3.example:8124", plain_http=False, names=NAMED[api])
    assert book.request_for(credit) == (GOLDEN / f"{api}_credit.txt").read_text()


def test_a_credit_is_a_credit_memo_over_a_positive_amount_and_comes_back_with_our_sign(api, simulator):
    credit = document("CM-1", ("-118.00", None, ""), ("18.00", None, ""), original_number="INV-1")
    (outcome,) = posted(api, simulator, credit)
    (kept,) = invoices(simulator)
    assert (kept["INVTYP"], kept["SNS"], kept["AMTATI"], kept["INVNUM"]) == (2, -1, "100.00", "INV-1")
    assert [(line["AMTNOTLIN"], line["BPSINVLIGA"][0]["AMT"]) for line in kept["BPSINVLIG"]] == [
        ("118.00", "118.00"),
        ("-18.00", "-18.00"),
    ]
    assert outcome.record.total == credit.total == Money.parse("-100.00", "USD")
    ((found,),) = make_book(api, simulator.base_url).find([credit])
    assert (found.record_no, found.total) == (kept["NUM"], credit.total)


def test_an_invoice_and_a_credit_of_one_number_are_two_documents(api, simulator):
    invoice, credit = document("SAME", ("118.00", None, "")), document("SAME", ("-118.00", None, ""))
    book = make_book(api, simulator.base_url)
    posted(api, simulator, invoice)
    assert [len(found) for found in book.find([invoice, credit])] == [1, 0]
    posted(api, simulator, credit)
    found = book.find([invoice, credit])
    assert [[record.total for record in records] for records in found] == [[invoice.total], [credit.total]]
    assert credit.kind is Kind.CREDIT


def test_a_credit_note_that_a_person_keyed_stands_for_our_credit(api, simulator):
    credit = document("CM-1", ("-118.00", None, ""))
    posted(api, simulator, credit)
    (kept,) = simulator.books.supplier_invoices.values()
    kept["INVTYP"] = 4
    ((found,),) = make_book(api, simulator.base_url).find([credit])
    assert found.total == credit.total


def test_a_folder_with_other_words_for_its_kinds_is_served(api, simulator):
    names = {"credit_kind": "creditNote" if api == "graphql" else "4"}
    posted(api, simulator, document("CM-1", ("-1.00", None, "")), names=names)
    assert [kept["INVTYP"] for kept in invoices(simulator)] == [4]


@pytest.mark.parametrize("amount", ["118.00", "-118.00"])
def test_a_document_whose_sign_contradicts_its_kind_is_not_sent(api, simulator, amount):
    wrong = document("X", (amount, None, ""))
    (refused,) = make_book(api, simulator.base_url).post(numbered(replace(wrong, is_credit=not wrong.is_credit)))
    assert refused.reasons[0].code == "SIGN"
    assert simulator.told()["creates"] == 0


# ---- tax


def test_tax_goes_as_a_code_for_each_line_and_both_totals_agree(api, simulator):
    bill = document("TAXED", ("100.00", "8.00", "T8"), ("50.00", "0.00", "NT"), ("10.00", None, ""))
    (outcome,) = posted(api, simulator, bill)
    (kept,) = invoices(simulator)
    assert [(line["AMTNOTLIN"], line["VAT"], line["AMTATILIN"]) for line in kept["BPSINVLIG"]] == [
        ("100.00", "T8", "108.00"),
        ("50.00", "NT", "50.00"),
        ("10.00", "NT", "10.00"),
    ]
    assert (kept["AMTNOT"], kept["AMTATI"]) == ("160.00", "168.00")
    assert outcome.record.total == bill.total


def test_a_tax_that_x3_computes_otherwise_is_refused_with_both_amounts(api, simulator):
    (refused,) = make_book(api, simulator.base_url).post(numbered(document("OFF", ("100.00", "8.01", "T8"))))
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "ERP_TOTAL"
    assert "X3 computes 108.00 from lines and tax, the invoice says 108.01" in refused.reasons[0].sentence
    assert "tax_codes.csv" in refused.reasons[0].remedy
    assert invoices(simulator) == []


@pytest.mark.parametrize("rules", [{"total_difference": "warn"}, {"total_tolerance": "0.01"}])
def test_a_cent_that_x3_lets_pass_is_found_and_held(api, tmp_path, rules):
    clock = FakeClock()
    with make_simulator(api, clock=clock, masters=make_masters(rules=rules)) as simulator:
        ledger = make_store(tmp_path, now=clock.now)
        desk = Desk(
            ledger=ledger.postings,
            leases=ledger.leases,
            book=make_book(api, simulator.base_url, clock),
            clock=clock,
            source=make_source(erp="x3", company="SEED"),
            faults=NoFaults(),
            progress=Quiet(),
            pace=Pace(settle=timedelta(minutes=20)),
        )
        for _ in range(2):
            batch = post([document("OFF", ("100.00", "8.01", "T8")), document("GOOD", ("1.00", None, ""))], desk)
            off, good = (intent.posting for intent in batch.intents)
            assert (off.state, good.state) == (State.HELD, State.POSTED)
            assert off.reason.code == "FOUND_DIFFERENT"
            assert "108.00 USD" in off.reason.sentence
            assert "108.01 USD" in off.reason.sentence
        assert len(invoices(simulator)) == 2


# ---- currencies


@pytest.mark.parametrize(
    ("currency", "net", "tax"), [("JPY", "106", "8"), ("KWD", "1.006", "0.080"), ("EUR", "0.06", "0.00")]
)
def test_amounts_are_exact_in_currencies_of_any_number_of_decimals(api, simulator, currency, net, tax):
    invoice = document("A", (net, tax, "T8"), currency=currency)
    credit = document("A", (f"-{net}", f"-{tax}", "T8"), currency=currency)
    outcomes = posted(api, simulator, invoice, credit)
    assert [outcome.record.total for outcome in outcomes] == [invoice.total, credit.total]
    found = make_book(api, simulator.base_url).find([invoice, credit])
    assert [[record.total for record in records] for records in found] == [[invoice.total], [credit.total]]


def test_the_day_and_the_kind_of_rates_go_along_and_otherwise_x3_takes_its_own(api, simulator):
    kind = "monthlyRate" if api == "graphql" else "2"
    for number, exchange in (
        ("A", None),
        ("B", Exchange(day=date(2026, 11, 4))),
        ("C", Exchange(type=kind)),
    ):
        posted(api, simulator, document(number, ("10.00", None, ""), currency="EUR", exchange=exchange))
    told = [(one["CURTYP"], one["RATDAT"], one["RATMLT"], one["AMTATIL"]) for one in invoices(simulator)]
    assert told == [
        (1, "2026-11-02", "1.0842", "10.84"),
        (1, "2026-11-04", "1.10", "11.00"),
        (2, "2026-11-02", "1.05", "10.50"),
    ]


def test_a_rate_of_its_own_is_sent_where_the_settings_name_its_place_and_never_dropped(api, simulator):
    bill = document("A", ("10.00", None, ""), currency="EUR", exchange=Exchange(rate=Decimal("1.23")))
    (refused,) = make_book(api, simulator.base_url).post(numbered(bill))
    assert refused.reasons[0].code == "RATE_NOT_SENT"
    assert "names: {create_invoice: {fields: {rate: …}}}" in refused.reasons[0].remedy
    posted(api, simulator, bill, names=NAMED[api])
    assert [one["RATMLT"] for one in invoices(simulator)] == ["1.23"]


def test_a_currency_without_a_rate_names_the_currency_and_the_day(api, simulator):
    (refused,) = make_book(api, simulator.base_url).post(numbered(document("A", ("10.00", None, ""), currency="GBP")))
    assert refused.reasons[0].code == "ERP_RATE"
    assert refused.reasons[0].sentence == "X3 has no exchange rate for GBP on 2026-11-02."


MINOR = st.integers(-(10**7), 10**7)


@pytest.mark.parametrize("api", APIS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    nets=st.lists(MINOR, min_size=1, max_size=5).filter(sum),
    taxed=st.booleans(),
)
def test_whatever_is_posted_is_found_again_to_the_last_unit_under_its_own_kind(api, currency, nets, taxed):
    total = Money(sum(nets), currency)
    code = ("NT", Money(0, currency)) if taxed else ("", None)
    lines = tuple(
        BillLine(place, "64500", Money(net, currency), "", tax=code[1], tax_code=code[0])
        for place, net in enumerate(nets, start=1)
    )
    bill = x3_bill("N", currency=currency, lines=lines)
    bill = replace(bill, total=total, is_credit=total.minor < 0)
    with make_simulator(api) as simulator:
        (outcome,) = posted(api, simulator, bill)
        assert outcome.record.total == total
        other = replace(bill, is_credit=not bill.is_credit, total=-total)
        mine, theirs = make_book(api, simulator.base_url).find([bill, other])
        assert ([record.total for record in mine], theirs) == ([total], [])
