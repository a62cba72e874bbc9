"""Supplier invoices in X3 (object BIS, "supplier BP invoices"): create, find, and the exact request for a preview.

X3 has no idempotency key: a lost answer is ``Unknown``, the ledger and the read-back of ``pipeline/post.py`` do the rest.
A source document number holds 20 characters [T]; a longer one is refused here, never cut. Descriptions hold 30 and are cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from stampli_assets.model.documents import Bill, BillLine
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.ports import Numbered
from stampli_assets.x3.api import Api, Created, Lost, Made, NotMade, NotNow, Record, Row
from stampli_assets.x3.batches import create_all, not_sent
from stampli_assets.x3.door import Door
from stampli_assets.x3.errors import reasons
from stampli_assets.x3.exact import text_of
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.names import GRAPHQL, REST, Names, Node, RestClass
from stampli_assets.x3.rest import RestApi

LONGEST_NUMBER = 20
"""Characters of a source document number (BPRVCR) [T]."""
LONGEST_DESCRIPTION = 30
LONGEST_REFERENCE = 20
_OWED = frozenset({"", "1", "3", "invoice", "debitNote"})
_OWING = frozenset({"2", "4", "creditMemo", "creditNote"})
"""Kinds of document (INVTYP) [T]: what we owe, and what is owed to us; a proforma is neither."""
_STATES = {"1": "not posted", "2": "simulated", "3": "final"}
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
        unfit = {number: why for number, (bill, _) in enumerate(documents) if (why := self._unfit(bill)) is not None}
        fit = [number for number in range(len(documents)) if number not in unfit]
        records = [self._record(documents[number][0]) for number in fit]
        ended = create_all(self._api, "create_invoice", records, self._door) if records else []
        outcomes: dict[int, Outcome] = {number: Refused((why,)) for number, why in unfit.items()}
        for number, created in zip(fit, ended, strict=True):
            outcomes[number] = _outcome(documents[number][0], created)
        return [outcomes[number] for number in range(len(documents))]

    def find(self, documents: Sequence[Numbered]) -> Sequence[Sequence[ErpRecord]]:
        """Every document that X3 holds under each bill's supplier and source document number, whatever its site.

        X3's screens may turn letters into capitals (unverified), so where nothing stands under the number as it is, what
        stands under its capitals is found. A record whose site or document date is not the bill's has no total here, so
        that it is held and not adopted; ``state`` says what it is.

        Raises:
            Transient: X3 did not answer usefully.
            Misconfigured: the look-up is refused.
        """
        held: dict[tuple[str, str], list[Row]] = defaultdict(list)
        size = self._folder.bills_per_query
        for start in range(0, len(documents), size):
            for row in self._held(documents[start : start + size]):
                key = text_of(row["supplier"]), text_of(row["source_document"])
                if row not in held[key]:
                    held[key].append(row)
        return [[self._found(row, one) for row in _under(held, one)] for one in documents]

    def request_for(self, document: Bill) -> str:
        """The create of one bill as it would be sent; nothing is sent."""
        return self._api.written("create_invoice", self._record(document))

    def _held(self, documents: Sequence[Numbered]) -> Iterator[Row]:
        numbers = {spelled for one in documents for spelled in (one.number, one.number.upper())}
        among = {"supplier": {one.vendor_id for one in documents}, "source_document": numbers}
        return self._api.rows("find_invoice", _READ, among)

    def _found(self, row: Row, document: Numbered) -> ErpRecord:
        total, differs = _total(row), []
        wanted = [("site", self._folder.site)]
        if isinstance(document, Bill):
            wanted.append(("document_date", document.invoice_date.isoformat()))
        for field, ours in wanted:
            theirs = text_of(row.get(field))
            if field in row and theirs != ours:
                differs.append(f"{field.replace('_', ' ')} {theirs or 'none'} and not {ours}")
        kind, state = text_of(row.get("kind")), text_of(row.get("state"))
        told = [_STATES.get(state, state)]
        if differs or kind not in _OWED:
            amount = total.labelled if total is not None else text_of(row.get("total"))
            told = [*([f"kind {kind}"] if kind not in _OWED else []), amount, *differs, *told]
        return ErpRecord(
            record_no=text_of(row.get("record_no")),
            vendor_id=text_of(row.get("supplier")),
            number=text_of(row.get("source_document")),
            total=None if differs else total,
            state=", ".join(filter(None, told)),
        )

    def _record(self, bill: Bill) -> Record:
        return {
            "site": self._folder.site,
            "kind": self._api.invoice_kind,
            "supplier": bill.vendor_id,
            "accounting_date": bill.posting_date.isoformat(),
            "document_date": bill.invoice_date.isoformat(),
            "source_document": bill.number,
            "currency": bill.currency,
            "payment_term": bill.term,
            "reference": bill.po_number if len(bill.po_number) <= LONGEST_REFERENCE else "",
            "description": bill.description[:LONGEST_DESCRIPTION].strip(),
            "total": str(bill.total),
            "lines": [self._line(line) for line in bill.lines],
        }

    def _line(self, line: BillLine) -> Record:
        return {
            "line_site": self._folder.site,
            "line_account": line.account,
            "line_description": line.memo[:LONGEST_DESCRIPTION].strip(),
            "line_amount": str(line.amount),
            "line_tax": self._folder.tax_code,
            "line_analytical": self._analytical(line),
        }

    def _analytical(self, line: BillLine) -> list[Record]:
        """The whole line under each of its dimensions, in the order of their types."""
        coded = sorted((self._folder.dimension_types[dimension], code) for dimension, code in line.dimensions)
        if not coded:
            return []
        amount = str(line.amount)
        if self._api.analytical == "together":
            types, codes = ([pair[part] for pair in coded] for part in (0, 1))
            return [{"analytical_type": types, "analytical_code": codes, "analytical_amount": amount}]
        return [{"analytical_type": of, "analytical_code": code, "analytical_amount": amount} for of, code in coded]

    def _unfit(self, bill: Bill) -> Reason | None:
        """Why a bill cannot be sent as it is."""
        if len(bill.number) > LONGEST_NUMBER:
            return Reason(
                "NUMBER_TOO_LONG",
                f"{bill.number} has {len(bill.number)} characters; X3 keeps {LONGEST_NUMBER}, and it is never cut.",
                "Shorten the invoice number in Stampli and let it be exported again.",
            )
        if sum(line.amount.minor for line in bill.lines) != bill.total.minor:
            return Reason(
                "TOTAL_DIFFERS",
                f"The lines of {bill.number} do not add up to {bill.total.labelled}.",
                "Correct the invoice in Stampli and let it be exported again.",
            )
        texts = (bill.number, bill.vendor_id, bill.po_number, bill.description, *(line.memo for line in bill.lines))
        if not all(map(_writable, texts)):
            return Reason(
                "CHARACTER",
                f"{bill.number} holds a character that cannot be sent to X3.",
                "Remove control characters from its texts in Stampli and let it be exported again.",
            )
        return self._without_type(bill)

    def _without_type(self, bill: Bill) -> Reason | None:
        for line in bill.lines:
            for dimension, code in line.dimensions:
                if dimension not in self._folder.dimension_types:
                    return Reason(
                        "DIMENSION_TYPE",
                        f"Line {line.number} of {bill.number} is coded to {dimension} {code}, and no dimension type of X3 "
                        f"is set for {dimension}.",
                        f"Name it in the connection's settings (erp.dimension_types: {{{dimension}: …}}).",
                    )
        return None


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
            total = _money(text_of(row.get("total")), bill.currency)
            remarks = "; ".join(dict.fromkeys(one.message for one in warnings))
            return Posted(ErpRecord(text_of(row["record_no"]), bill.vendor_id, bill.number, total, warning=remarks))
        case NotMade(diagnoses):
            return Refused(reasons(diagnoses, f"invoice {bill.number}"))
        case NotNow():
            return Refused((not_sent(created, f"invoice {bill.number}"),))
        case Lost(why):
            return Unknown(why)


def _under(held: Mapping[tuple[str, str], Sequence[Row]], document: Numbered) -> Sequence[Row]:
    return (
        held.get((document.vendor_id, document.number)) or held.get((document.vendor_id, document.number.upper())) or []
    )


def _total(row: Row) -> Money | None:
    """What the document says that we owe; ``None`` where X3 does not say it, or it is no invoice."""
    total = _money(text_of(row.get("total")), text_of(row.get("currency")))
    kind = text_of(row.get("kind"))
    if total is None or kind in _OWED:
        return total
    return -total if kind in _OWING else None


def _money(text: str, currency: str) -> Money | None:
    try:
        return Money.parse(text, currency)
    except ValueError:
        return None


def _writable(text: str) -> bool:
    """No control characters and no halves of a character: X3's database refuses them after the fact."""
    return not any(
        (character < " " and character not in "\t\r\n") or "\ud800" <= character <= "\udfff" for character in text
    )
