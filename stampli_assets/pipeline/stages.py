"""The corridor's stages as one person would tell them, each a few calls: parse → map → post → settle.

What Dagster does with them (storage, retries, metadata) is ``defs/``; what the command line does is ``cli/``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from stampli_assets.model.documents import Bill
from stampli_assets.model.errors import Unsettled
from stampli_assets.model.findings import Finding
from stampli_assets.model.frames import SETTLED, conform, empty
from stampli_assets.model.postings import Conflict, Intent, Posting
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import Mapped, map_lines
from stampli_assets.pipeline.masters import Masters
from stampli_assets.pipeline.post import Batch, Desk, post
from stampli_assets.pipeline.suppliers import Supplying, settle, supply
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.unsettled import held, summary, superseded, told, unposted

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules


SUPERSEDED = "superseded"
"""The result of a document that came again with other content in a later delivery."""
NOT_POSTED = "none"


@dataclass(frozen=True, slots=True)
class MappedBatch:
    """A mapped file with what is held, by which rules and which reading of the ERP's masters."""

    mapped: Mapped
    findings: tuple[Finding, ...]
    version: str
    read_at: datetime
    suppliers_created: int = 0


def map_batch(
    lines: pd.DataFrame,
    *,
    rules: Rules,
    masters: Masters,
    target: Target,
    anew: bool = False,
    supplying: Supplying | None = None,
) -> MappedBatch:
    """Map with a recent reading of the masters; when something would be held, read them again before saying so.

    ``supplying`` creates the vendors that the ERP lacks, where the settings allow it.
    """
    started = masters.clock.now()
    if supplying is not None:
        settle(lines, target=target, how=supplying)
    reference, read_at = masters.read() if anew else masters.current()
    mapped = map_lines(lines, rules=rules, reference=reference, target=target)
    if not mapped.holds.empty and read_at < started:
        reference, read_at = masters.read()
        mapped = map_lines(lines, rules=rules, reference=reference, target=target)
    if supplying is not None and "VENDOR_UNKNOWN" in set(mapped.holds["code"]):
        supplied = supply(lines, rules=rules, reference=reference, target=target, how=supplying)
        if supplied.created:
            reference, read_at = masters.read()
        mapped = map_lines(lines, rules=rules, reference=reference, target=target, uncreated=supplied.holds)
        holds = tuple(held(mapped.holds, lines))
        return MappedBatch(mapped, holds, str(rules.version), read_at, supplied.created)
    return MappedBatch(mapped, tuple(held(mapped.holds, lines)), str(rules.version), read_at)


@dataclass(frozen=True, slots=True)
class PostedBatch:
    """How a file ended: what is settled, and every reason why something is not."""

    batch: Batch
    findings: tuple[Finding, ...]
    seconds: float

    def settled_or_raise(self) -> tuple[Intent, ...]:
        """The settled documents, when they are all of the file.

        Raises:
            StampliAssetsError: what stopped the sending, where the machine should try again.
            Unsettled: documents wait for a person, or for an answer of the ERP.
        """
        if self.batch.stopped_by is not None:
            raise self.batch.stopped_by
        left = [finding for finding in self.findings if not finding.end.is_settled]
        if left:
            raise Unsettled(
                f"{len({f.document for f in left})} document(s) of this file are not settled: "
                f"{summary(left)}; {len(self.batch.settled)} are posted.",
                remedy=f"Mend these, then rerun this run from failure:\n{told(left)}",
                code="UNSETTLED",
            )
        return self.batch.settled


def post_batch(
    mapped: MappedBatch, *, desk: Desk, target: Target, record: Callable[[list[Finding]], object]
) -> PostedBatch:
    """Post what is mapped; what is left unposted is recorded before anything is raised (holds already are)."""
    return post_bills(bills(mapped.mapped.lines, target), mapped.findings, desk=desk, record=record)


def post_bills(
    ready: Sequence[Bill], holds: Sequence[Finding], *, desk: Desk, record: Callable[[list[Finding]], object]
) -> PostedBatch:
    """The same for bills that are made already; ``holds`` are what the mapping found."""
    started = desk.clock.now()
    batch = post(ready, desk)
    left = [*unposted(batch, desk.pace.settle), *superseded(batch)]
    record(left)
    return PostedBatch(batch, (*holds, *left), (desk.clock.now() - started).total_seconds())


def _result(posting: Posting) -> str:
    if posting.conflict is Conflict.SUPERSEDED:
        return SUPERSEDED
    return "already there" if posting.adopted else "posted"


def settled_frame(settled: tuple[Intent, ...], archived_as: str = "") -> pd.DataFrame:
    """The settled documents of a file as ``SETTLED``."""
    import pandas as pd

    if not settled:
        return empty(SETTLED)
    rows = [
        {
            "document": place,
            "kind": str(intent.document.kind),
            "number": intent.document.number,
            "stampli_invoice_id": intent.document.stampli_id,
            "vendor_id": intent.document.vendor_id,
            "vendor_name": intent.document.vendor_name,
            "accounts": ", ".join(intent.document.accounts),
            "row": intent.document.first_row,
            "total": intent.document.total.minor,
            "currency": intent.document.currency,
            "record_no": intent.posting.record_no or NOT_POSTED,
            "result": _result(intent.posting),
            "posting_key": intent.posting.key,
            "control_id": intent.posting.control_id,
            "archived_as": archived_as,
        }
        for place, intent in enumerate(settled, start=1)
    ]
    return conform(pd.DataFrame(rows), SETTLED)
