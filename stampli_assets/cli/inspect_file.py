"""``stampli inspect``: a layout proposed from an unknown export, with its evidence and its open questions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
from rich.markup import escape

from stampli_assets.cli.say import ExitCode, json_option, result, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from stampli_assets.model.money import Money
    from stampli_assets.stampli.proposal_styles import Proposal


@click.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Propose the layout of an unknown export: its kind, encoding, delimiter, numbers, dates and columns, each with its
    evidence.

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
    """The layout's section under its key; open questions stand above it as comments."""
    import yaml

    asked = "".join(f"# QUESTION: {' '.join(question.split())}\n" for question in found.questions)
    section = {found.contract.settings: found.layout}
    return asked + yaml.safe_dump(section, allow_unicode=True, sort_keys=False, width=110)


def _tried(file: Path, found: Proposal) -> str:
    """What the proposed layout makes of the whole file, once nothing is open."""
    from stampli_assets.model.errors import FileRefused, Misconfigured

    if found.questions:
        return ""
    try:
        with file.open("rb") as source:
            documents, rejected, totals, rejects = _read(source, file.name, found)
    except (FileRefused, Misconfigured) as refusal:
        return f"With this layout the file is refused: {refusal.sentence} {refusal.remedy}"
    over = f" over {', '.join(total.labelled for total in totals.values()) or 'nothing'}" if totals is not None else ""
    first = f" The first reject: {rejects.iloc[0]['sentence']}" if len(rejects) else ""
    named = found.contract.documents
    return f"With this layout {documents} {named}{over} are read, {rejected} are rejected.{first}"


def _read(source: BinaryIO, name: str, found: Proposal) -> tuple[int, int, Mapping[str, Money] | None, pd.DataFrame]:
    """How many documents are read and rejected, their totals where they have any, and the rejects."""
    from stampli_assets.pipeline.parse import parse
    from stampli_assets.pipeline.parse_lists import parse_cost_centres, parse_gl_accounts
    from stampli_assets.pipeline.parse_payments import parse_payments
    from stampli_assets.pipeline.parse_vendors import parse_vendors
    from stampli_assets.stampli.layout_settings import LAYOUTS

    layout = LAYOUTS[found.kind].model_validate(found.layout).layout()
    if found.kind == "invoices":
        bills = parse(source, name=name, layout=layout)
        return bills.documents, bills.rejected_documents, bills.totals, bills.rejects
    if found.kind == "payments":
        paid = parse_payments(source, name=name, layout=layout)
        return paid.payments, paid.rejected_payments, paid.totals, paid.rejects
    of_kind = {"vendors": parse_vendors, "gl_accounts": parse_gl_accounts, "cost_centres": parse_cost_centres}
    records = of_kind[found.kind](source, name=name, layout=layout)
    return len(records.rows), records.rejected_rows, None, records.rejects
