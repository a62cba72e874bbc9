"""Plays schedules and lets the auditor look at each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from crash.checker import Complaint, Evidence, check
from crash.erps import X3Erp
from crash.storms import Storm, storm
from crash.world import World, workshop


@dataclass(frozen=True)
class Ended:
    """One schedule after the auditor's visit."""

    seed: int
    complaints: tuple[Complaint, ...]
    documents: int
    faults: Counter[str]
    digest: str
    story: tuple[str, ...]


@dataclass
class Report:
    """Many schedules together."""

    schedules: int = 0
    documents: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: dict[int, tuple[Complaint, ...]] = field(default_factory=dict)

    def add(self, ended: Ended) -> None:
        self.schedules += 1
        self.documents += ended.documents
        self.faults += ended.faults
        if ended.complaints:
            self.failed[ended.seed] = ended.complaints

    def merge(self, other: Report) -> None:
        self.schedules += other.schedules
        self.documents += other.documents
        self.faults += other.faults
        self.failed |= other.failed

    def last_line(self) -> str:
        """``N schedules: 0 lost, 0 duplicated, 0 unexplained``."""
        kinds = Counter(one.kind for complaints in self.failed.values() for one in complaints)
        counts = ", ".join(f"{kinds[kind]} {kind}" for kind in ("lost", "duplicated", "unexplained"))
        return f"{self.schedules} schedules: {counts}"


def play(of: Storm, *, history: bool = True, **replaced: Any) -> Ended:
    """One schedule from beginning to end; ``history`` is whether the digest of everything that happened is wanted."""
    world = World(of, workshop(), **replaced)
    try:
        story = world.play()
        complaints = check(evidence(world))
        return Ended(
            of.seed,
            tuple(complaints),
            sum(len(facts) for facts in of.files),
            _faults(of),
            world.digest() if history else "",
            tuple(story),
        )
    finally:
        world.close()


def evidence(world: World) -> Evidence:
    """What the auditor is given of a world."""
    from crash.invoices import content

    return Evidence(
        files={file.name: content(facts) for file, facts in zip(world.delivered, world.storm.files, strict=True)},
        outbound={name: kept for name, (kept, _) in world.shelf.outbound.items()},
        archive={name: kept for name, (kept, _) in world.shelf.archive.items()},
        bills=world.erp.bills(),
        by_hand=world.by_hand,
        deleted=world.deleted,
        unintended=world.unintended,
        ledger=world.path,
        fields=world.erp.fields,
        suppliers=world.erp.suppliers() if isinstance(world.erp, X3Erp) else {},
    )


def many(seeds: Iterable[int], erp: str = "intacct", **replaced: Any) -> Report:
    """The schedules of these seeds, one after the other."""
    return every((storm(seed, erp) for seed in seeds), **replaced)


def every(storms: Iterable[Storm], **replaced: Any) -> Report:
    """These schedules, one after the other."""
    report = Report()
    for one in storms:
        report.add(play(one, history=False, **replaced))
    return report


def _faults(of: Storm) -> Counter[str]:
    """What was planned, by kind."""
    counted: Counter[str] = Counter()
    for attempt in of.attempts:
        plan = attempt.plan
        counted.update(f"{what} at {point}" for (point, _), what in plan.points.items())
        counted.update(f"ERP: {what}" for what in plan.replies.values())
        counted.update(f"ledger: {what}" for what in plan.ledger.values())
        counted.update(f"{kind}: {what}" for (kind, _), what in plan.files.items())
        counted.update([f"a person {attempt.person}"] if attempt.person else [])
    return counted
