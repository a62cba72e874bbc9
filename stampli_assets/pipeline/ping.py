"""Ping: every system of a connection, step by step, each failure with what to do about it. No error leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from stampli_assets.model.errors import OutcomeUnknown, StampliAssetsError, Transient
from stampli_assets.model.ports import Clock
from stampli_assets.model.probing import End, Look, Probe, Seen, Step

CREDENTIALS = "settings and secrets"
_CONTINUES = "The step before says what to mend first."


def ping(system: str, made: Callable[[], Probe], clock: Clock) -> Iterator[Step]:
    """The steps of one system as they are made. ``made`` resolves its secrets: that is the first step.

    A step is skipped, with the step that it waits for, where one that it needs did not go well.
    """
    probes: list[Probe] = []

    def resolved() -> Seen:
        probes.append(made())
        return Seen("The settings fit and every secret is there.")

    step = _made(system, Look(CREDENTIALS, resolved), clock)
    yield step
    if not probes:
        return
    (probe,) = probes
    ended = {step.name: step.end}
    try:
        for look in probe.looks():
            missing = next((name for name in look.needs if ended.get(name) is not End.OK), "")
            step = _skipped(system, look, missing) if missing else _made(system, look, clock)
            ended[step.name] = step.end
            yield step
    finally:
        probe.close()


def worst(steps: Sequence[Step]) -> Step | None:
    """The step that decides how a ping ended: one whose system did not answer, else the first that failed."""
    failed = [step for step in steps if step.end is End.FAILED]
    return next((step for step in failed if step.unreachable), failed[0] if failed else None)


def _made(system: str, look: Look, clock: Clock) -> Step:
    begun = clock.now()
    try:
        seen = look.at()
    except StampliAssetsError as error:
        seconds = (clock.now() - begun).total_seconds()
        remedy = error.remedy or "Try again; if it stays so, report this sentence."
        gone = isinstance(error, Transient | OutcomeUnknown)
        return Step(system, look.name, End.FAILED, seconds, error.sentence, remedy, gone)
    end = End.SKIPPED if seen.untried else End.WARNED if seen.remedy else End.OK
    return Step(system, look.name, end, (clock.now() - begun).total_seconds(), seen.sentence, seen.remedy)


def _skipped(system: str, look: Look, missing: str) -> Step:
    return Step(system, look.name, End.SKIPPED, 0, f"Not tried: it needs “{missing}”.", _CONTINUES)
