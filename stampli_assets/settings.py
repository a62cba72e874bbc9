"""The settings file, typed: ``stampli.yaml``. The only reader of environment variables.

Unknown keys are refused; every problem of the file is reported at once, each with its path. Secrets are named
(``{secret: NAME}``), never written; they are resolved by :func:`Settings.secret` when a system is signed in to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.stampli.layout_settings import InvoiceLayout
from stampli_assets.vault.resolve import resolve

if TYPE_CHECKING:
    from stampli_assets.vault.sealed import Vault

PATH_VARIABLE = "STAMPLI_SETTINGS"
DEFAULT_NAME = "stampli.yaml"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SecretName(_Section):
    """A reference to a secret: ``{secret: NAME}``."""

    secret: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="Letters, digits and underscores.")]


class FilePatterns(_Section):
    """Which names in outbound are which kind of file (shell patterns, case matters)."""

    invoices: str = "invoices*.csv"


class StampliServer(_Section):
    """Stampli's SFTP server and the directories of this connection on it."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    username: Annotated[str, Field(min_length=1)]
    password: SecretName | None = None
    private_key: SecretName | None = None
    passphrase: SecretName | None = None
    host_keys: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="The server's public keys, 'ssh-ed25519 AAAA…'; two during a rotation."),
    ]
    outbound: str = "/outbound"
    archive: str = "/outbound/archive"
    poll_seconds: Annotated[int, Field(ge=5, le=86_400, description="How often outbound is listed.")] = 900
    files: FilePatterns = FilePatterns()
    layout: InvoiceLayout = InvoiceLayout()
    files_per_tick: Annotated[int, Field(ge=1, le=1000, description="Runs requested per look at the most.")] = 25

    @field_validator("host_keys")
    @classmethod
    def _is_public_key(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not re.fullmatch(r"(ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa|rsa-sha2-\d+) [A-Za-z0-9+/=]+( .*)?", key):
                raise ValueError(f"{key[:40]!r} is no public key line such as 'ssh-ed25519 AAAA…'")
        return keys

    @model_validator(mode="after")
    def _one_way_in(self) -> StampliServer:
        if self.password is None and self.private_key is None:
            raise ValueError("give password or private_key")
        return self


class IntacctCompany(_Section):
    """A Sage Intacct company (and entity) and how bills are posted into it."""

    kind: Literal["intacct"]
    endpoint: str = "https://api.intacct.com/ia/xml/xmlgw.phtml"
    sender_id: Annotated[str, Field(min_length=1)]
    sender_password: SecretName
    company_id: Annotated[str, Field(min_length=1)]
    entity_id: Annotated[str, Field(description="Empty: the top level of the company.")] = ""
    user_id: Annotated[str, Field(min_length=1)]
    user_password: SecretName
    post_as: Annotated[
        Literal["draft", "submit"],
        Field(description="draft: the AP team releases in Intacct; submit: straight to the ledger."),
    ] = "draft"
    base_currency: Annotated[str, Field(description="Sent as BASECURR when given.")] = ""
    functions_per_request: Annotated[int, Field(ge=1, le=100)] = 25
    parallel_requests: Annotated[int, Field(ge=1, le=8)] = 2
    settle_minutes: Annotated[
        float, Field(gt=0, description="How long a request without an answer may still be at work in Intacct.")
    ] = 20
    reply_seconds: Annotated[
        float, Field(gt=0, description="How long an answer is waited for; Intacct cuts off after 15 minutes.")
    ] = 960
    backoff_seconds: Annotated[
        float, Field(gt=0, description="How long one request is repeated while Intacct turns it away.")
    ] = 60
    reference_minutes: Annotated[
        float, Field(ge=0, description="How old a reading of vendors, accounts and dimensions may be when mapping.")
    ] = 5

    @model_validator(mode="after")
    def _safe(self) -> IntacctCompany:
        address = urlsplit(self.endpoint)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise ValueError("endpoint: https is required; http only on this machine's own address (the sandbox)")
        if self.reply_seconds + 2 * self.backoff_seconds > self.settle_minutes * 60:
            raise ValueError(
                "settle_minutes must be longer than reply_seconds and twice backoff_seconds together: a document may "
                "only be believed absent when no request for it can still be at work"
            )
        return self


class X3Basic(_Section):
    """On premise: an X3 user and password over TLS."""

    way: Literal["basic"]
    user: Annotated[str, Field(min_length=1)]
    password: SecretName


class X3ConnectedApp(_Section):
    """A connected application: a short-lived signed token for each batch."""

    way: Literal["connected_app"]
    client_id: Annotated[str, Field(min_length=1)]
    user: Annotated[str, Field(min_length=1, description="The X3 user in whose name it works.")]
    client_secret: SecretName
    audience: str = ""
    token_seconds: Annotated[int, Field(ge=90, le=3600)] = 120
    algorithm: Literal["HS256", "RS256"] = "HS256"


class X3Cloud(_Section):
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


class X3NewSuppliers(_Section):
    """What X3 demands of a new supplier and Stampli does not export. Left out: suppliers are never created."""

    category: Annotated[str, Field(min_length=1)]
    tax_rule: Annotated[str, Field(min_length=1)]
    accounting_code: str = ""
    language: str = ""
    country: str = ""
    currency: str = ""
    term: str = ""
    address_code: str = "MAIN"


class X3Folder(_Section):
    """A Sage X3 folder and how supplier invoices are posted into it."""

    kind: Literal["x3"]
    api: Annotated[Literal["graphql", "rest"], Field(description="graphql in the cloud, rest on premise.")]
    base_url: Annotated[str, Field(min_length=1, description="Scheme, host and port; nothing behind.")]
    endpoint: Annotated[str, Field(min_length=1, description="The folder's endpoint, such as ACMEPROD.")]
    site: Annotated[str, Field(min_length=1, description="The site of every invoice of this connection.")]
    sign_in: Annotated[X3Basic | X3ConnectedApp | X3Cloud, Field(discriminator="way")]
    dimension_types: Annotated[
        dict[str, str], Field(description="The X3 dimension type of each of our dimensions: {department: CCT}.")
    ] = {}
    tax_code: Annotated[str, Field(description="Sent with every line when given; one without tax keeps the total.")] = (
        ""
    )
    chart: Annotated[str, Field(description="The chart of accounts that is read; empty: every one.")] = ""
    names: Annotated[
        dict[str, Any], Field(description="Where this X3 calls things otherwise: `stampli x3 check`.")
    ] = {}
    new_suppliers: X3NewSuppliers | None = None
    reference_style: Literal["key", "_id"] = "key"
    ca_file: Annotated[str, Field(description="A private certificate authority (PEM).")] = ""
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


class Connection(_Section):
    """One Stampli outbound directory joined to one ERP company."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Key prefix of its assets.")]
    stampli: StampliServer
    erp: Annotated[IntacctCompany | X3Folder, Field(discriminator="kind")]
    mapping: Annotated[str, Field(description="Folder of the CSV rules, relative to the settings file.")] = ""


class Settings(_Section):
    """Everything that an installation needs to know."""

    landing: Annotated[str, Field(description="A folder (relative to this file) or any fsspec address.")] = (
        "var/landing"
    )
    ledger: Annotated[str, Field(description="sqlite:///… or postgresql+psycopg2://…")] = "sqlite:///var/ledger.db"
    storage: Annotated[str, Field(description="Where the batches between stages are kept.")] = "var/batches"
    vault: Annotated[str, Field(min_length=1, description="The file of sealed secrets, relative to this file.")] = (
        "vault/sealed.json"
    )
    connections: Annotated[tuple[Connection, ...], Field(min_length=1)]
    folder: Annotated[Path, Field(exclude=True, description="Set by the reader: where the settings file lies.")] = (
        Path()
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Settings:
        names = [connection.name for connection in self.connections]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"connections: {', '.join(twice)} stands twice; each name is given once")
        return self

    def connection(self, name: str) -> Connection:
        """The connection of that name.

        Raises:
            Misconfigured: there is none; the sentence lists the names.
        """
        for connection in self.connections:
            if connection.name == name:
                return connection
        names = ", ".join(connection.name for connection in self.connections)
        raise Misconfigured(
            f"There is no connection {name!r} in the settings.", remedy=f"Its connections are: {names}."
        )

    def secret(self, name: SecretName | None) -> Secret | None:
        """The secret that a setting names, resolved now; ``None`` where the setting is not given."""
        return None if name is None else resolve(name.secret, os.environ, self.sealed)

    @property
    def sealed(self) -> Vault:
        """Where secrets are kept that the environment does not bring; opened when one is asked for."""
        from stampli_assets.vault.sealed import Vault

        return Vault.at((self.folder / self.vault).absolute(), os.environ)

    def path(self, text: str) -> str:
        """A relative folder of the settings, from where the settings file lies; addresses stay as they are."""
        return text if "://" in text else str((self.folder / text).resolve())

    @property
    def ledger_url(self) -> str:
        """The ledger's address with a relative SQLite path resolved from where the settings file lies."""
        scheme, separator, path = self.ledger.partition(":///")
        if scheme.startswith("sqlite") and separator and not Path(path).is_absolute():
            return f"{scheme}:///{(self.folder / path).resolve()}"
        return self.ledger


def settings_path() -> Path:
    """Where the settings file is: ``STAMPLI_SETTINGS``, else ``stampli.yaml`` in ``DAGSTER_HOME`` or here."""
    if given := os.environ.get(PATH_VARIABLE):
        return Path(given)
    home = os.environ.get("DAGSTER_HOME")
    if home and (Path(home) / DEFAULT_NAME).exists():
        return Path(home) / DEFAULT_NAME
    return Path.cwd() / DEFAULT_NAME


def load_settings(path: Path | None = None) -> Settings:
    """Read and check the settings file; no secret is resolved and nothing is connected.

    Raises:
        Misconfigured: the file is missing, is no YAML, or has problems; the sentence lists every one with its path.
    """
    path = (path or settings_path()).absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            f"The settings file {path} cannot be read: {error.strerror or type(error).__name__}.",
            remedy=f"Create it, or name another in {PATH_VARIABLE}.",
            code="SETTINGS_MISSING",
        ) from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Misconfigured(
            f"The settings file {path} is no YAML: {_where(error)}.", remedy="Correct that line.", code="SETTINGS_YAML"
        ) from None
    return parse_settings(content if content is not None else {}, folder=path.parent, name=str(path))


def parse_settings(content: object, *, folder: Path, name: str = "settings") -> Settings:
    """Check settings that are already read; ``folder`` is what relative paths start from."""
    if not isinstance(content, Mapping):
        raise Misconfigured(f"{name} holds no settings: a mapping with 'connections' is expected.", code="SETTINGS")
    try:
        return Settings.model_validate({**content, "folder": folder})
    except ValidationError as error:
        every = error.errors()
        # A connection with problems of its own is missing from the list too; that says nothing more.
        errors = [one for one in every if one["loc"] != ("connections",) or len(every) == 1]
        problems = "\n".join(f"  {problem}" for problem in map(_problem, errors))
        raise Misconfigured(
            f"{name} has {len(errors)} problem(s):\n{problems}",
            remedy="Correct them; `stampli settings schema` describes every key.",
            code="SETTINGS",
        ) from None


def schema() -> dict[str, Any]:
    """The JSON Schema of the settings file, for editors."""
    described = Settings.model_json_schema()
    described["properties"].pop("folder", None)
    return described


def _problem(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "(top)"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "unknown key"
    return f"{place}: {message}"


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not readable"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
