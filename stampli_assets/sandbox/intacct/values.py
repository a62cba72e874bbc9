"""Values in requests: dates in three spellings, exact amounts, and fields by name."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from stampli_assets.sandbox.intacct.replies import FunctionFailure

BOOLEANS = {"", "true", "false"}
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?0*", re.ASCII)


def fields(element: etree._Element) -> dict[str, str]:
    """The direct children's texts."""
    return {str(child.tag): (child.text or "").strip() for child in element if len(child) == 0}


def a_date(text: str, field: str) -> date | None:
    """``mm/dd/yyyy`` (padded or not) or ISO; ``None`` when empty."""
    if not text:
        return None
    for form in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - Intacct's dates have no time zone
        except ValueError:
            continue
    raise FunctionFailure(("BL03000018", f"Illegal format for {field}: {text}", ""))


def legacy_date(element: etree._Element | None) -> str:
    """``year``, ``month``, ``day`` children as ``mm/dd/yyyy``, or the empty text."""
    if element is None:
        return ""
    year, month, day = ((element.findtext(name) or "").strip() for name in ("year", "month", "day"))
    return f"{month}/{day}/{year}"


def amount(text: str, field: str) -> Decimal:
    """An amount of at most two decimals."""
    if not _AMOUNT.fullmatch(text):
        raise FunctionFailure(("BL03000018", f"Illegal format for {field}: {text}", ""))
    return Decimal(text)


def plain(value: Decimal) -> str:
    """As the gateway writes amounts: without trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def us(day: date | None) -> str:
    """``MM/DD/YYYY``, or the empty text."""
    return day.strftime("%m/%d/%Y") if day is not None else ""
