from __future__ import annotations

import socket
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.clock import FakeClock
from x3_house import APIS, invoices, make_book, make_masters, make_simulator, numbered, usd, x3_bill

from stampli_assets.model.documents import BillLine, Dimension
from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.outcome import NotSent, Posted, Refused, Unknown

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=APIS)
def api(request):
    return request.param


@pytest.fixture
def simulator(api):
    with make_simulator(api) as running:
        yield running


def test_a_bill_is_written_exactly_so(api):
    bill = x3_bill(po_number="PO-77", description='Tools & "parts" for the presses of the north hall', total="1284.50")
    bill = replace(
        bill,
        lines=(
            BillLine(1, "62200", usd("1000.00"), "Paper", ((Dimension.LOCATION, "110"), (Dimension.DEPARTMENT, "200"))),
            BillLine(2, "64500", usd("284.50"), "Frais d'envoi é", ()),
        ),
    )
    text = make_book(api, "https://x3.example:8124", plain_http=False).request_for(bill)
    assert text == (GOLDEN / f"{api}_create.txt").read_text()


def test_bills_are_posted_and_found_again_with_their_totals(api, simulator):
    book = make_book(api, simulator.base_url)
    bills = [x3_bill("A", total="1284.50"), x3_bill("B", total="0.10")]
    outcomes = book.post(numbered(*bills))
    assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
    found = book.find([*bills, x3_bill("C")])
    assert [[record.total for record in records] for records in found] == [[usd("1284.50")], [usd("0.10")], []]
    assert [records[0].record_no for records in found[:2]] == [outcome.record.record_no for outcome in outcomes]
    assert [outcome.record.total for outcome in outcomes] == [usd("1284.50"), usd("0.10")]
    assert [(i["BPRVCR"], i["FCY"], i["ACCDAT"], i["BPRDAT"], i["PTE"]) for i in invoices(simulator)] == [
        ("A", "F01", "2026-11-02", "2026-11-02", "NET30"),
        ("B", "F01", "2026-11-02", "2026-11-02", "NET30"),
    ]


def test_each_dimension_of_a_line_lands_on_it_with_the_whole_amount(api, simulator):
    make_book(api, simulator.base_url).post(numbered(x3_bill(total="118.00")))
    (line,) = invoices(simulator)[0]["BPSINVLIG"]
    assert [(row["DIE"], row["CCE"], row["AMT"]) for row in line["BPSINVLIGA"]] == [
        ("CCT", "200", "118.00"),
        ("LOC", "110", "118.00"),
    ]


def test_one_refused_bill_does_not_take_the_others_down(api, simulator):
    bills = (x3_bill("A"), x3_bill("B", vendor_id="S002"), x3_bill("C"))
    outcomes = make_book(api, simulator.base_url).post(numbered(*bills))
    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
    (why,) = outcomes[1].reasons
    assert (why.code, why.sentence) == ("ERP_SUPPLIER", "Supplier S002 is not active in X3.")
    assert "vendors.csv" in why.remedy
    assert "S002" in why.raw


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"account": "69100"}, "ERP_ACCOUNT", "Line 1: GL account 69100 is not allowed for the site F01"),
        ({"account": "12"}, "ERP_ACCOUNT", "Line 1: GL account 12 does not exist"),
        ({"dimensions": ()}, "ERP_DIMENSION_MISSING", "Line 1: GL account 62200 requires a dimension of type CCT"),
        (
            {"dimensions": ((Dimension.DEPARTMENT, "400"),)},
            "ERP_DIMENSION",
            "Dimension CCT 400 is not open on 2026-11-02",
        ),
        ({"account": "64500"}, "ERP_DIMENSION_FORBIDDEN", "LOC dimension 110 on GL account 64500"),
        ({"posting_date": date(2026, 9, 3)}, "ERP_PERIOD_CLOSED", "period that is not open"),
        ({"term": "NET60"}, "ERP_TERM", "Payment term NET60 is not active"),
        ({"currency": "XAF", "total": "118"}, "ERP_CURRENCY", "Currency XAF does not exist"),
    ],
)
def test_what_x3_refuses_is_told_with_its_line_and_remedy(api, simulator, given, code, words):
    (refused,) = make_book(api, simulator.base_url).post(numbered(x3_bill(**given)))
    assert isinstance(refused, Refused), refused
    assert refused.reasons[0].code == code
    assert words in refused.reasons[0].sentence
    assert refused.reasons[0].remedy.endswith((".", "adopted."))
    assert invoices(simulator) == []


def test_the_path_to_the_field_stays_beside_the_words_of_x3(api, simulator):
    (refused,) = make_book(api, simulator.base_url).post(numbered(x3_bill(account="12")))
    place = "lines[0].account" if api == "graphql" else "BPSINVLIG[0]"
    assert refused.reasons[0].raw == f"{place}: ACC: Account 12 does not exist."


