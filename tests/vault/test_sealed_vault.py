from __future__ import annotations

import json
import os
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from vault_house import key_file, make_vault, python, vault_path

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.secret import Secret
from stampli_assets.vault.keys import KEY_FILE_VARIABLE
from stampli_assets.vault.resolve import find, resolve

KEEP_MANY = """
import sys
from pathlib import Path
from stampli_assets.model.secret import Secret
from stampli_assets.vault.sealed import Vault
import os
vault = Vault.at(Path(sys.argv[1]), os.environ)
for place in range(int(sys.argv[3])):
    vault.write(f"{sys.argv[2]}_{place}", Secret(f"value {sys.argv[2]} {place}"))
"""
DIE_BEFORE_REPLACING = """
import os, sys
from pathlib import Path
Path.replace = lambda self, target: os._exit(9)
from stampli_assets.model.secret import Secret
from stampli_assets.vault.sealed import Vault
Vault.at(Path(sys.argv[1]), os.environ).write("x", Secret("the second"))
"""


def refusal(call, *words) -> Misconfigured:
    with pytest.raises(Misconfigured) as refused:
        call(*words)
    assert refused.value.remedy
    return refused.value


def test_what_was_sealed_is_read_again_and_stands_nowhere_in_the_file(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("acme_password", Secret("hunter2 <&> ü\nsecond line"))
    assert make_vault(tmp_path).read("acme_password").reveal() == "hunter2 <&> ü\nsecond line"
    assert b"hunter2" not in vault.path.read_bytes()
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600


def test_a_name_is_the_same_in_capitals_and_small_letters(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("Acme_Password", Secret("a"))
    vault.write("ACME_PASSWORD", Secret("b"))
    assert list(vault.entries()) == ["acme_password"]
    assert vault.read("acme_Password").reveal() == "b"


def test_every_entry_tells_when_it_was_set(tmp_path):
    at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    make_vault(tmp_path, now=lambda: at).write("old", Secret("a"))
    make_vault(tmp_path, now=lambda: at + timedelta(days=3)).write("new", Secret("a"))
    assert {name: entry.set_at.day for name, entry in make_vault(tmp_path).entries().items()} == {"old": 21, "new": 24}


def test_a_vault_that_does_not_exist_is_empty_and_needs_no_key(tmp_path):
    vault = make_vault(tmp_path)
    key_file(tmp_path).unlink()
    assert vault.entries() == {}
    assert not vault.holds("x")
    assert "stampli secrets set x" in refusal(resolve, "x", {}, vault).remedy


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_a_vault_that_others_may_open_is_refused_with_the_chmod_to_run(tmp_path, mode):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("a"))
    vault.path.chmod(mode)
    assert refusal(vault.read, "x").remedy == f"Run: chmod 600 {vault.path}"
    assert refusal(vault.write, "y", Secret("b")).code == "VAULT_RIGHTS"
    vault.path.chmod(0o600)
    assert vault.read("x").reveal() == "a"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_vault_of_another_user_is_refused(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("a"))
    os.chown(vault.path, 12345, -1)
    refused = refusal(vault.read, "x")
    assert "belongs to user 12345" in refused.sentence
    assert f"chown root {vault.path}" in refused.remedy


def test_a_symbolic_link_or_a_fifo_in_its_place_is_refused_and_nobody_hangs(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("a"))
    vault.path.rename(tmp_path / "other.json")
    vault.path.symlink_to(tmp_path / "other.json")
    assert refusal(vault.read, "x").code == "VAULT_UNREADABLE"
    vault.path.unlink()
    os.mkfifo(vault.path, 0o600)
    assert refusal(vault.read, "x").code == "VAULT_UNREADABLE"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "VAULT_DAMAGED"),
        (b"[1]", "VAULT_DAMAGED"),
        (b"\xff\xfe", "VAULT_DAMAGED"),
        (b"[" * 100_000, "VAULT_DAMAGED"),
        (b'{"format": "stampli-vault", "version": 1, "secrets": []}', "VAULT_DAMAGED"),
        (b'{"format": "stampli-vault", "version": 1, "secrets": {"x": {"sealed": "a"}}}', "VAULT_DAMAGED"),
        (b'{"format": "stampli-vault", "version": 1, "secrets": {"../x": {"sealed": "a", "set_at": "2026-01-01T00:00:00Z"}}}',
         "VAULT_DAMAGED"),
        (b'{"format": "stampli-vault", "version": 2, "secrets": {}}', "VAULT_VERSION"),
    ],
)  # fmt: skip
def test_a_damaged_vault_is_refused_and_never_written_over(tmp_path, content, code):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("a"))
    vault.path.write_bytes(content)
    assert refusal(vault.read, "x").code == code
    assert refusal(vault.write, "y", Secret("b")).code == code
    assert vault.path.read_bytes() == content


def test_a_vault_cut_at_any_byte_opens_to_nothing_wrong(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("a"))
    whole = vault.path.read_bytes()
    for length in range(len(whole) - 2):
        vault.path.write_bytes(whole[:length])
        assert refusal(vault.read, "x").code == "VAULT_DAMAGED"


