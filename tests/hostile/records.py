"""Files of header and line records."""

from __future__ import annotations

from hostile.entry import read, refused

from stampli_assets.stampli.layout import RecordTypes, Shape

HEAD = ("stampli_invoice_id", "invoice_number", "invoice_date", "vendor_id", "currency", "invoice_total")
LINE = ("line_number", "gl_account", "line_amount")
BARE = {"shape": Shape.HEADER_LINES, "delimiter": ";", "records": RecordTypes(header_fields=HEAD, line_fields=LINE)}
LINKED = {
    **BARE,
    "records": RecordTypes(header_fields=HEAD, line_fields=("stampli_invoice_id", *LINE), ignored=("T",)),
}
TITLED = {"shape": Shape.HEADER_LINES, "records": RecordTypes(column="Rec")}
TITLES = "Rec,Invoice Number,Invoice Date,Vendor ID,Currency,Invoice Total,GL Account,Line Amount"


def h(number: str = "A", total: str = "3.00") -> str:
    return f"H;ST-{number};{number};2026-11-02;V-1;USD;{total}"


def file(*records: str) -> bytes:
    return "".join(f"{record}\r\n" for record in records).encode()


A = [h(), "L;1;62200;1.00", "L;2;62200;2.00"]
B = [h("B"), "L;1;62200;3.00"]
ENTRIES = [
    read("header and line records", file(*A, *B), "A B", "6.00", **BARE),
    read("a trailing delimiter on every record", file(*(f"{one};" for one in (*A, *B))), "A B", "6.00", **BARE),
    read("an invoice in two places", file(A[0], A[1], *B, A[0], A[2]), "A B", "6.00", **BARE),
    read("a header record without lines", file(h("C"), *B), "B", "3.00", [(1, "", "LINES_MISSING")], **BARE),
    read("the last header record without lines", file(*B, h("C")), "B", "3.00", [(3, "", "LINES_MISSING")], **BARE),
    read("a line record before any header", file("L;1;62200;1.00", *B), "B", "3.00", [(1, "", "HEADER_MISSING")], **BARE),
    read("a header record that is too short", file("H;ST-A;A;2026-11-02", *A[1:], *B), "B", "3.00",
         [(2, "", "ROW_WIDTH"), (3, "", "ROW_WIDTH")], **BARE),
    read("a line record that is too long", file(*A, *B, "L;2;62200;1.00;x"), "A", "3.00", [(6, "", "ROW_WIDTH")], **BARE),
    read("a bad field of the header record is named there", file(h(total="x"), *A[1:], *B), "B", "3.00",
         [(1, "Invoice Total", "AMOUNT_GRAMMAR")], **BARE),
    read("a bad field of a line record", file(*A[:2], "L;2;;2.00", *B), "B", "3.00", [(3, "GL Account", "MISSING")], **BARE),
    read("lines that do not add up to their header", file(*A[:2], *B), "B", "3.00", [(1, "Invoice Total", "TOTAL_MISMATCH")],
         **BARE),
    refused("a record of an unknown type", file(*A, "X;1"), "RECORD_TYPE", "row 4 (line 4)", **BARE),
    refused("a small letter is another type", file(*A, "l;3;1;1"), "RECORD_TYPE", **BARE),
    refused("a cut last record", file(*A, *B)[:-8], "TRUNCATED", **BARE),
    refused("an empty file of records", b"", "EMPTY_FILE", **BARE),
    refused("too many records", file(*A, *B), "ROWS", **{**BARE, "max_rows": 3}),
    read("linked lines after all headers", file(h(), h("B"), "L;ST-B;1;62200;3.00", "L;ST-A;1;62200;3.00", "T;4"), "B A",
         "6.00", says="were left out", **LINKED),
    read("a linked line of an unknown invoice", file(h("B"), "L;ST-B;1;62200;3.00", "L;ST-X;1;62200;3.00"), "B", "3.00",
         [(3, "", "HEADER_MISSING")], "'ST-X'", **LINKED),
    read("a header row names the columns", file(TITLES, "H,A,2026-11-02,V-1,USD,3.00,,", "L,,,,,,62200,3.00"), "A", "3.00",
         **TITLED),
    read("the type column in another place", file("GL Account,Rec,Line Amount,Invoice Number,Invoice Date,Vendor ID,"
         "Currency,Invoice Total", ",H,,A,2026-11-02,V-1,USD,3.00", "62200,L,3.00,,,,,"), "A", "3.00", **TITLED),
    read("a line record that contradicts its header", file(TITLES, "H,A,2026-11-02,V-1,USD,3.00,,",
         "L,,,,EUR,,62200,3.00"), "", {}, [(1, "Currency", "HEADER_CONFLICT")], **TITLED),
    read("a line record that repeats its header", file(TITLES, "H,A,2026-11-02,V-1,USD,3.00,,",
         "L,A,2026-11-02,V-1,USD,3.00,62200,3.00"), "A", "3.00", **TITLED),
    refused("no type column", file(TITLES.replace("Rec", "Kind"), "H,A"), "COLUMN_MISSING", "'Rec'", **TITLED),
    refused("a required column is in neither record", file(TITLES.replace("GL Account", "X")), "COLUMN_MISSING", **TITLED),
]  # fmt: skip
