"""The command as a person and a program use it, in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from builders.house import running_sandbox, settings_content

from stampli_assets.cli.run import _started_at
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import plant

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)


@pytest.fixture
def installed(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        mapping = tmp_path / "mapping"
        mapping.mkdir()
        for file in (ROOT / "mapping" / "acme_us").glob("*.csv"):
            (mapping / file.name).write_text(file.read_text())
        (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
        (tmp_path / "stampli.yaml").write_text(yaml.safe_dump(settings_content(sandbox)))
        yield tmp_path, sandbox


def stampli(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "stampli_assets.cli.main", *words],
        cwd=folder,
        env={**os.environ, "STAMPLI_SETTINGS": str(folder / "stampli.yaml"), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def export(sandbox, count: int, *mistakes: str) -> bytes:
    return export_csv(plant(invoices(sandbox.firm, count, today=TODAY), mistakes))


def test_run_posts_what_waits_and_says_how_each_file_ended(installed):
    folder, sandbox = installed
    sandbox.put("invoices_good.csv", export(sandbox, 4))
    done = stampli(folder, "run", "--json", "--settle-seconds", "0.2")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert (told["file"], told["settled"], told["bills"]) == ("invoices_good.csv", True, 4)
    assert stampli(folder, "run", "--settle-seconds", "0").returncode == 0


def test_what_is_held_ends_with_exit_code_one_and_is_listed_with_what_to_do(installed):
    folder, sandbox = installed
    sandbox.put("invoices_1.csv", export(sandbox, 4, "unknown vendor", "total off by a cent"))
    done = stampli(folder, "run", "--settle-seconds", "0.2")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    errors = stampli(folder, "errors", "--json")
    (held,) = json.loads(errors.stdout)
    assert errors.returncode == 1
    assert (held["end"], held["code"], held["file"]) == ("held", "VENDOR_UNKNOWN", "invoices_1.csv")
    assert "vendors.csv" in held["remedy"]
    assert {one["end"] for one in json.loads(stampli(folder, "errors", "--json", "--rejected").stdout)} == {
        "held",
        "rejected",
    }
    assert "V-99999" in stampli(folder, "errors").stdout
    told = stampli(folder, "errors", "--rejected").stdout.partition("put back into outbound: ")[2]
    assert "TOTAL_MISMATCH" in Path(told.splitlines()[0]).read_text()


def test_nothing_unsettled_is_said_in_words(installed):
    done = stampli(installed[0], "errors")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Everything is settled." in done.stderr


def test_preview_shows_what_would_be_posted_and_writes_nothing(installed):
    folder, sandbox = installed
    file = folder / "export.csv"
    file.write_bytes(export(sandbox, 3, "unknown GL account"))
    before = sorted(path for path in folder.rglob("*") if "sandbox" not in path.parts)
    done = stampli(folder, "preview", str(file), "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert len(told["bills"]) == 2
    assert [finding["code"] for finding in told["findings"]] == ["ACCOUNT_UNKNOWN"]
    assert "<APBILL>" in stampli(folder, "preview", str(file), "--xml").stdout
    assert "Would not be posted" in stampli(folder, "preview", str(file)).stdout
    assert sorted(path for path in folder.rglob("*") if "sandbox" not in path.parts) == before
    assert sandbox.intacct.told()["creates"] == 0


def test_settings_problems_are_all_told_and_end_with_exit_code_two(installed):
    folder, _ = installed
    content = yaml.safe_load((folder / "stampli.yaml").read_text())
    content["nonsense"] = 1
    content["connections"][0]["stampli"]["port"] = 99999
    del content["connections"][0]["erp"]["company_id"]
    (folder / "stampli.yaml").write_text(yaml.safe_dump(content))
    done = stampli(folder, "settings", "check")
    assert done.returncode == 2
    for path in ("nonsense: unknown key", "connections.0.stampli.port", "connections.0.erp.intacct.company_id"):
        assert path in done.stderr


def test_a_missing_secret_is_named_with_its_variable(installed):
    folder, _ = installed
    environment = {"STAMPLI_SECRET_SANDBOX_INTACCT_USER": ""}
    done = stampli(folder, "settings", "check", **environment)
    assert done.returncode == 2
    assert "sandbox_intacct_user" in done.stderr


def test_good_settings_are_said_to_be_good(installed):
    done = stampli(installed[0], "settings", "check")
    assert (done.returncode, "ok acme_us" in done.stderr) == (0, True)


def test_the_schema_is_one_json_document_that_knows_every_key(installed):
    schema = json.loads(stampli(installed[0], "settings", "schema").stdout)
    assert "connections" in schema["properties"]
    assert "settle_minutes" in json.dumps(schema)


def test_a_server_that_is_away_ends_with_exit_code_three(installed):
    folder, sandbox = installed
    sandbox.sftp.stop()
    done = stampli(folder, "run")
    assert done.returncode == 3
    assert "does not answer" in done.stderr


@pytest.mark.parametrize("words", [(), ("run",), ("preview",), ("errors",), ("settings", "check"), ("sandbox", "up")])
def test_every_command_explains_itself(tmp_path, words):
    done = stampli(tmp_path, *words, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    assert len(done.stdout) > 200


def test_a_connection_that_does_not_exist_is_answered_with_those_that_do(installed):
    done = stampli(installed[0], "run", "--connection", "nobody")
    assert done.returncode == 2
    assert "acme_us" in done.stderr


def test_a_number_that_looks_like_another_waits_for_a_decision_that_is_recorded(installed):
    folder, sandbox = installed
    first, second = invoices(sandbox.firm, 2, today=TODAY)
    twins = [replace(first, number="Inv 77"), replace(second, vendor_id=first.vendor_id, number="INV77")]
    twins[1] = replace(twins[1], vendor_name=first.vendor_name)
    sandbox.put("invoices_alike.csv", export_csv(twins))
    assert stampli(folder, "run", "--settle-seconds", "0.2").returncode == 1
    told = stampli(folder, "errors")
    assert "Inv 77 differs only in case or spaces from INV77" in told.stdout
    assert stampli(folder, "decide", "distinct", "Inv 77").returncode == 2
    for number in ("Inv 77", "INV77"):
        decided = stampli(folder, "decide", "distinct", number, "--by", "R. Controller", "--because", "two deliveries")
        assert decided.returncode == 0, decided.stderr
    assert stampli(folder, "run", "--settle-seconds", "0.2").returncode == 0
    assert {bill["RECORDID"] for bill in sandbox.intacct.books.bills.values()} == {"Inv 77", "INV77"}


def test_runs_of_former_processes_that_died_give_their_places_back(installed, monkeypatch):
    import dagster as dg

    from stampli_assets.cli.run import HOST, PROCESS, bury

    folder, _ = installed
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.chdir(folder)  # dagster.yaml names its storage from where Dagster is started

    @dg.job
    def corridor():
        pass

    with dg.DagsterInstance.get() as instance:

        def started(process: str) -> str:
            tags = {HOST: socket.gethostname(), PROCESS: process}
            run = instance.create_run_for_job(corridor, tags=tags, status=dg.DagsterRunStatus.STARTED)
            return run.run_id

        dead = [started("999999999/1"), started(f"{os.getpid()}/1")]
        alive = started(f"{os.getpid()}/{_started_at(os.getpid())}")
        assert sorted(bury(instance)) == sorted(dead)
        assert instance.get_run_by_id(dead[0]).status is dg.DagsterRunStatus.FAILURE
        assert instance.get_run_by_id(alive).status is dg.DagsterRunStatus.STARTED
        assert bury(instance) == []
