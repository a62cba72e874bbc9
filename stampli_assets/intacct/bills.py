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
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.look_up import held
from stampli_assets.intacct.sending import create_each
from stampli_assets.model.documents import Bill, Kind
from stampli_assets.model.identity import ControlId
from stampli_assets.model.outcome import ErpRecord, Outcome
from stampli_assets.model.ports import Numbered

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
        return create_each(self._gateway, documents, self._create, lambda bill: bill.number)

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
