"""Values of cells: amounts, dates, identifiers, texts, and what spreadsheets do to them."""

from __future__ import annotations

from builders.exports import as_csv, invoice, row
from hostile.entry import cell, kept, read, refused

from stampli_assets.stampli.layout import ColumnRule

US, EU = {"number_style": "us"}, {"number_style": "eu"}
WIDE = {"rules": {"vendor_id": ColumnRule(width=6)}}
PADDED = {"rules": {"vendor_id": ColumnRule(width=6, pad="0")}}
WORDS = {"rules": {"department_id": ColumnRule(words={"Ops": "200"})}}
TOTAL, LINE, DATE, NUMBER = "Invoice Total", "Line Amount", "Invoice Date", "Invoice Number"


def amount(name, text, rule="AMOUNT_GRAMMAR", says="", **more):
    """A bad line amount beside a good invoice."""
    return cell(name, rule, LINE, says, Line_Amount=text, **more)


def both(text: str) -> dict[str, str]:
    return {"Line_Amount": text, "Invoice_Total": text}


AMOUNTS = [
    amount("a thousands separator in plain style", "1,118.00", says="number_style us or eu"),
    amount("a decimal comma in plain style", "118,00"),
    amount("a currency sign in plain style", "$118.00"),
    amount("brackets in plain style", "(118.00)"),
    amount("a trailing minus in plain style", "118.00-"),
    amount("a plus sign", "+118.00"),
    amount("a typographic minus", "\u2212118.00"),
    amount("two minus signs", "--118.00"),
    amount("a space inside an amount", "1 118.00"),
    amount("no digit before the point", ".50"),
    amount("no digit behind the point", "118."),
    amount("two points", "1.118.00"),
    amount("hexadecimal", "0x76"),
    amount("an underscore as Python writes it", "1_118"),
    amount("scientific notation", "1.2E+05", says="scientific notation"),
    amount("lower-case scientific notation", "1e5"),
    amount("not a number", "NaN"),
    amount("infinity", "Infinity"),
    amount("arabic digits", "\u0661\u0661\u0668"),
    amount("full-width digits", "\uff11\uff11\uff18"),
    amount("a superscript digit", "118\u00b2"),
    amount("a spreadsheet's error", "#VALUE!", says="spreadsheet"),
    amount("a column too narrow for its number", "########", says="spreadsheet"),
    amount("a word", "free"),
    amount("a formula", "=59+59"),
    amount("finer than cents", "118.001", says="finer than USD"),
    amount("groups or decimals, which", "1.118", says="Is it 1118?"),
    amount("fifteen digits", "123456789012345.00"),
    amount("five thousand digits", "9" * 5000),
    amount("five thousand zeros before a one", "0" * 5000 + "1"),
    amount("a line without amount", "", "MISSING", "an empty amount is not zero"),
    amount("a wrong group in us style", "1,11.00", layout=US),
    amount("european in us style", "1.118,00", layout=US),
    amount("two signs of currency", "$118.00 USD", layout=US),
    amount("two minus signs in us style", "(-118.00)", layout=US),
    amount("another currency's sign", "€118.00", "CURRENCY_SIGN", "USD", layout=US),
    amount("another currency's code", "118.00 EUR", "CURRENCY_SIGN", layout=US),
    kept("us groups", "1118.00", layout=US, **both("1,118.00")),
    kept("dollars before the amount", "1118.00", layout=US, **both("$1,118.00")),
    kept("the code behind the amount", "1118.00", layout=US, **both("1,118.00 USD")),
    kept("european groups", "1118.00", layout=EU, currency="EUR", Currency="EUR", **both("1.118,00")),
    kept("european groups by spaces", "1118.00", layout=EU, currency="EUR", Currency="EUR", **both("1 118,00 €")),
    kept(
        "french groups by narrow spaces", "1118.00", layout=EU, currency="EUR", Currency="EUR", **both("1\u202f118,00")
    ),
    kept("trailing zeros are exact", "118.00", **both("118.000000")),
    kept("leading zeros of an amount", "118.00", **both("000118.00")),
    kept("spaces around an amount", "118.00", **both("  118.00\u00a0")),
    kept("fourteen digits", "99999999999999.99", **both("99999999999999.99")),
    kept("yen have no decimals", "118", currency="JPY", Currency="JPY", **both("118")),
    kept("yen with a zero behind the point", "118", currency="JPY", Currency="JPY", **both("118.0")),
    cell("half a yen", "AMOUNT_GRAMMAR", TOTAL, Currency="JPY", Line_Amount="118", Invoice_Total="118.5"),
    kept("dinars have three decimals", "1.125", currency="KWD", Currency="KWD", **both("1.125")),
    kept("an invoice over nothing is read; the mapping holds it", "0.00", **both("0.00")),
    kept("minus nothing", "0.00", **both("-0.00")),
    refused("every amount european where plain is declared", as_csv([row(**both("1.118,00"))]), "AMOUNT_STYLE", "eu"),
    refused("every amount us where plain is declared", as_csv([row(**both("1,118.00"))]), "AMOUNT_STYLE", "us"),
    refused("1,118 alone may be either", as_csv([row(**both("1,118"))]), "AMOUNT_STYLE", "Is '1,118' 1118 (us) or"),
    refused(
        "every amount us where eu is declared", as_csv([row(**both("1,118.00"))]), "AMOUNT_STYLE", number_style="eu"
    ),
]


