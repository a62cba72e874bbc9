"""How the command speaks: sentences to people on stderr, results to programs on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

if TYPE_CHECKING:
    from stampli_assets.settings import Settings

to_person = Console(stderr=True, highlight=False)
_to_stdout = Console(highlight=False)


class ExitCode(IntEnum):
    SETTLED = 0
    NEEDS_PERSON = 1
    WRONG_USE = 2
    UNREACHABLE = 3


def say(markup: str, text: str = "") -> None:
    """A line for a person; ``text`` is shown as it is, whatever it holds."""
    to_person.print(markup + escape(text))


def result(value: object) -> None:
    """A result for a program: one JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A result for a person, on stdout."""
    drawn = Table(title=title or None, title_justify="left")
    for header in headers:
        drawn.add_column(header, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(str(cell)) for cell in row))
    _to_stdout.print(drawn)


def block(headline: str, sentence: str, remedy: str) -> None:
    """A finding for a person, on stdout: what it is about, what happened, what to do."""
    _to_stdout.print(f"[bold]{escape(headline)}[/]")
    _to_stdout.print(Padding(escape(sentence), (0, 0, 0, 2)))
    if remedy:
        _to_stdout.print(Padding(f"[green]→[/] {escape(remedy)}", (0, 0, 0, 2)))


def settings_of(path: Path | None) -> Settings:
    """The settings that the command was told to use."""
    from stampli_assets.settings import load_settings

    return load_settings(path)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
connection_option = click.option("--connection", "connection", metavar="NAME", help="Only this connection.")
