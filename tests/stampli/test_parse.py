from __future__ import annotations

import csv
import io
import random

import pytest
from builders.exports import HEADERS, as_csv, invoice, row
from hypothesis import given, settings
from hypothesis import strategies as st

from stampli_assets.model.errors import FileRefused, Misconfigured
from stampli_assets.pipeline.parse import Parsed, parse
from stampli_assets.stampli.layout import Layout


def read(content: bytes, layout: Layout | None = None) -> Parsed:
    return parse(io.BytesIO(content), name="invoices.csv", layout=layout or Layout())


def reject(*rows: dict[str, str], layout: Layout | None = None):
    """The only reject of an invoice that stands beside a good one; the good one must go on."""
    parsed = read(as_csv([*invoice("GOOD", "10.00"), *rows]), layout)
    assert list(parsed.lines["invoice_number"]) == ["GOOD"]
    assert parsed.rejected_documents == 1
    return parsed.rejects.iloc[0]


def test_lines_come_out_with_exact_amounts_and_text_identifiers():
    parsed = read(as_csv(invoice("0045512", "60.10", "40.00", Vendor_ID="000317", GL_Account="04010")))
    assert list(parsed.lines["line_amount"]) == [6010, 4000]
    assert set(parsed.lines["invoice_total"]) == {10010}
    assert list(parsed.lines[["invoice_number", "vendor_id", "gl_account"]].iloc[0]) == ["0045512", "000317", "04010"]
    assert str(parsed.totals["USD"]) == "100.10"
    assert (parsed.documents, parsed.rejected_documents, parsed.notes) == (1, 0, ())


def test_row_and_line_tell_where_a_record_stands_even_after_quoted_newlines():
    rows = [*invoice("A", "1.00", Description="two\nlines"), *invoice("B", "2.00")]
    lines = read(as_csv(rows)).lines
    assert list(zip(lines["row"], lines["line"], strict=True)) == [(1, 2), (2, 4)]


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"Line_Amount": "1,118.00"}, "AMOUNT_GRAMMAR"),
        ({"Line_Amount": "118.001"}, "AMOUNT_GRAMMAR"),
        ({"Line_Amount": "1.2E+05"}, "AMOUNT_GRAMMAR"),
        ({"Line_Amount": "NaN"}, "AMOUNT_GRAMMAR"),
        ({"Line_Amount": "123456789012345.00"}, "AMOUNT_GRAMMAR"),
        ({"Line_Amount": ""}, "MISSING"),
        ({"Invoice_Date": "2026-02-30"}, "DATE_GRAMMAR"),
        ({"Invoice_Date": "46308"}, "DATE_GRAMMAR"),
        ({"Invoice_Date": "0026-11-02"}, "DATE_RANGE"),
        ({"Invoice_Date": ""}, "MISSING"),
        ({"Currency": "USX"}, "CURRENCY_UNKNOWN"),
        ({"Currency": ""}, "MISSING"),
        ({"Invoice_Number": ""}, "MISSING"),
        ({"Invoice_Number": "N" * 46}, "TOO_LONG"),
        ({"Invoice_Number": "4.5E+11"}, "EXCEL_DAMAGE"),
        ({"GL_Account": "#N/A"}, "EXCEL_DAMAGE"),
        ({"GL_Account": ""}, "MISSING"),
        ({"Vendor_ID": "V\u200b1"}, "HIDDEN_CHARACTER"),
        ({"Description": "a\u202eb"}, "HIDDEN_CHARACTER"),
        ({"Vendor_ID": "", "Vendor_Name": ""}, "MISSING"),
        ({"Document_Type": "RECEIPT"}, "WORD_UNKNOWN"),
        ({"Line_Number": "0"}, "LINE_NUMBER"),
        ({"Invoice_Total": "118.01"}, "TOTAL_MISMATCH"),
        ({"Invoice_Total": "-118.00", "Line_Amount": "-118.00"}, "NEGATIVE_INVOICE"),
        ({"Tax_Amount": "0.01"}, "TOTAL_MISMATCH"),
    ],
)
def test_a_cell_that_cannot_be_used_rejects_its_invoice_and_is_named(cells, rule):
    fault = reject(row(**cells))
    assert fault["rule"] == rule
    assert fault["sentence"].startswith("Row 2 (line 3), column '")


