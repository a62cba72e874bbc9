"""What a rule is: which file it stands in, what it is looked up by, on which days it holds, and which values it fits."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

FIRST, LAST = "0001-01-01", "9999-12-31"


class Match(StrEnum):
    """How a rule's value is compared with Stampli's; upper and lower case are always told apart."""

    EXACT = "exact"
    STARTS = "starts"
    """The value begins with the rule's text."""
    PATTERN = "pattern"
    """``*`` stands for any characters, ``?`` for one; every other character for itself."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One file of rules: its columns that are looked up by, and the one that is given.

    The last of ``by`` is what patterns are compared with; ``words`` are the only ones that the first may hold (empty: any).
    """

    file: str
    by: tuple[str, ...]
    gives: str
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, valid from and to the given days (ISO text, both included). Of two patterns the lower priority goes first.

    ``row`` counts the rules of its file from 1.
    """

    key: tuple[str, ...]
    gives: str
    valid_from: str = FIRST
    valid_to: str = LAST
    match: Match = Match.EXACT
    priority: int = 0
    file: str = ""
    row: int = 0
    stands_in: str = ""
    """The file where a person finds it: ``file``, or the workbook in its place."""

    @property
    def is_exact(self) -> bool:
        return self.match is Match.EXACT

    @property
    def glob(self) -> str:
        """The values that it fits, as a pattern; of an exact rule the value itself."""
        return f"{self.key[-1]}*" if self.match is Match.STARTS else self.key[-1]

    def holds_on(self, day: str) -> bool:
        return self.valid_from <= day <= self.valid_to

    def meets(self, other: Rule) -> bool:
        """Whether there is a day on which both hold."""
        return self.valid_from <= other.valid_to and other.valid_from <= self.valid_to

    def fits(self, value: str) -> bool:
        if self.match is Match.STARTS:
            return value.startswith(self.key[-1])
        return value == self.key[-1] if self.is_exact else _compiled(self.key[-1]).match(value) is not None


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    """Brackets stand for themselves. The library's translation needs no more time for many ``*``."""
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")))
