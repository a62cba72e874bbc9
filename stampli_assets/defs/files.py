"""The file side of a connection: the collected file and its approved coding lines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.feeds import Feed
from stampli_assets.defs.steps import step
from stampli_assets.model.findings import Finding
from stampli_assets.model.postings import Source

if TYPE_CHECKING:
    from stampli_assets.pipeline.collect import Collected
    from stampli_assets.pipeline.parse import Parsed
    from stampli_assets.wiring import Office, Offices

OWNERS = ["team:accounts-payable"]


def collected_file(feed: Feed, asset: str) -> dg.AssetsDefinition:
    """The asset of the delivered files of one feed: ``invoice_file``, ``payment_file`` …"""
    name = feed.connection

    @dg.asset(
        key=[name, asset],
        partitions_def=feed.files,
        group_name=name,
        owners=OWNERS,
        kinds={"sftp", "csv"},
        required_resource_keys={"offices"},
        description="One file of Stampli's outbound directory, collected byte for byte into the landing store.",
    )
    def collected(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "collect"):
            collected = _collect(office, context.partition_key, context.run.run_id)
        landed = collected.landed
        return dg.MaterializeResult(
            data_version=dg.DataVersion(landed.digest),
            metadata=describe.delivery(
                name=landed.file.name,
                size=landed.file.size,
                modified=f"{datetime.fromtimestamp(landed.file.modified, tz=UTC):%Y-%m-%d %H:%M:%S}",
                digest=landed.digest,
                same_as=collected.same_as,
            ),
        )

    return collected


def file_assets(feed: Feed) -> list[dg.AssetsDefinition]:
    """``invoice_file`` and ``approved_invoices`` of one connection."""
    name, files = feed.connection, feed.files
    invoice_file = collected_file(feed, "invoice_file")

    @dg.asset(
        key=[name, "approved_invoices"],
        partitions_def=files,
        group_name=name,
        owners=OWNERS,
        kinds={"pandas"},
        io_manager_key="frames",
        required_resource_keys={"offices"},
        deps=[invoice_file],
        check_specs=[
            dg.AssetCheckSpec(
                "every_invoice_is_valid",
                asset=[name, "approved_invoices"],
                partitions_def=files,
                description="No invoice of the file was rejected. Rejects go back to Stampli and block nobody else.",
            ),
            dg.AssetCheckSpec(
                "lines_add_up_to_invoices",
                asset=[name, "approved_invoices"],
                partitions_def=files,
                blocking=True,
                description="Coding lines and tax add up to the invoice totals, to the cent, for every currency.",
            ),
        ],
    )
    def approved_invoices(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # noqa: ANN202 - read as outputs
        """The approved invoices of the file: coding lines, validated; rejects with row, column, value and rule."""
        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "parse"):
            parsed, findings, error_list = _parse(office, context.partition_key, context.run.run_id)
            home = _send_home(office, context.partition_key, parsed)
        return dg.MaterializeResult(
            value=parsed.lines,
            metadata=describe.with_error_list({**_described(parsed, findings), **home}, error_list),
            check_results=[_valid(parsed), _adds_up(parsed)],
        )

    return [invoice_file, approved_invoices]


def _collect(office: "Office", partition: str, run: str) -> "Collected":
    from stampli_assets.model.identity import PartitionKey
    from stampli_assets.pipeline.collect import collect

    return collect(
        PartitionKey(partition),
        connection=office.name,
        inbox=office.inbox,
        landing=office.landing,
        deliveries=office.ledger.deliveries,
        clock=office.clock,
        run=run,
        faults=office.faults,
    )


def _described(parsed: "Parsed", findings: list[Any]) -> dict[str, Any]:
    return describe.approved(
        documents=parsed.documents,
        rejected=parsed.rejected_documents,
        lines=len(parsed.lines),
        sums=parsed.totals,
        notes=parsed.notes,
        findings=findings,
    )


def _parse(office: "Office", partition: str, run: str) -> tuple["Parsed", list[Any], str]:
    """Parse the landed bytes; what was wrong is in the ledger's findings before anything is raised."""
    from stampli_assets.model.errors import FileRefused
    from stampli_assets.pipeline.parse import parse
    from stampli_assets.pipeline.unsettled import file_refused, rejected

    landed = landed_file(office, partition)
    source = office.source(partition=partition, file_name=landed.file.name, run=run)
    try:
        with office.export(landed) as bytes_of_file:
            parsed = parse(bytes_of_file, name=landed.file.name, layout=office.layout)
    except FileRefused as refusal:
        record_findings(office, source, "parse", [file_refused(refusal, landed.file.name)])
        raise
    findings = rejected(parsed.rejects)
    return parsed, findings, record_findings(office, source, "parse", findings)


