"""GL account and cost-centre files."""

from __future__ import annotations

import io

import pytest
from hostile.kinds import ACCOUNT, COST_CENTRE, sheet, with_cells

from stampli_assets.model.export_frames import ACCOUNT_ROWS, COST_CENTRE_ROWS, DIMENSION_WORDS
from stampli_assets.pipeline.parse_lists import ParsedList, parse_cost_centres, parse_gl_accounts
from stampli_assets.sandbox.exports import export_cost_centres_csv, export_gl_accounts_csv
from stampli_assets.sandbox.firm import Firm
from stampli_assets.sandbox.lists import accounts, cost_centres
from stampli_assets.stampli.contracts import COST_CENTRES, GL_ACCOUNTS
from stampli_assets.stampli.layout_settings import AccountLayout, CostCentreLayout


def accounts_of(content: bytes, **layout) -> ParsedList:
    return parse_gl_accounts(io.BytesIO(content), name="gl_accounts.csv", layout=AccountLayout(**layout).layout())


def centres_of(content: bytes, **layout) -> ParsedList:
    return parse_cost_centres(io.BytesIO(content), name="cost_centres.csv", layout=CostCentreLayout(**layout).layout())


def test_accounts_keep_their_leading_zeros_and_say_what_they_require():
    parsed = accounts_of(sheet(with_cells(ACCOUNT, Requires_Department="yes", Status="inactive")))
    ACCOUNT_ROWS.validate(parsed.rows)
    (told,) = parsed.rows.to_dict("records")
    assert (told["gl_account"], told["status"], told["requires_department"]) == ("04010", "INACTIVE", "Y")
    assert (told["requires_project"], told["row"], told["line"]) == ("", 1, 2)


def test_an_account_may_be_called_after_a_bank():
    assert list(accounts_of(sheet(with_cells(ACCOUNT, Account_Name="Bank of Ohio"))).rows["account_name"]) == [
        "Bank of Ohio"
    ]


@pytest.mark.parametrize("dimension", DIMENSION_WORDS)
def test_every_dimension_is_known_in_any_spelling(dimension):
    rows = [
        with_cells(COST_CENTRE, Dimension=word, Code=str(n)) for n, word in enumerate((dimension, dimension.title()))
    ]
    parsed = centres_of(sheet(*rows))
    COST_CENTRE_ROWS.validate(parsed.rows)
    assert set(parsed.rows["dimension"]) == {dimension}


def test_a_code_stands_once_in_its_dimension_and_may_stand_in_others():
    twice = with_cells(COST_CENTRE, Name="Works")
    parsed = centres_of(sheet(COST_CENTRE, with_cells(COST_CENTRE, Dimension="LOCATION"), twice))
    assert list(parsed.rows["dimension"]) == ["LOCATION"]
    assert list(parsed.rejects["rule"]) == ["KEY_TWICE", "KEY_TWICE"]
    assert parsed.rejected_rows == 2


def test_days_are_read_in_the_declared_format_and_in_order():
    rows = [
        with_cells(COST_CENTRE, Start_Date="01.11.2026", End_Date=end, Code=end) for end in ("30.11.2026", "31.10.2026")
    ]
    parsed = centres_of(sheet(*rows), date_format="%d.%m.%Y")
    assert list(parsed.rows["end_date"]) == ["2026-11-30"]
    assert list(parsed.rejects["rule"]) == ["DATES_REVERSED"]


def test_a_cost_centre_of_the_wrong_width_is_rejected_alone():
    content = sheet(COST_CENTRE, with_cells(COST_CENTRE, Dimension="LOCATION")) + b"CLASS,045,a,b,c,d,e,f\r\n"
    parsed = centres_of(content)
    assert len(parsed.rows) == 2
    assert (list(parsed.rejects["rule"]), parsed.rejected_rows) == (["ROW_WIDTH"], 1)


def test_a_list_without_rows_is_accepted_and_noted():
    assert accounts_of(",".join(ACCOUNT).encode()).notes == ("The file has a header and no GL accounts.",)


def test_the_sandboxs_lists_are_read():
    firm = Firm()
    parsed, centres = (
        accounts_of(export_gl_accounts_csv(accounts(firm))),
        centres_of(export_cost_centres_csv(cost_centres())),
    )
    assert parsed.rejects.empty
    assert centres.rejects.empty
    assert {"62200", "6220"} <= set(parsed.rows["gl_account"])
    assert {"OPS", "200", "110", "P-2601"} <= set(centres.rows["code"])


@pytest.mark.parametrize(("contract", "schema"), [(GL_ACCOUNTS, ACCOUNT_ROWS), (COST_CENTRES, COST_CENTRE_ROWS)])
def test_every_column_of_the_contract_reaches_the_frame(contract, schema):
    assert {column.name for column in contract.columns} == set(schema.columns) - {"row", "line"}
