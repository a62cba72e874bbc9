"""Accounts and dimensions that exist, and are closed on the posting date or forbidden at the site or together."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from builders.exports import invoice
from builders.lines import make_lines, make_reference

from stampli_assets.mapping.rules import Rules
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.target import Target

X3 = Target("x3", "ACMEPROD", site="AC100")
NO_RULES = Rules.load("")
USUAL = {"Posting_Date": "2026-11-05"}


def mapped(*invoices, rules: Rules = NO_RULES, target: Target = X3, **reference) -> Mapped:
    return map_lines(make_lines(*invoices), rules=rules, reference=make_reference(**reference), target=target)


def held(limits: dict[str, dict[str, str]], *, rules: Rules = NO_RULES, **cells: str) -> pd.Series:
    """The only hold of an invoice; one beside it that uses nothing limited must go on."""
    good = invoice("GOOD", "10.00", GL_Account="04010", Department_ID="300", Location_ID="")
    result = mapped(good, invoice("A", "1.00", **{**USUAL, **cells}), rules=rules, limits=limits)
    assert set(result.lines["invoice_number"]) == {"GOOD"}
    assert len(result.holds) == 1, result.holds["sentence"].tolist()
    return result.holds.iloc[0]


def make_rules(folder: Path, **files: str) -> Rules:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return Rules.load(folder)


@pytest.mark.parametrize(
    ("key", "limits", "code", "because", "remedy"),
    [
        (
            "62200",
            {"valid_to": "2026-10-31"},
            "ACCOUNT_NOT_OPEN",
            "GL account '62200' (Account 62200) is not open in the ERP on 2026-11-05, when the invoice posts, only until "
            "2026-10-31",
            "Open account 62200 in the ERP on 2026-11-05, or add a rule to gl_accounts.csv: 62200,… with valid_from "
            "2026-11-01 (… is the account to use instead).",
        ),
        (
            "62200",
            {"valid_from": "2027-01-01"},
            "ACCOUNT_NOT_OPEN",
            "GL account '62200' (Account 62200) is not open in the ERP on 2026-11-05, when the invoice posts, only from "
            "2027-01-01 on",
            "Open account 62200 in the ERP on 2026-11-05, or add a rule to gl_accounts.csv: 62200,… with valid_to "
            "2026-12-31 (… is the account to use instead).",
        ),
        (
            "62200",
            {"sites": "AC120,AC110"},
            "ACCOUNT_SITE",
            "GL account '62200' (Account 62200) is not allowed at site AC100 in the ERP, only at AC110, AC120",
            "Allow account 62200 at site AC100 in the ERP, or add a rule to gl_accounts.csv: 62200,… (… is the account to "
            "use instead).",
        ),
        (
            "200",
            {"valid_to": "2026-10-31"},
            "DIMENSION_NOT_OPEN",
            "department '200' (department 200) is not open in the ERP on 2026-11-05, when the invoice posts, only until "
            "2026-10-31",
            "Open department 200 in the ERP on 2026-11-05, or add a rule to dimensions.csv: department,200,… with "
            "valid_from 2026-11-01 (… is the department to use instead).",
        ),
        (
            "110",
            {"sites": "AC110"},
            "DIMENSION_SITE",
            "location '110' (location 110) is not allowed at site AC100 in the ERP, only at AC110",
            "Allow location 110 at site AC100 in the ERP, or add a rule to dimensions.csv: location,110,… (… is the "
            "location to use instead).",
        ),
        (
            "200",
            {"forbidden_accounts": "64500,62200"},
            "DIMENSION_FORBIDDEN",
            "department '200' (department 200) is not allowed for GL account 62200 in the ERP",
            "Allow department 200 for account 62200 in the ERP, code the line otherwise in Stampli, or add a rule to "
            "dimensions.csv: department,200,… (… is the department to use instead).",
        ),
    ],
)
def test_what_is_closed_or_forbidden_is_held_with_the_rule_to_add(key, limits, code, because, remedy):
    hold = held({key: limits})
    assert hold["code"] == code
    assert hold["sentence"] == f"Row 2 (line 3): {because}."
    assert hold["remedy"] == remedy


@pytest.mark.parametrize("day", ["2026-10-01", "2026-10-31"])
def test_both_days_are_open(day):
    limits = {"62200": {"valid_from": "2026-10-01", "valid_to": "2026-10-31"}, "200": {"valid_from": "2026-10-01"}}
    assert mapped(invoice("A", "1.00", Posting_Date=day), limits=limits).holds.empty


def test_without_a_posting_date_the_invoice_date_decides():
    limits = {"62200": {"valid_to": "2026-11-01"}}
    assert "on 2026-11-02," in held(limits, Posting_Date="", Invoice_Date="2026-11-02")["sentence"]
    assert mapped(invoice("A", "1.00", Posting_Date="", Invoice_Date="2026-11-01"), limits=limits).holds.empty


def test_a_site_among_the_allowed_ones_goes_on_and_so_does_a_target_without_sites():
    limits = {"62200": {"sites": "AC110,AC100"}}
    assert mapped(invoice("A", "1.00"), limits=limits).holds.empty
    elsewhere = {"62200": {"sites": "AC110"}}
    assert mapped(invoice("A", "1.00"), limits=elsewhere, target=Target("intacct", "ACME")).holds.empty


def test_a_dimension_that_is_forbidden_for_another_account_goes_on():
    assert mapped(invoice("A", "1.00"), limits={"200": {"forbidden_accounts": "6220,622001"}}).holds.empty


def test_what_a_rule_gives_is_verified_and_the_rule_is_named(tmp_path):
    rules = make_rules(
        tmp_path,
        gl_accounts="stampli_account,erp_account\n6450,64500\n",
        dimensions="dimension,stampli_code,erp_code\ndepartment,OPS,200\n",
    )
    limits = {"64500": {"valid_to": "2026-10-31"}}
    hold = held(limits, rules=rules, GL_Account="6450")
    assert "the rule for GL account '6450' gives '64500' (Account 64500), which is not open" in hold["sentence"]
    assert "or let the rule for '6450' in gl_accounts.csv give another account from 2026-11-01 on." in hold["remedy"]
    hold = held({"200": {"sites": "AC110"}}, rules=rules, Department_ID="OPS")
    assert hold["value"] == "OPS"
    assert hold["remedy"].endswith("or let the rule for 'OPS' in dimensions.csv give another department.")


def test_the_proposed_rule_mends_the_hold(tmp_path):
    limits = {"62200": {"valid_to": "2026-10-31"}}
    assert "gl_accounts.csv: 62200,… with valid_from 2026-11-01" in held(limits)["remedy"]
    rules = make_rules(tmp_path, gl_accounts="stampli_account,erp_account,valid_from\n62200,64500,2026-11-01\n")
    late, early = (
        invoice(number, "1.00", Posting_Date=day) for number, day in (("L", "2026-11-05"), ("E", "2026-10-31"))
    )
    result = mapped(late, early, rules=rules, limits=limits)
    assert result.holds.empty
    assert dict(zip(result.lines["invoice_number"], result.lines["erp_account"], strict=True)) == {
        "L": "64500",
        "E": "62200",
    }


def test_every_reason_of_every_line_is_told_at_once():
    first, second = invoice("A", "1.00", "2.00", **USUAL)
    rows = [first, {**second, "GL Account": "64500", "Department ID": "300"}]
    limits = {
        "62200": {"valid_to": "2026-10-31", "sites": "AC110"},
        "200": {"valid_to": "2026-10-31", "forbidden_accounts": "62200"},
        "300": {"sites": "AC110"},
    }
    result = mapped(rows, limits=limits)
    assert result.lines.empty
    assert sorted(zip(result.holds["row"], result.holds["code"], strict=True)) == [
        (1, "ACCOUNT_NOT_OPEN"),
        (1, "ACCOUNT_SITE"),
        (1, "DIMENSION_FORBIDDEN"),
        (1, "DIMENSION_NOT_OPEN"),
        (2, "DIMENSION_SITE"),
    ]


def test_what_is_inactive_is_told_as_inactive_and_nothing_more():
    result = mapped(invoice("A", "1.00", **USUAL), inactive=("62200",), limits={"62200": {"valid_to": "2026-10-31"}})
    assert list(result.holds["code"]) == ["ACCOUNT_INACTIVE"]


def test_a_code_that_two_dimensions_share_is_limited_in_one_of_them_only():
    lines = make_lines(invoice("A", "1.00", **USUAL, Project_ID="200"))
    reference = make_reference(dimensions=(("project", "200"),))
    codes = reference["dimensions"].copy()
    codes.loc[codes["dimension"] == "project", "valid_to"] = "2026-10-31"
    result = map_lines(lines, rules=NO_RULES, reference={**reference, "dimensions": codes}, target=X3)
    assert list(result.holds["column"]) == ["Project ID"]


@pytest.mark.parametrize(("erp", "longest"), [("intacct", 45), ("x3", 20)])
def test_a_number_is_as_long_as_the_erp_keeps_and_never_cut(erp, longest):
    lines = make_lines(invoice("A", "1.00"))

    def holds(number: str) -> list[str]:
        named = lines.assign(invoice_number=pd.Series([number], dtype=lines["invoice_number"].dtype))
        target = Target(erp, "ACME")
        return list(map_lines(named, rules=NO_RULES, reference=make_reference(), target=target).holds["sentence"])

    assert holds("9" * longest) == []
    (sentence,) = holds("9" * (longest + 1))
    assert f"has {longest + 1} characters; a bill number holds {longest} and is never cut" in sentence
