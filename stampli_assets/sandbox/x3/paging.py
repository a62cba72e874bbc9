"""Pages of ordered rows: both APIs continue after the last row that was seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


class NoSuchCursor(Exception):
    """The cursor names no row of this list."""


@dataclass(frozen=True)
class Page:
    """Some rows, and whether more follow or came before."""

    rows: Sequence[Row]
    total: int
    has_next: bool
    has_previous: bool


def ordered(
    rows: list[Row], keys: Sequence[tuple[Callable[[Row], Any], bool]], key_of: Callable[[Row], str]
) -> list[Row]:
    """The rows in the wanted order; equal ones in the order of their keys."""
    rows = sorted(rows, key=key_of)
    for key, descending in reversed(keys):
        rows = sorted(rows, key=key, reverse=descending)
    return rows


def page(rows: list[Row], key_of: Callable[[Row], str], *, after: str, size: int) -> Page:
    """``size`` rows that follow the row with the key ``after`` (empty: from the beginning)."""
    start = 0
    if after:
        places = [place for place, row in enumerate(rows) if key_of(row) == after]
        if not places:
            raise NoSuchCursor(after)
        start = places[0] + 1
    chosen = rows[start : start + size]
    return Page(chosen, len(rows), start + len(chosen) < len(rows), start > 0)


def cursor(key: str) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def key_in(opaque: str) -> str:
    """The key in a cursor; raises :class:`NoSuchCursor`."""
    try:
        return base64.urlsafe_b64decode(opaque.encode()).decode()
    except (binascii.Error, UnicodeError):
        raise NoSuchCursor(opaque) from None
