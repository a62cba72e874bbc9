"""A whole Dagster over a sandbox: the project folder, the real daemon and web server, and what a person presses."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from builders.house import settings_content
from dagster._core.scheduler.instigation import TickStatus

from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.firm import SECRETS
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import plant
from stampli_assets.sandbox.up import Sandbox

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)
PATIENCE = 120
QUICK = """
from stampli_assets.ledger import leases
from stampli_assets.pipeline import again, post

leases.LIFE /= 5
again.FIRST_PAUSE /= 5
post.HEARTBEAT_SECONDS /= 5

from stampli_assets.defs import again_sensor, failures

failures.FIRST_WAIT_SECONDS /= 5
again_sensor.INTERVAL_SECONDS = 5

from stampli_assets.definitions import defs
"""
"""A code location of the product in which nobody has to wait for long; the proportions are the product's own."""
QUICK_WORKSPACE = "load_from: [{python_file: {relative_path: quick.py, location_name: stampli}}]"
ENDED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})


class Ui:
    """Dagster's own GraphQL, which is what its pages press."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            told = json.load(answer)
        assert "errors" not in told, told
        return told["data"]

    def runs(self) -> list[dict]:
        query = """{ runsOrError(limit: 100) { ... on Runs { results {
            runId status parentRunId tags { key value } stepStats { stepKey status } } } } }"""
        return self.ask(query)["runsOrError"]["results"]

    def wait_for(self, what, *, patience: float = PATIENCE):
        until = time.monotonic() + patience
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(0.5)
        pytest.fail(f"not within {patience} seconds; runs: {[(r['status'], r['stepStats']) for r in self.runs()]}")

    def ended(self, run_id: str) -> dict | None:
        run = next((run for run in self.runs() if run["runId"] == run_id), None)
        return run if run and run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} else None

    def rerun_from_failure(self, run_id: str) -> str:
        mutation = """mutation Again($p: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $p) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
        told = self.ask(mutation, p={"parentRunId": run_id, "strategy": "FROM_FAILURE"})["launchRunReexecution"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return told["run"]["runId"]

    def terminate(self, run_id: str) -> None:
        mutation = """mutation Stop($id: String!) { terminateRun(runId: $id) {
            __typename ... on TerminateRunFailure { message } ... on PythonError { message } } }"""
        told = self.ask(mutation, id=run_id)["terminateRun"]
        assert told["__typename"] == "TerminateRunSuccess", told

    def backfill(self, asset: list[str], partitions: list[str]) -> str:
        mutation = """mutation Fill($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
        told = self.ask(mutation, p={"assetSelection": [{"path": asset}], "partitionNames": partitions})
        assert told["launchPartitionBackfill"]["__typename"] == "LaunchBackfillSuccess", told
        return told["launchPartitionBackfill"]["backfillId"]

    def partitions(self) -> set[str]:
        tags = [tag for run in self.runs() for tag in run["tags"]]
        return {tag["value"] for tag in tags if tag["key"] == "dagster/partition"}

    def of_backfill(self, backfill: str) -> list[dict]:
        return [run for run in self.runs() if {"key": "dagster/backfill", "value": backfill} in run["tags"]]

    def stop_sensor(self, name: str) -> None:
        repository = 'repositoryLocationName: "stampli", repositoryName: "__repository__"'
        query = (
            f'{{ sensorOrError(sensorSelector: {{{repository}, sensorName: "{name}"}}) {{ ... on Sensor {{ id }} }} }}'
        )
        found = self.ask(query)["sensorOrError"]["id"]
        self.ask("mutation Stop($id: String!) { stopSensor(id: $id) { __typename } }", id=found)


def until(what: Callable[[], Any], *, patience: float = PATIENCE, why: Callable[[], object] = str) -> Any:
    """The first true answer of ``what``; the test fails with ``why`` when none comes."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"not within {patience} seconds; {why()}")


def install(
    folder: Path,
    sandbox: Sandbox,
    *,
    dagster: Mapping[str, Any] | None = None,
    shared: Path | None = None,
    quick: bool = False,
    **erp: Any,
) -> Path:
    """A project folder: settings with the sandbox's ports, mapping rules, ``dagster.yaml`` with some keys replaced.

    The landing store and the ledger are in ``shared`` where it is given. ``quick``: waits and leases are a fifth as long.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mapping = folder / "mapping"
    mapping.mkdir(exist_ok=True)
    for file in (ROOT / "mapping" / "acme_us").glob("*.csv"):
        (mapping / file.name).write_bytes(file.read_bytes())
    content = settings_content(sandbox, **erp)
    if shared is not None:
        content |= {"landing": str(shared / "landing"), "ledger": f"sqlite:///{shared / 'ledger.db'}"}
    (folder / "stampli.yaml").write_text(yaml.safe_dump(content))
    (folder / "workspace.yaml").write_text(QUICK_WORKSPACE if quick else (ROOT / "workspace.yaml").read_text())
    (folder / "quick.py").write_text(QUICK)
    configured = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    for key, given in (dagster or {}).items():
        configured[key] = {**configured.get(key, {}), **given}
    (folder / "dagster.yaml").write_text(yaml.safe_dump(configured))
    return folder


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a process of that installation."""
    return {**os.environ, **SECRETS, "STAMPLI_SETTINGS": str(folder / "stampli.yaml"), "DAGSTER_HOME": str(folder)}


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Dagster's daemon alone, as a child; stopped at the end, when it still runs."""
    (folder / "var").mkdir(exist_ok=True)
    with (folder / "var" / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run"],
            cwd=folder,
            env=surroundings(folder),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def controlled(sandbox: Sandbox) -> Counter[str]:
    """How often each document number is in the ERP's books."""
    return Counter(bill["RECORDID"] for bill in sandbox.intacct.books.as_json()["bills"])


def waiting(sandbox: Sandbox) -> list[str]:
    return sorted(path.name for path in (sandbox.sftp.root / "outbound").glob("*.csv"))


def archived(sandbox: Sandbox) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (sandbox.sftp.root / "outbound" / "archive").iterdir()}


def export_of(sandbox: Sandbox, count: int, *mistakes: str, start: int = 1) -> bytes:
    return export_csv(plant(invoices(sandbox.firm, count, today=TODAY, start=start), mistakes))


class Home:
    """One Dagster home with its daemon, read through its own storage; the current folder must be the home."""

    def __init__(self, folder: Path, dagster: dg.DagsterInstance) -> None:
        self.folder, self.dagster = folder, dagster

    def runs(self) -> list[dg.DagsterRun]:
        """Oldest first."""
        return list(reversed(self.dagster.get_runs()))

    def statuses(self) -> list[str]:
        return [run.status.value for run in self.runs()]

    def said(self, run_id: str) -> list[str]:
        """Every message of a run."""
        return [entry.user_message or entry.message for entry in self.dagster.all_logs(run_id)]

    def requests(self, run_id: str) -> int:
        """How many requests to the ERP the run has told of."""
        return len(self.dagster.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_OBSERVATION))

    def worker(self, run_id: str) -> int:
        """The id of the process that carries the run out."""
        for message in self.said(run_id):
            if found := re.search(r"Started process for run \(pid: (\d+)\)", message):
                return int(found.group(1))
        raise AssertionError(f"no process is named for run {run_id}: {self.said(run_id)}")

    def ticks(self, sensor: str) -> int:
        """How often a sensor has looked."""
        state = next(one for one in self.dagster.all_instigator_state() if one.instigator_name == sensor)
        ended = {TickStatus.SKIPPED, TickStatus.SUCCESS, TickStatus.FAILURE}
        return sum(
            tick.status in ended for tick in self.dagster.get_ticks(state.instigator_origin_id, state.selector_id)
        )

    def told(self) -> object:
        """How each run ended, and its last words."""
        return [(run.status.value, self.said(run.run_id)[-8:]) for run in self.runs()]

    def log(self) -> str:
        return (self.folder / "var" / "daemon.log").read_text()[-4000:]


@contextmanager
def home(folder: Path) -> Iterator[Home]:
    """The storage of an installation, made before its daemon starts: two processes that make it at once fail."""
    before = Path.cwd()
    os.chdir(folder)  # Dagster's storage lies where it is started
    try:
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            instance.get_runs(limit=1)
            instance.all_instigator_state()
            instance.get_dynamic_partitions("none")
            yield Home(folder, instance)
    finally:
        os.chdir(before)
