from __future__ import annotations

import json
import socket
import warnings

import dagster as dg
import pytest
from builders.house import make_settings, running_sandbox, settings_content

from stampli_assets.defs.build import build_definitions
from stampli_assets.model.errors import Transient
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.identity import ContentDigest
from stampli_assets.model.remote import LandedFile
from stampli_assets.sandbox.up import Sandbox, SandboxError
from stampli_assets.settings import parse_settings
from stampli_assets.wiring import Offices


@pytest.fixture
def sandbox(tmp_path):
    with running_sandbox(tmp_path, first_files=True) as running:
        yield running


def content_without_servers() -> dict:
    class Port:
        port, host_key = 1, "ssh-ed25519 AAAA"

    class Nowhere:
        sftp = Port()

        class intacct:  # noqa: N801
            url = "http://127.0.0.1:2/ia/xml/xmlgw.phtml"

    return settings_content(Nowhere())


def test_definitions_are_built_without_a_server_a_secret_or_a_file(tmp_path, monkeypatch):
    for name in ("STAMPLI", "INTACCT_SENDER", "INTACCT_USER"):
        monkeypatch.delenv(f"STAMPLI_SECRET_SANDBOX_{name}", raising=False)
    definitions = build_definitions(parse_settings(content_without_servers(), folder=tmp_path))
    dg.Definitions.validate_loadable(definitions)
    assert list(tmp_path.iterdir()) == []


def test_what_people_have_bookmarked_does_not_change_its_name(tmp_path):
    definitions = build_definitions(parse_settings(content_without_servers(), folder=tmp_path))
    graph = definitions.resolve_asset_graph()
    assert sorted(key.to_user_string() for key in graph.get_all_asset_keys()) == [
        "acme_us/approved_invoices",
        "acme_us/bill_payments",
        "acme_us/bills",
        "acme_us/cost_centre_file",
        "acme_us/erp_dimensions",
        "acme_us/erp_gl_accounts",
        "acme_us/erp_vendors",
        "acme_us/gl_account_file",
        "acme_us/invoice_file",
        "acme_us/payment_file",
        "acme_us/processed_payments",
        "acme_us/stampli_cost_centres",
        "acme_us/stampli_gl_accounts",
        "acme_us/stampli_vendors",
        "acme_us/vendor_file",
        "acme_us/vendors",
    ]
    repository = definitions.get_repository_def()
    assert sorted(sensor.name for sensor in repository.sensor_defs) == ["acme_us_inbox", "acme_us_unsettled"]
    assert sorted(schedule.name for schedule in repository.schedule_defs) == [
        "acme_us_look_back",
        "acme_us_ping",
        "acme_us_reference",
    ]


def test_nothing_deprecated_is_used(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        build_definitions(parse_settings(content_without_servers(), folder=tmp_path))


def tick(definitions, name, instance, cursor, settings):
    sensor = definitions.get_repository_def().get_sensor_def(name)
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"offices": Offices(settings)}) as context:
        return sensor._raw_fn(context)  # calling the sensor itself wants resources as arguments


def test_the_inbox_sensor_asks_for_one_run_per_stable_file_and_never_twice(tmp_path, sandbox):
    settings = make_settings(tmp_path, sandbox)
    definitions, instance = build_definitions(settings), dg.DagsterInstance.ephemeral()
    first = tick(definitions, "acme_us_inbox", instance, None, settings)
    assert "7 seen for the first time" in first.skip_reason.skip_message
    second = tick(definitions, "acme_us_inbox", instance, first.cursor, settings)
    keys = [request.partition_key for request in second.run_requests]
    assert [request.run_key for request in second.run_requests] == keys
    added = {request.partitions_def_name: request.partition_keys for request in second.dynamic_partitions_requests}
    assert {name: len(partitions) for name, partitions in added.items()} == {
        "acme_us_gl_account_files": 1,
        "acme_us_cost_centre_files": 1,
        "acme_us_vendor_files": 1,
        "acme_us_invoice_files": 3,
        "acme_us_payment_files": 1,
    }
    assert sorted(partition for partitions in added.values() for partition in partitions) == sorted(keys)
    asked = [(request.job_name, request.tags["stampli/file"].partition("_acme")[0]) for request in second.run_requests]
    lists = [(f"acme_us_{kind}", kind) for kind in ("gl_accounts", "cost_centres", "vendors")]
    assert asked == [*lists, *[("acme_us_invoices", "invoices")] * 3, ("acme_us_payments", "payments")]
    third = tick(definitions, "acme_us_inbox", instance, second.cursor, settings)
    assert not third.run_requests
    assert sandbox.sftp.seen["opened"] == 0


