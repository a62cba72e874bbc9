"""The cloud's sign-in: access tokens of five minutes, renewed ahead of their end by one process for all.

Facts: the project's notes, section 1.1. The exchange takes its fields as a JSON object ("body content in JSON format",
developer.sage.com, X3, "Make your first API calls"); spelling and encoding stay settings, because only an example was seen.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal
from urllib.parse import urlencode

from requests.adapters import BaseAdapter

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient
from stampli_assets.model.ports import Clock
from stampli_assets.model.secret import Secret
from stampli_assets.x3.exact import read_object, text_of
from stampli_assets.x3.folder import Folder, followed, trusted_address
from stampli_assets.x3.tokens import TokenPair, TokenStore
from stampli_assets.x3.wire import Answer, Request, TurnedAway, Wire, plain_http, without

USUAL_ACCESS_SECONDS = 300
"""How long an access token lives where the token API does not say [D]."""
MARGIN = timedelta(seconds=60)
"""An access token is renewed when so little is left: a batch must not meet its end."""


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration with the region's API gateway. ``region`` is its root, such as ``https://api.eu-sagex3.example``.

    Raises:
        Misconfigured: the region's address is not https.
    """

    region: str
    client_id: str
    client_secret: Secret
    token_path: str = "/v1/token"  # noqa: S105 - a path
    authorise_path: str = "/v1/token/authorise"
    body: Literal["json", "form"] = "json"
    plain_http: bool = False

    def __post_init__(self) -> None:
        trusted_address(self.region, plain_http=self.plain_http)


@dataclass
class TokenApi:
    """The region's token API. ``folder`` gives the times, ``endpoint`` (from the pairing) another root."""

    application: Application
    folder: Folder
    clock: Clock
    adapter: Callable[[], BaseAdapter] = plain_http

    def __post_init__(self) -> None:
        self._wire = Wire(self.folder, self.clock, self.adapter)

    def by_code(self, code: Secret, redirect_uri: str, *, endpoint: str = "") -> TokenPair:
        """The first pair, for the code of a pairing.

        Raises:
            Misconfigured: the code is refused.
            Transient: the token API did not answer; begin the pairing again.
        """
        given = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri}
        try:
            answer = self._asked(given, endpoint)
        except (TurnedAway, OutcomeUnknown) as away:
            raise Transient(
                f"X3's token API did not answer: {away}.", remedy="Begin the pairing again.", code="TOKEN_API"
            ) from None
        if answer.status >= 500 or answer.status == 408:
            raise Transient(
                f"X3's token API answered HTTP {answer.status}.", remedy="Begin the pairing again.", code="TOKEN_API"
            )
        if answer.status != 200:
            raise Misconfigured(
                f"X3 refuses the pairing: {self._said(answer, code)}.",
                remedy="Check client id, client secret and redirect address, and pair again: stampli x3 pair CONNECTION.",
                code="PAIRING",
            )
        return self._pair(answer, endpoint)

    def by_refresh(self, pair: TokenPair) -> TokenPair:
        """The next pair.

        Raises:
            TurnedAway: the token API did not answer, or not usefully.
            Misconfigured: the refresh token is refused: a person must pair again.
        """
        given = {"grant_type": "refresh_token", "refresh_token": pair.refresh.reveal()}
        try:
            answer = self._asked(given, pair.endpoint)
            if answer.status == 200:
                return self._pair(answer, pair.endpoint)
        except OutcomeUnknown as lost:
            raise TurnedAway(f"X3's token API: {lost.sentence.rstrip('.')}") from None
        if answer.status >= 500 or answer.status == 408:
            raise TurnedAway(f"X3's token API answered HTTP {answer.status}", answer.after)
        raise _pair_again(self._said(answer, pair.refresh))

    def _asked(self, given: dict[str, str], endpoint: str) -> Answer:
        application = self.application
        given = {**given, "client_id": application.client_id, "client_secret": application.client_secret.reveal()}
        if application.body == "json":
            kind, body = "application/json", json.dumps(given)
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode(given)
        return self._wire.exchange(Request("POST", self._address(endpoint), {"Content-Type": kind}, body.encode()))

    def _address(self, endpoint: str) -> str:
        """The token API; an ``endpoint`` of the pairing is a root that ends in the version (``…/v1``) [D]."""
        application = self.application
        if not endpoint:
            return application.region.rstrip("/") + application.token_path
        root = trusted_address(endpoint, plain_http=application.plain_http).rstrip("/")
        followed(root, application.region)
        version = "/" + application.token_path.strip("/").partition("/")[0]
        return (root.removesuffix(version) if root.endswith(version) else root) + application.token_path

    def _said(self, answer: Answer, *sent: Secret) -> str:
        """The token API's words, without what was sent to it."""
        content = answer.content
        for secret in (*sent, self.application.client_secret):
            content = without(content, secret.reveal())
        clean = replace(answer, content=content)
        try:
            body = read_object(content)
        except OutcomeUnknown:
            return clean.text or f"HTTP {answer.status}"
        names = ("error", "error_description", "message")
        told = ": ".join(filter(None, (text_of(body.get(name)) for name in names)))
        return told[:300] or f"HTTP {answer.status}"

    def _pair(self, answer: Answer, endpoint: str) -> TokenPair:
        body = read_object(answer.content)
        access, refresh = text_of(body.get("access_token")), text_of(body.get("refresh_token"))
        if not access or not refresh:
            raise OutcomeUnknown("The token API answered without a pair of tokens.", code="REPLY_SHAPE")
        lives = text_of(body.get("expires_in"))
        seconds = int(lives) if lives.isascii() and lives.isdigit() else USUAL_ACCESS_SECONDS
        ends = self.clock.now() + timedelta(seconds=seconds)
        return TokenPair(Secret(access, name="access"), ends, Secret(refresh, name="refresh"), endpoint)