def test_one_bad_line_rejects_the_whole_invoice():
    parsed = read(as_csv([*invoice("A", "1.00", "2.00", "3.00")[:2], row(Stampli_Invoice_ID="ST-A", Line_Amount="x")]))
    assert parsed.lines.empty
    assert parsed.rejected_documents == 1


def test_all_faults_of_an_invoice_are_told_at_once():
    parsed = read(as_csv([row(Line_Amount="x", Invoice_Date="y", GL_Account="")]))
    assert set(parsed.rejects["column"]) == {"Line Amount", "Invoice Date", "GL Account"}


def test_rows_of_an_invoice_are_gathered_from_the_whole_file():
    a, b = invoice("A", "1.00", "2.00"), invoice("B", "3.00")
    lines = read(as_csv([a[0], b[0], a[1]])).lines
    assert list(lines["document"]) == [1, 2, 1]


def test_a_header_cell_that_changes_within_an_invoice_is_a_conflict():
    first, second = invoice("A", "1.00", "2.00")
    fault = reject(first, {**second, "Due Date": "2027-01-01"})
    assert (fault["rule"], fault["column"]) == ("HEADER_CONFLICT", "Due Date")


def test_a_line_number_that_stands_twice_is_a_conflict():
    first, second = invoice("A", "1.00", "2.00")
    assert reject(first, {**second, "Line Number": "1"})["rule"] == "LINE_CONFLICT"


def test_a_row_that_stands_twice_is_collapsed_only_when_the_total_proves_it():
    (only,) = invoice("A", "5.00")
    parsed = read(as_csv([only, only]))
    assert len(parsed.lines) == 1
    assert "counts once" in parsed.notes[0]
    assert reject(*[{**only, "Invoice Total": "10.00"}] * 2)["rule"] == "TOTAL_MISMATCH"


def test_without_stampli_ids_vendor_and_number_make_the_invoice():
    headers = [header for header in HEADERS if header != "Stampli Invoice ID"]
    rows = [*invoice("A", "1.00", "2.00"), *invoice("A", "3.00", Vendor_ID="V-2")]
    assert read(as_csv(rows, headers=headers)).documents == 2


def test_without_line_numbers_lines_are_numbered_in_order():
    headers = [header for header in HEADERS if header != "Line Number"]
    assert list(read(as_csv(invoice("A", "1.00", "2.00"), headers=headers)).lines["line_number"]) == [1, 2]


def test_headers_are_matched_by_name_in_any_order_case_and_spelling():
    content = as_csv(invoice("A", "1.00")).decode()
    head, _, body = content.partition("\r\n")
    head = head.replace("Invoice Number", "bill\u00a0number").replace("GL Account", "G/L ACCOUNT NUMBER")
    assert read(f"{head}\r\n{body}".encode()).documents == 1


def test_a_layout_may_name_further_headers_and_constants():
    content = as_csv(invoice("A", "1.00")).replace(b"Invoice Number", b"Beleg").replace(b"Currency", b"Other")
    layout = Layout(constants={"currency": "EUR"}).with_headers({"invoice_number": ("Beleg",)})
    assert list(read(content, layout).lines["currency"]) == ["EUR"]
    with pytest.raises(Misconfigured, match="nonsense"):
        Layout().with_headers({"nonsense": ("X",)})


