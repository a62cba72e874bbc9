"""Run workers that are told to stop, terminated from the UI, or paused past their lease, in the middle of a batch."""

from __future__ import annotations

import os
import signal
import uuid

import pytest
from builders.house import running_sandbox
from builders.ui import Ui, archived, controlled, export_of, free_port, home, install, until, waiting
from kills.__main__ import evidence_of
from kills.auditor import audit
from kills.worker import Worker
from kills.world import running_world

from stampli_assets.cli.dagster_services import dagster_services
from stampli_assets.sandbox.firm import SECRETS

SHORT = {"run_monitoring": {"poll_interval_seconds": 2, "free_slots_after_run_end_seconds": 2}}
COUNT = 30
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Daemon and web server over a sandbox whose ERP takes its time."""
    folder = tmp_path_factory.mktemp("signals")
    with running_sandbox(folder) as sandbox:
        install(folder / "home", sandbox, dagster=SHORT, quick=True, functions_per_request=2)
        environment = {**SECRETS, "STAMPLI_SETTINGS": str(folder / "home" / "stampli.yaml")}
        with (
            home(folder / "home") as dagster,
            dagster_services(folder / "home", port=free_port(), environment=environment) as address,
        ):
            sandbox.intacct._pause = (0.3, 0.0)
            yield Ui(address), dagster, sandbox


class Batch:
    """A file of its own that a run is in the middle of posting."""

    def __init__(self, dagster, sandbox, place: int) -> None:
        self.dagster, self.sandbox = dagster, sandbox
        self.name, self.content = f"invoices_{place}.csv", export_of(sandbox, COUNT, start=1 + place * COUNT)
        self._others = len(controlled(sandbox))
        sandbox.put(self.name, self.content)
        self.run = until(self.runs, why=dagster.log)[0].run_id
        until(lambda: dagster.requests(self.run), why=self.told)

    @property
    def posted(self) -> int:
        return len(controlled(self.sandbox)) - self._others

    def runs(self):
        return [run for run in self.dagster.runs() if run.tags.get("stampli/file") == self.name]

    def told(self) -> object:
        return [(run.status.value, self.dagster.said(run.run_id)[-8:]) for run in self.runs()]

    def is_settled(self) -> bool:
        return archived(self.sandbox).get(self.name) == self.content and self.name not in waiting(self.sandbox)


def test_a_worker_that_is_told_to_stop_leaves_a_file_that_ends_settled(installed):
    _, dagster, sandbox = installed
    batch = Batch(dagster, sandbox, 1)
    os.kill(dagster.worker(batch.run), signal.SIGTERM)
    until(batch.is_settled, patience=240, why=batch.told)
    assert (batch.posted, set(controlled(sandbox).values())) == (COUNT, {1})


def test_a_run_that_is_terminated_in_the_ui_sends_nothing_more_and_a_rerun_settles_its_file(installed):
    ui, dagster, sandbox = installed
    batch = Batch(dagster, sandbox, 2)
    ui.terminate(batch.run)
    ended = ui.wait_for(lambda: ui.ended(batch.run))
    assert ended["status"] == "CANCELED"
    assert batch.posted < COUNT
    assert set(controlled(sandbox).values()) == {1}

    again = ui.rerun_from_failure(batch.run)
    ui.wait_for(lambda: ui.ended(again))
    until(batch.is_settled, patience=240, why=batch.told)
    assert (batch.posted, set(controlled(sandbox).values())) == (COUNT, {1})


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    """A world with two workers whose leases are short, and Dagster's storage."""
    folder = tmp_path_factory.mktemp("paused")
    with pytest.MonkeyPatch.context() as patch, running_world(folder, "sqlite", 1, parallel_requests=1) as world:
        patch.chdir(folder)  # Dagster's storage lies where it is started
        with world.dagster() as dagster, Worker(world.content, folder) as one, Worker(world.content, folder) as other:
            one.wait_until_ready()
            other.wait_until_ready()
            yield world, dagster, one, other


FENCED_OFF = "stood still for too long, and another run took its file over"
TOO_LATE = "held up for too long after the intent; nothing was sent"


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ("before-intent", FENCED_OFF),
        ("intent-recorded", TOO_LATE),
        ("before-send", TOO_LATE),
        ("sent-not-recorded", FENCED_OFF),
    ],
)
def test_a_worker_paused_past_its_lease_sends_nothing_more_when_it_is_resumed(two_workers, point, says):
    world, dagster, paused, other = two_workers
    file = world.export()
    world.add_partition(dagster, file.partition)
    run = str(uuid.uuid4())
    paused.start(run, file.partition, stop_at=(point, 2))
    paused.wait_until_stopped()
    until(lambda: other.run(str(uuid.uuid4()), file.partition).success)
    creates = world.sandbox.intacct.told()["creates"]
    bills = controlled(world.sandbox)

    paused.resume()
    paused.finish()
    assert world.sandbox.intacct.told()["creates"] == creates
    assert controlled(world.sandbox) == bills
    assert any(says in entry.user_message for entry in dagster.all_logs(run))
    assert audit(evidence_of(world)) == []
