"""JSON whose amounts stay exact: fractions become :class:`~decimal.Decimal`; whole documents only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stampli_assets.model.errors import OutcomeUnknown

Json = Mapping[str, Any]


def read_object(content: bytes) -> Json:
    """The JSON object that is the whole content.

    Raises:
        OutcomeUnknown: it is cut off, no JSON, or no object. An object that was cut at any byte is no object.
    """
    try:
        read = json.loads(content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise OutcomeUnknown("The answer is no whole JSON document.", code="REPLY_BROKEN") from None
    if not isinstance(read, dict):
        raise OutcomeUnknown("The answer is no JSON object.", code="REPLY_SHAPE")
    return read


def written(value: Json, *, indent: int | None = None) -> str:
    """The JSON text of what we send: amounts are texts already, so no number is ever rounded."""
    separators = (",", ":") if indent is None else None
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False)


def text_of(value: object) -> str:
    """A property as text: empty for none; amounts and numbers digit for digit."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value).strip()


def _no_number(name: str) -> Any:
    raise ValueError(name)
