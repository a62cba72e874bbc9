"""Payment files: what a payment's rows say together, statuses, voids, credits, and the shapes that they come in."""

from __future__ import annotations

import gzip
import io
import zipfile

from hostile.kinds import PAID, bad_pay, payment, pays, refuses, sheet, with_cells

from stampli_assets.stampli.contracts import PAYMENTS
from stampli_assets.stampli.layout import ColumnRule, Shape, XmlShape

A, B = payment("A", "1.00", "2.00"), payment("B", "3.00")
BOTH = sheet(*A, *B)
VOID = {"Payment_Status": "VOIDED", "Void_Date": "2026-11-21", "Void_Reason": "lost"}
TOTAL, ID, INVOICE = "Payment Total", "Stampli Payment ID", "Stampli Invoice ID"


def without(*titles: str) -> list[str]:
    return [title for title in PAID if title not in titles]


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("payments.csv", content)
    return out.getvalue()


def changed(rows, place=1, **cells):
    """The rows with other cells in one of them."""
    return [with_cells(row, **cells) if at == place else row for at, row in enumerate(rows)]


def conflict(name, column, **cells):
    return pays(name, sheet(*changed(A, **cells), *B), "B", "3.00", [(2, column, "HEADER_CONFLICT")])


SHAPES = [
    pays("two payments", BOTH, "A B", "6.00"),
    pays("payments with a byte order mark", b"\xef\xbb\xbf" + BOTH, "A B", "6.00"),
    pays("payments with line feeds", BOTH.replace(b"\r\n", b"\n"), "A B", "6.00"),
    pays("payments as Excel's Unicode text", sheet(*A, *B, delimiter="\t").decode().encode("utf-16"), "A B", "6.00",
         delimiter="\t"),
    pays("payments in cp1252", sheet(*payment("A", "1.00", Vendor_Name="Müller")).decode().encode("cp1252"), "A", "1.00",
         encoding="cp1252"),
    pays("payments in gzip", gzip.compress(BOTH), "A B", "6.00", compression="accept"),
    pays("payments in zip", zipped(BOTH), "A B", "6.00", compression="accept"),
    pays("payments with American amounts and days",
         sheet(*payment("A", "1000.00", Applied_Amount="$1,000.00", Payment_Total="1,000.00",
                        Payment_Date="11/20/2026")),
         "A", "1000.00", number_style="us", date_format="%m/%d/%Y"),
    pays("payments with European amounts and days",
         sheet(*payment("A", "1000.00", Applied_Amount="1.000,00", Payment_Total="1.000,00", Payment_Date="20.11.2026")),
         "A", "1000.00", number_style="eu", date_format="%d.%m.%Y"),
    pays("payments under foreign headers", BOTH.replace(b"Bank Account ID", b"Konto"), "A B", "6.00",
         headers={"bank_account_id": ("Konto",)}),
    pays("a constant bank account", sheet(*A, headers=without("Bank Account ID")), "A", "3.00",
         constants={"bank_account_id": "OPERATING"}),
    pays("words of the export for a status", sheet(*payment("A", "1.00", Payment_Status="Settled")), "A", "1.00",
         rules={"payment_status": ColumnRule(words={"Settled": "PAID"})}),
    pays("rows of payments woven together", sheet(A[0], *B, A[1]), "A B", "6.00"),
    pays("a header and no payments", sheet(PAID).split(b"\r\n")[0] + b"\r\n", "", says="no payments"),
    pays("a payment that names its invoices by number alone", sheet(*A, headers=without(INVOICE)), "A", "3.00"),
    pays("payments have no custom fields", BOTH.replace(b"Memo", b"Custom: Mood"), "A B", "6.00",
         says="'Custom: Mood' is not known"),
    pays("an unknown column of payments", BOTH.replace(b"Memo", b"Mood"), "A B", "6.00", says="'Mood' is not known"),
    pays("another bank column of payments", BOTH.replace(b"Memo", b"Payee IBAN"), "A B", "6.00", says="bank details"),
    refuses(PAYMENTS, "a payment file without amounts", sheet(*A, headers=without("Applied Amount")), "COLUMN_MISSING",
            "no payment file: it has no column Applied Amount."),
    refuses(PAYMENTS, "a payment file that names no invoice", sheet(*A, headers=without(INVOICE, "Invoice Number")),
            "COLUMN_MISSING", "Stampli Invoice ID (or Invoice Number)"),
    refuses(PAYMENTS, "a vendor file among the payments", b"Vendor ID,Vendor Name,Tax ID\r\nV-1,Old Mill,1\r\n",
            "COLUMN_MISSING", "looks like a file of vendors"),
    refuses(PAYMENTS, "a payment file with a column twice", BOTH.replace(b"Memo", b"Check Number"), "HEADER_TWICE"),
    refuses(PAYMENTS, "a payment file that was cut off", BOTH[:-30], "TRUNCATED"),
    refuses(PAYMENTS, "an empty payment file", b"", "EMPTY_FILE"),
    refuses(PAYMENTS, "a payment day with day and month swapped",
            sheet(*payment("A", "1.00", Payment_Date="2026-20-11"), *B), "DATE_ORDER"),
    refuses(PAYMENTS, "payments that write amounts in another way",
            sheet(*payment("A", "1.00", Applied_Amount="1,00", Payment_Total="1,00")), "AMOUNT_STYLE",
            "number_style in the layout to eu"),
]  # fmt: skip