def test_us_and_european_amounts_are_read_only_when_declared():
    us = read(as_csv([row(Line_Amount="1,118.00", Invoice_Total="1,118.00")]), Layout(number_style="us"))
    eu = read(as_csv([row(Line_Amount="1.118,00", Invoice_Total="1.118,00")]), Layout(number_style="eu"))
    assert list(us.lines["line_amount"]) == list(eu.lines["line_amount"]) == [111800]
    assert reject(row(Line_Amount="1,11"), layout=Layout(number_style="us"))["rule"] == "AMOUNT_GRAMMAR"


def test_currencies_have_their_own_decimals():
    yen = read(as_csv([row(Currency="JPY", Line_Amount="118", Invoice_Total="118")]))
    dinar = read(as_csv([row(Currency="KWD", Line_Amount="1.125", Invoice_Total="1.125")]))
    assert (int(yen.lines["line_amount"].iloc[0]), int(dinar.lines["line_amount"].iloc[0])) == (118, 1125)


REFUSED = {
    "EMPTY_FILE": b"",
    "WRONG_TYPE": b"PK\x03\x04rest of a workbook",
    "COLUMN_MISSING": b"Stampli Payment ID,Payment Date\r\nP-1,2026-11-01\r\n",
    "DECODE_ERROR": as_csv(invoice("A", "1.00", Vendor_Name="M\u00fcller")).decode().encode("cp1252"),
    "TRUNCATED": as_csv([*invoice("A", "1.00"), *invoice("B", "2.00")])[:-60],
    "NUL_CHARACTER": as_csv(invoice("A", "1.00")).replace(b"Paper", b"Pa\0er"),
    "HEADER_TWICE": as_csv(invoice("A", "1.00")).replace(b"PO Number", b"Bill Number"),
    "DATE_ORDER": as_csv(invoice("A", "1.00", Invoice_Date="2026-25-03")),
    "CSV_SYNTAX": as_csv(invoice("A", "1.00")).replace(b"Paper", b'"Pa"per'),
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_file_that_cannot_be_believed_is_refused_whole_in_one_sentence(code):
    with pytest.raises(FileRefused) as refused:
        read(REFUSED[code])
    assert refused.value.code == code
    assert refused.value.sentence.startswith("invoices.csv ")
    assert refused.value.remedy


def test_a_payments_file_is_called_what_it_looks_like():
    with pytest.raises(FileRefused, match="looks like a file of payments"):
        read(REFUSED["COLUMN_MISSING"])


def test_a_quote_that_never_ends_is_a_cut_off_file():
    with pytest.raises(FileRefused, match="cut off"):
        read(as_csv(invoice("A", "1.00")).replace(b"Paper", b'"Paper'))


def test_a_header_without_rows_is_accepted_and_noted():
    parsed = read(as_csv([]))
    assert (parsed.documents, parsed.notes) == (0, ("The file has a header and no invoices.",))


def test_a_row_of_the_wrong_width_rejects_its_invoice_and_never_shifts_cells():
    lines = as_csv([*invoice("A", "1.00", "2.00"), *invoice("B", "3.00")]).decode().splitlines(keepends=True)
    lines[2] = lines[2].replace("Paper", "Paper,extra")
    parsed = read("".join(lines).encode())
    assert list(parsed.lines["invoice_number"]) == ["B"]
    assert set(parsed.rejects["rule"]) == {"ROW_WIDTH"}
    assert parsed.rejected_documents == 1


@pytest.mark.parametrize(
    "variant",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\r\n", b"\n"),
        lambda text: text.rstrip(),
        lambda text: text + b"\r\n\r\n",
        lambda text: text.replace(b"\r\n", b",\r\n"),
        lambda text: text.decode().encode("utf-16"),
        lambda text: text + b"\x1a",
    ],
    ids=["bom", "lf", "no-last-newline", "blank-lines", "trailing-delimiter", "utf-16", "eof-mark"],
)
def test_harmless_variants_read_the_same(variant):
    content = as_csv([*invoice("A", "1.00", "2.00"), *invoice("B", "3.00")])
    plain, varied = read(content), read(variant(content))
    assert list(plain.lines["fingerprint"]) == list(varied.lines["fingerprint"])
    assert plain.totals == varied.totals


