"""Archive: a file whose documents are all settled leaves outbound. A failing archive never touches a posting."""

from __future__ import annotations

from dataclasses import dataclass

from stampli_assets.model.ports import Clock, DeliveryBook, Faults, Inbox
from stampli_assets.model.remote import LandedFile

ONLY_LANDED = "(landing store)"


@dataclass(frozen=True, slots=True)
class Archived:
    """Under which name the file is in archive, and a note when something about it is unusual."""

    name: str
    note: str = ""


def archive(
    landed: LandedFile, *, inbox: Inbox, deliveries: DeliveryBook, clock: Clock, run: str, faults: Faults
) -> Archived:
    """Move the file to archive and record it; done before, nothing happens again, unless the file lies there again.

    Raises:
        Transient: the server cannot be reached; the postings stand, the step is tried again.
        Misconfigured: the account may not move files.
    """
    known = deliveries.archived_as(landed.connection, landed.partition)
    if known and landed.file not in inbox.listing():
        return Archived(known, "It was archived before.")
    faults.reach("before-archive")
    name = inbox.archive(landed.file, landed.digest)
    faults.reach("archived-not-recorded")
    deliveries.archived(landed, name or ONLY_LANDED, run, clock.now())
    if name:
        return Archived(name)
    return Archived(
        ONLY_LANDED,
        "Outbound no longer holds this delivery: it was replaced by a newer one or taken away. Its bytes are kept in the "
        "landing store.",
    )
