"""``stampli ledger``: is it whole, is it the right one, and what to do when it is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from stampli_assets.cli.say import ExitCode, say, settings_of, table
from stampli_assets.model.errors import Misconfigured, Transient

if TYPE_CHECKING:
    import dagster as dg

    from stampli_assets.defs.anchors import Anchor
    from stampli_assets.model.postings import Source
    from stampli_assets.model.remote import LandedFile
    from stampli_assets.pipeline.rebuild import Relearned
    from stampli_assets.settings import Settings
    from stampli_assets.wiring import Office


@click.group("ledger")
def command() -> None:
    """The ledger: what we know to have sent."""


@command.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Prove the journal, and compare the ledger with Dagster's run history. Exit code 1 when something is wrong."""
    from stampli_assets.defs.anchors import check_ledger

    settings = settings_of(ctx.obj)
    wrong = False
    with _instance(settings) as instance:
        for office in _offices(settings):
            try:
                check_ledger(instance, office)
                say("[green]The run history agrees:[/] ", office.name)
            except Misconfigured as other:
                wrong = True
                say(f"[bold red]{office.name}:[/] ", f"{other.sentence} {other.remedy}")
        broken = office.ledger.journal.verify()
    last, _ = office.ledger.journal.head()
    if broken is not None:
        say(
            "[bold red]The journal was altered[/] ", f"at entry {broken} of {last}. Restore the ledger from its backup."
        )
    else:
        say("[green]The journal is whole:[/] ", f"{last} entries.")
    ctx.exit(ExitCode.NEEDS_PERSON if wrong or broken is not None else ExitCode.SETTLED)


@command.command()
@click.option("--by", required=True, metavar="NAME", help="Who decides. Recorded in the journal.")
@click.option("--because", required=True, metavar="TEXT", help="Why. Recorded in the journal.")
@click.pass_context
def rebuild(ctx: click.Context, by: str, because: str) -> None:
    """Go on without a lost ledger: read every landed file again and look its documents up in the ERP.

    Nothing is sent. What the ERP holds as approved is adopted; the rest is shown, and is sent or held when its file is
    run again.
    """
    from stampli_assets.defs.anchors import newest_anchor

    settings = settings_of(ctx.obj)
    rest = []
    with _instance(settings) as instance:
        for office in _offices(settings):
            anchor = newest_anchor(instance, office.name)
            if anchor is not None:
                _wait_out(office, anchor)
            learned = list(_relearn(office))
            say(
                "[green]Read again:[/] ",
                f"{office.name}: {len(learned)} file(s), {_settled(learned)} document(s) adopted.",
            )
            rest += [(office.name, one.landed.file.name, intent.document) for one in learned for intent in one.open]
            if anchor is not None and not office.ledger.journal.knows(anchor.sequence, anchor.digest):
                office.ledger.journal.declare_lost(
                    anchor.sequence, anchor.digest, by=by.strip(), because=because.strip()
                )
    if rest:
        say("[yellow]Not in the ERP as approved[/] ", "(look at these before their files are run again):")
        rows = ((name, file, bill.number, bill.vendor_id, bill.total.labelled) for name, file, bill in rest)
        table(["Connection", "File", "Document", "Vendor", "Amount"], rows)


def _wait_out(office: Office, anchor: Anchor) -> None:
    """What the lost ledger sent last may still be on its way into the ERP."""
    over = anchor.at + office.pace.settle
    if office.clock.now() < over:
        raise Transient(
            f"What was sent before the ledger was lost may show in the ERP until {over:%H:%M} UTC.",
            remedy="Try again then.",
            code="SETTLING",
        )


def _relearn(office: Office) -> Iterator[Relearned]:
    from stampli_assets.defs.feeds import feed_of, feeds_of
    from stampli_assets.pipeline.rebuild import Teacher, relearn
    from stampli_assets.wiring import Unwatched

    feeds = feeds_of(office.connection)
    partitions = office.landing.deliveries(office.name)
    landed = (found for one in partitions if (found := office.landing.find(office.name, one)) is not None)
    kinds = ((one, feed.kind if (feed := feed_of(feeds, one.file.name)) is not None else "invoices") for one in landed)
    files = ((one, kind) for one, kind in kinds if kind in {"invoices", "payments"})

    def source(file: LandedFile) -> Source:
        return office.source(partition=file.partition, file_name=file.file.name, run="rebuild")

    teacher = Teacher(
        export=office.export,
        invoices=office.layout,
        payments=office.connection.stampli.payment_layout.layout(),
        rules=office.rules,
        masters=office.masters,
        target=office.target,
        desk=lambda file: office.desk(source(file), Unwatched()),
        till=None
        if all(feed.kind != "payments" for feed in feeds)
        else lambda file: office.till(source(file), Unwatched()),
    )
    return relearn(files, teacher)


def _settled(learned: list[Relearned]) -> int:
    return sum(len(one.settled) for one in learned)


def _offices(settings: Settings) -> list[Office]:
    from stampli_assets.wiring import Offices

    offices = Offices(settings)
    return [offices.open(connection.name) for connection in settings.connections]


def _instance(settings: Settings) -> dg.DagsterInstance:
    import dagster as dg

    os.environ.setdefault("DAGSTER_HOME", str(settings.folder))
    return dg.DagsterInstance.get()
