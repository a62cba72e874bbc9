"""Pairing and checking an X3 connection, as a person does it: the command in a process of its own, a simulator, a browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest
import requests
import yaml

from stampli_assets.defs.x3_checks import x3_names_check
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.pairings import TokenOptions
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator
from stampli_assets.settings import load_settings
from stampli_assets.wiring import Offices

CUSTOMER = "https://x3.customer.example"
SECRETS = {"STAMPLI_SECRET_X3_OAUTH": "client-secret", "STAMPLI_SECRET_X3_USER": "user-secret"}
BASIC = {"way": "basic", "user": "ws_user", "password": {"secret": "x3_user"}}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def masters(redirect: str = "http://127.0.0.1:1/callback") -> dict:
    supplier = {"BPSNUM": "S001", "BPSNAM": "Old Mill", "BSGCOD": "US", "CUR": "USD", "PTE": "NET30", "VACBPR": "USA"}
    return {
        "endpoint": "SEED",
        "users": {"ws_user": "user-secret"},
        "connected_apps": {},
        "oauth_clients": {"client-1": {"secret": "client-secret", "redirect_uris": [redirect]}},
        "suppliers": [{**supplier, "CRY": "US", "CRN": "12-3456789"}],
        "accounts": [{"ACC": "62200", "COA": "USA", "DES": "Office", "DIE": ["CCT"]}],
        "dimension_types": [{"DIE": "CCT"}],
        "dimensions": [{"DIE": "CCT", "CCE": "200", "DES": "Operations"}],
        "restrictions": [],
        "sites": [{"FCY": "F01", "CPY": "ACME"}],
        "tax_codes": [{"VAT": "NT", "RATE": "0"}],
        "tax_rules": [{"VAC": "USA"}],
        "payment_terms": [{"PTE": "NET30", "DES": "Net 30"}],
        "currencies": [{"CUR": "USD"}],
        "categories": [{"BSGCOD": "US"}],
        "periods": [],
    }


def write_settings(folder: Path, base_url: str, *, sign_in: dict, **erp: object) -> None:
    server = {
        "host": "127.0.0.1",
        "port": 1,
        "username": "acme",
        "password": {"secret": "none"},
        "host_keys": ["ssh-ed25519 AAAA"],
    }
    shared = {"kind": "x3", "api": "graphql", "base_url": base_url, "endpoint": "SEED", "site": "F01"}
    intacct = {
        "kind": "intacct",
        "endpoint": "http://127.0.0.1:2/ia/xml/xmlgw.phtml",
        "sender_id": "s",
        "sender_password": {"secret": "none"},
        "company_id": "ACME",
        "user_id": "u",
        "user_password": {"secret": "none"},
    }
    x3 = {**shared, "plain_http": True, "backoff_seconds": 2, "reply_seconds": 10, "sign_in": sign_in, **erp}
    connections = [
        {"name": "acme_uk", "stampli": server, "erp": x3},
        {"name": "acme_us", "stampli": server, "erp": intacct},
    ]
    (folder / "stampli.yaml").write_text(yaml.safe_dump({"connections": connections}))


class House:
    """A folder with settings for a cloud connection ``acme_uk`` and its simulator."""

    def __init__(self, folder: Path, simulator: X3GraphQLSimulator, port: int) -> None:
        self.folder, self.simulator, self.port = folder, simulator, port
        self.callback = f"http://127.0.0.1:{port}/callback"
        self.tokens = folder / "var" / "x3" / "acme_uk.json"
        self.settings()

    def settings(self, **given: object) -> None:
        write_settings(self.folder, self.simulator.base_url, sign_in=cloud(self, given))


def cloud(house: House, given: dict) -> dict:
    return {
        "way": "cloud",
        "region": house.simulator.base_url,
        "client_id": "client-1",
        "client_secret": {"secret": "x3_oauth"},
        "customer": CUSTOMER,
        "redirect_uri": house.callback,
        "body": "form",
        "token_file": "var/x3/acme_uk.json",
        **given,
    }


@contextmanager
def a_house(folder: Path, **tokens: object) -> Iterator[House]:
    port = free_port()
    known = masters(f"http://127.0.0.1:{port}/callback")
    with X3GraphQLSimulator(known, tokens=TokenOptions(**tokens), ways=["oauth2"]) as simulator:
        yield House(folder, simulator, port)


@pytest.fixture
def house(tmp_path):
    with a_house(tmp_path) as made:
        yield made


def environment(folder: Path, **given: str) -> dict[str, str]:
    return {
        **os.environ, **SECRETS, "STAMPLI_SETTINGS": str(folder / "stampli.yaml"), "COLUMNS": "500", **given,
    }  # fmt: skip


def stampli(folder: Path, *words: str, **given: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "stampli_assets.cli.main", *words],
        cwd=folder,
        env=environment(folder, **given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def pairing(folder: Path, *words: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """``stampli x3 pair`` under way, and the address that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stampli_assets.cli.main", "x3", "pair", "acme_uk", "--no-browser", *words],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen) -> tuple[int, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, out + err


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def browser(address: str) -> requests.Response:
    """Follows the redirects as a browser does."""
    return requests.get(address, timeout=10)


