"""Secrets that are looked for afterwards, in every encoding and in every byte that was written."""

from __future__ import annotations

import base64
import contextlib
import gzip
import secrets
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

MOST_INFLATED = 64 * 1024 * 1024


@dataclass(frozen=True)
class Canary:
    """A secret that no other text resembles: a random word, what encodings change, the word's other half."""

    name: str
    value: str

    @classmethod
    def make(cls, name: str) -> Canary:
        return cls(name, f"cN{secrets.token_hex(6)} <&\"'> ü+/%{secrets.token_hex(6)}")

    @property
    def word(self) -> str:
        """What stays as it is in every textual encoding, and in a beginning that was cut off."""
        return self.value.split(" ", maxsplit=1)[0]

    def forms(self) -> dict[str, bytes]:
        """Everything that gives it away, by the name of the encoding."""
        word, whole = self.word.encode(), self.value.encode()
        found = {
            "plain": word,
            "whole": whole,
            "utf-16": self.word.encode("utf-16-le"),
            "hex": word.hex().encode(),
            "url": quote(self.value, safe="").encode(),
            "form": quote_plus(self.value).encode(),
            "every byte in url": "".join(f"%{byte:02x}" for byte in word).encode(),
            "xml": escape(self.value, {'"': "&quot;", "'": "&apos;"}).encode(),
            "every byte in xml": "".join(f"&#{byte};" for byte in word).encode(),
            "every byte in xml hex": "".join(f"&#x{byte:x};" for byte in word).encode(),
        }
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + word)
            found[f"base64 at {offset}"] = coded[4 if offset else 0 : len(coded) // 4 * 4 - 4]
        return found


def hits(canaries: list[Canary], content: bytes) -> list[str]:
    """Which canaries stand in the bytes, and how; capitals of an encoding do not matter, base64's do."""
    lowered = content.lower()
    return [
        f"{canary.name} as {form}"
        for canary in canaries
        for form, wanted in canary.forms().items()
        if (wanted in content if form.startswith("base64") else wanted.lower() in lowered)
    ]


def search(canaries: list[Canary], folder: Path, *, leave_out: frozenset[str] = frozenset()) -> list[str]:
    """Every hit below a folder, inside databases and compressed content too; ``leave_out`` names its first-level entries."""
    found = []
    for path in sorted(folder.rglob("*")):
        first = path.relative_to(folder).parts[0]
        if first in leave_out:
            continue
        found += [f"the name {path}: {hit}" for hit in hits(canaries, str(path.relative_to(folder)).encode())]
        if path.is_file():
            found += [f"{path}: {hit}" for part in _parts(path) for hit in hits(canaries, part)]
    return found


def _parts(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield from _inflated(content)
    if content.startswith(b"SQLite format 3\0"):
        yield from _cells(path)


def _cells(path: Path) -> Iterator[bytes]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = [name.decode() for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    if isinstance(cell, bytes):
                        yield from _inflated(cell)


def _inflated(content: bytes) -> Iterator[bytes]:
    yield content
    for begins, inflate in ((b"\x1f\x8b", gzip.decompress), (b"\x78", zlib.decompress)):
        if content.startswith(begins) and len(content) < MOST_INFLATED:
            with contextlib.suppress(OSError, EOFError, zlib.error):
                yield inflate(content)
