"""Dagster's daemon and web server as children of one command, for a first look and for small installations."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import requests

from stampli_assets.cli.say import say

START_SECONDS = 120
STOP_SECONDS = 20


@contextmanager
def dagster_services(home: Path, *, port: int, environment: Mapping[str, str]) -> Iterator[str]:
    """The daemon and the web server over ``home``, stopped at the end; yields the address of the UI.

    The storage is made before either starts: two processes that make the same SQLite tables at once fail.
    """
    _must_be_free(port)
    surroundings = {**os.environ, **environment, "DAGSTER_HOME": str(home)}
    _make_storage(surroundings, home)
    address = f"http://127.0.0.1:{port}"
    children = [
        _start("daemon", ["dagster._daemon", "run"], surroundings, home),
        _start("webserver", ["dagster_webserver", "-h", "127.0.0.1", "-p", str(port)], surroundings, home),
    ]
    try:
        _wait_for(address, children)
        yield address
    finally:
        for child in children:
            child.terminate()
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(STOP_SECONDS)
            if child.poll() is None:
                child.kill()


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise click.ClickException(f"Port {port} is taken by another program: give another with --ui-port.")


def _make_storage(environment: Mapping[str, str], home: Path) -> None:
    (home / "var").mkdir(exist_ok=True)
    code = (
        "import dagster as dg\n"
        "with dg.DagsterInstance.get() as i:\n"
        "    i.get_runs(limit=1); i.all_instigator_state(); i.get_dynamic_partitions('none')\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=home, check=True)  # noqa: S603 - our own text


def _start(name: str, module: list[str], environment: Mapping[str, str], home: Path) -> subprocess.Popen[bytes]:
    log = (home / "var" / f"{name}.log").open("ab")
    with log:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-m", *module], env=environment, cwd=home, stdout=log, stderr=subprocess.STDOUT
        )


def _wait_for(address: str, children: list[subprocess.Popen[bytes]]) -> None:
    say("", "Starting Dagster …")
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if any(child.poll() is not None for child in children):
            break
        with suppress(requests.RequestException):
            if requests.get(f"{address}/server_info", timeout=2).ok:
                return
        time.sleep(0.3)
    raise click.ClickException("Dagster did not start; see var/daemon.log and var/webserver.log.")
