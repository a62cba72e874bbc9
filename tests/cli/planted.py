"""Misconfigurations, each planted into a working installation, with the step that must name it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from builders.certificates import make_certificate
from hostile.hosts import Host, bomb, redirects, says

from stampli_assets.sandbox.up import Sandbox

ROOT = Path(__file__).resolve().parents[2]
US, CLOUD, PLANT = "acme_us", "acme_cloud", "acme_plant"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGh0dHA6Ly9ub2JvZHkuaW52YWxpZC9ub2JvZHkvaGVy"
REFUSES = says(b"", "403 Forbidden")
OK, WARNED, FAILED, SKIPPED = "ok", "warned", "failed", "skipped"


class Installation:
    """The three connections of the sandbox, whose settings and systems can be spoiled before they are asked."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.content = yaml.safe_load((ROOT / "stampli.yaml").read_text())
        self.hosts: list[Host] = []
        assert sandbox.branches is not None
        cloud, plant = sandbox.branches.cloud, sandbox.branches.plant
        for one in self.content["connections"]:
            one["stampli"] |= {"port": sandbox.sftp.port, "host_keys": [sandbox.sftp.host_key]}
        self.erp(US)["endpoint"] = sandbox.intacct.url
        self.erp(CLOUD)["base_url"], self.erp(PLANT)["base_url"] = cloud.base_url, plant.base_url

    def stampli(self, name: str) -> dict[str, Any]:
        return self._of(name)["stampli"]

    def erp(self, name: str) -> dict[str, Any]:
        return self._of(name)["erp"]

    def host(self, *scripts: Any, **given: Any) -> str:
        """Another server; answers its address."""
        host = Host(*scripts, **given)
        self.hosts.append(host)
        return host.__enter__().base_url

    def write(self) -> Path:
        path = self.folder / "stampli.yaml"
        path.write_text(yaml.safe_dump(self.content))
        return path

    def close(self) -> None:
        for host in self.hosts:
            host.__exit__()

    def _of(self, name: str) -> dict[str, Any]:
        return next(one for one in self.content["connections"] if one["name"] == name)


@dataclass(frozen=True)
class Planted:
    """``step`` must end as ``end`` with these words in its sentence and in its remedy; the command with ``code``."""

    what: str
    connection: str
    plant: Callable[[Installation], object]
    step: str
    said: str
    remedy: str
    code: int = 2
    end: str = FAILED


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def _stampli(**given: Any) -> Callable[[Installation], object]:
    return lambda house: house.stampli(US).update(given)


def _erp(name: str, **given: Any) -> Callable[[Installation], object]:
    return lambda house: house.erp(name).update(given)


def _secret(name: str, value: str = "planted-wrong-value") -> Callable[[Installation], object]:
    return lambda _: os.environ.update({f"STAMPLI_SECRET_{name}": value})


def _on_sftp(kind: str) -> Callable[[Installation], object]:
    return lambda house: house.sandbox.sftp.faults.queue(kind, times=5)


def _rules(**given: Any) -> Callable[[Installation], object]:
    return lambda house: house.sandbox.intacct.change_rules(given)


def _unlisted(name: str) -> Planted:
    return Planted(
        f"no permission to list {name}", US, _rules(unlisted=[name]), f"read {name}", "permission", f"list {name}"
    )


def _sign_in(**given: Any) -> Callable[[Installation], object]:
    return lambda house: house.erp(CLOUD)["sign_in"].update(given)


def _late(minutes: float) -> Callable[[Installation], object]:
    def plant(house: Installation) -> None:
        for simulator in (house.sandbox.intacct, house.sandbox.branches.cloud, house.sandbox.branches.plant):  # type: ignore[union-attr]
            now = simulator.books.now
            simulator.books.now = lambda now=now: now() + timedelta(minutes=minutes)

    return plant


