"""Encodings, delimiters, quoting and the shape of records."""

from __future__ import annotations

import codecs
import csv

from builders.exports import HEADERS, as_csv, invoice, row
from hostile.entry import GOOD, plain, read, refused, without

A_B = {"accepts": "A B", "totals": "6.00"}
MULLER = as_csv(invoice("A", "1.00", Vendor_Name="Müller & Söhne")).decode()
TEXT = plain().decode()
LINES = TEXT.splitlines(keepends=True)


def lined(change) -> bytes:
    """The plain file with each line changed."""
    return "".join(change(place, line) for place, line in enumerate(LINES)).encode()


def quoted(content: str) -> bytes:
    """The first description's text in place of Paper, as it stands in the file."""
    return TEXT.replace("Paper", content, 1).encode()


ENCODINGS = [
    read("utf-8", plain(), **A_B),
    read("utf-8 with a byte order mark", codecs.BOM_UTF8 + plain(), **A_B),
    read("utf-8 with two byte order marks", codecs.BOM_UTF8 * 2 + plain(), **A_B),
    read("utf-16 le with its mark", codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), **A_B),
    read("utf-16 be with its mark", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), **A_B),
    read("utf-16 le declared, no mark", TEXT.encode("utf-16-le"), **A_B, encoding="utf-16-le"),
    read("utf-16 be declared, no mark", TEXT.encode("utf-16-be"), **A_B, encoding="utf-16-be"),
    read(
        "utf-16 le of excel, tabs",
        as_csv(GOOD, delimiter="\t").decode().encode("utf-16"),
        "GOOD",
        "10.00",
        delimiter="\t",
        encoding="utf-16",
    ),
    refused(
        "utf-16 declared, no mark, which order",
        TEXT.encode("utf-16-le"),
        "BYTE_ORDER",
        "utf-16-le or utf-16-be?",
        encoding="utf-16",
    ),
    refused("utf-16 le without a mark where utf-8 is declared", TEXT.encode("utf-16-le"), "NUL_CHARACTER", "utf-16-le"),
    refused("utf-16 be without a mark where utf-8 is declared", TEXT.encode("utf-16-be"), "NUL_CHARACTER", "utf-16-be"),
    refused(
        "utf-16 cut in the middle of a character", codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")[:-1], "DECODE_ERROR"
    ),
    refused("utf-32", TEXT.encode("utf-32"), "DECODE_ERROR", "UTF-32"),
    read("cp1252 declared", MULLER.encode("cp1252"), "A", "1.00", encoding="cp1252"),
    read("latin-1 declared", MULLER.encode("latin-1"), "A", "1.00", encoding="iso-8859-1"),
    read("cp1252 declared, ascii only", plain(), **A_B, encoding="cp1252"),
    refused("cp1252 where utf-8 is declared", MULLER.encode("cp1252"), "DECODE_ERROR", "line 2"),
    refused(
        "a byte that cp1252 does not have",
        MULLER.encode("cp1252").replace(b"\xfc", b"\x81"),
        "DECODE_ERROR",
        encoding="cp1252",
    ),
    refused("utf-8 where cp1252 is declared", MULLER.encode(), "ENCODING_DOUBT", "Is it UTF-8", encoding="cp1252"),
    read(
        "a utf-8 mark where cp1252 is declared",
        codecs.BOM_UTF8 + MULLER.encode(),
        "A",
        "1.00",
        says="it says",
        encoding="cp1252",
    ),
    refused("an overlong utf-8 slash", plain().replace(b"Paper", b"Pa\xc0\xafper"), "DECODE_ERROR"),
    refused("a surrogate in utf-8", plain().replace(b"Paper", b"Pa\xed\xa0\x80per"), "DECODE_ERROR"),
    refused("a NUL in a cell", plain().replace(b"Paper", b"Pa\0per"), "NUL_CHARACTER", "line 2"),
    refused("a block of NULs at the end", plain() + bytes(512), "NUL_CHARACTER"),
    refused("nothing but NULs", bytes(4096), "NUL_CHARACTER"),
    refused("empty", b"", "EMPTY_FILE"),
    refused("a byte order mark and nothing else", codecs.BOM_UTF8, "EMPTY_FILE"),
    refused("line ends and nothing else", b"\r\n\r\n\n", "EMPTY_FILE"),
    refused("an end-of-file mark and nothing else", b"\x1a", "EMPTY_FILE"),
    read("an end-of-file mark behind the last line", plain() + b"\x1a", **A_B, says="end-of-file mark"),
    read("three end-of-file marks", plain() + b"\x1a\x1a\x1a", **A_B),
]

