"""Vendor files: every vendor of a file is found in the ERP, or created there once where the settings say so.

What exists is never changed. What differs is *noticed*: it stays on the list until a newer vendor file, or the ERP, tells
otherwise, and holds up no file. What cannot be decided here (two vendors that may be meant, a term without a rule, a refused
create) leaves the file unsettled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stampli_assets.mapping.verdicts import Hold
from stampli_assets.model.errors import StampliAssetsError, Unsettled
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.frames import conform, empty
from stampli_assets.model.postings import Intent, State
from stampli_assets.model.suppliers import NewSupplier, SupplierCreation
from stampli_assets.model.vendor_frames import VENDOR_STANDINGS
from stampli_assets.pipeline.suppliers import Supplying, create, creation_of, learn, not_yet
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.unsettled import summary, told
from stampli_assets.pipeline.vendor_memory import address_of, changed
from stampli_assets.pipeline.vendor_standings import Judge, Standing

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules
    from stampli_assets.model.ports import Clock, Reference
    from stampli_assets.pipeline.masters import Masters


@dataclass(frozen=True, slots=True)
class Registry:
    """What vendor files are worked with. ``supplying`` is ``None`` where no vendors are created."""

    rules: Rules
    masters: Masters
    target: Target
    clock: Clock
    supplying: Supplying | None


@dataclass(frozen=True, slots=True)
class VendorBatch:
    """How a vendor file ended. ``standings`` are those of its vendors; ``notices`` are of all vendors that Stampli told of."""

    standings: tuple[Standing, ...]
    notices: tuple[Finding, ...]
    findings: tuple[Finding, ...] = ()
    created: Mapping[str, str] = field(default_factory=dict)
    """Stampli's id of each vendor that was created, or adopted, and its record number."""
    stopped_by: StampliAssetsError | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """``VENDOR_STANDINGS``."""
        import pandas as pd

        unsettled = {finding.document: finding.end for finding in self.findings}
        rows = [
            {
                "row": one.vendor["row"],
                "vendor_id": one.vendor["vendor_id"],
                "vendor_name": one.vendor["vendor_name"],
                "erp_vendor_id": self.created.get(one.vendor["vendor_id"], one.erp_vendor_id),
                "differences": "; ".join(map(str, one.differences)),
                "archived_as": "",
                "standing": self._word(one, unsettled.get(one.vendor["vendor_id"])),
            }
            for one in self.standings
        ]
        return conform(pd.DataFrame(rows), VENDOR_STANDINGS) if rows else empty(VENDOR_STANDINGS)

    def settled_or_raise(self) -> VendorBatch:
        """The same, when every vendor of the file has come to an end.

        Raises:
            StampliAssetsError: what stopped the creating, where the machine should try again.
            Unsettled: vendors wait for a person, or for an answer of the ERP.
        """
        if self.stopped_by is not None:
            raise self.stopped_by
        if self.findings:
            raise Unsettled(
                f"{len({f.document for f in self.findings})} vendor(s) of this file are not settled: "
                f"{summary(self.findings)}.",
                remedy=f"Mend these, then rerun this run from failure:\n{told(self.findings)}",
                code="UNSETTLED",
            )
        return self

    def _word(self, one: Standing, end: End | None) -> str:
        if one.vendor["vendor_id"] in self.created:
            return "created"
        if end is not None:
            return "held" if end is End.HELD else "not created yet"
        if one.hold is not None:
            return "held"
        if not one.erp_vendor_id:
            return "not in the ERP" if one.is_wanted else "inactive"
        return "differs" if one.differences else "agrees"


def match(rows: pd.DataFrame, memory: pd.DataFrame, *, registry: Registry, anew: bool = False) -> VendorBatch:
    """How the vendors of a file (``VENDOR_ROWS``) stand to the ERP, and what of ``memory`` (``REMEMBERED``) is worth a
    notice; nothing is created. Read with a recent reading of the masters; when something would be said, with a fresh one.

    Raises:
        Transient: the ERP does not answer.
        Misconfigured: the ERP does not let us read its vendors.
    """
    started = registry.clock.now()
    reference, read_at = registry.masters.read() if anew else registry.masters.current()
    batch = _judged(rows, memory, reference, registry)
    if read_at < started and (batch.notices or any(one.hold or one.is_wanted for one in batch.standings)):
        reference, _ = registry.masters.read()
        batch = _judged(rows, memory, reference, registry)
    return batch


