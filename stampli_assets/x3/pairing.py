"""Pairing, once, by a person: the address at which X3 asks, and what the call back must prove.

The local callback itself belongs to the command line (``stampli x3 pair``). Facts: the project's notes, section 1.1 [D].
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.x3.folder import followed, trusted_address
from stampli_assets.x3.oauth import Application, TokenApi, not_kept
from stampli_assets.x3.tokens import TokenPair, TokenStore

SCOPES = "api.graphQL businessDomain.ALL"
_CODES = ("code", "authorizationCode", "authorization_code")
"""How the call back spells the code: ``authorizationCode`` in Sage's example [D], ``code`` in RFC 6749."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One attempt. ``customer`` is the address of the customer's X3; ``state`` proves that the call back answers us."""

    application: Application
    customer: str
    redirect_uri: str
    scope: str = SCOPES
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """What the person opens in a browser; it holds no secret."""
        asked = {
            "client_id": self.application.client_id,
            "scope": self.scope,
            "customer": self.customer,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
        }
        return f"{self.application.region.rstrip('/')}{self.application.authorise_path}?{urlencode(asked)}"

    def code_in(self, told: Mapping[str, str]) -> tuple[Secret, str]:
        """The code of a call back, and the ``endpoint`` to be used from now on (empty: the region).

        Raises:
            Misconfigured: the state is not ours, the person declined, there is no code, or the endpoint is not https, or
                of another domain.
        """
        if not hmac.compare_digest(told.get("state", "").encode(), self.state.encode()):
            raise Misconfigured(
                "The call back does not belong to this pairing (another state). Nothing was exchanged.",
                remedy="Begin again: stampli x3 pair CONNECTION. If it happens twice, tell your administrator.",
                code="PAIRING_STATE",
            )
        if told.get("error"):
            raise Misconfigured(
                f"X3 did not accept the pairing: {told['error'][:100]}.",
                remedy="Accept the application in X3; the user needs the security profile of third parties.",
                code="PAIRING",
            )
        code = next((told[name] for name in _CODES if told.get(name)), "")
        if not code:
            raise Misconfigured(
                "The call back brings no code.", remedy="Begin again: stampli x3 pair CONNECTION.", code="PAIRING"
            )
        endpoint = told.get("endpoint", "")
        if endpoint:
            trusted_address(endpoint, plain_http=self.application.plain_http)
            followed(endpoint, self.application.region)
        return Secret(code, name="code"), endpoint

    def complete(self, told: Mapping[str, str], api: TokenApi, store: TokenStore) -> TokenPair:
        """Exchange the code and keep the pair; raises as :meth:`code_in` and :meth:`TokenApi.by_code`."""
        code, endpoint = self.code_in(told)
        try:
            with store.locked():
                pair = api.by_code(code, self.redirect_uri, endpoint=endpoint)
                store.write(pair)
        except OSError as error:
            raise not_kept(error) from None
        return pair