# Pairing


def test_a_person_who_accepts_has_paired_the_connection_and_is_told_until_when(house):
    with pairing(house.folder) as (address, process):
        assert address.startswith(house.simulator.authorise_url)
        page = browser(address)
        code, told = ended(process)
    assert code == 0, told
    assert "Paired." in told
    assert f"the application client-1 works in {CUSTOMER}" in told
    assert "lives until 20" in told
    assert "UTC" in told
    assert page.status_code == 200
    assert "answer has arrived" in page.text
    assert stampli(house.folder, "x3", "check", "acme_uk").returncode == 0


def test_no_token_code_or_secret_is_shown_to_anybody(house):
    with pairing(house.folder) as (address, process):
        page = browser(address)
        _, told = ended(process)
    kept = json.loads(house.tokens.read_text())
    (brought,) = [step.headers["Location"] for step in page.history if "code=" in step.headers.get("Location", "")]
    code = parse_qs(urlsplit(brought).query)["code"][0]
    seen_by_browser = page.url + page.text + str(page.headers)
    for secret in (kept["access"], kept["refresh"], code, "client-secret"):
        assert secret not in told
        assert secret not in seen_by_browser
    assert page.url == house.callback
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert house.tokens.stat().st_mode & 0o077 == 0


def test_the_browser_is_opened_unless_told_not_to(house):
    follow = house.folder / "browser.py"
    follow.write_text("import sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n")
    done = stampli(house.folder, "x3", "pair", "acme_uk", BROWSER=f"{sys.executable} {follow} %s")
    assert done.returncode == 0, done.stderr
    assert house.tokens.exists()


def test_a_pairing_takes_the_place_of_the_former_one(house):
    kept = []
    for _ in range(2):
        with pairing(house.folder) as (address, process):
            browser(address)
            assert ended(process)[0] == 0
        kept.append(json.loads(house.tokens.read_text())["refresh"])
    assert kept[0] != kept[1]
    assert stampli(house.folder, "x3", "check", "acme_uk").returncode == 0


def test_what_does_not_fit_is_answered_politely_and_the_pairing_goes_on(house):
    with pairing(house.folder) as (address, process):
        early = socket.create_connection(("127.0.0.1", house.port))  # as browsers do: connected, and silent
        root = house.callback.removesuffix("/callback")
        statuses = {
            "another path": requests.get(f"{root}/favicon.ico", timeout=5).status_code,
            "another path with a code": requests.get(f"{root}/?code=x&state=y", timeout=5).status_code,
            "nothing brought": requests.get(house.callback, timeout=5).status_code,
            "another method": requests.post(f"{house.callback}?code=x&state=y", timeout=5).status_code,
            "another name": requests.get(
                f"{house.callback}?code=x&state=y", headers={"Host": "evil.example"}, timeout=5
            ).status_code,
        }
        assert process.poll() is None
        browser(address)
        assert ended(process)[0] == 0
        early.close()
    assert statuses == {
        "another path": 404,
        "another path with a code": 404,
        "nothing brought": 200,
        "another method": 501,
        "another name": 404,
    }


def test_only_this_machine_is_listened_to(house):
    with pairing(house.folder), pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", house.port), timeout=2)


