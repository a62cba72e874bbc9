"""The folder's rules, each by itself: what an invoice or a supplier must have, over both APIs."""

from __future__ import annotations

import pytest
from sandbox_x3.folder import ask, diagnoses, make_masters, post, rest, rest_post, supplier

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator

NEW = "mutation New($data: Supplier_Input!) { x3MasterData { supplier { create(data: $data) { _id } } } }"


@pytest.fixture
def books():
    return X3Books(make_masters())


@pytest.fixture
def simulator(books):
    with X3GraphQLSimulator(books=books) as running:
        yield running


@pytest.fixture
def rest_simulator(books):
    with X3RestSimulator(books=books) as running:
        yield running


def analytical(kind: str, code: str, **given) -> dict:
    return {"analyticalLines": [{"dimensionType": kind, "dimension": code, **given}]}


RULES = [
    ({"billBySupplier": None}, ["billBySupplier"], "BPR: Mandatory field."),
    ({"site": None}, ["site"], "FCY: Mandatory field."),
    ({"accountingDate": None}, ["accountingDate"], "ACCDAT: Mandatory field."),
    ({"sourceDocumentDate": None}, ["sourceDocumentDate"], "BPRDAT: Mandatory field."),
    ({"sourceDocument": None}, ["sourceDocument"], "BPRVCR: Mandatory field."),
    ({"currency": None}, ["currency"], "CUR: Mandatory field."),
    ({"lines": []}, ["lines"], "BPSINVLIG: at least one line is needed."),
    ({"lines": None}, ["lines"], "BPSINVLIG: at least one line is needed."),
    ({"billBySupplier": "S999"}, ["billBySupplier"], "BPR: Supplier S999 does not exist."),
    ({"billBySupplier": "S002"}, ["billBySupplier"], "BPR: Supplier S002 is not active."),
    ({"billBySupplier": "S003"}, ["billBySupplier"], "BPR: Supplier S003 is not allowed for the site F01."),
    ({"billBySupplier": "S004"}, ["billBySupplier"], "BPR: Supplier S004 is not open on 2026-11-05."),
    ({"site": "F99"}, ["site"], "FCY: Site F99 does not exist."),
    ({"site": "F03"}, ["site"], "FCY: Site F03 is not active."),
    ({"company": "OTHER"}, ["company"], "CPY: Site F01 is not of the company OTHER."),
    ({"currency": "XXX"}, ["currency"], "CUR: Currency XXX does not exist."),
    ({"paymentTerm": "NEVER"}, ["paymentTerm"], "PTE: Payment term NEVER does not exist."),
    ({"taxRule": "EU"}, ["taxRule"], "VAC: Tax rule EU does not exist."),
    ({"payToBusinessPartner": "S002"}, ["payToBusinessPartner"], "BPRPAY: Pay-to S002 is not active."),
    ({"accountingDate": "2026-09-15"}, ["accountingDate"], "ACCDAT: The period 2026-09 is not open."),
    ({"accountingDate": "2028-01-01"}, ["accountingDate"], "ACCDAT: No period holds 2028-01-01."),
    ({"sourceDocument": "9" * 21}, ["sourceDocument"], "BPRVCR has 21 characters, at most 20 fit."),
    ({"totalAmountIncludingTax": "100.01"}, ["totalAmountIncludingTax"],
     "AMTATI: 100.01 was entered, lines and tax give 100.00."),
    ({"totalAmountExcludingTax": "99.99"}, ["totalAmountExcludingTax"],
     "AMTNOT: 99.99 was entered, lines and tax give 100.00."),
    ({"line": {"account": "99999"}}, ["lines", "0", "account"], "ACC: Account 99999 does not exist."),
    ({"line": {"account": "68900"}}, ["lines", "0", "account"], "ACC: Account 68900 is not active."),
    ({"line": {"account": "69000"}}, ["lines", "0", "account"], "ACC: Account 69000 is not open on 2026-11-05."),
    ({"line": {"account": "69100"}}, ["lines", "0", "account"], "ACC: Account 69100 is not allowed for the site F01."),
    ({"line": {"account": None}}, ["lines", "0", "account"], "ACC: Mandatory field."),
    ({"line": {"amountExcludingTax": None}}, ["lines", "0", "amountExcludingTax"], "AMTNOTLIN: Mandatory field."),
    ({"line": {"amountExcludingTax": "1.005"}}, ["lines", "0", "amountExcludingTax"],
     "AMTNOTLIN: 1.005 has more than the 2 decimals of USD."),
    ({"line": {"amountExcludingTax": "-5.00"}}, ["totalAmountIncludingTax"], "AMTATI: A total is never negative: -5.00."),
    ({"purchaseInvoiceCategory": "creditMemo", "line": {"amountExcludingTax": "-5.00"}}, ["totalAmountIncludingTax"],
     "AMTATI: A total is never negative: -5.00."),
    ({"currency": "JPY", "line": {"amountExcludingTax": "1500.5"}}, ["lines", "0", "amountExcludingTax"],
     "AMTNOTLIN: 1500.50 has more than the 0 decimals of JPY."),
    ({"currency": "KWD", "line": {"amountExcludingTax": "1.0001"}}, ["lines", "0", "amountExcludingTax"],
     "AMTNOTLIN: 1.0001 has more than the 3 decimals of KWD."),
    ({"currency": "GBP"}, ["rateDate"], "RATDAT: No exchange rate of GBP (dailyRate) on 2026-11-05."),
    ({"currency": "EUR", "rateType": "averageRate"}, ["rateDate"],
     "RATDAT: No exchange rate of EUR (averageRate) on 2026-11-05."),
    ({"currency": "EUR", "rateDate": "2026-10-31"}, ["rateDate"],
     "RATDAT: No exchange rate of EUR (dailyRate) on 2026-10-31."),
    ({"currency": "EUR", "currencyRate": "-1"}, ["currencyRate"], "RATMLT: A rate is more than zero."),
    ({"currencyRate": "1.1"}, ["currencyRate"], "RATMLT: USD is the company's currency and has no rate."),
    ({"line": {"description": "x" * 31}}, ["lines", "0", "description"], "DES has 31 characters, at most 30 fit."),
    ({"line": {"site": "F03"}}, ["lines", "0", "site"], "FCYLIN: Site F03 is not active."),
    ({"line": {"tax": "T99"}}, ["lines", "0", "tax"], "VAT: Tax code T99 does not exist."),
    ({"line": {"tax": "OLD"}}, ["lines", "0", "tax"], "VAT: Tax code OLD is not active."),
    ({"line": {"tax": "T8", "amountIncludingTax": "100.00"}}, ["lines", "0", "amountIncludingTax"],
     "AMTATILIN: 100.00 was entered, lines and tax give 108.00."),
    ({"line": {"account": "62200"}}, ["lines", "0", "analyticalLines"], "DIE: Account 62200 demands the dimension type CCT."),
    ({"line": {"account": "62200", **analytical("PRJ", "P-1")}}, ["lines", "0", "analyticalLines"],
     "DIE: Account 62200 demands the dimension type CCT."),
    ({"line": analytical("ABC", "1")}, ["lines", "0", "analyticalLines", "0", "dimensionType"],
     "DIE: Dimension type ABC does not exist."),
    ({"line": analytical("OLD", "X")}, ["lines", "0", "analyticalLines", "0", "dimensionType"],
     "DIE: Dimension type OLD is not active."),
    ({"line": analytical("CCT", "999")}, ["lines", "0", "analyticalLines", "0", "dimension"],
     "CCE: Dimension CCT 999 does not exist."),
    ({"line": analytical("CCT", "300")}, ["lines", "0", "analyticalLines", "0", "dimension"],
     "CCE: Dimension CCT 300 is not active."),
    ({"line": analytical("CCT", "400")}, ["lines", "0", "analyticalLines", "0", "dimension"],
     "CCE: Dimension CCT 400 is not open on 2026-11-05."),
    ({"line": analytical("CCT", "500")}, ["lines", "0", "analyticalLines", "0", "dimension"],
     "CCE: Dimension CCT 500 is not allowed for the site F01."),
    ({"line": analytical("CCT", "600")}, ["lines", "0", "analyticalLines", "0", "dimension"],
     "CCE: Dimension CCT 600 is not allowed for the account 60100."),
    ({"line": analytical("CCT", "200", amount="90.00")}, ["lines", "0", "analyticalLines"],
     "AMT: The dimensions of CCT hold 90.00, the line 100.00."),
]  # fmt: skip