CELLS = [
    bad_pay("no payment id", "MISSING", ID, Stampli_Payment_ID=""),
    bad_pay("a payment id that a spreadsheet broke", "EXCEL_DAMAGE", ID, Stampli_Payment_ID="9.1E+11"),
    bad_pay("an unknown way of paying", "WORD_UNKNOWN", "Payment Method", "CHECK", Payment_Method="BARTER"),
    bad_pay("no way of paying", "MISSING", "Payment Method", Payment_Method=""),
    bad_pay("an unknown payment status", "WORD_UNKNOWN", "Payment Status", "SCHEDULED", Payment_Status="MAYBE"),
    bad_pay("no payment status", "MISSING", "Payment Status", Payment_Status=""),
    bad_pay("no payment day", "MISSING", "Payment Date", Payment_Date=""),
    bad_pay("a payment on 30 February", "DATE_GRAMMAR", "Payment Date", Payment_Date="2026-02-30"),
    bad_pay("no bank account", "MISSING", "Bank Account ID", Bank_Account_ID=""),
    bad_pay("no vendor of a payment", "MISSING", "Vendor ID", Vendor_ID=""),
    bad_pay("an unknown currency of a payment", "CURRENCY_UNKNOWN", "Currency", Currency="USX"),
    bad_pay("no applied amount", "MISSING", "Applied Amount", "not zero", Applied_Amount=""),
    bad_pay("an applied amount with a fraction of a cent", "AMOUNT_GRAMMAR", "Applied Amount", Applied_Amount="118.001"),
    bad_pay("a payment of no invoice", "MISSING", INVOICE, "what was paid is not known", Stampli_Invoice_ID="",
            Invoice_Number=""),
    bad_pay("a check without a number", "MISSING", "Payment Number", "check number", Payment_Number=""),
    bad_pay("a void without a day", "MISSING", "Void Date", "voided", Payment_Status="VOIDED"),
    bad_pay("a void day of a payment that was made", "VOID_IN_DOUBT", "Void Date", Void_Date="2026-11-21"),
    bad_pay("a negative discount", "NEGATIVE_DISCOUNT", "Discount Amount", Discount_Amount="-1.00"),
    bad_pay("a negative payment", "NEGATIVE_PAYMENT", TOTAL, "VOIDED", Payment_Total="-118.00", Applied_Amount="-118.00"),
    bad_pay("a payment off by a cent", "TOTAL_MISMATCH", TOTAL, "0.01 USD apart", Payment_Total="117.99"),
    bad_pay("a discount that was taken off the cash", "TOTAL_MISMATCH", TOTAL, Payment_Total="116.00",
            Discount_Amount="2.00"),
    bad_pay("a turned reading direction in a memo", "HIDDEN_CHARACTER", "Memo", Memo="a\u202eb"),
    pays("an ACH without a number", sheet(*payment("A", "1.00", Payment_Method="ach", Payment_Number="")), "A", "1.00"),
    pays("a cheque is a check", sheet(*payment("A", "1.00", Payment_Method="Cheque")), "A", "1.00"),
    pays("a discount beside the cash", sheet(*payment("A", "98.00", Discount_Amount="2.00")), "A", "98.00"),
]  # fmt: skip

