"""``stampli``: the command line.

Human text goes to stderr, results to stdout, ``--json`` for programs. Exit codes: 0 settled, 1 something needs a
person, 2 wrong use or settings, 3 a system could not be reached.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import click

from stampli_assets.cli.say import ExitCode, say
from stampli_assets.model.errors import Misconfigured, StampliAssetsError, Transient
from stampli_assets.settings import PATH_VARIABLE


class StampliGroup(click.Group):
    """Loads a command's module when it is called, and ends on our errors with a sentence, never a stack trace."""

    _modules: ClassVar[dict[str, str]] = {
        "run": "run",
        "inspect": "inspect_file",
        "preview": "preview",
        "errors": "errors",
        "decide": "decide",
        "mapping": "mapping",
        "ledger": "ledger",
        "audit": "audit",
        "ping": "ping",
        "x3": "x3",
        "secrets": "secrets",
        "settings": "settings_file",
        "sandbox": "sandbox",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        module = self._modules.get(name)
        if module is None:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"stampli_assets.cli.{module}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except StampliAssetsError as error:
            say(f"[bold red]{type(error).__name__}[/]: ", error.sentence)
            if error.remedy:
                say("[bold]What to do:[/] ", error.remedy)
            ctx.exit(_exit_code(error))


def _exit_code(error: StampliAssetsError) -> ExitCode:
    if isinstance(error, Misconfigured):
        return ExitCode.WRONG_USE
    return ExitCode.UNREACHABLE if isinstance(error, Transient) else ExitCode.NEEDS_PERSON


@click.group(cls=StampliGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=PATH_VARIABLE,
    help=f"The settings file. Default: {PATH_VARIABLE}, else stampli.yaml here.",
)
@click.version_option(package_name="stampli-assets", prog_name="stampli")
@click.pass_context
def main(ctx: click.Context, settings: Path | None) -> None:
    """Post Stampli's approved invoices into the ERP exactly once, and see what waits for a person.

    Exit codes: 0 all is settled, 1 something needs a person, 2 wrong use or settings, 3 a system could not be reached.
    """
    ctx.obj = settings


if __name__ == "__main__":
    sys.exit(main())
