"""REST's shapes: a row as a resource, what a representation asks for, the defaults of a new one."""

from __future__ import annotations

import uuid
from typing import Any

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.clerk import etag
from stampli_assets.sandbox.x3.exact import decimal_of
from stampli_assets.sandbox.x3.fields import BY_TYPE, Entity, Field, published

Row = dict[str, Any]
TYPES = {"date": "application/x-date", "decimal": "application/x-decimal", "whole": "application/x-integer",
         "menu": "application/x-choice", "flag": "application/x-choice", "children": "application/x-array",
         "texts": "application/x-array"}  # fmt: skip
"""``$type`` by kind: ``x-string``, ``x-date``, ``x-array`` [D], the rest [P]."""


class Shaper:
    """Turns rows into resources under the names that the folder publishes."""

    def __init__(self, books: X3Books, names: dict[str, str], decimals_as: str) -> None:
        self._books = books
        self._names = names
        self._decimals_as = decimals_as

    def name(self, entity: Entity, field: Field) -> str:
        """The code under which a property is published; empty when it is not."""
        return published(self._names, entity.rest_class or entity.type_name, field.code)

    def field(self, entity: Entity, name: str) -> Field | None:
        """The property that is published under this code."""
        return next((field for field in entity.fields if self.name(entity, field) == name), None)

    def by_default(self, entity: Entity, given: dict[str, Any]) -> dict[str, Any]:
        """What was given, under X3's own codes; properties that are not published stay as they are."""
        read: dict[str, Any] = {}
        for name, value in given.items():
            field = self.field(entity, name)
            if field is None:
                read[name if entity.by_code(name) is None else f"{name} (not published)"] = value
            elif field.kind == "children" and isinstance(value, list):
                child = BY_TYPE[field.of]
                read[field.code] = [self.by_default(child, one) if isinstance(one, dict) else one for one in value]
            else:
                read[field.code] = value
        return read

    def resource(self, entity: Entity, row: Row, *, whole: bool) -> dict[str, Any]:
        """Properties beside ``$uuid``, ``$etag``; children embedded as arrays, each with its ``$uuid`` [D]."""
        shaped: dict[str, Any] = {"$uuid": _uuid(entity, entity.key_of(row))}
        if whole:
            shaped["$key"] = entity.key_of(row)
            shaped["$etag"] = etag(row)
        return {**shaped, **self._properties(entity, row, whole=whole)}

    def template(self, entity: Entity) -> dict[str, Any]:
        """``$template``: the properties of a new resource with their defaults [D]."""
        defaults: dict[str, Any] = {"INVTYP": 1, "PIVTYP": "PIV", "CURTYP": 1, "CUR": self._books.base_currency}
        if entity.rows == "suppliers":
            defaults = {"BPSTYP": 1, "ENAFLG": 2, "PAYLOKFLG": 1, "DOUFLG": 1, "CUR": self._books.base_currency}
        made: dict[str, Any] = {}
        for field in entity.fields:
            if name := self.name(entity, field):
                made[name] = defaults.get(field.code, [] if field.kind in {"children", "texts"} else None)
        return made

    def prototype(self, entity: Entity, *, of: str = "") -> dict[str, Any]:
        """``$prototypes('REPR.$create')``: ``$properties`` with ``$type``, ``$isMandatory``, ``$maxLength`` [D]."""
        rules = self._books.rules
        mandatory = {
            "suppliers": rules["required_supplier_fields"],
            "supplier_invoices": rules["required_invoice_fields"],
        }.get(entity.rows, rules["required_line_fields"] if of == "supplier_invoices" else [])
        properties: dict[str, Any] = {}
        for field in entity.fields:
            name = self.name(entity, field)
            if not name:
                continue
            told: dict[str, Any] = {
                "$type": TYPES.get(field.kind, "application/x-string"),
                "$isMandatory": field.code in mandatory,
            }
            if field.length:
                told["$maxLength"] = field.length
            if field.computed:
                told["$isReadOnly"] = True
            if field.kind == "children":
                told["$item"] = self.prototype(BY_TYPE[field.of], of=entity.rows)
            properties[name] = told
        return {"$properties": properties}

    def _properties(self, entity: Entity, row: Row, *, whole: bool) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for field in entity.fields:
            name = self.name(entity, field)
            if not name or (field.kind == "children" and not whole):
                continue
            made[name] = self._value(entity, field, row)
        return made

    def _value(self, entity: Entity, field: Field, row: Row) -> Any:
        kept = row.get(field.kept)
        if field.kind == "children":
            child = BY_TYPE[field.of]
            parent = f"{entity.key_of(row)}/{field.code}"
            return [
                {"$uuid": _uuid(child, f"{parent}/{place}"), **self._properties(child, one, whole=True)}
                for place, one in enumerate(kept or [])
            ]
        if field.kind == "decimal":
            amount = decimal_of(kept) if kept not in {None, ""} else None
            return str(amount) if amount is not None and self._decimals_as == "text" else amount
        if field.kind in {"whole", "menu", "flag"}:
            return int(kept) if kept not in {None, ""} else 0
        return kept if kept is not None else [] if field.kind == "texts" else ""


def _uuid(entity: Entity, key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"x3:{entity.type_name}:{key}"))
