"""The payable documents of Sage Intacct as one book: bills (object ``APBILL``) and vendor credits (``APADJUSTMENT``).

One request may carry both; results are matched by control id. A bill and an adjustment of one number are two documents, and
each is looked up among its own kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from stampli_assets.intacct.adjustments import create_adjustment, turned
from stampli_assets.intacct.bill_fields import create_bill
from stampli_assets.intacct.company import Company
from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.errors import is_repeated_control_id, reason
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.look_up import held
from stampli_assets.intacct.replies import Result
from stampli_assets.model.documents import Bill, Kind
from stampli_assets.model.errors import OutcomeUnknown
from stampli_assets.model.identity import ControlId
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.ports import Numbered
from stampli_assets.model.postings import REPEATED

OBJECTS = {Kind.BILL: "APBILL", Kind.CREDIT: "APADJUSTMENT"}


class IntacctBills:
    """Implements the port :class:`~stampli_assets.model.ports.BillBook`."""

    def __init__(self, gateway: Gateway, company: Company) -> None:
        self._gateway = gateway
        self._company = company

    def post(self, documents: Sequence[tuple[Bill, ControlId]]) -> Sequence[Outcome]:
        """One request with one create per document; every document's outcome, in order.

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
        """Every document of its kind that Intacct holds under each one's vendor and number, drafts included; the totals of
        credits in Stampli's sign.

        Raises:
            Transient: Intacct did not answer usefully.
        """
        found: dict[tuple[Kind, str, str], list[ErpRecord]] = defaultdict(list)
        for kind, name in OBJECTS.items():
            for record in held(self._gateway, name, [one for one in documents if one.kind is kind]):
                found[kind, record.vendor_id, record.number].append(self._as_approved(record, kind))
        return [found.get((one.kind, one.vendor_id, one.number), []) for one in documents]

    def request_for(self, document: Bill) -> str:
        """The create of one document, indented; nothing is sent."""
        return etree.tostring(self._create(document), encoding="unicode", pretty_print=True)

    def _create(self, document: Bill) -> etree._Element:
        create = create_adjustment if document.is_credit else create_bill
        return create(document, self._company)

    def _as_approved(self, record: ErpRecord, kind: Kind) -> ErpRecord:
        if kind is Kind.BILL or record.total is None:
            return record
        return replace(record, total=turned(record.total, self._company))

    def _send(self, functions: Sequence[Function]) -> dict[ControlId, Outcome]:
        try:
            results = self._gateway.write(functions)
        except OutcomeUnknown as lost:
            return {ControlId(function.control_id): Unknown(lost.sentence) for function in functions}
        return {ControlId(f.control_id): outcome(results.get(f.control_id, [])) for f in functions}


def outcome(results: Sequence[Result]) -> Outcome:
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


def _unwritable(bill: Bill) -> Reason:
    return Reason(
        "CHARACTER",
        f"{bill.number} holds a character that cannot be sent to Intacct.",
        "Remove control characters from its texts in Stampli and let it be exported again.",
    )
