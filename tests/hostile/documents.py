"""What rows of one invoice say together: totals, headers that differ, lines that stand twice, rows spread over a file."""

from __future__ import annotations

from builders.exports import as_csv, invoice, row
from hostile.entry import cell, kept, read, without

A, B = invoice("A", "1.00", "2.00"), invoice("B", "3.00")
A3 = invoice("A", "1.00", "2.00", "4.00")
NO_ID, NO_LINE = without("Stampli Invoice ID"), without("Line Number")
TOTAL, CREDIT = "Invoice Total", {"Document_Type": "CREDIT_MEMO"}


def changed(one: dict[str, str], **cells: str) -> dict[str, str]:
    return {**one, **{name.replace("_", " "): text for name, text in cells.items()}}


def conflict(name, column, **cells):
    """The second row of A says otherwise."""
    return read(name, as_csv([A[0], changed(A[1], **cells), *B]), "B", "3.00", [(2, column, "HEADER_CONFLICT")])


SUMS = [
    cell("a total off by a cent", "TOTAL_MISMATCH", TOTAL, "0.01 USD apart", Invoice_Total="117.99"),
    cell("a net total beside tax", "TOTAL_MISMATCH", TOTAL, Tax_Amount="10.00"),
    kept("tax on top", "128.00", Tax_Amount="10.00", Invoice_Total="128.00"),
    kept("negative tax", "108.00", Tax_Amount="-10.00", Invoice_Total="108.00"),
    read("a line of nothing", as_csv(invoice("A", "1.00", "0.00")), "A", "1.00"),
    read("a discount line", as_csv(invoice("A", "5.00", "-2.00")), "A", "3.00"),
    read("lines that cancel out", as_csv(invoice("A", "5.00", "-5.00")), "A", "0.00"),
    cell("a negative invoice", "NEGATIVE_INVOICE", TOTAL, "CREDIT_MEMO", Invoice_Total="-118.00", Line_Amount="-118.00"),
    kept("a credit memo is negative", "-118.00", Invoice_Total="-118.00", Line_Amount="-118.00", **CREDIT),
    kept("credits are turned where they are unsigned", "-118.00", layout={"credit_sign": "unsigned"}, **CREDIT),
    read("a negative credit where credits are unsigned",
         as_csv([row(Invoice_Total="-118.00", Line_Amount="-118.00", **CREDIT)]), "", {}, [(1, TOTAL, "CREDIT_SIGN")],
         credit_sign="unsigned"),
    read("an invoice is not turned where credits are unsigned", as_csv(B), "B", "3.00", credit_sign="unsigned"),
    read("an invoice and its credit of one number",
         as_csv([*B, *invoice("B", "-1.00", Stampli_Invoice_ID="ST-C", **CREDIT)]), "B B", "2.00"),
    read("totals by currency",
         as_csv([*B, *invoice("E", "4.00", Currency="EUR"),
                 row(Stampli_Invoice_ID="J", Invoice_Number="J", Currency="JPY", Line_Amount="5", Invoice_Total="5")]),
         "B E J", {"USD": "3.00", "EUR": "4.00", "JPY": "5"}),
    read("a hundred of the largest amounts",
         as_csv([row(Stampli_Invoice_ID=f"ST-{n}", Invoice_Number=f"N{n}", Line_Amount="99999999999999.99",
                     Invoice_Total="99999999999999.99") for n in range(2000)]),
         tuple(f"N{n}" for n in range(2000)), "199999999999999980.00"),
    read("lines whose sum is larger than any total",
         as_csv([row(Line_Number=str(n), Line_Amount="99999999999999.99", Invoice_Total="0.00")
                 for n in range(1, 2001)]), "", {}, [(1, TOTAL, "TOTAL_MISMATCH")]),
]  # fmt: skip

