"""Post: put every document of a batch in the ERP at most once, and say how each one ended.

The rule, in the order in which a batch meets it:

1. The ledger opens a posting for every document. What is posted stays posted; what contradicts the ledger is held.
2. What *may* have been sent earlier is read back from the ERP before anything else happens to it.
3. What would be sent for the first time is looked up once: a document that the ERP already holds is adopted, or held
   when it differs.
4. The intent is on disk before the first byte leaves. A crash anywhere after that leaves ``sending`` behind, and
   the next run begins at 2.
5. Answers that were lost are read back at once; what is not found waits for the settle window, and is then sent again
   under the same control id, so that an ERP that knows it after all can say so.

One run at a time works on a file: it holds the file's lease, and each intent is recorded under the lease's number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from stampli_assets.model.documents import Document
from stampli_assets.model.errors import Misconfigured, StampliAssetsError, Transient
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.outcome import (
    AlreadyThere,
    ErpRecord,
    Held,
    NotSent,
    Outcome,
    Posted,
    ProvenAbsent,
    Unknown,
    Verdict,
)
from stampli_assets.model.ports import Book, Clock, Faults, LeaseBook, Ledger, Progress
from stampli_assets.model.postings import REPEATED, Conflict, Intent, Lease, Posting, Source, State
from stampli_assets.pipeline.readback import held_because, record_of

HEARTBEAT_SECONDS = 20
"""How often the lease is renewed while the ERP is thinking."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a batch is sent. ``settle`` is how long an unanswered request may still be at work in the ERP."""

    functions_per_request: int = 25
    parallel_requests: int = 2
    settle: timedelta = timedelta(minutes=20)
    send_within: timedelta = timedelta(seconds=60)
    """An intent older than this is not sent any more: somebody may have read it back as absent meanwhile."""


def threads(most: int) -> Executor:
    """The senders of production: one thread for each request under way."""
    return ThreadPoolExecutor(max_workers=most, thread_name_prefix="erp")


@dataclass(frozen=True, slots=True)
class Desk:
    """What one posting run works with. ``senders`` makes what carries out so many requests at once."""

    ledger: Ledger
    leases: LeaseBook
    book: Book[Any]
    clock: Clock
    source: Source
    faults: Faults
    progress: Progress
    pace: Pace = field(default_factory=Pace)
    senders: Callable[[int], Executor] = threads
    ended: Collection[str] = ()
    """Runs that are known to have ended: the lease of one of them is taken over at once."""
    alone_in: str = ""
    """What one run works on at a time, when that is more than its file."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Every document with its posting as it stands now, in the order given, and what stopped the sending, if any."""

    intents: tuple[Intent, ...]
    stopped_by: StampliAssetsError | None = None

    @property
    def settled(self) -> tuple[Intent, ...]:
        return tuple(intent for intent in self.intents if is_settled(intent.posting))

    @property
    def unsettled(self) -> tuple[Intent, ...]:
        return tuple(intent for intent in self.intents if not is_settled(intent.posting))


def is_settled(posting: Posting) -> bool:
    """Posted, with the content that Stampli approved last; or left to the later delivery that brought other content."""
    return posting.conflict is Conflict.SUPERSEDED or (posting.is_posted and posting.conflict is Conflict.NONE)


def post(documents: Sequence[Document], desk: Desk, held_back: Collection[PostingKey] = ()) -> Batch:
    """Post a batch; every document's posting is answered, in order, however it ended.

    What is ``held_back`` is looked up and read back like the others, and never sent.

    Business refusals, holds and lost answers are states of the answered postings. When the ERP could not be
    reached or turned us away, ``stopped_by`` says so and what was not sent is still ``planned``.

    Raises:
        Defect: the ledger met a transition that must not exist; nothing further is sent.
        Transient: another run works on this file; or the ledger, or the ERP when reading, could not be reached.
    """
    with _leased(desk) as lease:
        standing, absent = _looked_up(documents, desk)
        to_send = [place for place in absent if documents[place].key not in held_back]
        stopped_by = _send(documents, standing, to_send, desk, lease)
        _read_back(documents, standing, desk)
    return _batch(documents, standing, stopped_by, desk)


def adopt(documents: Sequence[Document], desk: Desk) -> Batch:
    """The same without sending: what the ERP holds already is adopted or held, the rest stays planned."""
    with _leased(desk):
        standing, _ = _looked_up(documents, desk)
    return _batch(documents, standing, None, desk)


