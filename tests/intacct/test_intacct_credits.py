"""What is written of credits, tax, currencies, entities and form 1099, and how it stands in the gateway's books afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from builders.bills import make_bill, make_credit
from builders.intacct import make_book, make_gateway, make_masters, make_simulator

from stampli_assets.intacct.bill_fields import form_1099
from stampli_assets.intacct.reference import IntacctReference
from stampli_assets.model.documents import Bill, BillLine, Dimension, Exchange
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Posted, Refused

GOLDEN = Path(__file__).parent / "golden"
NOWHERE = "http://127.0.0.1:1/x"
TAX_COMPANY = {"tax_details": [{"DETAILID": "UK Standard", "VALUE": "20"}, {"DETAILID": "UK Zero", "VALUE": "0"}]}
EURO = {"exchange_rates": [{"PAIR": "Intacct Daily Rate/EUR", "RATE": "1.0850"}]}


def money(text: str, currency: str = "USD") -> Money:
    return Money.parse(text, currency)


def line(number: int, amount: str, tax: str = "", code: str = "", currency: str = "USD", **given) -> BillLine:
    return BillLine(
        number, "64500", money(amount, currency), "Fees", ((Dimension.LOCATION, "110"),),
        tax=money(tax, currency) if code else None, tax_code=code, **given,
    )  # fmt: skip


def taxed(number: str = "T-1", **given) -> Bill:
    lines = (line(1, "100.00", "20.01", "UK Standard"), line(2, "30.00", "0.00", "UK Zero"))
    return make_bill(number, total="150.01", lines=lines, **given)


def full_credit() -> Bill:
    return make_credit(
        "CM-1",
        total="-150.00",
        currency="EUR",
        original_number="INV-7",
        description="Returned tools & parts",
        exchange=Exchange(day=date(2026, 11, 1), type="Month end"),
        lines=(
            BillLine(
                1, "64500", money("-100.00", "EUR"), "Drills", tuple((one, f"X{place}") for place, one in enumerate(Dimension)),
                form_1099=True, form_1099_box="NEC 1", billable=False,
            ),
            line(2, "-50.00", currency="EUR"),
        ),
    )  # fmt: skip


@pytest.fixture
def simulator():
    vendors = make_masters()["vendors"]
    masters = make_masters(vendors=[*vendors, {"VENDORID": "V-9", "NAME": "Contractor", "FORM1099TYPE": "NEC"}])
    with make_simulator(masters={**masters, **TAX_COMPANY, **EURO}) as running:
        yield running


def posted(simulator, *documents: Bill, **company):
    return make_book(simulator.url, **company).post(
        [(document, ControlId(f"sa-{place}")) for place, document in enumerate(documents)]
    )


def kept(simulator, what: str = "bills") -> list[dict]:
    return simulator.books.as_json()[what]


@pytest.mark.parametrize(
    ("name", "document", "company"),
    [
        ("credit", full_credit(), {"base_currency": "USD"}),
        ("credit_positive", make_credit("CM-2", exchange=Exchange(rate=Decimal("1.0850"))), {"adjustment_sign": "positive",
         "post_as": "submit"}),
        ("bill_taxed_on_top", taxed(), {"tax": "on_top", "tax_solution": "United Kingdom - VAT"}),
        ("bill_taxed_inclusive", taxed(), {"tax": "inclusive"}),
        ("bill_in_euro", make_bill("E-1", total="100.00", currency="EUR", entity_id="200",
         exchange=Exchange(rate=Decimal("1.0850"), day=date(2026, 11, 1)),
         lines=(BillLine(1, "64500", money("100.00", "EUR"), "Fees", form_1099=True, form_1099_box="1", billable=True),)),
         {"base_currency": "USD"}),
    ],
)  # fmt: skip
def test_each_document_is_written_exactly_so(name, document, company):
    assert make_book(NOWHERE, **company).request_for(document) == (GOLDEN / f"{name}.xml").read_text()


def test_a_credit_with_tax_is_written_in_the_references_order():
    credit = make_credit(total="-120.00", lines=(line(1, "-100.00", "-20.00", "UK Standard"),))
    written = make_book(NOWHERE, tax="inclusive", tax_solution="UK").request_for(credit)
    order = ["exchratetype", "inclusivetax", "taxsolutionid", "apadjustmentitems", "totaltrxamount", "taxentries"]
    places = [written.index(f"<{tag}>") for tag in order]
    assert places == sorted(places)
    assert "<totaltrxamount>-120.00</totaltrxamount>" in written
    assert "trx_tax" not in written


@pytest.mark.parametrize(
    "exchange", [None, Exchange(rate=Decimal("1.1")), Exchange(type="T"), Exchange(day=date(2026, 11, 1))]
)
@pytest.mark.parametrize("make", [make_bill, make_credit])
def test_a_rate_and_a_kind_of_rates_never_stand_together(make, exchange):
    written = (
        make_book(NOWHERE)
        .request_for(make("A", total="5.00" if make is make_bill else "-5.00", exchange=exchange))
        .lower()
    )
    assert ("<exchange_rate>" in written) + ("<exchrate>" in written) + ("type" in written) <= 1


@pytest.mark.parametrize(
    ("box", "written"),
    [
        ("NEC 1", ("true", "NEC", "1")),
        ("1099-MISC:10", ("true", "MISC", "10")),
        ("3", ("true", "", "3")),
        ("", ("true", "", "")),
    ],
)
def test_a_box_may_name_its_form(box, written):
    assert form_1099(line(1, "1.00", form_1099=True, form_1099_box=box)) == written


def test_a_line_that_is_not_reported_has_no_box():
    assert form_1099(line(1, "1.00", form_1099=False, form_1099_box="3")) == ("false", "", "")
    assert form_1099(line(1, "1.00")) == ("", "", "")


@pytest.mark.parametrize(("sign", "in_the_books"), [("negative", "-118"), ("positive", "118")])
def test_a_credit_is_an_adjustment_in_the_companys_sign_and_found_in_stamplis(simulator, sign, in_the_books):
    credit = make_credit()
    (outcome,) = posted(simulator, credit, adjustment_sign=sign)
    assert isinstance(outcome, Posted)
    (adjustment,) = kept(simulator, "adjustments")
    assert (adjustment["RECORDTYPE"], adjustment["TRX_TOTALENTERED"], adjustment["STATE"]) == (
        "pa",
        in_the_books,
        "Draft",
    )
    ((found,),) = make_book(simulator.url, adjustment_sign=sign).find([credit])
    assert (found.total, found.record_no, found.state) == (credit.total, outcome.record.record_no, "Draft")


def test_a_bill_and_a_credit_of_one_number_travel_together_and_are_found_apart(simulator):
    bill, credit = make_bill("A", total="10.00"), make_credit("A", total="-10.00")
    outcomes = posted(simulator, bill, credit, make_bill("B", vendor_id="V-2"), make_credit("B", vendor_id="V-2"))
    assert [type(outcome) for outcome in outcomes] == [Posted, Posted, Refused, Refused]
    found = make_book(simulator.url).find([credit, bill, make_credit("C")])
    assert [[record.total for record in records] for records in found] == [[credit.total], [bill.total], []]
    assert found[0][0].record_no == outcomes[1].record.record_no


def test_results_of_bills_and_credits_are_matched_by_control_id(simulator):
    simulator.faults.queue("shuffle_results")
    documents = [make(f"N-{n}") for n in range(4) for make in (make_bill, make_credit)]
    outcomes = posted(simulator, *documents)
    by_number = {
        (what, one["RECORDID"]): one["RECORDNO"] for what in ("bills", "adjustments") for one in kept(simulator, what)
    }
    for document, outcome in zip(documents, outcomes, strict=True):
        assert outcome.record.record_no == by_number["adjustments" if document.is_credit else "bills", document.number]


def test_a_repeated_credit_is_not_created_again(simulator):
    posted(simulator, make_credit())
    posted(simulator, make_credit())
    assert len(kept(simulator, "adjustments")) == 1


def test_exact_tax_is_kept_on_top_and_the_total_holds_it(simulator):
    bill = taxed()
    (outcome,) = posted(simulator, bill, tax="on_top")
    assert isinstance(outcome, Posted)
    (one,) = kept(simulator)
    assert [tax for entry in one["lines"] for tax in entry["taxes"]] == [
        {"DETAILID": "UK Standard", "TRX_TAX": "20.01"},
        {"DETAILID": "UK Zero", "TRX_TAX": "0"},
    ]
    assert make_book(simulator.url).find([bill])[0][0].total == bill.total


def test_inclusive_tax_keeps_the_whole_amount_to_the_cent(simulator):
    bill = taxed()
    posted(simulator, bill, tax="inclusive")
    (one,) = kept(simulator)
    assert [(entry["TRX_AMOUNT"], entry["taxes"][0]["TRX_TAX"]) for entry in one["lines"]] == [
        ("100.01", "20"),
        ("30", "0"),
    ]
    assert make_book(simulator.url).find([bill])[0][0].total == bill.total


def test_a_credit_with_tax_is_found_with_its_whole_total(simulator):
    credit = make_credit(total="-120.01", lines=(line(1, "-100.00", "-20.01", "UK Standard"),))
    posted(simulator, credit, tax="on_top", adjustment_sign="positive")
    assert make_book(simulator.url, adjustment_sign="positive").find([credit])[0][0].total == credit.total


@pytest.mark.parametrize("make", [make_bill, make_credit])
@pytest.mark.parametrize(
    ("exchange", "rate", "base"),
    [
        (Exchange(rate=Decimal("1.25")), "1.25", "125"),
        (None, "1.0850", "108.5"),
        (Exchange(type=""), "1.0850", "108.5"),
    ],
)
def test_a_foreign_document_is_in_both_currencies(simulator, make, exchange, rate, base):
    sign = "" if make is make_bill else "-"
    document = make("E-1", total=f"{sign}100.00", currency="EUR", exchange=exchange)
    (outcome,) = posted(simulator, document, base_currency="USD")
    assert isinstance(outcome, Posted)
    (one,) = kept(simulator, "adjustments" if document.is_credit else "bills")
    assert (one["CURRENCY"], one["EXCHANGE_RATE"], one["TOTALENTERED"]) == ("EUR", rate, f"{sign}{base}")


def test_a_kind_of_rates_that_intacct_has_not_is_refused(simulator):
    (outcome,) = posted(simulator, make_bill(total="1.00", currency="EUR", exchange=Exchange(type="Month end")))
    assert isinstance(outcome, Refused)


@pytest.mark.parametrize(("currency", "total"), [("JPY", "118000"), ("KWD", "10.120")])
@pytest.mark.parametrize("make", [make_bill, make_credit])
def test_currencies_with_no_and_with_three_decimals_are_found_as_they_were_sent(simulator, make, currency, total):
    document = make(
        "Y", total=total if make is make_bill else f"-{total}", currency=currency, exchange=Exchange(rate=Decimal(1))
    )
    assert isinstance(posted(simulator, document)[0], Posted)
    assert make_book(simulator.url).find([document])[0][0].total == document.total


def test_a_vendor_that_is_not_set_up_for_1099_is_refused_and_one_that_is_is_not(simulator):
    reported = (line(1, "118.00", form_1099=True, form_1099_box="NEC 1"),)
    outcomes = posted(simulator, make_bill("A", lines=reported), make_bill("B", lines=reported, vendor_id="V-9"))
    assert [type(outcome) for outcome in outcomes] == [Refused, Posted]
    kept_line = kept(simulator)[0]["lines"][0]
    assert [kept_line[name] for name in ("FORM1099", "FORM1099TYPE", "FORM1099BOX")] == ["true", "NEC", "1"]


def entities() -> dict[str, list[dict[str, str]]]:
    return {
        "entities": [{"LOCATIONID": "100", "NAME": "US"}, {"LOCATIONID": "200", "NAME": "UK"}],
        "locations": [
            {"LOCATIONID": "100", "NAME": "US"},
            {"LOCATIONID": "200", "NAME": "UK"},
            {"LOCATIONID": "110", "NAME": "Plant", "PARENTID": "100"},
            {"LOCATIONID": "115", "NAME": "Hall", "PARENTID": "110"},
            {"LOCATIONID": "210", "NAME": "Leeds", "PARENTID": "200"},
            {"LOCATIONID": "900", "NAME": "Nowhere", "PARENTID": "900"},
        ],
    }


def test_each_document_of_the_top_level_lands_at_its_entity():
    with make_simulator(masters=make_masters(**entities())) as simulator:
        bare = (BillLine(1, "64500", money("118.00"), "Fees"),)
        documents = [make_bill(f"N-{entity}", entity_id=entity, lines=bare) for entity in ("100", "200")]
        assert all(isinstance(outcome, Posted) for outcome in posted(simulator, *documents, entity_id=""))
        assert [(one["MEGAENTITYID"], one["lines"][0]["LOCATIONID"]) for one in kept(simulator)] == [
            ("100", "100"),
            ("200", "200"),
        ]


def test_a_document_between_entities_is_refused_by_a_company_that_does_not_allow_it():
    with make_simulator(masters=make_masters(**entities())) as simulator:
        two = tuple(
            replace(line(n, "59.00"), dimensions=((Dimension.LOCATION, code),)) for n, code in ((1, "115"), (2, "210"))
        )
        assert isinstance(posted(simulator, make_bill(lines=two), entity_id="")[0], Refused)
        simulator.books.rules["inter_entity"] = True
        assert isinstance(posted(simulator, make_bill(lines=two), entity_id="")[0], Posted)


def test_a_locations_entity_is_read_up_its_parents():
    with make_simulator(masters=make_masters(**entities())) as simulator:
        frame = IntacctReference(make_gateway(simulator.url)).dimensions()
    sites = frame[frame["dimension"] == "location"].set_index("code")["sites"].to_dict()
    assert sites == {"100": "100", "200": "200", "110": "100", "115": "100", "210": "200", "900": ""}
    assert list(frame[frame["dimension"] == "entity"]["code"]) == ["100", "200"]
