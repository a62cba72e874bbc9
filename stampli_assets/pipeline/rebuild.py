"""Rebuild: a lost ledger learns again from the landed files and the ERP what was posted. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from stampli_assets.model.errors import FileRefused
from stampli_assets.model.postings import Intent
from stampli_assets.model.remote import LandedFile
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.masters import Masters
from stampli_assets.pipeline.parse import parse
from stampli_assets.pipeline.parse_payments import parse_payments
from stampli_assets.pipeline.paying import Till, look_only
from stampli_assets.pipeline.post import Batch, Desk, adopt, is_settled
from stampli_assets.pipeline.stages import map_batch
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    from stampli_assets.mapping.rules import Rules
    from stampli_assets.stampli.layout import Layout


@dataclass(frozen=True, slots=True)
class Relearned:
    """One delivery: what the ERP holds as it was approved, and what it does not hold or holds differently."""

    landed: LandedFile
    settled: tuple[Intent, ...]
    open: tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class Teacher:
    """What one connection's files are read again with. ``till`` is ``None`` where payments are not recorded."""

    export: Callable[[LandedFile], AbstractContextManager[BinaryIO]]
    invoices: Layout
    payments: Layout
    rules: Rules
    masters: Masters
    target: Target
    desk: Callable[[LandedFile], Desk]
    till: Callable[[LandedFile], Till] | None

    def learn_invoices(self, landed: LandedFile) -> Batch:
        """Look up what an invoice file approved."""
        with self.export(landed) as kept:
            lines = parse(kept, name=landed.file.name, layout=self.invoices).lines
        mapped = map_batch(lines, rules=self.rules, masters=self.masters, target=self.target)
        return adopt(bills(mapped.mapped.lines, self.target), self.desk(landed))

    def learn_payments(self, landed: LandedFile) -> Batch:
        """Look up what a payment file says was paid."""
        if self.till is None:
            return Batch(())
        with self.export(landed) as kept:
            lines = parse_payments(kept, name=landed.file.name, layout=self.payments).lines
        reference, _ = self.masters.current()
        return look_only(lines, rules=self.rules, reference=reference, till=self.till(landed))


def relearn(files: Iterator[tuple[LandedFile, str]], teacher: Teacher) -> Iterator[Relearned]:
    """Read every delivery again, each with its kind, and look its documents up in the ERP.

    Raises:
        Transient: the ERP or the ledger is away; what was learned stays, and it is begun again.
    """
    for landed, kind in files:
        try:
            batch = teacher.learn_payments(landed) if kind == "payments" else teacher.learn_invoices(landed)
        except FileRefused:
            continue
        settled = tuple(intent for intent in batch.intents if is_settled(intent.posting))
        yield Relearned(landed, settled, tuple(intent for intent in batch.intents if intent not in settled))
