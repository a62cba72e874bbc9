"""The coding of a line: its account and dimensions, what the account demands, what may not go together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Step
from stampli_assets.sandbox.x3.exact import plain
from stampli_assets.sandbox.x3.inputs import amount_of


def check_coding(
    books: X3Books, line: dict[str, Any], path: tuple[Step, ...], *, site: str, on: date | None
) -> list[Diagnosis]:
    """What is wrong with a line's coding; its analytical lines are left with one dimension each.

    Accounts and dimensions exist, are active, open at the accounting date and allowed for the site; restriction tables
    forbid pairs of account and dimension; an account may demand dimension types (reference 3.1 [T], 5.5).
    """
    found: list[Diagnosis] = []
    account = str(line.get("ACC") or "")
    if account and (why := books.why_unusable("accounts", account, on=on, site=site)):
        found.append(Diagnosis(f"ACC: Account {account} {why}.", (*path, "ACC")))
    given = [(place, row) for place, row in enumerate(line.get("BPSINVLIGA") or [])]
    flat: list[dict[str, Any]] = []
    for place, row in given:
        at = (*path, "BPSINVLIGA", place)
        found += _unpaired(row, at)
        for kind, code in _pairs(row):
            found += _one(books, account, kind, code, at, site=site, on=on)
            flat.append({**row, "DIE": kind, "CCE": code, "AMT": row.get("AMT") or line.get("AMTNOTLIN") or "0.00"})
    line["BPSINVLIGA"] = flat
    present = {row["DIE"] for row in flat if row["CCE"]}
    found += [
        Diagnosis(f"DIE: Account {account} demands the dimension type {kind}.", (*path, "BPSINVLIGA"))
        for kind in (books.row("accounts", account) or {}).get("DIE") or []
        if kind not in present
    ]
    return [*found, *_undistributed(line, flat, path)]


def _pairs(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """``DIE`` and ``CCE`` are arrays in the dictionary [T]: one of each, or as many of each."""
    kinds, codes = row.get("DIE") or [], row.get("CCE") or []
    listed = (
        ([kinds] if isinstance(kinds, str) else kinds),
        ([codes] if isinstance(codes, str) else codes),
    )
    yield from zip(*listed, strict=False)


def _unpaired(row: dict[str, Any], at: tuple[Step, ...]) -> list[Diagnosis]:
    kinds, codes = row.get("DIE") or [], row.get("CCE") or []
    if isinstance(kinds, str) != isinstance(codes, str) or (not isinstance(kinds, str) and len(kinds) != len(codes)):
        return [Diagnosis("CCE: each dimension needs its type, each type its dimension.", (*at, "CCE"))]
    return []


def _one(
    books: X3Books, account: str, kind: str, code: str, at: tuple[Step, ...], *, site: str, on: date | None
) -> list[Diagnosis]:
    if why := books.why_unusable("dimension_types", kind, on=on):
        return [Diagnosis(f"DIE: Dimension type {kind} {why}.", (*at, "DIE"))]
    if why := books.why_unusable("dimensions", f"{kind}~{code}", on=on, site=site):
        return [Diagnosis(f"CCE: Dimension {kind} {code} {why}.", (*at, "CCE"))]
    if books.row("restrictions", f"{account}~{kind}~{code}") is not None:
        return [Diagnosis(f"CCE: Dimension {kind} {code} is not allowed for the account {account}.", (*at, "CCE"))]
    return []


def _undistributed(line: dict[str, Any], flat: list[dict[str, Any]], path: tuple[Step, ...]) -> list[Diagnosis]:
    """For each dimension type, the analytical amounts add up to the line's amount without tax."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in flat:
        sums[row["DIE"]] += amount_of(row["AMT"])
    net = amount_of(line.get("AMTNOTLIN"))
    return [
        Diagnosis(f"AMT: The dimensions of {kind} hold {plain(held)}, the line {plain(net)}.", (*path, "BPSINVLIGA"))
        for kind, held in sums.items()
        if held != net
    ]
