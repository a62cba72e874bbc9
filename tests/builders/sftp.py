"""Builders around the sandbox's SSH server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from stampli_assets.model.secret import Secret
from stampli_assets.sandbox.sftp import SftpServer
from stampli_assets.sftp.connection import Server
from stampli_assets.sftp.inbox import SftpInbox

PASSWORD = "sandbox-only-password"


def make_server(root: Path, **given: Any) -> SftpServer:
    return SftpServer(root, username="acme", password=PASSWORD, **given)


def make_inbox(server: SftpServer, **given: Any) -> SftpInbox:
    values: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "username": "acme",
        "password": Secret(PASSWORD),
        "private_key": None,
        "passphrase": None,
        "host_keys": (server.host_key,),
        "outbound": "/outbound",
        "archive": "/outbound/archive",
    }
    return SftpInbox(Server(**{**values, **given}))


def drop(server: SftpServer, name: str, content: bytes = b"a,b\n1,2\n", *, modified: int = 1_795_000_000) -> Path:
    """A file in outbound with a known modification time."""
    path = server.root / "outbound" / name
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path
