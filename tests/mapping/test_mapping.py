from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from builders.exports import invoice
from builders.lines import make_lines, make_reference
from hypothesis import given, settings
from hypothesis import strategies as st

from stampli_assets.mapping.rules import Rules
from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Defect, Misconfigured
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.target import Target

TARGET = Target("intacct", "ACME")
NO_RULES = Rules.load("")


def make_rules(folder: Path, **files: str) -> Rules:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return Rules.load(folder)


def mapped(*invoices, rules: Rules = NO_RULES, target: Target = TARGET, **reference) -> Mapped:
    return map_lines(make_lines(*invoices), rules=rules, reference=make_reference(**reference), target=target)


def held(*invoices, **given) -> pd.Series:
    """The only hold; a good invoice beside it must go on."""
    result = mapped(invoice("GOOD", "10.00"), *invoices, **given)
    assert set(result.lines["invoice_number"]) == {"GOOD"}
    assert len(result.holds) == 1, result.holds["sentence"].tolist()
    return result.holds.iloc[0]


def test_without_rules_values_pass_through_verbatim_and_verified():
    lines = mapped(invoice("A", "1.00", Vendor_ID="000317", GL_Account="04010")).lines
    row = lines.iloc[0]
    assert (row["erp_vendor_id"], row["erp_vendor_name"], row["erp_account"]) == ("000317", "Harbor Steel", "04010")
    assert (row["erp_department"], row["erp_location"], row["erp_project"]) == ("200", "110", "")


def test_rules_translate_vendors_accounts_dimensions_and_terms(tmp_path):
    rules = make_rules(
        tmp_path,
        vendors="stampli_vendor,erp_vendor,valid_from,valid_to,note\nOLD-1,V-10021,,,moved\n",
        gl_accounts="stampli_account,erp_account\n6450,64500\n",
        dimensions="dimension,stampli_code,erp_code\ndepartment,OPS,300\n",
        terms="stampli_terms,erp_term\nN30,Net 30\n",
    )
    cells = {"Vendor_ID": "OLD-1", "GL_Account": "6450", "Department_ID": "OPS", "Payment_Terms": "N30"}
    row = mapped(invoice("A", "1.00", **cells), rules=rules).lines.iloc[0]
    assert list(row[["erp_vendor_id", "erp_account", "erp_department", "erp_term"]]) == [
        "V-10021",
        "64500",
        "300",
        "Net 30",
    ]
    assert row["mapping_version"] == rules.version


@pytest.mark.parametrize(
    ("cells", "reference", "code", "words"),
    [
        ({"Vendor_ID": "V-9"}, {}, "VENDOR_UNKNOWN", "does not exist in the ERP"),
        ({"Vendor_ID": "317"}, {}, "VENDOR_UNKNOWN", "000317 does"),
        ({"Vendor_ID": "000317"}, {"inactive": ("000317",)}, "VENDOR_INACTIVE", "Harbor Steel) is inactive"),
        (
            {"Vendor_ID": "", "Vendor_Name": "Nobody"},
            {},
            "VENDOR_UNKNOWN",
            "no active vendor in the ERP is named 'Nobody'",
        ),
        ({"GL_Account": "4010"}, {}, "ACCOUNT_UNKNOWN", "04010 does"),
        ({"GL_Account": "64500"}, {"inactive": ("64500",)}, "ACCOUNT_INACTIVE", "is inactive"),
        (
            {"Department_ID": ""},
            {},
            "DIMENSION_REQUIRED",
            "GL account 62200 requires a department, and line 1 has none",
        ),
        ({"Department_ID": "999"}, {}, "DIMENSION_UNKNOWN", "department '999' does not exist"),
        ({"Project_ID": "P-1"}, {"inactive": ("P-1",)}, "DIMENSION_INACTIVE", "is inactive"),
        ({"Payment_Terms": "Net 99"}, {}, "TERM_UNKNOWN", "'Net 99' does not exist"),
    ],
)
def test_what_the_erp_would_refuse_is_held_with_what_to_do(cells, reference, code, words):
    hold = held(invoice("A", "1.00", **cells), **reference)
    assert hold["code"] == code
    assert words in hold["sentence"]
    assert hold["sentence"].startswith("Row 2 (line 3): ")
    assert len(hold["remedy"]) > 20