def test_a_person_who_declines_is_told_what_would_have_to_be_accepted(tmp_path):
    with a_house(tmp_path, auto_accept=False) as house, pairing(house.folder) as (address, process):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        requests.post(house.simulator.authorise_url, data={**asked, "decision": "deny"}, timeout=10)
        code, told = ended(process)
    assert code == 1
    assert "did not accept the pairing: access_denied" in told
    assert "Accept the application in X3" in told
    assert not house.tokens.exists()


def test_an_answer_with_another_state_ends_the_pairing_and_nothing_is_exchanged(house):
    with pairing(house.folder) as (_, process):
        browser(f"{house.callback}?code=stolen&state=made-up")
        code, told = ended(process)
    assert code == 1
    assert "another state" in told
    assert "Begin again" in told
    assert "stolen" not in told
    assert house.simulator.requests == []


def test_an_answer_without_a_code_says_so(house):
    with pairing(house.folder) as (address, process):
        browser(f"{house.callback}?state={state_of(address)}")
        code, told = ended(process)
    assert code == 2
    assert "brings no code" in told


def test_a_code_that_has_expired_says_to_accept_at_once(tmp_path):
    with a_house(tmp_path, code_seconds=0) as house, pairing(house.folder) as (address, process):
        browser(address)
        code, told = ended(process)
    assert code == 1
    assert "the code has expired" in told
    assert "accept at once" in told


def test_a_wrong_client_secret_is_a_matter_of_settings(house):
    (house.simulator.books.folder["oauth_clients"]["client-1"])["secret"] = "another"
    with pairing(house.folder) as (address, process):
        browser(address)
        code, told = ended(process)
    assert code == 2
    assert "refuses the pairing" in told
    assert "client secret" in told


def test_a_token_api_that_is_away_ends_with_exit_code_three(house):
    house.settings(region=f"http://127.0.0.1:{free_port()}")
    with pairing(house.folder) as (address, process):
        browser(f"{house.callback}?code=c0de-of-x3&state={state_of(address)}")
        code, told = ended(process)
    assert code == 3
    assert "token API did not answer" in told
    assert "Begin the pairing again" in told
    assert "c0de-of-x3" not in told


def test_nobody_who_answers_is_waited_for_only_so_long(house):
    started = time.monotonic()
    done = stampli(house.folder, "x3", "pair", "acme_uk", "--no-browser", "--timeout", "1")
    assert done.returncode == 1
    assert "within 1 seconds" in done.stderr
    assert "Pair again" in done.stderr
    assert time.monotonic() - started < 60


def test_a_port_that_is_taken_is_told_with_the_way_out(house):
    with socket.create_server(("127.0.0.1", house.port)):
        done = stampli(house.folder, "x3", "pair", "acme_uk", "--no-browser")
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "redirect_uri" in done.stderr
    assert house.simulator.requests == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"redirect_uri": "http://192.0.2.1:8765/callback"}, "no address of this machine"),
        ({"redirect_uri": "https://127.0.0.1:8765/callback"}, "no address of this machine"),
        ({"redirect_uri": "http://127.0.0.1/callback"}, "no address of this machine"),
        ({"redirect_uri": "http://127.0.0.1:99999/callback"}, "no address of this machine"),
        ({"customer": ""}, "customer is empty"),
        ({"client_secret": {"secret": "never_set"}}, "never_set"),
    ],
)
def test_settings_that_cannot_be_paired_with_are_told_before_anybody_is_asked(house, given, words):
    house.settings(**given)
    done = stampli(house.folder, "x3", "pair", "acme_uk", "--no-browser")
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "What to do:" in done.stderr


def test_a_folder_that_cannot_keep_the_tokens_is_told_before_anybody_is_asked(house):
    (house.folder / "file").write_text("no folder")
    house.settings(token_file="file/acme_uk.json")
    done = stampli(house.folder, "x3", "pair", "acme_uk", "--no-browser")
    assert (done.returncode, done.stdout) == (2, "")
    assert "could not be kept" in done.stderr
    assert house.simulator.requests == []


