"""Vendor files over a real ledger and the gateway's simulator: matched, shown, created at most once, never changed."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from builders.bills import make_source
from builders.clock import FakeClock
from builders.crash import Crash, CrashAt, Quiet
from builders.exports import invoice
from builders.intacct import make_gateway, make_masters, make_simulator
from builders.ledgers import make_store
from builders.lines import make_lines
from builders.vendors import vendor, vendor_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stampli_assets.intacct.reference import IntacctReference
from stampli_assets.intacct.vendors import IntacctVendors
from stampli_assets.landing.shelf import ReferenceShelf
from stampli_assets.mapping.rules import Rules
from stampli_assets.model.errors import StampliAssetsError, Unsettled
from stampli_assets.model.findings import End
from stampli_assets.model.suppliers import SupplierTemplate
from stampli_assets.pipeline.masters import Masters
from stampli_assets.pipeline.post import Desk, Pace
from stampli_assets.pipeline.stages import map_batch
from stampli_assets.pipeline.suppliers import Supplying
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.vendor_files import Registry, bring_in
from stampli_assets.pipeline.vendor_memory import remember
from stampli_assets.wiring import NoFaults

SETTLE = timedelta(minutes=20)
TARGET = Target(erp="intacct", company="ACME", entity_id="100")
ERP_VENDORS = [
    {"VENDORID": "V-1", "NAME": "Old Mill Printing", "STATUS": "active", "TAXID": "34-1234567", "TERMNAME": "Net 30"},
    {"VENDORID": "V-2", "NAME": "Harbor Steel", "STATUS": "inactive", "TAXID": "34-7654321", "CURRENCY": "USD"},
    {"VENDORID": "V-3", "NAME": "Summit Logistics", "STATUS": "active"},
    {"VENDORID": "V-4", "NAME": "Summit Logistics", "STATUS": "active"},
    {"VENDORID": "V-5", "NAME": "Erie Gases", "STATUS": "active", "TAXID": "55-5555555"},
]
OLD_MILL = {"vendor_name": "Old Mill Printing", "tax_id": "34-1234567"}


class World:
    """One company; each :meth:`file` or :meth:`invoices` is a new process. ``creates``: the settings allow it."""

    def __init__(self, folder, simulator, clock, *, creates=True) -> None:
        self.folder, self.simulator, self.clock, self.creates = folder, simulator, clock, creates
        self.rules = Rules.load("")
        self.memory = None

    def registry(self, partition: str, run: str, faults) -> Registry:
        gateway = make_gateway(self.simulator.url, self.clock)
        store = make_store(self.folder, now=self.clock.now)
        desk = Desk(
            ledger=store.postings,
            leases=store.leases,
            book=None,
            clock=self.clock,
            source=make_source(run=run, partition=partition),
            faults=faults or NoFaults(),
            progress=Quiet(),
            pace=Pace(settle=SETTLE),
        )
        shelf = ReferenceShelf(str(self.folder / f"shelf-{run}"))
        masters = Masters("acme_us", IntacctReference(gateway), shelf, self.clock, timedelta(minutes=5))
        supplying = Supplying(IntacctVendors(gateway), SupplierTemplate(), desk) if self.creates else None
        return Registry(self.rules, masters, TARGET, self.clock, supplying)

    def file(self, *vendors, name="vendors.csv", partition="20261121T0900_v_1", run="run-1", faults=None):
        rows = vendor_rows(*vendors)
        self.memory = remember(self.memory, rows, file_name=name, day=self.clock.now().date())
        return bring_in(rows, self.memory, registry=self.registry(partition, run, faults))

    def invoices(self, vendor_id: str, *, partition="20261121T0900_i_1", run="run-1", faults=None, **cells):
        lines = make_lines(invoice("A", "1.00", Vendor_ID=vendor_id, Vendor_Name="Brand New Bearings"))
        lines["vendor_tax_id"] = lines["vendor_tax_id"].where(lines["vendor_tax_id"] != "", cells.get("tax_id", ""))
        registry = self.registry(partition, run, faults)
        how = {"rules": self.rules, "masters": registry.masters, "target": TARGET, "supplying": registry.supplying}
        return map_batch(lines, **how)

    @property
    def held(self) -> dict[str, dict]:
        return {one["VENDORID"]: one for one in self.simulator.books.as_json()["masters"]["vendors"]}


@contextlib.contextmanager
def running(folder, **given):
    clock = FakeClock()
    with make_simulator(now=clock.now, masters=make_masters(vendors=ERP_VENDORS)) as simulator:
        yield World(folder, simulator, clock, **given)


@pytest.fixture
def world(tmp_path):
    with running(tmp_path) as one:
        yield one


def standing(batch) -> list[str]:
    return list(batch.frame["standing"])


def codes(found) -> list[tuple[str, str, str]]:
    return [(one.document, one.code, one.column) for one in found]


def test_a_vendor_that_agrees_is_known_however_its_name_and_tax_id_are_spelled(world):
    batch = world.file(vendor("V-1", vendor_name="OLD MILL  printing", tax_id="US 34.1234567"))
    assert (standing(batch), batch.notices, batch.findings) == (["agrees"], (), ())


def test_every_field_that_differs_is_shown_with_both_sides_and_nothing_is_applied(world):
    before = world.held
    told = vendor("V-2", vendor_name="Harbour Steel", tax_id="34-0000001", currency="EUR", payment_terms="Net 99")
    batch = world.file(told)
    assert standing(batch) == ["differs"]
    assert [one.column for one in batch.notices] == ["name", "tax id", "status", "currency", "payment terms"]
    assert all(one.end is End.NOTICED for one in batch.notices)
    tax = batch.notices[1]
    assert "'34-0000001' in Stampli and '34-7654321' in the ERP" in tax.sentence
    assert "changes neither" in tax.remedy
    assert batch.settled_or_raise() is batch
    assert world.held == before


def test_what_stampli_does_not_tell_is_no_difference(world):
    batch = world.file(vendor("V-1", vendor_name="Old Mill Printing", tax_id="", currency="", payment_terms=""))
    assert standing(batch) == ["agrees"]


def test_a_new_vendor_is_created_with_term_currency_and_address_of_the_file(world):
    batch = world.file(vendor())
    assert (standing(batch), batch.findings, batch.notices) == (["created"], (), ())
    kept = world.held["V-77001"]
    assert (kept["NAME"], kept["TERMNAME"], kept["CURRENCY"]) == ("Brand New Bearings", "Net 30", "USD")
    assert (kept["ADDRESS1"], kept["CITY"], kept["ZIP"], kept["COUNTRYCODE"]) == ("1 Mill Road", "Akron", "44101", "US")
    assert standing(world.file(vendor(), partition="20261122T0900_v_2")) == ["agrees"]


def test_where_the_settings_create_no_vendors_a_missing_one_is_noticed_and_holds_nothing_up(tmp_path):
    with running(tmp_path, creates=False) as world:
        batch = world.file(vendor(), vendor("V-1", **OLD_MILL))
        assert standing(batch) == ["not in the ERP", "agrees"]
        assert codes(batch.notices) == [("V-77001", "VENDOR_MISSING", "")]
        assert "the settings create no vendors" in batch.notices[0].remedy
        assert batch.settled_or_raise() is batch
        assert "V-77001" not in world.held


def test_an_inactive_vendor_of_stampli_is_never_created_and_is_nobodys_business(world):
    batch = world.file(
        vendor(status="INACTIVE"), vendor("V-8", vendor_name="Summit Logistics", status="INACTIVE", tax_id="")
    )
    assert (standing(batch), batch.notices, batch.findings) == (["inactive", "inactive"], (), ())
    assert set(world.held) == {"V-1", "V-2", "V-3", "V-4", "V-5"}


def test_a_vendor_that_may_be_one_of_several_is_held_and_the_others_are_created(world):
    batch = world.file(vendor("V-8", vendor_name="Summit Logistics", tax_id=""), vendor())
    assert standing(batch) == ["held", "created"]
    assert codes(batch.findings) == [("V-8", "VENDOR_MAY_BE_KNOWN", "")]
    with pytest.raises(Unsettled, match="1 vendor"):
        batch.settled_or_raise()
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "vendors.csv").write_text("stampli_vendor,erp_vendor\nV-8,V-4\n")
    world.rules = Rules.load(world.folder / "rules")
    told = vendor("V-8", vendor_name="Summit Logistics", tax_id="", payment_terms="")
    assert standing(world.file(told)) == ["agrees"]


@pytest.mark.parametrize(
    ("given", "by", "known"),
    [({"vendor_name": "Erie Gases", "tax_id": ""}, "name", "V-5"), ({"tax_id": "34 1234567"}, "tax id", "V-1")],
)
def test_a_vendor_that_the_erp_has_under_another_id_is_not_created_a_second_time(world, given, by, known):
    batch = world.file(vendor("V-8", **given))
    assert batch.standings[0].erp_vendor_id == known
    (rule,) = (one for one in batch.notices if one.code == "VENDOR_WITHOUT_RULE")
    assert f"by its {by} only" in rule.sentence
    assert f"V-8,{known}" in rule.remedy
    assert "V-8" not in world.held


def test_one_name_with_two_tax_ids_is_two_vendors(world):
    assert standing(world.file(vendor("V-8", vendor_name="Erie Gases", tax_id="66-6666666"))) == ["created"]


def test_an_invoice_of_a_vendor_that_the_erp_may_know_creates_none(world):
    batch = world.invoices("V-8", tax_id="34-1234567")
    assert [one.code for one in batch.findings] == ["VENDOR_MAY_BE_KNOWN"]
    assert "V-8,V-1" in batch.findings[0].remedy
    assert "V-8" not in world.held


def test_a_rule_that_names_a_vendor_who_is_not_there_is_held_and_creates_none(world):
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "vendors.csv").write_text("stampli_vendor,erp_vendor\nV-77001,V-999\n")
    world.rules = Rules.load(world.folder / "rules")
    batch = world.file(vendor())
    assert codes(batch.findings) == [("V-77001", "VENDOR_UNKNOWN", "")]
    assert [one.code for one in world.invoices("V-77001").findings] == ["VENDOR_UNKNOWN"]
    assert "V-77001" not in world.held


def test_a_payment_term_that_the_erp_does_not_know_holds_its_vendor(world):
    batch = world.file(vendor(payment_terms="Net 99"))
    assert [(one.code, one.end) for one in batch.findings] == [("TERM_UNKNOWN", End.HELD)]
    assert "V-77001" not in world.held


def test_a_vendor_that_the_erp_refuses_is_told_and_the_others_are_created(world):
    batch = world.file(vendor("V-8", vendor_name="a\x01b", tax_id=""), vendor())
    assert [(one.end, one.code) for one in batch.findings] == [(End.REFUSED, "SUPPLIER_REFUSED")]
    assert standing(batch) == ["not created yet", "created"]


def test_a_difference_of_a_vendor_that_a_later_file_leaves_out_stands_until_it_is_mended(world):
    world.file(vendor("V-1", vendor_name="Old Mill Ltd", tax_id="34-1234567"))
    batch = world.file(vendor(), partition="20261122T0900_v_2")
    assert codes(batch.notices) == [("V-1", "VENDOR_DIFFERS", "name")]
    assert standing(batch) == ["created"]
    world.simulator.change_master("vendors", "V-1", {"NAME": "Old Mill Ltd"})
    assert world.file(vendor(), partition="20261123T0900_v_3", run="run-3").notices == ()


def test_a_change_of_address_is_shown_for_thirty_days_whatever_comes_after_it(world):
    world.file(vendor("V-1", **OLD_MILL))
    moved = vendor("V-1", **OLD_MILL, address_line_1="PO Box 9", city="Lagos")
    for number in range(2, 5):
        batch = world.file(
            moved, name=f"vendors_{number}.csv", partition=f"20261121T090{number}_v", run=f"run-{number}"
        )
        (change,) = batch.notices
        assert (change.code, change.column) == ("VENDOR_CHANGED", "remit-to address")
        assert "vendors_2.csv of 2026-11-21" in change.sentence
        assert "'1 Mill Road, 44101, Akron, US' and is 'PO Box 9, 44101, Lagos, US' now" in change.sentence
        world.clock.pass_time(days=10)
    world.clock.pass_time(days=10)
    assert world.file(moved, run="run-9").notices == ()


def test_a_column_that_a_file_leaves_out_is_no_change():
    first = remember(None, vendor_rows(vendor()), file_name="a", day=date(2026, 11, 21))
    without = vendor(address_line_1="", city="", postal_code="", country="")
    later = remember(first, vendor_rows(without), file_name="b", day=date(2026, 11, 22))
    assert later.to_dict("records") == first.to_dict("records")


def test_a_lost_answer_is_unknown_and_read_back(world):
    world.invoices("V-1")
    world.simulator.faults.queue("late_commit", seconds=60)
    batch = world.file(vendor(), run="run-2")
    assert [(one.end, one.code) for one in batch.findings] == [(End.UNKNOWN, "SUPPLIER_UNKNOWN_YET")]
    assert standing(batch) == ["not created yet"]
    world.clock.sleep(120)
    assert standing(world.file(vendor(), run="run-3")) == ["agrees"]
    assert make_store(world.folder).postings.by_state("acme_us") == {"posted": 1}


def test_ten_files_and_invoices_at_once_create_one_vendor(tmp_path):
    with running(tmp_path) as world:
        world.memory = remember(None, vendor_rows(vendor()), file_name="a", day=date(2026, 11, 21))
        make_store(tmp_path)

        def one(number: int) -> None:
            run, vendor_id = f"run-{number}", f"V-7700{number % 2}"
            with contextlib.suppress(StampliAssetsError):
                if number % 3:
                    registry = world.registry(f"20261121T0900_v_{number}", run, None)
                    bring_in(vendor_rows(vendor(vendor_id)), world.memory, registry=registry)
                else:
                    world.invoices(vendor_id, partition=f"20261121T0900_i_{number}", run=run, tax_id="77-7700123")

        with ThreadPoolExecutor(12) as threads:
            list(threads.map(one, range(12)))
        assert [number for number in world.held if number.startswith("V-77")] in (["V-77000"], ["V-77001"])


FAULTS = ("drop_after_commit", "drop_before_commit", "late_commit", "unavailable_html", "")
POINTS = ("opened", "looked-up", "intent-recorded", "sent-not-recorded", "recorded", "verified-not-recorded", "")
STEPS = st.tuples(st.integers(0, 11), st.booleans(), st.sampled_from(FAULTS), st.sampled_from(POINTS), st.booleans())


@pytest.mark.sqlite_only  # every example has a ledger of its own
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(days=st.lists(STEPS, max_size=3))
def test_whatever_happens_a_vendor_of_many_files_and_invoices_is_created_exactly_once(tmp_path_factory, days):
    """Two of Stampli's ids with one tax id: nothing but our own protocol stands against a second vendor."""
    with running(tmp_path_factory.mktemp("vendors")) as world:
        quiet = [(number, number % 2 == 0, "", "", False) for number in range(3 + len(days))]
        for place, (number, is_invoice, fault, point, short) in enumerate([*days, *quiet]):
            if fault:
                world.simulator.faults.queue(fault, seconds=60)
            given = {"run": f"run-{place}", "faults": CrashAt(point) if point else None}
            vendor_id = f"V-7700{number % 2}"
            with contextlib.suppress(Crash, StampliAssetsError):
                if is_invoice:
                    world.invoices(vendor_id, partition=f"20261121T0900_i_{number}", tax_id="77-7700123", **given)
                else:
                    world.file(vendor(vendor_id), partition=f"20261121T0900_v_{number}", **given)
            world.clock.sleep(90 if short else 3600)
        assert len([number for number in world.held if number.startswith("V-77")]) == 1
