"""What goes wrong: the words of a schedule, and how a seed becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field

from crash.dice import Dice
from crash.invoices import NUMBERS, Fact, fact

POINTS = (
    "before-download", "downloaded-not-landed", "landed", "leased", "opened", "verified-not-recorded", "looked-up",
    "before-intent", "intent-recorded", "before-send", "sent-not-recorded", "recorded", "posted", "before-archive",
    "archived-not-recorded",
)  # fmt: skip
"""Where the corridor may be struck, in the order in which a file meets them."""
REPLIES = (
    "refused_connection", "drop_before_commit", "drop_after_commit", "timeout_before_commit", "timeout_after_commit",
    "late_inside", "late_beyond", "slow_wire", "rate_limit", "unavailable_html", "internal_error", "internal_error_kept",
    "origin_timeout_kept", "truncate", "truncate_late", "shuffle_results", "drop_result", "double_result",
    "foreign_result", "session_expired", "abort",
)  # fmt: skip
"""How the ERP may answer a request badly."""
LEDGER = ("locked", "disk full", "commit refused", "commit unanswered")
"""How the ledger's database may fail in its n-th transaction of a process."""
FILES = {
    "listing": ("gone",),
    "download": ("drop", "short", "moves"),
    "landing": ("disk full",),
    "archive": ("refused", "drop before", "drop after"),
}
"""How Stampli's server and the landing store may fail, by what we were doing."""
POLICIES = ("error", "replay", "ignore")
"""What the gateway does with a control id that it has executed before (undocumented: all must be safe)."""
PEOPLE = ("deletes a posted bill", "keys a bill by hand", "keys another amount by hand", "edits the mapping",
          "activates the vendor")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The bad luck of one process. Keys count from 0: ``points[("recorded", 1)]`` strikes the second time."""

    points: dict[tuple[str, int], str] = field(default_factory=dict)
    replies: dict[tuple[str, int], str] = field(default_factory=dict)
    ledger: dict[int, str] = field(default_factory=dict)
    files: dict[tuple[str, int], str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{what} at {point}[{n}]" for (point, n), what in self.points.items()]
        parts += [f"{what} on {kind}[{n}]" for (kind, n), what in self.replies.items()]
        parts += [f"ledger {what} in transaction {n}" for n, what in self.ledger.items()]
        parts += [f"{kind} {what}[{n}]" for (kind, n), what in self.files.items()]
        return "; ".join(parts) or "nothing goes wrong"


@dataclass(frozen=True)
class Attempt:
    """One process on one of the files, ``after`` so many seconds, and what a person did meanwhile."""

    file: int
    plan: Plan
    after: int = 0
    person: str = ""


@dataclass(frozen=True)
class Storm:
    """A whole schedule: what Stampli exports, how we post, and everything that goes wrong."""

    seed: int
    policy: str
    functions_per_request: int
    parallel_requests: int
    files: tuple[tuple[Fact, ...], ...]
    attempts: tuple[Attempt, ...]
    erp: str = "intacct"


ERPS = ("intacct", "graphql", "rest")
"""Sage Intacct, and Sage X3 over either of its APIs."""


def storm(seed: int, erp: str = "intacct") -> Storm:
    """The schedule of a seed. X3 knows no control ids: it is as a gateway that ignores them."""
    dice = Dice(seed)
    policy = dice.pick(POLICIES)
    if erp != "intacct":
        policy = "ignore"
    files = _files(dice)
    attempts = tuple(_attempt(dice, len(files), policy) for _ in range(dice.pick((1, 1, 1, 2, 2))))
    return Storm(seed, policy, dice.pick((1, 2, 25)), dice.pick((1, 1, 2)), files, attempts, erp)


def _files(dice: Dice) -> tuple[tuple[Fact, ...], ...]:
    first = _documents(dice)
    if not dice.one_in(4):
        return (first,)
    second = dice.pick((first, tuple(fact(one.number, 2) for one in first), _documents(dice)))
    return (first, second)


def _documents(dice: Dice) -> tuple[Fact, ...]:
    """One to three documents next to one another in the list, so that their combinations are few."""
    start, count = 2 * dice.roll(5), 1 + dice.roll(3)
    return tuple(fact(number) for number in NUMBERS[start : start + count])


def _attempt(dice: Dice, files: int, policy: str) -> Attempt:
    points: dict[tuple[str, int], str] = {}
    replies: dict[tuple[str, int], str] = {}
    ledger: dict[int, str] = {}
    broken: dict[tuple[str, int], str] = {}
    for _ in range(1 + dice.roll(3)):
        match dice.roll(8):
            case 0 | 1 | 2:
                point = dice.pick(POINTS), dice.roll(2) if dice.one_in(3) else 0
                points[point] = dice.pick(("crash", "crash", "crash", "another worker", "pause", "long pause"))
            case 3 | 4 | 5:
                replies[dice.pick(("create", "create", "read", "session")), dice.roll(2)] = _reply(dice, policy)
            case 6:
                ledger[dice.roll(9)] = dice.pick(LEDGER)
            case _:
                kind = dice.pick(tuple(FILES))
                broken[kind, 0] = dice.pick(FILES[kind])
    after = dice.pick((0, 0, 60, 150, 600, 1260))
    person = dice.pick(PEOPLE) if dice.one_in(6) else ""
    return Attempt(dice.roll(files), Plan(points, replies, ledger, broken), after, person)


def _reply(dice: Dice, policy: str) -> str:
    """A gateway that ignores control ids must at least be faster than the settle window: nothing else is promised."""
    kind = dice.pick(REPLIES)
    return "late_inside" if kind == "late_beyond" and policy == "ignore" else kind
