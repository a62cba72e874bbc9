from __future__ import annotations

from pathlib import Path

import pytest
from scripted import Say, Scripted
from x3_house import APIS, make_door, make_masters, make_simulator

from stampli_assets.model.errors import Transient
from stampli_assets.model.outcome import AlreadyThere, Posted, Refused, Unknown
from stampli_assets.model.suppliers import Address, Matches, NewSupplier, SupplierTemplate, TaxId
from stampli_assets.x3.names import GRAPHQL, REST
from stampli_assets.x3.suppliers import X3GraphQLSuppliers, X3RestSuppliers

GOLDEN = Path(__file__).parent / "golden"
TEMPLATE = SupplierTemplate(
    category="US", tax_rule="USA", accounting_code="LOCAL", language="ENG", country="US", currency="USD", term="NET30"
)


def make_suppliers(api, base_url, **given):
    door = make_door(base_url, **given)
    if api == "graphql":
        return X3GraphQLSuppliers(door, door.folder, GRAPHQL)
    return X3RestSuppliers(door, door.folder, REST)


def new(number="S100", **given):
    address = Address(("1 Mill Road", "Building 2"), "44101", "Cleveland", "OH", "US")
    values = {"name": "New Supplier Inc", "tax_id": "98-7654321", "address": address, "template": TEMPLATE}
    return NewSupplier(number=number, **{**values, **given})


def numbers(found):
    return [supplier.number for supplier in found]


@pytest.fixture(params=APIS)
def api(request):
    return request.param


@pytest.fixture
def simulator(api):
    with make_simulator(api) as running:
        yield running


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("12-3456789", "123456789", True),
        ("12 345.6789", "12-3456789", True),
        ("FR 123.456.789", "FR123456789", True),
        ("FR123456789", "123 456 789", True),
        ("FR123456789", "DE123456789", False),
        ("EL123456789", "GR123456789", True),
        ("XI123456789", "GB123456789", True),
        ("ESB12345678", "es-b12345678", True),
        ("CHE-123.456.789", "CHE123456789", True),
        ("123456789", "123456780", False),
        ("GB/123/4567", "gb 1234567", True),
    ],
)
def test_tax_ids_are_compared_without_marks_and_country_but_never_across_countries(one, other, same):
    assert TaxId.read(one).matches(TaxId.read(other)) is same
    assert TaxId.read(other).matches(TaxId.read(one)) is same


@pytest.mark.parametrize("text", ["", "-", "N/A", "none", "0", "000000", "1234", "unknown"])
def test_what_identifies_nobody_is_no_tax_id(text):
    assert TaxId.read(text) is None


def test_the_country_of_the_supplier_stands_for_the_one_that_the_tax_id_lacks():
    assert not TaxId.read("123456789", "FR").matches(TaxId.read("DE123456789"))
    assert TaxId.read("123456789", "FR").matches(TaxId.read("123456789"))


def test_suppliers_are_found_by_tax_id_and_by_number_in_bulk(api, simulator):
    found = make_suppliers(api, simulator.base_url).find(
        ["123456789", "FR123456789", "US 12-3456780", "N/A", "555555555"], ["S002", "S777", ""]
    )
    assert {text: numbers(suppliers) for text, suppliers in found.by_tax_id.items()} == {
        "123456789": ["S001", "S003"],
        "FR123456789": ["S003"],
        "US 12-3456780": ["S002"],
        "N/A": [],
        "555555555": [],
    }
    assert {number: numbers(suppliers) for number, suppliers in found.by_number.items()} == {
        "S002": ["S002"],
        "S777": [],
    }
    assert len(simulator.requests) == 1
    (harbor,) = found.by_number["S002"]
    assert (harbor.name, harbor.is_active, harbor.currency, harbor.term) == ("Harbor Steel", False, "USD", "NET30")


def test_more_than_one_supplier_of_a_tax_id_is_said_and_never_chosen(api, simulator):
    found = make_suppliers(api, simulator.base_url).find(["123456789"], ["S002"])
    assert numbers(found.of("123456789", "")) == ["S001", "S003"]
    assert numbers(found.of("123456789", "S002")) == ["S001", "S003", "S002"]
    assert found.of("", "") == ()
    assert Matches().of("x", "y") == ()


def test_numbers_alone_are_looked_up_without_the_whole_list(api, simulator):
    suppliers = make_suppliers(api, simulator.base_url, rows_per_page=1)
    found = suppliers.find([], ["S001"])
    assert numbers(found.by_number["S001"]) == ["S001"]
    assert len(simulator.requests) == 1
    assert suppliers.find([], []) == Matches()
    assert len(simulator.requests) == 1


