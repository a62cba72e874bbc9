"""Vendor memory: what a vendor file says otherwise than the files before it, shown to a person for a while.

A remit-to address that changes is how payments are led astray, so a change stays on the list for :data:`SHOWN` days
whatever the next files say. Bank details are never read (:mod:`.parse_vendors`): their change cannot be seen here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from stampli_assets.mapping.vendors import folded
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.frames import conform
from stampli_assets.model.suppliers import Address, TaxId
from stampli_assets.model.vendor_frames import REMEMBERED, REMEMBERED_TEXTS

if TYPE_CHECKING:
    import pandas as pd

SHOWN = timedelta(days=30)
_REMEDY = (
    "Ask the vendor by a telephone number that you know already before the next payment, then change the vendor in the "
    "ERP by hand. The machine changes nothing."
)


def remember(before: pd.DataFrame | None, rows: pd.DataFrame, *, file_name: str, day: date) -> pd.DataFrame:
    """What is known of every vendor after a file (``VENDOR_ROWS``): its own vendors as it tells them, the others as before.
    A column that is empty from top to bottom tells nothing.

    Args:
        before: ``REMEMBERED`` of the file before it; ``None``: it is the first, and nothing has changed.
        file_name: of this file, and its ``day``: for the person who is told of a change.
    """
    import pandas as pd

    known = {} if before is None else {row["vendor_id"]: row for row in before.to_dict("records")}
    untold = [name for name in REMEMBERED_TEXTS if not (rows[name] != "").any()]
    for told in rows[list(REMEMBERED_TEXTS)].to_dict("records"):
        earlier = known.get(told["vendor_id"])
        row = told if earlier is None else {**told, **{name: earlier[name] for name in untold}}
        known[row["vendor_id"]] = {**row, "changes": json.dumps(_changes(earlier, row, file_name, day))}
    return conform(pd.DataFrame(list(known.values()), columns=list(REMEMBERED.columns)), REMEMBERED)


def changed(memory: pd.DataFrame, *, today: date) -> list[Finding]:
    """What changed in the last :data:`SHOWN` days, oldest first."""
    told = memory[memory["changes"] != "[]"].to_dict("records")
    found = [
        (change["day"], _finding(row, change))
        for row in told
        for change in json.loads(row["changes"])
        if today - date.fromisoformat(change["day"]) <= SHOWN
    ]
    return [finding for _, finding in sorted(found, key=lambda one: (one[0], one[1].document))]


def address_of(row: Mapping[str, Any]) -> Address:
    """The address of a row of ``VENDOR_ROWS`` or ``REMEMBERED``."""
    lines = (str(row[f"address_line_{number}"]) for number in (1, 2, 3))
    return Address(
        lines=tuple(line for line in lines if line),
        postal_code=str(row["postal_code"]),
        city=str(row["city"]),
        state=str(row["state"]),
        country=str(row["country"]),
    )


def _changes(
    earlier: Mapping[str, Any] | None, row: Mapping[str, Any], file_name: str, day: date
) -> list[dict[str, str]]:
    """What is remembered of changes, and what this file adds; of one field only the last one."""
    if earlier is None:
        return []
    kept = {change["field"]: change for change in json.loads(earlier["changes"])}
    for field, text in _WATCHED.items():
        if _compared(field, text(earlier)) != _compared(field, text(row)):
            kept[field] = {"field": field, "before": text(earlier), "file": file_name, "day": day.isoformat()}
    return list(kept.values())


def _compared(field: str, text: str) -> object:
    """Spelling is no change: case, spaces, and the marks in a tax id."""
    return (TaxId.read(text) if field == "tax id" else None) or folded(text)


def _written(row: Mapping[str, Any]) -> str:
    address = address_of(row)
    return ", ".join(filter(None, (*address.lines, address.postal_code, address.city, address.state, address.country)))


_WATCHED = {
    "name": lambda row: str(row["vendor_name"]),
    "tax id": lambda row: str(row["tax_id"]),
    "remit-to address": _written,
}


def _finding(row: Mapping[str, Any], change: Mapping[str, str]) -> Finding:
    now = _WATCHED[change["field"]](row)
    return Finding(
        end=End.NOTICED,
        document=row["vendor_id"],
        code="VENDOR_CHANGED",
        sentence=(
            f"The {change['field']} of vendor {row['vendor_id']} ({row['vendor_name']}) changed in Stampli with "
            f"{change['file']} of {change['day']}: it was {change['before'] or 'empty'!r} and is {now or 'empty'!r} now."
        ),
        remedy=_REMEDY,
        vendor=row["vendor_name"],
        column=change["field"],
        value=now,
    )