def test_a_connection_that_is_not_paired_says_how_it_signs_in(house):
    write_settings(house.folder, house.simulator.base_url, sign_in=BASIC)
    done = stampli(house.folder, "x3", "pair", "acme_uk", "--no-browser")
    assert done.returncode == 2
    assert "cloud" in done.stderr


@pytest.mark.parametrize("verb", ["pair", "check"])
def test_a_connection_to_another_erp_is_refused_in_words(house, verb):
    done = stampli(house.folder, "x3", verb, "acme_us")
    assert done.returncode == 2
    assert "acme_us is no connection to Sage X3" in done.stderr


# Checking


def sim(api: str, **given: object) -> X3GraphQLSimulator | X3RestSimulator:
    kind = X3GraphQLSimulator if api == "graphql" else X3RestSimulator
    return kind(masters(), **given)


@pytest.mark.parametrize("api", ["graphql", "rest"])
def test_a_folder_that_publishes_everything_is_said_to_be_good(tmp_path, api):
    with sim(api) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api=api)
        done = stampli(tmp_path, "x3", "check", "acme_uk")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "publishes everything" in done.stderr
        told = json.loads(stampli(tmp_path, "x3", "check", "acme_uk", "--json").stdout)
        assert (told["ok"], told["api"], told["problems"]) == (True, api, [])
        assert simulator.books.as_json()["supplier_invoices"] == []


@pytest.mark.parametrize(
    ("api", "published", "names"),
    [
        (
            "graphql",
            {"supplierBpInvoice": "supplierBpInvoiceV2", "supplierInvoiceHeader.billBySupplier": "billBySupplierCode"},
            {
                "create_invoice": {"fields": {"description": ""}, "node": "supplierBpInvoiceV2"},
                "find_invoice": {"fields": {"supplier": "billBySupplierCode._id"}},
            },
        ),
        (
            "rest",
            {"BPSUPPLIERINVOICE.BPRVCR": "BPRVCRNUM", "BPSUPPLIERINVOICE.CUR": "CURR"},
            {"create_invoice": {"fields": {"description": "", "source_document": "BPRVCRNUM", "currency": "CURR"}}},
        ),
    ],
)
def test_what_is_printed_can_be_pasted_into_the_settings_and_then_it_works(tmp_path, api, published, names):
    before = {"create_invoice": {"fields": {"description": ""}}}
    with sim(api, names=published) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api=api, names=before)
        done = stampli(tmp_path, "x3", "check", "acme_uk")
        assert done.returncode == 2
        assert "names.create_invoice" in done.stderr
        pasted = yaml.safe_load(done.stdout)
        assert pasted == {"names": names}
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api=api, **pasted)
        again = stampli(tmp_path, "x3", "check", "acme_uk")
        assert (again.returncode, again.stdout) == (0, ""), again.stderr


def test_the_json_of_a_check_holds_each_problem_with_its_line(tmp_path):
    with sim("graphql", names={"SupplierBpInvoiceLine.amountExcludingTax": "netAmount"}) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC)
        done = stampli(tmp_path, "x3", "check", "acme_uk", "--json")
        person = stampli(tmp_path, "x3", "check", "acme_uk")
    told = json.loads(done.stdout)
    assert done.returncode == 2
    assert told["problems"][0]["setting"] == "names.create_invoice.fields.line_amount"
    assert told["problems"][0]["line"] == "names: {create_invoice: {fields: {line_amount: …}}}"
    assert told["names"] == {"create_invoice": {"fields": {"line_amount": "…"}}}
    assert "netAmount" in person.stderr
    assert "nothing is near" in person.stderr


def test_a_property_called_no_stays_a_name_and_does_not_become_a_boolean():
    from stampli_assets.defs.x3_checks import mended, to_paste
    from stampli_assets.x3.schema_check import Problem

    line = "names: {create_invoice: {fields: {currency: NO}}}"
    names = mended({"invoice_kind": "1"}, [Problem("names.create_invoice.fields.currency", "…", line)])
    assert yaml.safe_load(to_paste(names)) == {
        "names": {"invoice_kind": "1", "create_invoice": {"fields": {"currency": "NO"}}}
    }


