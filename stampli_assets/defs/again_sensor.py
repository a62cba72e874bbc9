"""The sensor of unsettled files: runs a file again when the reason may have gone, once per change."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.feeds import Feed, feed_of
from stampli_assets.defs.inbox_sensor import tags
from stampli_assets.defs.vanished import vanished
from stampli_assets.model.identity import digest
from stampli_assets.model.postings import State

if TYPE_CHECKING:
    from stampli_assets.pipeline.again import Again
    from stampli_assets.wiring import Office, Offices

RUNS_PER_TICK = 10
INTERVAL_SECONDS = 60


def again_sensor(name: str, feeds: Sequence[Feed], jobs: Sequence[Any]) -> dg.SensorDefinition:
    """The sensor of one connection. Its cursor keeps the circumstances under which each file was last tried."""

    @dg.sensor(
        name=f"{name}_unsettled",
        jobs=list(jobs),
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"offices"},
        description=f"Runs unsettled files of {name} again when rules, the ERP's masters or time has moved on.",
    )
    def unsettled(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from stampli_assets.pipeline.again import changed_since, worth_trying_again

        offices: Offices = context.resources.offices
        office = offices.open(name)
        tried: dict[str, str] = json.loads(context.cursor or "{}")
        standing = office.ledger.findings.standing(name)
        circumstances = _circumstances(office)
        told = {one.partition for one in standing if not one.finding.end.is_settled}
        tries = [
            *worth_trying_again(standing, circumstances=circumstances, posted=_posted(office), now=office.clock.now()),
            *vanished(context.instance, office, told),
        ]
        requests: list[dg.RunRequest] = []
        known = {one.partition: tried.get(one.partition, one.token) for one in tries}
        for one in changed_since(tries, tried):
            feed = _feed(context, feeds, one)
            if feed is not None and len(requests) < RUNS_PER_TICK and not _is_running(context, one.partition):
                known[one.partition] = one.token
                requests.append(_run_request(feed, one))
        cursor = json.dumps(known, sort_keys=True)
        if requests:
            return dg.SensorResult(run_requests=requests, cursor=cursor)
        return dg.SensorResult(
            skip_reason=f"{len(tries)} unsettled file(s), nothing has changed for them", cursor=cursor
        )

    return unsettled


def _run_request(feed: Feed, one: "Again") -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{one.partition}:{one.token}",
        partition_key=one.partition,
        job_name=feed.job_name,
        tags={**tags(feed, one.file_name, one.partition), "stampli/again": one.why},
    )


def _circumstances(office: "Office") -> dict[str, str]:
    """Digests of what a hold depends on; the masters as they were read last, so that a tick asks the ERP nothing."""
    return {
        "mapping rules": str(office.rules.version),
        "ERP masters": office.shelf.version(office.name),
        "settings": digest([office.connection.model_dump_json()]),
    }


def _feed(context: dg.SensorEvaluationContext, feeds: Sequence[Feed], one: "Again") -> Feed | None:
    """The feed that a file came by; by its partition where the settings' patterns have changed since."""
    came_by = (feed for feed in feeds if context.instance.has_dynamic_partition(feed.partitions_name, one.partition))
    return feed_of(feeds, one.file_name) or next(came_by, None)


def _posted(office: "Office") -> str:
    return str(office.ledger.postings.by_state(office.name).get(State.POSTED, 0))


def _is_running(context: dg.SensorEvaluationContext, partition: str) -> bool:
    waiting = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    filters = dg.RunsFilter(tags={"dagster/partition": partition}, statuses=waiting)
    return bool(context.instance.get_runs(filters, limit=1))
