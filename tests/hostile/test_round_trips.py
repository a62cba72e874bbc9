"""Any valid batch, written in any layout that the settings can declare, reads back equal."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import date

from hostile.writer import HEAD, LINE, Invoice, Line, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stampli_assets.model.errors import FileRefused
from stampli_assets.pipeline.parse import parse
from stampli_assets.stampli.layout_settings import InvoiceLayout

OWN = {"all_quoted", "line_end", "order", "packed"}
"""How the file is written, beyond what its layout declares."""
FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y", "%Y-%m-%dT%H:%M:%S"]
amounts = st.integers(min_value=-(10**12), max_value=10**13)
accounts = st.text("0123456789", min_size=1, max_size=8)
XML_PATHS = {"vendor_id": "Head/Vendor/@id", "invoice_date": "Head/Day", "gl_account": "Coding/Account"}


def memos(layout: dict) -> st.SearchStrategy[str]:
    """Texts that the encoding and the quoting of a layout can carry."""
    if layout.get("encoding") in {"cp1252", "iso-8859-1"}:
        latin = st.text("abc äöüéèßñ,;'\"", max_size=12)
        return latin.filter(lambda text: text[:1] != " " or text.lstrip(" ")[:1] != layout.get("quote", '"'))
    if layout.get("quote") == "":
        return st.text("abc äöü∑漢'", max_size=12)
    told = st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs"))
    # A cell that begins with a space and the quotation mark is refused: where it ends would be in doubt.
    texts = st.text(told | st.sampled_from(" ,;|\"'\n"), max_size=12)
    return texts.filter(lambda text: text[:1] != " " or text.lstrip(" ")[:1] != layout.get("quote", '"'))


common = {
    "number_style": st.sampled_from(["plain", "us", "eu"]),
    "date_format": st.sampled_from(FORMATS),
    "packed": st.sampled_from(["", "gzip", "zip"]),
}
delimited = {
    **common,
    "encoding": st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1"]),
    "delimiter": st.sampled_from([",", ";", "\t", "|"]),
    "quote": st.sampled_from(['"', "'", ""]),
    "skip_lines": st.integers(0, 2),
    "line_end": st.sampled_from(["\r\n", "\n", "\r"]),
}
flat = st.fixed_dictionaries(
    {
        **delimited,
        "all_quoted": st.booleans(),
        "order": st.sampled_from([[], [1], [2]]),
        "columns": st.sampled_from([{}, {"invoice_number": ["Belegnummer"], "gl_account": ["Konto", "Reference"]}]),
    }
)
header_lines = st.fixed_dictionaries(
    {
        **delimited,
        "kind": st.just("header_lines"),
        "records": st.sampled_from(
            [
                {"header": "H", "line": "L", "header_fields": list(HEAD), "line_fields": list(LINE)},
                {"header": "HDR", "line": "LIN", "column": "Rec"},
            ]
        ),
    }
)
xml = st.fixed_dictionaries(
    {
        **common,
        "kind": st.just("xml"),
        "xml": st.sampled_from(
            [{}, {"invoice": "Bills/Bill", "line": "Row"}, {"line": "Rows/Row", "paths": XML_PATHS}]
        ),
    }
)


@st.composite
def files(draw) -> tuple[list[Invoice], dict]:
    layout = dict(draw(st.one_of(flat, header_lines, xml)))
    if layout.get("quote") == "":
        layout["delimiter"] = "|"
    if layout.get("line_end") == "\r":  # Python 3.11 quotes a line feed only where it ends lines
        layout["all_quoted"] = layout["quote"] != ""
    layout["compression"] = "accept" if layout.get("packed") else "refuse"
    count = draw(st.integers(1, 5))
    texts = memos(layout)
    batch = [
        Invoice(
            number=f"N{place}",
            day=draw(st.dates(date(1990, 1, 1), date(2100, 12, 31))),
            vendor=f"V{draw(st.integers(0, 3))}",
            currency=draw(st.sampled_from(["USD", "EUR", "JPY", "KWD"])),
            lines=tuple(_lines(draw, texts)),
        )
        for place in range(count)
    ]
    return batch, layout


def _lines(draw, texts) -> list[Line]:
    lines = draw(st.lists(st.builds(Line, amounts, accounts, texts), min_size=1, max_size=4))
    total = sum(line.minor for line in lines)
    return lines if total >= 0 else [*lines, Line(-total, "9", "")]


def trimmed(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(files())
def test_any_valid_batch_reads_back_equal_in_any_declared_layout(file):
    batch, told = file
    layout = InvoiceLayout.model_validate({key: text for key, text in told.items() if key not in OWN}).layout()
    parsed = parse(io.BytesIO(write(batch, told)), name="invoices.csv", layout=layout)
    assert parsed.rejects.empty, list(parsed.rejects["sentence"])
    names = ["invoice_number", "line_number", "invoice_date", "vendor_id", "currency", "invoice_total", "line_amount",
             "gl_account", "line_description"]  # fmt: skip
    got = {tuple(row) for row in parsed.lines[names].itertuples(index=False)}
    wanted = {
        (one.number, place, one.day.isoformat(), one.vendor, one.currency, one.total, line.minor, line.account,
         trimmed(line.memo))
        for one in batch
        for place, line in enumerate(one.lines, start=1)
    }  # fmt: skip
    assert got == wanted
    sums: dict[str, int] = {}
    for one in batch:
        sums[one.currency] = sums.get(one.currency, 0) + one.total
    assert {currency: total.minor for currency, total in parsed.totals.items()} == sums


@settings(max_examples=60, deadline=None)
@given(files(), st.integers(0, 9999), st.integers(0, 255))
def test_a_damaged_byte_is_refused_rejected_or_read_and_never_crashes(file, place, byte):
    batch, settings_ = file
    layout = InvoiceLayout.model_validate({key: text for key, text in settings_.items() if key not in OWN}).layout()
    content = bytearray(write(batch, settings_))
    content[place % len(content)] = byte
    try:
        parsed = parse(io.BytesIO(bytes(content)), name="invoices.csv", layout=layout)
    except FileRefused as refusal:
        told = f"{refusal.code}: {refusal.remedy}"
        parsed = None
    assert parsed is not None or re.fullmatch(r"[A-Z_]+: .+", told, re.DOTALL)
    if parsed is not None:
        sums = (parsed.lines["line_amount"] + parsed.lines["tax_amount"]).groupby(parsed.lines["document"]).sum()
        assert list(sums) == list(parsed.lines.drop_duplicates("document")["invoice_total"])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["flat", "header_lines", "xml"]))
def test_any_bytes_at_all_end_in_a_sentence(content, kind):
    layout = InvoiceLayout(kind=kind, compression="accept").layout()
    try:
        remedy = str(parse(io.BytesIO(content), name="x", layout=layout).documents)
    except FileRefused as refusal:
        remedy = refusal.remedy
    assert remedy
