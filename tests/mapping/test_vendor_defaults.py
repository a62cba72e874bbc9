"""What a vendor's lines are coded to that give nothing themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.exports import invoice
from builders.lines import make_lines, make_reference

from stampli_assets.mapping.rules import Rules
from stampli_assets.model.errors import Misconfigured
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.target import Target

TARGET = Target("intacct", "ACME")


def defaults(folder: Path, *rows: str, **files: str) -> Rules:
    (folder / "vendor_defaults.csv").write_text("\n".join(("stampli_vendor,field,erp_code,match,priority", *rows)))
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return Rules.load(folder)


def mapped(rules: Rules, *, inactive: tuple[str, ...] = (), limits=None, **cells: str) -> Mapped:
    reference = make_reference(inactive=inactive, limits=limits)
    return map_lines(make_lines(invoice("A", "1.00", "2.00", **cells)), rules=rules, reference=reference, target=TARGET)


def test_a_default_is_used_where_the_line_gives_nothing_and_only_there(tmp_path):
    rules = defaults(tmp_path, "V-10021,department,300,,", "V-10021,project,P-1,,")
    bare = mapped(rules, Department_ID="")
    assert bare.holds.empty
    assert set(bare.lines["erp_department"]) == {"300"}
    assert set(bare.lines["erp_project"]) == {"P-1"}
    assert set(bare.lines["department_id"]) == {""}
    assert set(mapped(rules).lines["erp_department"]) == {"200"}
    assert {dict(line.dimensions)["department"] for line in bills(bare.lines, TARGET)[0].lines} == {"300"}


def test_another_vendor_has_no_default_and_a_required_dimension_is_still_missed(tmp_path):
    rules = defaults(tmp_path, "000317,department,300,,")
    assert set(mapped(rules, Department_ID="").holds["code"]) == {"DIMENSION_REQUIRED"}


def test_a_default_is_the_erps_code_and_goes_through_no_other_rule(tmp_path):
    dimensions = "dimension,stampli_code,erp_code\ndepartment,300,200\n"
    rules = defaults(tmp_path, "V-10021,department,300,,", dimensions=dimensions)
    assert set(mapped(rules, Department_ID="").lines["erp_department"]) == {"300"}


def test_an_exact_default_goes_before_one_for_all_vendors(tmp_path):
    rules = defaults(tmp_path, "*,department,200,pattern,9", "V-10021,department,300,,")
    assert set(mapped(rules, Department_ID="").lines["erp_department"]) == {"300"}
    assert set(mapped(rules, Department_ID="", Vendor_ID="000317").lines["erp_department"]) == {"200"}


@pytest.mark.parametrize(("code", "words"), [("999", "does not exist in the ERP"), ("300", "is inactive in the ERP")])
def test_a_default_that_the_erp_does_not_take_holds_the_document(tmp_path, code, words):
    result = mapped(defaults(tmp_path, f"V-10021,department,{code},,"), Department_ID="", inactive=("300",))
    assert result.lines.empty
    hold = result.holds[result.holds["code"] == "DEFAULT_UNUSABLE"].iloc[0]
    assert words in hold["sentence"]
    assert "vendor_defaults.csv" in hold["remedy"]


def test_a_default_that_is_closed_on_the_posting_date_is_held_with_the_file_to_mend(tmp_path):
    result = mapped(
        defaults(tmp_path, "V-10021,department,300,,"), Department_ID="", limits={"300": {"valid_to": "2026-09-30"}}
    )
    assert set(result.holds["code"]) == {"DIMENSION_NOT_OPEN"}
    assert "department '300' (department 300), the default of the vendor, is not open" in result.holds["sentence"][0]
    assert "let vendor_defaults.csv give another department from 2026-10-01 on" in result.holds["remedy"][0]


def test_two_defaults_of_one_priority_are_not_guessed_at(tmp_path):
    rules = defaults(tmp_path, "V*,department,200,pattern,1", "*1,department,300,pattern,1")
    result = mapped(rules, Department_ID="")
    assert "RULES_CLASH" in set(result.holds["code"])
    assert result.lines.empty


def test_a_field_that_every_line_carries_anyway_can_have_no_default(tmp_path):
    with pytest.raises(Misconfigured, match="row 1, column field: 'gl_account' is none of class, customer"):
        defaults(tmp_path, "V-10021,gl_account,62200,,")
