"""Payment files through Dagster, in this process, over the whole sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import dagster as dg
import pytest
from builders.house import make_settings, running_sandbox

from stampli_assets.cli.ledger import _relearn
from stampli_assets.defs.build import build_definitions
from stampli_assets.defs.feeds import feed_of, feeds_of
from stampli_assets.sandbox.exports import export_csv, export_payments_csv
from stampli_assets.sandbox.intacct import ap_team
from stampli_assets.sandbox.intacct.payments import void
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.payments import payments
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Installation:
    """One installation of one connection; ``run`` runs a file as its sensor would."""

    def __init__(self, folder, sandbox) -> None:
        self.sandbox, self.settings = sandbox, make_settings(folder, sandbox)
        self.instance = dg.DagsterInstance.ephemeral()
        self.office = Offices(self.settings).open("acme_us")
        self.feeds = feeds_of(self.settings.connection("acme_us"))
        self.invoices = invoices(sandbox.firm, 6, today=TODAY)
        self.payments = payments(self.invoices, paid_on=TODAY)

    def put(self, name: str, content: bytes) -> None:
        self.sandbox.put(name, content)

    def run(self, name: str) -> dg.ExecuteInProcessResult:
        file = next(file for file in self.office.inbox.listing() if file.name == name)
        feed = feed_of(self.feeds, name)
        self.instance.add_dynamic_partitions(feed.partitions_name, [file.partition])
        job = build_definitions(self.settings).resolve_job_def(feed.job_name)
        return job.execute_in_process(
            instance=self.instance, partition_key=file.partition, raise_on_error=False, run_config=SILENT
        )

    def post_invoices(self, *, release: bool = True) -> None:
        self.put("invoices_1.csv", export_csv(self.invoices))
        assert self.run("invoices_1.csv").success
        if release:
            ap_team.release(self.sandbox.intacct.books)

    @property
    def due(self) -> Decimal:
        return sum((Decimal(bill["TRX_TOTALDUE"]) for bill in self.books["bills"]), Decimal())

    @property
    def books(self) -> dict:
        return self.sandbox.intacct.books.as_json()

    def standing(self) -> list[tuple[str, str]]:
        return [(one.finding.end, one.finding.code) for one in self.office.ledger.findings.standing("acme_us")]


@pytest.fixture
def installation(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        yield Installation(tmp_path, sandbox)


def metadata(ended: dg.ExecuteInProcessResult, asset: str) -> dict:
    events = ended.asset_materializations_for_node(asset)
    return {name: entry.value for event in events for name, entry in event.metadata.items()}


def test_payments_settle_their_bills_to_the_cent_and_the_file_is_archived(installation):
    installation.post_invoices()
    assert installation.due > 0
    installation.put("payments_1.csv", export_payments_csv(installation.payments))
    ended = installation.run("payments_1.csv")
    assert ended.success
    assert installation.due == 0
    assert len(installation.books["payments"]) == len(installation.payments)
    assert {one["FINANCIALENTITY"] for one in installation.books["payments"]} == {"CHK-OPER"}
    assert installation.office.inbox.listing() == []
    checks = {one.check_name: one.passed for one in ended.get_asset_check_evaluations()}
    assert checks == {"every_payment_is_valid": True, "every_payment_is_in_the_erp": True}


def test_payments_that_come_before_their_bills_wait_and_go_when_these_are_released(installation):
    installation.put("payments_1.csv", export_payments_csv(installation.payments))
    early = installation.run("payments_1.csv")
    assert not early.success
    assert set(installation.standing()) == {("waiting", "BILL_NOT_POSTED")}
    installation.post_invoices(release=False)
    assert not installation.run("payments_1.csv").success
    assert set(installation.standing()) == {("waiting", "BILL_NOT_RELEASED")}
    ap_team.release(installation.sandbox.intacct.books)
    assert installation.run("payments_1.csv").success
    assert (installation.due, installation.standing()) == (0, [])


def test_the_failed_step_tells_the_accountant_what_waits_and_what_to_do(installation):
    installation.post_invoices()
    first, *others = installation.payments
    wrong = replace(first, bank_account_id="PETTY CASH")
    installation.put("payments_1.csv", export_payments_csv([wrong, *others]))
    ended = installation.run("payments_1.csv")
    failure = next(event for event in ended.all_events if event.is_step_failure)
    told = failure.step_failure_data.user_failure_data.description
    assert "1 document(s) of this file are not settled: 1 held" in told
    assert "bank account 'PETTY CASH' does not exist in the ERP" in told
    assert len(installation.books["payments"]) == len(others)


def test_a_second_export_of_the_same_payments_records_nothing(installation):
    installation.post_invoices()
    for name, status in (("payments_1.csv", "PAID"), ("payments_2.csv", "CLEARED")):
        told = [replace(one, status=status, cleared_date="2026-11-21") for one in installation.payments]
        installation.put(name, export_payments_csv(told))
        assert installation.run(name).success
    assert len(installation.books["payments"]) == len(installation.payments)


def test_a_payment_that_is_voided_in_the_erp_is_reported_in_the_morning_and_one_voided_in_stampli_too_is_not(
    installation,
):
    installation.post_invoices()
    installation.put("payments_1.csv", export_payments_csv(installation.payments))
    assert installation.run("payments_1.csv").success
    first, second = installation.payments[:2]
    for one in (first, second):
        record = next(kept for kept in installation.books["payments"] if one.stampli_id in kept["DESCRIPTION"])
        void(installation.sandbox.intacct.books, record["RECORDNO"])
    told = replace(first, status="VOIDED", void_date="2026-11-21", void_reason="lost check")
    installation.put("payments_2.csv", export_payments_csv([told]))
    assert installation.run("payments_2.csv").success
    job = build_definitions(installation.settings).resolve_job_def("acme_us_look_back")
    job.execute_in_process(instance=installation.instance, run_config=SILENT)
    (standing,) = [
        one.finding for one in installation.office.ledger.findings.standing() if not one.finding.end.is_settled
    ]
    assert (standing.code, standing.document) == ("VOIDED_IN_ERP", second.number or second.stampli_id)


def test_a_ledger_that_is_lost_learns_the_payments_again_and_sends_nothing(installation):
    installation.post_invoices()
    content = export_payments_csv(installation.payments)
    installation.put("payments_1.csv", content)
    assert installation.run("payments_1.csv").success
    with installation.office.ledger.writing() as connection:
        connection.exec_driver_sql("DELETE FROM postings")
    learned = list(_relearn(installation.office))
    assert sum(len(one.settled) for one in learned) == len(installation.invoices) + len(installation.payments)
    assert [one.open for one in learned] == [(), ()]
    assert len(installation.books["payments"]) == len(installation.payments)
