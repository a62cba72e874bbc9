"""The REST api1 over HTTP: sign-in, lists, details, templates, creates, versions."""

from __future__ import annotations

import pytest
import requests
from sandbox_x3.folder import make_masters, post, rest, rest_invoice, rest_post

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator

QUERY = "BPSUPPLIERINVOICE?representation=BIS.$query"
DETAILS = "BPSUPPLIERINVOICE('BIS00000001')?representation=BIS.$details"


@pytest.fixture
def simulator():
    with X3RestSimulator(make_masters()) as running:
        yield running


def numbers(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["BPRVCR"] for row in answer.json()["$resources"]]


def said(answer: requests.Response) -> str:
    return answer.json()["$diagnoses"][0]["$message"]


@pytest.mark.parametrize("auth", [None, ("rest_user", "wrong"), ("nobody", "rest-secret")])
def test_every_request_needs_http_basic(simulator, auth):
    answer = rest(simulator, "GET", QUERY, auth=auth)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_created_invoice_is_answered_whole_with_its_key_version_and_lines(simulator):
    line = {"VAT": "T8", "BPSINVLIGA": [{"DIE": ["CCT", "PRJ"], "CCE": ["200", "P-1"], "AMT": 100}]}
    made = rest_post(simulator, line=line)
    assert made.status_code == 201
    body = made.json()
    assert (body["NUM"], body["$key"], body["AMTNOT"], body["AMTATI"]) == ("BIS00000001", "BIS00000001", 100.0, 108.0)
    assert made.headers["ETag"] == f'"{body["$etag"]}"'
    (kept,) = body["BPSINVLIG"]
    assert (kept["ACC"], kept["AMTVAT"], kept["LIG"]) == ("60100", 8.0, 1000)
    assert [(row["DIE"], row["CCE"], row["AMT"]) for row in kept["BPSINVLIGA"]] == [
        ("CCT", "200", 100.0),
        ("PRJ", "P-1", 100.0),
    ]
    assert kept["$uuid"] != kept["BPSINVLIGA"][0]["$uuid"]
    assert rest(simulator, "GET", DETAILS).json() == body


def test_decimals_are_exact_numbers_on_the_wire_or_texts():
    with X3RestSimulator(make_masters()) as simulator:
        assert '"AMTNOT":90071992547409.93' in rest_post(simulator, line={"AMTNOTLIN": "90071992547409.93"}).text
    with X3RestSimulator(make_masters(), decimals_as="text", created_status=200) as simulator:
        answer = rest_post(simulator)
    assert (answer.status_code, answer.json()["AMTNOT"]) == (200, "100.00")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("(BPR eq 'S001' and BPRVCR eq 'INV-2')", ["INV-2"]),
        ("BPRVCR ne 'INV-2'", ["INV-1", "INV-3"]),
        ("AMTNOT gt 100 and AMTNOT lt 300", ["INV-2"]),
        ("AMTNOT ge 200 or BPRVCR eq 'INV-1'", ["INV-1", "INV-2", "INV-3"]),
        ("AMTNOT le 100", ["INV-1"]),
        ("BPRVCR like 'INV%' and (BPRVCR eq 'INV-1' or BPRVCR eq 'INV-3')", ["INV-1", "INV-3"]),
        ("BPRVCR in ('INV-1','INV-2')", ["INV-1", "INV-2"]),
        ("ACCDAT between @2026-11-06@ and '2026-11-30'", ["INV-3"]),
        ("BPRVCR eq 'O''Brien'", []),
        ("INVTYP eq 1", ["INV-1", "INV-2", "INV-3"]),
    ],
)
def test_where_clauses_choose_among_the_invoices(simulator, where, expected):
    for number, amount, day in (("INV-1", 100, "05"), ("INV-2", 200, "05"), ("INV-3", 300, "06")):
        rest_post(simulator, BPRVCR=number, ACCDAT=f"2026-11-{day}", line={"AMTNOTLIN": amount})
    assert numbers(rest(simulator, "GET", QUERY, params={"where": where})) == expected


