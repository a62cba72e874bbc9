"""What a column of an export is: its canonical name, the headers that are accepted for it, what a cell may hold.

Stampli publishes no schema; templates are agreed per customer. So headers are matched by name against these lists and the
connection's own (settings ``layout.columns``), never by position or likeness. Which columns a kind of file has is in
``contracts``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Cell(StrEnum):
    """How the text of a cell is read."""

    ID = "id"
    TEXT = "text"
    DATE = "date"
    MONEY = "money"
    DECIMAL = "decimal"
    CURRENCY = "currency"
    COUNTRY = "country"
    WORD = "word"
    ORDINAL = "ordinal"


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column. ``limit`` is in characters; ``of_document`` cells repeat on each row of a document."""

    name: str
    header: str
    cell: Cell = Cell.ID
    limit: int = 64
    required: bool = False
    """The file must have the column, and the cell must be filled."""
    of_document: bool = True
    aliases: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    """Of ``Cell.WORD``: squeezed text → what is read; the empty text stands for a cell that is empty."""


def line(
    name: str,
    header: str,
    *aliases: str,
    cell: Cell = Cell.ID,
    limit: int = 20,
    required: bool = False,
    words: Mapping[str, str] | None = None,
) -> Column:
    """A column of the rows below a document: a coding line, a paid invoice."""
    return Column(name, header, cell, limit, required=required, of_document=False, aliases=aliases, words=words or {})


def head(
    name: str,
    header: str,
    *aliases: str,
    cell: Cell = Cell.ID,
    limit: int = 64,
    required: bool = False,
    words: Mapping[str, str] | None = None,
) -> Column:
    """A column of the document."""
    return Column(name, header, cell, limit, required=required, aliases=aliases, words=words or {})


CUSTOM_PREFIX = "Custom: "
CUSTOM = Column("custom", "Custom", Cell.TEXT, 1000, of_document=False)
"""What every custom field is held to."""

_BANK_WORDS = ("bank", "routing", "iban", "swift", "accountholder")


def squeezed(header: str) -> str:
    """What two headers are compared by: NFKC, case folded, letters and digits only."""
    return "".join(mark for mark in unicodedata.normalize("NFKC", header).casefold() if mark.isalnum())


def words_of(told: Iterable[str]) -> dict[str, str]:
    """The words of an enumeration, each by how it is compared."""
    return {squeezed(word): word for word in told}


def holds_bank_details(header: str) -> bool:
    """Such a column is dropped unread, unless the kind of file has it: payment data has no place in an invoice file."""
    return any(word in squeezed(header) for word in _BANK_WORDS)