def test_an_archived_file_that_is_put_back_gets_a_run_of_its_own(tmp_path, sandbox):
    settings = make_settings(tmp_path, sandbox)
    definitions, instance = build_definitions(settings), dg.DagsterInstance.ephemeral()
    first = tick(definitions, "acme_us_inbox", instance, None, settings)
    office = Offices(settings).open("acme_us")
    remote = office.inbox.listing()[0]
    landed = LandedFile("acme_us", remote, ContentDigest("d" * 64))
    office.ledger.deliveries.arrived(landed, "r", office.clock.now())
    office.ledger.deliveries.archived(landed, remote.name, "r", office.clock.now())
    second = tick(definitions, "acme_us_inbox", instance, first.cursor, settings)
    again = [request for request in second.run_requests if request.run_key != request.partition_key]
    assert [request.partition_key for request in again] == [remote.partition]


def test_an_inbox_that_cannot_be_reached_fails_its_tick(tmp_path, sandbox):
    settings = make_settings(tmp_path, sandbox)
    sandbox.sftp.faults.queue("refuse_connection")
    with pytest.raises(Transient):
        tick(build_definitions(settings), "acme_us_inbox", dg.DagsterInstance.ephemeral(), None, settings)


def finding(end: End) -> Finding:
    return Finding(end, "INV-1", "VENDOR_UNKNOWN", "The vendor is unknown.", "Add a rule.")


def test_an_unsettled_file_is_run_again_once_when_the_rules_change(tmp_path, sandbox):
    settings = make_settings(tmp_path, sandbox)
    office = Offices(settings).open("acme_us")
    source = office.source(partition="20261121T0900_a_00000000", file_name="invoices_a.csv", run="r")
    office.ledger.findings.replace(source, "map", [finding(End.HELD)], office.clock.now())
    definitions, instance = build_definitions(settings), dg.DagsterInstance.ephemeral()
    first = tick(definitions, "acme_us_unsettled", instance, None, settings)
    assert not first.run_requests
    with (tmp_path / "mapping" / "vendors.csv").open("a") as rules:
        rules.write("V-9,V-10001,,,\n")
    second = tick(definitions, "acme_us_unsettled", instance, first.cursor, settings)
    assert [request.partition_key for request in second.run_requests] == ["20261121T0900_a_00000000"]
    third = tick(definitions, "acme_us_unsettled", instance, second.cursor, settings)
    assert not third.run_requests
    assert json.loads(third.cursor) == json.loads(second.cursor)


def test_rejects_and_refused_files_are_never_run_again_by_the_machine(tmp_path, sandbox):
    settings = make_settings(tmp_path, sandbox)
    office = Offices(settings).open("acme_us")
    source = office.source(partition="20261121T0900_a_00000000", file_name="invoices_a.csv", run="r")
    findings = [finding(End.REJECTED), finding(End.FILE_REFUSED)]
    office.ledger.findings.replace(source, "parse", findings, office.clock.now())
    result = tick(build_definitions(settings), "acme_us_unsettled", dg.DagsterInstance.ephemeral(), None, settings)
    assert not result.run_requests
    assert json.loads(result.cursor) == {}


def test_a_ledger_that_is_away_fails_the_tick(tmp_path, sandbox):
    settings = make_settings(tmp_path, sandbox)
    (tmp_path / "var" / "ledger.db").mkdir(parents=True)
    with pytest.raises(Transient):
        tick(build_definitions(settings), "acme_us_unsettled", dg.DagsterInstance.ephemeral(), None, settings)


def test_a_port_that_is_taken_is_told_with_the_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match="--sftp-port"):
            Sandbox(tmp_path, sftp_port=port, gateway_port=0).start()
