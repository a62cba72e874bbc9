"""Stampli's server without a socket: outbound and archive as two dictionaries, and its bad moments."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.identity import ContentDigest
from stampli_assets.model.remote import RemoteFile


@dataclass
class Shelf:
    """What lies on the server: name → (bytes, modified)."""

    outbound: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    archive: dict[str, tuple[bytes, int]] = field(default_factory=dict)


class ShelfInbox:
    """Implements the port ``Inbox``. ``trouble`` answers what goes wrong with an operation, if anything."""

    def __init__(self, shelf: Shelf, trouble: Callable[[str], str]) -> None:
        self._shelf = shelf
        self._trouble = trouble

    def listing(self) -> Sequence[RemoteFile]:
        if self._trouble("listing"):
            raise _lost()
        return [RemoteFile(name, len(kept), at) for name, (kept, at) in sorted(self._shelf.outbound.items())]

    def download(self, file: RemoteFile, into: BinaryIO) -> None:
        trouble = self._trouble("download")
        kept, at = self._shelf.outbound.get(file.name, (b"", 0))
        if trouble == "moves" or (len(kept), at) != (file.size, file.modified):
            raise Transient("The file changed while it was collected.")
        if trouble:
            into.write(kept[: len(kept) // 2])
            if trouble == "drop":
                raise _lost()
            return  # the connection ended as if the file did: only its size says that it was not whole
        into.write(kept)

    def archive(self, file: RemoteFile, digest: ContentDigest) -> str:
        trouble = self._trouble("archive")
        if trouble == "refused":
            raise Misconfigured("The account may not move files.")
        if trouble == "drop before":
            raise _lost()
        there = self._shelf.outbound.get(file.name)
        if there is None or (len(there[0]), there[1]) != (file.size, file.modified):
            kept = self._shelf.archive.get(file.name)
            return file.name if kept and hashlib.sha256(kept[0]).hexdigest() == digest else ""
        if file.name in self._shelf.archive:
            raise Misconfigured("The archive holds a file of that name.")
        self._shelf.archive[file.name] = self._shelf.outbound.pop(file.name)
        if trouble == "drop after":
            raise _lost()
        return file.name


def as_stream(content: bytes) -> BinaryIO:
    return io.BytesIO(content)


def _lost() -> Transient:
    return Transient("The connection to the SFTP server was lost.", code="SFTP_LOST")
