"""The rule of attaching, over folders and a book that a test owns."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest
from builders.exports import invoice
from builders.lines import make_lines

from stampli_assets.landing.store import LandingStore
from stampli_assets.model.attachments import attachment_id
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient, Unsettled
from stampli_assets.model.findings import End
from stampli_assets.model.frames import SETTLED, conform
from stampli_assets.model.outcome import Reason
from stampli_assets.model.remote import RemoteFile
from stampli_assets.pipeline.attach import Gallery, attach_images
from stampli_assets.pipeline.images import wanted_images

PDF = b"%PDF-1.4\nan invoice\n%%EOF\n"


@pytest.fixture(autouse=True)
def database():
    """No ledger is kept here, so one database is as good as another."""


@dataclass
class Folder:
    files: dict[str, bytes] = field(default_factory=dict)
    archived: dict[str, bytes] = field(default_factory=dict)
    downloads: int = 0
    moving: bool = False
    missing: str = ""

    def listing(self):
        if self.missing:
            raise Misconfigured("It is not to be had.", code=self.missing)
        return [RemoteFile(name, len(content), 1_795_000_000) for name, content in self.files.items()]

    def download(self, file, into):
        self.downloads += 1
        if self.moving:
            raise Transient(f"{file.name} changed while it was collected.", code="FILE_MOVES")
        into.write(self.files[file.name])

    def archive(self, file, digest):
        self.archived[file.name] = self.files.pop(file.name)
        return file.name


@dataclass
class Book:
    """A bill may be gone, carry something, refuse, or not answer."""

    carried: dict[str, str] = field(default_factory=dict)
    made: list = field(default_factory=list)
    lost: bool = False
    refused: Reason | None = None

    def attached(self, record_nos):
        return {record_no: self.carried[record_no] for record_no in record_nos if record_no in self.carried}

    def attach(self, attachment):
        if self.lost:
            raise OutcomeUnknown("The connection was lost.")
        if self.refused is None:
            self.made.append(attachment)
            self.carried[attachment.record_no] = attachment.id
        return self.refused


class House:
    """Approved lines, their bills, two folders and a book."""

    def __init__(self, folder, *invoices) -> None:
        import pandas as pd

        self.lines = make_lines(*invoices)
        heads = self.lines.drop_duplicates("document")
        rows = [
            {
                "number": head.invoice_number, "vendor_id": head.vendor_id, "currency": "USD", "record_no": str(4000 + at),
                "result": "posted", "posting_key": f"{at:064x}", "stampli_invoice_id": head.stampli_invoice_id,
                "vendor_name": "", "accounts": "", "control_id": "", "archived_as": "", "kind": "bill", "document": at,
                "row": head.row, "total": head.invoice_total,
            }
            for at, head in enumerate(heads.itertuples(index=False), start=1)
        ]  # fmt: skip
        self.settled = conform(pd.DataFrame(rows), SETTLED)
        self.outbound, self.beside = Folder(), Folder()
        self.book = Book(dict.fromkeys(self.settled["record_no"], ""))
        self.store = LandingStore(str(folder))

    def attach(self, find_by="name"):
        gallery = Gallery("acme_us", (self.outbound, self.beside), self.store, self.book, "Stampli", 1_000_000)
        return attach_images(self.lines, self.settled, find_by=find_by, gallery=gallery)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path, invoice("A", "1.00", "2.00"), invoice("B", "3.00"))


def codes(attached) -> list[tuple[End, str]]:
    return [(finding.end, finding.code) for finding in attached.findings]


def test_the_stampli_id_goes_before_the_number_and_nothing_else_is_taken(house):
    house.outbound.files = {"ST-A.pdf": PDF, "A.pdf": PDF + b"\n", "b.pdf": PDF, "B.PDF": PDF, "INV-B.pdf": PDF}
    attached = house.attach()
    assert [(one.wanted.number, one.image, one.result) for one in attached.hung] == [
        ("A", "ST-A.pdf", "attached"),
        ("B", "", "no image"),
    ]
    assert attached.findings == []
    assert sorted(house.outbound.files) == ["A.pdf", "B.PDF", "INV-B.pdf", "b.pdf"]


def test_an_attachment_carries_its_posting_its_month_and_its_bytes(house):
    house.beside.files = {"A.pdf": PDF}
    house.attach()
    (made,) = house.book.made
    assert (made.id, made.record_no, made.folder) == (attachment_id(f"{1:064x}"), "4001", "Stampli 2026-11")
    assert made.content == PDF
    assert house.beside.archived == {"A.pdf": PDF}


def test_a_number_that_two_bills_share_proves_nothing(tmp_path):
    house = House(
        tmp_path,
        invoice("A", "1.00", Stampli_Invoice_ID="ST-1", Vendor_ID="V-10021"),
        invoice("A", "2.00", Stampli_Invoice_ID="ST-2", Vendor_ID="000317"),
    )
    house.outbound.files = {"A.pdf": PDF, "ST-2.pdf": PDF}
    attached = house.attach()
    assert codes(attached) == [(End.HELD, "IMAGE_AMBIGUOUS")]
    assert [made.record_no for made in house.book.made] == ["4002"]
    assert list(house.outbound.files) == ["A.pdf"]


def test_a_lost_answer_waits_and_the_kept_image_is_attached_the_next_time(house):
    house.outbound.files = {"A.pdf": PDF}
    house.book.lost = True
    attached = house.attach()
    assert codes(attached) == [(End.WAITING, "ATTACHMENT_UNKNOWN")]
    with pytest.raises(Unsettled, match="bills of this file are settled"):
        attached.all_or_raise()
    assert list(house.outbound.files) == ["A.pdf"]
    house.book.lost = False
    house.outbound.files.clear()
    assert house.attach().count("attached") == 1
    assert house.outbound.downloads == 1


def test_what_is_attached_is_neither_fetched_nor_sent_again(house):
    house.outbound.files = {"A.pdf": PDF}
    house.attach()
    house.outbound.files = {"A.pdf": PDF}
    again = house.attach()
    assert [one.result for one in again.hung] == ["was attached", "no image"]
    assert (house.outbound.downloads, len(house.book.made)) == (1, 1)


def test_another_file_of_the_same_name_is_not_moved_away_with_it(house):
    house.outbound.files = {"A.pdf": PDF}
    house.attach()
    house.outbound.files = {"A.pdf": PDF + b"of another vendor"}
    house.attach()
    assert list(house.outbound.files) == ["A.pdf"]


def test_a_refusal_and_a_bill_that_is_gone_are_told_apart(house):
    house.outbound.files = {"A.pdf": PDF, "B.pdf": PDF}
    del house.book.carried["4001"]
    house.book.refused = Reason("ATTACHMENT_REFUSED", "Intacct refuses the attachment: no.", "Mend it.")
    assert codes(house.attach()) == [(End.HELD, "BILL_GONE"), (End.REFUSED, "ATTACHMENT_REFUSED")]


def test_an_image_that_is_still_written_waits_and_holds_up_no_other(house):
    house.outbound.files, house.beside.files = {"A.pdf": PDF}, {"B.pdf": PDF}
    house.outbound.moving = True
    attached = house.attach()
    assert codes(attached) == [(End.WAITING, "FILE_MOVES")]
    assert attached.count("attached") == 1


def test_an_image_that_was_replaced_by_a_better_one_is_taken_anew(house):
    house.outbound.files = {"A.pdf": PDF}
    house.book.refused = Reason("ATTACHMENT_REFUSED", "Too large.", "")
    house.attach()
    house.book.refused = None
    house.outbound.files = {"A.pdf": PDF + b" "}
    house.attach()
    assert [made.content for made in house.book.made] == [PDF + b" "]


def test_a_folder_that_was_never_made_is_empty_and_a_right_that_is_missing_is_told(house):
    house.outbound.files = {"A.pdf": PDF}
    house.beside.missing = "SFTP_MISSING"
    assert house.attach().count("attached") == 1
    house.beside.missing = "SFTP_PERMISSION"
    with pytest.raises(Misconfigured):
        house.attach()


def test_credits_are_left_out_and_it_says_so(house):
    house.settled["kind"] = "credit"
    wanted, notes = wanted_images(house.lines, house.settled, "name")
    assert wanted == []
    assert "2 credit(s)" in notes[0]


def test_an_image_whose_kept_bytes_were_lost_is_fetched_again(house, tmp_path):
    house.outbound.files = {"A.pdf": PDF}
    house.book.lost = True
    house.attach()
    for kept in (tmp_path / "objects").rglob("*"):
        if kept.is_file():
            kept.unlink()
    house.book.lost = False
    assert house.attach().count("attached") == 1
    assert io.BytesIO(house.book.made[0].content).read() == PDF
