"""The world of one schedule: Stampli's server, the ERP, our ledger on disk, one clock; and the story of what happened.

A schedule has three parts: the attempts of its storm, each a process with its bad luck; then quiet, in which the machine
goes on by itself with nothing going wrong; then the checker looks at what is left.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from builders.clock import FakeClock
from builders.lines import make_reference

from crash.database import Databases
from crash.erps import ACCOUNTS, VENDORS, erp_of
from crash.inbox import Shelf
from crash.invoices import ACCOUNTS_BY_RULE, RULES, VENDORS_BY_RULE, Fact, content
from crash.process import Process
from crash.storms import Attempt, Plan, Storm
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.mapping.rules import Rules
from stampli_assets.mapping.verdicts import Hold
from stampli_assets.model.documents import Bill
from stampli_assets.model.findings import Finding
from stampli_assets.model.identity import PartitionKey
from stampli_assets.model.remote import RemoteFile
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import map_lines
from stampli_assets.pipeline.parse import Parsed, parse
from stampli_assets.pipeline.post import Desk
from stampli_assets.pipeline.stages import post_bills
from stampli_assets.pipeline.suppliers import settle, supply
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.unsettled import held, rejected
from stampli_assets.stampli.layout import Layout

BEGIN = 1_795_000_000
"""When Stampli wrote the first file, in seconds since 1970."""
QUIET_PAUSES = (1260, 7200)
"""Seconds before each round of the machine: after the settle window; when the latest commit shows."""
PostBills = Callable[..., Any]


@dataclass(frozen=True)
class Ready:
    """A mapped file: the bills that may go on, and why others may not."""

    rejects: tuple[Finding, ...]
    bills: Sequence[Bill]
    holds: tuple[Finding, ...]


Uncreated = dict[tuple[str, str], Hold]


class Library:
    """Parsed and mapped files: the product's own functions, once for each content, as they depend on nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parsed: dict[bytes, Parsed] = {}
        self._ready: dict[tuple[object, ...], Ready] = {}
        self.rules = {version: self._load(version) for version in RULES}

    def parsed(self, kept: bytes) -> Parsed:
        if kept not in self._parsed:
            self._parsed[kept] = parse(io.BytesIO(kept), name="invoices.csv", layout=Layout())
        return self._parsed[kept]

    def reference(self, new: Sequence[str]) -> dict[str, pd.DataFrame]:
        """The ERP's masters, with suppliers that were created."""
        return reference((*VENDORS, *new))

    def ready(
        self, kept: bytes, rules: str, target: Target, new: Sequence[str], uncreated: Uncreated | None = None
    ) -> Ready:
        key = (kept, rules, target, *new, *((who, hold.because) for who, hold in sorted((uncreated or {}).items())))
        if key not in self._ready:
            parsed = self.parsed(kept)
            lines: pd.DataFrame = parsed.lines
            mapped = map_lines(
                lines,
                rules=self.rules[rules],
                reference=self.reference(new),
                target=target,
                uncreated=uncreated or {},
            )
            self._ready[key] = Ready(
                tuple(rejected(parsed.rejects)), bills(mapped.lines, target), tuple(held(mapped.holds, lines))
            )
        return self._ready[key]

    def _load(self, version: str) -> Rules:
        folder = self._folder / f"rules-{version}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in RULES[version].items():
            (folder / name).write_text(text)
        return Rules.load(str(folder))


