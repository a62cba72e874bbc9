"""Edits of a ledger as somebody with its database could make them; each leaves something other than it was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from stampli_assets.ledger.journal import digest_of

Rows = list[list[Any]]


@dataclass
class Tables:
    """The rows of a ledger in memory."""

    journal: Rows
    postings: Rows
    deliveries: Rows
    decisions: Rows


def edited(tables: Tables, dice: Random) -> tuple[str, Tables]:
    """One random edit, by its name; retried until it changes something."""
    while True:
        mine = copy.copy(tables)
        name = dice.choice(["journal", "journal", "postings", "postings", "postings", "deliveries", "decisions"])
        rows = [list(row) for row in getattr(tables, name)]
        edit = dice.choice([*EDITS, *(JOURNAL_EDITS if name == "journal" else [])])
        edit(rows, dice)
        before = getattr(tables, name)
        if sorted(map(repr, rows)) != sorted(map(repr, before)) or (name == "journal" and rows != before):
            setattr(mine, name, rows)
            return f"{edit.__name__} of {name}", mine


def flip(rows: Rows, dice: Random) -> None:
    row = dice.choice(rows)
    place = dice.randrange(len(row))
    row[place] = _other(row[place], dice)


def delete(rows: Rows, dice: Random) -> None:
    rows.pop(dice.randrange(len(rows)))


def swap(rows: Rows, dice: Random) -> None:
    """The values of one column of two rows."""
    one, other = dice.choice(rows), dice.choice(rows)
    place = dice.randrange(len(one))
    one[place], other[place] = other[place], one[place]


def insert(rows: Rows, dice: Random) -> None:
    row = list(dice.choice(rows))
    row[0] = _other(row[0], dice)
    rows.insert(dice.randrange(len(rows) + 1), row)


def truncate(rows: Rows, dice: Random) -> None:
    del rows[dice.randrange(len(rows)) :]


def reorder(rows: Rows, dice: Random) -> None:
    one, other = dice.randrange(len(rows)), dice.randrange(len(rows))
    rows[one], rows[other] = rows[other], rows[one]


def rewrite(rows: Rows, dice: Random) -> None:
    """An edit by somebody who knows how the chain is made: everything after it is chained anew."""
    at = dice.randrange(len(rows))
    place = dice.choice([1, 2, 3])
    rows[at][place] = _other(rows[at][place], dice)
    chain(rows, at)


def leave_out(rows: Rows, dice: Random) -> None:
    """The same with an entry left out and the rest numbered anew."""
    at = dice.randrange(len(rows))
    rows.pop(at)
    chain(rows, at)


def chain(rows: Rows, start: int) -> None:
    for at in range(start, len(rows)):
        rows[at][0] = at + 1
        rows[at][4] = rows[at - 1][5] if at else "0" * 64
        rows[at][5] = digest_of(*rows[at][:5])


EDITS: list[Callable[[Rows, Random], None]] = [flip, flip, flip, delete, swap, swap, insert, truncate]
JOURNAL_EDITS: list[Callable[[Rows, Random], None]] = [reorder, rewrite, rewrite, leave_out]


def _other(value: Any, dice: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + dice.choice([-100, -1, 1, 7, 10_000])
    if value is None:
        return "2026-11-21T09:00:00.000000+00:00"
    if not value:
        return dice.choice([" ", "0", "x"])
    at = dice.randrange(len(value))
    return value[:at] + dice.choice(["", "0", "9", " ", "é", value[at] * 2]) + value[at + 1 :]
