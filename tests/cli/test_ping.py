"""``stampli ping`` against a working sandbox with one thing wrong at a time: it is named, with what to do about it."""

from __future__ import annotations

import json

import dagster as dg
import pytest
from builders.certificates import make_certificate
from builders.house import running_sandbox
from cli.planted import CLOUD, PLANT, PLANTED, US, Installation
from click.testing import CliRunner
from hostile.hosts import relays, says

from stampli_assets.cli.main import main
from stampli_assets.defs.ping_check import ping_check
from stampli_assets.sandbox.firm import SECRETS
from stampli_assets.sandbox.x3.firm import X3_SECRETS
from stampli_assets.settings import load_settings
from stampli_assets.wiring import Offices

NO_SECRET = (*SECRETS.values(), *X3_SECRETS.values(), "planted-wrong-value")


@pytest.fixture
def house(tmp_path, monkeypatch):
    for name, value in {**SECRETS, **X3_SECRETS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "300")
    with running_sandbox(tmp_path, first_files=True, x3=True) as sandbox:
        made = Installation(tmp_path, sandbox)
        yield made
        made.close()


def asked(house: Installation, *words: str):
    done = CliRunner().invoke(main, ["--settings", str(house.write()), "ping", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert not [secret for secret in NO_SECRET if secret in done.output]
    return done


def steps_of(done) -> dict[str, dict]:
    """Of one connection; those of the ERP in place of those of the SFTP server that are called the same."""
    (told,) = json.loads(done.stdout)["connections"]
    return {step["name"]: step for step in told["steps"]}


def test_there_are_more_than_twenty_five_of_them():
    assert len({planted.what for planted in PLANTED}) == len(PLANTED) >= 25


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.what)
def test_it_is_named_with_what_to_do(house, planted):
    planted.plant(house)
    done = asked(house, "--connection", planted.connection, "--json")
    (told,) = json.loads(done.stdout)["connections"]
    (step,) = [one for one in told["steps"] if one["name"] == planted.step and one["end"] == planted.end]
    assert planted.said in step["sentence"], step
    assert planted.remedy in step["remedy"], step
    assert done.exit_code == planted.code
    assert told["ok"] is (planted.code == 0)


def test_all_is_well_and_nothing_is_left_behind(house):
    before = {path for path in house.sandbox.sftp.root.rglob("*") if path.is_file()}
    done = asked(house, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)["connections"]
    assert [one["connection"] for one in told] == [US, CLOUD, PLANT]
    assert {step["end"] for one in told for step in one["steps"]} == {"ok", "skipped"}
    assert {path for path in house.sandbox.sftp.root.rglob("*") if path.is_file()} == before
    assert house.sandbox.intacct.told()["creates"] == 0
    assert sum(simulator.told()["creates"] for _, simulator in house.sandbox.branches) == 0


def test_a_person_reads_a_table_with_marks_and_remedies(house):
    house.erp(US)["entity_id"] = "999"
    done = asked(house, "--connection", US)
    assert done.exit_code == 2
    assert "✓" in done.stdout
    assert "✗" in done.stdout
    assert "→ Check entity_id" in done.stdout


def test_what_waits_for_a_failed_step_is_skipped_and_says_for_which(house):
    house.stampli(US)["host"] = "sftp.nowhere.invalid"
    (told,) = json.loads(asked(house, "--connection", US, "--json").stdout)["connections"]
    ends = [(step["name"], step["end"]) for step in told["steps"] if step["system"].startswith("SFTP")]
    assert [end for _, end in ends] == ["ok", "failed", *["skipped"] * 7]
    assert any("it needs “name”" in step["sentence"] for step in told["steps"])
    assert [step["end"] for step in told["steps"] if step["name"] == "sender"] == ["ok"]


def test_nothing_stays_in_archive_when_the_move_there_is_refused(house):
    house.sandbox.sftp.faults.queue("archive_refused", times=5)
    asked(house, "--connection", US)
    archive = house.sandbox.sftp.root / "outbound" / "archive"
    assert list(archive.iterdir()) == []


def test_a_stranger_is_told_nothing(house):
    house.erp(US)["endpoint"] = house.host(says(b""), certificate=make_certificate(house.folder / "x.pem")) + "/x"
    asked(house, "--connection", US)
    assert house.hosts[0].asked == []


def test_a_private_authority_is_believed_by_its_file_and_for_no_other_server(house):
    certificate = make_certificate(house.folder / "x.pem")
    house.erp(US)["endpoint"] = house.host(says(b"<response/>"), certificate=certificate) + "/x"
    house.erp(US)["ca_file"] = "x.pem"
    assert "has proven who it is" in steps_of(asked(house, "--connection", US, "--json"))["gateway"]["sentence"]
    house.erp(US)["ca_file"] = str(make_certificate(house.folder / "y.pem"))
    assert "cannot prove" in steps_of(asked(house, "--connection", US, "--json"))["gateway"]["sentence"]


@pytest.mark.parametrize(("name", "key", "step"), [(US, "endpoint", "gateway"), (PLANT, "base_url", "address")])
def test_a_proxy_that_is_configured_carries_everything_and_sees_no_credential(house, name, key, step):
    address = house.host(says(b"<response/>"), certificate=make_certificate(house.folder / "x.pem"))
    proxy = house.host(relays(int(address.rpartition(":")[2])))
    house.erp(name).update({key: address, "ca_file": "x.pem", "proxy": proxy})
    assert "has proven who it is" in steps_of(asked(house, "--connection", name, "--json"))[step]["sentence"]
    behind, between = house.hosts
    assert behind.asked
    assert all(asked.startswith(b"CONNECT 127.0.0.1:") and b"uthorization" not in asked for asked in between.asked)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        (US, {"endpoint": "http://gateway.example/x"}, "https is required"),
        (CLOUD, {"plain_http": False}, "https is required"),
        (PLANT, {"base_url": "http://x3.example"}, "https is required"),
        (US, {"endpoint": "https://api.intacct.com/ia/xml/xmlgw.phtml"}, "never go to a vendor's production host"),
        (CLOUD, {"base_url": "https://acme.sagex3.com"}, "never go to a vendor's production host"),
        (US, {"proxy": "http://user:word@proxy.example:3128"}, "proxy"),
    ],
)
def test_settings_that_are_not_safe_ask_nobody(house, name, given, said):
    house.erp(name).update(given)
    done = asked(house)
    assert done.exit_code == 2
    assert said in done.stderr
    assert house.sandbox.sftp.seen["connections"] == 0


