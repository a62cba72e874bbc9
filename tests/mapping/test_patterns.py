"""Rules that fit more than one value: what goes first, and what is never guessed."""

from __future__ import annotations

import fnmatch
from itertools import product
from pathlib import Path

import pytest
from builders.exports import invoice
from builders.lines import make_lines, make_reference
from hypothesis import given, settings
from hypothesis import strategies as st

from stampli_assets.mapping.globs import common, covers
from stampli_assets.mapping.kinds import Match, Rule
from stampli_assets.mapping.rules import GL_ACCOUNTS, VENDORS, Clash, Rules
from stampli_assets.model.errors import Misconfigured
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.target import Target

DAY = "2026-11-02"
HEAD = "stampli_account,erp_account,match,priority,valid_from,valid_to\n"


def make_rules(folder: Path, **files: str) -> Rules:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return Rules.load(folder)


def accounts(folder: Path, *rows: str) -> Rules:
    return make_rules(folder, gl_accounts=HEAD + "".join(f"{row}\n" for row in rows))


def mapped(rules: Rules, target: Target | None = None, /, **cells: str) -> Mapped:
    lines = make_lines(invoice("A", "1.00", **cells))
    return map_lines(lines, rules=rules, reference=make_reference(), target=target or Target("intacct", "ACME"))


def account_of(rules: Rules, value: str, day: str = DAY):
    return rules.find(GL_ACCOUNTS, (value,), day)


def test_an_exact_rule_goes_before_patterns_and_a_pattern_before_the_value_itself(tmp_path):
    rules = accounts(tmp_path, "6450,64500,,,,", "64*,62200,pattern,1,,")
    for value, expected in (("6450", "64500"), ("6499", "62200"), ("04010", "04010")):
        assert set(mapped(rules, GL_Account=value).lines["erp_account"]) == {expected}


def test_of_two_patterns_the_lower_priority_goes_first(tmp_path):
    rules = accounts(tmp_path, "64*,A,pattern,20,,", "6*,B,pattern,10,,", "6,C,starts,30,,")
    assert account_of(rules, "6450") == "B"


@pytest.mark.parametrize(
    ("rule", "fitting", "not_fitting"),
    [
        ("64,X,starts,1,,", ("64", "6450"), ("164", "")),
        ("6?0,X,pattern,1,,", ("640",), ("60", "6440")),
        ("6[1]*,X,pattern,1,,", ("6[1]2",), ("61", "612")),
        ("ab*,X,pattern,1,,", ("abc",), ("ABC",)),
        ("*,X,pattern,1,,", ("any thing",), ("",)),
        ("6450*,X,,,,", ("6450*",), ("64501",)),
    ],
)
def test_what_fits_a_pattern(tmp_path, rule, fitting, not_fitting):
    rules = accounts(tmp_path, rule)
    assert [account_of(rules, value) for value in fitting] == ["X"] * len(fitting)
    assert [account_of(rules, value) for value in not_fitting] == [None] * len(not_fitting)


def test_two_patterns_of_one_priority_that_fit_hold_the_document_with_both_rows(tmp_path):
    rules = accounts(tmp_path, "64*,62200,pattern,5,,", "*50,64500,pattern,5,,")
    result = mapped(rules, GL_Account="6450")
    (hold,) = result.holds.to_dict("records")
    assert result.lines.empty
    assert hold["code"] == "RULES_CLASH"
    assert "row 1 (pattern '64*' gives '62200') and row 2 (pattern '*50' gives '64500')" in hold["sentence"]
    assert "gl_accounts.csv" in hold["remedy"]
    assert set(mapped(rules, GL_Account="6499").lines["erp_account"]) == {"62200"}


@pytest.mark.parametrize(
    ("file", "columns", "cells"),
    [
        ("vendors", ("stampli_vendor", "erp_vendor"), {"Vendor_ID": "6450"}),
        ("terms", ("stampli_terms", "erp_term"), {"Payment_Terms": "6450"}),
        ("tax_codes", ("stampli_tax_code", "erp_tax_code"), {"Tax_Code": "6450"}),
        ("dimensions", ("stampli_code", "dimension,erp_code"), {"Department_ID": "6450"}),
        ("dimensions", ("stampli_code", "dimension,erp_code"), {"Entity_ID": "6450"}),
    ],
)
@pytest.mark.parametrize("entity", ["", "100"])
def test_no_kind_of_rule_is_guessed_at(tmp_path, file, columns, cells, entity):
    sort = "entity," if "Entity_ID" in cells else "department,"
    sort = sort if file == "dimensions" else ""
    text = f"{','.join(columns)},match,priority\n64*,{sort}200,pattern,5\n*50,{sort}300,pattern,5\n"
    result = mapped(make_rules(tmp_path, **{file: text}), Target("intacct", "ACME", entity_id=entity), **cells)
    assert "RULES_CLASH" in set(result.holds["code"])
    assert result.lines.empty


