"""The harness finds what is wrong, and nothing is wrong with the product."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crash.broken import BROKEN
from crash.checker import DUPLICATED
from crash.invoices import fact
from crash.run import every, many, play
from crash.storms import Attempt, Plan, Storm, storm
from crash.sweeps import cuts, pairs, reply_bytes

SCHEDULES = int(os.environ.get("SCHEDULES", "400"))


def failures(report) -> dict:
    return {seed: [one.about for one in complaints] for seed, complaints in report.failed.items()}


def test_whatever_goes_wrong_nothing_is_lost_doubled_or_unexplained():
    report = many(range(1, SCHEDULES + 1))
    assert failures(report) == {}
    assert report.last_line() == f"{SCHEDULES} schedules: 0 lost, 0 duplicated, 0 unexplained"


def test_posting_first_and_recording_afterwards_is_caught_doubling_within_a_hundred_schedules():
    report = many(range(1, 101), **BROKEN["post, then record"])
    assert DUPLICATED in {one.kind for complaints in report.failed.values() for one in complaints}


@pytest.mark.parametrize("name", BROKEN)
def test_a_protocol_without_this_guard_is_caught(name):
    ended = (play(storm(seed), **BROKEN[name]) for seed in range(1, 1001))
    assert next((one.seed for one in ended if one.complaints), None) is not None


def test_when_a_create_reaches_the_erp_another_program_can_read_its_intent():
    nothing_goes_wrong = Storm(1, "ignore", 1, 2, ((fact("N-1"), fact("N-2")),), (Attempt(0, Plan()),))
    ended = play(nothing_goes_wrong)
    assert ended.complaints == ()
    assert "run-1 settled" in "\n".join(ended.story)


def test_one_seed_is_one_history_byte_for_byte_in_any_process():
    code = (
        "from crash.run import play; from crash.storms import storm; "
        "print(*(play(storm(n)).digest for n in range(20, 30)))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] == [play(storm(n)).digest for n in range(20, 30)]
    assert len(set(told[0])) == 10


def test_pairs_of_fault_points_and_replies_end_well():
    """Every fifth here; all of them with ``make crash-sweeps``."""
    assert failures(every(list(pairs())[::5])) == {}


def test_a_reply_cut_at_any_byte_ends_well():
    """Every seventh byte here; all of them with ``make crash-sweeps``."""
    assert failures(every(cuts(reply_bytes(), step=7))) == {}


@pytest.mark.parametrize("erp", ["graphql", "rest"])
def test_over_x3_nothing_is_lost_doubled_or_unexplained_and_a_supplier_that_appears_later_is_settled(erp):
    report = many([*range(1, 61), 185, 293, 309, 493], erp)
    assert failures(report) == {}