def test_real_documents_do_not_go_to_the_sandbox(house):
    house.stampli(US)["host"] = "sftp.stampli.com"
    assert "never go to a vendor's production host" in asked(house).stderr


def test_the_check_in_the_ui_shows_the_same_steps(house):
    house.erp(US)["entity_id"] = "999"
    offices = Offices(load_settings(house.write()))
    done = _checked(offices, US)
    assert not done.passed
    assert done.severity is dg.AssetCheckSeverity.ERROR
    assert "| ✗ | Intacct company ACME | entity |" in done.metadata["Steps"].value
    assert "Check entity_id" in done.metadata["What to do"].value


def test_the_check_in_the_ui_passes_where_all_is_well(house):
    done = _checked(Offices(load_settings(house.write())), PLANT)
    assert done.passed
    assert done.metadata["Failed"].value == 0


def _checked(offices: Offices, name: str) -> dg.AssetCheckEvaluation:
    @dg.asset(key=[name, "erp_vendors"])
    def erp_vendors() -> None: ...

    definitions = dg.Definitions(
        assets=[erp_vendors],
        asset_checks=[ping_check(name)],
        resources={"offices": dg.ResourceDefinition.hardcoded_resource(offices)},
        jobs=[dg.define_asset_job("ping", selection=dg.AssetSelection.all_asset_checks())],
    )
    done = definitions.resolve_job_def("ping").execute_in_process()
    (evaluation,) = done.get_asset_check_evaluations()
    return evaluation