def test_a_vendors_exact_rule_by_name_goes_before_a_pattern_of_its_id(tmp_path):
    head = "stampli_vendor,erp_vendor,match,priority\n"
    rules = make_rules(tmp_path, vendors=f"{head}Old Mill Printing,000317,,\nOMP-*,V-10021,pattern,1\n")
    assert set(mapped(rules, Vendor_ID="OMP-7").lines["erp_vendor_id"]) == {"000317"}
    assert set(mapped(rules, Vendor_ID="OMP-7", Vendor_Name="Other").lines["erp_vendor_id"]) == {"V-10021"}


def test_one_rule_that_fits_id_and_name_is_one_rule():
    rule = Rule(("*a*",), "V", match=Match.PATTERN, priority=1, file=VENDORS.file, row=1)
    assert Rules.of([rule]).find_any(VENDORS, [("a-1",), ("Anna",)], DAY) == "V"


def test_every_wrong_match_and_priority_is_told_at_once(tmp_path):
    with pytest.raises(Misconfigured) as refused:
        accounts(
            tmp_path,
            "1,A,begins,1,,",
            "2*,A,pattern,,,",
            "3,A,,7,,",
            "4*,A,pattern,high,,",
            "5*,A,pattern,1,,",
            "5*,B,pattern,1,,",
        )
    for problem in (
        "row 1, column match: 'begins' is none of exact, starts, pattern",
        "row 2, column priority: a rule of match pattern needs a priority",
        "row 3, column priority: '7' is given to an exact rule",
        "row 4, column priority: 'high' is no whole number",
        "rows 5 and 6: '5*' has two rules for the same days",
    ):
        assert problem in refused.value.sentence


def test_a_rule_between_two_others_that_overlap_hides_no_overlap(tmp_path):
    with pytest.raises(Misconfigured, match="rows 1 and 3"):
        accounts(tmp_path, "1,A,,,2026-01-01,2026-12-31", "2,A,,,,", "1,B,,,2026-05-01,2026-05-31")
    with pytest.raises(Misconfigured, match="rows 1 and 3"):
        accounts(
            tmp_path,
            "1,A,,,2026-01-01,2026-12-31",
            "1,B,,,2026-02-01,2026-02-28",
            "1,C,,,2026-05-01,2026-05-31",
        )


TEXTS = st.text("ab*?", min_size=1, max_size=4)
VALUES = ["".join(some) for length in range(1, 5) for some in product("ab", repeat=length)]
DAYS = st.sampled_from([("0001-01-01", "9999-12-31"), ("2026-11-01", "2026-11-30"), ("2026-12-01", "9999-12-31")])
ROWS = st.lists(st.tuples(st.sampled_from(Match), TEXTS, st.integers(0, 2), DAYS), max_size=6)


def made(rows) -> list[Rule]:
    """The rules that a folder could hold; each gives its own row."""
    rules = [
        Rule((text,), str(row), *days, match, priority * (match is not Match.EXACT), GL_ACCOUNTS.file, row)
        for row, (match, text, priority, days) in enumerate(rows, start=1)
    ]
    kept: list[Rule] = []
    for rule in rules:
        if not any(
            (rule.key, rule.match, rule.priority) == (o.key, o.match, o.priority) and rule.meets(o) for o in kept
        ):
            kept.append(rule)
    return kept


def fitting(rule: Rule, value: str) -> bool:
    """What the page says, in the library's words."""
    if rule.match is Match.EXACT:
        return rule.key == (value,)
    text = rule.key[0]
    return value.startswith(text) if rule.match is Match.STARTS else fnmatch.fnmatchcase(value, text)


@settings(max_examples=200, deadline=None)
@given(ROWS, st.sampled_from(VALUES), st.randoms(use_true_random=False))
def test_exact_before_pattern_before_nothing_by_priority_whatever_the_order_of_the_rows(rows, value, random):
    rules = made(rows)
    fits = [rule for rule in rules if rule.holds_on(DAY) and fitting(rule, value)]
    first = min((rule.priority for rule in fits if not rule.is_exact), default=None)
    expected = [r for r in fits if r.is_exact] or [r for r in fits if r.priority == first]
    shuffled = random.sample(rules, len(rules))
    assert Rules.of(shuffled).version == Rules.of(rules).version
    found = account_of(Rules.of(shuffled), value)
    if len(expected) > 1:
        assert found == Clash(tuple(expected))
    else:
        assert found == (expected[0].gives if expected else None)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_patterns_are_compared_as_their_values_are(one, other):
    rules = [Rule((text,), "X", match=Match.PATTERN) for text in (one, other)]
    both = [value for value in VALUES if rules[0].fits(value) and rules[1].fits(value)]
    value = common(one, other)
    if value is None:
        assert both == []
    else:
        assert all(rule.fits(value) for rule in rules)
    if covers(one, other):
        assert all(rules[0].fits(value) for value in VALUES if rules[1].fits(value))


@pytest.mark.parametrize(
    ("wide", "narrow", "is_wider"),
    [
        ("*", "6?", True),
        ("6*", "64*", True),
        ("6*", "6*50", True),
        ("6?*", "6*?", True),
        ("64*", "6*", False),
        ("6?", "6*", False),
    ],
)
def test_a_wider_pattern_is_known_as_such(wide, narrow, is_wider):
    assert covers(wide, narrow) is is_wider
