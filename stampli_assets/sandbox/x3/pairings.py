"""The authorisation server: pairing by a person, short access tokens, refresh tokens that are used once."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.jwt import BadToken, claims_of, is_signed, sign
from stampli_assets.sandbox.x3.replies import Reply, as_json, as_text

SIGNING_SECRET = "sandbox-only-x3-authorisation-server"  # noqa: S105 - the sandbox's, good for nothing
SCOPES = frozenset({"api.graphQL", "businessDomain.ALL", "api.dataIngestion", "api.dataDelivery"})
"""Scopes seen [D]."""
OLD_TOKEN = frozenset({"revoke", "refuse", "accept"})


@dataclass(frozen=True)
class TokenOptions:
    """What the reference states or guesses about tokens (1.1).

    Access tokens live 5 minutes, refresh tokens 30 days [D]. ``old_refresh_token`` says what a used refresh token does:
    ``revoke`` refuses it and revokes the whole chain, ``refuse`` only refuses it, ``accept`` lets it pass: whether it stops
    working at once is not stated, assume that it does [P]. Paths and field names are [P].
    """

    access_seconds: float = 300
    refresh_days: float = 30
    code_seconds: float = 60
    old_refresh_token: str = "revoke"  # noqa: S105 - a policy
    auto_accept: bool = True
    pairing_endpoint: str = ""
    region: str = "sandbox"
    authorise_path: str = "/v1/token/authorise"
    token_path: str = "/v1/token"  # noqa: S105 - a path


class Pairings:
    """Codes, pairs of tokens and their chains; the chains are kept in the books, so that a pairing outlives a restart."""

    def __init__(self, books: X3Books, options: TokenOptions, issuer: Callable[[], str]) -> None:
        if options.old_refresh_token not in OLD_TOKEN:
            raise ValueError(f"{options.old_refresh_token!r} is none of {', '.join(sorted(OLD_TOKEN))}")
        self.options = options
        self._books = books
        self._issuer = issuer
        self._codes: dict[str, dict[str, Any]] = {}
        self._ended: set[str] = set()
        self.issued = 0

    def authorise(self, asked: Mapping[str, str], *, accepted: bool | None = None) -> Reply:
        """``GET {region}/v1/token/authorise``: back to ``redirect_uri`` with ``code`` and ``state`` [D].

        With ``auto_accept`` at once, otherwise after a page on which a person accepts. When the region differs, the call back
        also names the ``endpoint`` to be used from then on [D] (option ``pairing_endpoint``).
        """
        client = self._books.folder["oauth_clients"].get(asked.get("client_id", ""))
        redirect = asked.get("redirect_uri", "")
        if client is None or redirect not in client["redirect_uris"]:
            return as_text("Unknown client_id or redirect_uri.", 400)
        scopes = asked.get("scope", "").split()
        if not scopes or not set(scopes) <= SCOPES:
            return _back(redirect, {"error": "invalid_scope", "state": asked.get("state", "")})
        if not asked.get("customer"):
            return _back(redirect, {"error": "invalid_request", "state": asked.get("state", "")})
        if accepted is None and not self.options.auto_accept:
            return Reply(200, _question(asked, self.options.authorise_path).encode(), "text/html; charset=utf-8")
        if accepted is False:
            return _back(redirect, {"error": "access_denied", "state": asked.get("state", "")})
        code = secrets.token_urlsafe(24)
        ends = self._books.now() + timedelta(seconds=self.options.code_seconds)
        self._codes[code] = {
            **{name: asked[name] for name in ("client_id", "redirect_uri", "customer")},
            "scopes": scopes,
            "ends": ends,
            "chain": "",
        }
        told = {"code": code, "state": asked.get("state", "")}
        return _back(
            redirect, told | ({"endpoint": self.options.pairing_endpoint} if self.options.pairing_endpoint else {})
        )

    def exchange(self, form: Mapping[str, str], authorization: str = "") -> Reply:
        """``POST {region}/v1/token``: a code, or the refresh token, for a new pair ([P] spelling, RFC 6749)."""
        client_id, secret = _client(form, authorization)
        client = self._books.folder["oauth_clients"].get(client_id)
        if client is None or not secrets.compare_digest(str(client["secret"]), secret):
            return _refused("invalid_client", "unknown client, or another secret", 401)
        with self._books.lock:
            match form.get("grant_type"):
                case "authorization_code":
                    return self._by_code(client_id, form)
                case "refresh_token":
                    return self._by_refresh(client_id, form.get("refresh_token", ""))
        return _refused("unsupported_grant_type", "authorization_code or refresh_token")

    def check_access(self, token: str) -> str:
        """Whom an access token stands for; empty when it is expired, ended, revoked or another's."""
        try:
            claims = claims_of(token)
        except BadToken:
            return ""
        if not is_signed(token, SIGNING_SECRET) or claims.get("use") != "access" or claims["jti"] in self._ended:
            return ""
        chain = self._books.chains.get(claims["chain"])
        if chain is None or chain["revoked"] or self._moment(claims["exp"]) <= self._books.now():
            return ""
        return str(claims["sub"])

    def end(self, token: str) -> None:
        """This access token holds no longer (the fault ``token_expired``)."""
        try:
            self._ended.add(str(claims_of(token).get("jti")))
        except BadToken:
            return

    def is_ours(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token was issued here, rather than signed by a connected application."""
        return claims.get("iss") == self._issuer()

    def _by_code(self, client_id: str, form: Mapping[str, str]) -> Reply:
        known = self._codes.get(form.get("code", ""))
        if known is None or known["client_id"] != client_id or known["redirect_uri"] != form.get("redirect_uri"):
            return _refused("invalid_grant", "unknown code, or another redirect_uri")
        if known["chain"]:
            self._revoke(self._books.chains[known["chain"]], "authorisation code replayed")
            return _refused("invalid_grant", "the code was used already")
        if known["ends"] <= self._books.now():
            return _refused("invalid_grant", "the code has expired")
        for other in self._books.chains.values():
            if (other["client"], other["customer"], other["revoked"]) == (client_id, known["customer"], ""):
                self._revoke(other, "paired again")
        chain = {
            "chain": secrets.token_hex(8),
            "client": client_id,
            "customer": known["customer"],
            "scopes": known["scopes"],
            "current": "",
            "revoked": "",
            "renewals": 0,
        }
        known["chain"] = chain["chain"]
        return self._pair(chain)

    def _by_refresh(self, client_id: str, token: str) -> Reply:
        """A refresh returns a new access token and a new refresh token [D]; the old one is done [P]."""
        try:
            claims = claims_of(token)
        except BadToken:
            return _refused("invalid_grant", "no refresh token")
        chain = self._books.chains.get(str(claims.get("chain")))
        if not is_signed(token, SIGNING_SECRET) or claims.get("use") != "refresh" or chain is None:
            return _refused("invalid_grant", "no refresh token")
        if chain["client"] != client_id or chain["revoked"]:
            return _refused("invalid_grant", f"the pairing was revoked: {chain['revoked'] or 'another client'}")
        if self._moment(claims["exp"]) <= self._books.now():
            return _refused("invalid_grant", "the refresh token has expired: pair again")
        if claims["jti"] != chain["current"] and self.options.old_refresh_token != "accept":  # noqa: S105
            if self.options.old_refresh_token == "revoke":  # noqa: S105
                self._revoke(chain, "refresh token replayed")
            return _refused("invalid_grant", "the refresh token was used already")
        return self._pair({**chain, "renewals": chain["renewals"] + 1})

    def _pair(self, chain: dict[str, Any]) -> Reply:
        chain = {**chain, "current": secrets.token_hex(8)}
        self._books.write({"kind": "token chain", "record": chain})
        self.issued += 1
        now = self._books.now()
        told = {
            "iss": self._issuer(),
            "aud": chain["customer"],
            "iat": int(now.timestamp()),
            "region": self.options.region,
            "sub": chain["customer"],
            "azp": chain["client"],
            "scopes": chain["scopes"],
            "chain": chain["chain"],
        }
        access_ends = now + timedelta(seconds=self.options.access_seconds)
        refresh_ends = now + timedelta(days=self.options.refresh_days)
        access = {**told, "use": "access", "jti": secrets.token_hex(8), "exp": access_ends.timestamp()}
        refresh = {**told, "use": "refresh", "jti": chain["current"], "exp": refresh_ends.timestamp()}
        pair = {
            "access_token": sign(access, SIGNING_SECRET),
            "token_type": "Bearer",
            "expires_in": int(self.options.access_seconds),
            "refresh_token": sign(refresh, SIGNING_SECRET),
            "scope": " ".join(chain["scopes"]),
        }
        reply = as_json(pair)
        reply.headers["Cache-Control"] = "no-store"
        return reply

    def _revoke(self, chain: dict[str, Any], why: str) -> None:
        """The whole chain ends, and the event is recorded."""
        record = {"at": self._books.now().isoformat(), "event": why, "chain": chain["chain"]}
        self._books.write({"kind": "token chain", "record": {**chain, "revoked": why}})
        self._books.write(
            {"kind": "security", "record": {**record, "client": chain["client"], "customer": chain["customer"]}}
        )

    def _moment(self, seconds: Any) -> datetime:
        return datetime.fromtimestamp(seconds, self._books.now().tzinfo)


def _client(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    if authorization.startswith("Basic "):
        try:
            name, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
            return name, secret
        except (binascii.Error, UnicodeError):
            return "", ""
    return form.get("client_id", ""), form.get("client_secret", "")


def _refused(error: str, words: str, status: int = 400) -> Reply:
    return as_json({"error": error, "error_description": words}, status)


def _back(redirect: str, told: dict[str, str]) -> Reply:
    joined = "&" if urlsplit(redirect).query else "?"
    return Reply(302, b"", "text/plain", {"Location": f"{redirect}{joined}{urlencode(told)}"})


def _question(asked: Mapping[str, str], path: str) -> str:
    kept = "".join(
        f"<input type=hidden name='{escape(name, quote=True)}' value='{escape(value, quote=True)}'>"
        for name, value in asked.items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Pairing</title>"
        f"<h1>Let {escape(asked.get('client_id', ''))} use {escape(asked.get('customer', ''))}?</h1>"
        f"<form method=post action='{escape(path, quote=True)}'>{kept}<button name=decision value=accept>Accept</button> "
        "<button name=decision value=deny>Deny</button></form>"
    )
