"""Whatever goes wrong, no secret is written anywhere: databases, logs, compute logs, landing, ledger, stdout, stderr."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import sqlite3
import sys
import traceback
import zlib
from urllib.parse import quote

import dagster as dg
import pytest
from canaries import Canary, hits, search
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from vault_house import key_file, python
from watched import NAMES, OURS, UNTOLD, parrot, refusal, watching

from stampli_assets.model.secret import Secret
from stampli_assets.settings import SecretName, load_settings
from stampli_assets.vault.resolve import resolve
from stampli_assets.vault.rotation import rotate
from stampli_assets.vault.tokens import VaultTokenStore

SCENARIOS = {}


def scenario(call):
    """Something that goes wrong in a watched installation; answers what was told, and the words that prove it."""
    SCENARIOS[call.__name__.replace("_", " ")] = call
    return call


# SFTP


@scenario
def a_wrong_password_at_the_sftp_server(house, patch):
    house.wrong("sftp")
    return house.run(), "refuses the sign-in of acme"


@scenario
def a_changed_host_key(house, patch):
    house.stampli["host_keys"] = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbB6dM0XHZUoI0JrUMJQbWdy1fYvbFVlKbeGJnsLbbb"]
    return house.run(), "shows the host key"


@scenario
def an_sftp_server_that_is_not_there(house, patch):
    house.sandbox.sftp.stop()
    house.stampli["port"] = 1
    return house.caught(load(house).inbox.listing), "does not answer"


@scenario
def a_connection_lost_in_the_middle_of_a_download(house, patch):
    house.sandbox.sftp.faults.queue("drop_mid_download", times=50, after_bytes=10)
    return house.run(), "STEP_FAILURE"


@scenario
def an_archive_that_may_not_be_written(house, patch):
    house.sandbox.sftp.faults.queue("archive_refused", times=50)
    return house.run(), "archive"


@scenario
def a_private_key_that_is_none(house, patch):
    private_key(
        house, f"-----BEGIN OPENSSH PRIVATE KEY-----\n{house['other'].value}\n-----END OPENSSH PRIVATE KEY-----"
    )
    return house.run(), "cannot be read"


@scenario
def a_private_key_with_a_wrong_passphrase(house, patch):
    sealed = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"right")
    )
    private_key(house, sealed.decode())
    house.stampli["passphrase"] = {"secret": "passphrase"}
    house.keep("passphrase", house["other"].value)
    return house.run(), "cannot be read"


@scenario
def an_exception_of_the_ssh_library_that_names_the_password(house, patch):
    import paramiko

    def broken(transport, username, password):
        raise paramiko.AuthenticationException(f"{username} {password}")

    patch.setattr(paramiko.Transport, "auth_password", broken)
    return house.run(), "refuses the sign-in of acme"


# The gateway


@scenario
def a_wrong_sender_password_at_the_gateway(house, patch):
    house.wrong("sender")
    return house.run(), "refuses the request as a whole"


@scenario
def a_wrong_user_password_at_the_gateway(house, patch):
    house.wrong("user")
    return house.run(), "refuses the sign-in of ws_user"


@scenario
def a_session_that_expires_before_a_create(house, patch):
    house.sandbox.intacct.faults.queue("session_expired")
    return house.run(), "STEP_SUCCESS"


@scenario
def an_internal_error_after_the_commit(house, patch):
    house.sandbox.intacct.faults.queue("internal_error", commit=True)
    return house.run(), "STEP_"


@scenario
def an_answer_that_never_comes(house, patch):
    house.sandbox.intacct.faults.queue("slow", when="any", times=50, seconds=2)
    return house.run(), "did not answer in full within"


@scenario
def an_answer_that_breaks_off(house, patch):
    house.sandbox.intacct.faults.queue("truncate", when="any", times=50, at=90)
    return house.run(), "STEP_FAILURE"


@scenario
def a_gateway_that_drops_every_connection(house, patch):
    house.sandbox.intacct.faults.queue("drop_before_commit", when="any", times=50)
    return house.run(), "was lost before an answer"


@scenario
def a_gateway_that_limits_the_rate(house, patch):
    house.sandbox.intacct.faults.queue("rate_limit", when="any", times=50)
    return house.run(), "HTTP 429"


@scenario
def a_gateway_that_is_not_there(house, patch):
    house.erp["endpoint"] = "http://127.0.0.1:1/ia/xml/xmlgw.phtml"
    return house.run(), "cannot be reached"


def echoing(house, answer, expected):
    """A run against a gateway that repeats what it is told; the request must really have brought the canaries."""
    with parrot(answer) as (address, heard):
        house.erp["endpoint"] = address
        told = house.run()
    brought = hits([house["sender"], house["user"]], b"".join(heard))
    assert {"sender as xml", "user as xml"} & {*brought} or {"sender as plain", "user as plain"} <= {*brought}
    return told, expected


@scenario
def a_500_that_echoes_the_request(house, patch):
    return echoing(house, lambda request: (500, {"Content-Type": "text/html"}, request), "HTTP 500")


@scenario
def a_400_that_echoes_the_request(house, patch):
    return echoing(house, lambda request: (400, {"Content-Type": "text/xml"}, request), "refuses the request")


@scenario
def a_200_that_is_the_request_itself(house, patch):
    return echoing(house, lambda request: (200, {"Content-Type": "text/xml"}, request), "STEP_FAILURE")


@scenario
def a_redirect_that_carries_the_request(house, patch):
    return echoing(
        house, lambda request: (302, {"Location": "/?" + quote(request.decode(), safe="")}, b""), "redirects elsewhere"
    )


@scenario
def an_endpoint_elsewhere_that_carries_the_request(house, patch):
    def elsewhere(request):
        session = "<api><sessionid>s</sessionid><endpoint>https://evil.example/x</endpoint></api>"
        return 200, {}, (
            "<?xml version='1.0'?><response><control><status>success</status></control><operation><authentication>"
            "<status>success</status></authentication><result><status>success</status><function>getAPISession</function>"
            f"<controlid>sign-in</controlid><data>{session}</data></result></operation></response>"
        ).encode()  # fmt: skip

    return echoing(house, elsewhere, "evil.example")


@scenario
def a_refusal_whose_error_text_is_the_request(house, patch):
    return echoing(house, lambda request: (200, {}, refusal("failure", request)), "refuses the request as a whole")


@scenario
def a_refused_sign_in_whose_error_text_is_the_request(house, patch):
    return echoing(
        house, lambda request: (200, {}, refusal("failure", request, sign_in=True)), "refuses the sign-in of ws_user"
    )


# Crashes


@scenario
def a_defect_of_ours_while_a_reply_is_read(house, patch):
    def broken(content):
        raise KeyError("a defect")

    patch.setattr("stampli_assets.intacct.gateway.read_reply", broken)
    return house.run(), "a defect"


@scenario
def a_defect_of_ours_while_a_request_is_written(house, patch):
    def broken(company, functions, **named):
        raise ZeroDivisionError(f"{company} {functions} {named}")

    patch.setattr("stampli_assets.intacct.gateway.request", broken)
    return house.run(), "ZeroDivisionError"


@scenario
def a_process_that_dies_in_the_middle_of_a_request(house, patch):
    code = (
        "import os, sys\nfrom requests.adapters import HTTPAdapter\n"
        "def die(self, request, **named):\n    assert request.body\n    os._exit(9)\n"
        "HTTPAdapter.send = die\nfrom stampli_assets.cli.main import main\nmain(['run', '--settle-seconds', '0'])\n"
    )
    house.tell_settings()
    house.sandbox.drop_export()
    dying = python(code, STAMPLI_SETTINGS=str(house.folder / "stampli.yaml"), DAGSTER_HOME=str(house.folder))
    house.said += dying.communicate(timeout=120)
    return f"{dying.returncode}", "9"


@scenario
def a_process_that_ends_with_a_traceback_in_the_middle_of_a_request(house, patch):
    code = (
        "import sys\nfrom requests.adapters import HTTPAdapter\n"
        "def die(self, request, **named):\n    raise KeyboardInterrupt\n"
        "HTTPAdapter.send = die\n"
        "from stampli_assets.settings import load_settings\nfrom stampli_assets.wiring import Offices\n"
        "list(Offices(load_settings()).open('acme_us').masters.books.vendors())\n"
    )
    dying = python(code, STAMPLI_SETTINGS=str(house.folder / "stampli.yaml"))
    house.said += dying.communicate(timeout=120)
    return house.said[-1], "KeyboardInterrupt"


@scenario
def a_logged_traceback_that_shows_local_variables(house, patch):
    secret = load_settings(house.folder / "stampli.yaml").secret(SecretName(secret=NAMES["user"]))
    try:
        int(f"{secret} {secret!r} {[secret]}")
    except ValueError:
        shown = "".join(traceback.TracebackException(*sys.exc_info(), capture_locals=True).format())
    logging.getLogger("dagster").error("%s %r %s", secret, secret, shown)
    house.said.append(shown)
    return shown, "Secret(sandbox_intacct_user)"


@scenario
def a_secret_that_an_op_hands_on(house, patch):
    settings = load_settings(house.folder / "stampli.yaml")

    @dg.op
    def careless(context):
        secret = settings.secret(SecretName(secret=NAMES["sender"]))
        context.log.warning(f"{secret} {secret!r}")  # noqa: G004 - as careless code does
        context.add_output_metadata({"text": str(secret), "form": f"{secret:>30}"})
        return secret

    @dg.job
    def handing_on():
        careless()

    (house.folder / "home").mkdir(exist_ok=True)
    with dg.DagsterInstance.local_temp(str(house.folder / "home"), overrides=UNTOLD) as instance:
        result = handing_on.execute_in_process(
            instance=instance,
            raise_on_error=False,
            resources={"io_manager": dg.FilesystemIOManager(base_dir=str(house.folder / "var"))},
        )
        told = "".join(str(record) for record in instance.all_logs(result.run_id))
    house.said.append(told)
    return told, "a secret is never pickled"


# Settings


@scenario
def a_value_in_the_settings_where_a_name_belongs(house, patch):
    house.erp["user_password"] = house["other"].value
    house.tell_settings()
    return house.command("settings", "check"), "connections.0.erp"


@scenario
def a_value_in_the_settings_in_place_of_the_secrets_name(house, patch):
    house.erp["user_password"] = {"secret": house["other"].value}
    house.stampli["password"] = {"value": house["other"].value}
    house.tell_settings()
    return house.command("run"), "problem(s)"


@scenario
def settings_that_are_no_yaml(house, patch):
    text = f"connections:\n  - password: '{house['other'].value}\n    : [{house['sftp'].value}"
    (house.folder / "stampli.yaml").write_text(text)
    return house.command("settings", "check"), "no YAML"


@scenario
def checked_settings_printed_as_json(house, patch):
    return house.command("settings", "check", "--json"), NAMES["user"]


@scenario
def a_secret_file_that_is_no_text(house, patch):
    (house.folder / "given").mkdir()
    (house.folder / "given" / "user").write_bytes(house["other"].value.encode() + b"\xff")
    path = str(house.folder / "given" / "user")
    return house.caught(resolve, "x", {"STAMPLI_SECRET_X_FILE": path}), "no UTF-8"


@scenario
def secrets_in_variables_and_a_gateway_that_refuses(house, patch):
    for name, secret in NAMES.items():
        patch.setenv(f"STAMPLI_SECRET_{secret.upper()}", house["other" if name == "user" else name].value)
    return house.run(), "refuses the sign-in of ws_user"


# The vault


@scenario
def a_vault_that_was_spoiled_by_hand(house, patch):
    spoiled = json.dumps({"format": "stampli-vault", "version": 1, "secrets": {"x": house["other"].value}})
    vault = house.vault
    vault.path.write_text(spoiled)
    told = house.command("secrets", "list") + house.caught(vault.read, "x")
    (house.folder / "given").mkdir()
    vault.path.rename(house.folder / "given" / "vault.json")
    return told, "damaged"


@scenario
def a_vault_under_another_key(house, patch):
    key_file(house.folder).write_bytes(Fernet.generate_key())
    return house.run(), "does not open"


@scenario
def a_vault_that_others_may_read(house, patch):
    house.vault.path.chmod(0o644)
    return house.run(), "chmod 600"


@scenario
def a_key_that_others_may_read(house, patch):
    key_file(house.folder).chmod(0o640)
    house.canaries["key"] = Canary("key", key_file(house.folder).read_text().strip())
    return house.run() + house.command("secrets", "rotate"), "chmod 600"


@scenario
def a_key_that_is_none(house, patch):
    key_file(house.folder).write_text(house["other"].value)
    return house.run(), "no key of a vault"


@scenario
def a_key_variable_that_is_none(house, patch):
    told = house.command("secrets", "list", STAMPLI_VAULT_KEY_FILE="", STAMPLI_VAULT_KEY=house["other"].value)
    return told, "no key of a vault"


@scenario
def a_value_typed_on_the_command_line(house, patch):
    told = house.command("secrets", "set", "x", house["other"].value)
    return told + house.command("secrets", "set", f"x={house['other'].value}"), "More than a name"


@scenario
def a_value_that_is_too_large_to_be_kept(house, patch):
    return house.command("secrets", "set", "x", given=house["other"].value * 3000), "are kept"


@scenario
def a_vault_on_a_full_disk(house, patch):
    from pathlib import Path

    def full(path, target):
        raise OSError(28, "No space left on device")

    with patch.context() as inner:
        inner.setattr(Path, "replace", full)
        told = house.caught(house.vault.write, "x", Secret(house["other"].value))
    return told, "No space left"


@scenario
def a_rotation_that_meets_an_entry_of_another_key(house, patch):
    vault = house.vault
    old = vault.entries()[NAMES["user"]].sealed
    vault.path.write_text(vault.path.read_text().replace(old, Fernet(Fernet.generate_key()).encrypt(b"x").decode()))
    return house.caught(rotate, vault), "does not open"


@scenario
def a_pair_of_tokens_that_is_none(house, patch):
    store = VaultTokenStore(house.vault, "acme", tuple)
    house.keep(store.name, json.dumps([house["other"].value]))
    return house.caught(store.read), "no pair of tokens"


def load(house):
    from stampli_assets.wiring import Offices

    house.tell_settings()
    return Offices(load_settings(house.folder / "stampli.yaml")).open("acme_us")


def private_key(house, text):
    house.stampli.pop("password")
    house.stampli["private_key"] = {"secret": "private_key"}
    house.keep("private_key", text)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_canary_is_written_anywhere_by(name, tmp_path, monkeypatch, capfd):
    with watching(tmp_path, monkeypatch) as house:
        told, expected = SCENARIOS[name](house, monkeypatch)
        printed = "".join(capfd.readouterr())
    assert expected in told, told[-3000:]
    canaries = [*house.canaries.values(), Canary("session", "sandbox-session-")]
    found = search(canaries, tmp_path, leave_out=OURS)
    found += [f"printed: {hit}" for hit in hits(canaries, printed.encode())]
    found += [f"told: {hit}" for hit in hits(canaries, "\n".join(house.said).encode())]
    assert found == []


def test_the_search_finds_what_it_looks_for(tmp_path):
    canary = Canary.make("planted")
    value = canary.value.encode()
    planted = {
        "plain": value,
        "cut": value[:14],
        "base64": base64.b64encode(b"user:" + value),
        "base64 shifted": base64.b64encode(b"ab:" + value + b"..."),
        "base64 shifted again": base64.b64encode(b"a:" + value),
        "urlsafe": base64.urlsafe_b64encode(value),
        "json": json.dumps(canary.value).encode(),
        "xml": canary.value.replace("&", "&amp;").replace("<", "&lt;").encode(),
        "numeric": "".join(f"&#{ord(letter)};" for letter in canary.value).encode(),
        "url": quote(canary.value).encode(),
        "capitals": "".join(f"%{byte:02X}" for byte in value).encode(),
        "gzip": gzip.compress(value),
        "zlib": zlib.compress(value),
        "utf-16": canary.value.encode("utf-16"),
        "repr": repr(value).encode(),
    }
    for name, content in planted.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "file").write_bytes(content)
        assert search([canary], folder), name
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (body BLOB)")
        database.execute("INSERT INTO t VALUES (?)", (zlib.compress(b"x" * 5000 + value),))
    database.close()
    found = search([canary], tmp_path, leave_out=frozenset(planted))
    assert found
    assert search([Canary.make("another")], tmp_path) == []
    (tmp_path / "a.db").rename(tmp_path / canary.word)
    assert any(hit.startswith("the name") for hit in search([canary], tmp_path, leave_out=frozenset(planted)))


def test_there_are_scenarios_enough():
    assert len(SCENARIOS) >= 40
