"""Attachments: folders, the supporting documents in them, and the bills that carry one.

Order of elements: the published request schema 3.0. The numbers of the refusals are invented where the vendor publishes
none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

from lxml import etree

from stampli_assets.sandbox.intacct.books import Books
from stampli_assets.sandbox.intacct.replies import Done, FunctionFailure, element
from stampli_assets.sandbox.intacct.values import fields

ORDERS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "create_supdocfolder": (
        ("supdocfoldername", "supdocfolderdescription", "supdocparentfoldername"),
        ("supdocfoldername",),
    ),
    "create_supdoc": (
        ("supdocid", "supdocname", "supdocfoldername", "supdocdescription", "attachments"),
        ("supdocid",),
    ),
    "get_list": (("filter", "sorts", "fields", "additional_parameters"), ()),
    "expression": (("field", "operator", "value"), ("field", "operator", "value")),
    "attachment": (
        ("attachmentname", "attachmenttype", "attachmentdata"),
        ("attachmentname", "attachmenttype", "attachmentdata"),
    ),
}
"""Element → its children in order, and those that it must have."""
MOST_ATTACHED_BYTES = 50_000_000
LONGEST_ID = 20


def create_folder(books: Books, call: etree._Element) -> Done:
    """``create_supdocfolder``."""
    name = fields(call)["supdocfoldername"]
    if not name:
        raise FunctionFailure(("BL03000018", "Missing required field supdocfoldername", ""))
    if name in books.folders:
        raise FunctionFailure(("BL34000061", f"Another Supdocfolder with the given value(s) {name} already exists", ""))
    books.write({"kind": "supdocfolder", "name": name})
    return Done(key=name)


def create(books: Books, call: etree._Element, *, late: str = "") -> Done:
    """``create_supdoc``: what is kept of a file is its size and digest. ``late`` is when it shows."""
    given = fields(call)
    key, name = given["supdocid"], given.get("supdocname", "")
    if not 1 <= len(key) <= LONGEST_ID:
        raise FunctionFailure(("BL03000018", f"Illegal format for supdocid: 1 to {LONGEST_ID} characters", ""))
    if given.get("supdocfoldername", "") not in books.folders:
        raise FunctionFailure(("BL03000018", f"Invalid folder '{given.get('supdocfoldername', '')}' specified.", ""))
    if key in books.supdocs or name in {one["name"] for one in books.supdocs.values()}:
        raise FunctionFailure(("BL34000061", f"Another Supdoc with the given value(s) {key} already exists", ""))
    files = [_file(one) for one in call.iterfind("attachments/attachment")]
    record = {
        "supdocid": key, "name": name, "folder": given["supdocfoldername"], "files": files, "visible_at": late,
        "description": given.get("supdocdescription", ""),
    }  # fmt: skip
    books.write({"kind": "supdoc", "record": record})
    return Done(key=key)


def _file(one: etree._Element) -> dict[str, Any]:
    given = fields(one)
    if "." in given["attachmentname"] or "." in given["attachmenttype"]:
        raise FunctionFailure(("BL03000018", "Illegal format for attachmentname: no period or extension", ""))
    try:
        content = base64.b64decode(given["attachmentdata"], validate=True)
    except binascii.Error:
        raise FunctionFailure(("BL03000018", "Illegal format for attachmentdata: it is no base64", "")) from None
    if not 1 <= len(content) <= MOST_ATTACHED_BYTES:
        raise FunctionFailure(("BL03000018", "The attachment is empty or too large.", ""))
    told = {"name": given["attachmentname"], "type": given["attachmenttype"], "bytes": len(content)}
    return {**told, "sha256": hashlib.sha256(content).hexdigest()}


def listed(books: Books, call: etree._Element) -> Done:
    """``get_list`` of folders or attachments, by one expression at the most."""
    kind = call.get("object", "")
    records: list[dict[str, str]] = []
    if kind == "supdocfolder":
        records = [{"name": name, "description": "", "parentfolder": ""} for name in books.folders]
    elif kind == "supdoc":
        shown = [one for one in books.supdocs.values() if books.is_visible(one)]
        records = [{"supdocid": o["supdocid"], "folder": o["folder"], "description": o["description"]} for o in shown]
    else:
        raise FunctionFailure(("XL03000009", f"get_list of {kind} is not known here.", ""))
    for expression in call.iterfind("filter/expression"):
        field, operator, value = ((expression.findtext(tag) or "").strip() for tag in ("field", "operator", "value"))
        if operator != "=" or any(field not in record for record in records):
            raise FunctionFailure(("DL02000001", f"There was an error processing the request: {field} {operator}", ""))
        records = [record for record in records if record[field] == value]
    wanted = [(field.text or "").strip() for field in call.iterfind("fields/field")]
    page = records[: int(call.get("maxitems", "100"))]
    rows = [
        element(kind, None, *(element(tag, text or None) for tag, text in one.items() if not wanted or tag in wanted))
        for one in page
    ]
    told = element("listtype", kind, start="0", end=str(max(len(page) - 1, 0)), total=str(len(records)))
    return Done(element("data", None, *rows), listed=told)


def refuse_unknown(books: Books, given: dict[str, Any]) -> None:
    """A bill carries only an attachment that is there."""
    key = given.get("SUPDOCID", "")
    if key and key not in books.supdocs:
        raise FunctionFailure(("BL03000018", f"Invalid Attachment '{key}' specified.", ""))
