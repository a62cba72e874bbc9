"""The vault: one JSON file of names and sealed values, shared by every process of an installation.

A write holds the vault's lock, reads the file anew, and replaces it as a whole; a read takes no lock and sees one whole
file or the next.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.vault.content import (
    MOST_BYTES,
    NAME,
    DoesNotOpen,
    Entry,
    as_bytes,
    parse,
    seal,
    unseal,
)
from stampli_assets.vault.keys import Keys, find_keys
from stampli_assets.vault.owned import alone, read_owned, replace_whole, sweep

MOST_VALUE_BYTES = 64 * 1024


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Vault:
    """Implements :class:`~stampli_assets.vault.resolve.Sealed`. ``keys`` is asked at every use: a rotation is seen at once.

    Names are the same in capitals and small letters, as they are in the environment.
    """

    path: Path
    keys: Callable[[], Keys]
    now: Callable[[], datetime] = _now
    wait_seconds: float = 60

    @classmethod
    def at(cls, path: Path, environment: Mapping[str, str]) -> Self:
        """The vault at that path, opened with the key that the environment points to."""
        return cls(path, lambda: find_keys(environment, path))

    @property
    def place(self) -> str:
        """Where its secrets come from, for a person."""
        return f"the vault {self.path}"

    def holds(self, name: str) -> bool:
        """Whether there is a secret of that name; no key is needed."""
        return name.lower() in self.entries()

    def entries(self) -> dict[str, Entry]:
        """What is in it, by name; no key is needed. Empty when there is no file.

        Raises:
            Misconfigured: the file is damaged, or others than its owner may open it.
        """
        try:
            content = read_owned(self.path, what="The vault", most_bytes=MOST_BYTES)
        except FileNotFoundError:
            return {}
        return parse(content, self.path)

    def read(self, name: str) -> Secret:
        """The secret of that name.

        Raises:
            Misconfigured: it is not there, the key is missing, or the key does not open it.
            Transient: another process holds the vault for too long.
        """
        try:
            return self._read(name.lower())
        except DoesNotOpen:
            pass
        with self._after_a_rotation():
            try:
                return self._read(name.lower())
            except DoesNotOpen:
                raise self.wrong_key(name.lower()) from None

    def write(self, name: str, value: Secret) -> None:
        """Seal a value in place of the former: durable when this returns.

        Raises:
            Misconfigured: the name or the value cannot be kept, or the key at hand is not the one of this vault.
            Transient: another process holds the vault for too long.
        """
        name = _fit(name, value)
        with self.alone():
            keys, entries = self.keys(), self.entries()
            self._refuse_a_second_key(keys, entries, name)
            self.replace({**entries, name: seal(name, value, self.now(), keys.opener())})

    def remove(self, name: str) -> None:
        """Forget a secret; no key is needed.

        Raises:
            Misconfigured: there is none of that name.
        """
        with self.alone():
            entries = self.entries()
            if entries.pop(name.lower(), None) is None:
                raise self._missing(name)
            self.replace(entries)

    def replace(self, entries: Mapping[str, Entry]) -> None:
        """Write the file anew. Only inside :meth:`alone`."""
        sweep(self.path)
        replace_whole(self.path, as_bytes(entries))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes meanwhile."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        with alone(lock, wait_seconds=self.wait_seconds, what="holds the vault", code="VAULT_LOCK"):
            yield

    def wrong_key(self, name: str) -> Misconfigured:
        """What to say when an entry does not open."""
        return Misconfigured(
            f"The key in {self.keys().place} does not open {name!r} in {self.place}: it is another vault's key, or the "
            "entry was altered.",
            remedy=f"Put the right key there. If it is lost, remove the entry and set it again: stampli secrets rm {name}",
            code="VAULT_KEY_WRONG",
        )

    def _after_a_rotation(self) -> AbstractContextManager[None]:
        """One may have passed between our look at the file and our look at the key. Where we may not write, nobody waits."""
        return self.alone() if os.access(self.path.parent, os.W_OK) else nullcontext()

    def _read(self, name: str) -> Secret:
        entry = self.entries().get(name)
        if entry is None:
            raise self._missing(name)
        return unseal(entry, self.keys().opener())

    def _refuse_a_second_key(self, keys: Keys, entries: Mapping[str, Entry], name: str) -> None:
        """A vault half under one key and half under another is opened by nobody."""
        others = [entry for entry in entries.values() if entry.name != name]
        opener = keys.opener()
        for entry in others:
            try:
                unseal(entry, opener)
            except DoesNotOpen:
                continue
            return
        if others:
            raise self.wrong_key(others[0].name)

    def _missing(self, name: str) -> Misconfigured:
        return Misconfigured(
            f"There is no secret {name!r} in {self.place}.",
            remedy="`stampli secrets list` shows what is there.",
            code="SECRET_MISSING",
        )


def _fit(name: str, value: Secret) -> str:
    if not NAME.fullmatch(name.lower()):
        raise Misconfigured(
            "That is no name of a secret.",
            remedy="A name begins with a letter and goes on with letters, digits and underscores.",
            code="SECRET_NAME",
        )
    size = len(value.reveal().encode("utf-8", "surrogatepass"))
    if not size:
        raise Misconfigured(
            f"The value of {name!r} is empty.", remedy="Nothing was kept. Give it.", code="SECRET_EMPTY"
        )
    if size > MOST_VALUE_BYTES:
        raise Misconfigured(
            f"The value of {name!r} has {size} bytes; at most {MOST_VALUE_BYTES} are kept.",
            remedy="Nothing was kept. Is it the right file?",
            code="SECRET_SIZE",
        )
    return name.lower()