def _send_home(office: "Office", partition: str, parsed: "Parsed") -> dict[str, Any]:
    """Keep the rejected invoices as a file that can be mended and dropped back; answers where it lies, as metadata."""
    from stampli_assets.pipeline.send_home import reject_file_name, rejected_rows, rejects_of
    from stampli_assets.reports.acknowledgement import acknowledgement

    landing, landed = office.landing, landed_file(office, partition)
    of_rejects, of_ids = (report_name(office, one) for one in (reject_file_name(landed), f"{partition}.rejected.csv"))
    if not parsed.rejected_rows:
        landing.drop_report(of_rejects)
        landing.drop_report(of_ids)
        return {}
    landing.keep_report(of_ids, acknowledgement(rejected_rows(parsed, landed, office.connection.erp.kind)))
    with office.export(landed) as bytes_of_file:
        home = rejects_of(bytes_of_file, landed, office.layout, parsed)
    if home is None or home.content is None:
        landing.drop_report(of_rejects)
        return {"Reject file": home.note if home is not None else ""}
    return {"Reject file": dg.MetadataValue.path(landing.keep_report(of_rejects, home.content))}


def report_name(office: "Office", name: str) -> str:
    """Under which name the landing store keeps a report of this connection."""
    return f"{office.name}/{name}"


def record_findings(office: "Office", source: Source, stage: str, findings: list[Finding]) -> str:
    """Keep what a stage found in the ledger, and the whole list as a CSV file; answers where it lies, if there is any."""
    office.ledger.findings.replace(source, stage, findings, office.clock.now())
    return keep_error_list(office, source, stage, findings)


def keep_error_list(office: "Office", source: Source, stage: str, findings: Sequence[Finding]) -> str:
    """The whole list of findings as a CSV file; answers where it lies, or the empty text where there are none."""
    from stampli_assets.reports.error_list import error_list

    if not findings:
        return ""
    return office.landing.keep_report(f"{source.connection}/{source.partition}.{stage}.csv", error_list(findings))


def landed_file(office: "Office", partition: str) -> Any:
    """The landed file of a partition.

    Raises:
        Misconfigured: it is not in the landing store.
    """
    from stampli_assets.model.errors import Misconfigured
    from stampli_assets.model.identity import PartitionKey

    landed = office.landing.find(office.name, PartitionKey(partition))
    if landed is None:
        raise Misconfigured(
            f"The file of partition {partition} is not in the landing store.",
            remedy="Materialize invoice_file for this partition first; it is collected from outbound again.",
            code="NOT_LANDED",
        )
    return landed


def _valid(parsed: "Parsed") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="every_invoice_is_valid",
        passed=parsed.rejected_documents == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"Invoices rejected": parsed.rejected_documents},
    )


def _adds_up(parsed: "Parsed") -> dg.AssetCheckResult:
    """The sum again, another way than the parser took it."""
    lines = parsed.lines
    of_lines = (lines["line_amount"] + lines["tax_amount"]).groupby(lines["currency"]).sum().to_dict()
    heads = lines.drop_duplicates("document")
    of_invoices = heads["invoice_total"].groupby(heads["currency"]).sum().to_dict()
    told = {currency: total.minor for currency, total in parsed.totals.items()}
    return dg.AssetCheckResult(
        check_name="lines_add_up_to_invoices",
        passed=of_lines == of_invoices == told,
        metadata={"Lines": _text(of_lines), "Invoices": _text(of_invoices)},
    )


def _text(sums: dict[str, int]) -> str:
    from stampli_assets.model.money import Money
    from stampli_assets.reports.tables import totals_text

    return totals_text(Money(int(minor), currency) for currency, minor in sums.items())