def day(name, text, rule="DATE_GRAMMAR", says="", **more):
    return cell(name, rule, DATE, says, Invoice_Date=text, **more)


def dates(text: str, **cells: str) -> bytes:
    return as_csv([*invoice("A", "1.00", **{"Invoice_Date": text, "Due_Date": "", **cells})])


DATES = [
    day("30 February", "2026-02-30"),
    day("29 February of no leap year", "2027-02-29"),
    kept("29 February of a leap year", "118.00", Invoice_Date="2028-02-29"),
    day("month 13 and day 13", "2026-13-13"),
    day("a spreadsheet's day number", "46308", says="2026-10-13"),
    day("a spreadsheet's day number with hours", "46308.5", says="Excel's own day number"),
    day("a spreadsheet's error for a date", "#########", says="spreadsheet"),
    day("a two-digit year", "02/11/26"),
    day("a month's name", "2-Nov-26"),
    day("a time behind the date", "2026-11-02 00:00:00"),
    day("arabic digits in a date", "\u0662\u0660\u0662\u0666-11-02"),
    day("the year 26", "0026-11-02", "DATE_RANGE"),
    day("the year 2999", "2999-11-02", "DATE_RANGE"),
    day("an empty invoice date", "", "MISSING"),
    day("zeros", "0000-00-00"),
    cell("a due date of another style in one invoice", "DATE_GRAMMAR", "Due Date", "Is 03/04/2026 4 March 2026 or 3 April 2026?",
         Due_Date="03/04/2026"),
    refused("day and month swapped", dates("2026-25-03"), "DATE_ORDER", "day and month swapped"),
    refused("03/04/2026 alone: March or April", dates("03/04/2026"), "DATE_FORMAT",
            "Is 03/04/2026 4 March 2026 or 3 April 2026?"),
    refused("25/03/2026 alone can only be March", dates("25/03/2026"), "DATE_FORMAT", "%d/%m/%Y"),
    refused("dates without separators", dates("20261102"), "DATE_FORMAT", "%Y%m%d"),
    refused("us dates where european ones are declared", dates("11/25/2026"), "DATE_ORDER", date_format="%d/%m/%Y"),
    read("european dates, declared", dates("03/04/2026"), "A", "1.00", date_format="%d/%m/%Y"),
    read("german dates, declared", dates("03.04.2026"), "A", "1.00", date_format="%d.%m.%Y"),
    read("dates with a time, declared", dates("2026-11-02T10:15:00"), "A", "1.00", date_format="%Y-%m-%dT%H:%M:%S"),
    read("one column in another format, declared", dates("2026-11-02", Due_Date="02/12/2026"), "A", "1.00",
         rules={"due_date": ColumnRule(date_format="%d/%m/%Y")}),
    read("a digit is missing in a date without separators",
         as_csv([*invoice("A", "1.00", Invoice_Date="2026112", Due_Date=""),
                 *invoice("B", "1.00", Invoice_Date="20261102", Due_Date="")]), "B", "1.00",
         [(1, DATE, "DATE_GRAMMAR")], date_format="%Y%m%d"),
    read("single digits of day and month", dates("3/4/2026"), "A", "1.00", date_format="%d/%m/%Y"),
    read("a due date before the invoice date is read", dates("2026-11-02", Due_Date="2026-10-01"), "A", "1.00"),
]  # fmt: skip