@pytest.mark.parametrize(("given", "path", "message"), RULES, ids=[rule[2] for rule in RULES])
def test_an_invoice_that_breaks_a_rule_is_refused_with_the_place_and_the_reason(simulator, given, path, message):
    answer = post(simulator, **given)
    assert answer["data"]["x3Invoicing"]["supplierBpInvoice"]["create"] is None
    assert diagnoses(answer) == [{"severity": 3, "path": path, "message": message}]
    assert simulator.books.supplier_invoices == {}


def test_everything_that_is_wrong_is_said_at_once(simulator):
    answer = post(simulator, billBySupplier="S999", currency="XXX", line={"account": "99999"})
    assert [one["path"][-1] for one in diagnoses(answer)] == ["billBySupplier", "currency", "account"]
    assert answer["errors"][0]["extensions"]["code"] == "business-rule-error"


@pytest.mark.parametrize(
    "given",
    [{"billBySupplier": "S003", "site": "F02"}, {"site": "F02", "line": {"account": "69100"}},
     {"site": "F02", "line": analytical("CCT", "500")}, {"line": {"account": "62200", **analytical("CCT", "600")}},
     {"line": {"site": "F02", "account": "69100"}}, {"line": {"amountExcludingTax": "0.00"}}, {"sourceDocument": "9" * 20},
     {"line": {"tax": "T8", "amountIncludingTax": "108"}, "totalAmountIncludingTax": "108.00"}],
)  # fmt: skip
def test_what_the_rules_allow_is_taken(simulator, given):
    assert "errors" not in post(simulator, **given)


