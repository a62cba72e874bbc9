"""Sage X3's GraphQL API over HTTP, with its authorisation server: ``POST {base}/xtrem/api``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
    parse,
    validate,
)

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.diagnoses import LOCKED, NO_LICENCE, SEVERITIES, Diagnosis
from stampli_assets.sandbox.x3.exact import loads
from stampli_assets.sandbox.x3.faults import Fault
from stampli_assets.sandbox.x3.pairings import Pairings, TokenOptions
from stampli_assets.sandbox.x3.replies import Call, Reply, Unauthorised, as_json, as_text, invalid_token
from stampli_assets.sandbox.x3.schema import build_schema
from stampli_assets.sandbox.x3.server import X3Simulator, utc_now
from stampli_assets.sandbox.x3.sign_in import SIGNATURE, WAYS, Gate
from stampli_assets.sandbox.x3.turn import Turn

PATH = "/xtrem/api"


class X3GraphQLSimulator(X3Simulator):
    """A folder's GraphQL API and authorisation server; endpoints and shapes as in the reference, sections 1 and 2.

    ``names`` publishes packages, nodes, operations and properties under other names (default → published, scoped as
    ``node.property``; empty: not activated). Unverified in the reference, hence options: ``decimals_as`` (``text`` or
    ``number``), ``reference_style`` (``any``, ``key``, ``_id``), ``severities``, ``audience`` (default: ``url``),
    ``most_mutations`` (default: no bound), ``first_rows`` and ``most_rows`` (of a page), ``invalid_document_status`` (200),
    ``tokens`` (:class:`TokenOptions`), ``skew_seconds`` (of ``iat``), ``ways`` to sign in.
    """

    api = "x3-graphql"

    def __init__(
        self,
        masters: dict[str, Any] | None = None,
        *,
        books: X3Books | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        now: Callable[[], datetime] = utc_now,
        latency_seconds: float = 0.0,
        create_seconds: float = 0.0,
        names: dict[str, str] | None = None,
        decimals_as: str = "text",
        reference_style: str = "any",
        severities: dict[str, int] | None = None,
        audience: str = "",
        most_mutations: int | None = None,
        first_rows: int = 20,
        most_rows: int = 1000,
        invalid_document_status: int = 200,
        tokens: TokenOptions | None = None,
        skew_seconds: float = 30,
        ways: Collection[str] = WAYS,
    ) -> None:
        super().__init__(
            masters, books=books, host=host, port=port, state=state, now=now,
            latency_seconds=latency_seconds, create_seconds=create_seconds,
        )  # fmt: skip
        self.names = dict(names or {})
        self.pairings = Pairings(self.books, tokens or TokenOptions(), lambda: self.base_url)
        self.gate = Gate(self.books, self.pairings, lambda: audience or self.url, ways=ways, skew_seconds=skew_seconds)
        self._style = reference_style
        self._severities = severities or dict(SEVERITIES)
        self._decimals_as = decimals_as
        self._most_mutations = most_mutations
        self._rows = (first_rows, most_rows)
        self._invalid_status = invalid_document_status

    @property
    def url(self) -> str:
        """The GraphQL endpoint, ``{base}/xtrem/api`` [S]."""
        return self.base_url + PATH

    @property
    def authorise_url(self) -> str:
        """Where pairing begins, ``{region}/v1/token/authorise`` [D]."""
        return self.base_url + self.pairings.options.authorise_path

    @property
    def token_url(self) -> str:
        """Where codes and refresh tokens are exchanged, ``{region}/v1/token`` [P]."""
        return self.base_url + self.pairings.options.token_path

    def publish_as(self, names: dict[str, str]) -> None:
        """An administrator publishes the folder under other names from now on."""
        self.names = dict(names)

    def sort(self, call: Call) -> str:
        """``token`` for the authorisation server, ``create`` when a mutation is asked for, else ``read``."""
        options = self.pairings.options
        if call.path in {options.authorise_path, options.token_path}:
            call.named = ["authorise" if call.path == options.authorise_path else call.form.get("grant_type", "")]
            return "token"
        if call.path != PATH:
            return ""
        call.named, writes = _named(call.body)
        call.creates = len(call.named) if writes else 0
        return "create" if writes else "read"

    def token_expired(self, call: Call) -> Reply:
        """401 ``Error 50: Invalid token`` [T]; the token of the request holds no longer."""
        self.gate.end(call.authorization)
        return invalid_token(SIGNATURE)

    def execute(self, call: Call, fault: Fault | None, late: str) -> Reply:
        """A request to the authorisation server, or a GraphQL document."""
        options = self.pairings.options
        if call.path == options.authorise_path:
            asked = call.query if call.method == "GET" else call.form
            return self.pairings.authorise(asked, accepted=_decision(asked))
        if call.path == options.token_path:
            if call.method != "POST":
                return as_text("POST is expected", 405)
            return self.pairings.exchange(call.form, call.authorization)
        if call.method != "POST":
            return as_text("POST is expected", 405)
        try:
            self.gate.check(call.authorization)
        except Unauthorised as unauthorised:
            return unauthorised.reply
        folder = call.headers.get("x-xtrem-endpoint")
        if folder and folder != self.books.endpoint:
            return as_text(f"Unknown endpoint {folder}", 404)
        return self._graphql(call, fault, late)

    def _graphql(self, call: Call, fault: Fault | None, late: str) -> Reply:
        try:
            asked = loads(call.body)
            document, variables = str(asked["query"]), asked.get("variables") or {}
        except (ValueError, KeyError, TypeError, AttributeError):
            return as_text("A JSON object with query is expected", 400)
        if fault is not None and fault.kind == "licence":
            return self._no_licence(fault)
        names = {**self.names, **(fault.details.get("names", {}) if fault and fault.kind == "schema_variant" else {})}
        schema = _schema(tuple(sorted(names.items())), self._decimals_as)
        try:
            parsed = parse(document)
            errors = validate(schema, parsed)
        except GraphQLError as error:
            errors = [error]
        if not errors and self._most_mutations is not None and call.creates > self._most_mutations:
            errors = [GraphQLError(f"At most {self._most_mutations} mutations are taken in one request.")]
        if errors:
            return self._not_begun(errors)
        turn = self._turn(names, fault, late)
        with self.books.lock:
            result = execute(
                schema, parsed, context_value=turn, variable_values=variables, operation_name=asked.get("operationName")
            )
        assert isinstance(result, ExecutionResult)
        if result.data is None and result.errors:
            return self._not_begun(result.errors)
        return as_json(self._body(result, turn))

    def _not_begun(self, errors: list[GraphQLError]) -> Reply:
        """The document or its variables are wrong: by GraphQL's own rules the answer has no ``data`` then."""
        told = [{**error.formatted, "extensions": {"code": "bad-request", "diagnoses": []}} for error in errors]
        return as_json({"errors": told}, self._invalid_status)

    def _turn(self, names: dict[str, str], fault: Fault | None, late: str) -> Turn:
        refuse: dict[int, Diagnosis] = {}
        commits: int | None = None
        if fault is not None:
            place = int(fault.details.get("at", 0))
            if fault.kind == "locked":
                refuse[place] = LOCKED
            elif fault.kind == "partial":
                refuse[place] = Diagnosis(str(fault.details.get("message", "This one failed.")))
            elif fault.kind == "drop_after_commit":
                commits = fault.details.get("commits")
        return Turn(
            self.books, names, self._style, *self._rows,
            severities=self._severities, late=late, refuse=refuse, commits=commits,
        )  # fmt: skip

    def _body(self, result: ExecutionResult, turn: Turn) -> dict[str, Any]:
        """HTTP 200 with ``data``, which may be partial, and ``errors`` (reference 2 [P]); warnings in ``extensions``."""
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [_formatted(error) for error in result.errors]
        if turn.warnings:
            body["extensions"] = {"diagnoses": turn.warnings}
        return body

    def _no_licence(self, fault: Fault) -> Reply:
        diagnosis = {
            "severity": self._severities[NO_LICENCE.severity], "path": [], "message": NO_LICENCE.message,
        }  # fmt: skip
        error = {"message": NO_LICENCE.message, "extensions": {"code": "unavailable", "diagnoses": [diagnosis]}}
        return as_json({"errors": [error]}, int(fault.details.get("http", 200)))


