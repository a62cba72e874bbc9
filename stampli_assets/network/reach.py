"""Is a host there: its name, then its port. Nothing is said to it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from stampli_assets.model.errors import Transient

CONNECT_SECONDS = 10
_PORTS = {"http": 80, "https": 443}


def host_and_port(url: str) -> tuple[str, int]:
    """Where the server of an address listens."""
    address = urlsplit(url)
    return address.hostname or "", address.port or _PORTS.get(address.scheme, 443)


def resolved(host: str, port: int) -> str:
    """The IP addresses of a host name, as text.

    Raises:
        Transient: the name is not known here.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # a label that is too long is a UnicodeError
        raise Transient(
            f"The name {host} cannot be resolved: {_why(error)}.",
            remedy="Check the host name in the settings for a typing mistake, and this machine's DNS.",
            code="NAME",
        ) from None
    return ", ".join(dict.fromkeys(str(address[0]) for *_, address in found))


def reached(host: str, port: int, seconds: float = CONNECT_SECONDS) -> str:
    """That the port takes a TCP connection, as text; it is closed again at once.

    Raises:
        Transient: it does not within ``seconds``.
    """
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except OSError as error:
        raise Transient(
            f"{host} does not take a connection on port {port}: {_why(error)}.",
            remedy="Check host and port in the settings, then whether a firewall between here and there lets it pass.",
            code="PORT",
        ) from None
    return f"{host} takes connections on port {port}."


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", "") or type(error).__name__).rstrip(".")
