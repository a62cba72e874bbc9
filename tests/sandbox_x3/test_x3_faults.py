"""The bad days of both APIs, one by one, and what the books hold after each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import requests
from builders.clock import FakeClock
from sandbox_x3.folder import (
    CREATE,
    ask,
    bearer,
    diagnoses,
    invoice,
    make_masters,
    pair,
    post,
    renew,
    rest,
    rest_invoice,
    rest_post,
    send,
    token,
)

from stampli_assets.sandbox.firm import (
    INACTIVE_ACCOUNT,
    INACTIVE_VENDOR,
    STAMPLI_ACCOUNTS,
    STAMPLI_DEPARTMENTS,
    STAMPLI_TERMS,
    STAMPLI_VENDORS,
    Firm,
)
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.faults import Faults
from stampli_assets.sandbox.x3.firm import FIRM_SITE, USER_PASSWORD, X3_TERMS, X3_USER, x3_masters
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator

COUNT = "{ x3InvoicingData { supplierInvoiceHeader { query { totalCount } } } }"
QUERY = "BPSUPPLIERINVOICE?representation=BIS.$query"
BATCH = """mutation Post($a: SupplierBpInvoice_Input!, $b: SupplierBpInvoice_Input!, $c: SupplierBpInvoice_Input!) {
  a: x3Invoicing { supplierBpInvoice { create(data: $a) { id } } }
  b: x3Invoicing { supplierBpInvoice { create(data: $b) { id } } }
  c: x3Invoicing { supplierBpInvoice { create(data: $c) { id } } } }"""
THREE = {name: invoice(sourceDocument=f"INV-{name}") for name in "abc"}


class Api:
    """One of the two APIs, asked for the same things."""

    def __init__(self, simulator) -> None:
        self.simulator = simulator
        self.is_rest = isinstance(simulator, X3RestSimulator)

    def create(self, **given) -> requests.Response:
        if self.is_rest:
            return rest_post(self.simulator)
        return send(self.simulator, CREATE, {"data": invoice()}, **given)

    def count(self) -> int:
        if self.is_rest:
            return len(rest(self.simulator, "GET", QUERY).json()["$resources"])
        return ask(self.simulator, COUNT)["data"]["x3InvoicingData"]["supplierInvoiceHeader"]["query"]["totalCount"]

    def kept(self) -> int:
        return len(self.simulator.books.supplier_invoices)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=[X3GraphQLSimulator, X3RestSimulator], ids=["graphql", "rest"])
def api(request, clock):
    with request.param(make_masters(), now=clock.now) as running:
        yield Api(running)


@pytest.fixture
def simulator():
    with X3GraphQLSimulator(make_masters()) as running:
        yield running


def test_a_connection_dropped_before_the_commit_leaves_nothing(api):
    api.simulator.faults.queue("drop_before_commit")
    with pytest.raises(requests.ConnectionError):
        api.create()
    assert api.kept() == 0
    assert api.create().ok


def test_a_connection_dropped_after_the_commit_leaves_the_document(api):
    api.simulator.faults.queue("drop_after_commit")
    with pytest.raises(requests.ConnectionError):
        api.create()
    assert (api.kept(), api.count()) == (1, 1)


def test_a_batch_may_be_cut_after_some_of_its_creates(simulator):
    simulator.faults.queue("drop_after_commit", commits=2)
    with pytest.raises(requests.ConnectionError):
        send(simulator, BATCH, THREE)
    assert [kept["BPRVCR"] for kept in simulator.books.supplier_invoices.values()] == ["INV-a", "INV-b"]


def test_too_many_requests_are_answered_by_429(api):
    api.simulator.faults.queue("rate_limit", retry_after=7)
    answer = api.create()
    assert (answer.status_code, answer.headers["Retry-After"], api.kept()) == (429, "7", 0)


@pytest.mark.parametrize("details", [{}, {"retry_after": 9}])
def test_maintenance_is_a_503_page_in_html(api, details):
    api.simulator.faults.queue("unavailable_html", **details)
    answer = api.create()
    assert (answer.status_code, api.kept()) == (503, 0)
    assert "maintenance" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers.get("Retry-After") == (str(details["retry_after"]) if details else None)


@pytest.mark.parametrize("commit", [False, True])
def test_an_internal_error_may_come_before_or_after_the_record_was_made(api, commit):
    api.simulator.faults.queue("internal_error", commit=commit)
    assert api.create().status_code == 500
    assert api.kept() == int(commit)


def test_a_body_may_be_cut_short_after_the_commit(api):
    api.simulator.faults.queue("truncate", at=10)
    answer = api.create()
    assert len(answer.content) == 10
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert api.kept() == 1


def test_a_slow_answer_comes_in_the_end(api):
    api.simulator.faults.queue("slow", seconds=0.3)
    answer = api.create()
    assert answer.ok
    assert answer.elapsed.total_seconds() >= 0.3


def test_an_expired_sign_in_is_401_in_the_middle_of_a_batch_of_requests(api):
    api.simulator.faults.queue("token_expired", skip=1)
    assert [api.create().status_code < 300, api.create().status_code, api.create().status_code < 300] == [
        True,
        401,
        True,
    ]
    assert api.kept() == 2


def test_a_token_that_was_ended_stays_refused_until_it_is_renewed(simulator):
    tokens = pair(simulator)
    simulator.faults.queue("token_expired", when="read")
    ended = bearer(tokens["access_token"])
    first, second = (send(simulator, COUNT, **ended) for _ in range(2))
    assert (first.status_code, first.text, second.status_code) == (401, "Error 50: Invalid token", 401)
    new = renew(simulator, tokens["refresh_token"]).json()
    assert send(simulator, COUNT, **bearer(new["access_token"])).status_code == 200


def test_a_connected_applications_token_that_was_ended_stays_refused(simulator):
    own = bearer(token(aud=simulator.url))
    simulator.faults.queue("token_expired", when="read")
    assert [send(simulator, COUNT, **own).status_code for _ in range(2)] == [401, 401]
    assert send(simulator, COUNT, **bearer(token(aud=simulator.url, jti="2"))).status_code == 200


def test_a_late_commit_is_in_the_books_before_it_can_be_read(api, clock):
    api.simulator.faults.queue("late_commit", seconds=60)
    with pytest.raises(requests.ConnectionError):
        api.create()
    assert (api.kept(), api.count()) == (1, 0)
    clock.pass_time(seconds=59)
    assert api.count() == 0
    clock.pass_time(seconds=1)
    assert api.count() == 1


def test_a_locked_record_refuses_one_create_of_a_batch(simulator):
    simulator.faults.queue("locked", at=1)
    answer = ask(simulator, BATCH, THREE)
    assert diagnoses(answer)[0]["message"].startswith("Record locked by user")
    assert [answer["data"][name]["supplierBpInvoice"]["create"] is None for name in "abc"] == [False, True, False]
    assert len(simulator.books.supplier_invoices) == 2


def test_a_locked_record_is_a_diagnosis_over_rest():
    with X3RestSimulator(make_masters()) as simulator:
        simulator.faults.queue("locked")
        answer = rest_post(simulator)
        assert (answer.status_code, simulator.books.supplier_invoices) == (400, {})
        assert answer.json()["$diagnoses"][0]["$message"].startswith("Record locked by user")


def test_partial_answers_carry_errors_beside_what_was_made(simulator):
    simulator.faults.queue("partial", at=0, message="Something was wrong.")
    answer = ask(simulator, BATCH, THREE)
    assert [one["message"] for one in diagnoses(answer)] == ["Something was wrong."]
    assert answer["data"]["c"]["supplierBpInvoice"]["create"] == {"id": "BIS00000002"}


def test_an_exhausted_pool_of_licences_is_said_in_a_diagnosis(api):
    api.simulator.faults.queue("licence")
    answer = api.create()
    assert answer.status_code == (503 if api.is_rest else 200)
    assert "No licence token" in answer.text
    api.simulator.faults.queue("licence", http=503)
    assert (api.create().status_code, api.kept()) == (503, 0)


def test_a_request_may_meet_another_schema(simulator):
    simulator.faults.queue("schema_variant", names={"supplierBpInvoice": "bpInvoice"})
    assert "supplierBpInvoice" in post(simulator)["errors"][0]["message"]
    assert "errors" not in post(simulator)


def test_a_request_may_meet_other_codes():
    with X3RestSimulator(make_masters()) as simulator:
        simulator.faults.queue("schema_variant", names={"BPRVCR": "YBPRVCR"})
        assert "BPRVCR" in rest_post(simulator).json()["$diagnoses"][0]["$message"]
        assert rest_post(simulator).status_code == 201


def test_a_renewal_whose_answer_is_lost_has_used_the_refresh_token_up(simulator):
    tokens = pair(simulator)
    simulator.faults.queue("drop_after_commit", when="token")
    with pytest.raises(requests.ConnectionError):
        renew(simulator, tokens["refresh_token"])
    assert renew(simulator, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert simulator.books.security[0]["event"] == "refresh token replayed"


def test_a_renewal_that_never_arrived_has_not(simulator):
    tokens = pair(simulator)
    simulator.faults.queue("drop_before_commit", when="token")
    with pytest.raises(requests.ConnectionError):
        renew(simulator, tokens["refresh_token"])
    assert renew(simulator, tokens["refresh_token"]).status_code == 200


def test_faults_choose_their_requests_and_their_number(api):
    api.simulator.faults.queue("rate_limit", when="any", skip=1, times=2)
    api.simulator.faults.queue("unavailable_html", when="read")
    assert api.create().ok
    assert [api.create().status_code, api.create().status_code] == [429, 429]
    assert api.create().ok
    api.simulator.faults.clear()
    assert api.count() == 2


def test_faults_that_do_not_exist_cannot_be_queued():
    with pytest.raises(ValueError, match="is none of"):
        Faults().queue("earthquake")
    with pytest.raises(ValueError, match="is none of"):
        Faults().queue("slow", when="sometimes")
    with pytest.raises(ValueError, match="is none of"):
        X3RestSimulator(make_masters()).faults.queue("partial")


def test_faults_rules_and_masters_can_be_set_over_http_and_the_books_read(api):
    base = api.simulator.base_url
    requests.post(f"{base}/faults", json={"kind": "rate_limit"}, timeout=5)
    assert api.create().status_code == 429
    rules = requests.post(f"{base}/rules", json={"unique_source_documents": True}, timeout=5).json()
    assert rules["unique_source_documents"] is True
    row = requests.post(f"{base}/masters/suppliers/S002", json={"ENAFLG": 2}, timeout=5).json()
    assert (row["BPSNAM"], row["ENAFLG"]) == ("Harbor Steel", 2)
    assert requests.post(f"{base}/masters/nothing/1", json={}, timeout=5).status_code == 404
    api.create()
    books = requests.get(f"{base}/books", timeout=5).json()
    assert [kept["BPRVCR"] for kept in books["supplier_invoices"]] == ["INV-1"]
    assert "rest-secret" not in str(books)
    told = requests.get(f"{base}/requests", timeout=5).json()
    assert [(entry["fault"], entry["http"] < 300) for entry in told["requests"]] == [("rate_limit", False), ("", True)]
    assert told["creates"] == 2
    assert requests.get(f"{base}/nothing", timeout=5).status_code == 404


def test_a_person_sees_the_books_on_a_page_and_activates_a_supplier_there(api):
    api.create()
    api.simulator.books.write({"kind": "security", "record": {"at": "now", "event": "<b>", "customer": "x"}})
    base = api.simulator.base_url
    page = requests.get(f"{base}/", timeout=5).text
    assert "INV-1" in page
    assert "&lt;b&gt;" in page
    assert "http" not in page.replace(base, "")
    form = {"ENAFLG": "2"}
    answer = requests.post(f"{base}/masters/suppliers/S002", data=form, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert api.simulator.books.why_unusable("suppliers", "S002", on=None) == ""


def test_the_books_outlive_a_restart(tmp_path):
    with X3GraphQLSimulator(make_masters(), state=tmp_path) as simulator:
        post(simulator)
        simulator.change_rules({"unique_source_documents": True})
        simulator.change_master("suppliers", "S002", {"ENAFLG": 2})
    with X3RestSimulator(make_masters(), state=tmp_path) as simulator:
        assert Api(simulator).count() == 1
        assert rest_post(simulator).status_code == 400
        assert rest_post(simulator, BPR="S002").json()["NUM"] == "BIS00000002"


def test_two_simulators_cannot_share_a_port(simulator):
    with pytest.raises(OSError, match="in use"):
        X3RestSimulator(make_masters(), port=simulator.port).start()


def test_the_address_of_a_given_port_is_known_before_the_start():
    assert X3GraphQLSimulator(make_masters(), port=18124).url == "http://127.0.0.1:18124/xtrem/api"
    assert X3RestSimulator(make_masters(), port=18124).url == "http://127.0.0.1:18124/api1/x3/erp/SEED"


def test_the_sandboxs_firm_is_the_same_in_x3():
    firm = Firm()
    books = X3Books(x3_masters(firm))
    assert len(books.masters["suppliers"]) == len(firm.vendors)
    assert books.why_unusable("suppliers", INACTIVE_VENDOR, on=None) == "is not active"
    assert books.why_unusable("accounts", INACTIVE_ACCOUNT, on=None) == "is not active"
    assert books.masters["accounts"]["15100"]["DIE"] == ["LOC", "PRJ"]
    assert books.masters["periods"]["2026-09"]["STA"] == 3
    assert books.masters["periods"]["2026-10"]["STA"] == 2


def test_the_sandboxs_invoices_are_taken_once_their_old_codes_are_translated():
    books = X3Books(x3_masters(Firm()))
    accounts, departments, vendors = STAMPLI_ACCOUNTS, STAMPLI_DEPARTMENTS, STAMPLI_VENDORS
    with X3RestSimulator(books=books) as simulator:
        for one in invoices(Firm(), 40, today=date(2026, 11, 21)):
            lines = []
            for line in one.lines:
                codes = {"CCT": departments.get(line.department, line.department), "LOC": line.location}
                codes |= {"PRJ": line.project, "CLS": line.klass}
                pairs = [{"DIE": kind, "CCE": code} for kind, code in codes.items() if code]
                account, amount = accounts.get(line.account, line.account), str(Decimal(line.cents) / 100)
                told = {"ACC": account, "AMTNOTLIN": amount, "DES": line.memo, "VAT": "NT"}
                lines.append({**told, "BPSINVLIGA": pairs})
            term = STAMPLI_TERMS.get(one.terms, one.terms)
            given = {
                "FCY": FIRM_SITE, "BPR": vendors.get(one.vendor_id, one.vendor_id), "BPRVCR": one.number,
                "PTE": X3_TERMS[term], "AMTATI": str(Decimal(one.cents) / 100), "BPSINVLIG": lines,
            }  # fmt: skip
            path, auth = "BPSUPPLIERINVOICE?representation=BIS.$create", (X3_USER, USER_PASSWORD)
            made = rest(simulator, "POST", path, json=rest_invoice(**given), auth=auth)
            assert made.status_code == 201, made.text
    assert len(books.supplier_invoices) == 40
