"""The auditor: reads only Stampli's files, the ERP's books and the ledger's tables. It imports nothing of the product."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

LOST, DUPLICATED, UNEXPLAINED = "lost", "duplicated", "unexplained"
TABLES = ("postings", "deliveries", "findings", "journal")
MAPPING = Path(__file__).resolve().parents[2] / "mapping" / "acme_us"


@dataclass(frozen=True)
class Complaint:
    """What is wrong: ``kind`` is lost, duplicated or unexplained."""

    kind: str
    about: str


@dataclass(frozen=True)
class Evidence:
    """Everything that the auditor is given."""

    files: Mapping[str, bytes]
    outbound: Mapping[str, bytes]
    archive: Mapping[str, bytes]
    bills: Sequence[Mapping[str, Any]]
    suppliers: Mapping[str, int]
    """Where the ERP creates suppliers: how many it holds of each tax id."""
    ledger: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Approved:
    """One invoice of a file, as the ERP must hold it."""

    file: str
    vendor: str
    number: str
    total: Decimal
    lines: tuple[tuple[str, Decimal, str], ...]

    @property
    def adds_up(self) -> bool:
        return sum((amount for _, amount, _ in self.lines), Decimal(0)) == self.total


def audit(evidence: Evidence) -> list[Complaint]:
    """Every complaint; none, when each approved document is in the ERP once and each file in archive as it came."""
    return [
        *_each_document(evidence),
        *_nothing_else(evidence),
        *_each_file(evidence),
        *_nothing_in_doubt(evidence),
        *_suppliers(evidence),
        *_journal(evidence.ledger["journal"]),
    ]


def read_ledger(address: str) -> dict[str, list[dict[str, Any]]]:
    """The ledger's tables as they are, by a connection of our own."""
    if address.startswith("sqlite:///"):
        connection: Any = sqlite3.connect(f"file:{address.removeprefix('sqlite:///')}?mode=ro", uri=True)
    else:
        import psycopg2

        connection = psycopg2.connect(address.replace("postgresql+psycopg2://", "postgresql://"))
    try:
        return {table: _rows(connection, table) for table in TABLES}
    finally:
        connection.close()


def _rows(connection: Any, table: str) -> list[dict[str, Any]]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def approved(files: Mapping[str, bytes]) -> dict[tuple[str, str], Approved]:
    """Every invoice of the files, by vendor and number; one that came in two files is one invoice."""
    vendors, accounts = _rules("vendors.csv"), _rules("gl_accounts.csv")
    found: dict[tuple[str, str], Approved] = {}
    for name, content in files.items():
        together: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for cells in csv.DictReader(io.StringIO(content.decode())):
            together[cells["Vendor ID"], cells["Invoice Number"]].append(cells)
        for (vendor, number), rows in together.items():
            one = Approved(
                name,
                vendors.get(vendor, vendor),
                number,
                Decimal(rows[0]["Invoice Total"]),
                tuple(
                    (accounts.get(row["GL Account"], row["GL Account"]), Decimal(row["Line Amount"]), row["Line Description"])
                    for row in rows
                ),
            )  # fmt: skip
            found.setdefault((one.vendor, number), one)
    return found


def plain_vendor(number: str) -> str:
    """The branches' X3 keeps some suppliers as ``S00004`` in place of ``V-10004``."""
    return f"V-{number.removeprefix('S')}" if number.startswith("S") else number


def _rules(name: str) -> dict[str, str]:
    """What a mapping rule's first column becomes."""
    rows = csv.reader((MAPPING / name).read_text(encoding="utf-8").splitlines()[1:])
    return {row[0]: row[1] for row in rows if row}


