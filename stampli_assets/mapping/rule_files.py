"""The files of rules, read and checked cell by cell; every problem is told at once, with file, row and column."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from stampli_assets.mapping.kinds import FIRST, LAST, Kind, Match, Rule
from stampli_assets.mapping.sheets import UnreadableSheetError, sheet

OPTIONAL = ("match", "priority", "valid_from", "valid_to", "note")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with rows of a file of rules. ``row`` counts its rules from 1; no row means the file as a whole.

    ``must_be_mended`` is ``False`` of what only wants to be known.
    """

    file: str
    rows: tuple[int, ...]
    sentence: str
    remedy: str = "Correct the cell and save; the next run uses it."
    column: str = ""
    must_be_mended: bool = True

    def __str__(self) -> str:
        rows = f", {'row' if len(self.rows) == 1 else 'rows'} {' and '.join(map(str, self.rows))}" if self.rows else ""
        return f"{self.file}{rows}{f', column {self.column}' if self.column else ''}: {self.sentence}"


def read(folder: Path | str, kinds: Iterable[Kind]) -> tuple[list[Rule], list[Problem]]:
    """The rules of a folder (empty: none) that can be understood, and what is wrong with the others."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for kind in kinds if folder else ():
        own = list(_rules(Path(folder), kind, problems))
        problems += _overlaps(own)
        rules += own
    return rules, problems


def _rules(folder: Path, kind: Kind, problems: list[Problem]) -> Iterator[Rule]:
    path, workbook = folder / kind.file, (folder / kind.file).with_suffix(".xlsx")
    if path.exists() and workbook.exists():
        said = f"{workbook.name} is there too, and which of the two counts is not guessed"
        problems.append(Problem(path.name, (), said, "Take one of the two out of the folder."))
        return
    path = workbook if workbook.exists() else path
    frame = _frame(path, kind, problems)
    if frame is None:
        return
    wrong = [*_cells(path.name, frame, kind), *_priorities(path.name, frame)]
    problems += sorted(wrong, key=lambda problem: problem.rows)
    spoilt = {row for problem in wrong for row in problem.rows}
    for row, cells in zip((int(at) + 1 for at in frame.index), frame.to_dict("records"), strict=True):
        if row not in spoilt:
            yield Rule(
                key=tuple(cells[column] for column in kind.by),
                gives=cells[kind.gives],
                valid_from=cells["valid_from"] or FIRST,
                valid_to=cells["valid_to"] or LAST,
                match=Match(cells["match"] or Match.EXACT),
                priority=int(cells["priority"] or 0),
                file=kind.file,
                row=row,
                stands_in=path.name,
            )


def _frame(path: Path, kind: Kind, problems: list[Problem]) -> pd.DataFrame | None:
    """The cells as text, all known columns there; ``None`` where there is no file, or none that can be read."""
    if not path.exists():
        return None
    frame = _sheet(path, problems) if path.suffix == ".xlsx" else _csv(path, problems)
    if frame is None:
        return None
    frame.columns = [str(column).strip() for column in frame.columns]
    missing = [column for column in (*kind.by, kind.gives) if column not in frame]
    if missing:
        said = f"the column {', '.join(missing)} is missing"
        problems.append(Problem(path.name, (), said, f"Its first line names {', '.join((*kind.by, kind.gives))}."))
        return None
    for optional in OPTIONAL:
        if optional not in frame:
            frame[optional] = ""
    frame = frame.map(str.strip)
    return frame[(frame != "").any(axis=1)]


def _csv(path: Path, problems: list[Problem]) -> pd.DataFrame | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        said = f"it cannot be read as a CSV file in UTF-8 ({type(error).__name__})"
        problems.append(Problem(path.name, (), said, "Save it as CSV in UTF-8, with its columns in the first line."))
    return None


def _sheet(path: Path, problems: list[Problem]) -> pd.DataFrame | None:
    try:
        frame, odd = sheet(path)
    except UnreadableSheetError as error:
        said = f"it cannot be read as a workbook ({error})"
        problems.append(Problem(path.name, (), said, "Save it as an Excel workbook (.xlsx), or as CSV in UTF-8."))
        return None
    remedy = "Format the column as Text and type the value again, leading zeros too."
    problems += [Problem(path.name, (row,), f"{value!r} is no text", remedy, column) for row, column, value in odd]
    return frame


def _cells(name: str, frame: pd.DataFrame, kind: Kind) -> list[Problem]:
    """What pandera finds, each with file, row, column, value and rule."""
    filled = pa.Check.str_length(min_value=1, error="must not be empty")
    iso_day = pa.Check(lambda cells: cells.map(_is_day), error="is no date written YYYY-MM-DD")
    ways = pa.Check.isin(["", *Match], error=f"is none of {', '.join(Match)}")
    number = pa.Check.str_matches(r"^(\d{1,9})?$", error="is no whole number")
    columns = {column: pa.Column(str, filled) for column in (*kind.by, kind.gives)}
    columns |= {column: pa.Column(str, iso_day) for column in ("valid_from", "valid_to")}
    columns |= {"match": pa.Column(str, ways), "priority": pa.Column(str, number)}
    if kind.words:
        known = pa.Check.isin(sorted(kind.words), error=f"is none of {', '.join(sorted(kind.words))}")
        columns[kind.by[0]] = pa.Column(str, known)
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return [
            Problem(name, (int(case.index) + 1,), f"{str(case.failure_case)!r} {case.check}", column=str(case.column))
            for case in errors.failure_cases.itertuples(index=False, name="Case")
            if case.index is not None
        ]
    return []


def _priorities(name: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Patterns have one, exact rules have none: they always go first."""
    for at, match, priority in zip(frame.index, frame["match"], frame["priority"], strict=True):
        is_exact = match in {"", Match.EXACT}
        if match in {*Match} and not is_exact and not priority:
            said = f"a rule of match {match} needs a priority: a whole number, the lower goes first"
            yield Problem(name, (int(at) + 1,), said, column="priority")
        elif is_exact and priority:
            said = f"{priority!r} is given to an exact rule, which has none: it goes before all patterns"
            yield Problem(name, (int(at) + 1,), said, column="priority")


def _is_day(text: str) -> bool:
    try:
        return text == "" or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _overlaps(rules: Iterable[Rule]) -> Iterator[Problem]:
    """Two rules for one value on one day: which one is meant is not guessed."""
    alike: dict[tuple[object, ...], list[Rule]] = defaultdict(list)
    for rule in rules:
        alike[rule.key, rule.match, rule.priority].append(rule)
    for same in alike.values():
        same.sort(key=lambda rule: (rule.valid_from, rule.row))
        longest = same[0]
        for rule in same[1:]:
            if rule.meets(longest):
                said = f"{' '.join(rule.key)!r} has two rules for the same days"
                remedy = "Take one of the two out, or give them days (valid_from, valid_to) that do not meet."
                yield Problem(rule.stands_in, (longest.row, rule.row), said, remedy)
            longest = max(longest, rule, key=lambda one: one.valid_to)