def test_several_reasons_are_all_kept_and_the_first_says_how_many(api, simulator):
    (refused,) = make_book(api, simulator.base_url).post(numbered(x3_bill(account="12", term="NET60")))
    assert len(refused.reasons) == 2
    assert refused.reasons[0].sentence.endswith("(and 1 more).")
    assert "NET60" in refused.reasons[0].raw
    assert "Account 12" in refused.reasons[0].raw


def test_a_total_that_x3_computes_otherwise_is_refused_with_both_amounts(api, simulator):
    (refused,) = make_book(api, simulator.base_url, tax_code="T8").post(numbered(x3_bill(total="100.00")))
    assert refused.reasons[0].code == "ERP_TOTAL"
    assert refused.reasons[0].sentence == "X3 computes 108.00 from lines and tax, the invoice says 100.00."


def test_where_x3_only_warns_of_another_total_the_answer_carries_what_it_kept(api):
    with make_simulator(api, masters=make_masters(rules={"total_difference": "warn"})) as simulator:
        (posted,) = make_book(api, simulator.base_url, tax_code="T8").post(numbered(x3_bill(total="100.00")))
        assert posted.record.total == usd("108.00")


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("drop_before_commit", {}),
        ("drop_after_commit", {}),
        ("internal_error", {"commit": True}),
        ("internal_error", {}),
        ("unavailable_html", {}),
        ("truncate", {}),
        ("late_commit", {}),
    ],
)
def test_whatever_may_have_been_kept_is_unknown(api, simulator, kind, details):
    book = make_book(api, simulator.base_url)
    simulator.faults.queue(kind, **details)
    (outcome,) = book.post(numbered(x3_bill()))
    assert isinstance(outcome, Unknown)
    assert len([entry for entry in simulator.requests if entry["creates"]]) == 1


def test_an_answer_that_does_not_come_in_time_is_unknown(api, simulator):
    book = make_book(api, simulator.base_url, reply_seconds=0.3)
    simulator.faults.queue("slow", seconds=1.5)
    assert isinstance(book.post(numbered(x3_bill()))[0], Unknown)


def test_a_reply_cut_at_any_byte_is_never_mistaken(api, simulator):
    book = make_book(api, simulator.base_url)
    assert isinstance(book.post(numbered(x3_bill("WHOLE")))[0], Posted)
    cut, outcome = 0, Unknown("")
    while not isinstance(outcome, Posted):
        simulator.faults.queue("truncate", at=cut)
        (outcome,) = book.post(numbered(x3_bill(f"N-{cut}")))
        assert isinstance(outcome, (Unknown, Posted)), (cut, outcome)
        cut += 1
    assert len(invoices(simulator)) == cut + 1
    assert cut > 100


def test_x3_that_limits_the_rate_is_asked_again_with_growing_pauses(api, simulator):
    clock = FakeClock()
    book = make_book(api, simulator.base_url, clock)
    simulator.faults.queue("rate_limit", times=3, retry_after=0)
    assert isinstance(book.post(numbered(x3_bill()))[0], Posted)
    assert clock.slept == [0.75, 1.5, 3.0]
    assert len(invoices(simulator)) == 1


def test_x3_is_given_the_time_that_it_asks_for(api, simulator):
    clock = FakeClock()
    simulator.faults.queue("rate_limit", retry_after=7)
    assert isinstance(make_book(api, simulator.base_url, clock).post(numbered(x3_bill()))[0], Posted)
    assert clock.slept == [7]


@pytest.mark.parametrize("kind", ["rate_limit", "locked", "licence"])
def test_x3_that_stays_busy_is_transient_and_nothing_was_kept(api, simulator, kind):
    book = make_book(api, simulator.base_url, backoff_deadline_seconds=10)
    simulator.faults.queue(kind, times=100)
    with pytest.raises(Transient) as away:
        book.post(numbered(x3_bill()))
    assert "tried for 10 seconds" in away.value.sentence
    assert invoices(simulator) == []


@pytest.mark.parametrize("kind", ["locked", "licence"])
def test_a_record_or_session_that_becomes_free_is_used_within_the_backoff(api, simulator, kind):
    simulator.faults.queue(kind, times=2)
    outcomes = make_book(api, simulator.base_url).post(numbered(x3_bill("A"), x3_bill("B"), x3_bill("C")))
    assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
    assert sorted(invoice["BPRVCR"] for invoice in invoices(simulator)) == ["A", "B", "C"]


