"""``build_definitions``: one place where an installation's settings become Dagster's definitions."""

from __future__ import annotations

import warnings

import dagster as dg

from stampli_assets.defs.again_sensor import again_sensor
from stampli_assets.defs.bills import bill_assets, pool
from stampli_assets.defs.checks import bill_checks
from stampli_assets.defs.files import file_assets
from stampli_assets.defs.frames_io import FrameStore
from stampli_assets.defs.inbox_sensor import inbox_sensor
from stampli_assets.defs.look_back import look_back_check, look_back_schedule
from stampli_assets.defs.reference import reference_assets, reference_schedule
from stampli_assets.defs.x3_checks import x3_names_check
from stampli_assets.settings import Connection, Settings
from stampli_assets.wiring import Offices


def build_definitions(settings: Settings, *, offices: Offices | None = None) -> dg.Definitions:
    """The assets, checks, jobs, sensors and schedules of every connection.

    Nothing is connected and no secret is read. ``offices`` replaces the real parts, for tests.
    """
    with warnings.catch_warnings():
        # Checks per partition are what a person needs here; Dagster 1.13 still calls them a preview at every start.
        warnings.simplefilter("ignore", category=dg.PreviewWarning)
        parts = [_of_connection(connection) for connection in settings.connections]
    return dg.Definitions.merge(
        *parts,
        dg.Definitions(
            resources={
                "offices": dg.ResourceDefinition.hardcoded_resource(offices or Offices(settings)),
                "frames": FrameStore(base_path=_base(settings)),
                "io_manager": FrameStore(base_path=_base(settings)),
            },
            executor=dg.in_process_executor,
        ),
    )


DOCUMENTS = {"intacct": "AP bills in Sage Intacct", "x3": "supplier invoices in Sage X3"}


def invoices_job_name(connection: str) -> str:
    """The job that takes one invoice file from outbound to the ledger."""
    return f"{connection}_invoices"


def _of_connection(connection: Connection) -> dg.Definitions:
    name, erp = connection.name, connection.erp
    checks = bill_checks(name)
    corridor = dg.AssetSelection.assets([name, "invoice_file"], [name, "approved_invoices"], [name, "bills"])
    job = dg.define_asset_job(
        invoices_job_name(name),
        selection=corridor.without_checks()
        | dg.AssetSelection.checks_for_assets([name, "approved_invoices"])
        | dg.AssetSelection.checks(*(key for check in checks for key in check.check_keys)),
        description=f"One invoice file of {name}: collect, parse, map, post, archive.",
    )
    return dg.Definitions(
        assets=[
            *file_assets(name),
            *reference_assets(name),
            *bill_assets(name, pool(erp.kind, erp.company_id), DOCUMENTS[erp.kind]),
        ],
        asset_checks=[*checks, look_back_check(name), *([x3_names_check(name)] if erp.kind == "x3" else [])],
        jobs=[job],
        sensors=[inbox_sensor(name, job, connection.stampli.poll_seconds), again_sensor(name, job)],
        schedules=[reference_schedule(name, minutes=10), look_back_schedule(name)],
    )


def _base(settings: Settings) -> object:
    from upath import UPath

    return UPath(settings.path(settings.storage))
