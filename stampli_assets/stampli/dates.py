"""Dates: one declared format per connection, and the question to ask where a file is written in another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.faults import Fault, SwappedDate, damage_of, day_of_serial, shown

_UNPARTED = re.compile(r"^(%[Ymdy]){3}$")
"""Digits without anything between them: a missing one would shift the others."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
FORMATS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y/%d/%m",
    "%Y.%m.%d", "%Y%m%d", "%d%m%Y", "%m%d%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%y", "%m/%d/%y",
    "%d.%m.%y", "%y-%m-%d",
)  # fmt: skip
"""What files are compared with when their dates are not as declared, or nothing is declared yet."""


def read_date(text: str, date_format: str) -> str:
    """A date as ISO text; empty stays empty.

    Raises:
        Fault: the text is no date in this format.
        SwappedDate: it would be one with day and month swapped.
    """
    if not text:
        return ""
    day = _day(text, date_format)
    if day is None:
        if _day(text, _swapped(date_format)) is not None:
            raise SwappedDate(text)
        raise Fault("DATE_GRAMMAR", f"{shown(text)} is not a date written as {said(date_format)}.{_hint(text)}")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Fault("DATE_RANGE", f"{shown(text)} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day.isoformat()


def _day(text: str, date_format: str) -> date | None:
    if not text.isascii():
        return None
    try:
        day = datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a date of a document has no time zone
    except ValueError:
        return None
    return None if _UNPARTED.search(date_format) and f"{day:{date_format}}" != text else day


def _swapped(date_format: str) -> str:
    return date_format.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _hint(text: str) -> str:
    if day := day_of_serial(text):
        return f" It looks like Excel's own day number for {day.isoformat()}: a spreadsheet has changed the export"
    if damage := damage_of(text):
        return f" {damage.capitalize()}"
    read = question([text])
    return f" {read}" if read else ""


def said(date_format: str) -> str:
    """A format as people write it: ``DD/MM/YYYY``."""
    for code, word in {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%y": "YY", "%b": "Mon", "%B": "Month"}.items():
        date_format = date_format.replace(code, word)
    return date_format.replace("%H:%M:%S", "hh:mm:ss")


def formats_of(dates: Iterable[str]) -> tuple[str, ...]:
    """The formats in which every one of these texts is a plausible date."""
    told = list(dates)
    return tuple(one for one in FORMATS if told and all(_is_plausible(text, one) for text in told))


def _is_plausible(text: str, date_format: str) -> bool:
    day = _day(text, date_format)
    return day is not None and FIRST_YEAR <= day.year <= LAST_YEAR


def question(dates: Iterable[str]) -> str:
    """The question that a person must answer about dates which can be read in several ways; empty when in one."""
    told = sorted(dates)
    fits = formats_of(told)
    for text in told:
        days = sorted({day for one in fits if (day := _day(text, one)) is not None})
        if len(days) > 1:
            ways = " or ".join(f"{day.day} {day:%B %Y}" for day in days)
            return f"Is {text} {ways}?"
    return ""


def refuse_other_format(dates: Iterable[str], date_format: str, name: str) -> None:
    """Refuse a file none of whose dates is written as declared, where all of them are written in one other way.

    Raises:
        FileRefused: with the question, where that way can be read as two.
    """
    told = sorted(dates)
    fits = formats_of(told)
    if not fits:
        return
    asked = question(told)
    what = asked or f"They read as {said(fits[0])}."
    raise FileRefused(
        f"{name} writes its dates in another way than declared: {shown(told[0])} is not {said(date_format)}. {what}",
        remedy=f"Set date_format in the layout to {' or '.join(map(repr, fits[:4]))}; no date of the file was believed.",
        code="DATE_FORMAT",
    )