def test_what_was_turned_away_while_others_were_kept_is_not_sent_and_never_raised(api, simulator):
    clock = FakeClock()
    book = make_book(api, simulator.base_url, clock, backoff_deadline_seconds=5)
    simulator.faults.queue("locked", skip=1 if api == "rest" else 0, times=100, at=1 if api == "graphql" else 0)
    if api == "graphql":
        simulator.faults.clear()
        simulator.faults.queue("locked", at=1)
        simulator.faults.queue("locked", times=100)
    outcomes = book.post(numbered(x3_bill("A"), x3_bill("B")))
    assert [type(outcome) for outcome in outcomes] == [Posted, NotSent]
    why = outcomes[1].why
    assert why.code == "ERP_AWAY"
    assert why.sentence == "The record is locked by another user in X3: invoice B was not sent. Nothing of it was kept."
    assert [invoice["BPRVCR"] for invoice in invoices(simulator)] == ["A"]


def test_a_refused_connection_is_certain(api):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    book = make_book(api, f"http://127.0.0.1:{port}", backoff_deadline_seconds=2)
    with pytest.raises(Transient, match="cannot be reached"):
        book.post(numbered(x3_bill()))


def test_maintenance_is_met_by_the_look_up_and_waited_for(api, simulator):
    clock = FakeClock()
    simulator.faults.queue("unavailable_html", when="read", retry_after=4)
    assert make_book(api, simulator.base_url, clock).find([x3_bill()]) == [[]]
    assert clock.slept == [4]


def test_maintenance_that_lasts_is_transient_in_words(api, simulator):
    simulator.faults.queue("unavailable_html", when="read", times=100)
    with pytest.raises(Transient, match="in maintenance"):
        make_book(api, simulator.base_url, backoff_deadline_seconds=5).find([x3_bill()])


def test_a_document_of_another_supplier_with_the_same_number_is_not_ours(api, simulator):
    book = make_book(api, simulator.base_url)
    book.post(numbered(x3_bill("SAME", vendor_id="S003")))
    assert book.find([x3_bill("SAME"), x3_bill("OTHER", vendor_id="S003")]) == [[], []]


def test_every_document_under_a_number_is_found(api, simulator):
    book = make_book(api, simulator.base_url)
    book.post(numbered(x3_bill("TWICE")))
    book.post(numbered(x3_bill("TWICE", total="7.00")))
    (records,) = book.find([x3_bill("TWICE")])
    assert [record.total for record in records] == [usd("118.00"), usd("7.00")]


def test_a_number_that_x3_turned_into_capitals_is_found_and_one_in_other_letters_is_not(api, simulator):
    book = make_book(api, simulator.base_url)
    book.post(numbered(x3_bill("INV-1A"), x3_bill("inv-2b")))
    found = book.find([x3_bill("inv-1a"), x3_bill("Inv-1a"), x3_bill("INV-2B"), x3_bill("inv-2b")])
    assert [[record.number for record in records] for records in found] == [["INV-1A"], ["INV-1A"], [], ["inv-2b"]]


def test_many_bills_are_looked_up_in_few_requests_and_each_page_to_its_end(api, simulator):
    book = make_book(api, simulator.base_url, rows_per_page=3, bills_per_query=25)
    bills = [x3_bill(f"N-{n:02}", total="1.00") for n in range(30)]
    book.post(numbered(*bills))
    found = book.find([*bills, *(x3_bill(f"X-{n}") for n in range(20))])
    assert [len(records) for records in found] == [1] * 30 + [0] * 20
    before = len(simulator.requests)
    make_book(api, simulator.base_url, rows_per_page=500).find(bills)
    assert len(simulator.requests) - before == 2


def test_a_document_that_two_questions_find_is_one_document(api, simulator):
    book = make_book(api, simulator.base_url, bills_per_query=2)
    book.post(numbered(x3_bill("B")))
    bills = [x3_bill("A"), x3_bill("B", vendor_id="S003"), x3_bill("B"), x3_bill("C", vendor_id="S003")]
    assert [len(records) for records in book.find(bills)] == [0, 0, 1, 0]


def test_a_record_at_another_site_or_of_another_day_is_found_and_never_adopted(api, simulator):
    book = make_book(api, simulator.base_url)
    book.post(numbered(x3_bill("A")))
    (elsewhere,) = make_book(api, simulator.base_url, site="F02").find([x3_bill("A")])
    assert elsewhere[0].total is None
    assert "118.00 USD, site F01 and not F02" in elsewhere[0].state
    (other_day,) = book.find([x3_bill("A", invoice_date=date(2026, 11, 3))])
    assert other_day[0].total is None
    assert "document date 2026-11-02 and not 2026-11-03" in other_day[0].state


@pytest.mark.parametrize(("kind", "found"), [(1, [usd("118.00")]), (2, []), (3, [usd("118.00")]), (4, []), (5, [None])])
def test_a_credit_under_our_number_is_another_document_and_a_proforma_is_never_our_invoice(api, simulator, kind, found):
    book = make_book(api, simulator.base_url)
    book.post(numbered(x3_bill("A")))
    (number,) = simulator.books.supplier_invoices
    simulator.books.supplier_invoices[number]["INVTYP"] = kind
    assert [record.total for record in book.find([x3_bill("A")])[0]] == found


