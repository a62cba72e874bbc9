"""JSON in which amounts stay exact: decimals in, decimals out, no binary fractions between."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_AMOUNT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def loads(text: bytes | str) -> Any:
    """JSON whose fractions become :class:`Decimal`; raises ``ValueError``."""
    return json.loads(text, parse_float=Decimal)


def dumps(value: object) -> str:
    """JSON whose :class:`Decimal` values are written as numbers, digit for digit."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{dumps(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def decimal_of(value: object) -> Decimal | None:
    """The amount that a text, a whole number or a decimal says; ``None`` when it says none."""
    if isinstance(value, bool):
        return None
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def plain(value: Decimal) -> str:
    """An amount as the books keep it: at least two decimals, no exponent."""
    shortest = format(value.normalize(), "f") if value else "0"
    whole, _, rest = shortest.partition(".")
    return f"{whole}.{rest.ljust(2, '0')}"
