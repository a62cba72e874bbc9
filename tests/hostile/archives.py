"""Archives, encryption and files that are something else."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import zipfile

from hostile.entry import plain, read, refused

OPEN = {"compression": "accept"}
A_B = {"accepts": "A B", "totals": "6.00", **OPEN}


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def one(content: bytes = b"", name: str = "invoices.csv", **more: int) -> bytes:
    return zipped((name, content or plain()), **more)


def lying() -> bytes:
    """A zip whose directory says that its member is small."""
    content = one(b"x" * 3_000_000)
    return content.replace(struct.pack("<L", 3_000_000), struct.pack("<L", 100))


def locked() -> bytes:
    """A zip whose member is marked as protected by a pass word."""
    content = bytearray(one())
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def damaged(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


GZIP = [
    read("gzip", gzip.compress(plain()), **A_B),
    read("gzip of utf-16", gzip.compress(plain().decode().encode("utf-16")), **A_B),
    read("gzip padded with NULs", gzip.compress(plain()) + bytes(64), **A_B),
    refused("gzip where archives are not accepted", gzip.compress(plain()), "COMPRESSED", "compression: accept"),
    refused("gzip cut off", gzip.compress(plain())[:-9], "ARCHIVE_DAMAGED", **OPEN),
    refused("gzip with a wrong check sum", gzip.compress(plain())[:-8] + bytes(8), "ARCHIVE_DAMAGED", **OPEN),
    refused("gzip with a flipped byte", damaged(gzip.compress(plain())), "ARCHIVE_DAMAGED", **OPEN),
    refused("two gzip members", gzip.compress(plain()) * 2, "ARCHIVE_MEMBERS", **OPEN),
    refused("gzip with a tail", gzip.compress(plain()) + b"tail", "ARCHIVE_MEMBERS", **OPEN),
    refused("gzip inside gzip", gzip.compress(gzip.compress(plain())), "ARCHIVE_NESTED", **OPEN),
    refused("gzip of a workbook", gzip.compress(b"PK\x03\x04" + bytes(100)), "ARCHIVE_NESTED", **OPEN),
    refused("gzip of nothing", gzip.compress(b""), "EMPTY_FILE", **OPEN),
    refused("a gzip bomb", lambda: gzip.compress(b"a,b\n" * 8_000_000), "ARCHIVE_RATIO", "100 times", **OPEN),
    refused(
        "gzip that unpacks to more than allowed",
        lambda: gzip.compress(plain() * 100),
        "FILE_TOO_LARGE",
        max_bytes=10_000,
        **OPEN,
    ),
    refused("the first bytes of gzip and no more", b"\x1f\x8b", "ARCHIVE_DAMAGED", **OPEN),
]

ZIP = [
    read("zip", one(), **A_B),
    read("zip, stored", one(method=zipfile.ZIP_STORED), **A_B),
    refused("zip where archives are not accepted", one(), "COMPRESSED"),
    refused(
        "zip of two files", zipped(("a.csv", plain()), ("b.csv", plain())), "ARCHIVE_MEMBERS", "a.csv, b.csv", **OPEN
    ),
    refused(
        "zip of a file and what a Mac adds",
        zipped(("a.csv", plain()), ("__MACOSX/._a.csv", b"x")),
        "ARCHIVE_MEMBERS",
        **OPEN,
    ),
    refused("zip of nothing", zipped(), "ARCHIVE_MEMBERS", "no file", **OPEN),
    refused(
        "zip of twenty thousand files",
        lambda: zipped(*((f"{n}.csv", b"") for n in range(20_000))),
        "ARCHIVE_MEMBERS",
        **OPEN,
    ),
    refused("zip with a path that climbs", one(name="../../etc/invoices.csv"), "ARCHIVE_NAME", **OPEN),
    refused("zip with an absolute path", one(name="/etc/passwd"), "ARCHIVE_NAME", **OPEN),
    refused("zip with a folder", one(name="november/invoices.csv"), "ARCHIVE_NAME", **OPEN),
    refused("zip with a Windows path", one(name="C:\\invoices.csv"), "ARCHIVE_NAME", **OPEN),
    refused("zip with a control character in its name", one(name="invoices\x1b.csv"), "ARCHIVE_NAME", **OPEN),
    refused("zip with a pass word", locked, "ENCRYPTED_NOT_CONFIGURED", "pass word", **OPEN),
    refused("zip packed by lzma", one(method=zipfile.ZIP_LZMA), "ARCHIVE_DAMAGED", "deflate", **OPEN),
    refused("zip cut off", one()[:-30], "WRONG_TYPE", **OPEN),
    refused("zip whose data is damaged", damaged(one(method=zipfile.ZIP_STORED)), "ARCHIVE_DAMAGED", **OPEN),
    refused("zip that lies about its size", lying, "ARCHIVE_DAMAGED", **OPEN),
    refused("a zip bomb", lambda: one(b"a,b\n" * 8_000_000), "ARCHIVE_RATIO", **OPEN),
    refused("zip inside zip", one(one()), "ARCHIVE_NESTED", **OPEN),
    refused(
        "zip that unpacks to more than allowed",
        lambda: one(plain() * 100, method=zipfile.ZIP_STORED),
        "FILE_TOO_LARGE",
        max_bytes=10_000,
        **OPEN,
    ),
    refused(
        "an Excel workbook",
        zipped(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<a/>")),
        "WRONG_TYPE",
        "workbook",
    ),
    refused(
        "an OpenDocument sheet",
        zipped(("mimetype", b"application/vnd.oasis"), ("content.xml", b"<a/>")),
        "WRONG_TYPE",
        **OPEN,
    ),
]

OTHERS = [
    refused("an old workbook", b"\xd0\xcf\x11\xe0" + bytes(600), "WRONG_TYPE", "old Excel"),
    refused("a PDF", b"%PDF-1.7\n" + bytes(600), "WRONG_TYPE", "PDF"),
    refused("a web page", b"<!DOCTYPE html><html><body>Sign in</body></html>", "WRONG_TYPE", "web page"),
    refused("a web page behind blank lines", b"\r\n\r\n  <html><body>504</body></html>", "WRONG_TYPE", "web page"),
    refused("an XML file where CSV is declared", b"<?xml version='1.0'?><a/>", "WRONG_TYPE", "kind: xml"),
    refused("JSON", json.dumps([{"id": 1}]).encode(), "WRONG_TYPE", "JSON"),
    refused("an image", b"\x89PNG\r\n\x1a\n" + bytes(64), "WRONG_TYPE", "image"),
    refused("7-Zip", b"7z\xbc\xaf\x27\x1c" + bytes(64), "WRONG_TYPE", "7-Zip"),
    refused("bzip2", bz2.compress(plain()), "WRONG_TYPE", "bzip2", **OPEN),
    refused("xz", lzma.compress(plain()), "WRONG_TYPE", "xz", **OPEN),
    refused("armoured PGP", b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
            "ENCRYPTED_NOT_CONFIGURED", "has no key"),
    refused("binary PGP to a key", b"\x85\x01\x0c\x03" + bytes(range(200)), "ENCRYPTED_NOT_CONFIGURED"),
    refused("binary PGP of the new format", b"\xc1\xc0\x4c\x03" + bytes(range(200)), "ENCRYPTED_NOT_CONFIGURED"),
    refused("binary PGP with a pass phrase", b"\x8c\x0d\x04\x09\x03\x02" + bytes(range(99)), "ENCRYPTED_NOT_CONFIGURED"),
    refused("PGP inside gzip", gzip.compress(b"-----BEGIN PGP MESSAGE-----\n"), "ENCRYPTED_NOT_CONFIGURED", **OPEN),
    refused("random bytes", bytes((n * 7919) % 251 for n in range(5000)), "DECODE_ERROR"),
]  # fmt: skip

ENTRIES = [*GZIP, *ZIP, *OTHERS]
