from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from builders.bills import make_bill
from builders.clock import FakeClock
from builders.intacct import make_book, make_gateway, make_masters, make_simulator

from stampli_assets.intacct.reference import IntacctReference
from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Posted, Refused, Unknown
from stampli_assets.model.secret import Secret

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def simulator():
    with make_simulator() as running:
        yield running


def numbered(*bills):
    return [(bill, ControlId(f"sa-{place}")) for place, bill in enumerate(bills)]


def test_a_bill_is_written_exactly_so():
    bill = make_bill(po_number="PO-77", description="Tools & parts <urgent>", term="Net 30")
    assert make_book("http://127.0.0.1:1/x").request_for(bill) == (GOLDEN / "bill.xml").read_text()


def test_bills_are_posted_and_found_again_with_their_totals(simulator):
    book = make_book(simulator.url)
    bills = [make_bill("A", total="1284.50"), make_bill("B", total="0.10")]
    outcomes = book.post(numbered(*bills))
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    found = book.find([*bills, make_bill("C")])
    assert [[record.total for record in records] for records in found] == [
        [Money(128450, "USD")],
        [Money(10, "USD")],
        [],
    ]
    assert [records[0].record_no for records in found[:2]] == [outcome.record.record_no for outcome in outcomes]


def test_one_refused_bill_does_not_take_the_others_down(simulator):
    outcomes = make_book(simulator.url).post(numbered(make_bill("A"), make_bill("B", vendor_id="V-2"), make_bill("C")))
    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
    (why,) = outcomes[1].reasons
    assert (why.code, why.sentence) == ("ERP_VENDOR_INACTIVE", "Vendor V-2 is inactive in Intacct.")
    assert "rerun from failure" in why.remedy
    assert "V-2" in why.raw


def test_results_are_matched_by_control_id_whatever_their_order(simulator):
    simulator.faults.queue("shuffle_results")
    bills = [make_bill(f"N-{n}") for n in range(7)]
    outcomes = make_book(simulator.url).post(numbered(*bills))
    by_number = {bill["RECORDID"]: bill["RECORDNO"] for bill in simulator.books.as_json()["bills"]}
    assert [outcome.record.record_no for outcome in outcomes] == [by_number[bill.number] for bill in bills]


def test_a_missing_result_is_unknown_and_the_others_are_not(simulator):
    simulator.faults.queue("drop_result", at=1)
    outcomes = make_book(simulator.url).post(numbered(make_bill("A"), make_bill("B"), make_bill("C")))
    assert [type(outcome) for outcome in outcomes] == [Posted, Unknown, Posted]


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("drop_before_commit", {}),
        ("drop_after_commit", {}),
        ("origin_timeout", {}),
        ("internal_error", {"commit": True}),
        ("unavailable_html", {}),
        ("truncate", {}),
        ("late_commit", {}),
    ],
)
def test_whatever_may_have_been_kept_is_unknown(simulator, kind, details):
    book = make_book(simulator.url)
    book.find([make_bill()])
    simulator.faults.queue(kind, **details)
    assert isinstance(book.post(numbered(make_bill()))[0], Unknown)


def test_an_answer_that_does_not_come_in_time_is_unknown(simulator):
    book = make_book(simulator.url, reply_seconds=0.3)
    book.find([make_bill()])
    simulator.faults.queue("slow", seconds=1.5)
    assert isinstance(book.post(numbered(make_bill()))[0], Unknown)


def test_a_reply_cut_at_any_byte_is_never_mistaken(simulator):
    book = make_book(simulator.url)
    bill = make_bill("FIRST")
    book.post(numbered(bill))
    from stampli_assets.intacct.envelope import Function, request
    from stampli_assets.intacct.replies import read_reply
    from stampli_assets.model.errors import OutcomeUnknown

    company = make_gateway(simulator.url).company
    body = request(company, [Function("sa-x", book._create(make_bill("SECOND")))], session_id=None, unique=True)
    whole = simulator.answer(body)[2]
    assert read_reply(whole).results[0].record_no
    for cut in range(len(whole)):
        with pytest.raises(OutcomeUnknown):
            read_reply(whole[:cut])


def test_a_gateway_that_limits_the_rate_is_asked_again_with_growing_pauses(simulator):
    clock = FakeClock()
    book = make_book(simulator.url, clock)
    book.find([make_bill()])
    simulator.faults.queue("rate_limit", times=3)
    assert isinstance(book.post(numbered(make_bill()))[0], Posted)
    assert clock.slept == [0.75, 1.5, 3.0]
    assert len(simulator.books.bills) == 1


def test_a_gateway_that_stays_away_is_transient_and_nothing_was_kept(simulator):
    book = make_book(simulator.url, backoff_deadline_seconds=10)
    book.find([make_bill()])
    simulator.faults.queue("rate_limit", times=100)
    with pytest.raises(Transient, match="limits the rate"):
        book.post(numbered(make_bill()))
    assert simulator.books.bills == {}


