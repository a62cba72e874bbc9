"""Invoice images as Stampli would export them: a one-page PDF."""

from __future__ import annotations

from stampli_assets.sandbox.exports import dollars
from stampli_assets.sandbox.invoices import SampleInvoice


def image_name(invoice: SampleInvoice) -> str:
    """``ST-500001.pdf``: the invoice's Stampli id."""
    return f"{invoice.stampli_id}.pdf"


def image(invoice: SampleInvoice) -> bytes:
    """The invoice on one page."""
    lines = [
        invoice.vendor_name,
        f"Invoice {invoice.number}",
        f"Date {invoice.invoice_date}, due {invoice.due_date}",
        *(f"{line.memo}: {dollars(line.cents)}" for line in invoice.lines),
        f"Total {dollars(invoice.cents)} {invoice.currency}",
    ]
    return pdf(lines)


def pdf(lines: list[str]) -> bytes:
    """A PDF of one page with these lines, each a text of Latin-1."""
    shown = "".join(f"({_escaped(line)}) Tj 0 -20 Td\n" for line in lines)
    content = f"BT /F1 14 Tf 72 760 Td\n{shown}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return written + head + table + trailer


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
