"""Raw text cells to a frame of read values, with every fault of every cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from stampli_assets.model.errors import FileRefused
from stampli_assets.model.frames import DOCUMENT_TEXTS, LINE_TEXTS, MONEY_COLUMNS, TEXT
from stampli_assets.stampli.columns import BY_NAME, CUSTOM_PREFIX, Cell
from stampli_assets.stampli.csv_reader import RawTable
from stampli_assets.stampli.headers import Headers
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.values import Fault, SwappedDate, minor_units, reader, trimmed

SHOWN = 60
"""Characters of a cell's value that a sentence shows."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """One cell that cannot be used. ``at`` is the frame's index of its row."""

    at: int
    column: str
    value: str
    rule: str
    sentence: str


@dataclass
class Cells:
    """The read frame (one row per record, index 0..n-1) and what was wrong with it."""

    frame: pd.DataFrame
    faults: list[CellFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_cells(raw: RawTable, headers: Headers, name: str, layout: Layout) -> Cells:
    """Read every cell of every known column.

    Raises:
        FileRefused: dates that are impossible as declared and possible with day and month swapped: the declared format
            is in doubt, so no date of the file can be believed.
    """
    count = len(raw.rows)
    frame = pd.DataFrame({"row": pd.Series(raw.rows, dtype="int64"), "line": pd.Series(raw.lines, dtype="int64")})
    cells = Cells(frame)
    for column in (*DOCUMENT_TEXTS, *LINE_TEXTS, "line_number", *MONEY_COLUMNS):
        if column != "custom":
            frame[column] = _texts(raw, headers, layout, column, count)
    _read_texts(cells, headers, name, layout)
    for column in MONEY_COLUMNS:
        _read_money(cells, headers, column, layout)
    frame["custom"] = _custom(raw, headers, count)
    frame["posting_date"] = frame["posting_date"].where(frame["posting_date"] != "", frame["invoice_date"])
    return cells


def _texts(raw: RawTable, headers: Headers, layout: Layout, column: str, count: int) -> pd.Series:
    place = headers.places.get(column)
    if place is None:
        return pd.Series([layout.constants.get(column, "")] * count, dtype=TEXT)
    return pd.Series(raw.columns[place].to_pandas(), dtype=TEXT).map(_once(trimmed)).astype(TEXT)


def _once(read: Callable[[str], str]) -> Callable[[str], str]:
    """Each distinct text is read once."""
    memory: dict[str, str] = {}

    def remembered(text: str) -> str:
        if text not in memory:
            memory[text] = read(text)
        return memory[text]

    return remembered


def _read_texts(cells: Cells, headers: Headers, name: str, layout: Layout) -> None:
    for column in (*DOCUMENT_TEXTS, *LINE_TEXTS, "line_number"):
        if column == "custom":
            continue
        given = cells.frame[column]
        read, faults = _each_once(given, reader(BY_NAME[column], layout), name, headers, column)
        for value, fault in faults.items():
            _mark(cells, given == value, column, headers, value, fault.rule, fault.because)
        if BY_NAME[column].required:
            _mark(cells, given == "", column, headers, "", "MISSING", "it is empty")
        cut = BY_NAME[column].cell is Cell.TEXT and bool((given.str.len() > BY_NAME[column].limit).any())
        if cut:
            cells.notes.append(
                f"Some texts in {_title(headers, column)!r} were cut at {BY_NAME[column].limit} characters."
            )
        cells.frame[column] = given.map(read).astype(TEXT)


def _each_once(
    given: pd.Series, read: Callable[[str], str], name: str, headers: Headers, column: str
) -> tuple[dict[str, str], dict[str, Fault]]:
    values: dict[str, str] = {}
    faults: dict[str, Fault] = {}
    for text in given.unique():
        try:
            values[text] = read(text)
        except Fault as fault:
            values[text] = ""
            faults[text] = fault
        except SwappedDate:
            raise FileRefused(
                f"{name} has the date {text!r} in {_title(headers, column)!r}, which is impossible in the declared format "
                "and possible with day and month swapped.",
                remedy="Find out how this export writes dates and set date_format in the settings; no date of the file "
                "was believed.",
                code="DATE_ORDER",
            ) from None
    return values, faults


def _read_money(cells: Cells, headers: Headers, column: str, layout: Layout) -> None:
    """Amounts by text and currency; an amount whose currency is faulty is left to the currency's own fault."""
    frame = cells.frame
    given, currencies = frame[column], frame["currency"]
    minors: dict[tuple[str, str], int] = {}
    for text, currency in set(zip(given, currencies, strict=True)):
        minors[text, currency] = 0
        if not currency or not text:
            continue
        try:
            minors[text, currency] = minor_units(text, currency, layout.number_style)
        except Fault as fault:
            same = (given == text) & (currencies == currency)
            _mark(cells, same, column, headers, text, fault.rule, fault.because)
    if BY_NAME[column].required:
        _mark(cells, given == "", column, headers, "", "MISSING", "it is empty; an empty amount is not zero")
    keys = zip(given, currencies, strict=True)
    frame[column] = pd.Series([minors[key] for key in keys], dtype="int64", index=frame.index)


def _mark(cells: Cells, where: pd.Series, column: str, headers: Headers, value: str, rule: str, because: str) -> None:
    title = _title(headers, column)
    for at in cells.frame.index[where]:
        row, line = int(cells.frame.at[at, "row"]), int(cells.frame.at[at, "line"])
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        sentence = f"Row {row} (line {line}), column {title!r}: {because}."
        cells.faults.append(CellFault(int(at), title, shown, rule, sentence.replace("..", ".")))


def _custom(raw: RawTable, headers: Headers, count: int) -> pd.Series:
    """The ``Custom: NAME`` columns as one JSON object per row, or the empty text."""
    if not headers.custom:
        return pd.Series([""] * count, dtype=TEXT)
    columns: dict[str, pa.Array] = {name: raw.columns[place] for name, place in headers.custom.items()}
    rows = zip(*(column.to_pylist() for column in columns.values()), strict=True)
    filled = ({name: text for name, text in zip(columns, row, strict=True) if text} for row in rows)
    return pd.Series([json.dumps(one, ensure_ascii=False, sort_keys=True) if one else "" for one in filled], dtype=TEXT)


def _title(headers: Headers, column: str) -> str:
    return headers.titles.get(column, BY_NAME[column].header if column in BY_NAME else CUSTOM_PREFIX + column)
