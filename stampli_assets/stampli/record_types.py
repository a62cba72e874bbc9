"""Files of header and line records: each line becomes a row that repeats the fields of its invoice's header record."""

from __future__ import annotations

import io
from array import array
from dataclasses import dataclass, field

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.columns import squeezed
from stampli_assets.stampli.contracts import INVOICES
from stampli_assets.stampli.csv_reader import records_of
from stampli_assets.stampli.csv_refusals import refuse_cut_off, refuse_wide
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.raw import RawTable, RecordFault, Sheet
from stampli_assets.stampli.text import Text

_KEYS = INVOICES.keys
_BY_NAME = INVOICES.by_name


@dataclass
class _Head:
    """A header record: its cells by column, where it stands, and how many line records it has so far."""

    cells: list[str]
    row: int
    line: int
    lines: int = 0
    broken: str = ""


@dataclass
class _Form:
    """Which cell of a record is which column."""

    titles: list[str]
    names: list[str]
    type_at: int
    head: list[int]
    line: list[int]
    """The column of each cell; -1 is not read."""
    has_header_row: bool

    @property
    def link(self) -> int:
        """The column that names the invoice in both kinds of records, if there is one."""
        shared = (self.names.index(key) for key in _KEYS if key in self.names)
        return next((place for place in shared if place in self.head and place in self.line), -1)


@dataclass
class _Work:
    name: str
    layout: Layout
    form: _Form
    sheet: Sheet
    head_rows: array[int] = field(default_factory=lambda: array("q"))
    head_lines: array[int] = field(default_factory=lambda: array("q"))
    faults: list[RecordFault] = field(default_factory=list)
    heads: list[_Head] = field(default_factory=list)
    by_link: dict[str, _Head] = field(default_factory=dict)
    left_out: int = 0


def read_header_lines(stream: io.BufferedReader, name: str, layout: Layout) -> RawTable:
    """Read a file whose records are marked as header or line.

    Raises:
        FileRefused: as for flat files; and for a record of a type that the layout does not name.
    """
    text = Text(stream, name, layout)
    records = records_of(text, name, layout)
    declared = bool(layout.records.header_fields)
    form = _declared(layout) if declared else _of_header_row(next(records, ([], 0))[0], name, layout)
    work = _Work(name, layout, form, Sheet(len(form.titles)))
    row, last = 0, None
    for row, (cells, line) in enumerate(records, start=1):
        if row > layout.max_rows:
            raise FileRefused(
                f"{name} has more than {layout.max_rows} rows.", remedy="Raise max_rows in the settings.", code="ROWS"
            )
        last = _take(work, cells, row, line)
    refuse_cut_off(text, name, layout, last)
    for head in work.heads:
        if not head.lines:
            _add(work, [""] * len(form.titles), head, head.row, head.line)
            _fault(work, "LINES_MISSING", head.broken or "the invoice has no line record")
    notes = list(text.notes)
    if work.left_out:
        notes.append(
            f"{work.left_out} records of the types {', '.join(layout.records.ignored)} were left out, as declared."
        )
    return RawTable(
        headers=tuple(form.titles),
        columns=work.sheet.columns(),
        rows=work.sheet.rows,
        lines=work.sheet.lines,
        notes=tuple(notes),
        head_rows=work.head_rows,
        head_lines=work.head_lines,
        faults=tuple(work.faults),
        names=tuple(form.names) if not form.has_header_row else (),
    )


def _declared(layout: Layout) -> _Form:
    names = [one for one in dict.fromkeys((*layout.records.header_fields, *layout.records.line_fields)) if one != "-"]
    places = {one: place for place, one in enumerate(names)}
    head, line = (
        [-1, *(places.get(one, -1) for one in fields)]
        for fields in (layout.records.header_fields, layout.records.line_fields)
    )
    titles = [_BY_NAME[one].header for one in names]
    return _Form(titles, names, 0, head, line, has_header_row=False)