def test_bank_details_are_dropped_unread():
    content = as_csv(invoice("A", "1.00")).replace(b"PO Number", b"Vendor IBAN")
    assert "bank details" in read(content).notes[0]


def test_the_fingerprint_leaves_names_and_memos_out_and_business_in():
    def prints(**cells: str) -> str:
        return read(as_csv([row(**cells)])).lines["fingerprint"].iloc[0]

    usual = prints()
    assert prints(Vendor_Name="Renamed", Description="x", Line_Description="y") == usual
    for cells in ({"GL_Account": "62201"}, {"Invoice_Date": "2026-11-03"}, {"Department_ID": "201"}, {"Due_Date": ""}):
        assert prints(**cells) != usual


def test_caps_are_named_with_the_figure():
    content = as_csv([*invoice("A", "1.00"), *invoice("B", "2.00")])
    for layout, figure in (
        (Layout(max_rows=1), "1 rows"),
        (Layout(max_bytes=100), "0 MB"),
        (Layout(max_field=10), "10"),
    ):
        with pytest.raises(FileRefused, match=figure):
            read(content, layout)


cents = st.integers(min_value=0, max_value=10**9)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    batch=st.lists(st.tuples(texts, st.lists(cents, min_size=1, max_size=4)), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    style=st.sampled_from(["plain", "us", "eu"]),
    newline=st.sampled_from(["\r\n", "\n"]),
    seed=st.integers(0, 99),
)
def test_any_valid_batch_reads_back_equal_however_it_is_written(batch, delimiter, quoting, style, newline, seed):
    rows = []
    for place, (memo, amounts) in enumerate(batch):
        for line, amount in enumerate(amounts, start=1):
            rows.append(
                row(
                    Stampli_Invoice_ID=f"ST-{place}",
                    Invoice_Number=f"N-{place}",
                    Invoice_Total=written(sum(amounts), style),
                    Line_Amount=written(amount, style),
                    Line_Number=str(line),
                    Line_Description=memo,
                )
            )
    random.Random(seed).shuffle(rows)
    layout = Layout(delimiter=delimiter, number_style=style)
    parsed = read(as_csv(rows, delimiter=delimiter, quoting=quoting, lineterminator=newline), layout)
    assert parsed.rejects.empty
    got = {
        (number, line): (amount, memo)
        for number, line, amount, memo in parsed.lines[
            ["invoice_number", "line_number", "line_amount", "line_description"]
        ].itertuples(index=False)
    }
    wanted = {
        (f"N-{place}", line): (amount, normal(memo))
        for place, (memo, amounts) in enumerate(batch)
        for line, amount in enumerate(amounts, start=1)
    }
    assert got == wanted


def written(minor: int, style: str) -> str:
    whole, cents_ = divmod(minor, 100)
    grouped = f"{whole:,}"
    return {
        "plain": f"{whole}.{cents_:02d}",
        "us": f"{grouped}.{cents_:02d}",
        "eu": f"{grouped.replace(',', '.')},{cents_:02d}",
    }[style]


def normal(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["", "a", "b c", "ü", "1.5"]), min_size=2, max_size=4), min_size=1, max_size=6)
)
def test_the_quick_reader_and_the_exact_one_agree(records):
    from stampli_assets.stampli.reading import read_records

    header, *rows = ["x,y,z", *(",".join(cells) for cells in records)]
    plain = "\n".join([header, *rows]) + "\n"
    quoted = "\n".join(['"x",y,z', *rows]).replace("1.5", '"1.5"') + '\n"","",""\n'
    quick, exact = (read_records(io.BytesIO(text.encode()), "t.csv", Layout()) for text in (plain, quoted))
    assert [c.to_pylist() for c in quick.columns] == [c.to_pylist() for c in exact.columns]
    assert (list(quick.rows), list(quick.lines), quick.ragged) == (list(exact.rows), list(exact.lines), exact.ragged)
