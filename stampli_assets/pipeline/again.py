"""When an unsettled file is worth another try by the machine: once per change of its reasons, never in a loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from stampli_assets.model.findings import End, OpenFinding
from stampli_assets.model.identity import digest

FIRST_PAUSE = timedelta(minutes=2)
MOST_DOUBLINGS = 7
"""After these, about four hours, the pause grows no more: a bill that is released after days must not wait for days more."""
BILL_AWAITED = "BILL_NOT_POSTED"
TIME = "time passed"


@dataclass(frozen=True, slots=True)
class Again:
    """A delivery to run again, and ``why`` in a few words; ``token`` is the same until a reason changes."""

    partition: str
    file_name: str
    token: str
    why: str


def worth_trying_again(
    standing: Iterable[OpenFinding], *, circumstances: Mapping[str, str], posted: str, now: datetime
) -> Sequence[Again]:
    """The deliveries whose reasons may have gone.

    Args:
        standing: what the ledger keeps as not posted.
        circumstances: what a hold or refusal depends on, as digests: the mapping version and the ERP's masters.
            A file is worth a try for every new value of these.
        posted: changes when a bill is posted; a payment that waits for its bill is tried then.
        now: in UTC. Lost answers and an unreachable ERP are asked again at doubling intervals from two minutes.
    """
    unsettled = sorted(
        (one for one in standing if not one.finding.end.is_settled and one.finding.end is not End.FILE_REFUSED),
        key=lambda one: one.partition,
    )
    tries = []
    for partition, group in groupby(unsettled, key=lambda one: one.partition):
        found = list(group)
        reasons = {
            **_of_a_person(found, circumstances),
            **_of_bills(found, posted),
            **_of_time(found, now),
        }
        if reasons:
            why = ", ".join(sorted(reasons))
            tries.append(Again(partition, found[0].file_name, digest(dict(sorted(reasons.items())))[:12], why))
    return tries


def changed_since(tries: Iterable[Again], tried: Mapping[str, str]) -> Sequence[Again]:
    """The tries that are new. A file that is met for the first time was run under the present rules and masters just
    now, so only the passing of time makes it worth a try.
    """
    return [one for one in tries if tried.get(one.partition, "" if TIME in one.why else one.token) != one.token]


def _of_a_person(found: Sequence[OpenFinding], circumstances: Mapping[str, str]) -> dict[str, str]:
    waits = any(one.finding.end in {End.HELD, End.REFUSED} for one in found)
    return dict(circumstances) if waits else {}


def _of_bills(found: Sequence[OpenFinding], posted: str) -> dict[str, str]:
    return {"bills posted": posted} if any(one.finding.code == BILL_AWAITED for one in found) else {}


def _of_time(found: Sequence[OpenFinding], now: datetime) -> dict[str, str]:
    """How often the pause has doubled since the oldest answer was lost: a new value, a new try."""
    since = [one.first_seen for one in found if one.finding.end in {End.UNKNOWN, End.WAITING}]
    if not since:
        return {}
    pauses = int((now - min(since)) / FIRST_PAUSE)
    doublings = min(pauses.bit_length(), MOST_DOUBLINGS) + (pauses >> MOST_DOUBLINGS)
    return {TIME: str(doublings)} if doublings else {}
