"""The bills of a connection: a graph of the steps that a person reruns, ``map → post → archive``."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.anchors import HEAD, check_ledger
from stampli_assets.defs.answers import keep_acknowledgement
from stampli_assets.defs.archiving import archived, head_of
from stampli_assets.defs.files import OWNERS, keep_error_list, landed_file, record_findings
from stampli_assets.defs.partitions import invoice_files
from stampli_assets.defs.reference import REFERENCE
from stampli_assets.defs.steps import step
from stampli_assets.defs.watch import RunWatch

if TYPE_CHECKING:
    from stampli_assets.model.findings import Finding
    from stampli_assets.pipeline.stages import MappedBatch
    from stampli_assets.wiring import Office, Offices


def pool(office_kind: str, company: str) -> str:
    """The Dagster pool that caps how many runs post into one ERP company at once."""
    return "".join(mark if mark.isalnum() else "_" for mark in f"{office_kind}_{company}".lower())


def bill_assets(name: str, erp_pool: str, documents: str) -> list[dg.AssetsDefinition]:
    """``bills`` of one connection; ``documents`` is what its ERP calls them."""
    needs = {"offices"}

    @dg.op(
        name=f"{name}__map",
        out={"mapped": dg.Out(io_manager_key="frames"), "holds": dg.Out(io_manager_key="frames")},
        ins={"approved": dg.In(input_manager_key="frames"), "reference": dg.In(dg.Nothing)},
        required_resource_keys=needs,
        description="Stampli's vendors, accounts and dimensions become the ERP's; what cannot be mapped is held.",
    )
    def map_step(context: dg.OpExecutionContext, approved: Any) -> tuple[Any, Any]:
        office = _office(context, name)
        with step(context, office, "map"):
            batch = _map(context, office, approved, anew=False)
            error_list = _record(context, office, "map", list(batch.findings))
        described = describe.with_error_list(_mapping_described(batch), error_list)
        context.add_output_metadata(described, output_name="mapped")
        context.add_output_metadata({"Held": len(batch.mapped.holds)}, output_name="holds")
        return batch.mapped.lines, batch.mapped.holds

    @dg.op(
        name=f"{name}__post",
        out=dg.Out(io_manager_key="frames"),
        ins={
            "approved": dg.In(input_manager_key="frames"),
            "mapped": dg.In(input_manager_key="frames"),
            "holds": dg.In(input_manager_key="frames"),
        },
        pool=erp_pool,
        required_resource_keys=needs,
        description="Every bill goes into the ERP at most once. Fails with a table when a document is not settled.",
    )
    def post_step(context: dg.OpExecutionContext, approved: Any, mapped: Any, holds: Any) -> Any:
        office = _office(context, name)
        return _post(context, office, _mapping_of_the_moment(context, office, approved, mapped, holds))

    @dg.op(
        name=f"{name}__archive",
        out=dg.Out(io_manager_key="frames"),
        ins={"settled": dg.In(input_manager_key="frames")},
        required_resource_keys=needs,
        description="The file moves to archive once every document of it is settled.",
    )
    def archive_step(context: dg.OpExecutionContext, settled: Any) -> Any:
        office = _office(context, name)
        with step(context, office, "archive"):
            moved = archived(office, context.partition_key, context.run.run_id)
            acknowledgement = keep_acknowledgement(office, context.partition_key, settled)
        context.add_output_metadata({"Archived as": moved.name, **({"Note": moved.note} if moved.note else {})})
        context.add_output_metadata({**describe.settled(settled), HEAD: head_of(office)})
        context.add_output_metadata({"Acknowledgement (CSV)": dg.MetadataValue.path(acknowledgement)})
        return settled.assign(archived_as=moved.name)

    @dg.graph_asset(
        key=[name, "bills"],
        partitions_def=invoice_files(name),
        group_name=name,
        owners=OWNERS,
        kinds={"sage"},
        ins={
            "approved": dg.AssetIn([name, "approved_invoices"]),
            **{asset: dg.AssetIn([name, asset], dagster_type=dg.Nothing) for asset in REFERENCE},
        },
        description=f"The file's approved invoices as {documents}, each with its record number.",
    )
    def bills(approved: Any, erp_vendors: Any, erp_gl_accounts: Any, erp_dimensions: Any) -> Any:
        mapped, holds = map_step.alias("map")(approved, [erp_vendors, erp_gl_accounts, erp_dimensions])
        return archive_step.alias("archive")(post_step.alias("post")(approved, mapped, holds))

    return [bills]


def _office(context: dg.OpExecutionContext, name: str) -> "Office":
    offices: Offices = context.resources.offices
    return offices.open(name)


def _map(context: dg.OpExecutionContext, office: "Office", approved: Any, *, anew: bool) -> "MappedBatch":
    from stampli_assets.pipeline.stages import map_batch

    landed = landed_file(office, context.partition_key)
    source = office.source(partition=context.partition_key, file_name=landed.file.name, run=context.run.run_id)
    return map_batch(
        approved,
        rules=office.rules,
        masters=office.masters,
        target=office.target,
        anew=anew,
        supplying=office.supplying(source, ended_before(context)),
    )


def _mapping_of_the_moment(
    context: dg.OpExecutionContext, office: "Office", approved: Any, mapped: Any, holds: Any
) -> "MappedBatch":
    """What ``map`` made; but mapped again where a person reruns this step after mending something."""
    from stampli_assets.pipeline.map import Mapped
    from stampli_assets.pipeline.stages import MappedBatch
    from stampli_assets.pipeline.unsettled import held

    with step(context, office, "map"):
        if context.run.parent_run_id is not None:
            batch = _map(context, office, approved, anew=True)
            _record(context, office, "map", list(batch.findings))
            return batch
    made = Mapped(mapped, holds)
    return MappedBatch(made, tuple(held(holds, approved)), "", office.clock.now())


def _post(context: dg.OpExecutionContext, office: "Office", mapped: "MappedBatch") -> Any:
    from stampli_assets.pipeline.stages import post_batch, settled_frame

    landed = landed_file(office, context.partition_key)
    source = office.source(partition=context.partition_key, file_name=landed.file.name, run=context.run.run_id)
    watch = RunWatch(context, dg.AssetKey([office.name, "bills"]), landed.file.name, lambda: head_of(office))
    metadata: dict[str, Any] = {}
    with step(context, office, "post", metadata):
        check_ledger(context.instance, office)
        posted = post_batch(
            mapped,
            desk=office.desk(source, watch, ended_before(context)),
            target=office.target,
            record=lambda findings: _record(context, office, "post", findings),
        )
        described = describe.batch(
            posted.batch.settled,
            file_name=landed.file.name,
            findings=posted.findings,
            seconds=posted.seconds,
            head=head_of(office),
        )
        error_list = keep_error_list(office, source, "unsettled", posted.findings)
        metadata.update(describe.with_error_list(described, error_list))
        settled = posted.settled_or_raise()
    context.add_output_metadata(metadata)
    return settled_frame(settled)


def ended_before(context: dg.OpExecutionContext) -> list[str]:
    """The run that this one was started again from, when it is over: its lease need not be waited for."""
    parent = context.run.parent_run_id
    before = context.instance.get_run_by_id(parent) if parent is not None else None
    return [before.run_id] if before is not None and before.is_finished else []


def _record(context: dg.OpExecutionContext, office: "Office", stage: str, findings: list["Finding"]) -> str:
    landed = landed_file(office, context.partition_key)
    source = office.source(partition=context.partition_key, file_name=landed.file.name, run=context.run.run_id)
    return record_findings(office, source, stage, findings)


def _mapping_described(batch: "MappedBatch") -> dict[str, Any]:
    return describe.mapped(
        ready=batch.mapped.lines["document"].nunique(),
        held=batch.mapped.holds["document"].nunique(),
        version=batch.version,
        suppliers=batch.suppliers_created,
        read_at=f"{batch.read_at:%Y-%m-%d %H:%M:%S}",
        findings=batch.findings,
    )
