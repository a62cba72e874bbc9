"""Attachments of AP bills: a folder, a ``supdoc`` in it, and ``SUPDOCID`` on the bill, each once.

Order of elements: the published request schema 3.0 (``create_supdoc``, ``create_supdocfolder``, ``get_list``). The id of
an attachment is ours and unique in a company, so a second create of it is refused by Intacct itself; it is looked up
before it is created all the same. Setting ``SUPDOCID`` to the same id twice changes nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from lxml import etree

from stampli_assets.intacct.elements import fill
from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import Result, rows
from stampli_assets.model.attachments import Attachment
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.outcome import Reason

BILLS_PER_QUERY = 500
_RIGHTS = (
    "Give the Web Services user the rights to list and add attachments and to edit AP bills, then rerun from failure."
)


class IntacctAttachments:
    """Implements the port :class:`~stampli_assets.model.ports.AttachmentBook`. ``run`` names what it works for."""

    def __init__(self, gateway: Gateway, run: str) -> None:
        self._gateway = gateway
        self._run = run
        self._folders: set[str] = set()

    def attached(self, record_nos: Sequence[str]) -> Mapping[str, str]:
        """The attachment id of every one of these bills that Intacct holds; empty where it has none.

        Raises:
            Transient: Intacct did not answer usefully.
            Misconfigured: bills may not be looked up.
        """
        found: dict[str, str] = {}
        for start in range(0, len(record_nos), BILLS_PER_QUERY):
            some = record_nos[start : start + BILLS_PER_QUERY]
            results = self._gateway.read([Function("find-attached", _bills(some))]).get("find-attached", [])
            found |= {row.get("RECORDNO", ""): row.get("SUPDOCID", "") for row in _listed(results)}
        return found

    def attach(self, attachment: Attachment) -> Reason | None:
        """Make the attachment, unless it is there, and set it on its bill; answers why not, where Intacct refuses.

        Raises:
            OutcomeUnknown: no answer came; what was made is found the next time.
            Transient: Intacct did not answer usefully.
            Misconfigured: attachments may not be looked up.
        """
        if not self._is_there("supdoc", "supdocid", attachment.id):
            refused = self._make_folder(attachment.folder) or self._make(attachment)
            if refused is not None:
                return refused
        return self._set(attachment)

    def _make_folder(self, name: str) -> Reason | None:
        if name in self._folders or self._is_there("supdocfolder", "name", name):
            self._folders.add(name)
            return None
        refused = self._write(f"sa-folder-{name}-{self._run}", create_folder(name))
        if refused is not None and not self._is_there("supdocfolder", "name", name):
            return refused
        self._folders.add(name)
        return None

    def _make(self, attachment: Attachment) -> Reason | None:
        """A refusal because somebody else has just made it is none."""
        refused = self._write(f"sa-{attachment.id}", create_supdoc(attachment))
        return refused if refused is not None and not self._is_there("supdoc", "supdocid", attachment.id) else None

    def _set(self, attachment: Attachment) -> Reason | None:
        return self._write(f"sa-{attachment.id}-{self._run}", update_bill(attachment))

    def _write(self, control_id: str, call: etree._Element) -> Reason | None:
        results = self._gateway.write([Function(control_id, call)]).get(control_id, [])
        if len(results) == 1 and results[0].succeeded:
            return None
        errors = results[0].errors if results else ()
        raw = "; ".join(f"{error.number} {error.text}".strip() for error in errors) or "no reason given"
        said = (errors[0].text or errors[0].number).rstrip(".") if errors else "no reason given"
        return Reason(
            "ATTACHMENT_REFUSED", f"Intacct refuses {_what(call)}: {said}.", f"Mend this in Intacct. {_RIGHTS}", raw
        )

    def _is_there(self, kind: str, field: str, value: str) -> bool:
        results = self._gateway.read([Function("look-up", look_up(kind, field, value))]).get("look-up", [])
        return any(row.get(field.upper(), "") == value for row in _listed(results))


def create_folder(name: str) -> etree._Element:
    """``create_supdocfolder``, at the top."""
    call = etree.Element("create_supdocfolder")
    fill(call, {"supdocfoldername": name})
    return call


def create_supdoc(attachment: Attachment) -> etree._Element:
    """``create_supdoc`` with one file in it; its name goes without extension and without periods."""
    stem, _, extension = attachment.file_name.rpartition(".")
    call = etree.Element("create_supdoc")
    told = {
        "supdocid": attachment.id,
        "supdocname": attachment.name,
        "supdocfoldername": attachment.folder,
        "supdocdescription": attachment.description,
    }
    file = {
        "attachmentname": stem.replace(".", "_"),
        "attachmenttype": extension.lower(),
        "attachmentdata": base64.b64encode(attachment.content).decode("ascii"),
    }
    fill(call, told)
    fill(etree.SubElement(etree.SubElement(call, "attachments"), "attachment"), file)
    return call


def update_bill(attachment: Attachment) -> etree._Element:
    """``update`` of an ``APBILL``: its attachment and nothing else."""
    call = etree.Element("update")
    fill(etree.SubElement(call, "APBILL"), {"RECORDNO": attachment.record_no, "SUPDOCID": attachment.id})
    return call


def look_up(kind: str, field: str, value: str) -> etree._Element:
    """``get_list`` of one record by one field; only that field is asked for, not the file."""
    call = etree.Element("get_list", object=kind, maxitems="1", showprivate="true")
    expression = etree.SubElement(etree.SubElement(call, "filter"), "expression")
    fill(expression, {"field": field, "operator": "=", "value": value})
    fill(etree.SubElement(call, "fields"), {"field": field})
    return call


def _bills(record_nos: Sequence[str]) -> etree._Element:
    query = etree.Element("query")
    fill(query, {"object": "APBILL"})
    select = etree.SubElement(query, "select")
    for field in ("RECORDNO", "SUPDOCID"):
        fill(select, {"field": field})
    among = etree.SubElement(etree.SubElement(query, "filter"), "in")
    fill(among, {"field": "RECORDNO"})
    for record_no in record_nos:
        fill(among, {"value": record_no})
    fill(etree.SubElement(query, "options"), {"showprivate": "true"})
    fill(query, {"pagesize": str(BILLS_PER_QUERY)})
    return query


def _listed(results: Sequence[Result]) -> list[dict[str, str]]:
    if len(results) != 1 or not results[0].succeeded:
        errors = results[0].errors if results else ()
        said = "; ".join(f"{error.number} {error.text}".strip() for error in errors) or "no result"
        raise Misconfigured(
            f"Intacct does not let us look up attachments: {said}.", remedy=_RIGHTS, code="ATTACHMENT_LOOK_UP"
        )
    return list(rows(results))


def _what(call: etree._Element) -> str:
    return {
        "create_supdocfolder": "the attachment folder",
        "create_supdoc": "the attachment",
    }.get(str(call.tag), "to put the attachment on the bill")
