"""The layout that a connection declares: what may stand in it, what is refused, and its digest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stampli_assets.model.errors import Misconfigured
from stampli_assets.settings import parse_settings, schema
from stampli_assets.stampli.contracts import CONTRACTS
from stampli_assets.stampli.layout import ColumnRule, Layout, Shape
from stampli_assets.stampli.layout_settings import LAYOUTS, InvoiceLayout, PaymentLayout
from stampli_assets.wiring import Offices

EVERYTHING = {
    "kind": "flat",
    "version": "2026-11",
    "encoding": "cp1252",
    "delimiter": ";",
    "quote": "'",
    "skip_lines": 1,
    "final_newline": "required",
    "number_style": "eu",
    "date_format": "%d.%m.%Y",
    "credit_sign": "unsigned",
    "compression": "accept",
    "unknown_columns": "refuse",
    "columns": {
        "invoice_number": ["Belegnummer"],
        "vendor_id": {"header": ["Kreditor"], "width": 6, "pad": "0"},
        "department_id": {"map": {"Ops": "200"}, "on_missing": "keep"},
        "due_date": {"date_format": "%Y%m%d"},
    },
    "constants": {"currency": "EUR"},
    "custom": {"pool": ["Kostenpool"]},
    "max_megabytes": 10,
}


def settings(layout: dict, **others: dict) -> dict:
    secret = {"secret": "a"}
    stampli = {
        "host": "h",
        "username": "u",
        "password": secret,
        "host_keys": ["ssh-ed25519 AAAA"],
        "layout": layout,
        **others,
    }
    erp = {
        "kind": "intacct",
        "sender_id": "s",
        "sender_password": secret,
        "company_id": "C",
        "user_id": "u",
        "user_password": secret,
    }
    return {"connections": [{"name": "acme_us", "stampli": stampli, "erp": erp}]}


def refused(**layout) -> str:
    with pytest.raises(ValidationError) as problems:
        InvoiceLayout.model_validate(layout)
    return str(problems.value)


def test_everything_that_a_connection_declares_reaches_the_reader(tmp_path):
    layout = Offices(parse_settings(settings(EVERYTHING), folder=tmp_path)).open("acme_us").layout
    assert (layout.encoding, layout.delimiter, layout.quote, layout.number_style) == ("cp1252", ";", "'", "eu")
    assert layout.headers["vendor_id"] == ("Kreditor",)
    assert layout.rules["vendor_id"] == ColumnRule(width=6, pad="0")
    assert layout.rules["department_id"].on_missing == "keep"
    assert layout.date_format_of("due_date") == "%Y%m%d"
    assert layout.date_format_of("invoice_date") == "%d.%m.%Y"
    assert (layout.max_bytes, layout.version) == (10_000_000, "2026-11")


def test_nothing_declared_is_the_plain_layout():
    assert InvoiceLayout().layout().digest == Layout().digest


@pytest.mark.parametrize("key", [key for key in EVERYTHING if key != "kind"])
def test_every_change_changes_the_digest(key):
    less = {name: told for name, told in EVERYTHING.items() if name != key}
    assert (
        InvoiceLayout.model_validate(less).layout().digest != InvoiceLayout.model_validate(EVERYTHING).layout().digest
    )


def test_the_digest_is_the_same_in_every_process_and_order():
    turned = dict(reversed(EVERYTHING.items()))
    assert (
        InvoiceLayout.model_validate(turned).layout().digest == InvoiceLayout.model_validate(EVERYTHING).layout().digest
    )
    assert len(Layout().digest) == 64


def test_records_and_paths_are_declared(tmp_path):
    told = {
        "kind": "header_lines",
        "records": {
            "header": "HDR",
            "line": "LIN",
            "header_fields": ["invoice_number", "-"],
            "line_fields": ["gl_account"],
        },
    }
    layout = InvoiceLayout.model_validate(told).layout()
    assert (layout.shape, layout.records.header_fields) == (Shape.HEADER_LINES, ("invoice_number", "-"))
    layout = InvoiceLayout.model_validate({"kind": "xml", "xml": {"paths": {"vendor_id": "Head/Vendor/@id"}}}).layout()
    assert layout.xml.paths == {"vendor_id": "Head/Vendor/@id"}


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({"kind": "json"}, "kind"),
        ({"colour": "red"}, "colour"),
        ({"encoding": "utf-7"}, "encoding"),
        ({"delimiter": "::"}, "delimiter"),
        ({"date_format": "DD/MM/YYYY"}, "does not tell year, month and day"),
        ({"date_format": "%Y-%m"}, "does not tell year, month and day"),
        ({"date_format": ""}, "a date format is needed"),
        ({"columns": {"colour": ["Farbe"]}}, "colour: no column of invoices"),
        ({"constants": {"colour": "red"}}, "colour: no column of invoices"),
        ({"columns": {"vendor_id": ["Nr"], "invoice_number": ["nr."]}}, "claimed by vendor_id and by invoice_number"),
        ({"columns": {"vendor_id": {"pad": "0"}}}, "pad needs width"),
        ({"columns": {"vendor_id": {"with": 6}}}, "with"),
        ({"records": {"header": "X", "line": "X"}}, "must be different"),
        ({"xml": {"paths": {"vendor_id": "Vendor[1]"}}}, "paths"),
        ({"xml": {"paths": {"vendor_id": "//Vendor"}}}, "paths"),
        ({"xml": {"line": ""}}, "line"),
    ],
)
def test_what_no_reader_could_follow_is_refused_with_its_path(layout, words):
    assert words in refused(**layout)


@pytest.mark.parametrize(
    "layout",
    [
        {"kind": "xml", "xml": {"paths": {"colour": "Farbe"}}},
        {"kind": "header_lines", "records": {"header_fields": ["colour"], "line_fields": ["gl_account"]}},
        {"kind": "header_lines", "records": {"header_fields": ["invoice_number"]}},
    ],
)
def test_a_layout_that_contradicts_itself_is_misconfigured(layout):
    with pytest.raises(Misconfigured, match="layout names"):
        InvoiceLayout.model_validate(layout).layout()


OTHERS = [contract for contract in CONTRACTS if contract.kind != "invoices"]


@pytest.mark.parametrize("contract", OTHERS, ids=[contract.kind for contract in OTHERS])
def test_each_kind_of_file_has_a_layout_of_its_own_in_the_settings(contract, tmp_path):
    told = {"delimiter": ";", "constants": {contract.columns[0].name: "X"}}
    server = parse_settings(settings({}, **{contract.settings: told}), folder=tmp_path).connections[0].stampli
    layout = getattr(server, contract.settings).layout()
    assert (layout.contract, layout.delimiter, server.layout.layout().delimiter) == (contract, ";", ",")
    assert layout.digest != InvoiceLayout(delimiter=";").layout().digest
    assert layout.digest != LAYOUTS[contract.kind]().layout().digest


@pytest.mark.parametrize("contract", OTHERS, ids=[contract.kind for contract in OTHERS])
def test_only_invoices_come_as_header_and_line_records(contract):
    with pytest.raises(ValidationError, match=f"{contract.documents} are not read from header and line records"):
        LAYOUTS[contract.kind].model_validate({"kind": "header_lines"})
    with pytest.raises(Misconfigured, match="not read from header and line records"):
        Layout(contract, Shape.HEADER_LINES).checked()


@pytest.mark.parametrize("contract", OTHERS, ids=[contract.kind for contract in OTHERS])
def test_a_layout_names_columns_of_its_own_kind_only(contract):
    with pytest.raises(ValidationError, match=f"line_amount: no column of {contract.documents}; known are"):
        LAYOUTS[contract.kind].model_validate({"columns": {"line_amount": ["Betrag"]}})
    with pytest.raises(ValidationError, match="credit_sign"):
        LAYOUTS[contract.kind].model_validate({"credit_sign": "unsigned"})


def test_the_elements_of_payments_in_xml_are_declared_by_their_own_names():
    told = {"kind": "xml", "xml": {"payment": "Pays/Pay", "line": "Row", "paths": {"vendor_id": "To/@id"}}}
    layout = PaymentLayout.model_validate(told).layout()
    assert (layout.xml_document, layout.xml_line) == (("Pays", "Pay"), ("Row",))
    assert PaymentLayout(kind=Shape.XML).layout().xml_document == ("Payment",)


def test_the_files_of_every_kind_have_a_pattern(tmp_path):
    files = parse_settings(settings({}), folder=tmp_path).connections[0].stampli.files
    assert {contract.kind: getattr(files, contract.kind) for contract in CONTRACTS} == {
        contract.kind: f"{contract.kind}*.csv" for contract in CONTRACTS
    }


def test_the_schema_describes_the_layout_for_editors():
    described = schema()["$defs"]
    assert {"InvoiceLayout", "ColumnLayout", "RecordLayout", "XmlLayout"} <= described.keys()
    assert {"PaymentLayout", "VendorLayout", "AccountLayout", "CostCentreLayout"} <= described.keys()
    assert described["InvoiceLayout"]["additionalProperties"] is False
