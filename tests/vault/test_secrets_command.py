"""`stampli secrets` as a person and a program use it."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from stampli_assets.cli.main import main
from stampli_assets.model.secret import Secret
from stampli_assets.settings import load_settings
from stampli_assets.vault.sealed import Vault

CANARY = "canary7Kq & <p@ss>"
SETTINGS = {
    "connections": [
        {
            "name": "acme_us",
            "stampli": {
                "host": "sftp.example.com",
                "username": "acme",
                "password": {"secret": "acme_stampli"},
                "host_keys": ["ssh-ed25519 AAAA"],
            },
            "erp": {
                "kind": "intacct",
                "sender_id": "s",
                "sender_password": {"secret": "acme_sender"},
                "company_id": "ACME",
                "user_id": "u",
                "user_password": {"secret": "ACME_USER"},
            },
        }
    ]
}


class Installed:
    """An installation whose key file is elsewhere, and its command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "installation"
        self.folder.mkdir()
        self.key = folder / "keys" / "vault.key"
        self.settings = self.folder / "stampli.yaml"
        self.settings.write_text(yaml.safe_dump(SETTINGS))

    def __call__(self, *words: str, given: str | bytes | None = None):
        return CliRunner().invoke(main, ["--settings", str(self.settings), "secrets", *words], input=given)

    @property
    def vault(self) -> Vault:
        return load_settings(self.settings).sealed


def unwrapped(done) -> str:
    """What was said, without the line breaks of a narrow terminal and without its spaces."""
    return "".join(done.output.split())


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("STAMPLI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "250")
    installed = Installed(tmp_path)
    monkeypatch.setenv("STAMPLI_VAULT_KEY_FILE", str(installed.key))
    return installed


def test_init_makes_a_key_that_only_its_owner_reads_and_says_where_to_keep_it(secrets):
    done = secrets("init")
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(secrets.key.stat().st_mode) == 0o600
    assert secrets.key.read_text().strip() not in done.output
    assert "passwordmanager" in unwrapped(done)
    again = secrets("init")
    assert again.exit_code == 2
    assert "existsalready" in unwrapped(again)


def test_init_says_which_variable_to_set_when_it_is_not_set(secrets, monkeypatch, tmp_path):
    monkeypatch.delenv("STAMPLI_VAULT_KEY_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    done = secrets("init")
    assert f"STAMPLI_VAULT_KEY_FILE={tmp_path}/config/stampli/vault.key" in unwrapped(done)


def test_init_refuses_the_vaults_folder_and_a_vault_that_is_in_use(secrets):
    beside = secrets("init", "--key-file", str(secrets.folder / "vault" / "vault.key"))
    assert (beside.exit_code, secrets.folder.joinpath("vault").exists()) == (2, False)
    secrets("init")
    secrets("set", "x", given="a")
    assert "rotate" in secrets("init", "--key-file", str(secrets.key) + ".2").output


def test_a_value_comes_from_stdin_and_is_told_to_nobody(secrets):
    secrets("init")
    done = secrets("set", "ACME_stampli", given=CANARY + "\n")
    assert done.exit_code == 0, done.output
    assert secrets.vault.read("acme_stampli").reveal() == CANARY
    assert "canary7Kq" not in done.output + secrets("list").output + secrets("list", "--json").output
    assert "Nosettingnamesit" in unwrapped(secrets("set", "unheard_of", given="a"))


def test_a_private_key_of_many_lines_comes_from_stdin(secrets):
    secrets("init")
    text = "-----BEGIN KEY-----\nAAAA\nBBBB\n-----END KEY-----\n"
    secrets("set", "acme_key", given=text)
    assert secrets.vault.read("acme_key").reveal() == text.rstrip("\n")


@pytest.mark.parametrize("given", ["", "\n", b"\xff\xfe\x00", "a" * (64 * 1024 + 1)])
def test_a_value_that_cannot_be_kept_is_refused(secrets, given):
    secrets("init")
    assert secrets("set", "x", given=given).exit_code == 2
    assert not secrets.vault.path.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["acme_stampli", "canary7Kq"],
        ["acme_stampli=canary7Kq"],
        ["acme_stampli", "--value", "canary7Kq"],
        ["acme_stampli", "--value=canary7Kq"],
        ["--password=canary7Kq", "acme_stampli"],
        ["acme_stampli", "-pcanary7Kq"],
        ["canary7Kq!!"],
        [],
    ],
)
def test_a_value_on_the_command_line_is_refused_and_not_repeated(secrets, words):
    secrets("init")
    done = secrets("set", *words, given="other")
    assert done.exit_code == 2
    assert "canary7Kq" not in unwrapped(done)
    assert not secrets.vault.path.exists()


