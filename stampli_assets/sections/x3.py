"""A Sage X3 folder: ``connections[].erp`` with ``kind: x3``."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from stampli_assets.sections.section import LOOPBACK, PROXY, PROXY_SAYS, SecretName, Section


class X3Basic(Section):
    """On premise: an X3 user and password over TLS."""

    way: Literal["basic"]
    user: Annotated[str, Field(min_length=1)]
    password: SecretName


class X3ConnectedApp(Section):
    """A connected application: a short-lived signed token for each batch."""

    way: Literal["connected_app"]
    client_id: Annotated[str, Field(min_length=1)]
    user: Annotated[str, Field(min_length=1, description="The X3 user in whose name it works.")]
    client_secret: SecretName
    audience: str = ""
    token_seconds: Annotated[int, Field(ge=90, le=3600)] = 120
    algorithm: Literal["HS256", "RS256"] = "HS256"


class X3Cloud(Section):
    """The cloud: OAuth2 with a refresh token that changes at every renewal. Paired with ``stampli x3 pair``."""

    way: Literal["cloud"]
    region: Annotated[str, Field(min_length=1, description="The root of the region's API gateway.")]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretName
    redirect_uri: str = "http://127.0.0.1:8765/callback"
    customer: Annotated[str, Field(description="The address of the customer's X3, for the pairing.")] = ""
    scope: str = ""
    body: Annotated[Literal["json", "form"], Field(description="How the token API takes its fields.")] = "json"
    token_path: str = "/v1/token"  # noqa: S105 - a path
    authorise_path: str = "/v1/token/authorise"
    token_file: Annotated[str, Field(description="Keep the pair in this file; left out: in the vault.")] = ""


class X3NewSuppliers(Section):
    """What X3 demands of a new supplier and Stampli does not export. Left out: suppliers are never created."""

    category: Annotated[str, Field(min_length=1)]
    tax_rule: Annotated[str, Field(min_length=1)]
    accounting_code: str = ""
    language: str = ""
    country: str = ""
    currency: str = ""
    term: str = ""
    address_code: str = "MAIN"


class X3Payments(Section):
    """How Stampli's payments are recorded. Left out, as a rule: they are not, X3 is the master of cash."""

    method: Annotated[str, Field(min_length=1, description="X3's payment type for money that has moved already.")]
    number: Annotated[
        Literal["number", "id"],
        Field(
            description="What stands as reference of a payment: its check number or trace id where it has one, or always "
            "Stampli's payment id (where several payments to one supplier share a number)."
        ),
    ] = "number"


class X3Folder(Section):
    """A Sage X3 folder and how supplier invoices are posted into it."""

    kind: Literal["x3"]
    api: Annotated[Literal["graphql", "rest"], Field(description="graphql in the cloud, rest on premise.")]
    base_url: Annotated[str, Field(min_length=1, description="Scheme, host and port; nothing behind.")]
    endpoint: Annotated[str, Field(min_length=1, description="The folder's endpoint, such as ACMEPROD.")]
    site: Annotated[str, Field(min_length=1, description="The site of every invoice of this connection.")]
    sign_in: Annotated[X3Basic | X3ConnectedApp | X3Cloud, Field(discriminator="way")]
    dimension_types: Annotated[
        dict[str, str],
        Field(default_factory=dict, description="The X3 dimension type of each of our dimensions: {department: CCT}."),
    ]
    tax_code: Annotated[
        str, Field(description="Sent with every line that has none of its own; one without tax keeps the total.")
    ] = ""
    tax: Annotated[
        Literal["refuse", "on_top"],
        Field(
            description="Of tax beside a line's amount. refuse: such documents are held. on_top: the tax code of each line "
            "is sent, and X3 computes the tax; where it finds another than the document says, nothing is kept or it is held."
        ),
    ] = "refuse"
    base_currency: Annotated[
        str, Field(pattern=r"^([A-Z]{3})?$", description="The company's own currency, whose documents carry no rate.")
    ] = ""
    foreign_currencies: Annotated[
        Literal["hold", "send"],
        Field(description="hold: an invoice in another currency than its supplier's is held; send: it is posted."),
    ] = "hold"
    exchange_rate_type: Annotated[
        str,
        Field(
            description="X3's choice of rates (GraphQL: dailyRate, REST: 1) where the file gives no rate; empty: X3's own."
        ),
    ] = ""
    chart: Annotated[str, Field(description="The chart of accounts that is read; empty: every one.")] = ""
    names: Annotated[
        dict[str, Any],
        Field(default_factory=dict, description="Where this X3 calls things otherwise: `stampli x3 check`."),
    ]
    new_suppliers: X3NewSuppliers | None = None
    payments: X3Payments | None = None
    reference_style: Literal["key", "_id"] = "key"
    ca_file: Annotated[str, Field(description="A private certificate authority (PEM).")] = ""
    proxy: Annotated[str, Field(pattern=PROXY, description=PROXY_SAYS)] = ""
    plain_http: Annotated[bool, Field(description="Sign in without TLS; only on this machine's own address.")] = False
    functions_per_request: Annotated[int, Field(ge=1, le=100)] = 10
    parallel_requests: Annotated[int, Field(ge=1, le=8)] = 2
    settle_minutes: Annotated[
        float, Field(gt=0, description="How long a request without an answer may still be at work in X3.")
    ] = 20
    reply_seconds: Annotated[float, Field(gt=0)] = 300
    backoff_seconds: Annotated[float, Field(gt=0)] = 60
    sending_seconds: Annotated[float, Field(gt=0, description="No create begins later after its batch began.")] = 120
    reference_minutes: Annotated[float, Field(ge=0)] = 5

    @property
    def company_id(self) -> str:
        """What a document's identity belongs to."""
        return self.endpoint

    @property
    def entity_id(self) -> str:
        """X3 has sites in its place."""
        return ""

    @property
    def post_as(self) -> Literal["draft"]:
        """X3 keeps an invoice unposted until it is posted there."""
        return "draft"

    @model_validator(mode="after")
    def _safe(self) -> X3Folder:
        if self.exchange_rate_type and not self.base_currency:
            raise ValueError("exchange_rate_type needs base_currency: only foreign currencies have a rate")
        address = urlsplit(self.base_url)
        if address.scheme != "https" and not (self.plain_http and address.hostname in LOOPBACK):
            raise ValueError("base_url: https is required; plain_http: true only on this machine's own address")
        least = self.reply_seconds + 2 * self.backoff_seconds + self.sending_seconds
        if least > self.settle_minutes * 60:
            raise ValueError(
                "settle_minutes must be longer than reply_seconds, twice backoff_seconds and sending_seconds together: X3 "
                "has no idempotency key, so a document may only be believed absent when no request for it can be at work"
            )
        return self