def _of_header_row(titles: list[str], name: str, layout: Layout) -> _Form:
    wanted = layout.records.column
    at = next((place for place, one in enumerate(titles) if squeezed(one) == squeezed(wanted)), -1) if wanted else 0
    if not titles or at < 0:
        raise FileRefused(
            f"{name} has no column {wanted!r}, which tells header records from line records.",
            remedy="Check the export template in Stampli, or records.column in the layout.",
            code="COLUMN_MISSING",
        )
    refuse_wide(titles, name)
    accepted = layout.contract.accepted(layout.headers)
    while titles and not titles[-1].strip():
        titles.pop()
    places = [place for place in range(len(titles)) if place != at]
    own = [-1 if place == at else places.index(place) for place in range(len(titles))]
    names = [accepted.get(squeezed(titles[place]), "") for place in places]
    return _Form([titles[place] for place in places], names, at, own, list(own), has_header_row=True)


def _take(work: _Work, cells: list[str], row: int, line: int) -> tuple[int, int, int] | None:
    """One record. Answers what is needed to see that the last one was cut off."""
    kind = cells[work.form.type_at].strip() if len(cells) > work.form.type_at else ""
    records = work.layout.records
    if kind in records.ignored:
        work.left_out += 1
        return None
    if kind not in {records.header, records.line}:
        raise FileRefused(
            f"{work.name} has a record of type {kind[:20]!r} in row {row} (line {line}); the layout knows "
            f"{records.header!r} and {records.line!r}.",
            remedy="Add it to records.ignored in the layout if it may be left out. " + SEND_AGAIN,
            code="RECORD_TYPE",
        )
    form = work.form
    places = form.head if kind == records.header else form.line
    while len(cells) > len(places) and not cells[-1].strip():
        cells.pop()
    wrong = ""
    if len(cells) != len(places):
        wrong = f"the record has {len(cells)} cells instead of {len(places)}; its cells cannot be told apart"
    read = [""] * len(form.titles)
    for place, cell in zip(places, cells, strict=False):
        if place >= 0 and (not wrong or (place == places[1] and form.names[place] in _KEYS)):
            read[place] = cell
    if kind == records.header:
        head = _Head(read, row, line, broken=wrong)
        work.heads.append(head)
        if form.link >= 0:
            work.by_link.setdefault(read[form.link].strip(), head)
    else:
        _take_line(work, read, row, line, wrong)
    return (line, len(cells), len(places)) if len(cells) < len(places) else None


def _take_line(work: _Work, read: list[str], row: int, line: int, wrong: str) -> None:
    link = work.form.link
    told = read[link].strip() if link >= 0 else ""
    head = work.by_link.get(told) if told else (work.heads[-1] if work.heads else None)
    if head is None:
        _add(work, read, _Head([""] * len(read), row, line), row, line)
        named = f"an invoice {told!r} has no header record before it" if told else "no header record stands before it"
        _fault(work, "HEADER_MISSING", f"it is a line record, and {named}")
        return
    head.lines += 1
    clash = _add(work, read, head, row, line)
    if head.broken or wrong:
        _fault(work, "ROW_WIDTH", wrong or f"in row {head.row} (line {head.line}), {head.broken}")
    elif clash >= 0:
        because = f"{read[clash]!r} in the line record differs from {head.cells[clash]!r} in its header record"
        work.faults.append(
            RecordFault(len(work.sheet) - 1, work.form.names[clash], read[clash], "HEADER_CONFLICT", because)
        )


def _add(work: _Work, read: list[str], head: _Head, row: int, line: int) -> int:
    """A row of the line's cells and the header's; answers the column in which they contradict each other, or -1."""
    merged, clash = list(read), -1
    for place, cell in enumerate(head.cells):
        name = work.form.names[place]
        if not cell.strip():
            continue
        if not read[place].strip():
            if name not in _BY_NAME or _BY_NAME[name].of_document:
                merged[place] = cell
        elif name in _BY_NAME and _BY_NAME[name].of_document and read[place].strip() != cell.strip():
            merged[place], clash = cell, place
    work.sheet.add(merged, row, line)
    work.head_rows.append(head.row)
    work.head_lines.append(head.line)
    return clash


def _fault(work: _Work, rule: str, because: str) -> None:
    work.faults.append(RecordFault(len(work.sheet) - 1, "", "", rule, because, alone=True))
