"""What the bytes of an unknown file say of its encoding and delimiter. Only proposals are made of it, never readings."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass, field

from stampli_assets.stampli.columns import squeezed
from stampli_assets.stampli.contracts import known_headers

SAMPLE_RECORDS = 100_000
_HEADER_AMONG = 20
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)


@dataclass
class Told:
    """A setting with the evidence for it. ``question`` is what a person must answer before it can be believed."""

    value: str
    evidence: list[str] = field(default_factory=list)
    question: str = ""


def encoding_of(content: bytes) -> tuple[Told, str]:
    """The encoding, and the text that it gives."""
    for mark, name, exact in _MARKS:
        if content.startswith(mark):
            told = Told(name, [f"It begins with the byte order mark of {exact}."])
            return told, content[len(mark) :].decode(exact, errors="replace")
    head = content[:4096]
    if head.count(0) * 3 > len(head) > 0:
        little = head[1::2].count(0) > head[0::2].count(0)
        name = "utf-16-le" if little else "utf-16-be"
        where = "odd" if little else "even"
        return Told(name, [f"No byte order mark; the {where} bytes are NUL."]), content.decode(name, errors="replace")
    if content.isascii():
        return Told("utf-8", ["Only ASCII characters: every encoding reads them alike."]), content.decode("ascii")
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return _eight_bit(content)
    count = sum(not mark.isascii() for mark in text)
    return Told(
        "utf-8", [f"{count} characters beyond ASCII, all of them valid UTF-8, such as {_around(text)!r}."]
    ), text


def _eight_bit(content: bytes) -> tuple[Told, str]:
    high = {byte for byte in content if byte >= 0x80}
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
        question = f"No encoding that is known reads every byte. Does {_around(text)!r} look right?"
        return Told("iso-8859-1", ["It is no UTF-8, and holds bytes that cp1252 does not have."], question), text
    told = Told("cp1252", [f"It is no UTF-8; as cp1252 it reads {_around(text)!r}."])
    other = content.decode("iso-8859-15")
    if any(one != another for one, another in zip(text, other, strict=True)):
        place = next(n for n, (one, another) in enumerate(zip(text, other, strict=True)) if one != another)
        first, second = text[max(0, place - 10) : place + 10], other[max(0, place - 10) : place + 10]
        told.question = f"Does this export say {first!r} (cp1252) or {second!r} (iso-8859-15)?"
    told.evidence.append(f"{len(high)} different bytes beyond ASCII.")
    return told, text


def _around(text: str) -> str:
    place = next((n for n, mark in enumerate(text) if not mark.isascii()), 0)
    return text[max(0, place - 8) : place + 8].strip()


@dataclass
class Grid:
    """The records of an unknown delimited file: the header, those below it, and how they were found."""

    delimiter: Told
    header: list[str]
    records: list[list[str]]
    skip_lines: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Try:
    delimiter: str
    records: list[list[str]]
    header_at: int
    known: int
    even: int

    @property
    def rank(self) -> tuple[int, int, int]:
        width = len(self.records[self.header_at]) if self.records else 0
        return self.known, min(width, 2), self.even


def grid_of(text: str) -> Grid:
    """Read as with each delimiter; the one that finds most known headers, then the evenest rows, is proposed."""
    notes, skipped = [], 0
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        notes.append(f"The first line says {first.strip()!r}; the reader follows it.")
        text, skipped = rest, 1
    tries = [_tried(text, delimiter) for delimiter in _NAMES]
    best = max(tries, key=lambda one: one.rank)
    told = Told(
        best.delimiter, [_evidence(one) for one in tries if one.known or (len(one.records[:1]) and one is best)]
    )
    rivals = [one for one in tries if one is not best and one.rank[0] == best.rank[0] and one.known > 1]
    if rivals:
        told.question = f"Is the delimiter a {_NAMES[best.delimiter]} or a {_NAMES[rivals[0].delimiter]}?"
    header = best.records[best.header_at] if best.records else []
    below = [one for one in best.records[best.header_at + 1 :] if any(cell.strip() for cell in one)]
    if skipped:
        told.evidence.append(notes[0])
    return Grid(told, header, below, _lines_above(text, best), notes)


def _tried(text: str, delimiter: str) -> _Try:
    accepted = known_headers()
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            records.append(record)
            if len(records) >= SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    found = [sum(squeezed(cell) in accepted for cell in record) for record in records[:_HEADER_AMONG]]
    header_at = max(range(len(found)), key=lambda place: (found[place], -place)) if found else 0
    width = len(records[header_at]) if records else 0
    even = sum(len(record) == width for record in records[header_at + 1 :])
    return _Try(delimiter, records, header_at, found[header_at] if found else 0, even if width > 1 else 0)


def _evidence(one: _Try) -> str:
    below = len(one.records) - one.header_at - 1
    width = len(one.records[one.header_at]) if one.records else 0
    return (
        f"As {_NAMES[one.delimiter]}: {width} columns, {one.known} of them known, "
        f"{one.even} of {max(below, 0)} rows of that width."
    )


def _lines_above(text: str, best: _Try) -> int:
    """Physical lines above the header, where what stands there is not blank."""
    above = best.records[: best.header_at]
    if not any(any(cell.strip() for cell in record) for record in above):
        return 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=best.delimiter)
    for _ in above:
        next(reader)
    return reader.line_num


def most(values: list[str], count: int = 3) -> list[str]:
    """The most frequent values, as examples."""
    return [text[:40] for text, _ in Counter(values).most_common(count)]
