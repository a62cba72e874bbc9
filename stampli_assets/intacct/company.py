"""A Sage Intacct company and how we sign in to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret

VENDOR_DOMAIN = ".intacct.com"


@dataclass(frozen=True, slots=True)
class Company:
    """Times are in seconds. ``entity_id`` empty means the top level; ``base_currency`` and ``tax_solution`` are sent when
    given; ``adjustment_sign`` is the sign of a vendor's credit. ``ca_file`` is a private certificate authority (PEM),
    ``proxy`` what https goes through; verification is never off, and the environment's proxies are never used.
    """

    endpoint: str
    sender_id: str
    sender_password: Secret
    company_id: str
    user_id: str
    user_password: Secret
    entity_id: str = ""
    post_as: Literal["draft", "submit"] = "draft"
    base_currency: str = ""
    tax: Literal["refuse", "on_top", "inclusive"] = "refuse"
    tax_solution: str = ""
    adjustment_sign: Literal["negative", "positive"] = "negative"
    connect_seconds: float = 10
    reply_seconds: float = 960
    backoff_deadline_seconds: float = 60
    functions_per_request: int = 25
    ca_file: str = ""
    proxy: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What a session belongs to."""
        return (self.endpoint, self.sender_id, self.company_id, self.user_id, self.entity_id)

    def trusted_endpoint(self, answered: str) -> str:
        """The endpoint that a sign-in answered with, when it is the vendor's as much as the configured one.

        Raises:
            Misconfigured: it points elsewhere; nothing is sent there.
        """
        if not answered:
            return self.endpoint
        ours, theirs = urlsplit(self.endpoint), urlsplit(answered)
        if theirs.username is not None or theirs.password is not None:
            raise _elsewhere(ours.hostname, "an address with a user or password in it")
        same_host = (theirs.scheme, theirs.hostname, theirs.port) == (ours.scheme, ours.hostname, ours.port)
        both_vendors = all(
            address.scheme == "https" and (address.hostname or "").endswith(VENDOR_DOMAIN) for address in (ours, theirs)
        )
        if same_host or both_vendors:
            return answered
        raise _elsewhere(ours.hostname, f"{theirs.scheme}://{theirs.hostname}")


def _elsewhere(ours: str | None, told: str) -> Misconfigured:
    return Misconfigured(
        f"Intacct's sign-in answered with the endpoint {told}, which is not the configured host {ours} nor Sage's. Nothing "
        "was sent to it.",
        remedy="Check the endpoint in the settings; if it is right, tell your network administrator.",
        code="ENDPOINT",
    )
