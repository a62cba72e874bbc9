"""The auditor: looks only at Stampli's files, the ERP's books and the ledger's tables, and believes nobody.

It imports nothing of the product. What a document should look like in the ERP it works out by itself, from the bytes of
the file and the two tables of mapping rules.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from crash.invoices import ACCOUNTS_BY_RULE, VENDORS_BY_RULE

LOST, DUPLICATED, UNEXPLAINED = "lost", "duplicated", "unexplained"
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Complaint:
    """What the auditor found: ``kind`` is lost, duplicated or unexplained."""

    kind: str
    about: str


@dataclass(frozen=True)
class Evidence:
    """Everything that the auditor is given."""

    files: Mapping[str, bytes]
    outbound: Mapping[str, bytes]
    archive: Mapping[str, bytes]
    bills: Sequence[dict[str, Any]]
    by_hand: set[str]
    deleted: Sequence[dict[str, Any]]
    unintended: Sequence[str]
    ledger: Path
    fields: Sequence[str]
    """What the ERP shows of a bill, beside its total and lines."""
    suppliers: Mapping[str, int]
    """Where the ERP creates suppliers: how many it holds of each name."""


@dataclass(frozen=True)
class Document:
    """One invoice of a file: its cells, and nothing else."""

    vendor: str
    number: str
    total: str
    lines: tuple[tuple[str, str, str], ...]

    @property
    def readable(self) -> bool:
        return _AMOUNT.fullmatch(self.total) is not None

    @property
    def sum(self) -> Decimal:
        return sum((Decimal(amount) for _, amount, _ in self.lines), Decimal(0))

    def in_the_erp(self) -> list[dict[str, Any]]:
        """How the ERP must hold it, under the rules before and after they were edited."""
        return [
            {
                "VENDORID": VENDORS_BY_RULE[rules].get(self.vendor, self.vendor),
                "RECORDID": self.number,
                "CURRENCY": "USD",
                "WHENCREATED": "11/02/2026",
                "WHENDUE": "12/02/2026",
                "TRX_TOTALENTERED": self.sum,
                "lines": [
                    (ACCOUNTS_BY_RULE[rules][account], Decimal(amount), memo) for account, amount, memo in self.lines
                ],
            }
            for rules in ("a", "b")
        ]


def check(evidence: Evidence) -> list[Complaint]:
    """Everything that is wrong; nothing, when each document is where it belongs, once."""
    ledger = sqlite3.connect(f"file:{evidence.ledger}?mode=ro", uri=True)
    ledger.row_factory = sqlite3.Row
    try:
        return [
            *_at_most_once(evidence),
            *_as_approved(evidence, ledger),
            *_nothing_in_doubt(ledger),
            *_every_file(evidence, ledger),
            *_intents(evidence),
            *_suppliers(evidence),
            *_journal(ledger),
        ]
    finally:
        ledger.close()


def documents(content: bytes) -> list[Document]:
    """The invoices of a file, read with nothing but a CSV reader."""
    together: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for cells in csv.DictReader(io.StringIO(content.decode())):
        together[cells["Vendor ID"], cells["Invoice Number"]].append(cells)
    return [
        Document(
            vendor,
            number,
            rows[0]["Invoice Total"],
            tuple((cells["GL Account"], cells["Line Amount"], cells["Line Description"]) for cells in rows),
        )
        for (vendor, number), rows in together.items()
    ]


def _may_be(bill: Mapping[str, Any], document: Document) -> bool:
    """Whether a bill stands under the document's vendor and number, whatever its content."""
    vendors = {VENDORS_BY_RULE[rules].get(document.vendor, document.vendor) for rules in ("a", "b")}
    return bill["RECORDID"] == document.number and bill["VENDORID"] in vendors


def _known(evidence: Evidence) -> dict[tuple[str, str], list[Document]]:
    """Every version of every document that Stampli approved."""
    versions: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for content in evidence.files.values():
        for one in documents(content):
            versions[one.vendor, one.number].append(one)
    return versions


