"""Pairs of tokens that change at every renewal, kept in the vault: durably, renewed by one process at a time.

Fits the store of tokens that the X3 client asks for without knowing it: whoever puts both together hands in the type of
the pair, ``VaultTokenStore(vault, "acme_x3", TokenPair)``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.vault.owned import alone
from stampli_assets.vault.sealed import Vault

PREFIX = "x3_tokens"


class Pair(Protocol):
    """What a pair of tokens tells."""

    @property
    def access(self) -> Secret: ...
    @property
    def access_ends(self) -> datetime: ...
    @property
    def refresh(self) -> Secret: ...
    @property
    def endpoint(self) -> str: ...


PairType = TypeVar("PairType", bound=Pair)


@dataclass
class VaultTokenStore(Generic[PairType]):
    """The one pair of a connection, shared by every process that works for it.

    The lock of renewals is not the vault's: whoever renews may take as long as the token service does, and the vault stays
    open to everyone else.
    """

    vault: Vault
    connection: str
    make: Callable[[Secret, datetime, Secret, str], PairType]
    wait_seconds: float = 60

    @property
    def name(self) -> str:
        """Its entry in the vault."""
        return f"{PREFIX}.{self.connection}"

    def read(self) -> PairType | None:
        """The pair, ``None`` when the connection was never paired.

        Raises:
            Misconfigured: what is kept cannot be read, or the vault does not open.
        """
        if not self.vault.holds(self.name):
            return None
        text = self.vault.read(self.name)
        try:
            kept = json.loads(text.reveal())
            ends = datetime.fromisoformat(kept["access_ends"]).astimezone(UTC)
            access, refresh = Secret(kept["access"]), Secret(kept["refresh"])
            return self.make(access, ends, refresh, str(kept.get("endpoint", "")))
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise Misconfigured(
            f"The X3 tokens of {self.connection} in {self.vault.place} cannot be read: it holds no pair of tokens.",
            remedy=f"Pair again: stampli x3 pair {self.connection}.",
            code="TOKEN_STORE",
        )

    def write(self, pair: PairType) -> None:
        """Keep the pair in place of the former one: durable when this returns, the whole former one until then.

        Raises:
            Misconfigured: the vault cannot be written or its key is not at hand; the former pair stands.
        """
        told = {
            "access": pair.access.reveal(),
            "access_ends": pair.access_ends.isoformat(),
            "refresh": pair.refresh.reveal(),
            "endpoint": pair.endpoint,
        }
        self.vault.write(self.name, Secret(json.dumps(told), name=self.name))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A context in which no other process or thread renews; the lock ends with its holder, however that dies.

        Raises:
            Transient: somebody else holds it for too long.
        """
        lock = self.vault.path.with_name(f"{self.vault.path.name}.{self.name}.lock")
        with alone(lock, wait_seconds=self.wait_seconds, what="is renewing the X3 tokens", code="TOKEN_LOCK"):
            yield
