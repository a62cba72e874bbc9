"""``stampli audit`` as a person and a program use it: over a ledger of every ending, and over a whole installation."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pyarrow.parquet as pq
import pytest
import yaml
from builders.exports import as_csv, invoice
from builders.house import running_sandbox, settings_content
from builders.trails import fill
from click.testing import CliRunner
from openpyxl import load_workbook

from stampli_assets.cli.main import main
from stampli_assets.defs.anchors import HEAD
from stampli_assets.landing.store import LandingStore
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.remote import RemoteFile
from stampli_assets.reports import verify_journal
from stampli_assets.sandbox.exports import export_csv, export_payments_csv
from stampli_assets.sandbox.firm import SECRETS
from stampli_assets.sandbox.intacct import ap_team
from stampli_assets.sandbox.invoices import credit_memos, invoices
from stampli_assets.sandbox.mistakes import plant
from stampli_assets.sandbox.payments import payments

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)
NOBODY = SimpleNamespace(
    sftp=SimpleNamespace(port=1, host_key="ssh-ed25519 AAAA"), intacct=SimpleNamespace(url="http://127.0.0.1:1/gateway")
)
FORMULA = "=HYPERLINK(1)"
ESCAPE = "\x1b[2J"


class House:
    """An installation that nothing runs in, with what its audit trail says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "stampli.yaml").write_text(yaml.safe_dump(settings_content(NOBODY)))
        self.store = LedgerStore(f"sqlite:///{folder / 'var' / 'ledger.db'}")

    def fill(self) -> House:
        cells = {"Line Description": f"Paper {ESCAPE}", "Description": FORMULA, "Vendor_Name": "Old Mill Printing"}
        content = as_csv(invoice("INV 7", "100.00", "18.00", **cells), delimiter=",")
        remote = RemoteFile("invoices.csv", len(content), 1_795_000_000)
        self.landed = LandingStore(str(self.folder / "var" / "landing")).file("acme_us", remote, io.BytesIO(content))
        fill(self.store, self.landed)
        return self

    def ask(self, *words: str):
        environment = {**os.environ, "COLUMNS": "400", "DAGSTER_HOME": str(self.folder)}
        return CliRunner().invoke(
            main, ["--settings", str(self.folder / "stampli.yaml"), "audit", *words], env=environment
        )

    def anchor(self) -> None:
        """What a run leaves in Dagster's history."""
        number, digest = self.store.journal.head()
        told = dg.AssetMaterialization(["acme_us", "bills"], metadata={HEAD: f"{number} {digest}"})
        with dg.DagsterInstance.local_temp(str(self.folder)) as instance:
            instance.report_runless_asset_event(told)

    def sql(self, *statements: str) -> None:
        with sqlite3.connect(self.folder / "var" / "ledger.db") as database:
            for verb in ("UPDATE", "DELETE"):
                database.execute(f"DROP TRIGGER journal_keeps_{verb}")
            for statement in statements:
                database.execute(statement)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> House:
    """For questions that change nothing."""
    return House(tmp_path_factory.mktemp("audit")).fill()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("INV 7", ["bill INV 7", "118.00 USD", "posted since", "Posted, record 4001.", "4001 in Sage Intacct, ACME"]),
        ("INV 7", ["invoices.csv row 1", "SHA-256", "by rules m1, to GL accounts 62200", "archived as invoices.csv"]),
        ("INV 7", ["Control id  sa-", "-0001", "Intent recorded", "before a byte left", "The period closes today."]),
        ("INV 7", ["http://127.0.0.1:3000/runs/run-1", "release ", "Invoice Number: INV 7", "100.00", "18.00"]),
        ("A-1", ["already there since", "never; it was there already", "it agrees: adopted as record 77"]),
        ("H-1", ["held since", "Its total differs. Look at both.", "distinct by R. Controller: two deliveries"]),
        (
            "R-1",
            ["Refused by the ERP: The period is closed. Open it.", "Posted, record 4002", "2 times in all", "-0002"],
        ),
        ("U-1", ["No certain answer: No answer came.", "Found in the ERP by read-back, record 4003"]),
        ("U-2", ["Not in the ERP for certain; it may be sent again."]),
        ("U-3", ["R. Controller decided absent: looked, not there", "planned since"]),
        ("P-1", ["Approved anew in invoices.csv row 1, whose content counts now: 9.00 USD"]),
        ("JP-1", ["118 JPY", "refused since"]),
        ("CM-1", ["credit CM-1", "-118.00 USD", "record 5001"]),
        ("6001", ["payment NO-1", "118.00 USD"]),
        ("NO-1", ["payment NO-1", "void NO-1", "record without a number"]),
        ("V-900", ["supplier tax id US77", "V-900 in Sage Intacct"]),
        ("M-1", ["held", "The vendor is unknown.", "Add a rule.", "Invoice Number: INV 7"]),
    ],
)
def test_show_tells_how_each_kind_of_document_ended_and_why(house, document, told):
    done = house.ask("show", document)
    assert done.exit_code == 0, done.output
    for words in told:
        assert words in done.stdout


