"""Accounts and dimensions are verified before an invoice is sent: read over HTTP, mapped, posted into the same folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from builders.exports import invoice
from builders.lines import make_lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from x3_house import APIS, invoices, make_book, make_door, make_masters, make_simulator, numbered, usd, x3_bill

from stampli_assets.mapping.rules import Rules
from stampli_assets.model.documents import BillLine, Dimension
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.outcome import Posted, Refused
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.target import Target
from stampli_assets.sandbox.firm import TWIN_NAME, Firm
from stampli_assets.sandbox.x3.firm import (
    ACCOUNT_FORBIDDEN_AT_SITE,
    CHART,
    CLOSED_DIMENSION,
    FIRM_SITE,
    FOLDER,
    FORBIDDEN_TOGETHER,
    SUPPLIER_MATCHED_TWICE,
    x3_masters,
)
from stampli_assets.x3.names import GRAPHQL, REST
from stampli_assets.x3.reference import X3GraphQLReference, X3RestReference
from stampli_assets.x3.schema_check import check, check_rest

TYPES = {
    Dimension.DEPARTMENT: "CCT",
    Dimension.LOCATION: "LOC",
    Dimension.PROJECT: "PRJ",
    Dimension.CLASS: "CLS",
}
NAMES = {
    "graphql": {"restrictions": {"node": "analyticalRestriction"}},
    "rest": {"restrictions": {"name": "YRESTRICTION", "representation": "YRESTRICTION"}},
}
"""What a connection's settings say of the restriction table (``erp.names``)."""


@pytest.fixture(params=APIS)
def api(request):
    return request.param


def make_reference(api, base_url, *, names=None, **given):
    door = make_door(base_url, **given)
    if api == "graphql":
        return X3GraphQLReference(door, door.folder, GRAPHQL.overridden(names or {}))
    return X3RestReference(door, door.folder, REST.overridden(names or {}))


def masters_of(reference) -> dict[str, pd.DataFrame]:
    return {
        "vendors": reference.vendors(),
        "gl_accounts": reference.gl_accounts(),
        "dimensions": reference.dimensions(),
    }


def mapped(lines, reference, target) -> Mapped:
    return map_lines(lines, rules=Rules.load(""), reference=masters_of(reference), target=target)


def by(frame, key, *columns):
    """Rows by their key, the given columns each."""
    return {row[key]: tuple(row[column] for column in columns) for row in frame.to_dict("records")}


# ---- what is read


def test_days_and_sites_of_accounts_and_dimensions_are_read_page_by_page(api):
    accounts = [
        {
            "ACC": f"6{number:04d}",
            "COA": "USA",
            "VLYSTR": "2026-01-01",
            "VLYEND": "",
            "FCY": ["F01", "F02"][: number % 3],
        }
        for number in range(25)
    ]
    with make_simulator(api, masters=make_masters(accounts=accounts)) as simulator:
        frame = make_reference(api, simulator.base_url, rows_per_page=10).gl_accounts()
        assert len(simulator.requests) == 3
        limits = by(frame, "account", "valid_from", "valid_to", "sites")
        assert len(limits) == 25
        assert limits["60000"] == ("2026-01-01", "", "")
        assert limits["60002"] == ("2026-01-01", "", "F01,F02")
        codes = make_reference(api, simulator.base_url).dimensions()
        assert by(codes, "code", "valid_from", "valid_to", "sites")["400"] == ("", "2026-09-30", "")


def test_a_folder_that_calls_them_otherwise_is_read_under_its_names(api):
    named, fields = {
        "graphql": (
            {"dimension.validityEndDate": "endDate", "account.sites": "allowedSites"},
            {"dimensions": {"fields": {"valid_to": "endDate"}}, "accounts": {"fields": {"sites": "allowedSites"}}},
        ),
        "rest": (
            {"CACCE.VLYEND": "YEND", "GACCOUNT.FCY": "YFCY"},
            {"dimensions": {"fields": {"valid_to": "YEND"}}, "accounts": {"fields": {"sites": "YFCY"}}},
        ),
    }[api]
    with make_simulator(api, names=named) as simulator:
        reference = make_reference(api, simulator.base_url, names=fields)
        assert by(reference.dimensions(), "code", "valid_to")["400"] == ("2026-09-30",)
        assert by(reference.gl_accounts(), "account", "sites")["69100"] == ("F02",)


