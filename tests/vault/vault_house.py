"""Builders of vaults with their key outside, as an installation has them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stampli_assets.vault.keys import KEY_FILE_VARIABLE, make_key_file
from stampli_assets.vault.sealed import Vault


def key_file(folder: Path) -> Path:
    return folder / "elsewhere" / "vault.key"


def vault_path(folder: Path) -> Path:
    return folder / "var" / "vault.json"


def make_vault(folder: Path, **given) -> Vault:
    """A vault below ``folder``; the key's file is made when it is not there."""
    if not key_file(folder).exists():
        make_key_file(key_file(folder), vault_path(folder))
    vault = Vault.at(vault_path(folder), {KEY_FILE_VARIABLE: str(key_file(folder))})
    return Vault(vault.path, vault.keys, **given) if given else vault


def python(code: str, *words: object, **environment: str) -> subprocess.Popen:
    """Another process."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
