"""Vendor files: what is read of them, and that bank details are not."""

from __future__ import annotations

import io
import pickle

import pytest
from hostile.kinds import VENDOR, sheet, with_cells

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.export_frames import VENDOR_ROWS
from stampli_assets.pipeline.parse_lists import ParsedList
from stampli_assets.pipeline.parse_vendors import parse_vendors
from stampli_assets.sandbox.exports import export_vendors_csv
from stampli_assets.sandbox.firm import Firm
from stampli_assets.stampli.contracts import VENDORS
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.layout_settings import VendorLayout

SECRET = "DE89370400440532013000"
TITLES = ["IBAN", "Bank Name", "Vendor Bank Account", "Routing No.", "SWIFT/BIC", "Account Holder"]


def read(content: bytes, **layout) -> ParsedList:
    return parse_vendors(io.BytesIO(content), name="vendors.csv", layout=VendorLayout.model_validate(layout).layout())


def test_vendors_come_out_as_text_with_the_contracts_defaults():
    parsed = read(sheet(with_cells(VENDOR, Status="", Form_1099="yes", Country="de")))
    VENDOR_ROWS.validate(parsed.rows)
    (vendor,) = parsed.rows.to_dict("records")
    assert (vendor["vendor_id"], vendor["postal_code"], vendor["country"]) == ("000317", "04401", "DE")
    assert (vendor["status"], vendor["form_1099"], vendor["address_line_1"]) == ("ACTIVE", "Y", "")
    assert (vendor["row"], vendor["line"], parsed.rejected_rows) == (1, 2, 0)


@pytest.mark.parametrize("title", TITLES)
def test_nothing_of_a_bank_column_is_kept_but_that_it_was_there(title):
    parsed = read(sheet({title: SECRET, **VENDOR}))
    assert parsed.notes == (f"The column {title!r} looks like bank details; it was not read.",)
    assert len(parsed.rows) == 1
    assert SECRET.encode() not in pickle.dumps(parsed)


def test_a_row_of_the_wrong_width_shows_no_bank_details():
    parsed = read(sheet({"IBAN": SECRET, **VENDOR}).replace(b"Old Mill", b"Old, Mill"))
    assert list(parsed.rejects["document"]) == ["row 1"]
    assert SECRET.encode() not in pickle.dumps(parsed)


@pytest.mark.parametrize(
    "layout",
    [
        {"columns": {"tax_id": ["IBAN"]}},
        {"columns": {"tax_id": {"header": ["Routing No."]}}},
        {"kind": "xml", "xml": {"paths": {"tax_id": "Bank/Number"}}},
    ],
)
def test_a_layout_that_asks_for_bank_details_is_refused(layout):
    with pytest.raises(Misconfigured, match="never read from a file of vendors"):
        VendorLayout.model_validate(layout).layout()


def test_even_a_layout_that_nobody_checked_reads_no_bank_details():
    layout = Layout(VENDORS, headers={"tax_id": ("IBAN",)})
    parsed = parse_vendors(
        io.BytesIO(sheet({"IBAN": SECRET, **VENDOR, "Tax ID": ""})), name="vendors.csv", layout=layout
    )
    assert SECRET.encode() not in pickle.dumps(parsed)


def test_the_same_id_twice_refuses_both_and_says_where():
    parsed = read(sheet(VENDOR, with_cells(VENDOR, Vendor_ID="V-2"), with_cells(VENDOR, Vendor_Name="Impostor")))
    assert list(parsed.rows["vendor_id"]) == ["V-2"]
    assert [(fault["document"], fault["row"], fault["rule"]) for fault in parsed.rejects.to_dict("records")] == [
        ("000317", 1, "KEY_TWICE"),
        ("000317", 3, "KEY_TWICE"),
    ]
    assert (
        parsed.rejects["sentence"]
        .iloc[0]
        .endswith("000317 stands in row 3 too; which of them counts is not guessed, so none of them does.")
    )


def test_the_sandboxs_vendors_are_read_as_stampli_calls_them():
    firm = Firm()
    parsed = read(export_vendors_csv(firm.vendors))
    assert parsed.rejects.empty
    assert len(parsed.rows) == len(firm.vendors)
    assert "OMP-7" in set(parsed.rows["vendor_id"])


def test_every_column_of_the_contract_reaches_the_frame():
    assert {column.name for column in VENDORS.columns} == set(VENDOR_ROWS.columns) - {"row", "line"}
