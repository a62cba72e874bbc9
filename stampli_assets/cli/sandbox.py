"""``stampli sandbox``: a Stampli SFTP server, an Intacct gateway and two X3 folders to try everything on, here alone."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from stampli_assets.cli.say import ExitCode, result, say, table


@click.group("sandbox")
def command() -> None:
    """Simulators of Stampli's SFTP server, Sage Intacct's gateway and Sage X3's APIs, with a believable firm's exports."""


@command.command("up")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/sandbox"), show_default=True
)
@click.option("--sftp-port", default=12022, show_default=True, help="0 takes a free one.")
@click.option("--gateway-port", default=18080, show_default=True, help="0 takes a free one.")
@click.option("--x3-ports", nargs=2, type=int, default=(18081, 18082), show_default=True, help="GraphQL, REST.")
@click.option("--every", "every_seconds", default=60, show_default=True, help="Seconds between new exports; 0: none.")
@click.option("--seed", default=2026, show_default=True, help="The firm and its invoices follow from this number.")
@click.option("--ui", is_flag=True, help="Start Dagster too (daemon and web server) on stampli.yaml of this folder.")
@click.option("--ui-port", default=3000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print every address, account and key as JSON on stdout.")
@click.pass_context
def up(
    ctx: click.Context,
    folder: Path,
    sftp_port: int,
    gateway_port: int,
    x3_ports: tuple[int, int],
    every_seconds: int,
    seed: int,
    ui: bool,
    ui_port: int,
    as_json: bool,
) -> None:
    """Start the simulators and drop a new export every minute, until interrupted."""
    from stampli_assets.sandbox.up import Sandbox, SandboxError

    sandbox = Sandbox(
        folder,
        seed=seed,
        sftp_port=sftp_port,
        gateway_port=gateway_port,
        x3_ports=x3_ports,
        every_seconds=every_seconds or 60,
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        sandbox.start()
    except SandboxError as error:
        say("[bold red]The sandbox cannot start:[/] ", str(error))
        ctx.exit(ExitCode.UNREACHABLE)
    try:
        _tell(sandbox.describe(), as_json=as_json)
        with _dagster(sandbox.describe()["secrets"], ui_port) if ui else nullcontext():
            if every_seconds:
                sandbox.run_forever(stop)
            else:
                stop.wait()
    finally:
        sandbox.stop()


@contextmanager
def _dagster(secrets: dict[str, str], port: int) -> Iterator[None]:
    from stampli_assets.cli.dagster_services import dagster_services

    with dagster_services(Path.cwd(), port=port, environment=secrets) as address:
        say("[bold green]Dagster is up:[/] ", f"{address}  (files arrive as runs within a minute)")
        yield


def _tell(description: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        result(description)
        return
    rows = [(key, value) for key, value in description.items() if not isinstance(value, dict)]
    rows += [(key, value) for group in description.values() if isinstance(group, dict) for key, value in group.items()]
    table(["What", "Where"], rows, title="The sandbox is up (these accounts are good for nothing else)")
    say("", "Stop it with Ctrl-C. Its books stay for the next start.")