def bring_in(rows: pd.DataFrame, memory: pd.DataFrame, *, registry: Registry, anew: bool = False) -> VendorBatch:
    """The same, and what the ERP lacks is created, each vendor once, where the settings allow it.

    Raises:
        Transient: the ERP or the ledger is away, or another run works on this file.
        Misconfigured: the ERP refuses the sign-in or a look-up.
    """
    how = registry.supplying
    if how is not None:
        _learn(rows, how, registry)
    batch = match(rows, memory, registry=registry, anew=anew)
    held = [one.finding(End.HELD, one.hold) for one in batch.standings if one.hold is not None]
    wanted = [one for one in batch.standings if one.is_wanted]
    if how is None or not wanted:
        return _with(batch, held)
    creations, termless = _creations(wanted, how, registry)
    ended = create(creations.values(), how)
    by_key = {intent.document.key: intent for intent in ended.intents}
    intents = [(one, by_key[creations[key].key]) for one in wanted if (key := one.vendor["vendor_id"]) in creations]
    created = {one.vendor["vendor_id"]: i.posting.record_no for one, i in intents if i.posting.is_posted}
    if created:
        reference, _ = registry.masters.read()
        batch = _judged(rows, memory, reference, registry)
    left = [one.finding(_end(intent), hold) for one, intent in intents if (hold := not_yet(intent)) is not None]
    return VendorBatch(
        batch.standings, batch.notices, tuple(sorted([*held, *termless, *left], key=_row)), created, ended.stopped_by
    )


def _judged(rows: pd.DataFrame, memory: pd.DataFrame, reference: Reference, registry: Registry) -> VendorBatch:
    today = registry.clock.now().date()
    judge = Judge(reference, registry.rules, registry.target, today)
    notices = changed(memory, today=today)
    for one in judge.judge(memory):
        notices += one.notices
        if one.is_wanted and registry.supplying is None:
            notices.append(one.missing())
    return VendorBatch(tuple(judge.judge(rows)), tuple(notices))


def _with(batch: VendorBatch, findings: Sequence[Finding]) -> VendorBatch:
    return VendorBatch(batch.standings, batch.notices, tuple(findings))


def _learn(rows: pd.DataFrame, how: Supplying, registry: Registry) -> None:
    """What became of creations that were never answered, also where the ERP shows them by now."""
    made = (creation_of(_supplier(row, how, ""), int(row["row"]), registry.target) for row in rows.to_dict("records"))
    learn((creation for creation in made if creation is not None), how)


def _creations(
    wanted: Sequence[Standing], how: Supplying, registry: Registry
) -> tuple[dict[str, SupplierCreation], list[Finding]]:
    """The new suppliers by Stampli's vendor id, and those whose payment term the ERP does not know."""
    reference, _ = registry.masters.current()
    judge = Judge(reference, registry.rules, registry.target, registry.clock.now().date())
    made: dict[str, SupplierCreation] = {}
    termless = []
    for one in wanted:
        term = judge.term(one.vendor["payment_terms"])
        if isinstance(term, Hold):
            termless.append(one.finding(End.HELD, term))
            continue
        creation = creation_of(_supplier(one.vendor, how, term.code), int(one.vendor["row"]), registry.target)
        assert creation is not None, "a vendor of a file has a name and an id"
        made[one.vendor["vendor_id"]] = creation
    return made, termless


def _supplier(row: Mapping[str, object], how: Supplying, term: str) -> NewSupplier:
    return NewSupplier(
        name=str(row["vendor_name"]),
        template=how.template,
        number=str(row["vendor_id"]),
        tax_id=str(row["tax_id"]),
        country=str(row["country"]),
        currency=str(row["currency"]),
        term=term,
        address=address_of(row),
    )


def _end(intent: Intent) -> End:
    if intent.posting.may_have_been_sent:
        return End.UNKNOWN
    return {State.REFUSED: End.REFUSED, State.HELD: End.HELD}.get(intent.posting.state, End.WAITING)


def _row(finding: Finding) -> int:
    return finding.row
