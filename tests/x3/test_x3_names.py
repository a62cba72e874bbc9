from __future__ import annotations

import pytest
from x3_house import APIS, invoices, make_api, make_book, make_door, make_masters, make_simulator, numbered, x3_bill

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.outcome import Posted
from stampli_assets.x3.names import GRAPHQL, REST
from stampli_assets.x3.schema_check import check, check_rest, raise_on

DEFAULTS = {"graphql": GRAPHQL, "rest": REST}


def problems_of(api, simulator, **names):
    door = make_door(simulator.base_url)
    of = make_api(api, door, **names)
    if api == "graphql":
        return check(GRAPHQL.overridden(names), of.schema())
    return check_rest(REST.overridden(names), of)


@pytest.mark.parametrize("api", APIS)
def test_the_defaults_fit_the_default_folder(api):
    with make_simulator(api) as simulator:
        make_book(api, simulator.base_url).post(numbered(x3_bill()))
        assert problems_of(api, simulator) == []


@pytest.mark.parametrize(
    ("published", "line", "names"),
    [
        (
            {"supplierBpInvoice": "supplierBpInvoiceV2"},
            "names: {create_invoice: {node: supplierBpInvoiceV2}}",
            {"create_invoice": {"node": "supplierBpInvoiceV2"}},
        ),
        (
            {"x3Invoicing": "xtremX3Invoicing"},
            "names: {create_invoice: {package: xtremX3Invoicing}}",
            {"create_invoice": {"package": "xtremX3Invoicing"}},
        ),
        (
            {"supplierBpInvoice.create": "createInvoice"},
            "names: {create_invoice: {operation: createInvoice}}",
            {"create_invoice": {"operation": "createInvoice"}},
        ),
        (
            {"SupplierBpInvoice_Input": "BpInvoice_Input"},
            "names: {create_invoice: {input: BpInvoice_Input}}",
            {"create_invoice": {"input": "BpInvoice_Input"}},
        ),
        (
            {"supplierBpInvoice.sourceDocument": "sourceDocumentNumber"},
            "names: {create_invoice: {fields: {source_document: sourceDocumentNumber}}}",
            {"create_invoice": {"fields": {"source_document": "sourceDocumentNumber"}}},
        ),
        (
            {"SupplierBpInvoiceLine.amountExcludingTax": "amountWithoutTax"},
            "names: {create_invoice: {fields: {line_amount: amountWithoutTax}}}",
            {"create_invoice": {"fields": {"line_amount": "amountWithoutTax"}}},
        ),
        (
            {"SupplierBpInvoiceAnalyticalLine.dimensionType": "typeOfDimension"},
            "names: {create_invoice: {fields: {analytical_type: typeOfDimension}}}",
            {"create_invoice": {"fields": {"analytical_type": "typeOfDimension"}}},
        ),
        (
            {"supplierInvoiceHeader.billBySupplier": "billBySupplierCode"},
            "names: {find_invoice: {fields: {supplier: billBySupplierCode._id}}}",
            {"find_invoice": {"fields": {"supplier": "billBySupplierCode._id"}}},
        ),
    ],
)
def test_a_folder_with_another_name_says_what_to_put_into_the_settings_and_then_it_works(published, line, names):
    with make_simulator("graphql", names=published) as simulator:
        found = problems_of("graphql", simulator)
        assert line in [problem.line for problem in found]
        with pytest.raises(Misconfigured) as told:
            raise_on(found)
        assert line in told.value.remedy
        assert problems_of("graphql", simulator, **names) == []
        book = make_book("graphql", simulator.base_url, names=names)
        assert isinstance(book.post(numbered(x3_bill("A")))[0], Posted)
        assert len(book.find([x3_bill("A")])[0]) == 1


@pytest.mark.parametrize(
    ("published", "line", "names"),
    [
        (
            {"BPSUPPLIERINVOICE.BPRVCR": "BPRVCRNUM"},
            "names: {create_invoice: {fields: {source_document: BPRVCRNUM}}}",
            {
                "create_invoice": {"fields": {"source_document": "BPRVCRNUM"}},
                "find_invoice": {"fields": {"source_document": "BPRVCRNUM"}},
            },
        ),
        (
            {"BPSUPPLIERINVOICE": "YBPSUPPLIERINVOICE"},
            "names: {create_invoice: {name: …, representation: …}}",
            {"create_invoice": {"name": "YBPSUPPLIERINVOICE"}, "find_invoice": {"name": "YBPSUPPLIERINVOICE"}},
        ),
    ],
)
def test_a_rest_folder_with_another_name_says_so_too(published, line, names):
    with make_simulator("rest", names=published) as simulator:
        assert line in [problem.line for problem in problems_of("rest", simulator)]
        assert problems_of("rest", simulator, **names) == []
        book = make_book("rest", simulator.base_url, names=names)
        assert isinstance(book.post(numbered(x3_bill("A")))[0], Posted)
        assert len(book.find([x3_bill("A")])[0]) == 1


