"""The settings file, typed: ``stampli.yaml``. The only reader of environment variables.

Unknown keys are refused; every problem of the file is reported at once, each with its path. Secrets are named
(``{secret: NAME}``), never written; they are resolved by :func:`Settings.secret` when a system is signed in to.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import Field, ValidationError, model_validator

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.sections.intacct import IntacctCompany
from stampli_assets.sections.section import LOOPBACK, SecretName, Section, is_vendors
from stampli_assets.sections.stampli import StampliServer
from stampli_assets.sections.x3 import X3Cloud, X3Folder
from stampli_assets.vault.resolve import resolve

if TYPE_CHECKING:
    from stampli_assets.vault.sealed import Vault

PATH_VARIABLE = "STAMPLI_SETTINGS"
DEFAULT_NAME = "stampli.yaml"


class Connection(Section):
    """One Stampli outbound directory joined to one ERP company."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Key prefix of its assets.")]
    stampli: StampliServer
    erp: Annotated[IntacctCompany | X3Folder, Field(discriminator="kind")]
    mapping: Annotated[str, Field(description="Folder of the CSV rules, relative to the settings file.")] = ""

    @model_validator(mode="after")
    def _images_go_to_intacct(self) -> Connection:
        if self.stampli.attachments.find_by != "none" and not isinstance(self.erp, IntacctCompany):
            raise ValueError(
                "stampli.attachments: this version attaches images in Sage Intacct only; set find_by to none"
            )
        return self

    @model_validator(mode="after")
    def _one_world(self) -> Connection:
        erp = self.erp
        addresses = [erp.endpoint] if isinstance(erp, IntacctCompany) else [erp.base_url]
        if isinstance(erp, X3Folder) and isinstance(erp.sign_in, X3Cloud):
            addresses.append(erp.sign_in.region)
        hosts = {self.stampli.host, *(urlsplit(address).hostname or "" for address in addresses)}
        vendors = sorted(filter(is_vendors, hosts))
        if vendors and hosts & LOOPBACK:
            raise ValueError(
                f"one side is this machine's own address (the sandbox), the other is {', '.join(vendors)}: sample documents "
                "never go to a vendor's production host, nor real ones to the sandbox"
            )
        return self


class Settings(Section):
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
