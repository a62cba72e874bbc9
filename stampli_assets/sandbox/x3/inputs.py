"""What a caller gave, read field by field: unknown properties, dates, amounts, lengths, references."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from stampli_assets.sandbox.x3.books import NO, YES
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Step
from stampli_assets.sandbox.x3.exact import decimal_of, plain
from stampli_assets.sandbox.x3.fields import BY_TYPE, MENUS, Entity, Field

REFERENCE_STYLES = frozenset({"any", "key", "_id"})


class Reader:
    """Reads one resource into the books' own form; what is wrong with it gathers in ``found``.

    ``reference_style`` says how references are given: ``key`` (``"SUP01"``), ``_id`` (``"_id:SUP01"``) or ``any`` of both
    (the reference, section 2: differs by release [P]; default ``any``).
    """

    def __init__(self, *, reference_style: str = "any", refuse_unknown: bool = True) -> None:
        if reference_style not in REFERENCE_STYLES:
            raise ValueError(f"{reference_style!r} is none of {', '.join(sorted(REFERENCE_STYLES))}")
        self.found: list[Diagnosis] = []
        self._style = reference_style
        self._refuse_unknown = refuse_unknown

    def read(self, entity: Entity, given: dict[str, Any], path: tuple[Step, ...] = ()) -> dict[str, Any]:
        """The resource by X3 codes, its children too; internal ``$…`` properties are ignored [D]."""
        read: dict[str, Any] = {}
        for code, value in given.items():
            field = entity.by_code(code)
            at = (*path, code)
            if code.startswith("$") or value is None:
                continue
            if field is None:
                if self._refuse_unknown:
                    self._wrong(at, "is no property of this object")
            elif field.computed:
                self._wrong(at, "is computed and cannot be given")
            elif field.kind == "children":
                read[field.kept] = self._children(field, value, at)
            else:
                read[field.kept] = self._one(field, value, at)
        return read

    def _children(self, field: Field, value: Any, at: tuple[Step, ...]) -> list[dict[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(child, dict) for child in value):
            self._wrong(at, "is a list of lines")
            return []
        return [self.read(BY_TYPE[field.of], child, (*at, place)) for place, child in enumerate(value)]

    def _one(self, field: Field, value: Any, at: tuple[Step, ...]) -> Any:
        kinds: dict[str, Callable[[Field, Any, tuple[Step, ...]], Any]] = {
            "date": self._date,
            "decimal": self._decimal,
            "whole": self._whole,
            "menu": self._menu,
            "flag": self._flag,
            "reference": self._reference,
        }
        return kinds.get(field.kind, self._text)(field, value, at)

    def _text(self, field: Field, value: Any, at: tuple[Step, ...]) -> Any:
        if isinstance(value, list):
            return [
                self._text(field, item.get(field.code) if isinstance(item, dict) else item, (*at, place))
                for place, item in enumerate(value)
            ]
        text = value if isinstance(value, str) else ""
        if not isinstance(value, str):
            self._wrong(at, f"is a text, not {value!r}")
        if field.length and len(text) > field.length:
            self._wrong(at, f"has {len(text)} characters, at most {field.length} fit")
        return text

    def _reference(self, field: Field, value: Any, at: tuple[Step, ...]) -> str:
        if isinstance(value, list):
            value = next(iter(value), "")
        text = str(self._text(Field(field.code, field.name), value, at))
        prefixed = text.startswith("_id:")
        if text and ((self._style == "_id" and not prefixed) or (self._style == "key" and prefixed)):
            self._wrong(at, f"is given as {'_id:KEY' if self._style == '_id' else 'KEY'} here, not as {text}")
        return str(self._text(field, text.removeprefix("_id:"), at))

    def _date(self, _field: Field, value: Any, at: tuple[Step, ...]) -> str:
        try:
            if value == "" or len(value) == len("2026-01-31"):
                return date.fromisoformat(value).isoformat() if value else ""
        except (TypeError, ValueError):
            pass
        self._wrong(at, f"is a date, YYYY-MM-DD, not {value!r}")
        return ""

    def _decimal(self, _field: Field, value: Any, at: tuple[Step, ...]) -> str:
        amount = decimal_of(value)
        if amount is None:
            self._wrong(at, f"is an amount, not {value!r}")
            return "0.00"
        return plain(amount)

    def _whole(self, _field: Field, value: Any, at: tuple[Step, ...]) -> int:
        amount = decimal_of(value)
        if amount is None or amount != int(amount):
            self._wrong(at, f"is a whole number, not {value!r}")
            return 0
        return int(amount)

    def _menu(self, field: Field, value: Any, at: tuple[Step, ...]) -> int:
        number = self._whole(field, value, at)
        if not 1 <= number <= len(MENUS[field.of]):
            self._wrong(at, f"is a choice from 1 to {len(MENUS[field.of])}, not {value}")
        return number

    def _flag(self, field: Field, value: Any, at: tuple[Step, ...]) -> int:
        if isinstance(value, bool):
            return YES if value else NO
        number = self._whole(field, value, at)
        if number not in {YES, NO}:
            self._wrong(at, f"is 1 (no) or 2 (yes), not {value}")
        return number

    def _wrong(self, at: tuple[Step, ...], words: str) -> None:
        code = next(step for step in reversed(at) if isinstance(step, str))
        self.found.append(Diagnosis(f"{code} {words}.", at))


def amount_of(text: str | None) -> Decimal:
    """An amount that the books keep."""
    return Decimal(text or "0")