def test_numbers_that_would_be_syntax_are_looked_up_as_they_are(api, simulator):
    book = make_book(api, simulator.base_url)
    for number in ("O'Neil-1", "A') or (BPR ne '", '"}}{', "a+b&c=d?e#f", "100%", "é/ü\\"):
        bill = x3_bill(number[:20])
        assert isinstance(book.post(numbered(bill))[0], Posted)
        (records,) = book.find([bill])
        assert [record.number for record in records] == [number[:20]]


def test_a_number_longer_than_x3_keeps_is_refused_and_never_cut(api, simulator):
    outcomes = make_book(api, simulator.base_url).post(numbered(x3_bill("X" * 21), x3_bill("X" * 20)))
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]
    assert outcomes[0].reasons[0].code == "NUMBER_TOO_LONG"
    assert simulator.told()["creates"] == 1


def test_a_bill_whose_lines_do_not_add_up_is_not_sent(api, simulator):
    bill = replace(x3_bill(), total=usd("119.00"))
    (refused,) = make_book(api, simulator.base_url).post(numbered(bill))
    assert refused.reasons[0].code == "TOTAL_DIFFERS"
    assert simulator.told()["creates"] == 0


def test_a_dimension_without_a_type_in_the_settings_names_the_line_and_the_setting(api, simulator):
    bill = x3_bill(dimensions=((Dimension.CLASS, "RET"), (Dimension.DEPARTMENT, "200")))
    (refused,) = make_book(api, simulator.base_url).post(numbered(bill))
    assert refused.reasons[0].sentence.startswith("Line 1 of INV-1 is coded to class RET")
    assert "dimension_types: {class:" in refused.reasons[0].remedy


def test_a_text_that_x3_cannot_keep_refuses_its_bill_alone(api, simulator):
    outcomes = make_book(api, simulator.base_url).post(numbered(x3_bill("A", description="a\x01b"), x3_bill("B")))
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]
    outcomes = make_book(api, simulator.base_url).post(numbered(x3_bill("C", description="a\ud800b"), x3_bill("D")))
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]


def test_references_are_written_in_the_style_of_the_release():
    with make_simulator("graphql", reference_style="_id") as simulator:
        plain = make_book("graphql", simulator.base_url).post(numbered(x3_bill()))
        assert isinstance(plain[0], Refused)
        told = make_book("graphql", simulator.base_url, reference_style="_id").post(numbered(x3_bill()))
        assert isinstance(told[0], Posted)


def test_amounts_are_exact_however_x3_writes_them(api):
    with make_simulator(api, decimals_as="number") as simulator:
        book = make_book(api, simulator.base_url)
        bill = x3_bill(total="90071992547409.93")
        (posted,) = book.post(numbered(bill))
        assert posted.record.total == usd("90071992547409.93")
        assert book.find([bill])[0][0].total == usd("90071992547409.93")


def test_a_batch_that_takes_too_long_is_not_sent_to_its_end():
    clock = FakeClock()
    with make_simulator("rest", clock=clock) as simulator:
        book = make_book("rest", simulator.base_url, clock, sending_seconds=0, backoff_deadline_seconds=0)
        with pytest.raises(Transient, match="not sent in time"):
            book.post(numbered(x3_bill()))
        assert simulator.told()["creates"] == 0


def test_a_name_that_x3_does_not_publish_is_a_matter_of_settings_and_nothing_was_sent(api):
    names = {"supplierBpInvoice": "supplierBpInvoiceV2"} if api == "graphql" else {"BPSUPPLIERINVOICE": "YBIS"}
    with make_simulator(api, names=names) as simulator:
        with pytest.raises(Misconfigured, match="stampli x3 check"):
            make_book(api, simulator.base_url).post(numbered(x3_bill()))
        other = {"node": "supplierBpInvoiceV2"} if api == "graphql" else {"name": "YBIS"}
        book = make_book(api, simulator.base_url, names={"create_invoice": other})
        assert isinstance(book.post(numbered(x3_bill()))[0], Posted)


def test_what_x3_remarks_when_it_keeps_an_invoice_comes_back_with_its_record():
    from stampli_assets.x3.api import Made
    from stampli_assets.x3.bills import _outcome
    from stampli_assets.x3.diagnoses import Diagnosis, Severity

    remarks = (
        Diagnosis(Severity.WARNING, "The due date is a holiday."),
        Diagnosis(Severity.WARNING, "Budget exceeded."),
    )
    outcome = _outcome(x3_bill(), Made({"record_no": "BIS1", "total": "118.00"}, remarks))
    assert outcome.record.warning == "The due date is a holiday.; Budget exceeded."
