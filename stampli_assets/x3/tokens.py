"""Pairs of tokens and where they are kept: durably, by one process at a time.

The refresh token changes at every renewal, and the old one must be assumed to be dead at once [P]. So a new pair is on disk
before anything uses it, and whoever renews holds the store's lock while the others wait and then read.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.secret import Secret

POLL_SECONDS = 0.05
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token with the moment (UTC) of its end, the refresh token for the next pair, and the ``endpoint`` that the
    pairing was told to use from then on, if any.
    """

    access: Secret
    access_ends: datetime
    refresh: Secret
    endpoint: str = ""


class TokenStore(Protocol):
    """The one pair of a connection, shared by every process that works for it."""

    def read(self) -> TokenPair | None:
        """The pair, ``None`` when the connection was never paired.

        Raises:
            Misconfigured: what is kept cannot be read.
        """
        ...

    def write(self, pair: TokenPair) -> None:
        """Keep the pair in place of the former one: durable when this returns, the whole former one until then."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """A context in which no other process or thread renews.

        Raises:
            Transient: somebody else holds it for too long.
        """
        ...


@dataclass
class FileTokenStore:
    """A file of our own user (0600), replaced as a whole, with a lock file beside it."""

    path: Path
    wait_seconds: float = 60

    def read(self) -> TokenPair | None:
        """See :class:`TokenStore`."""
        try:
            content = self.path.read_bytes()[:MOST_BYTES]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.path, type(error).__name__) from None
        try:
            kept = json.loads(content)
            ends = datetime.fromisoformat(kept["access_ends"]).astimezone(UTC)
            return TokenPair(Secret(kept["access"]), ends, Secret(kept["refresh"]), str(kept.get("endpoint", "")))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _unreadable(self.path, "it holds no pair of tokens") from None

    def write(self, pair: TokenPair) -> None:
        """See :class:`TokenStore`. File and folder are synced, so that a power failure leaves one pair or the other."""
        told = {
            "access": pair.access.reveal(),
            "access_ends": pair.access_ends.isoformat(),
            "refresh": pair.refresh.reveal(),
            "endpoint": pair.endpoint,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(file, "wb") as writing:
                writing.write(json.dumps(told).encode())
                writing.flush()
                os.fsync(writing.fileno())
            beside.replace(self.path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See :class:`TokenStore`. The lock ends with its holder, however that dies; the lock file stays."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self.path.with_name(f"{self.path.name}.lock")
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._wait_for(file)
            yield
        finally:
            os.close(file)

    def _wait_for(self, file: int) -> None:
        until = time.monotonic() + self.wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Transient(
                        "Another process is renewing the X3 tokens and does not come to an end.",
                        remedy="It is tried again; if it lasts, look for a hanging process of this program.",
                        code="TOKEN_LOCK",
                    ) from None
                time.sleep(POLL_SECONDS)


def _unreadable(path: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"The X3 tokens in {path} cannot be read: {why}.",
        remedy="Check the file's rights; if it is damaged, pair again: stampli x3 pair CONNECTION.",
        code="TOKEN_STORE",
    )
