"""The composition root's X3 side: one folder with its sign-in, its two possible APIs behind the same ports."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, assert_never

from requests.adapters import BaseAdapter

from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.ports import BillBook, Clock, ReferenceBooks
from stampli_assets.model.secret import Secret
from stampli_assets.model.suppliers import SupplierBook, SupplierTemplate
from stampli_assets.sections.section import SecretName
from stampli_assets.sections.x3 import X3Basic, X3Cloud, X3ConnectedApp, X3Folder
from stampli_assets.settings import Connection, Settings
from stampli_assets.vault.tokens import VaultTokenStore
from stampli_assets.x3 import names, schema_check
from stampli_assets.x3.bills import X3GraphQLBills, X3RestBills
from stampli_assets.x3.door import Door, SignIn
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.oauth import Application, CloudPair, TokenApi
from stampli_assets.x3.payments import X3GraphQLPayments, X3Payments, X3RestPayments
from stampli_assets.x3.probe import X3Probe
from stampli_assets.x3.reference import X3GraphQLReference, X3RestReference
from stampli_assets.x3.rest import RestApi
from stampli_assets.x3.sign_in import Basic, ConnectedApplication
from stampli_assets.x3.suppliers import X3GraphQLSuppliers, X3RestSuppliers
from stampli_assets.x3.tokens import FileTokenStore, TokenPair, TokenStore
from stampli_assets.x3.wire import plain_http


@dataclass(frozen=True)
class X3Office:
    """One X3 connection's parts; each is made when first used, and secrets are resolved then.

    ``adapter`` makes what carries the requests; tests bring one that reaches a simulator without a socket.
    """

    settings: Settings
    connection: Connection
    erp: X3Folder
    clock: Clock

    @cached_property
    def folder(self) -> Folder:
        """The folder as the settings describe it.

        Raises:
            Misconfigured: a dimension of the settings is none of ours.
        """
        erp = self.erp
        try:
            types = {Dimension(name): code for name, code in erp.dimension_types.items()}
        except ValueError as error:
            raise Misconfigured(
                f"erp.dimension_types: {error}.",
                remedy=f"Our dimensions are: {', '.join(Dimension)}.",
                code="SETTINGS",
            ) from None
        return Folder(
            erp.base_url,
            erp.endpoint,
            erp.site,
            dimension_types=types,
            tax_code=erp.tax_code,
            chart=erp.chart,
            reference_style=erp.reference_style,
            ca_file=self.settings.path(erp.ca_file) if erp.ca_file else "",
            proxy=erp.proxy,
            plain_http=erp.plain_http,
            reply_seconds=erp.reply_seconds,
            backoff_deadline_seconds=erp.backoff_seconds,
            sending_seconds=erp.sending_seconds,
        )

    @cached_property
    def door(self) -> Door:
        """Signed in when first used; shared by everything of this connection."""
        return Door(self.folder, self._sign_in(), self.clock, random.SystemRandom().random, self.adapter)

    def adapter(self) -> BaseAdapter:
        """How requests reach X3."""
        return plain_http()

    @cached_property
    def names(self) -> Any:
        """What this X3 calls things, of the API that is used."""
        given = names.GRAPHQL if self.erp.api == "graphql" else names.REST
        return given.overridden(self.erp.names)

    @cached_property
    def application(self) -> Application:
        """Our registration with the cloud.

        Raises:
            Misconfigured: the connection is not one of the cloud.
        """
        way = self._cloud()
        return Application(
            region=way.region,
            client_id=way.client_id,
            client_secret=self._secret(way.client_secret),
            token_path=way.token_path,
            authorise_path=way.authorise_path,
            body=way.body,
            plain_http=self.erp.plain_http,
        )

    @cached_property
    def token_api(self) -> TokenApi:
        return TokenApi(self.application, self.folder, self.clock, self.adapter)

    @cached_property
    def token_store(self) -> TokenStore:
        """The pair of this connection, shared by every process of the installation: in the vault, or in the file that the
        settings name.
        """
        file = self._cloud().token_file
        if not file:
            return VaultTokenStore(self.settings.sealed, self.connection.name, TokenPair)
        path = Path(self.settings.path(file))
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileTokenStore(path)

    @cached_property
    def bills(self) -> BillBook:
        made = X3GraphQLBills if self.erp.api == "graphql" else X3RestBills
        return made(self.door, self.folder, self.names)

    @cached_property
    def reference(self) -> ReferenceBooks:
        made = X3GraphQLReference if self.erp.api == "graphql" else X3RestReference
        return made(self.door, self.folder, self.names)

    @cached_property
    def suppliers(self) -> SupplierBook:
        made = X3GraphQLSuppliers if self.erp.api == "graphql" else X3RestSuppliers
        return made(self.door, self.folder, self.names)

    @cached_property
    def payments(self) -> X3Payments:
        """The book of payments, and what can be paid; asked only where the settings say that payments are recorded."""
        made = X3GraphQLPayments if self.erp.api == "graphql" else X3RestPayments
        return made(self.door, self.folder, self.names)

    @property
    def template(self) -> SupplierTemplate | None:
        """What a new supplier is made from; ``None``: suppliers are never created."""
        given = self.erp.new_suppliers
        return SupplierTemplate(**given.model_dump()) if given is not None else None

    @property
    def unused(self) -> Collection[str]:
        """What of the names is never asked for: X3's payments, where none are recorded."""
        return names.PAYMENTS if self.erp.payments is None else ()

    def check_names(self) -> list[schema_check.Problem]:
        """What the configured API publishes under another name than the settings say.

        Raises:
            Transient: X3 did not answer.
            Misconfigured: X3 does not let us look.
        """
        made = GraphQLApi if self.erp.api == "graphql" else RestApi
        return self._missing(made(self.door, self.folder, self.names))

    def _missing(self, api: GraphQLApi | RestApi) -> list[schema_check.Problem]:
        if isinstance(api, GraphQLApi):
            return schema_check.check(self.names, api.schema(), unused=self.unused)
        return schema_check.check_rest(self.names, api, unused=self.unused)

    def probe(self) -> X3Probe:
        """What `stampli ping` asks of the folder."""
        return X3Probe(self.door, self.names, self.erp.api == "graphql", self._missing, self.unused)

    def _sign_in(self) -> SignIn:
        way = self.erp.sign_in
        match way:
            case X3Basic():
                return Basic(self.folder, way.user, self._secret(way.password))
            case X3ConnectedApp():
                return ConnectedApplication(
                    self.folder,
                    self.clock,
                    way.client_id,
                    way.user,
                    self._secret(way.client_secret),
                    audience=way.audience,
                    token_seconds=way.token_seconds,
                    algorithm=way.algorithm,
                )
            case X3Cloud():
                return CloudPair(self.token_api, self.token_store, self.clock)
            case _:
                assert_never(way)

    def _cloud(self) -> X3Cloud:
        if not isinstance(self.erp.sign_in, X3Cloud):
            raise Misconfigured(
                f"{self.connection.name} does not sign in to the cloud.",
                remedy="Pairing is for connections whose sign_in.way is cloud.",
                code="SETTINGS",
            )
        return self.erp.sign_in

    def _secret(self, name: SecretName) -> Secret:
        secret = self.settings.secret(name)
        assert secret is not None
        return secret
