"""``python -m kills --kills 300 --ledger sqlite|postgresql --seed 1``; the exit status follows the last line."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from kills.auditor import DUPLICATED, LOST, UNEXPLAINED, Complaint, Evidence, approved, audit, read_ledger
from kills.stages import ORDER
from kills.storm import Storm, Told
from kills.worker import Worker
from kills.world import World, running_world

SHOWN = 40


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="kills", description="Real SIGKILLs over Dagster runs, and what came of them."
    )
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--ledger", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--erp", choices=["intacct", "graphql", "rest"], default="intacct")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="Runs at once.")
    parser.add_argument("--folder", type=Path, help="Where everything is kept; default: a folder that is removed.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        folder = given.folder or Path(temporary)
        told, evidence = weather(
            folder, kills=given.kills, ledger=given.ledger, seed=given.seed, workers=given.workers, erp=given.erp
        )
    complaints = audit(evidence)
    sys.stdout.write(report(told, evidence, complaints, ledger=given.ledger, seed=given.seed) + "\n")
    return 1 if complaints else 0


def weather(
    folder: Path, *, kills: int, ledger: str, seed: int, workers: int = 2, erp: str = "intacct"
) -> tuple[Told, Evidence]:
    """One storm, quiet after it, and what an auditor may look at."""
    folder.mkdir(parents=True, exist_ok=True)
    at_first = Path.cwd()
    os.chdir(folder)  # Dagster's storage lies where it is started
    try:
        with running_world(folder, ledger, seed, erp) as world:
            told = _storm(world, folder, kills, seed, workers)
            return told, evidence_of(world)
    finally:
        os.chdir(at_first)


def _storm(world: World, folder: Path, kills: int, seed: int, workers: int) -> Told:
    with ExitStack() as stack:
        crew = [stack.enter_context(Worker(world.content, folder)) for _ in range(workers)]
        for worker in crew:
            worker.wait_until_ready()
        instance = stack.enter_context(world.dagster())
        return Storm(world, instance, kills, seed).rage(crew)


def evidence_of(world: World) -> Evidence:
    """What an auditor may look at, now."""
    return Evidence(
        files=world.files,
        outbound=world.in_outbound(),
        archive=world.in_archive(),
        bills=world.bills(),
        suppliers=world.suppliers(),
        ledger=read_ledger(world.ledger),
    )


def report(told: Told, evidence: Evidence, complaints: list[Complaint], *, ledger: str, seed: int) -> str:
    """What happened, in words; the last line is the verdict."""
    undisturbed = sum(told.undisturbed) / max(1, len(told.undisturbed))
    count = Counter(one.kind for one in complaints)
    lines = [
        "kills by what was under way:",
        *(f"  {stage:<42}{told.stages[stage]:>6}" for stage in ORDER),
        f"{told.kills} kills, {told.in_recovery} of them of a run that recovered from a kill; {told.runs} runs, "
        f"{told.again_failed} of which failed by themselves and were repeated",
        f"{len(evidence.files)} files, {len(approved(evidence.files))} documents, {len(evidence.bills)} bills in the "
        f"ERP; {told.seconds:.0f} seconds; an undisturbed run took {undisturbed:.2f} seconds; seed {seed}",
        *(f"{one.kind}: {one.about}" for one in complaints[:SHOWN]),
        f"{told.kills} kills on {ledger}: {count[LOST]} lost, {count[DUPLICATED]} duplicated, "
        f"{count[UNEXPLAINED]} unexplained",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
