"""The functions that a request may call, and how an operation of several is carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct import adjustments, bills, payments, supdocs
from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.envelope import Function, Operation, Request
from stampli_assets.sandbox.intacct.queries import Reader
from stampli_assets.sandbox.intacct.replies import (
    Done,
    Error,
    FunctionFailure,
    FunctionResult,
    element,
)
from stampli_assets.sandbox.intacct.sessions import Desk, SignedIn
from stampli_assets.sandbox.intacct.values import fields

ROLLED_BACK: Error = (
    "XL03000009",
    "The entire transaction in this operation has been rolled back due to an error.",
    "",
)
REPEATED: Error = ("SANDBOX-UNIQUEID", "A function with this controlid was already processed.", "")
"""Invented: the vendor documents that it looks, not what it answers."""
MOST_OBJECTS = 100


class Clerk:
    """Carries out the functions of a signed-in user."""

    def __init__(self, books: Books, desk: Desk, endpoint: Callable[[], str]) -> None:
        self._books = books
        self._desk = desk
        self._endpoint = endpoint
        self._reader = Reader(books)

    def carry_out(
        self, request: Request, operation: Operation, who: SignedIn, *, late: str = ""
    ) -> list[FunctionResult]:
        """Each function in order; with ``transaction="true"`` all of them or none. ``late`` is when creates show."""
        if not operation.transaction:
            return [self._one(request, function, who, late=late) for function in operation.functions]
        self._books.begin()
        results: list[FunctionResult] = []
        for function in operation.functions:
            result = self._one(request, function, who, late=late)
            results.append(result)
            if result.status != "success":
                self._books.roll_back()
                for earlier in results[:-1]:
                    earlier.status, earlier.done, earlier.errors = "aborted", Done(), [ROLLED_BACK]
                result.errors = [*result.errors, ROLLED_BACK]
                return results
        self._books.commit()
        return results

    def _one(self, request: Request, function: Function, who: SignedIn, *, late: str) -> FunctionResult:
        name = function.name
        key = f"{request.told['senderid']}|{self._books.company['company_id']}|{function.control_id}"
        writes = name.startswith(("create", "update", "delete"))
        try:
            policy = self._books.rules["duplicate_controlid"]
            if writes and request.unique and key in self._books.completed and policy != "ignore":
                if policy != "replay":
                    raise FunctionFailure(REPEATED, data=_objects([]))
                return FunctionResult(name, function.control_id, "success", _replayed(name, self._books.completed[key]))
            done, record_no = self._call(function, who, late)
            if writes and request.unique:
                self._books.write({"kind": "completed", "key": key, "record_no": record_no})
            return FunctionResult(name, function.control_id, "success", done)
        except FunctionFailure as failure:
            return FunctionResult(name, function.control_id, "failure", Done(failure.data), failure.errors)

    def _call(self, function: Function, who: SignedIn, late: str) -> tuple[Done, str]:
        call = function.call
        reading = {
            "query": self._reader.query,
            "readByQuery": self._reader.read_by_query,
            "readMore": self._reader.read_more,
            "read": self._reader.read,
            "lookup": self._reader.lookup,
        }
        if function.name in reading:
            return reading[function.name](call), ""
        match function.name:
            case "getAPISession":
                return self._session(call, who), ""
            case "create":
                return self._create(call, function, who, late)
            case "update":
                return self._update(call)
            case "delete":
                return self._delete(call)
        return self._legacy(call, function, who, late)

    def _legacy(self, call: etree._Element, function: Function, who: SignedIn, late: str) -> tuple[Done, str]:
        match function.name:
            case "create_bill":
                record_no = self._keep("bill", bills.check(self._books, bills.legacy(call), who), function, late)
                return Done(key=record_no), record_no
            case "create_apadjustment":
                made = adjustments.check(self._books, adjustments.legacy(call), who)
                record_no = self._keep("adjustment", made, function, late)
                return Done(key=record_no), record_no
            case "create_supdocfolder":
                return supdocs.create_folder(self._books, call), ""
            case "create_supdoc":
                return supdocs.create(self._books, call, late=late), ""
            case "get_list":
                return supdocs.listed(self._books, call), ""
        raise FunctionFailure(("XL03000004", f"The function {function.name} is not known here.", ""))

    def _session(self, call: etree._Element, who: SignedIn) -> Done:
        location = call.find("locationid")
        session = self._desk.open_session(who, None if location is None else (location.text or "").strip())
        api = element(
            "api",
            None,
            element("sessionid", session.session_id),
            element("endpoint", self._endpoint()),
            element("locationid", session.entity or None),
        )
        return Done(element("data", None, api))

    def _create(self, call: etree._Element, function: Function, who: SignedIn, late: str) -> tuple[Done, str]:
        """One or several objects; those before a refused one are really created (partial success)."""
        if not 1 <= len(call) <= MOST_OBJECTS:
            raise FunctionFailure(("BL03000018", f"create takes 1 to {MOST_OBJECTS} objects", ""), data=_objects([]))
        made: list[tuple[str, str]] = []
        for child in call:
            try:
                made.append((str(child.tag).lower(), self._create_one(child, function, who, late)))
            except FunctionFailure as failure:
                raise FunctionFailure(*failure.errors, data=_objects(made)) from None
        return Done(_objects(made)), made[0][1]

    def _create_one(self, child: etree._Element, function: Function, who: SignedIn, late: str) -> str:
        match str(child.tag).upper():
            case "APBILL":
                return self._keep("bill", bills.check(self._books, bills.generic(child), who), function, late)
            case "APPYMT":
                payment, settled = payments.check(self._books, child)
                kept = {**payment, "controlid": function.control_id, "visible_at": late}
                for event in [{"kind": "payment", "record": kept}, *settled]:
                    self._books.write(event)
                return str(payment["RECORDNO"])
            case "VENDOR":
                return self._create_vendor(child, late)
        raise FunctionFailure(("XL03000009", f"Object definition {child.tag} not found", ""))

    def _keep(self, kind: str, record: dict[str, Any], function: Function, late: str) -> str:
        self._books.write({"kind": kind, "record": {**record, "controlid": function.control_id, "visible_at": late}})
        return str(record["RECORDNO"])

    def _create_vendor(self, child: etree._Element, late: str) -> str:
        given, contact = fields(child), child.find("DISPLAYCONTACT")
        vendor = given.get("VENDORID", "")
        if not vendor or not given.get("NAME"):
            raise FunctionFailure(("BL03000018", "Missing required field VENDORID or NAME", ""))
        if contact is not None and not contact.findtext("PRINTAS"):
            raise FunctionFailure(("BL03000018", "Missing required field DISPLAYCONTACT.PRINTAS", ""))
        if given.get("TERMNAME") and not self._books.active("terms", given["TERMNAME"]):
            raise FunctionFailure(("BL03000018", f"Invalid term {given['TERMNAME']}", ""))
        if vendor in self._books.masters["vendors"]:
            raise FunctionFailure(("BL34000061", f"Another Vendor with the given value(s) {vendor} already exists", ""))
        mail = child.find("DISPLAYCONTACT/MAILADDRESS")
        address = fields(mail) if mail is not None else {}
        row = {"STATUS": "active", **given, **address, "visible_at": late}
        self._books.write({"kind": "master", "list": "vendors", "id": vendor, "fields": row})
        return vendor

    def _update(self, call: etree._Element) -> tuple[Done, str]:
        given = fields(call[0])
        bill = self._books.bills.get(given.get("RECORDNO", ""))
        if str(call[0].tag).upper() != "APBILL" or bill is None:
            raise FunctionFailure(("DL03000005", f"No record exists for the recordkey {given.get('RECORDNO')}", ""))
        lines = bills.generic(call[0])["lines"] or bill["lines"]
        supdocs.refuse_unknown(self._books, given)
        kept = {name: text for name, text in given.items() if name in {"SUPDOCID", "DESCRIPTION", "DOCNUMBER"}}
        self._books.write({"kind": "bill", "record": {**bill, **kept, "lines": lines}})
        return Done(_objects([("apbill", bill["RECORDNO"])])), str(bill["RECORDNO"])

    def _delete(self, call: etree._Element) -> tuple[Done, str]:
        keys = [key.strip() for key in (call.findtext("keys") or "").split(",")]
        adjusting = (call.findtext("object") or "").strip().upper() == "APADJUSTMENT"
        kept, kind = (self._books.adjustments, "adjustment") if adjusting else (self._books.bills, "bill")
        for key in keys:
            if key not in kept:
                raise FunctionFailure(("DL03000005", f"No record exists for the recordkey {key}", ""))
            self._books.write({"kind": f"{kind} deleted", "record_no": key})
        return Done(), ""


def _replayed(name: str, record_no: str) -> Done:
    """The first answer once more: legacy functions have a key."""
    return Done(key=record_no) if name.startswith("create_") else Done(_objects([("apbill", record_no)]))


def _objects(made: list[tuple[str, str]]) -> etree._Element:
    """``data`` of a create: lower-case names and their record numbers."""
    data = element("data", listtype="objects", count=str(len(made)))
    data.extend(element(name, None, element("RECORDNO", record_no)) for name, record_no in made)
    return data
