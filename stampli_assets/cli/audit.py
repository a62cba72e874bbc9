"""``stampli audit``: where a document came from and what became of it; the trail of a period; the proof that nobody edited it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stampli_assets.cli.say import ExitCode, json_option, result, say, settings_of
from stampli_assets.model.errors import Misconfigured

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore
    from stampli_assets.settings import Settings

DAY = click.DateTime(["%Y-%m-%d"])
UI = "http://127.0.0.1:3000"
ui_option = click.option(
    "--ui", default=UI, show_default=True, metavar="ADDRESS", help="Dagster, for the links to runs."
)


@click.group("audit")
def command() -> None:
    """The audit trail: show a document, export a period, verify that nothing was edited."""


@command.command()
@click.argument("document", required=False)
@click.option(
    "--vendor", metavar="TEXT", default="", help="Of this vendor: its number here or in Stampli, or its name."
)
@click.option("--file", "file", metavar="TEXT", default="", help="All of this file: its name, partition or SHA-256.")
@click.option("--run", metavar="TEXT", default="", help="All that this run sent: its id or the beginning of it.")
@ui_option
@json_option
@click.pass_context
def show(ctx: click.Context, document: str | None, vendor: str, file: str, run: str, ui: str, as_json: bool) -> None:
    """Tell where a document came from and what became of it.

    DOCUMENT is a document number, Stampli's id, the ERP's record number, a control id or a posting key. Nothing is asked of
    Stampli or the ERP: what is told stands in the ledger and in the files as they were collected.
    """
    from stampli_assets.cli.audit_words import Teller

    if sum(map(bool, (document, file, run))) + (bool(vendor) and not document) != 1:
        raise click.UsageError("Name one document, or one of --vendor, --file and --run.")
    settings = settings_of(ctx.obj)
    trails = _ledger(settings).trails
    if document:
        traced, what = (
            trails.document(document, vendor),
            f"document {document}" + (f" of vendor {vendor}" if vendor else ""),
        )
    elif file:
        traced, what = trails.of_file(file), f"file {file}"
    elif run:
        traced, what = trails.of_run(run), f"run {run}"
    else:
        traced, what = trails.of_vendor(vendor), f"vendor {vendor}"
    if not (traced.trails or traced.unposted or traced.delivery):
        raise Misconfigured(
            f"The ledger knows no {what}.",
            remedy="Give it exactly as Stampli or the ERP writes it. What was never collected has no trail.",
            code="AUDIT_UNKNOWN",
        )
    teller = Teller(settings, trails, ui)
    if as_json:
        result(teller.as_json(traced, stories=bool(document)))
    elif document:
        teller.tell(traced)
    else:
        teller.list(traced)


@command.command()
@click.argument("form", metavar="[csv|xlsx|parquet]", type=click.Choice(["csv", "xlsx", "parquet"]), required=False)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--from", "start", type=DAY, help="The first day, in UTC. Default: from the beginning.")
@click.option("--to", "end", type=DAY, help="The last day, in UTC. Default: today.")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the whole journal, as JSON lines, to FILE.",
)
@ui_option
@click.pass_context
def export(
    ctx: click.Context,
    form: str | None,
    file: Path | None,
    start: datetime | None,
    end: datetime | None,
    journal: Path | None,
    ui: str,
) -> None:
    """Write the documents that came to their present state in a period to FILE, a row each.

    --journal writes the journal instead or beside it: whoever has it can prove with verify_journal.py, without this program,
    that no entry was edited.
    """
    if not (form or journal) or bool(form) != bool(file):
        raise click.UsageError("Give a form and a FILE to write to, or --journal FILE.")
    if start is not None and end is not None and start > end:
        raise click.UsageError("The period ends before it begins.")
    ledger = _ledger(settings_of(ctx.obj))
    if form and file:
        after = (end.replace(tzinfo=UTC) if end else ledger.now()) + timedelta(days=1)
        count = _export(ledger, form, file, (start or datetime(1970, 1, 1)).replace(tzinfo=UTC), after, ui)  # noqa: DTZ001
        say("[green]Written:[/] ", f"{file}, {count} document(s).")
    if journal:
        from stampli_assets.reports.audit import write_journal

        count = _whole(journal, lambda path: write_journal(path, ledger.trails.journal()))
        say(
            "[green]Written:[/] ",
            f"{journal}, {count} entries. Verify it with: python verify_journal.py {journal.name}",
        )


@command.command()
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Prove that nobody edited the trail. Exit code 1 when something is not as it was written.

    Three things are compared: each entry of the journal with the one before; postings, deliveries and decisions with what
    the journal adds up to; and the journal with the entries that Dagster's run history names.
    """
    settings = settings_of(ctx.obj)
    proof = _ledger(settings).proofs.prove(_anchors(settings))
    if as_json:
        broken = [{"entry": one.entry or None, "sentence": one.sentence, "remedy": one.remedy} for one in proof.breaks]
        result({"entries": proof.entries, "postings": proof.postings, "anchors": proof.anchors, "breaks": broken})
    for one in proof.breaks:
        say("[bold red]Not as written:[/] ", one.sentence)
    for remedy in dict.fromkeys(one.remedy for one in proof.breaks):
        say("[bold]What to do:[/] ", remedy)
    if proof.breaks:
        ctx.exit(ExitCode.NEEDS_PERSON)
    say(
        "[green]The trail is whole:[/] ",
        f"{proof.entries} entries, {proof.postings} documents as they were written, {proof.anchors} entries known to "
        "Dagster's run history.",
    )
    if proof.entries and not proof.anchors:
        say(
            "[yellow]Nothing in Dagster's run history names an entry:[/] ",
            "whether the end was cut off cannot be told.",
        )


def _export(ledger: LedgerStore, form: str, file: Path, start: datetime, end: datetime, ui: str) -> int:
    from stampli_assets.pipeline.trail import run_address
    from stampli_assets.reports.audit import WRITERS, Around, audit_rows

    around = Around(ledger.trails.digests(), lambda run: run_address(ui, run))
    rows = audit_rows(ledger.trails.posted_between(start, end), around)
    return _whole(file, lambda path: WRITERS[form](path, rows))


def _whole(file: Path, write: Callable[[Path], int]) -> int:
    """The file appears whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    try:
        count = write(part)
        part.replace(file)
    except OSError as error:
        raise Misconfigured(
            f"{file} cannot be written: {error.strerror}.",
            remedy="Name a folder that is there.",
            code="AUDIT_UNWRITABLE",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _ledger(settings: Settings) -> LedgerStore:
    from stampli_assets.wiring import Offices

    return Offices(settings).open(settings.connections[0].name).ledger


def _anchors(settings: Settings) -> dict[int, str]:
    """What the run history knows of the journal, of every connection."""
    import dagster as dg

    from stampli_assets.defs.anchors import sampled_anchors

    os.environ.setdefault("DAGSTER_HOME", str(settings.folder))
    with dg.DagsterInstance.get() as instance:
        found = [one for connection in settings.connections for one in sampled_anchors(instance, connection.name)]
    return {one.sequence: one.digest for one in found}
