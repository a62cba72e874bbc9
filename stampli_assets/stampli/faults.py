"""Why a cell cannot be read, and what spreadsheets do to cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|#+)")
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+", re.ASCII)
_SERIAL = re.compile(r"[0-9]{5}([.,][0-9]+)?", re.ASCII)
_DAY_ZERO = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 32_874, 73_050
"""1990 to 2099: what may be a date of an invoice."""


SHOWN = 60
"""Characters of a cell's value that a sentence shows."""


def shown(text: str) -> str:
    """A value as a sentence quotes it."""
    return repr(cut(text))


def cut(text: str) -> str:
    """The beginning of a value that is too long to be shown."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class Fault(Exception):
    """A cell that cannot be read: ``rule`` is a stable code, ``because`` completes the sentence about the cell."""

    def __init__(self, rule: str, because: str) -> None:
        self.rule = rule
        self.because = because
        super().__init__(because)


@dataclass(frozen=True, slots=True)
class SwappedDate(Exception):
    """A date that is impossible in the connection's format and possible with day and month swapped."""

    text: str


def damage_of(text: str) -> str:
    """What a spreadsheet has certainly done to this text, in words; empty when nothing can be proven."""
    if _ERROR.fullmatch(text):
        return "a spreadsheet's error stands in its place"
    if _SCIENTIFIC.fullmatch(text):
        return "a spreadsheet has shortened it to scientific notation, and its digits are lost"
    return ""


def day_of_serial(text: str) -> date | None:
    """The day that a spreadsheet means by this number, where it may be the date of an invoice."""
    if not _SERIAL.fullmatch(text):
        return None
    serial = int(re.split(r"[.,]", text)[0])
    return _DAY_ZERO + timedelta(days=serial) if _FIRST_SERIAL <= serial <= _LAST_SERIAL else None
