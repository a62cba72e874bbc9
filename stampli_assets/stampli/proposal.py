"""A layout proposed from an unknown file, column by column with its evidence, and every ambiguity as a question."""

from __future__ import annotations

import io
from typing import BinaryIO

from stampli_assets.model.money import ISO_4217
from stampli_assets.stampli.amounts import styles_of
from stampli_assets.stampli.columns import CUSTOM_PREFIX, Cell, holds_bank_details, squeezed
from stampli_assets.stampli.contracts import INVOICES, recognized
from stampli_assets.stampli.dates import formats_of
from stampli_assets.stampli.envelope import unwrapped
from stampli_assets.stampli.evidence import encoding_of, grid_of, most
from stampli_assets.stampli.faults import damage_of, day_of_serial
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.proposal_records import looks_like_records, propose_records
from stampli_assets.stampli.proposal_styles import (
    ColumnEvidence,
    Proposal,
    ask_about_credits,
    propose_dates,
    propose_numbers,
)
from stampli_assets.stampli.proposal_xml import propose_xml
from stampli_assets.stampli.values import trimmed
from stampli_assets.stampli.words import likely_column

SAMPLE_BYTES = 32_000_000
_ASSUMED = {"encoding": "utf-8", "delimiter": ","}


def propose(source: BinaryIO, name: str) -> Proposal:
    """Look at a file (its first 32 MB) and propose how to read it.

    Raises:
        FileRefused: it is no text at all (a workbook, a PDF, encrypted …).
    """
    found = Proposal(name)
    magic = source.read(2)
    source = _again(source, magic)
    if magic in {b"\x1f\x8b", b"PK"}:
        found.layout["compression"] = "accept"
        found.evidence["compression"] = ["It is an archive; what it holds is described here."]
    stream = unwrapped(source, name, Layout(compression="accept", max_bytes=4_096_000_000))
    content = stream.read(SAMPLE_BYTES)
    if len(content) == SAMPLE_BYTES:
        found.notes.append(f"Only the first {SAMPLE_BYTES // 1_000_000} MB were looked at.")
        content = content[: content.rfind(b"\n") + 1] or content
    encoding, text = encoding_of(content)
    found.evidence["encoding"] = encoding.evidence
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        columns = propose_xml(content, found)
        _columns(found, [title for title, _ in columns], [values for _, values in columns], given_by_path=True)
    else:
        _delimited(found, text, encoding.value, encoding.question)
    _missing(found)
    return found


def _again(source: BinaryIO, magic: bytes) -> BinaryIO:
    return io.BytesIO(magic + source.read(4_096_000_000)) if not source.seekable() else _rewound(source)


def _rewound(source: BinaryIO) -> BinaryIO:
    source.seek(0)
    return source


def _delimited(found: Proposal, text: str, encoding: str, asked: str) -> None:
    if asked:
        found.questions.append(asked)
    _set(found, "encoding", encoding)
    grid = grid_of(text)
    found.evidence["delimiter"] = grid.delimiter.evidence
    if grid.delimiter.question:
        found.questions.append(grid.delimiter.question)
    _set(found, "delimiter", grid.delimiter.value)
    if grid.skip_lines:
        found.layout["skip_lines"] = grid.skip_lines
        found.evidence["skip_lines"] = [f"The header stands below {grid.skip_lines} line(s) of something else."]
    _recognize(found, grid.header)
    if found.contract is INVOICES and looks_like_records(grid):
        columns = propose_records(grid, found.layout, found.questions)
        found.rows = len(grid.records)
        _columns(found, [title for title, _ in columns], [values for _, values in columns])
        return
    width = len(grid.header)
    even = [record for record in grid.records if len(record) >= width and not any(record[width:])]
    if len(even) < len(grid.records):
        found.notes.append(
            f"{len(grid.records) - len(even)} rows have another width than the header ({width} columns)."
        )
    found.rows = len(even)
    columns_ = [[trimmed(record[place]) for record in even] for place in range(width)]
    _columns(found, grid.header, columns_)