IDENTIFIERS = [
    cell("no invoice number", "MISSING", NUMBER, Invoice_Number=""),
    cell("spaces for an invoice number", "MISSING", NUMBER, Invoice_Number=" \u00a0 "),
    cell("46 characters of invoice number", "TOO_LONG", NUMBER, "46 characters", Invoice_Number="N" * 46),
    kept("45 characters of invoice number", "118.00", Invoice_Number="N" * 45),
    kept("an invoice number of 45 non-ascii letters", "118.00", Invoice_Number="ß" * 45),
    kept("spaces inside an invoice number", "118.00", Invoice_Number="INV 2026 / 7"),
    kept("leading zeros", "118.00", Invoice_Number="0045512", Vendor_ID="000317"),
    kept("a number like 1E5 is a legal number", "118.00", Invoice_Number="1E5"),
    kept("emoji in an invoice number", "118.00", Invoice_Number="INV-🧾"),
    kept("a formula as invoice number is text", "118.00", Invoice_Number="=1+1"),
    kept("markup as invoice number is text", "118.00", Invoice_Number="<b>&amp;</b>"),
    kept("decomposed letters are composed", "118.00", Vendor_Name="Mu\u0308ller"),
    cell("scientific notation of an identifier", "EXCEL_DAMAGE", NUMBER, "scientific", Invoice_Number="4.5E+11"),
    cell("scientific notation with a comma", "EXCEL_DAMAGE", NUMBER, Invoice_Number="4,5E+11"),
    cell("a vendor that a look-up did not find", "EXCEL_DAMAGE", "Vendor ID", Vendor_ID="#N/A"),
    cell("an account whose sheet is gone", "EXCEL_DAMAGE", "GL Account", Vendor_ID="V-1", GL_Account="#REF!"),
    cell("a zero-width space", "HIDDEN_CHARACTER", "Vendor ID", Vendor_ID="V\u200b1"),
    cell("a soft hyphen", "HIDDEN_CHARACTER", NUMBER, Invoice_Number="INV\u00ad1"),
    cell("a tab inside an identifier", "HIDDEN_CHARACTER", NUMBER, Invoice_Number="INV\t1"),
    cell("a newline inside an identifier", "HIDDEN_CHARACTER", NUMBER, Invoice_Number="INV\n1"),
    cell("an escape character at the end", "HIDDEN_CHARACTER", NUMBER, Invoice_Number="INV1\x1b"),
    cell("a file separator at the end is not trimmed", "HIDDEN_CHARACTER", NUMBER, Invoice_Number="INV1\x1c"),
    cell("a right-to-left override in an account", "HIDDEN_CHARACTER", "GL Account", GL_Account="62\u202e200"),
    cell("a private character", "HIDDEN_CHARACTER", NUMBER, Invoice_Number="INV\ue000"),
    cell("the mark of a lost character", "LOST_CHARACTER", NUMBER, Invoice_Number="INV\ufffd1"),
    cell("neither vendor id nor name in a row", "MISSING", "Vendor ID", Vendor_ID="", Vendor_Name=""),
    kept("a vendor by name alone", "118.00", Vendor_ID=""),
    cell("25 characters of account", "TOO_LONG", "GL Account", GL_Account="6" * 25),
    cell("no account", "MISSING", "GL Account", GL_Account=""),
    cell("no currency", "MISSING", "Currency", Currency=""),
    cell("a currency that is none", "CURRENCY_UNKNOWN", "Currency", Currency="USX"),
    kept("a currency in small letters", "118.00", Currency="usd"),
    cell("a sign for a currency", "CURRENCY_UNKNOWN", "Currency", Currency="$"),
    cell("an unknown document type", "WORD_UNKNOWN", "Document Type", Document_Type="RECEIPT"),
    cell("an unknown line type", "WORD_UNKNOWN", "Line Type", Line_Type="GIFT"),
    cell("line number nought", "LINE_NUMBER", "Line Number", Line_Number="0"),
    cell("a line number with a point", "LINE_NUMBER", "Line Number", Line_Number="1.0"),
    cell("a line number of five thousand digits", "LINE_NUMBER", "Line Number", Line_Number="1" * 5000),
    cell("a negative line number", "LINE_NUMBER", "Line Number", Line_Number="-1"),
    read("lost leading zeros where the width is declared",
         as_csv([row(Vendor_ID="317"), *invoice("G", "1.00", Vendor_ID="000317")]), "G", "1.00",
         [(1, "Vendor ID", "LEADING_ZEROS")], "leading zeros", **WIDE),
    read("another width than declared", as_csv([row(Vendor_ID="V-1")]), "", {}, [(1, "Vendor ID", "WIDTH")], **WIDE),
    kept("a declared width is filled up", "118.00", layout=PADDED, Vendor_ID="317"),
    read("both 317 and 000317 is said and nothing repaired",
         as_csv([*invoice("A", "1.00", Vendor_ID="317"), *invoice("B", "1.00", Vendor_ID="000317")]), "A B", "2.00",
         says="may have removed leading zeros"),
    kept("a word that the layout maps", "118.00", layout=WORDS, Department_ID="Ops"),
    read("a word that the layout does not map", as_csv([row(Department_ID="Sales")]), "", {},
         [(1, "Department ID", "WORD_UNKNOWN")], **WORDS),
]  # fmt: skip

