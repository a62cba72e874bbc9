"""What every section of the settings file keeps to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
VENDORS = ("intacct.com", "stampli.com", "sage.com", "sagex3.com")
"""Domains of the vendors' production hosts."""
PROXY = r"^(https?://[A-Za-z0-9.\[\]:_-]+/?)?$"
"""An address without a user or password in it: addresses are printed."""
PROXY_SAYS = (
    "What https goes through, such as http://proxy.example:3128; empty: nothing, whatever the environment says."
)


class Section(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SecretName(Section):
    """A reference to a secret: ``{secret: NAME}``."""

    secret: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="Letters, digits and underscores.")]


def is_vendors(host: str) -> bool:
    """Whether a host is one of a vendor's."""
    return any(f".{host.casefold()}".endswith(f".{domain}") for domain in VENDORS)
