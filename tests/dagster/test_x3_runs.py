"""Invoices of the two branches that keep their books in Sage X3, through Dagster, over both APIs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
import yaml
from builders.crash import CrashAt

from stampli_assets.defs.build import build_definitions
from stampli_assets.defs.feeds import Feed, feed_of, feeds_of
from stampli_assets.sandbox.exports import export_csv, export_payments_csv
from stampli_assets.sandbox.firm import SECRETS
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import BRANCH_MISTAKES, plant
from stampli_assets.sandbox.payments import payments
from stampli_assets.sandbox.up import Sandbox
from stampli_assets.sandbox.x3.firm import BANK, X3_SECRETS
from stampli_assets.settings import Settings, parse_settings
from stampli_assets.wiring import Offices

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)
NEW_VENDOR = {"vendor_id": "V-77001", "vendor_name": "Brand New Bearings", "tax_id": "77-7700123"}


class Branch:
    """One branch's installation: its own settings with the sandbox's ports."""

    def __init__(self, folder: Path, sandbox: Sandbox, name: str) -> None:
        self.folder, self.sandbox, self.name = folder, sandbox, name
        self.branch, self.x3 = next((branch, x3) for branch, x3 in sandbox.branches if branch.name == name)
        self.settings = self._settings()
        self.instance = dg.DagsterInstance.ephemeral()

    def _settings(self, **erp) -> Settings:
        told = yaml.safe_load((ROOT / "stampli.yaml").read_text())
        (connection,) = (one for one in told["connections"] if one["name"] == self.name)
        connection["stampli"]["port"] = self.sandbox.sftp.port
        connection["erp"] |= {"base_url": self.x3.base_url, "reply_seconds": 5, "backoff_seconds": 3}
        connection["erp"] |= {"sending_seconds": 4, "settle_minutes": 0.25, **erp}
        connection["mapping"] = str(self.folder / "mapping")
        return parse_settings({**told, "connections": [connection]}, folder=self.folder)

    def put(self, name: str, *rows) -> None:
        self.sandbox.put(name, export_csv(rows), self.branch)

    def run(self, name: str, *, offices: Offices | None = None) -> dg.ExecuteInProcessResult:
        offices = offices or Offices(self.settings)
        office = offices.open(self.name)
        known = [office.landing.find(self.name, one) for one in office.landing.deliveries(self.name)]
        landed = {one.file.name: one.partition for one in known if one is not None}
        listed = {file.name: file.partition for file in office.inbox.listing()}
        partition = {**landed, **listed}[name]
        feed = feed_of(feeds_of(self.settings.connection(self.name)), name) or Feed(self.name, "invoices", "*.csv")
        self.instance.add_dynamic_partitions(feed.partitions_name, [partition])
        job = build_definitions(self.settings, offices=offices).resolve_job_def(feed.job_name)
        return job.execute_in_process(
            instance=self.instance,
            partition_key=partition,
            raise_on_error=False,
            tags={"stampli/file": name},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    @property
    def held(self) -> list[dict]:
        return self.x3.books.as_json()["supplier_invoices"]

    @property
    def suppliers(self) -> Counter[str]:
        return Counter(supplier["BPSNAM"] for supplier in self.x3.books.as_json()["masters"]["suppliers"])

    @property
    def open(self) -> list[tuple[str, str]]:
        standing = Offices(self.settings).open(self.name).ledger.findings.standing()
        return [(one.finding.document, one.finding.code) for one in standing if not one.finding.end.is_settled]

    def good(self, count: int, start: int = 5001):
        return invoices(self.sandbox.firm, count, today=TODAY, start=start)


@pytest.fixture(params=["acme_cloud", "acme_plant"])
def branch(request, tmp_path, monkeypatch):
    for name, value in {**SECRETS, **X3_SECRETS}.items():
        monkeypatch.setenv(name, value)
    mapping = tmp_path / "mapping"
    mapping.mkdir()
    for file in (ROOT / "mapping" / "acme_x3").glob("*.csv"):
        (mapping / file.name).write_text(file.read_text())
    sandbox_folder = tmp_path / "sandbox"
    sandbox_folder.mkdir()
    for name in ("exports", "exports_acme_cloud", "exports_acme_plant"):
        (sandbox_folder / f"{name}.json").write_text('{"exports": 0, "next_invoice": 1}')
    with Sandbox(sandbox_folder, sftp_port=0, gateway_port=0, x3_ports=(0, 0)) as sandbox:
        yield Branch(tmp_path, sandbox, request.param)


def test_invoices_arrive_with_their_dimensions_and_every_kind_of_supplier(branch):
    rows = branch.good(30)
    branch.put("a.csv", *rows)
    before = branch.suppliers
    result = branch.run("a.csv")
    assert result.success, branch.open
    assert {one["BPRVCR"]: Decimal(one["AMTATI"]) for one in branch.held} == {
        row.number: Decimal(row.cents) / 100 for row in rows
    }
    numbers = {one["BPR"] for one in branch.held}
    assert any(number.startswith("S") for number in numbers), "found by tax id"
    assert any(number.startswith("V-") for number in numbers), "found by number"
    assert branch.suppliers - before, "created"
    assert set(branch.suppliers.values()) <= {1, 2}  # two of the firm's vendors share a name
    coded = [line for one in branch.held for line in one["BPSINVLIG"]]
    assert all(line["BPSINVLIGA"] for line in coded)
    assert branch.run("a.csv").success
    assert len(branch.held) == 30


def test_a_new_vendor_of_ten_invoices_is_created_once(branch):
    branch.put("a.csv", *(replace(row, **NEW_VENDOR) for row in branch.good(10)))
    assert branch.run("a.csv").success, branch.open
    assert branch.suppliers["Brand New Bearings"] == 1
    assert len({one["BPR"] for one in branch.held}) == 1


def test_two_stampli_vendors_with_one_tax_id_are_one_supplier(branch):
    first, second = branch.good(2)
    branch.put("a.csv", replace(first, **NEW_VENDOR), replace(second, **{**NEW_VENDOR, "vendor_id": "V-77002"}))
    branch.run("a.csv")
    branch.run("a.csv")
    assert branch.suppliers["Brand New Bearings"] == 1
    assert len({one["BPR"] for one in branch.held}) == 1


@pytest.mark.parametrize("numbered_by", ["Stampli", "X3"])
@pytest.mark.parametrize("point", ["intent-recorded", "sent-not-recorded", "recorded"])
def test_a_crash_while_a_supplier_is_created_leaves_one_supplier_and_every_invoice_once(branch, point, numbered_by):
    """Where X3 gives the number, nothing but our own protocol stands against a second supplier."""
    vendor = NEW_VENDOR if numbered_by == "Stampli" else {**NEW_VENDOR, "vendor_id": ""}
    branch.x3.change_rules({"supplier_numbering": numbered_by == "X3"})
    branch.put("a.csv", *(replace(row, **vendor) for row in branch.good(2)))
    assert not branch.run("a.csv", offices=Offices(branch.settings, faults=CrashAt(point))).success
    for _ in range(3):
        if branch.run("a.csv").success:
            break
        pass_the_settle_window(branch)
    assert branch.open == []
    assert branch.suppliers["Brand New Bearings"] == 1
    assert Counter(one["BPRVCR"] for one in branch.held) == {row.number: 1 for row in branch.good(2)}


def test_a_lost_answer_is_read_back_and_nothing_is_doubled(branch):
    branch.x3.faults.queue("drop_after_commit", when="create")
    branch.put("a.csv", *branch.good(3))
    branch.run("a.csv")
    pass_the_settle_window(branch)
    assert branch.run("a.csv").success, branch.open
    assert Counter(one["BPRVCR"] for one in branch.held) == {row.number: 1 for row in branch.good(3)}


def test_what_is_held_says_what_to_do_and_the_rest_is_posted(branch):
    branch.put("a.csv", *plant(branch.good(5), ["unknown GL account"]))
    assert not branch.run("a.csv").success
    assert [code for _, code in branch.open] == ["ACCOUNT_UNKNOWN"]
    assert len(branch.held) == 4
    with (branch.folder / "mapping" / "gl_accounts.csv").open("a") as rules:
        rules.write("6999,66300,,,\n")
    assert branch.run("a.csv").success, branch.open
    assert len(branch.held) == 5


def test_a_closed_dimension_a_forbidden_account_or_pair_and_a_supplier_matched_twice_are_four_holds_with_remedies(
    branch,
):
    branch.put("a.csv", *plant(branch.good(7), tuple(BRANCH_MISTAKES)))
    assert not branch.run("a.csv").success
    standing = Offices(branch.settings).open(branch.name).ledger.findings.standing()
    told = {one.finding.code: one.finding for one in standing}
    assert set(told) == {mistake.code for mistake in BRANCH_MISTAKES.values()}
    assert "600" in told["DIMENSION_NOT_OPEN"].sentence
    assert "54100" in told["ACCOUNT_SITE"].sentence
    assert "'WAR'" in told["DIMENSION_FORBIDDEN"].sentence
    assert "60100" in told["DIMENSION_FORBIDDEN"].sentence
    assert "vendors.csv" in told["VENDOR_AMBIGUOUS"].remedy
    assert len(branch.held) == 3


def test_a_credit_a_taxed_invoice_a_foreign_currency_and_a_forbidden_pair_each_end_as_they_must(branch):
    rows = branch.good(5)
    credit, taxed, euro, off, pair = (replace(row, number=f"N-{place}") for place, row in enumerate(rows))
    (pair,) = plant([pair], ["dimension forbidden for the account"])
    told = {
        credit.number: {"Document Type": "CREDIT_MEMO", "Original Invoice Number": taxed.number, "sign": "-"},
        taxed.number: {"Tax Code": "S", "tax": 20},
        euro.number: {
            "Currency": "EUR",
            "Exchange Rate": "1.0901",
            "Exchange Rate Date": "2026-11-19",
            "Tax Code": "Z",
        },
        off.number: {"Tax Code": "S", "tax": 19},
        pair.number: {},
    }
    branch.sandbox.put("a.csv", written([credit, taxed, euro, off, pair], told), branch.branch)
    assert not branch.run("a.csv").success
    assert sorted(branch.open) == [(off.number, "ERP_TOTAL"), (pair.number, "DIMENSION_FORBIDDEN")]
    held = {one["BPRVCR"]: one for one in branch.held}
    kept = {number: (one["INVTYP"], one["CUR"], Decimal(one["AMTATI"])) for number, one in held.items()}
    vat = sum((Decimal(line.cents) / 500).quantize(Decimal("0.01")) for line in taxed.lines)
    assert kept == {
        credit.number: (2, "USD", Decimal(credit.cents) / 100),
        taxed.number: (1, "USD", Decimal(taxed.cents) / 100 + vat),
        euro.number: (1, "EUR", Decimal(euro.cents) / 100),
    }
    assert held[credit.number]["INVNUM"] == taxed.number
    assert {line["VAT"] for line in held[taxed.number]["BPSINVLIG"]} == {"V20"}
    assert (held[euro.number]["RATMLT"], held[euro.number]["RATDAT"]) == ("1.0901", "2026-11-19")
    assert not branch.run("a.csv").success
    assert len(branch.held) == 3


def written(rows, told) -> bytes:
    """The export with more cells by number; ``sign`` turns every amount round, ``tax`` is a percentage of each line."""
    reader = csv.DictReader(io.StringIO(export_csv(rows).decode()))
    more = ("Tax Code", "Tax Amount", "Exchange Rate", "Exchange Rate Date", "Original Invoice Number")
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys((*(reader.fieldnames or ()), *more)))
    writer.writeheader()
    lines = list(reader)
    for line in lines:
        cells = dict(told[line["Invoice Number"]])
        sign, percent = cells.pop("sign", ""), cells.pop("tax", None)
        line.update(cells)
        net = Decimal(line["Line Amount"])
        if percent is not None:
            line["Tax Amount"] = str((net * percent / 100).quantize(Decimal("0.01")))
        if sign:
            line["Line Amount"] = str(-net)
    for line in lines:
        own = [one for one in lines if one["Invoice Number"] == line["Invoice Number"]]
        total = sum(Decimal(one["Line Amount"]) + Decimal(one.get("Tax Amount") or 0) for one in own)
        writer.writerow({**line, "Invoice Total": str(total)})
    return text.getvalue().encode()


def test_no_supplier_is_created_where_the_settings_do_not_say_so(branch):
    (connection,) = branch.settings.connections
    erp = connection.erp.model_copy(update={"new_suppliers": None})
    changed = connection.model_copy(update={"erp": erp})
    branch.settings = branch.settings.model_copy(update={"connections": (changed,)})
    (row,) = branch.good(1)
    branch.put("a.csv", replace(row, **NEW_VENDOR))
    assert not branch.run("a.csv").success
    assert [code for _, code in branch.open] == ["VENDOR_UNKNOWN"]
    assert branch.suppliers["Brand New Bearings"] == 0


def test_the_preview_shows_the_exact_requests_and_what_would_be_created_and_writes_nothing(branch, tmp_path):
    from click.testing import CliRunner

    from stampli_assets.cli.main import main

    (tmp_path / "stampli.yaml").write_text(yaml.safe_dump(branch.settings.model_dump(mode="json", exclude_none=True)))
    new, known = branch.good(2)
    (tmp_path / "a.csv").write_bytes(export_csv([replace(new, **NEW_VENDOR), known]))
    words = ["--settings", str(tmp_path / "stampli.yaml"), "preview", str(tmp_path / "a.csv")]
    told = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert [one["code"] for one in told["findings"]] == ["SUPPLIER_NEW"]
    assert known.number in json.dumps(told["bills"])
    exact = CliRunner().invoke(main, [*words, "--xml"])
    assert known.number in exact.output
    assert (branch.held, branch.suppliers["Brand New Bearings"]) == ([], 0)


def test_the_start_up_check_says_what_this_x3_calls_otherwise(branch):
    renamed = {"acme_cloud": {"companyName": "supplierName"}, "acme_plant": {"BPSNAM": "YBPSNAM"}}[branch.name]
    office = Offices(branch.settings).open(branch.name)
    assert office.x3 is not None
    assert office.x3.check_names() == []
    branch.x3.publish_as(renamed)
    problems = Offices(branch.settings).open(branch.name).x3.check_names()
    assert any(next(iter(renamed.values())) in str(problem) for problem in problems)


def pass_the_settle_window(branch: Branch) -> None:
    """The settle window of these settings is fifteen seconds; the ledger's clock decides, so its intents grow older."""
    from sqlalchemy import text

    office = Offices(branch.settings).open(branch.name)
    with office.ledger.writing() as connection:
        connection.execute(
            text("UPDATE postings SET intent_at = '2026-01-01T00:00:00.000000+00:00' WHERE intent_at IS NOT NULL")
        )


