"""Every morning: does the ERP still hold what was posted, as it was posted?"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.failures import told_to_dagster
from stampli_assets.defs.feeds import Feed
from stampli_assets.model.documents import INVOICED, Kind
from stampli_assets.reports.tables import findings_table

if TYPE_CHECKING:
    from stampli_assets.model.ports import Book
    from stampli_assets.wiring import Office, Offices

LOOKED_BACK = timedelta(days=35)
STAGE = "look back"


@dataclass(frozen=True, slots=True)
class _Look:
    """What is looked back at: which documents of the ledger, in which book of the ERP."""

    called: str
    kinds: tuple[Kind, ...]
    book: Callable[["Office"], "Book[Any]"]


LOOKS = {
    "invoices": ("bills", _Look("Bills", INVOICED, lambda office: office.bills)),
    "payments": ("bill_payments", _Look("Payments", (Kind.PAYMENT,), lambda office: office.payments)),
}
"""By kind of file: the asset that is checked, and how."""


def look_back_checks(name: str, feeds: Sequence[Feed]) -> list[dg.AssetChecksDefinition]:
    """The checks of one connection's posted documents."""
    return [_check(name, *LOOKS[feed.kind]) for feed in feeds if feed.kind in LOOKS]


def _check(name: str, asset: str, look: _Look) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=[name, asset],
        name="the_erp_still_holds_them",
        required_resource_keys={"offices"},
        description=f"{look.called} posted in the last {LOOKED_BACK.days} days that were deleted, changed, voided or doubled in "
        "the ERP since. They are reported and never posted again.",
    )
    def the_erp_still_holds_them(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        offices: Offices = context.resources.offices
        with told_to_dagster(context.op_execution_context):
            return _result(offices.open(name), context.run.run_id, look)

    return the_erp_still_holds_them


def look_back_schedule(name: str, checks: Sequence[dg.AssetChecksDefinition]) -> dg.ScheduleDefinition:
    """Once a day, before people come in (UTC)."""
    job = dg.define_asset_job(
        f"{name}_look_back",
        selection=dg.AssetSelection.checks(*(key for check in checks for key in check.check_keys)),
        description=f"Looks up in the ERP whether what was posted for {name} is still there as it was posted.",
    )
    return dg.ScheduleDefinition(
        job=job, cron_schedule="0 5 * * *", default_status=dg.DefaultScheduleStatus.RUNNING, name=f"{name}_look_back"
    )


def _result(office: "Office", run: str, look: _Look) -> dg.AssetCheckResult:
    from stampli_assets.pipeline.look_back import look_back

    now = office.clock.now()
    posted = office.ledger.postings.posted_since(office.name, now - LOOKED_BACK, look.kinds)
    found = look_back(posted, look.book(office))
    for partition, findings in found.items():
        source = office.source(partition=partition, file_name=_file_name(office, partition), run=run)
        office.ledger.findings.replace(source, STAGE, findings, now)
    everything = [finding for findings in found.values() for finding in findings]
    metadata: dict[str, Any] = {
        f"{look.called} looked up": sum(len(postings) for postings in posted.values()),
        **dict(sorted(Counter(finding.code for finding in everything).items())),
    }
    if everything:
        metadata["Differences"] = dg.MetadataValue.md(findings_table(everything))
    return dg.AssetCheckResult(passed=not everything, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def _file_name(office: "Office", partition: str) -> str:
    from stampli_assets.model.identity import PartitionKey

    landed = office.landing.find(office.name, PartitionKey(partition))
    return landed.file.name if landed is not None else partition
