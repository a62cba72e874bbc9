"""Files whose run ended without a word: killed more often than Dagster starts a run again, or failed in Dagster itself."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from stampli_assets.pipeline.again import FIRST_PAUSE, TIME, Again

if TYPE_CHECKING:
    from stampli_assets.wiring import Office

LOOKED_BACK = timedelta(days=3)
MOST_RUNS = 200


def vanished(instance: dg.DagsterInstance, office: "Office", told: Collection[str]) -> Sequence[Again]:
    """What to run again, the pause doubling with every failure. ``told`` are the partitions that have a finding already."""
    now = office.clock.now()
    filters = dg.RunsFilter(
        tags={"stampli/connection": office.name},
        statuses=[dg.DagsterRunStatus.FAILURE],
        updated_after=now - LOOKED_BACK,
    )
    failed: dict[str, list[dg.RunRecord]] = defaultdict(list)
    for record in instance.get_run_records(filters, limit=MOST_RUNS):
        failed[record.dagster_run.tags.get("dagster/partition", "")].append(record)
    tries = []
    for partition, records in failed.items():
        if partition in told or not _is_last(instance, partition, records[0]):
            continue
        ended = datetime.fromtimestamp(records[0].end_time or 0, tz=UTC)
        is_due = now - ended >= FIRST_PAUSE * 2 ** (len(records) - 1)
        if is_due and not office.ledger.deliveries.archived_as(office.name, partition):
            run = records[0].dagster_run
            tries.append(Again(partition, run.tags.get("stampli/file", ""), run.run_id, f"{TIME}, its run vanished"))
    return tries


def _is_last(instance: dg.DagsterInstance, partition: str, record: dg.RunRecord) -> bool:
    newest = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": partition}), limit=1)
    return bool(newest) and newest[0].run_id == record.dagster_run.run_id
