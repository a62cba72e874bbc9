"""What comes and goes over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import parse_qs

from stampli_assets.sandbox.x3.exact import dumps

MAINTENANCE = (
    b"<!doctype html><html><head><title>Maintenance</title></head><body><h1>503 Service Unavailable</h1>"
    b"<p>The folder is in maintenance. Please try again later.</p></body></html>"
)


@dataclass
class Call:
    """One HTTP request. ``named`` are the operations that it asks for, ``creates`` how many of them write."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes
    target: str = ""
    named: list[str] = field(default_factory=list)
    creates: int = 0
    fault: str = ""

    @property
    def authorization(self) -> str:
        """The header of that name."""
        return str(self.headers.get("Authorization") or "")

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form, the first value of each."""
        text = self.body.decode(errors="replace")
        return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


@dataclass
class Reply:
    """Status, content, its type, further headers."""

    status: int
    content: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Dropped(Exception):
    """The connection is closed without an answer."""


class Unauthorised(Exception):
    """The sign-in is refused; ``reply`` says so."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    """JSON, its decimals as exact numbers."""
    return Reply(status, dumps(value).encode(), "application/json; charset=utf-8", headers)


def as_text(words: str, status: int) -> Reply:
    """Plain text."""
    return Reply(status, words.encode(), "text/plain; charset=utf-8")


def invalid_token(number: int) -> Reply:
    """A bad token: 401 and ``Error NN: Invalid token``: 41 iss, 42 sub, 45 aud, 50 signature or expired [T]."""
    return as_text(f"Error {number}: Invalid token", 401)
