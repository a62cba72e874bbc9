"""``python -m crash``: plays many schedules on all cores, or one of them again with its whole story."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from crash.run import Report, every, many, play
from crash.storms import ERPS, storm
from crash.sweeps import cuts, pairs, reply_bytes

AT_ONCE = 100


def main() -> int:
    """Exit status 0 only when nothing was lost, duplicated or left unexplained."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="play this one schedule and tell its story")
    parser.add_argument("--sweeps", action="store_true", help="every pair of point and reply, every cut of a reply")
    parser.add_argument("--erp", choices=ERPS, default="intacct", help="whose client and books (default: %(default)s)")
    given = parser.parse_args()
    if given.seed is not None:
        return _tell(given.seed, given.erp)
    if given.sweeps:
        storms = [*pairs()], [*cuts(reply_bytes())]
        print(f"{len(storms[0])} pairs of fault points and replies, {len(storms[1])} cuts of a reply")
        return _all([*storms[0], *storms[1]], every)
    return _all(range(given.first, given.first + given.schedules), partial(many, erp=given.erp))


def _all(schedules: Sequence[Any], play_piece: Callable[[Any], Report]) -> int:
    """On all cores; the same whoever plays which."""
    started = time.monotonic()
    report = Report()
    pieces = [schedules[at : at + AT_ONCE] for at in range(0, len(schedules), AT_ONCE)]
    # There is little garbage in a piece, and looking for it costs more than keeping it: it is collected between pieces.
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), gc.disable) as pool:
        for done, part in enumerate(pool.imap_unordered(partial(_piece, play_piece), pieces), start=1):
            report.merge(part)
            if sys.stderr.isatty():
                print(f"\r{min(done * AT_ONCE, len(schedules))} of {len(schedules)}\r", end="", file=sys.stderr)
    print(f"{report.documents} documents in {report.schedules} schedules, {time.monotonic() - started:.0f} seconds")
    for kind, count in sorted(report.faults.items()):
        print(f"  {count:6}  {kind}")
    for seed, complaints in sorted(report.failed.items()):
        for one in complaints:
            print(f"seed {seed}: {one.kind}: {one.about}")
    print(report.last_line())
    return 1 if report.failed else 0


def _piece(play_piece: Callable[[Any], Report], schedules: Any) -> Report:
    report = play_piece(schedules)
    gc.collect()
    return report


def _tell(seed: int, erp: str) -> int:
    of = storm(seed, erp)
    ended = play(of)
    print(f"policy {of.policy}, {of.functions_per_request} per request, {of.parallel_requests} at once")
    for n, facts in enumerate(of.files):
        print(f"file {n}: " + ", ".join(f"{one.number} v{one.version} of {one.vendor}" for one in facts))
    for attempt in of.attempts:
        print(f"attempt on file {attempt.file} after {attempt.after} s {attempt.person}: {attempt.plan}")
    print("\n".join(ended.story))
    for one in ended.complaints:
        print(f"seed {seed}: {one.kind}: {one.about}")
    print(f"history {ended.digest}")
    report = Report()
    report.add(ended)
    print(report.last_line())
    return 1 if ended.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
