"""Rebuild: a lost ledger learns again from the landed files and the ERP what was posted. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stampli_assets.model.errors import FileRefused
from stampli_assets.model.ports import Landing
from stampli_assets.model.postings import Intent
from stampli_assets.model.remote import LandedFile
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.masters import Masters
from stampli_assets.pipeline.parse import parse
from stampli_assets.pipeline.post import Desk, adopt, is_settled
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


def relearn(
    files: Iterator[LandedFile],
    *,
    landing: Landing,
    layout: Layout,
    rules: Rules,
    masters: Masters,
    target: Target,
    desk: Callable[[LandedFile], Desk],
) -> Iterator[Relearned]:
    """Read every delivery again and look its documents up in the ERP.

    Raises:
        Transient: the ERP or the ledger is away; what was learned stays, and it is begun again.
    """
    for landed in files:
        try:
            with landing.open(landed) as kept:
                lines = parse(kept, name=landed.file.name, layout=layout).lines
        except FileRefused:
            continue
        mapped = map_batch(lines, rules=rules, masters=masters, target=target)
        batch = adopt(bills(mapped.mapped.lines, target), desk(landed))
        settled = tuple(intent for intent in batch.intents if is_settled(intent.posting))
        yield Relearned(landed, settled, tuple(intent for intent in batch.intents if intent not in settled))
