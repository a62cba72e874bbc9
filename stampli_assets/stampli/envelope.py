"""The outside of a file: its size, archives around it, encryption, and files that are something else."""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

from stampli_assets.model.armour import is_pgp
from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.layout import Layout, Shape

SEND_AGAIN = "Ask Stampli to export the file again."
_BLOCK = 1 << 16
_FREE_BYTES = 1 << 20
"""An archive is not judged by its ratio before it has given this much."""
_SPOOLED = 8 << 20
_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)


def unwrapped(source: BinaryIO, name: str, layout: Layout) -> io.BufferedReader:
    """The bytes of the export itself, read as they are asked for; never more than the layout allows.

    Raises:
        FileRefused: it is another kind of file, encrypted, an archive that is not accepted, damaged or lying, or it is
            larger than allowed (said when that is reached while reading).
    """
    stream = _capped(source.read, name, layout.max_bytes)
    head = stream.peek(_BLOCK)[:_BLOCK]
    _refuse_encrypted(head, name)
    if head.startswith(b"\x1f\x8b"):
        return _inside(_capped(_gzip(stream, name, layout), name, layout.max_bytes), name, "a gzip archive", layout)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _inside(_capped(_zip(stream, name, layout), name, layout.max_bytes), name, "a zip archive", layout)
    _refuse_other_kinds(head, name)
    return stream


def _inside(stream: io.BufferedReader, name: str, kind: str, layout: Layout) -> io.BufferedReader:
    if layout.compression != "accept":
        raise FileRefused(
            f"{name} is {kind}, and this connection takes its files as they are.",
            remedy="Set compression: accept in the layout of the settings, or switch compression off in the export.",
            code="COMPRESSED",
        )
    head = stream.peek(_BLOCK)[:_BLOCK]
    _refuse_encrypted(head, name)
    _refuse_other_kinds(head, name)
    if head.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        raise FileRefused(
            f"{name} is an archive inside an archive.", remedy="Have it packed once only.", code="ARCHIVE_NESTED"
        )
    return stream


