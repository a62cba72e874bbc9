"""REST's ``where`` and ``orderBy``: eq, ne, gt, ge, lt, le, like, in, between, and/or with parentheses [D partly]."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from stampli_assets.sandbox.x3.exact import decimal_of
from stampli_assets.sandbox.x3.fields import Entity, Field

Row = dict[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[(),])|'(?P<text>(?:[^']|'')*)'|\"(?P<quoted>(?:[^\"]|\"\")*)\"|@(?P<date>\d{4}-\d{2}-\d{2})@|"
    r"(?P<number>[+-]?\d+(?:\.\d+)?)(?![\w])|(?P<word>[A-Za-z_$][\w.$]*))"
)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda mine, given: bool(mine == given),
    "ne": lambda mine, given: bool(mine != given),
    "gt": lambda mine, given: bool(mine > given),
    "ge": lambda mine, given: bool(mine >= given),
    "lt": lambda mine, given: bool(mine < given),
    "le": lambda mine, given: bool(mine <= given),
}


class BadQuery(Exception):
    """The clause cannot be read; the message says why."""


def where(text: str, entity: Entity, field_of: Callable[[str], Field | None]) -> Test:
    """The condition of a ``where`` clause over rows of the books; raises :class:`BadQuery`.

    ``field_of`` finds a property by the code under which the folder publishes it. A quote in a text is doubled.
    """
    parser = _Parser(_tokens(text), entity, field_of)
    test = parser.any_of()
    parser.ended()
    return test


def order_by(text: str, field_of: Callable[[str], Field | None]) -> list[tuple[Callable[[Row], Any], bool]]:
    """The keys of ``orderBy=BPSNUM desc,BPSNAM``, each with whether it descends."""
    keys: list[tuple[Callable[[Row], Any], bool]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, direction = part.partition(" ")
        if direction.strip() not in {"", "asc", "desc"}:
            raise BadQuery(f"orderBy: {part}")
        keys.append((_reading(_known(name, field_of)), direction.strip() == "desc"))
    return keys


def _known(name: str, field_of: Callable[[str], Field | None]) -> Field:
    field = field_of(name)
    if field is None or field.kind == "children":
        raise BadQuery(f"{name} is no property of this class")
    return field


def _reading(field: Field) -> Callable[[Row], Any]:
    if field.kind in {"decimal", "whole", "menu", "flag"}:
        return lambda row: decimal_of(row.get(field.kept) or 0) or Decimal()
    return lambda row: str(row.get(field.kept) or "")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadQuery(f"where: not readable at {at}: {text[at : at + 12]!r}")
        kind = str(match.lastgroup)
        value = match[kind]
        if kind in {"text", "quoted"}:
            mark = "'" if kind == "text" else '"'
            kind, value = "value", value.replace(mark * 2, mark)
        elif kind in {"date", "number"}:
            kind = "value"
        tokens.append((kind, value))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], entity: Entity, field_of: Callable[[str], Field | None]) -> None:
        self._tokens = tokens
        self._at = 0
        self._entity = entity
        self._field_of = field_of

    def any_of(self) -> Test:
        tests = [self._all_of()]
        while self._took("word", "or"):
            tests.append(self._all_of())
        return lambda row: any(test(row) for test in tests)

    def ended(self) -> None:
        if self._at != len(self._tokens):
            raise BadQuery(f"where: something follows the end: {self._tokens[self._at][1]!r}")

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self._took("word", "and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._took("mark", "("):
            inner = self.any_of()
            self._need(")")
            return inner
        field = _known(self._next("word"), self._field_of)
        read = _reading(field)
        match self._next("word").lower():
            case "like":
                shape = _like(self._next("value"))
                return lambda row: shape(str(read(row)))
            case "in":
                among = self._list(field)
                return lambda row: read(row) in among
            case "between":
                least, _, most = self._value(field), self._next("word"), self._value(field)
                return lambda row: least <= read(row) <= most
            case operator if operator in _COMPARED:
                compare, given = _COMPARED[operator], self._value(field)
                return lambda row: compare(read(row), given)
            case operator:
                raise BadQuery(f"where: unknown operator {operator}")

    def _list(self, field: Field) -> list[Any]:
        self._need("(")
        values = [self._value(field)]
        while self._took("mark", ","):
            values.append(self._value(field))
        self._need(")")
        return values

    def _value(self, field: Field) -> Any:
        text = self._next("value")
        if field.kind in {"decimal", "whole", "menu", "flag"}:
            amount = decimal_of(text)
            if amount is None:
                raise BadQuery(f"where: {field.code} is compared with a number, not {text!r}")
            return amount
        return text

    def _next(self, kind: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            said = self._tokens[self._at][1] if self._at < len(self._tokens) else "the end"
            raise BadQuery(f"where: a {kind} is expected at {said!r}")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _took(self, kind: str, value: str) -> bool:
        if self._at < len(self._tokens) and (self._tokens[self._at][0], self._tokens[self._at][1].lower()) == (
            kind,
            value,
        ):
            self._at += 1
            return True
        return False

    def _need(self, mark: str) -> None:
        if not self._took("mark", mark):
            raise BadQuery(f"where: {mark!r} is missing")


def _like(pattern: str) -> Callable[[str], bool]:
    shell = fnmatch.translate(re.sub(r"([\[\]*?])", r"[\1]", pattern).replace("%", "*").replace("_", "?"))
    return lambda text: re.match(shell, text) is not None