def test_the_tax_follows_from_the_code_whatever_the_caller_says(simulator):
    post(simulator, line={"tax": "T8", "taxAmount": "1.00", "amountExcludingTax": "10.06"})
    (kept,) = simulator.books.supplier_invoices.values()
    assert (kept["BPSINVLIG"][0]["AMTVAT"], kept["AMTATI"]) == ("0.80", "10.86")


def test_a_company_may_let_the_tax_be_entered(simulator):
    simulator.change_rules({"recalculate_tax": False})
    post(simulator, line={"tax": "T8", "taxAmount": "1.00", "amountExcludingTax": "10.06"})
    (kept,) = simulator.books.supplier_invoices.values()
    assert kept["AMTATI"] == "11.06"


def test_a_company_may_demand_a_tax_code(simulator):
    assert "errors" not in post(simulator, line={"tax": None})
    simulator.change_rules({"tax_code_required": True})
    assert diagnoses(post(simulator, line={"tax": None}))[0]["message"] == "VAT: Mandatory field."


def test_a_difference_of_totals_may_be_a_warning_and_the_computed_total_is_kept(simulator, rest_simulator):
    simulator.change_rules({"total_difference": "warn"})
    answer = post(simulator, totalAmountIncludingTax="100.01")
    assert "errors" not in answer
    (warning,) = answer["extensions"]["diagnoses"]
    assert (warning["severity"], warning["path"]) == (2, ["totalAmountIncludingTax"])
    made = rest_post(rest_simulator, AMTATI=100.01)
    assert (made.status_code, made.json()["AMTATI"]) == (201, 100.0)
    assert made.json()["$diagnoses"][0]["$severity"] == "warning"


def test_a_difference_of_totals_may_be_tolerated_or_not_looked_at(simulator):
    simulator.change_rules({"total_tolerance": "0.01"})
    assert "errors" not in post(simulator, totalAmountIncludingTax="100.01")
    assert "errors" in post(simulator, totalAmountIncludingTax="100.02")
    simulator.change_rules({"total_difference": "off"})
    assert "errors" not in post(simulator, totalAmountIncludingTax="200.00")


def test_foreign_currencies_are_worth_what_the_table_says_or_what_is_entered(simulator):
    for given in (
        {},
        {"rateDate": "2026-11-02"},
        {"rateType": "monthlyRate"},
        {"currencyRate": "1.234567"},
    ):
        assert "errors" not in post(simulator, currency="EUR", line={"amountExcludingTax": "10.01"}, **given)
    kept = simulator.books.supplier_invoices.values()
    assert [(one["AMTATI"], one["RATMLT"], one["AMTATIL"]) for one in kept] == [
        ("10.01", "1.10", "11.01"),
        ("10.01", "1.0842", "10.85"),
        ("10.01", "1.05", "10.51"),
        ("10.01", "1.234567", "12.36"),
    ]


