"""Each guard is taken out in turn, in a process of its own, and its test must die. With the guard, the suite runs it."""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
from pathlib import Path

import pytest

from sabotage.guards import GUARDS

ROOT = Path(__file__).resolve().parents[2]
FAILED = 1
"""pytest's exit status; every other one than success means that the test could not be run."""


def outcome(test: str, sabotage=None) -> int:
    """pytest's exit status for one test in a child of this process."""
    child = multiprocessing.get_context("fork").Process(target=_run, args=(test, sabotage))
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def _run(test: str, sabotage) -> None:
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        if sabotage is not None:
            sabotage()
        os._exit(int(pytest.main([f"{ROOT / test}", "--no-header", "-x", "-k", "not postgresql"])))


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_a_guard_that_is_taken_out_kills_its_test(guard):
    assert outcome(guard.test, guard.taken_out) == FAILED


def test_the_documented_guards_are_these():
    told = (ROOT / "docs" / "reliability.md").read_text()
    table = re.findall(r"^\| ([^|]+?) \| `([^`]+)` \|$", told, re.MULTILINE)
    assert table == [(guard.name, guard.test) for guard in GUARDS]
