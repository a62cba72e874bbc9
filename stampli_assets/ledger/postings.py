"""Postings: the barrier against a second document, and the state machine of every document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select
from sqlalchemy.exc import IntegrityError

from stampli_assets.ledger.conflicts import Around, around, by_key, rows_of
from stampli_assets.ledger.folding import folded
from stampli_assets.ledger.journal import append, iso_or_none, release
from stampli_assets.ledger.leases import prolong
from stampli_assets.ledger.schema import NEVER_CHANGES, decisions, postings
from stampli_assets.ledger.store import iso
from stampli_assets.ledger.transitions import after, because
from stampli_assets.model.documents import INVOICED, Document, Kind
from stampli_assets.model.identity import Fingerprint, PostingKey
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Reason, Verdict
from stampli_assets.model.postings import Conflict, Decision, Intent, Lease, Posting, Source, State

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore

_WRITTEN_ON_SENDING = (
    "connection", "partition", "file_name", "run", "number", "number_folded", "vendor_id", "vendor_name", "fingerprint",
    "mapped_digest", "mapping_version", "accounts", "first_row", "total", "currency", "state", "epoch", "intent_at",
    "updated_at", "reason_code", "reason_sentence", "reason_remedy", "reason_raw", "version",
)  # fmt: skip
_MARK = (
    postings.update()
    .where(postings.c.key == bindparam("its_key"), postings.c.version == bindparam("its_version"))
    .where(postings.c.state.in_([State.PLANNED, State.REFUSED, State.HELD]))
    .values({name: bindparam(name) for name in _WRITTEN_ON_SENDING})
)
"""Made once: it is carried out for every document."""

_EMPTY = {"intent_at": None, "record_no": "", "adopted": False, **because(None)}


class Postings:
    """Implements the port :class:`~stampli_assets.model.ports.Ledger`."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def open(self, documents: Sequence[Document], source: Source) -> Sequence[Posting]:
        """The posting of each document, in order: planned anew, or as it stands, with its conflict if there is one."""
        with self._store.writing() as connection:
            now = iso(self._store.moment(connection))
            beside = around(connection, documents, source)
            known, elsewhere = beside.own, beside.moved
            fresh = {
                document.key: document
                for document in documents
                if document.key not in known and document.key not in elsewhere
            }
            planned = {key: _planned(document, source, now) for key, document in fresh.items()}
            if planned:
                connection.execute(postings.insert(), list(planned.values()))
            changed = _approved_anew(connection, documents, known, source, now)
            entries = [
                {"what": "planned", **_identified(planned[key]), **_named(document, source)}
                for key, document in fresh.items()
            ]
            entries += [{"what": "approved anew", **_named(document, source)} for document in changed.values()]
            append(connection, entries, run=source.run, at=now)
            if changed:
                known |= rows_of(connection, postings.c.key, changed)
            known |= {str(key): _fresh(values) for key, values in planned.items()}
        return [
            _moved_posting(document, elsewhere[document.key])
            if document.key in elsewhere and document.key not in known
            else _with_conflict(posting_of(known[document.key]), document, beside, source)
            for document in documents
        ]

    def in_doubt(self, source: Source, kind: Kind) -> Collection[PostingKey]:
        """The connection's documents of that kind that may have been sent and whose end is not known."""
        query = (
            select(postings.c.key)
            .where(postings.c.connection == source.connection, postings.c.kind == str(kind))
            .where(postings.c.state.in_([State.SENDING, State.UNKNOWN]))
        )
        with self._store.reading() as reading:
            return {PostingKey(key) for key in reading.execute(query).scalars()}

    def now(self) -> datetime:
        """The present moment in UTC by the ledger's clock."""
        return self._store.now()

    def mark_sending(self, intents: Sequence[Intent], source: Source, lease: Lease) -> Sequence[Posting | None]:
        """Record the intents, durably, before a byte leaves.

        Answers ``None`` where somebody else moved the posting on, or holds the same document in the ERP under
        another key: the database's unique index decides, not our look at it.

        Raises:
            Transient: the lease is not ours any more; nothing may be sent.
        """
        with self._store.writing() as connection:
            moment = self._store.moment(connection)
            prolong(connection, lease, moment)
            now = iso(moment)
            beside = around(connection, [intent.document for intent in intents], source)
            free = [intent for intent in intents if intent.document.key not in beside.lookalikes]
            marked = _mark_all(connection, free, source, now)
            won = [marked.get(intent.document.key) for intent in intents]
            entries = [
                {
                    "what": "sending",
                    "release": release(),
                    "epoch": row["epoch"],
                    "digest": row["mapped_digest"],
                    **_named(intent.document, source),
                }
                for intent, row in zip(intents, won, strict=True)
                if row is not None
            ]
            append(connection, entries, run=source.run, at=now)
        return [
            None if change is None else posting_of(_after(beside.own[intent.document.key], change))
            for intent, change in zip(intents, won, strict=True)
        ]

    def record(self, verdicts: Sequence[tuple[Posting, Verdict]], source: Source) -> Sequence[Posting]:
        """Record how each posting ended; one that somebody else moved on meanwhile is answered as it is now.

        No lease is asked for: how a request ended is true whoever learns it.

        Raises:
            Defect: the transition must not exist. Nothing of the call is recorded.
        """
        with self._store.writing() as connection:
            now = iso(self._store.moment(connection))
            keys = [posting.key for posting, _ in verdicts]
            before = rows_of(connection, postings.c.key, keys)
            entries: list[Mapping[str, object]] = []
            for posting, verdict in verdicts:
                row = before[posting.key]
                if row.version != posting.version and row.state != State.POSTED:
                    continue
                change = after(posting_of(row), verdict)
                if change is None:
                    continue
                _update(connection, row, {**change, "updated_at": now})
                before[posting.key] = _after(row, change)
                entries.append({"what": change.get("state", row.state), **_told(row, change)})
            append(connection, entries, run=source.run, at=now)
        return [replace(posting_of(before[posting.key]), conflict=posting.conflict) for posting, _ in verdicts]

    def of_partition(self, connection: str, partition: str) -> Sequence[Posting]:
        """The documents that a file sent, or planned first, in order of their rows."""
        query = (
            select(postings)
            .where(postings.c.connection == connection, postings.c.partition == partition)
            .where(postings.c.kind.in_([*INVOICED, Kind.PAYMENT]))
            .order_by(postings.c.first_row)
        )
        with self._store.reading() as reading:
            return [posting_of(row) for row in reading.execute(query)]

    def posted_since(
        self, connection: str, moment: datetime, kinds: Sequence[Kind] = INVOICED
    ) -> Mapping[str, Sequence[Posting]]:
        """What was posted since then, by delivery; without what a person said is rightly gone, and voided payments."""
        gone = select(decisions.c.key).where(decisions.c.what == str(Decision.GONE))
        voids = postings.alias("voids")
        voided = (
            select(voids.c.key)
            .where(voids.c.kind == str(Kind.VOID), voids.c.state == State.POSTED)
            .where(voids.c.stampli_id == postings.c.stampli_id, voids.c.company == postings.c.company)
        )
        query = (
            select(postings)
            .where(postings.c.connection == connection, postings.c.state == State.POSTED)
            .where(postings.c.kind.in_(kinds), (postings.c.kind != str(Kind.PAYMENT)) | ~voided.exists())
            .where(postings.c.updated_at >= iso(moment), postings.c.key.not_in(gone))
            .order_by(postings.c.partition, postings.c.first_row)
        )
        found: dict[str, list[Posting]] = defaultdict(list)
        with self._store.reading() as reading:
            for row in reading.execute(query):
                found[row.partition].append(posting_of(row))
        return found

    def history(self, text: str) -> Sequence[Mapping[str, Any]]:
        """Every posting whose document number, Stampli id, key or ERP record number is ``text``, as kept."""
        columns = (postings.c.number, postings.c.stampli_id, postings.c.key, postings.c.record_no)
        with self._store.reading() as reading:
            found = reading.execute(select(postings).where(or_(*(column == text for column in columns))))
            return [dict(row) for row in found.mappings()]

    def by_state(self, connection: str | None = None) -> dict[State, int]:
        """How many postings are in each state."""
        query = select(postings.c.state, func.count()).group_by(postings.c.state)
        if connection is not None:
            query = query.where(postings.c.connection == connection)
        with self._store.reading() as reading:
            return {State(state): count for state, count in reading.execute(query)}


