"""AP bills in Sage Intacct (object ``APBILL``): create, find, and the exact request for a preview.

Field names and order: Sage Intacct Web Services reference, "Bills". There is no header total to send: the total is the
sum of the lines, which is why a read-back compares ``TRX_TOTALENTERED``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from lxml import etree

from stampli_assets.intacct.company import Company
from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.errors import is_repeated_control_id, reason
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import Result, rows
from stampli_assets.model.documents import Bill, BillLine, Dimension
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.ports import Numbered
from stampli_assets.model.postings import REPEATED

BILLS_PER_QUERY = 500
PAGE = 2000
LINE_FIELDS = {
    Dimension.LOCATION: "LOCATIONID",
    Dimension.DEPARTMENT: "DEPARTMENTID",
    Dimension.PROJECT: "PROJECTID",
    Dimension.TASK: "TASKID",
    Dimension.CUSTOMER: "CUSTOMERID",
    Dimension.EMPLOYEE: "EMPLOYEEID",
    Dimension.ITEM: "ITEMID",
    Dimension.CLASS: "CLASSID",
}
"""In the order in which they are sent."""


class IntacctBills:
    """Implements the port :class:`~stampli_assets.model.ports.BillBook`."""

    def __init__(self, gateway: Gateway, company: Company) -> None:
        self._gateway = gateway
        self._company = company

    def post(self, documents: Sequence[tuple[Bill, ControlId]]) -> Sequence[Outcome]:
        """One request with one create per bill; every bill's outcome, in order.

        Raises:
            Transient: certain that nothing was kept.
            Misconfigured: the sign-in or the request was refused as a whole; nothing was kept.
        """
        outcomes: dict[ControlId, Outcome] = {}
        functions: list[Function] = []
        for bill, control_id in documents:
            try:
                functions.append(Function(control_id, self._create(bill)))
            except ValueError:
                outcomes[control_id] = Refused((_unwritable(bill),))
        if functions:
            outcomes |= self._send(functions)
        return [outcomes[control_id] for _, control_id in documents]

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """Every bill that Intacct holds under each one's vendor and number, drafts included.

        Raises:
            Transient: Intacct did not answer usefully.
        """
        held: dict[tuple[str, str], list[ErpRecord]] = defaultdict(list)
        for start in range(0, len(documents), BILLS_PER_QUERY):
            for record in self._held(documents[start : start + BILLS_PER_QUERY]):
                held[record.vendor_id, record.number].append(record)
        return [held.get((one.vendor_id, one.number), []) for one in documents]

    def request_for(self, document: Bill) -> str:
        """The create of one bill, indented; nothing is sent."""
        return etree.tostring(self._create(document), encoding="unicode", pretty_print=True)

    def _send(self, functions: Sequence[Function]) -> dict[ControlId, Outcome]:
        try:
            results = self._gateway.write(functions)
        except OutcomeUnknown as lost:
            return {ControlId(function.control_id): Unknown(lost.sentence) for function in functions}
        return {ControlId(f.control_id): _outcome(results.get(f.control_id, [])) for f in functions}

    def _create(self, bill: Bill) -> etree._Element:
        create = etree.Element("create")
        element = etree.SubElement(create, "APBILL")
        fields = {
            "WHENCREATED": _day(bill.invoice_date),
            "WHENPOSTED": _day(bill.posting_date),
            "VENDORID": bill.vendor_id,
            "RECORDID": bill.number,
            "DOCNUMBER": bill.po_number,
            "DESCRIPTION": bill.description,
            "TERMNAME": bill.term,
            "WHENDUE": _day(bill.due_date),
            "CURRENCY": bill.currency,
            "BASECURR": self._company.base_currency,
            "ACTION": "Draft" if self._company.post_as == "draft" else "Submit",
        }
        _fill(element, fields)
        lines = etree.SubElement(element, "APBILLITEMS")
        for line in bill.lines:
            _fill(etree.SubElement(lines, "APBILLITEM"), _line_fields(line))
        return create

    def _held(self, documents: Sequence[Numbered]) -> Iterator[ErpRecord]:
        offset = 0
        while True:
            function = Function("find-bills", _query(documents, offset))
            results = self._gateway.read([function]).get("find-bills", [])
            if len(results) != 1 or not results[0].succeeded or results[0].data is None:
                raise _no_look_up(results)
            yield from (_record(row) for row in rows(results))
            data = results[0].data
            if int(data.get("numremaining") or 0) == 0:
                return
            offset += len(data)


def _outcome(results: Sequence[Result]) -> Outcome:
    """What one function's results say; anything that is not plain is unknown."""
    if len(results) != 1:
        return Unknown(f"Intacct answered with {len(results)} results for the bill.")
    result = results[0]
    if result.record_no:  # created, even where the status speaks of a failure (partial success)
        return Posted(ErpRecord(result.record_no))
    if result.status not in {"failure", "aborted"} or not result.errors:
        return Unknown(f"Intacct answered {result.status or 'nothing'!r} without a record number or a reason.")
    if is_repeated_control_id(result.errors):
        return Unknown("Intacct says that it has executed this request before.", REPEATED)
    return Refused((reason(result.errors),))


