"""Payments of a connection: the file, its payments, and ``bill_payments``: what Stampli has paid, recorded in the ERP."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.anchors import check_ledger
from stampli_assets.defs.archiving import archive_op, head_of
from stampli_assets.defs.bills import ended_before
from stampli_assets.defs.feeds import Feed
from stampli_assets.defs.files import OWNERS, collected_file, keep_error_list, landed_file, record_findings
from stampli_assets.defs.reference import REFERENCE
from stampli_assets.defs.steps import step
from stampli_assets.defs.watch import RunWatch

if TYPE_CHECKING:
    from stampli_assets.pipeline.parse_payments import ParsedPayments
    from stampli_assets.wiring import Office, Offices


def payment_assets(feed: Feed, erp_pool: str) -> list[dg.AssetsDefinition]:
    """``payment_file``, ``processed_payments`` and ``bill_payments`` of one connection."""
    payment_file = collected_file(feed, "payment_file")
    return [payment_file, _processed_payments(feed, payment_file), _bill_payments(feed, erp_pool)]


def _processed_payments(feed: Feed, payment_file: dg.AssetsDefinition) -> dg.AssetsDefinition:
    name = feed.connection

    @dg.asset(
        key=[name, "processed_payments"],
        partitions_def=feed.files,
        group_name=name,
        owners=OWNERS,
        kinds={"pandas"},
        io_manager_key="frames",
        required_resource_keys={"offices"},
        deps=[payment_file],
        check_specs=[
            dg.AssetCheckSpec(
                "every_payment_is_valid",
                asset=[name, "processed_payments"],
                partitions_def=feed.files,
                description="No payment of the file was rejected. Rejects go back to Stampli and block nobody else.",
            ),
        ],
    )
    def processed_payments(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # noqa: ANN202 - read as outputs
        """The payments of the file with the invoices that they settle, validated; rejects with row, column and rule."""
        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "parse"):
            parsed, findings, error_list = _parse(office, context.partition_key, context.run.run_id)
        described = describe.processed(
            payments=parsed.payments,
            rejected=parsed.rejected_payments,
            rows=len(parsed.lines),
            sums=parsed.totals,
            notes=parsed.notes,
            findings=findings,
        )
        return dg.MaterializeResult(
            value=parsed.lines,
            metadata=describe.with_error_list(described, error_list),
            check_results=[
                dg.AssetCheckResult(
                    check_name="every_payment_is_valid",
                    passed=parsed.rejected_payments == 0,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"Payments rejected": parsed.rejected_payments},
                )
            ],
        )

    return processed_payments


def _bill_payments(feed: Feed, erp_pool: str) -> dg.AssetsDefinition:
    name = feed.connection
    needs = {"offices"}

    @dg.op(
        name=f"{name}__record_payments",
        out=dg.Out(io_manager_key="frames"),
        ins={"processed": dg.In(input_manager_key="frames"), "reference": dg.In(dg.Nothing)},
        pool=erp_pool,
        required_resource_keys=needs,
        description="Each payment is matched to its bills in the ERP and recorded at most once. Fails with a table when a "
        "payment is not settled.",
    )
    def record_step(context: dg.OpExecutionContext, processed: Any) -> Any:
        offices: Offices = context.resources.offices
        return _record(context, offices.open(name), processed)

    archive_step = archive_op(name, "payments", lambda settled: describe.settled(settled, "Payments"))

    @dg.graph_asset(
        key=[name, "bill_payments"],
        partitions_def=feed.files,
        group_name=name,
        owners=OWNERS,
        kinds={"sage"},
        ins={
            "processed": dg.AssetIn([name, "processed_payments"]),
            **{asset: dg.AssetIn([name, asset], dagster_type=dg.Nothing) for asset in REFERENCE},
        },
        description="The file's payments as the ERP holds them, each with its record number.",
    )
    def bill_payments(processed: Any, erp_vendors: Any, erp_gl_accounts: Any, erp_dimensions: Any) -> Any:
        recorded = record_step.alias("record")(processed, [erp_vendors, erp_gl_accounts, erp_dimensions])
        return archive_step.alias("archive")(recorded)

    return bill_payments


def _parse(office: "Office", partition: str, run: str) -> tuple["ParsedPayments", list[Any], str]:
    """Parse the landed bytes; what was wrong is in the ledger's findings before anything is raised."""
    from stampli_assets.model.errors import FileRefused
    from stampli_assets.pipeline.parse_payments import parse_payments
    from stampli_assets.pipeline.unsettled import file_refused, rejected

    landed = landed_file(office, partition)
    source = office.source(partition=partition, file_name=landed.file.name, run=run)
    try:
        with office.export(landed) as content:
            parsed = parse_payments(
                content, name=landed.file.name, layout=office.connection.stampli.payment_layout.layout()
            )
    except FileRefused as refusal:
        record_findings(office, source, "parse", [file_refused(refusal, landed.file.name)])
        raise
    findings = rejected(parsed.rejects)
    return parsed, findings, record_findings(office, source, "parse", findings)


def _record(context: dg.OpExecutionContext, office: "Office", processed: Any) -> Any:
    from stampli_assets.pipeline.paying import pay
    from stampli_assets.pipeline.stages import settled_frame

    landed = landed_file(office, context.partition_key)
    source = office.source(partition=context.partition_key, file_name=landed.file.name, run=context.run.run_id)
    watch = RunWatch(context, dg.AssetKey([office.name, "bill_payments"]), landed.file.name, lambda: head_of(office))
    metadata: dict[str, Any] = {}
    with step(context, office, "post", metadata):
        check_ledger(context.instance, office)
        masters = office.masters
        reference, _ = masters.read() if context.run.parent_run_id is not None else masters.current()
        paid = pay(
            processed,
            rules=office.rules,
            reference=reference,
            till=office.till(source, watch, ended_before(context)),
            record=lambda findings: record_findings(office, source, "post", findings),
        )
        described = describe.batch(
            paid.batch.settled,
            file_name=landed.file.name,
            findings=paid.findings,
            seconds=paid.seconds,
            head=head_of(office),
        )
        metadata.update(
            describe.with_error_list(described, keep_error_list(office, source, "unsettled", paid.findings))
        )
        settled = paid.settled_or_raise()
    context.add_output_metadata(metadata)
    return settled_frame(settled)