def test_payments_are_recorded_in_x3_only_where_the_settings_say_so(branch):
    rows = branch.good(4)
    assert [feed.kind for feed in feeds_of(branch.settings.connection(branch.name)) if feed.kind == "payments"] == []
    branch.settings = branch._settings(payments={"method": "EFT"})
    (branch.folder / "mapping" / "funding_accounts.csv").write_text(
        f"stampli_account,erp_bank_account\nOPERATING,{BANK}\n"
    )
    made = payments(rows, paid_on=TODAY)
    branch.sandbox.put("payments_a.csv", export_payments_csv(made), branch.branch)
    assert not branch.run("payments_a.csv").success
    assert {code for _, code in branch.open} == {"BILL_NOT_POSTED"}
    branch.put("invoices_a.csv", *rows)
    assert branch.run("invoices_a.csv").success
    assert branch.run("payments_a.csv").success
    kept = branch.x3.books.as_json()["payments"]
    assert {one["BPR"] for one in kept} <= {one["BPR"] for one in branch.held}
    assert sorted(Decimal(one["AMTCUR"]) for one in kept) == sorted(Decimal(one.cents) / 100 for one in made)
    assert branch.open == []


def test_a_backfill_over_files_that_are_posted_creates_nothing(branch):
    for name, start in (("a.csv", 5001), ("b.csv", 5004)):
        branch.put(name, *branch.good(3, start))
        assert branch.run(name).success
    before, suppliers = branch.held, branch.suppliers
    for name in ("a.csv", "b.csv"):
        assert branch.run(name).success
    assert (branch.held, branch.suppliers) == (before, suppliers)