class _Reading(io.RawIOBase):
    """A raw stream over a function that reads at most so many bytes."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        super().__init__()
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        some = self._read(len(buffer))
        buffer[: len(some)] = some
        return len(some)


def _capped(read: Callable[[int], bytes], name: str, limit: int) -> io.BufferedReader:
    taken = 0

    def some(size: int) -> bytes:
        nonlocal taken
        block = read(size)
        taken += len(block)
        if taken > limit:
            raise FileRefused(
                f"{name} is larger than {limit // 1_000_000} MB.",
                remedy="Raise max_megabytes in the settings if files of this size are expected.",
                code="FILE_TOO_LARGE",
            )
        return block

    return io.BufferedReader(_Reading(some), _BLOCK)


def _gzip(packed: io.BufferedReader, name: str, layout: Layout) -> Callable[[int], bytes]:
    """One gzip member, inflated block by block."""
    inflate = zlib.decompressobj(wbits=31)
    given = taken = 0

    def some(size: int) -> bytes:
        nonlocal given, taken
        while not inflate.eof:
            block = inflate.unconsumed_tail
            if not block:
                block = packed.read(_BLOCK)
                taken += len(block)
                if not block:
                    raise _damaged(name, "it ends too early")
            try:
                out = inflate.decompress(block, size)
            except zlib.error:
                raise _damaged(name, "its check sum is wrong or bytes are missing") from None
            given += len(out)
            _refuse_bomb(name, given, taken, layout)
            if out:
                return out
        if inflate.unused_data.strip(b"\0") or packed.read(1).strip(b"\0"):
            raise _several(name)
        return b""

    return some


def _zip(packed: io.BufferedReader, name: str, layout: Layout) -> Callable[[int], bytes]:
    """The only member of a zip archive, inflated block by block."""
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - lives as long as the function below
    while block := packed.read(_BLOCK):
        spool.write(block)
    size = spool.tell()
    spool.seek(max(0, size - 66_000))
    tail = spool.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise FileRefused(
            f"{name} begins like a zip archive or an Excel workbook and has no end: it was cut off or is damaged.",
            remedy=SEND_AGAIN,
            code="WRONG_TYPE",
        )
    directory = int.from_bytes(tail[end + 12 : end + 16], "little")
    if directory > 1_000_000:
        raise _several(name)
    try:
        archive = zipfile.ZipFile(cast("BinaryIO", spool))
        members = archive.infolist()
        _refuse_workbook(members, name)
        if len(members) != 1:
            raise _several(name, [one.filename for one in members])
        member = members[0]
        _refuse_member(member, name)
        opened = archive.open(member)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError) as problem:
        raise _damaged(name, "its directory cannot be read") from problem
    _refuse_bomb(name, member.file_size, max(member.compress_size, 1), layout)
    given, over = 0, False

    def some(size: int) -> bytes:
        nonlocal given, over
        try:
            out = b"" if over else opened.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError):
            raise _damaged(name, "its check sum is wrong or bytes are missing") from None
        given += len(out)
        _refuse_bomb(name, given, max(member.compress_size, 1), layout)
        if not out:
            over = True
            archive.close()
            spool.close()
        return out

    return some


def _refuse_workbook(members: list[zipfile.ZipInfo], name: str) -> None:
    names = {one.filename for one in members}
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise _wrong_type(name, "an Excel workbook or another office document")


def _refuse_member(member: zipfile.ZipInfo, name: str) -> None:
    inner = member.filename
    unsafe = "/" in inner or "\\" in inner or ".." in inner or ":" in inner or not inner.isprintable()
    if unsafe or member.is_dir():
        raise FileRefused(
            f"{name} holds a member named {inner!r}, which is no plain file name.",
            remedy="Have the export packed alone, without folders.",
            code="ARCHIVE_NAME",
        )
    if member.flag_bits & 0x1:
        raise FileRefused(
            f"{name} is a zip archive with a pass word.",
            remedy="Switch the pass word off in the export; SFTP protects the file on its way.",
            code="ENCRYPTED_NOT_CONFIGURED",
        )
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _damaged(name, "it is packed by a method other than deflate")


def _refuse_bomb(name: str, given: int, taken: int, layout: Layout) -> None:
    if given > _FREE_BYTES and given > layout.max_ratio * taken:
        raise FileRefused(
            f"{name} unpacks to more than {layout.max_ratio} times its size: no export does that.",
            remedy="It was not unpacked further. " + SEND_AGAIN,
            code="ARCHIVE_RATIO",
        )


def _several(name: str, members: list[str] | None = None) -> FileRefused:
    named = f": {', '.join(members[:5])}" if members else ""
    count = "no file" if members == [] else "more than one file"
    return FileRefused(
        f"{name} holds {count}{named}; exactly one export per archive is read.",
        remedy="Have each export packed by itself.",
        code="ARCHIVE_MEMBERS",
    )


def _damaged(name: str, why: str) -> FileRefused:
    return FileRefused(f"{name} is a damaged archive: {why}.", remedy=SEND_AGAIN, code="ARCHIVE_DAMAGED")


def _refuse_encrypted(head: bytes, name: str) -> None:
    """What the connection's own key opens never comes here."""
    if is_pgp(head):
        raise FileRefused(
            f"{name} is encrypted with PGP, and this connection has no key.",
            remedy="Name the private key in stampli.pgp_key of the settings (docs/files.md), or switch PGP off in the export: "
            "SFTP protects the file on its way.",
            code="ENCRYPTED_NOT_CONFIGURED",
        )


def _refuse_other_kinds(head: bytes, name: str) -> None:
    kind = next((kind for magic, kind in _KINDS if head.startswith(magic)), None)
    start = head[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if kind is None and (start.startswith(b"<") and (start.startswith(b"<!doctype html") or b"<html" in start[:512])):
        kind = "a web page (perhaps an error page)"
    if kind is not None:
        raise _wrong_type(name, kind)


def refuse_markup(stream: io.BufferedReader, name: str, layout: Layout) -> None:
    """Refuse XML and JSON where delimited text is declared, and the reverse.

    Raises:
        FileRefused: with the kind that it is.
    """
    head = stream.peek(_BLOCK)[:2048].removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b" \t\r\n\xff\xfe")
    is_xml = head.startswith(b"<")
    if not head and layout.shape is Shape.XML:
        raise FileRefused(f"{name} is empty.", remedy=SEND_AGAIN, code="EMPTY_FILE")
    if is_xml and layout.shape is not Shape.XML:
        raise FileRefused(
            f"{name} is an XML file, and this connection's layout is {layout.shape}.",
            remedy="Set kind: xml in the layout if the export is XML now; otherwise check the export format in Stampli.",
            code="WRONG_TYPE",
        )
    if head.startswith((b"{", b"[{")):
        raise _wrong_type(name, "a JSON file")
    if not is_xml and layout.shape is Shape.XML:
        raise FileRefused(
            f"{name} is not an XML file, and this connection's layout is xml.",
            remedy="Set kind: flat in the layout if the export is CSV now; otherwise check the export format in Stampli.",
            code="WRONG_TYPE",
        )


def _wrong_type(name: str, kind: str) -> FileRefused:
    return FileRefused(
        f"{name} is {kind}, not a CSV or XML export.",
        remedy="Check the export format in Stampli. " + SEND_AGAIN,
        code="WRONG_TYPE",
    )
