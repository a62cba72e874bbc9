"""Stampli's server: ``connections[].stampli``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stampli_assets.sections.attachments import InvoiceImages
from stampli_assets.sections.section import SecretName, Section
from stampli_assets.stampli.layout_settings import (
    AccountLayout,
    CostCentreLayout,
    InvoiceLayout,
    PaymentLayout,
    VendorLayout,
)


class FilePatterns(Section):
    """Which names in outbound are which kind of file (shell patterns, case matters)."""

    invoices: str = "invoices*.csv"
    payments: Annotated[str, Field(description="Empty: no payment files are read.")] = "payments*.csv"
    vendors: Annotated[str, Field(description="Empty: no vendor files are read.")] = "vendors*.csv"
    gl_accounts: Annotated[str, Field(description="Empty: no GL account files are read.")] = "gl_accounts*.csv"
    cost_centres: Annotated[str, Field(description="Empty: no cost-centre files are read.")] = "cost_centres*.csv"


class StampliServer(Section):
    """Stampli's SFTP server and the directories of this connection on it."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    username: Annotated[str, Field(min_length=1)]
    password: SecretName | None = None
    private_key: SecretName | None = None
    passphrase: SecretName | None = None
    pgp_key: Annotated[
        SecretName | None, Field(description="The private key (armoured) that opens exports encrypted with PGP.")
    ] = None
    pgp_passphrase: SecretName | None = None
    host_keys: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="The server's public keys, 'ssh-ed25519 AAAA…'; two during a rotation."),
    ]
    outbound: str = "/outbound"
    archive: str = "/outbound/archive"
    poll_seconds: Annotated[int, Field(ge=5, le=86_400, description="How often outbound is listed.")] = 900
    files: FilePatterns = FilePatterns()
    layout: Annotated[InvoiceLayout, Field(description="Of invoice files.")] = InvoiceLayout()
    payment_layout: PaymentLayout = PaymentLayout()
    vendor_layout: VendorLayout = VendorLayout()
    gl_account_layout: AccountLayout = AccountLayout()
    cost_centre_layout: CostCentreLayout = CostCentreLayout()
    attachments: InvoiceImages = InvoiceImages()
    rejects: Annotated[
        str,
        Field(description="A directory of the server into which reject files are put; empty: they are kept here only."),
    ] = ""
    acknowledgements: Annotated[
        str, Field(description="The same for acknowledgements of archived invoice files, such as /inbound.")
    ] = ""
    files_per_tick: Annotated[int, Field(ge=1, le=1000, description="Runs requested per look at the most.")] = 25

    @field_validator("host_keys")
    @classmethod
    def _is_public_key(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not re.fullmatch(r"(ssh-ed25519|ecdsa-sha2-nistp\d+|ssh-rsa|rsa-sha2-\d+) [A-Za-z0-9+/=]+( .*)?", key):
                raise ValueError(f"{key[:40]!r} is no public key line such as 'ssh-ed25519 AAAA…'")
        return keys

    @field_validator("rejects", "acknowledgements")
    @classmethod
    def _is_elsewhere(cls, directory: str, info: ValidationInfo) -> str:
        if directory.rstrip("/") in {info.data.get("outbound", ""), info.data.get("archive", "")} - {""}:
            raise ValueError("must not be outbound or archive: what goes home would come back as a new file")
        return directory.rstrip("/")

    @model_validator(mode="after")
    def _one_way_in(self) -> StampliServer:
        if self.password is None and self.private_key is None:
            raise ValueError("give password or private_key")
        return self
