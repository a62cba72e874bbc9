"""One GraphQL request, answered from the books: its queries, its creates one after the other, its warnings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError

from stampli_assets.sandbox.x3 import clerk
from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.diagnoses import SEVERITIES, Diagnosis, Refusal
from stampli_assets.sandbox.x3.fields import BY_TYPE, Entity, published
from stampli_assets.sandbox.x3.filters import Sieve
from stampli_assets.sandbox.x3.inputs import Reader
from stampli_assets.sandbox.x3.literals import NotReadable
from stampli_assets.sandbox.x3.paging import NoSuchCursor, cursor, key_in, ordered, page
from stampli_assets.sandbox.x3.payments import open_items

Row = dict[str, Any]


@dataclass
class Turn:
    """Who answers one request. ``refuse`` are creates (by their place) that fail on demand; ``commits`` bounds the rest."""

    books: X3Books
    names: dict[str, str]
    reference_style: str
    first_rows: int
    most_rows: int
    severities: dict[str, int] = field(default_factory=lambda: dict(SEVERITIES))
    late: str = ""
    refuse: dict[int, Diagnosis] = field(default_factory=dict)
    commits: int | None = None
    creates: int = 0
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, entity: Entity, given: dict[str, Any]) -> dict[str, Any]:
        """``query``: filter, order, page."""
        rows = open_items(self.books) if entity.rows == "open_items" else self.books.rows(entity.rows)
        return self.children(entity, rows, given)

    def children(self, entity: Entity, rows: list[Row], given: dict[str, Any]) -> dict[str, Any]:
        """The same over the lines of a node."""
        sieve = Sieve(self.books, self.names)

        def key_of(row: Row) -> str:
            return entity.key_of(row, "|")

        try:
            if given.get("filter"):
                test = sieve.test(entity, given["filter"])
                rows = [row for row in rows if test(row)]
            if entity.rows:
                order = sieve.order(entity, given["orderBy"]) if given.get("orderBy") else []
                rows = ordered(rows, order, key_of)
            first = self.first_rows if given.get("first") is None else given["first"]
            if not 0 <= first <= self.most_rows:
                raise NotReadable(f"first is a number from 0 to {self.most_rows}")
            chosen = page(rows, key_of, after=key_in(given.get("after") or ""), size=first)
        except (NotReadable, NoSuchCursor, re.error, TypeError, ValueError, AttributeError) as error:
            raise _error(
                "bad-request", [{"severity": self.severities["error"], "path": [], "message": str(error)}]
            ) from None
        edges = [{"node": row, "cursor": cursor(key_of(row))} for row in chosen.rows]
        info = {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": chosen.has_next,
            "hasPreviousPage": chosen.has_previous,
        }
        return {"edges": edges, "pageInfo": info, "totalCount": chosen.total}

    def row(self, entity: Entity, key: str) -> Row | None:
        """``read`` and references: one row, or nothing."""
        return self.books.readable(entity.rows, key if len(entity.key) == 1 else key.replace("|", "~"))

    def create(self, entity: Entity, given: dict[str, Any]) -> Row:
        """``create``: each for itself, in the order of the document; what was wrong comes as diagnoses."""
        place = self.creates
        self.creates += 1
        if self.commits is not None and place >= self.commits:
            raise _error("unavailable", [])
        try:
            if place in self.refuse:
                raise Refusal(self.refuse[place])
            reader = Reader(reference_style=self.reference_style)
            row, warnings = clerk.create(self.books, entity, given, reader, late=self.late)
        except Refusal as refusal:
            raise _error(refusal.code, [self._told(entity, one) for one in refusal.diagnoses]) from None
        self.warnings += [self._told(entity, warning) for warning in warnings]
        return row

    def _told(self, entity: Entity, diagnosis: Diagnosis) -> dict[str, Any]:
        """GraphQL's shape of one remark; its path speaks the published names, its message X3's [P]."""
        path: list[str] = []
        at = entity
        for step in diagnosis.path:
            found = at.by_code(step) if isinstance(step, str) else None
            scope = at.node or at.type_name
            path.append(published(self.names, scope, found.name) if found else str(step))
            if found is not None and found.kind == "children":
                at = BY_TYPE[found.of]
        return {"severity": self.severities[diagnosis.severity], "path": path, "message": diagnosis.message}


def _error(code: str, diagnoses: list[dict[str, Any]]) -> GraphQLError:
    said = "; ".join(str(diagnosis["message"]) for diagnosis in diagnoses) or "The operation failed."
    return GraphQLError(said, extensions={"code": code, "diagnoses": diagnoses})
