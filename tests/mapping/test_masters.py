from __future__ import annotations

from datetime import timedelta

from builders.clock import FakeClock
from builders.exports import invoice
from builders.lines import make_lines, make_reference

from stampli_assets.landing.shelf import ReferenceShelf
from stampli_assets.mapping.rules import Rules
from stampli_assets.pipeline.masters import Masters
from stampli_assets.pipeline.stages import map_batch
from stampli_assets.pipeline.target import Target


class Books:
    """An ERP whose vendor 000317 can be activated, and that counts how often it is asked."""

    def __init__(self) -> None:
        self.inactive: tuple[str, ...] = ("000317",)
        self.asked = 0

    def vendors(self):
        self.asked += 1
        return make_reference(inactive=self.inactive)["vendors"]

    def gl_accounts(self):
        return make_reference()["gl_accounts"]

    def dimensions(self):
        return make_reference()["dimensions"]


def make_masters(folder, books, clock) -> Masters:
    return Masters("acme_us", books, ReferenceShelf(str(folder)), clock, timedelta(minutes=5))


def mapped(masters, vendor: str, *, anew: bool = False):
    lines = make_lines(invoice("A", "1.00", Vendor_ID=vendor))
    return map_batch(lines, rules=Rules.load(""), masters=masters, target=Target("intacct", "ACME"), anew=anew)


def test_one_reading_serves_many_files_until_it_is_old(tmp_path):
    books, clock = Books(), FakeClock()
    masters = make_masters(tmp_path, books, clock)
    for _ in range(3):
        clock.pass_time(minutes=1)
        assert mapped(masters, "V-10021").findings == ()
    assert books.asked == 1
    clock.pass_time(minutes=6)
    mapped(masters, "V-10021")
    assert books.asked == 2


def test_nothing_is_held_on_an_old_reading(tmp_path):
    books, clock = Books(), FakeClock()
    masters = make_masters(tmp_path, books, clock)
    assert [finding.code for finding in mapped(masters, "000317").findings] == ["VENDOR_INACTIVE"]
    assert books.asked == 1
    books.inactive = ()
    clock.pass_time(minutes=1)
    assert mapped(masters, "000317").findings == ()
    assert books.asked == 2


def test_a_rerun_after_a_mend_reads_anew(tmp_path):
    books, clock = Books(), FakeClock()
    masters = make_masters(tmp_path, books, clock)
    mapped(masters, "V-10021")
    mapped(masters, "V-10021", anew=True)
    assert books.asked == 2


def test_a_reading_of_an_earlier_version_is_made_anew(tmp_path):
    books, clock = Books(), FakeClock()
    masters = make_masters(tmp_path, books, clock)
    reference, read_at = masters.read()
    for part in ("gl_accounts", "dimensions"):
        older = {**reference, part: reference[part].drop(columns=["valid_to"])}
        masters.shelf.put("acme_us", older, read_at)
        assert mapped(masters, "V-10021").findings == ()
    assert books.asked == 3
