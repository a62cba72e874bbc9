"""Trail: everything that the ledger knows of a document, a vendor, a file or a run. Nothing is changed here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, or_, select, text

from stampli_assets.ledger.findings import open_finding
from stampli_assets.ledger.folding import folded
from stampli_assets.ledger.proof import AT_ONCE, at_one_moment
from stampli_assets.ledger.schema import KEY_OF_AN_ENTRY, decisions, deliveries, findings, journal, postings
from stampli_assets.ledger.store import iso
from stampli_assets.model.documents import Kind
from stampli_assets.model.findings import OpenFinding
from stampli_assets.model.trail import Decided, Delivery, Entry, Traced, Trail

if TYPE_CHECKING:
    from stampli_assets.ledger.store import LedgerStore

MOST = 500
"""Documents that are told of one vendor, file or run; the rest is for an export."""
MOST_PAYMENTS = 20
"""Payments whose files are looked into for the bills that they pay."""
_IN_ORDER = tuple(postings.c[name] for name in ("updated_at", "connection", "partition", "first_row", "key"))
_CONTROL = "sa-"


class Trails:
    """Reads the trail."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store

    def document(self, name: str, vendor: str = "") -> Traced:
        """By document number, Stampli id, ERP record number, control id or posting key; by a number that differs only in
        case or spaces where nothing is called exactly so.
        """
        if not folded(name):
            return Traced(())
        with self._store.reading() as connection:
            at_one_moment(connection)
            rows = _select(connection, _called(name), vendor) or _select(
                connection, postings.c.number_folded == folded(name), vendor
            )
            known = {row["number"] for row in rows}
            wanted = findings.c.document.in_(sorted({name, *known}))
            unposted = _findings(connection, wanted & _told_vendor(vendor) if vendor else wanted)
            trails = [_trail(connection, row, unposted) for row in rows]
            told = {id(one) for trail in trails for one in trail.findings}
            rest = [one for one in unposted if id(one) not in told]
        return Traced(trails, rest)

    def of_vendor(self, name: str) -> Traced:
        """The newest documents of a vendor, by its number in the ERP, by Stampli's, or by its name."""
        columns = (postings.c.vendor_id, postings.c.stampli_vendor, postings.c.vendor_name)
        return self._listed(or_(*(column == name for column in columns)), _told_vendor(name))

    def of_file(self, name: str) -> Traced:
        """The documents of a file, by its name, its partition or the digest of its bytes; with its delivery."""
        columns = (deliveries.c.name, deliveries.c.partition, deliveries.c.digest)
        with self._store.reading() as connection:
            query = select(deliveries).where(or_(*(column == name for column in columns)))
            found = connection.execute(query.order_by(deliveries.c.collected_at.desc())).mappings().first()
        if found is None:
            return self._listed(postings.c.file_name == name, findings.c.file_name == name)
        delivery = _delivery(found)
        traced = self._listed(_of(postings, delivery), _of(findings, delivery))
        return Traced(traced.trails, traced.unposted, delivery)

    def of_run(self, name: str) -> Traced:
        """The documents that a run has sent last, by its id or the beginning of it."""
        return self._listed(
            postings.c.run.startswith(name, autoescape=True), findings.c.run.startswith(name, autoescape=True)
        )

    def payments_beside(self, bill: Mapping[str, Any]) -> Sequence[Trail]:
        """The newest payments and voids of the vendor of a bill, in its company."""
        whose = or_(postings.c.vendor_id == bill["vendor_id"], postings.c.stampli_vendor == bill["stampli_vendor"])
        query = (
            select(postings)
            .where(postings.c.kind.in_([Kind.PAYMENT, Kind.VOID]), whose)
            .where(postings.c.erp == bill["erp"], postings.c.company == bill["company"])
            .order_by(postings.c.updated_at.desc())
            .limit(MOST_PAYMENTS)
        )
        with self._store.reading() as connection:
            return [Trail(dict(row)) for row in connection.execute(query).mappings()]

    def posted_between(self, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
        """The postings whose present state is from then (``start`` included, ``end`` not), in order of their time."""
        in_time = (postings.c.updated_at >= iso(start), postings.c.updated_at < iso(end))
        query = select(postings).where(*in_time).order_by(*_IN_ORDER)
        with self._store.reading() as connection:
            for row in connection.execution_options(yield_per=AT_ONCE).execute(query).mappings():
                yield dict(row)

    def digests(self) -> Mapping[tuple[str, str], str]:
        """The digest of every delivery, by connection and partition."""
        query = select(deliveries.c.connection, deliveries.c.partition, deliveries.c.digest)
        with self._store.reading() as connection:
            return {(row.connection, row.partition): row.digest for row in connection.execute(query)}

    def journal(self) -> Iterator[Mapping[str, Any]]:
        """Every entry, as it was written."""
        with self._store.reading() as connection:
            at_one_moment(connection)
            query = select(journal).order_by(journal.c.seq)
            for row in connection.execution_options(yield_per=AT_ONCE).execute(query).mappings():
                yield dict(row)

    def _listed(self, mine: ColumnElement[bool], found: ColumnElement[bool]) -> Traced:
        query = select(postings).where(mine).order_by(postings.c.updated_at.desc(), postings.c.first_row).limit(MOST)
        with self._store.reading() as connection:
            at_one_moment(connection)
            trails = [Trail(dict(row)) for row in connection.execute(query).mappings()]
            return Traced(trails, _findings(connection, found))


def _told_vendor(name: str) -> ColumnElement[bool]:
    """Findings name a vendor by its number, and by its name behind it where that is known."""
    named = findings.c.vendor
    return or_(
        named == name, named.startswith(f"{name} ", autoescape=True), named.endswith(f" {name}", autoescape=True)
    )


def _called(name: str) -> ColumnElement[bool]:
    if name.startswith(_CONTROL):
        begins = name.removeprefix(_CONTROL).partition("-")[0]
        return (postings.c.key >= begins) & (postings.c.key < f"{begins}g") if begins else postings.c.key == ""
    columns = (postings.c.number, postings.c.stampli_id, postings.c.record_no, postings.c.key)
    return or_(*(column == name for column in columns))


def _select(connection: Connection, mine: ColumnElement[bool], vendor: str) -> list[dict[str, Any]]:
    query = select(postings).where(mine).order_by(postings.c.updated_at)
    if vendor:
        of_vendor = (postings.c.vendor_id, postings.c.stampli_vendor, postings.c.vendor_name)
        query = query.where(or_(*(column == vendor for column in of_vendor)))
    return [dict(row) for row in connection.execute(query.limit(MOST)).mappings()]


def _trail(connection: Connection, row: Mapping[str, Any], open_findings: Sequence[OpenFinding]) -> Trail:
    decided = connection.execute(select(decisions).where(decisions.c.key == row["key"]).order_by(decisions.c.at))
    mine = (deliveries.c.connection == row["connection"]) & (deliveries.c.partition == row["partition"])
    delivery = connection.execute(select(deliveries).where(mine)).mappings().first()
    return Trail(
        posting=row,
        entries=_entries(connection, row["key"]),
        decisions=[Decided(one.what, one.by, one.because, datetime.fromisoformat(one.at)) for one in decided],
        delivery=_delivery(delivery) if delivery is not None else None,
        findings=[
            one
            for one in open_findings
            if (one.connection, one.finding.document) == (row["connection"], row["number"])
            and (not one.finding.vendor or one.finding.vendor.startswith((row["vendor_id"], row["stampli_vendor"])))
        ],
    )


def _entries(connection: Connection, key: str) -> list[Entry]:
    """The entries that name a posting, by the index on what they say."""
    of_key = text(f"{KEY_OF_AN_ENTRY[connection.dialect.name]} = :its_key").bindparams(its_key=key[:64])
    found = connection.execute(select(journal).where(of_key).order_by(journal.c.seq))
    entries = (Entry(row.seq, datetime.fromisoformat(row.at), row.run, json.loads(row.what)) for row in found)
    return [entry for entry in entries if entry.what.get("key") == key]


def _findings(connection: Connection, mine: ColumnElement[bool]) -> list[OpenFinding]:
    query = select(findings).where(mine).order_by(findings.c.first_seen, findings.c.id).limit(MOST)
    return [open_finding(row) for row in connection.execute(query)]


def _of(table: Any, delivery: Delivery) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = (table.c.connection == delivery.connection) & (table.c.partition == delivery.partition)
    return mine


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    told = {name: row[name] for name in ("connection", "partition", "name", "digest", "size", "modified", "run")}
    at = datetime.fromisoformat(row["collected_at"])
    return Delivery(**told, collected_at=at, archived_as=row["archived_as"])
