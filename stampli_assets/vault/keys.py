"""The key of the vault: where it is found, that it is fit to be used, and that it does not lie beside what it opens.

Looked for in this order: the file that ``STAMPLI_VAULT_KEY_FILE`` names, the variable ``STAMPLI_VAULT_KEY``, systemd's
credential ``stampli_vault_key``. Each may hold several keys (one per line, or separated by commas): the first seals, all
of them open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.vault.owned import read_owned, sync_folder, write_new

KEY_FILE_VARIABLE = "STAMPLI_VAULT_KEY_FILE"
KEY_VARIABLE = "STAMPLI_VAULT_KEY"
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
CREDENTIAL = "stampli_vault_key"
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys with the place they come from, in words; ``file`` is theirs when we may rewrite it."""

    texts: tuple[Secret, ...]
    place: str
    file: Path | None = None

    def opener(self) -> MultiFernet:
        """Seals with the first key, opens with each of them."""
        return MultiFernet([Fernet(text.reveal()) for text in self.texts])

    def knows(self, text: Secret) -> bool:
        """Whether that key is one of them."""
        return any(text.reveal() == own.reveal() for own in self.texts)


def find_keys(environment: Mapping[str, str], vault: Path) -> Keys:
    """The keys that open the vault.

    Raises:
        Misconfigured: there are none, others may read their file, it lies in the vault's folder, or what it holds is no
            key. The operator mends it.
    """
    folder = environment.get(CREDENTIALS_VARIABLE, "")
    if named := environment.get(KEY_FILE_VARIABLE):
        return read_keys(Path(named), vault, guarded=not (folder and Path(named).parent == Path(folder)))
    if KEY_VARIABLE in environment:
        place = f"the variable {KEY_VARIABLE}"
        return Keys(parse_keys(environment[KEY_VARIABLE], place), place)
    if folder and (credential := Path(folder) / CREDENTIAL).is_file():
        return read_keys(credential, vault, guarded=False)
    raise Misconfigured(
        f"The vault {vault} is sealed and its key is not set.",
        remedy=f"Set {KEY_FILE_VARIABLE} to the path of the key file that `stampli secrets init` made.",
        code="VAULT_KEY_MISSING",
    )


def read_keys(path: Path, vault: Path, *, guarded: bool = True) -> Keys:
    """The keys in a file. What is not ``guarded`` is another program's to protect and to rewrite (systemd)."""
    refuse_beside(path, vault)
    what = "The vault's key file"
    try:
        content = read_owned(path, what=what, most_bytes=MOST_BYTES, guarded=guarded, follow=True)
    except FileNotFoundError:
        raise Misconfigured(
            f"{what} {path} does not exist.",
            remedy=f"Put the key back there, or correct {KEY_FILE_VARIABLE}; without a key nothing opens the vault.",
            code="VAULT_KEY_MISSING",
        ) from None
    place = f"the file {path}" if guarded else f"systemd's credential {path.name}"
    return Keys(parse_keys(content.decode("ascii", "replace"), place), place, path.resolve() if guarded else None)


def parse_keys(text: str, place: str) -> tuple[Secret, ...]:
    """Keys out of text, the sealing one first. What is wrong is said without a character of it."""
    keys = tuple(Secret(key, name="vault key") for key in re.split(r"[\s,]+", text) if key)
    if not keys or not all(_fit(key) for key in keys):
        raise Misconfigured(
            f"What {place} holds is no key of a vault.",
            remedy="A key is 44 characters of letters, digits, '-', '_' and '='; `stampli secrets init` makes one.",
            code="VAULT_KEY_MALFORMED",
        )
    return keys


def make_key() -> Secret:
    """A new key."""
    return Secret(Fernet.generate_key().decode(), name="vault key")


def as_file(keys: Sequence[Secret]) -> bytes:
    """What a key file holds: one key per line."""
    return "".join(f"{key.reveal()}\n" for key in keys).encode()


def make_key_file(path: Path, vault: Path) -> Keys:
    """Make a key and its file (0600), where nothing is yet.

    Raises:
        Misconfigured: something is there already (it is left as it is), it lies in the vault's folder, or the folder
            cannot be written.
    """
    refuse_beside(path, vault)
    key = make_key()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(path, as_file([key]))
        sync_folder(path.parent)
    except FileExistsError:
        raise Misconfigured(
            f"{path} exists already and was left as it is.",
            remedy=f"To use it, set {KEY_FILE_VARIABLE}={path}; for a key in its place, run: stampli secrets rotate",
            code="VAULT_KEY_EXISTS",
        ) from None
    except OSError as error:
        raise Misconfigured(
            f"The key file {path} cannot be made: {error.strerror or type(error).__name__}.",
            remedy="Name a folder that you may write: --key-file PATH.",
            code="VAULT_UNWRITABLE",
        ) from None
    return Keys((key,), f"the file {path}", path)


def refuse_beside(path: Path, vault: Path) -> None:
    """Who copies the vault's folder must not get the key with it."""
    folder = vault.parent.resolve()
    if Path(path).resolve().is_relative_to(folder) or Path(path).absolute().is_relative_to(folder):
        raise Misconfigured(
            f"The key file {path} lies in the folder of the vault that it opens ({folder}).",
            remedy=f"Move it elsewhere, out of every backup of that folder, and set {KEY_FILE_VARIABLE} to its new place.",
            code="VAULT_KEY_BESIDE",
        )


def _fit(key: Secret) -> bool:
    try:
        Fernet(key.reveal())
    except ValueError:
        return False
    return True
