"""X3's REST api1 (Syracuse): ``$query`` page by page, one ``$create`` for each record.

api1 takes one record a request, so a batch is a row of requests; what was answered before one of them failed stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.x3.api import Created, Lost, Record, Row
from stampli_assets.x3.door import Door
from stampli_assets.x3.exact import Json, written
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.names import MENUS, REST, Names, RestClass
from stampli_assets.x3.rest_replies import created, resource_of, rows_of
from stampli_assets.x3.wire import Request

MOST_PAGES = 20_000
"""A list with more pages does not end."""
LONGEST_WHERE = 1500
"""Characters of a ``where`` clause before it is divided: addresses beyond 2,000 characters are cut by some proxies."""


class RestApi:
    """Implements :class:`~stampli_assets.x3.api.Api`. Addresses and shapes: the project's notes, section 3."""

    def __init__(self, door: Door, folder: Folder, names: Names[RestClass] = REST) -> None:
        self._door = door
        self._folder = folder
        self._names = names

    @property
    def names(self) -> Names[RestClass]:
        """What this X3 calls things."""
        return self._names

    def rows(self, place: str, wanted: Sequence[str], among: Mapping[str, Collection[str]]) -> Iterator[Row]:
        """Rows page by page, in the order of the key; see :class:`~stampli_assets.x3.api.Api`.

        api1 answers every property of the representation; only the wanted ones are handed on.
        """
        of = self._names.places()[place]
        if of.missing:
            return
        codes = {field: of.fields[field] for field in wanted if of.fields[field]}
        for clause in clauses({of.fields[field]: values for field, values in among.items()}):
            for resource in self._pages(of, clause):
                yield {field: resource.get(code) for field, code in codes.items()}

    def create(self, place: str, records: Sequence[Record], *, until: datetime) -> Iterator[Created]:
        """One request for each record, in order; see :class:`~stampli_assets.x3.api.Api`."""
        of = self._names.places()[place]
        for record in records:
            try:
                answer = self._door.once(self._create(of, record), until=until)
                yield created(answer, of)
            except OutcomeUnknown as lost:
                yield Lost(lost.sentence)

    def written(self, place: str, record: Record) -> str:
        """The request line and the body, as they would be sent."""
        of = self._names.places()[place]
        request = self._create(of, record)
        address = request.url.removeprefix(self._folder.base_url.rstrip("/"))
        return f"{request.method} {address}\n\n{written(self._properties(of, record), indent=2)}\n"

    def prototype(self, place: str) -> Json:
        """``$prototypes('REPR.$create')``: what a create of this folder takes [D], for the check of the names.

        Raises:
            Misconfigured: the class or the representation is not published.
        """
        of = self._names.places()[place]
        address = f"{self._folder.rest_url}/{quote(of.name)}/$prototypes('{quote(of.representation)}.$create')"
        return self._door.read(Request("GET", address), lambda answer: resource_of(answer, str(of)))

    def first_row(self, place: str) -> Json | None:
        """One row of a list as X3 answers it, ``None`` where the list is empty; for the check of the names."""
        of = self._names.places()[place]
        address = self._address(of) + "&" + urlencode({"count": 1})
        rows, _ = self._door.read(Request("GET", address), lambda answer: rows_of(answer, str(of)))
        return rows[0] if rows else None

    def _pages(self, of: RestClass, clause: str) -> Iterator[Json]:
        asked: dict[str, Any] = {"count": self._folder.rows_per_page}
        if clause:
            asked["where"] = clause
        address = f"{self._address(of)}&{urlencode(asked, quote_via=quote)}"
        for _ in range(MOST_PAGES):
            rows, following = self._door.read(Request("GET", address), lambda answer: rows_of(answer, str(of)))
            yield from rows
            if not following:
                return
            again = self._here(urljoin(address, following))
            if again == address:
                break
            address = again
        raise Misconfigured(
            f"The list {of} of X3 does not end after {MOST_PAGES} pages.",
            remedy="Check the names of the settings; narrow the list in X3.",
            code="ERP_REFERENCE",
        )

    def _here(self, address: str) -> str:
        if self._folder.is_here(address):
            return address
        raise Misconfigured(
            "X3 says that the next page of a list is on another server. Nothing was sent there.",
            remedy="Put the address under which X3 knows itself into the settings (base_url).",
            code="ENDPOINT",
        )

    def _address(self, of: RestClass) -> str:
        """Class and representation are both mandatory [D]."""
        representation = quote(f"{of.representation}.{of.facet}", safe="$.")
        return f"{self._folder.rest_url}/{quote(of.name)}?representation={representation}"

    def _create(self, of: RestClass, record: Record) -> Request:
        body = written(self._properties(of, record)).encode()
        return Request("POST", self._address(of), {"Content-Type": "application/json"}, body)

    def _properties(self, of: RestClass, record: Record) -> dict[str, Any]:
        """Under the folder's codes; fields without a code there, or without a value, are left out."""
        given: dict[str, Any] = {}
        for field, value in record.items():
            code = of.fields[field]
            if not code or value in ("", [], None):
                continue
            if isinstance(value, list) and value and isinstance(value[0], Mapping):
                given[code] = [self._properties(of, child) for child in value]
            else:
                given[code] = int(value) if field in MENUS and str(value).isdigit() else value
        return given


def clauses(among: Mapping[str, Collection[str]]) -> Iterator[str]:
    """``where`` clauses that together find every row whose properties have one of the values each; one empty for all.

    ``eq`` with ``or`` and parentheses, which every release reads [D partly]. The longest list of values is divided.
    """
    if not among:
        yield ""
        return
    if any(not values for values in among.values()):
        return
    parts = {code: [f"{code} eq '{_quoted(value)}'" for value in sorted(values)] for code, values in among.items()}
    whole = " and ".join(f"({' or '.join(tests)})" for tests in parts.values())
    longest = max(among, key=lambda code: len(among[code]))
    if len(whole) <= LONGEST_WHERE or len(among[longest]) == 1:
        yield whole
        return
    values = sorted(among[longest])
    for half in (values[: len(values) // 2], values[len(values) // 2 :]):
        yield from clauses({**among, longest: half})


def _quoted(value: str) -> str:
    """A quote in a text is doubled; nothing else has a meaning inside quotes."""
    return value.replace("'", "''")
