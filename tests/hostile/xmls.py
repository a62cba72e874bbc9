"""XML exports: the template, paths of other templates, and what XML can do to a reader."""

from __future__ import annotations

import gzip

from hostile.entry import read, refused

from stampli_assets.stampli.layout import Shape, XmlShape

XML = {"shape": Shape.XML}


def line(number: str = "1", amount: str = "3.00", more: str = "") -> str:
    return f"<Line><LineNumber>{number}</LineNumber><GLAccount>62200</GLAccount><LineAmount>{amount}</LineAmount>{more}</Line>"


def head(number: str = "B", total: str = "3.00") -> str:
    return (
        f"<StampliInvoiceID>ST-{number}</StampliInvoiceID><InvoiceNumber>{number}</InvoiceNumber>"
        f"<InvoiceDate>2026-11-02</InvoiceDate><VendorID>V-1</VendorID><Currency>USD</Currency>"
        f"<InvoiceTotal>{total}</InvoiceTotal>"
    )


def bill(fields: str = "", lines: str = "", more: str = "") -> str:
    return f"<Invoice>{fields or head()}<Lines>{lines or line()}</Lines>{more}</Invoice>\n"


def export(*invoices: str, root: str = 'version="1.0" object="invoices"', prolog: str = "") -> str:
    body = "".join(invoices) if invoices else bill()
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{prolog}<StampliExport {root}>\n{body}</StampliExport>\n'


def good(name, content, accepts="B", totals="3.00", rejects=(), says="", **layout):
    told = content.encode() if isinstance(content, str) else content
    return read(name, told, accepts, totals, rejects, says, **{**XML, **layout})


def bad(name, content, code, says="", **layout):
    told = content.encode() if isinstance(content, str) else content
    return refused(name, told, code, says, **{**XML, **layout})


TEMPLATE = [
    good("the template", export()),
    good("two lines", export(bill(head(total="4.00"), line() + line("2", "1.00"))), totals="4.00"),
    good("two invoices, counted", export(bill(head("A")), bill(), root='version="1.0" count="2"'), "A B", "6.00"),
    good("a namespace", export(root='xmlns="urn:stampli:export:1" version="1.0"')),
    good("a prefixed namespace", export(root='xmlns:x="urn:y"').replace("<Line>", "<x:Line>").replace("</Line>", "</x:Line>")),
    good("no version, no object", export(root="")),
    good("utf-16", export().replace("UTF-8", "UTF-16").encode("utf-16")),
    good("latin-1", export(bill(head() + "<VendorName>Müller</VendorName>")).replace("UTF-8", "ISO-8859-1")
         .encode("latin-1")),
    good("a byte order mark", b"\xef\xbb\xbf" + export().encode()),
    good("no declaration", export().split("\n", 1)[1]),
    good("comments and instructions", export(bill("<!-- -->" + head() + "<?x y?>"))),
    good("a comment inside a value", export(bill(head().replace(">B<", ">B<!-- x --><")))),
    good("CDATA", export(bill(head().replace(">B<", "><![CDATA[B]]><")))),
    good("the five entities of XML", export(bill(head() + "<Description>&lt;&amp;&gt;&quot;&apos;</Description>"))),
    good("numeric references", export(bill(head().replace(">B<", ">&#66;<")))),
    good("an empty element is a missing value", export(bill(head() + "<DueDate/><PONumber></PONumber>"))),
    good("an attachment", export(bill(more='<Attachments><Attachment url="https://x/1.pdf"/></Attachments>'))),
    good("two attachments", export(bill(more='<Attachments><Attachment url="a"/><Attachment url="b"/></Attachments>'))),
    good("a custom field", export(bill(head() + '<Custom name="Pool">7</Custom>'))),
    good("an unknown element is noted", export(bill(head() + "<Mood>good</Mood>")), says="'Mood' is not known"),
    good("an element beside the invoices is noted", export(bill(), "<Trailer/>"), says="Trailer"),
    bad("an unknown element is refused", export(bill(head() + "<Mood>good</Mood>")), "HEADER_UNKNOWN",
        unknown_columns="refuse"),
    good("no invoices", export("\n"), "", {}, says="no invoices"),
    good("gzip of XML", gzip.compress(export().encode()), compression="accept"),
    good("the rows of one invoice in two elements", export(bill(head(total="4.00")), bill(head("C")),
         bill(head(total="4.00"), line("2", "1.00"))), "B C", "7.00"),
]  # fmt: skip

FAULTS = [
    good("an invoice without lines", export(bill(), f"<Invoice>{head('A')}</Invoice>"), rejects=[(2, "", "LINES_MISSING")]),
    good("an element that stands twice", export(bill(), bill(head("A") + "<DueDate>2026-12-01</DueDate><DueDate/>")),
         rejects=[(2, "DueDate", "ELEMENT_TWICE")]),
    good("a line's element that stands twice", export(bill(), bill(head("A"), line(more="<GLAccount>1</GLAccount>"))),
         rejects=[(2, "GLAccount", "ELEMENT_TWICE")]),
    good("a bad amount", export(bill(), bill(head("A"), line(amount="x"))), rejects=[(2, "LineAmount", "AMOUNT_GRAMMAR")]),
    good("a bad field is said once for all lines", export(bill(), bill(head("A").replace("2026-11-02", "soon"),
         line() + line("2"))), rejects=[(2, "InvoiceDate", "DATE_GRAMMAR")]),
    good("a missing element is named", export(bill(), bill(head("A").replace("<Currency>USD</Currency>", ""))),
         rejects=[(2, "Currency", "MISSING")]),
    good("lines that do not add up", export(bill(), bill(head("A", "9.00"))), rejects=[(2, "InvoiceTotal", "TOTAL_MISMATCH")]),
    good("a hidden character", export(bill(), bill(head("A").replace(">A<", ">A&#x202E;<"))),
         rejects=[(2, "InvoiceNumber", "HIDDEN_CHARACTER")]),
]  # fmt: skip

