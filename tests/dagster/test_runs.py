"""Runs of the corridor through Dagster, in this process, over the whole sandbox."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from builders.house import make_settings, running_sandbox

from stampli_assets.defs.build import build_definitions, invoices_job_name
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import bad_files, plant
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)


class Installation:
    """One installation; :meth:`forget` is what deleting Dagster's home does."""

    def __init__(self, folder: Path, sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.settings = make_settings(folder, sandbox)
        self.forget()

    def forget(self) -> None:
        self.instance = dg.DagsterInstance.ephemeral()
        self.offices = Offices(self.settings)
        self.definitions = build_definitions(self.settings, offices=self.offices)

    @property
    def office(self):
        return self.offices.open("acme_us")

    def put(self, name: str, content: bytes) -> None:
        self.sandbox.put(name, content)

    def waiting(self) -> list[str]:
        return sorted(file.name for file in self.office.inbox.listing())

    def run_all(self) -> list[dg.ExecuteInProcessResult]:
        return [self.run(file.partition) for file in sorted(self.office.inbox.listing(), key=lambda one: one.name)]

    def run(self, partition: str) -> dg.ExecuteInProcessResult:
        self.instance.add_dynamic_partitions(invoice_files_name("acme_us"), [partition])
        job = self.definitions.resolve_job_def(invoices_job_name("acme_us"))
        return job.execute_in_process(
            instance=self.instance,
            partition_key=partition,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    @property
    def creates(self) -> int:
        return self.sandbox.intacct.told()["creates"]

    @property
    def numbers(self) -> list[str]:
        return sorted(bill["RECORDID"] for bill in self.sandbox.intacct.books.as_json()["bills"])

    def good(self, count: int, start: int = 1) -> bytes:
        return export_csv(invoices(self.sandbox.firm, count, today=TODAY, start=start))


@pytest.fixture
def house(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        yield Installation(tmp_path, sandbox)


def failure(result: dg.ExecuteInProcessResult) -> tuple[str, str, dict]:
    """The failed step, its sentence and its metadata."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    told = event.step_failure_data.user_failure_data
    return event.step_key, told.description, {key: value.value for key, value in told.metadata.items()}


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict:
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["acme_us", asset])
    ]
    return {key: value.value for key, value in event.materialization.metadata.items()}


def test_a_good_file_becomes_bills_and_moves_to_archive(house):
    house.put("invoices_1.csv", house.good(9))
    (result,) = house.run_all()
    assert result.success
    assert len(house.numbers) == 9
    assert house.waiting() == []
    told = metadata(result, "bills")
    assert (told["Bills"], told["Posted"], told["Already there"]) == (9, 9, 0)
    assert told["Archived as"] == "invoices_1.csv"
    assert all(number in told["Bills in the ERP"].replace("\\", "") for number in house.numbers)
    checks = {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}
    assert checks == {
        "every_invoice_is_valid": True,
        "lines_add_up_to_invoices": True,
        "every_document_is_in_the_erp": True,
    }


def test_every_request_to_the_erp_is_one_event_with_what_it_carried(house):
    house.put("invoices_1.csv", house.good(30))
    (result,) = house.run_all()
    observations = [e for e in result.all_events if e.event_type_value == "ASSET_OBSERVATION"]
    assert [e.asset_observation_data.asset_observation.metadata["Documents"].value for e in observations] in (
        [25, 5],
        [5, 25],
    )


def test_held_documents_fail_the_run_at_post_with_a_table_and_the_others_are_posted(house):
    content = export_csv(plant(invoices(house.sandbox.firm, 6, today=TODAY), ["inactive vendor", "unknown GL account"]))
    house.put("invoices_1.csv", content)
    (result,) = house.run_all()
    step, sentence, told = failure(result)
    assert step == "acme_us__bills.post"
    assert sentence.startswith("2 document(s) of this file are not settled: 2 held; 4 are posted.")
    assert "Activate vendor V-10037" in told["Unsettled documents"].replace("\\", "")
    assert (told["Posted"], told["Unsettled"]) == (4, 2)
    assert len(house.numbers) == 4
    assert house.waiting() == ["invoices_1.csv"]
    listed = Path(told["Error list (CSV)"]).read_text(encoding="utf-8-sig")
    assert listed.count("VENDOR_INACTIVE") == 1


def test_rejects_are_told_and_block_nobody(house):
    content = export_csv(plant(invoices(house.sandbox.firm, 5, today=TODAY), ["total off by a cent"]))
    house.put("invoices_1.csv", content)
    (result,) = house.run_all()
    assert result.success
    assert len(house.numbers) == 4
    assert house.waiting() == []
    assert "-0.01 USD apart" in metadata(result, "approved_invoices")["Rejects"].replace("\\", "")
    valid = next(e for e in result.get_asset_check_evaluations() if e.check_name == "every_invoice_is_valid")
    assert (valid.passed, valid.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_the_same_directory_again_renamed_and_after_forgetting_everything_sends_nothing(house):
    content = house.good(5)
    house.put("invoices_1.csv", content)
    house.run_all()
    assert house.creates == 5
    house.put("invoices_1.csv", content)
    house.put("invoices_renamed.csv", content)
    assert all(result.success for result in house.run_all())
    house.forget()
    house.put("invoices_again.csv", content)
    assert all(result.success for result in house.run_all())
    for store in (house.folder / "var").glob("ledger.db*"):
        store.unlink()
    house.forget()
    house.put("invoices_later.csv", content)
    (result,) = house.run_all()
    assert metadata(result, "bills")["Already there"] == 5
    assert house.creates == 5
    assert len(house.numbers) == 5
    assert house.waiting() == []


def test_the_same_bytes_under_another_name_are_named_as_such(house):
    house.put("invoices_1.csv", house.good(2))
    house.put("invoices_2.csv", house.good(2))
    _, second = house.run_all()
    assert "_invoices_1_" in metadata(second, "invoice_file")["Same content as"]


def test_a_materialized_file_can_be_materialized_again_from_the_landing_store(house):
    house.put("invoices_1.csv", house.good(3))
    (file,) = house.office.inbox.listing()
    assert house.run(file.partition).success
    assert house.waiting() == []
    assert house.run(file.partition).success
    assert house.creates == 3


@pytest.mark.parametrize("kind", ["empty", "without its columns", "another kind", "a workbook", "truncated"])
def test_a_file_that_cannot_be_believed_fails_in_one_sentence_and_stays_in_outbound(house, kind):
    house.put("invoices_bad.csv", bad_files(house.sandbox.firm, TODAY)[kind])
    (result,) = house.run_all()
    step, sentence, _ = failure(result)
    assert step == "acme_us__approved_invoices"
    assert sentence.startswith("invoices_bad.csv ")
    assert "\n" not in sentence
    assert house.waiting() == ["invoices_bad.csv"]
    assert house.creates == 0
    (finding,) = house.office.ledger.findings.standing("acme_us")
    assert finding.finding.end == "file refused"


def test_a_mended_mapping_settles_the_file_when_it_is_run_again(house):
    content = export_csv(plant(invoices(house.sandbox.firm, 3, today=TODAY), ["unknown GL account"]))
    house.put("invoices_1.csv", content)
    (first,) = house.run_all()
    assert not first.success
    with (house.folder / "mapping" / "gl_accounts.csv").open("a") as rules:
        rules.write("6999,66300,,,\n")
    (second,) = house.run_all()
    assert second.success
    assert metadata(second, "bills")["Bills"] == 3
    assert house.creates == 3
    assert house.office.ledger.findings.standing("acme_us") == []


def test_masters_are_assets_with_counts(house):
    job = house.definitions.resolve_job_def("__ASSET_JOB")
    masters = [dg.AssetKey(["acme_us", f"erp_{name}"]) for name in ("vendors", "gl_accounts", "dimensions")]
    result = job.execute_in_process(instance=house.instance, asset_selection=masters)
    assert metadata(result, "erp_vendors")["Records"] == 40
    assert metadata(result, "erp_vendors")["Inactive"] == 1


def test_no_secret_reaches_what_dagster_or_the_ledger_keep(house):
    house.put("invoices_1.csv", export_csv(plant(invoices(house.sandbox.firm, 3, today=TODAY), ["unknown vendor"])))
    (result,) = house.run_all()
    logs = "".join(str(record) for record in house.instance.all_logs(result.run_id))
    kept = b"".join(path.read_bytes() for path in (house.folder / "var").rglob("*") if path.is_file())
    for secret in ("sandbox-only-sftp", "sandbox-only-sender", "sandbox-only-user", "sandbox-session-"):
        assert secret not in logs
        assert secret.encode() not in kept
