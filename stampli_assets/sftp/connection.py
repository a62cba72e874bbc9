"""A connection to a server that has proven who it is.

The host key is compared with the pinned ones before any credential is sent. No agent, no ``known_hosts``, no key files
are looked for: what the settings name is all there is.
"""

from __future__ import annotations

import base64
import hashlib
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import paramiko
from paramiko.sftp import CMD_READDIR

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.secret import Secret

WINDOW_BYTES = 16 * 1024 * 1024
WEAK = {
    "kex": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1"],
    "keys": ["ssh-rsa", "ssh-dss"],
    "pubkeys": ["ssh-rsa", "ssh-dss"],
    "macs": ["hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"],
    "ciphers": ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "blowfish-cbc"],
}
"""Algorithms that are never offered."""
CALL_SECONDS = 120
"""How long a listing, or the move of one file, may take in all."""
SLOWEST_BYTES_PER_SECOND = 16 * 1024
"""A download that is slower in all is given up."""
MOST_PACKET_BYTES = 1024 * 1024
"""Servers answer in packets of at most 256 KB."""
MOST_LISTING_BYTES = 32 * 1024 * 1024
"""About 200,000 names."""


@dataclass(frozen=True, slots=True)
class Server:
    """Stampli's SFTP server, how to sign in to it, and its two directories. ``connect_seconds`` bounds each step."""

    host: str
    port: int
    username: str
    password: Secret | None
    private_key: Secret | None
    passphrase: Secret | None
    host_keys: tuple[str, ...]
    outbound: str
    archive: str
    connect_seconds: float = 10

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


class _Bounded(paramiko.SFTPClient):
    """Refuses a packet that no server needs before its bytes are taken in, and a listing that does not end."""

    _listed = 0

    def _read_all(self, n: int) -> bytes:
        if n > MOST_PACKET_BYTES:
            raise paramiko.SSHException(f"it announced a packet of {n:,} bytes")
        return super()._read_all(n)  # type: ignore[misc]

    def _request(self, t: int, *args: Any) -> Any:
        answered = super()._request(t, *args)  # type: ignore[misc]
        if t == CMD_READDIR:
            self._listed += len(answered[1].asbytes())
            if self._listed > MOST_LISTING_BYTES:
                raise paramiko.SSHException(f"its listing does not end after {MOST_LISTING_BYTES:,} bytes")
        return answered


@contextmanager
def connected(server: Server, seconds: float = CALL_SECONDS) -> Iterator[paramiko.SFTPClient]:
    """An SFTP client over a transport whose host key is one of the pinned ones; all that is done with it ends within
    ``seconds``, however slowly the server trickles.

    Raises:
        Transient: the server does not answer.
        Misconfigured: its host key is another one, or it refuses the sign-in.
    """
    transport = greeted(server)
    late = threading.Event()
    timer = cut_after(seconds, transport, late)
    try:
        identify(server, transport)
        sign_in(server, transport)
        client = opened(transport)
        yield client
    except (paramiko.SSHException, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
            raise
        why = f"it did not come to an end within {seconds:.0f} seconds" if late.is_set() else _why(error)
        raise Transient(
            f"The connection to the SFTP server {server.address} was lost: {why}.",
            remedy="It is tried again. If it lasts, ask Stampli whether the server is in maintenance.",
            code="SFTP_LOST",
        ) from None
    finally:
        timer.cancel()
        transport.close()


def cut_after(seconds: float, transport: paramiko.Transport, late: threading.Event) -> threading.Timer:
    """A running timer that ends the connection, and says so; cancelled by whoever was in time."""

    def cut() -> None:
        late.set()
        transport.close()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    return timer


def opened(transport: paramiko.Transport) -> paramiko.SFTPClient:
    """The SFTP client of a transport that is signed in; raises what paramiko raises."""
    client = _Bounded.from_transport(transport, window_size=WINDOW_BYTES)
    assert client is not None
    channel = client.get_channel()
    assert channel is not None
    channel.settimeout(60)
    return client


def fingerprint(key_line: str) -> str:
    """How people compare host keys: ``SHA256:…`` of the key in ``ssh-ed25519 AAAA…``."""
    blob = base64.b64decode(key_line.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def greeted(server: Server) -> paramiko.Transport:
    """A transport that has shaken hands; who the server is has not been looked at, and nothing was told to it.

    Raises:
        Transient: the server does not answer.
    """
    try:
        wire = socket.create_connection((server.host, server.port), timeout=server.connect_seconds)
    except OSError as error:
        raise Transient(
            f"The SFTP server {server.address} does not answer: {_why(error)}.",
            remedy="Check host, port and firewall; it is tried again.",
            code="SFTP_UNREACHABLE",
        ) from None
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(wire, disabled_algorithms=WEAK)
    transport.banner_timeout = transport.auth_timeout = transport.handshake_timeout = server.connect_seconds
    try:
        transport.start_client(timeout=server.connect_seconds)
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        raise Transient(
            f"The SFTP server {server.address} did not complete the handshake: {_why(error)}.",
            remedy="It is tried again. If it lasts, the server may offer only outdated algorithms.",
            code="SFTP_HANDSHAKE",
        ) from None
    return transport


def identify(server: Server, transport: paramiko.Transport) -> None:
    """Refuse a stranger before anything is told to it."""
    key = transport.get_remote_server_key()
    shown = f"{key.get_name()} {key.get_base64()}"
    pinned = [" ".join(line.split()[:2]) for line in server.host_keys]
    if shown in pinned:
        return
    known = ", ".join(fingerprint(line) for line in pinned)
    raise Misconfigured(
        f"The SFTP server {server.address} shows the host key {fingerprint(shown)}; the settings pin {known}. "
        "No credential was sent.",
        remedy=f"Ask Stampli whether the key was changed. Only if so, add '{shown}' to host_keys beside the old one.",
        code="HOST_KEY",
    )


def sign_in(server: Server, transport: paramiko.Transport) -> None:
    """By private key, else by password.

    Raises:
        Misconfigured: the server refuses it, or the private key cannot be read.
    """
    try:
        if server.private_key is not None:
            transport.auth_publickey(server.username, _private_key(server))
        if not transport.is_authenticated() and server.password is not None:
            transport.auth_password(server.username, server.password.reveal())
    except paramiko.AuthenticationException:
        raise Misconfigured(
            f"The SFTP server {server.address} refuses the sign-in of {server.username}.",
            remedy="Check username, password or private key in the settings with Stampli.",
            code="SFTP_SIGN_IN",
        ) from None


def _private_key(server: Server) -> paramiko.PKey:
    assert server.private_key is not None
    passphrase = server.passphrase.reveal() if server.passphrase is not None else None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key: paramiko.PKey = kind.from_private_key(io.StringIO(server.private_key.reveal()), passphrase)
        except (paramiko.SSHException, ValueError):
            continue
        return key
    raise Misconfigured(
        f"The private key for {server.username} at {server.address} cannot be read.",
        remedy="Give an Ed25519, ECDSA or RSA key in PEM form, with its passphrase if it has one.",
        code="PRIVATE_KEY",
    )


def _why(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
