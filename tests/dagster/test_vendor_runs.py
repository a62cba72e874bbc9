"""Vendor files and the other lists through Dagster, in this process, over the whole sandbox: Intacct, and X3 by REST."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import yaml
from builders.house import make_settings, running_sandbox, settings_content
from click.testing import CliRunner

from stampli_assets.cli.main import main
from stampli_assets.defs.build import build_definitions
from stampli_assets.defs.feeds import feed_of, feeds_of
from stampli_assets.sandbox.exports import (
    export_cost_centres_csv,
    export_gl_accounts_csv,
    export_vendors_csv,
)
from stampli_assets.sandbox.lists import NEW_VENDOR, accounts, cost_centres, vendors
from stampli_assets.sandbox.x3.firm import X3_TERMS
from stampli_assets.settings import Settings, parse_settings
from stampli_assets.wiring import Offices

ROOT = Path(__file__).resolve().parents[2]
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Installation:
    """One installation of one connection; ``run`` runs a file as its sensor would."""

    def __init__(self, folder: Path, sandbox, settings: Settings, name="acme_us", branch=None) -> None:
        self.folder, self.sandbox, self.settings, self.name, self.branch = folder, sandbox, settings, name, branch
        self.instance = dg.DagsterInstance.ephemeral()
        self.office = Offices(settings).open(name)

    def put(self, name: str, content: bytes) -> None:
        self.sandbox.put(name, content, self.branch)

    def run(self, name: str) -> dg.ExecuteInProcessResult:
        office = Offices(self.settings).open(self.name)
        landed = {
            found.file.name: found.partition
            for one in office.landing.deliveries(self.name)
            if (found := office.landing.find(self.name, one)) is not None
        }
        partition = {**landed, **{file.name: file.partition for file in office.inbox.listing()}}[name]
        feed = feed_of(feeds_of(office.connection), name)
        self.instance.add_dynamic_partitions(feed.partitions_name, [partition])
        job = build_definitions(self.settings, offices=Offices(self.settings)).resolve_job_def(feed.job_name)
        return job.execute_in_process(
            instance=self.instance, partition_key=partition, raise_on_error=False, run_config=SILENT
        )

    def standing(self) -> list[tuple[str, str, str]]:
        found = [one.finding for one in self.office.ledger.findings.standing(self.name)]
        return sorted((str(one.end), one.code, one.document) for one in found)

    def named(self) -> Counter[str]:
        """How many vendors of each name the ERP holds."""
        if self.branch is None:
            return Counter(one["NAME"] for one in self.sandbox.intacct.books.as_json()["masters"]["vendors"])
        (x3,) = (x3 for branch, x3 in self.sandbox.branches if branch is self.branch)
        return Counter(one["BPSNAM"] for one in x3.books.as_json()["masters"]["suppliers"])


@pytest.fixture
def intacct(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        yield Installation(tmp_path, sandbox, make_settings(tmp_path, sandbox))


@pytest.fixture
def plant(tmp_path):
    with running_sandbox(tmp_path, x3=True) as sandbox:
        branch, x3 = next(pair for pair in sandbox.branches if pair[0].name == "acme_plant")
        told = yaml.safe_load((ROOT / "stampli.yaml").read_text())
        (connection,) = (one for one in told["connections"] if one["name"] == branch.name)
        connection["stampli"] |= {"port": sandbox.sftp.port, "host_keys": [sandbox.sftp.host_key]}
        connection["erp"] |= {"base_url": x3.base_url, "reply_seconds": 5, "backoff_seconds": 3}
        connection["erp"] |= {"sending_seconds": 4, "settle_minutes": 0.25}
        connection["mapping"] = str(ROOT / "mapping" / "acme_x3")
        settings = parse_settings({**told, "connections": [connection]}, folder=tmp_path)
        yield Installation(tmp_path, sandbox, settings, branch.name, branch)


def metadata(ended: dg.ExecuteInProcessResult, asset: str) -> dict:
    events = ended.asset_materializations_for_node(asset)
    return {name: entry.value for event in events for name, entry in event.metadata.items()}


def checks(ended: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in ended.get_asset_check_evaluations()}


def changed(content: bytes, vendor: str, **cells: str) -> bytes:
    """The export with other cells of one vendor, columns added where it has none of them."""
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    titles = {name.replace("_", " "): text for name, text in cells.items()}
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys((*rows[0], *titles)), restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, **titles} if row["Vendor ID"] == vendor else row)
    return text.getvalue().encode()


def test_differences_and_missing_vendors_are_noticed_and_the_file_is_archived(intacct):
    intacct.put("vendors_1.csv", export_vendors_csv(vendors(intacct.sandbox.firm)))
    ended = intacct.run("vendors_1.csv")
    assert ended.success, intacct.standing()
    assert intacct.standing() == [
        ("noticed", "VENDOR_DIFFERS", "V-10002"),
        ("noticed", "VENDOR_MISSING", NEW_VENDOR.vendor_id),
    ]
    assert checks(ended) == {"every_vendor_is_valid": True, "vendors_agree_with_the_erp": False}
    assert intacct.office.inbox.listing() == []
    assert intacct.named()[NEW_VENDOR.name] == 0
    (check,) = (one for one in ended.get_asset_check_evaluations() if one.check_name == "vendors_agree_with_the_erp")
    table = check.metadata["What to look at"].value
    assert "98-7654321" in table
    assert intacct.sandbox.firm.vendors[1].tax_id in table


def test_a_vendor_that_intacct_lacks_is_created_once_where_the_settings_say_so(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        house = Installation(tmp_path, sandbox, make_settings(tmp_path, sandbox, create_vendors=True))
        content = changed(export_vendors_csv(vendors(sandbox.firm)), NEW_VENDOR.vendor_id, City="Brookpark")
        for name in ("vendors_1.csv", "vendors_2.csv"):
            house.put(name, content)
            assert house.run(name).success, house.standing()
        assert house.named()[NEW_VENDOR.name] == 1
        (kept,) = (
            one for one in sandbox.intacct.books.as_json()["masters"]["vendors"] if one["NAME"] == NEW_VENDOR.name
        )
        assert (kept["VENDORID"], kept["TAXID"], kept["TERMNAME"]) == ("V-10099", NEW_VENDOR.tax_id, NEW_VENDOR.term)
        assert (kept["CURRENCY"], kept["CITY"], kept["COUNTRYCODE"]) == ("USD", "Brookpark", "US")
        assert house.standing() == [("noticed", "VENDOR_DIFFERS", "V-10002")]


def test_a_vendor_file_of_a_branch_is_matched_and_what_x3_lacks_is_created_once(plant):
    content = export_vendors_csv(plant.sandbox.firm.trading)
    content = changed(content, "V-10005", City="Lorain", Postal_Code="44052", Address_Line_1="7 Quay")
    before = plant.named()
    for name in ("vendors_1.csv", "vendors_2.csv"):
        plant.put(name, content)
        assert plant.run(name).success, plant.standing()
    assert set((plant.named() - before).values()) == {1}
    assert plant.standing() == []
    (x3,) = (x3 for branch, x3 in plant.sandbox.branches if branch is plant.branch)
    (new,) = (one for one in x3.books.as_json()["masters"]["suppliers"] if one["BPSNUM"] == "V-10005")
    (told,) = (one for one in plant.sandbox.firm.vendors if one.vendor_id == "V-10005")
    assert (new["PTE"], new["CUR"], new["CRN"]) == (X3_TERMS[told.term], "USD", told.tax_id)
    (address,) = new["BPADDRESS"]
    assert (address["CTY"], address["POSCOD"], address["CRY"]) == ("Lorain", "44052", "US")


def test_a_vendor_that_may_be_two_of_the_erp_holds_its_file_until_a_rule_says_which(intacct):
    (twin,) = [one for one in intacct.sandbox.firm.vendors if one.vendor_id == "V-10012"]
    content = export_vendors_csv([twin]).replace(b"V-10012", b"SUM-1").replace(twin.tax_id.encode(), b"")
    intacct.put("vendors_1.csv", content)
    ended = intacct.run("vendors_1.csv")
    assert not ended.success
    assert [code for end, code, _ in intacct.standing() if end == "held"] == ["VENDOR_MAY_BE_KNOWN"]
    assert len(intacct.office.inbox.listing()) == 1
    with (intacct.folder / "mapping" / "vendors.csv").open("a") as rules:
        rules.write("SUM-1,V-10012,,,\n")
    assert intacct.run("vendors_1.csv").success
    assert intacct.standing() == []


def test_an_address_that_changes_between_two_files_stays_on_the_list_and_the_newer_file_rules(intacct):
    content = export_vendors_csv(intacct.sandbox.firm.vendors[:5])
    files = {
        "vendors_1.csv": changed(content, "V-10002", Address_Line_1="1 Mill Road", City="Akron"),
        "vendors_2.csv": changed(content, "V-10002", Address_Line_1="PO Box 99", City="Lagos"),
        "vendors_3.csv": changed(content, "V-10002", Address_Line_1="PO Box 99", City="Lagos"),
    }
    for name, told in files.items():
        intacct.put(name, told)
        assert intacct.run(name).success
        expected = [] if name == "vendors_1.csv" else [("noticed", "VENDOR_CHANGED", "V-10002")]
        assert intacct.standing() == expected
    assert intacct.run("vendors_1.csv").success
    (found,) = (one.finding for one in intacct.office.ledger.findings.standing())
    assert "1 Mill Road, Akron, US" in found.sentence
    assert "PO Box 99, Lagos, US" in found.sentence
    assert "vendors_2.csv" in found.sentence


def test_bank_details_are_not_kept_and_that_is_said(intacct):
    content = changed(export_vendors_csv(intacct.sandbox.firm.vendors[:3]), "V-10002", IBAN="DE89370400440532013000")
    intacct.put("vendors_1.csv", content)
    ended = intacct.run("vendors_1.csv")
    notes = metadata(ended, "acme_us__stampli_vendors")["Notes"]
    assert "'IBAN' looks like bank details; it was not read" in notes
    assert "a change of them cannot be seen here" in notes
    assert b"DE8937" not in b"".join(
        path.read_bytes() for path in (intacct.folder / "var" / "batches").rglob("*.parquet")
    )
    kept = [path for path in (intacct.folder / "var" / "landing").rglob("*") if path.is_file()]
    assert [path for path in kept if b"DE8937" in path.read_bytes()] == [
        path for path in kept if "objects" in path.parts
    ]


def test_noticed_differences_are_listed_by_the_command_line_and_need_nobody_at_once(intacct):
    intacct.put("vendors_1.csv", export_vendors_csv(vendors(intacct.sandbox.firm)))
    assert intacct.run("vendors_1.csv").success
    (intacct.folder / "stampli.yaml").write_text(yaml.safe_dump(settings_content(intacct.sandbox)))
    words = ["--settings", str(intacct.folder / "stampli.yaml"), "errors", "--json"]
    silent = CliRunner().invoke(main, words)
    assert (silent.exit_code, json.loads(silent.stdout)) == (0, [])
    told = CliRunner().invoke(main, [*words, "--noticed"])
    assert told.exit_code == 0
    found = {one["code"]: one for one in json.loads(told.stdout)}
    assert set(found) == {"VENDOR_DIFFERS", "VENDOR_MISSING"}
    assert (found["VENDOR_DIFFERS"]["column"], found["VENDOR_DIFFERS"]["file"]) == ("tax id", "vendors_1.csv")
    assert json.loads(CliRunner().invoke(main, [*words, "--rejected"]).stdout) == []


@pytest.mark.parametrize(
    ("name", "asset", "check"),
    [
        ("gl_accounts_1.csv", "stampli_gl_accounts", "every_gl_account_is_valid"),
        ("cost_centres_1.csv", "stampli_cost_centres", "every_cost_centre_is_valid"),
    ],
)
def test_gl_accounts_and_cost_centres_are_kept_for_the_alignment_and_archived_at_once(intacct, name, asset, check):
    content = {
        "stampli_gl_accounts": export_gl_accounts_csv(accounts(intacct.sandbox.firm)),
        "stampli_cost_centres": export_cost_centres_csv(cost_centres()),
    }[asset]
    intacct.put(name, content + content.splitlines(keepends=True)[1])
    ended = intacct.run(name)
    assert ended.success
    assert checks(ended) == {check: False}
    assert intacct.office.inbox.listing() == []
    (kept,) = (intacct.folder / "var" / "batches").rglob(f"{asset}/*.parquet")
    assert len(pd.read_parquet(kept)) == len(content.splitlines()) - 2
    assert {(end, code) for end, code, _ in intacct.standing()} == {("rejected", "KEY_TWICE")}
