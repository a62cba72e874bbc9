"""A real SSH server with Stampli's outbound directory and the archive beside it, on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Self

import asyncssh
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

HOST_KEY_SEED = "stampli-assets sandbox host key"


class SftpFaults:
    """What goes wrong next: ``drop_mid_download`` (``after_bytes``), ``archive_refused``, ``list_refused``, ``write_refused``,
    ``read_refused``, ``refuse_connection``.
    """

    def __init__(self) -> None:
        self._queued: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def queue(self, kind: str, *, times: int = 1, **details: Any) -> None:
        """Let ``kind`` happen at its next ``times`` occasions."""
        with self._lock:
            self._queued += [(kind, details)] * times

    def take(self, kind: str) -> dict[str, Any] | None:
        """The details of the next fault of that kind, which is then spent."""
        with self._lock:
            for place, (queued, details) in enumerate(self._queued):
                if queued == kind:
                    del self._queued[place]
                    return details
        return None


class SftpServer:
    """Runs in a thread of its own. ``root`` is what its accounts see as ``/``.

    The host key follows from ``host_key_seed``, so that a settings file can pin it before the server runs. It is good
    for the sandbox and for nothing else.
    """

    def __init__(
        self,
        root: Path,
        *,
        username: str,
        password: str,
        host: str = "127.0.0.1",
        port: int = 0,
        host_key_seed: str = HOST_KEY_SEED,
        authorized_key: str | None = None,
    ) -> None:
        self.root = root
        self.username = username
        self.password = password
        self.host = host
        self.port = port
        self.faults = SftpFaults()
        self.seen: Counter[str] = Counter()
        """How often: ``connections``, ``password`` and ``key`` sign-ins tried, ``opened`` files."""
        self._authorized_key = authorized_key
        self._key = _host_key(host_key_seed)
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._acceptor: Any = None

    @property
    def host_key(self) -> str:
        """The public key line to pin."""
        return str(self._key.export_public_key().decode()).strip()

    def start(self) -> None:
        """Serve; raises ``OSError`` when the port is taken."""
        (self.root / "outbound" / "archive").mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-sftp", daemon=True)
        self._thread.start()
        try:
            self._acceptor = self._call(self._listen())
        except OSError:
            self.stop()
            raise
        self.port = self._acceptor.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Close every connection and the port."""
        if self._thread is None:
            return
        if self._acceptor is not None:
            self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> Any:
        return await asyncssh.create_server(
            lambda: _Account(self),
            self.host,
            self.port,
            server_host_keys=[self._key],
            sftp_factory=lambda channel: _Directory(channel, self),
            reuse_address=True,
        )

    async def _close(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _host_key(seed: str) -> Any:
    secret = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())
    return asyncssh.import_private_key(secret.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))


class _Account(asyncssh.SSHServer):  # type: ignore[misc]
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: Any) -> None:
        self._server.seen["connections"] += 1
        if self._server.faults.take("refuse_connection") is not None:
            conn.abort()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.seen["password"] += 1
        return username == self._server.username and password == self._server.password

    def public_key_auth_supported(self) -> bool:
        return self._server._authorized_key is not None  # noqa: SLF001 - one server in two classes

    def validate_public_key(self, username: str, key: Any) -> bool:
        self._server.seen["key"] += 1
        return bool(key == asyncssh.import_public_key(self._server._authorized_key))  # noqa: SLF001


class _Directory(asyncssh.SFTPServer):  # type: ignore[misc]
    def __init__(self, channel: Any, server: SftpServer) -> None:
        super().__init__(channel, chroot=str(server.root).encode())
        self._server = server
        self._channel = channel
        self._drop_after: int | None = None

    def scandir(self, path: bytes) -> Any:
        if self._server.faults.take("list_refused") is not None:
            raise asyncssh.SFTPPermissionDenied("refused by the sandbox")
        return super().scandir(path)

    def open(self, path: bytes, pflags: int, attrs: Any) -> object:
        self._server.seen["opened"] += 1
        writes = bool(pflags & asyncssh.FXF_WRITE)
        if self._server.faults.take("write_refused" if writes else "read_refused") is not None:
            raise asyncssh.SFTPPermissionDenied("refused by the sandbox")
        fault = self._server.faults.take("drop_mid_download")
        self._drop_after = fault.get("after_bytes", 0) if fault is not None else None
        return super().open(path, pflags, attrs)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._drop_after is not None and offset + size > self._drop_after:
            self._channel.get_connection().abort()
            raise asyncssh.SFTPConnectionLost("dropped by the sandbox")
        return bytes(super().read(file_obj, offset, size))

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self._server.faults.take("archive_refused") is not None:
            raise asyncssh.SFTPPermissionDenied("refused by the sandbox")
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self._server.faults.take("archive_refused") is not None:
            raise asyncssh.SFTPPermissionDenied("refused by the sandbox")
        return super().posix_rename(oldpath, newpath)
