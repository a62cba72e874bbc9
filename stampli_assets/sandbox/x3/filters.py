"""GraphQL's ``filter`` and ``orderBy``, carried out on the rows of the books."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from stampli_assets.sandbox.x3.books import YES, X3Books
from stampli_assets.sandbox.x3.exact import decimal_of
from stampli_assets.sandbox.x3.fields import BY_TYPE, MENUS, Entity, Field, published
from stampli_assets.sandbox.x3.literals import NotReadable, read_literal

Row = dict[str, Any]
Test = Callable[[Any], bool]
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": lambda mine, given: bool(mine == given),
    "_ne": lambda mine, given: bool(mine != given),
    "_in": lambda mine, given: mine in given,
    "_nin": lambda mine, given: mine not in given,
    "_gt": lambda mine, given: mine not in {None, ""} and mine > given,
    "_gte": lambda mine, given: mine not in {None, ""} and mine >= given,
    "_lt": lambda mine, given: mine not in {None, ""} and mine < given,
    "_lte": lambda mine, given: mine not in {None, ""} and mine <= given,
}
"""Operators of the Xtrem family [D of the sister product]; ``_regex``, ``_and``, ``_or``, ``_not`` stand apart."""


class Sieve:
    """Filters and orders the rows of one folder, under the names that it publishes."""

    def __init__(self, books: X3Books, names: dict[str, str]) -> None:
        self._books = books
        self._names = names

    def test(self, entity: Entity, text: str) -> Test:
        """The condition of a ``filter`` string: a JSON-like object [S][T]; raises :class:`NotReadable`."""
        condition = read_literal(text)
        if not isinstance(condition, dict):
            raise NotReadable("a filter is an object")
        return self._on_row(entity, condition)

    def order(self, entity: Entity, text: str) -> list[tuple[Callable[[Row], Any], bool]]:
        """The keys of an ``orderBy`` string, each with whether it descends: ``{sourceDocument: -1}``."""
        wanted = read_literal(text)
        if not isinstance(wanted, dict):
            raise NotReadable("orderBy is an object")
        return [self._key(entity, name, direction) for name, direction in wanted.items()]

    def value(self, field: Field, row: Row) -> Any:
        """A property as GraphQL compares it: menus by their word, flags as booleans, amounts exactly."""
        kept = row.get(field.kept)
        if field.kind == "menu":
            return MENUS[field.of][int(kept) - 1] if kept else None
        if field.kind == "flag":
            return int(kept or 1) == YES
        if field.kind in {"decimal", "whole"}:
            return decimal_of(kept) if kept not in {None, ""} else None
        return kept if kept is not None else ""

    def _key(self, entity: Entity, name: str, direction: Any) -> tuple[Callable[[Row], Any], bool]:
        if isinstance(direction, dict):
            field = self._field(entity, name)
            ((inner, way),) = direction.items() if len(direction) == 1 else (("_id", 1),)
            if field.kind != "reference" or inner not in {"_id", "code"}:
                raise NotReadable(f"cannot order by {name}.{inner}")
            return (lambda row: str(row.get(field.kept) or "")), int(way) < 0
        if direction not in {1, -1}:
            raise NotReadable(f"the direction of {name} is 1 or -1")
        if name == "_id":
            return (lambda row: entity.key_of(row, "|")), direction == -1
        field = self._field(entity, name)
        return (lambda row: _sortable(self.value(field, row))), direction == -1

    def _field(self, entity: Entity, name: str) -> Field:
        scope = entity.node or entity.type_name
        for field in entity.fields:
            if published(self._names, scope, field.name) == name:
                return field
        raise NotReadable(f"{entity.type_name} has no property {name}")

    def _on_row(self, entity: Entity, condition: dict[str, Any]) -> Test:
        tests = [self._part(entity, name, wanted) for name, wanted in condition.items()]
        return lambda row: all(test(row) for test in tests)

    def _part(self, entity: Entity, name: str, wanted: Any) -> Test:
        if name in {"_and", "_or"}:
            if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
                raise NotReadable(f"{name} takes a list of conditions")
            tests = [self._on_row(entity, item) for item in wanted]
            every = all if name == "_and" else any
            return lambda row: every(test(row) for test in tests)
        if name == "_not":
            inner = self._on_row(entity, wanted)
            return lambda row: not inner(row)
        if name == "_id":
            compare = _comparison(wanted, Field("_id", "_id"))
            return lambda row: compare(entity.key_of(row, "|"))
        field = self._field(entity, name)
        if field.kind == "reference":
            return self._through(field, wanted)
        if field.kind == "children":
            return self._among(field, wanted)
        compare = _comparison(wanted, field)
        return lambda row: compare(self.value(field, row))

    def _through(self, field: Field, wanted: Any) -> Test:
        if not isinstance(wanted, dict):
            raise NotReadable(f"{field.name} is a reference: filter its _id or its properties")
        target = BY_TYPE[field.of]
        inner = self._on_row(target, wanted)

        def test(row: Row) -> bool:
            found = self._books.row(target.rows, str(row.get(field.kept) or ""))
            return found is not None and inner(found)

        return test

    def _among(self, field: Field, wanted: Any) -> Test:
        if not isinstance(wanted, dict) or not {"_atLeast", "_atMost"} & set(wanted):
            raise NotReadable(f"{field.name} is a collection: say _atLeast or _atMost")
        least, most = wanted.get("_atLeast", 0), wanted.get("_atMost", 10**9)
        rest = {name: value for name, value in wanted.items() if name not in {"_atLeast", "_atMost"}}
        inner = self._on_row(BY_TYPE[field.of], rest)
        return lambda row: least <= sum(inner(child) for child in row.get(field.kept) or []) <= most


def _comparison(wanted: Any, field: Field) -> Test:
    if not isinstance(wanted, dict):
        return _comparison({"_eq": wanted}, field)
    tests = [_one(operator, given, field) for operator, given in wanted.items()]
    return lambda mine: all(test(mine) for test in tests)


def _one(operator: str, given: Any, field: Field) -> Test:
    if operator == "_regex":
        pattern = re.compile(str(given))
        return lambda mine: pattern.search(str(mine or "")) is not None
    if operator == "_not":
        inner = _comparison(given, field)
        return lambda mine: not inner(mine)
    if operator not in _COMPARED:
        raise NotReadable(f"unknown operator {operator}")
    compare = _COMPARED[operator]
    if operator in {"_in", "_nin"}:
        if not isinstance(given, list):
            raise NotReadable(f"{operator} takes a list")
        among = [_of_kind(item, field) for item in given]
        return lambda mine: compare(mine, among)
    if given is None and operator not in {"_eq", "_ne"}:
        raise NotReadable(f"{operator} takes a value")
    one = _of_kind(given, field)
    return lambda mine: compare(mine, one)


def _of_kind(given: Any, field: Field) -> Any:
    """The given value in the kind of the property; a value of another kind is no filter."""
    if given is None:
        return None if field.kind in {"menu", "decimal", "whole"} else ""
    if field.kind in {"decimal", "whole"}:
        amount = decimal_of(given)
        if amount is None:
            raise NotReadable(f"{field.name} is compared with a number, not {given!r}")
        return amount
    if isinstance(given, bool) != (field.kind == "flag") or not isinstance(given, (bool, str)):
        raise NotReadable(f"{field.name} cannot be compared with {given!r}")
    if field.kind == "menu" and given not in MENUS[field.of]:
        raise NotReadable(f"{field.name} has no choice {given!r}")
    return given


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else "")
