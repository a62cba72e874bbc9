"""What a person decided about a posting, with who and why; part of the journal like everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, or_, select

from stampli_assets.ledger.journal import append
from stampli_assets.ledger.schema import decisions, postings
from stampli_assets.ledger.store import iso
from stampli_assets.ledger.transitions import because as no_reason
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.postings import REPEATED, Decision, State

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore


class Decisions:
    """Records decisions. A decision is made once and never taken back; it only ever opens a way."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def decide(self, document: str, decision: Decision, *, by: str, because: str, vendor: str = "") -> str:
        """Decide about the one posting of that document number (or Stampli id, or key), and answer its key.

        Raises:
            Misconfigured: there is no such posting, there are several, or it does not wait for this decision.
        """
        with self._store.writing() as connection:
            now = iso(self._store.moment(connection))
            row = _the_one(connection, document, vendor)
            if decision is Decision.ABSENT:
                _send_again(connection, row, now)
            told = {"key": row.key, "what": str(decision), "by": by, "because": because}
            known = (decisions.c.key == row.key) & (decisions.c.what == str(decision))
            connection.execute(decisions.delete().where(known))
            connection.execute(decisions.insert().values(**told, at=now))
            append(connection, [{**told, "what": "decided", "decision": str(decision)}], run="", at=now)
        return str(row.key)


def _the_one(connection: Connection, document: str, vendor: str) -> Row[Any]:
    named = or_(*(column == document for column in (postings.c.number, postings.c.stampli_id, postings.c.key)))
    of_vendor = or_(*(column == vendor for column in (postings.c.vendor_id, postings.c.stampli_vendor)))
    query = select(postings).where(named, of_vendor) if vendor else select(postings).where(named)
    found = connection.execute(query).all()
    if len(found) == 1:
        return found[0]
    if not found:
        raise Misconfigured(
            f"The ledger knows no document {document}{f' of vendor {vendor}' if vendor else ''}.",
            remedy="Give the number exactly as `stampli errors` shows it.",
            code="DECISION_UNKNOWN",
        )
    told = ", ".join(
        sorted(f"{row.kind} {row.stampli_id} of vendor {row.vendor_id}".replace("  ", " ") for row in found)
    )
    raise Misconfigured(
        f"{document} is the number of {len(found)} documents: {told}.",
        remedy="Say which with --vendor, or with its Stampli id in place of the number.",
        code="DECISION_SEVERAL",
    )


def _send_again(connection: Connection, row: Row[Any], now: str) -> None:
    if row.state != State.UNKNOWN or row.reason_code != REPEATED:
        raise Misconfigured(
            f"{row.number} does not wait for this decision: it is {row.state}.",
            remedy="Only a document that the ERP says it has executed before, and does not show, can be declared absent.",
            code="DECISION_NOT_DUE",
        )
    change = {"state": State.PLANNED, "epoch": row.epoch + 1, "intent_at": None, "updated_at": now, **no_reason(None)}
    mine = postings.c.key == row.key
    connection.execute(postings.update().where(mine).values(**change, version=row.version + 1))
