"""Rules looked over as a whole: every problem with its file and row, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.exports import invoice
from builders.lines import make_lines, make_reference

from stampli_assets.mapping.checking import Watched, looked_over, unused
from stampli_assets.mapping.rule_files import Problem, read
from stampli_assets.mapping.rules import KINDS
from stampli_assets.pipeline.map import map_lines
from stampli_assets.pipeline.target import Target

TODAY = "2026-11-21"
COLUMNS = "match,priority,valid_from,valid_to"
HEADS = {
    "vendors": "stampli_vendor,erp_vendor",
    "gl_accounts": "stampli_account,erp_account",
    "dimensions": "dimension,stampli_code,erp_code",
    "terms": "stampli_terms,erp_term",
    "tax_codes": "stampli_tax_code,erp_tax_code",
    "funding_accounts": "stampli_account,erp_bank_account",
    "vendor_defaults": "stampli_vendor,field,erp_code",
}


def rules(folder: Path, **files: tuple[str, ...]):
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text("\n".join((f"{HEADS[name]},{COLUMNS}", *rows)) + "\n")
    found, problems = read(folder, KINDS)
    assert problems == []
    return found


def problems(folder: Path, *, inactive: tuple[str, ...] = (), **files: tuple[str, ...]) -> list[Problem]:
    return looked_over(rules(folder, **files), make_reference(inactive=inactive), TODAY)


def places(found: list[Problem]) -> list[tuple[str, tuple[int, ...]]]:
    assert all(len(problem.remedy) > 15 for problem in found)
    return [(problem.file, problem.rows) for problem in found]


def test_targets_that_the_erp_lacks_or_has_closed_are_told_of_every_file(tmp_path):
    found = problems(
        tmp_path,
        inactive=("000317",),
        vendors=("A,V-10021,,,,", "B,V-9,,,,", "C,317,,,,", "D,000317,,,,"),
        gl_accounts=("1,62200,,,,", "2,99999,,,,"),
        dimensions=(
            "department,A,200,,,,",
            "department,B,999,,,,",
            "cost_centre,C,department:200,,,,",
            "cost_centre,D,200,,,,",
        ),
        terms=("A,Net 30,,,,", "B,Net 99,,,,"),
        tax_codes=("S,anything,,,,",),
        vendor_defaults=("V-10021,department,999,,,,", "V-10021,project,P-1,,,,"),
    )
    assert places(found) == [
        ("vendors.csv", (2,)),
        ("vendors.csv", (3,)),
        ("vendors.csv", (4,)),
        ("gl_accounts.csv", (2,)),
        ("dimensions.csv", (2,)),
        ("dimensions.csv", (4,)),
        ("terms.csv", (2,)),
        ("vendor_defaults.csv", (1,)),
    ]
    assert found[1].sentence == "vendor '317' does not exist in the ERP; 000317 does"
    assert "inactive" in found[2].sentence


def test_a_rule_of_the_past_may_give_what_the_erp_has_closed_since(tmp_path):
    assert problems(tmp_path, gl_accounts=("1,99999,,,,2026-06-30",)) == []


def test_a_rule_that_holds_on_no_day_is_told(tmp_path):
    (found,) = problems(tmp_path, gl_accounts=("1,62200,,,2026-12-31,2026-01-01",))
    assert "no day" in found.sentence


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("64*,62200,pattern,1,,", "645*,64500,pattern,2,,"), [(2,)]),
        (("645*,64500,pattern,2,,", "64,62200,starts,1,,"), [(1,)]),
        (("6450,62200,,,,", "6450,64500,pattern,1,,"), [(2,)]),
        (("64*,62200,pattern,1,,", "6*,64500,pattern,2,,"), []),
        (("64*,62200,pattern,1,,2026-06-30", "645*,64500,pattern,2,,"), []),
        (("6450,62200,,,,", "645?,64500,pattern,1,,"), []),
    ],
)
def test_a_pattern_that_never_comes_to_its_turn_is_told(tmp_path, rows, told):
    assert [problem.rows for problem in problems(tmp_path, gl_accounts=rows)] == told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("64*,62200,pattern,1,,", "*50,64500,pattern,1,,"), [(1, 2)]),
        (("64*,62200,pattern,1,,", "65*,64500,pattern,1,,"), []),
        (("64*,62200,pattern,1,,", "*50,64500,pattern,2,,"), []),
        (("64*,62200,pattern,1,,2026-06-30", "*50,64500,pattern,1,2026-07-01,"), []),
    ],
)
def test_patterns_that_can_clash_are_told_before_an_invoice_does(tmp_path, rows, told):
    assert [problem.rows for problem in problems(tmp_path, gl_accounts=rows)] == told


def test_patterns_of_two_dimensions_are_no_clash(tmp_path):
    rows = ("department,6*,200,pattern,1,,", "location,6*,110,pattern,1,,")
    assert problems(tmp_path, dimensions=rows) == []


def test_a_rule_that_no_invoice_used_is_worth_a_word_and_no_more(tmp_path):
    found = rules(
        tmp_path,
        gl_accounts=("6450,64500,,,,", "9*,62200,pattern,1,,", "62*,62200,pattern,1,,"),
        vendor_defaults=("V-10021,project,P-1,,,,", "000317,project,P-1,,,,"),
        funding_accounts=("OPERATING,CHK,,,,",),
    )
    watched = Watched.of(found)
    lines = make_lines(invoice("A", "1.00", GL_Account="6450"), invoice("B", "1.00"))
    map_lines(lines, rules=watched, reference=make_reference(), target=Target("intacct", "ACME"))
    told = unused(found, watched.used, "2026-08-23")
    assert places(told) == [("gl_accounts.csv", (2,)), ("vendor_defaults.csv", (2,))]
    assert not any(problem.must_be_mended for problem in told)
