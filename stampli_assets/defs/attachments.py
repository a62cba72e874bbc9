"""The images of posted bills: an asset of its own, so that no image can hold up a posting."""

from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.files import OWNERS, landed_file, record_findings
from stampli_assets.defs.partitions import invoice_files
from stampli_assets.defs.steps import step

if TYPE_CHECKING:
    from stampli_assets.pipeline.attach import Attached
    from stampli_assets.wiring import Offices


def attachment_assets(
    name: str, erp_pool: str, find_by: Literal["none", "column", "name"]
) -> list[dg.AssetsDefinition]:
    """``bill_attachments`` of one connection; none where the settings ask for no images."""
    if find_by == "none":
        return []

    @dg.asset(
        key=[name, "bill_attachments"],
        partitions_def=invoice_files(name),
        group_name=name,
        owners=OWNERS,
        kinds={"sftp", "sage"},
        ins={
            "approved": dg.AssetIn([name, "approved_invoices"]),
            "settled": dg.AssetIn([name, "bills"]),
        },
        pool=erp_pool,
        required_resource_keys={"offices"},
        description="The invoice images of the file's bills, each attached once. Fails alone when one is missing.",
    )
    def bill_attachments(context: dg.AssetExecutionContext, approved: Any, settled: Any) -> dg.MaterializeResult[Any]:
        from stampli_assets.pipeline.attach import attach_images

        offices: Offices = context.resources.offices
        office = offices.open(name)
        landed = landed_file(office, context.partition_key)
        run = context.run.run_id
        source = office.source(partition=context.partition_key, file_name=landed.file.name, run=run)
        metadata: dict[str, Any] = {}
        with step(context, office, "attach", metadata):
            attached = attach_images(approved, settled, find_by=find_by, gallery=office.gallery(run))
            error_list = record_findings(office, source, "attachments", attached.findings)
            metadata.update(describe.with_error_list(_described(attached), error_list))
            attached.all_or_raise()
        return dg.MaterializeResult(metadata=metadata)

    return [bill_attachments]


def _described(attached: "Attached") -> dict[str, Any]:
    from stampli_assets.reports.tables import findings_table, markdown

    described: dict[str, Any] = {
        "Images attached": attached.count("attached", "was attached"),
        "Attached now": attached.count("attached"),
        "Bills without image": attached.count("no image"),
        "Images to be mended": len(attached.findings),
        "Images archived": len(attached.archived),
    }
    if attached.findings:
        described["Unattached"] = dg.MetadataValue.md(findings_table(attached.findings))
    if attached.notes:
        described["Notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in attached.notes))
    rows = [(one.wanted.row, one.wanted.number, one.wanted.record_no, one.image, one.result) for one in attached.hung]
    headers = ["Row", "Document", "Record no", "Image", "Result"]
    described["Images"] = dg.MetadataValue.md(markdown(headers, rows, total=len(rows)))
    return described
