"""Vendor files of a connection: ``vendors``, a graph of the steps that a person reruns, ``match → create → archive``."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.anchors import check_ledger
from stampli_assets.defs.archiving import archive_op, head_of
from stampli_assets.defs.bills import ended_before
from stampli_assets.defs.feeds import Feed
from stampli_assets.defs.files import OWNERS, keep_error_list, landed_file, record_findings
from stampli_assets.defs.lists import VENDORS, list_assets
from stampli_assets.defs.reference import REFERENCE
from stampli_assets.defs.steps import step
from stampli_assets.defs.watch import RunWatch
from stampli_assets.model.findings import End
from stampli_assets.reports.tables import findings_table

if TYPE_CHECKING:
    from stampli_assets.pipeline.vendor_files import Registry, VendorBatch
    from stampli_assets.wiring import Office, Offices

NEWEST = "newest_vendor_file"
"""Under this name, in place of a partition, the ledger keeps what the newest vendor file gave to notice: the next file's list
takes its place, and what stands in both keeps its age.
"""


def vendor_assets(feed: Feed, erp_pool: str) -> list[dg.AssetsDefinition]:
    """``vendor_file``, ``stampli_vendors`` and ``vendors`` of one connection."""
    return [*list_assets(feed, VENDORS, archive=False), _vendors(feed, erp_pool)]


def vendor_checks(feed: Feed) -> list[dg.AssetChecksDefinition]:
    """The checks of one connection's vendors, per file."""
    name = feed.connection

    @dg.asset_check(
        asset=[name, "vendors"],
        name="vendors_agree_with_the_erp",
        partitions_def=feed.files,
        required_resource_keys={"offices"},
        description="Names, tax ids, terms, currencies and status of Stampli's vendors are those of the ERP, and none of them "
        "or of the addresses has changed lately. The machine changes nothing: a person does.",
    )
    def vendors_agree_with_the_erp(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        offices: Offices = context.resources.offices
        standing = offices.open(name).ledger.findings.standing(name)
        noticed = [one.finding for one in standing if one.finding.end is End.NOTICED]
        return dg.AssetCheckResult(
            passed=not noticed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"Noticed": len(noticed), "What to look at": dg.MetadataValue.md(findings_table(noticed))},
        )

    return [vendors_agree_with_the_erp]


def _vendors(feed: Feed, erp_pool: str) -> dg.AssetsDefinition:
    name = feed.connection
    needs = {"offices"}

    @dg.op(
        name=f"{name}__match_vendors",
        out=dg.Out(io_manager_key="frames"),
        ins={"told": dg.In(input_manager_key="frames"), "reference": dg.In(dg.Nothing)},
        required_resource_keys=needs,
        description="Each vendor of the file beside the ERP's: the same, different field by field, or not there.",
    )
    def match_step(context: dg.OpExecutionContext, told: Any) -> Any:
        from stampli_assets.pipeline.vendor_files import match

        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "match"):
            batch = match(told, _memory(office, context, told), registry=_registry(office, context))
        context.add_output_metadata(describe.standings(batch.frame))
        return batch.frame

    @dg.op(
        name=f"{name}__create_vendors",
        out=dg.Out(io_manager_key="frames"),
        ins={"told": dg.In(input_manager_key="frames"), "matched": dg.In(dg.Nothing)},
        pool=erp_pool,
        required_resource_keys=needs,
        description="Vendors that the ERP lacks are created, each once, where the settings say so. Fails with a table when a "
        "vendor is not settled.",
    )
    def create_step(context: dg.OpExecutionContext, told: Any) -> Any:
        offices: Offices = context.resources.offices
        return _create(context, offices.open(name), told)

    archive_step = archive_op(name, "vendors", describe.standings)

    @dg.graph_asset(
        key=[name, "vendors"],
        partitions_def=feed.files,
        group_name=name,
        owners=OWNERS,
        kinds={"sage"},
        ins={
            "told": dg.AssetIn([name, VENDORS.asset]),
            **{asset: dg.AssetIn([name, asset], dagster_type=dg.Nothing) for asset in REFERENCE},
        },
        description="The file's vendors as they stand to the ERP's; new ones are created where the settings say so.",
    )
    def vendors(told: Any, erp_vendors: Any, erp_gl_accounts: Any, erp_dimensions: Any) -> Any:
        matched = match_step.alias("match")(told, [erp_vendors, erp_gl_accounts, erp_dimensions])
        return archive_step.alias("archive")(create_step.alias("create")(told, matched))

    return vendors


def _create(context: dg.OpExecutionContext, office: "Office", told: Any) -> Any:
    from stampli_assets.pipeline.vendor_files import bring_in

    landed = landed_file(office, context.partition_key)
    source = office.source(partition=context.partition_key, file_name=landed.file.name, run=context.run.run_id)
    metadata: dict[str, Any] = {}
    with step(context, office, "create", metadata):
        check_ledger(context.instance, office)
        memory = _memory(office, context, told)
        batch = bring_in(told, memory, registry=_registry(office, context), anew=context.run.parent_run_id is not None)
        office.vendor_shelf.put(office.name, context.partition_key, memory)
        record_findings(office, source, "create", list(batch.findings))
        _notice(office, context, batch)
        described = describe.vendors(batch.frame, batch.findings, batch.notices)
        everything = [*batch.findings, *batch.notices]
        metadata.update(describe.with_error_list(described, keep_error_list(office, source, "vendors", everything)))
        settled = batch.settled_or_raise().frame
    context.add_output_metadata(metadata)
    return settled


def _notice(office: "Office", context: dg.OpExecutionContext, batch: "VendorBatch") -> None:
    """Keep what is to be noticed in place of the former list, unless a newer file has told already."""
    if not office.vendor_shelf.is_newest(office.name, context.partition_key):
        return
    landed = landed_file(office, context.partition_key)
    source = office.source(partition=NEWEST, file_name=landed.file.name, run=context.run.run_id)
    office.ledger.findings.replace(source, "vendors", batch.notices, office.clock.now())


def _memory(office: "Office", context: dg.OpExecutionContext, told: Any) -> Any:
    """What is known of every vendor after this file."""
    from stampli_assets.pipeline.vendor_memory import remember

    landed = landed_file(office, context.partition_key)
    before = office.vendor_shelf.before(office.name, context.partition_key)
    return remember(before, told, file_name=landed.file.name, day=_day(landed.file.modified))


def _day(modified: int) -> date:
    return datetime.fromtimestamp(modified, tz=UTC).date()


def _registry(office: "Office", context: dg.OpExecutionContext) -> "Registry":
    from stampli_assets.pipeline.vendor_files import Registry

    landed = landed_file(office, context.partition_key)
    source = office.source(partition=context.partition_key, file_name=landed.file.name, run=context.run.run_id)
    supplying = office.supplying(source, ended_before(context))
    if supplying is not None:
        asset = dg.AssetKey([office.name, "vendors"])
        watch = RunWatch(context, asset, landed.file.name, lambda: head_of(office))
        supplying = replace(supplying, desk=replace(supplying.desk, progress=watch))
    return Registry(office.rules, office.masters, office.target, office.clock, supplying)
