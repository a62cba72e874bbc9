"""The storm: runs that are killed at random moments, while more files come; then quiet, until everything is settled."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from kills.nursery import LEASE_SECONDS
from kills.stages import stage_of
from kills.worker import Moment
from kills.world import World

if TYPE_CHECKING:
    import dagster as dg

    from kills.worker import Ended, Worker

MOST_FILES_AT_ONCE = 6
CALM_RUNS = 3
"""Undisturbed runs of each worker at the beginning; later one after every ``CALM_EVERY`` kills."""
CALM_EVERY = 40
BAD_DAY_EVERY = 9
AT_ONCE_AGAIN = 0.15
"""How often a killed run's file is run again at once, while the dead run's lease still lasts."""
BESIDE = 0.05
"""How often a file is taken that another run works on."""
QUIET_SECONDS = 240
AIMED = 0.5
AIMED_AT = (
    "before-download", "downloaded-not-landed", "landed", "leased", "verified-not-recorded", "before-intent",
    "intent-recorded", "before-send", "sent-not-recorded", "recorded", "before-archive", "archived-not-recorded",
)  # fmt: skip
AIMED_WITHIN_SECONDS = 0.1


@dataclass
class Delivery:
    """A file that is not settled yet."""

    name: str
    partition: str
    not_before: float = 0.0
    running: int = 0
    killed: int = 0
    settled: bool = False


@dataclass
class Told:
    """What the report says."""

    kills: int = 0
    runs: int = 0
    in_recovery: int = 0
    again_failed: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    undisturbed: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Order:
    delivery: Delivery
    kill: Moment | None
    calm: bool


class Storm:
    """``kills`` real kills, then quiet. The moments follow from ``seed`` and the duration of an undisturbed run."""

    def __init__(self, world: World, instance: dg.DagsterInstance, kills: int, seed: int) -> None:
        self.told = Told()
        self._world, self._instance, self._wanted, self._seed = world, instance, kills, seed
        self._dice = Random(f"{seed}/storm")
        self._deliveries: list[Delivery] = []
        self._turn = threading.Condition()
        self._at_once = min(MOST_FILES_AT_ONCE, 2 + kills // 8)
        self._under_way = 0
        self._orders = 0
        self._calm_left = 0
        self._broken: BaseException | None = None
        self._quiet_since: float | None = None

    def rage(self, workers: Sequence[Worker]) -> Told:
        """All of it; answers what happened."""
        started = time.monotonic()
        self._calm_left = CALM_RUNS * len(workers) if self._wanted > len(workers) * 10 else len(workers)
        threads = [threading.Thread(target=self._work, args=[worker], daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._broken is not None:
            raise self._broken
        self.told.seconds = time.monotonic() - started
        return self.told

    def _work(self, worker: Worker) -> None:
        try:
            while True:
                with self._turn:
                    order = self._next()
                    while order is None:
                        if self._is_over():
                            return
                        self._turn.wait(0.1)
                        order = self._next()
                run = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
                ended = worker.run(run, order.delivery.partition, kill=order.kill)
                with self._turn:
                    self._book(order, run, ended)
                    self._turn.notify_all()
        except BaseException as error:
            with self._turn:
                self._broken = self._broken or error
                self._turn.notify_all()
            raise

    def _is_over(self) -> bool:
        if self._broken is not None:
            return True
        if self.told.kills < self._wanted:
            return False
        if self._quiet_since is None:
            self._quiet_since = time.monotonic()
        return all(one.settled for one in self._deliveries) or time.monotonic() - self._quiet_since > QUIET_SECONDS

    def _next(self) -> Order | None:
        if self._is_over():
            return None
        storming = self.told.kills + self._under_way < self._wanted
        fresh = [one for one in self._deliveries if not one.settled and not one.killed and not one.running]
        few = sum(not one.settled for one in self._deliveries) < self._at_once
        if storming and (few or (self._calm_left and not fresh)):
            self._new_file()
        now = time.monotonic()
        beside = storming and self._dice.random() < BESIDE
        free = [
            one
            for one in self._deliveries
            if not one.settled and one.not_before <= now and (not one.running or (beside and one.running < 2))
        ]
        if self._calm_left and storming:
            free = [one for one in free if not one.killed and not one.running]
        if not free:
            return None
        delivery = self._dice.choice(free)
        delivery.running += 1
        if self._calm_left and storming:
            self._calm_left -= 1
            return Order(delivery, None, calm=True)
        if not storming:
            return Order(delivery, None, calm=False)
        self._under_way += 1
        self._orders += 1
        return Order(delivery, self._moment(Random(f"{self._seed}/{self._orders}")), calm=False)

    def _moment(self, dice: Random) -> Moment:
        """Half of the kills are uniform over an undisturbed run; the other half aims at what lasts but an instant."""
        if dice.random() < AIMED:
            return Moment(dice.random() * AIMED_WITHIN_SECONDS, dice.choice(AIMED_AT))
        return Moment(dice.random() * self._undisturbed())

    def _undisturbed(self) -> float:
        return median(self.told.undisturbed[-5:]) if self.told.undisturbed else 2.0

    def _new_file(self) -> None:
        file = self._world.export()
        self._world.add_partition(self._instance, file.partition)
        self._deliveries.append(Delivery(file.name, file.partition))

    def _book(self, order: Order, run: str, ended: Ended) -> None:
        told, delivery = self.told, order.delivery
        told.runs += 1
        delivery.running -= 1
        if order.kill is not None:
            self._under_way -= 1
        if order.calm and ended.success:
            told.undisturbed.append(ended.seconds)
        if ended.success:
            delivery.settled = True
        elif ended.killed:
            self._book_kill(delivery, run, ended)
        else:
            told.again_failed += 1
            delivery.not_before = time.monotonic() + 1.0

    def _book_kill(self, delivery: Delivery, run: str, ended: Ended) -> None:
        told = self.told
        told.kills += 1
        told.in_recovery += delivery.killed > 0
        delivery.killed += 1
        at_once = self._dice.random() < AT_ONCE_AGAIN
        delivery.not_before = 0.0 if at_once else time.monotonic() + LEASE_SECONDS
        told.stages[stage_of(ended.points, self._instance, run)] += 1
        self._as_the_daemon_does(run)
        if told.kills % BAD_DAY_EVERY == 0:
            self._world.bad_day(told.kills // BAD_DAY_EVERY)
        if told.kills % CALM_EVERY == 0:
            self._calm_left += 1

    def _as_the_daemon_does(self, run: str) -> None:
        """Run monitoring: a run whose process is gone has failed, and its place in the pool is free again."""
        of_dagster = self._instance.get_run_by_id(run)
        if of_dagster is not None and not of_dagster.is_finished:
            self._instance.report_run_failed(of_dagster, "The run's process was killed.")
        self._instance.event_log_storage.free_concurrency_slots_for_run(run)
