"""What an accountant does in the UI, over real daemon, web server and run processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from builders.house import running_sandbox, settings_content
from builders.ui import PATIENCE, TODAY, Ui, controlled, export_of, free_port
from playwright.sync_api import sync_playwright

from stampli_assets.cli.dagster_services import dagster_services
from stampli_assets.sandbox.firm import SECRETS
from stampli_assets.sandbox.mistakes import acceptance_file

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
pytestmark = pytest.mark.e2e


@pytest.fixture
def installed(tmp_path):
    """A project folder of its own, with the sandbox's servers in this process."""
    with running_sandbox(tmp_path) as sandbox:
        for name in ("dagster.yaml", "workspace.yaml"):
            (tmp_path / name).write_text((ROOT / name).read_text())
        mapping = tmp_path / "mapping"
        mapping.mkdir()
        for file in (ROOT / "mapping" / "acme_us").glob("*.csv"):
            (mapping / file.name).write_text(file.read_text())
        (tmp_path / "stampli.yaml").write_text(yaml.safe_dump(settings_content(sandbox)))
        yield tmp_path, sandbox


def step(run: dict, name: str) -> str:
    return next((s["status"] for s in run["stepStats"] if s["stepKey"].endswith(name)), "")


def test_two_hundred_invoices_three_problems_mended_one_after_the_other(installed):
    folder, sandbox = installed
    environment = {**SECRETS, "STAMPLI_SETTINGS": str(folder / "stampli.yaml")}
    with dagster_services(folder, port=free_port(), environment=environment) as address:
        ui = Ui(address)
        ui.wait_for(lambda: ui.ask("{ version }"))
        ui.stop_sensor("acme_us_unsettled")  # here a person reruns; the sensor that does it alone is tested elsewhere
        sandbox.put("invoices_200.csv", acceptance_file(sandbox.firm, TODAY))
        first = ui.wait_for(lambda: next((run for run in ui.runs() if run["status"] == "FAILURE"), None))
        assert step(first, "bills.post") == "FAILURE"
        assert len(controlled(sandbox)) == 197

        sandbox.intacct.change_master("vendors", "V-10037", {"STATUS": "active"})
        with (folder / "mapping" / "gl_accounts.csv").open("a") as rules:
            rules.write("6999,66300,,,decided by the controller\n")
        creates = sandbox.intacct.told()["creates"]
        second = ui.rerun_from_failure(first["runId"])
        ended = ui.wait_for(lambda: ui.ended(second))
        assert (ended["status"], step(ended, "bills.post")) == ("FAILURE", "FAILURE")
        assert step(ended, "approved_invoices") == ""
        assert sandbox.intacct.told()["creates"] - creates == 2
        assert len(controlled(sandbox)) == 199
        mended = [
            b for b in sandbox.intacct.books.bills.values() if any(line["ACCOUNTNO"] == "66300" for line in b["lines"])
        ]
        assert mended

        sandbox.intacct.change_master("accounts", "67100", {"REQUIREDEPT": "false"})
        third = ui.rerun_from_failure(second)
        assert ui.wait_for(lambda: ui.ended(third))["status"] == "SUCCESS"
        assert set(controlled(sandbox).values()) == {1}
        assert len(controlled(sandbox)) == 200
        outbound = sandbox.sftp.root / "outbound"
        assert [path.name for path in (outbound / "archive").iterdir()] == ["invoices_200.csv"]

        sandbox.put("invoices_more.csv", export_of(sandbox, 3, start=900))
        ui.wait_for(lambda: len(controlled(sandbox)) == 203 and not list(outbound.glob("*.csv")))
        creates = sandbox.intacct.told()["creates"]
        backfill = ui.backfill(["acme_us", "bills"], sorted(ui.partitions()))
        ui.wait_for(lambda: len([run for run in ui.of_backfill(backfill) if run["status"] == "SUCCESS"]) == 2)
        assert sandbox.intacct.told()["creates"] == creates


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_accountant_reads_on_the_page_what_to_do(installed):
    folder, sandbox = installed
    environment = {**SECRETS, "STAMPLI_SETTINGS": str(folder / "stampli.yaml")}
    sandbox.put("invoices_1.csv", export_of(sandbox, 4, "inactive vendor"))
    with (
        dagster_services(folder, port=free_port(), environment=environment) as address,
        sync_playwright() as playwright,
    ):
        ui = Ui(address)
        failed = ui.wait_for(lambda: next((run for run in ui.runs() if run["status"] == "FAILURE"), None))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(f"{address}/runs/{failed['runId']}")
        page.get_by_text("acme_us__bills.post", exact=True).first.click()
        page.get_by_text("is inactive in the ERP. → Activate vendor V-10037").first.wait_for()
        (partition,) = ui.partitions()
        page.goto(f"{address}/assets/acme_us/bills?view=partitions&partition={partition}")
        page.get_by_text("Failed (1)").wait_for()
        browser.close()


def stampli(folder: Path, *words: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        **SECRETS,
        "STAMPLI_SETTINGS": str(folder / "stampli.yaml"),
        "DAGSTER_HOME": str(folder),
    }
    command = [sys.executable, "-m", "stampli_assets.cli.main", *words]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("when", ["between requests", "inside a request"])
def test_a_killed_process_leaves_each_bill_in_the_books_once(installed, when):
    folder, sandbox = installed
    sandbox.put("invoices_60.csv", export_of(sandbox, 60))
    if when == "inside a request":
        sandbox.intacct.faults.queue("slow", skip=1, seconds=3)
    sandbox.intacct._pause = (0.2, 0.0)
    process = stampli(folder, "run", "--settle-seconds", "0.2")
    until = time.monotonic() + PATIENCE
    wanted = 2 if when == "inside a request" else 1
    while sum(entry["creates"] > 0 for entry in sandbox.intacct.requests) < wanted:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(controlled(sandbox)) < 60

    sandbox.intacct.faults.clear()
    time.sleep(3.5)  # what the killed process had sent is answered by now, to nobody
    stampli(folder, "run", "--settle-seconds", "0.2").wait(3 * PATIENCE)  # the dead run's lease is waited out
    time.sleep(12.5)  # the settle window of these settings is 12 seconds
    assert stampli(folder, "run", "--settle-seconds", "0.2").wait(PATIENCE) == 0
    assert controlled(sandbox) == dict.fromkeys(controlled(sandbox), 1)
    assert len(controlled(sandbox)) == 60
    assert list((sandbox.sftp.root / "outbound").glob("*.csv")) == []
