"""Proposing a layout for files of header and line records."""

from __future__ import annotations

from collections import Counter

from stampli_assets.stampli.columns import squeezed
from stampli_assets.stampli.contracts import INVOICES
from stampli_assets.stampli.evidence import Grid
from stampli_assets.stampli.values import trimmed

_KNOWN_PAIRS = (
    ("H", "L"),
    ("HDR", "LIN"),
    ("HEADER", "LINE"),
    ("H", "D"),
    ("HDR", "DTL"),
    ("HEADER", "DETAIL"),
    ("I", "L"),
)
_WORDS = {"recordtype", "rectype", "rec", "recordkind", "rowtype", "satzart", "typeenregistrement"}


def looks_like_records(grid: Grid) -> bool:
    """Whether the first column (or one that is called so) holds the marks of header and line records."""
    return _pair(grid, _type_place(grid)) is not None


def _type_place(grid: Grid) -> int:
    return next((place for place, title in enumerate(grid.header) if squeezed(title) in _WORDS), 0)


def _pair(grid: Grid, place: int) -> tuple[str, str] | None:
    marks = {record[place].strip() for record in _all(grid) if len(record) > place}
    for one, other in _KNOWN_PAIRS:
        for pair in ((one, other), (one.lower(), other.lower()), (one.title(), other.title())):
            if set(pair) <= marks and len(marks) <= 6:
                return pair
    return None


def _all(grid: Grid) -> list[list[str]]:
    return grid.records if _has_header_row(grid) else [grid.header, *grid.records]


def _has_header_row(grid: Grid) -> bool:
    accepted = INVOICES.accepted({})
    return sum(squeezed(title) in accepted for title in grid.header) >= 2


def propose_records(grid: Grid, layout: dict[str, object], questions: list[str]) -> list[tuple[str, list[str]]]:
    """Fill in the layout and the questions; answers the columns that can be told by their titles."""
    place = _type_place(grid)
    pair = _pair(grid, place)
    assert pair is not None
    layout["kind"] = "header_lines"
    records: dict[str, object] = {"header": pair[0], "line": pair[1]}
    layout["records"] = records
    counts = Counter(record[place].strip() for record in _all(grid) if len(record) > place)
    others = [mark for mark in counts if mark not in pair]
    if others:
        records["ignored"] = others
        questions.append(f"May the records of type {', '.join(map(repr, others))} be left out?")
    if _has_header_row(grid):
        records["column"] = grid.header[place].strip()
        width = len(grid.header)
        even = [record for record in grid.records if len(record) == width]
        return [
            (title, [trimmed(record[at]) for record in even])
            for at, title in enumerate(grid.header)
            if at != place and title.strip()
        ]
    for mark, key in zip(pair, ("header_fields", "line_fields"), strict=True):
        sample = next(record for record in _all(grid) if record and record[0].strip() == mark)
        records[key] = ["-"] * (len(sample) - 1)
        questions.append(
            f"There is no header row. What are the {len(sample) - 1} fields of a record {mark!r}, in order? One says: "
            f"{grid.delimiter.value.join(sample)[:200]!r}. Write their canonical names into records.{key}."
        )
    return []
