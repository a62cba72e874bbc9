"""Vendor, GL account and cost-centre files, and what must never come out of one: bank details."""

from __future__ import annotations

import gzip

from hostile.kinds import ACCOUNT, COST_CENTRE, VENDOR, lists, refuses, sheet, with_cells

from stampli_assets.stampli.contracts import COST_CENTRES, GL_ACCOUNTS, VENDORS
from stampli_assets.stampli.layout import ColumnRule, Shape, XmlShape

OTHER = with_cells(VENDOR, Vendor_ID="V-2", Vendor_Name="Harbor Steel")
BOTH = sheet(VENDOR, OTHER)
IBAN = "DE89370400440532013000"
BANKED = sheet({"IBAN": IBAN, **VENDOR, "Routing No.": "044000037"}, {"IBAN": IBAN, **OTHER, "Routing No.": "0"})


def vendors(name, content, accepts="000317 V-2", rejects=(), says="", **layout):
    return lists(VENDORS, name, content, accepts, rejects, says, **layout)


def bad_vendor(name, rule, column, says="", **cells):
    return vendors(name, sheet(OTHER, with_cells(VENDOR, **cells)), "V-2", [(2, column, rule)], says)


def accounts(name, *rows, accepts, rejects=(), says="", **layout):
    return lists(GL_ACCOUNTS, name, sheet(*rows), accepts, rejects, says, **layout)


def centres(name, *rows, accepts, rejects=(), says="", **layout):
    return lists(COST_CENTRES, name, sheet(*rows), accepts, rejects, says, **layout)


OF_VENDORS = [
    vendors("two vendors", BOTH),
    vendors("vendors in gzip", gzip.compress(BOTH), compression="accept"),
    vendors("vendors with semicolons and a title", b"Vendors\r\n" + sheet(VENDOR, OTHER, delimiter=";"), delimiter=";",
            skip_lines=1),
    vendors("vendors without a status", sheet(VENDOR, OTHER, headers=["Vendor ID", "Vendor Name"])),
    vendors("vendors with padded ids", sheet(with_cells(VENDOR, Vendor_ID="317"), OTHER), "000317 000V-2",
            rules={"vendor_id": ColumnRule(width=6, pad="0")}),
    vendors("vendors with their bank's columns", BANKED, says="'IBAN' looks like bank details; it was not read."),
    vendors("a vendor row of the wrong width shows no bank details",
            BANKED.replace(b"Harbor Steel", b"Harbor, Steel"), "000317", [(2, "", "ROW_WIDTH")],
            says="'Routing No.' looks like bank details"),
    bad_vendor("no vendor id", "MISSING", "Vendor ID", Vendor_ID=""),
    bad_vendor("no vendor name", "MISSING", "Vendor Name", Vendor_Name=""),
    bad_vendor("a vendor id over length", "TOO_LONG", "Vendor ID", Vendor_ID="V" * 21),
    bad_vendor("a vendor name over length", "TOO_LONG", "Vendor Name", Vendor_Name="V" * 201),
    bad_vendor("a country that is none", "COUNTRY_UNKNOWN", "Country", "ISO 3166", Country="USA"),
    bad_vendor("a country by its name", "COUNTRY_UNKNOWN", "Country", Country="Germany"),
    bad_vendor("a vendor status that is none", "WORD_UNKNOWN", "Status", "ACTIVE, INACTIVE", Status="BLOCKED"),
    bad_vendor("neither yes nor no", "WORD_UNKNOWN", "Form 1099", "none of N, Y", Form_1099="maybe"),
    bad_vendor("a currency of a vendor that is none", "CURRENCY_UNKNOWN", "Currency", Currency="$"),
    bad_vendor("a hidden character in a vendor's name", "HIDDEN_CHARACTER", "Vendor Name", Vendor_Name="Old\u200bMill"),
    bad_vendor("a tax id that a spreadsheet broke", "EXCEL_DAMAGE", "Tax ID", Tax_ID="3.4E+08"),
    vendors("one vendor id twice", sheet(VENDOR, OTHER, with_cells(VENDOR, Vendor_Name="Old Mill Inc")), "V-2",
            [(1, "Vendor ID", "KEY_TWICE"), (3, "Vendor ID", "KEY_TWICE")], "stands in row 3 too"),
    vendors("a vendor twice to the letter", sheet(VENDOR, VENDOR, OTHER), "V-2",
            [(1, "Vendor ID", "KEY_TWICE"), (2, "Vendor ID", "KEY_TWICE")]),
    vendors("a vendor twice, once faulty", sheet(VENDOR, with_cells(VENDOR, Country="XX"), OTHER), "V-2",
            [(1, "Vendor ID", "KEY_TWICE"), (2, "Vendor ID", "KEY_TWICE"), (2, "Country", "COUNTRY_UNKNOWN")]),
    vendors("ids that differ by a leading zero are two vendors", sheet(VENDOR, with_cells(VENDOR, Vendor_ID="317")),
            "000317 317", says="leading zeros"),
    vendors("a vendor row that is too long spoils its twin", BOTH + b"000317,Old Mill,x\r\n", "V-2",
            [(1, "", "ROW_WIDTH"), (3, "", "ROW_WIDTH")]),
    vendors("a country in small letters", sheet(with_cells(VENDOR, Country="us"), OTHER)),
    refuses(VENDORS, "a payment file among the vendors",
            b"Stampli Payment ID,Payment Date,Vendor ID,Payment Total\r\nSP-1,2026-11-20,V-1,1.00\r\n", "COLUMN_MISSING",
            "looks like a file of payments"),
    refuses(VENDORS, "a vendor file without names", sheet(VENDOR, headers=["Vendor ID", "Status"]), "COLUMN_MISSING",
            "no vendor file"),
    refuses(VENDORS, "a workbook of vendors", b"PK\x03\x04rest", "WRONG_TYPE"),
]  # fmt: skip

