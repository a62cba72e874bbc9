"""Raw text cells to a frame of read values, with every fault of every cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.amounts import minor_units, read_both_ways, styles_of
from stampli_assets.stampli.coded import Coded, texts
from stampli_assets.stampli.columns import CUSTOM, CUSTOM_PREFIX, Cell, Column
from stampli_assets.stampli.dates import read_date, refuse_other_format, said
from stampli_assets.stampli.faults import Fault, SwappedDate, cut, shown
from stampli_assets.stampli.headers import Headers
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.raw import RawTable
from stampli_assets.stampli.values import reader, trimmed

MAX_FAULTS = 100_000
"""More faulty cells than this are no list for a person: the layout or the file is wrong as a whole."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """One cell that cannot be used. ``at`` is the frame's index of its row; ``row`` and ``line`` are where it stands."""

    at: int
    column: str
    value: str
    rule: str
    sentence: str
    row: int
    line: int


@dataclass
class Cells:
    """The read frame (one row per record, index 0..n-1) and what was wrong with it."""

    frame: pd.DataFrame
    faults: list[CellFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Work:
    raw: RawTable
    headers: Headers
    name: str
    layout: Layout
    cells: Cells
    apart: frozenset[int]
    """Rows whose cells cannot be told apart: nothing more is said about them."""

    @property
    def columns(self) -> Mapping[str, Column]:
        return self.layout.contract.by_name


def read_cells(raw: RawTable, headers: Headers, name: str, layout: Layout) -> Cells:
    """Read every cell of every known column.

    Raises:
        FileRefused: the declared format of dates or amounts is in doubt, so none of them can be believed; or there are
            more faults than anybody can read.
    """
    count = len(raw.rows)
    frame = pd.DataFrame({"row": _whole(raw.rows), "line": _whole(raw.lines)})
    if raw.head_rows:
        frame["head_row"], frame["head_line"] = _whole(raw.head_rows), _whole(raw.head_lines)
    apart = frozenset(fault.at for fault in raw.faults if fault.alone)
    work = _Work(raw, headers, name, layout, Cells(frame), apart)
    for fault in raw.faults:
        _mark(work, fault.at, fault.column, fault.value, Fault(fault.rule, fault.because), even_apart=True)
    contract = layout.contract
    given = {column: _given(work, column, count) for column in contract.by_name}
    _refuse_other_dates(work, given)
    _refuse_other_numbers(work, given)
    for column in contract.texts:
        _read_texts(work, column, given.pop(column))
    for column in contract.amounts:
        _read_money(work, column, given.pop(column))
    if layout.credit_sign == "unsigned":
        _turn_credits(work)
    if contract.has_custom:
        _check_custom(work)
        frame["custom"] = _custom(raw, headers, count)
    return work.cells


def _whole(numbers: Iterable[int]) -> pd.Series:
    return pd.Series(np.fromiter(numbers, dtype="int64"))


def _given(work: _Work, column: str, count: int) -> Coded:
    place = work.headers.places.get(column)
    if place is None:
        return Coded.constant(work.layout.constants.get(column, ""), count)
    coded = Coded.of(work.raw.columns[place], trimmed)
    constant = work.layout.constants.get(column)
    return coded if constant is None else Coded([text or constant for text in coded.values], coded.codes)


def _refuse_other_dates(work: _Work, given: dict[str, Coded]) -> None:
    """Dates none of which is as declared: the question is about the file, not about one invoice."""
    usual = work.layout.date_format
    dates = [
        column.name
        for column in work.columns.values()
        if column.cell is Cell.DATE and work.layout.date_format_of(column.name) == usual
    ]
    told = {text for name in dates for text in given[name].values if text}
    if told and all(_is_strange(text, usual) for text in told):
        refuse_other_format(told, usual, work.name)


def _is_strange(text: str, date_format: str) -> bool:
    """Whether it cannot be read at all; day and month swapped is a reason of its own."""
    try:
        read_date(text, date_format)
    except SwappedDate:
        return False
    except Fault:
        return True
    return False


def _refuse_other_numbers(work: _Work, given: dict[str, Coded]) -> None:
    """Amounts none of which is in the declared style, and all of which are in another."""
    told = sorted({text for name in work.layout.contract.amounts for text in given[name].values if text})
    parted = [text for text in told if not text.lstrip("-").isdigit()]
    if not parted or any(styles_of([text]) and work.layout.number_style in styles_of([text]) for text in parted):
        return
    fits = styles_of(told)
    if not fits:
        return
    ways = read_both_ways(parted[0])
    asked = f"Is {shown(parted[0])} {ways}?" if len(fits) > 1 else f"They read as style {fits[0]}."
    raise FileRefused(
        f"{work.name} writes its amounts in another way than declared: {shown(parted[0])} is not in the style "
        f"{work.layout.number_style!r}. {asked}",
        remedy=f"Set number_style in the layout to {' or '.join(fits)}; no amount of the file was believed.",
        code="AMOUNT_STYLE",
    )


def _read_texts(work: _Work, column: str, given: Coded) -> None:
    rule = work.columns[column]
    read = reader(rule, work.layout)
    values: list[str] = []
    faults: dict[int, Fault] = {}
    for code, text in enumerate(given.values):
        value = ""
        try:
            value = read(text)
        except Fault as fault:
            faults[code] = fault
        except SwappedDate:
            raise FileRefused(
                f"{work.name} has the date {shown(text)} in {_title(work, column)!r}, which is impossible as "
                f"{said(work.layout.date_format_of(column))} and possible with day and month swapped.",
                remedy="Find out how this export writes dates and set date_format in the settings; no date of the file "
                "was believed.",
                code="DATE_ORDER",
            ) from None
        values.append(value)
    if rule.required and "" in given.values:
        faults[given.values.index("")] = Fault("MISSING", "it is empty")
    _mark_all(work, column, given.codes, faults, given.values)
    if rule.cell is Cell.TEXT:
        _tell_cut(work, column, given)
    _tell_lost_zeros(work, column, given)
    work.cells.frame[column] = given.series(values)


def _tell_cut(work: _Work, column: str, given: Coded) -> None:
    limit = work.columns[column].limit
    long = [code for code, text in enumerate(given.values) if len(text) > limit]
    if not long:
        return
    rows = given.rows_of(long)
    first, more = int(rows[0]), len(rows) - 1
    length = len(given.values[int(given.codes[first])])
    further = f" So were {more} more in this column." if more else ""
    work.cells.notes.append(
        f"Row {work.raw.rows[first]} (line {work.raw.lines[first]}), column {_title(work, column)!r}: a text of {length} "
        f"characters was cut at {limit}.{further}"
    )


def _tell_lost_zeros(work: _Work, column: str, given: Coded) -> None:
    """The same number with and without leading zeros in one column: said, because it can be seen; nothing is repaired."""
    if work.columns[column].cell is not Cell.ID or column not in work.headers.places:
        return
    padded = {text.lstrip("0"): text for text in given.values if text[:1] == "0" and text.isdigit()}
    twins = sorted((text, padded[text]) for text in given.values if text in padded and text)
    for bare, full in twins[:5]:
        work.cells.notes.append(
            f"Column {_title(work, column)!r} has both {full!r} and {bare!r}: a spreadsheet may have removed leading zeros."
        )


def _read_money(work: _Work, column: str, given: Coded) -> None:
    """Amounts by text and currency; an amount whose currency is faulty is left to the currency's own fault."""
    frame = work.cells.frame
    currencies, of_row = np.unique(frame["currency"].to_numpy(dtype=object).astype(str), return_inverse=True)
    pairs, where = np.unique(given.codes.astype(np.int64) * len(currencies) + of_row, return_inverse=True)
    minors = np.zeros(len(pairs), dtype="int64")
    faults: dict[int, Fault] = {}
    told = [given.values[pair // len(currencies)] for pair in pairs.tolist()]
    for place, (text, pair) in enumerate(zip(told, pairs.tolist(), strict=True)):
        currency = str(currencies[pair % len(currencies)])
        if not text and work.columns[column].required:
            faults[place] = Fault("MISSING", "it is empty; an empty amount is not zero")
        if not currency or not text:
            continue
        try:
            minors[place] = minor_units(text, currency, work.layout.number_style)
        except Fault as fault:
            faults[place] = fault
    _mark_all(work, column, where, faults, told)
    frame[column] = pd.Series(minors[where], dtype="int64")


def _turn_credits(work: _Work) -> None:
    """Credit memos are written with positive amounts: they are turned, and one that is negative already is in doubt."""
    frame = work.cells.frame
    credits_ = (frame["document_type"] == "CREDIT_MEMO").to_numpy()
    because = "credit memos carry positive amounts in this layout, and this one is negative"
    for at in np.flatnonzero(credits_ & (frame["invoice_total"].to_numpy() < 0)).tolist():
        _mark(work, at, "invoice_total", str(frame.at[at, "invoice_total"]), Fault("CREDIT_SIGN", because))
    for column in work.layout.contract.amounts:
        amounts = frame[column].to_numpy()
        frame[column] = pd.Series(np.where(credits_, -amounts, amounts), dtype="int64")


def _mark_all(work: _Work, column: str, codes: np.ndarray, faults: dict[int, Fault], values: list[str]) -> None:
    """The rows whose codes are faulty, in order of the file."""
    if not faults:
        return
    for at in np.flatnonzero(np.isin(codes, list(faults))).tolist():
        code = int(codes[at])
        _mark(work, at, column, values[code], faults[code])


def _mark(work: _Work, at: int, column: str, value: str, fault: Fault, *, even_apart: bool = False) -> None:
    if at in work.apart and not even_apart:
        return
    raw, title = work.raw, _title(work, column)
    row, line = raw.rows[at], raw.lines[at]
    if raw.head_rows and column in work.columns and work.columns[column].of_document:
        row, line = raw.head_rows[at], raw.head_lines[at]
    cell = f", column {title!r}" if column else ""
    sentence = f"Row {row} (line {line}){cell}: {fault.because}."
    sentence = sentence.replace("..", ".").replace("?.", "?")
    work.cells.faults.append(CellFault(at, title, cut(value), fault.rule, sentence, row, line))
    if len(work.cells.faults) > MAX_FAULTS:
        raise FileRefused(
            f"{work.name} has more than {MAX_FAULTS:,} cells that cannot be used; the last was in column {title!r}: "
            f"{fault.because}.",
            remedy="Compare the layout in the settings with the file: `stampli inspect` proposes one.",
            code="TOO_MANY_FAULTS",
        )


def _check_custom(work: _Work) -> None:
    """Custom fields are passed on as they are, so what cannot be passed on is told here."""
    read = reader(CUSTOM, work.layout)
    for name, place in work.headers.custom.items():
        given = Coded.of(work.raw.columns[place], str)
        faults: dict[int, Fault] = {}
        for code, text in enumerate(given.values):
            try:
                read(text)
            except Fault as fault:
                faults[code] = fault
            if len(text) > CUSTOM.limit:
                faults[code] = Fault("TOO_LONG", f"it has {len(text)} characters, at most {CUSTOM.limit} are allowed")
        _mark_all(work, name, given.codes, faults, given.values)


def _custom(raw: RawTable, headers: Headers, count: int) -> pd.Series:
    """The custom fields as one JSON object per row, or the empty text."""
    if not headers.custom:
        return Coded.constant("", count).series()
    columns = {name: raw.columns[place].to_pylist() for name, place in headers.custom.items()}
    rows = zip(*columns.values(), strict=True)
    filled = ({name: text for name, text in zip(columns, row, strict=True) if text} for row in rows)
    told = [json.dumps(one, ensure_ascii=False, sort_keys=True) if one else "" for one in filled]
    return texts(pa.array(told, pa.large_string()))


def _title(work: _Work, column: str) -> str:
    if not column:
        return ""
    return work.headers.titles.get(
        column, work.columns[column].header if column in work.columns else CUSTOM_PREFIX + column
    )
