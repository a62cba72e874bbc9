from __future__ import annotations

import pickle

import pytest

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.settings import load_settings, parse_settings, schema
from stampli_assets.vault.resolve import resolve


def content(**erp) -> dict:
    return {
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
                    "sender_password": {"secret": "a"},
                    "company_id": "ACME",
                    "user_id": "u",
                    "user_password": {"secret": "b"},
                    **erp,
                },
            }
        ]
    }


def problems(tmp_path, told) -> str:
    with pytest.raises(Misconfigured) as refused:
        parse_settings(told, folder=tmp_path)
    return refused.value.sentence


def test_the_defaults_are_safe(tmp_path):
    settings = parse_settings(content(), folder=tmp_path)
    erp = settings.connections[0].erp
    assert (erp.post_as, erp.settle_minutes, erp.functions_per_request, erp.parallel_requests) == ("draft", 20, 25, 2)
    assert settings.ledger_url == f"sqlite:///{tmp_path}/var/ledger.db"


@pytest.mark.parametrize(
    ("erp", "words"),
    [
        ({"endpoint": "http://api.intacct.com/x"}, "https is required"),
        ({"settle_minutes": 15}, "settle_minutes must be longer"),
        ({"post_as": "ledger"}, "post_as"),
        ({"functions_per_request": 101}, "functions_per_request"),
        ({"user_password": "in clear"}, "user_password"),
        ({"kind": "netsuite"}, "kind"),
    ],
)
def test_what_would_be_unsafe_is_refused(tmp_path, erp, words):
    assert words in problems(tmp_path, content(**erp))


def test_a_host_key_is_required_and_must_look_like_one(tmp_path):
    told = content()
    told["connections"][0]["stampli"]["host_keys"] = []
    assert "host_keys" in problems(tmp_path, told)
    told["connections"][0]["stampli"]["host_keys"] = ["SHA256:abc"]
    assert "no public key line" in problems(tmp_path, told)


def test_two_connections_of_one_name_are_refused(tmp_path):
    told = content()
    told["connections"] *= 2
    assert "stands twice" in problems(tmp_path, told)


def test_a_file_that_is_missing_or_no_yaml_is_told_so(tmp_path):
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_settings(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [1\n")
    with pytest.raises(Misconfigured, match="line 2"):
        load_settings(tmp_path / "bad.yaml")


def test_a_secret_is_read_from_a_file_before_the_variable(tmp_path):
    (tmp_path / "password").write_text("from the file\n")
    environment = {"STAMPLI_SECRET_X_FILE": str(tmp_path / "password"), "STAMPLI_SECRET_X": "from the variable"}
    assert resolve("x", environment).reveal() == "from the file"
    del environment["STAMPLI_SECRET_X_FILE"]
    assert resolve("x", environment).reveal() == "from the variable"
    for wrong in ({}, {"STAMPLI_SECRET_X": ""}, {"STAMPLI_SECRET_X_FILE": str(tmp_path / "none")}):
        with pytest.raises(Misconfigured, match="'x'"):
            resolve("x", wrong)


def test_a_secret_shows_itself_to_nobody():
    secret = Secret("hunter2", name="x")
    assert "hunter2" not in f"{secret} {secret!r} {secret:>20} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_the_schema_does_not_offer_what_the_reader_sets_itself():
    assert "folder" not in schema()["properties"]


def test_the_committed_settings_are_good():
    from pathlib import Path

    settings = load_settings(Path(__file__).resolve().parents[2] / "stampli.yaml")
    assert [connection.name for connection in settings.connections] == ["acme_us", "acme_cloud", "acme_plant"]


def test_the_vault_lies_where_the_settings_say_and_brings_what_the_environment_does_not(tmp_path, monkeypatch):
    from cryptography.fernet import Fernet

    from stampli_assets.sections.section import SecretName

    monkeypatch.setenv("STAMPLI_VAULT_KEY", Fernet.generate_key().decode())
    assert parse_settings(content(), folder=tmp_path).sealed.path == tmp_path / "vault" / "sealed.json"
    settings = parse_settings({**content(), "vault": "sealed/own.json"}, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    settings.sealed.write("kept", Secret("from the vault"))
    assert (tmp_path / "sealed" / "own.json").exists()
    assert settings.secret(SecretName(secret="Kept")).reveal() == "from the vault"
    monkeypatch.setenv("STAMPLI_SECRET_KEPT", "from the variable")
    assert settings.secret(SecretName(secret="kept")).reveal() == "from the variable"
    with pytest.raises(Misconfigured, match=r"not set, and it is not in the vault .*own\.json"):
        settings.secret(SecretName(secret="missing"))
