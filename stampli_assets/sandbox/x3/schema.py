"""The GraphQL schema of a folder: a tree of packages and nodes, real and introspectable."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    ValueNode,
)
from graphql.language import FloatValueNode, IntValueNode, StringValueNode

from stampli_assets.sandbox.x3.exact import decimal_of
from stampli_assets.sandbox.x3.fields import BY_TYPE, ENTITIES, MENUS, Entity, Field, published

Row = dict[str, Any]


class Answers(Protocol):
    """Who answers the operations of a request: found in the context of the execution."""

    def rows(self, entity: Entity, given: dict[str, Any]) -> dict[str, Any]: ...
    def children(self, entity: Entity, rows: list[Row], given: dict[str, Any]) -> dict[str, Any]: ...
    def row(self, entity: Entity, key: str) -> Row | None: ...
    def create(self, entity: Entity, given: dict[str, Any]) -> Row: ...


def build_schema(names: dict[str, str], *, decimals_as: str = "text") -> GraphQLSchema:
    """The schema under the names of a folder (default name → published name; empty: not activated).

    Packages and nodes are those of the reference, 2.1; ``Decimal`` answers text or, with ``decimals_as="number"``, a number
    (2: "as number or string"). Collections inside a node have their own ``query { edges { node } }`` [S].
    """
    return _Builder(names, decimals_as).schema()


class _Builder:
    def __init__(self, names: dict[str, str], decimals_as: str) -> None:
        self._names = names
        self._made: dict[str, GraphQLNamedType] = {}
        self._decimal = _decimal_scalar(decimals_as)
        self._date = GraphQLScalarType("Date", description="YYYY-MM-DD", parse_value=_a_date, parse_literal=_date_node)
        self._id = GraphQLScalarType("Id")

    def schema(self) -> GraphQLSchema:
        return GraphQLSchema(
            self._root("RootQueryType", self._reading),
            self._root("RootMutationType", self._writing),
            types=[self._type(entity) for entity in ENTITIES],
        )

    def _root(self, name: str, operations: Callable[[Entity], GraphQLObjectType | None]) -> GraphQLObjectType:
        packages: dict[str, dict[str, GraphQLField]] = {}
        for entity in ENTITIES:
            package = published(self._names, "", entity.package) if entity.package else ""
            node = published(self._names, entity.package, entity.node) if entity.node else ""
            made = operations(entity) if package and node else None
            if made is not None:
                packages.setdefault(package, {})[node] = GraphQLField(made, resolve=_go_on)
        kind = "Mutation" if "Mutation" in name else "Query"
        return GraphQLObjectType(
            name,
            {
                package: GraphQLField(GraphQLObjectType(f"{_capital(package)}_{kind}", nodes), resolve=_go_on)
                for package, nodes in packages.items()
            },
        )

    def _reading(self, entity: Entity) -> GraphQLObjectType | None:
        fields: dict[str, GraphQLField] = {}
        if query := published(self._names, entity.node, "query"):
            fields[query] = GraphQLField(
                self._connection(entity),
                _PAGING,
                resolve=lambda _root, info, **given: _answers(info).rows(entity, given),
            )
        if read := published(self._names, entity.node, "read"):
            fields[read] = GraphQLField(
                self._type(entity),
                {"_id": GraphQLArgument(GraphQLNonNull(self._id))},
                resolve=lambda _root, info, _id: _answers(info).row(entity, str(_id)),
            )
        return GraphQLObjectType(f"{entity.type_name}_Operations", fields) if fields else None

    def _writing(self, entity: Entity) -> GraphQLObjectType | None:
        create = published(self._names, entity.node, "create") if entity.creates else ""
        if not create:
            return None
        given = GraphQLArgument(GraphQLNonNull(self._input(entity)))
        made = GraphQLField(
            self._type(entity),
            {"data": given},
            resolve=lambda _root, info, data: _answers(info).create(entity, data),
        )
        return GraphQLObjectType(f"{entity.type_name}_Mutations", {create: made})

    def _type(self, entity: Entity) -> GraphQLObjectType:
        name = published(self._names, "", entity.type_name)
        return self._once(name, lambda: GraphQLObjectType(name, lambda: self._outputs(entity)))

    def _outputs(self, entity: Entity) -> dict[str, GraphQLField]:
        fields = {"_id": GraphQLField(self._id, resolve=lambda row, _info: entity.key_of(row, "|"))}
        for field in entity.fields:
            if name := published(self._names, entity.node or entity.type_name, field.name):
                fields[name] = self._output(field)
        return fields

    def _output(self, field: Field) -> GraphQLField:
        described = f"{field.code}"
        if field.kind == "reference":
            target = BY_TYPE[field.of]
            return GraphQLField(
                self._type(target),
                resolve=lambda row, info: _answers(info).row(target, str(row.get(field.kept) or "")),
                description=described,
            )
        if field.kind == "children" or (field.kind == "texts" and field.of):
            child = BY_TYPE[field.of]
            query = GraphQLField(
                self._connection(child),
                _PAGING,
                resolve=lambda rows, info, **given: _answers(info).children(child, rows, given),
            )
            name = f"{child.type_name}_Collection"
            made = self._once(name, lambda: GraphQLObjectType(name, {"query": query}))
            return GraphQLField(made, resolve=lambda row, _info: _children(field, row), description=described)
        return GraphQLField(
            self._leaf(field), resolve=lambda row, _info: _leaf_value(field, row), description=described
        )

    def _leaf(self, field: Field) -> Any:
        if field.kind == "menu":
            words = MENUS[field.of]
            values = {word: GraphQLEnumValue(number) for number, word in enumerate(words, start=1)}
            return self._once(f"{field.of}_Enum", lambda: GraphQLEnumType(f"{field.of}_Enum", values))
        return {
            "date": self._date,
            "decimal": self._decimal,
            "whole": GraphQLInt,
            "flag": GraphQLBoolean,
            "texts": GraphQLList(GraphQLNonNull(GraphQLString)),
        }.get(field.kind, GraphQLString)

    def _connection(self, entity: Entity) -> GraphQLObjectType:
        edge, whole = f"{entity.type_name}_Edge", f"{entity.type_name}_Connection"
        edge_type = self._once(
            edge,
            lambda: GraphQLObjectType(
                edge, lambda: {"node": GraphQLField(self._type(entity)), "cursor": GraphQLField(GraphQLString)}
            ),
        )
        return self._once(
            whole,
            lambda: GraphQLObjectType(
                whole,
                {
                    "edges": GraphQLField(GraphQLList(edge_type)),
                    "pageInfo": GraphQLField(_PAGE_INFO),
                    "totalCount": GraphQLField(GraphQLInt),
                },
            ),
        )

    def _input(self, entity: Entity) -> GraphQLInputObjectType:
        name = published(self._names, "", f"{entity.type_name}_Input")
        return self._once(name, lambda: GraphQLInputObjectType(name, lambda: self._inputs(entity)))

    def _inputs(self, entity: Entity) -> dict[str, GraphQLInputField]:
        fields = {}
        for field in entity.fields:
            name = published(self._names, entity.node or entity.type_name, field.name)
            if not name or field.computed:
                continue
            kind = self._leaf(field)
            if field.kind == "children" or (field.kind == "texts" and field.of):
                kind = GraphQLList(GraphQLNonNull(self._input(BY_TYPE[field.of])))
            fields[name] = GraphQLInputField(kind, out_name=field.code, description=field.code)
        return fields

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


_PAGE_INFO = GraphQLObjectType(
    "PageInfo",
    {
        "startCursor": GraphQLField(GraphQLString),
        "endCursor": GraphQLField(GraphQLString),
        "hasNextPage": GraphQLField(GraphQLNonNull(GraphQLBoolean)),
        "hasPreviousPage": GraphQLField(GraphQLNonNull(GraphQLBoolean)),
    },
)
_PAGING = {
    "first": GraphQLArgument(GraphQLInt),
    "after": GraphQLArgument(GraphQLString),
    "filter": GraphQLArgument(GraphQLString),
    "orderBy": GraphQLArgument(GraphQLString),
}


def _go_on(_root: object, _info: GraphQLResolveInfo) -> dict[str, Any]:
    return {}


def _answers(info: GraphQLResolveInfo) -> Answers:
    answers: Answers = info.context
    return answers


def _children(field: Field, row: Row) -> list[Row]:
    kept: list[Any] = row.get(field.kept) or []
    return kept if field.kind == "children" else [{field.code: text} for text in kept]


def _leaf_value(field: Field, row: Row) -> Any:
    kept = row.get(field.kept)
    if field.kind == "flag":
        return int(kept or 1) == 2
    if field.kind == "decimal":
        return decimal_of(kept) if kept not in {None, ""} else None
    return kept if kept != "" or field.kind == "text" else None


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _decimal_scalar(decimals_as: str) -> GraphQLScalarType:
    """``Decimal``: taken as number or text, answered as the folder does."""
    if decimals_as not in {"text", "number"}:
        raise ValueError("decimals_as is text or number")

    def write(value: Decimal) -> object:
        return value if decimals_as == "number" else format(value, "f")

    return GraphQLScalarType("Decimal", serialize=write, parse_value=_an_amount, parse_literal=_amount_node)


def _an_amount(value: Any) -> str:
    amount = decimal_of(value)
    if amount is None:
        raise GraphQLError(f"Decimal cannot represent {value!r}")
    return format(amount, "f")


def _amount_node(node: ValueNode, _variables: Any = None) -> str:
    if not isinstance(node, (FloatValueNode, IntValueNode, StringValueNode)):
        raise GraphQLError("Decimal cannot represent this", node)
    return _an_amount(node.value)


def _a_date(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise GraphQLError(f"Date cannot represent {value!r}: YYYY-MM-DD is expected")


def _date_node(node: ValueNode, _variables: Any = None) -> str:
    if not isinstance(node, StringValueNode):
        raise GraphQLError("Date cannot represent this", node)
    return _a_date(node.value)
