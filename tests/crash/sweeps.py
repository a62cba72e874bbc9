"""Every combination, where they can be counted: fault points with replies, and a reply cut at every byte."""

from __future__ import annotations

from collections.abc import Iterator

from crash.invoices import fact
from crash.storms import POINTS, POLICIES, REPLIES, Attempt, Plan, Storm
from crash.wire import InProcess

BATCHES = (("N-1",), ("N-1", "N-2"), ("N-1", "N-2", "N-3"))
ORDERS = ("together", "reply first", "crash first")


def pairs() -> Iterator[Storm]:
    """A process that is killed at each point, and each bad reply: in one process, and in two, either way round.

    For one to three documents, one or all of them in a request; the gateway's policies take turns, except that a commit
    later than the settle window is only met by gateways that recognise a control id.
    """
    number = 0
    for numbers in BATCHES:
        for point in POINTS:
            for reply in REPLIES:
                for order in ORDERS:
                    number += 1
                    policies = POLICIES[:2] if reply == "late_beyond" else POLICIES
                    yield Storm(
                        number,
                        policies[number % len(policies)],
                        1 + 24 * (number % 2),
                        1,
                        (tuple(fact(one) for one in numbers),),
                        _attempts(order, point, reply),
                    )


def _attempts(order: str, point: str, reply: str) -> tuple[Attempt, ...]:
    crash, bad = {(point, 0): "crash"}, {("create", 0): reply}
    if order == "together":
        return (Attempt(0, Plan(points=crash, replies=bad)),)
    attempts = (Attempt(0, Plan(replies=bad)), Attempt(0, Plan(points=crash), after=150))
    return (
        attempts
        if order == "reply first"
        else (Attempt(0, Plan(points=crash)), Attempt(0, Plan(replies=bad), after=150))
    )


def cuts(reply_bytes: int, step: int = 1) -> Iterator[Storm]:
    """The answer to the create of one bill, cut after each of its bytes."""
    for at in range(0, reply_bytes, step):
        plan = Plan(replies={("create", 0): f"cut at {at}"})
        yield Storm(at, POLICIES[at % 3], 25, 1, ((fact("N-1"),),), (Attempt(0, plan),))


def reply_bytes() -> int:
    """How long the answer to the create of one bill is."""
    from crash.world import World, workshop

    lengths: list[int] = []

    class Measured(InProcess):
        def _answered(self, request, body, trouble):
            response = super()._answered(request, body, trouble)
            if b"<create>" in body:
                lengths.append(int(response.headers["Content-Length"]))
            return response

    world = World(Storm(0, "error", 25, 1, ((fact("N-1"),),), (Attempt(0, Plan()),)), workshop(), carrier=Measured)
    world.play()
    world.close()
    return lengths[0]
