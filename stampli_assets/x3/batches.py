"""A batch of creates: each sent until X3 has decided about it, never again once it may have been kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.model.outcome import NotSent, Reason
from stampli_assets.x3.api import Api, Created, Lost, NotMade, NotNow, Record
from stampli_assets.x3.diagnoses import Diagnosis, Severity
from stampli_assets.x3.door import Door, Patience
from stampli_assets.x3.wire import TurnedAway


def create_all(api: Api, place: str, records: Sequence[Record], door: Door) -> list[Created]:
    """How each create ended, in order. What X3 certainly did not take is sent again within the backoff, and only that.

    ``NotNow`` is left where the backoff was spent on some while others were kept or refused.

    Raises:
        Transient: certain that nothing of the batch was kept, after the backoff is spent.
        Misconfigured: likewise, and a person must act.
    """
    ended: list[Created] = [NotNow("It was not sent")] * len(records)
    until = door.clock.now() + timedelta(seconds=door.folder.sending_seconds)
    patience = Patience(door.folder.backoff_deadline_seconds, door.clock, door.jitter)
    while True:
        waiting = [number for number, one in enumerate(ended) if isinstance(one, NotNow)]
        if not waiting:
            return ended
        stop = _attempt(api, place, records, ended, waiting, until)
        left = [one for one in ended if isinstance(one, NotNow)]
        if not left:
            return ended
        asked = max(one.after for one in left)
        if isinstance(stop, Misconfigured):
            if len(left) == len(ended):
                raise stop
            return [_stopped(one, stop) for one in ended]
        if door.clock.now() >= until or not patience.waited(asked):
            if len(left) == len(ended):
                raise patience.spent(left[0].why)
            return ended


def _attempt(
    api: Api,
    place: str,
    records: Sequence[Record],
    ended: list[Created],
    waiting: Sequence[int],
    until: datetime,
) -> Misconfigured | None:
    """Send what is waiting; fill in how it ended. What was not reached stays ``NotNow``."""
    answered = 0
    try:
        for created in api.create(place, [records[number] for number in waiting], until=until):
            ended[waiting[answered]] = created
            answered += 1
    except TurnedAway as away:
        for number in waiting[answered:]:
            ended[number] = NotNow(away.why, away.raw, away.after)
    except OutcomeUnknown as lost:
        for number in waiting[answered:]:
            ended[number] = Lost(lost.sentence)
    except Misconfigured as wrong:
        return wrong
    return None


def _stopped(one: Created, stop: Misconfigured) -> Created:
    if not isinstance(one, NotNow):
        return one
    return NotMade((Diagnosis(Severity.ERROR, f"{stop.sentence} {stop.remedy}".strip()),))


def not_sent(one: NotNow, what: str) -> NotSent:
    """One document of a batch that was not kept although others were: X3 turned it away until the backoff was spent."""
    return NotSent(
        Reason(
            "ERP_AWAY",
            f"{one.why.rstrip('.')}: {what} was not sent. Nothing of it was kept.",
            "It is tried again by itself; a record that is locked must be closed by its user first.",
            one.raw,
        )
    )
