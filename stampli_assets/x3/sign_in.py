"""Signing in without a pairing: HTTP Basic on premise, a signed token for a connected application.

The cloud's pairs of tokens are apart: ``oauth.py``. Facts: the project's notes, section 1.
"""

from __future__ import annotations

import base64
import re
import threading
from dataclasses import dataclass, field

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.ports import Clock
from stampli_assets.model.secret import Secret
from stampli_assets.x3.folder import Folder, trusted_address
from stampli_assets.x3.jwt import Algorithm, signed

BACKDATED_SECONDS = 30
"""``iat`` lies so far back, for a server whose clock is behind ours [T]."""
MARGIN_SECONDS = 30
"""A token is not used in its last seconds [T]."""
_NUMBER = re.compile(r"Error (?P<number>[0-9]{2,3})", re.ASCII)
_MEANINGS = {
    "41": (
        "it does not know the application (iss)",
        "Check client_id in the settings against the connected application.",
    ),
    "42": (
        "it does not know the user (sub)",
        "Check user in the settings: a Syracuse login that the application allows.",
    ),
    "45": (
        "the address differs from the registered one (aud)",
        "Put the URL of the connected application, letter by letter as registered in X3, into the settings (audience).",
    ),
    "50": (
        "the signature is wrong or the token has expired",
        "Check the application's secret, the clocks of both machines, and the token validity registered in X3.",
    ),
}
"""X3's numbers of a bad token [T]."""


@dataclass(frozen=True, slots=True)
class Basic:
    """HTTP Basic: user and password with every request [S]. Each session takes a licence: connections are kept alive.

    Raises:
        Misconfigured: the folder's address is plain http, and not this machine's with the settings' consent.
    """

    folder: Folder
    user: str
    password: Secret

    def __post_init__(self) -> None:
        trusted_address(self.folder.base_url, plain_http=self.folder.plain_http)
        if ":" in self.user:
            raise Misconfigured("An X3 user holds no colon.", remedy="Correct the settings.", code="ERP_SIGN_IN")

    def authorization(self) -> str:
        """The same for every request."""
        pair = f"{self.user}:{self.password.reveal()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def renewed(self, refused: str) -> str:
        """The same once more: Syracuse ends idle sessions, and the next request begins a new one."""
        return refused

    def refusal(self, said: str) -> Misconfigured:
        """A wrong user or password."""
        return Misconfigured(
            f"X3 refuses the sign-in of {self.user}: {said or 'no reason given'}.",
            remedy="Check user and password, that the user may use web services, and that it is active in X3.",
            code="ERP_SIGN_IN",
        )


@dataclass
class ConnectedApplication:
    """A token that we sign ourselves, used for one batch of requests.

    Args:
        audience: the URL of the connected application as registered; X3 compares it literally [T]. Empty: the folder's
            GraphQL address.
        token_seconds: from ``iat`` to ``exp``; not more than the validity registered in X3. At least 90.
    """

    folder: Folder
    clock: Clock
    client_id: str
    user: str
    secret: Secret = field(repr=False)
    audience: str = ""
    token_seconds: int = 120
    algorithm: Algorithm = "HS256"

    def __post_init__(self) -> None:
        if self.token_seconds < BACKDATED_SECONDS + 2 * MARGIN_SECONDS:
            raise Misconfigured(
                f"A token of {self.token_seconds} seconds is too short to be used.",
                remedy="Set token_seconds to 90 or more, and the token validity of the connected application in X3 too.",
                code="ERP_SIGN_IN",
            )
        self._lock = threading.Lock()
        self._token, self._ends, self._shorter = "", 0, 0

    def authorization(self) -> str:
        """The token at hand, or a new one shortly before its end."""
        with self._lock:
            if not self._token or self._now() >= self._ends - MARGIN_SECONDS:
                self._sign()
            return self._token

    def renewed(self, refused: str) -> str:
        """Another token, unless another thread has made one meanwhile: then that one."""
        with self._lock:
            if self._token == refused:
                self._shorter = 1 - self._shorter  # within the same second the same claims would be the same token
                self._sign()
            return self._token

    def refusal(self, said: str) -> Misconfigured:
        """What X3's number means."""
        match = _NUMBER.search(said)
        meaning, remedy = _MEANINGS.get(
            match["number"] if match else "",
            (
                f"it says {said or 'nothing'}",
                "Check client_id, user, secret and audience of the connected application.",
            ),
        )
        return Misconfigured(
            f"X3 refuses the token of the connected application for {self.user}: {meaning}.",
            remedy=remedy,
            code="ERP_SIGN_IN",
        )

    def _sign(self) -> None:
        starts = self._now() - BACKDATED_SECONDS
        self._ends = starts + self.token_seconds - self._shorter
        claims = {
            "iss": self.client_id,
            "sub": self.user,
            "aud": self.audience or self.folder.graphql_url,
            "iat": starts,
            "exp": self._ends,
        }
        self._token = f"Bearer {signed(claims, self.secret, self.algorithm)}"

    def _now(self) -> int:
        return int(self.clock.now().timestamp())
