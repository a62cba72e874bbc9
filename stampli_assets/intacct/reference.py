"""Intacct's master records, read page by page with only the fields that the mapping needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd
from lxml import etree

from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.errors import reason
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import remain, rows
from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.frames import DIMENSIONS, GL_ACCOUNTS, VENDORS, conform, empty

PAGE = 2000
UNLIMITED = dict.fromkeys(("valid_from", "valid_to", "sites"), "")
"""Intacct's accounts and dimensions have neither days nor sites of their own."""
REQUIRES = {
    "REQUIREDEPT": Dimension.DEPARTMENT,
    "REQUIRELOC": Dimension.LOCATION,
    "REQUIREPROJECT": Dimension.PROJECT,
    "REQUIRETASK": Dimension.TASK,
    "REQUIRECUSTOMER": Dimension.CUSTOMER,
    "REQUIREEMPLOYEE": Dimension.EMPLOYEE,
    "REQUIREITEM": Dimension.ITEM,
    "REQUIRECLASS": Dimension.CLASS,
}
CODES = (
    ("location", "LOCATION", "LOCATIONID", "NAME"),
    ("department", "DEPARTMENT", "DEPARTMENTID", "TITLE"),
    ("class", "CLASS", "CLASSID", "NAME"),
    ("project", "PROJECT", "PROJECTID", "NAME"),
    ("customer", "CUSTOMER", "CUSTOMERID", "NAME"),
    ("employee", "EMPLOYEE", "EMPLOYEEID", "TITLE"),
    ("item", "ITEM", "ITEMID", "NAME"),
    ("term", "APTERM", "NAME", "NAME"),
    ("entity", "LOCATIONENTITY", "LOCATIONID", "NAME"),
    ("bank_account", "CHECKINGACCOUNT", "BANKACCOUNTID", "BANKACCOUNTID"),
    ("bank_account", "SAVINGSACCOUNT", "BANKACCOUNTID", "BANKACCOUNTID"),
)
"""What is read of each dimension, and of the bank accounts that payments leave: object, code field, name field."""
PARENT = "PARENTID"
"""Of a location: the one above it; the first of those that is an entity is the entity it belongs to."""
WITHOUT = frozenset({"LOCATIONENTITY", "CHECKINGACCOUNT", "SAVINGSACCOUNT"})
"""What a company may do without: one that has a single entity, or lets us record no payments, need not answer for it."""


@dataclass(frozen=True, slots=True)
class IntacctReference:
    """Implements the port :class:`~stampli_assets.model.ports.ReferenceBooks`."""

    gateway: Gateway

    def vendors(self) -> pd.DataFrame:
        """Every vendor, active or not, as ``VENDORS``."""
        found = self._all([("VENDOR", ("VENDORID", "NAME", "STATUS", "TAXID", "CURRENCY", "TERMNAME"))])["VENDOR"]
        frame = [
            {
                "vendor_id": row.get("VENDORID", ""),
                "name": row.get("NAME", ""),
                "status": _status(row),
                "tax_id": row.get("TAXID", ""),
                "currency": row.get("CURRENCY", ""),
                "term": row.get("TERMNAME", ""),
            }
            for row in found
        ]
        return conform(pd.DataFrame(frame), VENDORS) if frame else empty(VENDORS)

    def gl_accounts(self) -> pd.DataFrame:
        """Every GL account with the dimensions that it requires, as ``GL_ACCOUNTS``."""
        found = self._all([("GLACCOUNT", ("ACCOUNTNO", "TITLE", "STATUS", *REQUIRES))])["GLACCOUNT"]
        frame = [
            {
                "account": row.get("ACCOUNTNO", ""),
                "title": row.get("TITLE", ""),
                "status": _status(row),
                "required_dimensions": ",".join(
                    dimension for field, dimension in REQUIRES.items() if row.get(field, "").lower() == "true"
                ),
                **UNLIMITED,
            }
            for row in found
        ]
        return conform(pd.DataFrame(frame), GL_ACCOUNTS) if frame else empty(GL_ACCOUNTS)

    def dimensions(self) -> pd.DataFrame:
        """Every code of every dimension, the payment terms and the entities, as ``DIMENSIONS``; each location with the
        entity that it belongs to.
        """
        wanted = [(name, tuple(dict.fromkeys((code, title, "STATUS")))) for _, name, code, title in CODES]
        found = self._all([(name, (*fields, PARENT) if name == "LOCATION" else fields) for name, fields in wanted])
        belongs = _entities_of(found["LOCATION"], {row.get("LOCATIONID", "") for row in found["LOCATIONENTITY"]})
        frame = [
            {
                "dimension": dimension,
                "code": row.get(code, ""),
                "name": row.get(title, ""),
                "status": _status(row),
                "forbidden_accounts": "",
                **UNLIMITED,
                **({"sites": belongs.get(row.get(code, ""), "")} if dimension == "location" else {}),
            }
            for dimension, name, code, title in CODES
            for row in found[name]
        ]
        return conform(pd.DataFrame(frame), DIMENSIONS) if frame else empty(DIMENSIONS)

    def _all(self, wanted: Sequence[tuple[str, Sequence[str]]]) -> dict[str, list[dict[str, str]]]:
        """Every record of several objects; the next pages of all of them travel in one request."""
        found: dict[str, list[dict[str, str]]] = {name: [] for name, _ in wanted}
        pending = {name: 0 for name, _ in wanted}
        fields = dict(wanted)
        while pending:
            functions = [Function(name, _query(name, fields[name], offset)) for name, offset in pending.items()]
            results = self.gateway.read(functions)
            left: dict[str, int] = {}
            for name, offset in pending.items():
                answered = results.get(name, [])
                if len(answered) != 1 or not answered[0].succeeded or answered[0].data is None:
                    if name in WITHOUT and answered:
                        continue
                    raise _not_readable(name, reason(answered[0].errors).raw if answered else "no result")
                found[name] += rows(answered)
                if remain(answered[0].data):
                    left[name] = offset + len(answered[0].data)
            pending = left
        return found


def _entities_of(locations: Sequence[dict[str, str]], entities: Collection[str]) -> dict[str, str]:
    """The entity of each location, up the parents; a location without one belongs to none, as far as is known."""
    parents = {row.get("LOCATIONID", ""): row.get(PARENT, "") for row in locations}
    found: dict[str, str] = {}
    for location in parents:
        above, seen = location, set[str]()
        while above and above not in entities and above not in seen:
            seen.add(above)
            above = parents.get(above, "")
        if above in entities:
            found[location] = above
    return found


def _query(name: str, fields: Sequence[str], offset: int) -> etree._Element:
    query = etree.Element("query")
    etree.SubElement(query, "object").text = name
    select = etree.SubElement(query, "select")
    for field in fields:
        etree.SubElement(select, "field").text = field
    order = etree.SubElement(etree.SubElement(query, "orderby"), "order")
    etree.SubElement(order, "field").text = fields[0]
    etree.SubElement(order, "ascending")
    etree.SubElement(query, "pagesize").text = str(PAGE)
    etree.SubElement(query, "offset").text = str(offset)
    return query


def _status(row: dict[str, str]) -> str:
    """``active`` or ``inactive``; some readings answer the stored letter."""
    return "active" if row.get("STATUS", "").lower() in {"active", "t", ""} else "inactive"


def _not_readable(name: str, said: str) -> Misconfigured:
    return Misconfigured(
        f"Intacct does not let us read {name}: {said}.",
        remedy=f"Give the Web Services user the right to list {name} records.",
        code="ERP_REFERENCE",
    )