def _looked_up(documents: Sequence[Document], desk: Desk) -> tuple[dict[int, Posting], list[int]]:
    """Every posting after a look into the ERP, and the places of those that it does not hold and that may be sent."""
    standing = dict(enumerate(desk.ledger.open(documents, desk.source)))
    desk.faults.reach("opened")
    _read_back(documents, standing, desk)
    ready = [place for place, posting in standing.items() if _may_be_sent(posting)]
    absent = _adopt_what_is_there(documents, standing, ready, desk)
    desk.faults.reach("looked-up")
    return standing, absent


def _batch(
    documents: Sequence[Document], standing: dict[int, Posting], stopped_by: StampliAssetsError | None, desk: Desk
) -> Batch:
    intents = tuple(
        Intent(document, _against(standing[place], document, desk.source)) for place, document in enumerate(documents)
    )
    return Batch(intents, stopped_by)


@contextmanager
def _leased(desk: Desk) -> Iterator[Lease]:
    name = f"{desk.source.connection}/{desk.alone_in or desk.source.partition}"
    lease = desk.leases.take(name, desk.source.run, desk.ended)
    desk.faults.reach("leased")
    try:
        yield lease
    finally:
        with suppress(Transient):  # it ends by itself where the ledger is away
            desk.leases.release(lease)


def _may_be_sent(posting: Posting) -> bool:
    sendable = posting.state in {State.PLANNED, State.REFUSED, State.HELD}
    return sendable and posting.conflict is Conflict.NONE


def _against(posting: Posting, document: Document, source: Source) -> Posting:
    """The posting with the conflict that appears once it is posted under another content."""
    if posting.is_posted and posting.conflict is Conflict.NONE:
        return replace(posting, conflict=posting.against(document, source.partition))
    return posting


def _read_back(documents: Sequence[Document], standing: dict[int, Posting], desk: Desk) -> None:
    """Settle what may have been sent, by what the ERP holds under the vendor and number that were sent.

    What is absent before the settle window is over stays as it is: it may be somebody else's request in flight.
    """
    doubtful = [place for place, posting in standing.items() if posting.may_have_been_sent]
    if not doubtful:
        return
    sent = [
        replace(documents[place], vendor_id=standing[place].vendor_id, number=standing[place].number)
        for place in doubtful
    ]
    # The moment counts from before the question: an answer can only say what was true then.
    asked_at = desk.ledger.now()
    verdicts: list[tuple[int, Verdict]] = []
    for place, records in zip(doubtful, desk.book.find(sent), strict=True):
        posting = standing[place]
        if records:
            verdicts.append((place, _verdict_on_found(posting, records)))
        elif _is_over(posting, asked_at, desk.pace.settle):
            verdicts.append((place, ProvenAbsent()))
    desk.faults.reach("verified-not-recorded")
    _record(standing, verdicts, desk)


def _is_over(posting: Posting, asked_at: datetime, settle: timedelta) -> bool:
    """Whether absence may be believed: never while the ERP itself says that it has executed the request."""
    contradicted = posting.reason is not None and posting.reason.code == REPEATED
    return not contradicted and posting.intent_at is not None and asked_at - posting.intent_at >= settle


def _verdict_on_found(posting: Posting, records: Sequence[ErpRecord]) -> Verdict:
    """One record with our total is ours; anything else is for a person."""
    if len(records) == 1 and records[0].total == posting.total:
        return Posted(records[0])
    return Held(held_because(posting, records))


def _adopt_what_is_there(
    documents: Sequence[Document], standing: dict[int, Posting], ready: list[int], desk: Desk
) -> list[int]:
    """Look every document up before it is sent: adopt what agrees, hold what differs, answer what is absent."""
    if not ready:
        return []
    verdicts: list[tuple[int, Verdict]] = []
    absent: list[int] = []
    for place, records in zip(ready, desk.book.find([documents[place] for place in ready]), strict=True):
        document = documents[place]
        if not records:
            absent.append(place)
        elif len(records) == 1 and records[0].total == document.total:
            verdicts.append((place, AlreadyThere(records[0])))
        else:
            verdicts.append((place, Held(held_because(record_of(document), records))))
    _record(standing, verdicts, desk)
    return absent


def _record(standing: dict[int, Posting], verdicts: Sequence[tuple[int, Verdict]], desk: Desk) -> None:
    if not verdicts:
        return
    recorded = desk.ledger.record([(standing[place], verdict) for place, verdict in verdicts], desk.source)
    for (place, _), posting in zip(verdicts, recorded, strict=True):
        standing[place] = posting


