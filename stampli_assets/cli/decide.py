"""``stampli decide``: what only a person can say about a document, recorded with who and why."""

from __future__ import annotations

import click

from stampli_assets.cli.say import say, settings_of
from stampli_assets.model.postings import Decision


@click.command("decide")
@click.argument("decision", type=click.Choice(["distinct", "absent", "gone"]))
@click.argument("document")
@click.option("--vendor", default="", help="The vendor, where several have a document of that number.")
@click.option("--by", required=True, metavar="NAME", help="Who decides. Recorded in the journal.")
@click.option("--because", required=True, metavar="TEXT", help="Why. Recorded in the journal.")
@click.pass_context
def command(ctx: click.Context, decision: str, document: str, vendor: str, by: str, because: str) -> None:
    """Decide about a document that `stampli errors` holds for a person.

    \b
    distinct  its number looks like another one's, and it is another document all the same: post it
    absent    the ERP says that it was sent before, and you looked and it is not there: send it again
    gone      it was posted, and it is right that the ERP does not hold it so any more: say no more of it

    Nothing is sent by this command: rerun the file from failure, or let the machine do it.
    """  # noqa: D301 - click's own mark for text that keeps its lines
    from stampli_assets.wiring import Offices

    settings = settings_of(ctx.obj)
    ledger = Offices(settings).open(settings.connections[0].name).ledger
    ledger.decisions.decide(document, Decision(decision), by=by.strip(), because=because.strip(), vendor=vendor)
    then = "" if decision == Decision.GONE else " Rerun its file from failure."
    say("[green]Recorded.[/] ", f"{document} is {decision}, says {by.strip()}.{then}")