def _mark_all(
    connection: Connection, intents: Sequence[Intent], source: Source, now: str
) -> dict[PostingKey, dict[str, Any] | None]:
    """Each intent that is ours to send, by its key; together, and one by one only where the unique index objects."""
    try:
        with connection.begin_nested():
            return {intent.document.key: _mark(connection, intent, source, now) for intent in intents}
    except IntegrityError:
        return {intent.document.key: _mark_alone(connection, intent, source, now) for intent in intents}


def _mark_alone(connection: Connection, intent: Intent, source: Source, now: str) -> dict[str, Any] | None:
    try:
        with connection.begin_nested():
            return _mark(connection, intent, source, now)
    except IntegrityError:
        return None


def _mark(connection: Connection, intent: Intent, source: Source, now: str) -> dict[str, Any] | None:
    """One intent; ``None`` when another worker was first."""
    posting, document = intent.posting, intent.document
    again = posting.state in {State.REFUSED, State.HELD}
    values = {
        **_content(document, source),
        "state": State.SENDING,
        "epoch": posting.epoch + 1 if again else posting.epoch,
        "intent_at": now,
        "updated_at": now,
        **because(None),
    }
    done = connection.execute(
        _MARK, {**values, "version": posting.version + 1, "its_key": document.key, "its_version": posting.version}
    )
    return values if done.rowcount == 1 else None


