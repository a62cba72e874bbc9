"""Vendors of Intacct: written exactly so, found by tax id or id, created at most once."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.intacct import make_gateway, make_masters, make_simulator

from stampli_assets.intacct.vendors import IntacctVendors
from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.outcome import AlreadyThere, Posted, Refused, Unknown
from stampli_assets.model.postings import REPEATED
from stampli_assets.model.secret import Secret
from stampli_assets.model.suppliers import Address, NewSupplier, SupplierTemplate

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def simulator():
    vendors = [
        {
            "VENDORID": "V-1",
            "NAME": "Old Mill Printing",
            "STATUS": "active",
            "TAXID": "34-1234567",
            "TERMNAME": "Net 30",
        },
        {"VENDORID": "V-2", "NAME": "Harbor Steel", "STATUS": "inactive", "TAXID": "34 765 4321"},
        {"VENDORID": "V-3", "NAME": "Harbor Steel West", "STATUS": "active", "TAXID": "347654321"},
    ]
    with make_simulator(masters=make_masters(vendors=vendors)) as running:
        yield running


def make_vendors(simulator) -> IntacctVendors:
    return IntacctVendors(make_gateway(simulator.url))


def new(number: str = "V-9", **given) -> NewSupplier:
    values = {"name": "Brookpark Signs", "tax_id": "34-1099001", "control_id": f"sa-{number}"}
    return NewSupplier(template=SupplierTemplate(), number=number, **{**values, **given})


def held(simulator) -> dict[str, dict]:
    return {one["VENDORID"]: one for one in simulator.books.as_json()["masters"]["vendors"]}


def test_a_vendor_is_written_exactly_so():
    address = Address(("1 Mill Road", "Suite 4", "Dock B"), "44101", "Cleveland", "OH", "US")
    supplier = new(name="Brookpark Signs & <Sons>", term="Net 30", currency="USD", country="US", address=address)
    book = IntacctVendors(make_gateway("http://127.0.0.1:1/x"))
    assert book.request_for(supplier) == (GOLDEN / "vendor.xml").read_text()


def test_vendors_are_created_and_found_again_by_id_and_by_tax_id(simulator):
    book = make_vendors(simulator)
    outcomes = book.create([new(), new("V-10", name="Other", tax_id="", term="Net 30")])
    assert [outcome.record.record_no for outcome in outcomes if isinstance(outcome, Posted)] == ["V-9", "V-10"]
    found = book.find({"US 34-1099001", "", "99-9999999"}, {"V-10", "V-77"})
    assert [one.number for one in found.of("US 34-1099001", "V-10")] == ["V-9", "V-10"]
    assert found.of("99-9999999", "V-77") == ()
    assert held(simulator)["V-10"]["TERMNAME"] == "Net 30"


def test_a_tax_id_of_two_vendors_finds_both_active_or_not(simulator):
    found = make_vendors(simulator).find({"34-7654321"}, ())
    assert [(one.number, one.is_active) for one in found.by_tax_id["34-7654321"]] == [("V-2", False), ("V-3", True)]


def test_an_id_that_is_taken_is_adopted_when_the_tax_id_says_that_it_is_the_same_one_and_refused_when_not(simulator):
    same, other = make_vendors(simulator).create([new("V-1", tax_id="341234567"), new("V-3")])
    assert isinstance(same, AlreadyThere)
    assert same.record.record_no == "V-1"
    assert isinstance(other, Refused)
    assert "V-3 (Brookpark Signs)" in other.reasons[0].sentence
    assert held(simulator)["V-3"]["NAME"] == "Harbor Steel West"


def test_a_refused_vendor_does_not_take_the_others_down_and_a_bad_character_only_its_own(simulator):
    outcomes = make_vendors(simulator).create([new("V-9"), new("V-10", term="N99"), new("V-11", name="a\x01b")])
    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Refused]
    assert "N99" in outcomes[1].reasons[0].sentence
    assert outcomes[2].reasons[0].code == "CHARACTER"


@pytest.mark.parametrize("fault", ["drop_before_commit", "drop_after_commit", "truncate", "unavailable_html"])
def test_whatever_may_have_been_kept_is_unknown(simulator, fault):
    book = make_vendors(simulator)
    book.find((), ())
    simulator.faults.queue(fault)
    assert isinstance(book.create([new()])[0], Unknown)


def test_a_repeated_control_id_is_looked_up_and_never_taken_for_a_refusal(simulator):
    book = make_vendors(simulator)
    book.create([new()])
    (again,) = book.create([new()])
    assert isinstance(again, Unknown)
    assert again.code == REPEATED


def test_a_gateway_that_is_away_is_transient_and_a_wrong_account_is_for_a_person(simulator):
    with pytest.raises(Misconfigured):
        IntacctVendors(make_gateway(simulator.url, user_password=Secret("wrong"))).create([new()])
    simulator.faults.queue("rate_limit", times=100)
    with pytest.raises(Transient):
        make_vendors(simulator).create([new()])
    assert "V-9" not in held(simulator)
