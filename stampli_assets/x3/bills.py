"""Supplier invoices and credit memos in X3 (object BIS, "supplier BP invoices"): create, find, and the exact request.

X3 has no idempotency key: a lost answer is ``Unknown``, the ledger and the read-back of ``pipeline/post.py`` do the rest.
What is written: ``invoice_record.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stampli_assets.model.documents import Bill, Kind
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted, Refused, Unknown
from stampli_assets.model.ports import Numbered
from stampli_assets.model.postings import REPEATED
from stampli_assets.x3.api import Api, Created, Lost, Made, NotMade, NotNow, Row
from stampli_assets.x3.batches import create_all, not_sent
from stampli_assets.x3.door import Door
from stampli_assets.x3.errors import reasons
from stampli_assets.x3.exact import text_of
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.invoice_record import record_of, unfit
from stampli_assets.x3.names import GRAPHQL, REST, Names, Node, RestClass
from stampli_assets.x3.rest import RestApi

_OWED = frozenset({"1", "3", "invoice", "debitNote"})
_OWING = frozenset({"2", "4", "creditMemo", "creditNote"})
"""Kinds of document (INVTYP) [T]: what we owe, and what is owed to us; a proforma is neither."""
STATES = {"1": "not posted", "2": "simulated", "3": "final"}
_READ = ("record_no", "supplier", "source_document", "site", "currency", "total", "document_date", "kind", "state")


class X3Bills:
    """Implements the port :class:`~stampli_assets.model.ports.BillBook` over either API of X3."""

    def __init__(self, api: Api, door: Door, folder: Folder) -> None:
        self._api = api
        self._door = door
        self._folder = folder

    def post(self, documents: Sequence[tuple[Bill, ControlId]]) -> Sequence[Outcome]:
        """One create for each bill; every bill's outcome, in order. The control ids stay here: X3 knows none.

        Raises:
            Transient: certain that nothing of it was kept, after the backoff is spent.
            Misconfigured: the sign-in, a name or a right is refused; nothing was kept.
        """
        bills = [bill for bill, _ in documents]
        whys = [unfit(bill, self._folder, self._api.names) for bill in bills]
        fit = [number for number, why in enumerate(whys) if why is None]
        records = [record_of(bills[number], self._folder, self._api.names) for number in fit]
        ended = create_all(self._api, "create_invoice", records, self._door) if records else []
        outcomes: dict[int, Outcome] = {number: Refused((why,)) for number, why in enumerate(whys) if why is not None}
        for number, created in zip(fit, ended, strict=True):
            outcomes[number] = _outcome(bills[number], created)
        return [outcomes[number] for number in range(len(documents))]

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """Every document of its kind that X3 holds under each one's supplier and source document number, whatever its site.

        An invoice and a credit memo of one number are two documents. X3's screens may turn letters into capitals
        (unverified), so where nothing stands under the number as it is, what stands under its capitals is found. A record
        whose site or document date is not the bill's, or that is neither owed nor owing, has no total here, so that it is
        held and not adopted; ``state`` says what it is.

        Raises:
            Transient: X3 did not answer usefully.
            Misconfigured: the look-up is refused.
        """
        held: dict[bool, dict[tuple[str, str], list[Row]]] = {False: defaultdict(list), True: defaultdict(list)}
        size = self._folder.bills_per_query
        for start in range(0, len(documents), size):
            for row in self._held(documents[start : start + size]):
                key = text_of(row["supplier"]), text_of(row["source_document"])
                kind = family(row, self._api.names)
                for is_credit in (False, True) if kind is None else (kind is Kind.CREDIT,):
                    if row not in held[is_credit][key]:
                        held[is_credit][key].append(row)
        return [
            [self._found(row, one) for row in under(held[one.kind is Kind.CREDIT], one.vendor_id, one.number)]
            for one in documents
        ]

    def request_for(self, document: Bill) -> str:
        """The create of one bill as it would be sent; nothing is sent."""
        return self._api.written("create_invoice", record_of(document, self._folder, self._api.names))

    def _held(self, documents: Sequence[Numbered]) -> Iterator[Row]:
        numbers = {spelled for one in documents for spelled in (one.number, one.number.upper())}
        among = {"supplier": {one.vendor_id for one in documents}, "source_document": numbers}
        return self._api.rows("find_invoice", _READ, among)

    def _found(self, row: Row, document: Numbered) -> ErpRecord:
        kind, differs = family(row, self._api.names), []
        total = money(text_of(row.get("total")), text_of(row.get("currency")), kind is Kind.CREDIT)
        if kind is None:
            differs.append(f"kind {text_of(row.get('kind')) or 'unknown'}")
        wanted = [("site", self._folder.site)]
        if isinstance(document, Bill):
            wanted.append(("document_date", document.invoice_date.isoformat()))
        for field, ours in wanted:
            theirs = text_of(row.get(field))
            if field in row and theirs != ours:
                differs.append(f"{field.replace('_', ' ')} {theirs or 'none'} and not {ours}")
        state = text_of(row.get("state"))
        told = [STATES.get(state, state)]
        if differs:
            told = [total.labelled if total is not None else text_of(row.get("total")), *differs, *told]
        return ErpRecord(
            record_no=text_of(row.get("record_no")),
            vendor_id=text_of(row.get("supplier")),
            number=text_of(row.get("source_document")),
            total=None if differs else total,
            state=", ".join(filter(None, told)),
        )


class X3GraphQLBills(X3Bills):
    """Bills over GraphQL: one document for a batch, each create under an alias."""

    def __init__(self, door: Door, folder: Folder, names: Names[Node] = GRAPHQL) -> None:
        super().__init__(GraphQLApi(door, folder, names), door, folder)


class X3RestBills(X3Bills):
    """Bills over REST api1: one request for each create."""

    def __init__(self, door: Door, folder: Folder, names: Names[RestClass] = REST) -> None:
        super().__init__(RestApi(door, folder, names), door, folder)


def _outcome(bill: Bill, created: Created) -> Outcome:
    match created:
        case Made(row, warnings):
            total = money(text_of(row.get("total")), bill.currency, bill.is_credit)
            if total is None:
                record = text_of(row["record_no"])
                return Unknown(f"X3 kept {bill.number} as {record} and did not say over how much.", REPEATED)
            remarks = "; ".join(dict.fromkeys(one.message for one in warnings))
            return Posted(ErpRecord(text_of(row["record_no"]), bill.vendor_id, bill.number, total, warning=remarks))
        case NotMade(diagnoses):
            return Refused(reasons(diagnoses, f"invoice {bill.number}"))
        case NotNow():
            return not_sent(created, f"invoice {bill.number}")
        case Lost(why):
            return Unknown(why)


def family(row: Row, names: Names[Any]) -> Kind | None:
    """Whether X3 holds it as owed or as owing; ``None`` for neither."""
    kind = text_of(row.get("kind"))
    if kind in _OWED or kind == names.invoice_kind:
        return Kind.BILL
    return Kind.CREDIT if kind in _OWING or kind == names.credit_kind else None


def under(held: Mapping[tuple[str, str], Sequence[Row]], supplier: str, number: str) -> Sequence[Row]:
    """The rows under a number as it is, else under its capitals."""
    return held.get((supplier, number)) or held.get((supplier, number.upper())) or ()


def money(text: str, currency: str, is_credit: bool = False) -> Money | None:  # noqa: FBT001, FBT002 - whose sign it gets
    """What X3 says in our sign; ``None`` where it says no such amount."""
    try:
        amount = Money.parse(text, currency)
    except ValueError:
        return None
    return -amount if is_credit else amount