def test_a_limit_without_a_name_is_none(api):
    without = {"valid_from": "", "valid_to": "", "sites": ""}
    names = {"accounts": {"fields": without}, "dimensions": {"fields": without}}
    with make_simulator(api) as simulator:
        reference = make_reference(api, simulator.base_url, names=names)
        for frame in (reference.gl_accounts(), reference.dimensions()):
            assert (frame[["valid_from", "valid_to", "sites"]] == "").all(axis=None)


@pytest.mark.parametrize("empty", ["0000-00-00", "1599-12-31", "1753-01-01"])
def test_a_date_that_stands_for_none_closes_nothing(empty):
    masters = make_masters(dimensions=[{"DIE": "CCT", "CCE": "200", "VLYSTR": empty, "VLYEND": empty}])
    with make_simulator("rest", masters=masters) as simulator:
        frame = make_reference("rest", simulator.base_url).dimensions()
        assert by(frame, "code", "valid_from", "valid_to")["200"] == ("", "")


def test_a_property_that_holds_no_date_is_told_with_the_line_of_the_settings():
    names = {"dimensions": {"fields": {"valid_to": "description"}}}
    with (
        make_simulator("graphql") as simulator,
        pytest.raises(Misconfigured, match="'Operations' as valid_to of 200") as told,
    ):
        make_reference("graphql", simulator.base_url, names=names).dimensions()
    assert "names: {dimensions: {fields: {valid_to: …}}}" in told.value.remedy


def test_a_restriction_table_that_nobody_named_is_not_asked_for(api):
    with make_simulator(api) as simulator:
        frame = make_reference(api, simulator.base_url).dimensions()
        assert set(frame["forbidden_accounts"]) == {""}
        assert len(simulator.requests) == 2


def test_a_restriction_table_that_is_named_forbids_its_pairs(api):
    pairs = [{"ACC": account, "DIE": "LOC", "CCE": "110"} for account in ("64500", "62200")]
    others = [{"ACC": "64500", "DIE": "ZZZ", "CCE": "9"}, {"ACC": "1", "DIE": "LOC", "CCE": "999"}]
    with make_simulator(api, masters=make_masters(restrictions=[*pairs, *others])) as simulator:
        frame = make_reference(api, simulator.base_url, names=NAMES[api], rows_per_page=1).dimensions()
        assert by(frame, "code", "forbidden_accounts")["110"] == ("62200,64500",)
        assert set(frame.loc[frame["code"] != "110", "forbidden_accounts"]) == {""}


def test_the_start_up_check_looks_at_a_restriction_table_that_is_named(api):
    wrong = {"restrictions": {**NAMES[api]["restrictions"], "fields": {"code": "dimensions"}}}
    with make_simulator(api) as simulator:
        of = make_reference(api, simulator.base_url, names=wrong)._api
        found = (
            check(GRAPHQL.overridden(wrong), of.schema())
            if api == "graphql"
            else check_rest(REST.overridden(wrong), of)
        )
        assert [problem.setting for problem in found] == ["names.restrictions.fields.code"]


@pytest.mark.parametrize(
    ("names", "given", "words"),
    [
        (GRAPHQL, {"fields": {"code": "x"}}, "names.restrictions.node"),
        (REST, {"name": "YRESTRICTION"}, "names.restrictions.representation"),
        (REST, {"representation": "YRESTRICTION"}, "names.restrictions.name"),
        (GRAPHQL, {"node": "x", "fields": {"account": ""}}, "names.restrictions.fields.account"),
    ],
)
def test_half_a_name_is_refused_with_the_part_that_is_missing(names, given, words):
    with pytest.raises(Misconfigured, match=words.replace(".", r"\.")):
        names.overridden({"restrictions": given})


# ---- the holds of the firm