BOMB = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>"
    + "".join(
        f"<!ENTITY {name} '{('&' + before + ';') * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)

REFUSED = [
    bad("a billion laughs", export(bill(head().replace(">B<", ">&i;<")), prolog=BOMB), "XML_DTD"),
    bad("a file on this machine", export(bill(head().replace(">B<", ">&x;<")),
        prolog='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "XML_DTD"),
    bad("a document type elsewhere", export(prolog='<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'), "XML_DTD"),
    bad("an empty document type", export(prolog="<!DOCTYPE StampliExport>"), "XML_DTD"),
    bad("a document type in utf-16", export(prolog="<!DOCTYPE x [<!ENTITY a 'b'>]>").replace("UTF-8", "UTF-16")
        .encode("utf-16"), "XML_DTD"),
    bad("a document type behind a long comment", export(prolog=f"<!-- {'x' * 70_000} --><!DOCTYPE x [<!ENTITY a 'b'>]>"),
        "XML_DTD"),
    bad("an entity that nobody declares", export(bill(head().replace(">B<", ">&x;<"))), "XML_SYNTAX"),
    bad("cut off", export()[:-40], "TRUNCATED"),
    bad("cut off in a tag", export()[:-8], "TRUNCATED"),
    bad("elements that do not match", export().replace("</Currency>", "</Currencies>"), "XML_SYNTAX"),
    bad("two roots", export() + "<more/>", "XML_SYNTAX"),
    bad("deep nesting", export(bill(head() + "<a>" * 100 + "</a>" * 100)), "XML_DEPTH"),
    bad("deep nesting beyond the parser's own limit", "<a>" * 5000 + "</a>" * 5000, "XML_DEPTH"),
    bad("a text of eleven million characters", export(bill(head() + f"<Description>{'x' * 11_000_000}</Description>")),
        "FIELD_TOO_LONG"),
    bad("a text of 33,000 characters", export(bill(head() + f"<Description>{'x' * 33_000}</Description>")), "FIELD_TOO_LONG",
        "<Description>"),
    bad("another number of invoices than it says", export(root='count="2"'), "COUNT", "2 invoices and holds 1"),
    bad("another version", export(root='version="2.0"'), "XML_VERSION", "'2.0'"),
    bad("a file of payments in XML", export(root='object="payments"'), "COLUMN_MISSING", "payments"),
    bad("another template", "<Export><Bill><No>1</No></Bill></Export>", "COLUMN_MISSING", "it has Bill"),
    bad("a wrong encoding", export(bill(head() + "<VendorName>Müller</VendorName>")).encode("latin-1"), "DECODE_ERROR"),
    bad("a NUL", export().replace(">B<", ">B\0<"), "XML_SYNTAX"),
    bad("a control character", export().replace(">B<", ">B\x07<"), "XML_SYNTAX"),
    bad("CSV where XML is declared", "Invoice Number,Vendor ID\r\n", "WRONG_TYPE", "not an XML file"),
    bad("a web page where XML is declared", "<!DOCTYPE html><html></html>", "WRONG_TYPE"),
    bad("nothing", "", "EMPTY_FILE"),
    bad("more lines than allowed", export(bill(head(), line() * 9)), "ROWS", max_rows=5),
]  # fmt: skip

OTHER = """<Feed><Bills><Bill no="7"><Head><Vendor id="V-1"/><Day>2026-11-02</Day><Sum cur="USD">3.00</Sum></Head>
<Rows><Row acct="62200"><Net>3.00</Net></Row></Rows></Bill></Bills></Feed>"""
PATHS = XmlShape(
    document="Bills/Bill",
    line="Rows/Row",
    paths={
        "invoice_number": "@no", "vendor_id": "Head/Vendor/@id", "invoice_date": "Head/Day", "currency": "Head/Sum/@cur",
        "invoice_total": "Head/Sum", "gl_account": "@acct", "line_amount": "Net",
    },
)  # fmt: skip
BY_PATH = [
    good("another template by paths", OTHER, "7", xml=PATHS),
    good("a fault is named by its path", OTHER.replace('id="V-1"', 'id="#N/A"'), "", {},
         [(1, "Head/Vendor/@id", "EXCEL_DAMAGE")], xml=PATHS),
    good("a path that leads to two elements", OTHER.replace("<Day>", "<Day>2026-11-01</Day><Day>"), "", {},
         [(1, "Head/Day", "ELEMENT_TWICE")], xml=PATHS),
    good("a path that leads nowhere", OTHER.replace("Day>", "Date>"), "", {}, [(1, "Head/Day", "MISSING")], xml=PATHS),
]  # fmt: skip

ENTRIES = [*TEMPLATE, *FAULTS, *REFUSED, *BY_PATH]
