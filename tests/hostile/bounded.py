"""Run in a process of its own: one oversized file, how it ended, and by how much memory grew."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import resource
import sys
import zipfile
from collections.abc import Iterator

from builders.exports import HEADERS
from hostile.kinds import PAID

from stampli_assets.model.errors import FileRefused
from stampli_assets.pipeline.parse import parse
from stampli_assets.pipeline.parse_payments import parse_payments
from stampli_assets.stampli.contracts import PAYMENTS
from stampli_assets.stampli.layout import Layout, RecordTypes, Shape

MIB = 1 << 20
HEADER = ",".join(HEADERS[: HEADERS.index("Line Description") + 1]).encode() + b"\r\n"
XML_HEAD = b"<Export><Invoice><InvoiceNumber>A</InvoiceNumber>"


class Endless(io.RawIOBase):
    """A file of blocks that are made when they are read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._left = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer) -> int:
        if not self._left:
            self._left = next(self._blocks, b"")
        some, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(some)] = some
        return len(some)


def repeated(start: bytes, again: bytes, megabytes: int, end: bytes = b"") -> io.BufferedReader:
    block = again * (MIB // len(again))
    return io.BufferedReader(Endless(itertools.chain([start], itertools.repeat(block, megabytes), [end])))


def packed(megabytes: int) -> io.BytesIO:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        for _ in range(megabytes):
            file.write(b"a,b\n" * (MIB // 4))
    return io.BytesIO(out.getvalue())


def zipped(megabytes: int) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as file:
        for _ in range(megabytes):
            file.write(b"a,b\n" * (MIB // 4))
    return io.BytesIO(out.getvalue())


def invoices(count: int, lines: int, *, quoted: bool) -> io.BufferedReader:
    """Invoices of so many lines each, 24 columns, every memo quoted or none."""

    def blocks() -> Iterator[bytes]:
        yield HEADER
        for first in range(0, count, 500):
            yield "".join(_invoice(n, lines, quoted) for n in range(first, min(first + 500, count))).encode()

    return io.BufferedReader(Endless(blocks()))


def _invoice(n: int, lines: int, quoted: bool) -> str:
    total = sum((n % 900 + k) * 100 + k for k in range(1, lines + 1))
    memo = f'"Paper, toner {n}"' if quoted else f"Paper {n}"
    return "".join(
        f"ST-{n},INVOICE,INV-{n:07d},2026-11-02,2026-12-02,,V-{n % 500:05d},Old Mill Printing {n % 500},,USD,"
        f"{total // 100}.{total % 100:02d},Net 30,,Office supplies {n},{k},,62{n % 90:03d},{n % 900 + k}.{k:02d},,200,110,"
        f",,{memo}\r\n"
        for k in range(1, lines + 1)
    )


def xml_invoices(count: int, lines: int) -> io.BufferedReader:
    def blocks() -> Iterator[bytes]:
        yield b"<Export>"
        for n in range(count):
            body = "".join(
                f"<Line><LineNumber>{k}</LineNumber><GLAccount>62200</GLAccount><LineAmount>1.00</LineAmount></Line>"
                for k in range(1, lines + 1)
            )
            yield (
                f"<Invoice><StampliInvoiceID>ST-{n}</StampliInvoiceID><InvoiceNumber>INV-{n}</InvoiceNumber>"
                f"<InvoiceDate>2026-11-02</InvoiceDate><VendorID>V-{n % 500}</VendorID><Currency>USD</Currency>"
                f"<InvoiceTotal>{lines}.00</InvoiceTotal><Lines>{body}</Lines></Invoice>\n"
            ).encode()
        yield b"</Export>"

    return io.BufferedReader(Endless(blocks()))


def record_invoices(count: int, lines: int) -> io.BufferedReader:
    def blocks() -> Iterator[bytes]:
        for n in range(count):
            body = "".join(f"L,{k},62200,1.00\r\n" for k in range(1, lines + 1))
            yield f"H,ST-{n},INV-{n},2026-11-02,V-{n % 500},USD,{lines}.00\r\n{body}".encode()

    return io.BufferedReader(Endless(blocks()))


def paid_invoices(count: int, lines: int) -> io.BufferedReader:
    """Payments of so many invoices each, 21 columns."""

    def blocks() -> Iterator[bytes]:
        yield ",".join(PAID).encode() + b"\r\n"
        for n in range(count):
            head = f"SP-{n},{n:06d},PB-1,,November,2026-11-20,,ACH,PAID,100,OPERATING,V-{n % 500:05d},Old Mill {n % 500},USD"
            rows = (f"{head},{lines}.00,ST-{n}-{k},INV-{n}-{k},1.00,,,\r\n" for k in range(lines))
            yield "".join(rows).encode()

    return io.BufferedReader(Endless(blocks()))


OPEN = Layout(compression="accept")
XML = Layout(shape=Shape.XML)
RECORDS = Layout(
    shape=Shape.HEADER_LINES,
    records=RecordTypes(
        header_fields=(
            "stampli_invoice_id",
            "invoice_number",
            "invoice_date",
            "vendor_id",
            "currency",
            "invoice_total",
        ),
        line_fields=("line_number", "gl_account", "line_amount"),
    ),
)
CASES = {
    "a quoted cell of 100 MB": lambda: (repeated(HEADER + b'"', b"x\n", 100), Layout()),
    "a cell of 100 MB in one line": lambda: (repeated(HEADER, b"x", 100), Layout()),
    "a header of 100 MB": lambda: (repeated(b"", b"x,", 100), Layout()),
    "200 MB of line ends": lambda: (repeated(HEADER, b"\n", 200), Layout()),
    "a gzip bomb of 500 MB": lambda: (packed(500), OPEN),
    "a zip bomb of 500 MB": lambda: (zipped(500), OPEN),
    "an XML text of 100 MB": lambda: (repeated(XML_HEAD + b"<Description>", b"x", 100), XML),
    "an XML attribute of 100 MB": lambda: (repeated(XML_HEAD + b'<Description x="', b"x", 100), XML),
    "an XML comment of 100 MB": lambda: (repeated(XML_HEAD + b"<!--", b"x", 100), XML),
    "100 MB of XML elements in one invoice": lambda: (repeated(XML_HEAD, b"<a/>", 100), XML),
    "100 MB of XML elements beside the invoices": lambda: (repeated(b"<Export>", b"<a><b/></a>", 100), XML),
    "50,000 lines": lambda: (invoices(10_000, 5, quoted=False), Layout()),
    "50,000 quoted lines": lambda: (invoices(10_000, 5, quoted=True), Layout()),
    "50,000 lines of XML": lambda: (xml_invoices(10_000, 5), XML),
    "50,000 line records": lambda: (record_invoices(10_000, 5), RECORDS),
    "50,000 paid invoices": lambda: (paid_invoices(10_000, 5), Layout(PAYMENTS)),
    "500,000 lines": lambda: (invoices(100_000, 5, quoted=False), Layout()),
    "500,000 quoted lines": lambda: (invoices(100_000, 5, quoted=True), Layout()),
    "500,000 lines of XML": lambda: (xml_invoices(100_000, 5), XML),
    "500,000 line records": lambda: (record_invoices(100_000, 5), RECORDS),
}


def peak() -> int:
    """The most memory that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def read(source: io.BufferedReader, layout: Layout) -> str:
    """What was read of a file."""
    if layout.contract is PAYMENTS:
        paid = parse_payments(source, name="big", layout=layout)
        return f"{paid.payments} payments, {len(paid.lines)} lines"
    parsed = parse(source, name="big", layout=layout)
    return f"{parsed.documents} invoices, {len(parsed.lines)} lines"


def main(case: str) -> dict[str, object]:
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    source, layout = CASES[case]()
    parse(io.BytesIO(HEADER), name="warm", layout=Layout())
    before = peak()
    try:
        end = read(source, layout)
    except FileRefused as refusal:
        end = refusal.code
    return {"end": end, "grew": peak() - before, "peak": peak()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))  # noqa: T201