def test_the_firms_closed_dimension_forbidden_account_and_double_supplier_are_held_and_everything_else_is_posted(api):
    masters = x3_masters(Firm())
    masters["users"] = {"ws_user": "user-secret"}
    folder = {"endpoint": FOLDER, "site": FIRM_SITE, "chart": CHART, "dimension_types": TYPES}
    usual = {"Vendor_ID": "V-10001", "Vendor_Name": "Old Mill Printing", "Posting_Date": "2026-11-05"}
    account, _, klass = FORBIDDEN_TOGETHER
    lines = make_lines(
        invoice("GOOD-1", "10.00", "20.00", **usual, Project_ID="P-2601"),
        invoice("CLOSED", "1.00", **{**usual, "Department_ID": CLOSED_DIMENSION[1]}),
        invoice("SITE", "1.00", **usual, GL_Account=ACCOUNT_FORBIDDEN_AT_SITE),
        invoice("TWICE", "1.00", **{**usual, "Vendor_ID": "", "Vendor_Name": TWIN_NAME}),
        invoice("PAIR", "1.00", **usual, GL_Account=account, Class_ID=klass),
        invoice("GOOD-2", "1.00", **usual, GL_Account=account, Class_ID="OPS"),
    )
    lines.loc[lines["invoice_number"] == "TWICE", "vendor_tax_id"] = SUPPLIER_MATCHED_TWICE
    target = Target("x3", FOLDER, site=FIRM_SITE)
    with make_simulator(api, masters=masters) as simulator:
        result = mapped(lines, make_reference(api, simulator.base_url, names=NAMES[api], **folder), target)
        rows = by(lines, "row", "invoice_number")
        told = {rows[hold["row"]][0]: hold for hold in result.holds.to_dict("records")}
        assert {number: hold["code"] for number, hold in told.items()} == {
            "CLOSED": "DIMENSION_NOT_OPEN",
            "SITE": "ACCOUNT_SITE",
            "TWICE": "VENDOR_AMBIGUOUS",
            "PAIR": "DIMENSION_FORBIDDEN",
        }
        assert told["CLOSED"]["sentence"] == (
            "Row 3 (line 4): department '600' (Old paint shop) is not open in the ERP on 2026-11-05, when the invoice posts, "
            "only until 2026-09-30."
        )
        assert "dimensions.csv: department,600,… with valid_from 2026-10-01" in told["CLOSED"]["remedy"]
        assert told["SITE"]["sentence"] == (
            "Row 4 (line 5): GL account '54100' (Subcontracted machining) is not allowed at site AC100 in the ERP, only at "
            "AC110."
        )
        assert "gl_accounts.csv: 54100,…" in told["SITE"]["remedy"]
        assert SUPPLIER_MATCHED_TWICE in told["TWICE"]["sentence"] or TWIN_NAME in told["TWICE"]["sentence"]
        assert "vendors.csv" in told["TWICE"]["remedy"]
        book = make_book(api, simulator.base_url, **folder)
        outcomes = book.post(numbered(*bills(result.lines, target)))
        assert [type(outcome) for outcome in outcomes] == [Posted, Posted]
        assert {kept["BPRVCR"] for kept in invoices(simulator)} == {"GOOD-1", "GOOD-2"}
        (first,) = [kept for kept in invoices(simulator) if kept["BPRVCR"] == "GOOD-1"]
        for line, amount in zip(first["BPSINVLIG"], ("10.00", "20.00"), strict=True):
            pairs = [(one["DIE"], one["CCE"], one["AMT"]) for one in line["BPSINVLIGA"]]
            assert sorted(pairs) == [("CCT", "200", amount), ("LOC", "110", amount), ("PRJ", "P-2601", amount)]


# ---- the mapping and the folder agree


def mostly(usual, *rare):
    """Three times in four the usual one."""
    return st.sampled_from([*[usual] * 3 * len(rare), *rare])