def _at_most_once(evidence: Evidence) -> Iterator[Complaint]:
    """One bill of ours under any vendor that the rules ever gave; none beside one that a person keyed for that vendor."""
    for (vendor, number), versions in _known(evidence).items():
        found = [bill for bill in evidence.bills if _may_be(bill, versions[0])]
        ours = [bill for bill in found if bill["RECORDNO"] not in evidence.by_hand]
        beside = [
            bill for bill in found if bill not in ours and any(bill["VENDORID"] == one["VENDORID"] for one in ours)
        ]
        if len(ours) + len(beside) > 1:
            records = ", ".join(bill["RECORDNO"] for bill in (*ours, *beside))
            yield Complaint(DUPLICATED, f"{number} of {vendor} is in the ERP several times: {records}")
        gone = [bill["RECORDNO"] for bill in evidence.deleted if _may_be(bill, versions[0])]
        if gone and ours:
            yield Complaint(DUPLICATED, f"{number} of {vendor} was deleted as {gone[0]} and came again")


def _as_approved(evidence: Evidence, ledger: sqlite3.Connection) -> Iterator[Complaint]:
    """Every bill of ours is one that was approved, field by field, and the ledger knows it."""
    recorded = {
        row["record_no"]: row
        for row in ledger.execute("SELECT * FROM postings WHERE state = 'posted' AND kind = 'bill'").fetchall()
    }
    known = _known(evidence)
    for bill in evidence.bills:
        if bill["RECORDNO"] in evidence.by_hand:
            continue
        about = f"record {bill['RECORDNO']} ({bill['RECORDID']} of {bill['VENDORID']})"
        shown = _shown(bill, evidence.fields)
        approved = [one for versions in known.values() for one in versions if _may_be(bill, one)]
        if not any(shown == {name: wanted[name] for name in shown} for one in approved for wanted in one.in_the_erp()):
            yield Complaint(UNEXPLAINED, f"{about} is not as approved: {shown}")
        row = recorded.get(bill["RECORDNO"])
        if row is None:
            yield Complaint(UNEXPLAINED, f"{about} is in the ERP and the ledger does not have it as posted")
        elif (row["vendor_id"], row["number"], Decimal(row["total"])) != (
            bill["VENDORID"], bill["RECORDID"], Decimal(bill["TRX_TOTALENTERED"]) * 100,
        ):  # fmt: skip
            yield Complaint(UNEXPLAINED, f"{about} differs from the ledger")
    there = {bill["RECORDNO"] for bill in (*evidence.bills, *evidence.deleted)}
    for record in sorted(set(recorded) - there):
        yield Complaint(LOST, f"the ledger says posted as {record}, which the ERP never had")