def test_a_name_that_two_active_vendors_have_is_held_and_one_of_them_is_never_guessed():
    vendors = {"V-10021": "Old Mill Printing", "V-1": "Acme  Tools", "V-2": "ACME tools", "V-3": "Acme Tools"}
    hold = held(invoice("A", "1.00", Vendor_ID="", Vendor_Name="Acme Tools"), vendors=vendors, inactive=("V-3",))
    assert hold["code"] == "VENDOR_AMBIGUOUS"
    assert "V-1, V-2" in hold["sentence"]
    one = mapped(invoice("A", "1.00", Vendor_ID="", Vendor_Name="acme tools"), vendors=vendors, inactive=("V-2", "V-3"))
    assert set(one.lines["erp_vendor_id"]) == {"V-1"}


def test_an_unknown_vendor_id_is_never_matched_by_its_name():
    hold = held(invoice("A", "1.00", Vendor_ID="V-9", Vendor_Name="Harbor Steel"))
    assert hold["code"] == "VENDOR_UNKNOWN"


def test_a_document_with_a_bad_line_is_held_whole_with_every_reason():
    first, second = invoice("A", "1.00", "2.00")
    rows = [{**first, "GL Account": "1"}, {**second, "Department ID": "9"}]
    result = mapped(rows)
    assert result.lines.empty
    assert set(result.holds["code"]) == {"ACCOUNT_UNKNOWN", "DIMENSION_UNKNOWN"}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Document_Type": "CREDIT_MEMO"}, "CREDIT_SIGN"),
        ({"Invoice_Total": "0.00", "Line_Amount": "0.00"}, "ZERO_TOTAL"),
        ({"Invoice_Total": "119.00", "Tax_Amount": "1.00"}, "TAX_AMOUNT"),
        ({"Entity_ID": "200"}, "ENTITY_OTHER"),
    ],
)
def test_what_this_version_cannot_post_is_held_and_never_bent(cells, code):
    amount = cells.pop("Line_Amount", "118.00")
    result = mapped(invoice("A", amount, **cells), target=Target("intacct", "ACME", entity_id="100"))
    assert list(result.holds["code"]) == [code]


def test_a_bill_for_the_ledger_needs_a_due_date_and_a_draft_does_not():
    undated = invoice("A", "1.00", Due_Date="")
    assert list(mapped(undated, target=Target("intacct", "ACME", post_as="submit")).holds["code"]) == [
        "DUE_DATE_MISSING"
    ]
    assert bills(mapped(undated).lines, TARGET)[0].due_date is None


def test_a_vendor_kept_in_another_currency_is_held():
    hold = mapped(invoice("A", "1.00", Currency="EUR"), currencies={"V-10021": "USD"}).holds.iloc[0]
    assert hold["code"] == "CURRENCY_DIFFERS"


def test_two_documents_of_one_number_are_both_held():
    twice = [invoice("A", "1.00", Stampli_Invoice_ID=f"ST-{n}") for n in (1, 2)]
    assert list(mapped(*twice).holds["code"]) == ["DUPLICATE_IN_FILE"] * 2


def test_two_stampli_vendors_on_one_erp_vendor_with_one_number_are_both_held(tmp_path):
    rules = make_rules(tmp_path, vendors="stampli_vendor,erp_vendor\nX,V-10021\n")
    result = mapped(invoice("A", "1.00"), invoice("A", "1.00", Vendor_ID="X", Stampli_Invoice_ID="ST-X"), rules=rules)
    assert list(result.holds["code"]) == ["TWIN_IN_FILE"] * 2


def test_a_cost_centre_becomes_the_dimension_of_its_rule(tmp_path):
    rules = make_rules(tmp_path, dimensions="dimension,stampli_code,erp_code\ncost_centre,CC1,department:300\n")
    cells = {"Department_ID": ""}
    lines = make_lines(invoice("A", "1.00", **cells)).assign(cost_centre="CC1").astype({"cost_centre": "str"})
    result = map_lines(lines, rules=rules, reference=make_reference(), target=TARGET)
    assert set(result.lines["erp_department"]) == {"300"}
    unruled = map_lines(lines, rules=NO_RULES, reference=make_reference(), target=TARGET)
    assert "COST_CENTRE_UNMAPPED" in set(unruled.holds["code"])


