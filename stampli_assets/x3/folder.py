"""A Sage X3 folder: where it is, and what of it a connection works with. How we sign in is apart (``sign_in.py``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Misconfigured

_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Folder:
    """Times are in seconds.

    Args:
        base_url: scheme, host and port of Syracuse, or of the regional API gateway in the cloud; nothing behind.
        endpoint: the folder's endpoint, such as ``ACMEPROD``: GraphQL's header ``x-xtrem-endpoint``, REST's path.
        site: the site of every invoice of this connection.
        dimension_types: the X3 dimension type of each of our dimensions; the types are per customer.
        tax_code: sent with every line that has none of its own, when given. X3 computes the tax from it: a code without
            tax keeps the total.
        chart: the chart of accounts whose accounts are read; empty reads every chart.
        reference_style: how GraphQL inputs name records: ``SUP01`` or ``_id:SUP01``; differs by release [P].
        ca_file: a private certificate authority (PEM) for on-premise servers. Verification is never off.
        proxy: what https goes through, such as ``http://proxy.example:3128``; empty: nothing, whatever the environment says.
        plain_http: sign in without TLS, believed only for this machine's own address (the sandbox).
        sending_seconds: no create begins later than this after its batch began. A document may be believed absent only
            after ``reply_seconds``, twice ``backoff_deadline_seconds`` and this together.

    Raises:
        Misconfigured: the address is not https, carries a user or password, or a path; or the endpoint is no name.
    """

    base_url: str
    endpoint: str
    site: str
    dimension_types: Mapping[Dimension, str] = field(default_factory=dict)
    tax_code: str = ""
    chart: str = ""
    reference_style: Literal["key", "_id"] = "key"
    graphql_path: str = "/xtrem/api"
    rest_path: str = "/api1/x3/erp"
    ca_file: str = ""
    proxy: str = ""
    plain_http: bool = False
    connect_seconds: float = 10
    reply_seconds: float = 300
    backoff_deadline_seconds: float = 60
    sending_seconds: float = 120
    rows_per_page: int = 500
    bills_per_query: int = 25

    def __post_init__(self) -> None:
        trusted_address(self.base_url, plain_http=self.plain_http)
        if urlsplit(self.base_url).path not in {"", "/"}:
            raise Misconfigured(
                "The X3 address of the settings has a path.",
                remedy="Give scheme, host and port only; the paths are settings of their own.",
                code="ENDPOINT",
            )
        if _NAME.fullmatch(self.endpoint) is None:
            raise Misconfigured(
                f"The endpoint {self.endpoint!r} of the settings is no name of an X3 folder.",
                remedy="Give the folder's endpoint as X3 lists it: letters, digits, underscores.",
                code="ENDPOINT",
            )

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is answered."""
        return self.base_url.rstrip("/") + self.graphql_path

    @property
    def rest_url(self) -> str:
        """What the REST classes of the folder stand under."""
        return f"{self.base_url.rstrip('/')}{self.rest_path}/{self.endpoint}"

    def is_here(self, url: str) -> bool:
        """Whether an address that X3 answered with is of the configured server; nothing is asked elsewhere."""
        ours, theirs = urlsplit(self.base_url), urlsplit(url)
        return (theirs.scheme, theirs.hostname, theirs.port) == (ours.scheme, ours.hostname, ours.port) and (
            theirs.username is None and theirs.password is None
        )

    def __repr__(self) -> str:
        return f"Folder({self.base_url}, {self.endpoint}, site {self.site})"


def trusted_address(url: str, *, plain_http: bool) -> str:
    """The address, when a secret may be sent to it: https, or http to this machine where the settings say so.

    Raises:
        Misconfigured: it may not. The sentence never repeats the address, which may hold a password.
    """
    address = urlsplit(url)
    if address.username is not None or address.password is not None:
        raise Misconfigured(
            "The X3 address of the settings holds a user or password.",
            remedy="Name them as secrets of the settings; an address is printed in logs.",
            code="ENDPOINT",
        )
    if address.scheme == "https" and address.hostname:
        return url
    if address.scheme == "http" and address.hostname in LOOPBACK and plain_http:
        return url
    raise Misconfigured(
        f"Signing in to X3 at {address.hostname or 'an address without a host'} without TLS is refused.",
        remedy="Put an https address into the settings. Plain http is for this machine's own address (the sandbox) and "
        "only where the settings say plain_http: true.",
        code="TLS",
    )


def followed(endpoint: str, region: str) -> str:
    """An address that a pairing was told to use from then on, when it is of the configured region's domain.

    Raises:
        Misconfigured: it points elsewhere; the application's secret is never sent there.
    """
    told, ours = (urlsplit(url).hostname or "" for url in (endpoint, region))
    if _domain(told) == _domain(ours):
        return endpoint
    raise Misconfigured(
        f"X3's pairing points to {told or 'an address without a host'}, which is not of the domain of the region {ours}. "
        "Nothing was sent to it.",
        remedy="Check region in the settings (erp.sign_in); if it is right, tell your network administrator.",
        code="ENDPOINT",
    )


def _domain(host: str) -> str:
    """``sagex3.com`` of ``api.eu.sagex3.com``, ``firm.co.uk`` of ``x3.firm.co.uk``; an IP address is its own."""
    labels = host.casefold().split(".")
    if host.replace(".", "").isdigit() or ":" in host:
        return host
    own = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[-own:])
