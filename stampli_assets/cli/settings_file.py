"""``stampli settings``: check the settings file, or print its schema."""

from __future__ import annotations

from pathlib import Path

import click

from stampli_assets.cli.say import result, say, settings_of


@click.group("settings")
def command() -> None:
    """The settings file: what is wrong with it, and what may stand in it."""


@command.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print the checked settings as JSON on stdout.")
@click.pass_obj
def check(settings_path: Path | None, as_json: bool) -> None:
    """Read the settings file, its mapping rules and the names of its secrets; report every problem at once.

    Nothing is connected.
    """
    from stampli_assets.model.errors import Misconfigured
    from stampli_assets.wiring import Offices

    settings = settings_of(settings_path)
    offices = Offices(settings)
    problems = []
    for connection in settings.connections:
        office = offices.open(connection.name)
        for part in ("rules", "layout", "inbox", "bills"):
            try:
                getattr(office, part)
            except Misconfigured as problem:
                problems.append(f"{connection.name}: {problem.sentence} {problem.remedy}".strip())
    if problems:
        raise Misconfigured("\n".join(problems), remedy="Correct these, then check again.")
    if as_json:
        result(settings.model_dump(mode="json"))
    for connection in settings.connections:
        say(
            "[green]ok[/] ",
            f"{connection.name}: {connection.stampli.host} → {connection.erp.kind} {connection.erp.company_id}",
        )


@command.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the settings file, for your editor."""
    from stampli_assets.settings import schema

    result(schema())
