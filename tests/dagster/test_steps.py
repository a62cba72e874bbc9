"""However a run ends, its file is on the list of what needs attention, and the machine goes on where it may."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import dagster as dg
import pytest
from builders.clock import FakeClock
from builders.house import make_settings, running_sandbox
from dagster._core.errors import DagsterExecutionInterruptedError

from stampli_assets.defs import failures
from stampli_assets.defs.build import build_definitions, invoices_job_name
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.defs.steps import step
from stampli_assets.defs.vanished import vanished
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.findings import End
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.wiring import Offices

PARTITION = "20261121T0900_a_00000000"


@pytest.fixture
def settings(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        yield make_settings(tmp_path, sandbox), sandbox


def office_of(settings, **given):
    return Offices(settings, **given).open("acme_us")


def away(settings):
    """The same installation while Stampli's server does not answer."""
    (connection,) = settings.connections
    stampli = connection.stampli.model_copy(update={"port": 1})
    return settings.model_copy(update={"connections": (connection.model_copy(update={"stampli": stampli}),)})


def list_of(office) -> list[tuple[End, str, str]]:
    return [(one.finding.end, one.finding.document, one.finding.code) for one in office.ledger.findings.standing()]


def context(status: dg.DagsterRunStatus) -> SimpleNamespace:
    run = SimpleNamespace(run_id="run-1", tags={"stampli/file": "a.csv"}, status=status)
    instance = SimpleNamespace(get_run_by_id=lambda _: run)
    return SimpleNamespace(
        run=run, instance=instance, partition_key=PARTITION, retry_number=0, log=logging.getLogger("test")
    )


def test_a_system_that_stays_away_puts_the_file_on_the_list_until_the_step_succeeds(settings, monkeypatch):
    monkeypatch.setattr(failures, "FIRST_WAIT_SECONDS", 0.01)
    made, sandbox = settings
    sandbox.put("a.csv", export_csv(invoices(sandbox.firm, 2, today=datetime(2026, 11, 21, tzinfo=UTC).date())))
    office = office_of(made)
    (file,) = office.inbox.listing()
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(invoice_files_name("acme_us"), [file.partition])

    def run(with_settings) -> dg.ExecuteInProcessResult:
        job = build_definitions(with_settings).resolve_job_def(invoices_job_name("acme_us"))
        return job.execute_in_process(
            instance=instance, partition_key=file.partition, raise_on_error=False, tags={"stampli/file": "a.csv"}
        )

    assert not run(away(made)).success
    assert list_of(office) == [(End.WAITING, "a.csv", "SFTP_UNREACHABLE")]
    assert run(made).success
    assert list_of(office) == []


def test_what_a_person_must_mend_is_on_the_list_with_its_remedy(settings):
    office = office_of(settings[0])
    with pytest.raises(dg.Failure), step(context(dg.DagsterRunStatus.STARTED), office, "collect"):
        raise Misconfigured("The server shows another host key.", remedy="Ask Stampli.", code="HOST_KEY")
    (found,) = office.ledger.findings.standing("acme_us")
    assert (found.finding.end, found.finding.code, found.finding.remedy) == (End.HELD, "HOST_KEY", "Ask Stampli.")
    assert found.file_name == "a.csv"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (dg.DagsterRunStatus.CANCELING, (End.HELD, "a.csv", "TERMINATED")),
        (dg.DagsterRunStatus.STARTED, (End.WAITING, "a.csv", "INTERRUPTED")),
    ],
)
def test_a_run_that_is_ended_from_outside_is_on_the_list_and_says_by_whom(settings, status, expected):
    office = office_of(settings[0])
    with pytest.raises(DagsterExecutionInterruptedError), step(context(status), office, "post"):
        raise DagsterExecutionInterruptedError
    assert list_of(office) == [expected]
    with step(context(status), office, "post"):
        pass
    assert list_of(office) == []


def test_a_list_that_cannot_be_written_does_not_hide_why_the_step_failed(settings, tmp_path):
    (tmp_path / "var" / "ledger.db").mkdir(parents=True)
    with (
        pytest.raises(dg.Failure, match="another host key"),
        step(context(dg.DagsterRunStatus.STARTED), office_of(settings[0]), "collect"),
    ):
        raise Misconfigured("The server shows another host key.")


@dg.op
def ends_without_a_word():
    raise RuntimeError


@dg.job
def corridor():
    ends_without_a_word()


def test_a_file_whose_run_ended_without_a_word_is_run_again_at_doubling_pauses(settings):
    clock, instance = FakeClock(datetime.now(UTC)), dg.DagsterInstance.ephemeral()
    office = office_of(settings[0], clock=clock)

    def fail() -> None:
        tags = {"stampli/connection": "acme_us", "stampli/file": "a.csv", "dagster/partition": PARTITION}
        corridor.execute_in_process(instance=instance, tags=tags, raise_on_error=False)

    fail()
    assert vanished(instance, office, told=()) == []
    clock.pass_time(minutes=2, seconds=5)
    assert [(one.partition, one.file_name) for one in vanished(instance, office, told=())] == [(PARTITION, "a.csv")]
    assert vanished(instance, office, told={PARTITION}) == []
    fail()
    clock.moment = datetime.now(UTC) + timedelta(minutes=3)
    assert vanished(instance, office, told=()) == []
    clock.moment = datetime.now(UTC) + timedelta(minutes=4, seconds=5)
    assert len(vanished(instance, office, told=())) == 1
