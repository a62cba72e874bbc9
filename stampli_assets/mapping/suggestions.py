"""What an unmapped value may be in the ERP, each candidate with its evidence. Offered to a person, never applied."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path
from typing import Literal

from stampli_assets.mapping.kinds import Kind
from stampli_assets.mapping.rules import DIMENSION_CODES, GL_ACCOUNTS, TERMS, VENDORS
from stampli_assets.mapping.twins import Twins
from stampli_assets.mapping.vendors import folded
from stampli_assets.model.ports import Reference

MOST = 3
"""Candidates by name for each value."""
_NEAR_PERCENT = 75


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A value that holds documents. ``called`` is ``vendor``, ``account``, ``term``, ``entity`` or a dimension; ``name`` and
    ``tax_id`` are a vendor's.
    """

    called: str
    value: str
    name: str = ""
    tax_id: str = ""

    @property
    def kind(self) -> Kind:
        """The file of rules that its rule would stand in."""
        return {"vendor": VENDORS, "account": GL_ACCOUNTS, "term": TERMS}.get(self.called, DIMENSION_CODES)

    @property
    def key(self) -> tuple[str, ...]:
        return (self.called, self.value) if self.kind is DIMENSION_CODES else (self.value,)


@dataclass(frozen=True, slots=True)
class Past:
    """What was posted earlier for the same value of the same vendor: the ERP's word, how often, and a document of it."""

    code: str
    times: int
    document: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word of the ERP, and what speaks for it, the strongest first."""

    code: str
    name: str
    evidence: tuple[str, ...]


@dataclass
class Advice:
    """The ERP's active records, ready to be compared with what is not mapped."""

    reference: Reference
    _twins: Twins = field(init=False)
    _named: dict[str, dict[str, str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        vendors, accounts, codes = (self.reference[name] for name in ("vendors", "gl_accounts", "dimensions"))
        active = vendors[vendors["status"] == "active"]
        self._twins = Twins(active)
        self._named["vendor"] = dict(zip(active["vendor_id"], active["name"], strict=True))
        usable = accounts[accounts["status"] == "active"]
        self._named["account"] = dict(zip(usable["account"], usable["title"], strict=True))
        usable = codes[codes["status"] == "active"]
        for dimension, code, name in zip(usable["dimension"], usable["code"], usable["name"], strict=True):
            self._named.setdefault(dimension, {})[code] = name

    def on(self, one: Unmapped, past: Iterable[Past] = ()) -> list[Candidate]:
        """The candidates for a value, of inactive records none. Those with the strongest evidence first: the same tax id, the
        same number, the same name, what was posted, a near name.
        """
        named = self._named.get(one.called, {})
        found: dict[str, list[tuple[int, str]]] = {}

        def add(code: str, rank: Literal[0, 1, 2, 3, 4], said: str) -> None:
            if code in named:
                found.setdefault(code, []).append((rank, said))

        for twin in self._twins.of("", one.tax_id) if one.called == "vendor" else ():
            add(twin.vendor_id, 0, f"same tax id ({one.tax_id})")
        for code in named:
            if code.lstrip("0") == one.value.lstrip("0") != "":
                add(code, 1, "same number with other leading zeros")
        for earlier in past:
            times = "once" if earlier.times == 1 else f"{earlier.times} times"
            add(earlier.code, 3, f"posted {times} for {one.value!r} of the same vendor, last with {earlier.document}")
        for code, percent in _near(one.name if one.called == "vendor" else one.value, named):
            if percent == 100:
                add(code, 2, f"same name ({named[code]})")
            else:
                add(code, 4, f"near name: {named[code]} ({percent} %)")
        ranked = sorted(found.items(), key=lambda item: (min(item[1])[0], -len(item[1]), item[0]))
        return [Candidate(code, named[code], tuple(said for _, said in sorted(told))) for code, told in ranked]


def _near(text: str, named: Mapping[str, str]) -> list[tuple[str, int]]:
    """The codes whose name, or which themselves, are nearly the text, the nearest first; numbers are near nothing."""
    wanted = folded(text)
    if not any(character.isalpha() for character in wanted):
        return []
    by_name: dict[str, list[str]] = {}
    for code, name in named.items():
        for said in {folded(name), folded(code)} - {""}:
            by_name.setdefault(said, []).append(code)
    near = get_close_matches(wanted, by_name, n=MOST, cutoff=_NEAR_PERCENT / 100)
    best: dict[str, int] = {}
    for name in near:
        percent = round(SequenceMatcher(None, name, wanted).ratio() * 100)
        for code in by_name[name]:
            best[code] = max(best.get(code, 0), percent)
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:MOST]


def rule_line(folder: Path | str, kind: Kind, key: Sequence[str], gives: str, note: str) -> str:
    """The rule as a line of its file, in the order of the columns that it has there; of a new file with its first line."""
    path = Path(folder) / kind.file
    cells = {**dict(zip(kind.by, key, strict=True)), kind.gives: gives, "note": note}
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns = [column.strip() for column in next(csv.reader(file), [])]
        return _csv_line(cells.get(column, "") for column in columns)
    columns = [*kind.by, kind.gives, "note"]
    return f"{_csv_line(columns)}\n{_csv_line(cells[column] for column in columns)}"


def _csv_line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
