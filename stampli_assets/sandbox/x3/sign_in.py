"""Who asks: HTTP Basic, a connected application's signed token, or an access token of the authorisation server."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.jwt import BadToken, claims_of, is_signed
from stampli_assets.sandbox.x3.pairings import Pairings
from stampli_assets.sandbox.x3.replies import Unauthorised, as_text, invalid_token

WAYS = frozenset({"oauth2", "jwt", "basic"})
ISSUER, SUBJECT, AUDIENCE, SIGNATURE = 41, 42, 45, 50
"""What is wrong with a token, in X3's numbers [T]."""


def check_basic(books: X3Books, authorization: str) -> str:
    """The user of ``Authorization: Basic base64(user:password)`` [S]; raises :class:`Unauthorised` with 401."""
    user, password = "", ""
    if authorization.startswith("Basic "):
        try:
            user, _, password = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeError):
            user = ""
    known = books.folder["users"].get(user)
    if known is None or not hmac.compare_digest(str(known).encode(), password.encode()):
        reply = as_text("Unauthorized", 401)
        reply.headers["WWW-Authenticate"] = 'Basic realm="Syracuse"'
        raise Unauthorised(reply)
    return user


class Gate:
    """The sign-in of the GraphQL API. ``ways`` are the ones that the deployment takes (reference 1).

    ``audience`` is the URL as registered, compared literally [T]; a connected application may have its own.
    """

    def __init__(
        self,
        books: X3Books,
        pairings: Pairings,
        audience: Callable[[], str],
        *,
        ways: Collection[str],
        skew_seconds: float,
    ) -> None:
        if not set(ways) <= WAYS:
            raise ValueError(f"the ways are {', '.join(sorted(WAYS))}")
        self._books = books
        self._pairings = pairings
        self._audience = audience
        self._ways = ways
        self._skew = skew_seconds
        self._ended: set[str] = set()

    def check(self, authorization: str) -> str:
        """Who is signed in; raises :class:`Unauthorised`: 401, for tokens with X3's number of what is wrong."""
        if authorization.startswith("Basic ") and "basic" in self._ways:
            return check_basic(self._books, authorization)
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or not token:
            raise Unauthorised(as_text("Unauthorized", 401))
        try:
            claims = claims_of(token)
        except BadToken:
            raise Unauthorised(invalid_token(SIGNATURE)) from None
        if self._pairings.is_ours(claims) and "oauth2" in self._ways:
            who = self._pairings.check_access(token)
            if not who:
                raise Unauthorised(invalid_token(SIGNATURE))
            if "api.graphQL" not in claims["scopes"]:
                raise Unauthorised(as_text("Forbidden: the scope api.graphQL is missing", 403))
            return who
        return self._by_application(token, claims)

    def end(self, authorization: str) -> None:
        """The token of this request holds no longer."""
        token = authorization.partition(" ")[2]
        self._pairings.end(token)
        self._ended.add(token)

    def _by_application(self, token: str, claims: dict[str, Any]) -> str:
        """HS256 over the secret; ``iss`` client id, ``sub`` user, ``aud``, ``iat``, ``exp`` [S]."""
        application = self._books.folder["connected_apps"].get(str(claims.get("iss"))) if "jwt" in self._ways else None
        if application is None:
            raise Unauthorised(invalid_token(ISSUER))
        if claims.get("sub") not in application["users"]:
            raise Unauthorised(invalid_token(SUBJECT))
        if claims.get("aud") != (application.get("audience") or self._audience()):
            raise Unauthorised(invalid_token(AUDIENCE))
        if not is_signed(token, str(application["secret"])) or not self._holds(token, claims):
            raise Unauthorised(invalid_token(SIGNATURE))
        return str(claims["sub"])

    def _holds(self, token: str, claims: dict[str, Any]) -> bool:
        starts, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(starts, (int, float)) or not isinstance(ends, (int, float)) or token in self._ended:
            return False
        now: datetime = self._books.now()
        return starts - self._skew <= now.timestamp() < ends
