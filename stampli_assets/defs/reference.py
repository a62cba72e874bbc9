"""The ERP's master records as assets: what the mapping is verified against, read on a schedule."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.failures import told_to_dagster

if TYPE_CHECKING:
    from stampli_assets.wiring import Offices

REFERENCE = ("erp_vendors", "erp_gl_accounts", "erp_dimensions")
_DESCRIBED = {
    "erp_vendors": "The ERP's vendors, active and inactive.",
    "erp_gl_accounts": "The ERP's GL accounts with the dimensions that each one requires.",
    "erp_dimensions": "Locations, departments, classes, projects and the other dimensions, and payment terms.",
}


def reference_assets(name: str) -> list[dg.AssetsDefinition]:
    """``erp_vendors``, ``erp_gl_accounts`` and ``erp_dimensions`` of one connection, read in one go."""

    @dg.multi_asset(
        name=f"{name}__read_reference",
        specs=[
            dg.AssetSpec([name, asset], group_name=name, kinds={"sage"}, description=_DESCRIBED[asset])
            for asset in REFERENCE
        ],
        required_resource_keys={"offices"},
    )
    def read_reference(context: dg.AssetExecutionContext) -> Iterator[Any]:
        offices: Offices = context.resources.offices
        with told_to_dagster(context):
            reference, read_at = offices.open(name).masters.read()
        for asset in REFERENCE:
            frame = reference[asset.removeprefix("erp_")]
            yield dg.MaterializeResult(
                asset_key=[name, asset],
                metadata={
                    "dagster/row_count": len(frame),
                    "Records": len(frame),
                    "Inactive": int((frame["status"] == "inactive").sum()),
                    "Read (UTC)": f"{read_at:%Y-%m-%d %H:%M:%S}",
                },
            )

    return [read_reference]


def reference_schedule(name: str, minutes: int) -> dg.ScheduleDefinition:
    """Reads the masters of a connection every ``minutes``."""
    return dg.ScheduleDefinition(
        name=f"{name}_reference",
        target=dg.AssetSelection.assets(*([name, asset] for asset in REFERENCE)),
        cron_schedule=f"*/{minutes} * * * *" if minutes < 60 else "0 * * * *",
        description=f"Reads the ERP's vendors, GL accounts and dimensions for {name}.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
