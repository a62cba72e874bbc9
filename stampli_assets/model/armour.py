"""How an encrypted export is recognised: by its first bytes, never by its name (RFC 9580, OpenPGP)."""

from __future__ import annotations

_PACKETS = {0x84: 2, 0x85: 3, 0x86: 5, 0x8C: 2, 0x8D: 3, 0xC1: None, 0xC3: None, 0xD2: None}
"""First bytes of an encrypted message (public-key, pass-phrase, protected data) and where its version stands."""


def is_pgp(head: bytes) -> bool:
    """Whether these first bytes begin an OpenPGP message, armoured or binary."""
    place = _PACKETS.get(head[0], 0) if head else 0
    if place is None:
        place = 2 if len(head) > 1 and head[1] < 192 else 3 if len(head) > 1 and head[1] < 224 else 6
    binary = bool(place) and len(head) > place and 1 <= head[place] <= 6
    return binary or head.lstrip().startswith(b"-----BEGIN PGP")
