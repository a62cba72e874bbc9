"""X3's GraphQL API (Xtrem): pages of a node, and many creates in one document under aliases.

Plain ``requests`` below us and not ``gql`` (see ``wire.py``): what decides about a lost or partial answer is whether the
request may have been executed, and where in the answer each error belongs; ``gql`` raises on the first error and drops the
partial ``data``, which may hold the numbers of invoices that were created.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from stampli_assets.model.errors import Misconfigured
from stampli_assets.x3 import graphql_text as text
from stampli_assets.x3.api import Created, Record, Row
from stampli_assets.x3.door import Door
from stampli_assets.x3.exact import Json, text_of, written
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql_replies import created, data_of, data_of_mutation
from stampli_assets.x3.names import GRAPHQL, REFERENCES, Names, Node
from stampli_assets.x3.wire import Answer, Request, TurnedAway

MOST_PAGES = 20_000
"""A list with more pages does not end."""


class GraphQLApi:
    """Implements :class:`~stampli_assets.x3.api.Api`. The folder is chosen by the header ``x-xtrem-endpoint`` [S]."""

    def __init__(self, door: Door, folder: Folder, names: Names[Node] = GRAPHQL) -> None:
        self._door = door
        self._folder = folder
        self._names = names

    @property
    def names(self) -> Names[Node]:
        """What this X3 calls things."""
        return self._names

    def rows(self, place: str, wanted: Sequence[str], among: Mapping[str, Collection[str]]) -> Iterator[Row]:
        """Rows page by page, in the order of ``_id``; see :class:`~stampli_assets.x3.api.Api`."""
        node = self._names.places()[place]
        if node.missing:
            return
        paths = {field: node.fields[field] for field in wanted if node.fields[field]}
        document = text.query(node, paths.values())
        variables: dict[str, Any] = {"first": self._folder.rows_per_page, "orderBy": text.ordered("_id")}
        if among:
            variables["filter"] = text.filtered({node.fields[field]: values for field, values in among.items()})
        for _ in range(MOST_PAGES):
            page = self._door.read(self._request(document, variables), lambda answer: _page(answer, node))
            for edge in page["edges"]:
                yield {field: _at(edge["node"], path) for field, path in paths.items()}
            if not page["next"]:
                return
            if page["next"] == variables.get("after"):
                break
            variables["after"] = page["next"]
        raise _endless(place)

    def create(self, place: str, records: Sequence[Record], *, until: datetime) -> Iterator[Created]:
        """One document with a create for each record; see :class:`~stampli_assets.x3.api.Api`."""
        node = self._names.places()[place]
        aliases = [f"b{number}" for number in range(len(records))]
        answer = self._door.once(self._creates(node, aliases, records), until=until)
        reply = data_of_mutation(answer, aliases)
        for alias in aliases:
            yield created(reply, alias, node)

    def written(self, place: str, record: Record) -> str:
        """The document and its variables, as they would be sent for this record alone."""
        node = self._names.places()[place]
        document = text.mutation(node, ["b0"], _answered(node))
        return f"{document}\n{written({'b0': self._input(node, record)}, indent=2)}\n"

    def schema(self) -> Json:
        """``__schema``: what this folder publishes, for the check of the names."""
        body = self._door.read(self._request(text.INTROSPECTION, {}), data_of)
        schema = body.get("__schema")
        if not isinstance(schema, Mapping):
            raise Misconfigured(
                "X3 does not describe what it publishes: introspection is off.",
                remedy="Ask the X3 administrator to allow introspection, or compare the names of the settings by hand.",
                code="NAMES",
            )
        return schema

    def _creates(self, node: Node, aliases: Sequence[str], records: Sequence[Record]) -> Request:
        inputs = {alias: self._input(node, record) for alias, record in zip(aliases, records, strict=True)}
        return self._request(text.mutation(node, aliases, _answered(node)), inputs)

    def _request(self, document: str, variables: Json) -> Request:
        headers = {"Content-Type": "application/json", "x-xtrem-endpoint": self._folder.endpoint}
        body = written({"query": document, "variables": variables}).encode()
        return Request("POST", self._folder.graphql_url, headers, body)

    def _input(self, node: Node, record: Record) -> dict[str, Any]:
        """Under the folder's names; fields without a name there, or without a value, are left out."""
        given: dict[str, Any] = {}
        for field, value in record.items():
            path = node.fields[field]
            if not path or value in ("", [], None):
                continue
            first, _, inner = path.partition(".")
            if isinstance(value, list) and value and isinstance(value[0], Mapping):
                given[text.name(path)] = [self._input(node, child) for child in value]
            elif isinstance(value, list) and inner:
                given[text.name(first)] = [{text.name(inner): one} for one in value]
            else:
                given[text.name(path)] = self._reference(value) if field in REFERENCES else value
        return given

    def _reference(self, key: str) -> str:
        return f"_id:{key}" if self._folder.reference_style == "_id" else key


def _answered(node: Node) -> list[str]:
    """What is asked back of a new record. Little: each further field could fail after the record was created."""
    return [node.fields[field] for field in ("record_no", "total") if node.fields.get(field)]


def _page(answer: Answer, node: Node) -> dict[str, Any]:
    """The edges of a page and the cursor of the next one, empty on the last."""
    data = data_of(answer)
    connection = _at(data, f"{node.package}.{node.node}.{node.operation}")
    edges = connection.get("edges") if isinstance(connection, Mapping) else None
    info = connection.get("pageInfo") if isinstance(connection, Mapping) else None
    if not isinstance(edges, list) or not isinstance(info, Mapping) or not all(_has_node(edge) for edge in edges):
        raise TurnedAway(f"X3 answered without the rows of {node}")
    if info.get("hasNextPage") and not info.get("endCursor"):
        raise TurnedAway(f"X3 says that {node} has another page and not where")
    return {"edges": edges, "next": text_of(info.get("endCursor")) if info.get("hasNextPage") else ""}


def _has_node(edge: Any) -> bool:
    return isinstance(edge, Mapping) and isinstance(edge.get("node"), Mapping)


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _endless(place: str) -> Misconfigured:
    return Misconfigured(
        f"The list of {place} in X3 does not end after {MOST_PAGES} pages.",
        remedy="Check the names of the settings; narrow the list in X3.",
        code="ERP_REFERENCE",
    )
