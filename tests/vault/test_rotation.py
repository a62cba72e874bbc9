from __future__ import annotations

import pytest
from cryptography.fernet import Fernet, InvalidToken
from vault_house import key_file, make_vault, python, vault_path

from stampli_assets.model.errors import Defect, Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.vault.keys import KEY_FILE_VARIABLE, parse_keys
from stampli_assets.vault.rotation import prove, rotate
from stampli_assets.vault.sealed import Vault

DIE_AT_REPLACEMENT = """
import os, sys
from pathlib import Path
passed, replace = 0, Path.replace
def counted(self, target):
    global passed
    if passed == int(sys.argv[2]):
        os._exit(9)
    passed += 1
    return replace(self, target)
Path.replace = counted
from stampli_assets.vault.rotation import rotate
from stampli_assets.vault.sealed import Vault
rotate(Vault.at(Path(sys.argv[1]), os.environ))
"""
READ_ON = """
import os, sys
from pathlib import Path
from stampli_assets.vault.sealed import Vault
vault = Vault.at(Path(sys.argv[1]), os.environ)
print("reading", flush=True)
while not Path(sys.argv[2]).exists():
    assert vault.read("a").reveal() == "value a"
"""


def filled(folder) -> Vault:
    vault = make_vault(folder)
    for name in ("a", "b", "c"):
        vault.write(name, Secret(f"value {name}"))
    return vault


def test_everything_is_sealed_again_and_the_old_key_opens_nothing(tmp_path):
    vault = filled(tmp_path)
    old, ages = key_file(tmp_path).read_text().strip(), {n: e.set_at for n, e in vault.entries().items()}
    done = rotate(vault)
    assert (done.values, done.key_file, done.in_place) == (3, key_file(tmp_path), True)
    assert [vault.read(name).reveal() for name in "abc"] == ["value a", "value b", "value c"]
    assert old not in key_file(tmp_path).read_text()
    for entry in vault.entries().values():
        with pytest.raises(InvalidToken):
            Fernet(old).decrypt(entry.sealed.encode())
    assert {n: e.set_at for n, e in vault.entries().items()} == ages


@pytest.mark.parametrize("place", range(3))
def test_a_rotation_that_dies_at_any_replacement_leaves_a_vault_that_opens_and_is_finished_by_the_next(tmp_path, place):
    vault = filled(tmp_path)
    old = parse_keys(key_file(tmp_path).read_text(), "")
    dying = python(DIE_AT_REPLACEMENT, vault.path, place, **{KEY_FILE_VARIABLE: str(key_file(tmp_path))})
    assert (dying.communicate()[1], dying.returncode) == ("", 9)
    assert vault.read("b").reveal() == "value b"
    rotate(vault)
    assert vault.read("b").reveal() == "value b"
    assert len(key_file(tmp_path).read_text().split()) == 1
    assert not make_vault(tmp_path).keys().knows(old[0])
    assert [*key_file(tmp_path).parent.iterdir()] == [key_file(tmp_path)]


def test_processes_read_on_while_the_key_changes_under_them(tmp_path):
    vault = filled(tmp_path)
    environment = {KEY_FILE_VARIABLE: str(key_file(tmp_path))}
    readers = [python(READ_ON, vault.path, tmp_path / "stop", **environment) for _ in range(2)]
    for reader in readers:
        assert reader.stdout.readline() == "reading\n"
    for _ in range(30):
        rotate(vault)
    (tmp_path / "stop").touch()
    assert [(reader.communicate()[1], reader.returncode) for reader in readers] == [("", 0)] * 2


def test_a_key_from_a_variable_needs_a_place_for_the_new_one_and_the_rotation_can_be_repeated(tmp_path):
    old = Fernet.generate_key().decode()
    vault = Vault.at(vault_path(tmp_path), {"STAMPLI_VAULT_KEY": old})
    vault.write("x", Secret("a"))
    with pytest.raises(Misconfigured, match="cannot put a new one") as refused:
        rotate(vault)
    assert "--new-key-file" in refused.value.remedy
    assert vault.read("x").reveal() == "a"
    for _ in range(2):
        assert rotate(vault, tmp_path / "new" / "vault.key").values == 1
    with pytest.raises(Misconfigured, match="does not open"):
        vault.read("x")
    new = Vault.at(vault_path(tmp_path), {KEY_FILE_VARIABLE: str(tmp_path / "new" / "vault.key")})
    assert new.read("x").reveal() == "a"


def test_the_key_in_use_is_no_new_key(tmp_path):
    vault = filled(tmp_path)
    before = vault.path.read_bytes()
    with pytest.raises(Misconfigured, match="in use already"):
        rotate(vault, key_file(tmp_path))
    assert vault.path.read_bytes() == before


def test_an_entry_that_does_not_open_stops_the_rotation_before_anything_changes(tmp_path):
    vault = filled(tmp_path)
    text = vault.path.read_text()
    vault.path.write_text(
        text.replace(vault.entries()["b"].sealed, Fernet(Fernet.generate_key()).encrypt(b"x").decode())
    )
    before = (vault.path.read_bytes(), key_file(tmp_path).read_bytes())
    with pytest.raises(Misconfigured, match="'b'"):
        rotate(vault)
    assert (vault.path.read_bytes(), key_file(tmp_path).read_bytes()) == before


def test_the_proof_fails_where_the_old_key_still_opens_or_the_new_one_does_not(tmp_path):
    vault = filled(tmp_path)
    present = vault.keys().texts
    other = parse_keys(Fernet.generate_key().decode(), "")
    prove(vault, present, other)
    with pytest.raises(Defect, match="still opens with the old key"):
        prove(vault, present, present)
    with pytest.raises(Defect, match="does not open with the new key"):
        prove(vault, other, ())