@pytest.mark.parametrize(
    ("day", "account"), [("2026-10-31", "64500"), ("2026-11-01", "04010"), ("2026-11-30", "04010")]
)
def test_rules_hold_on_their_days_both_included(tmp_path, day, account):
    rules = make_rules(
        tmp_path,
        gl_accounts="stampli_account,erp_account,valid_from,valid_to\n6450,64500,,2026-10-31\n6450,04010,2026-11-01,2026-11-30\n",
    )
    lines = mapped(invoice("A", "1.00", GL_Account="6450", Posting_Date=day), rules=rules).lines
    assert set(lines["erp_account"]) == {account}


def test_every_problem_of_the_rules_is_told_at_once(tmp_path):
    with pytest.raises(Misconfigured) as refused:
        make_rules(
            tmp_path,
            vendors="stampli_vendor,erp_vendor\nA,V-1\nA,V-2\nB,\n",
            gl_accounts="stampli_account,wrong\n1,2\n",
            dimensions="dimension,stampli_code,erp_code,valid_from\ncolour,1,2,\ndepartment,1,2,1.1.2026\n",
        )
    text = refused.value.sentence
    for problem in (
        "vendors.csv, rows 1 and 2: 'A' has two rules",
        "vendors.csv, row 3, column erp_vendor",
        "gl_accounts.csv: the column erp_account is missing",
        "row 1, column dimension: 'colour'",
        "row 2, column valid_from: '1.1.2026'",
    ):
        assert problem in text


def test_the_version_follows_the_rules_and_not_their_order_or_notes(tmp_path):
    def version(text: str) -> str:
        return make_rules(tmp_path, gl_accounts=text).version

    first = version("stampli_account,erp_account,note\n1,2,because\n3,4,\n")
    assert version("stampli_account,erp_account\n3,4\n1,2\n") == first
    assert version("stampli_account,erp_account\n3,4\n1,5\n") != first


def test_a_bill_carries_what_was_approved_in_the_erps_words():
    (bill,) = bills(mapped(invoice("A", "60.10", "40.00", PO_Number="PO-1", Project_ID="P-1")).lines, TARGET)
    assert (bill.vendor_id, bill.number, str(bill.total), bill.po_number) == ("V-10021", "A", "100.10", "PO-1")
    assert [str(line.amount) for line in bill.lines] == ["60.10", "40.00"]
    assert dict(bill.lines[0].dimensions) == {
        Dimension.LOCATION: "110",
        Dimension.DEPARTMENT: "200",
        Dimension.PROJECT: "P-1",
    }


def test_lines_that_do_not_add_up_are_never_sent():
    lines = mapped(invoice("A", "1.00", "2.00")).lines
    with pytest.raises(Defect, match="do not add up"):
        bills(lines.iloc[:1], TARGET)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["V-10021", "000317", "NONE"]),
            st.sampled_from(["62200", "1"]),
            st.sampled_from(["200", ""]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_document_is_lost_and_no_total_changes(documents):
    invoices = [
        invoice(f"N-{n}", "1.00", "2.50", Vendor_ID=vendor, GL_Account=account, Department_ID=department)
        for n, (vendor, account, department) in enumerate(documents)
    ]
    lines = make_lines(*invoices)
    result = map_lines(lines, rules=NO_RULES, reference=make_reference(), target=TARGET)
    ready, waiting = set(result.lines["document"]), set(result.holds["document"])
    assert ready | waiting == set(lines["document"])
    assert not ready & waiting
    assert sum(bill.total.minor for bill in bills(result.lines, TARGET)) == 350 * len(ready)
    backwards = map_lines(lines.iloc[::-1], rules=NO_RULES, reference=make_reference(), target=TARGET)
    assert set(backwards.lines["document"]) == ready
