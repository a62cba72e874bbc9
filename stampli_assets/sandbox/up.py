"""The sandbox: an SFTP server and an Intacct gateway on loopback, and a firm that keeps exporting."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from stampli_assets.sandbox.exports import export_csv, export_name
from stampli_assets.sandbox.firm import (
    COMPANY,
    ENTITY,
    SECRETS,
    SENDER,
    SFTP_PASSWORD,
    SFTP_USER,
    USER,
    Firm,
)
from stampli_assets.sandbox.intacct.server import IntacctSimulator, utc_now
from stampli_assets.sandbox.invoices import SampleInvoice, invoices
from stampli_assets.sandbox.mistakes import MISTAKES, plant
from stampli_assets.sandbox.sftp import SftpServer

FIRST_FILES = (
    (12, ()),
    (8, ("inactive vendor", "unknown GL account", "missing department")),
    (6, ("total off by a cent", "impossible date")),
)
"""Size and mistakes of the exports that wait when the sandbox starts for the first time."""
HOLDS = tuple(kind for kind, mistake in MISTAKES.items() if mistake.ends_as == "hold")


class SandboxError(Exception):
    """The sandbox cannot start; the message says why and what to do."""


class Sandbox:
    """Everything under ``folder``: the SFTP root, the gateway's books, the count of exports. Ports of 0 take free ones."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 2026,
        sftp_port: int = 12022,
        gateway_port: int = 18080,
        host: str = "127.0.0.1",
        every_seconds: float = 60,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.firm = Firm(seed)
        self.every_seconds = every_seconds
        self.sftp = SftpServer(folder / "sftp", username=SFTP_USER, password=SFTP_PASSWORD, host=host, port=sftp_port)
        self.intacct = IntacctSimulator(
            self.firm.masters(), host=host, port=gateway_port, state=folder / "intacct", now=now
        )
        self._now = now
        self._count = folder / "exports.json"

    def start(self) -> None:
        """Start both servers; the first time, the first files are put into outbound.

        Raises:
            SandboxError: a port is taken.
        """
        self._start("SFTP server", self.sftp.start, f"{self.sftp.host}:{self.sftp.port}", "--sftp-port")
        try:
            self._start("Intacct gateway", self.intacct.start, "its port", "--gateway-port")
        except SandboxError:
            self.sftp.stop()
            raise
        if not self._count.exists():
            for size, mistakes in FIRST_FILES:
                self._export(size, mistakes)

    def stop(self) -> None:
        """Stop both servers; the books stay."""
        self.intacct.stop()
        self.sftp.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def drop_export(self) -> str:
        """Put the next export into outbound, whole; every fifth holds a mistake. Answers its name."""
        exports = self._told()["exports"]
        size = 2 + exports % 5
        mistakes = (HOLDS[(exports // 5) % len(HOLDS)],) if exports % 5 == 4 else ()
        return self._export(size, mistakes)

    def run_forever(self, stop: threading.Event) -> None:
        """Drop an export every ``every_seconds`` until told to stop."""
        while not stop.wait(self.every_seconds):
            self.drop_export()

    def describe(self) -> dict[str, Any]:
        """Every address, account and key that a client needs."""
        return {
            "sftp": {
                "host": self.sftp.host,
                "port": self.sftp.port,
                "username": SFTP_USER,
                "password": SFTP_PASSWORD,
                "host_key": self.sftp.host_key,
                "outbound": "/outbound",
                "archive": "/outbound/archive",
                "folder": str(self.sftp.root.resolve()),
            },
            "intacct": {
                "endpoint": self.intacct.url,
                "books": self.intacct.base_url,
                "sender_id": SENDER,
                "company_id": COMPANY,
                "entity_id": ENTITY,
                "user_id": USER,
            },
            "secrets": SECRETS,
        }

    def put(self, name: str, content: bytes) -> None:
        """A file in outbound, written beside and renamed, as a careful sender does."""
        outbound = self.sftp.root / "outbound"
        beside = outbound / f".{name}.tmp"
        beside.write_bytes(content)
        beside.rename(outbound / name)

    def _export(self, size: int, mistakes: tuple[str, ...]) -> str:
        told = self._told()
        good: list[SampleInvoice] = invoices(self.firm, size, today=self._now().date(), start=told["next_invoice"])
        name = export_name(self._now(), told["exports"] + 1)
        self.put(name, export_csv(plant(good, mistakes)))
        beside = self._count.with_suffix(".tmp")
        beside.write_text(json.dumps({"exports": told["exports"] + 1, "next_invoice": told["next_invoice"] + size}))
        beside.replace(self._count)
        return name

    def _told(self) -> dict[str, int]:
        if not self._count.exists():
            return {"exports": 0, "next_invoice": 1}
        told: dict[str, int] = json.loads(self._count.read_text())
        return told

    @staticmethod
    def _start(what: str, start: Callable[[], None], where: str, option: str) -> None:
        try:
            start()
        except OSError as error:
            raise SandboxError(
                f"The {what} cannot listen at {where}: {error.strerror or error}. Is a sandbox running already? "
                f"Otherwise choose another port with {option}."
            ) from None