def test_show_without_what_would_steer_a_terminal(house):
    told = house.ask("show", "INV 7").stdout
    assert "Paper" in told
    assert "\x1b" not in told


def test_programs_are_told_the_rows_the_journal_and_the_digest(house):
    (told,) = json.loads(house.ask("show", "INV 7", "--json").stdout)["documents"]
    assert [row["row"] for row in told["rows"]] == [1, 2]
    assert told["rows"][1]["cells"]["Line Amount"] == "18.00"
    assert [entry["what"]["what"] for entry in told["journal"]] == ["planned", "sending", "posted"]
    assert (told["amount"], told["delivery"]["digest"]) == ("118.00 USD", house.landed.digest)


def test_a_vendor_a_file_and_a_run_are_lists(house):
    for words, count in ((["--vendor", "V-1"], 14), (["--file", "invoices.csv"], 13), (["--run", "run-2"], 1)):
        told = json.loads(house.ask("show", *words, "--json").stdout)
        assert len(told["documents"]) == count
        assert "rows" not in told["documents"][0]
    told = house.ask("show", "--file", house.landed.digest).output
    assert f"SHA-256 {house.landed.digest}, archived as invoices.csv" in told
    assert "13 document(s)" in told


def test_a_vendor_narrows_what_a_number_means(house):
    assert house.ask("show", "INV 7", "--vendor", "V-1").exit_code == 0
    assert house.ask("show", "INV 7", "--vendor", "V-2").exit_code == 2


def test_another_address_of_dagster_is_in_the_links(house):
    assert "https://dagster.example/runs/run-1" in house.ask("show", "INV 7", "--ui", "https://dagster.example/").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show"], "Name one document"),
        (["show", "A", "--file", "b"], "Name one document"),
        (["show", "--run", "a", "--vendor", "b"], "Name one document"),
        (["show", "nothing"], "The ledger knows no document nothing."),
        (["show", "--vendor", "V-404"], "The ledger knows no vendor V-404."),
        (["show", "--file", "none.csv"], "The ledger knows no file none.csv."),
        (["export"], "Give a form and a FILE"),
        (["export", "csv"], "Give a form and a FILE"),
        (["export", "pdf", "a.pdf"], "pdf"),
        (["export", "csv", "a.csv", "--from", "2026-12-01", "--to", "2026-11-01"], "ends before it begins"),
        (["export", "csv", "a.csv", "--from", "yesterday"], "yesterday"),
        (["export", "csv", "/no/such/folder/a.csv"], "cannot be written"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(house, words, told):
    done = house.ask(*words)
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output


def test_bytes_that_are_gone_or_altered_are_said_and_the_rest_is_told(tmp_path):
    house = House(tmp_path).fill()
    (kept,) = (path for path in (tmp_path / "var" / "landing" / "objects").rglob("*") if path.is_file())
    kept.write_bytes(kept.read_bytes().replace(b"100.00", b"100.01"))
    assert "was altered" in house.ask("show", "INV 7").stdout
    kept.unlink()
    told = house.ask("show", "INV 7").stdout
    assert "Its bytes are not in the landing store." in told
    assert "Posted, record 4001." in told


def exported(house, tmp_path, form: str, *words: str) -> Path:
    path = tmp_path / f"trail.{form}"
    done = house.ask("export", form, str(path), *words)
    assert done.exit_code == 0, done.output
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]
    return path


def test_the_csv_has_a_row_for_each_document_and_money_as_text_and_as_minor_units(house, tmp_path):
    rows = list(csv.DictReader(exported(house, tmp_path, "csv").open(encoding="utf-8-sig", newline="")))
    assert len(rows) == 14
    by_number = {(row["Document"], row["Kind"]): row for row in rows}
    posted, yen, credit = (by_number[key] for key in (("INV 7", "bill"), ("JP-1", "bill"), ("CM-1", "credit")))
    assert (posted["Amount"], posted["Minor units"], posted["Currency"]) == ("118.00", "11800", "USD")
    assert (yen["Amount"], yen["Minor units"], credit["Amount"]) == ("118", "118", "-118.00")
    assert posted["File SHA-256"] == house.landed.digest
    assert posted["Run address"] == "http://127.0.0.1:3000/runs/run-1"
    assert by_number["A-1", "bill"]["Result"] == "already there"


