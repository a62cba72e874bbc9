"""Sending documents to Intacct: one create for each in one request, and what the results say of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from lxml import etree

from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.errors import is_repeated_control_id, reason
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import GatewayError, Result
from stampli_assets.model.errors import OutcomeUnknown
from stampli_assets.model.identity import ControlId
from stampli_assets.model.outcome import ErpRecord, Outcome, Posted, Reason, Refused, Unknown
from stampli_assets.model.postings import REPEATED

D = TypeVar("D")


def create_each(
    gateway: Gateway,
    documents: Sequence[tuple[D, ControlId]],
    create: Callable[[D], etree._Element],
    called: Callable[[D], str],
) -> Sequence[Outcome]:
    """One request with one create per document; every document's outcome, in order.

    ``create`` raises ``ValueError`` for characters that XML does not allow; ``called`` is how a person calls a document.

    Raises:
        Transient: certain that nothing was kept.
        Misconfigured: the sign-in or the request was refused as a whole; nothing was kept.
    """
    outcomes: dict[ControlId, Outcome] = {}
    functions: list[Function] = []
    for document, control_id in documents:
        try:
            functions.append(Function(control_id, create(document)))
        except ValueError:
            outcomes[control_id] = Refused((unwritable(called(document)),))
    if functions:
        outcomes |= _send(gateway, functions)
    return [outcomes[control_id] for _, control_id in documents]


def _send(gateway: Gateway, functions: Sequence[Function]) -> dict[ControlId, Outcome]:
    try:
        results = gateway.write(functions)
    except OutcomeUnknown as lost:
        return {ControlId(function.control_id): Unknown(lost.sentence) for function in functions}
    return {ControlId(f.control_id): outcome(results.get(f.control_id, [])) for f in functions}


def outcome(
    results: Sequence[Result],
    called: str = "the bill",
    refused: Callable[[Sequence[GatewayError]], Reason] = reason,
) -> Outcome:
    """What one function's results say; anything that is not plain is unknown."""
    if len(results) != 1:
        return Unknown(f"Intacct answered with {len(results)} results for {called}.")
    result = results[0]
    if result.record_no:  # created, even where the status speaks of a failure (partial success)
        return Posted(ErpRecord(result.record_no))
    if result.status not in {"failure", "aborted"} or not result.errors:
        return Unknown(f"Intacct answered {result.status or 'nothing'!r} without a record number or a reason.")
    if is_repeated_control_id(result.errors):
        return Unknown("Intacct says that it has executed this request before.", REPEATED)
    return Refused((refused(result.errors),))


def unwritable(called: str) -> Reason:
    """A document that holds a character which no request can carry."""
    return Reason(
        "CHARACTER",
        f"{called} holds a character that cannot be sent to Intacct.",
        "Remove control characters from its texts in Stampli and let it be exported again.",
    )
