"""The inbox sensor: looks into outbound, adds a partition per stable file, requests one run per file.

It lists and never downloads. A server that cannot be reached makes the tick fail, visibly: a broken inbox is no
quiet inbox. Requesting twice is harmless: ``run_key`` is the partition, and Dagster starts a key once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.feeds import Feed, feed_of

if TYPE_CHECKING:
    from stampli_assets.model.remote import RemoteFile
    from stampli_assets.pipeline.collect import Choice
    from stampli_assets.wiring import Office, Offices

NAMES_SHOWN = 5


def inbox_sensor(name: str, feeds: Sequence[Feed], jobs: Sequence[Any], every_seconds: int) -> dg.SensorDefinition:
    """The sensor of one connection: one listing for the files of every kind."""

    @dg.sensor(
        name=f"{name}_inbox",
        jobs=list(jobs),
        minimum_interval_seconds=every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"offices"},
        description=f"New files in Stampli's outbound directory of {name}: one partition and one run each.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from stampli_assets.pipeline.collect import Looks, choose

        offices: Offices = context.resources.offices
        office = offices.open(name)
        choice = choose(
            office.inbox.listing(),
            Looks.load(context.cursor),
            patterns=[feed.pattern for feed in feeds],
            limit=office.connection.stampli.files_per_tick,
        )
        cursor = choice.looks.dump()
        context.log.info(_told(choice))
        if not choice.ready:
            return dg.SensorResult(skip_reason=_told(choice), cursor=cursor)
        found = [(file, feed) for file in choice.ready if (feed := feed_of(feeds, file.name)) is not None]
        found.sort(key=lambda one: feeds.index(one[1]))
        return dg.SensorResult(
            dynamic_partitions_requests=[
                feed.files.build_add_request([file.partition for file, its in found if its is feed])
                for feed in feeds
                if any(its is feed for _, its in found)
            ],
            run_requests=[_run_request(office, feed, file) for file, feed in found],
            cursor=cursor,
        )

    return inbox


def _run_request(office: "Office", feed: Feed, file: "RemoteFile") -> dg.RunRequest:
    """One run per delivery. One that was archived and lies there again (put back as it was) runs once more."""
    run_key = str(file.partition)
    if office.ledger.deliveries.archived_as(office.name, file.partition):
        run_key = f"{run_key}:back-{office.clock.now():%Y%m%dT%H%M%S}"
    return dg.RunRequest(
        run_key=run_key,
        partition_key=file.partition,
        job_name=feed.job_name,
        tags=tags(feed, file.name, file.partition),
    )


def tags(feed: Feed, file_name: str, partition: str) -> dict[str, str]:
    """What the runs list shows of a file's run."""
    return {
        "stampli/connection": feed.connection,
        "stampli/kind": feed.kind,
        "stampli/file": file_name,
        "stampli/date": f"{partition[:4]}-{partition[4:6]}-{partition[6:8]}",
    }


def _told(choice: "Choice") -> str:
    parts = [f"{len(choice.ready)} new file(s)"]
    for files, what in (
        (choice.waiting, "waiting for the next look"),
        (choice.unstable, "seen for the first time or still being written"),
    ):
        if files:
            names = ", ".join(file.name for file in files[:NAMES_SHOWN])
            more = f" and {len(files) - NAMES_SHOWN} more" if len(files) > NAMES_SHOWN else ""
            parts.append(f"{len(files)} {what}: {names}{more}")
    return "; ".join(parts)