def _send(
    documents: Sequence[Document], standing: dict[int, Posting], ready: Sequence[int], desk: Desk, lease: Lease
) -> StampliAssetsError | None:
    """Send what is ready, a bounded number of requests at a time; answers what stopped the sending.

    Only this thread touches the ledger: each request's intents are committed before the request is handed to a
    sender, and its verdicts as soon as it returns.
    """
    stopped_by: StampliAssetsError | None = None
    requests = _requests(ready, desk.pace.functions_per_request)
    with desk.senders(desk.pace.parallel_requests) as senders:
        flying: dict[Future[_Answer], list[int]] = {}
        try:
            while True:
                while stopped_by is None and len(flying) < desk.pace.parallel_requests:
                    places = next(requests, None)
                    if places is None:
                        break
                    intended = desk.clock.now()
                    won = _intend(documents, standing, places, desk, lease)
                    if won:
                        carried = [Intent(documents[place], standing[place]) for place in won]
                        flying[senders.submit(_request, carried, intended, desk)] = won
                if not flying:
                    return stopped_by
                landed = wait(flying, timeout=HEARTBEAT_SECONDS, return_when=FIRST_COMPLETED).done
                if not landed:
                    stopped_by = stopped_by or _sign_of_life(desk, lease)
                for done in [future for future in flying if future in landed]:
                    stopped_by = stopped_by or _landed(documents, standing, flying.pop(done), done.result(), desk)
        finally:
            for waiting in flying:
                waiting.cancel()


def _sign_of_life(desk: Desk, lease: Lease) -> Transient | None:
    """The lease renewed; or why nothing more may be sent. What is under way is still waited for."""
    try:
        desk.leases.renew(lease)
    except Transient as lost:
        return lost
    return None


def _landed(
    documents: Sequence[Document], standing: dict[int, Posting], places: list[int], answer: _Answer, desk: Desk
) -> StampliAssetsError | None:
    desk.faults.reach("sent-not-recorded")
    _record(standing, list(zip(places, answer.verdicts, strict=True)), desk)
    desk.faults.reach("recorded")
    desk.progress.request_done([Intent(documents[place], standing[place]) for place in places], answer.seconds)
    return answer.stopped_by


def _requests(ready: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(ready[start : start + size]) for start in range(0, len(ready), size))


def _intend(
    documents: Sequence[Document], standing: dict[int, Posting], places: list[int], desk: Desk, lease: Lease
) -> list[int]:
    """Record the intents of one request; answers the places that are ours to send."""
    desk.faults.reach("before-intent")
    intents = [Intent(documents[place], standing[place]) for place in places]
    marked = desk.ledger.mark_sending(intents, desk.source, lease)
    desk.faults.reach("intent-recorded")
    won = []
    for place, posting in zip(places, marked, strict=True):
        if posting is None:
            standing[place] = desk.ledger.open([documents[place]], desk.source)[0]
            continue
        standing[place] = posting
        if posting.state is State.SENDING:
            won.append(place)
    return won


@dataclass(frozen=True, slots=True)
class _Answer:
    verdicts: Sequence[Verdict]
    seconds: float
    stopped_by: StampliAssetsError | None = None


def _request(intents: Sequence[Intent], intended: datetime, desk: Desk) -> _Answer:
    """One request to the ERP, in a sender's thread. Whatever is not certain is unknown.

    ``intended`` is when the intents were about to be recorded, by this worker's clock, as is the moment of sending.
    """
    started = desk.clock.now()
    desk.faults.reach("before-send")
    if desk.clock.now() - intended > desk.pace.send_within:
        late = Transient("The sender was held up for too long after the intent; nothing was sent.", code="STALE_INTENT")
        return _Answer([NotSent() for _ in intents], 0.0, late)
    try:
        outcomes = desk.book.post([(intent.document, intent.posting.control_id) for intent in intents])
    except (Transient, Misconfigured) as error:
        return _Answer([NotSent() for _ in intents], _seconds(desk, started), error)
    verdicts = [_as_sent(intent.document, outcome) for intent, outcome in zip(intents, outcomes, strict=True)]
    return _Answer(verdicts, _seconds(desk, started))


def _as_sent(document: Document, outcome: Outcome) -> Outcome:
    """What the ERP says to have kept over another total never passes as posted: it is read back, and held as it is found."""
    if isinstance(outcome, Posted) and outcome.record.total not in {None, document.total}:
        kept = outcome.record.total
        assert kept is not None
        why = f"The ERP kept {document.number} as {outcome.record.record_no} over {kept.labelled}, not as it was sent."
        return Unknown(why, REPEATED)
    return outcome


def _seconds(desk: Desk, started: datetime) -> float:
    return (desk.clock.now() - started).total_seconds()