def test_a_field_that_x3_demands_and_we_never_send_is_told():
    rules = {"required_invoice_fields": ["FCY", "BPR", "ACCDAT", "BPRSAC"]}
    with make_simulator("rest", masters=make_masters(rules=rules)) as simulator:
        (problem,) = problems_of("rest", simulator)
        assert problem.sentence == "BPSUPPLIERINVOICE demands BPRSAC, which is never sent."


def test_an_operation_that_is_not_activated_is_told_with_what_there_is():
    with make_simulator("graphql", names={"supplierBpInvoice.create": ""}) as simulator:
        (problem,) = problems_of("graphql", simulator)
        assert problem.setting.startswith("names.create_invoice.")
        assert "x3Invoicing" in problem.sentence


def test_an_operation_in_another_package_is_found_there():
    with make_simulator("graphql") as simulator:
        (problem,) = problems_of("graphql", simulator, create_invoice={"package": "x3MasterData"})
        assert problem.line == "names: {create_invoice: {package: x3Invoicing}}"


@pytest.mark.parametrize(
    ("renamed", "proposed"),
    [("amountIncludingTax", "…"), ("netAmount", "…"), ("amountExclTax", "amountExclTax")],
)
def test_a_name_that_says_the_opposite_is_never_proposed(renamed, proposed):
    names = {"SupplierBpInvoiceLine.amountExcludingTax": renamed}
    if renamed == "amountIncludingTax":
        names = {"SupplierBpInvoiceLine.amountExcludingTax": ""}
    with make_simulator("graphql", names=names) as simulator:
        (problem,) = problems_of("graphql", simulator)
        assert problem.line == f"names: {{create_invoice: {{fields: {{line_amount: {proposed}}}}}}}"


def test_a_name_that_another_field_bears_is_not_proposed_twice():
    names = {"SupplierBpInvoiceAnalyticalLine.dimensionType": "kindOf"}
    with make_simulator("graphql", names=names) as simulator:
        (problem,) = problems_of("graphql", simulator)
        assert "analytical_type: …" in problem.line


def test_a_word_of_the_menu_that_x3_lacks_is_told():
    with make_simulator("graphql") as simulator:
        (problem,) = problems_of("graphql", simulator, invoice_kind="invoices")
        assert problem.line == "names: {invoice_kind: invoice}"


@pytest.mark.parametrize("api", APIS)
def test_a_field_without_a_name_is_neither_sent_nor_read(api):
    without = {
        "create_invoice": {"fields": {"description": "", "reference": ""}},
        "find_invoice": {"fields": {"site": ""}},
    }
    with make_simulator(api) as simulator:
        book = make_book(api, simulator.base_url, names=without)
        (posted,) = book.post(numbered(x3_bill("A", description="Not sent", po_number="PO-1")))
        assert isinstance(posted, Posted)
        assert invoices(simulator)[0]["REFINT"] == ""
        assert invoices(simulator)[0]["DES"] == ""
        assert book.find([x3_bill("A")])[0][0].total is not None


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"make_invoice": {}}, "names.make_invoice"),
        ({"create_invoice": {"colour": "red"}}, "names.create_invoice.colour"),
        ({"create_invoice": {"fields": {"sites": "x"}}}, "names.create_invoice.fields.sites"),
        ({"create_invoice": "x"}, "names.create_invoice"),
        ({"create_invoice": {"fields": {"site": 4}}}, "names.create_invoice.fields.site"),
        ({"create_invoice": {"fields": "x"}}, "names.create_invoice.fields"),
        ({"analytical": "both"}, "per_type or together"),
        ({"find_invoice": {"fields": {"source_document": ""}}}, "cannot be left out"),
    ],
)
def test_a_setting_that_names_nothing_is_refused_with_its_path(api, given, words):
    with pytest.raises(Misconfigured, match=words.replace(".", r"\.")):
        DEFAULTS[api].overridden(given)


def test_only_a_name_becomes_part_of_a_document():
    book = make_book("graphql", "http://127.0.0.1:1", names={"create_invoice": {"node": "x { y } } evil {"}})
    with pytest.raises(Misconfigured, match="no name of GraphQL"):
        book.request_for(x3_bill())