def _after(row: Any, change: Mapping[str, Any]) -> Any:
    """A row as a change has left it, in the transaction that made the change."""
    return SimpleNamespace(**{**_mapping(row), **change, "version": row.version + 1})


def _fresh(values: Mapping[str, Any]) -> Any:
    """A row as it was inserted: what is not given is empty."""
    return SimpleNamespace(**{**_EMPTY, **values})


def _mapping(row: Any) -> Mapping[str, Any]:
    return vars(row) if isinstance(row, SimpleNamespace) else row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it


def _update(connection: Connection, row: Row[Any], change: Mapping[str, Any]) -> None:
    connection.execute(postings.update().where(postings.c.key == row.key).values(**change, version=row.version + 1))


def _approved_anew(
    connection: Connection, documents: Sequence[Document], known: Mapping[str, Row[Any]], source: Source, now: str
) -> dict[PostingKey, Document]:
    """A document that was never sent takes the content that was approved last, and belongs to that delivery."""
    changed = {
        document.key: document
        for document in documents
        if (row := known.get(document.key)) is not None
        and row.fingerprint != document.fingerprint
        and row.state in {State.PLANNED, State.REFUSED, State.HELD}
        and posting_of(row).against(document, source.partition) is Conflict.NONE
    }
    for key, document in changed.items():
        _update(connection, known[key], {**_content(document, source), "updated_at": now})
    return changed


def _planned(document: Document, source: Source, now: str) -> dict[str, Any]:
    return {
        **_content(document, source),
        "key": document.key,
        "erp": source.erp,
        "company": source.company,
        "kind": str(document.kind),
        "stampli_id": document.stampli_id,
        "stampli_vendor": document.stampli_vendor_id,
        "epoch": 1,
        "state": State.PLANNED,
        "version": 1,
        "updated_at": now,
    }


def _content(document: Document, source: Source) -> dict[str, Any]:
    """What is meant to be sent, and by which file and run."""
    return {
        "connection": source.connection,
        "partition": source.partition,
        "file_name": source.file_name,
        "run": source.run,
        "number": document.number,
        "number_folded": folded(document.number),
        "vendor_id": document.vendor_id,
        "vendor_name": document.vendor_name,
        "fingerprint": document.fingerprint,
        "mapped_digest": document.mapped_digest,
        "mapping_version": document.mapping_version,
        "accounts": ", ".join(document.accounts),
        "first_row": document.first_row,
        "total": document.total.minor,
        "currency": document.currency,
    }


def _named(document: Document, source: Source) -> dict[str, Any]:
    """How the journal names a document: everything that an auditor asks for first."""
    content = _content(document, source)
    return {
        "key": document.key,
        "total": str(document.total),
        **{k: v for k, v in content.items() if k not in {"total", "run", "number_folded"}},
    }


def _identified(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in NEVER_CHANGES}


def _told(row: Row[Any], change: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in ("key", "connection", "partition", "number", "vendor_id", "epoch")}
    return {**kept, "total": str(Money(row.total, row.currency)), "currency": row.currency, **_plain(change)}


def _plain(change: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if value not in {"", None}}


def posting_of(row: Row[Any]) -> Posting:
    """A row as the pipeline knows it."""
    return Posting(
        key=PostingKey(row.key),
        state=State(row.state),
        epoch=row.epoch,
        fingerprint=Fingerprint(row.fingerprint),
        mapped_digest=row.mapped_digest,
        vendor_id=row.vendor_id,
        number=row.number,
        total=Money(row.total, row.currency),
        version=row.version,
        partition=row.partition,
        kind=Kind(row.kind),
        intent_at=iso_or_none(row.intent_at),
        record_no=row.record_no,
        adopted=bool(row.adopted),
        reason=Reason(row.reason_code, row.reason_sentence, row.reason_remedy, row.reason_raw)
        if row.reason_code
        else None,
    )


def _with_conflict(posting: Posting, document: Document, beside: Around, source: Source) -> Posting:
    against = posting.against(document, source.partition)
    if posting.is_posted or (against is Conflict.SUPERSEDED and not posting.may_have_been_sent):
        return replace(posting, conflict=against)
    if posting.may_have_been_sent:
        return posting
    if document.key in beside.twins:
        return replace(posting, conflict=Conflict.TWIN, conflict_with=by_key(beside.twins[document.key]))
    if document.key in beside.lookalikes:
        return replace(posting, conflict=Conflict.LOOKALIKE, conflict_with=beside.lookalikes[document.key])
    return posting


def _moved_posting(document: Document, other: Row[Any]) -> Posting:
    return Posting(
        key=document.key,
        state=State.HELD,
        epoch=0,
        fingerprint=document.fingerprint,
        mapped_digest=document.mapped_digest,
        vendor_id=document.vendor_id,
        number=document.number,
        total=document.total,
        version=0,
        kind=document.kind,
        conflict=Conflict.MOVED,
        conflict_with=by_key(other),
    )
