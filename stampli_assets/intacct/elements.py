"""How values are written into a request: filled fields only, days in the two spellings that Intacct takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lxml import etree


def fill(parent: etree._Element, fields: Mapping[str, str]) -> None:
    """One child per filled field, in order; characters that XML does not allow raise ``ValueError``."""
    for tag, text in fields.items():
        if text:
            etree.SubElement(parent, tag).text = text


def us_day(day: date | None) -> str:
    """``mm/dd/yyyy`` whatever the company's locale, as generic functions take it."""
    return day.strftime("%m/%d/%Y") if day is not None else ""


def legacy_day(parent: etree._Element, tag: str, day: date | None) -> None:
    """``year``, ``month`` and ``day`` children, as legacy functions take it; nothing where there is no day."""
    if day is not None:
        fill(etree.SubElement(parent, tag), {"year": f"{day:%Y}", "month": f"{day:%m}", "day": f"{day:%d}"})


def flag(given: bool | None) -> str:  # noqa: FBT001 - a value of the document
    """``true`` or ``false``, or the empty text where nothing is said."""
    return "" if given is None else str(given).lower()
