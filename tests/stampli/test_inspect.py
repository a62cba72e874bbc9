"""``stampli inspect``: what is proposed of an unknown file, what is asked, and that the proposal is good when pasted."""

from __future__ import annotations

import gzip
import io
import json

import pytest
import yaml
from builders.exports import HEADERS, as_csv, invoice, row
from click.testing import CliRunner
from hostile import listed
from hostile.kinds import ACCOUNT, COST_CENTRE, VENDOR, payment, sheet
from hostile.paid import ONE, export

from stampli_assets.cli.main import main
from stampli_assets.model.errors import FileRefused
from stampli_assets.pipeline.parse import parse
from stampli_assets.stampli.contracts import CONTRACTS
from stampli_assets.stampli.layout_settings import LAYOUTS, InvoiceLayout
from stampli_assets.stampli.proposal import propose
from stampli_assets.stampli.proposal_styles import Proposal

GERMAN = (
    "Rechnungsnummer;Rechnungsdatum;Kreditor;Währung;Rechnungsbetrag;Konto;Betrag;Stimmung\r\n"
    "4711;{0};70001;EUR;1.118,00;62200;1.000,00;gut\r\n"
    "4711;{0};70001;EUR;1.118,00;62300;118,00;gut\r\n"
)


def of(content: bytes | str, name: str = "unknown.csv") -> Proposal:
    return propose(io.BytesIO(content.encode() if isinstance(content, str) else content), name)


def asked(found: Proposal) -> str:
    return "\n".join(found.questions)


def run(tmp_path, content: bytes, *words: str):
    (tmp_path / "unknown.csv").write_bytes(content)
    return CliRunner().invoke(main, ["inspect", str(tmp_path / "unknown.csv"), *words])


def test_a_usual_export_needs_no_layout_and_no_answer():
    found = of(as_csv(invoice("A", "1.00", "2.00")))
    assert (found.layout, found.questions) == ({}, [])
    assert [one.meaning for one in found.columns if one.header == "GL Account"] == ["gl_account"]


