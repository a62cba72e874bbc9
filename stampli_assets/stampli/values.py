"""The strict grammars of cells. Each distinct text of a column is read once; what cannot be read is a fault, never a guess."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from stampli_assets.model.money import ISO_4217
from stampli_assets.stampli.amounts import decimal
from stampli_assets.stampli.columns import Cell, Column, squeezed
from stampli_assets.stampli.countries import ISO_3166
from stampli_assets.stampli.dates import read_date
from stampli_assets.stampli.faults import Fault, damage_of, shown
from stampli_assets.stampli.layout import ColumnRule, Layout

_OUTER = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_HIDDEN = {"Cf", "Cc", "Co", "Cn", "Cs"}
_ALLOWED_IN_TEXT = {"\n", "\t", "\r"}
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def reader(column: Column, layout: Layout) -> Callable[[str], str]:
    """What reads the cells of a column: trimmed text in, the frame's text out; raises :class:`Fault`."""
    rule = layout.rules.get(column.name)
    plain = _by_kind(column, layout)
    return plain if rule is None else lambda text: plain(_by_rule(text, rule))


def _by_kind(column: Column, layout: Layout) -> Callable[[str], str]:
    match column.cell:
        case Cell.DATE:
            return lambda text: read_date(text, layout.date_format_of(column.name))
        case Cell.DECIMAL:
            return lambda text: decimal(text, layout.number_style)
        case Cell.CURRENCY:
            return _currency
        case Cell.COUNTRY:
            return _country
        case Cell.WORD:
            return lambda text: _one_of(text, column)
        case Cell.ORDINAL:
            return _ordinal
        case Cell.TEXT:
            return lambda text: _text(text, column.limit)
        case Cell.ID | Cell.MONEY:
            return lambda text: _identifier(text, column.limit)


def _by_rule(text: str, rule: ColumnRule) -> str:
    """What the connection declares of this column: its words, then its width."""
    if not text:
        return text
    if rule.words:
        if text not in rule.words and rule.on_missing == "reject":
            raise Fault("WORD_UNKNOWN", f"{shown(text)} is none of the words that the layout declares for this column")
        text = rule.words.get(text, text)
    if rule.width and rule.pad:
        text = text.rjust(rule.width, rule.pad)
    if rule.width and len(text) != rule.width:
        if len(text) < rule.width and text.isascii() and text.isdigit():
            raise Fault(
                "LEADING_ZEROS",
                f"{shown(text)} has {len(text)} of {rule.width} digits: a spreadsheet has removed its leading zeros",
            )
        raise Fault("WIDTH", f"{shown(text)} has {len(text)} characters; this column always has {rule.width}")
    return text


def trimmed(text: str) -> str:
    """Without outer spaces (no-break ones too), in Unicode's composed form."""
    return unicodedata.normalize("NFC", text.strip(_OUTER))


def _currency(text: str) -> str:
    code = text.upper()
    if code and code not in ISO_4217:
        raise Fault("CURRENCY_UNKNOWN", f"{shown(text)} is no currency code of ISO 4217")
    return code


def _country(text: str) -> str:
    code = text.upper()
    if code and code not in ISO_3166:
        raise Fault("COUNTRY_UNKNOWN", f"{shown(text)} is no country code of ISO 3166 (two letters, such as US)")
    return code


def _one_of(text: str, column: Column) -> str:
    word = column.words.get(squeezed(text)) if text else column.words.get("")
    if word is None:
        raise Fault("WORD_UNKNOWN", f"{shown(text)} is none of {', '.join(sorted({*column.words.values()} - {''}))}")
    return word


def _ordinal(text: str) -> str:
    if not text:
        return ""
    if not text.isascii() or not text.isdigit() or len(text) > 12 or not 1 <= int(text) <= 999_999:
        raise Fault("LINE_NUMBER", f"{shown(text)} is no whole number from 1 to 999999")
    return str(int(text))


def _identifier(text: str, limit: int) -> str:
    if len(text) > limit:
        raise Fault("TOO_LONG", f"it has {len(text)} characters, at most {limit} are allowed; nothing is ever cut off")
    if any(unicodedata.category(mark) in _HIDDEN or mark in _BIDI for mark in text):
        raise Fault("HIDDEN_CHARACTER", "it holds a control or invisible character")
    if "\ufffd" in text:
        raise Fault(
            "LOST_CHARACTER", f"{shown(text)} holds the mark of a character that was lost before it was exported"
        )
    if damage := damage_of(text):
        raise Fault("EXCEL_DAMAGE", f"{shown(text)} was damaged: {damage}")
    return text


def _text(text: str, limit: int) -> str:
    hidden = (mark for mark in text if unicodedata.category(mark) == "Cc" or mark in _BIDI)
    if any(mark not in _ALLOWED_IN_TEXT for mark in hidden):
        raise Fault("HIDDEN_CHARACTER", "it holds a control character, or one that turns the reading direction")
    return text[:limit]
