"""Writes a batch of invoices in any layout that settings can declare: the counterpart of the readers."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr
from zlib import crc32

from stampli_assets.model.money import plain
from stampli_assets.stampli.contracts import INVOICES

HEAD = ("stampli_invoice_id", "invoice_number", "invoice_date", "vendor_id", "vendor_name", "currency", "invoice_total")
LINE = ("line_number", "gl_account", "line_amount", "line_description")


@dataclass(frozen=True)
class Line:
    minor: int
    account: str
    memo: str


@dataclass(frozen=True)
class Invoice:
    number: str
    day: date
    vendor: str
    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        return sum(line.minor for line in self.lines)


def write(batch: list[Invoice], layout: dict) -> bytes:
    """The bytes of a file that the layout (as in the settings) describes."""
    kind = layout.get("kind", "flat")
    text = {"flat": _flat, "header_lines": _records, "xml": _xml}[kind](batch, layout)
    encoding = "utf-8" if kind == "xml" else layout.get("encoding", "utf-8")
    content = text.encode(encoding)
    match layout.get("packed", ""):
        case "gzip":
            return gzip.compress(content)
        case "zip":
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("invoices.csv", content)
            return out.getvalue()
    return content


def _cells(invoice: Invoice, place: int, layout: dict) -> dict[str, str]:
    line, style = invoice.lines[place], layout.get("number_style", "plain")
    return {
        "stampli_invoice_id": f"ST-{invoice.number}",
        "invoice_number": invoice.number,
        "invoice_date": invoice.day.strftime(layout.get("date_format", "%Y-%m-%d")),
        "vendor_id": invoice.vendor,
        "vendor_name": f"Vendor {invoice.vendor}",
        "currency": invoice.currency,
        "invoice_total": amount(invoice.total, invoice.currency, style),
        "line_number": str(place + 1),
        "gl_account": line.account,
        "line_amount": amount(line.minor, invoice.currency, style),
        "line_description": line.memo,
    }


def amount(minor: int, currency: str, style: str) -> str:
    """An amount with the groups of its style."""
    text = plain(minor, currency)
    if style == "plain":
        return text
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, fraction = bare.partition(".")
    grouped = f"{int(whole):,}{point}{fraction}"
    return sign + (grouped if style == "us" else grouped.translate(str.maketrans(",.", ".,")))


def _title(name: str, layout: dict) -> str:
    told = layout.get("columns", {}).get(name)
    return told[0] if told else INVOICES.by_name[name].header


def _writer(layout: dict) -> tuple[io.StringIO, object]:
    out = io.StringIO()
    if "skip_lines" in layout:
        out.write("A title\r\n" * layout["skip_lines"])
    quoting = csv.QUOTE_ALL if layout.get("all_quoted") else csv.QUOTE_MINIMAL
    quote = layout.get("quote", '"')
    told = {"quotechar": quote, "quoting": quoting} if quote else {"quotechar": None, "quoting": csv.QUOTE_NONE}
    ends = layout.get("line_end", "\r\n")
    return out, csv.writer(out, delimiter=layout.get("delimiter", ","), lineterminator=ends, **told)


def _rows(batch: list[Invoice], layout: dict) -> list[dict[str, str]]:
    rows = [_cells(invoice, place, layout) for invoice in batch for place in range(len(invoice.lines))]
    order = layout.get("order", [])
    return (
        sorted(rows, key=lambda row: crc32(f"{order} {row['line_number']} {row['invoice_number']}".encode()))
        if order
        else rows
    )


def _flat(batch: list[Invoice], layout: dict) -> str:
    out, writer = _writer(layout)
    names = [*HEAD, *LINE]
    writer.writerow([_title(name, layout) for name in names])
    writer.writerows([row[name] for name in names] for row in _rows(batch, layout))
    return out.getvalue()


def _records(batch: list[Invoice], layout: dict) -> str:
    out, writer = _writer(layout)
    told = layout["records"]
    if "header_fields" not in told:
        writer.writerow(["Rec", *(_title(name, layout) for name in (*HEAD, *LINE))])
    for invoice in batch:
        head = _cells(invoice, 0, layout)
        blank = [""] * len(LINE) if "header_fields" not in told else []
        writer.writerow([told["header"], *(head[name] for name in HEAD), *blank])
        for place in range(len(invoice.lines)):
            line = _cells(invoice, place, layout)
            blank = [""] * len(HEAD) if "header_fields" not in told else []
            writer.writerow([told["line"], *blank, *(line[name] for name in LINE)])
    return out.getvalue()


def _xml(batch: list[Invoice], layout: dict) -> str:
    told = layout.get("xml", {})
    invoice_tag, line_tag = told.get("invoice", "Invoice"), told.get("line", "Lines/Line")
    paths = told.get("paths", {})
    body = "".join(
        _nested(
            invoice_tag,
            _fields({name: _cells(one, 0, layout)[name] for name in HEAD}, paths)
            + "".join(
                _nested(line_tag, _fields({name: _cells(one, place, layout)[name] for name in LINE}, paths))
                for place in range(len(one.lines))
            ),
        )
        for one in batch
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Export count={quoteattr(str(len(batch)))}>{body}</Export>'


def _fields(cells: dict[str, str], paths: dict[str, str]) -> str:
    return "".join(
        _nested(paths.get(name, INVOICES.by_name[name].header.replace(" ", "")), escape(text))
        for name, text in cells.items()
    )


def _nested(path: str, inner: str) -> str:
    for tag in reversed(path.split("/")):
        if tag.startswith("@"):
            inner = ("@", tag[1:], inner)  # type: ignore[assignment]
        elif isinstance(inner, tuple):
            inner = f'<{tag} {inner[1]}="{inner[2]}"/>'
        else:
            inner = f"<{tag}>{inner}</{tag}>"
    return inner
