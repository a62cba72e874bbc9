"""``build_definitions``: one place where an installation's settings become Dagster's definitions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from stampli_assets.defs.again_sensor import again_sensor
from stampli_assets.defs.answers import answer_assets
from stampli_assets.defs.attachments import attachment_assets
from stampli_assets.defs.bills import bill_assets, pool
from stampli_assets.defs.checks import bill_checks, payment_checks
from stampli_assets.defs.feeds import Feed, feeds_of
from stampli_assets.defs.files import file_assets
from stampli_assets.defs.frames_io import FrameStore
from stampli_assets.defs.inbox_sensor import inbox_sensor
from stampli_assets.defs.lists import COST_CENTRES, GL_ACCOUNTS, ListOf, list_assets
from stampli_assets.defs.look_back import look_back_checks, look_back_schedule
from stampli_assets.defs.payments import payment_assets
from stampli_assets.defs.ping_check import ping_check, ping_schedule
from stampli_assets.defs.reference import reference_assets, reference_schedule
from stampli_assets.defs.vendors import vendor_assets, vendor_checks
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
    feeds = feeds_of(connection)
    parts = [_CORRIDORS[feed.kind](feed, connection) for feed in feeds]
    jobs = [job for part in parts for job in part.jobs or ()]
    looks = look_back_checks(name, feeds)
    return dg.Definitions.merge(
        *parts,
        dg.Definitions(
            assets=reference_assets(name),
            asset_checks=[*looks, ping_check(name), *([x3_names_check(name)] if erp.kind == "x3" else [])],
            sensors=[
                inbox_sensor(name, feeds, jobs, connection.stampli.poll_seconds),
                again_sensor(name, feeds, jobs),
            ],
            schedules=[reference_schedule(name, minutes=10), look_back_schedule(name, looks), ping_schedule(name)],
        ),
    )


def _invoices(feed: Feed, connection: Connection) -> dg.Definitions:
    name, erp, stampli = connection.name, connection.erp, connection.stampli
    posting = pool(erp.kind, erp.company_id)
    return _corridor(
        feed,
        [
            *file_assets(feed),
            *bill_assets(name, posting, DOCUMENTS[erp.kind]),
            *attachment_assets(name, posting, stampli.attachments.find_by),
            *answer_assets(name, stampli.rejects, stampli.acknowledgements),
        ],
        bill_checks(name),
        f"One invoice file of {name}: collect, parse, map, post, archive; then what goes with it.",
    )


def _payments(feed: Feed, connection: Connection) -> dg.Definitions:
    posting = pool(connection.erp.kind, connection.erp.company_id)
    return _corridor(
        feed,
        payment_assets(feed, posting),
        payment_checks(feed),
        f"One payment file of {feed.connection}: collect, parse, match to the bills, record, archive.",
    )


def _vendors(feed: Feed, connection: Connection) -> dg.Definitions:
    posting = pool(connection.erp.kind, connection.erp.company_id)
    return _corridor(
        feed,
        vendor_assets(feed, posting),
        vendor_checks(feed),
        f"One vendor file of {feed.connection}: collect, parse, match with the ERP's, create what may be created, archive.",
    )


def _list(listed: ListOf) -> Callable[[Feed, Connection], dg.Definitions]:
    def corridor(feed: Feed, _: Connection) -> dg.Definitions:
        return _corridor(
            feed,
            list_assets(feed, listed, archive=True),
            (),
            f"One file of {listed.records} of {feed.connection}: collect, parse, keep for the alignment, archive.",
        )

    return corridor


def _corridor(
    feed: Feed, assets: Sequence[dg.AssetsDefinition], checks: Sequence[dg.AssetChecksDefinition], description: str
) -> dg.Definitions:
    """The assets of one feed and the job that runs them all, with the checks that belong to a file."""
    keys = [key for asset in assets for key in asset.keys]
    inside = [key for asset in assets for key in asset.check_keys]
    job = dg.define_asset_job(
        feed.job_name,
        selection=dg.AssetSelection.assets(*keys).without_checks()
        | dg.AssetSelection.checks(*inside, *(key for check in checks for key in check.check_keys)),
        description=description,
    )
    return dg.Definitions(assets=[*assets], asset_checks=[*checks], jobs=[job])


_CORRIDORS: Mapping[str, Callable[[Feed, Connection], dg.Definitions]] = {
    "gl_accounts": _list(GL_ACCOUNTS),
    "cost_centres": _list(COST_CENTRES),
    "vendors": _vendors,
    "invoices": _invoices,
    "payments": _payments,
}


def _base(settings: Settings) -> object:
    from upath import UPath

    return UPath(settings.path(settings.storage))
