"""A warm process that forks one child per run: everything is imported, and no thread or connection exists yet.

``python -m kills.nursery`` reads orders as JSON lines. The first tells the settings; each further one names a run. It
answers with lines of its own: ``born``, then from the child ``reached`` at each point of the pipeline, then ``ended``.
The dead child stays in the process table until the next order comes, so that its id is nobody else's meanwhile.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import sys
import threading
from collections import Counter
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

ANSWERS = 9
"""The file descriptor that the parent reads; a run's own output does not come between."""
LEASE_SECONDS = 3.0
FIRST_WAIT_SECONDS = 0.4
LEFT_OUT = ("stampli_assets.cli", "stampli_assets.sandbox", "stampli_assets.definitions", "stampli_assets.x3")
ALSO = (
    "hypothesis.strategies",
    "pandera.strategies.pandas_strategies",
    "pandera.backends.pandas.container",
    "pandera.backends.pandas.register",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
    "dagster._core.execution.execute_in_process",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.storage.root",
    "dagster._core.storage.migration",
    "dagster._core.secrets.env_file",
    "dagster._core.execution.api",
    "dagster._core.execution.execute_in_process_result",
    "dagster._core.storage.runs.sqlite.sqlite_run_storage",
    "dagster._core.storage.event_log.sqlite.sqlite_event_log",
    "dagster._core.storage.schedules.sqlite.sqlite_schedule_storage",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.run_coordinator.queued_run_coordinator",
    "dagster._core.launcher.default_run_launcher",
    "paramiko",
    "pandas",
    "pyarrow.parquet",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "upath",
)


def main() -> None:
    """Serve until the other end closes."""
    os.dup2(1, ANSWERS, inheritable=False)
    import_everything()
    told = json.loads(sys.stdin.readline())
    job = prepare(told)
    gc.freeze()
    say(ready=len(os.listdir("/proc/self/task")))  # noqa: PTH208 - names only
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            live(job, order)
        say(born=child)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        say(ended=child)
        told_back = sys.stdin.readline()  # the parent has read that it ended: nobody will kill this id any more
        _, status = os.waitpid(child, 0)
        if not told_back:
            return
        say(buried=status)


def import_everything() -> None:
    """Whatever a run would import, now."""
    import stampli_assets

    for found in pkgutil.walk_packages(stampli_assets.__path__, "stampli_assets."):
        if not found.name.startswith(LEFT_OUT):
            import_module(found.name)
    for name in ALSO:
        import_module(name)


def prepare(told: dict[str, Any]) -> Any:
    """The job of the settings; the times that a test cannot wait for are made short here, and nowhere else."""
    from stampli_assets.defs import failures
    from stampli_assets.defs.build import build_definitions, invoices_job_name
    from stampli_assets.ledger import leases
    from stampli_assets.settings import parse_settings
    from stampli_assets.wiring import Offices

    leases.LIFE = timedelta(seconds=LEASE_SECONDS)
    failures.FIRST_WAIT_SECONDS = FIRST_WAIT_SECONDS
    folder = Path(told["folder"])
    os.chdir(folder)
    os.environ["DAGSTER_HOME"] = str(folder)
    settings = parse_settings(told["settings"], folder=folder)
    if settings.ledger_url.startswith("postgresql"):
        import_module("psycopg2")
        import_module("sqlalchemy.dialects.postgresql.psycopg2")
    definitions = build_definitions(settings, offices=Offices(settings, faults=POINTS))
    return definitions.resolve_job_def(invoices_job_name(settings.connections[0].name))


class Points:
    """Tells the parent how far the run is, and stops this process where it was told to."""

    def __init__(self) -> None:
        self.stop_at: tuple[str, int] | None = None
        self._counts: Counter[str] = Counter()

    def reach(self, point: str) -> None:
        self._counts[point] += 1
        say(reached=point)
        if self.stop_at == (point, self._counts[point]):
            say(stops=point)
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)  # this thread does not get one step further


POINTS = Points()


def live(job: Any, order: dict[str, Any]) -> None:
    """One run in this child; never returns."""
    import dagster as dg

    silent = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    POINTS.stop_at = tuple(order["stop_at"]) if order.get("stop_at") else None
    say(reached="alive")
    with dg.DagsterInstance.get() as instance:
        ended = job.execute_in_process(
            instance=instance,
            run_id=order["run"],
            partition_key=order["partition"],
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    os._exit(0 if ended.success else 1)


def say(**told: Any) -> None:
    """One line in one write, whole or not at all."""
    os.write(ANSWERS, (json.dumps(told) + "\n").encode())


if __name__ == "__main__":
    main()
