"""Looking documents up in Intacct by vendor and number: one query for many, whatever their state, drafts included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from stampli_assets.intacct.elements import fill
from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.errors import reason
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import Result, remain, rows
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord
from stampli_assets.model.ports import Numbered

AT_ONCE = 500
"""Documents of one query; well under the 1000 values that a condition takes."""
PAGE = 2000
FIELDS = ("RECORDNO", "VENDORID", "RECORDID", "CURRENCY", "TRX_TOTALENTERED", "STATE")


class Found(Protocol):
    """What a record is found by."""

    @property
    def vendor_id(self) -> str: ...

    @property
    def number(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked up: the object, the field of its number, the fields that are answered, and how a person calls it."""

    name: str
    number: str
    fields: tuple[str, ...]
    called: str


BILLS = Asked("APBILL", "RECORDID", FIELDS, "AP bills")
ADJUSTMENTS = Asked("APADJUSTMENT", "RECORDID", FIELDS, "AP adjustments")
_BY_NAME = {one.name: one for one in (BILLS, ADJUSTMENTS)}


def held(gateway: Gateway, name: str, documents: Sequence[Numbered]) -> Iterator[ErpRecord]:
    """Every record of the object ``name`` under one of these vendors and one of these numbers.

    Raises:
        Transient: Intacct did not answer usefully.
        Misconfigured: the user may not list them.
    """
    yield from (_record(row) for row in rows_under(gateway, _BY_NAME[name], documents))


def rows_under(gateway: Gateway, asked: Asked, documents: Sequence[Found]) -> Iterator[dict[str, str]]:
    """The same, as rows of the fields that are asked."""
    for start in range(0, len(documents), AT_ONCE):
        yield from _some(gateway, asked, documents[start : start + AT_ONCE])


def _some(gateway: Gateway, asked: Asked, documents: Sequence[Found]) -> Iterator[dict[str, str]]:
    offset = 0
    while True:
        results = gateway.read([Function("find", query(asked, documents, offset))]).get("find", [])
        if len(results) != 1 or not results[0].succeeded or results[0].data is None:
            raise _no_look_up(asked, results)
        yield from rows(results)
        data = results[0].data
        if not remain(data):
            return
        offset += len(data)


def query(asked: Asked, documents: Sequence[Found], offset: int) -> etree._Element:
    """The query of one page."""
    made = etree.Element("query")
    fill(made, {"object": asked.name})
    select = etree.SubElement(made, "select")
    for field in asked.fields:
        etree.SubElement(select, "field").text = field
    both = etree.SubElement(etree.SubElement(made, "filter"), "and")
    for field, values in (
        ("VENDORID", {one.vendor_id for one in documents}),
        (asked.number, {one.number for one in documents}),
    ):
        inside = etree.SubElement(both, "in")
        etree.SubElement(inside, "field").text = field
        for value in sorted(values):
            etree.SubElement(inside, "value").text = value
    order = etree.SubElement(etree.SubElement(made, "orderby"), "order")
    etree.SubElement(order, "field").text = "RECORDNO"
    etree.SubElement(order, "ascending")
    etree.SubElement(etree.SubElement(made, "options"), "showprivate").text = "true"
    fill(made, {"pagesize": str(PAGE), "offset": str(offset)})
    return made


def _record(row: dict[str, str]) -> ErpRecord:
    try:
        total = Money.parse(row.get("TRX_TOTALENTERED", ""), row.get("CURRENCY", ""))
    except ValueError:
        total = None
    return ErpRecord(
        record_no=row.get("RECORDNO", ""),
        vendor_id=row.get("VENDORID", ""),
        number=row.get("RECORDID", ""),
        total=total,
        state=row.get("STATE", ""),
    )


def _no_look_up(asked: Asked, results: Sequence[Result]) -> Misconfigured:
    said = reason(results[0].errors).raw if results else "no result"
    return Misconfigured(
        f"Intacct does not let us look up {asked.called}: {said}.",
        remedy=f"Give the Web Services user the right to list {asked.called}. Nothing is sent while they cannot be looked up.",
        code="ERP_LOOK_UP",
    )
