"""The rules looked over as a whole: targets that the ERP lacks, rules that never count, rules that clash.

What cannot even be read is told by :func:`stampli_assets.mapping.rule_files.read`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from stampli_assets.mapping.banks import BANK_ACCOUNT
from stampli_assets.mapping.globs import common, covers
from stampli_assets.mapping.kinds import Kind, Rule
from stampli_assets.mapping.rule_files import Problem
from stampli_assets.mapping.rules import (
    DIMENSION_CODES,
    FUNDING_ACCOUNTS,
    GL_ACCOUNTS,
    KINDS,
    TERMS,
    VENDOR_DEFAULTS,
    VENDORS,
    Clash,
    Rules,
)
from stampli_assets.model.documents import Dimension
from stampli_assets.model.ports import Reference


@dataclass(frozen=True)
class Watched(Rules):
    """Rules that remember which of them were used."""

    used: set[Rule] = field(default_factory=set)

    def rule(self, kind: Kind, keys: Sequence[tuple[str, ...]], day: str) -> Rule | Clash | None:
        found = super().rule(kind, keys, day)
        self.used.update((found,) if isinstance(found, Rule) else found.rules if found is not None else ())
        return found


def looked_over(rules: Sequence[Rule], reference: Reference, today: str) -> list[Problem]:
    """What is wrong with the rules, by file and row. ``today`` (ISO text): rules that ended before it are not asked of the
    ERP, they are there for invoices of their time.
    """
    found = [*_targets(rules, reference, today), *_never_valid(rules)]
    by_place: dict[tuple[str, tuple[str, ...]], list[Rule]] = defaultdict(list)
    for rule in rules:
        by_place[rule.file, rule.key[:-1]].append(rule)
    for place in by_place.values():
        ranked = sorted((rule for rule in place if not rule.is_exact), key=lambda rule: (rule.priority, rule.row))
        exact = [rule for rule in place if rule.is_exact]
        found += [*_clashes(ranked), *_shadowed(ranked, exact)]
    return in_order(found)


def unused(rules: Iterable[Rule], used: Collection[Rule], since: str) -> list[Problem]:
    """The rules that no invoice since that day needed; payments' rules are not asked after."""
    return [
        Problem(
            rule.stands_in,
            (rule.row,),
            f"the rule for {rule.key[-1]!r} was used by no invoice that came since {since}",
            "Take it out if it is not needed any more; it does no harm.",
            must_be_mended=False,
        )
        for rule in rules
        if rule not in used and rule.file != FUNDING_ACCOUNTS.file
    ]


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """What must be mended first, then by file and row."""
    files = [Path(kind.file).stem for kind in KINDS]
    return sorted(problems, key=lambda one: (not one.must_be_mended, files.index(Path(one.file).stem), one.rows))


def _targets(rules: Iterable[Rule], reference: Reference, today: str) -> Iterator[Problem]:
    known = _known(reference)
    having = {called for called, _ in known}
    for rule in rules:
        called, target = _target(rule)
        if rule.valid_to < today or not called or (called in {"entity", BANK_ACCOUNT} and called not in having):
            continue
        status = known.get((called, target))
        if status is None:
            twins = sorted(
                code for sort, code in known if sort == called and code.lstrip("0") == target.lstrip("0") != ""
            )
            hint = f"; {', '.join(twins)} does" if twins else ""
            said = f"{_word(called)} {target!r} does not exist in the ERP{hint}"
            yield Problem(rule.stands_in, (rule.row,), said, f"Give one that exists, or create {target} in the ERP.")
        elif status != "active":
            said = f"{_word(called)} {target!r} is inactive in the ERP"
            remedy = f"Give one that is active, activate {target} in the ERP, or end the rule with valid_to."
            yield Problem(rule.stands_in, (rule.row,), said, remedy)