def _strange_tls(name: str, key: str) -> Callable[[Installation], object]:
    def plant(house: Installation) -> None:
        certificate = make_certificate(house.folder / "server.pem")
        house.erp(name)[key] = house.host(REFUSES, certificate=certificate) + ("/x" if key == "endpoint" else "")

    return plant


def _behind_a_proxy(name: str, **elsewhere: str) -> Callable[[Installation], object]:
    return lambda house: house.erp(name).update(proxy=house.host(REFUSES), **elsewhere)


def _elsewhere(name: str, key: str, *scripts: Any) -> Callable[[Installation], object]:
    return lambda house: house.erp(name).update({key: house.host(*scripts)})


def _published_as(**names: str) -> Callable[[Installation], object]:
    return lambda house: house.sandbox.branches.cloud.publish_as({k.replace("__", "."): v for k, v in names.items()})  # type: ignore[union-attr]


def _away(house: Installation) -> None:
    house.sandbox.intacct.faults.queue("unavailable_html", when="any", times=9)


def _not_authorised(house: Installation) -> None:
    house.sandbox.intacct.books.company["authorised_senders"] = ["somebody"]


def _no_archive(house: Installation) -> None:
    (house.sandbox.sftp.root / "outbound" / "archive").rmdir()


def _unpaired(house: Installation) -> None:
    region = house.erp(CLOUD)["base_url"]
    house.erp(CLOUD)["sign_in"] = {
        "way": "cloud", "region": region, "client_id": "client-1", "client_secret": {"secret": "sandbox_x3_user"},
        "token_file": "var/tokens.json",
    }  # fmt: skip


