"""One file of the corpus: its bytes, the layout that reads it, and how it must end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from builders.exports import HEADERS, as_csv, invoice, row

from stampli_assets.stampli.layout import Layout

GOOD = invoice("GOOD", "10.00")


@dataclass(frozen=True)
class Entry:
    """``rejects`` are (row, column, rule); ``accepts`` invoice numbers in order; or ``refused`` is the file's code."""

    name: str
    make: Callable[[], bytes]
    layout: Layout
    accepts: tuple[str, ...] = ()
    rejects: frozenset[tuple[int, str, str]] = frozenset()
    totals: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    says: str = ""
    """Words that a sentence, a note or the refusal must hold."""


def read(name, content, accepts, totals=None, rejects=(), says="", **layout) -> Entry:
    """A file that is read. ``accepts`` may be one text of names."""
    names = tuple(accepts.split()) if isinstance(accepts, str) else accepts
    told = {"USD": totals} if isinstance(totals, str) else (totals or {})
    return Entry(name, _maker(content), Layout(**layout), names, frozenset(rejects), told, says=says)


def refused(name, content, code, says="", **layout) -> Entry:
    """A file that is refused whole."""
    return Entry(name, _maker(content), Layout(**layout), refused=code, says=says)


def cell(name, rule, column, says="", layout=None, **cells) -> Entry:
    """A bad cell in the invoice beside a good one; the good one goes on."""
    bad = (2, column, rule)
    return read(name, as_csv([*GOOD, row(**cells)]), "GOOD", "10.00", [bad], says, **(layout or {}))


def kept(name, total, says="", layout=None, currency="USD", **cells) -> Entry:
    """An odd cell that is read: the invoice alone, over ``total``."""
    told = row(**cells)
    number = " ".join(told["Invoice Number"].split())
    return read(name, as_csv([told]), (number,), {currency: total}, says=says, **(layout or {}))


def plain(**cells) -> bytes:
    """Two good invoices, A over 3.00 and B over 3.00."""
    return as_csv([*invoice("A", "1.00", "2.00", **cells), *invoice("B", "3.00", **cells)])


def without(*headers: str) -> list[str]:
    """The usual headers but these."""
    return [header for header in HEADERS if header not in headers]


def _maker(content) -> Callable[[], bytes]:
    return content if callable(content) else lambda: content
