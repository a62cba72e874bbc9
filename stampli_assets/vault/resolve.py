"""The one port through which a secret is resolved, when it is used and never earlier.

Looked for in this order, so that what the operator hands to this one process wins over what is kept:

1. ``STAMPLI_SECRET_<NAME>_FILE``: the path of a file that holds the value (containers, SOPS);
2. ``STAMPLI_SECRET_<NAME>``: the value;
3. systemd's credential of that name (``LoadCredential=``, ``LoadCredentialEncrypted=``);
4. what is sealed: the vault, or another keeper that fits :class:`Sealed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret

CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
MOST_BYTES = 64 * 1024


class Sealed(Protocol):
    """Where secrets are kept: the vault here; a cloud's secret manager can stand in its place."""

    @property
    def place(self) -> str:
        """What it is, for a person: "the vault /srv/stampli/var/vault.json"."""
        ...

    def holds(self, name: str) -> bool:
        """Whether there is a secret of that name; capitals and small letters are the same.

        Raises:
            Misconfigured: it cannot be looked at; the operator mends it.
            Transient: it does not answer.
        """
        ...

    def read(self, name: str) -> Secret:
        """The secret of that name; nothing of it stands in any error.

        Raises:
            Misconfigured: it is not there, or we may not have it; the operator mends it.
            Transient: it does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """Where a secret comes from, in words, and how to get it. It was not read yet."""

    place: str
    read: Callable[[], Secret]


def variable(name: str) -> str:
    """The environment variable of the secret ``name``."""
    return f"STAMPLI_SECRET_{name.upper()}"


def resolve(name: str, environment: Mapping[str, str], sealed: Sealed | None = None) -> Secret:
    """The secret of that name.

    Raises:
        Misconfigured: it is nowhere to be found, its file cannot be read, or it is empty.
        Transient: what keeps it does not answer.
    """
    found = find(name, environment, sealed)
    if found is not None:
        return found.read()
    key = variable(name)
    raise Misconfigured(
        f"The secret {name!r} is not set" + (f", and it is not in {sealed.place}." if sealed is not None else "."),
        remedy=f"Run: stampli secrets set {name}. Or set {key}_FILE to the path of a file that holds it, or {key} to "
        "its value.",
        code="SECRET_MISSING",
    )


def find(name: str, environment: Mapping[str, str], sealed: Sealed | None = None) -> Found | None:
    """Where the secret of that name is; ``None`` when it is nowhere. Raises what :class:`Sealed` raises."""
    key = variable(name)
    if path := environment.get(f"{key}_FILE"):
        return Found(f"the file {path} ({key}_FILE)", partial(_from_file, Path(path), name))
    if key in environment:
        return Found(f"the variable {key}", partial(_filled, environment[key], name))
    if folder := environment.get(CREDENTIALS_VARIABLE):
        for spelled in (name, name.lower()):
            if (credential := Path(folder) / spelled).is_file():
                return Found(f"systemd's credential {spelled}", partial(_from_file, credential, name))
    if sealed is not None and sealed.holds(name):
        return Found(sealed.place, partial(sealed.read, name))
    return None


def _from_file(path: Path, name: str) -> Secret:
    why = f"it is larger than {MOST_BYTES} bytes"
    try:
        with path.open("rb") as reading:
            content = reading.read(MOST_BYTES + 1)
        if len(content) <= MOST_BYTES:
            return _filled(content.decode("utf-8").rstrip("\r\n"), name)
    except UnicodeDecodeError:
        why = "it is no UTF-8 text"
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise Misconfigured(
        f"The file of the secret {name!r} ({path}) cannot be read: {why}.",
        remedy="Check the path and that this process may read it.",
        code="SECRET_UNREADABLE",
    )


def _filled(value: str, name: str) -> Secret:
    if not value:
        raise Misconfigured(f"The secret {name!r} is empty.", remedy="Set it to its value.", code="SECRET_EMPTY")
    return Secret(value, name=name)