@lru_cache(maxsize=64)
def _schema(names: tuple[tuple[str, str], ...], decimals_as: str) -> GraphQLSchema:
    return build_schema(dict(names), decimals_as=decimals_as)


def _formatted(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = dict(error.formatted)
    told.setdefault("extensions", {"code": "internal-error", "diagnoses": []})
    return told


def _decision(asked: dict[str, str]) -> bool | None:
    return asked["decision"] == "accept" if "decision" in asked else None


def _named(body: bytes) -> tuple[list[str], bool]:
    """The operations of a document as ``package.node.operation``, and whether it is a mutation."""
    try:
        document = parse(str(loads(body)["query"]))
    except (ValueError, KeyError, TypeError, GraphQLError):
        return [], False
    named: list[str] = []
    writes = False
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            writes = writes or definition.operation is OperationType.MUTATION
            named += [".".join(path) for path in _paths(document, definition.selection_set, 3)]
    return named, writes


def _paths(document: DocumentNode, selected: SelectionSetNode | None, depth: int) -> list[tuple[str, ...]]:
    if selected is None or not depth:
        return [()]
    paths: list[tuple[str, ...]] = []
    for selection in selected.selections:
        if isinstance(selection, FieldNode):
            name = selection.name.value
            paths += [(name, *rest) for rest in _paths(document, selection.selection_set, depth - 1)]
        elif isinstance(selection, InlineFragmentNode):
            paths += _paths(document, selection.selection_set, depth)
        elif isinstance(selection, FragmentSpreadNode):
            for definition in document.definitions:
                if getattr(getattr(definition, "name", None), "value", "") == selection.name.value:
                    paths += _paths(document, getattr(definition, "selection_set", None), depth)
    return paths
