"""Two whole installations over one outbound directory, by mistake: eight workers, one landing store, one ledger."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest
from builders.house import running_sandbox
from builders.ui import ENDED, archived, controlled, daemon, export_of, install, until, waiting

from stampli_assets.ledger.store import LedgerStore

FILES, INVOICES = 10, 3
LONG = 400
"""About a minute on two idle cores."""
FOUR_WORKERS = {"concurrency": {"runs": {"max_concurrent_runs": 4}, "pools": {"granularity": "op", "default_limit": 4}}}
SETTLED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
pytestmark = pytest.mark.e2e


class Installation:
    """One Dagster home with its own daemon, read through its own storage."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.dagster = stack.enter_context(dg.DagsterInstance.from_config(str(folder)))
        self.dagster.get_runs(limit=1)  # two processes that make the same SQLite tables at once fail
        self.dagster.all_instigator_state()
        self.dagster.get_dynamic_partitions("none")
        stack.enter_context(daemon(folder))

    def looks(self) -> bool:
        """Whether its inbox sensor has looked into outbound."""
        return any(
            state.instigator_name == "acme_us_inbox" and state.instigator_data and state.instigator_data.cursor
            for state in self.dagster.all_instigator_state()
        )

    def statuses(self) -> list[str]:
        return [run.status.value for run in self.dagster.get_runs()]

    def is_quiet(self) -> bool:
        """Whether each file had a run here, and none is left hanging."""
        statuses = self.statuses()
        return len(statuses) >= FILES and set(statuses) <= ENDED

    def partitions(self, filters: dg.RunsFilter | None = None) -> set[str | None]:
        """The files that had a run here, of these."""
        return {run.tags.get("dagster/partition") for run in self.dagster.get_runs(filters)}


def test_two_daemons_and_eight_workers_on_one_directory_post_each_bill_once(tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    files = {}
    with running_sandbox(tmp_path) as sandbox, ExitStack() as stack:
        sandbox.intacct._pause = (1.0, 0.0)
        both = []
        for name in ("one", "other"):
            folder = install(tmp_path / name, sandbox, dagster=FOUR_WORKERS, shared=shared, settle_minutes=0.5)
            monkeypatch.chdir(folder)  # Dagster's storage lies where it is started
            both.append(Installation(folder, stack))
        for place in range(FILES):
            name = f"invoices_{place:02d}.csv"
            files[name] = export_of(sandbox, INVOICES, start=1 + place * INVOICES)
        until(lambda: all(one.looks() for one in both), why=(both[0].folder / "var" / "daemon.log").read_text)
        for name, content in files.items():
            sandbox.put(name, content)
        until(
            lambda: all(one.is_quiet() for one in both) and not waiting(sandbox),
            patience=LONG,
            why=lambda: ([one.statuses() for one in both], waiting(sandbox)),
        )

        bills = controlled(sandbox)
        assert (len(bills), set(bills.values())) == (FILES * INVOICES, {1})
        assert archived(sandbox) == files
        ledger = LedgerStore(f"sqlite:///{shared / 'ledger.db'}")
        assert ledger.findings.standing() == []
        assert {state.value: count for state, count in ledger.postings.by_state().items()} == {"posted": len(bills)}
        assert ledger.journal.verify() is None
        ledger.close()
        one, other = (installation.partitions() for installation in both)
        assert one == other  # each file was worked on in both
        assert both[0].partitions(SETTLED) | both[1].partitions(SETTLED) == one
        assert len(one) == FILES