def test_a_demand_that_no_setting_mends_sends_to_the_administrator(tmp_path):
    known = {**masters(), "rules": {"required_invoice_fields": ["FCY", "BPR", "ACCDAT", "BPRSAC"]}}
    with X3RestSimulator(known) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api="rest")
        done = stampli(tmp_path, "x3", "check", "acme_uk")
    assert (done.returncode, done.stdout) == (2, "")
    assert "demands BPRSAC, which is never sent" in done.stderr
    assert "X3 administrator" in done.stderr


def test_a_connection_that_was_never_paired_is_told_to_pair(house):
    done = stampli(house.folder, "x3", "check", "acme_uk")
    assert done.returncode == 2
    assert "never paired" in done.stderr
    assert "stampli x3 pair" in done.stderr


def test_an_x3_that_is_away_ends_with_exit_code_three(tmp_path):
    write_settings(tmp_path, f"http://127.0.0.1:{free_port()}", sign_in=BASIC)
    done = stampli(tmp_path, "x3", "check", "acme_uk")
    assert done.returncode == 3
    assert "cannot be reached" in done.stderr


@pytest.mark.parametrize("words", [("x3",), ("x3", "pair"), ("x3", "check")])
def test_every_x3_command_explains_itself(tmp_path, words):
    done = stampli(tmp_path, *words, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


@pytest.mark.parametrize("api", ["graphql", "rest"])
def test_a_refused_sign_in_is_told_as_such_and_not_as_a_matter_of_names(tmp_path, api):
    with sim(api) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api=api)
        done = stampli(tmp_path, "x3", "check", "acme_uk", STAMPLI_SECRET_X3_USER="wrong-password")
    assert (done.returncode, done.stdout) == (2, "")
    assert "X3 refuses the sign-in of ws_user" in done.stderr
    assert "names" not in done.stderr
    assert "wrong-password" not in done.stderr


@pytest.mark.parametrize("api", ["graphql", "rest"])
def test_a_folder_that_is_not_there_is_no_matter_of_names(tmp_path, api):
    with sim(api) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api=api, endpoint="NOWHERE")
        done = stampli(tmp_path, "x3", "check", "acme_uk")
    assert (done.returncode, done.stdout) == (2, "")
    assert "endpoint" in done.stderr


# The asset check


def checked(folder: Path) -> dg.AssetCheckEvaluation | None:
    @dg.asset(key=["acme_uk", "erp_vendors"])
    def erp_vendors() -> None: ...

    done = dg.materialize(
        [erp_vendors, x3_names_check("acme_uk")],
        resources={
            "offices": dg.ResourceDefinition.hardcoded_resource(Offices(load_settings(folder / "stampli.yaml")))
        },
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )
    return next(iter(done.get_asset_check_evaluations()), None)


@pytest.mark.parametrize("api", ["graphql", "rest"])
def test_the_asset_check_passes_where_everything_is_published(tmp_path, monkeypatch, api):
    monkeypatch.setenv("STAMPLI_SECRET_X3_USER", "user-secret")
    with sim(api) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api=api)
        found = checked(tmp_path)
    assert (found.check_name, found.passed) == ("x3_publishes_what_we_use", True)
    assert found.metadata["API"].value == api


def test_the_asset_check_fails_with_the_sentences_of_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("STAMPLI_SECRET_X3_USER", "user-secret")
    with sim("graphql", names={"supplierBpInvoice": "supplierBpInvoiceV2"}) as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC)
        found = checked(tmp_path)
        done = stampli(tmp_path, "x3", "check", "acme_uk")
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert done.stdout in found.metadata["Put below erp: in the settings"].value
    told = found.metadata["What is missing"].value.replace("\\", "")
    assert "X3 publishes no node 'supplierBpInvoice'" in told
    assert "X3 publishes no node 'supplierBpInvoice'" in done.stderr


def test_the_asset_check_of_an_x3_that_refuses_us_says_why(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("STAMPLI_SECRET_X3_USER", "wrong-password")
    with sim("rest") as simulator:
        write_settings(tmp_path, simulator.base_url, sign_in=BASIC, api="rest")
        assert checked(tmp_path) is None
    told = capfd.readouterr().err
    assert "X3 refuses the sign-in of ws_user" in told
    assert "wrong-password" not in told
