"""Signed JSON web tokens of a connected application: HS256 over its secret [D][S], RS256 over a private key.

Written by hand because the project carries no JWT library; a token is two JSON objects and a signature (RFC 7519).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret

Algorithm = Literal["HS256", "RS256"]


def signed(claims: Mapping[str, Any], secret: Secret, algorithm: Algorithm = "HS256") -> str:
    """The token of these claims; ``secret`` is the application's secret, or a private RSA key as PEM.

    Raises:
        Misconfigured: RS256 was asked for and the secret is no such key.
    """
    signing = f"{_packed({'alg': algorithm, 'typ': 'JWT'})}.{_packed(claims)}".encode()
    if algorithm == "HS256":
        signature = hmac.new(secret.reveal().encode(), signing, hashlib.sha256).digest()
    else:
        signature = _private_key(secret).sign(signing, padding.PKCS1v15(), hashes.SHA256())
    return f"{signing.decode()}.{_text(signature)}"


def _private_key(secret: Secret) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(secret.reveal().encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Misconfigured(
            "The secret of the connected application is no private RSA key (PEM, without a password).",
            remedy="Put the key into the secret, or set the algorithm to HS256 and use the application's secret.",
            code="ERP_SIGN_IN",
        )
    return key


def _packed(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
