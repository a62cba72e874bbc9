"""What every kind of answer means: kept, not kept, come back, or perhaps."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import threading
from ipaddress import IPv4Address

import pytest
from builders.clock import FakeClock
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scripted import Say, Scripted
from x3_house import APIS, make_api, make_book, make_door, make_folder, numbered, x3_bill

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.outcome import NotSent, Posted, Refused, Unknown
from stampli_assets.model.postings import REPEATED
from stampli_assets.x3 import wire
from stampli_assets.x3.api import Made
from stampli_assets.x3.batches import create_all
from stampli_assets.x3.diagnoses import Severity, severity

HTML = b"<html><head><title>Oops</title></head><body><h1>Bad day</h1></body></html>"
LICENCE = "No licence token is available: the pool of sessions is exhausted."


def graphql(place=None, errors=None, **more):
    """A GraphQL answer for one create under its alias."""
    body = {"data": {"b0": {"supplierBpInvoice": {"create": place}}}, **more}
    if errors is not None:
        body["errors"] = errors
    return Say(200, json.dumps(body).encode())


def error(message="No.", *diagnoses, path=("b0", "supplierBpInvoice", "create"), code="business-rule-error"):
    told = [{"severity": number, "path": [], "message": text} for number, text in diagnoses]
    return {"message": message, "path": list(path), "extensions": {"code": code, "diagnoses": told}}


def rest(status=201, **body):
    return Say(status, json.dumps(body).encode())


def diagnosed(status, *diagnoses):
    return rest(status, **{"$diagnoses": [{"$severity": word, "$message": text} for word, text in diagnoses]})


def outcome_of(api, say, **given):
    with Scripted(say) as server:
        book = make_book(api, server.base_url, FakeClock(), backoff_deadline_seconds=3, **given)
        (outcome,) = book.post(numbered(x3_bill()))
        return outcome


WHOLE_LICENCE = Say(
    503, json.dumps({"data": None, "errors": [{"message": LICENCE, "extensions": {"diagnoses": []}}]}).encode()
)


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (graphql(), "answered nothing"),
        (graphql({"id": None}), "without the number"),
        (graphql({"id": ""}), "without the number"),
        (Say(200, b'{"data":null}'), "answered nothing"),
        (Say(200, b'{"data":{}}'), "answered nothing"),
        (graphql(None, [error("Internal error", code="internal-error")]), "without a diagnosis"),
        (graphql(None, [error("Deadlock", (4, "Deadlock detected"))]), "broke down"),
        (graphql(None, [error("x", (3, "No"), path=("b0", "supplierBpInvoice", "create", "id"))]), "which number"),
        (Say(200, b'{"data":null,"errors":[{"message":"Internal server error"}]}'), "answered nothing"),
        (Say(200, b'{"errors":[{"message":"Internal server error"}]}'), "answered nothing"),
        (Say(200, b'{"data":null,"errors":[{"message":"Syntax error in a trigger"}]}'), "answered nothing"),
        (Say(200, HTML, "text/html"), "no whole JSON"),
        (Say(200, b"{}"), "none of GraphQL"),
        (Say(200, b"[]"), "no JSON object"),
        (Say(200, b'{"data":{"b0":NaN}}'), "no whole JSON"),
        (Say(500, HTML, "text/html"), "HTTP 500"),
        (Say(502, b""), "HTTP 502"),
        (Say(503, b"<h1>The folder is in maintenance</h1>", "text/html"), "HTTP 503"),
        (Say(500, b'{"data":null,"errors":[{"message":"Unexpected"}]}'), "HTTP 500"),
        (Say(504, b'{"errors":[]}'), "HTTP 504"),
        (Say(503, WHOLE_LICENCE.content.replace(b'"message"', b'"path":["b1"],"message"', 1)), "HTTP 503"),
        (Say(400, HTML, "text/html"), "HTTP 400"),
        (Say(hang_up=True), "connection"),
        (Say(200, b'{"data":', declared=500), "broke off"),
    ],
)
def test_over_graphql_what_is_not_said_plainly_is_unknown(say, words):
    outcome = outcome_of("graphql", say)
    assert isinstance(outcome, Unknown), outcome
    assert words in outcome.why


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (rest(201), "without the number"),
        (rest(200, NUM=""), "without the number"),
        (Say(201, b""), "no whole JSON"),
        (Say(201, HTML, "text/html"), "no whole JSON"),
        (Say(200, b'"BIS1"'), "no whole JSON"),
        (Say(500, HTML, "text/html"), "HTTP 500"),
        (Say(503, b"<h1>The folder is in maintenance</h1>", "text/html"), "HTTP 503"),
        (diagnosed(500, ("error", "Deadlock")), "HTTP 500"),
        (diagnosed(400, ("exception", "Deadlock")), "broke down"),
        (Say(408, HTML, "text/html"), "HTTP 408"),
        (Say(hang_up=True), "connection"),
        (Say(201, b'{"NUM":"BIS1"', declared=500), "broke off"),
        (Say(201, b'{"NUM":"BIS1"}', declared=500), "broke off"),
    ],
)
def test_over_rest_what_is_not_said_plainly_is_unknown(say, words):
    outcome = outcome_of("rest", say)
    assert isinstance(outcome, Unknown), outcome
    assert words in outcome.why


@pytest.mark.parametrize(
    ("api", "say"),
    [
        ("graphql", graphql({"id": "BIS1", "totalAmountIncludingTax": 118.0})),
        ("graphql", graphql({"id": "BIS1", "totalAmountIncludingTax": "118"}, [error("Warned", (2, "Careful"))])),
        ("rest", rest(201, NUM="BIS1", AMTATI=118)),
        ("rest", rest(200, **{"$key": "BIS1", "AMTATI": "118.00"})),
        (
            "rest",
            rest(201, NUM="BIS1", AMTATI=118, **{"$diagnoses": [{"$severity": "error", "$message": "Not printed"}]}),
        ),
    ],
)
def test_a_number_says_that_it_was_kept_whatever_else_is_said(api, say):
    outcome = outcome_of(api, say)
    assert isinstance(outcome, Posted), outcome
    assert outcome.record.record_no == "BIS1"


@pytest.mark.parametrize(
    ("api", "say"),
    [
        ("graphql", graphql({"id": "BIS1", "totalAmountIncludingTax": None}, [error("x", (3, "No such right"))])),
        ("rest", rest(201, NUM="BIS1")),
        ("rest", rest(201, NUM="BIS1", AMTATI="118.001")),
    ],
)
def test_a_number_without_a_total_is_looked_at_again_and_never_sent_again(api, say):
    outcome = outcome_of(api, say)
    assert isinstance(outcome, Unknown), outcome
    assert outcome.code == REPEATED
    assert outcome.why == "X3 kept INV-1 as BIS1 and did not say over how much."


@pytest.mark.parametrize(
    ("api", "say", "words"),
    [
        ("graphql", graphql(None, [error("x", (2, "Careful"), (3, "Quite wrong"))]), "Quite wrong"),
        ("rest", diagnosed(400, ("warning", "Careful"), ("error", "Quite wrong")), "Quite wrong"),
        ("rest", diagnosed(200, ("error", "Quite wrong")), "Quite wrong"),
        ("rest", diagnosed(409, ("error", "Quite wrong")), "Quite wrong"),
        ("rest", Say(400, HTML, "text/html"), "HTTP 400 Oops Bad day"),
        ("rest", Say(422, b""), "HTTP 422"),
    ],
)
def test_a_refusal_that_is_not_in_the_catalogue_keeps_the_words_of_x3(api, say, words):
    outcome = outcome_of(api, say)
    assert isinstance(outcome, Refused), outcome
    assert words in outcome.reasons[0].sentence
    assert "Careful" not in outcome.reasons[0].sentence


@pytest.mark.parametrize(
    ("api", "say", "words"),
    [
        ("graphql", WHOLE_LICENCE, "no free licence"),
        ("graphql", Say(200, WHOLE_LICENCE.content), "no free licence"),
        ("graphql", graphql(None, [error("x", (3, "Record locked by user ADMIN"))]), "locked by another user"),
        ("graphql", graphql(None, [error("Record locked by user ADMIN")]), "locked by another user"),
        ("graphql", graphql(None, [error("x", (4, LICENCE))]), "no free licence"),
        ("graphql", Say(429, b"", headers={"Retry-After": "1"}), "limits the rate"),
        ("rest", diagnosed(503, ("exception", LICENCE)), "no free licence"),
        ("rest", diagnosed(500, ("error", "Record locked by user ADMIN")), "locked by another user"),
        ("rest", diagnosed(400, ("error", "Record locked by user ADMIN")), "locked by another user"),
        ("rest", Say(423, b""), "locked by another user"),
        ("rest", Say(429, b""), "limits the rate"),
    ],
)
def test_what_passes_is_transient_with_a_sentence(api, say, words):
    with pytest.raises(Transient, match=words) as away:
        outcome_of(api, say)
    assert away.value.remedy


@pytest.mark.parametrize(
    ("api", "say", "words"),
    [
        ("graphql", Say(403, b"Forbidden: the scope api.graphQL is missing", "text/plain"), "scope api.graphQL"),
        ("graphql", Say(404, b"Unknown endpoint SEED", "text/plain"), "Unknown endpoint SEED"),
        ("graphql", Say(413, b""), "HTTP 413"),
        ("graphql", Say(301, b"", headers={"Location": "https://evil.example/"}), "redirects"),
        (
            "graphql",
            Say(200, b'{"errors":[{"message":"Cannot query field \\"x3Invoicing\\" on type"}]}'),
            "stampli x3 check",
        ),
        ("graphql", Say(400, b'{"errors":[{"message":"Unknown type \\"SupplierBpInvoice_Input\\""}]}'), "Unknown type"),
        (
            "graphql",
            Say(
                200,
                b'{"errors":[{"message":"At most 5 mutations are taken in one request.","extensions":{"code":"bad-request"}}]}',
            ),
            "functions_per_request",
        ),
        ("rest", Say(403, b"Forbidden", "text/plain"), "Forbidden"),
        ("rest", diagnosed(404, ("error", "Class BPSUPPLIERINVOICE is not published.")), "not published"),
        ("rest", Say(405, b""), "HTTP 405"),
        ("rest", Say(302, b"", headers={"Location": "https://evil.example/"}), "redirects"),
    ],
)
def test_what_only_the_settings_or_rights_can_mend_is_said_so(api, say, words):
    with pytest.raises(Misconfigured) as wrong:
        outcome_of(api, say)
    assert words in str(wrong.value)


def test_a_value_that_graphql_does_not_read_refuses_its_invoice_alone_and_the_others_are_sent():
    refused = {
        "errors": [{"message": 'Variable "$b1" got invalid value "x" at "b1.accountingDate"; Date cannot represent'}]
    }
    made = {alias: {"id": f"BIS{alias}", "totalAmountIncludingTax": "118.00"} for alias in ("b0", "b1")}
    kept = {"data": {alias: {"supplierBpInvoice": {"create": one}} for alias, one in made.items()}}
    with Scripted(Say(200, json.dumps(refused).encode()), Say(200, json.dumps(kept).encode())) as server:
        book = make_book("graphql", server.base_url)
        outcomes = book.post(numbered(x3_bill("A"), x3_bill("B"), x3_bill("C")))
        assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
        sent = [sorted(json.loads(asked.body)["variables"]) for asked in server.asked]
        assert sent == [["b0", "b1", "b2"], ["b0", "b1"]]
        assert [v["sourceDocument"] for v in json.loads(server.asked[1].body)["variables"].values()] == ["A", "C"]


def test_a_part_of_a_batch_that_is_answered_is_kept_although_the_rest_is_not():
    body = {
        "data": {
            "b0": {"supplierBpInvoice": {"create": {"id": "BIS1", "totalAmountIncludingTax": "118.00"}}},
            "b1": None,
            "b2": None,
        },
        "errors": [
            {**error("x", (3, "Mandatory field")), "path": ["b1", "supplierBpInvoice", "create"]},
        ],
    }
    with Scripted(Say(200, json.dumps(body).encode())) as server:
        outcomes = make_book("graphql", server.base_url).post(numbered(*map(x3_bill, "ABC")))
        assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Unknown]
        assert len(server.asked) == 1


def test_a_sign_in_that_ends_within_a_row_of_requests_never_hides_what_was_kept():
    with Scripted(rest(201, NUM="BIS1", AMTATI=118), Say(401, b"Unauthorized", "text/plain")) as server:
        outcomes = make_book("rest", server.base_url).post(numbered(*map(x3_bill, "ABC")))
        assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Refused]
        assert "refuses the sign-in of ws_user" in outcomes[1].reasons[0].sentence
        assert len(server.asked) == 3


def test_a_lost_answer_within_a_row_of_requests_leaves_the_others_as_they_are():
    with Scripted(rest(201, NUM="BIS1", AMTATI=118), Say(hang_up=True), rest(201, NUM="BIS3", AMTATI=118)) as server:
        outcomes = make_book("rest", server.base_url).post(numbered(*map(x3_bill, "ABC")))
        assert [type(outcome) for outcome in outcomes] == [Posted, Unknown, Posted]
        assert [json.loads(asked.body)["BPRVCR"] for asked in server.asked] == ["A", "B", "C"]


def test_a_row_of_requests_that_is_too_slow_is_cut_short_and_the_rest_never_sent():
    class Slow(FakeClock):
        def now(self):
            self.pass_time(seconds=10)
            return super().now()

    with Scripted(rest(201, NUM="BIS1", AMTATI=118)) as server:
        book = make_book("rest", server.base_url, Slow(), sending_seconds=45, backoff_deadline_seconds=1)
        outcomes = book.post(numbered(*(x3_bill(f"N-{n}") for n in range(9))))
        kept = [type(outcome) for outcome in outcomes].count(Posted)
        assert 0 < kept < 9
        assert len(server.asked) == kept
        assert {type(outcome) for outcome in outcomes[kept:]} == {NotSent}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("slow", ["authorization", "renewed"])
def test_a_sign_in_that_takes_too_long_lets_nothing_begin_late(api, slow):
    clock = FakeClock()

    class SlowSignIn:
        def authorization(self):
            clock.pass_time(seconds=200 if slow == "authorization" else 0)
            return "Basic x"

        def renewed(self, refused):
            clock.pass_time(seconds=200)
            return "Basic y"

    with Scripted(Say(401, b"Unauthorized")) as server:
        door = make_door(server.base_url, clock, sign_in=SlowSignIn())
        of = make_api(api, door)
        with pytest.raises(Transient, match="not sent in time"):
            create_all(of, "create_invoice", [{"site": "F01"}], door)
        assert len(server.asked) == (0 if slow == "authorization" else 1)


@pytest.mark.parametrize("api", APIS)
def test_a_redirect_is_never_followed_and_no_proxy_of_the_environment_used(api, monkeypatch):
    with Scripted(Say(200, b"{}")) as other, Scripted(Say(307, b"", headers={"Location": other.base_url})) as server:
        monkeypatch.setenv("http_proxy", other.base_url)
        monkeypatch.setenv("HTTP_PROXY", other.base_url)
        with pytest.raises(Misconfigured, match="redirects"):
            make_book(api, server.base_url).post(numbered(x3_bill()))
        assert (len(server.asked), len(other.asked)) == (1, 0)


@pytest.mark.parametrize("api", APIS)
def test_an_answer_that_is_far_too_large_is_unknown_and_not_read_to_its_end(api, monkeypatch):
    monkeypatch.setattr(wire, "MOST_REPLY_BYTES", 1000)
    outcome = outcome_of(api, Say(201 if api == "rest" else 200, b'{"NUM":"BIS1","data":{}' + b" " * 2000 + b"}"))
    assert isinstance(outcome, Unknown)
    assert "too large" in outcome.why


def test_the_next_page_on_another_server_is_never_asked():
    with Scripted() as other:
        following = {"$resources": [], "$links": {"$next": {"$url": f"{other.base_url}/steal"}}}
        with Scripted(Say(200, json.dumps(following).encode())) as server:
            with pytest.raises(Misconfigured, match="another server"):
                make_book("rest", server.base_url).find([x3_bill()])
            assert other.asked == []


@pytest.mark.parametrize("api", APIS)
def test_a_list_that_does_not_end_is_told(api, monkeypatch):
    def page(number: int) -> Say:
        info = {"hasNextPage": True, "endCursor": f"x{number}"}
        body = {"data": {"x3InvoicingData": {"supplierInvoiceHeader": {"query": {"edges": [], "pageInfo": info}}}}}
        if api == "rest":
            body = {"$resources": [], "$links": {"$next": {"$url": f"?again={number}"}}}
        return Say(200, json.dumps(body).encode())

    monkeypatch.setattr(f"stampli_assets.x3.{api}.MOST_PAGES", 3)
    with Scripted(*map(page, range(9))) as server:
        with pytest.raises(Misconfigured, match="does not end"):
            make_book(api, server.base_url).find([x3_bill()])
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("api", "body"),
    [
        ("graphql", {"data": {"x3InvoicingData": None}}),
        (
            "graphql",
            {"data": {"x3InvoicingData": {"supplierInvoiceHeader": {"query": {"edges": [None], "pageInfo": {}}}}}},
        ),
        ("graphql", {"data": {"x3InvoicingData": {"supplierInvoiceHeader": {"query": {"edges": []}}}}}),
        ("rest", {}),
        ("rest", {"$resources": [None]}),
        ("rest", {"$resources": None}),
    ],
)
def test_half_a_list_is_never_taken_for_absence(api, body):
    with Scripted(Say(200, json.dumps(body).encode())) as server, pytest.raises(Transient, match="without the rows"):
        make_book(api, server.base_url, backoff_deadline_seconds=2).find([x3_bill()])


def test_a_page_that_says_that_more_follows_and_not_where_is_no_end():
    page = {"edges": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
    body = {"data": {"x3InvoicingData": {"supplierInvoiceHeader": {"query": page}}}}
    with Scripted(Say(200, json.dumps(body).encode())) as server, pytest.raises(Transient, match="not where"):
        make_book("graphql", server.base_url, backoff_deadline_seconds=1).find([x3_bill()])


def test_a_list_with_errors_beside_it_is_never_taken_for_absence():
    page = {"edges": [], "pageInfo": {"hasNextPage": False}}
    body = {
        "data": {"x3InvoicingData": {"supplierInvoiceHeader": {"query": page}}},
        "errors": [error("No right to the site F02")],
    }
    with Scripted(Say(200, json.dumps(body).encode())) as server, pytest.raises(Misconfigured, match="No right"):
        make_book("graphql", server.base_url).find([x3_bill()])


@pytest.mark.parametrize("api", APIS)
def test_warnings_come_back_with_the_record(api):
    warned = [{"$severity": "warning", "$message": "Careful"}]
    say = rest(201, **{"NUM": "BIS1", "$diagnoses": warned})
    if api == "graphql":
        say = graphql({"id": "BIS1"}, extensions={"diagnoses": [{"severity": 2, "message": "Careful", "path": []}]})
    with Scripted(say) as server:
        clock = FakeClock()
        of = make_api(api, make_door(server.base_url, clock))
        (made,) = of.create("create_invoice", [{"site": "F01"}], until=clock.now() + dt.timedelta(seconds=9))
        assert isinstance(made, Made)
        assert [(one.severity, one.message) for one in made.warnings] == [(Severity.WARNING, "Careful")]


def test_a_severity_that_nobody_knows_counts_as_an_error():
    assert [severity(given) for given in (1, "2", "Warning", "fatal", 9, None, "odd")] == [
        Severity.INFO,
        Severity.WARNING,
        Severity.WARNING,
        Severity.EXCEPTION,
        Severity.ERROR,
        Severity.ERROR,
        Severity.ERROR,
    ]


@pytest.mark.parametrize(
    "message",
    [
        "ACC: Account Maintenance does not exist.",
        "Account 61500 Maintenance: not analysed this way",
        "Supplier LOCKE does not exist.",
        "ACCDAT: The period 2026-09 is closed (locked by CFO).",
        "BPR : LICENCE01 : Record does not exist",
    ],
)
@pytest.mark.parametrize("api", APIS)
def test_a_refusal_that_only_sounds_like_a_pause_is_a_refusal(api, message):
    say = diagnosed(400, ("error", message)) if api == "rest" else graphql(None, [error("x", (3, message))])
    outcome = outcome_of(api, say)
    assert isinstance(outcome, Refused), outcome
    assert message in outcome.reasons[0].raw


def test_a_decision_beside_a_pause_is_a_refusal():
    say = diagnosed(400, ("error", "Record locked by user ADMIN"), ("error", "ACC: Account 1 does not exist."))
    assert isinstance(outcome_of("rest", say), Refused)


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ("ACC : 60100 : Record does not exist", "ERP_RECORD", "no record 60100 for the field ACC"),
        ("Account 60100 is not authorised for the site F01", "ERP_ACCOUNT", "is not authorised for the site F01"),
        ("VAT: Mandatory field.", "ERP_FIELD_MISSING", "demands the field VAT"),
        ("Function GESBIS: user WS not authorized", "ERP_PERMISSION", "may not do this"),
        ("Source document INV-1 already entered for S001", "ERP_DUPLICATE", "already holds"),
        ("BPRVCR has 21 characters, at most 20 fit.", "ERP_TOO_LONG", "21 characters does not fit into 20"),
        ("Closed period", "ERP_PERIOD_CLOSED", "not open in X3"),
        ("The dimension type CCT is mandatory", "ERP_DIMENSION_MISSING", "needs a dimension of type CCT"),
        ("Tax code T9 does not exist.", "ERP_TAX", "Tax code T9 does not exist"),
        ("FCY: Site F09 is not active.", "ERP_SITE", "Site F09 is not active"),
        ("Control total does not match the lines", "ERP_TOTAL", "another total"),
    ],
)
def test_the_usual_words_of_x3_become_sentences_with_remedies(message, code, words):
    outcome = outcome_of("rest", diagnosed(400, ("error", message)))
    assert outcome.reasons[0].code == code
    assert words in outcome.reasons[0].sentence
    assert outcome.reasons[0].remedy


@pytest.mark.parametrize("seconds", [9, 11])
def test_a_connection_is_kept_alive_and_not_used_for_a_write_after_it_was_idle(seconds):
    clock = FakeClock()
    with Scripted(rest(201, NUM="BIS1", AMTATI=118)) as server:
        book = make_book("rest", server.base_url, clock)
        book.post(numbered(x3_bill("A")))
        clock.pass_time(seconds=seconds)
        book.post(numbered(x3_bill("B")))
        assert len({asked.port for asked in server.asked}) == (1 if seconds < 10 else 2)


def test_the_session_of_syracuse_is_kept_over_connections_and_threads_so_that_it_takes_one_licence():
    clock = FakeClock()
    begun = Say(201, b'{"NUM":"BIS1"}', headers={"Set-Cookie": "syracuse.sid=s-1; Path=/; HttpOnly"})
    with Scripted(begun, rest(201, NUM="BIS2", AMTATI=118)) as server:
        book = make_book("rest", server.base_url, clock)
        for number in "ABC":
            thread = threading.Thread(target=book.post, args=(numbered(x3_bill(number)),))
            thread.start()
            thread.join()
            clock.pass_time(seconds=11)
        assert [asked.headers.get("Cookie") for asked in server.asked] == [None, "syracuse.sid=s-1", "syracuse.sid=s-1"]


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (Say(200, b'{"data":null,"errors":[{"message":"Internal server error"}]}'), "could not read"),
        (Say(200, b'{"errors":[{"message":"x","extensions":{"code":"internal-error"}}],"data":{}}'), "could not read"),
        (Say(500, b"{}"), "HTTP 500"),
        (Say(200, b"{}"), "none of GraphQL"),
        (Say(200, b'{"data":null}'), "without data"),
    ],
)
def test_a_reading_that_failed_is_tried_again(say, words):
    with Scripted(say) as server:
        with pytest.raises(Transient, match=words):
            make_book("graphql", server.base_url, backoff_deadline_seconds=2).find([x3_bill()])
        assert len(server.asked) > 1


@pytest.mark.parametrize("endpoint", ["", "SEED/../OTHER", "SEED\r\nX: y", "A B", "é"])
def test_an_endpoint_that_is_no_name_is_refused(endpoint):
    with pytest.raises(Misconfigured, match="no name of an X3 folder"):
        make_folder("http://127.0.0.1:1", endpoint=endpoint)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_file_that_is_no_certificate_authority_is_a_matter_of_settings(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured, match="certificate authority"):
        make_book("rest", "https://127.0.0.1:1", ca_file=str(path)).post(numbered(x3_bill()))


@pytest.fixture
def certificate(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "X3 of a customer")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "x3.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_private_authority_is_by_its_file(certificate):
    server = Scripted(rest(201, NUM="BIS1", AMTATI=118))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True, do_handshake_on_connect=False)
    with server:
        address = server.base_url.replace("http://", "https://")
        with pytest.raises(Misconfigured, match="cannot prove that it is X3") as stranger:
            make_book("rest", address).post(numbered(x3_bill()))
        assert "ca_file" in stranger.value.remedy
        assert server.asked == []
        (posted,) = make_book("rest", address, ca_file=str(certificate)).post(numbered(x3_bill()))
        assert isinstance(posted, Posted)