@pytest.mark.parametrize(
    ("encode", "told"),
    [
        (lambda text: text.encode(), None),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), None),
        (lambda text: text.encode("utf-16"), "utf-16"),
        (lambda text: text.encode("utf-16-le"), "utf-16-le"),
        (lambda text: text.encode("utf-16-be"), "utf-16-be"),
        (lambda text: text.encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_proposed_with_its_evidence(encode, told):
    text = as_csv(invoice("A", "1.00", Vendor_Name="Müller")).decode()
    found = of(encode(text))
    assert found.layout.get("encoding") == told
    assert found.evidence["encoding"]
    assert not found.questions
    layout = InvoiceLayout.model_validate(found.layout).layout()
    assert list(parse(io.BytesIO(encode(text)), name="x", layout=layout).lines["vendor_name"]) == ["Müller"]


def test_a_byte_that_reads_differently_in_two_encodings_is_asked():
    found = of(as_csv(invoice("A", "1.00", Vendor_Name="10 € Müller")).decode().encode("cp1252"))
    assert "10 € Müll" in asked(found)
    assert "iso-8859-15" in asked(found)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_proposed(delimiter):
    found = of(as_csv(invoice("A", "1.00"), delimiter=delimiter))
    assert found.layout.get("delimiter", ",") == delimiter
    assert f"{len(HEADERS)} of them known" in found.evidence["delimiter"][0]


def test_a_title_above_the_header_is_counted():
    assert of(b"Export of today\r\n\r\n" + as_csv(invoice("A", "1.00"))).layout["skip_lines"] == 2


def test_march_or_april_is_asked_and_not_guessed():
    found = of(as_csv(invoice("A", "1.00", Invoice_Date="03/04/2026", Due_Date="")))
    assert "Is 03/04/2026 4 March 2026 or 3 April 2026?" in asked(found)
    assert "date_format" not in found.layout


def test_one_date_beyond_the_twelfth_answers_for_all():
    rows = [
        *invoice("A", "1.00", Invoice_Date="03/04/2026", Due_Date=""),
        *invoice("B", "1.00", Invoice_Date="25/04/2026", Due_Date=""),
    ]
    found = of(as_csv(rows))
    assert found.layout["date_format"] == "%d/%m/%Y"
    assert "1 of them can be read in one way only." in found.evidence["date_format"]


def test_dates_in_two_styles_are_asked_by_column():
    found = of(as_csv(invoice("A", "1.00", Invoice_Date="2026-11-02", Due_Date="25/12/2026")))
    assert "Due Date: all are DD/MM/YYYY." in found.evidence["date_format"]
    assert "which columns differ" in asked(found)


@pytest.mark.parametrize(
    ("amount", "style"), [("1118.00", None), ("1,118.00", "us"), ("1.118,00", "eu"), ("1 118,00", "eu")]
)
def test_the_number_style_is_proposed(amount, style):
    assert of(as_csv([row(Line_Amount=amount, Invoice_Total=amount)])).layout.get("number_style") == style


def test_1_118_alone_is_asked():
    found = of(as_csv([row(Line_Amount="1,118", Invoice_Total="1,118")]))
    assert "Is the amount '1,118' 1118 (us) or 1.118 (eu)?" in asked(found)


def test_amounts_in_two_styles_are_asked():
    found = of(as_csv([row(Line_Amount="1,118.00", Invoice_Total="1.118,00")]))
    assert "No one number style reads every amount ('1,118.00', '1.118,00')" in asked(found)


def test_foreign_headers_are_proposed_as_questions_with_what_they_hold():
    found = of(GERMAN.format("25.04.2026"))
    assert found.layout["columns"]["gl_account"] == ["Konto"]
    assert (found.layout["number_style"], found.layout["date_format"]) == ("eu", "%d.%m.%Y")
    assert (
        "Is 'Konto' the GL Account? It holds 2 values (2 different, whole number), such as '62200', '62300'."
        in asked(found)
    )
    assert "What is 'Stimmung'?" in asked(found)


def test_what_no_column_says_is_asked():
    headers = [header for header in HEADERS if header != "Currency"]
    assert "Nothing was recognized as Currency" in asked(of(as_csv(invoice("A", "1.00"), headers=headers)))


def test_positive_credits_are_asked():
    assert "credit_sign" in asked(of(as_csv([row(Document_Type="CREDIT_MEMO")])))


def test_what_a_spreadsheet_did_is_evidence():
    found = of(as_csv([row(Invoice_Number="4.5E+11"), row(Invoice_Number="A")]))
    (one,) = (one for one in found.columns if one.header == "Invoice Number")
    assert "1 values were damaged by a spreadsheet, such as '4.5E+11'." in one.evidence


def test_day_numbers_among_the_dates_are_asked_and_spoil_no_other_date():
    rows = [*invoice("A", "1.00", Invoice_Date="25/11/2026"), *invoice("B", "1.00", Invoice_Date="46308")]
    found = of(as_csv([{**one, "Due Date": ""} for one in rows]))
    assert "such as '46308' (2026-10-13)" in asked(found)
    assert found.layout["date_format"] == "%d/%m/%Y"


def test_archives_are_looked_into():
    assert of(gzip.compress(as_csv(invoice("A", "1.00")))).layout == {"compression": "accept"}


def test_records_with_a_header_row_are_proposed_whole():
    text = (
        "Rec,Invoice Number,Invoice Date,Vendor ID,Currency,Invoice Total,GL Account,Line Amount\n"
        "H,A,2026-11-02,V-1,USD,3.00,,\nL,,,,,,62200,3.00\n"
    )
    found = of(text)
    assert (found.layout["kind"], found.questions) == ("header_lines", [])
    layout = InvoiceLayout.model_validate(found.layout).layout()
    assert parse(io.BytesIO(text.encode()), name="x", layout=layout).documents == 1


def test_records_without_a_header_row_are_asked_field_by_field():
    found = of("HDR;A;2026-11-02;V-1\nLIN;1;62200;3.00\nEND;2\n")
    assert found.layout["records"]["header_fields"] == ["-", "-", "-"]
    assert "'HDR;A;2026-11-02;V-1'" in asked(found)
    assert "'END'" in asked(found)


def test_the_template_in_xml_needs_no_answer():
    text = (
        "<StampliExport><Invoice><InvoiceNumber>A</InvoiceNumber><InvoiceDate>2026-11-02</InvoiceDate><VendorID>V</VendorID>"
        "<Currency>USD</Currency><InvoiceTotal>3.00</InvoiceTotal><Lines><Line><GLAccount>6</GLAccount><LineAmount>3.00"
        "</LineAmount></Line></Lines></Invoice></StampliExport>"
    )
    found = of(text)
    assert (found.layout, found.questions) == ({"kind": "xml"}, [])


def test_another_xml_template_gets_paths_and_questions():
    text = '<Feed><Bill><Head><InvoiceNumber>A</InvoiceNumber><Mood>x</Mood></Head><Row acct="6"/><Row acct="7"/></Bill></Feed>'
    found = of(text)
    assert found.layout["xml"] == {"invoice": "Bill", "line": "Row", "paths": {"invoice_number": "Head/InvoiceNumber"}}
    assert "What is 'Head/Mood'?" in asked(found)
    assert "What is '@acct'?" in asked(found)


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"PK\x03\x04junk", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
def test_what_is_no_export_is_refused_in_a_sentence(content):
    with pytest.raises(FileRefused):
        of(content)


def test_an_empty_file_is_asked_about_and_does_not_crash():
    assert of(b"").columns == []


def test_the_command_prints_yaml_to_paste_and_what_the_layout_would_read(tmp_path):
    done = run(tmp_path, as_csv([row(Line_Amount="1,118.00", Invoice_Total="1,118.00")], delimiter=";"))
    assert done.exit_code == 0, done.output
    assert yaml.safe_load(done.stdout) == {"layout": {"delimiter": ";", "number_style": "us"}}
    assert "1 invoices over 1,118.00 USD are read, 0 are rejected" in " ".join(done.stderr.split())


def test_the_command_leaves_open_questions_as_comments_and_in_its_exit_code(tmp_path):
    done = run(tmp_path, GERMAN.format("03/04/2026").encode("cp1252"))
    assert done.exit_code == 1
    assert "# QUESTION: Is 03/04/2026 4 March 2026 or 3 April 2026?" in done.stdout
    InvoiceLayout.model_validate(yaml.safe_load(done.stdout)["layout"])


def test_the_command_speaks_json(tmp_path):
    told = json.loads(run(tmp_path, as_csv(invoice("A", "1.00")), "--json").stdout)
    assert told["questions"] == []
    assert told["columns"][0]["meaning"] == "stampli_invoice_id"
    assert told["trial"].startswith("With this layout 1 invoices")


EXAMPLES = {
    "invoices": as_csv(invoice("A", "1.00")),
    "payments": sheet(*payment("A", "1.00")),
    "vendors": sheet(VENDOR),
    "gl_accounts": sheet(ACCOUNT),
    "cost_centres": sheet(COST_CENTRE),
}


@pytest.mark.parametrize("contract", CONTRACTS, ids=list(EXAMPLES))
def test_the_kind_of_a_file_is_recognized_and_its_layout_stands_under_its_key(contract, tmp_path):
    found = of(EXAMPLES[contract.kind])
    assert (found.kind, found.layout, found.questions) == (contract.kind, {}, [])
    assert found.evidence["kind"][0].endswith(f"columns are known of {contract.documents}.")
    done = run(tmp_path, EXAMPLES[contract.kind].replace(b",", b";"))
    assert done.exit_code == 0, done.output
    assert yaml.safe_load(done.stdout) == {contract.settings: {"delimiter": ";"}}
    assert f"1 {contract.documents}" in done.stderr
    assert "0 are rejected" in " ".join(done.stderr.split())


def test_the_amounts_and_days_of_payments_are_proposed():
    rows = payment("A", "1.00", Applied_Amount="1.118,00", Payment_Total="1.118,00", Payment_Date="25.11.2026")
    found = of(sheet(*rows))
    assert found.layout == {"number_style": "eu", "date_format": "%d.%m.%Y"}


def test_what_a_payment_file_lacks_is_asked():
    content = sheet(*payment("A", "1.00")).replace(b"Bank Account ID", b"Where from")
    assert "Nothing was recognized as Bank Account ID" in asked(of(content))
    assert "every payment has the same" in asked(of(content))


def test_payments_in_xml_are_recognized():
    assert of(export(ONE)).layout == {"kind": "xml"}
    found = of(export(ONE * 2).replace(b"<Payment>", b"<Pay>").replace(b"</Payment>", b"</Pay>"))
    assert (found.kind, found.layout["xml"]) == ("payments", {"payment": "Pay"})
    LAYOUTS["payments"].model_validate(found.layout).layout()


@pytest.mark.parametrize("content", [listed.BANKED, listed.XML])
def test_no_bank_detail_of_a_vendor_is_shown(content, tmp_path):
    done = run(tmp_path, content, "--json")
    assert json.loads(done.stdout)["kind"] == "vendors"
    assert listed.IBAN not in done.output + done.stderr
    assert "044000037" not in done.output + done.stderr
    assert "bank details" in done.stdout


def test_headers_that_several_kinds_share_are_those_of_the_kind_that_needs_no_more():
    assert of("Vendor ID,Vendor Name\nV-1,Old Mill\n").kind == "vendors"
    assert of("GL Account,Name\n62200,Supplies\n").kind == "gl_accounts"