def _recognize(found: Proposal, headers: list[str]) -> None:
    contract = recognized(headers)
    if contract is None:
        return
    found.kind = contract.kind
    accepted = contract.accepted({})
    known = sum(squeezed(title) in accepted for title in headers)
    found.evidence["kind"] = [f"{known} of {len(headers)} columns are known of {contract.documents}."]


def _set(found: Proposal, key: str, value: str) -> None:
    if _ASSUMED[key] != value:
        found.layout[key] = value


def _columns(found: Proposal, headers: list[str], columns: list[list[str]], *, given_by_path: bool = False) -> None:
    contract = found.contract
    accepted, by_name = contract.accepted({}), contract.by_name
    names: list[str] = []
    for title, values in zip(headers, columns, strict=True):
        filled = [text for text in values if text]
        name = accepted.get(squeezed(title), "")
        secret = holds_bank_details(title) and (contract.shuns_bank or not name)
        name = "" if secret else name
        kind = _kind(filled)
        meaning = name
        if not name and contract.has_custom and title.startswith(CUSTOM_PREFIX):
            meaning = "custom"
        elif secret:
            meaning = "bank details"
        shown = [] if meaning == "bank details" else filled
        one = ColumnEvidence(title.strip(), meaning, kind, len(filled), len(set(filled)), most(shown))
        one.evidence += _damage(shown, kind)
        found.columns.append(one)
        names.append(name)
        if name and names.count(name) > 1:
            found.questions.append(f"Two columns say {by_name[name].header}, {title!r} is one of them: which is meant?")
    if not given_by_path:
        _ask_unknown(found, names)
    names = [one.meaning if one.meaning in by_name else "" for one in found.columns]
    propose_numbers(found, [(n, v) for n, v in zip(names, columns, strict=True) if n and by_name[n].cell is Cell.MONEY])
    propose_dates(found, [(n, v) for n, v in zip(names, columns, strict=True) if n and by_name[n].cell is Cell.DATE])
    ask_about_credits(found, dict(zip(names, columns, strict=True)))


def _kind(filled: list[str]) -> str:
    """What the values look like; a proposal only."""
    some = filled[:5000]
    if not some:
        return "empty"
    if all(text in ISO_4217 for text in some):
        return "currency"
    if formats_of(some):
        return "date"
    if styles_of(some):
        return "whole number" if all(text.lstrip("-").isdigit() for text in some) else "amount"
    return "text"


def _damage(filled: list[str], kind: str) -> list[str]:
    told = []
    damaged = [text for text in filled if damage_of(text)]
    if damaged:
        told.append(f"{len(damaged)} values were damaged by a spreadsheet, such as {damaged[0]!r}.")
    if kind == "date" or not filled:
        return told
    serial = [text for text in filled if day_of_serial(text)]
    if serial and len(serial) < len(filled) and formats_of([text for text in filled if not day_of_serial(text)]):
        told.append(f"{len(serial)} dates were turned into day numbers by a spreadsheet, such as {serial[0]!r}.")
    return told


def _ask_unknown(found: Proposal, names: list[str]) -> None:
    proposed: dict[str, list[str]] = {}
    by_name = found.contract.by_name
    for one in found.columns:
        if one.meaning or not one.header:
            continue
        likely = likely_column(one.header)
        if likely in by_name and likely not in names and likely not in proposed:
            proposed[likely] = [one.header]
            one.meaning = likely
            found.questions.append(f"Is {one.header!r} the {by_name[likely].header}? It holds {_such(one)}.")
        elif one.filled:
            found.questions.append(f"What is {one.header!r}? It holds {_such(one)}. Without an answer it is not used.")
    if proposed:
        found.layout["columns"] = proposed


def _such(one: ColumnEvidence) -> str:
    return f"{one.filled} values ({one.distinct} different, {one.kind}), such as {', '.join(map(repr, one.examples))}"


def _missing(found: Proposal) -> None:
    if not found.columns:
        return
    missing = found.contract.missing(one.meaning for one in found.columns)
    if missing:
        found.questions.append(
            f"Nothing was recognized as {', '.join(missing)}: where does the file say it? Name the headers in columns, or "
            f"give constants where every {found.contract.document} has the same."
        )
