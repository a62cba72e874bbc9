"""A secret that cannot be printed by accident."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A credential. Only :meth:`reveal` gives it away; text, format and repr are masked, pickling is refused."""

    __slots__ = ("_name", "_value")

    def __init__(self, value: str, *, name: str = "") -> None:
        self._value = value
        self._name = name

    def reveal(self) -> str:
        """The value itself, for the one call that signs in with it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self._name or '***'})"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled or copied; resolve it again where it is used")
