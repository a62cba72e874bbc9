"""The sandbox: an SFTP server, an Intacct gateway and two X3 folders on loopback, and a firm that keeps exporting."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from stampli_assets.sandbox.branches import Branch, Branches
from stampli_assets.sandbox.exports import (
    export_cost_centres_csv,
    export_csv,
    export_gl_accounts_csv,
    export_name,
    export_payments_csv,
    export_vendors_csv,
    list_name,
    payments_name,
)
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
from stampli_assets.sandbox.images import image, image_name
from stampli_assets.sandbox.intacct import ap_team
from stampli_assets.sandbox.intacct.server import IntacctSimulator, utc_now
from stampli_assets.sandbox.invoices import SampleInvoice, invoices
from stampli_assets.sandbox.lists import accounts, cost_centres, vendors
from stampli_assets.sandbox.mistakes import BRANCH_MISTAKES, MISTAKES, plant
from stampli_assets.sandbox.payments import payments
from stampli_assets.sandbox.sftp import SftpServer
from stampli_assets.sandbox.x3.firm import X3_SECRETS

FIRST_FILES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (12, ()),
    (8, ("inactive vendor", "unknown GL account", "missing department")),
    (6, ("total off by a cent", "impossible date")),
)
"""Size and mistakes of the exports that wait when the sandbox starts for the first time."""
FIRST_BRANCH_FILES: tuple[tuple[int, tuple[str, ...]], ...] = ((8, ()), (7, tuple(BRANCH_MISTAKES)))
"""The same for each branch that keeps its books in X3."""
MOST_UNPAID = 50
"""Exports that the firm still remembers to pay."""
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
        x3_ports: tuple[int, int] | None = None,
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
        self.branches = (
            Branches(self.firm, folder, host=host, cloud_port=x3_ports[0], plant_port=x3_ports[1], now=now)
            if x3_ports is not None
            else None
        )
        self._now = now
        self._folder = folder
        self._count = folder / "exports.json"

    def start(self) -> None:
        """Start every server; the first time, the first files are put into outbound, and the image of one invoice.

        Raises:
            SandboxError: a port is taken.
        """
        self._start("SFTP server", self.sftp.start, f"{self.sftp.host}:{self.sftp.port}", "--sftp-port")
        try:
            self._start("Intacct gateway", self.intacct.start, "its port", "--gateway-port")
            if self.branches is not None:
                self._start("X3 folders", self.branches.start, "their ports", "--x3-ports")
        except SandboxError:
            self.stop()
            raise
        if not self._count.exists():
            first = invoices(self.firm, 1, today=self._now().date())[0]
            self.put(image_name(first), image(first))
            for size, mistakes in FIRST_FILES:
                self._export(size, mistakes)
            self.drop_payments()
            self._drop_lists()
        for branch, _ in self.branches or ():
            (self.sftp.root / branch.name / "outbound" / "archive").mkdir(parents=True, exist_ok=True)
            if not self._count_of(branch).exists():
                for size, mistakes in FIRST_BRANCH_FILES:
                    self._export(size, mistakes, branch)
                self.put(list_name("vendors", self._now()), export_vendors_csv(self.firm.trading), branch)

    def stop(self) -> None:
        """Stop every server; the books stay."""
        if self.branches is not None:
            self.branches.stop()
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
        for turn, (branch, _) in enumerate(self.branches or ()):
            if exports % 2 == turn:
                self._export(1 + size // 2, (), branch)
        return self._export(size, mistakes)

    def drop_payments(self) -> str:
        """The firm pays the invoices of its oldest unpaid export; the file with the payments is put into outbound.

        Answers its name, or nothing where everything is paid.
        """
        told = self._told()
        if not told.get("unpaid"):
            return ""
        (start, size, day), *rest = told["unpaid"]
        paid = invoices(self.firm, size, today=date.fromisoformat(day), start=start)
        name = payments_name(self._now(), told["exports"])
        self.put(name, export_payments_csv(payments(paid, paid_on=self._now().date(), start=start)))
        self._tell({**told, "unpaid": rest})
        return name

    def _drop_lists(self) -> None:
        for kind, content in (
            ("vendors", export_vendors_csv(vendors(self.firm))),
            ("gl_accounts", export_gl_accounts_csv(accounts(self.firm))),
            ("cost_centres", export_cost_centres_csv(cost_centres())),
        ):
            self.put(list_name(kind, self._now()), content)

    def run_forever(self, stop: threading.Event) -> None:
        """Drop an export every ``every_seconds`` until told to stop; every third time the firm pays, too. The company's AP
        team releases the drafts of the last time.
        """
        for turn in itertools.count(1):
            if stop.wait(self.every_seconds):
                return
            ap_team.release(self.intacct.books, older_than=timedelta(seconds=self.every_seconds / 2))
            self.drop_export()
            if not turn % 3:
                self.drop_payments()

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
            **(self.branches.describe() if self.branches is not None else {}),
            "secrets": {**SECRETS, **(X3_SECRETS if self.branches is not None else {})},
        }

    def put(self, name: str, content: bytes, branch: Branch | None = None) -> None:
        """A file in outbound (of a branch), written beside and renamed, as a careful sender does."""
        outbound = self.sftp.root / (branch.name if branch is not None else "") / "outbound"
        beside = outbound / f".{name}.tmp"
        beside.write_bytes(content)
        beside.rename(outbound / name)

    def _export(self, size: int, mistakes: tuple[str, ...], branch: Branch | None = None) -> str:
        told, today = self._told(branch), self._now().date()
        good: list[SampleInvoice] = invoices(self.firm, size, today=today, start=told["next_invoice"])
        name = export_name(self._now(), told["exports"] + 1)
        self.put(name, export_csv(plant(good, mistakes)), branch)
        payable = [told["next_invoice"], size - len(mistakes), today.isoformat()]
        self._tell(
            {
                "exports": told["exports"] + 1,
                "next_invoice": told["next_invoice"] + size,
                "unpaid": [*told.get("unpaid", []), payable][-MOST_UNPAID:],
            },
            branch,
        )
        return name

    def _tell(self, told: dict[str, Any], branch: Branch | None = None) -> None:
        count = self._count_of(branch)
        beside = count.with_suffix(".tmp")
        beside.write_text(json.dumps(told))
        beside.replace(count)

    def _count_of(self, branch: Branch | None) -> Path:
        return self._folder / f"exports_{branch.name}.json" if branch is not None else self._count

    def _told(self, branch: Branch | None = None) -> dict[str, Any]:
        count = self._count_of(branch)
        if not count.exists():
            return {"exports": 0, "next_invoice": branch.first_invoice if branch is not None else 1}
        told: dict[str, Any] = json.loads(count.read_text())
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