def _each_document(evidence: Evidence) -> Iterator[Complaint]:
    bills: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for bill in evidence.bills:
        bills[bill["VENDORID"], bill["RECORDID"]].append(bill)
    postings = {
        (plain_vendor(row["vendor_id"]), row["number"]): row
        for row in evidence.ledger["postings"]
        if row["kind"] == "bill"
    }
    rejected = {row["document"] for row in evidence.ledger["findings"] if row["end"] == "rejected" and row["sentence"]}
    for key, one in approved(evidence.files).items():
        there = bills.get(key, [])
        named = f"{one.number} of {one.vendor} in {one.file}"
        if not one.adds_up:
            if there:
                yield Complaint(UNEXPLAINED, f"{named} does not add up and is in the ERP")
            if one.number not in rejected:
                yield Complaint(LOST, f"{named} does not add up and is on no list")
            continue
        if not there:
            yield Complaint(LOST, f"{named} is not in the ERP")
            continue
        if len(there) > 1:
            yield Complaint(DUPLICATED, f"{named} is in the ERP {len(there)} times")
        shown = [
            (line["ACCOUNTNO"], Decimal(line["TRX_AMOUNT"]), line.get("ENTRYDESCRIPTION")) for line in there[0]["lines"]
        ]
        if (Decimal(there[0]["TRX_TOTALENTERED"]), tuple(shown)) != (one.total, one.lines):
            yield Complaint(UNEXPLAINED, f"{named} is in the ERP as {there[0]['TRX_TOTALENTERED']}: {shown}")
        posting = postings.get(key)
        if posting is None or (posting["state"], posting["record_no"]) != ("posted", there[0]["RECORDNO"]):
            yield Complaint(UNEXPLAINED, f"{named} is record {there[0]['RECORDNO']}; the ledger says {posting}")


def _nothing_else(evidence: Evidence) -> Iterator[Complaint]:
    known = approved(evidence.files)
    for bill in evidence.bills:
        if (bill["VENDORID"], bill["RECORDID"]) not in known:
            yield Complaint(UNEXPLAINED, f"record {bill['RECORDNO']} was approved by nobody")
    for record, times in Counter(row["record_no"] for row in evidence.ledger["postings"] if row["record_no"]).items():
        if times > 1:
            yield Complaint(UNEXPLAINED, f"the ledger has record {record} {times} times")


def _each_file(evidence: Evidence) -> Iterator[Complaint]:
    recorded = {row["name"]: row["archived_as"] for row in evidence.ledger["deliveries"]}
    for name, content in evidence.files.items():
        if name in evidence.outbound:
            yield Complaint(LOST, f"{name} still waits in outbound")
        if evidence.archive.get(name) != content:
            yield Complaint(LOST, f"{name} is not in archive as it came")
        if recorded.get(name) != name:
            yield Complaint(UNEXPLAINED, f"{name} is in the ledger as archived {recorded.get(name)!r}")
    for name in sorted({*evidence.archive, *evidence.outbound} - set(evidence.files)):
        yield Complaint(UNEXPLAINED, f"{name} is a file that nobody put there")


def _suppliers(evidence: Evidence) -> Iterator[Complaint]:
    for tax_id, times in evidence.suppliers.items():
        if times > 1:
            yield Complaint(DUPLICATED, f"the supplier with tax id {tax_id} is in the ERP {times} times")


def _nothing_in_doubt(evidence: Evidence) -> Iterator[Complaint]:
    for row in evidence.ledger["postings"]:
        if row["state"] != "posted":
            yield Complaint(UNEXPLAINED, f"{row['number']} of {row['file_name']} is {row['state']} when all is quiet")
    for row in evidence.ledger["findings"]:
        if row["end"] != "rejected":
            yield Complaint(UNEXPLAINED, f"{row['document']} of {row['file_name']} is on the list: {row['sentence']}")


def _journal(journal: Sequence[Mapping[str, Any]]) -> Iterator[Complaint]:
    """Chained without a gap; worked out here a second time."""
    previous = "0" * 64
    for expected, row in enumerate(sorted(journal, key=lambda row: row["seq"]), start=1):
        parts = [str(row["seq"]), row["at"], row["run"], row["what"], previous]
        digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
        if (row["seq"], row["previous"], row["digest"]) != (expected, previous, digest):
            yield Complaint(UNEXPLAINED, f"the journal breaks at entry {expected}")
            return
        previous = digest
