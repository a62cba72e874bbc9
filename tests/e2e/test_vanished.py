"""Run workers that vanish, and Dagster's three retry paths, over the real daemon."""

from __future__ import annotations

import os
import re
import signal

import pytest
from builders.house import running_sandbox
from builders.ui import archived, controlled, daemon, export_of, home, install, until, waiting

from stampli_assets.ledger.store import LedgerStore

SHORT = {
    "run_monitoring": {"poll_interval_seconds": 2, "free_slots_after_run_end_seconds": 2},
    "concurrency": {"runs": {"max_concurrent_runs": 2}, "pools": {"granularity": "op", "default_limit": 1}},
}
LONG = 240
KILLED_TWICE = ["FAILURE", "FAILURE", "SUCCESS"]
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A home with its daemon running over a sandbox."""
    folder = tmp_path_factory.mktemp("vanished")
    with running_sandbox(folder) as sandbox:
        install(folder / "home", sandbox, dagster=SHORT, quick=True, functions_per_request=2)
        with home(folder / "home") as dagster, daemon(folder / "home"):
            yield dagster, sandbox


@pytest.fixture
def put(installed):
    """Puts a file of its own for each test; answers its runs, oldest first, as a function."""
    dagster, sandbox = installed

    def put(place: int, count: int, *mistakes: str):
        name = f"invoices_{place}.csv"
        sandbox.put(name, export_of(sandbox, count, *mistakes, start=place * 100))
        return lambda: [run for run in dagster.runs() if run.tags.get("stampli/file") == name]

    yield put
    sandbox.intacct._pause = (0.0, 0.0)


def test_the_file_of_a_worker_that_is_killed_and_killed_again_is_settled_without_a_person(installed, put):
    dagster, sandbox = installed
    sandbox.intacct._pause = (0.3, 0.0)
    runs = put(1, 30)
    for generation in (1, 2):
        run = until(lambda seen=generation: len(runs()) == seen and runs()[-1], patience=LONG, why=dagster.told)
        until(lambda run=run: dagster.requests(run.run_id), patience=LONG, why=dagster.told)
        os.kill(dagster.worker(run.run_id), signal.SIGKILL)
    until(lambda: [run.status.value for run in runs()] == KILLED_TWICE, patience=LONG, why=dagster.told)

    bills = controlled(sandbox)
    assert (len(bills), set(bills.values())) == (30, {1})
    assert (list(archived(sandbox)), waiting(sandbox)) == (["invoices_1.csv"], [])
    first, second, third = runs()
    assert (second.parent_run_id, third.parent_run_id) == (first.run_id, second.run_id)
    assert any("Retrying the run" in message for message in dagster.said(first.run_id))
    assert "stampli/again" not in third.tags


def test_what_is_transient_is_tried_again_by_the_op_at_doubling_waits(installed, put):
    dagster, sandbox = installed
    sandbox.sftp.faults.queue("drop_mid_download", times=2, after_bytes=100)
    runs = put(3, 2)
    settled = lambda: not waiting(sandbox) and [run.status.value for run in runs()] == ["SUCCESS"]  # noqa: E731
    until(settled, patience=300, why=dagster.told)  # an earlier test's file may wait for its settle window
    said = "\n".join(dagster.said(runs()[0].run_id))
    waits = [float(seconds) for seconds in re.findall(r"requested a retry in ([\d.]+) seconds", said)]
    assert len(waits) == 2
    assert waits[0] <= 1.5 < 2 <= waits[1] <= 3


def test_what_waits_for_a_person_is_repeated_by_nobody_until_its_reason_may_have_gone(installed, put):
    dagster, sandbox = installed
    already = len(controlled(sandbox))
    runs = put(4, 3, "unknown GL account")
    until(lambda: [run.status.value for run in runs()] == ["FAILURE"], why=dagster.told)
    (first,) = runs()
    until(lambda: any("Not retrying run" in message for message in dagster.said(first.run_id)), why=dagster.told)
    assert not any("requested a retry" in message for message in dagster.said(first.run_id))
    looks_on(dagster)
    assert len(runs()) == 1
    assert len(controlled(sandbox)) - already == 2

    rules = dagster.folder / "mapping" / "gl_accounts.csv"
    with rules.open("a") as text:
        text.write("6998,66200,,,not the one\n")
    until(lambda: [run.status.value for run in runs()] == ["FAILURE"] * 2, why=dagster.told)
    assert "mapping rules" in runs()[1].tags["stampli/again"]
    looks_on(dagster)
    assert len(runs()) == 2

    with rules.open("a") as text:
        text.write("6999,66200,,,decided by the controller\n")
    until(lambda: [run.status.value for run in runs()] == ["FAILURE"] * 2 + ["SUCCESS"], why=dagster.told)
    assert len(controlled(sandbox)) - already == 3
    assert waiting(sandbox) == []
    ledger = LedgerStore(f"sqlite:///{dagster.folder / 'var' / 'ledger.db'}")
    assert ledger.findings.standing() == []
    ledger.close()


def looks_on(dagster) -> None:
    """The sensor of unsettled files has looked twice more."""
    before = dagster.ticks("acme_us_unsettled")
    until(lambda: dagster.ticks("acme_us_unsettled") >= before + 2, why=dagster.log)
