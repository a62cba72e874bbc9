"""``stampli ping``: do the systems of each connection answer, and if not, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import click

from stampli_assets.cli.say import ExitCode, connection_option, json_option, result, say, settings_of, table

if TYPE_CHECKING:
    from stampli_assets.model.probing import Step


@click.command("ping")
@connection_option
@json_option
@click.pass_context
def command(ctx: click.Context, connection: str | None, as_json: bool) -> None:
    """Ask Stampli's server and the ERP of each connection step by step, and say what to do about what fails.

    Nothing is written but a probe file in archive, which is removed again. Exit codes: 0 everything answers, 2 settings or
    rights are wrong, 3 a system could not be reached.
    """
    from stampli_assets.defs.ping_check import pinged
    from stampli_assets.pipeline.ping import worst
    from stampli_assets.wiring import Offices

    settings = settings_of(ctx.obj)
    offices = Offices(settings)
    told: list[dict[str, object]] = []
    every: list[Step] = []
    for name in [settings.connection(connection).name] if connection else [one.name for one in settings.connections]:
        steps = list(pinged(offices.open(name)))
        every += steps
        decides = worst(steps)
        told.append({"connection": name, "ok": decides is None, "steps": [asdict(step) for step in steps]})
        if not as_json:
            _show(name, steps)
    if as_json:
        result({"connections": told})
    decides = worst(every)
    if decides is not None:
        ctx.exit(ExitCode.UNREACHABLE if decides.unreachable else ExitCode.WRONG_USE)
    if not as_json:
        say("[green]ok[/] ", "Every system answers.")


def _show(name: str, steps: Sequence[Step]) -> None:
    """A table for each system; where a step has a remedy, it stands below what was seen."""
    from stampli_assets.defs.ping_check import MARKS

    for system, its in groupby(steps, key=lambda step: step.system):
        rows = [
            (MARKS[one.end], one.name, f"{one.seconds:.2f}", "\n→ ".join(filter(None, (one.sentence, one.remedy))))
            for one in its
        ]
        table(("", "Step", "Seconds", "What was seen, and what to do"), rows, title=f"{name}: {system}")