def test_tax_is_rounded_to_the_smallest_unit_of_the_currency(simulator):
    for currency, net in (("JPY", "106"), ("KWD", "1.006")):
        post(simulator, currency=currency, line={"tax": "T8", "amountExcludingTax": net})
    kept = simulator.books.supplier_invoices.values()
    assert [(one["AMTNOT"], one["AMTATI"]) for one in kept] == [("106.00", "114.00"), ("1.006", "1.086")]


def test_what_is_owed_to_us_says_so_by_its_kind(simulator):
    for category in ("invoice", "creditMemo", "debitNote", "creditNote"):
        assert "errors" not in post(simulator, purchaseInvoiceCategory=category, originalInvoiceNumber="INV-0")
    kept = simulator.books.supplier_invoices.values()
    assert [(one["INVTYP"], one["SNS"], one["AMTATI"]) for one in kept] == [
        (1, 1, "100.00"), (2, -1, "100.00"), (3, 1, "100.00"), (4, -1, "100.00"),
    ]  # fmt: skip
    assert {one["INVNUM"] for one in kept} == {"INV-0"}


def test_a_kind_of_document_that_x3_does_not_know_is_refused(rest_simulator):
    answer = rest_post(rest_simulator, INVTYP=6)
    assert answer.json()["$diagnoses"][0]["$message"] == "INVTYP is a choice from 1 to 5, not 6."


def test_the_address_of_a_supplier_is_kept_as_it_came_and_read_line_by_line(simulator, rest_simulator):
    lines = ["12 rue de la Paix", "Escalier B"]
    given = {"code": "MAIN", "zipCode": "75002", "city": "Paris", "state": "Ile-de-France", "country": "FR",
             "addressLines": [{"addressLine": line} for line in lines]}  # fmt: skip
    ask(simulator, NEW, {"data": supplier(country="FR", addresses=[given])})
    (kept,) = simulator.books.masters["suppliers"]["S100"]["BPADDRESS"]
    assert kept == {"BPAADD": "MAIN", "BPAADDLIG": lines, "POSCOD": "75002", "CTY": "Paris", "SAT": "Ile-de-France",
                    "CRY": "FR"}  # fmt: skip
    query = """{ x3MasterData { supplier { read(_id: "S100") { addresses { query { edges { node {
        zipCode addressLines { query { edges { node { addressLine } } } } } } } } } } } }"""
    (edge,) = ask(simulator, query)["data"]["x3MasterData"]["supplier"]["read"]["addresses"]["query"]["edges"]
    assert [one["node"]["addressLine"] for one in edge["node"]["addressLines"]["query"]["edges"]] == lines
    shown = rest(rest_simulator, "GET", "BPSUPPLIER('S100')?representation=BPSUPPLIER.$details").json()
    assert shown["BPADDRESS"][0]["BPAADDLIG"] == lines


def test_a_repeated_source_document_is_refused_only_where_the_company_says_so(simulator, rest_simulator):
    assert "errors" not in post(simulator)
    assert rest_post(rest_simulator).status_code == 201
    simulator.change_rules({"unique_source_documents": "warn"})
    assert post(simulator)["extensions"]["diagnoses"][0]["severity"] == 2
    simulator.change_rules({"unique_source_documents": True})
    assert "already entered for S001: BIS00000001" in diagnoses(post(simulator))[0]["message"]
    assert rest_post(rest_simulator).status_code == 400
    assert "errors" not in post(simulator, billBySupplier="S003", site="F02")
    assert "errors" not in post(simulator, purchaseInvoiceCategory="creditMemo")
    assert len(simulator.books.supplier_invoices) == 5


def test_the_status_after_create_is_the_companys(simulator):
    simulator.change_rules({"status_after_create": 1})
    post(simulator)
    query = "{ x3InvoicingData { supplierInvoiceHeader { query { edges { node { status } } } } } }"
    (edge,) = ask(simulator, query)["data"]["x3InvoicingData"]["supplierInvoiceHeader"]["query"]["edges"]
    assert edge["node"]["status"] == "notPosted"


def test_a_folder_may_number_its_severities_otherwise():
    severities = {"info": 0, "warning": 1, "error": 2, "exception": 3}
    with X3GraphQLSimulator(make_masters(), severities=severities) as simulator:
        assert diagnoses(post(simulator, billBySupplier="S999"))[0]["severity"] == 2