def _known(reference: Reference) -> dict[tuple[str, str], str]:
    """The status of everything that a rule can give."""
    vendors, accounts, codes = (reference[name] for name in ("vendors", "gl_accounts", "dimensions"))
    known = {("vendor", one): status for one, status in zip(vendors["vendor_id"], vendors["status"], strict=True)}
    known |= {("account", one): status for one, status in zip(accounts["account"], accounts["status"], strict=True)}
    columns = (codes[name] for name in ("dimension", "code", "status"))
    return known | {(dimension, code): status for dimension, code, status in zip(*columns, strict=True)}


def _target(rule: Rule) -> tuple[str, str]:
    return _GIVEN[rule.file](rule) if rule.file in _GIVEN else ("", "")


def _dimension(rule: Rule) -> tuple[str, str]:
    """A cost centre names the dimension itself: ``department:200``."""
    if rule.key[0] != "cost_centre":
        return rule.key[0], rule.gives
    dimension, _, code = rule.gives.partition(":")
    return (dimension, code) if dimension in set(Dimension) and code else ("dimension of a cost centre", rule.gives)


_GIVEN: dict[str, Callable[[Rule], tuple[str, str]]] = {
    VENDORS.file: lambda rule: ("vendor", rule.gives),
    GL_ACCOUNTS.file: lambda rule: ("account", rule.gives),
    DIMENSION_CODES.file: _dimension,
    TERMS.file: lambda rule: ("term", rule.gives),
    FUNDING_ACCOUNTS.file: lambda rule: (BANK_ACCOUNT, rule.gives),
    VENDOR_DEFAULTS.file: lambda rule: (rule.key[0], rule.gives),
}
"""What a rule of each file gives; neither ERP lists its tax codes for us."""


def _word(called: str) -> str:
    return {"account": "GL account", BANK_ACCOUNT: "bank account", "term": "payment term"}.get(called, called)


def _never_valid(rules: Iterable[Rule]) -> Iterator[Problem]:
    for rule in rules:
        if rule.valid_from > rule.valid_to:
            said = f"it begins on {rule.valid_from} and ended on {rule.valid_to}: there is no day on which it holds"
            yield Problem(rule.stands_in, (rule.row,), said, "Correct its days.", column="valid_to")


def _clashes(ranked: Sequence[Rule]) -> Iterator[Problem]:
    """Patterns of one priority, a value that both fit, and a day on which both hold."""
    for one, other in combinations(ranked, 2):
        value = common(one.glob, other.glob) if one.priority == other.priority and one.meets(other) else None
        if value is not None:
            said = f"{one.key[-1]!r} and {other.key[-1]!r} both fit {value!r} and have one priority, {one.priority}"
            remedy = "Give one of them another priority: the lower goes first. Until then what both fit is held."
            yield Problem(one.stands_in, tuple(sorted((one.row, other.row))), said, remedy, column="priority")


def _shadowed(ranked: Sequence[Rule], exact: Sequence[Rule]) -> Iterator[Problem]:
    """Patterns that never come to their turn: an earlier rule fits everything that they fit, on all their days."""
    for at, rule in enumerate(ranked):
        earlier = [*exact, *(other for other in ranked[:at] if other.priority < rule.priority)]
        for other in earlier:
            if _all_days(other, rule) and _all_values(other, rule):
                said = (
                    f"{rule.key[-1]!r} never counts: row {other.row} ({other.match} {other.key[-1]!r}) goes before it"
                )
                remedy = f"Take it out, or give it a lower priority than row {other.row}."
                if other.is_exact:
                    remedy = f"Take one of the two out: the exact rule of row {other.row} always goes first."
                yield Problem(rule.stands_in, (rule.row,), said, remedy)
                break


def _all_days(other: Rule, rule: Rule) -> bool:
    return other.valid_from <= rule.valid_from and rule.valid_to <= other.valid_to


def _all_values(other: Rule, rule: Rule) -> bool:
    if other.is_exact:
        return not set("*?") & set(rule.glob) and other.key[-1] == rule.glob
    return covers(other.glob, rule.glob)