def test_a_new_supplier_is_created_from_the_vendor_and_the_template(api, simulator):
    (posted,) = make_suppliers(api, simulator.base_url).create([new()])
    assert isinstance(posted, Posted), posted
    assert posted.record.record_no == "S100"
    kept = simulator.books.masters["suppliers"]["S100"]
    told = ("BPSNAM", "BSGCOD", "CUR", "PTE", "VACBPR", "ACCCOD", "LAN", "CRY", "CRN")
    assert [kept[code] for code in told] == [
        "New Supplier Inc", "US", "USD", "NET30", "USA", "LOCAL", "ENG", "US", "98-7654321",
    ]  # fmt: skip
    (address,) = kept["BPADDRESS"]
    assert [address[code] for code in ("BPAADD", "POSCOD", "CTY", "SAT", "CRY")] == [
        "MAIN",
        "44101",
        "Cleveland",
        "OH",
        "US",
    ]
    assert address["BPAADDLIG"] == ["1 Mill Road", "Building 2"]
    found = make_suppliers(api, simulator.base_url).find(["987654321"], [])
    assert numbers(found.by_tax_id["987654321"]) == ["S100"]


def test_a_tax_id_with_its_country_is_kept_as_vat_number(api, simulator):
    make_suppliers(api, simulator.base_url).create([new(tax_id="DE 811 907 980", country="DE")])
    kept = simulator.books.masters["suppliers"]["S100"]
    assert (kept["EECNUM"], kept.get("CRN", ""), kept["CRY"]) == ("DE 811 907 980", "", "DE")


def test_where_x3_numbers_suppliers_its_number_comes_back(api):
    with make_simulator(api, masters=make_masters(rules={"supplier_numbering": True})) as simulator:
        (posted,) = make_suppliers(api, simulator.base_url).create([new(number="")])
        assert posted.record.record_no == "US00004"


def test_a_create_of_a_supplier_is_written_exactly_so(api):
    text = make_suppliers(api, "https://x3.example:8124", plain_http=False).request_for(new())
    assert text == (GOLDEN / f"{api}_supplier.txt").read_text()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"template": SupplierTemplate(category="XX", tax_rule="USA", term="NET30", currency="USD")}, "ERP_CATEGORY"),
        ({"template": SupplierTemplate(category="US", tax_rule="", term="NET30", currency="USD")}, "ERP_FIELD_MISSING"),
        ({"number": "S" * 16}, "SUPPLIER_TOO_LONG"),
        ({"tax_id": "9" * 21}, "SUPPLIER_TOO_LONG"),
        ({"name": " "}, "SUPPLIER_NAME"),
        ({"address": Address(("a", "b", "c", "d"))}, "SUPPLIER_TOO_LONG"),
        ({"address": Address(("a" * 51,))}, "SUPPLIER_TOO_LONG"),
        ({"address": Address(postal_code="4" * 11)}, "SUPPLIER_TOO_LONG"),
        ({"address": Address(city="c" * 41)}, "SUPPLIER_TOO_LONG"),
        ({"address": Address(state="s" * 36)}, "SUPPLIER_TOO_LONG"),
        ({"address": Address(postal_code="4410", country="US")}, "ERP_POSTAL_CODE"),
        ({"address": Address(country="XX")}, "ERP_COUNTRY"),
    ],
)
def test_a_supplier_that_x3_does_not_take_is_refused_with_a_sentence_and_the_others_are_created(
    api, simulator, given, code
):
    outcomes = make_suppliers(api, simulator.base_url).create([new(**{"number": "S101", **given}), new("S102")])
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]
    assert outcomes[0].reasons[0].code == code
    assert outcomes[0].reasons[0].remedy


def test_a_number_that_x3_holds_under_the_same_tax_id_is_already_there_and_under_another_refused(api, simulator):
    outcomes = make_suppliers(api, simulator.base_url).create(
        [new("S001", tax_id="12 3456789"), new("S002", tax_id="99-9999999"), new("S003", tax_id="")]
    )
    assert [type(outcome) for outcome in outcomes] == [AlreadyThere, Refused, Refused]
    assert outcomes[0].record.record_no == "S001"
    assert outcomes[1].reasons[0].code == "ERP_SUPPLIER_EXISTS"


def test_a_look_up_that_fails_after_a_refusal_is_never_raised(api, simulator):
    simulator.faults.queue("internal_error", when="read", times=100)
    outcomes = make_suppliers(api, simulator.base_url, backoff_deadline_seconds=2).create([new("S001"), new("S102")])
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]


@pytest.mark.parametrize("kind", ["drop_before_commit", "drop_after_commit", "internal_error", "truncate"])
def test_a_lost_answer_is_unknown_and_read_back_by_the_caller(api, simulator, kind):
    suppliers = make_suppliers(api, simulator.base_url)
    simulator.faults.queue(kind)
    (outcome,) = suppliers.create([new()])
    assert isinstance(outcome, Unknown)
    there = numbers(suppliers.find([], ["S100"]).by_number["S100"])
    assert there == (["S100"] if kind in {"drop_after_commit", "truncate"} else [])


def test_suppliers_that_cannot_be_sent_at_all_are_transient(api, simulator):
    simulator.faults.queue("licence", times=100)
    with pytest.raises(Transient, match="licence"):
        make_suppliers(api, simulator.base_url, backoff_deadline_seconds=2).create([new()])


def test_a_list_of_suppliers_that_breaks_off_is_never_taken_for_absence():
    with Scripted(Say(200, b'{"$resources":[')) as server, pytest.raises(Transient):
        make_suppliers("rest", server.base_url, backoff_deadline_seconds=1).find(["123456789"], [])