def test_the_workbook_has_a_frozen_header_filters_and_the_formats_of_its_currencies(house, tmp_path):
    sheet = load_workbook(exported(house, tmp_path, "xlsx")).active
    titles = [cell.value for cell in sheet[1]]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)
    assert (sheet.max_row, titles[:3]) == (15, ["Connection", "Kind", "Document"])
    at = {title: place for place, title in enumerate(titles)}
    rows = {row[at["Document"]].value: row for row in sheet.iter_rows(min_row=2)}
    amount, yen = rows["INV 7"][at["Amount"]], rows["JP-1"][at["Amount"]]
    assert (Decimal(str(amount.value)), amount.number_format, yen.number_format) == (Decimal(118), "#,##0.00", "#,##0")
    since = rows["INV 7"][at["State since"]]
    assert isinstance(since.value, datetime)
    assert since.number_format == "yyyy-mm-dd hh:mm:ss"


def test_the_parquet_file_is_typed(house, tmp_path):
    told = pq.read_table(exported(house, tmp_path, "parquet"))
    assert told.num_rows == 14
    assert {str(told.schema.field(name).type) for name in ("Minor units", "Row")} == {"int64"}
    assert str(told.schema.field("State since").type) == "timestamp[us, tz=UTC]"
    assert "118.00" in told["Amount"].to_pylist()


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_a_period_in_which_nothing_happened_is_a_file_with_titles(house, tmp_path, form):
    path = exported(house, tmp_path, form, "--from", "2001-01-01", "--to", "2001-12-31")
    titles = {
        "csv": lambda: path.read_text(encoding="utf-8-sig").strip().split(","),
        "xlsx": lambda: [cell.value for cell in load_workbook(path).active[1]],
        "parquet": lambda: pq.read_table(path).column_names,
    }[form]()
    assert ("Document" in titles, "Posting key" in titles) == (True, True)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_of_an_export_is_a_formula(tmp_path, form):
    from builders.bills import make_bill, make_source

    house = House(tmp_path)
    names = (FORMULA, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", f"{ESCAPE}=1", "#N/A")
    bills = [make_bill(f"{name}", vendor_name=name, vendor_id=f"V{place}") for place, name in enumerate(names)]
    house.store.postings.open(bills, make_source())
    path = tmp_path / f"trail.{form}"
    assert house.ask("export", form, str(path)).exit_code == 0
    if form == "csv":
        rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
        cells = [row[place] for row in rows[1:] for place in (rows[0].index("Document"), rows[0].index("Vendor name"))]
    else:
        found = [cell for row in load_workbook(path).active.iter_rows() for cell in row]
        assert {cell.data_type for cell in found} <= {"s", "n", "d"}
        cells = [str(cell.value) for cell in found if cell.data_type == "s"]
    assert f"'{FORMULA}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_an_exported_journal_is_verified_by_the_script_alone(house, tmp_path):
    path = tmp_path / "journal.jsonl"
    assert house.ask("export", "--journal", str(path)).exit_code == 0
    number, digest = house.store.journal.head()

    def verified(*words: str) -> subprocess.CompletedProcess:
        script = tmp_path / "verify_journal.py"
        script.write_text(Path(verify_journal.__file__).read_text())
        return subprocess.run(
            [sys.executable, "-I", str(script), *words], capture_output=True, text=True, check=False, timeout=30
        )

    assert verified(str(path)).returncode == 0
    whole = verified(str(path), str(number), digest.upper())
    assert (whole.returncode, digest in whole.stdout) == (0, True)
    assert f"Entry {number + 1} was noted elsewhere" in verified(str(path), str(number + 1), digest).stdout
    assert verified(str(path), "1", digest).returncode == 1
    assert (
        verified().returncode == verified(str(path), "x", digest).returncode == verified("none.jsonl").returncode == 2
    )
    path.write_text(path.read_text().replace("R. Controller", "R. Embezzler"))
    broken = verified(str(path))
    assert (broken.returncode, "is not as it was written" in broken.stdout) == (1, True)


def test_the_script_is_small_and_needs_nothing_but_python():
    source = Path(verify_journal.__file__).read_text()
    assert len(source.splitlines()) < 80
    assert "stampli_assets" not in source


def test_verify_says_that_nothing_was_edited_and_by_what_it_was_compared(tmp_path):
    house = House(tmp_path).fill()
    assert "whether the end was cut off cannot be told" in house.ask("verify").output
    house.anchor()
    done = house.ask("verify", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["postings"], told["anchors"], told["breaks"]) == (0, 14, 1, [])
    assert "cannot be told" not in done.output


def test_an_empty_trail_is_whole(tmp_path):
    assert House(tmp_path).ask("verify").exit_code == 0


@pytest.mark.parametrize(
    ("statement", "entry", "told"),
    [
        ("UPDATE journal SET at = '2026-01-01' WHERE seq = 5", 5, "Entry 5 of the journal is not as it was written"),
        ("UPDATE postings SET total = 99 WHERE number = 'INV 7'", None, "total is 99 and was written as 11800"),
        ("DELETE FROM journal WHERE seq > 6", 7, "knows entry"),
    ],
)
def test_verify_names_the_first_break_and_what_to_do(tmp_path, statement, entry, told):
    house = House(tmp_path).fill()
    house.anchor()
    house.sql(statement)
    done = house.ask("verify", "--json")
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["breaks"]
    assert (found["entry"], told in found["sentence"], bool(found["remedy"])) == (entry, True, True)
    assert "Not as written" in house.ask("verify").output


# A whole installation


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """Invoices of which one is held and one rejected, their payments; everything through the real corridor."""
    folder = tmp_path_factory.mktemp("installation")
    with running_sandbox(folder) as sandbox:
        (folder / "mapping").mkdir()
        for file in (ROOT / "mapping" / "acme_us").glob("*.csv"):
            (folder / "mapping" / file.name).write_bytes(file.read_bytes())
        (folder / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
        (folder / "stampli.yaml").write_text(yaml.safe_dump(settings_content(sandbox)))
        first, *rest = invoices(sandbox.firm, 4, today=TODAY)
        good = [replace(first, number="=1+1"), *rest[:1]]
        sent = [
            *good,
            *plant(rest[1:], ["unknown vendor", "total off by a cent"]),
            *credit_memos(sandbox.firm, 1, today=TODAY),
        ]
        sandbox.put("invoices_1.csv", export_csv(sent))
        assert stampli(folder, "run", "--settle-seconds", "0.2").returncode == 1
        ap_team.release(sandbox.intacct.books)
        sandbox.put("payments_1.csv", export_payments_csv(payments(good, paid_on=TODAY)))
        stampli(folder, "run", "--settle-seconds", "0.2")
        yield folder, sent


def stampli(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "stampli_assets.cli.main", *words],
        cwd=folder,
        env={**os.environ, "STAMPLI_SETTINGS": str(folder / "stampli.yaml"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_posted_bill_is_told_from_its_rows_to_the_payment_that_settles_it(settled):
    folder, (first, *_) = settled
    told = stampli(folder, "audit", "show", first.number)
    assert told.returncode == 0, told.stderr
    for words in (
        "bill =1+1",
        "Paid by     payment ",
        f"Vendor ID: {first.vendor_id}",
        "/runs/",
        "Invoice Number: =1+1",
    ):
        assert words in told.stdout
    (payment,) = (line.split()[3] for line in told.stdout.splitlines() if "Paid by" in line)
    assert first.number in stampli(folder, "audit", "show", payment).stdout


def test_what_was_held_or_rejected_is_told_with_its_rows(settled):
    folder, (_, _, held, rejected, _) = settled
    for one, word in ((held, "V-99999"), (rejected, "add up to")):
        told = stampli(folder, "audit", "show", one.number).stdout
        assert word in told
        assert f"Invoice Number: {one.number}" in told


def test_what_the_corridor_wrote_is_whole_and_anchored(settled):
    done = stampli(settled[0], "audit", "verify", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["breaks"]) == (0, [])
    assert told["anchors"] >= 3


def test_nothing_in_the_trail_holds_a_secret(settled):
    folder, sent = settled
    said = [stampli(folder, "audit", "show", one.number, "--json").stdout for one in sent]
    for form in ("csv", "parquet"):
        assert stampli(folder, "audit", "export", form, f"out.{form}", "--journal", "out.jsonl").returncode == 0
    written = [(folder / name).read_bytes() for name in ("out.csv", "out.parquet", "out.jsonl")]
    content = b"".join([*written, *(text.encode() for text in said)])
    assert len(content) > 10_000
    for name, secret in SECRETS.items():
        assert secret.encode() not in content, name
