"""One process of ours: the product's own corridor over parts that fail as planned, until it ends or is killed."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from builders.crash import Crash, Quiet

from crash.inbox import ShelfInbox
from crash.storms import Plan
from stampli_assets.landing.store import LandingStore
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.errors import StampliAssetsError
from stampli_assets.model.identity import PartitionKey
from stampli_assets.model.postings import Source
from stampli_assets.pipeline.archive import archive
from stampli_assets.pipeline.collect import collect
from stampli_assets.pipeline.post import Desk, Pace

if TYPE_CHECKING:
    from crash.world import World

SETTLE = timedelta(minutes=20)
CONNECTION = "acme_us"
PAUSES = {"pause": 100, "long pause": 1500}
"""Seconds for which a process may stand still: past its lease, and past the settle window."""


class Inline(Executor):
    """Carries a request out where it is handed in: nothing depends on threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - a crash too is for whoever asks for the result
            future.set_exception(error)
        return future


class Process:
    """``name`` is its run. After it was killed, whatever it still tries to do comes to nothing."""

    def __init__(self, world: World, name: str, plan: Plan) -> None:
        self.world = world
        self.name = name
        self._plan = plan
        self._seen: Counter[str] = Counter()
        self._transactions = -1
        self._dead = False
        self._database = world.databases.open(str(world.path), self._ledger_trouble)

    def run(self, partition: PartitionKey) -> str:
        """The corridor for one file, as Dagster's steps run it; answers how it ended."""
        try:
            with self.world.databases.used_by(self._database):
                self._corridor(partition)
        except Crash:
            return "killed"
        except StampliAssetsError as error:
            return f"failed: {error.code or type(error).__name__}"
        finally:
            self._dead = True
            self._database.really_close()
        return "settled"

    def reach(self, point: str) -> None:
        """The port ``Faults``."""
        self._alive()
        what = self._plan.points.get((point, self._nth(f"at {point}")), "")
        if not what:
            return
        self.world.tell(f"{self.name}: {what} at {point}")
        if what == "crash":
            self._die()
        if what in PAUSES:
            self.world.clock.pass_time(seconds=PAUSES[what])
        self.world.another_worker(self)

    def _corridor(self, partition: PartitionKey) -> None:
        ledger = LedgerStore(f"sqlite:///{self.world.path}", now=self.world.clock.now, engine=self.world.databases)
        inbox = ShelfInbox(self.world.shelf, self._trouble)
        landing = Landing(str(self.world.folder / "landing"), self._trouble)
        parts: dict[str, Any] = {"clock": self.world.clock, "run": self.name, "faults": self}
        landed = collect(
            partition, connection=CONNECTION, inbox=inbox, landing=landing, deliveries=ledger.deliveries, **parts
        ).landed
        target = self.world.erp.target
        source = Source(CONNECTION, target.erp, target.company, landed.partition, landed.file.name, self.name)

        def record(stage: str, findings: list[Any]) -> None:
            ledger.findings.replace(source, stage, findings, self.world.clock.now())

        with landing.open(landed) as kept:
            content = kept.read()
        desk = self._desk(ledger, source)
        ready = self.world.ready(content, self, desk)
        record("parse", list(ready.rejects))
        record("map", list(ready.holds))
        posted = self.world.post_bills(ready.bills, ready.holds, desk=desk, record=lambda found: record("post", found))
        posted.settled_or_raise()
        self.reach("posted")
        archive(landed, inbox=inbox, deliveries=ledger.deliveries, **parts)

    def _desk(self, ledger: LedgerStore, source: Source) -> Desk:
        storm = self.world.storm
        return Desk(
            ledger=ledger.postings,
            leases=ledger.leases,
            book=self.world.erp.book(self),
            clock=self.world.clock,
            source=source,
            faults=self,
            progress=Quiet(),
            pace=Pace(storm.functions_per_request, storm.parallel_requests, settle=SETTLE),
            senders=lambda _: Inline(),
        )

    def reply_trouble(self, kind: str) -> str:
        """What goes wrong with a request to the ERP of this kind."""
        self._alive()
        return self._told(self._plan.replies.get((kind, self._nth(f"asks {kind}")), ""), kind)

    def meanwhile(self) -> None:
        """While its request is on the wire."""
        self.world.another_worker(self)

    def _ledger_trouble(self) -> str:
        self._alive()
        self._transactions += 1
        return self._told(self._plan.ledger.get(self._transactions, ""), "ledger")

    def _trouble(self, operation: str) -> str:
        self._alive()
        return self._told(self._plan.files.get((operation, self._nth(operation)), ""), operation)

    def _told(self, what: str, where: str) -> str:
        if what:
            self.world.tell(f"{self.name}: {what} on {where}")
        return what

    def _nth(self, name: str) -> int:
        self._seen[name] += 1
        return self._seen[name] - 1

    def _alive(self) -> None:
        if self._dead:
            raise Crash

    def _die(self) -> None:
        self._dead = True
        with contextlib.suppress(Exception):
            self._database.rollback()
        raise Crash


class Landing(LandingStore):
    """A landing store whose disk may be full."""

    def __init__(self, address: str, trouble: Callable[[str], str]) -> None:
        super().__init__(address)
        self._trouble = trouble

    def _put(self, path: str, chunks: Any) -> None:
        if self._trouble("landing"):
            raise OSError(28, "No space left on device")
        super()._put(path, chunks)
