"""Patterns compared with one another: does one fit everything that another fits, and is there a value that both fit?"""

from __future__ import annotations

import fnmatch
import re
from collections import deque

_ANY_RUN, _ANY_ONE = "\0", "\1"


def covers(wide: str, narrow: str) -> bool:
    """Whether ``wide`` fits every value that ``narrow`` fits. ``False`` may also mean that it is not seen."""
    told = "".join({"*": _ANY_RUN, "?": _ANY_ONE}.get(mark, mark) for mark in _tidy(narrow))
    parts = {"[": "[[]", "?": f"[!{_ANY_RUN}]"}
    return fnmatch.fnmatchcase(told, "".join(parts.get(mark, mark) for mark in _tidy(wide)))


def common(one: str, other: str) -> str | None:
    """A value that both fit, ``x`` standing for characters that do not matter; ``None`` where there is none."""
    reached: dict[tuple[int, int], str] = {(0, 0): ""}
    waiting = deque([(0, 0)])
    while waiting:
        at = waiting.popleft()
        if at == (len(one), len(other)):
            return reached[at] or "x"
        for step, taken in _steps(one, other, at):
            if step not in reached:
                reached[step] = reached[at] + taken
                (waiting.append if taken else waiting.appendleft)(step)
    return None


def _steps(one: str, other: str, at: tuple[int, int]) -> list[tuple[tuple[int, int], str]]:
    """Where a value goes on from a place in both patterns, and by which character; a ``*`` may also end there."""
    i, j = at
    here, there = one[i : i + 1], other[j : j + 1]
    steps = []
    if here == "*":
        steps.append(((i + 1, j), ""))
    if there == "*":
        steps.append(((i, j + 1), ""))
    wild = {"*", "?"}
    if here and there and (here == there or here in wild or there in wild):
        character = next((mark for mark in (here, there) if mark not in wild), "x")
        steps.append(((i if here == "*" else i + 1, j if there == "*" else j + 1), character))
    return steps


def _tidy(glob: str) -> str:
    """``**`` says no more than ``*``, and ``*?`` is ``?*``."""
    return re.sub(r"[*?]*\*[*?]*", lambda run: "?" * run[0].count("?") + "*", glob)
