"""The mapping rules of a connection: CSV files that a person edits, checked as a whole when they are loaded.

======================== =========================================================
``vendors.csv``          ``stampli_vendor, erp_vendor`` (Stampli's id, or its name)
``gl_accounts.csv``      ``stampli_account, erp_account``
``dimensions.csv``       ``dimension, stampli_code, erp_code``
``terms.csv``            ``stampli_terms, erp_term``
``tax_codes.csv``        ``stampli_tax_code, erp_tax_code``
``funding_accounts.csv`` ``stampli_account, erp_bank_account``
======================== =========================================================

Each may carry ``valid_from`` and ``valid_to`` (``YYYY-MM-DD``, both included, compared with the document's posting
date) and ``note``. A missing file has no rules; a value without a rule passes through and is verified in the ERP (tax codes
are not: neither ERP lists them for us).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.identity import MappingVersion, digest

FIRST, LAST = "0001-01-01", "9999-12-31"
DIMENSIONS = frozenset({*Dimension, "cost_centre", "entity"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One file of rules: its columns that are looked up by, and the one that is given."""

    file: str
    by: tuple[str, ...]
    gives: str


VENDORS = Kind("vendors.csv", ("stampli_vendor",), "erp_vendor")
GL_ACCOUNTS = Kind("gl_accounts.csv", ("stampli_account",), "erp_account")
DIMENSION_CODES = Kind("dimensions.csv", ("dimension", "stampli_code"), "erp_code")
TERMS = Kind("terms.csv", ("stampli_terms",), "erp_term")
TAX_CODES = Kind("tax_codes.csv", ("stampli_tax_code",), "erp_tax_code")
FUNDING_ACCOUNTS = Kind("funding_accounts.csv", ("stampli_account",), "erp_bank_account")
KINDS = (VENDORS, GL_ACCOUNTS, DIMENSION_CODES, TERMS, TAX_CODES, FUNDING_ACCOUNTS)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, valid from and to the given days (ISO text)."""

    key: tuple[str, ...]
    gives: str
    valid_from: str
    valid_to: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a connection and their version."""

    by_kind: dict[str, dict[tuple[str, ...], tuple[Rule, ...]]]
    version: MappingVersion

    @classmethod
    def load(cls, folder: Path | str) -> Rules:
        """Read the folder; no folder has no rules.

        Raises:
            Misconfigured: files are unreadable or contradict themselves; the sentence lists every problem at once.
        """
        problems: list[str] = []
        found = {kind.file: _read(Path(folder) / kind.file, kind, problems) if folder else [] for kind in KINDS}
        if problems:
            raise Misconfigured(
                f"The mapping rules in {folder} have {len(problems)} problem(s):\n"
                + "\n".join(f"  {problem}" for problem in problems),
                remedy="Correct these cells and save; the next run uses them.",
                code="MAPPING_RULES",
            )
        parts = [
            f"{file}|{'|'.join(rule.key)}|{rule.gives}|{rule.valid_from}|{rule.valid_to}"
            for file, rules in found.items()
            for rule in rules
        ]
        return cls({file: _grouped(rules) for file, rules in found.items()}, MappingVersion(digest(sorted(parts))))

    def find(self, kind: Kind, key: tuple[str, ...], day: str) -> str | None:
        """What the rule that is valid on ``day`` (ISO text) gives, or ``None`` when there is none."""
        for rule in self.by_kind[kind.file].get(key, ()):
            if rule.valid_from <= day <= rule.valid_to:
                return rule.gives
        return None


def _grouped(rules: Sequence[Rule]) -> dict[tuple[str, ...], tuple[Rule, ...]]:
    grouped: dict[tuple[str, ...], tuple[Rule, ...]] = {}
    for rule in rules:
        grouped[rule.key] = (*grouped.get(rule.key, ()), rule)
    return grouped


def _read(path: Path, kind: Kind, problems: list[str]) -> list[Rule]:
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        problems.append(f"{path.name}: it cannot be read as a CSV file in UTF-8 ({type(error).__name__})")
        return []
    frame.columns = [str(column).strip() for column in frame.columns]
    missing = [column for column in (*kind.by, kind.gives) if column not in frame]
    if missing:
        problems.append(f"{path.name}: the column {', '.join(missing)} is missing")
        return []
    for optional in ("valid_from", "valid_to", "note"):
        if optional not in frame:
            frame[optional] = ""
    frame = frame.map(str.strip)
    frame = frame[(frame != "").any(axis=1)]
    problems += _problems_of_cells(path.name, frame, kind)
    rules = [
        Rule(
            tuple(row[column] for column in kind.by),
            row[kind.gives],
            row["valid_from"] or FIRST,
            row["valid_to"] or LAST,
        )
        for row in frame.to_dict("records")
    ]
    problems += _overlaps(path.name, frame, rules)
    return rules


def _problems_of_cells(name: str, frame: pd.DataFrame, kind: Kind) -> list[str]:
    """What pandera finds, each with file, row, column, value and rule."""
    filled = pa.Check.str_length(min_value=1, error="must not be empty")
    iso_day = pa.Check(lambda cells: cells.map(_is_day), error="is no date written YYYY-MM-DD")
    columns = {column: pa.Column(str, filled) for column in (*kind.by, kind.gives)}
    columns |= {column: pa.Column(str, iso_day) for column in ("valid_from", "valid_to")}
    if kind is DIMENSION_CODES:
        known = pa.Check.isin(sorted(DIMENSIONS), error=f"is none of {', '.join(sorted(DIMENSIONS))}")
        columns["dimension"] = pa.Column(str, known)
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.sort_values("index")
        return [
            f"{name}, row {int(case.index) + 1}, column {case.column}: {str(case.failure_case)!r} {case.check}"
            for case in cases.itertuples(index=False, name="Case")
            if case.index is not None
        ]
    return []


def _is_day(text: str) -> bool:
    try:
        return text == "" or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _overlaps(name: str, frame: pd.DataFrame, rules: Sequence[Rule]) -> list[str]:
    """Two rules for one value on one day: which one is meant is not guessed."""
    problems = []
    placed = list(zip(frame.index, rules, strict=True))
    by_key: dict[tuple[str, ...], list[tuple[int, Rule]]] = {}
    for at, rule in placed:
        by_key.setdefault(rule.key, []).append((int(at) + 1, rule))
    for key, same in by_key.items():
        same.sort(key=lambda one: one[1].valid_from)
        for (row, rule), (next_row, next_rule) in pairwise(same):
            if next_rule.valid_from <= rule.valid_to:
                value = " ".join(key)
                problems.append(f"{name}, rows {row} and {next_row}: {value!r} has two rules for the same days")
    return problems