SPREAD = [
    read("rows of an invoice far apart", as_csv([A[0], *B, A[1]]), "A B", "6.00"),
    read("rows in reverse", as_csv([A[1], *B, A[0]]), "A B", "6.00"),
    read("rows of three invoices woven together",
         as_csv([A3[0], *B, A3[1], *invoice("C", "9.00"), A3[2]]), "A B C", "19.00"),
    read("rows far apart without a Stampli id", as_csv([A[0], *B, A[1]], headers=NO_ID), "A B", "6.00"),
    read("one number of two vendors without a Stampli id",
         as_csv([*B, *invoice("B", "4.00", Vendor_ID="V-2")], headers=NO_ID), "B B", "7.00"),
    read("one number of two entities without a Stampli id",
         as_csv([*B, *invoice("B", "4.00", Entity_ID="200")], headers=NO_ID), "B B", "7.00"),
    read("one row far away is bad", as_csv([A[0], *B, changed(A[1], GL_Account="")]), "B", "3.00",
         [(3, "GL Account", "MISSING")]),
    read("a row far away is missing", as_csv([A[0], *B]), "B", "3.00", [(1, TOTAL, "TOTAL_MISMATCH")]),
    read("without line numbers, rows far apart", as_csv([A[0], *B, A[1]], headers=NO_LINE), "A B", "6.00"),
    read("only some rows have line numbers", as_csv([A[0], changed(A[1], Line_Number=""), *B]), "B", "3.00",
         [(2, "Line Number", "MISSING")]),
    read("two ids of one invoice are two documents", as_csv([*B, changed(B[0], Stampli_Invoice_ID="ST-2")]), "B B",
         "6.00"),
    read("every fault of an invoice at once",
         as_csv([row(Line_Amount="x", Invoice_Date="y", GL_Account=""), *B]), "B", "3.00",
         [(1, "Line Amount", "AMOUNT_GRAMMAR"), (1, "Invoice Date", "DATE_GRAMMAR"), (1, "GL Account", "MISSING")]),
    read("a bad field of the document is said once, not for each of its rows",
         as_csv([*invoice("A", "1.00", "2.00", Due_Date="soon"), *B]), "B", "3.00", [(1, "Due Date", "DATE_GRAMMAR")]),
]  # fmt: skip

CONFLICTS = [
    conflict("another due date in the second row", "Due Date", Due_Date="2027-01-01"),
    conflict("another vendor in the second row", "Vendor ID", Vendor_ID="V-2"),
    conflict("another number in the second row", "Invoice Number", Invoice_Number="A2"),
    conflict("another total in the second row", TOTAL, Invoice_Total="3.01"),
    conflict("another currency in the second row", "Currency", Currency="EUR"),
    conflict("a due date in the first row only", "Due Date", Due_Date=""),
    read("total 3.0 and total 3.00 are the same", as_csv([A[0], changed(A[1], Invoice_Total="3.0")]), "A", "3.00"),
    read("usd and USD are the same", as_csv([A[0], changed(A[1], Currency="usd")]), "A", "3.00"),
    read("a line number twice", as_csv([A[0], changed(A[1], Line_Number="1"), *B]), "B", "3.00",
         [(2, "Line Number", "LINE_CONFLICT")]),
    read("line 1 and line 01 are the same", as_csv([A[0], changed(A[1], Line_Number="01"), *B]), "B", "3.00",
         [(2, "Line Number", "LINE_CONFLICT")]),
    read("a row twice, and the total proves one", as_csv([*B, *B]), "B", "3.00", says="counts once"),
    read("a row twice, and the total proves two", as_csv([changed(B[0], Invoice_Total="6.00")] * 2), "", {},
         [(2, "Line Number", "TOTAL_MISMATCH")]),
    read("a whole file twice over", as_csv([*A, *B, *A, *B]), "A B", "6.00", says="Row 4"),
    read("a row twice without line numbers is two lines", as_csv([changed(B[0], Invoice_Total="6.00")] * 2,
         headers=NO_LINE), "B", "6.00"),
    read("a file that says the file's own titles",
         as_csv([row(Invoice_Total="1.00")]).replace(b"Invoice Total", b"Gross Amount"), "", {},
         [(1, "Gross Amount", "TOTAL_MISMATCH")]),
]  # fmt: skip

ENTRIES = [*SUMS, *SPREAD, *CONFLICTS]