@cache
def reference(vendors: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """A reading of the masters with these vendors."""
    return make_reference(
        vendors={vendor: f"Vendor {vendor}" for vendor in vendors}, accounts=dict.fromkeys(ACCOUNTS, "")
    )


class Workshop:
    """What all schedules of a worker share: a folder in memory, an empty ledger to copy, the library."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")  # only faster; any folder does
        self.folder = Path(tempfile.mkdtemp(prefix="stampli-crash-", dir=memory if memory.is_dir() else None))
        self.library = Library(self.folder)
        self.databases = Databases()
        self.empty_ledger = self.folder / "empty.db"
        store = LedgerStore(f"sqlite:///{self.empty_ledger}", now=FakeClock().now)
        store.journal.head()
        store.close()

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def workshop() -> Workshop:
    """The workshop of this process."""
    return Workshop()


class World:
    """One schedule. ``post_bills``, and parts of the ERP's client, may be replaced by broken ones."""

    def __init__(
        self,
        storm: Storm,
        shop: Workshop,
        *,
        post_bills: PostBills = post_bills,
        **replaced: Any,
    ) -> None:
        self.storm = storm
        self.post_bills = post_bills
        self.library, self.databases = shop.library, shop.databases
        self.folder = shop.folder / f"schedule-{storm.seed}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.path = self.folder / "ledger.db"
        shutil.copyfile(shop.empty_ledger, self.path)
        self.clock = FakeClock()
        self.shelf = Shelf()
        self.rules = "a"
        self.story: list[str] = []
        self.by_hand: set[str] = set()
        """Record numbers that a person keyed into the ERP."""
        self.deleted: list[dict[str, Any]] = []
        """Bills that a person deleted after we had them posted."""
        self.unintended: list[str] = []
        """Control ids that reached the ERP while no durable intent of them could be read."""
        self._runs = itertools.count(1)
        self.erp = erp_of(self, **replaced)
        self.delivered = [self._deliver(n, facts) for n, facts in enumerate(storm.files)]

    def play(self) -> list[str]:
        """The whole schedule; answers its story, the same for the same storm."""
        for attempt in self.storm.attempts:
            self.clock.pass_time(seconds=attempt.after)
            self._person(attempt)
            self.run(self.delivered[attempt.file].partition, attempt.plan)
        self._quiet()
        return self.story

    def run(self, partition: PartitionKey, plan: Plan) -> str:
        """One process on one file."""
        process = Process(self, f"run-{next(self._runs)}", plan)
        self.tell(f"{process.name} takes {partition}")
        ended = process.run(partition)
        self.tell(f"{process.name} {ended}")
        return ended

    def another_worker(self, paused: Process) -> None:
        """Somebody else's process takes every file while this one stands still."""
        for file in self.delivered:
            if file.name in self.shelf.outbound:
                self.run(file.partition, Plan())

    def ready(self, kept: bytes, process: Process, desk: Desk) -> Ready:
        """The bills of a file under the rules of this moment; suppliers that are missing are created first."""
        new = self.erp.new_suppliers()
        ready = self.library.ready(kept, self.rules, self.erp.target, new)
        supplying = self.erp.supplying(process, desk)
        if supplying is None:
            return ready
        lines = self.library.parsed(kept).lines
        settle(lines, target=self.erp.target, how=supplying)
        if "VENDOR_UNKNOWN" not in {hold.code for hold in ready.holds}:
            return ready
        supplied = supply(
            lines,
            rules=self.library.rules[self.rules],
            reference=self.library.reference(new),
            target=self.erp.target,
            how=supplying,
        )
        return self.library.ready(kept, self.rules, self.erp.target, self.erp.new_suppliers(), dict(supplied.holds))

    def tell(self, what: str) -> None:
        self.story.append(f"{self.clock.now():%m-%d %H:%M:%S} {what}")

    def digest(self) -> str:
        """Of the whole history: the story, the ERP's books, the ledger, the files."""
        with closing(sqlite3.connect(self.path)) as ledger:
            kept = "\n".join(sorted(ledger.iterdump()))
        parts = ["\n".join(self.story), self.erp.told(), kept, repr(self.shelf)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _deliver(self, n: int, facts: tuple[Fact, ...]) -> RemoteFile:
        name, kept, at = f"invoices_{n}.csv", content(facts), BEGIN + 900 * n
        self.shelf.outbound[name] = (kept, at)
        return RemoteFile(name, len(kept), at)

    def _quiet(self) -> None:
        """Nothing goes wrong any more; time passes; files that are not settled are run again, as the sensor does."""
        self.tell("quiet")
        for pause in QUIET_PAUSES:
            self.clock.pass_time(seconds=pause)
            waiting = [file for file in self.delivered if file.name in self.shelf.outbound]
            ends = {self.run(file.partition, Plan()) for file in waiting}
            if ends <= {"settled"} or (ends <= {"settled", "failed: UNSETTLED"} and not self._in_doubt()):
                return

    def _in_doubt(self) -> bool:
        with closing(sqlite3.connect(self.path)) as ledger:
            found = ledger.execute("SELECT 1 FROM postings WHERE state IN ('sending', 'unknown')").fetchone()
        return found is not None

    def arriving(self, control_ids: list[str]) -> None:
        """When creates reach the ERP, another program that opens the ledger must read their intents."""
        query = "SELECT substr(key, 1, 36), epoch FROM postings WHERE state IN ('sending', 'unknown', 'posted')"
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as witness:
            intended = {f"sa-{key}-{epoch:04d}" for key, epoch in witness.execute(query)}
        self.unintended += [one for one in control_ids if one not in intended]

    def arriving_numbers(self, numbers: list[str]) -> None:
        """The same where an ERP is told no control id: by the documents' numbers."""
        query = "SELECT number FROM postings WHERE state IN ('sending', 'unknown', 'posted')"
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as witness:
            intended = {number for (number,) in witness.execute(query)}
        self.unintended += [one for one in numbers if one not in intended]

    def _person(self, attempt: Attempt) -> None:
        if attempt.person:
            self.tell(f"a person {attempt.person}")
        match attempt.person:
            case "deletes a posted bill":
                self._delete()
            case "keys a bill by hand":
                self._key(0)
            case "keys another amount by hand":
                self._key(1)
            case "edits the mapping":
                self.rules = "b"
            case "activates the vendor":
                self.erp.activate()

    def _delete(self) -> None:
        query = "SELECT record_no FROM postings WHERE state = 'posted' AND kind = 'bill' ORDER BY key LIMIT 1"
        with closing(sqlite3.connect(self.path)) as ledger:
            found = ledger.execute(query).fetchone()
        there = {bill["RECORDNO"]: bill for bill in self.erp.bills()}
        if found and found[0] in there:
            self.deleted.append(there[found[0]])
            self.by_hand.discard(found[0])
            self.erp.delete(found[0])

    def _key(self, more: int) -> None:
        """The first document of the first file, unless the ERP holds it already."""
        one = self.storm.files[0][0]
        vendor = VENDORS_BY_RULE[self.rules].get(one.vendor)
        held = {(bill["VENDORID"], bill["RECORDID"]) for bill in self.erp.bills()}
        if one.broken or vendor is None or (vendor, one.number) in held or self._is_under_way(one):
            return
        lines = [(ACCOUNTS_BY_RULE[self.rules][account], amount) for account, amount, _ in one.lines]
        self.by_hand.add(self.erp.key(vendor, one.number, str(one.total + more), lines))

    def _is_under_way(self, one: Fact) -> bool:
        """A person keys what nobody has sent yet; who keys what is on its way makes the second one himself."""
        query = "SELECT 1 FROM postings WHERE number = ? AND state IN ('sending', 'unknown', 'posted')"
        with closing(sqlite3.connect(self.path)) as ledger:
            found = ledger.execute(query, [one.number]).fetchone()
        return found is not None
