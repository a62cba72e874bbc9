"""Stampli's server for `stampli ping`: from its name to a probe file in archive, one connection for all of it."""

from __future__ import annotations

import io
import secrets
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import TypeVar

import paramiko

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.probing import Look, Seen
from stampli_assets.network.reach import reached, resolved
from stampli_assets.sftp.connection import Server, cut_after, fingerprint, greeted, identify, opened, sign_in
from stampli_assets.sftp.inbox import SftpInbox

CONTENT = b"stampli ping: this file is removed at once.\n"
READ_BYTES = 4096
PROBE_SECONDS = 120
"""After the greeting, for all steps together."""
Answer = TypeVar("Answer")


class SftpProbe:
    """Implements the port :class:`~stampli_assets.model.probing.Probe`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._inbox = SftpInbox(server)
        self._open = ExitStack()
        self._late = threading.Event()
        self._transport: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None
        self._files: list[tuple[int, str]] = []

    def looks(self) -> Sequence[Look]:
        """Name, TCP, host key, sign-in, list, read, and a probe file in archive; each needs the one before."""
        return (
            Look("name", self._name),
            Look("TCP", self._tcp, ("name",)),
            Look("host key", self._host_key, ("TCP",)),
            Look("sign-in", self._sign_in, ("host key",)),
            Look("list outbound", self._list, ("sign-in",)),
            Look("read a file", self._read, ("list outbound",)),
            Look("archive is there", self._archive, ("sign-in",)),
            Look("move in archive", self._move, ("archive is there",)),
        )

    def close(self) -> None:
        """Hang up."""
        self._open.close()

    def _name(self) -> Seen:
        return Seen(f"{self._server.host} is {resolved(self._server.host, self._server.port)}.")

    def _tcp(self) -> Seen:
        return Seen(reached(self._server.host, self._server.port, self._server.connect_seconds))

    def _host_key(self) -> Seen:
        transport = self._transport = greeted(self._server)
        self._open.callback(transport.close)
        self._open.callback(cut_after(PROBE_SECONDS, transport, self._late).cancel)
        identify(self._server, transport)
        shown = transport.get_remote_server_key()
        return Seen(f"It shows the pinned key {fingerprint(f'{shown.get_name()} {shown.get_base64()}')}.")

    def _sign_in(self) -> Seen:
        assert self._transport is not None
        transport = self._transport
        try:
            sign_in(self._server, transport)
            self._client = opened(transport)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._lost(error) from None
        return Seen(f"{self._server.username} is signed in.")

    def _list(self) -> Seen:
        entries = self._listing()
        self._files = sorted((e.st_size or 0, e.filename) for e in entries if stat.S_ISREG(e.st_mode or 0))
        return Seen(f"{self._server.outbound} holds {len(self._files)} files.")

    def _read(self) -> Seen:
        if not self._files:
            return Seen(f"{self._server.outbound} is empty: there is no file to read.", untried=True)
        _, name = self._files[0]
        path = f"{self._server.outbound}/{name}"
        count = self._asked(path, lambda client: _some_bytes(client, path))
        return Seen(f"{count} bytes of {name!r} were read.")

    def _listing(self) -> list[paramiko.SFTPAttributes]:
        path = self._server.outbound
        return self._asked(path, lambda client: client.listdir_attr(path))

    def _archive(self) -> Seen:
        path = self._server.archive
        try:
            there = self._asked(path, lambda client: client.stat(path))
        except Misconfigured as refused:
            if refused.code != "SFTP_MISSING":
                raise
            return Seen(
                f"{path} does not exist yet. It is made when the first file is archived, if {self._server.username} may.",
                remedy="Ask Stampli to create the directory, or correct archive in the settings.",
            )
        if not stat.S_ISDIR(there.st_mode or 0):
            raise Misconfigured(f"{path} is no directory.", remedy="Correct archive in the settings.", code="ARCHIVE")
        return Seen(f"{path} is there.")

    def _move(self) -> Seen:
        name = f".stampli-ping-{secrets.token_hex(6)}"
        first, second = (f"{self._server.archive}/{one}" for one in (name, f"{name}.moved"))
        self._asked(first, lambda client: _moved(client, first, second))
        return Seen(
            "A probe file was written in archive, renamed and removed. Whether files may be taken out of outbound is seen "
            "only when the first one is archived."
        )

    def _asked(self, path: str, what: Callable[[paramiko.SFTPClient], Answer]) -> Answer:
        assert self._client is not None
        try:
            return what(self._client)
        except (paramiko.SSHException, EOFError) as error:
            raise self._lost(error) from None
        except OSError as error:
            if error.errno is None:
                raise self._lost(error) from None
            raise self._inbox.about(path, error) from None

    def _lost(self, error: Exception) -> Transient:
        why = str(error).strip().rstrip(".") or type(error).__name__
        if self._late.is_set():
            why = f"it did not come to an end within {PROBE_SECONDS} seconds"
        return Transient(
            f"The connection to {self._server.address} was lost: {why}.",
            remedy="Try again. If it lasts, ask Stampli whether the server is in maintenance.",
            code="SFTP_LOST",
        )


def _some_bytes(client: paramiko.SFTPClient, path: str) -> int:
    with client.open(path, "rb") as file:
        return len(file.read(READ_BYTES))


def _moved(client: paramiko.SFTPClient, first: str, second: str) -> None:
    """Whatever of it fails, nothing stays behind that can be removed."""
    try:
        client.putfo(io.BytesIO(CONTENT), first, file_size=len(CONTENT), confirm=True)
        client.rename(first, second)
        client.remove(second)
    except BaseException:
        for path in (first, second):
            with suppress(OSError, paramiko.SSHException, EOFError):
                client.remove(path)
        raise
