"""A whole installation on loopback: SFTP server, Intacct simulator, settings, offices; for tests of the corridor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stampli_assets.sandbox.firm import SECRETS
from stampli_assets.sandbox.up import Sandbox
from stampli_assets.sandbox.x3.firm import X3_SECRETS
from stampli_assets.settings import Settings, parse_settings


def make_settings(folder: Path, sandbox: Sandbox, **erp: Any) -> Settings:
    """The committed sandbox settings with this sandbox's ports; mapping rules are copied to ``folder/mapping``."""
    mapping = folder / "mapping"
    mapping.mkdir(exist_ok=True)
    for file in (Path(__file__).resolve().parents[2] / "mapping" / "acme_us").glob("*.csv"):
        (mapping / file.name).write_bytes(file.read_bytes())
    return parse_settings(settings_content(sandbox, **erp), folder=folder)


def settings_content(sandbox: Sandbox, **erp: Any) -> dict[str, Any]:
    return {
        "landing": "var/landing",
        "ledger": "sqlite:///var/ledger.db",
        "connections": [
            {
                "name": "acme_us",
                "stampli": {
                    "host": "127.0.0.1",
                    "port": sandbox.sftp.port,
                    "username": "acme",
                    "password": {"secret": "sandbox_stampli_password"},
                    "host_keys": [sandbox.sftp.host_key],
                    "poll_seconds": 5,
                },
                "erp": {
                    "kind": "intacct",
                    "endpoint": sandbox.intacct.url,
                    "sender_id": "sandbox_ws",
                    "sender_password": {"secret": "sandbox_intacct_sender"},
                    "company_id": "ACME",
                    "entity_id": "100",
                    "user_id": "ws_user",
                    "user_password": {"secret": "sandbox_intacct_user"},
                    "settle_minutes": 0.2,
                    "reply_seconds": 5,
                    "backoff_seconds": 3,
                    **erp,
                },
                "mapping": "mapping",
            }
        ],
    }


@contextmanager
def running_sandbox(folder: Path, *, first_files: bool = False, x3: bool = False) -> Iterator[Sandbox]:
    """A sandbox on free ports, with its secrets in the environment; an empty outbound unless asked otherwise."""
    os.environ.update({**SECRETS, **(X3_SECRETS if x3 else {})})
    if not first_files:
        (folder / "sandbox").mkdir(parents=True, exist_ok=True)
        for name in ("exports", "exports_acme_cloud", "exports_acme_plant"):
            (folder / "sandbox" / f"{name}.json").write_text('{"exports": 0, "next_invoice": 1}')
    with Sandbox(folder / "sandbox", sftp_port=0, gateway_port=0, x3_ports=(0, 0) if x3 else None) as sandbox:
        yield sandbox
