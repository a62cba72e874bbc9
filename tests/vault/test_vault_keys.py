from __future__ import annotations

import os
import stat

import pytest
from cryptography.fernet import Fernet
from vault_house import key_file, make_vault, vault_path

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.vault.keys import find_keys, make_key_file
from stampli_assets.vault.sealed import Vault


def code_of(environment, vault) -> str:
    with pytest.raises(Misconfigured) as refused:
        find_keys(environment, vault)
    assert refused.value.remedy
    return refused.value.code


def test_the_key_comes_from_a_file_a_variable_or_systemd_in_this_order(tmp_path):
    keys = [Fernet.generate_key().decode() for _ in range(3)]
    (tmp_path / "stampli_vault_key").write_text(keys[2])
    (tmp_path / "stampli_vault_key").chmod(0o440)
    make_key_file(key_file(tmp_path), vault_path(tmp_path))
    environment = {
        "STAMPLI_VAULT_KEY_FILE": str(key_file(tmp_path)),
        "STAMPLI_VAULT_KEY": keys[1],
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    places = []
    while environment:
        places.append(find_keys(environment, vault_path(tmp_path)).place.split("/")[0])
        environment.pop(next(iter(environment)))
    assert places == ["the file ", "the variable STAMPLI_VAULT_KEY", "systemd's credential stampli_vault_key"]
    assert code_of({}, vault_path(tmp_path)) == "VAULT_KEY_MISSING"


def test_a_new_key_file_is_of_our_user_alone_and_never_replaces_one(tmp_path):
    make_key_file(key_file(tmp_path), vault_path(tmp_path))
    before = key_file(tmp_path).read_bytes()
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    with pytest.raises(Misconfigured, match="exists already"):
        make_key_file(key_file(tmp_path), vault_path(tmp_path))
    assert key_file(tmp_path).read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o700 | 0o070])
def test_a_key_file_that_others_may_open_is_refused_with_the_chmod_to_run(tmp_path, mode):
    vault = make_vault(tmp_path)
    key_file(tmp_path).chmod(mode)
    with pytest.raises(Misconfigured) as refused:
        vault.write("x", Secret("a"))
    assert refused.value.remedy == f"Run: chmod 600 {key_file(tmp_path)}"
    assert not vault.path.exists()


@pytest.mark.parametrize("place", ["var/vault.key", "var/keys/vault.key", "linked/vault.key"])
def test_a_key_in_the_vaults_folder_is_refused_however_it_is_reached(tmp_path, place):
    (tmp_path / "var" / "keys").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "var")
    (tmp_path / place).write_bytes(Fernet.generate_key())
    (tmp_path / place).chmod(0o600)
    assert code_of({"STAMPLI_VAULT_KEY_FILE": str(tmp_path / place)}, vault_path(tmp_path)) == "VAULT_KEY_BESIDE"
    with pytest.raises(Misconfigured, match="lies in the folder"):
        make_key_file(tmp_path / place, vault_path(tmp_path))


def test_a_link_to_a_key_elsewhere_is_followed_and_its_rights_are_those_of_the_file(tmp_path):
    make_vault(tmp_path)
    (tmp_path / "link").symlink_to(key_file(tmp_path))
    environment = {"STAMPLI_VAULT_KEY_FILE": str(tmp_path / "link")}
    assert find_keys(environment, vault_path(tmp_path)).file == key_file(tmp_path)
    key_file(tmp_path).chmod(0o644)
    assert code_of(environment, vault_path(tmp_path)) == "VAULT_RIGHTS"


@pytest.mark.parametrize("text", ["", "hunter2", "A" * 44, "é" * 44, "A" * 43 + "= hunter2"])
def test_what_is_no_key_is_refused_without_a_character_of_it(tmp_path, text):
    with pytest.raises(Misconfigured) as refused:
        find_keys({"STAMPLI_VAULT_KEY": text}, vault_path(tmp_path))
    assert refused.value.code == "VAULT_KEY_MALFORMED"
    assert "hunter2" not in str(refused.value)


def test_several_keys_open_and_the_first_seals(tmp_path):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    path = vault_path(tmp_path)
    Vault.at(path, {"STAMPLI_VAULT_KEY": old}).write("x", Secret("a"))
    both = Vault.at(path, {"STAMPLI_VAULT_KEY": f"{new},{old}"})
    assert both.read("x").reveal() == "a"
    both.write("y", Secret("b"))
    assert Vault.at(path, {"STAMPLI_VAULT_KEY": new}).read("y").reveal() == "b"


def test_a_key_file_that_went_away_is_named(tmp_path):
    vault = make_vault(tmp_path)
    vault.write("x", Secret("a"))
    key_file(tmp_path).unlink()
    with pytest.raises(Misconfigured, match=r"elsewhere/vault\.key does not exist"):
        vault.read("x")


def test_a_key_file_under_systemds_folder_is_systemds_to_guard(tmp_path):
    (tmp_path / "credentials").mkdir()
    credential = tmp_path / "credentials" / "any_name"
    credential.write_bytes(Fernet.generate_key())
    credential.chmod(0o440)
    environment = {"STAMPLI_VAULT_KEY_FILE": str(credential), "CREDENTIALS_DIRECTORY": os.fspath(credential.parent)}
    assert find_keys(environment, vault_path(tmp_path)).file is None
