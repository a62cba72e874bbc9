"""``stampli inspect``: a layout proposed from an unknown export, with its evidence and its open questions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from stampli_assets.cli.say import ExitCode, json_option, result, say

if TYPE_CHECKING:
    from stampli_assets.stampli.proposal_styles import Proposal


@click.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Propose the layout of an unknown export: encoding, delimiter, numbers, dates and columns, each with its evidence.

    What can be read in two ways is asked, never guessed. The proposal goes to stdout as YAML, ready to paste below a
    connection's `stampli:`. Nothing is sent, stored or moved. Exit code 1 while a question is open.
    """
    from stampli_assets.stampli.proposal import propose

    with file.open("rb") as source:
        found = propose(source, file.name)
    trial = _tried(file, found)
    if as_json:
        result({**asdict(found), "yaml": _yaml(found), "trial": trial})
    else:
        _show(found, trial)
    if found.questions:
        ctx.exit(ExitCode.NEEDS_PERSON)


def _show(found: Proposal, trial: str) -> None:
    say("[bold]", f"{found.file}: {found.rows} rows" if found.rows else found.file)
    for key, told in found.evidence.items():
        for sentence in told:
            say(f"[bold]{key}:[/] ", sentence)
    for one in found.columns:
        examples = f": {', '.join(one.examples)}" if one.examples else ""
        say(
            f"[cyan]{escape(one.header)}[/] → [bold]{one.meaning or '?'}[/]  ",
            f"{one.kind}, {one.filled} filled, {one.distinct} different{examples}. {' '.join(one.evidence)}".strip(),
        )
    for note in found.notes:
        say("[yellow]Note:[/] ", note)
    for number, question in enumerate(found.questions, start=1):
        say(f"[bold yellow]Question {number}:[/] ", question)
    if trial:
        say("[bold]Tried:[/] ", trial)
    click.echo(_yaml(found), nl=False)


def _yaml(found: Proposal) -> str:
    """The ``layout`` section; open questions stand above it as comments."""
    import yaml

    asked = "".join(f"# QUESTION: {' '.join(question.split())}\n" for question in found.questions)
    return asked + yaml.safe_dump({"layout": found.layout}, allow_unicode=True, sort_keys=False, width=110)


def _tried(file: Path, found: Proposal) -> str:
    """What the proposed layout makes of the whole file, once nothing is open."""
    from stampli_assets.model.errors import FileRefused, Misconfigured
    from stampli_assets.pipeline.parse import parse
    from stampli_assets.stampli.layout_settings import InvoiceLayout

    if found.questions:
        return ""
    try:
        with file.open("rb") as source:
            parsed = parse(source, name=file.name, layout=InvoiceLayout.model_validate(found.layout).layout())
    except (FileRefused, Misconfigured) as refusal:
        return f"With this layout the file is refused: {refusal.sentence} {refusal.remedy}"
    totals = ", ".join(total.labelled for total in parsed.totals.values()) or "nothing"
    first = f" The first reject: {parsed.rejects.iloc[0]['sentence']}" if len(parsed.rejects) else ""
    return (
        f"With this layout {parsed.documents} invoices over {totals} are read, {parsed.rejected_documents} are rejected."
        f"{first}"
    )
