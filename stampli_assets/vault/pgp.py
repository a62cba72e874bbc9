"""Exports that Stampli encrypts with PGP: opened with the firm's private key, which is a secret like every other.

The landing store keeps the bytes as they came; they are opened when they are read. Signatures are not looked at: who may
write into outbound is the server's affair.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from stampli_assets.model.armour import is_pgp
from stampli_assets.model.errors import FileRefused, Misconfigured, Transient
from stampli_assets.model.secret import Secret
from stampli_assets.vault.pgp_process import KEY_UNUSABLE, NOT_OPENED, OPENED, TOO_LARGE

_HEAD = 64
_BLOCK = 1 << 16
PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class ExportKey:
    """The private key (armoured) of a connection. ``most_bytes`` is how much an export may hold once it is opened."""

    key: Secret
    passphrase: Secret | None = None
    most_bytes: int = 256_000_000

    @contextmanager
    def opened(self, source: BinaryIO, name: str) -> Iterator[BinaryIO]:
        """The export itself; what is not encrypted is answered as it is.

        Raises:
            FileRefused: it is encrypted to another key, damaged, or larger than allowed.
            Misconfigured: the key or its pass phrase is none.
        """
        reader = source if isinstance(source, io.BufferedReader) else io.BufferedReader(cast("Any", source))
        if not is_pgp(reader.peek(_HEAD)[:_HEAD]):
            yield cast("BinaryIO", reader)
            return
        with (
            tempfile.NamedTemporaryFile(prefix="sealed-") as sealed,
            tempfile.NamedTemporaryFile(prefix="opened-") as plain,
        ):
            while block := reader.read(_BLOCK):
                sealed.write(block)
            sealed.flush()
            self._open(sealed.name, plain.name, name)
            yield cast("BinaryIO", plain)

    def _open(self, path: str, into: str, name: str) -> None:
        """In a process of its own, which cannot write more than is allowed: a message may unpack without end."""
        order = {
            "path": path,
            "into": into,
            "most": self.most_bytes,
            "key": self.key.reveal(),
            "passphrase": self.passphrase.reveal() if self.passphrase is not None else None,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-m", "stampli_assets.vault.pgp_process"],
                input=json.dumps(order).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Transient(f"{name} could not be decrypted in {PATIENCE_SECONDS} seconds.", code="PGP_SLOW") from None
        if done.returncode != OPENED:
            raise self._why(done.returncode, name)

    def _why(self, code: int, name: str) -> FileRefused | Misconfigured | Transient:
        if code == KEY_UNUSABLE:
            return Misconfigured(
                "The private key of stampli.pgp_key cannot be used: it is no OpenPGP private key for encryption, or its pass "
                "phrase is another one.",
                remedy="Set both secrets again: stampli secrets set NAME.",
                code="PGP_KEY_UNUSABLE",
            )
        if code == TOO_LARGE:
            return FileRefused(
                f"{name} holds more than {self.most_bytes // 1_000_000} MB once it is decrypted.",
                remedy="Ask Stampli for smaller exports, or raise max_megabytes in the layout of the settings.",
                code="TOO_LARGE",
            )
        if code == NOT_OPENED:
            return FileRefused(
                f"{name} cannot be decrypted: it is encrypted to another key than stampli.pgp_key, or it is damaged.",
                remedy="Give Stampli the public part of the configured key, and let the file be exported again.",
                code="PGP_KEY",
            )
        return Transient(f"{name} could not be decrypted: the process for it ended with {code}.", code="PGP_PROCESS")
