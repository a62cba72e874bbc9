"""One invoice file of N invoices with five lines each through parse, map and post, with an ERP that takes no time.

    python bench/huge_file.py 100000

Prints seconds and the peak of memory after each stage. The ledger is a SQLite file in a folder that is removed again.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from builders.bills import make_source
from builders.crash import Quiet
from builders.exports import HEADERS, row
from builders.lines import make_reference

from stampli_assets.ledger.store import LedgerStore
from stampli_assets.mapping.rules import Rules
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted
from stampli_assets.pipeline.map import map_lines
from stampli_assets.pipeline.parse import parse
from stampli_assets.pipeline.post import Desk, Pace
from stampli_assets.pipeline.stages import MappedBatch, post_batch, settled_frame
from stampli_assets.pipeline.target import Target
from stampli_assets.stampli.layout import Layout
from stampli_assets.wiring import NoFaults, WallClock

LINES = 5
TARGET = Target(erp="intacct", company="ACME")


class InstantErp:
    """Keeps whatever comes, at once."""

    def __init__(self) -> None:
        self._kept = 0

    def post(self, documents: Sequence) -> Sequence[Outcome]:
        self._kept += len(documents)
        return [
            Posted(ErpRecord(str(self._kept + place), total=bill.total)) for place, (bill, _) in enumerate(documents)
        ]

    def find(self, documents: Sequence) -> Sequence[Sequence[ErpRecord]]:
        return [[] for _ in documents]


@contextmanager
def measured(stage: str):
    started = time.perf_counter()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{stage:8} {time.perf_counter() - started:8.1f} s   peak {peak:6} MB", flush=True)


def write_export(path: Path, invoices: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADERS)
        writer.writeheader()
        for number in range(invoices):
            for line in range(1, LINES + 1):
                writer.writerow(
                    row(
                        Stampli_Invoice_ID=f"ST-{number}",
                        Invoice_Number=f"INV-{number}",
                        Invoice_Total="590.00",
                        Line_Number=str(line),
                        Line_Amount="118.00",
                        GL_Account="64500",
                        Line_Description=f"Paper {number} {line}",
                    )
                )


def main() -> None:
    invoices = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "invoices.csv"
        write_export(export, invoices)
        print(f"{invoices} invoices, {invoices * LINES} lines, {export.stat().st_size / 1e6:.0f} MB")
        with measured("parse"), export.open("rb") as source:
            lines = parse(source, name=export.name, layout=Layout()).lines
        clock = WallClock()
        with measured("map"):
            mapped = map_lines(lines, rules=Rules.load(""), reference=make_reference(), target=TARGET)
        del lines
        ledger = LedgerStore(f"sqlite:///{folder}/ledger.db")
        desk = Desk(
            ledger=ledger.postings,
            leases=ledger.leases,
            book=InstantErp(),
            clock=clock,
            source=make_source(),
            faults=NoFaults(),
            progress=Quiet(),
            pace=Pace(settle=timedelta(minutes=20)),
        )
        with measured("post"):
            batch = MappedBatch(mapped, (), "", clock.now())
            posted = post_batch(batch, desk=desk, target=TARGET, record=lambda _: None)
        with measured("settle"):
            frame = settled_frame(posted.settled_or_raise())
        print(f"{len(frame)} settled")
        ledger.close()


if __name__ == "__main__":
    main()
