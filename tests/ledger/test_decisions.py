from __future__ import annotations

import json

import pytest
from builders.bills import make_bill, make_source
from builders.ledgers import make_store
from sqlalchemy import text

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.outcome import Unknown
from stampli_assets.model.postings import REPEATED, Decision, Intent, State

SOURCE = make_source()


def unknown_to_the_erp(store, bill, code=REPEATED):
    opened = store.postings.open([bill], SOURCE)[0]
    lease = store.leases.take("acme_us/file", "run-1")
    sent = store.postings.mark_sending([Intent(bill, opened)], SOURCE, lease)[0]
    return store.postings.record([(sent, Unknown("?", code))], SOURCE)[0]


def test_a_decision_names_who_and_why_in_the_journal(tmp_path):
    store = make_store(tmp_path)
    store.postings.open([make_bill("A 1")], SOURCE)
    store.decisions.decide("A 1", Decision.DISTINCT, by="R. Controller", because="two deliveries")
    with store.reading() as connection:
        last = json.loads(connection.execute(text("SELECT what FROM journal ORDER BY seq DESC LIMIT 1")).scalar_one())
    assert (last["decision"], last["by"], last["because"]) == ("distinct", "R. Controller", "two deliveries")
    assert store.journal.verify() is None


def test_declaring_a_document_absent_gives_it_a_new_control_id(tmp_path):
    store = make_store(tmp_path)
    unknown = unknown_to_the_erp(store, make_bill())
    store.decisions.decide("INV-1", Decision.ABSENT, by="R. Controller", because="looked it up")
    planned = store.postings.open([make_bill()], SOURCE)[0]
    assert planned.state is State.PLANNED
    assert planned.control_id != unknown.control_id


def test_only_what_the_erp_says_it_has_executed_can_be_declared_absent(tmp_path):
    """An ordinary lost answer settles by itself; a person who is faster than the settle window could double it."""
    store = make_store(tmp_path)
    unknown_to_the_erp(store, make_bill(), code="UNKNOWN")
    with pytest.raises(Misconfigured, match="does not wait for this decision"):
        store.decisions.decide("INV-1", Decision.ABSENT, by="R. Controller", because="impatient")


def test_a_document_is_named_without_doubt(tmp_path):
    store = make_store(tmp_path)
    store.postings.open([make_bill(vendor_id="V-1"), make_bill(vendor_id="V-2")], SOURCE)
    with pytest.raises(Misconfigured, match="knows no document"):
        store.decisions.decide("INV-9", Decision.DISTINCT, by="x", because="y")
    with pytest.raises(
        Misconfigured, match="2 documents: bill ST-V-1-INV-1 of vendor V-1, bill ST-V-2-INV-1 of vendor V-2"
    ):
        store.decisions.decide("INV-1", Decision.DISTINCT, by="x", because="y")
    assert store.decisions.decide("INV-1", Decision.DISTINCT, by="x", because="y", vendor="V-2")
