"""A whole installation whose every secret is a canary and lies in the vault; what it writes is searched afterwards."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

import dagster as dg
import yaml
from builders.house import running_sandbox, settings_content
from canaries import Canary
from vault_house import key_file

from stampli_assets.defs.build import build_definitions, invoices_job_name
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.model.secret import Secret
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.settings import load_settings
from stampli_assets.vault.keys import KEY_FILE_VARIABLE, make_key_file
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)
OURS = frozenset({"sandbox", "stampli.yaml", "elsewhere", "given"})
"""What the test itself writes: the servers' side, the settings, the key, the files that an operator made."""
UNTOLD = {"telemetry": {"enabled": False}}
NAMES = {
    "sftp": "sandbox_stampli_password",
    "sender": "sandbox_intacct_sender",
    "user": "sandbox_intacct_user",
}


class Watched:
    """The installation in ``folder``. ``said`` is what was printed, raised or told; it is searched too."""

    def __init__(self, folder: Path, sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.canaries = {name: Canary.make(name) for name in (*NAMES, "other")}
        self.said: list[str] = []
        self.content = settings_content(sandbox, reply_seconds=1, backoff_seconds=0.3, settle_minutes=0.05)
        sandbox.sftp.password = self["sftp"].value
        company = sandbox.intacct.books.company
        company["senders"] = {"sandbox_ws": self["sender"].value}
        company["users"] = {"ws_user": self["user"].value}
        make_key_file(key_file(folder), folder / "var" / "vault.json")
        self.tell_settings()
        for name, secret in NAMES.items():
            self.keep(secret, self[name].value)

    def __getitem__(self, name: str) -> Canary:
        return self.canaries[name]

    @property
    def stampli(self) -> dict:
        return self.content["connections"][0]["stampli"]

    @property
    def erp(self) -> dict:
        return self.content["connections"][0]["erp"]

    @property
    def vault(self):
        return load_settings(self.folder / "stampli.yaml").sealed

    def keep(self, name: str, value: str) -> None:
        self.vault.write(name, Secret(value))

    def tell_settings(self) -> None:
        (self.folder / "stampli.yaml").write_text(yaml.safe_dump(self.content, allow_unicode=True))

    def wrong(self, name: str) -> None:
        """The vault holds another canary than the server knows."""
        self.keep(NAMES[name], self["other"].value)

    def run(self) -> str:
        """A run of one waiting file, by Dagster with all its storages on disk. Answers everything that it told."""
        self.tell_settings()
        self.sandbox.put("invoices_1.csv", export_csv(invoices(self.sandbox.firm, 2, today=TODAY)))
        offices = Offices(load_settings(self.folder / "stampli.yaml"))
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        with dg.DagsterInstance.local_temp(str(home), overrides=UNTOLD) as instance:
            definitions = build_definitions(offices.settings, offices=offices)
            partition = "20261121T0900_invoices_1_0a1b2c3d"
            try:
                for file in offices.open("acme_us").inbox.listing():
                    partition = file.partition
            except Exception:  # noqa: BLE001 - the run meets it again
                self.said.append(traceback.format_exc())
            instance.add_dynamic_partitions(invoice_files_name("acme_us"), [partition])
            job = definitions.resolve_job_def(invoices_job_name("acme_us"))
            result = job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False)
            told = "".join(str(record) for record in instance.all_logs(result.run_id))
        self.said += [told, repr(result.all_events)]
        return "\n".join(self.said)

    def command(self, *words: str, given: str = "", **environment: str) -> str:
        """The command line, in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "stampli_assets.cli.main", *words],
            cwd=self.folder,
            env={**os.environ, "STAMPLI_SETTINGS": str(self.folder / "stampli.yaml"), "COLUMNS": "300", **environment},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said.append(f"{done.returncode} {done.stdout} {done.stderr}")
        return self.said[-1]

    def caught(self, call, *words, **named) -> str:
        """What a call raises, with its traceback, as a log would show it."""
        try:
            call(*words, **named)
        except Exception as error:
            logging.getLogger("stampli").exception("It failed")
            self.said += [traceback.format_exc(), repr(error), repr(vars(error))]
            for place in ("__cause__", "__context__"):
                inner = getattr(error, place)
                self.said.append(f"{inner!r} {vars(inner) if hasattr(inner, '__dict__') else ''}")
            return self.said[-5]
        raise AssertionError("nothing was raised")


@contextmanager
def watching(folder: Path, monkeypatch):
    """An installation with everything logged, at every level, below its folder."""
    for name in [name for name in os.environ if name.startswith(("STAMPLI_", "CREDENTIALS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("stampli_assets.defs.failures._wait", lambda *_: 0.05)
    (folder / "logs").mkdir()
    handler = logging.FileHandler(folder / "logs" / "everything.log")
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with running_sandbox(folder) as sandbox:
            for name in [name for name in os.environ if name.startswith("STAMPLI_SECRET_")]:
                monkeypatch.delenv(name)
            monkeypatch.setenv(KEY_FILE_VARIABLE, str(key_file(folder)))
            monkeypatch.setenv("DAGSTER_HOME", str(folder / "home"))
            yield Watched(folder, sandbox)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


@contextmanager
def parrot(answer):
    """A gateway that repeats the request; ``answer`` makes status, headers and body of it. Gives address and requests."""
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body = answer(heard[-1])
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/ia/xml/xmlgw.phtml", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refusal(status: str, request: bytes, *, sign_in: bool = False) -> bytes:
    """A reply in the gateway's form whose error text is the request."""
    text = escape(request.decode())
    error = (
        f"<errormessage><error><errorno>XL03000001</errorno><description>{text}</description>"
        f"<description2>{text}</description2><correction>{text}</correction></error></errormessage>"
    )
    if sign_in:
        control = "<control><status>success</status></control>"
        operation = f"<operation><authentication><status>{status}</status></authentication>{error}</operation>"
        return f"<?xml version='1.0'?><response>{control}{operation}</response>".encode()
    return f"<?xml version='1.0'?><response><control><status>{status}</status></control>{error}</response>".encode()
