"""Stampli's outbound directory: listing, download, the move to archive; and putting files into other directories."""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Sequence
from typing import BinaryIO

import paramiko

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.identity import ContentDigest
from stampli_assets.model.remote import RemoteFile
from stampli_assets.sftp.connection import CALL_SECONDS, SLOWEST_BYTES_PER_SECOND, Server, connected

PREFETCHED_REQUESTS = 128
CHUNK_BYTES = 256 * 1024


class SftpInbox:
    """Implements the ports :class:`~stampli_assets.model.ports.Inbox` and ``Outbox``; each call has a connection of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.strange: tuple[str, ...] = ()
        """Names of the last listing that were left out: links, or names that no file should have."""

    def listing(self) -> Sequence[RemoteFile]:
        """Every regular file in outbound; links, directories and strange names are left out."""
        with connected(self.server) as client:
            try:
                entries = client.listdir_attr(self.server.outbound)
            except OSError as error:
                if error.errno is None:
                    raise
                raise self.about(self.server.outbound, error) from None
        files = [entry for entry in entries if stat.S_ISREG(entry.st_mode or 0) and _is_plain(entry.filename)]
        strange = [e.filename for e in entries if not stat.S_ISDIR(e.st_mode or 0) and e not in files]
        self.strange = tuple(sorted(strange))
        return [RemoteFile(entry.filename, entry.st_size or 0, int(entry.st_mtime or 0)) for entry in files]

    def download(self, file: RemoteFile, into: BinaryIO) -> None:
        """Copy the bytes; a file that moved before, while or after is refused as still being written."""
        path = self._outbound(file.name)
        with connected(self.server, CALL_SECONDS + file.size / SLOWEST_BYTES_PER_SECOND) as client:
            try:
                _unchanged(client, path, file)
                copied = client.getfo(path, into, max_concurrent_prefetch_requests=PREFETCHED_REQUESTS)
                _unchanged(client, path, file)
            except OSError as error:
                if error.errno is None:
                    raise
                raise self.about(path, error) from None
        if copied != file.size:
            raise _still_written(file)

    def archive(self, file: RemoteFile, digest: ContentDigest) -> str:
        """Move to archive without overwriting, verify the digest there, answer the archived name.

        A move that was made before (a crash came between it and its record) is found by its digest. The empty text
        means that outbound holds a newer file under that name, or none: there is nothing of ours to move.
        """
        source = self._outbound(file.name)
        with connected(self.server) as client:
            try:
                _make_folder(client, self.server.archive)
                there = _stat(client, source)
                if there != (file.size, file.modified):
                    return self._archived_before(client, file, digest)
                name = self._free_name(client, file.name, digest)
                client.rename(source, f"{self.server.archive}/{name}")
                self._verify(client, name, digest)
            except OSError as error:
                if error.errno is None:
                    raise
                raise self.about(self.server.archive, error) from None
        return name

    def put(self, directory: str, name: str, content: bytes) -> bool:
        """Put a file into a directory that is there: written beside under a name that nobody takes, then renamed.

        One of that name that lies there already is left as it is; ``False`` says so.
        """
        path, beside = f"{directory}/{name}", f"{directory}/.{name}.tmp"
        with connected(self.server) as client:
            try:
                if _stat(client, path) is not None:
                    return False
                client.putfo(io.BytesIO(content), beside, file_size=len(content), confirm=True)
                client.rename(beside, path)
            except OSError as error:
                if error.errno is None:
                    raise
                raise self.about(directory, error) from None
        return True

    def _outbound(self, name: str) -> str:
        return f"{self.server.outbound}/{name}"

    def _archived_before(self, client: paramiko.SFTPClient, file: RemoteFile, digest: ContentDigest) -> str:
        for name in (file.name, _suffixed(file.name, digest)):
            if _stat(client, f"{self.server.archive}/{name}") == (file.size, file.modified) and (
                self._digest(client, name) == digest
            ):
                return name
        return ""

    def _free_name(self, client: paramiko.SFTPClient, name: str, digest: ContentDigest) -> str:
        for candidate in (name, _suffixed(name, digest), *(f"{_suffixed(name, digest)}.{n}" for n in range(2, 100))):
            if _stat(client, f"{self.server.archive}/{candidate}") is None:
                return candidate
        raise Misconfigured(
            f"The archive {self.server.archive} already holds 100 files named {name} with the same content.",
            remedy="Tidy the archive up, then rerun from failure.",
            code="ARCHIVE_FULL",
        )

    def _verify(self, client: paramiko.SFTPClient, name: str, digest: ContentDigest) -> None:
        if self._digest(client, name) != digest:
            raise Misconfigured(
                f"{name} in archive is not what was collected from outbound: it was replaced while it was moved.",
                remedy="What was collected is safe in the landing store. Put the archived file back into outbound; it "
                "is then taken as a new delivery.",
                code="ARCHIVE_DIGEST",
            )

    def _digest(self, client: paramiko.SFTPClient, name: str) -> str:
        digest = hashlib.sha256()
        with client.open(f"{self.server.archive}/{name}", "rb") as file:
            file.prefetch(max_concurrent_requests=PREFETCHED_REQUESTS)
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def about(self, path: str, error: OSError) -> Misconfigured | Transient:
        """What the server's refusal about a path means."""
        if isinstance(error, PermissionError):
            return Misconfigured(
                f"{self.server.username} may not use {path} on {self.server.address}.",
                remedy="Ask Stampli to give the account this right, then rerun from failure.",
                code="SFTP_PERMISSION",
            )
        if isinstance(error, FileNotFoundError):
            return Misconfigured(
                f"{path} does not exist on {self.server.address}.",
                remedy="Check the directories in the settings; a file may also have been taken away meanwhile.",
                code="SFTP_MISSING",
            )
        return Transient(f"{path} on {self.server.address} cannot be used: {error}.", code="SFTP_FAILED")


def _is_plain(name: str) -> bool:
    return name.isprintable() and "/" not in name and "\\" not in name and name not in {".", ".."}


def _suffixed(name: str, digest: ContentDigest) -> str:
    return f"{name}.{digest[:8]}"


def _stat(client: paramiko.SFTPClient, path: str) -> tuple[int, int] | None:
    try:
        attributes = client.stat(path)
    except FileNotFoundError:
        return None
    return attributes.st_size or 0, int(attributes.st_mtime or 0)


def _unchanged(client: paramiko.SFTPClient, path: str, file: RemoteFile) -> None:
    if _stat(client, path) != (file.size, file.modified):
        raise _still_written(file)


def _still_written(file: RemoteFile) -> Transient:
    return Transient(
        f"{file.name} changed while it was collected: it is still being written, or was replaced.",
        remedy="It is tried again; a replaced file becomes a delivery of its own.",
        code="FILE_MOVES",
    )


def _make_folder(client: paramiko.SFTPClient, path: str) -> None:
    """With the folders above it."""
    if path and _stat(client, path) is None:
        _make_folder(client, path.rpartition("/")[0])
        client.mkdir(path)