PLANTED = (
    Planted("wrong port", US, _stampli(port=closed_port()), "TCP", "does not take a connection", "firewall", 3),
    Planted("wrong host name", US, _stampli(host="sftp.nowhere.invalid"), "name", "cannot be resolved", "typing mistake", 3),
    Planted("changed host key", US, _stampli(host_keys=[OTHER_KEY]), "host key", "No credential was sent", "Ask Stampli whether"),
    Planted("wrong SFTP user", US, _stampli(username="acmee"), "sign-in", "refuses the sign-in of acmee", "Check username"),
    Planted("wrong SFTP password", US, _secret("SANDBOX_STAMPLI_PASSWORD"), "sign-in", "refuses the sign-in of acme", "password"),
    Planted("missing secret", US, _stampli(password={"secret": "nobody_gave_it"}), "settings and secrets", "nobody_gave_it", "STAMPLI_SECRET"),
    Planted("missing directory", US, _stampli(outbound="/outbond"), "list outbound", "/outbond does not exist", "Check the directories"),
    Planted("no right to list", US, _on_sftp("list_refused"), "list outbound", "may not use /outbound", "Ask Stampli"),
    Planted("no right to read", US, _on_sftp("read_refused"), "read a file", "may not use /outbound/", "Ask Stampli"),
    Planted("no archive", US, _no_archive, "archive is there", "does not exist yet", "create the directory", 0, WARNED),
    Planted("no right to write in archive", US, _on_sftp("write_refused"), "move in archive", "may not use", "Ask Stampli"),
    Planted("no right to move in archive", US, _on_sftp("archive_refused"), "move in archive", "may not use", "Ask Stampli"),
    Planted("gateway's port", US, _erp(US, endpoint=f"http://127.0.0.1:{closed_port()}/x"), "TCP", "does not take", "firewall", 3),
    Planted("gateway's path", US, lambda h: _erp(US, endpoint=h.sandbox.intacct.base_url + "/x")(h), "gateway", "is no Intacct gateway", "xmlgw.phtml"),
    Planted("gateway in maintenance", US, _away, "sender", "HTTP 503", "status page", 3),
    Planted("gateway that redirects", US, _elsewhere(US, "endpoint", redirects("https://api.intacct.com/x")), "gateway", "redirects elsewhere", "final address"),
    Planted("gateway that sends a bomb", US, _elsewhere(US, "endpoint", bomb(100)), "gateway", "far too large", "endpoint", 3),
    Planted("gateway's unknown authority", US, _strange_tls(US, "endpoint"), "gateway", "cannot prove", "ca_file"),
    Planted("gateway's proxy refuses", US, _behind_a_proxy(US, endpoint="https://127.0.0.1:1/x"), "gateway", "proxy does not let us", "proxy", 3),
    Planted("wrong sender", US, _erp(US, sender_id="nobody"), "sender", "refuses the sender nobody", "sender_id"),
    Planted("wrong sender password", US, _secret("SANDBOX_INTACCT_SENDER"), "sender", "or its password", "sender_password"),
    Planted("sender not authorised", US, _not_authorised, "sender", "not on the company's list", "Web Services authorizations"),
    Planted("wrong company", US, _erp(US, company_id="ACMEE"), "company and user", "company ACMEE", "company_id"),
    Planted("wrong user password", US, _secret("SANDBOX_INTACCT_USER"), "company and user", "sign-in of ws_user", "user_password"),
    Planted("wrong entity", US, _erp(US, entity_id="999"), "entity", "not at the entity 999", "entity_id"),
    _unlisted("VENDOR"),
    _unlisted("APBILL"),
    _unlisted("APPYMT"),
    Planted("no permission for bank accounts", US, _rules(unlisted=["CHECKINGACCOUNT"]), "read CHECKINGACCOUNT", "permission", "list CHECKING", 0, WARNED),
    Planted("no period for today", US, _rules(periods=["2020-01"]), "period of today", "No active reporting period", "Open or define", 0, WARNED),
    Planted("Intacct's clock", US, _late(10), "clock", "ahead of ours", "NTP", 0, WARNED),
    Planted("X3's port", PLANT, _erp(PLANT, base_url=f"http://127.0.0.1:{closed_port()}"), "TCP", "does not take", "firewall", 3),
    Planted("X3's unknown authority", PLANT, _strange_tls(PLANT, "base_url"), "address", "cannot prove", "ca_file"),
    Planted("X3's proxy is away", PLANT, _erp(PLANT, base_url="https://127.0.0.1:1", proxy=f"http://127.0.0.1:{closed_port()}"), "TCP", "does not take", "firewall", 3),
    Planted("wrong folder by GraphQL", CLOUD, _erp(CLOUD, endpoint="ACMETEST"), "folder", "ACMETEST", "Check endpoint"),
    Planted("wrong folder by REST", PLANT, _erp(PLANT, endpoint="ACMETEST"), "folder", "ACMETEST", "Check endpoint"),
    Planted("wrong X3 password", PLANT, _secret("SANDBOX_X3_USER"), "sign-in", "refuses the sign-in of stampli", "password"),
    Planted("wrong connected-app secret", CLOUD, _secret("SANDBOX_X3_CONNECTED_APP"), "sign-in", "signature is wrong", "secret"),
    Planted("unknown connected app", CLOUD, _sign_in(client_id="nobody"), "sign-in", "does not know the application", "client_id"),
    Planted("unknown X3 user", CLOUD, _sign_in(user="nobody"), "sign-in", "does not know the user", "Check user"),
    Planted("another audience", CLOUD, _sign_in(audience="https://x3.example"), "sign-in", "differs from the registered one", "audience"),
    Planted("token from another time", CLOUD, _late(10), "sign-in", "has expired", "clocks"),
    Planted("X3's clock", CLOUD, _late(10), "clock", "ahead of ours", "NTP", 2, WARNED),
    Planted("never paired", CLOUD, _unpaired, "token", "never paired", "stampli x3 pair"),
    Planted("operation under another name", CLOUD, _published_as(supplierBpInvoice="supplierBill"), "operations and fields", "supplierBpInvoice", "names: {create_invoice"),
    Planted("field under another name", CLOUD, _published_as(supplier__companyName="legalName"), "operations and fields", "companyName", "names: {"),
)  # fmt: skip
