"""``stampli secrets``: the vault. Values come in by a prompt or stdin, and none ever comes out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stampli_assets.cli.say import ExitCode, json_option, result, say, settings_of, table
from stampli_assets.model.errors import Misconfigured, StampliAssetsError

if TYPE_CHECKING:
    from stampli_assets.model.secret import Secret
    from stampli_assets.settings import Settings

MOST_BYTES = 64 * 1024
SECRET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
TOKENS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)?", re.ASCII)


@click.group("secrets")
def command() -> None:
    """The sealed vault: make its key, put secrets in, see what is there, change the key."""


@command.command()
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="STAMPLI_VAULT_KEY_FILE",
    help="Where to put the key. Default: STAMPLI_VAULT_KEY_FILE, else vault.key in your configuration folder.",
)
@click.pass_obj
def init(settings_path: Path | None, key_file: Path | None) -> None:
    """Make the vault's key in a file of your user alone, and say where to keep it."""
    from stampli_assets.vault.keys import KEY_FILE_VARIABLE, make_key_file

    vault = settings_of(settings_path).sealed
    if vault.entries():
        raise Misconfigured(
            f"{vault.place} holds secrets already; a new key would not open them.",
            remedy="For a key in place of the present one, run: stampli secrets rotate",
            code="VAULT_KEY_EXISTS",
        )
    path = (key_file or Path(click.get_app_dir("stampli")) / "vault.key").absolute()
    make_key_file(path, vault.path)
    say("[green]The key was made:[/] ", f"{path}, readable by your user alone.")
    if os.environ.get(KEY_FILE_VARIABLE) != str(path):
        say("[bold]What to do:[/] ", f"Let every process of this installation know it: {KEY_FILE_VARIABLE}={path}")
    say("", "Keep a copy where the vault's backups are not, such as a password manager. Who loses the key loses the")
    say("", "vault; who has both has every secret. Then: stampli secrets set NAME")


@command.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="NAME")
@click.pass_obj
def set_value(settings_path: Path | None, words: tuple[str, ...]) -> None:
    """Seal a secret: asked for without echo, or read from stdin (a private key: `stampli secrets set NAME < key`).

    Never from the command line, which other users of the machine and the shell's history can read.
    """
    name = _only_a_name(words)
    settings = settings_of(settings_path)
    vault = settings.sealed
    vault.write(name, _asked(name))
    say("[green]Sealed:[/] ", f"{name.lower()} in {vault.path}")
    named = _named(settings).get(name.lower())
    if not named:
        say("[yellow]No setting names it[/] ", f"yet: {{secret: {name.lower()}}}")
    found = _find(settings, name)
    if found != vault.place:
        say("[yellow]It is not used here:[/] ", f"{found} comes first.")


@command.command("list")
@json_option
@click.pass_context
def list_names(ctx: click.Context, as_json: bool) -> None:
    """Names, ages and where each secret is resolved from; never a value. Exit code 1 when a setting's secret is not there."""
    settings = settings_of(ctx.obj)
    rows = list(_rows(settings))
    if as_json:
        result(rows)
    elif rows:
        table(
            ["Name", "Set", "Resolved from", "Named by"],
            (
                (row["name"], _age(row["age_days"]), row["resolved_from"] or "nowhere", "\n".join(row["named_by"]))
                for row in rows
            ),
        )
    else:
        say("The vault is empty, and no setting names a secret.")
    wrong = [row for row in rows if row["problem"]]
    for row in wrong:
        say(f"[bold red]{row['name']}:[/] ", row["problem"])
    ctx.exit(ExitCode.NEEDS_PERSON if wrong else ExitCode.SETTLED)


@command.command("rm")
@click.argument("name")
@click.pass_obj
def remove(settings_path: Path | None, name: str) -> None:
    """Forget a secret of the vault (or a pairing: x3_tokens.CONNECTION). No key is needed."""
    if not TOKENS_NAME.fullmatch(name):
        raise _no_name()
    settings = settings_of(settings_path)
    settings.sealed.remove(name)
    say("[green]Removed:[/] ", f"{name.lower()} from {settings.sealed.path}. Backups of the file hold it still.")
    for place in _named(settings).get(name.lower(), []):
        say("[yellow]Still named by:[/] ", place)


