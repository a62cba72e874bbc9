"""Collect: which files of outbound are new and complete, and bringing one of them home byte for byte."""

from __future__ import annotations

import fnmatch
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field

from stampli_assets.model.errors import NeedsPerson
from stampli_assets.model.identity import PartitionKey
from stampli_assets.model.ports import Clock, DeliveryBook, Faults, Inbox, Landing
from stampli_assets.model.remote import LandedFile, RemoteFile

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".uploading", ".swp", "~")
"""Endings under which senders write a file before they rename it."""
SPOOL_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Looks:
    """What outbound held at the last look: name → (size, modified, whether its run was requested).

    Only names that are still there are kept, so that it does not grow with history.
    """

    seen: dict[str, tuple[int, int, bool]] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: str | None) -> Looks:
        """From a sensor's cursor; an unreadable one is an empty memory, which costs a look and loses nothing."""
        try:
            told = json.loads(cursor) if cursor else {}
            return cls({name: (size, modified, bool(asked)) for name, (size, modified, asked) in told.items()})
        except (ValueError, TypeError, AttributeError):
            return cls()

    def dump(self) -> str:
        """As a sensor's cursor."""
        return json.dumps(self.seen, separators=(",", ":"))

    def as_before(self, file: RemoteFile) -> bool:
        """Whether size and mtime are those of the last look."""
        before = self.seen.get(file.name)
        return before is not None and before[:2] == (file.size, file.modified)

    def requested(self, file: RemoteFile) -> bool:
        """Whether a run was requested for this very delivery."""
        return self.as_before(file) and self.seen[file.name][2]


@dataclass(frozen=True, slots=True)
class Choice:
    """What one look found: every matching file is in exactly one of ``ready``, ``waiting``, ``unstable`` or known."""

    ready: tuple[RemoteFile, ...]
    waiting: tuple[RemoteFile, ...]
    unstable: tuple[RemoteFile, ...]
    looks: Looks


def choose(listing: Sequence[RemoteFile], looks: Looks, *, patterns: Sequence[str], limit: int) -> Choice:
    """The new files that did not change since the last look, oldest first, at most ``limit``; the rest are waiting."""
    match = re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns)).match
    names = {file.name for file in listing}
    candidates = [file for file in listing if match(file.name) and _is_finished(file.name, names)]
    fresh = [file for file in candidates if not looks.requested(file)]
    stable = sorted((file for file in fresh if looks.as_before(file)), key=lambda file: (file.modified, file.name))
    ready = stable[:limit]
    asked = {file.name for file in ready}
    return Choice(
        ready=tuple(ready),
        waiting=tuple(stable[limit:]),
        unstable=tuple(file for file in fresh if not looks.as_before(file)),
        looks=Looks(
            {file.name: (file.size, file.modified, file.name in asked or looks.requested(file)) for file in candidates}
        ),
    )


def _is_finished(name: str, names: set[str]) -> bool:
    if name.startswith(".") or name.endswith(UNFINISHED):
        return False
    return not any(f"{name}{ending}" in names or f".{name}{ending}" in names for ending in UNFINISHED)


@dataclass(frozen=True, slots=True)
class Collected:
    """A file that is home. ``same_as`` is the partition of an earlier delivery with the same bytes, if there is one."""

    landed: LandedFile
    same_as: str


def collect(
    partition: PartitionKey,
    *,
    connection: str,
    inbox: Inbox,
    landing: Landing,
    deliveries: DeliveryBook,
    clock: Clock,
    run: str,
    faults: Faults,
) -> Collected:
    """Bring the file of a partition into the landing store, once; again, it is answered from there.

    Raises:
        NeedsPerson: it is neither in outbound nor in the landing store.
        Transient: it is still being written, or the server or the store cannot be reached.
    """
    landed = landing.find(connection, partition)
    if landed is None:
        remote = next((file for file in inbox.listing() if file.partition == partition), None)
        if remote is None:
            raise NeedsPerson(
                f"The file of partition {partition} is no longer in outbound and was never collected.",
                remedy="It was replaced or removed before it could be read. A replaced file has a partition of its own; "
                "ask Stampli for a removed one.",
                code="FILE_GONE",
            )
        landed = _bring_home(remote, connection, inbox, landing, faults)
    return Collected(landed, deliveries.arrived(landed, run, clock.now()))


def _bring_home(remote: RemoteFile, connection: str, inbox: Inbox, landing: Landing, faults: Faults) -> LandedFile:
    faults.reach("before-download")
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        inbox.download(remote, spool)  # type: ignore[arg-type]
        faults.reach("downloaded-not-landed")
        landed = landing.file(connection, remote, spool)  # type: ignore[arg-type]
    faults.reach("landed")
    return landed
