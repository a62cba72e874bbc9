"""A ledger that has forgotten what the run history knows is not trusted; what changes in the ERP later is reported."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
import yaml
from builders.clock import FakeClock
from builders.house import make_settings, running_sandbox, settings_content
from click.testing import CliRunner

from stampli_assets.cli.ledger import _wait_out
from stampli_assets.cli.main import main
from stampli_assets.defs.anchors import Anchor, newest_anchor
from stampli_assets.defs.build import build_definitions, invoices_job_name
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.model.errors import Transient
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)


class House:
    """An installation whose run history is on disk, as the command line finds it."""

    def __init__(self, folder: Path, sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.settings = make_settings(folder, sandbox)
        (folder / "stampli.yaml").write_text(yaml.safe_dump(settings_content(sandbox)))
        (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        self.partitions: list[str] = []

    def run(self, name: str, count: int = 0, start: int = 1) -> dg.ExecuteInProcessResult:
        if count:
            self.sandbox.put(name, export_csv(invoices(self.sandbox.firm, count, today=TODAY, start=start)))
            listing = Offices(self.settings).open("acme_us").inbox.listing()
            self.partitions.append(next(file.partition for file in listing if file.name == name))
        definitions = build_definitions(self.settings)
        with dg.DagsterInstance.from_config(str(self.folder)) as instance:
            instance.add_dynamic_partitions(invoice_files_name("acme_us"), [self.partitions[-1]])
            job = definitions.resolve_job_def(invoices_job_name("acme_us"))
            return job.execute_in_process(instance=instance, partition_key=self.partitions[-1], raise_on_error=False)

    def stampli(self, *words: str):
        environment = {"DAGSTER_HOME": str(self.folder), "COLUMNS": "200", **os.environ}
        return CliRunner().invoke(main, ["--settings", str(self.folder / "stampli.yaml"), *words], env=environment)

    @property
    def ledger(self) -> Path:
        return self.folder / "var" / "ledger.db"

    def look_back(self) -> dg.ExecuteInProcessResult:
        job = build_definitions(self.settings).resolve_job_def("acme_us_look_back")
        with dg.DagsterInstance.from_config(str(self.folder)) as instance:
            return job.execute_in_process(instance=instance, raise_on_error=False)

    @property
    def list_of_what_is_open(self):
        return [one.finding for one in Offices(self.settings).open("acme_us").ledger.findings.standing()]


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with running_sandbox(tmp_path) as sandbox:
        yield House(tmp_path, sandbox)


def why(result: dg.ExecuteInProcessResult) -> str:
    return next(
        str(event.step_failure_data.user_failure_data.description)
        for event in result.all_events
        if event.is_step_failure
    )


def test_every_request_leaves_the_journals_head_in_the_run_history(house):
    assert house.run("a.csv", 2).success
    with dg.DagsterInstance.from_config(str(house.folder)) as instance:
        anchor = newest_anchor(instance, "acme_us")
    assert anchor is not None
    assert Offices(house.settings).open("acme_us").ledger.journal.knows(anchor.sequence, anchor.digest)


@pytest.mark.parametrize("lost", ["missing", "older"])
def test_a_ledger_that_is_missing_or_older_than_the_history_says_sends_nothing(house, lost):
    house.run("a.csv", 2)
    shutil.copy(house.ledger, house.folder / "backup.db")
    house.run("b.csv", 2, start=10)
    for file in house.ledger.parent.glob("ledger.db*"):
        file.unlink()
    if lost == "older":
        shutil.copy(house.folder / "backup.db", house.ledger)
    creates = house.sandbox.intacct.told()["creates"]
    result = house.run("c.csv", 2, start=20)
    assert not result.success
    assert "The ledger is not the one that wrote entry" in why(result)
    assert "stampli ledger rebuild" in why(result)
    assert house.sandbox.intacct.told()["creates"] == creates
    assert house.stampli("ledger", "check").exit_code == 1


def test_a_lost_ledger_is_rebuilt_from_the_landed_files_and_the_erp_without_sending(house):
    house.run("a.csv", 2)
    house.run("b.csv", 2, start=10)
    for file in house.ledger.parent.glob("ledger.db*"):
        file.unlink()
    sent = house.sandbox.intacct.told()["creates"]
    gone = next(iter(house.sandbox.intacct.books.bills))
    house.sandbox.intacct.books.write({"kind": "bill deleted", "record_no": gone})

    quick = settings_content(house.sandbox, settle_minutes=0.04, reply_seconds=1, backoff_seconds=0.5)
    (house.folder / "stampli.yaml").write_text(yaml.safe_dump(quick))
    words = ("ledger", "rebuild", "--by", "R. Controller", "--because", "the disk is broken")
    for _ in range(60):
        done = house.stampli(*words)
        if done.exit_code != 3:
            break
        time.sleep(0.2)  # what was sent last may still be on its way
    assert done.exit_code == 0, done.output
    assert "2 file(s), 3 document(s) adopted" in done.output
    assert "Not in the ERP as approved" in done.output
    assert house.sandbox.intacct.told()["creates"] == sent
    assert house.stampli("ledger", "check").exit_code == 0
    assert house.run("c.csv", 2, start=20).success


def test_a_rebuild_waits_until_what_was_sent_last_must_have_shown(house):
    clock = FakeClock()
    office = Offices(house.settings, clock=clock).open("acme_us")
    sent = Anchor(7, "d" * 64, "run-1", clock.now())
    with pytest.raises(Transient, match="may show in the ERP until 09:00 UTC"):
        _wait_out(office, sent)
    clock.pass_time(seconds=office.pace.settle.total_seconds())
    _wait_out(office, sent)


def test_a_bill_that_was_deleted_in_the_erp_is_reported_and_never_posted_again(house):
    house.run("a.csv", 3)
    assert house.look_back().success
    assert house.list_of_what_is_open == []
    bills = house.sandbox.intacct.books.bills
    deleted, changed, doubled = list(bills)
    number, vendor = bills[deleted]["RECORDID"], bills[deleted]["VENDORID"]
    house.sandbox.intacct.books.write({"kind": "bill deleted", "record_no": deleted})
    bills[changed]["TRX_TOTALENTERED"] = "1.00"
    bills["9999"] = {**bills[doubled], "RECORDNO": "9999"}

    evaluations = {one.asset_key.path[-1]: one for one in house.look_back().get_asset_check_evaluations()}
    assert {asset: one.passed for asset, one in evaluations.items()} == {"bills": False, "bill_payments": True}
    assert sorted(one.code for one in house.list_of_what_is_open) == [
        "CHANGED_IN_ERP", "DELETED_IN_ERP", "TWICE_IN_ERP",
    ]  # fmt: skip
    creates = house.sandbox.intacct.told()["creates"]
    house.run("a.csv")
    assert house.sandbox.intacct.told()["creates"] == creates

    said = house.stampli("decide", "gone", number, "--vendor", vendor, "--by", "R. C.", "--because", "paid in cash")
    assert said.exit_code == 0, said.output
    house.look_back()
    assert "DELETED_IN_ERP" not in [one.code for one in house.list_of_what_is_open]


def test_the_check_of_the_ledger_names_an_altered_journal(house):
    house.run("a.csv", 1)
    assert house.stampli("ledger", "check").exit_code == 0
    import sqlite3

    with sqlite3.connect(house.ledger) as database:
        database.execute("DROP TRIGGER journal_keeps_UPDATE")
        database.execute("UPDATE journal SET what = replace(what, 'sending', 'planned') WHERE seq = 3")
    told = house.stampli("ledger", "check")
    assert told.exit_code == 1
    assert "The journal was altered" in told.output
    assert "at entry 3" in told.output