@command.command()
@click.option(
    "--new-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Put the new key there (needed when the present one comes from a variable or from systemd).",
)
@click.pass_obj
def rotate(settings_path: Path | None, new_key_file: Path | None) -> None:
    """Seal everything under a new key, and prove that the old one opens nothing any more."""
    from stampli_assets.vault.keys import KEY_FILE_VARIABLE
    from stampli_assets.vault.rotation import rotate as rotated

    vault = settings_of(settings_path).sealed
    done = rotated(vault, new_key_file.absolute() if new_key_file is not None else None)
    say("[green]Sealed again:[/] ", f"{done.values} secret(s) in {vault.path}, under the new key in {done.key_file}.")
    say("[green]Proven:[/] ", "the new key opens each of them, the old one opens none.")
    if not done.in_place:
        say(
            "[bold]What to do:[/] ",
            f"Set {KEY_FILE_VARIABLE}={done.key_file}, or put its content in the old key's place; until then nothing opens.",
        )
    say("", "Backups of the vault from before still open with the old key: destroy it, or them. Copy the new key away.")


def _only_a_name(words: tuple[str, ...]) -> str:
    """The name; what else was typed may be a secret and is never repeated."""
    if len(words) == 1 and SECRET_NAME.fullmatch(words[0]):
        return words[0]
    if len(words) > 1 or (words and "=" in words[0]):
        raise Misconfigured(
            "More than a name was given. A value on the command line is seen by other users and kept by your shell.",
            remedy="If that was the secret, have it changed where it comes from and clear it from the shell's history. "
            "Then give the name alone; you will be asked for the value.",
            code="SECRET_TYPED",
        )
    raise _no_name()


def _no_name() -> Misconfigured:
    return Misconfigured(
        "That is no name of a secret.",
        remedy="Give the NAME of {secret: NAME} in the settings: a letter, then letters, digits and underscores.",
        code="SECRET_NAME",
    )


def _asked(name: str) -> Secret:
    from stampli_assets.model.secret import Secret

    if sys.stdin.isatty():
        told = click.prompt(f"Value of {name}", hide_input=True, confirmation_prompt="Once more", err=True)
        return Secret(told, name=name)
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    text = content.decode("utf-8", "replace")
    if "\ufffd" in text:
        raise Misconfigured(
            f"The value of {name!r} on stdin is no UTF-8 text.", remedy="Nothing was kept.", code="SECRET_UNREADABLE"
        )
    return Secret(text.rstrip("\r\n"), name=name)


def _rows(settings: Settings) -> Iterator[dict[str, Any]]:
    """One per secret that a setting names or the vault holds."""
    entries, named = settings.sealed.entries(), _named(settings)
    now = datetime.now(UTC)
    for name in sorted(entries.keys() | named.keys()):
        entry = entries.get(name)
        found, problem = _tried(settings, name, needed=name in named)
        yield {
            "name": name,
            "set_at": entry.set_at.isoformat() if entry else None,
            "age_days": (now - entry.set_at).days if entry else None,
            "resolved_from": found,
            "named_by": named.get(name, []),
            "problem": problem,
        }


def _tried(settings: Settings, name: str, *, needed: bool) -> tuple[str | None, str | None]:
    """Where it comes from, and what is wrong with it."""
    from stampli_assets.vault.resolve import resolve

    found = _find(settings, name)
    if found is None and not needed:
        return None, None
    try:
        resolve(name, os.environ, settings.sealed)
    except StampliAssetsError as error:
        return found, str(error)
    return found, None


def _find(settings: Settings, name: str) -> str | None:
    from stampli_assets.vault.resolve import find

    found = find(name, os.environ, settings.sealed)
    return found.place if found is not None else None


def _named(settings: Settings) -> dict[str, list[str]]:
    """Every secret that the settings name, with the places that name it."""
    places: dict[str, list[str]] = {}
    for connection in settings.connections:
        for name, place in _references(connection, connection.name):
            places.setdefault(name.lower(), []).append(place)
    return places


def _references(part: object, place: str) -> Iterator[tuple[str, str]]:
    from pydantic import BaseModel

    from stampli_assets.sections.section import SecretName

    if isinstance(part, SecretName):
        yield part.secret, place
    elif isinstance(part, BaseModel):
        for field in type(part).model_fields:
            yield from _references(getattr(part, field), f"{place}.{field}")


def _age(days: int | None) -> str:
    if days is None:
        return ""
    return "today" if days == 0 else f"{days} day(s) ago"
