"""What stands in the vault's file: names in clear, each with its sealed value and the moment when it was set.

Name and moment are sealed in with the value, so that an entry which was moved to another name does not open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken, MultiFernet

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret

FORMAT = "stampli-vault"
VERSION = 1
MOST_BYTES = 16 * 1024 * 1024
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}(\.[a-z0-9_]{1,100})?", re.ASCII)
"""A secret's name; with a dot, what the program keeps for itself (``x3_tokens.acme``)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sealed value. ``set_at`` is in UTC."""

    name: str
    sealed: str
    set_at: datetime


class DoesNotOpen(Exception):
    """None of the keys opens the entry, or what it opens to is another entry's."""


def seal(name: str, value: Secret, at: datetime, opener: MultiFernet) -> Entry:
    """Seal a value under the first key."""
    at = at.astimezone(UTC).replace(microsecond=0)
    inner = json.dumps([name, at.isoformat(), value.reveal()]).encode()
    return Entry(name, opener.encrypt(inner).decode(), at)


def reseal(entry: Entry, opener: MultiFernet) -> Entry:
    """The same value under the first key; its age stays. Raises :class:`DoesNotOpen`."""
    unseal(entry, opener)
    return Entry(entry.name, opener.rotate(entry.sealed.encode()).decode(), entry.set_at)


def unseal(entry: Entry, opener: MultiFernet) -> Secret:
    """The value. Raises :class:`DoesNotOpen`."""
    try:
        opened = opener.decrypt(entry.sealed.encode())
    except InvalidToken:
        raise DoesNotOpen from None
    match json.loads(opened):
        case [str(name), str(at), str(value)] if name == entry.name and at == entry.set_at.isoformat():
            return Secret(value, name=entry.name)
    raise DoesNotOpen


def as_bytes(entries: Mapping[str, Entry]) -> bytes:
    """The file."""
    told = {
        name: {"sealed": entry.sealed, "set_at": entry.set_at.isoformat()} for name, entry in sorted(entries.items())
    }
    return (json.dumps({"format": FORMAT, "version": VERSION, "secrets": told}, indent=1) + "\n").encode()


def parse(content: bytes, path: Path) -> dict[str, Entry]:
    """The entries of a file, by name.

    Raises:
        Misconfigured: it is no vault, damaged, or of a later version. The sentence holds nothing of the file.
    """
    try:
        told = json.loads(content)
        version = told["version"] if told["format"] == FORMAT else 0
        entries = {name: _entry(name, one) for name, one in told["secrets"].items()} if version == VERSION else {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        version, entries = 0, {}
    if version == VERSION:
        return entries
    if isinstance(version, int) and version > VERSION:
        raise Misconfigured(
            f"The vault {path} was written by a later version of this program.",
            remedy="Use the version of stampli-assets that wrote it.",
            code="VAULT_VERSION",
        )
    raise Misconfigured(
        f"The vault {path} is damaged or no vault.",
        remedy="Restore it from its backup, or move it away and set every secret again: stampli secrets set NAME",
        code="VAULT_DAMAGED",
    )


def _entry(name: str, told: Any) -> Entry:
    at = datetime.fromisoformat(told["set_at"])
    if not NAME.fullmatch(name) or at.tzinfo is None or not told["sealed"].isascii():
        raise ValueError
    return Entry(name, told["sealed"], at.astimezone(UTC))