def _shown(bill: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {
        **{name: bill.get(name) for name in fields},
        "TRX_TOTALENTERED": Decimal(bill["TRX_TOTALENTERED"]),
        "lines": [
            (line["ACCOUNTNO"], Decimal(line["TRX_AMOUNT"]), line.get("ENTRYDESCRIPTION")) for line in bill["lines"]
        ],
    }


def _nothing_in_doubt(ledger: sqlite3.Connection) -> Iterator[Complaint]:
    for row in ledger.execute("SELECT number, state FROM postings WHERE state IN ('sending', 'unknown')"):
        yield Complaint(UNEXPLAINED, f"{row['number']} is still {row['state']} when the world is quiet")


def _every_file(evidence: Evidence, ledger: sqlite3.Connection) -> Iterator[Complaint]:
    """Each document has an end or a reason; a file is in archive exactly when all its documents are settled."""
    partitions = {row["name"]: row["partition"] for row in ledger.execute("SELECT name, partition FROM deliveries")}
    for name, content in evidence.files.items():
        reasons: dict[str, str] = {
            row["document"]: row["end"]
            for row in ledger.execute(
                "SELECT document, \"end\" FROM findings WHERE partition = ? AND sentence <> ''",
                [partitions.get(name, "")],
            )
        }
        settled = True
        for one in documents(content):
            if one.readable and _is_posted(one, evidence, ledger):
                continue
            if reasons.get(one.number) == "skipped":
                if not _came_again(one, name, evidence):
                    yield Complaint(LOST, f"{one.number} of {name} is left to a later file, and none brings it")
                continue
            if reasons.get(one.number) != "rejected" or one.readable:
                settled = False
                if one.number not in reasons:
                    yield Complaint(LOST, f"{one.number} of {name} is neither in the ERP nor on a list with a reason")
        yield from _where_it_lies(name, content, evidence, settled=settled)
        if settled:
            yield from _sums(name, content, evidence, ledger)


def _came_again(one: Document, name: str, evidence: Evidence) -> bool:
    """Whether a later file brings the same document with other content."""
    names = list(evidence.files)
    later = (evidence.files[other] for other in names[names.index(name) + 1 :])
    return any((other.vendor, other.number) == (one.vendor, one.number) and other.lines != one.lines
               for content in later for other in documents(content))  # fmt: skip


def _is_posted(one: Document, evidence: Evidence, ledger: sqlite3.Connection) -> bool:
    rows = ledger.execute(
        "SELECT record_no, total, state FROM postings WHERE stampli_vendor = ? AND number = ?", [one.vendor, one.number]
    ).fetchall()
    if len(rows) != 1 or rows[0]["state"] != "posted":
        return False
    bills = [bill for bill in (*evidence.bills, *evidence.deleted) if bill["RECORDNO"] == rows[0]["record_no"]]
    return any(Decimal(bill["TRX_TOTALENTERED"]) == one.sum for bill in bills)


def _where_it_lies(name: str, content: bytes, evidence: Evidence, *, settled: bool) -> Iterator[Complaint]:
    there = {
        place: files.get(name) for place, files in (("outbound", evidence.outbound), ("archive", evidence.archive))
    }
    wanted = {"outbound": None, "archive": content} if settled else {"outbound": content, "archive": None}
    if there != wanted:
        lies = [place for place, kept in there.items() if kept is not None]
        what = "settled" if settled else "not settled"
        yield Complaint(LOST if not lies else UNEXPLAINED, f"{name} is {what} and lies in {lies}, or was altered")


def _sums(name: str, content: bytes, evidence: Evidence, ledger: sqlite3.Connection) -> Iterator[Complaint]:
    """What was approved and what the ERP holds, to the cent, by vendor (everything here is in one currency)."""
    amounts = {bill["RECORDNO"]: Decimal(bill["TRX_TOTALENTERED"]) for bill in (*evidence.bills, *evidence.deleted)}
    posted = {
        (row["stampli_vendor"], row["number"]): row["record_no"]
        for row in ledger.execute("SELECT stampli_vendor, number, record_no FROM postings WHERE state = 'posted'")
    }
    approved: dict[str, Decimal] = defaultdict(Decimal)
    held: dict[str, Decimal] = defaultdict(Decimal)
    for one in documents(content):
        if one.readable and not _came_again(one, name, evidence):
            approved[one.vendor] += Decimal(one.total)
            held[one.vendor] += amounts.get(posted.get((one.vendor, one.number), ""), Decimal(0))
    if approved != held:
        yield Complaint(UNEXPLAINED, f"{name} sums to {dict(approved)}, the ERP holds {dict(held)}")


def _intents(evidence: Evidence) -> Iterator[Complaint]:
    for control_id in evidence.unintended:
        yield Complaint(UNEXPLAINED, f"{control_id} reached the ERP without a durable intent")


def _suppliers(evidence: Evidence) -> Iterator[Complaint]:
    for name, count in evidence.suppliers.items():
        if count > 1:
            yield Complaint(DUPLICATED, f"supplier {name} is in the ERP {count} times")


def _journal(ledger: sqlite3.Connection) -> Iterator[Complaint]:
    """Chained without a gap; worked out here a second time."""
    previous = "0" * 64
    rows = ledger.execute("SELECT seq, at, run, what, previous, digest FROM journal ORDER BY seq")
    for expected, row in enumerate(rows, start=1):
        parts = [str(row["seq"]), row["at"], row["run"], row["what"], previous]
        digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
        if (row["seq"], row["previous"], row["digest"]) != (expected, previous, digest):
            yield Complaint(UNEXPLAINED, f"the journal breaks at entry {expected}")
            return
        previous = digest
