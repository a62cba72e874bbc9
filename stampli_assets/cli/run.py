"""``stampli run``: every waiting file once, through Dagster, without the daemon."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stampli_assets.cli.say import (
    ExitCode,
    connection_option,
    json_option,
    result,
    say,
    settings_of,
    table,
    to_person,
)

if TYPE_CHECKING:
    import dagster as dg

    from stampli_assets.model.remote import RemoteFile
    from stampli_assets.settings import Settings
    from stampli_assets.wiring import Office, Offices


HOST, PROCESS = "stampli/host", "stampli/process"
"""Tags of a run that a ``stampli run`` carries out itself: where, and as which process."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one file after its run."""

    connection: str
    file: str
    partition: str
    run: str
    settled: bool
    bills: int
    held_up_by: str


@click.command("run")
@connection_option
@json_option
@click.option(
    "--settle-seconds",
    default=2.0,
    show_default=True,
    help="A file is taken when it did not change for so long.",
)
@click.pass_context
def command(ctx: click.Context, connection: str | None, as_json: bool, settle_seconds: float) -> None:
    """Process every file that waits in outbound, once, and say how each one ended.

    The runs appear in Dagster's history (DAGSTER_HOME, default: the settings file's folder). Exit code 0 only when all
    is settled, 1 when something needs a person, 3 when a system could not be reached.
    """
    from stampli_assets.wiring import Offices

    settings = settings_of(ctx.obj)
    names = [settings.connection(connection).name] if connection else [one.name for one in settings.connections]
    offices = Offices(settings)
    waiting = [(name, file) for name in names for file in _waiting(offices.open(name), settle_seconds)]
    if not waiting:
        say("No file waits in outbound.")
    told = list(_run_all(settings, offices, waiting))
    if as_json:
        result([{field: getattr(one, field) for field in Told.__slots__} for one in told])
    elif told:
        table(
            ["Connection", "File", "In the ERP", "End"],
            ((one.connection, one.file, one.bills, "settled" if one.settled else one.held_up_by) for one in told),
        )
    if any(not one.settled for one in told):
        say("[yellow]Not everything is settled.[/] ", "`stampli errors` says why and what to do.")
        ctx.exit(ExitCode.NEEDS_PERSON)


def _waiting(office: Office, settle_seconds: float) -> Sequence[RemoteFile]:
    """The files of two looks, ``settle_seconds`` apart, that did not change between them; lists first, then oldest first."""
    from stampli_assets.defs.feeds import feed_of, feeds_of
    from stampli_assets.pipeline.collect import Looks, choose

    feeds = feeds_of(office.connection)
    patterns = [feed.pattern for feed in feeds]
    first = choose(office.inbox.listing(), Looks.load(None), patterns=patterns, limit=1_000_000)
    time.sleep(settle_seconds)
    second = choose(office.inbox.listing(), first.looks, patterns=patterns, limit=1_000_000)
    for file in second.unstable:
        say("[yellow]Left for later:[/] ", f"{file.name} is still being written.")
    places = {file.name: feeds.index(feed) for file in second.ready if (feed := feed_of(feeds, file.name)) is not None}
    return sorted(second.ready, key=lambda file: places[file.name])


def _run_all(settings: Settings, offices: Offices, waiting: Sequence[tuple[str, RemoteFile]]) -> Iterator[Told]:
    import dagster as dg

    from stampli_assets.defs.build import build_definitions

    os.environ.setdefault("DAGSTER_HOME", str(settings.folder))
    definitions = build_definitions(settings, offices=offices)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with dg.DagsterInstance.get() as instance, Progress(*columns, console=to_person) as progress:
        for dead in bury(instance):
            offices.open(waiting[0][0]).ledger.leases.end(dead)
            say(
                "[yellow]A former stampli run died:[/] ",
                f"its run {dead[:8]} is reported as failed; its file is run again.",
            )
        task = progress.add_task("", total=len(waiting))
        for name, file in waiting:
            progress.update(task, description=f"{name}: {file.name}")
            yield _run(definitions, instance, offices.open(name), file)
            progress.advance(task)


def bury(instance: dg.DagsterInstance) -> list[str]:
    """Report runs of former ``stampli run`` processes on this machine that died, and give their places back.

    Nothing else would: Dagster's run monitoring looks only after runs that its daemon launched.
    """
    import dagster as dg

    filters = dg.RunsFilter(tags={HOST: socket.gethostname()}, statuses=[dg.DagsterRunStatus.STARTED])
    dead = [run for run in instance.get_runs(filters) if not _lives(run.tags.get(PROCESS, ""))]
    for run in dead:
        instance.report_run_failed(run, "The process of this run died.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def _lives(process: str) -> bool:
    """Whether the process that a run names still is that process: its number may have been given to another one."""
    number, _, started = process.partition("/")
    return started == "unknown" or (number.isdigit() and _started_at(int(number)) == started)


def _started_at(number: int) -> str:
    """When a process of this machine started, as its kernel counts; empty when there is none, or it cannot be known."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _run(definitions: dg.Definitions, instance: dg.DagsterInstance, office: Office, file: RemoteFile) -> Told:
    from stampli_assets.defs.feeds import feed_of, feeds_of
    from stampli_assets.defs.inbox_sensor import tags

    feed = feed_of(feeds_of(office.connection), file.name)
    assert feed is not None, "its pattern has found it"
    instance.add_dynamic_partitions(feed.partitions_name, [file.partition])
    ended = definitions.resolve_job_def(feed.job_name).execute_in_process(
        instance=instance,
        partition_key=file.partition,
        tags={
            **tags(feed, file.name, file.partition),
            HOST: socket.gethostname(),
            PROCESS: f"{os.getpid()}/{_started_at(os.getpid()) or 'unknown'}",
        },
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    postings = office.ledger.postings.of_partition(office.name, file.partition)
    return Told(
        connection=office.name,
        file=file.name,
        partition=file.partition,
        run=ended.run_id,
        settled=ended.success,
        bills=sum(posting.is_posted for posting in postings),
        held_up_by="" if ended.success else _why(ended),
    )


def _why(ended: dg.ExecuteInProcessResult) -> str:
    for event in ended.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data.user_failure_data
            if failure is not None and failure.description:
                return (
                    str(failure.description)
                    .partition("\n")[0]
                    .removesuffix(" Mend these, then rerun this run from failure:")
                )
    return "the run failed; see it in Dagster"
