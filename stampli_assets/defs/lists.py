"""The lists that Stampli keeps (vendors, GL accounts, cost centres): collected, parsed, rejects listed; and the two that are
kept for the alignment and archived at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.archiving import archived
from stampli_assets.defs.feeds import Feed
from stampli_assets.defs.files import OWNERS, collected_file, landed_file, record_findings
from stampli_assets.defs.steps import step

if TYPE_CHECKING:
    from stampli_assets.pipeline.parse_lists import ParsedList
    from stampli_assets.sections.stampli import StampliServer
    from stampli_assets.stampli.layout import Layout
    from stampli_assets.wiring import Office, Offices


_MEND = "Correct it in Stampli and let the list be exported again."


@dataclass(frozen=True, slots=True)
class ListOf:
    """One kind of list: its assets, what its records are called, how it is written. ``note`` is told on every file."""

    file_asset: str
    asset: str
    records: str
    layout: Callable[["StampliServer"], "Layout"]
    note: str = ""

    @property
    def check(self) -> str:
        return f"every_{self.records.lower().replace(' ', '_').removesuffix('s')}_is_valid"


VENDORS = ListOf(
    "vendor_file",
    "stampli_vendors",
    "Vendors",
    lambda stampli: stampli.vendor_layout.layout(),
    "Bank details are never read, so a change of them cannot be seen here: check it in Stampli.",
)
GL_ACCOUNTS = ListOf(
    "gl_account_file", "stampli_gl_accounts", "GL accounts", lambda stampli: stampli.gl_account_layout.layout()
)
COST_CENTRES = ListOf(
    "cost_centre_file", "stampli_cost_centres", "Cost centres", lambda stampli: stampli.cost_centre_layout.layout()
)


def list_assets(feed: Feed, listed: ListOf, *, archive: bool) -> list[dg.AssetsDefinition]:
    """The collected file of a list and its records; ``archive``: nothing else is done with the file."""
    name = feed.connection
    file = collected_file(feed, listed.file_asset)

    @dg.asset(
        key=[name, listed.asset],
        partitions_def=feed.files,
        group_name=name,
        owners=OWNERS,
        kinds={"pandas"},
        io_manager_key="frames",
        required_resource_keys={"offices"},
        deps=[file],
        description=f"{listed.records} as Stampli keeps them, validated; rejects with row, column, value and rule.",
        check_specs=[
            dg.AssetCheckSpec(
                listed.check,
                asset=[name, listed.asset],
                partitions_def=feed.files,
                description="No record of the file was rejected. Rejects are corrected in Stampli and block nobody else.",
            )
        ],
    )
    def records(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]  # noqa: ANN202 - read as outputs
        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "parse"):
            parsed, described = _parse(office, context.partition_key, context.run.run_id, listed)
        if archive:
            with step(context, office, "archive"):
                done = archived(office, context.partition_key, context.run.run_id)
            described |= {"Archived as": done.name, **({"Note": done.note} if done.note else {})}
        return dg.MaterializeResult(
            value=parsed.rows,
            metadata=described,
            check_results=[
                dg.AssetCheckResult(
                    check_name=listed.check,
                    passed=parsed.rejected_rows == 0,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"Rejected": parsed.rejected_rows},
                )
            ],
        )

    return [file, records]


def _parse(office: "Office", partition: str, run: str, listed: ListOf) -> tuple["ParsedList", dict[str, Any]]:
    """Parse the landed bytes; what was wrong is in the ledger's findings before anything is raised."""
    from stampli_assets.model.errors import FileRefused
    from stampli_assets.pipeline.parse_lists import parse_cost_centres, parse_gl_accounts
    from stampli_assets.pipeline.parse_vendors import parse_vendors
    from stampli_assets.pipeline.unsettled import file_refused, rejected

    parse = {VENDORS: parse_vendors, GL_ACCOUNTS: parse_gl_accounts, COST_CENTRES: parse_cost_centres}[listed]
    landed = landed_file(office, partition)
    source = office.source(partition=partition, file_name=landed.file.name, run=run)
    try:
        with office.export(landed) as content:
            parsed = parse(content, name=landed.file.name, layout=listed.layout(office.connection.stampli))
    except FileRefused as refusal:
        record_findings(office, source, "parse", [file_refused(refusal, landed.file.name)])
        raise
    findings = [replace(one, remedy=_MEND) for one in rejected(parsed.rejects)]
    error_list = record_findings(office, source, "parse", findings)
    notes: Sequence[str] = [*parsed.notes, *([listed.note] if listed.note else [])]
    described = describe.listed(
        listed.records, rows=len(parsed.rows), rejected=parsed.rejected_rows, notes=notes, findings=findings
    )
    return parsed, describe.with_error_list(described, error_list)
