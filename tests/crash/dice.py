"""The only source of chance: SplitMix64, so that a seed means the same on every machine and Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_MASK = (1 << 64) - 1
Thing = TypeVar("Thing")


class Dice:
    """Numbers from a seed (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014)."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def roll(self, sides: int) -> int:
        """0 to ``sides - 1``."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) % sides

    def one_in(self, odds: int) -> bool:
        """Once in so many times."""
        return self.roll(odds) == 0

    def pick(self, things: Sequence[Thing]) -> Thing:
        """One of them."""
        return things[self.roll(len(things))]