DAYS = ("2026-11-04", "2026-11-05", "2026-11-06")
LIMITED = {
    "ENAFLG": mostly(2, 2, 1),
    "VLYSTR": mostly("", *DAYS),
    "VLYEND": mostly("", *DAYS),
    "FCY": mostly([], ["F01"], ["F02"], ["F01", "F02"]),
}
ACCOUNTS, CODES = ("60000", "60001", "60002"), ("1", "2")
KINDS = {"Department_ID": "CCT", "Location_ID": "LOC", "Project_ID": "PRJ"}


@st.composite
def folders(draw):
    accounts = [
        {
            "ACC": account,
            "COA": "USA",
            "DES": f"Account {account}",
            "DIE": draw(mostly([], ["CCT"], ["CCT", "LOC"])),
            **draw(st.fixed_dictionaries(LIMITED)),
        }
        for account in ACCOUNTS
    ]
    dimensions = [
        {"DIE": kind, "CCE": code, "DES": f"{kind} {code}", **draw(st.fixed_dictionaries(LIMITED))}
        for kind in KINDS.values()
        for code in CODES
    ]
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from([*KINDS.values()]), st.sampled_from(CODES)),
            unique=True,
            max_size=6,
        )
    )
    return make_masters(
        accounts=accounts,
        dimensions=dimensions,
        restrictions=[dict(zip(("ACC", "DIE", "CCE"), pair, strict=True)) for pair in pairs],
    )


LINES = st.fixed_dictionaries(
    {
        "GL_Account": st.sampled_from([*ACCOUNTS * 5, "69999"]),
        **{name: st.sampled_from(["", *CODES] * 5 + ["9"]) for name in KINDS},
    }
)
DOCUMENTS = st.lists(st.tuples(st.sampled_from(DAYS), st.lists(LINES, min_size=1, max_size=2)), min_size=6, max_size=12)


def coded(number: str, day: str, lines: list[dict[str, str]]) -> list[dict[str, str]]:
    usual = {"Vendor_ID": "S001", "Vendor_Name": "Old Mill Printing", "Posting_Date": day}
    rows = invoice(number, *["1.00"] * len(lines), **usual)
    return [
        {**row, **{name.replace("_", " "): text for name, text in line.items()}}
        for row, line in zip(rows, lines, strict=True)
    ]


def unverified(number: str, day: str, lines: list[dict[str, str]]):
    """The bill that would have been sent if the mapping had not looked."""
    names = {"Department_ID": Dimension.DEPARTMENT, "Location_ID": Dimension.LOCATION, "Project_ID": Dimension.PROJECT}
    amount = usd("1.00")
    made = tuple(
        BillLine(
            place, line["GL_Account"], amount, "", tuple((of, line[name]) for name, of in names.items() if line[name])
        )
        for place, line in enumerate(lines, start=1)
    )
    total = f"{len(lines)}.00"
    return replace(x3_bill(number, total=total, lines=made), posting_date=date.fromisoformat(day))


@pytest.mark.parametrize("api", APIS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(masters=folders(), documents=DOCUMENTS, site=st.sampled_from(["F01", "F02"]))
def test_what_the_mapping_lets_through_the_folder_takes_and_what_it_holds_the_folder_refuses(
    api, masters, documents, site
):
    given = {f"N-{place}": document for place, document in enumerate(documents)}
    lines = make_lines(*(coded(number, *document) for number, document in given.items()))
    target = Target("x3", "SEED", site=site)
    with make_simulator(api, masters=masters) as simulator:
        result = mapped(lines, make_reference(api, simulator.base_url, names=NAMES[api], site=site), target)
        book = make_book(api, simulator.base_url, site=site)
        ready = bills(result.lines, target)
        outcomes = book.post(numbered(*ready)) if ready else []
        refused = {
            bill.number: [reason.sentence for reason in outcome.reasons]
            for bill, outcome in zip(ready, outcomes, strict=True)
            if isinstance(outcome, Refused)
        }
        assert refused == {}
        assert all(isinstance(outcome, Posted) for outcome in outcomes)
        waiting = sorted(set(given) - {bill.number for bill in ready})
        held = [unverified(number, *given[number]) for number in waiting]
        outcomes = book.post(numbered(*held)) if held else []
        assert [bill.number for bill, outcome in zip(held, outcomes, strict=True) if isinstance(outcome, Posted)] == []
