"""Credit memos, tax, foreign currencies, entities and form 1099 on their way from the export to a bill."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from builders.exports import invoice, row
from builders.lines import make_lines, make_reference

from stampli_assets.mapping.rules import Rules
from stampli_assets.model.documents import Bill, Exchange, Kind
from stampli_assets.model.identity import posting_key
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.target import Target

NO_RULES = Rules.load("")
TARGET = Target("intacct", "ACME")
TAXED = Target("intacct", "ACME", tax="on_top")
SENDS = Target("intacct", "ACME", foreign_currencies="send", base_currency="USD")
ENTITIES = (("entity", "100"), ("entity", "200"), ("location", "210"), ("location", "900"))
BELONGS = {"110": {"sites": "100"}, "210": {"sites": "200"}}


def mapped(*invoices, target: Target = TARGET, rules: Rules = NO_RULES, **reference) -> Mapped:
    return map_lines(make_lines(*invoices), rules=rules, reference=make_reference(**reference), target=target)


def posted(*invoices, target: Target = TARGET, **given) -> list[Bill]:
    result = mapped(*invoices, target=target, **given)
    assert result.holds.empty, result.holds["sentence"].tolist()
    return bills(result.lines, target)


def hold(*invoices, **given) -> tuple[str, str, str, str]:
    """Code, column, value and words of the only hold; a good invoice beside it goes on."""
    target = given.get("target", TARGET)
    good = invoice("GOOD", "10.00", Entity_ID=target.entities[0] if target.entities else "")
    result = mapped(good, *invoices, **given)
    assert set(result.lines["invoice_number"]) == {"GOOD"}
    assert len(result.holds) == 1, result.holds["sentence"].tolist()
    one = result.holds.iloc[0]
    return one["code"], one["column"], one["value"], f"{one['sentence']} {one['remedy']}"


def credit_memo(number: str, *amounts: str, **cells: str) -> list[dict[str, str]]:
    return invoice(number, *amounts, Document_Type="Credit Memo", **cells)


def taxed(net: str, tax: str, total: str, **cells: str) -> list[dict[str, str]]:
    return [row(Line_Amount=net, Tax_Amount=tax, Invoice_Total=total, **cells)]


def test_a_credit_memo_becomes_a_credit_with_the_signs_of_stampli():
    memo = [
        row(Document_Type="credit", Invoice_Number="CM-1", Invoice_Total="-100.10", Line_Number=n, Line_Amount=amount,
            Original_Invoice_Number="INV-7")
        for n, amount in (("1", "-60.10"), ("2", "-40.00"))
    ]  # fmt: skip
    (credit,) = posted(memo)
    assert (credit.kind, str(credit.total), credit.original_number) == (Kind.CREDIT, "-100.10", "INV-7")
    assert [str(line.amount) for line in credit.lines] == ["-60.10", "-40.00"]
    assert credit.key == posting_key(erp="intacct", company="ACME", kind="credit", vendor_id="V-10021", number="CM-1")


def test_an_invoice_and_a_credit_memo_of_one_number_are_two_documents():
    both = posted(invoice("A", "5.00"), credit_memo("A", "-5.00", Stampli_Invoice_ID="ST-CM"))
    assert [one.kind for one in both] == [Kind.BILL, Kind.CREDIT]
    assert both[0].key != both[1].key


def test_two_credit_memos_of_one_number_are_both_held():
    twice = [credit_memo("A", "-5.00", Stampli_Invoice_ID=f"ST-{n}") for n in (1, 2)]
    assert list(mapped(*twice).holds["code"]) == ["DUPLICATE_IN_FILE"] * 2


def test_a_credit_memo_that_would_be_owed_is_held_and_says_where_the_sign_is_set():
    code, column, _, words = hold(credit_memo("A", "5.00"))
    assert (code, column) == ("CREDIT_SIGN", "Invoice Total")
    assert "credit_sign to unsigned" in words


@pytest.mark.parametrize("document_type", ["Invoice", "Credit Memo"])
def test_a_document_over_nothing_is_held(document_type):
    assert hold(invoice("A", "0.00", Document_Type=document_type))[0] == "ZERO_TOTAL"


def test_a_credit_with_a_line_that_is_owed_is_held_where_the_erp_takes_one_sign_only():
    mixed = invoice("A", "-9.00", "4.00", Document_Type="CREDIT_MEMO", Invoice_Total="-5.00")
    code, column, value, words = hold(mixed)
    assert (code, column, value) == ("CREDIT_MIXED_SIGNS", "Line Amount", "4.00 USD")
    assert "line 2" in words
    assert posted(mixed, target=Target("x3", "ACME"))


def test_a_credit_needs_no_due_date_even_when_it_goes_straight_to_the_ledger():
    assert posted(credit_memo("A", "-5.00", Due_Date=""), target=Target("intacct", "ACME", post_as="submit"))


def test_tax_is_held_until_the_settings_say_how_it_is_sent():
    code, column, value, words = hold(taxed("100.00", "20.00", "120.00", Tax_Code="V20"))
    assert (code, column, value) == ("TAX_AMOUNT", "Tax Amount", "20.00 USD")
    assert "erp.tax to on_top" in words


@pytest.mark.parametrize("way", ["on_top", "inclusive"])
def test_tax_goes_with_its_line_under_the_erps_code(tmp_path, way):
    (tmp_path / "tax_codes.csv").write_text("stampli_tax_code,erp_tax_code\nV20,UK Standard\n")
    lines = [*taxed("100.00", "20.01", "150.01", Tax_Code="V20"), *taxed("30.00", "", "150.01", Line_Number="2")]
    (bill,) = posted(lines, target=Target("intacct", "ACME", tax=way), rules=Rules.load(tmp_path))
    first, second = bill.lines
    assert (str(first.amount), str(first.tax), first.tax_code) == ("100.00", "20.01", "UK Standard")
    assert (second.tax, second.tax_code) == (None, "")
    assert str(bill.total) == "150.01"


def test_a_tax_code_without_a_rule_passes_through_and_a_zero_rate_keeps_its_code():
    (bill,) = posted(taxed("100.00", "0.00", "100.00", Tax_Code="ZERO"), target=TAXED)
    assert (str(bill.lines[0].tax), bill.lines[0].tax_code) == ("0.00", "ZERO")


def test_a_tax_code_is_left_out_where_tax_is_refused():
    (bill,) = posted(taxed("100.00", "", "100.00", Tax_Code="ZERO"))
    assert (bill.lines[0].tax, bill.lines[0].tax_code) == (None, "")


def test_tax_without_a_code_is_held():
    assert hold(taxed("100.00", "20.00", "120.00"), target=TAXED)[:2] == ("TAX_CODE_MISSING", "Tax Code")


def test_a_rule_for_a_tax_code_changes_the_version_of_the_mapping(tmp_path):
    (tmp_path / "tax_codes.csv").write_text("stampli_tax_code,erp_tax_code\nV20,UK Standard\n")
    assert Rules.load(tmp_path).version != NO_RULES.version


def test_a_vendor_of_another_currency_is_held_unless_the_settings_send_it():
    euro = invoice("A", "1.00", Currency="EUR")
    kept = {"currencies": {"V-10021": "USD"}}
    code, column, value, words = hold(euro, **kept)
    assert (code, column, value) == ("CURRENCY_DIFFERS", "Currency", "EUR")
    assert "erp.foreign_currencies to send" in words
    (bill,) = posted(euro, target=SENDS, **kept)
    assert (bill.currency, bill.exchange) == ("EUR", None)


@pytest.mark.parametrize(
    ("cells", "kind", "exchange"),
    [
        ({"Exchange_Rate": "1.0850", "Exchange_Rate_Date": "2026-11-01"}, "Daily",
         Exchange(rate=Decimal("1.0850"), day=date(2026, 11, 1))),
        ({"Exchange_Rate": "1.0850"}, "", Exchange(rate=Decimal("1.0850"))),
        ({"Exchange_Rate_Date": "2026-11-01"}, "Daily", Exchange(day=date(2026, 11, 1), type="Daily")),
        ({}, "Daily", Exchange(type="Daily")),
        ({}, "", None),
    ],
)  # fmt: skip
def test_the_files_own_rate_goes_before_the_settings_kind_of_rates_and_never_both(cells, kind, exchange):
    target = Target("intacct", "ACME", foreign_currencies="send", base_currency="USD", exchange_rate_type=kind)
    (bill,) = posted(invoice("A", "1.00", Currency="EUR", **cells), target=target)
    assert bill.exchange == exchange
    (own,) = posted(invoice("A", "1.00"), target=target)
    assert own.exchange is None


@pytest.mark.parametrize(("currency", "rate"), [("EUR", "0"), ("EUR", "-1.1"), ("USD", "1.085")])
def test_a_rate_that_cannot_be_is_held(currency, rate):
    code, column, value, _ = hold(invoice("A", "1.00", Currency=currency, Exchange_Rate=rate), target=SENDS)
    assert (code, column, value) == ("EXCHANGE_RATE", "Exchange Rate", rate)


@pytest.mark.parametrize(("currency", "amount", "minor"), [("JPY", "118000", 118_000), ("KWD", "10.120", 10_120)])
def test_currencies_with_no_and_with_three_decimals_are_exact(currency, amount, minor):
    rows = [row(Currency=currency, Invoice_Total=amount, Line_Amount=amount)]
    (bill,) = posted(rows)
    assert (bill.total.minor, bill.lines[0].amount.minor) == (minor, minor)
    assert str(bill.total) == amount


def test_an_amount_finer_than_the_erp_keeps_is_held_and_never_rounded():
    fils = [row(Currency="KWD", Invoice_Total="10.125", Line_Amount="10.125")]
    result = mapped(fils)
    assert list(result.holds["code"]) == ["AMOUNT_TOO_FINE"] * 2
    assert set(result.holds["column"]) == {"Invoice Total", "Line Amount"}
    assert posted(fils, target=Target("x3", "ACME"))[0].total.minor == 10_125


def test_at_the_top_level_a_document_goes_to_its_entity(tmp_path):
    (tmp_path / "dimensions.csv").write_text("dimension,stampli_code,erp_code\nentity,US,100\n")
    told = {"rules": Rules.load(tmp_path), "dimensions": ENTITIES, "limits": BELONGS}
    (bill,) = posted(invoice("A", "1.00", Entity_ID="US"), **told)
    assert bill.entity_id == "100"
    (bill,) = posted(invoice("A", "1.00", Entity_ID=""), **told)
    assert bill.entity_id == ""


def test_at_an_entity_the_documents_entity_is_only_compared():
    at_100 = Target("intacct", "ACME", entity_id="100")
    (bill,) = posted(invoice("A", "1.00", Entity_ID="100"), target=at_100, dimensions=ENTITIES)
    assert bill.entity_id == ""
    code, column, value, _ = hold(invoice("A", "1.00", Entity_ID="200"), target=at_100, dimensions=ENTITIES)
    assert (code, column, value) == ("ENTITY_OTHER", "Entity ID", "200")


def test_an_entity_that_the_erp_lacks_is_held_where_the_erp_says_which_it_has():
    assert hold(invoice("A", "1.00", Entity_ID="300"), dimensions=ENTITIES)[0] == "DIMENSION_UNKNOWN"
    assert posted(invoice("A", "1.00", Entity_ID="300"))[0].entity_id == "300"


@pytest.mark.parametrize(("entity", "code"), [("200", "ENTITY_NOT_ALLOWED"), ("", "ENTITY_MISSING")])
def test_only_the_entities_of_the_settings_are_posted_to(entity, code):
    only = Target("intacct", "ACME", entities=("100",))
    given = invoice("A", "1.00", Entity_ID=entity, Location_ID="")
    assert hold(given, target=only, dimensions=ENTITIES)[0] == code


def test_a_line_of_another_entity_is_held_and_one_whose_entity_is_not_known_goes_on():
    other = invoice("A", "1.00", Entity_ID="100", Location_ID="210")
    told = {"dimensions": ENTITIES, "limits": BELONGS}
    code, column, value, words = hold(other, **told)
    assert (code, column, value) == ("INTER_ENTITY", "Location ID", "210")
    assert "belongs to entity 200" in words
    assert posted(other, target=Target("intacct", "ACME", inter_entity="send"), **told)
    assert posted(invoice("A", "1.00", Entity_ID="100", Location_ID="900"), **told)
    assert (
        hold(invoice("A", "1.00", Location_ID="210"), target=Target("intacct", "ACME", entity_id="100"), **told)[0]
        == code
    )


def test_an_entity_gives_its_location_to_lines_without_one():
    needs = {"accounts": {"62200": "location", "64500": "", "04010": ""}}
    bare = invoice("A", "1.00", Location_ID="")
    assert hold(bare, **needs)[0] == "DIMENSION_REQUIRED"
    assert posted(invoice("A", "1.00", Location_ID="", Entity_ID="100"), **needs)
    in_x3 = mapped(invoice("A", "1.00", Location_ID="", Entity_ID="100"), target=Target("x3", "ACME"), **needs)
    assert list(in_x3.holds["code"]) == ["DIMENSION_REQUIRED"]


@pytest.mark.parametrize(
    ("said", "read"), [("Y", True), ("yes", True), ("TRUE", True), ("N", False), ("no", False), ("", None)]
)
def test_flags_are_read_as_they_are_written(said, read):
    (bill,) = posted(invoice("A", "1.00", Form_1099=said, Billable=said))
    assert (bill.lines[0].form_1099, bill.lines[0].billable) == (read, read)


@pytest.mark.parametrize("column", ["Form 1099", "Billable"])
def test_a_flag_that_is_neither_is_held_with_its_cell(column):
    assert hold(invoice("A", "1.00", **{column: "maybe"}))[:3] == ("FLAG_UNREADABLE", column, "maybe")


def test_a_box_without_a_word_whether_it_is_reported_is_held():
    assert hold(invoice("A", "1.00", Form_1099_Box="NEC 1"))[0] == "FORM_1099_MISSING"
    (bill,) = posted(invoice("A", "1.00", Form_1099_Box="NEC 1", Form_1099="Y"))
    assert bill.lines[0].form_1099_box == "NEC 1"
