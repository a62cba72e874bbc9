"""The GraphQL API over HTTP: its schema, its queries, what a create makes."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests
from gql import Client
from gql import gql as document
from gql.transport.requests import RequestsHTTPTransport
from graphql import build_client_schema, get_introspection_query
from sandbox_x3.folder import BASIC, CREATE, ask, diagnoses, invoice, make_masters, post, send, supplier

from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator

FIND = """query Find($first: Int, $after: String, $filter: String, $orderBy: String) {
  x3InvoicingData { supplierInvoiceHeader { query(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { node { id sourceDocument } cursor } pageInfo { endCursor hasNextPage hasPreviousPage } totalCount } } } }"""


@pytest.fixture
def simulator():
    with X3GraphQLSimulator(make_masters()) as running:
        yield running


def found(answer) -> dict:
    return answer["data"]["x3InvoicingData"]["supplierInvoiceHeader"]["query"]


def numbers(answer) -> list[str]:
    return [edge["node"]["sourceDocument"] for edge in found(answer)["edges"]]


def test_gql_introspects_the_schema_creates_an_invoice_and_finds_it(simulator):
    transport = RequestsHTTPTransport(url=simulator.url, auth=requests.auth.HTTPBasicAuth(*BASIC))
    with Client(transport=transport, fetch_schema_from_transport=True) as session:
        post_one, find = document(CREATE), document(FIND)
        post_one.variable_values = {"data": invoice()}
        made = session.execute(post_one)
        assert made["x3Invoicing"]["supplierBpInvoice"]["create"]["id"] == "BIS00000001"
        find.variable_values = {"filter": "{billBySupplier:{_id:'S001'},sourceDocument:{_eq:'INV-1'}}"}
        answer = session.execute(find)
        assert answer["x3InvoicingData"]["supplierInvoiceHeader"]["query"]["totalCount"] == 1


def test_the_schema_is_a_tree_of_packages_and_nodes_with_one_create_where_things_are_written(simulator):
    schema = build_client_schema(ask(simulator, get_introspection_query())["data"])
    packages = schema.query_type.fields
    assert {"x3MasterData", "x3InvoicingData", "x3FinanceData"} <= set(packages)
    assert {"supplier", "businessPartner"} <= set(packages["x3MasterData"].type.fields)
    header = schema.get_type("SupplierInvoiceHeader")
    wanted = (
        "id category purchaseInvoiceCategory billBySupplier control company site accountingDate internalNumber "
        "internalReference sourceDocumentDate sourceDocument currency rateType rateDate payToBusinessPartner paymentTerm "
        "taxRule status paymentApproval originalInvoiceNumber debitOrCredit totalAmountIncludingTax totalAmountExcludingTax"
    )
    assert set(wanted.split()) <= set(header.fields)
    writing = schema.mutation_type.fields
    assert set(writing["x3Invoicing"].type.fields) == {"supplierBpInvoice"}
    assert "supplierInvoiceHeader" not in writing
    assert set(writing["x3MasterData"].type.fields) == {"supplier"}


def test_a_created_invoice_can_be_read_with_its_references_lines_and_exact_amounts(simulator):
    line = {"tax": "T8", "analyticalLines": [{"dimensionType": "CCT", "dimension": "200", "amount": "100.00"}]}
    post(simulator, line=line)
    answer = ask(
        simulator,
        """{ x3Invoicing { supplierBpInvoice { read(_id: "BIS00000001") {
          _id purchaseInvoiceCategory status accountingDate totalAmountExcludingTax totalAmountIncludingTax debitOrCredit
          billBySupplier { _id code { code companyName } paymentTerm { code } } site { _id company } currency { code }
          lines { query { edges { node { account { code description } amountExcludingTax taxAmount tax { code rate }
            analyticalLines { query { edges { node { dimensionType dimension amount } } } } } } } } } } } }""",
    )
    node = answer["data"]["x3Invoicing"]["supplierBpInvoice"]["read"]
    assert (node["_id"], node["purchaseInvoiceCategory"], node["status"]) == ("BIS00000001", "invoice", "final")
    assert (node["totalAmountExcludingTax"], node["totalAmountIncludingTax"]) == ("100.00", "108.00")
    assert node["billBySupplier"]["code"] == {"code": "S001", "companyName": "Old Mill Printing"}
    assert node["site"] == {"_id": "F01", "company": "ACME"}
    (edge,) = node["lines"]["query"]["edges"]
    assert edge["node"]["account"] == {"code": "60100", "description": "Advertising"}
    assert edge["node"]["taxAmount"] == "8.00"
    (dimension,) = edge["node"]["analyticalLines"]["query"]["edges"]
    assert dimension["node"] == {"dimensionType": "CCT", "dimension": "200", "amount": "100.00"}


def test_what_the_caller_leaves_out_comes_from_the_supplier_and_the_site(simulator):
    post(simulator)
    (kept,) = simulator.books.supplier_invoices.values()
    assert {code: kept[code] for code in ("PTE", "VAC", "BPRPAY", "CPY", "CURTYP", "INVTYP", "STRDUDDAT")} == {
        "PTE": "NET30", "VAC": "USA", "BPRPAY": "S001", "CPY": "ACME", "CURTYP": 1, "INVTYP": 1,
        "STRDUDDAT": "2026-11-02",
    }  # fmt: skip


def test_a_credit_memo_counts_the_other_way(simulator):
    post(simulator, purchaseInvoiceCategory="creditMemo")
    (kept,) = simulator.books.supplier_invoices.values()
    assert (kept["INVTYP"], kept["SNS"]) == (2, -1)


def test_numbers_that_come_as_json_numbers_stay_exact(simulator):
    body = '{"query": "%s", "variables": {"data": %s}}'
    data = '{"site":"F01","billBySupplier":"S001","accountingDate":"2026-11-05","sourceDocumentDate":"2026-11-02",'
    data += (
        '"sourceDocument":"N","currency":"USD","lines":[{"account":"60100","amountExcludingTax":90071992547409.93}]}'
    )
    requests.post(simulator.url, data=body % (CREATE, data), auth=BASIC, timeout=5).json()
    (kept,) = simulator.books.supplier_invoices.values()
    assert kept["AMTATI"] == "90071992547409.93"


def test_decimals_can_be_answered_as_numbers():
    with X3GraphQLSimulator(make_masters(), decimals_as="number") as simulator:
        post(simulator, line={"amountExcludingTax": "90071992547409.93"})
        query = "{ x3InvoicingData { supplierInvoiceHeader { query { edges { node { totalAmountIncludingTax } } } } } }"
        text = send(simulator, query).text
    assert '"totalAmountIncludingTax":90071992547409.93' in text


def test_two_equal_creates_make_two_documents(simulator):
    assert [post(simulator), post(simulator)] != []
    assert [kept["BPRVCR"] for kept in simulator.books.supplier_invoices.values()] == ["INV-1", "INV-1"]


def test_several_creates_under_aliases_run_in_order_each_for_itself(simulator):
    query = """mutation Post($a: SupplierBpInvoice_Input!, $b: SupplierBpInvoice_Input!, $c: SupplierBpInvoice_Input!) {
      a: x3Invoicing { supplierBpInvoice { create(data: $a) { id } } }
      b: x3Invoicing { supplierBpInvoice { create(data: $b) { id } } }
      c: x3Invoicing { supplierBpInvoice { create(data: $c) { id } } } }"""
    given = {"a": invoice(), "b": invoice(billBySupplier="S999"), "c": invoice(sourceDocument="INV-3")}
    answer = ask(simulator, query, given)
    assert answer["data"]["a"]["supplierBpInvoice"]["create"] == {"id": "BIS00000001"}
    assert answer["data"]["b"]["supplierBpInvoice"]["create"] is None
    assert answer["data"]["c"]["supplierBpInvoice"]["create"] == {"id": "BIS00000002"}
    assert [error["path"] for error in answer["errors"]] == [["b", "supplierBpInvoice", "create"]]
    assert simulator.told()["creates"] == 3


def test_a_folder_may_bound_the_mutations_of_a_request():
    with X3GraphQLSimulator(make_masters(), most_mutations=1) as simulator:
        query = """mutation Post($a: SupplierBpInvoice_Input!) {
          a: x3Invoicing { supplierBpInvoice { create(data: $a) { id } } }
          b: x3Invoicing { supplierBpInvoice { create(data: $a) { id } } } }"""
        answer = ask(simulator, query, {"a": invoice()})
        assert "At most 1" in answer["errors"][0]["message"]
        assert simulator.books.supplier_invoices == {}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{sourceDocument:'INV-2'}", ["INV-2"]),
        ('{"sourceDocument":{"_eq":"INV-2"}}', ["INV-2"]),
        ("{sourceDocument:{_ne:'INV-2'}}", ["INV-1", "INV-3"]),
        ("{sourceDocument:{_in:['INV-1','INV-3']}}", ["INV-1", "INV-3"]),
        ("{sourceDocument:{_nin:['INV-1','INV-3']}}", ["INV-2"]),
        ("{totalAmountExcludingTax:{_gt:100}}", ["INV-2", "INV-3"]),
        ("{totalAmountExcludingTax:{_gte:'200.00',_lt:300}}", ["INV-2"]),
        ("{totalAmountExcludingTax:{_lte:200.00}}", ["INV-1", "INV-2"]),
        ("{_or:[{sourceDocument:'INV-1'},{sourceDocument:'INV-2'}]}", ["INV-1", "INV-2"]),
        ("{_and:[{sourceDocument:{_regex:'^INV'}},{_not:{sourceDocument:'INV-2'}}]}", ["INV-1", "INV-3"]),
        ("{billBySupplier:{_id:'S001'},accountingDate:{_gte:'2026-11-06'}}", ["INV-3"]),
        ("{billBySupplier:{_id:{_eq:'S001'}},purchaseInvoiceCategory:'creditMemo'}", ["INV-3"]),
        ("{billBySupplier:{code:{companyRegistrationNumber:'12-345'}}}", ["INV-1", "INV-2", "INV-3"]),
        ("{_id:'BIS00000002'}", ["INV-2"]),
        ("{sourceDocument:'o\\'no'}", []),
    ],
)
def test_filters_choose_among_the_invoices(simulator, condition, expected):
    post(simulator)
    post(simulator, sourceDocument="INV-2", line={"amountExcludingTax": 200})
    credit = {"purchaseInvoiceCategory": "creditMemo", "accountingDate": "2026-11-06"}
    post(simulator, sourceDocument="INV-3", line={"amountExcludingTax": 300}, **credit)
    assert numbers(ask(simulator, FIND, {"filter": condition})) == expected


def test_a_collection_is_filtered_by_how_many_of_its_lines_match(simulator):
    post(simulator)
    query = "query F($f: String) { x3Invoicing { supplierBpInvoice { query(filter: $f) { totalCount } } } }"

    def count(condition: str) -> int:
        return ask(simulator, query, {"f": condition})["data"]["x3Invoicing"]["supplierBpInvoice"]["query"][
            "totalCount"
        ]

    assert count("{lines:{_atLeast:1,account:{_id:'60100'}}}") == 1
    assert count("{lines:{_atLeast:1,account:{_id:'62200'}}}") == 0
    assert count("{lines:{_atMost:0,account:{_id:'62200'}}}") == 1


@pytest.mark.parametrize(
    "condition",
    ["{nothing:'x'}", "{sourceDocument", "{sourceDocument:{_like:'x'}}", "{billBySupplier:'S001'}", "'x'",
     "{totalAmountExcludingTax:{_gt:'a lot'}}", "{status:'nowhere'}", "{sourceDocument:{_in:'x'}}",
     "{sourceDocument:{_regex:'('}}", "{totalAmountExcludingTax:{_gt:null}}", "{_not:1}"],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_an_error_with_http_200(simulator, condition):
    answer = ask(simulator, FIND, {"filter": condition})
    assert answer["errors"][0]["extensions"]["code"] == "bad-request"
    assert answer["data"]["x3InvoicingData"]["supplierInvoiceHeader"]["query"] is None


def test_pages_follow_by_cursor_and_say_whether_more_comes(simulator):
    for number in range(1, 6):
        post(simulator, sourceDocument=f"INV-{number}")
    first = ask(simulator, FIND, {"first": 2})
    assert (numbers(first), found(first)["totalCount"]) == (["INV-1", "INV-2"], 5)
    assert found(first)["pageInfo"]["hasNextPage"] is True
    second = ask(simulator, FIND, {"first": 2, "after": found(first)["pageInfo"]["endCursor"]})
    last = ask(simulator, FIND, {"first": 2, "after": found(second)["pageInfo"]["endCursor"]})
    assert (numbers(second), numbers(last)) == (["INV-3", "INV-4"], ["INV-5"])
    assert (found(last)["pageInfo"]["hasNextPage"], found(last)["pageInfo"]["hasPreviousPage"]) == (False, True)


def test_twenty_rows_come_when_first_is_not_given_and_an_unknown_cursor_is_refused(simulator):
    for number in range(21):
        post(simulator, sourceDocument=f"INV-{number}")
    assert len(found(ask(simulator, FIND))["edges"]) == 20
    assert ask(simulator, FIND, {"after": "bm9uZQ=="})["errors"]
    assert ask(simulator, FIND, {"first": 1001})["errors"]


def test_order_by_sorts_by_a_property_or_a_reference_both_ways(simulator):
    for number, amount in (("B", 1), ("A", 3), ("C", 2)):
        post(simulator, sourceDocument=number, line={"amountExcludingTax": amount})
    assert numbers(ask(simulator, FIND, {"orderBy": "{sourceDocument:1}"})) == ["A", "B", "C"]
    assert numbers(ask(simulator, FIND, {"orderBy": "{totalAmountExcludingTax:-1}"})) == ["A", "C", "B"]
    assert numbers(ask(simulator, FIND, {"orderBy": "{billBySupplier:{_id:1},_id:-1}"})) == ["C", "A", "B"]
    assert ask(simulator, FIND, {"orderBy": "{sourceDocument:2}"})["errors"]


def test_masters_can_be_read_with_composite_ids(simulator):
    query = """{ x3FinanceData { dimension { read(_id: "CCT|200") { _id dimension dimensionType { code } isActive } }
      account { query(filter: "{isActive:false}") { edges { node { code mandatoryDimensionTypes } } } } } }"""
    told = ask(simulator, query)["data"]["x3FinanceData"]
    assert told["dimension"]["read"] == {
        "_id": "CCT|200", "dimension": "200", "dimensionType": {"code": "CCT"}, "isActive": True,
    }  # fmt: skip
    assert told["account"]["query"]["edges"] == [{"node": {"code": "68900", "mandatoryDimensionTypes": None}}]


def test_a_supplier_is_created_and_found_by_tax_id(simulator):
    query = """mutation New($data: Supplier_Input!) { x3MasterData { supplier { create(data: $data) {
      code { code companyName } currency { code } } } } }"""
    made = ask(simulator, query, {"data": supplier()})["data"]["x3MasterData"]["supplier"]["create"]
    assert made == {"code": {"code": "S100", "companyName": "New Supplier Inc"}, "currency": {"code": "USD"}}
    find = """query F($f: String) { x3MasterData { businessPartner { query(filter: $f) { edges { node { code
      addresses { query { edges { node { code city } } } } } } } } } }"""
    answer = ask(simulator, find, {"f": "{companyRegistrationNumber:'99-1'}"})
    (edge,) = answer["data"]["x3MasterData"]["businessPartner"]["query"]["edges"]
    assert edge["node"]["code"] == "S100"
    assert edge["node"]["addresses"]["query"]["edges"] == [{"node": {"code": "MAIN", "city": "Akron"}}]
    assert "errors" not in post(simulator, billBySupplier="S100")


@pytest.mark.parametrize(("style", "good", "bad"), [("key", "S001", "_id:S001"), ("_id", "_id:S001", "S001")])
def test_a_release_takes_references_in_its_own_style(style, good, bad):
    others = {"site": "F01", "currency": "USD"}
    line = {"account": "60100", "tax": "NT"}
    if style == "_id":
        others = {name: f"_id:{key}" for name, key in others.items()}
        line = {name: f"_id:{key}" for name, key in line.items()}
    with X3GraphQLSimulator(make_masters(), reference_style=style) as simulator:
        assert "errors" not in post(simulator, billBySupplier=good, line=line, **others)
        refused = post(simulator, billBySupplier=bad, line=line, **others)
        assert diagnoses(refused)[0]["path"] == ["billBySupplier"]


def test_a_document_that_is_not_of_the_schema_creates_nothing_and_names_what_is_missing(simulator):
    answer = ask(simulator, CREATE.replace("supplierBpInvoice", "supplierInvoice"), {"data": invoice()})
    assert "supplierInvoice" in answer["errors"][0]["message"]
    assert "data" not in answer
    assert simulator.books.supplier_invoices == {}


def test_an_invalid_document_may_be_answered_by_400():
    with X3GraphQLSimulator(make_masters(), invalid_document_status=400) as simulator:
        assert send(simulator, "{ nothing }").status_code == 400


@pytest.mark.parametrize("wrong", [{"accountingDate": "05.11.2026"}, {"lines": [{"amountExcludingTax": "1,5"}]}])
def test_values_of_the_wrong_scalar_are_refused_before_anything_runs(simulator, wrong):
    answer = ask(simulator, CREATE, {"data": invoice(**wrong)})
    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["bad-request"]
    assert simulator.books.supplier_invoices == {}


def test_a_body_that_is_no_json_and_another_folder_are_refused(simulator):
    assert requests.post(simulator.url, data=b"{", auth=BASIC, timeout=5).status_code == 400
    assert requests.get(simulator.url, auth=BASIC, timeout=5).status_code == 405
    answer = send(simulator, "{ __typename }", headers={"x-xtrem-endpoint": "OTHER"})
    assert answer.status_code == 404
    assert send(simulator, "{ __typename }", headers={"x-xtrem-endpoint": "SEED"}).status_code == 200


def test_a_folder_publishes_packages_nodes_operations_and_properties_under_its_own_names(simulator):
    simulator.publish_as(
        {"x3Invoicing": "x3Purchasing", "supplierBpInvoice": "bpInvoice", "supplierBpInvoice.create": "post",
         "SupplierBpInvoice_Input": "BpInvoice_Input", "supplierBpInvoice.sourceDocument": "supplierDocument",
         "supplierInvoiceHeader": ""}
    )  # fmt: skip
    assert ask(simulator, CREATE, {"data": invoice()})["errors"]
    query = "mutation P($data: BpInvoice_Input!) { x3Purchasing { bpInvoice { post(data: $data) { id } } } }"
    given = invoice(sourceDocument=None, supplierDocument="INV-9")
    assert "errors" not in ask(simulator, query, {"data": given})
    assert [kept["BPRVCR"] for kept in simulator.books.supplier_invoices.values()] == ["INV-9"]
    assert ask(simulator, FIND)["errors"]
    refused = ask(simulator, query, {"data": invoice(sourceDocument=None, supplierDocument="9" * 21)})
    assert diagnoses(refused)[0]["path"] == ["supplierDocument"]
    assert diagnoses(refused)[0]["message"].startswith("BPRVCR")


def test_amounts_in_the_books_are_texts_that_say_exactly_what_was_given(simulator):
    post(simulator, line={"amountExcludingTax": "0.10"})
    (kept,) = requests.get(f"{simulator.base_url}/books", timeout=5).json()["supplier_invoices"]
    assert (kept["AMTNOT"], Decimal(kept["AMTATI"])) == ("0.10", Decimal("0.10"))
