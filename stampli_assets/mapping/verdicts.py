"""What the mapping says of one value: the ERP's word for it, or why a person must look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a value cannot be used: a stable code, half a sentence about the value, and what to do."""

    code: str
    because: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Found:
    """The ERP's word for a value."""

    code: str
    name: str = ""


Verdict = Found | Hold