def test_dimensions_that_have_no_pair_are_refused(rest_simulator):
    for wrong in ({"DIE": ["CCT", "PRJ"], "CCE": ["200"]}, {"DIE": "CCT"}):
        answer = rest_post(rest_simulator, line={"BPSINVLIGA": [wrong]})
        (at,) = answer.json()["BPSINVLIG"][0]["BPSINVLIGA"]
        assert at["$diagnoses"][0]["$message"].startswith("CCE: each dimension needs its type")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"companyName": None}, "BPSNAM: Mandatory field."),
        ({"country": None}, "CRY: Mandatory field."),
        ({"category": None}, "BSGCOD: Mandatory field."),
        ({"currency": None}, "CUR: Mandatory field."),
        ({"taxRule": None}, "VACBPR: Mandatory field."),
        ({"paymentTerm": None}, "PTE: Mandatory field."),
        ({"code": None}, "BPSNUM: Mandatory field."),
        ({"addresses": None}, "BPADDRESS: at least one address is needed."),
        ({"addresses": [{"city": "Akron", "country": "US"}]}, "BPAADD: Mandatory field."),
        ({"addresses": [{"code": "MAIN", "city": "Akron"}]}, "CRY: Mandatory field."),
        ({"addresses": [{"code": "MAIN", "country": "XX"}]}, "CRY: Country XX does not exist."),
        (
            {"addresses": [{"code": "MAIN", "country": "US", "zipCode": "4410"}]},
            "POSCOD: 4410 is no postal code of US.",
        ),
        (
            {"addresses": [{"code": "MAIN", "country": "US", "city": "x" * 41}]},
            "CTY has 41 characters, at most 40 fit.",
        ),
        (
            {"addresses": [{"code": "MAIN", "country": "US", "addressLines": [{"addressLine": "x" * 51}]}]},
            "BPAADDLIG has 51 characters, at most 50 fit.",
        ),
        (
            {"addresses": [{"code": "MAIN", "country": "US", "addressLines": [{"addressLine": "x"}] * 4}]},
            "BPAADDLIG: At most 3 address lines fit.",
        ),
        ({"country": "XX"}, "CRY: Country XX does not exist."),
        ({"code": "S001"}, "BPSNUM: Supplier S001 already exists."),
        ({"category": "ZZ"}, "BSGCOD: Category ZZ does not exist."),
        ({"currency": "XXX"}, "CUR: Currency XXX does not exist."),
        ({"taxRule": "EU"}, "VACBPR: Tax rule EU does not exist."),
        ({"paymentTerm": "NEVER"}, "PTE: Payment term NEVER does not exist."),
        ({"companyName": "x" * 36}, "BPSNAM has 36 characters, at most 35 fit."),
    ],
)
def test_a_supplier_that_lacks_something_is_refused(simulator, given, message):
    answer = ask(simulator, NEW, {"data": supplier(**given)})
    assert [one["message"] for one in diagnoses(answer)] == [message]
    assert set(simulator.books.masters["suppliers"]) == {"S001", "S002", "S003", "S004"}


def test_a_category_may_number_its_suppliers(simulator):
    simulator.change_rules({"supplier_numbering": True})
    made = [ask(simulator, NEW, {"data": supplier(code=None)}) for _ in range(2)]
    assert [one["data"]["x3MasterData"]["supplier"]["create"]["_id"] for one in made] == ["US00005", "US00006"]


def test_a_window_may_demand_further_fields(simulator):
    simulator.change_rules({"required_supplier_fields": ["BPSNAM", "EECNUM"], "required_invoice_fields": ["REFINT"]})
    assert diagnoses(ask(simulator, NEW, {"data": supplier()}))[0]["path"] == ["europeanUnionVatNumber"]
    assert diagnoses(post(simulator))[0]["path"] == ["internalReference"]


def test_a_person_opens_and_closes_masters_while_it_runs(simulator):
    simulator.change_master("suppliers", "S002", {"ENAFLG": 2})
    assert "errors" not in post(simulator, billBySupplier="S002")
    simulator.change_master("dimensions", "CCT~700", {"DES": "New"})
    assert "errors" not in post(simulator, line=analytical("CCT", "700"))
    simulator.change_master("periods", "2026-11", {"STA": 3})
    assert "errors" in post(simulator)
