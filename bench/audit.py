"""How long the audit trail takes: ``python bench/audit.py [POSTINGS] [LEDGER'S ADDRESS]``.

Loads a ledger through its own doors (planned, intent, posted: three entries of the journal each) and prints the seconds of
every question. The landed file is not part of it: reading its rows again is told by ``stampli audit show`` itself.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.documents import Bill, BillLine
from stampli_assets.model.identity import Fingerprint, MappingVersion, fingerprint, posting_key
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Posted
from stampli_assets.model.postings import Intent, Source
from stampli_assets.reports.audit import WRITERS, Around, audit_rows

PER_FILE = 1_000
DAY = date(2026, 11, 2)


def bill(place: int) -> Bill:
    vendor, number = f"V-{place % 400}", f"INV-{place:07d}"
    total = Money(10_000 + place, "USD")
    return Bill(
        key=posting_key(erp="intacct", company="ACME", kind="bill", vendor_id=vendor, number=number),
        fingerprint=Fingerprint(fingerprint({"number": number})),
        stampli_id=f"ST-{place:07d}",
        stampli_vendor_id=vendor,
        vendor_id=vendor,
        vendor_name=f"Supplier {place % 400}",
        number=number,
        total=total,
        mapping_version=MappingVersion("m1"),
        first_row=place % PER_FILE + 1,
        invoice_date=DAY,
        posting_date=DAY,
        due_date=DAY,
        lines=(BillLine(1, "62200", total, "Paper"),),
    )


def load(store: LedgerStore, count: int) -> None:
    for start in range(0, count, PER_FILE):
        partition = f"20261121T{start // PER_FILE:04d}_invoices_0a1b2c3d"
        source = Source("acme_us", "intacct", "ACME", partition, f"invoices_{start}.csv", f"run-{start}")
        documents = [bill(place) for place in range(start, min(start + PER_FILE, count))]
        intents = [Intent(*pair) for pair in zip(documents, store.postings.open(documents, source), strict=True)]
        sent = store.postings.mark_sending(intents, source, store.leases.take(partition, source.run))
        verdicts = [(one, Posted(ErpRecord(f"R{start + n}"))) for n, one in enumerate(sent) if one is not None]
        store.postings.record(verdicts, source)


def timed(what: str, call: Callable[[], object]) -> None:
    began = time.perf_counter()
    told = call()
    print(f"{what:<44} {time.perf_counter() - began:8.3f} s   {told}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        address = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/ledger.db"
        timed(f"load {count} postings", lambda: load(LedgerStore(address), count))
        store = LedgerStore(address)
        store.journal.head()
        middle = count // 2
        for what, name in (
            ("number", f"INV-{middle:07d}"),
            ("Stampli id", f"ST-{middle:07d}"),
            ("record number", f"R{middle}"),
            ("nothing that is known", "nothing"),
        ):
            timed(f"show by {what}", lambda name=name: f"{len(store.trails.document(name).trails)} document(s)")
        timed("show a vendor", lambda: f"{len(store.trails.of_vendor('V-7').trails)} document(s)")
        timed("show a file", lambda: f"{len(store.trails.of_file('invoices_0.csv').trails)} document(s)")
        timed("show a run", lambda: f"{len(store.trails.of_run('run-0').trails)} document(s)")
        timed("verify", lambda: store.proofs.prove(dict([store.journal.head()])))
        since = datetime(2000, 1, 1, tzinfo=UTC)
        around = Around(store.trails.digests(), str)
        for form, write in WRITERS.items():
            rows = audit_rows(store.trails.posted_between(since, datetime.now(UTC)), around)
            timed(f"export {form}", lambda write=write, rows=rows, form=form: write(Path(folder) / f"a.{form}", rows))
        print(f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        store.close()


if __name__ == "__main__":
    main()
