"""The XML template: each line element becomes a row that repeats its document's fields. Nothing is fetched or expanded."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.columns import Column, holds_bank_details, squeezed
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.raw import RawTable, RecordFault, Sheet
from stampli_assets.stampli.xml_walk import Walk, local

_MOST_CUSTOM = 200
_ATTACHMENT = "Attachments/Attachment/@url"


@dataclass
class _Work:
    name: str
    layout: Layout
    paths: dict[str, str]
    by_element: dict[str, str]
    sheet: Sheet
    head_rows: array[int] = field(default_factory=lambda: array("q"))
    head_lines: array[int] = field(default_factory=lambda: array("q"))
    custom: dict[str, dict[int, str]] = field(default_factory=dict)
    faults: list[RecordFault] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    shunned: dict[str, int] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)

    @property
    def columns(self) -> Mapping[str, Column]:
        return self.layout.contract.by_name

    def shuns(self, tag: str) -> bool:
        """Whether an element is passed by unread, because it looks like bank details."""
        return self.layout.contract.shuns_bank and holds_bank_details(tag)


def read_xml(stream: io.BufferedReader, name: str, layout: Layout) -> RawTable:
    """Read an XML export.

    Raises:
        FileRefused: it declares a document type or entities, is cut off or no XML, is nested too deep, has another
            version, or another number of documents than it says.
    """
    walk = Walk(stream, name, layout)
    accepted, columns = layout.contract.accepted(layout.headers), layout.contract.by_name
    by_element = {title: one for title, one in accepted.items() if one not in layout.xml.paths}
    work = _Work(name, layout, dict(layout.xml.paths), by_element, Sheet(len(columns)))
    if "attachment_url" in columns:
        work.paths.setdefault("attachment_url", _ATTACHMENT)
    for element in walk.documents():
        _take(work, element)
    work.unknown |= dict.fromkeys(walk.strangers, 1)
    return _table(work)


def _table(work: _Work) -> RawTable:
    columns = dict(zip(work.columns, work.sheet.columns(), strict=True))
    needed = {pair[0] for pair in work.layout.contract.either}
    kept = [one for one, column in work.columns.items() if one in work.filled or column.required or one in needed]
    titles = [work.paths.get(one, work.columns[one].header.replace(" ", "")) for one in kept]
    told = [columns[one] for one in kept]
    count = len(work.sheet)
    for called, values in work.custom.items():
        told.append(pa.chunked_array([pa.array([values.get(at, "") for at in range(count)], pa.string())]))
        titles.append(f"{work.layout.custom_prefix}{called}")
        kept.append("")
    if work.unknown and work.layout.unknown_columns == "refuse":
        raise FileRefused(
            f"{work.name} has elements that are not known: {', '.join(map(repr, sorted(work.unknown)))}.",
            remedy="Add them to layout.columns or layout.xml.paths, or set unknown_columns to warn.",
            code="HEADER_UNKNOWN",
        )
    notes = [f"The element {one!r} looks like bank details; it was not read." for one in work.shunned]
    notes += [f"The element {one!r} is not known; it was not used." for one in work.unknown]
    return RawTable(
        headers=tuple(titles),
        columns=tuple(told),
        rows=work.sheet.rows,
        lines=work.sheet.lines,
        notes=tuple(notes),
        head_rows=work.head_rows,
        head_lines=work.head_lines,
        faults=tuple(work.faults),
        names=tuple(kept),
    )


def _take(work: _Work, document: Any) -> None:
    """One document: its fields once, then a row for each line; one row where documents have no lines."""
    line_path = work.layout.xml_line
    lines = list(_at(document, line_path)) if line_path else []
    twice: list[tuple[str, str]] = []
    skipped = {*line_path[:1], "Attachments"} if len(line_path) > 1 else {*line_path}
    custom: dict[str, str] = {}
    fields = _fields(work, document, twice, custom, of_document=True, skipped=skipped)
    head_row, head_line = len(work.sheet) + 1, document.sourceline or 0
    first = len(work.sheet)
    for line in lines or [None]:
        own: dict[str, str] = {}
        own_custom = dict(custom)
        if line is not None:
            own = _fields(work, line, twice, own_custom, of_document=False, skipped=set())
        _add(work, {**fields, **own}, own_custom, head_line if line is None else line.sourceline or 0)
        work.head_rows.append(head_row)
        work.head_lines.append(head_line)
    if line_path and not lines:
        contract = work.layout.contract
        because = f"the {contract.document} has no {contract.line}"
        work.faults.append(RecordFault(first, "", "", "LINES_MISSING", because, alone=True))
    for name, text in twice:
        because = "the element stands twice, and which of them counts is not guessed"
        work.faults.append(RecordFault(first, name, text, "ELEMENT_TWICE", because))


def _add(work: _Work, fields: dict[str, str], custom: dict[str, str], line: int) -> None:
    at = len(work.sheet)
    if at >= work.layout.max_rows:
        raise FileRefused(
            f"{work.name} has more than {work.layout.max_rows} rows.",
            remedy="Raise max_rows in the settings.",
            code="ROWS",
        )
    work.sheet.add([fields.get(one, "") for one in work.columns], at + 1, line)
    work.filled |= fields.keys()
    for called, text in custom.items():
        work.custom.setdefault(called, {})[at] = text
        if len(work.custom) > _MOST_CUSTOM:
            raise FileRefused(
                f"{work.name} has more than {_MOST_CUSTOM} different custom fields.",
                remedy=SEND_AGAIN,
                code="TOO_MANY_FAULTS",
            )


def _fields(
    work: _Work,
    element: Any,
    twice: list[tuple[str, str]],
    custom: dict[str, str],
    *,
    of_document: bool,
    skipped: set[str],
) -> dict[str, str]:
    """The scalar elements of a document or a line, by canonical name."""
    columns = work.columns
    found = _by_path(work, element, twice, of_document=of_document)
    for child in element:
        tag = local(child)
        name = work.by_element.get(squeezed(tag), "")
        if work.shuns(tag):
            if len(work.shunned) < _MOST_CUSTOM:
                work.shunned[tag] = 1
        elif tag == "Custom" and child.get("name") and work.layout.contract.has_custom:
            custom[str(child.get("name"))] = _text(work, child)
        elif name and columns[name].of_document is of_document and not len(child):
            _keep(found, name, _text(work, child), twice)
        elif tag not in skipped and not _is_on_a_path(work, tag) and len(work.unknown) < _MOST_CUSTOM:
            work.unknown[tag] = 1
    return found


def _by_path(work: _Work, element: Any, twice: list[tuple[str, str]], *, of_document: bool) -> dict[str, str]:
    """The fields for which the layout declares a path."""
    found: dict[str, str] = {}
    for name, path in work.paths.items():
        if work.columns[name].of_document is not of_document:
            continue
        texts = [text for text in _texts(work, element, path) if text]
        if texts:
            found[name] = texts[0]
        if len(texts) > 1 and name != "attachment_url":
            twice.append((name, texts[1]))
    return found


def _keep(found: dict[str, str], name: str, text: str, twice: list[tuple[str, str]]) -> None:
    if name in found:
        twice.append((name, text))
    elif text:
        found[name] = text
    else:
        found.setdefault(name, "")


def _is_on_a_path(work: _Work, tag: str) -> bool:
    return any(path.split("/")[0] == tag for path in work.paths.values()) or tag in work.layout.xml_line[:1]


def _at(element: Any, path: Sequence[str]) -> Iterator[Any]:
    for child in element:
        if local(child) == path[0]:
            if len(path) == 1:
                yield child
            else:
                yield from _at(child, path[1:])


def _texts(work: _Work, element: Any, path: str) -> Iterator[str]:
    *steps, last = path.split("/")
    if not last.startswith("@"):
        steps, last = [*steps, last], ""
    for found in _at(element, steps) if steps else [element]:
        yield (found.get(last[1:]) or "") if last else _text(work, found)


def _text(work: _Work, element: Any) -> str:
    text = element.text or ""
    if len(text) > work.layout.max_field:
        raise FileRefused(
            f"{work.name} has a text of more than {work.layout.max_field} characters in <{local(element)}> "
            f"(line {element.sourceline}).",
            remedy=SEND_AGAIN,
            code="FIELD_TOO_LONG",
        )
    return str(text)
