"""Why delimited text is refused as a whole, in sentences."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.text import Text

MAX_RAGGED = 50_000
MAX_COLUMNS = 1_000


def refuse_wide(cells: Sequence[str], name: str) -> None:
    """Refuse a header that no export has.

    Raises:
        FileRefused: it has more than a thousand columns.
    """
    if len(cells) > MAX_COLUMNS:
        raise FileRefused(
            f"{name} has a header of {len(cells):,} columns; at most {MAX_COLUMNS:,} are read.",
            remedy="The delimiter of the layout may be wrong: `stampli inspect` proposes one.",
            code="COLUMNS",
        )


def refuse_too_ragged(count: int, width: int, name: str) -> None:
    """Refuse a file in which no row fits its header.

    Raises:
        FileRefused: there are more of them than anybody can read.
    """
    if count > MAX_RAGGED:
        raise FileRefused(
            f"{name} has more than {MAX_RAGGED:,} rows of another width than its header ({width} columns).",
            remedy="The delimiter or the quoting of the layout may be wrong: `stampli inspect` proposes one.",
            code="TOO_MANY_FAULTS",
        )


def broken(error: csv.Error, name: str, layout: Layout, line: int) -> FileRefused:
    """What the standard library's reader stumbled over, in our words."""
    if "field larger" in str(error):
        return FileRefused(
            f"{name} has a cell of more than {layout.max_field} characters from line {line} on.",
            remedy="A quotation mark may be missing there. " + SEND_AGAIN,
            code="FIELD_TOO_LONG",
        )
    if "unexpected end" in str(error):
        return FileRefused(
            f"{name} is cut off: the quoted cell that begins at line {line} never ends.",
            remedy=SEND_AGAIN,
            code="TRUNCATED",
        )
    return FileRefused(
        f"{name} breaks the rules of CSV at line {line}: {error}.",
        remedy="A quotation mark inside a quoted cell must be doubled. " + SEND_AGAIN,
        code="CSV_SYNTAX",
    )


def refuse_cut_off(text: Text, name: str, layout: Layout, short: tuple[int, int, int] | None) -> None:
    """A last record that is too short and has no line end was cut off while it was written.

    Raises:
        FileRefused: it was; or the line end is missing that the layout promises.
    """
    if text.ends_whole:
        return
    if short is not None:
        line, given, wanted = short
        raise FileRefused(
            f"{name} is cut off: its last line ({line}) has {given} of {wanted} columns and no end.",
            remedy=SEND_AGAIN,
            code="TRUNCATED",
        )
    if layout.final_newline == "required":
        raise FileRefused(
            f"{name} is cut off: its last line has no end, and this connection's exports always have one.",
            remedy=SEND_AGAIN,
            code="TRUNCATED",
        )
