"""``stampli errors``: everything that is not settled, its age, its reason, what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

import click

from stampli_assets.cli.say import ExitCode, block, connection_option, json_option, result, say, settings_of
from stampli_assets.model.findings import End, OpenFinding
from stampli_assets.model.identity import PartitionKey

if TYPE_CHECKING:
    from stampli_assets.wiring import Office


@click.command("errors")
@connection_option
@json_option
@click.option(
    "--rejected", "with_rejects", is_flag=True, help="Rejects too: they are settled and went back to Stampli."
)
@click.option(
    "--noticed", "with_notices", is_flag=True, help="What a person should know too: vendors that differ from the ERP's."
)
@click.pass_context
def command(ctx: click.Context, connection: str | None, as_json: bool, with_rejects: bool, with_notices: bool) -> None:
    """List what is not settled: document, amount, age, reason, and what to do about it. Exit code 1 if there is any."""
    from stampli_assets.wiring import Offices

    settings = settings_of(ctx.obj)
    name = settings.connection(connection).name if connection else None
    offices = Offices(settings)
    ledger = offices.open(settings.connections[0].name).ledger
    standing = ledger.findings.standing(name)
    shown = sorted(
        (one for one in standing if _is_shown(one.finding.end, with_rejects=with_rejects, with_notices=with_notices)),
        key=lambda one: (one.connection, one.partition, one.finding.row),
    )
    now = datetime.now(UTC)
    if as_json:
        result([_as_json(one, now) for one in shown])
    elif shown:
        for place, members in groupby(shown, key=lambda one: f"{one.connection}: {one.file_name}"):
            say("\n[underline]", place)
            listed = list(members)
            for one in listed:
                block(_headline(one, now), one.finding.sentence, one.finding.remedy)
            if any(one.finding.end is End.REJECTED for one in listed):
                _tell_reject_file(offices.open(listed[0].connection), listed[0].partition)
    else:
        say("[green]Everything is settled.[/]")
    if any(not one.finding.end.is_settled for one in shown):
        ctx.exit(ExitCode.NEEDS_PERSON)


def _is_shown(end: End, *, with_rejects: bool, with_notices: bool) -> bool:
    return not end.is_settled or (with_notices if end is End.NOTICED else with_rejects)


def _tell_reject_file(office: Office, partition: str) -> None:
    """Where the rejected rows lie, ready to be mended and put back into outbound."""
    from stampli_assets.pipeline.send_home import reject_file_name

    landed = office.landing.find(office.name, PartitionKey(partition))
    path = office.landing.report_path(f"{office.name}/{reject_file_name(landed)}") if landed is not None else ""
    if path:
        click.echo(f"Reject file, to be mended and put back into outbound: {path}")


def _headline(one: OpenFinding, now: datetime) -> str:
    finding = one.finding
    parts = [str(finding.end), finding.document, finding.vendor, finding.amount, f"since {_age(one, now)}"]
    return "  ·  ".join(part for part in parts if part)


def _age(one: OpenFinding, now: datetime) -> str:
    seconds = int((now - one.first_seen).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def _as_json(one: OpenFinding, now: datetime) -> dict[str, object]:
    finding = one.finding
    return {
        "end": finding.end,
        "connection": one.connection,
        "file": one.file_name,
        "partition": one.partition,
        "row": finding.row,
        "column": finding.column,
        "value": finding.value,
        "document": finding.document,
        "vendor": finding.vendor,
        "amount": finding.amount,
        "code": finding.code,
        "sentence": finding.sentence,
        "remedy": finding.remedy,
        "first_seen": one.first_seen.isoformat(),
        "age_seconds": int((now - one.first_seen).total_seconds()),
        "run": one.run,
    }