@pytest.mark.parametrize(
    "asked",
    [{"where": "NOTHING eq 'x'"}, {"where": "BPR eq"}, {"where": "BPR is 'x'"}, {"where": "(BPR eq 'x'"},
     {"where": "BPR eq 'x' BPR"}, {"where": "AMTNOT eq 'much'"}, {"where": "BPSINVLIG eq 'x'"}, {"where": "#"},
     {"count": "0"}, {"count": "many"}, {"count": "1001"}, {"orderBy": "BPR up"}, {"key": "lt.1"}, {"key": "gt.none"}],
)  # fmt: skip
def test_a_query_that_cannot_be_read_is_answered_by_400_and_a_diagnosis(simulator, asked):
    answer = rest(simulator, "GET", QUERY, params=asked)
    assert answer.status_code == 400
    assert answer.json()["$diagnoses"][0]["$severity"] == "error"


def test_lists_come_in_pages_linked_by_the_url_of_the_next(simulator):
    for number in range(1, 6):
        rest_post(simulator, BPRVCR=f"INV-{number}")
    first = rest(simulator, "GET", QUERY, params={"count": 2, "where": "BPR eq 'S001'"})
    assert numbers(first) == ["INV-1", "INV-2"]
    seen, link = numbers(first), first.json()["$links"].get("$next")
    while link:
        assert link["$url"].startswith(simulator.base_url)
        answer = requests.get(link["$url"], auth=("rest_user", "rest-secret"), timeout=5)
        seen, link = [*seen, *numbers(answer)], answer.json()["$links"].get("$next")
    assert seen == [f"INV-{number}" for number in range(1, 6)]


def test_order_by_sorts_by_several_properties_both_ways(simulator):
    for number, amount in (("B", 1), ("A", 1), ("C", 2)):
        rest_post(simulator, BPRVCR=number, line={"AMTNOTLIN": amount})
    answer = rest(simulator, "GET", QUERY, params={"orderBy": "AMTNOT desc,BPRVCR"})
    assert numbers(answer) == ["C", "A", "B"]


def test_a_list_has_no_lines_and_a_missing_record_is_not_found(simulator):
    rest_post(simulator)
    assert "BPSINVLIG" not in rest(simulator, "GET", QUERY).json()["$resources"][0]
    answer = rest(simulator, "GET", "BPSUPPLIERINVOICE('NONE')?representation=BIS.$details")
    assert (answer.status_code, said(answer)) == (404, "Record NONE not found.")


def test_suppliers_are_read_by_key_and_partners_hold_their_tax_ids(simulator):
    details = rest(simulator, "GET", "BPSUPPLIER('S001')?representation=BPSUPPLIER.$details").json()
    assert (details["BPSNAM"], details["ENAFLG"], details["PTE"]) == ("Old Mill Printing", 2, "NET30")
    asked = {"where": "CRN eq '12-345'"}
    (partner,) = rest(simulator, "GET", "BPARTNER?representation=BPARTNER.$query", params=asked).json()["$resources"]
    assert (partner["BPRNUM"], partner["BPRNAM"]) == ("S001", "Old Mill Printing")


def test_composite_keys_join_with_a_tilde(simulator):
    answer = rest(simulator, "GET", "CACCE('CCT~200')?representation=CACCE.$details").json()
    assert (answer["DIE"], answer["CCE"], answer["DES"], answer["$key"]) == ("CCT", "200", "Operations", "CCT~200")