def test_an_entry_that_was_moved_to_another_name_or_made_younger_does_not_open(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("production", Secret("precious"))
    vault.write("sandbox", Secret("cheap"))
    told = json.loads(vault.path.read_text())
    told["secrets"]["sandbox"]["sealed"] = told["secrets"]["production"]["sealed"]
    told["secrets"]["production"]["set_at"] = "2031-01-01T00:00:00+00:00"
    vault.path.write_text(json.dumps(told))
    for name in ("sandbox", "production"):
        assert refusal(vault.read, name).code == "VAULT_KEY_WRONG"


def test_another_key_opens_nothing_and_may_not_seal_beside_the_first(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("precious"))
    before = vault.path.read_bytes()
    key_file(tmp_path).rename(tmp_path / "first.key")
    other = make_vault(tmp_path)
    refused = refusal(other.read, "x")
    assert (refused.code, "precious" in str(refused)) == ("VAULT_KEY_WRONG", False)
    assert refusal(other.write, "y", Secret("b")).code == "VAULT_KEY_WRONG"
    assert vault.path.read_bytes() == before
    other.remove("x")
    other.write("x", Secret("set again"))
    assert other.read("x").reveal() == "set again"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("../x", "a", "SECRET_NAME"),
        ("x y", "a", "SECRET_NAME"),
        ("", "a", "SECRET_NAME"),
        ("x\n", "a", "SECRET_NAME"),
        ("x", "", "SECRET_EMPTY"),
        ("x", "a" * (64 * 1024 + 1), "SECRET_SIZE"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(tmp_path, name, value, code):
    vault = make_vault(tmp_path)
    assert refusal(vault.write, name, Secret(value)).code == code
    assert not vault.path.exists()


def test_several_processes_write_at_once_and_nothing_is_lost_while_readers_read(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("first", Secret("a"))
    environment = {KEY_FILE_VARIABLE: str(key_file(tmp_path))}
    writers = [python(KEEP_MANY, vault.path, f"w{number}", 15, **environment) for number in range(4)]
    while any(writer.poll() is None for writer in writers):
        assert vault.read("first").reveal() == "a"
    assert [writer.communicate()[1] for writer in writers] == [""] * 4
    assert len(vault.entries()) == 61
    assert vault.read("w3_14").reveal() == "value w3 14"


def test_threads_of_one_process_wait_for_each_other_too(tmp_path):
    vault = make_vault(tmp_path)
    threads = [threading.Thread(target=vault.write, args=(f"t{n}", Secret("a"))) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vault.entries()) == 12


def test_a_process_that_dies_in_the_middle_of_a_write_leaves_the_former_vault_and_the_next_one_tidies_up(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("the first"))
    dying = python(DIE_BEFORE_REPLACING, vault.path, **{KEY_FILE_VARIABLE: str(key_file(tmp_path))})
    assert (dying.communicate()[1], dying.returncode) == ("", 9)
    assert vault.read("x").reveal() == "the first"
    assert len(list(vault.path.parent.glob(".vault.json.*"))) == 1
    vault.write("y", Secret("b"))
    assert list(vault.path.parent.glob(".vault.json.*")) == []


def test_a_holder_that_does_not_come_to_an_end_is_told_and_not_waited_for_forever(tmp_path):
    vault = make_vault(tmp_path, wait_seconds=0.1)
    with make_vault(tmp_path).alone(), pytest.raises(Transient, match="holds the vault"):
        vault.write("x", Secret("a"))


def test_a_secret_is_looked_for_in_its_file_then_its_variable_then_systemd_then_the_vault(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("vault"))
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "x").write_text("systemd\n")
    (tmp_path / "file").write_text("file\n")
    environment = {
        "STAMPLI_SECRET_X_FILE": str(tmp_path / "file"),
        "STAMPLI_SECRET_X": "variable",
        "CREDENTIALS_DIRECTORY": str(credentials),
    }
    for expected, place in (
        ("file", "the file"),
        ("variable", "the variable"),
        ("systemd", "systemd's"),
        ("vault", "the vault"),
    ):
        assert resolve("X", environment, vault).reveal() == expected
        found = find("X", environment, vault)
        assert found is not None
        assert found.place.startswith(place)
        if environment:
            environment.pop(next(iter(environment)))
    assert vault_path(tmp_path).exists()


def test_another_keeper_can_stand_in_the_vaults_place():
    class Cloud:
        place = "the cloud's secret manager"

        def holds(self, name: str) -> bool:
            return name == "x"

        def read(self, name: str) -> Secret:
            return Secret("from the cloud", name=name)

    assert resolve("x", {}, Cloud()).reveal() == "from the cloud"
    assert "not in the cloud's secret manager" in refusal(resolve, "y", {}, Cloud()).sentence


def test_a_secrets_file_that_is_endless_or_no_text_is_refused_without_a_byte_of_it(tmp_path):
    assert "larger than" in refusal(resolve, "x", {"STAMPLI_SECRET_X_FILE": "/dev/zero"}).sentence
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    refused = refusal(resolve, "x", {"STAMPLI_SECRET_X_FILE": str(tmp_path / "binary")})
    assert "no UTF-8" in refused.sentence
    assert refused.__context__ is None
