"""Bills and credits side by side in the ledger: of one number they are two documents, of one Stampli id they are one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from builders.bills import make_bill, make_credit, make_source
from builders.ledgers import make_store

from stampli_assets.model.documents import Kind
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import ErpRecord, Posted
from stampli_assets.model.postings import Conflict, Decision, Intent, State

SOURCE = make_source()
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def send(store, *documents):
    """The intents of one request; ``None`` where one may not be sent."""
    opened = store.postings.open(documents, SOURCE)
    lease = store.leases.take(f"lease of {documents[0].key}", "run-1")
    return store.postings.mark_sending(
        [Intent(document, posting) for document, posting in zip(documents, opened, strict=True)], SOURCE, lease
    )


def put(store, *documents):
    sent = send(store, *documents)
    assert None not in sent
    verdicts = [(posting, Posted(ErpRecord(str(4001 + place)))) for place, posting in enumerate(sent)]
    return store.postings.record(verdicts, SOURCE)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_credit_and_a_bill_of_one_number_are_both_sent_in_one_request(tmp_path, order):
    both = [make_bill("A"), make_credit("A")]
    posted = put(make_store(tmp_path), *(both[place] for place in order))
    assert {posting.kind for posting in posted} == {Kind.BILL, Kind.CREDIT}
    assert {posting.state for posting in posted} == {State.POSTED}


@pytest.mark.parametrize("first", [make_bill, make_credit])
def test_what_is_posted_of_one_kind_never_stands_in_the_way_of_the_other(tmp_path, first):
    store = make_store(tmp_path)
    other = make_credit if first is make_bill else make_bill
    put(store, first("A"))
    assert [posting.conflict for posting in put(store, other("A"))] == [Conflict.NONE]


def test_a_lookalike_of_another_kind_is_none_in_a_batch_or_in_the_ledger(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill("inv-7"))
    assert [one.conflict for one in store.postings.open([make_credit("INV-7")], SOURCE)] == [Conflict.NONE]
    pair = store.postings.open([make_bill("X-1"), make_credit("x-1")], SOURCE)
    assert [one.conflict for one in pair] == [Conflict.NONE] * 2
    same_kind = store.postings.open([make_credit("Y-1"), make_credit("y-1")], SOURCE)
    assert [one.conflict for one in same_kind] == [Conflict.LOOKALIKE] * 2


def test_a_credit_has_twins_among_credits_in_a_batch_of_both_kinds(tmp_path):
    store = make_store(tmp_path)
    put(store, make_credit("A", stampli_vendor_id="S-1"))
    bill, twin = store.postings.open([make_bill("B"), make_credit("A", stampli_vendor_id="S-2")], SOURCE)
    assert (bill.conflict, twin.conflict) == (Conflict.NONE, Conflict.TWIN)


def test_a_stampli_document_that_was_posted_as_an_invoice_is_not_posted_as_a_credit_too(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill("A", stampli_id="ST-1"))
    (moved,) = store.postings.open([make_credit("A", stampli_id="ST-1")], SOURCE)
    assert (moved.conflict, moved.kind) == (Conflict.MOVED, Kind.CREDIT)
    assert send(store, make_bill("B"))[0] is not None


def test_credits_are_among_the_documents_of_a_file_and_of_a_look_back_with_their_sign(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill("A", total="100.00"), make_credit("A", total="-40.00"))
    for found in (
        store.postings.of_partition(SOURCE.connection, SOURCE.partition),
        store.postings.posted_since(SOURCE.connection, LONG_AGO)[SOURCE.partition],
    ):
        assert sorted((one.kind, one.total.minor) for one in found) == [(Kind.BILL, 10_000), (Kind.CREDIT, -4_000)]
        assert sum((one.total for one in found), Money(0, "USD")) == Money(6_000, "USD")


def test_a_decision_about_a_number_of_two_kinds_asks_which_and_takes_the_stampli_id(tmp_path):
    store = make_store(tmp_path)
    put(store, make_bill("A"), make_credit("A"))
    with pytest.raises(Misconfigured, match="bill ST-V-1-A of vendor V-1, credit ST-V-1-A-CM of vendor V-1"):
        store.decisions.decide("A", Decision.GONE, by="Dana", because="voided", vendor="V-1")
    assert store.decisions.decide("ST-V-1-A-CM", Decision.GONE, by="Dana", because="voided") == make_credit("A").key