LINE_ENDS = [
    read("line feeds", plain().replace(b"\r\n", b"\n"), **A_B),
    read("carriage returns", plain().replace(b"\r\n", b"\r"), **A_B),
    read("line ends of three kinds", lined(lambda n, line: line.strip() + ("\r\n", "\n", "\r", "\n")[n]), **A_B),
    read("doubled carriage returns", plain().replace(b"\r\n", b"\r\r\n"), **A_B),
    read("no end of the last line", plain().rstrip(), **A_B),
    refused("no end of the last line where it is promised", plain().rstrip(), "TRUNCATED", final_newline="required"),
    read("blank lines between records", plain().replace(b"\r\n", b"\r\n\r\n"), **A_B),
    read("a blank line above the header", b"\r\n" + plain(), **A_B),
    read("lines of delimiters only", plain() + b"," * (len(HEADERS) - 1) + b"\r\n", **A_B),
    read("a form feed between words is refused in its cell", quoted("Pa\x0cper"), "B", "3.00",
         [(1, "Line Description", "HIDDEN_CHARACTER")]),
    read("a line separator of unicode ends no line", quoted("Pa\u2028per"), **A_B),
    read("a title above the header, declared", b"Export of 2 November\r\n" + plain(), **A_B, skip_lines=1),
    refused("a title above the header, not declared", b"Export of 2 November\r\n" + plain(), "HEADER_LATE",
            "skip_lines: 1"),
    read("a header and no rows", as_csv([]), "", says="no invoices"),
]  # fmt: skip

DELIMITERS = [
    read("semicolons", as_csv(GOOD, delimiter=";"), "GOOD", "10.00", delimiter=";"),
    read("tabs", as_csv(GOOD, delimiter="\t"), "GOOD", "10.00", delimiter="\t"),
    read("pipes", as_csv(GOOD, delimiter="|"), "GOOD", "10.00", delimiter="|"),
    refused("semicolons where commas are declared", as_csv(GOOD, delimiter=";"), "COLUMN_MISSING", "one column"),
    read("sep= names the declared delimiter", b"sep=,\r\n" + plain(), **A_B),
    read("sep= names another delimiter", b"sep=;\r\n" + as_csv(GOOD, delimiter=";"), "GOOD", "10.00", says="';'"),
    read("SEP= in capitals with a line feed", b"SEP=|\n" + as_csv(GOOD, delimiter="|"), "GOOD", "10.00"),
    read(
        "sep= behind a byte order mark", codecs.BOM_UTF8 + b"sep=;\r\n" + as_csv(GOOD, delimiter=";"), "GOOD", "10.00"
    ),
    refused("sep= and nothing else", b"sep=;\r\n", "EMPTY_FILE"),
]