def test_a_refused_connection_is_certain():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Transient, match="cannot be reached"):
        make_book(f"http://127.0.0.1:{port}/x", backoff_deadline_seconds=2).post(numbered(make_bill()))


def test_the_company_is_signed_in_to_once_for_many_threads(simulator):
    gateway = make_gateway(simulator.url)
    from stampli_assets.intacct.bills import IntacctBills

    book = IntacctBills(gateway, gateway.company)
    threads = [threading.Thread(target=book.find, args=([make_bill(f"N-{n}")],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert simulator.told()["sessions"] == 1


def test_a_session_that_ends_is_renewed_and_the_call_repeated_under_its_own_control_ids(simulator):
    book = make_book(simulator.url)
    book.find([make_bill()])
    simulator.faults.queue("session_expired")
    outcomes = book.post(numbered(make_bill("A"), make_bill("B")))
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert {bill["controlid"] for bill in simulator.books.bills.values()} == {"sa-0", "sa-1"}
    assert simulator.told()["sessions"] == 2


def test_a_session_is_renewed_a_little_before_it_ends():
    clock = FakeClock()
    with make_simulator(now=clock.now, session_minutes=50) as simulator:
        book = make_book(simulator.url, clock)
        for minutes in (0, 46, 48):
            clock.pass_time(minutes=minutes)
            book.find([make_bill()])
        assert simulator.told()["sessions"] == 2
        refused = [entry for entry in simulator.requests if entry["fault"]]
        assert refused == []


def test_a_repeated_control_id_is_looked_up_and_never_taken_for_a_refusal(simulator):
    book = make_book(simulator.url)
    bill = make_bill()
    book.post([(bill, ControlId("sa-same"))])
    assert isinstance(book.post([(bill, ControlId("sa-same"))])[0], Unknown)
    assert len(simulator.books.bills) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"user_password": Secret("wrong")}, "Sign-in information is incorrect"),
        ({"entity_id": "999"}, "entity 999"),
        ({"sender_password": Secret("wrong")}, "Partner ID or password"),
    ],
)
def test_a_wrong_account_is_told_with_the_remedy_and_without_the_secret(simulator, given, words):
    with pytest.raises(Misconfigured) as refused:
        make_book(simulator.url, **given).find([make_bill()])
    assert words in refused.value.sentence
    assert refused.value.remedy
    assert "wrong" not in str(refused.value)


def test_an_endpoint_that_points_elsewhere_is_not_followed():
    company = make_gateway("https://api.intacct.com/ia/xml/xmlgw.phtml").company
    assert company.trusted_endpoint("https://na12.intacct.com/x") == "https://na12.intacct.com/x"
    for stranger in ("https://evil.example/x", "http://api.intacct.com/x", "https://xintacct.com/x"):
        with pytest.raises(Misconfigured, match="Nothing was sent"):
            company.trusted_endpoint(stranger)


def test_a_text_that_xml_cannot_carry_refuses_its_bill_alone(simulator):
    outcomes = make_book(simulator.url).post(numbered(make_bill("A", description="a\x01b"), make_bill("B")))
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]


def test_masters_are_read_page_by_page_to_the_end():
    vendors = [{"VENDORID": f"V-{n:05d}", "NAME": f"Vendor {n}", "STATUS": "active"} for n in range(4500)]
    with make_simulator(masters=make_masters(vendors=vendors)) as simulator:
        frame = IntacctReference(make_gateway(simulator.url)).vendors()
        assert frame["vendor_id"].nunique() == 4500


def test_masters_carry_status_and_required_dimensions(simulator):
    reference = IntacctReference(make_gateway(simulator.url))
    vendors, accounts, codes = reference.vendors(), reference.gl_accounts(), reference.dimensions()
    assert dict(zip(vendors["vendor_id"], vendors["status"], strict=True)) == {"V-1": "active", "V-2": "inactive"}
    assert dict(zip(accounts["account"], accounts["required_dimensions"], strict=True))["62200"] == "department"
    assert ("term", "Net 30") in set(zip(codes["dimension"], codes["code"], strict=True))


def test_many_bills_are_looked_up_in_few_requests(simulator):
    book = make_book(simulator.url)
    book.find([make_bill(f"N-{n}") for n in range(1000)])
    assert len([entry for entry in simulator.requests if "query" in entry["functions"]]) == 2


def test_a_document_of_another_vendor_with_the_same_number_is_not_ours(simulator):
    book = make_book(simulator.url)
    simulator.change_master("vendors", "V-2", {"STATUS": "active"})
    book.post(numbered(make_bill("SAME", vendor_id="V-2")))
    assert book.find([make_bill("SAME", vendor_id="V-1"), make_bill("OTHER", vendor_id="V-2")]) == [[], []]


def test_no_secret_shows_in_what_the_client_objects_print(simulator):
    gateway = make_gateway(simulator.url)
    assert "secret" not in repr(gateway)