TOGETHER = [
    conflict("another bank account in the second row", "Bank Account ID", Bank_Account_ID="PAYROLL"),
    conflict("another vendor in one payment", "Vendor ID", Vendor_ID="V-2"),
    conflict("another currency in one payment", "Currency", Currency="EUR"),
    conflict("another payment total in the second row", TOTAL, Payment_Total="3.01"),
    conflict("another check number in one payment", "Payment Number", Payment_Number="104456"),
    conflict("cleared and paid in one payment", "Payment Status", Payment_Status="CLEARED"),
    pays("one invoice twice in a payment", sheet(*changed(A, Stampli_Invoice_ID="ST-A1"), *B), "B", "3.00",
         [(2, INVOICE, "INVOICE_TWICE")]),
    pays("a payment's row twice to the letter", sheet(A[0], A[0], *B), "B", "3.00", [(2, INVOICE, "INVOICE_TWICE")]),
    pays("one invoice by id and by number", sheet(*changed(A, Stampli_Invoice_ID="", Invoice_Number="A1"), *B), "B", "3.00",
         [(2, "Invoice Number", "INVOICE_TWICE")]),
    pays("one invoice number twice without ids",
         sheet(*changed(A, Invoice_Number="A1"), *B, headers=without(INVOICE)), "B", "3.00",
         [(2, "Invoice Number", "INVOICE_TWICE")]),
    pays("an invoice and its credit in one payment", sheet(*payment("A", "5.00", "-2.00", Invoice_Number="X")), "A", "3.00"),
    pays("one invoice in two payments", sheet(*A, *payment("C", "9.00", Stampli_Invoice_ID="ST-A1")), "A C", "12.00"),
    pays("a credit that pays for all", sheet(*payment("A", "5.00", "-5.00")), "A", "0.00"),
    pays("a payment that is voided in the same file", sheet(*A, *payment("A", "1.00", "2.00", **VOID), *B), "A A B", "3.00"),
    pays("a void alone takes cash back", sheet(*payment("A", "1.00", **VOID)), "A", "-1.00"),
    pays("a bad void leaves its payment alone", sheet(*A, *changed(payment("A", "1.00", "2.00", **VOID), Payment_Total="9")),
         "A", "3.00", [(4, TOTAL, "HEADER_CONFLICT")]),
    pays("what is scheduled or failed is no cash",
         sheet(*payment("A", "1.00", Payment_Status="SCHEDULED"), *payment("C", "1.00", Payment_Status="failed"),
               *payment("D", "1.00", Payment_Status="Processing"), *B), "A C D B", "3.00"),
    pays("payments in three currencies",
         sheet(*B, *payment("E", "4.00", Currency="EUR"), *payment("J", "5", Currency="JPY", Payment_Total="5")), "B E J",
         {"USD": "3.00", "EUR": "4.00", "JPY": "5"}),
    pays("a payment's row that is too long", BOTH.replace(b"ST-A2", b"ST-A2,x"), "B", "3.00",
         [(1, "", "ROW_WIDTH"), (2, "", "ROW_WIDTH")]),
    pays("a row that is too long spoils its payment and its void",
         sheet(*A, *payment("A", "1.00", **VOID), *B).replace(b"ST-A2", b"ST-A2,x"), "B", "3.00",
         [(1, "", "ROW_WIDTH"), (2, "", "ROW_WIDTH"), (3, "", "ROW_WIDTH")]),
    pays("every fault of a payment at once",
         sheet(with_cells(PAID, Applied_Amount="x", Payment_Date="y", Payment_Method="z"), *B), "B", "3.00",
         [(1, "Applied Amount", "AMOUNT_GRAMMAR"), (1, "Payment Date", "DATE_GRAMMAR"),
          (1, "Payment Method", "WORD_UNKNOWN")]),
    pays("the largest payments",
         sheet(*(row for n in range(1200) for row in payment(f"N{n}", "1", Applied_Amount="99999999999999.99",
                                                              Payment_Total="99999999999999.99"))),
         " ".join(f"N{n}" for n in range(1200)), "119999999999999988.00"),
]  # fmt: skip

ONE = """<Payment><StampliPaymentID>SP-A</StampliPaymentID><PaymentDate>2026-11-20</PaymentDate><PaymentMethod>ACH</PaymentMethod>
<PaymentStatus>PAID</PaymentStatus><BankAccountID>OPERATING</BankAccountID><VendorID>V-1</VendorID><Currency>USD</Currency>
<PaymentTotal>3.00</PaymentTotal><PaidInvoices>
<PaidInvoice><StampliInvoiceID>ST-1</StampliInvoiceID><AppliedAmount>1.00</AppliedAmount></PaidInvoice>
<PaidInvoice><StampliInvoiceID>ST-2</StampliInvoiceID><AppliedAmount>2.00</AppliedAmount></PaidInvoice>
</PaidInvoices></Payment>"""
XML = {"shape": Shape.XML}


def export(body: str, root: str = 'object="payments" count="1"') -> bytes:
    return f'<StampliExport version="1.0" {root}>{body}</StampliExport>'.encode()


OTHER = ONE.replace("PaidInvoices", "Rows").replace("PaidInvoice>", "Row>").replace("Payment>", "Pay>")
ELEMENTS = [
    pays("payments in XML", export(ONE), "A", "3.00", **XML),
    pays("payments in another template of XML", export(f"<Pays>{OTHER}</Pays>"), "A", "3.00", **XML,
         xml=XmlShape("Pays/Pay", "Rows/Row")),
    pays("a payment in XML without paid invoices", export(ONE.split("<PaidInvoices>", maxsplit=1)[0] + "</Payment>"), "", None,
         [(1, "", "LINES_MISSING")], "no paid invoice", **XML),
    pays("an element of a payment twice", export(ONE.replace("<VendorID>", "<VendorID>V-2</VendorID><VendorID>")), "", None,
         [(1, "VendorID", "ELEMENT_TWICE")], **XML),
    refuses(PAYMENTS, "an XML of invoices among the payments", export(ONE, 'object="invoices"'), "COLUMN_MISSING",
            "holds invoices", **XML),
    refuses(PAYMENTS, "an XML that counts its payments wrongly", export(ONE, 'count="2"'), "COUNT", "2 payments", **XML),
    refuses(PAYMENTS, "an XML without payments", export("<Cheque/>", ""), "COLUMN_MISSING", "no payment file", **XML),
]  # fmt: skip

ENTRIES = [*SHAPES, *CELLS, *TOGETHER, *ELEMENTS]
