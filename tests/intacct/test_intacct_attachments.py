"""Attachments against the gateway's simulator and the vendor's own schema."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from builders.bills import make_bill
from builders.clock import FakeClock
from builders.intacct import make_book, make_company, make_gateway, make_simulator
from lxml import etree

from stampli_assets.intacct.attachments import (
    IntacctAttachments,
    create_folder,
    create_supdoc,
    look_up,
    update_bill,
)
from stampli_assets.intacct.envelope import Function, request
from stampli_assets.model.attachments import ID_LENGTH, Attachment, attachment_id
from stampli_assets.model.errors import OutcomeUnknown
from stampli_assets.model.identity import ControlId

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "intacct" / "schema" / "api.xsd"
PDF = b"%PDF-1.4\nan invoice\n%%EOF\n"


@pytest.fixture
def simulator():
    with make_simulator() as running:
        yield running


def make_attachment(record_no: str = "4001", number: str = "INV-1", **given) -> Attachment:
    key = attachment_id(make_bill(number).key)
    values = {
        "id": key,
        "record_no": record_no,
        "folder": "Stampli 2026-11",
        "name": f"{number} ({key})",
        "description": f"Invoice {number} of vendor V-1, as approved in Stampli",
        "file_name": "scan.of INV-1.PDF",
        "content": PDF,
    }
    return Attachment(**{**values, **given})


def make_attachments(simulator, run: str = "run-1", clock: FakeClock | None = None) -> IntacctAttachments:
    return IntacctAttachments(make_gateway(simulator.url, clock), run)


def posted(simulator, *numbers: str) -> list[str]:
    documents = [(make_bill(number), ControlId(f"sa-{number}")) for number in numbers]
    return [outcome.record.record_no for outcome in make_book(simulator.url).post(documents)]


def kept(simulator) -> list[dict]:
    return simulator.books.as_json()["supdocs"]


def test_an_attachment_is_written_exactly_so():
    calls = (create_folder("Stampli 2026-11"), create_supdoc(make_attachment()), update_bill(make_attachment()))
    written = "".join(etree.tostring(call, encoding="unicode", pretty_print=True) for call in calls)
    assert written == (GOLDEN / "attachment.xml").read_text()


@pytest.mark.skipif(not SCHEMA.exists(), reason="the vendor's schema is not beside this project")
@pytest.mark.parametrize(
    "call",
    [
        create_folder("F"),
        create_supdoc(make_attachment()),
        update_bill(make_attachment()),
        look_up("supdoc", "supdocid", "SA-1"),
        look_up("supdocfolder", "name", "F"),
    ],
    ids=["folder", "attachment", "bill", "find attachment", "find folder"],
)
def test_every_call_obeys_the_published_schema(call):
    body = request(make_company("http://127.0.0.1:1/x"), [Function("sa-1", call)], session_id="s..", unique=True)
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(etree.fromstring(body))


def test_the_id_is_the_postings_own_and_short_enough():
    one, other = make_bill("A").key, make_bill("B").key
    assert attachment_id(one) == attachment_id(one) != attachment_id(other)
    assert len(attachment_id(one)) == ID_LENGTH


def test_an_image_is_put_on_its_bill_byte_for_byte_in_the_folder_of_its_month(simulator):
    (record_no,) = posted(simulator, "INV-1")
    assert make_attachments(simulator).attach(make_attachment(record_no)) is None
    (one,) = kept(simulator)
    assert one["folder"] == "Stampli 2026-11"
    assert one["files"] == [
        {"name": "scan_of INV-1", "type": "pdf", "bytes": len(PDF), "sha256": hashlib.sha256(PDF).hexdigest()}
    ]
    assert make_attachments(simulator).attached([record_no, "999"]) == {record_no: one["supdocid"]}


def test_done_again_by_another_run_it_changes_nothing(simulator):
    (record_no,) = posted(simulator, "INV-1")
    for run in ("run-1", "run-2", "run-3"):
        assert make_attachments(simulator, run).attach(make_attachment(record_no)) is None
    assert len(kept(simulator)) == 1
    assert simulator.told()["creates"] == 3  # the bill, the folder, the attachment


def test_two_bills_of_a_month_share_a_folder_that_is_looked_for_once(simulator):
    first, second = posted(simulator, "INV-1", "INV-2")
    book = make_attachments(simulator)
    book.attach(make_attachment(first))
    book.attach(make_attachment(second, "INV-2"))
    assert len(simulator.books.folders) == 1
    lists = [entry for entry in simulator.requests if "get_list" in entry["functions"]]
    assert len(lists) == 3


@pytest.mark.parametrize("kind", ["drop_after_commit", "drop_before_commit", "truncate", "origin_timeout"])
@pytest.mark.parametrize(
    ("when", "skip"),
    [("create", 0), ("create", 1), ("read", 2)],
    ids=["at the folder", "at the attachment", "at the bill"],
)
def test_a_lost_answer_is_unknown_and_the_next_run_finishes_it_once(simulator, kind, when, skip):
    (record_no,) = posted(simulator, "INV-1")
    book = make_attachments(simulator)
    book.attached([record_no])
    simulator.faults.queue(kind, when=when, skip=skip)  # an update counts as no create there
    with pytest.raises(OutcomeUnknown):
        book.attach(make_attachment(record_no))
    assert make_attachments(simulator, "run-2").attach(make_attachment(record_no)) is None
    assert len(kept(simulator)) == len(simulator.books.folders) == 1
    assert make_attachments(simulator).attached([record_no]) == {record_no: make_attachment().id}


def test_somebody_else_who_made_it_in_the_same_moment_is_no_refusal(simulator):
    (record_no,) = posted(simulator, "INV-1")
    with simulator.books.lock:
        simulator.books.write({"kind": "supdocfolder", "name": "Stampli 2026-11"})
    hidden = {
        "supdocid": make_attachment().id,
        "name": "x",
        "folder": "Stampli 2026-11",
        "files": [],
        "description": "",
    }
    with simulator.books.lock:
        simulator.books.write({"kind": "supdoc", "record": {**hidden, "visible_at": "2099-01-01T00:00:00+00:00"}})
    refused = make_attachments(simulator).attach(make_attachment(record_no))
    assert "already exists" in refused.sentence
    assert len(kept(simulator)) == 1
    simulator.books.supdocs[make_attachment().id]["visible_at"] = ""
    assert make_attachments(simulator, "run-2").attach(make_attachment(record_no)) is None


def test_a_refusal_of_intacct_is_told_with_what_it_says(simulator):
    refused = make_attachments(simulator).attach(make_attachment("999"))
    assert (
        refused.sentence == "Intacct refuses to put the attachment on the bill: No record exists for the recordkey 999."
    )
    assert "rights" in refused.remedy


def test_a_bill_carries_only_an_attachment_that_is_there(simulator):
    (record_no,) = posted(simulator, "INV-1")
    gateway = make_gateway(simulator.url)
    call = update_bill(replace(make_attachment(record_no), id="SA-NOBODY"))
    (result,) = gateway.write([Function("u", call)])["u"]
    assert not result.succeeded
    assert "Invalid Attachment" in result.errors[0].text


def test_many_bills_are_asked_for_in_few_requests(simulator):
    make_attachments(simulator).attached([str(number) for number in range(1200)])
    assert len([entry for entry in simulator.requests if "query" in entry["functions"]]) == 3


def test_the_books_find_attachments_again_after_a_restart(tmp_path):
    with make_simulator(state=tmp_path) as first:
        (record_no,) = posted(first, "INV-1")
        make_attachments(first).attach(make_attachment(record_no))
        before = kept(first)
    with make_simulator(state=tmp_path) as second:
        assert kept(second) == before
        assert make_attachments(second).attached([record_no]) == {record_no: make_attachment().id}