def test_a_terminal_is_asked_twice_and_shows_nothing(secrets):
    secrets("init")
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "stampli_assets.cli.main",
        "--settings",
        str(secrets.settings),
        "secrets",
        "set",
        "x",
    ]
    asked = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    for question in (b"Value of x: ", b"Once more: "):
        until = time.monotonic() + 60
        while question not in shown and time.monotonic() < until:
            shown += os.read(ours, 4096)
        time.sleep(0.3)  # until the echo is off
        os.write(ours, CANARY.encode() + b"\n")
    assert asked.wait(60) == 0
    try:
        while more := os.read(ours, 4096):
            shown += more
    except OSError:  # the terminal's other side is gone
        pass
    assert b"canary7Kq" not in shown
    assert secrets.vault.read("x").reveal() == CANARY


def test_list_tells_names_ages_and_where_each_comes_from(secrets, monkeypatch, tmp_path):
    secrets("init")
    vault = secrets.vault
    Vault(vault.path, vault.keys, now=lambda: datetime.now(UTC) - timedelta(days=40)).write("acme_stampli", Secret("a"))
    monkeypatch.setenv("STAMPLI_SECRET_ACME_SENDER", CANARY)
    monkeypatch.setenv("STAMPLI_SECRET_ACME_USER_FILE", str(tmp_path / "user"))
    (tmp_path / "user").write_text(CANARY)
    vault.write("x3_tokens.acme", Secret("{}"))
    done = secrets("list", "--json")
    assert done.exit_code == 0, done.output
    told = {row["name"]: row for row in json.loads(done.stdout)}
    assert {name: row["resolved_from"] for name, row in told.items()} == {
        "acme_stampli": f"the vault {vault.path}",
        "acme_sender": "the variable STAMPLI_SECRET_ACME_SENDER",
        "acme_user": f"the file {tmp_path}/user (STAMPLI_SECRET_ACME_USER_FILE)",
        "x3_tokens.acme": f"the vault {vault.path}",
    }
    assert (told["acme_stampli"]["age_days"], told["acme_sender"]["age_days"]) == (40, None)
    assert told["acme_user"]["named_by"] == ["acme_us.erp.user_password"]
    shown = secrets("list").output
    assert re.search(r"40\s", shown)
    assert "canary7Kq" not in shown + done.output


def test_list_ends_with_one_when_a_secret_that_a_setting_names_is_missing_or_does_not_open(secrets, monkeypatch):
    secrets("init")
    for name in ("acme_stampli", "acme_sender"):
        secrets("set", name, given="a")
    done = secrets("list")
    assert done.exit_code == 1
    assert "stamplisecretssetacme_user" in unwrapped(done)
    secrets("set", "acme_user", given="a")
    assert secrets("list").exit_code == 0
    secrets.key.unlink()
    without = secrets("list", "--json")
    assert without.exit_code == 1
    assert all("does not exist" in row["problem"] for row in json.loads(without.stdout))


def test_set_says_when_something_else_comes_first(secrets, monkeypatch):
    secrets("init")
    monkeypatch.setenv("STAMPLI_SECRET_ACME_STAMPLI", "b")
    done = secrets("set", "acme_stampli", given="a")
    assert "thevariableSTAMPLI_SECRET_ACME_STAMPLIcomesfirst" in unwrapped(done)


def test_rm_forgets_and_names_the_settings_that_still_want_it(secrets):
    secrets("init")
    secrets("set", "acme_stampli", given="a")
    done = secrets("rm", "ACME_STAMPLI")
    assert (done.exit_code, secrets.vault.entries()) == (0, {})
    assert "acme_us.stampli.password" in unwrapped(done)
    assert secrets("rm", "acme_stampli").exit_code == 2
    assert "canary" not in secrets("rm", "canary7Kq!").output


def test_rotate_seals_again_and_says_that_it_is_proven(secrets):
    secrets("init")
    secrets("set", "acme_stampli", given=CANARY)
    before = secrets.key.read_text()
    done = secrets("rotate")
    assert done.exit_code == 0, done.output
    assert "theoldoneopensnone" in unwrapped(done)
    assert secrets.key.read_text() != before
    assert secrets.key.read_text().strip() not in done.output
    assert secrets.vault.read("acme_stampli").reveal() == CANARY


def test_wrong_rights_end_with_two_and_the_chmod_to_run(secrets):
    secrets("init")
    secrets.key.chmod(0o644)
    done = secrets("set", "x", given="a")
    assert done.exit_code == 2
    assert f"chmod600{secrets.key}" in unwrapped(done)
