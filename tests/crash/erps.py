"""The ERPs of the harness: each the product's own client over a simulator without a socket, and its books in plain words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
from builders.intacct import make_company, make_masters

from crash.wire import InProcess, response
from stampli_assets.intacct.bills import IntacctBills
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.session import Sessions
from stampli_assets.model.ports import BillBook
from stampli_assets.model.secret import Secret
from stampli_assets.model.suppliers import SupplierTemplate
from stampli_assets.pipeline.post import Desk
from stampli_assets.pipeline.suppliers import Supplying
from stampli_assets.pipeline.target import Target
from stampli_assets.sandbox.firm import Firm
from stampli_assets.sandbox.intacct.server import Dropped, IntacctSimulator
from stampli_assets.sandbox.x3.firm import FIRM_SITE, FOLDER, USER_PASSWORD, X3_USER, x3_masters
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.replies import Call
from stampli_assets.sandbox.x3.replies import Dropped as X3Dropped
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator
from stampli_assets.x3.bills import X3GraphQLBills, X3RestBills
from stampli_assets.x3.door import Door
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.sign_in import Basic
from stampli_assets.x3.suppliers import X3GraphQLSuppliers, X3RestSuppliers

if TYPE_CHECKING:
    from crash.process import Process
    from crash.world import World

VENDORS = ("V-1", "V-2", "V-3", "V-9")
ACCOUNTS = ("61000", "61500", "62000")
Line = tuple[str, str]


class IntacctErp:
    """Sage Intacct. ``fields`` are those that the auditor compares."""

    target = Target(erp="intacct", company="ACME", entity_id="100")
    fields = ("VENDORID", "RECORDID", "CURRENCY", "WHENCREATED", "WHENDUE")

    def __init__(self, world: World, gateway: type[Gateway] = Gateway, carrier: type[InProcess] = InProcess) -> None:
        self._world, self._gateway, self._carrier = world, gateway, carrier
        vendors = [
            {"VENDORID": vendor, "NAME": f"Vendor {vendor}", "STATUS": "inactive" if vendor == "V-9" else "active"}
            for vendor in VENDORS
        ]
        accounts = [{"ACCOUNTNO": account, "TITLE": account, "STATUS": "active"} for account in ACCOUNTS]
        masters = make_masters(vendors=vendors, accounts=accounts)
        self.simulator = IntacctSimulator(masters, host="erp.test", port=80, now=world.clock.now)
        self.simulator.change_rules({"duplicate_controlid": world.storm.policy})

    def book(self, process: Process) -> BillBook:
        def carrier() -> InProcess:
            world = self._world
            return self._carrier(self.simulator, world.clock, process.reply_trouble, world.arriving, process.meanwhile)

        company = make_company(self.simulator.url, reply_seconds=960, backoff_deadline_seconds=30)
        gateway = self._gateway(company, self._world.clock, lambda: 0.5, Sessions(), carrier)
        return IntacctBills(gateway, company)

    def supplying(self, process: Process, desk: Desk) -> Supplying | None:
        """Vendors are never created in Intacct here."""
        return None

    def new_suppliers(self) -> Sequence[str]:
        return ()

    def bills(self) -> list[dict[str, Any]]:
        return list(self.simulator.books.bills.values())

    def key(self, vendor: str, number: str, total: str, lines: Sequence[Line]) -> str:
        """A person keys a bill; answers its record number."""
        record = self.simulator.books.next_record()
        bill = {
            "RECORDNO": record, "VENDORID": vendor, "RECORDID": number, "CURRENCY": "USD", "STATE": "Draft",
            "TRX_TOTALENTERED": total, "lines": [{"ACCOUNTNO": a, "TRX_AMOUNT": m} for a, m in lines], "controlid": "",
        }  # fmt: skip
        self.simulator.books.write({"kind": "bill", "record": bill})
        return record

    def delete(self, record: str) -> None:
        self.simulator.books.write({"kind": "bill deleted", "record_no": record})

    def activate(self) -> None:
        self.simulator.change_master("vendors", "V-9", {"STATUS": "active"})

    def told(self) -> str:
        """Everything that it holds, for the digest of a history."""
        return repr(self.simulator.books.as_json())


_NUMBERS = re.compile(rb"[Nn]-\d")
_X3_CALLS_IT = {
    "late_inside": ("late_commit", {"seconds": 840}),
    "internal_error_kept": ("internal_error", {"commit": True}),
    "origin_timeout_kept": ("internal_error", {"commit": True}),
    "truncate": ("truncate", {"at": 33}),
    "session_expired": ("token_expired", {}),
    "abort": ("licence", {}),
    "shuffle_results": ("locked", {}),
    "drop_result": ("drop_after_commit", {"commits": 1}),
    "double_result": ("locked", {}),
    "foreign_result": ("unavailable_html", {}),
}
"""Bad replies of the one gateway as the nearest of X3."""


class X3InProcess(InProcess):
    """The same network in front of X3."""

    def _kind(self, request: requests.PreparedRequest) -> str:
        sort: str = self._simulator.sort(_call(request))
        return sort

    def _arrives(self, body: bytes) -> list[str]:
        return sorted({found.decode() for found in _NUMBERS.findall(body)})

    def _answered(self, request: requests.PreparedRequest, body: bytes, trouble: str) -> requests.Response:
        named, details = _X3_CALLS_IT.get(trouble, (trouble, {}))
        if named not in {"", "timeout_after_commit", "slow_wire", "truncate_late"}:
            self._simulator.faults.queue(named, when="any", **details)
        try:
            reply = self._simulator.answer(_call(request))
        except X3Dropped:
            raise requests.ConnectionError("reset") from None
        content = reply.content[:-9] if trouble == "truncate_late" else reply.content
        return self._late_or(trouble, response(request, reply.status, content, reply.headers))


def _call(request: requests.PreparedRequest) -> Call:
    headers = Message()
    for name, value in request.headers.items():
        headers[name] = value
    body = request.body or b""
    assert isinstance(body, bytes)
    address = urlsplit(str(request.url))
    target = address.path + (f"?{address.query}" if address.query else "")
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    return Call(str(request.method), address.path, query, headers, body, target)


class X3Erp:
    """Sage X3 over one of its APIs; vendors that it lacks are created. X3 knows no control ids."""

    target = Target(erp="x3", company=FOLDER)
    fields = ("VENDORID", "RECORDID", "CURRENCY", "WHENCREATED")
    template = SupplierTemplate(category="US", tax_rule="USA", accounting_code="LOCAL", language="ENG", country="US",
                                term="NET30")  # fmt: skip

    def __init__(self, world: World, api: str) -> None:
        self._world, self._api = world, api
        kind = X3GraphQLSimulator if api == "graphql" else X3RestSimulator
        self.simulator = kind(_x3_masters(), host="127.0.0.1", port=80, now=world.clock.now)

    def _door(self, process: Process) -> tuple[Door, Folder]:
        world = self._world
        folder = Folder(
            self.simulator.base_url, FOLDER, FIRM_SITE, tax_code="NT", plain_http=True, backoff_deadline_seconds=30
        )

        def carrier() -> X3InProcess:
            return X3InProcess(
                self.simulator, world.clock, process.reply_trouble, world.arriving_numbers, process.meanwhile
            )

        return Door(folder, Basic(folder, X3_USER, Secret(USER_PASSWORD)), world.clock, lambda: 0.5, carrier), folder

    def book(self, process: Process) -> BillBook:
        made = X3GraphQLBills if self._api == "graphql" else X3RestBills
        return made(*self._door(process))

    def supplying(self, process: Process, desk: Desk) -> Supplying | None:
        made = X3GraphQLSuppliers if self._api == "graphql" else X3RestSuppliers
        return Supplying(made(*self._door(process)), self.template, desk)

    def new_suppliers(self) -> Sequence[str]:
        """Suppliers beside those that X3 held from the first, as a reading of this moment shows them."""
        books = self.simulator.books
        return sorted(row["BPSNUM"] for row in books.rows("suppliers") if row["BPSNUM"] not in VENDORS)

    def suppliers(self) -> Counter[str]:
        return Counter(row["BPSNAM"] for row in self.simulator.books.as_json()["masters"]["suppliers"])

    def bills(self) -> list[dict[str, Any]]:
        return [_plainly(invoice) for invoice in self.simulator.books.as_json()["supplier_invoices"]]

    def key(self, vendor: str, number: str, total: str, lines: Sequence[Line]) -> str:
        place = self.simulator.books.next_number()
        record = f"HAND{place:08d}"
        invoice = {
            "NUM": record, "NUMINT": place,
            "BPR": vendor, "BPRVCR": number, "CUR": "USD", "AMTATI": total, "FCY": FIRM_SITE, "INVTYP": 1,
            "BPRDAT": "2026-11-02", "STA": 3, "visible_at": "",
            "BPSINVLIG": [{"ACC": account, "AMTNOTLIN": amount} for account, amount in lines],
        }  # fmt: skip
        self.simulator.books.write({"kind": "supplier invoice", "record": invoice})
        return record

    def delete(self, record: str) -> None:
        self.simulator.books.supplier_invoices.pop(record)

    def activate(self) -> None:
        self.simulator.change_master("suppliers", "V-9", {"ENAFLG": 2})

    def told(self) -> str:
        return repr(self.simulator.books.as_json())


def _plainly(invoice: dict[str, Any]) -> dict[str, Any]:
    """A supplier invoice in the words of the auditor."""
    year, month, day = str(invoice["BPRDAT"]).split("-")
    return {
        "RECORDNO": invoice["NUM"],
        "VENDORID": invoice["BPR"],
        "RECORDID": invoice["BPRVCR"],
        "CURRENCY": invoice["CUR"],
        "WHENCREATED": f"{month}/{day}/{year}",
        "TRX_TOTALENTERED": str(invoice["AMTATI"]),
        "lines": [
            {"ACCOUNTNO": line["ACC"], "TRX_AMOUNT": str(line["AMTNOTLIN"]), "ENTRYDESCRIPTION": line.get("DES")}
            for line in invoice["BPSINVLIG"]
        ],
    }


def _x3_masters() -> dict[str, Any]:
    masters = x3_masters(Firm())
    one = {
        "BSGCOD": "US",
        "CUR": "USD",
        "PTE": "NET30",
        "VACBPR": "USA",
        "CRY": "US",
        "ACCCOD": "LOCAL",
        "BPAADD": "MAIN",
    }
    suppliers = [
        {**one, "BPSNUM": vendor, "BPSNAM": f"Vendor {vendor}", "BPRPAY": vendor, "ENAFLG": 1 if vendor == "V-9" else 2}
        for vendor in VENDORS
    ]
    accounts = [{"ACC": account, "COA": "USA", "DES": account, "DIE": []} for account in ACCOUNTS]
    return {**masters, "suppliers": suppliers, "accounts": accounts, "restrictions": []}


def erp_of(world: World, **replaced: Any) -> IntacctErp | X3Erp:
    """The ERP that a storm names."""
    name = world.storm.erp
    return IntacctErp(world, **replaced) if name == "intacct" else X3Erp(world, name)


__all__ = ["Dropped", "IntacctErp", "X3Erp", "erp_of"]
