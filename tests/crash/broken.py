"""Protocols that are wrong, and guards taken out: the harness must catch every one of them.

Each is a replacement for the product's ``post_bills``, or for one part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import Result
from stampli_assets.model.identity import Fingerprint
from stampli_assets.model.outcome import ErpRecord, Posted, Refused
from stampli_assets.model.postings import Intent, Lease
from stampli_assets.pipeline import post as protocol
from stampli_assets.pipeline.post import Batch, Desk
from stampli_assets.pipeline.stages import PostedBatch, post_bills
from stampli_assets.pipeline.unsettled import unposted


def post_then_record(
    ready: Sequence[Any], holds: Sequence[Any], *, desk: Desk, record: Callable[[list[Any]], object]
) -> PostedBatch:
    """What most integrations do: send what is not known as posted, and write down what came of it."""
    standing = list(desk.ledger.open(ready, desk.source))
    lease = desk.leases.take(f"{desk.source.connection}/{desk.source.partition}", desk.source.run)
    for place, (bill, posting) in enumerate(zip(ready, standing, strict=True)):
        if posting.is_posted:
            continue
        desk.faults.reach("before-send")
        (outcome,) = desk.book.post([(bill, posting.control_id)])
        desk.faults.reach("sent-not-recorded")
        if isinstance(outcome, Posted | Refused):
            (sent,) = desk.ledger.mark_sending([Intent(bill, posting)], desk.source, lease)
            if sent is not None:
                (standing[place],) = desk.ledger.record([(sent, outcome)], desk.source)
        desk.faults.reach("recorded")
    batch = Batch(tuple(Intent(bill, posting) for bill, posting in zip(ready, standing, strict=True)))
    left = unposted(batch, desk.pace.settle)
    record(left)
    return PostedBatch(batch, (*holds, *left), 0.0)


def without_settle_window(ready: Sequence[Any], holds: Sequence[Any], *, desk: Desk, record: Any) -> PostedBatch:
    """A read-back is believed at once."""
    return post_bills(ready, holds, desk=replace(desk, pace=replace(desk.pace, settle=timedelta(0))), record=record)


class _NoIntents:
    """A ledger whose intents reach the disk together with their outcome."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._due: dict[str, tuple[Intent, Lease]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def mark_sending(self, intents: Sequence[Intent], source: Any, lease: Lease) -> list[Any]:
        self._due |= {intent.document.key: (intent, lease) for intent in intents}
        return [
            replace(intent.posting, state=protocol.State.SENDING, intent_at=self._ledger.now()) for intent in intents
        ]

    def record(self, verdicts: Sequence[tuple[Any, Any]], source: Any) -> Sequence[Any]:
        sent = []
        for posting, verdict in verdicts:
            intent, lease = self._due.get(posting.key, (None, None))
            marked = self._ledger.mark_sending([intent], source, lease)[0] if intent is not None else posting
            sent.append((marked or posting, verdict))
        return self._ledger.record(sent, source)  # type: ignore[no-any-return]


def without_intents(ready: Sequence[Any], holds: Sequence[Any], *, desk: Desk, record: Any) -> PostedBatch:
    """The intent is written after the request."""
    return post_bills(ready, holds, desk=replace(desk, ledger=_NoIntents(desk.ledger)), record=record)


def without_fingerprints(ready: Sequence[Any], holds: Sequence[Any], *, desk: Desk, record: Any) -> PostedBatch:
    """Every approval of a document counts as the same."""
    blind = [replace(bill, fingerprint=Fingerprint("same")) for bill in ready]
    return post_bills(blind, holds, desk=desk, record=record)


class _NothingThere:
    """An ERP that is asked nothing before a document is sent to it for the first time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk.book, name)

    def find(self, bills: Sequence[Any]) -> Sequence[Sequence[ErpRecord]]:
        return [[] for _ in bills]


def without_looking_first(ready: Sequence[Any], holds: Sequence[Any], *, desk: Desk, record: Any) -> PostedBatch:
    """Neither a first look nor a read-back."""
    return post_bills(ready, holds, desk=replace(desk, book=_NothingThere(desk)), record=record)  # type: ignore[arg-type]


class ByPosition(Gateway):
    """Results are taken in the order in which they come, whatever control id they carry."""

    def write(self, functions: Sequence[Any]) -> Mapping[str, list[Result]]:
        results = [one for found in super().write(functions).values() for one in found]
        return {function.control_id: [one] for function, one in zip(functions, results, strict=False)}


BROKEN: dict[str, dict[str, Any]] = {
    "post, then record": {"post_bills": post_then_record},
    "no settle window": {"post_bills": without_settle_window},
    "intents after the request": {"post_bills": without_intents},
    "no fingerprints": {"post_bills": without_fingerprints},
    "no look-up": {"post_bills": without_looking_first},
    "results by position": {"gateway": ByPosition},
}
"""What the harness must catch, as what is replaced in a :class:`~crash.world.World`."""
