"""The mapping rules of a connection: CSV files (or workbooks) that a person edits, checked as a whole when they are loaded.

======================== =========================================================
``vendors.csv``          ``stampli_vendor, erp_vendor`` (Stampli's id, or its name)
``gl_accounts.csv``      ``stampli_account, erp_account``
``dimensions.csv``       ``dimension, stampli_code, erp_code``
``terms.csv``            ``stampli_terms, erp_term``
``tax_codes.csv``        ``stampli_tax_code, erp_tax_code``
``funding_accounts.csv`` ``stampli_account, erp_bank_account``
``vendor_defaults.csv``  ``stampli_vendor, field, erp_code`` (``field`` is a dimension)
======================== =========================================================

Each may carry ``match`` and ``priority`` (:class:`~stampli_assets.mapping.kinds.Match`), ``valid_from`` and ``valid_to``
(``YYYY-MM-DD``, both included, compared with the document's posting date) and ``note``. An exact rule always goes before
patterns, of patterns the one of the lowest priority. A missing file has no rules; a value without a rule passes through and
is verified in the ERP (tax codes are not: neither ERP lists them for us).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from stampli_assets.mapping.kinds import Kind, Rule
from stampli_assets.mapping.rule_files import read
from stampli_assets.mapping.verdicts import Hold
from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.identity import MappingVersion, digest

DIMENSIONS = frozenset({*Dimension, "cost_centre", "entity"})

VENDORS = Kind("vendors.csv", ("stampli_vendor",), "erp_vendor")
GL_ACCOUNTS = Kind("gl_accounts.csv", ("stampli_account",), "erp_account")
DIMENSION_CODES = Kind("dimensions.csv", ("dimension", "stampli_code"), "erp_code", DIMENSIONS)
TERMS = Kind("terms.csv", ("stampli_terms",), "erp_term")
TAX_CODES = Kind("tax_codes.csv", ("stampli_tax_code",), "erp_tax_code")
FUNDING_ACCOUNTS = Kind("funding_accounts.csv", ("stampli_account",), "erp_bank_account")
VENDOR_DEFAULTS = Kind("vendor_defaults.csv", ("field", "stampli_vendor"), "erp_code", frozenset(Dimension))
KINDS = (VENDORS, GL_ACCOUNTS, DIMENSION_CODES, TERMS, TAX_CODES, FUNDING_ACCOUNTS, VENDOR_DEFAULTS)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two or more patterns of one priority fit a value on one day: which is meant is not guessed."""

    rules: tuple[Rule, ...]

    def hold(self, called: str, value: str) -> Hold:
        """Why the value waits; ``called`` is what it is: ``GL account``."""
        file = self.rules[0].stands_in
        rows = " and ".join(
            f"row {rule.row} ({rule.match} {rule.key[-1]!r} gives {rule.gives!r})" for rule in self.rules
        )
        because = (
            f"{called} {value!r} fits {len(self.rules)} rules of priority {self.rules[0].priority} in {file}: {rows}"
        )
        remedy = f"Give one of these rows of {file} another priority (the lower goes first), or add an exact rule for {value!r}."
        return Hold("RULES_CLASH", because, remedy)


@dataclass(frozen=True)
class Rules:
    """All rules of a connection and their version."""

    exact: Mapping[str, Mapping[tuple[str, ...], tuple[Rule, ...]]]
    """By file and whole key."""
    patterns: Mapping[tuple[str, tuple[str, ...]], tuple[Rule, ...]]
    """By file and the key without its last part, the lowest priority first."""
    version: MappingVersion

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read the folder; no folder has no rules.

        Raises:
            Misconfigured: files are unreadable or contradict themselves; the sentence lists every problem at once.
        """
        rules, problems = read(folder, KINDS)
        if problems:
            raise Misconfigured(
                f"The mapping rules in {folder} have {len(problems)} problem(s):\n"
                + "\n".join(f"  {problem}" for problem in problems),
                remedy="Correct these cells and save; the next run uses them.",
                code="MAPPING_RULES",
            )
        return cls.of(rules)

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Self:
        """These rules, in any order."""
        exact: dict[str, dict[tuple[str, ...], tuple[Rule, ...]]] = {kind.file: {} for kind in KINDS}
        patterns: dict[tuple[str, tuple[str, ...]], list[Rule]] = {}
        parts = []
        for rule in rules:
            parts.append(_part(rule))
            if rule.is_exact:
                same = exact[rule.file]
                same[rule.key] = (*same.get(rule.key, ()), rule)
            else:
                patterns.setdefault((rule.file, rule.key[:-1]), []).append(rule)
        ranked = {key: tuple(sorted(some, key=lambda rule: rule.priority)) for key, some in patterns.items()}
        return cls(exact, ranked, MappingVersion(digest(sorted(parts))))

    def has(self, kind: Kind) -> bool:
        """Whether there is any rule of that file."""
        return bool(self.exact[kind.file]) or any(file == kind.file for file, _ in self.patterns)

    def find(self, kind: Kind, key: tuple[str, ...], day: str) -> str | Clash | None:
        """What the rule that is valid on ``day`` (ISO text) gives, or ``None`` when there is none."""
        return self.find_any(kind, (key,), day)

    def find_any(self, kind: Kind, keys: Sequence[tuple[str, ...]], day: str) -> str | Clash | None:
        """The same for a value that goes by several names; they differ in the last part only."""
        found = self.rule(kind, keys, day)
        return found.gives if isinstance(found, Rule) else found

    def rule(self, kind: Kind, keys: Sequence[tuple[str, ...]], day: str) -> Rule | Clash | None:
        """The rule that counts: an exact one of the first key that has any, else the pattern of the lowest priority."""
        for key in keys:
            for rule in self.exact[kind.file].get(key, ()):
                if rule.holds_on(day):
                    return rule
        return self._fitting(kind, keys, day) if self.patterns else None

    def _fitting(self, kind: Kind, keys: Sequence[tuple[str, ...]], day: str) -> Rule | Clash | None:
        fitting: list[Rule] = []
        for rule in self.patterns.get((kind.file, keys[0][:-1]), ()) if keys else ():
            if fitting and rule.priority > fitting[0].priority:
                break
            if rule.holds_on(day) and any(key[-1] and rule.fits(key[-1]) for key in keys):
                fitting.append(rule)
        if len(fitting) > 1:
            return Clash(tuple(sorted(fitting, key=lambda rule: rule.row)))
        return fitting[0] if fitting else None


def _part(rule: Rule) -> str:
    """What the version is made of: neither notes nor the order of rows."""
    part = f"{rule.file}|{'|'.join(rule.key)}|{rule.gives}|{rule.valid_from}|{rule.valid_to}"
    return part if rule.is_exact else f"{part}|{rule.match}|{rule.priority}"