def _query(documents: Sequence[Numbered], offset: int) -> etree._Element:
    query = etree.Element("query")
    _fill(query, {"object": "APBILL"})
    select = etree.SubElement(query, "select")
    for field in ("RECORDNO", "VENDORID", "RECORDID", "CURRENCY", "TRX_TOTALENTERED", "STATE"):
        etree.SubElement(select, "field").text = field
    both = etree.SubElement(etree.SubElement(query, "filter"), "and")
    for field, values in (
        ("VENDORID", {one.vendor_id for one in documents}),
        ("RECORDID", {one.number for one in documents}),
    ):
        inside = etree.SubElement(both, "in")
        etree.SubElement(inside, "field").text = field
        for value in sorted(values):
            etree.SubElement(inside, "value").text = value
    order = etree.SubElement(etree.SubElement(query, "orderby"), "order")
    etree.SubElement(order, "field").text = "RECORDNO"
    etree.SubElement(order, "ascending")
    etree.SubElement(etree.SubElement(query, "options"), "showprivate").text = "true"
    _fill(query, {"pagesize": str(PAGE), "offset": str(offset)})
    return query


def _record(row: dict[str, str]) -> ErpRecord:
    currency = row.get("CURRENCY", "")
    try:
        total = Money.parse(row.get("TRX_TOTALENTERED", ""), currency)
    except ValueError:
        total = None
    return ErpRecord(
        record_no=row.get("RECORDNO", ""),
        vendor_id=row.get("VENDORID", ""),
        number=row.get("RECORDID", ""),
        total=total,
        state=row.get("STATE", ""),
    )


def _no_look_up(results: Sequence[Result]) -> Misconfigured:
    said = reason(results[0].errors).raw if results else "no result"
    return Misconfigured(
        f"Intacct does not let us look up bills: {said}.",
        remedy="Give the Web Services user the right to list AP bills. Nothing is sent while bills cannot be looked up.",
        code="ERP_LOOK_UP",
    )


def _line_fields(line: BillLine) -> dict[str, str]:
    codes = dict(line.dimensions)
    return {
        "ACCOUNTNO": line.account,
        "TRX_AMOUNT": str(line.amount),
        "ENTRYDESCRIPTION": line.memo,
        **{field: codes.get(dimension, "") for dimension, field in LINE_FIELDS.items()},
    }


def _fill(parent: etree._Element, fields: dict[str, str]) -> None:
    """One child per filled field; characters that XML does not allow raise ``ValueError``."""
    for tag, text in fields.items():
        if text:
            etree.SubElement(parent, tag).text = text


def _day(day: date | None) -> str:
    """``mm/dd/yyyy`` whatever the company's locale."""
    return day.strftime("%m/%d/%Y") if day is not None else ""


def _unwritable(bill: Bill) -> Reason:
    return Reason(
        "CHARACTER",
        f"{bill.number} holds a character that cannot be sent to Intacct.",
        "Remove control characters from its texts in Stampli and let it be exported again.",
    )