def test_the_template_gives_defaults_and_the_prototype_says_what_is_mandatory(simulator):
    template = rest(simulator, "GET", "BPSUPPLIERINVOICE/$template?representation=BIS.$create").json()
    assert (template["INVTYP"], template["CUR"], template["BPSINVLIG"]) == (1, "USD", [])
    properties = rest(simulator, "GET", "BPSUPPLIERINVOICE/$prototypes('BIS.$create')").json()["$properties"]
    assert properties["BPRVCR"] == {"$type": "application/x-string", "$isMandatory": True, "$maxLength": 20}
    assert properties["ACCDAT"]["$type"] == "application/x-date"
    assert properties["NUM"]["$isReadOnly"] is True
    lines = properties["BPSINVLIG"]
    assert lines["$type"] == "application/x-array"
    assert lines["$item"]["$properties"]["ACC"]["$isMandatory"] is True
    assert rest(simulator, "GET", "BPSUPPLIER/$template?representation=BPSUPPLIER.$create").json()["BPSTYP"] == 1
    assert rest(simulator, "GET", "BPSUPPLIER/$prototypes('OTHER.$create')").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [("NOTHING?representation=NOTHING.$query", 404), ("BPSUPPLIER?representation=BIS.$query", 400),
     ("BPSUPPLIER", 400), ("BPSUPPLIER?representation=BPSUPPLIER.$lookup", 405), ("BPSUPPLIER(S001)", 404),
     ("BPSUPPLIER/$template?representation=BPSUPPLIER.$query", 400)],
)  # fmt: skip
def test_class_and_representation_are_mandatory_and_belong_together(simulator, path, status):
    assert rest(simulator, "GET", path).status_code == status


def test_another_endpoint_and_a_class_that_is_only_read_refuse_to_create(simulator):
    other = simulator.url.replace("SEED", "OTHER")
    answer = requests.get(f"{other}/{QUERY}", auth=("rest_user", "rest-secret"), timeout=5)
    assert answer.status_code == 404
    assert rest(simulator, "POST", "GACCOUNT?representation=GACCOUNT.$create", json={}).status_code == 405
    assert rest(simulator, "DELETE", "GACCOUNT('60100')?representation=GACCOUNT.$edit").status_code == 405


def test_what_is_wrong_with_a_line_is_said_on_that_line(simulator):
    lines = [
        {"ACC": "60100", "AMTNOTLIN": 1},
        {"ACC": "99999", "AMTNOTLIN": 1, "BPSINVLIGA": [{"DIE": "X", "CCE": "1"}]},
    ]
    answer = rest_post(simulator, BPR="S999", BPSINVLIG=lines)
    assert answer.status_code == 400
    body = answer.json()
    assert body["$diagnoses"] == [{"$severity": "error", "$message": "BPR: Supplier S999 does not exist."}]
    assert body["BPSINVLIG"][0] == {}
    assert body["BPSINVLIG"][1]["$diagnoses"][0]["$message"] == "ACC: Account 99999 does not exist."
    (analytical,) = body["BPSINVLIG"][1]["BPSINVLIGA"]
    assert analytical["$diagnoses"][0]["$message"] == "DIE: Dimension type X does not exist."
    assert simulator.books.supplier_invoices == {}


def test_a_refusal_may_have_another_status():
    with X3RestSimulator(make_masters(), refusal_status=500) as simulator:
        assert rest_post(simulator, BPR="S999").status_code == 500


@pytest.mark.parametrize("wrong", [{"NOTHING": "x"}, {"NUM": "MINE"}, {"INVTYP": 9}, {"ACCDAT": "05/11/2026"},
                                   {"BPR": 7}, {"BPSINVLIG": "one"}, {"INVTYP": "x"}])  # fmt: skip
def test_properties_that_the_class_lacks_or_computes_or_cannot_read_are_refused(simulator, wrong):
    assert rest_post(simulator, **wrong).status_code == 400
    assert simulator.books.supplier_invoices == {}


