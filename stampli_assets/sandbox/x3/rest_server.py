"""Sage X3's REST api1 (Syracuse) over HTTP: ``{base}/api1/x3/erp/{ENDPOINT}/{CLASS}?representation={REPR}.$facet``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from stampli_assets.sandbox.x3 import clerk
from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.diagnoses import LOCKED, NO_LICENCE, Diagnosis, Refusal, as_rest, on_children
from stampli_assets.sandbox.x3.exact import loads
from stampli_assets.sandbox.x3.faults import REST_KINDS, Fault
from stampli_assets.sandbox.x3.fields import ENTITIES, Entity, published
from stampli_assets.sandbox.x3.inputs import Reader
from stampli_assets.sandbox.x3.paging import NoSuchCursor, ordered, page
from stampli_assets.sandbox.x3.payments import open_items
from stampli_assets.sandbox.x3.replies import Call, Reply, Unauthorised, as_json, as_text
from stampli_assets.sandbox.x3.resources import Shaper
from stampli_assets.sandbox.x3.server import X3Simulator, utc_now
from stampli_assets.sandbox.x3.sign_in import check_basic
from stampli_assets.sandbox.x3.where import BadQuery, order_by, where

ROOT = "/api1/x3/erp/"
_TAIL = re.compile(r"(?P<name>[\w]+)(?:\('(?P<key>(?:[^']|'')*)'\)|/(?P<facet>\$\w+)(?:\('(?P<argument>[^']*)'\))?)?")


class X3RestSimulator(X3Simulator):
    """A folder's REST api1 with HTTP Basic on every request [S]; shapes as in the reference, section 3.

    ``names`` publishes classes, representations and properties under other names (default → published; properties may be
    scoped as ``CLASS.CODE``; empty: not published). Unverified, hence options: ``created_status`` (201; 200 occurs too),
    ``refusal_status`` (400), ``decimals_as`` (``number`` or ``text``), ``page_rows`` (20) and ``most_rows`` (of a page),
    ``refuse_unknown`` (properties that the class lacks are refused), ``stale_status`` (412 for another ``$etag``).
    """

    kinds = REST_KINDS
    api = "x3-rest"

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
        created_status: int = 201,
        refusal_status: int = 400,
        stale_status: int = 412,
        decimals_as: str = "number",
        page_rows: int = 20,
        most_rows: int = 1000,
        refuse_unknown: bool = True,
    ) -> None:
        super().__init__(
            masters, books=books, host=host, port=port, state=state, now=now,
            latency_seconds=latency_seconds, create_seconds=create_seconds,
        )  # fmt: skip
        if decimals_as not in {"text", "number"}:
            raise ValueError("decimals_as is text or number")
        self.names = dict(names or {})
        self._statuses = {"created": created_status, "refusal": refusal_status, "stale": stale_status}
        self._decimals_as = decimals_as
        self._rows = (page_rows, most_rows)
        self._refuse_unknown = refuse_unknown

    @property
    def url(self) -> str:
        """``{base}/api1/x3/erp/{ENDPOINT}``: classes follow after a slash [D]."""
        return f"{self.base_url}{ROOT}{self.books.endpoint}"

    def publish_as(self, names: dict[str, str]) -> None:
        """An administrator publishes the folder under other names from now on."""
        self.names = dict(names)

    def sort(self, call: Call) -> str:
        """``create`` for what writes, else ``read``."""
        if not call.path.startswith(ROOT):
            return ""
        call.named = [f"{call.path.removeprefix(ROOT)} {call.query.get('representation', '')}"]
        call.creates = int(call.method == "POST")
        return "read" if call.method == "GET" else "create"

    def token_expired(self, call: Call) -> Reply:
        """401: the session has ended; the next request may pass."""
        return as_text("Unauthorized", 401)

    def execute(self, call: Call, fault: Fault | None, late: str) -> Reply:
        """Sign in, find the class and its facet, answer."""
        try:
            check_basic(self.books, call.authorization)
        except Unauthorised as unauthorised:
            return unauthorised.reply
        if fault is not None and fault.kind == "licence":
            return as_json({"$diagnoses": [as_rest(NO_LICENCE)]}, int(fault.details.get("http", 503)))
        if fault is not None and fault.kind == "locked":
            return self._refused(LOCKED)
        names = {**self.names, **(fault.details.get("names", {}) if fault and fault.kind == "schema_variant" else {})}
        shaper = Shaper(self.books, names, self._decimals_as)
        with self.books.lock:
            try:
                return _Desk(self, shaper, names).answer(call, late)
            except Refusal as refusal:
                return as_json(on_children(refusal.diagnoses), self._statuses["refusal"])
            except (BadQuery, NoSuchCursor) as error:
                return _wrong(400, f"{error}")

    def _refused(self, diagnosis: Diagnosis) -> Reply:
        return as_json({"$diagnoses": [as_rest(diagnosis)]}, self._statuses["refusal"])

    @property
    def statuses(self) -> dict[str, int]:
        """The HTTP statuses that are options."""
        return self._statuses

    @property
    def page_sizes(self) -> tuple[int, int]:
        """Rows of a page when ``count`` is absent, and at most."""
        return self._rows

    def reader(self) -> Reader:
        """Reads the resources of a request."""
        return Reader(refuse_unknown=self._refuse_unknown)


class _Desk:
    """Answers one signed-in request."""

    def __init__(self, simulator: X3RestSimulator, shaper: Shaper, names: dict[str, str]) -> None:
        self._of = simulator
        self._books = simulator.books
        self._shaper = shaper
        self._names = names

    def answer(self, call: Call, late: str) -> Reply:
        endpoint, _, tail = call.path.removeprefix(ROOT).partition("/")
        match = _TAIL.fullmatch(tail)
        if endpoint != self._books.endpoint or match is None:
            return _wrong(404, f"No such address: {call.path}")
        entity = self._entity(match["name"])
        if entity is None:
            return _wrong(404, f"Class {match['name']} is not published.")
        if match["facet"] == "$prototypes":
            return self._prototype(entity, match["argument"] or "")
        representation, _, facet = call.query.get("representation", "").partition(".")
        if representation != self._representation(entity):
            return _wrong(400, f"Representation {representation!r} does not belong to the class {match['name']}.")
        if match["facet"] == "$template":
            return as_json(self._shaper.template(entity)) if facet == "$create" else _wrong(400, f"No facet {facet!r}.")
        key = match["key"].replace("''", "'") if match["key"] is not None else None
        return self._facet(call, entity, facet, key, late)

    def _facet(self, call: Call, entity: Entity, facet: str, key: str | None, late: str) -> Reply:
        match (call.method, facet, key is not None):
            case ("GET", "$query", False):
                return self._query(call, entity)
            case ("GET", "$details", True):
                row = self._books.readable(entity.rows, str(key))
                return self._whole(entity, row, 200) if row is not None else _wrong(404, f"Record {key} not found.")
            case ("POST", "$create", False) if entity.creates:
                return self._create(call, entity, late)
            case ("PUT", "$edit", True) if entity.creates:
                return self._change(call, entity, str(key))
        return _wrong(405, f"{call.method} {facet} is not published for this class.")

    def _entity(self, name: str) -> Entity | None:
        classes = {published(self._names, "", entity.rest_class): entity for entity in ENTITIES if entity.rest_class}
        return classes.get(name) if name else None

    def _representation(self, entity: Entity) -> str:
        """Renamed like the class when both bear one name, else for itself: both are mandatory and belong together [D]."""
        return published(self._names, "representation", entity.representation)

    def _prototype(self, entity: Entity, argument: str) -> Reply:
        if argument != f"{self._representation(entity)}.$create":
            return _wrong(404, f"No prototype {argument!r} in this class.")
        return as_json(self._shaper.prototype(entity))

    def _query(self, call: Call, entity: Entity) -> Reply:
        """An envelope with ``$resources``; the next page is the URL in ``$links.$next.$url``, absent on the last [S]."""
        usual, most = self._of.page_sizes
        text = call.query.get("count", str(usual))
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise BadQuery(f"count is a number from 1 to {most}")
        after = call.query.get("key", "")
        if after and not after.startswith("gt."):
            raise BadQuery("key is gt.KEY")
        rows = open_items(self._books) if entity.rows == "open_items" else self._books.rows(entity.rows)
        if call.query.get("where"):
            test = where(call.query["where"], entity, lambda name: self._shaper.field(entity, name))
            rows = [row for row in rows if test(row)]
        keys = order_by(call.query.get("orderBy", ""), lambda name: self._shaper.field(entity, name))
        rows = ordered(rows, keys, entity.key_of)
        chosen = page(rows, entity.key_of, after=after.removeprefix("gt."), size=int(text))
        body: dict[str, Any] = {
            "$itemsPerPage": int(text),
            "$resources": [self._shaper.resource(entity, row, whole=False) for row in chosen.rows],
            "$links": {},
        }
        if chosen.has_next:
            further = {**call.query, "key": f"gt.{entity.key_of(chosen.rows[-1])}"}
            address = f"{self._of.base_url}{quote(call.path)}?{urlencode(further)}"
            body["$links"]["$next"] = {"$url": address, "$type": "application/json", "$method": "GET"}
        return as_json(body)

    def _create(self, call: Call, entity: Entity, late: str) -> Reply:
        given = self._shaper.by_default(entity, _resource(call.body))
        row, warnings = clerk.create(self._books, entity, given, self._of.reader(), late=late)
        return self._whole(entity, row, self._of.statuses["created"], warnings)

    def _change(self, call: Call, entity: Entity, key: str) -> Reply:
        if self._books.readable(entity.rows, key) is None:
            return _wrong(404, f"Record {key} not found.")
        sent = _resource(call.body)
        if call.headers.get("If-Match"):
            sent["$etag"] = str(call.headers["If-Match"]).strip('"')
        try:
            row = clerk.change(self._books, entity, key, self._shaper.by_default(entity, sent), self._of.reader())
        except clerk.Stale:
            return _wrong(self._of.statuses["stale"], "The record was changed by another user: read it again.")
        return self._whole(entity, row, 200)

    def _whole(
        self, entity: Entity, row: dict[str, Any], status: int, warnings: list[Diagnosis] | None = None
    ) -> Reply:
        body = self._shaper.resource(entity, row, whole=True)
        if warnings:
            body["$diagnoses"] = [as_rest(warning) for warning in warnings]
        reply = as_json(body, status)
        reply.headers["ETag"] = f'"{body["$etag"]}"'
        return reply


def _resource(body: bytes) -> dict[str, Any]:
    try:
        given = loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise BadQuery("A JSON object is expected.")
    return given


def _wrong(status: int, words: str) -> Reply:
    return as_json({"$diagnoses": [as_rest(Diagnosis(words))]}, status)
