"""The same promises for a pair of tokens in a file of its own and in the vault."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from vault_house import key_file, make_vault, python

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.secret import Secret
from stampli_assets.vault.keys import KEY_FILE_VARIABLE
from stampli_assets.vault.tokens import VaultTokenStore
from stampli_assets.x3.tokens import FileTokenStore, TokenPair

ENDS = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RENEW = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from stampli_assets.model.secret import Secret
from stampli_assets.vault.sealed import Vault
from stampli_assets.vault.tokens import VaultTokenStore
from stampli_assets.x3.tokens import TokenPair
store = VaultTokenStore(Vault.at(Path(sys.argv[1]), os.environ), "acme", TokenPair)
before = store.read()
with store.locked():
    kept = store.read()
    if kept.refresh.reveal() == sys.argv[2]:
        time.sleep(0.2)  # the token service takes its time
        store.write(TokenPair(Secret("a2"), kept.access_ends, Secret(sys.argv[2] + "+")))
        print("renewed")
print(store.read().refresh.reveal())
"""
HOLD_AND_DIE = """
import os, sys
from pathlib import Path
from stampli_assets.vault.sealed import Vault
from stampli_assets.vault.tokens import VaultTokenStore
store = VaultTokenStore(Vault.at(Path(sys.argv[1]), os.environ), "acme", tuple)
with store.locked():
    print("held", flush=True)
    sys.stdin.readline()
    os._exit(9)
"""


def pair(number: int, **given) -> TokenPair:
    return TokenPair(Secret(f"access-{number}"), ENDS, Secret(f"refresh-{number}"), **given)


def make_store(folder, **given):
    return VaultTokenStore(make_vault(folder), "acme", TokenPair, **given)


@pytest.fixture(params=["file", "vault"])
def store(request, tmp_path):
    return make_store(tmp_path) if request.param == "vault" else FileTokenStore(tmp_path / "tokens" / "acme.json")


def revealed(kept: TokenPair) -> tuple:
    return kept.access.reveal(), kept.access_ends, kept.refresh.reveal(), kept.endpoint


def test_a_pair_that_was_never_written_is_none_and_one_that_was_is_read_whole(store):
    assert store.read() is None
    for kept in (pair(1), pair(2, endpoint="https://x3.example/api")):
        store.write(kept)
        assert revealed(store.read()) == revealed(kept)


def test_a_write_that_fails_leaves_the_former_pair(store, monkeypatch):
    store.write(pair(1))
    from pathlib import Path

    def full(self, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises((OSError, Misconfigured)):
            store.write(pair(2))
    assert store.read().refresh.reveal() == "refresh-1"


def test_one_holds_the_lock_and_the_other_is_told_after_its_wait(store):
    store.wait_seconds = 0.1
    with store.locked(), pytest.raises(Transient, match="renewing"), store.locked():
        pass
    with store.locked():
        store.write(pair(1))


def test_no_token_stands_in_the_vault_nor_in_what_an_error_shows(tmp_path):
    store = make_store(tmp_path)
    store.write(pair(1, endpoint="https://x3.example"))
    assert b"refresh-1" not in store.vault.path.read_bytes()
    assert "refresh-1" not in repr(store.read())
    store.vault.write(store.name, Secret('["refresh-1"]'))
    with pytest.raises(Misconfigured, match="no pair of tokens") as refused:
        store.read()
    assert "refresh-1" not in str(refused.value)
    assert refused.value.__context__ is None


def test_several_processes_see_one_dead_token_and_one_of_them_renews(tmp_path):
    store = make_store(tmp_path)
    store.write(pair(1))
    environment = {KEY_FILE_VARIABLE: str(key_file(tmp_path))}
    renewing = [python(RENEW, store.vault.path, "refresh-1", **environment) for _ in range(4)]
    told = [process.communicate() for process in renewing]
    assert [errors for _, errors in told] == [""] * 4
    assert sorted(out for out, _ in told) == ["refresh-1+\n"] * 3 + ["renewed\nrefresh-1+\n"]


def test_a_renewal_that_dies_frees_the_lock_and_the_vault_was_open_to_everyone_meanwhile(tmp_path):
    store = make_store(tmp_path)
    holding = python(HOLD_AND_DIE, store.vault.path, **{KEY_FILE_VARIABLE: str(key_file(tmp_path))})
    assert holding.stdout.readline() == "held\n"
    began = time.monotonic()
    store.vault.write("another", Secret("a"))
    assert time.monotonic() - began < 5
    holding.communicate("die\n")
    assert holding.returncode == 9
    with store.locked():
        store.write(pair(1))


def test_two_connections_do_not_wait_for_each_other(tmp_path):
    one = make_store(tmp_path)
    other = VaultTokenStore(one.vault, "other", TokenPair, wait_seconds=0.1)
    with one.locked(), other.locked():
        one.write(pair(1))
        other.write(pair(2))
    assert one.read().refresh.reveal() == "refresh-1"