def test_internal_properties_are_ignored_and_unknown_ones_where_the_folder_does_so(simulator):
    assert rest_post(simulator, **{"$uuid": "x", "$etag": "y"}).status_code == 201
    with X3RestSimulator(make_masters(), refuse_unknown=False) as lenient:
        assert rest_post(lenient, NOTHING="x").status_code == 201


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_resource_is_refused(simulator, body):
    answer = rest(simulator, "POST", "BPSUPPLIERINVOICE?representation=BIS.$create", data=body)
    assert answer.status_code == 400


def test_a_supplier_is_created_and_changed_only_with_its_present_version(simulator):
    given = {"BPSNUM": "S100", "BPSNAM": "New", "CRY": "US", "BSGCOD": "US", "CUR": "USD", "VACBPR": "USA", "PTE": "NET30",
             "BPADDRESS": [{"BPAADD": "MAIN", "CTY": "Akron", "CRY": "US"}]}  # fmt: skip
    made = rest(simulator, "POST", "BPSUPPLIER?representation=BPSUPPLIER.$create", json=given)
    assert made.status_code == 201
    path = "BPSUPPLIER('S100')?representation=BPSUPPLIER.$edit"
    version = made.json()["$etag"]
    changed = rest(simulator, "PUT", path, json={"$etag": version, "PTE": "NET60"})
    assert (changed.status_code, changed.json()["PTE"]) == (200, "NET60")
    stale = rest(simulator, "PUT", path, json={"$etag": version, "PTE": "NET30"})
    assert stale.status_code == 412
    assert rest(simulator, "PUT", path, json={"PTE": "NET30"}).status_code == 412
    now = {"If-Match": changed.headers["ETag"]}
    assert rest(simulator, "PUT", path, json={"PTE": "NET30"}, headers=now).status_code == 200
    assert rest(simulator, "PUT", path.replace("S100", "S999"), json={}).status_code == 404


def test_a_posted_invoice_keeps_its_amounts(simulator):
    made = rest_post(simulator).json()
    path = "BPSUPPLIERINVOICE('BIS00000001')?representation=BIS.$edit"
    refused = rest(simulator, "PUT", path, json={"$etag": made["$etag"], "AMTATI": 1})
    assert refused.status_code == 400
    changed = rest(simulator, "PUT", path, json={"$etag": made["$etag"], "DES": "A remark"})
    assert changed.json()["DES"] == "A remark"


def test_a_folder_publishes_classes_representations_and_codes_under_its_own_names(simulator):
    simulator.publish_as({"BPSUPPLIERINVOICE": "YBIS", "BIS": "YREP", "BPSUPPLIERINVOICE.BPRVCR": "YBPRVCR"})
    assert rest_post(simulator).status_code == 404
    given = rest_invoice(BPRVCR=None, YBPRVCR="INV-9")
    made = rest(simulator, "POST", "YBIS?representation=YREP.$create", json=given)
    assert (made.status_code, made.json()["YBPRVCR"]) == (201, "INV-9")
    refused = rest(simulator, "POST", "YBIS?representation=YREP.$create", json=rest_invoice())
    assert "BPRVCR" in said(refused)
    asked = {"where": "YBPRVCR eq 'INV-9'"}
    answer = rest(simulator, "GET", "YBIS?representation=YREP.$query", params=asked)
    assert len(answer.json()["$resources"]) == 1


def test_both_apis_serve_one_set_of_books():
    books = X3Books(make_masters())
    with X3GraphQLSimulator(books=books) as graphql, X3RestSimulator(books=books) as simulator:
        post(graphql)
        rest_post(simulator, BPRVCR="INV-2")
        assert numbers(rest(simulator, "GET", QUERY)) == ["INV-1", "INV-2"]
        assert graphql.port != simulator.port
        assert (graphql.told()["creates"], simulator.told()["creates"]) == (1, 1)


def test_a_simulator_has_books_of_its_own_or_shared_ones_not_both():
    with pytest.raises(ValueError, match="either"):
        X3RestSimulator(make_masters(), books=X3Books(make_masters()))
