"""X3 for `stampli ping`: from the server's name to the fields of each operation. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient
from stampli_assets.model.probing import Look, Seen
from stampli_assets.network.clocks import compared, of_header
from stampli_assets.network.reach import host_and_port, reached, resolved
from stampli_assets.x3.door import Door
from stampli_assets.x3.exact import written
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.graphql_replies import data_of
from stampli_assets.x3.names import PAYMENTS, Names
from stampli_assets.x3.rest import RestApi
from stampli_assets.x3.schema_check import Problem
from stampli_assets.x3.wire import Answer, Request, TurnedAway, Wire

READ = {
    "suppliers": ("find_supplier", "number"), "supplier invoices": ("find_invoice", "record_no"),
    "accounts": ("accounts", "code"), "dimensions": ("dimensions", "code"), "payment terms": ("payment_terms", "code"),
    "payments": ("find_payment", "record_no"), "open items": ("open_items", "record_no"),
}  # fmt: skip
"""What is read, as a person calls it: the operation of the names and a field of it."""
WAYS = {"Basic": "user and password", "ConnectedApplication": "connected application", "CloudPair": "cloud pairing"}
REPLY_SECONDS = 60
_FIRST_ASKED = ("payment_terms", "find_supplier", "accounts")


@dataclass
class X3Probe:
    """Implements the port :class:`~stampli_assets.model.probing.Probe`, without patience.

    Args:
        door: as the connection uses it.
        names: what this X3 calls things; ``graphql`` says of which API they are.
        problems: compares the names with what X3 publishes.
        unused: operations that the connection never asks for.
    """

    door: Door
    names: Names[Any]
    graphql: bool
    problems: Callable[[GraphQLApi | RestApi], Sequence[Problem]]
    unused: Collection[str] = PAYMENTS

    def __post_init__(self) -> None:
        seconds = min(self.door.folder.reply_seconds, REPLY_SECONDS)
        self._folder = replace(self.door.folder, reply_seconds=seconds, backoff_deadline_seconds=0, rows_per_page=1)
        self._door = replace(self.door, folder=self._folder)
        self._greeting: Answer | None = None
        self._answer: Answer | None = None
        made = GraphQLApi if self.graphql else RestApi
        self._api: GraphQLApi | RestApi = made(self._door, self._folder, self.names)

    def looks(self) -> Sequence[Look]:
        """Name, TCP, address, clock, token, sign-in, folder, operations and fields, a row of each list."""
        read = {told: of for told, of in READ.items() if of[0] not in self.unused}
        return (
            Look("name", self._name),
            Look("TCP", self._tcp, ("name",)),
            Look("address", self._address, ("TCP",)),
            Look("clock", self._clock, ("address",)),
            Look("token", self._token, ("address",)),
            Look("sign-in", self._sign_in, ("token",)),
            Look("folder", self._in_folder, ("sign-in",)),
            Look("operations and fields", self._published, ("folder",)),
            *(Look(f"read {told}", partial(self._read, *of), ("folder",)) for told, of in read.items()),
            Look("period of today", lambda: _NO_PERIOD, ("folder",)),
            Look("write", lambda: _NOT_TRIED, ("folder",)),
        )

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def _first(self) -> str:
        """What we connect to: the proxy, where one is configured."""
        return self._folder.proxy or self._folder.base_url

    def _name(self) -> Seen:
        host, port = host_and_port(self._first)
        return Seen(f"{host} is {resolved(host, port)}.")

    def _tcp(self) -> Seen:
        return Seen(reached(*host_and_port(self._first), self._folder.connect_seconds))

    def _address(self) -> Seen:
        """A request without any credential: TLS, the proxy and redirects, before a secret is sent."""
        wire = Wire(self._folder, self._door.clock, self._door.adapter)
        self._greeting = answer = _sent(lambda: wire.exchange(self._request()))
        if answer.status >= 500:
            raise Transient(
                f"X3 answered HTTP {answer.status}: {answer.text}",
                remedy="Ask the X3 administrator whether the server is in maintenance.",
                code="ERP_AWAY",
            )
        secured = "and has proven who it is (TLS)" if self._folder.base_url.startswith("https:") else "(this machine)"
        return Seen(f"The server answers {secured}.")

    def _clock(self) -> Seen:
        assert self._greeting is not None
        return compared(of_header(self._greeting.date), self._door.clock.now(), "X3")

    def _token(self) -> Seen:
        _sent(self._door.sign_in.authorization)
        return Seen(f"There is one to sign in with ({WAYS.get(type(self._door.sign_in).__name__, 'token')}).")

    def _sign_in(self) -> Seen:
        for place in _FIRST_ASKED[:1] if self.graphql else _FIRST_ASKED:
            self._answer = _sent(partial(self._door.once, self._request(place)))
            if (
                self._answer.status != 404
            ):  # a class may be called otherwise; where none is known, the folder is not there
                break
        return Seen("X3 knows us.")

    def _in_folder(self) -> Seen:
        answer, folder = self._answer, self._folder
        assert answer is not None
        if answer.status == 404:
            raise Misconfigured(
                f"X3 has no folder with the endpoint {folder.endpoint} at {folder.base_url}, or does not publish it "
                f"({answer.text or 'HTTP 404'}).",
                remedy="Check endpoint and api in the settings: the name as X3 lists it under Administration, Endpoints.",
                code="ENDPOINT",
            )
        if answer.status == 403:
            raise Misconfigured(
                f"X3 does not let this user into the folder {folder.endpoint}: {answer.text or 'HTTP 403'}",
                remedy="Give the X3 user the endpoint and the right to the API, or the application the scope api.graphQL.",
                code="ERP_PERMISSION",
            )
        if self.graphql:
            _sent(lambda: data_of(answer))
        return Seen(f"The folder {folder.endpoint} answers.")

    def _published(self) -> Seen:
        problems = self.problems(self._api)
        if not problems:
            return Seen("X3 publishes everything that the settings name.")
        told = " ".join(f"{one.setting}: {one.sentence}" for one in problems[:5])
        more = f" And {len(problems) - 5} more." if len(problems) > 5 else ""
        lines = "; ".join(dict.fromkeys(one.line for one in problems if one.line))
        remedy = f"Put below erp: in the settings: {lines}." if lines else "Ask the X3 administrator to publish it."
        raise Misconfigured(
            f"{told}{more}", remedy=f"{remedy} `stampli x3 check` writes the whole section.", code="NAMES"
        )

    def _read(self, place: str, of: str) -> Seen:
        next(iter(self._api.rows(place, (of,), {})), None)
        return Seen("Can be read.")

    def _request(self, place: str = "payment_terms") -> Request:
        """Asks as little as there is."""
        if self.graphql:
            headers = {"Content-Type": "application/json", "x-xtrem-endpoint": self._folder.endpoint}
            body = written({"query": "{ __typename }", "variables": {}}).encode()
            return Request("POST", self._folder.graphql_url, headers, body)
        of = self.names.places()[place]
        representation = quote(f"{of.representation}.{of.facet}", safe="$.")
        return Request("GET", f"{self._folder.rest_url}/{quote(of.name)}?representation={representation}&count=1")


_NO_PERIOD = Seen(
    "Not tried: X3's APIs do not tell which periods are open; a closed one refuses the invoice.", untried=True
)
_NOT_TRIED = Seen(
    "Not tried: the right to create supplier invoices cannot be tried without writing. Post one small invoice first; X3 keeps "
    "it unposted.",
    untried=True,
)


def _sent(what: Callable[[], Any]) -> Any:
    try:
        return what()
    except (TurnedAway, OutcomeUnknown) as lost:
        said = lost.why if isinstance(lost, TurnedAway) else lost.sentence
        raise Transient(
            f"{said.rstrip('.')}.",
            remedy="Check base_url (and proxy) in the settings and the way there; then ask the X3 administrator.",
            code="ERP_AWAY",
        ) from None