XML = f"""<StampliExport object="vendors" count="2"><Vendor><VendorID>000317</VendorID><VendorName>Old Mill</VendorName>
<BankAccount>{IBAN}</BankAccount><Bank><Iban>{IBAN}</Iban></Bank><Country>DE</Country></Vendor><Vendor>
<VendorID>V-2</VendorID><VendorName>Harbor Steel</VendorName></Vendor></StampliExport>""".encode()
ELEMENTS = [
    vendors("vendors in XML", XML, says="'Bank' looks like bank details", shape=Shape.XML),
    vendors("vendors in XML by path", XML.replace(b"Vendor>", b"Kreditor>"), says="bank details", shape=Shape.XML,
            xml=XmlShape("Kreditor", paths={"vendor_id": "VendorID"})),
    lists(GL_ACCOUNTS, "accounts in XML", b"<E><Account><GLAccount>04010</GLAccount><AccountName>x</AccountName></Account></E>",
          "04010", shape=Shape.XML),
    lists(COST_CENTRES, "cost centres in XML",
          b"<E><CostCentre><Dimension>Class</Dimension><Code>7</Code><Name>x</Name></CostCentre></E>", "7", shape=Shape.XML),
]  # fmt: skip

CASH = with_cells(ACCOUNT, GL_Account="10100", Account_Name="Bank of Ohio, checking")
AKRON = with_cells(COST_CENTRE, Dimension="LOCATION", Name="Akron")
OF_LISTS = [
    accounts("two accounts", ACCOUNT, CASH, accepts="04010 10100"),
    accounts("an account twice", ACCOUNT, CASH, with_cells(ACCOUNT, Status="INACTIVE"), accepts="10100",
             rejects=[(1, "GL Account", "KEY_TWICE"), (3, "GL Account", "KEY_TWICE")]),
    accounts("an account without a name", with_cells(ACCOUNT, Account_Name=""), CASH, accepts="10100",
             rejects=[(1, "Account Name", "MISSING")]),
    accounts("an account number that a spreadsheet broke", with_cells(ACCOUNT, GL_Account="#N/A"), CASH, accepts="10100",
             rejects=[(1, "GL Account", "EXCEL_DAMAGE")]),
    accounts("yes in a word", with_cells(ACCOUNT, Requires_Department="Yes"), accepts="04010"),
    centres("one code of two dimensions", COST_CENTRE, AKRON, accepts="045 045"),
    centres("a code twice in its dimension", COST_CENTRE, AKRON, with_cells(COST_CENTRE, Name="Works"), accepts="045",
            rejects=[(1, "Code", "KEY_TWICE"), (3, "Code", "KEY_TWICE")], says="DEPARTMENT 045 stands in row 3 too"),
    centres("a dimension that is none", with_cells(COST_CENTRE, Dimension="MOOD"), AKRON, accepts="045",
            rejects=[(1, "Dimension", "WORD_UNKNOWN")]),
    centres("no dimension", with_cells(COST_CENTRE, Dimension=""), AKRON, accepts="045",
            rejects=[(1, "Dimension", "MISSING")]),
    centres("a cost center in American", with_cells(COST_CENTRE, Dimension="Cost Center"), accepts="045"),
    centres("an end before the start", with_cells(COST_CENTRE, Start_Date="2026-11-02", End_Date="2026-11-01"), AKRON,
            accepts="045", rejects=[(1, "End Date", "DATES_REVERSED")]),
    centres("an end without a start", with_cells(COST_CENTRE, End_Date="2026-11-01"), accepts="045"),
    refuses(COST_CENTRES, "accounts among the cost centres", sheet(ACCOUNT), "COLUMN_MISSING",
            "looks like a file of GL accounts"),
    refuses(GL_ACCOUNTS, "cost centres among the accounts", sheet(COST_CENTRE), "COLUMN_MISSING",
            "looks like a file of cost centres"),
]  # fmt: skip

ENTRIES = [*OF_VENDORS, *ELEMENTS, *OF_LISTS]
