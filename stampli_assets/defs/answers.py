"""What goes back to Stampli's server once a file is archived: an asset of its own, so that it cannot touch a posting."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.files import OWNERS, landed_file, report_name
from stampli_assets.defs.partitions import invoice_files
from stampli_assets.defs.steps import step

if TYPE_CHECKING:
    from stampli_assets.wiring import Office, Offices


def answer_assets(name: str, *directories: str) -> list[dg.AssetsDefinition]:
    """``answers`` of one connection; none where the settings name no directory for what goes home."""
    if not any(directories):
        return []

    @dg.asset(
        key=[name, "answers"],
        partitions_def=invoice_files(name),
        group_name=name,
        owners=OWNERS,
        kinds={"sftp"},
        deps=[[name, "bills"]],
        required_resource_keys={"offices"},
        description="The reject file and the acknowledgement of the file, put on Stampli's server once. Fails alone.",
    )
    def answers(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "answer"):
            delivered = _deliver(office, context.partition_key)
        return dg.MaterializeResult(metadata={"Files put": sum(delivered.values()), **_told(delivered)})

    return [answers]


def keep_acknowledgement(office: "Office", partition: str, settled: Any) -> str:
    """What became of every invoice of an archived file, as a CSV file; answers where it lies."""
    from stampli_assets.pipeline.send_home import acknowledgement_name, settled_rows
    from stampli_assets.reports.acknowledgement import acknowledgement, read_again

    landed, erp = landed_file(office, partition), office.connection.erp.kind
    postings = office.ledger.postings.of_partition(office.name, partition)
    sent = {str(posting.key): posting.intent_at for posting in postings if posting.intent_at is not None}
    rejected = office.landing.report(report_name(office, f"{partition}.rejected.csv"))
    rows = [*settled_rows(settled, sent, landed, erp), *(read_again(rejected) if rejected else ())]
    return office.landing.keep_report(report_name(office, acknowledgement_name(landed)), acknowledgement(rows))


def _deliver(office: "Office", partition: str) -> dict[str, bool]:
    """Where each file lies, and whether it was put there now."""
    from stampli_assets.pipeline.send_home import acknowledgement_name, deliver, reject_file_name

    stampli, landed = office.connection.stampli, landed_file(office, partition)
    delivered = {}
    for directory, name in (
        (stampli.rejects, reject_file_name(landed)),
        (stampli.acknowledgements, acknowledgement_name(landed)),
    ):
        content = office.landing.report(report_name(office, name)) if directory else None
        if content is not None:
            delivered[f"{directory}/{name}"] = deliver(
                name, content, directory=directory, connection=office.name, outbox=office.inbox, reports=office.landing
            )
    return delivered


def _told(delivered: dict[str, bool]) -> dict[str, Any]:
    rows = [f"- {path}{'' if now else ' (was put before)'}" for path, now in delivered.items()]
    return {"Files": dg.MetadataValue.md("\n".join(rows))} if rows else {}
