"""Lookups: what was posted earlier, as payments ask for it. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Row, select

from stampli_assets.ledger.conflicts import AT_ONCE
from stampli_assets.ledger.postings import posting_of
from stampli_assets.ledger.schema import postings
from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.payments import KnownInvoice
from stampli_assets.model.postings import Posting, Source, State

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore


class Lookups:
    """Implements the port :class:`~stampli_assets.model.payments.InvoiceLook`."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def invoices(self, stampli_ids: Collection[str], source: Source) -> Mapping[str, KnownInvoice]:
        """The bills and credits of the same company by Stampli's invoice id; what is not known is left out.

        Only those that are in the ERP, or may be: a plan says nothing of the vendor and number that will be sent.
        """
        rows = self._rows(postings.c.stampli_id, {one for one in stampli_ids if one})
        return {
            row.stampli_id: KnownInvoice(
                Kind(row.kind), row.stampli_vendor, row.vendor_id, row.number, row.record_no, State(row.state)
            )
            for row in rows
            if (row.erp, row.company) == (source.erp, source.company)
            and row.kind in {Kind.BILL, Kind.CREDIT}
            and row.state == State.POSTED
        }

    def postings(self, keys: Collection[PostingKey]) -> Mapping[PostingKey, Posting]:
        """The postings that stand under these keys."""
        return {PostingKey(row.key): posting_of(row) for row in self._rows(postings.c.key, set(keys))}

    def accounts(self, keys: Collection[PostingKey]) -> Mapping[PostingKey, tuple[str, ...]]:
        """The GL accounts that the posted documents under these keys were coded to, each once, in order."""
        rows = self._rows(postings.c.key, set(keys))
        return {PostingKey(row.key): tuple(row.accounts.split(", ")) for row in rows if row.state == State.POSTED}

    def _rows(self, column: Column[str], values: Collection[str]) -> Iterator[Row[Any]]:
        wanted = sorted(values)
        with self._store.reading() as reading:
            for start in range(0, len(wanted), AT_ONCE):
                yield from reading.execute(select(postings).where(column.in_(wanted[start : start + AT_ONCE]))).all()
