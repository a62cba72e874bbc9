"""The grammars of amounts and numbers: exact text in, minor units or plain decimals out; never through a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from stampli_assets.model.money import ISO_4217, Money
from stampli_assets.stampli.faults import Fault, damage_of, shown

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_STYLES = {
    "us": re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?", re.ASCII),
    "eu": re.compile(
        r"([0-9]+|[0-9]{1,3}(\.[0-9]{3})+|[0-9]{1,3}( [0-9]{3})+|[0-9]{1,3}([\u00a0\u202f][0-9]{3})+)(,[0-9]+)?"
    ),
}
STYLES = ("plain", "us", "eu")
_LONGEST = 64
"""Characters of a number at the most."""
_GROUPS = re.compile(r"[ \u00a0\u202f.]")
_DOLLARS = frozenset(
    "USD CAD AUD NZD SGD HKD MXN TWD ARS CLP COP BSD BBD BZD BMD BND FJD GYD JMD KYD LRD NAD SBD TTD".split()
)
_MARKS: dict[str, frozenset[str]] = {
    "$": _DOLLARS,
    "US$": frozenset({"USD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "GIP", "FKP", "SHP"}),
    "¥": frozenset({"JPY", "CNY"}),
}
_MARK = re.compile(r"^(US\$|[$€£¥]|[A-Z]{3}(?=[ \u00a0\d-]))|(US\$|[$€£¥]|(?<=[ \u00a0\d])[A-Z]{3})$")


def minor_units(text: str, currency: str, style: str) -> int:
    """An amount in minor units of its currency, by the connection's number style.

    Raises:
        Fault: the text is no such amount.
    """
    plain = plain_number(text, style, currency)
    try:
        return Money.parse(plain, currency).minor
    except ValueError as error:
        question = ""
        if style == "plain" and re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{3}", text):
            question = f". Is it {text.replace('.', '')}? Then number_style is eu"
        raise Fault("AMOUNT_GRAMMAR", f"{error}{question}") from None


def decimal(text: str, style: str) -> str:
    """A number as plain decimal text; empty stays empty.

    Raises:
        Fault: the text is no number in this style.
    """
    if not text:
        return ""
    try:
        return format(Decimal(plain_number(text, style)), "f")
    except InvalidOperation:
        raise Fault("NUMBER_GRAMMAR", f"{shown(text)} is not a number") from None


def plain_number(text: str, style: str, currency: str = "") -> str:
    """The number without groups, signs of currency and brackets.

    Raises:
        Fault: the text does not follow the style to the letter.
    """
    if len(text) > _LONGEST:
        raise _no_number(text, style)
    if style == "plain":
        if _PLAIN.fullmatch(text) is None:
            raise _no_number(text, style)
        return text
    negative, bare = _unsigned(text, currency)
    if _STYLES[style].fullmatch(bare) is None:
        raise _no_number(text, style)
    plain = bare.replace(",", "") if style == "us" else _GROUPS.sub("", bare).replace(",", ".")
    return f"-{plain}" if negative else plain


def _unsigned(text: str, currency: str) -> tuple[bool, str]:
    """Without brackets, minus and currency; each may stand once."""
    bare, minuses, marks = text, 0, 0
    if bare.startswith("(") and bare.endswith(")"):
        bare, minuses = bare[1:-1].strip(), 1
    for _ in range(3):
        if bare.startswith("-"):
            bare, minuses = bare[1:].strip(), minuses + 1
        elif bare.endswith("-"):
            bare, minuses = bare[:-1].strip(), minuses + 1
        elif (mark := _MARK.search(bare)) and (mark[0] in _MARKS or mark[0] in ISO_4217):
            _refuse_other_currency(mark[0], currency, text)
            bare, marks = (bare[: mark.start()] + bare[mark.end() :]).strip(), marks + 1
    if minuses > 1 or marks > 1:
        raise Fault("AMOUNT_GRAMMAR", f"{shown(text)} carries two signs")
    return minuses == 1, bare


def _refuse_other_currency(mark: str, currency: str, text: str) -> None:
    if currency and currency not in _MARKS.get(mark, {mark}):
        raise Fault("CURRENCY_SIGN", f"{shown(text)} is marked {mark}, its row's currency is {currency}")


def _no_number(text: str, style: str) -> Fault:
    if damage := damage_of(text):
        return Fault("AMOUNT_GRAMMAR", f"{shown(text)} is not an amount: {damage}")
    hint = ""
    if style == "plain" and ("," in text or "(" in text or _MARK.search(text)):
        hint = " Thousands separators need number_style us or eu in the settings."
    return Fault("AMOUNT_GRAMMAR", f"{shown(text)} is not an amount in the style {style!r}.{hint}")


def styles_of(amounts: Iterable[str]) -> tuple[str, ...]:
    """The styles in which every one of these texts is a number."""
    told = list(amounts)
    return tuple(style for style in STYLES if told and all(_fits(text, style) for text in told))


def _fits(text: str, style: str) -> bool:
    try:
        plain_number(text, style)
    except Fault:
        return False
    return True


def read_both_ways(text: str) -> str:
    """What a text means in each style that it fits: ``1234 (us) or 1.234 (eu)``."""
    return " or ".join(f"{plain_number(text, style)} ({style})" for style in ("us", "eu") if _fits(text, style))