QUOTING = [
    read("every cell quoted", as_csv(GOOD, quoting=csv.QUOTE_ALL), "GOOD", "10.00"),
    read("single quotes, declared", as_csv(GOOD, quoting=csv.QUOTE_ALL, quotechar="'"), "GOOD", "10.00", quote="'"),
    read("no quoting, declared, and a quotation mark in a text", quoted('5" pipe'), **A_B, quote=""),
    read("a quotation mark inside an unquoted cell", quoted('Pipe 5" wide'), **A_B),
    read("a delimiter in quotes", quoted('"Paper, toner"'), **A_B),
    read("a newline in quotes", quoted('"Paper\r\ntoner"'), **A_B),
    read("a lone carriage return in quotes", quoted('"Paper\rtoner"'), **A_B),
    read("a doubled quotation mark", quoted('"The ""best"" paper"'), **A_B),
    read("a quoted header with a newline in it", plain().replace(b"Invoice Number", b'"Invoice\r\nNumber"', 1), **A_B),
    read("an empty quoted cell", quoted('""'), **A_B),
    refused("a quotation mark that is not doubled", quoted('"Pa"per'), "CSV_SYNTAX", "line 2"),
    refused("a quotation mark that never ends", quoted('"Paper'), "TRUNCATED", "line 2"),
    refused("spaces before the quotation mark", quoted(' "Paper, toner"'), "CSV_SYNTAX", "line 2"),
    refused("a quotation mark escaped by a backslash", quoted('"The \\"best\\" paper"'), "CSV_SYNTAX"),
    refused(
        "an open quotation mark that swallows the file",
        (TEXT.replace("Paper", '"Paper', 1) * 400).encode(),
        "CSV_SYNTAX",
    ),
    refused("a cell of 33,000 characters", quoted("x" * 33_000), "FIELD_TOO_LONG"),
    refused("a quoted cell of 33,000 characters", quoted('"' + "x\n" * 17_000 + '"'), "FIELD_TOO_LONG"),
    refused("a line of three million characters", b"x" * 3_000_000, "FIELD_TOO_LONG", "line 1"),
]

WIDTHS = [
    read("a delimiter at the end of every line", plain().replace(b"\r\n", b",\r\n"), **A_B),
    read("five delimiters at the end of every line", plain().replace(b"\r\n", b",,,,,\r\n"), **A_B),
    read("delimiters at the end of the header only", lined(lambda n, line: line.strip() + (",,\n" if n == 0 else "\n")),
         **A_B),
    read("a delimiter at the end of one row only", lined(lambda n, line: line.strip() + (",\n" if n == 3 else "\n")),
         "A", "3.00", [(3, "", "ROW_WIDTH")]),
    read("a row with one cell too many", lined(lambda n, line: line.replace("Paper", "Paper,x") if n == 2 else line),
         "B", "3.00", [(2, "", "ROW_WIDTH"), (1, "", "ROW_WIDTH")]),
    read("a row with one cell too few", lined(lambda n, line: line.replace("INV-", "").replace(",Paper", "", 1)
         if n == 3 else line), "A", "3.00", [(3, "", "ROW_WIDTH")]),
    read("a ragged row names its invoice in another column",
         as_csv([*invoice("A", "3.00"), *GOOD], headers=["Vendor ID", *without("Vendor ID")])
         + b"V-1,ST-A,INVOICE,A\r\n", "GOOD", "10.00", [(1, "", "ROW_WIDTH"), (3, "", "ROW_WIDTH")]),
    read("a ragged row of nobody", plain() + b"Total,,6.00\r\n", **A_B, rejects=[(4, "", "ROW_WIDTH")]),
    refused("cut in the middle of the last record", plain()[:-60], "TRUNCATED", "line (4)"),
    read("cut at a line end cannot be seen", "".join(LINES[:-1]).encode(), "A", "3.00"),
    read("cut in an invoice's first line is told by its total", "".join([*LINES[:2], *LINES[3:]]).encode(), "B", "3.00",
         [(1, "Invoice Total", "TOTAL_MISMATCH")]),
    read("the header again in the middle", "".join([*LINES[:3], LINES[0], LINES[3]]).encode(), **A_B, says="Row 3"),
    read("the header again in capitals", "".join([*LINES[:3], LINES[0].upper(), LINES[3]]).encode(), **A_B),
    refused("another table below the first", plain() + b"Invoice Number,Vendor ID,Currency,Line Amount\r\nX,V,USD,1\r\n",
            "HEADER_AGAIN", "row 4"),
    refused("more rows than allowed", plain(), "ROWS", max_rows=2),
    refused("larger than allowed", plain(), "FILE_TOO_LARGE", max_bytes=200),
    read("exactly as many rows as allowed", plain(), **A_B, max_rows=3),
]  # fmt: skip

