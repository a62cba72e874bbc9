"""A new key for the vault: everything is sealed again under it, and the old key is shown to open nothing.

At each line the vault opens with the keys that are on disk: the new key is written before anything is sealed under it,
and the old one is dropped after the proof. A rotation that died is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from stampli_assets.model.errors import Defect, Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.vault.content import DoesNotOpen, Entry, reseal, unseal
from stampli_assets.vault.keys import (
    KEY_FILE_VARIABLE,
    Keys,
    as_file,
    make_key,
    make_key_file,
    read_keys,
    refuse_beside,
)
from stampli_assets.vault.owned import replace_whole, sweep
from stampli_assets.vault.sealed import Vault


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many values were sealed again, and the file of the new key. ``in_place``: nothing else is to be changed."""

    values: int
    key_file: Path
    in_place: bool


def rotate(vault: Vault, new_key_file: Path | None = None) -> Rotated:
    """Seal everything under a new key, prove it, and drop the old one.

    The new key goes into the present key file; into ``new_key_file`` when that is given (made when it is not there), as is
    needed for a key from a variable or from systemd.

    Raises:
        Misconfigured: a value does not open with the present key, or the new key has nowhere to go. Nothing changed.
        Defect: the proof failed; the key file still holds the old key too.
        Transient: another process holds the vault for too long.
    """
    with vault.alone():
        old = vault.keys()
        entries = vault.entries()
        new = _elsewhere(new_key_file, vault, old) if new_key_file is not None else _in_place(vault, old, entries)
        both = Keys((*new.texts, *old.texts), new.place, new.file)
        resealed = _resealed(vault, entries, both)
        if entries:
            vault.replace(resealed)
        prove(vault, new.texts, old.texts)
        assert new.file is not None
        if new_key_file is None:
            replace_whole(new.file, as_file(new.texts))
    return Rotated(len(resealed), new.file, in_place=new_key_file is None)


def prove(vault: Vault, new: tuple[Secret, ...], old: tuple[Secret, ...]) -> None:
    """Read the file anew: the new key opens every value, no old key opens any.

    Raises:
        Defect: it is not so.
    """
    opener = Keys(new, "").opener()
    for entry in vault.entries().values():
        try:
            unseal(entry, opener)
        except DoesNotOpen:
            raise _unproven(vault, f"{entry.name!r} does not open with the new key") from None
        if any(_opens(key, entry) for key in old):
            raise _unproven(vault, f"{entry.name!r} still opens with the old key")


def _in_place(vault: Vault, old: Keys, entries: Mapping[str, Entry]) -> Keys:
    """The new key, first in the present key file; the old ones stay behind it until the proof."""
    if old.file is None:
        raise Misconfigured(
            f"The vault's key comes from {old.place}, where this command cannot put a new one.",
            remedy="Run: stampli secrets rotate --new-key-file PATH, then put that file's content in the old key's place.",
            code="VAULT_KEY_PLACE",
        )
    _resealed(vault, entries, old)
    new = make_key()
    sweep(old.file)
    replace_whole(old.file, as_file([new, *old.texts]))
    return Keys((new,), old.place, old.file)


def _elsewhere(path: Path, vault: Vault, old: Keys) -> Keys:
    refuse_beside(path, vault.path)
    new = read_keys(path, vault.path) if path.exists() else make_key_file(path, vault.path)
    if any(old.knows(text) for text in new.texts):
        raise Misconfigured(
            f"{path} holds the key that is in use already.",
            remedy=f"Name a file that does not exist yet; a new key is put there. {KEY_FILE_VARIABLE} stays until then.",
            code="VAULT_KEY_EXISTS",
        )
    return new


def _resealed(vault: Vault, entries: Mapping[str, Entry], keys: Keys) -> dict[str, Entry]:
    opener = keys.opener()
    done = {}
    for name, entry in entries.items():
        try:
            done[name] = reseal(entry, opener)
        except DoesNotOpen:
            raise vault.wrong_key(name) from None
    return done


def _opens(key: Secret, entry: Entry) -> bool:
    try:
        Fernet(key.reveal()).decrypt(entry.sealed.encode())
    except InvalidToken:
        return False
    return True


def _unproven(vault: Vault, why: str) -> Defect:
    return Defect(
        f"The rotation of {vault.place} is not proven: {why}. The old key was kept.",
        remedy="Run `stampli secrets rotate` again; if it comes back, report this sentence.",
        code="VAULT_ROTATION",
    )
