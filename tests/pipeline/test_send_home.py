"""Reject files: the original's cells, our reasons, and the way back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from builders.exports import HEADERS, as_csv, invoice, row
from hypothesis import given, settings
from hypothesis import strategies as st

from stampli_assets.model.errors import FileRefused
from stampli_assets.model.identity import ContentDigest
from stampli_assets.model.remote import LandedFile, RemoteFile
from stampli_assets.pipeline import send_home
from stampli_assets.pipeline.parse import parse
from stampli_assets.pipeline.send_home import reject_file_name, rejects_of
from stampli_assets.stampli.homecoming import TITLES, as_it_was, neutral
from stampli_assets.stampli.layout import Layout, RecordTypes, Shape

BAD = {"Invoice_Date": "2026-11-31"}


@pytest.fixture(autouse=True)
def database():
    """No ledger is kept here, so one database is as good as another."""


def landed(name: str = "invoices_1.csv") -> LandedFile:
    return LandedFile("acme_us", RemoteFile(name, 10, 1_795_000_000), ContentDigest("d" * 64))


def read(content: bytes, layout: Layout | None = None, name: str = "invoices_1.csv"):
    return parse(io.BytesIO(content), name=name, layout=layout or Layout())


def sent_home(content: bytes, layout: Layout | None = None):
    """The parsed file and what goes home of it."""
    layout = layout or Layout()
    parsed = read(content, layout)
    return parsed, rejects_of(io.BytesIO(content), landed(), layout, parsed)


def cells(content: bytes, encoding: str = "utf-8", **dialect) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), **dialect))


def written(rows: list[list[str]], **dialect) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(rows)
    return text.getvalue().encode()


def rules(parsed) -> list[str]:
    return parsed.rejects["rule"].tolist()


def test_a_reject_file_has_the_rows_of_the_rejected_invoices_as_they_came_and_the_reasons_behind_them():
    rows = [*invoice("A", "1.00"), *invoice("B", "2.00", "3.00", **BAD), *invoice("C", "4.00")]
    _, home = sent_home(as_csv(rows))
    header, *told = cells(home.content)
    assert header == [*HEADERS, *TITLES]
    original = cells(as_csv(rows))
    assert [one[: len(HEADERS)] for one in told] == [original[2], original[3]]
    assert told[0][len(HEADERS) :][:3] == ["2", "DATE_GRAMMAR", "Invoice Date"]
    assert "Row 2 (line 3)" in told[0][-1]
    assert told[1][len(HEADERS) :][:3] == ["3", "", ""]


def test_a_file_without_rejects_sends_nothing_home():
    parsed, home = sent_home(as_csv(invoice("A", "1.00")))
    assert (parsed.rejected_rows, home) == ({}, None)


def test_what_was_mended_posts_and_what_was_not_is_rejected_again_with_the_same_reason():
    rows = [*invoice("A", "1.00", **BAD), *invoice("B", "2.00", Invoice_Total="2.50"), *invoice("C", "4.00")]
    first, home = sent_home(as_csv(rows))
    header, a, b = cells(home.content)
    a[header.index("Invoice Date")] = "2026-11-30"
    second = read(written([header, a, b]))
    assert second.lines["invoice_number"].tolist() == ["A"]
    assert second.lines["invoice_date"].tolist() == ["2026-11-30"]
    assert rules(second) == ["TOTAL_MISMATCH"]
    assert rules(first) == ["DATE_GRAMMAR", "TOTAL_MISMATCH"]
    assert any("mended reject file" in note for note in second.notes)


def test_a_mended_invoice_has_the_fingerprint_that_it_would_have_had():
    good = read(as_csv(invoice("A", "1.00", Vendor_Name="=cmd|x", Line_Description="-5 degrees")))
    _, home = sent_home(as_csv(invoice("A", "1.00", Vendor_Name="=cmd|x", Line_Description="-5 degrees", **BAD)))
    header, one = cells(home.content)
    assert one[header.index("Vendor Name")] == "'=cmd|x"
    one[header.index("Invoice Date")] = "2026-11-02"
    mended = read(written([header, one]))
    for column in ("fingerprint", "vendor_name", "line_description", "line_amount"):
        assert mended.lines[column].tolist() == good.lines[column].tolist()


def test_the_reasons_are_read_even_where_unknown_columns_are_refused():
    strict = Layout(unknown_columns="refuse")
    _, home = sent_home(as_csv(invoice("A", "1.00", **BAD)), strict)
    assert rules(read(home.content, strict)) == ["DATE_GRAMMAR"]


def test_sent_home_again_it_carries_one_set_of_reasons_and_grows_no_apostrophes():
    _, home = sent_home(as_csv(invoice("A", "1.00", Vendor_Name="@x", **BAD)))
    _, again = sent_home(home.content)
    assert cells(again.content)[0] == [*HEADERS, *TITLES]
    assert again.content.replace(b"Row 1 (line 2)", b"") == home.content.replace(b"Row 1 (line 2)", b"")


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "'=x", "''@x", "-", "=", "-12a"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised_and_comes_back(cell):
    assert neutral(cell) == f"'{cell}"
    assert as_it_was(neutral(cell)) == cell


@pytest.mark.parametrize(
    "cell", ["-118.00", "+5", "-1.234,50", "-1 234,50", "'s-Hertogenbosch", "O'Neill", "", "000317"]
)
def test_plain_numbers_and_names_stay_as_they_are(cell):
    assert neutral(cell) == cell == as_it_was(cell)


@given(st.text(alphabet="'=+-@\t\r1a,. ", max_size=6))
def test_whatever_a_cell_holds_it_comes_back(cell):
    safe = neutral(cell)
    assert as_it_was(safe) == cell
    assert safe == cell or safe.startswith("'")


@settings(deadline=None, max_examples=200)
@given(
    vendor=st.text(max_size=20),
    memo=st.text(alphabet="'=+-@\t;,|\"\n\r1aü ", max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_the_cells_and_however_it_is_written_it_reads_the_same_again(vendor, memo, delimiter, encoding):
    layout = Layout(delimiter=delimiter, encoding="utf-16" if encoding == "utf-16" else "utf-8")
    rows = [*invoice("A", "1.00", "2.00", Vendor_Name=vendor, Line_Description=memo, **BAD), *invoice("B", "3.00")]
    content = as_csv(rows, delimiter=delimiter).decode().encode(encoding)
    try:
        first, home = sent_home(content, layout)
    except FileRefused:
        return
    again = read(home.content, layout)
    told = ["document", "column", "value", "rule"]
    assert again.rejects[told].to_dict("records") == first.rejects[told].to_dict("records")
    assert sorted(again.rejected_rows.values()) == sorted(first.rejected_rows.values())


def ragged(content: bytes, at: int, change) -> bytes:
    lines = cells(content)
    lines[at] = change(lines[at])
    return written(lines)


@pytest.mark.parametrize(
    "change", [lambda one: one[:-3], lambda one: [*one, "more"]], ids=["too few cells", "too many cells"]
)
def test_a_row_that_cannot_be_told_apart_stays_rejected_however_it_is_saved_until_a_person_has_looked(change):
    content = ragged(as_csv([*invoice("A", "1.00", "2.00"), *invoice("B", "3.00")]), 2, change)
    first, home = sent_home(content)
    assert set(rules(first)) == {"ROW_WIDTH"}
    header, good, bad = cells(home.content)
    assert bad[: len(change(list(HEADERS)))] == cells(content)[2]
    widest = max(len(good), len(bad))
    as_a_spreadsheet_saves_it = [one + [""] * (widest - len(one)) for one in (header, good, bad)]
    for saved in ([header, good, bad], as_a_spreadsheet_saves_it):
        assert set(rules(read(written(saved)))) == {"ROW_WIDTH"}
    mended = [*invoice("A", "1.00", "2.00")]
    whole = [[one[title] for title in HEADERS] for one in mended]
    told = [[*whole[0], *good[len(HEADERS) :]], [*whole[1], "2", "", "", ""]]
    assert rules(read(written([header, *told]))) == []


def test_encoding_byte_order_mark_delimiter_title_lines_and_quotation_mark_stay():
    layout = Layout(encoding="utf-16", delimiter=";", skip_lines=2, quote="'")
    plain = as_csv(
        invoice("A;1", "1.00", Vendor_Name="Süd \u201cMühle\u201d", **BAD), delimiter=";", quotechar="'"
    ).decode()
    content = ("Report\r\nof approved invoices\r\n" + plain).encode("utf-16")
    parsed, home = sent_home(content, layout)
    assert home.content[:2] == content[:2]
    assert home.content.decode("utf-16").startswith("Report\r\nof approved invoices\r\nStampli Invoice ID;")
    assert rules(read(home.content, layout)) == rules(parsed) == ["DATE_GRAMMAR"]


def test_titles_and_lines_above_the_header_hold_no_formula_either():
    layout = Layout(skip_lines=1)
    plain = as_csv([{**invoice("A", "1.00", **BAD)[0], "=cmd|x": "1"}], headers=[*HEADERS, "=cmd|x"])
    parsed, home = sent_home(b'Report,"=cmd|y"\r\n' + plain, layout)
    assert home.content.startswith(b"\r\nStampli Invoice ID,")
    assert b"'=cmd|x" in home.content
    assert b"cmd|y" not in home.content
    again = read(home.content, layout)
    assert rules(again) == rules(parsed)
    assert any("'=cmd|x'" in note for note in again.notes)


def test_a_separator_line_stays():
    content = b"sep=;\r\n" + as_csv(invoice("A", "1.00", **BAD), delimiter=";")
    parsed, home = sent_home(content)
    assert home.content.startswith(b"sep=;\r\nStampli Invoice ID;")
    assert rules(read(home.content)) == rules(parsed)


def test_an_export_without_quotation_marks_is_written_without():
    layout = Layout(quote="", encoding="latin-1")
    content = as_csv(invoice("A", "1.00", Vendor_Name='12" Pipes', **BAD), quoting=csv.QUOTE_NONE, quotechar=None)
    parsed, home = sent_home(content, layout)
    assert b',12" Pipes,' in home.content
    assert rules(read(home.content, layout)) == rules(parsed)


def test_a_trailing_delimiter_and_a_repeated_header_do_not_shift_rows():
    plain = as_csv([*invoice("A", "1.00"), *invoice("B", "2.00", **BAD)]).decode().splitlines()
    content = "\r\n".join(line + "," for line in [plain[0], plain[1], plain[0], "", plain[2]]).encode() + b"\r\n"
    parsed, home = sent_home(content)
    header, told = cells(home.content)
    assert told[header.index("Invoice Number")] == "B"
    assert int(told[len(HEADERS)]) == parsed.rejects["row"].item() == 3


def test_an_identical_row_of_an_accepted_invoice_is_not_sent_home():
    rows = [*invoice("A", "1.00"), *invoice("A", "1.00"), *invoice("B", "2.00", **BAD)]
    _, home = sent_home(as_csv(rows))
    assert [one[2] for one in cells(home.content)[1:]] == ["B"]


RECORDS = Layout(shape=Shape.HEADER_LINES, records=RecordTypes(column="Record"))


def test_header_and_line_records_go_home_together():
    titles = ["Record", *HEADERS]
    heads = {
        "A": row(Invoice_Number="A", Stampli_Invoice_ID="ST-A", **BAD),
        "B": row(Invoice_Number="B", Stampli_Invoice_ID="ST-B"),
    }
    of_line = ("Stampli Invoice ID", "Line Number", "GL Account", "Line Amount")
    rows = []
    for head in heads.values():
        rows.append(["H", *(head[title] if title not in of_line[1:] else "" for title in HEADERS)])
        rows.append(["L", *(head[title] if title in of_line else "" for title in HEADERS)])
    content = written([titles, *rows])
    parsed, home = sent_home(content, RECORDS)
    header, *told = cells(home.content)
    assert header == [*titles, *TITLES]
    assert [one[: len(titles)] for one in told] == rows[:2]
    assert rules(read(home.content, RECORDS)) == rules(parsed)
    told[0][header.index("Invoice Date")] = "2026-11-30"
    assert read(written([header, *told]), RECORDS).documents == 1


def test_records_without_a_header_row_are_not_copied_and_it_says_so():
    fields = ("stampli_invoice_id", "invoice_number", "invoice_date", "vendor_id", "currency", "invoice_total")
    lines = ("stampli_invoice_id", "line_number", "gl_account", "line_amount")
    layout = Layout(shape=Shape.HEADER_LINES, records=RecordTypes(header_fields=fields, line_fields=lines)).checked()
    content = b"H,ST-1,A,2026-11-31,V-1,USD,1.00\r\nL,ST-1,1,62200,1.00\r\n"
    good = b"H,ST-2,B,2026-11-30,V-1,USD,1.00\r\nL,ST-2,1,62200,1.00\r\n"
    _, home = sent_home(content + good, layout)
    assert home.content is None
    assert "error list" in home.note


XML = Layout(shape=Shape.XML)


def xml(*invoices: tuple[str, str]) -> bytes:
    told = "".join(
        f"<Invoice><StampliInvoiceID>ST-{number}</StampliInvoiceID><InvoiceNumber>{number}</InvoiceNumber>"
        f"<InvoiceDate>{day}</InvoiceDate><VendorID>V-1</VendorID><Currency>USD</Currency><InvoiceTotal>2.00</InvoiceTotal>"
        "<Lines><Line><LineNumber>1</LineNumber><GLAccount>62200</GLAccount><LineAmount>1.00</LineAmount></Line>"
        "<Line><LineNumber>2</LineNumber><GLAccount>62200</GLAccount><LineAmount>1.00</LineAmount></Line></Lines></Invoice>"
        for number, day in invoices
    )
    return f'<e:StampliExport xmlns:e="urn:x" version="1.0" count="{len(invoices)}">{told}</e:StampliExport>'.encode()


def test_rejected_invoices_of_xml_go_home_under_the_same_root():
    content = xml(("A", "2026-11-02"), ("B", "2026-11-31"), ("C", "2026-11-02"))
    parsed, home = sent_home(content, XML)
    assert b'version="1.0" count="1"' in home.content
    assert b"ST-B" in home.content
    assert b"ST-A" not in home.content
    assert rules(read(home.content, XML)) == rules(parsed)
    assert read(home.content.replace(b"11-31", b"11-30"), XML).documents == 1


def test_what_is_too_large_is_told_and_not_copied(monkeypatch):
    monkeypatch.setattr(send_home, "MOST_BYTES", 100)
    for _, home in (sent_home(xml(("A", "2026-11-31")), XML), sent_home(as_csv(invoice("A", "1.00", **BAD)))):
        assert home.content is None
        assert "error list" in home.note


def test_the_name_is_the_same_for_the_same_delivery_and_does_not_grow():
    first = reject_file_name(landed("invoices_1.csv.gz"))
    assert first == f"invoices_1_rejected_{landed('invoices_1.csv.gz').partition[-8:]}.csv"
    back = landed(first)
    assert reject_file_name(back) == f"invoices_1_rejected_{back.partition[-8:]}.csv"


class Directory:
    """A server's directory, and the reports at home."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.kept: dict[str, bytes] = {}

    def put(self, directory, name, content):
        new = f"{directory}/{name}" not in self.files
        self.files.setdefault(f"{directory}/{name}", content)
        return new

    def keep_report(self, name, content):
        self.kept[name] = content
        return name

    def report(self, name):
        return self.kept.get(name)


def test_a_delivered_file_that_was_taken_away_is_not_put_again_but_into_another_directory_it_is():
    there = Directory()

    def put(directory: str) -> bool:
        return send_home.deliver("a.csv", b"x", directory=directory, connection="acme_us", outbox=there, reports=there)

    assert put("/rejects") is True
    there.files.clear()
    assert put("/rejects") is False
    assert there.files == {}
    assert put("/elsewhere") is True


def test_a_crash_between_delivery_and_receipt_does_not_put_it_twice():
    there = Directory()
    there.files["/rejects/a.csv"] = b"x"
    assert send_home.deliver("a.csv", b"y", directory="/rejects", connection="c", outbox=there, reports=there) is False
    assert there.files == {"/rejects/a.csv": b"x"}


def test_a_replaced_layout_reads_the_same_file_again(tmp_path):
    content = as_csv(invoice("A", "1.00", **BAD))
    assert sent_home(content, replace(Layout(), final_newline="required"))[1].content.endswith(b"\r\n")
