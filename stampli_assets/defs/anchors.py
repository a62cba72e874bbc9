"""Is the ledger the one that the run history knows? A missing, older or other ledger is not trusted with sending.

Every request to the ERP leaves the journal's number and digest in Dagster's history. A ledger that does not hold the
newest of these entries has forgotten what it sent.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from stampli_assets.model.errors import Misconfigured

if TYPE_CHECKING:
    from stampli_assets.wiring import Office

HEAD = "Journal head"
"""The metadata entry: number and digest of the journal's last entry."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry of the journal as Dagster's history names it. ``at`` is in UTC."""

    sequence: int
    digest: str
    run: str
    at: datetime


def newest_anchor(instance: dg.DagsterInstance, connection: str) -> Anchor | None:
    """The last entry of the journal that a run of this connection has told Dagster; ``None`` before the first one."""
    key = dg.AssetKey([connection, "bills"])
    events = [
        *instance.fetch_observations(key, limit=1).records,
        *instance.fetch_materializations(key, limit=1).records,
    ]
    found = [anchor for event in events if (anchor := _anchor(event)) is not None]
    return max(found, key=lambda anchor: anchor.at, default=None)


def sampled_anchors(instance: dg.DagsterInstance, connection: str, most: int = 500) -> list[Anchor]:
    """The newest and the oldest anchors that the runs of a connection have left, up to ``most`` of each kind of event."""
    found: list[dg.EventLogRecord] = []
    for asset in ("bills", "bill_payments", "vendors"):
        for fetch in (instance.fetch_observations, instance.fetch_materializations):
            for oldest in (False, True):
                found += fetch(dg.AssetKey([connection, asset]), limit=most, ascending=oldest).records
    return [anchor for event in found if (anchor := _anchor(event)) is not None]


def check_ledger(instance: dg.DagsterInstance, office: "Office") -> None:
    """Nothing is sent on a ledger that has forgotten what the run history knows.

    Raises:
        Misconfigured: it is missing, older, or another one; the integration engineer restores or rebuilds it.
    """
    anchor = newest_anchor(instance, office.name)
    if anchor is None or office.ledger.journal.knows(anchor.sequence, anchor.digest):
        return
    last, _ = office.ledger.journal.head()
    raise Misconfigured(
        f"The ledger is not the one that wrote entry {anchor.sequence} in run {anchor.run[:8]} at "
        f"{anchor.at:%Y-%m-%d %H:%M} UTC; it ends at entry {last}. Nothing was sent.",
        remedy="Restore the newest ledger from its backup, or check its address in the settings. If it is lost: "
        "stampli ledger rebuild.",
        code="LEDGER_OLDER",
    )


def _anchor(event: dg.EventLogRecord) -> Anchor | None:
    entry = event.event_log_entry
    told = entry.asset_observation or entry.asset_materialization
    value = told.metadata.get(HEAD) if told is not None else None
    sequence, _, digest = str(value.value if value is not None else "").partition(" ")
    if not sequence.isdigit():
        return None
    return Anchor(int(sequence), digest, entry.run_id, datetime.fromtimestamp(entry.timestamp, tz=UTC))
