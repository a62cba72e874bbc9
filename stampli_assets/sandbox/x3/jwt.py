"""Signed JSON web tokens, HS256: what connected applications send and what the authorisation server gives out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any


class BadToken(Exception):
    """Not three parts of base64, or not signed by this secret."""


def sign(claims: dict[str, Any], secret: str) -> str:
    """The token of these claims."""
    body = f"{_packed({'alg': 'HS256', 'typ': 'JWT'})}.{_packed(claims)}"
    return f"{body}.{_text(_signature(body, secret))}"


def claims_of(token: str) -> dict[str, Any]:
    """The claims, whoever signed them."""
    parts = token.split(".")
    if len(parts) != 3:
        raise BadToken
    try:
        header, claims = (json.loads(_bytes(part)) for part in parts[:2])
    except (ValueError, binascii.Error):
        raise BadToken from None
    if not isinstance(claims, dict) or not isinstance(header, dict) or header.get("alg") != "HS256":
        raise BadToken
    return claims


def is_signed(token: str, secret: str) -> bool:
    """Whether the signature is of this secret."""
    body, _, signature = token.rpartition(".")
    try:
        return hmac.compare_digest(_bytes(signature), _signature(body, secret))
    except (ValueError, binascii.Error):
        return False


def _signature(body: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()


def _packed(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