HEADERS_ODD = [
    read("headers in capitals", lined(lambda n, line: line.upper() if n == 0 else line), **A_B),
    read("headers by canonical name", lined(lambda n, line: line.lower().replace(" ", "_") if n == 0 else line), **A_B),
    read("headers with no-break spaces", LINES[0].replace(" ", "\u00a0").encode() + "".join(LINES[1:]).encode(), **A_B),
    read("full-width headers", LINES[0].replace("Currency", "Ｃｕｒｒｅｎｃｙ").encode() + "".join(LINES[1:]).encode(),
         **A_B),
    read("an alias", plain().replace(b"Invoice Number", b"Bill Number").replace(b"Vendor ID", b"Supplier ID"), **A_B),
    read("a header that the layout names", plain().replace(b"Invoice Number", b"Belegnummer"), **A_B,
         headers={"invoice_number": ("Belegnummer",)}),
    read("the layout's own header goes before a default", plain().replace(b"GL Account", b"Memo"), **A_B,
         headers={"gl_account": ("Memo",)}, says="") ,
    refused("two columns for one meaning", plain().replace(b"PO Number", b"Bill Number"), "HEADER_TWICE"),
    refused("the same header twice", plain().replace(b"Class ID", b"Project ID"), "HEADER_TWICE"),
    refused("a required column is missing", as_csv(GOOD, headers=without("GL Account")), "COLUMN_MISSING", "GL Account"),
    refused("neither vendor id nor name", as_csv(GOOD, headers=without("Vendor ID", "Vendor Name")), "COLUMN_MISSING"),
    refused("no header row", "".join(LINES[1:]).encode(), "COLUMN_MISSING"),
    refused("a file of payments", b"Stampli Payment ID,Payment Date\r\nP-1,2026-11-01\r\n", "COLUMN_MISSING", "payments"),
    read("an unknown column is noted", plain().replace(b"PO Number", b"Mood"), **A_B, says="'Mood' is not known"),
    refused("an unknown column is refused", plain().replace(b"PO Number", b"Mood"), "HEADER_UNKNOWN",
            unknown_columns="refuse"),
    read("bank details are not read", plain().replace(b"PO Number", b"Vendor IBAN"), **A_B, says="bank details"),
    read("a custom field by its prefix", plain().replace(b"PO Number", b"Custom: Cost pool"), **A_B),
    read("a custom field by the layout", plain().replace(b"PO Number", b"Pool"), **A_B, custom={"pool": ("Pool",)},
         unknown_columns="refuse"),
    read("a control character in a custom field",
         as_csv([*invoice("A", "3.00"), *[{**GOOD[0], "Custom: X": "a\x07b"}]], headers=[*HEADERS, "Custom: X"]), "A", "3.00",
         [(2, "Custom: X", "HIDDEN_CHARACTER")]),
    read("markup in the first row is no web page", as_csv(invoice("A", "3.00", Stampli_Invoice_ID="<html>")), "A", "3.00"),
    refused("one custom field twice", plain().replace(b"PO Number", b"Custom: X").replace(b"Class ID", b"custom: X"),
            "HEADER_TWICE"),
    read("a constant for a column that is not there", as_csv(GOOD, headers=without("Currency")), "GOOD", {"EUR": "10.00"},
         constants={"currency": "EUR"}),
    read("a constant fills empty cells only", as_csv([*GOOD, *invoice("E", "1.00", Currency="")]), "GOOD E",
         {"USD": "10.00", "EUR": "1.00"}, constants={"currency": "EUR"}),
    read("a constant that is no currency", as_csv(GOOD, headers=without("Currency")), "", {},
         [(1, "Currency", "CURRENCY_UNKNOWN")], constants={"currency": "EURO"}),
    read("columns in reverse order", as_csv(GOOD, headers=list(reversed(HEADERS))), "GOOD", "10.00"),
    read("an unnamed column with something in it", plain().replace(b"PO Number", b"").replace(b",Paper", b",Paper"),
         **A_B),
    refused("a header of a thousand and one columns", ",".join(f"c{n}" for n in range(1001)).encode() + b"\n", "COLUMNS"),
    refused("more blank lines than rows are allowed", plain() + b"\n" * 50, "ROWS", "blank", max_rows=20),
    read("a row of its own", as_csv([row()]), "INV-1", "118.00"),
]  # fmt: skip

ENTRIES = [*ENCODINGS, *LINE_ENDS, *DELIMITERS, *QUOTING, *WIDTHS, *HEADERS_ODD]
