"""Every morning: does the ERP still hold what was posted, as it was posted?"""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.failures import told_to_dagster
from stampli_assets.reports.tables import findings_table

if TYPE_CHECKING:
    from stampli_assets.wiring import Office, Offices

LOOKED_BACK = timedelta(days=35)
STAGE = "look back"


def look_back_check(name: str) -> dg.AssetChecksDefinition:
    """The check of one connection's posted bills."""

    @dg.asset_check(
        asset=[name, "bills"],
        name="the_erp_still_holds_them",
        required_resource_keys={"offices"},
        description=f"Bills posted in the last {LOOKED_BACK.days} days that were deleted, changed or doubled in the ERP since. "
        "They are reported and never posted again.",
    )
    def the_erp_still_holds_them(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        offices: Offices = context.resources.offices
        with told_to_dagster(context.op_execution_context):
            return _result(offices.open(name), context.run.run_id)

    return the_erp_still_holds_them


def look_back_schedule(name: str) -> dg.ScheduleDefinition:
    """Once a day, before people come in (UTC)."""
    check = dg.AssetCheckKey(dg.AssetKey([name, "bills"]), "the_erp_still_holds_them")
    job = dg.define_asset_job(
        f"{name}_look_back",
        selection=dg.AssetSelection.checks(check),
        description=f"Looks up in the ERP whether the posted bills of {name} are still there as they were posted.",
    )
    return dg.ScheduleDefinition(
        job=job, cron_schedule="0 5 * * *", default_status=dg.DefaultScheduleStatus.RUNNING, name=f"{name}_look_back"
    )


def _result(office: "Office", run: str) -> dg.AssetCheckResult:
    from stampli_assets.pipeline.look_back import look_back

    now = office.clock.now()
    posted = office.ledger.postings.posted_since(office.name, now - LOOKED_BACK)
    found = look_back(posted, office.bills)
    for partition, findings in found.items():
        source = office.source(partition=partition, file_name=_file_name(office, partition), run=run)
        office.ledger.findings.replace(source, STAGE, findings, now)
    everything = [finding for findings in found.values() for finding in findings]
    metadata: dict[str, Any] = {
        "Bills looked up": sum(len(postings) for postings in posted.values()),
        **dict(sorted(Counter(finding.code for finding in everything).items())),
    }
    if everything:
        metadata["Differences"] = dg.MetadataValue.md(findings_table(everything))
    return dg.AssetCheckResult(passed=not everything, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def _file_name(office: "Office", partition: str) -> str:
    from stampli_assets.model.identity import PartitionKey

    landed = office.landing.find(office.name, PartitionKey(partition))
    return landed.file.name if landed is not None else partition
