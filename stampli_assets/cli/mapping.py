"""``stampli mapping``: what is wrong with the rules, what an edit would change, what an unmapped value may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stampli_assets.cli.say import ExitCode, connection_option, json_option, result, say, settings_of, table

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rule_files import Problem
    from stampli_assets.model.identity import PartitionKey, PostingKey
    from stampli_assets.pipeline.mapping_diff import Touched
    from stampli_assets.pipeline.mapping_gaps import History
    from stampli_assets.wiring import Office

WINDOW_DAYS = 90
"""How far back landed files are read: for rules that nothing uses, and for what was posted earlier."""


@click.group("mapping")
def command() -> None:
    """The mapping rules: Stampli's words to the ERP's."""


@command.command()
@connection_option
@json_option
@click.pass_context
def check(ctx: click.Context, connection: str | None, as_json: bool) -> None:
    """Look all rules over: unknown targets, rules that clash, that never count, that nothing uses.

    The ERP's vendors, accounts and dimensions are read, and the invoice files of the last 90 days. Exit code 1 when
    something must be mended.
    """
    found: list[tuple[str, Problem]] = []
    for office in _offices(ctx, connection):
        problems = _problems(office)
        found += [(office.name, problem) for problem in problems]
        mend = sum(problem.must_be_mended for problem in problems)
        say("", f"{office.name}: {mend} problem(s) to be mended, {len(problems) - mend} to be known.")
    if as_json:
        result([{"connection": name, **asdict(problem)} for name, problem in found])
    elif found:
        head = ["Connection", "", "File", "Row", "Column", "What is wrong", "What to do"]
        table(head, ((name, *_shown(problem)) for name, problem in found))
    if any(problem.must_be_mended for _, problem in found):
        ctx.exit(ExitCode.NEEDS_PERSON)


def _shown(one: Problem) -> tuple[str, ...]:
    rows = ", ".join(map(str, one.rows))
    return ("mend" if one.must_be_mended else "know", one.file, rows, one.column, one.sentence, one.remedy)


def _problems(office: Office) -> list[Problem]:
    """Those of the cells too; the rows that can be read are looked over all the same."""
    from stampli_assets.mapping.checking import Watched, in_order, looked_over, unused
    from stampli_assets.mapping.rule_files import read
    from stampli_assets.mapping.rules import KINDS
    from stampli_assets.pipeline.map import map_lines

    rules, unreadable = read(_folder(office), KINDS)
    reference, now = office.masters.ask(), office.clock.now()
    found = looked_over(rules, reference, now.date().isoformat())
    watched, since, looked = Watched.of(rules), now - timedelta(days=WINDOW_DAYS), False
    for partition in _recent(office):
        lines = _lines(office, partition)
        if lines is not None:
            map_lines(lines, rules=watched, reference=reference, target=office.target)
            looked = True
    told = unused(rules, watched.used, since.date().isoformat()) if looked else []
    return in_order([*unreadable, *found, *told])


@command.command()
@click.option(
    "--rules",
    "edited",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The folder of edited rules: a copy of the connection's folder, changed.",
)
@connection_option
@json_option
@click.pass_context
def diff(ctx: click.Context, edited: Path, connection: str | None, as_json: bool) -> None:
    """Show which invoices that are not posted would change under edited rules: the old word beside the new one.

    The rules in force and the edited ones map every landed invoice file that is not settled. Nothing is changed, and what
    is posted is never listed: it stays as it is.
    """
    office = _office(ctx, connection)
    touched = list(_touched(office, edited))
    if as_json:
        result([{"partition": partition, "turn": one.turn, **asdict(one)} for partition, one in touched])
        return
    if touched:
        head = ["File", "Document", "Vendor", "Amount", "Row", "Line", "Field", "Stampli", "Old", "New", "In all"]
        table(head, (row for file, one in touched for row in _diff_rows(file, one)))
    say("", f"{len(touched)} document(s) that are not posted would change.")


def _diff_rows(file: str, one: Touched) -> Iterator[tuple[object, ...]]:
    said = (file, one.document, one.vendor, one.amount)
    for change in one.changes:
        words = (change.stampli, change.old or "none", change.new or "none")
        yield (*said, change.row, change.line, change.field, *words, one.turn)
    for sentence in sorted({*one.old_holds} ^ {*one.new_holds}):
        old, new = (sentence, "") if sentence in one.old_holds else ("", sentence)
        yield (*said, one.row, "", "held because", "", old, new, one.turn)


def _touched(office: Office, edited: Path) -> Iterator[tuple[str, Touched]]:
    from stampli_assets.mapping.rules import Rules
    from stampli_assets.pipeline.mapping_diff import compare

    old, new, reference, target = office.rules, Rules.load(edited), office.masters.ask(), office.target
    for partition, lines, unposted in _open(office):
        for one in compare(lines, old=old, new=new, reference=reference, target=target, unposted=unposted):
            yield partition, one


@command.command()
@connection_option
@json_option
@click.pass_context
def suggest(ctx: click.Context, connection: str | None, as_json: bool) -> None:
    """Say what each unmapped value that holds invoices may be, with the evidence and the rule to paste.

    Nothing is written: which candidate is right, a person says by pasting its line. Exit code 1 when a value waits.
    """
    told = [one for office in _offices(ctx, connection) for one in _suggested(office)]
    if as_json:
        result(told)
    elif told:
        for one in told:
            click.echo("\n".join(_suggestion(one)))
    else:
        say("[green]No invoice waits for a rule.[/]")
    if told:
        ctx.exit(ExitCode.NEEDS_PERSON)


def _suggestion(one: dict[str, Any]) -> Iterator[str]:
    """In lines and not in a table, which would cut the rules that are to be pasted."""
    name = f" ({one['name']})" if one["name"] not in {"", one["value"]} else ""
    yield f"{one['connection']}: {one['called']} {one['value']}{name} holds {', '.join(one['documents'])}"
    if not one["candidates"]:
        yield "  Nothing in the ERP looks like it."
    for candidate in one["candidates"]:
        yield f"  {candidate['code']} {candidate['name']}: {'; '.join(candidate['evidence'])}"
        yield f"    in {one['file']}{one['instead']}:"
        yield from (f"    {line}" for line in candidate["rule"].splitlines())


def _suggested(office: Office) -> Iterator[dict[str, Any]]:
    from stampli_assets.mapping.kinds import Rule
    from stampli_assets.mapping.suggestions import Advice, rule_line
    from stampli_assets.pipeline.mapping_gaps import Gaps

    gaps = Gaps(office.rules, office.masters.ask(), office.target)
    for _, lines, unposted in _open(office):
        gaps.gather(lines, unposted)
    advice, history = Advice(gaps.reference), _history(office) if gaps.found else None
    for one, gap in gaps.found.items():
        rule = gaps.rules.rule(one.kind, (one.key,), gap.day)
        instead = f" (in place of row {rule.row})" if isinstance(rule, Rule) and rule.is_exact else ""
        candidates = advice.on(one, history.of(gap) if history is not None else ())
        yield {
            "connection": office.name,
            "called": one.called,
            "value": one.value,
            "name": one.name,
            "documents": gap.documents,
            "file": one.kind.file,
            "instead": instead,
            "candidates": [
                {**asdict(each), "rule": rule_line(_folder(office), one.kind, one.key, each.code, each.evidence[0])}
                for each in candidates
            ],
        }


def _history(office: Office) -> History:
    from stampli_assets.pipeline.mapping_diff import heads_by_key
    from stampli_assets.pipeline.mapping_gaps import History

    history, lookups = History(office.target), office.ledger.lookups
    for partition in _recent(office):
        lines = _lines(office, partition)
        if lines is not None:
            keys = heads_by_key(lines, office.target)
            postings = lookups.postings(keys).items()
            vendors = {key: posting.vendor_id for key, posting in postings if posting.is_posted}
            history.learn(lines, lookups.accounts(keys), vendors)
    return history


def _open(office: Office) -> Iterator[tuple[str, pd.DataFrame, set[PostingKey]]]:
    """The invoice files that are not settled, the latest first, with the documents that are not posted: of those that came
    several times the latest.
    """
    from stampli_assets.pipeline.mapping_diff import heads_by_key

    standing = office.ledger.findings.standing(office.name)
    waiting = {one.partition for one in standing if not one.finding.end.is_settled}
    seen: set[PostingKey] = set()
    for partition in reversed(office.landing.deliveries(office.name)):
        if partition not in waiting and office.ledger.deliveries.archived_as(office.name, partition):
            continue
        lines = _lines(office, partition)
        if lines is not None:
            keys = set(heads_by_key(lines, office.target)) - seen
            seen |= keys
            standings = office.ledger.lookups.postings(keys)
            posted = {key for key, posting in standings.items() if posting.is_posted}
            yield partition, lines, keys - posted


def _recent(office: Office) -> list[PartitionKey]:
    """What was delivered in the window, by the time that begins every partition."""
    since = office.clock.now() - timedelta(days=WINDOW_DAYS)
    return [one for one in office.landing.deliveries(office.name) if one >= f"{since:%Y%m%dT%H%M}"]


def _lines(office: Office, partition: PartitionKey) -> pd.DataFrame | None:
    """The approved lines of a landed invoice file; ``None`` of any other file, of a refused one, and where there are none."""
    from stampli_assets.defs.feeds import feed_of, feeds_of
    from stampli_assets.model.errors import FileRefused
    from stampli_assets.pipeline.parse import parse

    landed = office.landing.find(office.name, partition)
    if landed is None:
        return None
    feed = feed_of(feeds_of(office.connection), landed.file.name)
    if feed is None or feed.kind != "invoices":
        return None
    try:
        with office.export(landed) as source:
            lines = parse(source, name=landed.file.name, layout=office.layout).lines
    except FileRefused:
        return None
    return None if lines.empty else lines


def _folder(office: Office) -> str:
    return office.settings.path(office.connection.mapping) if office.connection.mapping else ""


def _offices(ctx: click.Context, connection: str | None) -> list[Office]:
    from stampli_assets.wiring import Offices

    settings = settings_of(ctx.obj)
    names = [settings.connection(connection).name] if connection else [one.name for one in settings.connections]
    offices = Offices(settings)
    return [offices.open(name) for name in names]


def _office(ctx: click.Context, connection: str | None) -> Office:
    offices = _offices(ctx, connection)
    if len(offices) > 1:
        raise click.UsageError("The settings hold several connections: name one with --connection.")
    return offices[0]
