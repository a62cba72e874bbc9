"""The strict grammars of cells. Each distinct text of a column is read once; what cannot be read is a fault, never a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from stampli_assets.model.money import ISO_4217, Money
from stampli_assets.stampli.columns import Cell, Column
from stampli_assets.stampli.layout import Layout


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


DOCUMENT_TYPES = {
    "": "INVOICE", "invoice": "INVOICE", "bill": "INVOICE",
    "creditmemo": "CREDIT_MEMO", "credit": "CREDIT_MEMO", "creditnote": "CREDIT_MEMO",
}  # fmt: skip
LINE_TYPES = {"": "EXPENSE"} | {
    kind.casefold(): kind for kind in ("EXPENSE", "ITEM", "TAX", "FREIGHT", "DISCOUNT", "OTHER")
}
FIRST_YEAR, LAST_YEAR = 1990, 2100

_EXCEL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|#+)")
_EXCEL_NUMBER = re.compile(r"[0-9]([.,][0-9]+)?E\+[0-9]+", re.ASCII)
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_US = re.compile(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?", re.ASCII)
_EU = re.compile(r"-?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?", re.ASCII)
_HIDDEN = {"Cf", "Cc", "Co", "Cn", "Cs"}
_ALLOWED_IN_TEXT = {"\n", "\t", "\r"}
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def reader(column: Column, layout: Layout) -> Callable[[str], str]:
    """What reads the cells of a column: normalised text in, the frame's text out; raises :class:`Fault`."""
    match column.cell:
        case Cell.DATE:
            return lambda text: _date(text, layout.date_format)
        case Cell.DECIMAL:
            return lambda text: _decimal(text, layout.number_style)
        case Cell.CURRENCY:
            return _currency
        case Cell.DOCUMENT_TYPE:
            return lambda text: _one_of(text, DOCUMENT_TYPES)
        case Cell.LINE_TYPE:
            return lambda text: _one_of(text, LINE_TYPES)
        case Cell.ORDINAL:
            return _ordinal
        case Cell.TEXT:
            return lambda text: _text(text, column.limit)
        case Cell.ID | Cell.MONEY:
            return lambda text: _identifier(text, column.limit)


def trimmed(text: str) -> str:
    """Without outer spaces (no-break ones too), in Unicode's composed form."""
    return unicodedata.normalize("NFC", text.strip().strip("\u00a0\u2007\u202f").strip())


def minor_units(text: str, currency: str, style: str) -> int:
    """An amount in minor units of its currency, by the connection's number style.

    Raises:
        Fault: the text is no such amount.
    """
    try:
        return Money.parse(_plain_number(text, style), currency).minor
    except ValueError as error:
        raise Fault("AMOUNT_GRAMMAR", str(error)) from None


def _plain_number(text: str, style: str) -> str:
    grammar = {"plain": _PLAIN, "us": _US, "eu": _EU}[style]
    bare = text
    if style != "plain" and bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if style != "plain" and bare.endswith("-"):
        bare = f"-{bare[:-1]}"
    if grammar.fullmatch(bare) is None:
        hint = " Thousands separators need number_style us or eu in the settings." if "," in text else ""
        raise Fault("AMOUNT_GRAMMAR", f"{text!r} is not an amount in the style {style!r}.{hint}")
    return bare.replace(",", "") if style != "eu" else bare.replace(".", "").replace(",", ".")


def _decimal(text: str, style: str) -> str:
    if not text:
        return ""
    try:
        return format(Decimal(_plain_number(text, style)), "f")
    except InvalidOperation:
        raise Fault("NUMBER_GRAMMAR", f"{text!r} is not a number") from None


def _date(text: str, date_format: str) -> str:
    if not text:
        return ""
    try:
        day = datetime.strptime(text, date_format)  # noqa: DTZ007 - a date of a document has no time zone
    except ValueError:
        if _is_possible_swapped(text, date_format):
            raise SwappedDate(text) from None
        hint = " It looks like Excel's own day number." if text.isdigit() else ""
        raise Fault("DATE_GRAMMAR", f"{text!r} is not a date written as {_said(date_format)}.{hint}") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Fault("DATE_RANGE", f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return day.date().isoformat()


def _is_possible_swapped(text: str, date_format: str) -> bool:
    swapped = date_format.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    try:
        datetime.strptime(text, swapped)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _said(date_format: str) -> str:
    return date_format.replace("%Y", "YYYY").replace("%m", "MM").replace("%d", "DD").replace("%y", "YY")


def _currency(text: str) -> str:
    code = text.upper()
    if code and code not in ISO_4217:
        raise Fault("CURRENCY_UNKNOWN", f"{text!r} is no currency code of ISO 4217")
    return code


def _one_of(text: str, words: dict[str, str]) -> str:
    word = words.get("".join(mark for mark in text.casefold() if mark.isalnum()))
    if word is None:
        raise Fault("WORD_UNKNOWN", f"{text!r} is none of {', '.join(sorted(set(words.values())))}")
    return word


def _ordinal(text: str) -> str:
    if not text:
        return ""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 999_999:
        raise Fault("LINE_NUMBER", f"{text!r} is no whole number from 1 to 999999")
    return str(int(text))


def _identifier(text: str, limit: int) -> str:
    if len(text) > limit:
        raise Fault("TOO_LONG", f"it has {len(text)} characters, at most {limit} are allowed; nothing is ever cut off")
    if any(unicodedata.category(mark) in _HIDDEN or mark in _BIDI for mark in text):
        raise Fault("HIDDEN_CHARACTER", "it holds a control or invisible character")
    if _EXCEL_ERROR.fullmatch(text) or _EXCEL_NUMBER.fullmatch(text):
        raise Fault("EXCEL_DAMAGE", f"{text!r} was damaged by a spreadsheet: the original text is lost")
    return text


def _text(text: str, limit: int) -> str:
    hidden = (mark for mark in text if unicodedata.category(mark) == "Cc" or mark in _BIDI)
    if any(mark not in _ALLOWED_IN_TEXT for mark in hidden):
        raise Fault("HIDDEN_CHARACTER", "it holds a control character, or one that turns the reading direction")
    return text[:limit]