@dataclass
class CloudPair:
    """Signs in with the connection's pair of tokens. Safe for several threads and processes.

    A renewal: take the store's lock, read again (another process may have renewed), ask the token API, write the new pair,
    and only then use it. A crash between its answer and the writing loses the pair: then a person pairs again.
    """

    api: TokenApi
    store: TokenStore
    clock: Clock
    _pair: TokenPair | None = field(default=None, repr=False)
    _unkept: TokenPair | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def authorization(self) -> str:
        """See :class:`~stampli_assets.x3.door.SignIn`."""
        with self._lock:
            if self._pair is None or not self._holds(self._pair):
                self._pair = self._renewed("")
            return _header(self._pair)

    def renewed(self, refused: str) -> str:
        """See :class:`~stampli_assets.x3.door.SignIn`: the pair that somebody renewed meanwhile, or a new one."""
        with self._lock:
            if self._pair is None or _header(self._pair) == refused:
                self._pair = self._renewed(refused)
            return _header(self._pair)

    def refusal(self, said: str) -> Misconfigured:
        """X3 does not accept even a new token."""
        return Misconfigured(
            f"X3 refuses the access token: {said or 'no reason given'}.",
            remedy="Check that the application is still accepted in X3 (Administration, third parties). Then pair again: "
            "stampli x3 pair CONNECTION.",
            code="PAIRING",
        )

    def _renewed(self, refused: str) -> TokenPair:
        try:
            with self.store.locked():
                return self._next(refused)
        except Transient as busy:
            raise TurnedAway(busy.sentence.rstrip(".")) from None
        except OSError as error:
            raise not_kept(error) from None

    def _next(self, refused: str) -> TokenPair:
        """Under the store's lock. A pair that could not be written is written first: nobody else has it."""
        if self._unkept is not None:
            self.store.write(self._unkept)
            self._unkept = None
        kept = self.store.read()
        if kept is None:
            raise _pair_again("the connection was never paired")
        if _header(kept) != refused and self._holds(kept):
            return kept
        self._unkept = new = self.api.by_refresh(kept)
        self.store.write(new)
        self._unkept = None
        return new

    def _holds(self, pair: TokenPair) -> bool:
        return self.clock.now() < pair.access_ends - MARGIN


def _header(pair: TokenPair) -> str:
    return f"Bearer {pair.access.reveal()}"


def not_kept(error: OSError) -> Misconfigured:
    """The store's folder or disk is at fault."""
    return Misconfigured(
        f"The X3 tokens of this connection cannot be kept: {error.strerror or type(error).__name__}. Nothing was sent.",
        remedy="Let this process write to the folder of the tokens (settings: token_file), and see that the disk is not "
        "full. Do not stop this process before: it alone holds the new tokens.",
        code="TOKEN_STORE",
    )


def _pair_again(said: str) -> Misconfigured:
    return Misconfigured(
        f"X3 does not renew the sign-in of this connection: {said}.",
        remedy="Pair it again: stampli x3 pair CONNECTION. Refresh tokens end after 30 days without use, when the customer "
        "removes the application, and when somebody else has used them: tell the X3 administrator if nobody did that.",
        code="PAIRING",
    )