TEXTS = [
    kept("a text of 1,001 characters is cut and told", "118.00", "column 'Description': a text of 1001 characters",
         Description="x" * 1001),
    kept("a text of 1,000 characters", "118.00", Description="x" * 1000),
    kept("a vendor name of 201 characters is cut and told", "118.00", "201", Vendor_Name="x" * 201),
    kept("tabs and newlines in a text", "118.00", Description="a\tb\nc"),
    kept("chinese", "118.00", Description="办公用品", Vendor_Name="文具店"),
    kept("a family of emoji joined by zero width", "118.00", Description="👩\u200d👩\u200d👧"),
    kept("a formula in a text is text", "118.00", Description='=HYPERLINK("http://x","y")'),
    kept("a script in a text is text", "118.00", Description="<script>alert(1)</script>"),
    kept("a format string in a text", "118.00", Description="%s%n{0}${jndi:ldap://x}"),
    cell("a bell in a text", "HIDDEN_CHARACTER", "Description", Description="a\x07b"),
    cell("a next-line character in a text", "HIDDEN_CHARACTER", "Description", Description="a\x85b"),
    cell("a turned reading direction", "HIDDEN_CHARACTER", "Description", Description="a\u202eb"),
]  # fmt: skip

ENTRIES = [*AMOUNTS, *DATES, *IDENTIFIERS, *TEXTS]
