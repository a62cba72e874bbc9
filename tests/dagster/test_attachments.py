"""Images and answers through Dagster, over the whole sandbox: none of them touches a posting."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
import yaml
from builders.exports import as_csv
from builders.house import make_settings, running_sandbox, settings_content

from stampli_assets.defs.build import build_definitions, invoices_job_name
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.model.errors import Misconfigured
from stampli_assets.sandbox.exports import HEADERS, export_csv
from stampli_assets.sandbox.images import image, pdf
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import plant
from stampli_assets.settings import parse_settings
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)


class House:
    """One installation whose ``stampli`` section says more than usual."""

    def __init__(self, folder: Path, sandbox, **stampli) -> None:
        self.folder, self.sandbox = folder, sandbox
        make_settings(folder, sandbox)
        content = settings_content(sandbox)
        content["connections"][0]["stampli"] |= stampli
        self.settings = parse_settings(content, folder=folder)
        self.instance = dg.DagsterInstance.ephemeral()
        self.offices = Offices(self.settings)
        self.definitions = build_definitions(self.settings, offices=self.offices)

    @property
    def office(self):
        return self.offices.open("acme_us")

    @property
    def outbound(self) -> Path:
        return self.sandbox.sftp.root / "outbound"

    @property
    def bills(self) -> dict[str, dict]:
        return {bill["RECORDID"]: bill for bill in self.sandbox.intacct.books.as_json()["bills"]}

    @property
    def images(self) -> list[dict]:
        return self.sandbox.intacct.books.as_json()["supdocs"]

    def good(self, count: int = 3):
        return invoices(self.sandbox.firm, count, today=TODAY)

    def run(self, name: str = "invoices_1.csv", partition: str = "") -> dg.ExecuteInProcessResult:
        partition = partition or self.partition(name)
        self.instance.add_dynamic_partitions(invoice_files_name("acme_us"), [partition])
        return self.definitions.resolve_job_def(invoices_job_name("acme_us")).execute_in_process(
            instance=self.instance,
            partition_key=partition,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def partition(self, name: str) -> str:
        (file,) = [file for file in self.office.inbox.listing() if file.name == name]
        return file.partition


@pytest.fixture
def sandbox(tmp_path):
    with running_sandbox(tmp_path) as running:
        yield running


def with_column(sample, **files: str) -> bytes:
    """The export with the column Attachment File; ``files`` by invoice number."""
    rows = list(csv.DictReader(io.StringIO(export_csv(sample).decode(), newline="")))
    for row in rows:
        row["Attachment File"] = files.get(row["Invoice Number"], "")
    return as_csv(rows, headers=[*HEADERS, "Attachment File"])


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict:
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["acme_us", asset])
    ]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, str]:
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_key, event.step_failure_data.user_failure_data.description


def test_an_image_beside_the_export_is_attached_once_and_archived(tmp_path, sandbox):
    house = House(tmp_path, sandbox, attachments={"find_by": "name"})
    first, second, third = house.good()
    sandbox.put("invoices_1.csv", export_csv([first, second, third]))
    sandbox.put(f"{first.stampli_id}.pdf", image(first))
    (house.outbound / "attachments").mkdir()
    (house.outbound / "attachments" / f"{second.stampli_id}.pdf").write_bytes(image(second))
    partition = house.partition("invoices_1.csv")
    result = house.run(partition=partition)
    assert result.success
    told = metadata(result, "bill_attachments")
    assert (told["Images attached"], told["Bills without image"], told["Images archived"]) == (2, 1, 2)
    digests = {one["supdocid"]: one["files"][0]["sha256"] for one in house.images}
    for sample in (first, second):
        assert digests[house.bills[sample.number]["SUPDOCID"]] == hashlib.sha256(image(sample)).hexdigest()
    assert house.bills[third.number]["SUPDOCID"] == ""
    archive = house.outbound / "archive"
    assert (archive / f"{first.stampli_id}.pdf").exists()
    assert (archive / "attachments" / f"{second.stampli_id}.pdf").exists()

    writes = sandbox.intacct.told()["creates"]
    again = house.run(partition=partition)
    assert metadata(again, "bill_attachments")["Attached now"] == 0
    assert sandbox.intacct.told()["creates"] == writes
    assert len(house.images) == 2


def test_a_missing_image_fails_its_own_asset_only_and_is_attached_when_it_comes(tmp_path, sandbox):
    house = House(tmp_path, sandbox, attachments={"find_by": "column"})
    first, second, third = house.good()
    files = {first.number: "scan 1.pdf", second.number: "scan 2.pdf"}
    sandbox.put("invoices_1.csv", with_column([first, second, third], **files))
    sandbox.put("scan 1.pdf", image(first))
    partition = house.partition("invoices_1.csv")
    result = house.run(partition=partition)
    step, sentence = failure(result)
    assert step == "acme_us__bill_attachments"
    assert sentence.startswith("1 image(s) are not attached: 1 waiting. The bills of this file are settled")
    assert f"The image scan 2.pdf of {second.number}" in sentence
    assert len(house.bills) == 3
    assert not (house.outbound / "invoices_1.csv").exists()
    assert [one.finding.code for one in house.office.ledger.findings.standing("acme_us")] == ["IMAGE_MISSING"]

    sandbox.put("scan 2.pdf", image(second))
    assert house.run(partition=partition).success
    assert len(house.images) == 2
    assert house.office.ledger.findings.standing("acme_us") == []
    assert not list(house.outbound.glob("*.pdf"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("scan.pdf", b"<html>not found</html>", "does not begin like a PDF file"),
        ("scan.pdf", pdf(["x"])[:-10], "ends too early"),
        ("scan.pdf", pdf(["x"]) + b"%" * 1_000_000, "at most 1 MB are attached"),
        ("scan.exe", b"MZ", "none of pdf, png"),
        ("../scan.pdf", b"", "no plain file name"),
        (".scan.pdf", b"", "no plain file name"),
    ],
)
def test_what_is_no_image_is_never_attached(tmp_path, sandbox, name, content, words):
    house = House(tmp_path, sandbox, attachments={"find_by": "column", "megabytes": 1})
    (sample,) = house.good(1)
    sandbox.put("invoices_1.csv", with_column([sample], **{sample.number: name}))
    if "/" not in name:
        sandbox.put(name, content)
    step, sentence = failure(house.run())
    assert step == "acme_us__bill_attachments"
    assert words in sentence
    assert house.images == []
    assert len(house.bills) == 1


def test_a_name_that_could_mean_two_things_is_never_guessed(tmp_path, sandbox):
    house = House(tmp_path, sandbox, attachments={"find_by": "column"})
    (sample,) = house.good(1)
    sandbox.put("invoices_1.csv", with_column([sample], **{sample.number: "scan.pdf"}))
    (house.outbound / "attachments").mkdir()
    for folder in (house.outbound, house.outbound / "attachments"):
        (folder / "scan.pdf").write_bytes(image(sample))
    assert "lies in two folders" in failure(house.run())[1]
    assert house.images == []


def test_one_image_for_two_bills_goes_to_archive_when_both_have_it(tmp_path, sandbox):
    house = House(tmp_path, sandbox, attachments={"find_by": "column"})
    first, second = house.good(2)
    files = {first.number: "both.pdf", second.number: "both.pdf"}
    sandbox.put("invoices_1.csv", with_column([first, second], **files))
    sandbox.put("both.pdf", image(first))
    result = house.run()
    assert result.success
    assert metadata(result, "bill_attachments")["Images archived"] == 1
    assert len({bill["SUPDOCID"] for bill in house.bills.values()}) == 2


def test_what_a_person_attached_in_intacct_stays(tmp_path, sandbox):
    house = House(tmp_path, sandbox, attachments={"find_by": "name"})
    (sample,) = house.good(1)
    sandbox.put("invoices_1.csv", export_csv([sample]))
    partition = house.partition("invoices_1.csv")
    house.run(partition=partition)
    books = sandbox.intacct.books
    with books.lock:
        books.write({"kind": "bill", "record": {**house.bills[sample.number], "SUPDOCID": "OWN-1"}})
    sandbox.put(f"{sample.stampli_id}.pdf", image(sample))
    result = house.run(partition=partition)
    assert result.success
    assert house.bills[sample.number]["SUPDOCID"] == "OWN-1"
    assert house.images == []
    assert "carries an attachment of its own" in metadata(result, "bill_attachments")["Notes"]


def test_an_address_is_not_fetched_and_it_says_so(tmp_path, sandbox):
    house = House(tmp_path, sandbox, attachments={"find_by": "column"})
    rows = list(csv.DictReader(io.StringIO(export_csv(house.good(1)).decode(), newline="")))
    addressed = [{**row, "Attachment URL": "http://127.0.0.1:1/x.pdf"} for row in rows]
    sandbox.put("invoices_1.csv", as_csv(addressed, headers=[*HEADERS, "Attachment URL"]))
    result = house.run()
    assert result.success
    assert "Addresses are not fetched" in metadata(result, "bill_attachments")["Notes"]


def test_the_sandbox_comes_with_one_image_that_the_committed_settings_attach(tmp_path):
    committed = yaml.safe_load((Path(__file__).parents[2] / "stampli.yaml").read_text())["connections"][0]
    with running_sandbox(tmp_path, first_files=True) as sandbox:
        house = House(tmp_path, sandbox, attachments=committed["stampli"]["attachments"])
        first = min(file.name for file in house.office.inbox.listing() if file.name.startswith("invoices"))
        assert metadata(house.run(first), "bill_attachments")["Images attached"] == 1
        assert len(house.images) == 1


def test_images_are_off_unless_they_are_asked_for(tmp_path, sandbox):
    house = House(tmp_path, sandbox)
    (sample,) = house.good(1)
    sandbox.put("invoices_1.csv", export_csv([sample]))
    sandbox.put(f"{sample.stampli_id}.pdf", image(sample))
    assert house.run().success
    assert house.images == []
    assert (house.outbound / f"{sample.stampli_id}.pdf").exists()


def test_images_for_x3_are_refused_by_the_settings(tmp_path, sandbox):
    content = settings_content(sandbox)
    content["connections"][0]["stampli"]["attachments"] = {"find_by": "name"}
    content["connections"][0]["erp"] = {
        "kind": "x3", "api": "rest", "base_url": "https://x3.example.com", "endpoint": "ACMEPLANT", "site": "AC100",
        "sign_in": {"way": "basic", "user": "u", "password": {"secret": "p"}},
    }  # fmt: skip
    with pytest.raises(Misconfigured, match="attaches images in Sage Intacct only"):
        parse_settings(content, folder=tmp_path)


@pytest.mark.parametrize("directory", ["/outbound", "/outbound/", "/outbound/archive"])
def test_nothing_goes_home_into_outbound_itself(tmp_path, sandbox, directory):
    content = settings_content(sandbox)
    content["connections"][0]["stampli"]["rejects"] = directory
    with pytest.raises(Misconfigured, match="would come back as a new file"):
        parse_settings(content, folder=tmp_path)


def rejected_and_good(house) -> bytes:
    return export_csv(plant(house.good(4), ["impossible date", "total off by a cent"]))


def test_a_mended_reject_file_that_is_dropped_back_posts(tmp_path, sandbox):
    house = House(tmp_path, sandbox)
    sandbox.put("invoices_1.csv", rejected_and_good(house))
    first = house.run()
    assert len(house.bills) == 2
    path = Path(metadata(first, "approved_invoices")["Reject file"])
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    at = rows[0].index("Invoice Date")
    mended = [[*row[:at], row[at].replace("2026-11-31", "2026-11-15"), *row[at + 1 :]] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(mended)
    sandbox.put(path.name, text.getvalue().encode())
    second = house.run(path.name)
    assert second.success
    assert len(house.bills) == 3
    assert metadata(second, "approved_invoices")["Invoices rejected"] == 1


def test_rejects_and_acknowledgement_are_put_once_and_kept_here(tmp_path, sandbox):
    house = House(tmp_path, sandbox, rejects="/rejects", acknowledgements="/inbound")
    for folder in ("rejects", "inbound"):
        (sandbox.sftp.root / folder).mkdir()
    sandbox.put("invoices_1.csv", rejected_and_good(house))
    partition = house.partition("invoices_1.csv")
    result = house.run(partition=partition)
    assert metadata(result, "answers")["Files put"] == 2
    (reject,) = (sandbox.sftp.root / "rejects").iterdir()
    (ack,) = (sandbox.sftp.root / "inbound").iterdir()
    assert reject.read_bytes() == Path(metadata(result, "approved_invoices")["Reject file"]).read_bytes()
    assert ack.read_bytes() == Path(metadata(result, "bills")["Acknowledgement (CSV)"]).read_bytes()
    told = list(csv.DictReader(io.StringIO(ack.read_text(), newline="")))
    assert sorted(one["status"] for one in told) == ["POSTED", "POSTED", "REJECTED", "REJECTED"]
    posted = [one for one in told if one["status"] == "POSTED"]
    assert {one["erp_record_number"]: one["erp_record_id"] for one in posted} == {
        number: bill["RECORDNO"] for number, bill in house.bills.items()
    }
    assert all(one["posted_at"].endswith("+00:00") for one in posted)
    assert {one["code"] for one in told} == {"", "DATE_GRAMMAR", "TOTAL_MISMATCH"}
    assert all(one["stampli_invoice_id"].startswith("ST-") for one in told)

    reject.unlink()
    ack.unlink()
    again = house.run(partition=partition)
    assert again.success
    assert metadata(again, "answers")["Files put"] == 0
    assert not list((sandbox.sftp.root / "rejects").iterdir())


def test_a_delivery_that_fails_is_told_and_touches_no_posting(tmp_path, sandbox):
    house = House(tmp_path, sandbox, acknowledgements="/inbound")
    sandbox.put("invoices_1.csv", export_csv(house.good(2)))
    partition = house.partition("invoices_1.csv")
    result = house.run(partition=partition)
    assert failure(result) == (
        "acme_us__answers",
        f"/inbound does not exist on 127.0.0.1:{sandbox.sftp.port}. Check the directories in the settings; a file may also "
        "have been taken away meanwhile.",
    )
    assert len(house.bills) == 2
    assert not (house.outbound / "invoices_1.csv").exists()
    (sandbox.sftp.root / "inbound").mkdir()
    assert house.run(partition=partition).success
    assert len(list((sandbox.sftp.root / "inbound").iterdir())) == 1


def test_what_was_there_already_is_acknowledged_as_a_duplicate(tmp_path, sandbox):
    house = House(tmp_path, sandbox)
    sandbox.put("invoices_1.csv", export_csv(house.good(2)))
    house.run()
    for store in (tmp_path / "var").glob("ledger.db*"):
        store.unlink()
    again = House(tmp_path, sandbox)
    sandbox.put("invoices_2.csv", export_csv(again.good(2)))
    path = Path(metadata(again.run("invoices_2.csv"), "bills")["Acknowledgement (CSV)"])
    told = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert [(one["status"], one["posted_at"]) for one in told] == [("DUPLICATE", ""), ("DUPLICATE", "")]
